package vnm

import (
	"reflect"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/cancuoc/cancuoc/card/date"
)

func qrA() QR {
	return QR{
		PersonalNumber: "000200000013", OldNumber: "012345678", FullName: "Đặng Đình Mẫu", DateOfBirth: day0("2000-03-15"),
		Sex: "Nam", Residence: "1 Đường Mẫu, Mẫu, TP Hồ Chí Minh", DateOfIssue: day0("2024-06-01"),
	}
}

func qrB() QR {
	return QR{
		PersonalNumber: "000155000017", FullName: "Nguyễn Thị Mẫu", DateOfBirth: day0("1955-08-20"),
		Sex: "Nữ", Residence: "Tổ 1, Mẫu, Hà Nội", DateOfIssue: day0("2022-01-02"),
	}
}

const (
	textA  = "000200000013|012345678|Đặng Đình Mẫu|15032000|Nam|1 Đường Mẫu, Mẫu, TP Hồ Chí Minh|01062024"
	textA2 = "000200000013|012345678|Đặng Đình Mẫu|15032000|Nam|1 Đường Mẫu, Mẫu, TP Hồ Chí Minh|01072024||||"
	textB  = "000155000017||Nguyễn Thị Mẫu|20081955|Nữ|Tổ 1, Mẫu, Hà Nội|02012022"
)

func TestQRTexts(t *testing.T) {
	a2 := qrA()
	a2.DateOfIssue = day0("2024-07-01")
	for name, c := range map[string]struct {
		want  string
		bytes int
		write func() (string, error)
	}{
		"A":  {textA, 109, qrA().Text2021},
		"B":  {textB, 82, qrB().Text2021},
		"A2": {textA2, 113, func() (string, error) { return a2.Text2024(DefaultTail()) }},
	} {
		got, err := c.write()
		if err != nil || got != c.want || len(got) != c.bytes {
			t.Errorf("%s: %q (%d bytes), %v", name, got, len(got), err)
		}
	}
}

func TestTailOfAChild(t *testing.T) {
	q := QR{
		PersonalNumber: "000321000009", FullName: "Lê Mẫu Nhi", DateOfBirth: day0("2021-07-02"), Sex: "Nữ",
		Residence: "Mẫu", DateOfIssue: day0("2024-08-01"), CancelledNumber: "000321000010", Father: "Cha", Mother: "Mẹ", Guardian: "Bà",
	}
	const head = "000321000009||Lê Mẫu Nhi|02072021|Nữ|Mẫu|01082024"
	for _, c := range []struct {
		tail Tail
		want string
	}{
		{DefaultTail(), "|000321000010|Cha|Mẹ|Bà"},
		{Tail{ItemFather, ItemMother, "", ItemCancelledNumber}, "|Cha|Mẹ||000321000010"},
		{Tail{}, "||||"},
	} {
		got, err := q.Text2024(c.tail)
		if err != nil || got != head+c.want {
			t.Errorf("%v: %q, %v", c.tail, got, err)
		}
		parsed, err := ParseQR(got)
		if want := strings.Split(c.want, "|")[1:]; err != nil || !reflect.DeepEqual(parsed.Rest, want) || parsed.Father != "" {
			t.Errorf("%q: %+v, %v", got, parsed, err)
		}
	}
	for _, tail := range []Tail{{"spouse"}, {ItemFather, ItemFather}} {
		if got, err := q.Text2024(tail); err == nil {
			t.Errorf("%v gave %q", tail, got)
		}
	}
	q.CancelledNumber = "1"
	if _, err := q.Text2024(DefaultTail()); err == nil || !strings.Contains(err.Error(), "field 8") {
		t.Error(err)
	}
}

func TestParseQR(t *testing.T) {
	a2 := qrA()
	a2.DateOfIssue, a2.Rest = day0("2024-07-01"), []string{"", "", "", ""}
	eight := qrB()
	eight.Rest = []string{"x y"}
	for name, c := range map[string]struct {
		text string
		want QR
	}{
		"A": {textA, qrA()}, "B": {textB, qrB()}, "A2": {textA2, a2},
		"with the scanner's line end": {textA + "\r\n", qrA()},
		"decomposed":                  {norm.NFD.String(textB), qrB()},
		"eight fields":                {textB + "|x y", eight},
	} {
		if got, err := ParseQR(c.text); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestParseQRNamesTheField(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{textA, "", "1 fields, where a card has 7 or more"},
		{"|01062024", "", "6 fields, where a card has 7 or more"},
		{"000200000013", "00020000001", "field 1 (personal number): the personal number has 11 characters"},
		{"012345678", "01234567", "field 2 (old number): not nine digits"},
		{"Đặng Đình Mẫu", "", "field 3 (full name): missing"},
		{"15032000", "20000315", "field 4 (date of birth): not a day of the calendar written ddmmyyyy"},
		{"15032000", "31122000a", "field 4 (date of birth): not a day"},
		{"15032000", "31129999", "field 4 (date of birth): not a day"},
		{"Nam", "male", "field 5 (sex): neither Nam nor Nữ"},
		{"Đường", "Đường\x00", "field 6 (residence): holds a control character"},
		{"01062024", "31062024", "field 7 (date of issue): not a day"},
		{"01062024", "01062024|\t", "field 8: holds a control character"},
		{"Đặng", "\xc4", "not valid UTF-8"},
		{"Đường", strings.Repeat("Đ", 2000), "bytes; a QR code holds 2953"},
	} {
		got, err := ParseQR(strings.Replace(textA, c.from, c.to, 1))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %+v, %v", c.want, got, err)
		} else if strings.Contains(err.Error(), "Đặng") || strings.Contains(err.Error(), "2024") {
			t.Errorf("the error repeats what the code says: %v", err)
		}
	}
}

func TestQRRefusesToWrite(t *testing.T) {
	for want, spoil := range map[string]func(*QR){
		"field 1 (personal number)":                  func(q *QR) { q.PersonalNumber = "" },
		"field 2 (old number)":                       func(q *QR) { q.OldNumber = "1" },
		"field 3 (full name): holds the character |": func(q *QR) { q.FullName = "a|b" },
		"field 3 (full name): not valid UTF-8":       func(q *QR) { q.FullName = "\xff" },
		"field 4 (date of birth)":                    func(q *QR) { q.DateOfBirth = date.Date{} },
		"field 5 (sex)":                              func(q *QR) { q.Sex = "male" },
		"field 6 (residence): holds a control":       func(q *QR) { q.Residence = "a\nb" },
		"field 7 (date of issue)":                    func(q *QR) { q.DateOfIssue = date.Never },
		"the text has":                               func(q *QR) { q.Residence = strings.Repeat("a", 3000) },
	} {
		q := qrA()
		spoil(&q)
		if got, err := q.Text2021(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q, %v", want, got, err)
		}
	}
	q := qrA()
	q.Father = "a|b"
	if got, err := q.Text2024(DefaultTail()); err == nil || !strings.Contains(err.Error(), "field 9") {
		t.Errorf("%q, %v", got, err)
	}
}
