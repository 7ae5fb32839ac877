package layout

import (
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/specimen"
)

var update = flag.Bool("update", false, "write the faces in testdata anew")

func adult(t testing.TB) Card {
	return specimenCard(t, "dang-dinh-mau", Card{
		MRZ: [3]string{"IDVNM2000000130000200000013<<0", "0003159M4003157VNM<<<<<<<<<<<6", "DANG<<DINH<MAU<<<<<<<<<<<<<<<<"},
		QR:  "000200000013|012345678|Đặng Đình Mẫu|15032000|Nam|1 Đường Mẫu, Mẫu, TP Hồ Chí Minh|01072024||||",
	})
}

func child(t testing.TB) Card {
	return specimenCard(t, "le-mau-nhi", Card{
		MRZ: [3]string{"IDVNM3210000097000321000009<<7", "2107028F3507027VNM<<<<<<<<<<<0", "LE<<MAU<NHI<<<<<<<<<<<<<<<<<<<"},
		QR:  "000321000009||Lê Mẫu Nhi|02072021|Nữ|Tổ 1, Mẫu, Hà Nội|01082024||||",
	})
}

func adult2021(t testing.TB) Card {
	return specimenCard(t, "dang-dinh-mau-2021", Card{
		MRZ: [3]string{"IDVNM2000000130000200000013<<0", "0003159M4003157VNM<<<<<<<<<<<6", "DANG<<DINH<MAU<<<<<<<<<<<<<<<<"},
		QR:  "000200000013|012345678|Đặng Đình Mẫu|15032000|Nam|1 Đường Mẫu, Mẫu, TP Hồ Chí Minh|01062024",
	})
}

func specimenCard(t testing.TB, name string, in Card) Card {
	t.Helper()
	record, err := specimen.Record(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(record, &in.Document); err != nil {
		t.Fatal(err)
	}
	if file := in.Document.Portrait; file != "" {
		if in.Portrait, err = fs.ReadFile(specimen.Files(), file); err != nil {
			t.Fatal(err)
		}
	}
	return in
}

func compose(t testing.TB, in Card) Faces {
	t.Helper()
	faces, err := Compose(in)
	if err != nil {
		t.Fatal(err)
	}
	return faces
}

// flat gives the marks of a face, those of its groups in their places, without the overprint.
func flat(f Face) (out []Mark) {
	for _, m := range f.Marks {
		if g, is := m.(Group); is {
			out = append(out, g.Drawing.Marks...)
			continue
		}
		out = append(out, m)
	}
	return out
}

// texts gives the lines that show a field, front before back.
func texts(faces Faces, field string) (out []Text) {
	for _, f := range []Face{faces.Front, faces.Back} {
		for _, m := range flat(f) {
			if text, is := m.(Text); is && text.Field == field {
				out = append(out, text)
			}
		}
	}
	return out
}

func TestFaces(t *testing.T) {
	longest := adult(t)
	longest.Document.FullName = longName
	longest.Document.Residence = longPlace
	longest.Document.PlaceOfBirth = longBirth
	longest.Document.DateOfExpiry = date.Never
	for name, in := range map[string]Card{
		"adult": adult(t), "child": child(t), "longest": longest, "adult-2021": adult2021(t), "production": adult(t),
	} {
		t.Run(name, func(t *testing.T) {
			template, err := TemplateFor(in.Document.Form)
			if err != nil {
				t.Fatal(err)
			}
			faces, err := template.compose(in, name == "production")
			if err != nil {
				t.Fatal(err)
			}
			got := faces.Front.String() + faces.Back.String()
			golden := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			compareLines(t, got, string(want))
		})
	}
}

func compareLines(t *testing.T, got, want string) {
	t.Helper()
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		a, b := "(no mark)", "(no mark)"
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a != b {
			t.Errorf("mark %d\n got %s\nwant %s", i, a, b)
		}
	}
}

const (
	longName  = "Nguyễn Hoàng Phương Thảo Quỳnh Trường Đặng Thị Ngọc Diễm Mẫu" // 60 letters
	longPlace = "Số 123/45/67 Đường Nguyễn Thị Minh Khai Mẫu, Tổ dân phố số 18, Khu phố Mẫu Nghĩa, " +
		"Phường Mẫu Thượng Trung, Quận Mẫu Trường Đặng, Thành phố Mẫu Nguyễn" // 149 letters
	longBirth = "Xã Mẫu Thượng Đường, Huyện Mẫu Nghĩa Trường, Tỉnh Mẫu Nguyễn"
)

func TestExpiryThatNeverComes(t *testing.T) {
	in := adult(t)
	in.Document.DateOfExpiry = date.Never
	if got := texts(compose(t, in), "date_of_expiry"); len(got) != 1 || got[0].Words != "Không thời hạn" {
		t.Error(got)
	}
}

func TestLongValues(t *testing.T) {
	in := adult(t)
	in.Document.FullName, in.Document.Residence = longName, longPlace
	faces := compose(t, in)
	for field, want := range map[string]string{"full_name": longName, "residence": longPlace} {
		var words []string
		for _, line := range texts(faces, field) {
			words = append(words, line.Words)
			if line.Size < 1.599 {
				t.Errorf("%s at %.2f mm", field, line.Size)
			}
		}
		if got := strings.Join(words, " "); got != want {
			t.Errorf("got %q", got)
		}
	}
}

