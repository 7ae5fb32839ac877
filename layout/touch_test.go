package layout

import (
	"math"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/date"
)

// letters are the 134 marked letters of the language.
const letters = "ÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬĐÈÉẺẼẸÊỀẾỂỄỆÌÍỈĨỊÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢÙÚỦŨỤƯỪỨỬỮỰỲÝỶỸỴ" +
	"àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ"

// clearance is what must stay free between lines that do not belong together, in millimetres.
const clearance = 0.2

type box struct{ left, top, right, bottom float64 }

func (b box) grown(by float64) box { return box{b.left - by, b.top - by, b.right + by, b.bottom + by} }

func (b box) touches(c box) bool {
	return b.left < c.right && c.left < b.right && b.top < c.bottom && c.top < b.bottom
}

// ink gives the smallest rectangle around the letters of a line.
func ink(t *testing.T, m Text) box {
	t.Helper()
	path, err := m.Outline()
	if err != nil {
		t.Fatal(err)
	}
	b := box{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	for _, line := range Flatten(path.Outline) {
		for _, p := range line {
			b = box{min(b.left, p.X), min(b.top, p.Y), max(b.right, p.X), max(b.bottom, p.Y)}
		}
	}
	return b.grown(path.Pen / 2)
}

type named struct {
	box
	what string
	tag  Tag
}

// boxes gives what may not touch: every line, picture and code, and the white of the code.
func boxes(t *testing.T, f Face) (all []named) {
	t.Helper()
	for _, m := range flat(f) {
		switch m := m.(type) {
		case Text:
			all = append(all, named{ink(t, m), m.Words, m.Tag})
		case Image:
			all = append(all, named{box{m.X, m.Y, m.X + m.Width, m.Y + m.Height}, m.Field, m.Tag})
		case Path:
			low, high := m.box()
			if low.X < 0 || low.Y < 0 || high.X > f.Width || high.Y > f.Height {
				t.Errorf("beyond the card: %v", m)
			}
			if m.Colour == (Colour{R: 255, G: 255, B: 255}) {
				all = append(all, named{box{low.X, low.Y, high.X, high.Y}, "white of the code", Tag{Field: "qr"}})
			}
		}
	}
	return all
}

// checkFace holds every line against the margin of 2 mm (Doc 9303-5, section 2.3) and against every other line, the
// portrait and the white of the QR code.
func checkFace(t *testing.T, f Face) {
	t.Helper()
	all := boxes(t, f)
	for i, a := range all {
		if a.left < 2 || a.top < 2 || a.right > f.Width-2 || a.bottom > f.Height-2 {
			if a.what != "white of the code" {
				t.Errorf("%s: %q stands in the margin: %.2f", f.Side, a.what, a.box)
			}
		}
		for _, b := range all[:i] {
			free := clearance
			if a.tag.Field == b.tag.Field {
				free = 0
			}
			if a.tag.Field == "qr" && b.tag.Field == "qr" || a.tag.Ink == Preprint && b.tag.Ink == Preprint {
				continue // the code on its white; words that stand together as they are printed
			}
			if a.touches(b.grown(free)) {
				t.Errorf("%s: %q touches %q: %.2f, %.2f", f.Side, a.what, b.what, a.box, b.box)
			}
		}
	}
}

// full gives a card of a form with every field, and a filler for the fields that hold words.
func full(t *testing.T, form string) (Card, func(words, long string)) {
	in := adult(t)
	d := &in.Document
	if d.Form = form; d.OnPaper() {
		d.Nationality, d.MaritalStatus = "XXA", card.Married
	}
	d.IdentifyingFeatures, d.PlaceOfOrigin, d.PlaceOfBirth = "Nốt ruồi mẫu", "Mẫu, Hà Nội", "Mẫu, Hà Nội"
	in.Fingerprints = map[string][]byte{"left-index": in.Portrait, "right-index": in.Portrait}
	return in, func(words, long string) {
		d.FullName, d.Ethnicity, d.Religion = words, words, words
		for _, p := range []*card.Person{&d.Father, &d.Mother, &d.Spouse, &d.Guardian, &d.LegalRepresentative, &d.Ward} {
			*p = card.Person{FullName: words, Nationality: "KHM"}
		}
		d.Residence, d.PlaceOfBirth, d.PlaceOfOrigin, d.IdentifyingFeatures = long+" "+long, long, long, long
	}
}

// On no template, with portrait and without, does a line touch a label, another value, a picture or the code: with the
// shortest and longest values, and with each marked letter of the language in every field of words.
func TestNothingTouches(t *testing.T) {
	for form, plain := range embedded() {
		marked := *plain
		marked.codebook = newCodebook(60) // codes that are made fast
		template := &marked
		for _, portrait := range []bool{true, false} {
			in, fill := full(t, form)
			if !portrait {
				in.Portrait = nil
			}
			check := func(what string) {
				t.Helper()
				faces, err := template.Compose(in)
				if err != nil {
					t.Fatalf("%s: %s: %v", form, what, err)
				}
				checkFace(t, faces.Front)
				checkFace(t, faces.Back)
				if t.Failed() {
					t.Fatalf("%s, portrait %v: %s", form, portrait, what)
				}
			}
			check("specimen")
			in.Document.DateOfExpiry, in.Document.Sex = date.Never, card.Female
			check("no expiry")
			for _, r := range letters {
				word := strings.Repeat(string(r), 7)
				fill(word+" "+word, strings.Repeat(word+" ", 6))
				check(string(r))
			}
			in.Document.FullName, in.Document.Residence = longName, longPlace
			check("long")
		}
	}
}

func TestThereAreAllMarkedLetters(t *testing.T) {
	if n := len([]rune(letters)); n != 134 {
		t.Errorf("%d letters", n)
	}
}

// The overprint is on every face without proof, and on it touches neither code nor machine readable zone.
func TestTheOverprintStaysClearOfWhatMachinesRead(t *testing.T) {
	for form, template := range embedded() {
		in, _ := full(t, form)
		faces, err := template.Compose(in)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range []Face{faces.Front, faces.Back} {
			group, is := f.overprint.(Group)
			if !is || len(group.Drawing.Marks) != 1 {
				t.Fatalf("%s %s: overprint %v", form, f.Side, f.overprint)
			}
			outline := group.Drawing.Marks[0].(Path).Outline
			low, high := Path{Outline: outline}.box()
			if low.X < 0 || low.Y < 0 || high.X > f.Width || high.Y > f.Height || high.X-low.X < f.Width/3 {
				t.Errorf("%s %s: overprint %.2f to %.2f", form, f.Side, low, high)
			}
			for _, b := range boxes(t, f) {
				if (b.tag.Field == "mrz" || b.tag.Field == "qr") && b.holds(outline) {
					t.Errorf("%s %s: the overprint touches %s %.2f", form, f.Side, b.what, b.box)
				}
			}
		}
	}
}

// holds tells whether any point of an outline lies in the box.
func (b box) holds(outline []Segment) bool {
	for _, line := range Flatten(outline) {
		for _, p := range line {
			if b.left < p.X && p.X < b.right && b.top < p.Y && p.Y < b.bottom {
				return true
			}
		}
	}
	return false
}

// overprints counts the translucent marks that painters paint.
func overprints(f Face) (n int) {
	for m := range f.Painted() {
		n += strings.Count(m.String(), "clear")
	}
	return n
}

func TestOnlyAFaceForProductionGoesWithoutOverprint(t *testing.T) {
	template, err := TemplateFor("cancuoc-2024")
	if err != nil {
		t.Fatal(err)
	}
	for _, production := range []bool{false, true} {
		faces, err := template.compose(adult(t), production)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range []Face{faces.Front, faces.Back} {
			if (overprints(f) == 0) != production || f.Production() != production {
				t.Errorf("production %v: %d overprints", production, overprints(f))
			}
		}
	}
	if own := (Face{Width: 50, Height: 30}); overprints(own) != 1 {
		t.Error("a face that somebody makes himself goes without overprint")
	}
	faces, err := template.compose(adult(t), false)
	if err != nil {
		t.Fatal(err)
	}
	faces.Front.Marks = nil
	if overprints(faces.Front) != 1 {
		t.Error("the overprint goes with the marks")
	}
}

// A face for production is the variable data alone, in colour or in pure black, and nothing of it is transparent.
func TestProductionIsTheVariableDataAlone(t *testing.T) {
	for form, template := range embedded() {
		in, _ := full(t, form)
		faces, err := template.compose(in, true)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range []Face{faces.Front, faces.Back} {
			for m := range f.Painted() {
				tag := m.Of()
				if tag.Field == "" || tag.Side != f.Side || tag.Ink != K && tag.Ink != InColour {
					t.Errorf("%s %s: %v", form, f.Side, m)
				}
				if text, is := m.(Text); is && text.Ink == K && text.Colour != (Colour{}) {
					t.Errorf("%s: k that is not black: %v", form, m)
				}
			}
		}
	}
}

func TestPlacesOfTheMachineReadableZone(t *testing.T) {
	for _, in := range []Card{adult(t), adult2021(t)} {
		lines := texts(compose(t, in), "mrz")
		if len(lines) != 3 {
			t.Fatal(lines)
		}
		for i, fromBottom := range []float64{15.73, 11.50, 7.27} {
			m := lines[i]
			middle := 53.98 - m.Y + OCRBCapital/2
			if math.Abs(middle-fromBottom) > 0.051 || m.X != 5.0 || m.Pitch != 2.54 || m.Words != in.MRZ[i] || m.Font != OCRBFont {
				t.Errorf("line %d: %v with its middle at %.2f", i+1, m, middle)
			}
			if zone := ink(t, m); zone.top < 53.98-fromBottom-2.95/2 || zone.bottom > 53.98-fromBottom+2.95/2 {
				t.Errorf("line %d leaves its printing zone of 2.95 mm: %.2f", i+1, zone)
			}
		}
	}
}

func TestSizesOfPortraitAndCode(t *testing.T) {
	for form, code := range map[string]float64{"cancuoc-2024": 18, "cccd-2021": 17.4, "certificate-2024": 18} {
		in, _ := full(t, form)
		seen := 0
		faces := compose(t, in)
		for _, m := range append(flat(faces.Front), flat(faces.Back)...) {
			i, is := m.(Image)
			if is && i.Field == "portrait" && (i.Width != 20 || i.Height != 30) || is && i.Field == "qr" && (i.Width != code || i.Height != code) {
				t.Errorf("%v", i)
			}
			if is && (i.Field == "portrait" || i.Field == "qr") {
				seen++
			}
		}
		if seen != 2 {
			t.Errorf("%s: %d of portrait and code", form, seen)
		}
	}
}
