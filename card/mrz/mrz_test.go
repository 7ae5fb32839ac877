package mrz

import (
	"strings"
	"testing"
)

// The specimens of the project: numbers under prefix 000 belong to nobody.
var specimens = []struct {
	name        string
	zone        TD1
	lines       [3]string
	information string
}{
	{
		"A",
		TD1{"ID", "VNM", "200000013", "000200000013<<0", "000315", "M", "400315", "VNM", "", "DANG", "DINH MAU"},
		[3]string{"IDVNM2000000130000200000013<<0", "0003159M4003157VNM<<<<<<<<<<<6", "DANG<<DINH<MAU<<<<<<<<<<<<<<<<"},
		"200000013000031594003157",
	},
	{
		"B",
		TD1{"ID", "VNM", "155000017", "000155000017<<7", "550820", "F", "991231", "VNM", "", "NGUYEN", "THI MAU"},
		[3]string{"IDVNM1550000177000155000017<<7", "5508202F9912315VNM<<<<<<<<<<<6", "NGUYEN<<THI<MAU<<<<<<<<<<<<<<<"},
		"155000017755082029912315",
	},
	{
		"C",
		TD1{"ID", "VNM", "321000009", "000321000009<<7", "210702", "F", "350702", "VNM", "", "LE", "MAU NHI"},
		[3]string{"IDVNM3210000097000321000009<<7", "2107028F3507027VNM<<<<<<<<<<<0", "LE<<MAU<NHI<<<<<<<<<<<<<<<<<<<"},
		"321000009721070283507027",
	},
	{
		"Doc 9303-11, appendix D.2: a number of twelve characters goes on in the optional data",
		TD1{"I", "UTO", "D23145890734", "", "340712", "M", "950712", "UTO", "", "STEVENSON", "PETER JOHN"},
		[3]string{"I<UTOD23145890<7349<<<<<<<<<<<", "3407127M9507122UTO<<<<<<<<<<<2", "STEVENSON<<PETER<JOHN<<<<<<<<<"},
		"D23145890734934071279507122",
	},
	{
		"Doc 9303-11, appendix D.2: a number of eight characters (its page prints 1 as composite digit; 502 modulo 10 is 2)",
		TD1{"I", "UTO", "L898902C", "", "690806", "F", "940623", "UTO", "", "ERIKSSON", "ANNA MARIA"},
		[3]string{"I<UTOL898902C<3<<<<<<<<<<<<<<<", "6908061F9406236UTO<<<<<<<<<<<2", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"},
		"L898902C<369080619406236",
	},
}

func TestLinesOfSpecimens(t *testing.T) {
	for _, s := range specimens {
		lines, err := s.zone.Lines()
		if err != nil || lines != s.lines {
			t.Errorf("%s: %q, %v\nwant %q", s.name, lines, err, s.lines)
		}
	}
}

func TestParseSpecimens(t *testing.T) {
	for _, s := range specimens {
		for _, text := range []string{
			strings.Join(s.lines[:], "\n"),
			"\r\n \t" + strings.Join(s.lines[:], "  \r\n\r\n") + "\r\n\n",
		} {
			z, err := Parse(text)
			if err != nil || z != s.zone {
				t.Errorf("%s: %+v, %v", s.name, z, err)
			}
			if got := z.Information(); got != s.information {
				t.Errorf("%s: MRZ_information %q, want %q", s.name, got, s.information)
			}
		}
	}
}

func TestInformation(t *testing.T) {
	for _, c := range []struct{ number, birth, expiry, want string }{
		{"200000013", "000315", "400315", "200000013000031594003157"},
		{"D23145890734", "340712", "950712", "D23145890734934071279507122"},
		{"L898902C", "690806", "940623", "L898902C<369080619406236"},
	} {
		if got, err := Information(c.number, c.birth, c.expiry); err != nil || got != c.want {
			t.Errorf("%s: %q, %v", c.number, got, err)
		}
	}
	for _, c := range [][3]string{
		{"", "000315", "400315"}, {"20000001å", "000315", "400315"}, {"200000013", "001315", "400315"},
		{"200000013", "000315", "4003"}, {"200000013", "000315", "<<<<<<"}, {strings.Repeat("1", 23), "000315", "400315"},
	} {
		if got, err := Information(c[0], c[1], c[2]); err == nil {
			t.Errorf("%q gave %q", c, got)
		}
	}
	if got := (TD1{}).Information(); got != "" {
		t.Errorf("the zone without fields gave %q", got)
	}
}

// Doc 9303-3, appendix A, and Doc 9303-5.
func TestCheckDigit(t *testing.T) {
	for s, want := range map[string]byte{
		"520727": '3', "AB2134<<<": '5', "": '0', "D23145890734": '9', "991231": '5',
		"HA672242<658022549601086<<<<<<<<<<<<<<0":            '8',
		"D231458907<<<<<<<<<<<<<<<34071279507122<<<<<<<<<<<": '2',
	} {
		if got, err := CheckDigit(s); err != nil || got != want {
			t.Errorf("%q: %c, %v; want %c", s, got, err, want)
		}
	}
	for _, s := range []string{"abc", "1 2", "Ð", "1\n"} {
		if _, err := CheckDigit(s); err == nil {
			t.Errorf("%q was taken", s)
		}
	}
}

// Every character of the first two lines changed to every other one of the zone: none may be read as the same card.
// What no check digit covers (document code, States, sex) must show in the result; so must a change by ten, which
// weighs nothing modulo ten (0, A, K, U and < are alike). Any other change is refused.
func TestEveryChangedCharacterShows(t *testing.T) {
	for _, s := range specimens {
		text := strings.Join(s.lines[:], "\n")
		for i := range 61 {
			if text[i] == '\n' {
				continue
			}
			for _, c := range []byte("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<") {
				if c == text[i] {
					continue
				}
				z, err := Parse(text[:i] + string(c) + text[i+1:])
				if err == nil && z == s.zone {
					t.Fatalf("%s: character %d as %c reads as before", s.name, i, c)
				}
				covered := i >= 5 && i < 30 || i > 30 && i != 38 && !(i >= 46 && i < 49)
				if err == nil && covered && (value(c)-value(text[i]))%10 != 0 {
					t.Errorf("%s: character %d as %c passes the check digits", s.name, i, c)
				}
			}
		}
	}
}

func TestEveryChangedDigitIsRefused(t *testing.T) {
	text := strings.Join(specimens[0].lines[:], "\n")
	for i := range 61 {
		if !isDigit(text[i]) {
			continue
		}
		for c := byte('0'); c <= '9'; c++ {
			if _, err := Parse(text[:i] + string(c) + text[i+1:]); err == nil && c != text[i] {
				t.Errorf("position %d as %c passes", i, c)
			}
		}
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	good := specimens[0].lines
	change := func(line int, from, to string) string {
		lines := good
		lines[line] = strings.Replace(lines[line], from, to, 1)
		return strings.Join(lines[:], "\n")
	}
	for _, c := range []struct{ text, want string }{
		{"", "mrz: 0 lines, where the zone of a card (TD1) has three"},
		{good[0] + "\n" + good[1], "mrz: 2 lines, where the zone of a card (TD1) has three"},
		{strings.Join(good[:], "\n") + "\n" + good[2], "mrz: 4 lines, where the zone of a card (TD1) has three"},
		{strings.Repeat("<", 5000), "mrz: 5000 bytes are no machine readable zone; that of a card has three lines of 30"},
		{change(0, "ID", "id"), "mrz: line 1, position 1: not A-Z, 0-9 or <"},
		{change(2, "DINH", "ĐINH"), "mrz: line 3, position 7: not A-Z, 0-9 or <"},
		{change(0, "<<0", "<0"), "mrz: line 1: 29 characters, where 30 are due"},
		{change(0, "IDVNM", "PDVNM"), "mrz: line 1, position 1: document code: not A, C or I and at most one more character"},
		{change(0, "IDVNM", "ID<<<"), "mrz: line 1, position 3: issuing State: not a code of one to three letters"},
		{change(0, "2000000130", "2000000131"), "mrz: line 1, position 15: document number: the check digit does not fit"},
		{change(0, "2000000130", "<<<<<<<<<0"), "mrz: line 1, position 6: document number: not one to 22 characters A-Z, 0-9"},
		{change(0, "2000000130", "200000013<"), "mrz: line 1, position 27: document number: the check digit does not fit"},
		{change(1, "0003159", "0003158"), "mrz: line 2, position 7: date of birth: the check digit does not fit"},
		{change(1, "0003159", "0013150"), "mrz: line 2, position 1: date of birth: no day of the calendar"},
		{change(1, "M400", "X400"), "mrz: line 2, position 8: sex: not M, F or unspecified"},
		{change(1, "4003157", "<<<<<<0"), "mrz: line 2, position 9: date of expiry: not a day written YYMMDD"},
		{change(1, "4003157", "4003150"), "mrz: line 2, position 15: date of expiry: the check digit does not fit"},
		{change(1, "VNM", "V1M"), "mrz: line 2, position 16: nationality: not a code of one to three letters"},
		{change(1, "<6", "<7"), "mrz: line 2, position 30: composite: the check digit does not fit"},
		{change(2, "DINH", "D1NH"), "mrz: line 3, position 8: name: a digit"},
		{change(2, "DANG<<DINH<MAU", "<<<<<<<<<<<<<<"), "mrz: line 3, position 1: name: missing"},
	} {
		_, err := Parse(c.text)
		if err == nil || err.Error() != c.want {
			t.Errorf("%q\n got %v\nwant %s", c.text, err, c.want)
		}
	}
}

// A number that is told to go on and does not end, in the ways that it can fail to.
func TestLongNumberWithoutEnd(t *testing.T) {
	for _, optional := range []string{"<<<<<<<<<<<<<<<", "7<<<<<<<<<<<<<<", "734973497349734"} {
		text := "I<UTOD23145890<" + optional + "\n" + specimens[3].lines[1] + "\n" + specimens[3].lines[2]
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), "line 1, position 15: document number") {
			t.Errorf("%s: %v", optional, err)
		}
	}
}