func TestFormWithoutTemplate(t *testing.T) {
	in := adult(t)
	in.Document.Form = "cmnd-1976"
	_, err := Compose(in)
	if !errors.Is(err, ErrNoTemplate) || err.Error() != `layout: no template for the form "cmnd-1976"` {
		t.Error(err)
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Card)
		field  string
		kind   error
		says   string
	}{
		{"200 letters without a space", func(c *Card) { c.Document.FullName = strings.Repeat("Ẫ", 200) }, "full_name", ErrDoesNotFit,
			"layout: full_name: does not fit on the card: 200 letters in 53 x 6 mm, even at the smallest size of 1.70 mm"},
		{"200 letters in words", func(c *Card) { c.Document.FullName = strings.Repeat("Mẫu ", 50) }, "full_name", ErrDoesNotFit, "200 letters"},
		{"a hundred kilobytes", func(c *Card) { c.Document.Residence = strings.Repeat("Mẫu ", 1<<14) }, "residence", ErrDoesNotFit, ""},
		{"number of 40 digits", func(c *Card) { c.Document.PersonalNumber = strings.Repeat("0", 40) }, "personal_number", ErrDoesNotFit, ""},
		{"Chinese", func(c *Card) { c.Document.FullName = "阮氏" }, "full_name", ErrNoGlyph,
			"layout: full_name: the font has no such letter: U+962E"},
		{"beyond the basic plane", func(c *Card) { c.Document.Residence = "1 Mẫu \U0001F600" }, "residence", ErrNoGlyph, "U+1F600"},
		{"line break", func(c *Card) { c.Document.Residence = "1\nMẫu" }, "residence", ErrNoGlyph, "U+000A"},
		{"writing direction", func(c *Card) { c.Document.PlaceOfBirth = "Mẫu\u202e" }, "place_of_birth", ErrNoGlyph, "U+202E"},
		{"not composed", func(c *Card) { c.Document.FullName = "Ma\u0302\u0303u" }, "full_name", ErrInvalid, "normalisation form C"},
		{"not UTF-8", func(c *Card) { c.Document.FullName = "M\xffu" }, "full_name", ErrInvalid, "UTF-8"},
		{"no name", func(c *Card) { c.Document.FullName = " " }, "full_name", ErrMissing, "layout: full_name: missing, and the card prints it"},
		{"no expiry given", func(c *Card) { c.Document.DateOfExpiry = date.Date{} }, "date_of_expiry", ErrMissing, ""},
		{"no sex", func(c *Card) { c.Document.Sex = "" }, "sex", ErrMissing, ""},
		{"another sex", func(c *Card) { c.Document.Sex = "x" }, "sex", ErrInvalid, "neither male nor female"},
		{"foreigner", func(c *Card) { c.Document.Nationality = "UTO" }, "nationality", ErrInvalid, "VNM"},
		{"portrait that is none", func(c *Card) { c.Portrait = []byte("portrait") }, "portrait", ErrInvalid, "not a JPEG"},
		{"MRZ line of 29", func(c *Card) { c.MRZ[1] = c.MRZ[1][1:] }, "mrz", ErrInvalid, "line 2 is not 30 characters"},
		{"MRZ with a small letter", func(c *Card) { c.MRZ[2] = "d" + c.MRZ[2][1:] }, "mrz", ErrInvalid, "line 3"},
		{"no QR text", func(c *Card) { c.QR = "" }, "qr", ErrMissing, ""},
		{"QR text too long", func(c *Card) { c.QR = strings.Repeat("ẫ", 100) }, "qr", ErrDoesNotFit,
			"layout: qr: does not fit on the card: 300 bytes need modules smaller than 0.30 mm (the residence is the longest part of it: shorten that)"},
		{"QR text longer than any code", func(c *Card) { c.QR = strings.Repeat("ẫ", 10_000) }, "qr", ErrDoesNotFit, ""},
		{"marks on marks", func(c *Card) { c.Document.Residence = "x" + strings.Repeat("\u0323", 5) }, "residence", ErrInvalid, "more than 2 marks"},
		{"QR text not UTF-8", func(c *Card) { c.QR = "\xff" }, "qr", ErrInvalid, "UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := adult(t)
			c.change(&in)
			_, err := Compose(in)
			var field *FieldError
			if !errors.As(err, &field) || field.Field != c.field || !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Jarai names have letters with two marks of which Unicode composes one.
func TestALetterWithAMarkOfItsOwn(t *testing.T) {
	in := adult(t)
	in.Document.FullName = "Rơ̆ Mẫu"
	if lines := texts(compose(t, in), "full_name"); len(lines) != 1 || lines[0].Words != in.Document.FullName {
		t.Errorf("%v", lines)
	}
}

func TestEveryFaultIsNamedAtOnce(t *testing.T) {
	in := adult(t)
	in.Document.FullName, in.Document.Residence, in.QR = "", "", ""
	_, err := Compose(in)
	if err == nil {
		t.Fatal("composed")
	}
	for _, field := range []string{"full_name", "residence", "qr"} {
		if !strings.Contains(err.Error(), "layout: "+field+": ") {
			t.Errorf("%s is not in %q", field, err)
		}
	}
}

func BenchmarkCompose(b *testing.B) {
	in := adult(b)
	for b.Loop() {
		compose(b, in)
	}
}
