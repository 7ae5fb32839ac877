package pdf

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/portrait"
	"github.com/cancuoc/cancuoc/card/specimen"
	"github.com/cancuoc/cancuoc/layout"
)

// The lines and payloads of the two specimens of the card of 2024.
var (
	adult = layout.Card{
		MRZ: [3]string{"IDVNM2000000130000200000013<<0", "0003159M4003157VNM<<<<<<<<<<<6", "DANG<<DINH<MAU<<<<<<<<<<<<<<<<"},
		QR:  "000200000013|012345678|Đặng Đình Mẫu|15032000|Nam|1 Đường Mẫu, Mẫu, TP Hồ Chí Minh|01072024||||",
	}
	child = layout.Card{
		MRZ: [3]string{"IDVNM3210000097000321000009<<7", "2107028F3507027VNM<<<<<<<<<<<0", "LE<<MAU<NHI<<<<<<<<<<<<<<<<<<<"},
		QR:  "000321000009||Lê Mẫu Nhi|02072021|Nữ|Tổ 1, Mẫu, Hà Nội|01082024||||",
	}
)

// sample completes a card with a specimen's record and portrait.
func sample(t testing.TB, in layout.Card, name string) layout.Card {
	t.Helper()
	record, err := specimen.Record(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(record, &in.Document); err != nil {
		t.Fatal(err)
	}
	in.Document = in.Document.Complete()
	if in.Document.Portrait == "" {
		return in
	}
	file, err := specimen.Files().Open(in.Document.Portrait)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	fitted, err := portrait.Fit(file)
	if err != nil {
		t.Fatal(err)
	}
	in.Portrait = fitted.Face
	return in
}

func write(t testing.TB, in layout.Card) []byte {
	t.Helper()
	faces, err := layout.Compose(in)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := Write(&out, faces.Front, faces.Back); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// file writes a card's PDF into the test's folder and gives its path.
func file(t testing.TB, in layout.Card) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "card.pdf")
	if dir := os.Getenv("CANCUOC_LOOK"); dir != "" { // keep it, to be looked at
		path = filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "-")+".pdf")
	}
	if err := os.WriteFile(path, write(t, in), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// run runs a program that this project did not write, and gives its output.
func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is not installed", name)
		}
		t.Skipf("%s is not installed", name)
	}
	var stderr bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, stderr.String())
	}
	return string(out)
}

type specimenCase struct {
	name string
	card layout.Card
}

func specimens(t testing.TB) []specimenCase {
	return []specimenCase{
		{"adult", sample(t, adult, "dang-dinh-mau")},
		{"child without portrait", sample(t, child, "le-mau-nhi")},
	}
}

func TestStructureIsSoundForQpdf(t *testing.T) {
	for _, s := range specimens(t) {
		t.Run(s.name, func(t *testing.T) {
			out := run(t, "qpdf", "--check", file(t, s.card))
			if !strings.Contains(out, "No syntax or stream encoding errors found") {
				t.Error(out)
			}
		})
	}
}

func TestPagesAreCards(t *testing.T) {
	out := run(t, "pdfinfo", "-f", "1", "-l", "9", file(t, sample(t, adult, "dang-dinh-mau")))
	sizes := regexp.MustCompile(`Page +\d size: +242\.6\d* x 153\.0\d* pts`).FindAllString(out, -1)
	if len(sizes) != 2 {
		t.Errorf("want two pages of 242.65 x 153.01 points (85.60 x 53.98 mm):\n%s", out)
	}
	if strings.Contains(out, "Mẫu") || regexp.MustCompile(`(?m)^(Title|Subject|Keywords|Author): +\S`).MatchString(out) {
		t.Errorf("metadata says something:\n%s", out)
	}
}

func TestMRZIsExtractedAsThreeLines(t *testing.T) {
	for _, s := range specimens(t) {
		for _, mode := range []string{"-layout", "-raw"} {
			t.Run(s.name+mode, func(t *testing.T) {
				text := run(t, "pdftotext", mode, "-f", "2", file(t, s.card), "-")
				got := regexp.MustCompile(`(?m)^ *([A-Z0-9<]{30}) *$`).FindAllStringSubmatch(text, -1)
				if len(got) != 3 || got[0][1] != s.card.MRZ[0] || got[1][1] != s.card.MRZ[1] || got[2][1] != s.card.MRZ[2] {
					t.Errorf("want the lines %q in:\n%s", s.card.MRZ, text)
				}
			})
		}
	}
}