func TestLongestNumber(t *testing.T) {
	z := specimens[3].zone
	z.DocumentNumber = "ABCDEFGHI0123456789012"
	lines, err := z.Lines()
	if err != nil {
		t.Fatal(err)
	}
	digit, _ := CheckDigit(z.DocumentNumber)
	if want := "I<UTOABCDEFGHI<0123456789012" + string(digit) + "<"; lines[0] != want {
		t.Errorf("upper line %s, want %s", lines[0], want)
	}
	if got, err := Parse(strings.Join(lines[:], "\n")); err != nil || got != z {
		t.Errorf("%+v, %v", got, err)
	}
	z.OptionalData1 = "X"
	if _, err := z.Lines(); err == nil {
		t.Error("optional data were written where no place is left")
	}
}

func TestOptionalDataAfterLongNumber(t *testing.T) {
	z := specimens[3].zone
	z.OptionalData1, z.OptionalData2 = "A<B", "Z<1"
	lines, err := z.Lines()
	if err != nil || lines[0] != "I<UTOD23145890<7349<A<B<<<<<<<" || lines[1][18:29] != "Z<1<<<<<<<<" {
		t.Fatalf("%q, %v", lines, err)
	}
	if got, err := Parse(strings.Join(lines[:], "\n")); err != nil || got != z {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestBirthKnownInPart(t *testing.T) {
	z := specimens[4].zone
	z.DateOfBirth, z.Sex = "69<<<<", ""
	lines, err := z.Lines()
	if err != nil || lines[1] != "69<<<<9<9406236UTO<<<<<<<<<<<0" {
		t.Fatalf("%q, %v", lines[1], err)
	}
	if got, err := Parse(strings.Join(lines[:], "\n")); err != nil || got != z {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestLinesRefuses(t *testing.T) {
	for field, spoil := range map[string]func(*TD1){
		"document code":                   func(z *TD1) { z.DocumentCode = "P" },
		"document code: V":                func(z *TD1) { z.DocumentCode = "IV" },
		"issuing State":                   func(z *TD1) { z.Issuer = "VIET" },
		"document number":                 func(z *TD1) { z.DocumentNumber = "a" },
		"optional data of the upper line": func(z *TD1) { z.OptionalData1 = strings.Repeat("1", 16) },
		"date of birth":                   func(z *TD1) { z.DateOfBirth = "000332" },
		"sex":                             func(z *TD1) { z.Sex = "male" },
		"date of expiry":                  func(z *TD1) { z.DateOfExpiry = "" },
		"nationality":                     func(z *TD1) { z.Nationality = "" },
		"optional data of the middle":     func(z *TD1) { z.OptionalData2 = "A<" },
		"primary identifier: missing":     func(z *TD1) { z.Primary = "-" },
		"primary identifier: the machine": func(z *TD1) { z.Primary = "Đặng 2" },
		"secondary identifier":            func(z *TD1) { z.Secondary = "Иван" },
		"name: an identifier":             func(z *TD1) { z.Secondary = strings.Repeat("A", 1001) },
	} {
		z := specimens[0].zone
		spoil(&z)
		if lines, err := z.Lines(); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %q, %v", field, lines, err)
		}
	}
}
