package layout

import (
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/specimen"
	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
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
	in.Specimen = true
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

// texts gives the lines that show a field, front before back.
func texts(faces Faces, field string) (out []Text) {
	for _, f := range []Face{faces.Front, faces.Back} {
		for _, m := range f.Marks {
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
	plain := adult(t)
	plain.Specimen = false
	for name, in := range map[string]Card{
		"adult": adult(t), "child": child(t), "longest": longest, "without-overprint": plain,
	} {
		t.Run(name, func(t *testing.T) {
			faces := compose(t, in)
			got := "front: " + faces.Front.String() + "back: " + faces.Back.String()
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

// letters are the capitals and small letters of the language that carry the most above and below.
const letters = "ÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬĐÈÉẺẼẸÊỀẾỂỄỆÌÍỈĨỊÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢÙÚỦŨỤƯỪỨỬỮỰỲÝỶỸỴ" +
	"àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ"

// clearance is what must stay free between lines that do not belong together, in millimetres.
const clearance = 0.24

type box struct{ left, top, right, bottom float64 }

func (b box) grown(by float64) box { return box{b.left - by, b.top - by, b.right + by, b.bottom + by} }

func (b box) touches(c box) bool {
	return b.left < c.right && c.left < b.right && b.top < c.bottom && c.top < b.bottom
}

// ink gives the smallest rectangle around the letters of a line.
func ink(t *testing.T, set typesetter, m Text) box {
	t.Helper()
	face := set.fonts[m.Font]
	em := fixed.I(int(face.UnitsPerEm()))
	b := box{m.X, math.Inf(1), m.X + set.width(m.Font, m.Words)*m.Size, math.Inf(-1)}
	if m.Pitch > 0 {
		b.right = m.X + m.Pitch*float64(len(m.Words))
	}
	for _, r := range m.Words {
		glyph, err := face.GlyphIndex(set.buffer, r)
		if err != nil || glyph == 0 {
			t.Fatalf("%q has no glyph for %U", m.Font, r)
		}
		bounds, _, err := face.GlyphBounds(set.buffer, glyph, em, font.HintingNone)
		if err != nil {
			t.Fatal(err)
		}
		b.top = min(b.top, m.Y+float64(bounds.Min.Y)/float64(em)*m.Size)
		b.bottom = max(b.bottom, m.Y+float64(bounds.Max.Y)/float64(em)*m.Size)
	}
	return b
}

// checkFace holds every line against the margin of 2 mm (Doc 9303-5, section 2.3) and against every other line, the
// portrait and the ground of the QR code.
func checkFace(t *testing.T, f Face) {
	t.Helper()
	set, err := newTypesetter()
	if err != nil {
		t.Fatal(err)
	}
	type named struct {
		box
		what, field string
	}
	var all []named
	for _, m := range f.Marks {
		switch m := m.(type) {
		case Text:
			all = append(all, named{ink(t, set, m), m.Words, m.Field})
		case Image:
			all = append(all, named{box{m.X, m.Y, m.X + m.Width, m.Y + m.Height}, "portrait", "portrait"})
		case Path:
			low, high := m.box()
			if low.X < 0 || low.Y < 0 || high.X > f.Width || high.Y > f.Height {
				t.Errorf("beyond the card: %v", m)
			}
			if m.Colour == white {
				all = append(all, named{box{low.X, low.Y, high.X, high.Y}, "QR code", "qr"})
			}
		}
	}
	for i, a := range all {
		if a.left < 2 || a.top < 2 || a.right > f.Width-2 || a.bottom > f.Height-2 {
			t.Errorf("%q stands in the margin: %.2f", a.what, a.box)
		}
		for _, b := range all[:i] {
			free := clearance
			if a.field == b.field {
				free = 0
			}
			if a.touches(b.grown(free)) {
				t.Errorf("%q touches %q: %.2f, %.2f", a.what, b.what, a.box, b.box)
			}
		}
	}
}

func TestNothingTouches(t *testing.T) {
	in := adult(t)
	check := func(what string) {
		faces, err := Compose(in)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		checkFace(t, faces.Front)
		checkFace(t, faces.Back)
	}
	check("specimen")
	in.Document.FullName, in.Document.Residence, in.Document.PlaceOfBirth = longName, longPlace, longBirth
	in.Document.DateOfExpiry, in.Document.Sex = date.Never, card.Female
	check("long")
	for _, r := range letters {
		word := strings.Repeat(string(r), 8)
		in.Document.FullName = word
		in.Document.Residence = strings.Repeat(word+" ", 12)
		in.Document.PlaceOfBirth = strings.Repeat(word+" ", 8)
		check(string(r))
	}
}

func TestTheOverprintStaysClearOfWhatMachinesRead(t *testing.T) {
	faces := compose(t, adult(t))
	var over, ground Path
	for _, m := range faces.Back.Marks {
		if p, is := m.(Path); is && p.Colour == overprint {
			over = p
		} else if is && p.Colour == white {
			ground = p
		}
	}
	low, high := over.box()
	qrLow, _ := ground.box()
	if len(over.Outline) == 0 || high.X > qrLow.X || high.Y > faces.Back.Height-mrzHeight || low.X < 0 {
		t.Errorf("overprint from %.2f to %.2f, QR code from %.2f", low, high, qrLow)
	}
}

func TestPlacesOfTheMachineReadableZone(t *testing.T) {
	lines := texts(compose(t, adult(t)), "mrz")
	if len(lines) != 3 {
		t.Fatal(lines)
	}
	for i, fromBottom := range []float64{15.73, 11.50, 7.27} {
		m := lines[i]
		middle := 53.98 - m.Y + 0.659*m.Size/2
		if math.Abs(middle-fromBottom) > 0.01 || m.X != 5.0 || m.Pitch != 2.54 || m.Words != adult(t).MRZ[i] {
			t.Errorf("line %d: %v with its middle at %.2f", i+1, m, middle)
		}
	}
}

func TestSizesOfPortraitAndCode(t *testing.T) {
	faces := compose(t, adult(t))
	for _, m := range faces.Front.Marks {
		if i, is := m.(Image); is && (i.Width != 20 || i.Height != 30) {
			t.Errorf("portrait of %g x %g mm", i.Width, i.Height)
		}
	}
	for _, m := range faces.Back.Marks {
		p, is := m.(Path)
		if low, high := p.box(); is && p.Field == "qr" && (math.Abs(high.X-low.X-18) > 1e-6 || math.Abs(high.Y-low.Y-18) > 1e-6) {
			t.Errorf("QR code from %v to %v", low, high)
		}
	}
}

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
	in.Document.Form = "cccd-2021"
	_, err := Compose(in)
	if !errors.Is(err, ErrNoTemplate) || err.Error() != `layout: form "cccd-2021": no template yet` {
		t.Error(err)
	}
	if HasTemplate("cccd-2021") || !HasTemplate("cancuoc-2024") {
		t.Error("HasTemplate contradicts Compose")
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
			"layout: full_name: does not fit on the card: 200 letters in 53 x 4 mm, even at the smallest size of 1.70 mm"},
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

func TestCodeFallsToLevelLBeforeModulesGetTooSmall(t *testing.T) {
	for _, c := range []struct{ bytes, modules int }{
		{106, 41}, // version 6, level M
		{213, 57}, // version 10, level M: 0.316 mm
		{214, 53}, // version 9, level L
		{271, 57},
	} {
		modules, err := encodeQR(strings.Repeat("a", c.bytes), 60)
		if err != nil || len(modules) != c.modules {
			t.Errorf("%d bytes: %d modules, %v; want %d", c.bytes, len(modules), err, c.modules)
		}
	}
	if _, err := encodeQR(strings.Repeat("a", 272), 60); !errors.Is(err, ErrDoesNotFit) {
		t.Error(err)
	}
}

func TestWithoutSpecimenThereIsNoOverprint(t *testing.T) {
	in := adult(t)
	in.Specimen = false
	for _, f := range []Face{compose(t, in).Front, compose(t, in).Back} {
		if n := strings.Count(f.String(), "clear"); n != 0 {
			t.Errorf("%d translucent marks without the overprint", n)
		}
	}
}

func BenchmarkCompose(b *testing.B) {
	in := adult(b)
	for b.Loop() {
		compose(b, in)
	}
}