func TestTextOfTheFaceIsExtracted(t *testing.T) {
	text := run(t, "pdftotext", "-raw", file(t, sample(t, adult, "dang-dinh-mau")), "-")
	for _, want := range []string{
		"CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "SOCIALIST REPUBLIC OF VIET NAM",
		"Independence - Freedom - Happiness", "CĂN CƯỚC", "IDENTITY CARD",
		"Số định danh cá nhân/Personal identification number", "000200000013",
		"Họ, chữ đệm và tên khai sinh/Full name", "Đặng Đình Mẫu",
		"Ngày, tháng, năm sinh/Date of birth", "15/03/2000", "Giới tính/Sex", "Nam",
		"Quốc tịch/Nationality", "Việt Nam", "Nơi cư trú/Place of residence", "1 Đường Mẫu, Mẫu, TP Hồ Chí Minh",
		"Nơi đăng ký khai sinh/Place of birth", "Mẫu, Hà Nội", "Ngày, tháng, năm cấp/Date of issue", "01/07/2024",
		"Ngày, tháng, năm hết hạn/Date of expiry", "15/03/2040", "BỘ CÔNG AN", "MINISTRY OF PUBLIC SECURITY",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the text:\n%s", want, text)
		}
	}
}

func TestQRCodeIsReadFromTheRenderedBack(t *testing.T) {
	for _, s := range specimens(t) {
		t.Run(s.name, func(t *testing.T) {
			path := file(t, s.card)
			run(t, "pdftoppm", "-r", "300", "-png", "-f", "2", "-singlefile", path, path)
			got := run(t, "zbarimg", "-q", "-Sbinary", "--raw", path+".png")
			if strings.TrimSuffix(got, "\n") != s.card.QR {
				t.Errorf("got %q, want %q", got, s.card.QR)
			}
		})
	}
}

// Long values, to be looked at with CANCUOC_LOOK; the number of letters is what a reader must find again.
func TestLookAtLongValues(t *testing.T) {
	in := sample(t, adult, "dang-dinh-mau")
	in.Document.FullName = "Nguyễn Hoàng Phương Thảo Quỳnh Trường Đặng Thị Ngọc Diễm Mẫu"
	in.Document.Residence = "Số 123/45/67 Đường Nguyễn Thị Minh Khai Mẫu, Tổ dân phố số 18, Khu phố Mẫu Nghĩa, " +
		"Phường Mẫu Thượng Trung, Quận Mẫu Trường Đặng, Thành phố Mẫu Nguyễn"
	in.Document.PlaceOfBirth = "Xã Mẫu Thượng Đường, Huyện Mẫu Nghĩa Trường, Tỉnh Mẫu Nguyễn"
	text := strings.Join(strings.Fields(run(t, "pdftotext", "-raw", file(t, in), "-")), " ")
	for _, want := range []string{in.Document.FullName, in.Document.Residence, in.Document.PlaceOfBirth} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the text:\n%s", want, text)
		}
	}
}

func TestSameFacesGiveSameBytes(t *testing.T) {
	for _, s := range specimens(t) {
		first := write(t, s.card)
		for range 4 {
			if !bytes.Equal(first, write(t, s.card)) {
				t.Fatalf("%s: two documents of the same faces differ", s.name)
			}
		}
	}
}

// Many portraits have one size, and their file one order: the order in which they are drawn.
func TestPicturesOfOneSizeGiveSameBytes(t *testing.T) {
	inventor, err := specimen.NewInventor(1, "certificate-2024")
	if err != nil {
		t.Fatal(err)
	}
	face := layout.Face{Side: layout.Front, Width: 85.6, Height: 53.98}
	for i := range 8 {
		one, err := inventor.Next()
		if err != nil {
			t.Fatal(err)
		}
		face.Marks = append(face.Marks, layout.Image{X: float64(10 * i), Width: 8, Height: 12, JPEG: one.Face()})
	}
	shared := layout.Group{At: layout.Identity(), Drawing: &layout.Drawing{Marks: []layout.Mark{
		layout.Path{Pen: 1, Outline: []layout.Segment{{Op: layout.Move}, {Op: layout.Line, Points: [3]layout.Point{{X: 9, Y: 9}}}}}}}}
	face.Marks = append(face.Marks, shared)
	draw := func() []byte {
		var out bytes.Buffer
		if err := Write(&out, face, face); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	first := draw()
	for range 4 {
		if !bytes.Equal(first, draw()) {
			t.Fatal("two documents of the same faces differ")
		}
	}
	path := filepath.Join(t.TempDir(), "faces.pdf")
	if err := os.WriteFile(path, first, 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "qpdf", "--check", path)
	if n := strings.Count(run(t, "pdfimages", "-list", path), " 236   354 "); n != 16 {
		t.Errorf("%d pictures, want 8 on each of two pages", n)
	}
	at := 0
	for i, m := range face.Marks[:8] {
		found := bytes.Index(first[at:], m.(layout.Image).JPEG)
		if found < 0 {
			t.Fatalf("picture %d is not in its turn", i+1)
		}
		at += found
	}
}

func TestLettersOutsideTheBasicPlaneAreRefused(t *testing.T) {
	face := layout.Face{Width: 10, Height: 10, Marks: []layout.Mark{
		layout.Text{Tag: layout.Tag{Field: "full_name"}, Size: 2, Font: layout.Sans, Words: "\U0001F600"}}}
	err := Write(&bytes.Buffer{}, face)
	if err == nil || err.Error() != "pdf: full_name: the letter U+1F600 cannot be drawn" {
		t.Error(err)
	}
}

func TestUnknownFontIsRefused(t *testing.T) {
	face := layout.Face{Width: 10, Height: 10, Marks: []layout.Mark{layout.Text{Size: 2, Font: "ocr", Words: "A"}}}
	if err := Write(&bytes.Buffer{}, face); err == nil || err.Error() != `pdf: there is no font "ocr"` {
		t.Error(err)
	}
}

func TestNoFaceIsAnError(t *testing.T) {
	if err := Write(&bytes.Buffer{}); err == nil {
		t.Error("a document without pages was written")
	}
}

// Fonts must come as subsets: the two sans fonts alone are 800 kB.
func TestDocumentIsSmall(t *testing.T) {
	if n := len(write(t, sample(t, adult, "dang-dinh-mau"))); n > 120_000 {
		t.Errorf("%d bytes", n)
	}
}

// Whatever a record says, it is composed and drawn, or refused.
func FuzzRecord(f *testing.F) {
	f.Add("Đặng Đình Mẫu", "1 Đường Mẫu, Mẫu, TP Hồ Chí Minh", "000200000013|012345678|Đặng Đình Mẫu")
	f.Add("Ma\u0302\u0303u", "\U0001F600", "\xff")
	f.Add("\\(", ")", "|")
	base := sample(f, child, "le-mau-nhi")
	f.Fuzz(func(t *testing.T, name, residence, qr string) {
		in := base
		in.Document.FullName, in.Document.Residence, in.QR = name, residence, qr
		faces, err := layout.Compose(in)
		if err != nil {
			return
		}
		if err := Write(&bytes.Buffer{}, faces.Front, faces.Back); err != nil {
			t.Errorf("composed, but not drawn: %v", err)
		}
	})
}

func BenchmarkWrite(b *testing.B) {
	in := sample(b, adult, "dang-dinh-mau")
	for b.Loop() {
		write(b, in)
	}
}

// Every template with short and long data, to be looked at with CANCUOC_LOOK.
func TestLookAtEveryTemplate(t *testing.T) {
	for name, in := range looks(t) {
		t.Run(name, func(t *testing.T) {
			out := run(t, "qpdf", "--check", file(t, in))
			if !strings.Contains(out, "No syntax or stream encoding errors found") {
				t.Error(out)
			}
		})
	}
}

// looks gives a card of each template with short and with long data.
func looks(t *testing.T) map[string]layout.Card {
	person := func(name string) card.Person { return card.Person{FullName: name, Nationality: "KHM"} }
	all := map[string]layout.Card{}
	for form, name := range map[string]string{"cancuoc-2024": "dang-dinh-mau", "cccd-2021": "dang-dinh-mau-2021", "certificate-2024": "tran-mau-an"} {
		short := sample(t, adult, name)
		prints := fingerprints(t, name)
		if form != "cancuoc-2024" {
			short.Fingerprints = prints
		}
		long := short
		d := &long.Document
		d.FullName = "Nguyễn Hoàng Phương Thảo Quỳnh Trường Đặng Thị Ngọc Diễm Mẫu"
		d.Residence = "Số 123/45/67 Đường Nguyễn Thị Minh Khai Mẫu, Tổ dân phố số 18, Khu phố Mẫu Nghĩa, Phường Mẫu Thượng Trung, Quận Mẫu Trường Đặng, Thành phố Mẫu Nguyễn"
		d.PlaceOfBirth = "Xã Mẫu Thượng Đường, Huyện Mẫu Nghĩa Trường, Tỉnh Mẫu Nguyễn"
		d.PlaceOfOrigin = d.PlaceOfBirth
		d.IdentifyingFeatures = "Sẹo chấm cách 1,5 cm dưới trước đuôi mắt trái, nốt ruồi cách 2 cm trên sau mép phải"
		d.Ethnicity, d.Religion, d.DateOfExpiry = "Bru-Vân Kiều", "Tịnh độ cư sĩ Phật hội", date.Never
		for _, p := range []*card.Person{&d.Father, &d.Mother, &d.Spouse, &d.Guardian, &d.LegalRepresentative, &d.Ward} {
			*p = person("Nguyễn Hoàng Trường Đăng Khoa Mẫu")
		}
		if form == "certificate-2024" {
			d.MaritalStatus = card.Widowed
		}
		all[form+"-short"], all[form+"-long"] = short, long
	}
	all["cancuoc-2024-child"] = sample(t, child, "le-mau-nhi")
	return all
}

func fingerprints(t *testing.T, name string) map[string][]byte {
	t.Helper()
	record, err := specimen.Record(name)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := card.ParseRecord(record)
	if err != nil {
		t.Fatal(err)
	}
	var images [][]byte
	for _, f := range doc.Fingerprints {
		image, err := fs.ReadFile(specimen.Files(), f.Image)
		if err != nil {
			t.Fatal(err)
		}
		images = append(images, image)
	}
	dg3, err := doc.DG3(images)
	if err != nil {
		t.Fatal(err)
	}
	prints, err := card.PrintedFingers(dg3)
	if err != nil {
		t.Fatal(err)
	}
	return prints
}
