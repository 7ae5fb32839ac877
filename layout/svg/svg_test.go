package svg_test

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/layout"
	"github.com/cancuoc/cancuoc/layout/svg"
)

// How faces look is tested in package png, where librsvg draws what this package writes.

func written(t testing.TB, face layout.Face) string {
	t.Helper()
	var out bytes.Buffer
	if err := svg.Write(&out, face); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func face(marks ...layout.Mark) layout.Face {
	return layout.Face{Width: 85.60, Height: 53.98, Marks: marks}
}

func photograph(t testing.TB, wide, high int) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, image.NewGray(image.Rect(0, 0, wide, high)), nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func step(op layout.Op, x, y float64) layout.Segment {
	return layout.Segment{Op: op, Points: [3]layout.Point{{X: x, Y: y}}}
}

func triangle() []layout.Segment {
	return []layout.Segment{step('M', 1, 1), step('L', 4.0004, 1), step('L', 2.5, -0.0306), {Op: layout.Close}}
}

// everything is a face with each kind of mark, some of them twice.
func everything(t testing.TB) layout.Face {
	drawing := &layout.Drawing{Marks: []layout.Mark{
		layout.Path{Pen: 0.35, Colour: layout.Colour{R: 1, Clear: 25}, Outline: triangle()},
		layout.Image{X: 5, Y: 5, Width: 4, Height: 6, JPEG: photograph(t, 40, 60)},
	}}
	return face(
		layout.Path{Colour: layout.Colour{R: 255, G: 128}, Outline: triangle()},
		layout.Text{X: 5, Y: 10, Size: 3, Font: layout.Sans, Words: `Đặng "Mẫu" & <b>`},
		layout.Text{X: 5, Y: 20, Size: 3, Pitch: 2.54, Font: layout.SansBold, Words: "IDVNM<<  0"},
		layout.Image{X: 1, Y: 1, Width: 2, Height: 2, Modules: [][]bool{{true, false}, {true, true}}},
		layout.Group{At: layout.Matrix{0, 2, -2, 0, 30, 5}, Drawing: drawing},
		layout.Group{At: layout.Identity(), Drawing: drawing},
		layout.Image{X: 40, Y: 5, Width: 8, Height: 12, JPEG: photograph(t, 40, 60)},
	)
}

// element is one element of a file, for whatever it may be named.
type element struct {
	XMLName    xml.Name
	Attributes []xml.Attr `xml:",any,attr"`
	Text       string     `xml:",chardata"`
	Inner      []element  `xml:",any"`
}

func (e element) attribute(name string) string {
	for _, a := range e.Attributes {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// all gives the elements of a file, each before those in it.
func all(t testing.TB, file string) (out []element) {
	t.Helper()
	var root element
	if err := xml.Unmarshal([]byte(file), &root); err != nil {
		t.Fatal(err)
	}
	for next := []element{root}; len(next) > 0; {
		e := next[0]
		out = append(out, e)
		next = append(append([]element{}, e.Inner...), next[1:]...)
	}
	return out
}

func TestSize(t *testing.T) {
	root := all(t, written(t, face()))[0]
	got := [3]string{root.attribute("width"), root.attribute("height"), root.attribute("viewBox")}
	if want := [3]string{"85.6mm", "53.98mm", "0 0 85.6 53.98"}; got != want || root.XMLName.Space != "http://www.w3.org/2000/svg" {
		t.Errorf("got %q in %s, want %q", got, root.XMLName.Space, want)
	}
}

// Nothing runs, and nothing is fetched: each element and attribute is one of those that a drawing needs, and each
// reference leads to an element of the file or holds what it is about.
func TestNothingRunsAndNothingIsFetched(t *testing.T) {
	elements := map[string]bool{"svg": true, "rect": true, "path": true, "text": true, "g": true, "use": true, "image": true}
	ids, references := map[string]bool{}, map[string]bool{}
	for _, e := range all(t, written(t, everything(t))) {
		if !elements[e.XMLName.Local] {
			t.Errorf("an element %s", e.XMLName.Local)
		}
		for _, a := range e.Attributes {
			switch name := a.Name.Local; {
			case name == "id":
				ids["#"+a.Value] = true
			case name == "href" && strings.HasPrefix(a.Value, "#"):
				references[a.Value] = true
			case name == "href":
				if !strings.HasPrefix(a.Value, "data:image/jpeg;base64,") {
					t.Errorf("refers to %.40s", a.Value)
				}
			case strings.HasPrefix(name, "on") || name == "style" || strings.Contains(a.Value, "url("):
				t.Errorf("an attribute %s", name)
			}
		}
	}
	if len(references) != 2 {
		t.Errorf("want what comes twice to be referred to: %v", references)
	}
	for r := range references {
		if !ids[r] {
			t.Errorf("refers to %s, which is not there", r)
		}
	}
}

// The words are in the file as they are on the face, unseen, over the place where their letters are drawn.
func TestTextIsFound(t *testing.T) {
	var words []string
	for _, e := range all(t, written(t, everything(t))) {
		if e.XMLName.Local != "text" {
			continue
		}
		words = append(words, e.Text)
		if e.attribute("fill-opacity") != "0" || e.attribute("x") != "5" || e.attribute("font-size") != "3" {
			t.Errorf("%v", e.Attributes)
		}
		length, err := strconv.ParseFloat(e.attribute("textLength"), 64)
		if n := float64(len(e.Text)); err != nil || length < n || length > 2.54*n {
			t.Errorf("%q is %g mm long: %v", e.Text, length, err)
		}
	}
	if got, want := strings.Join(words, "|"), `Đặng "Mẫu" & <b>|IDVNM<<  0`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPhotographIsInTheFileOnce(t *testing.T) {
	file := written(t, everything(t))
	found := regexp.MustCompile(`data:image/jpeg;base64,([^"]*)"`).FindAllStringSubmatch(file, -1)
	if len(found) != 1 {
		t.Fatalf("%d photographs", len(found))
	}
	if got, err := base64.StdEncoding.DecodeString(found[0][1]); err != nil || !bytes.Equal(got, photograph(t, 40, 60)) {
		t.Error("the photograph is another", err)
	}
}

func TestPaths(t *testing.T) {
	file := written(t, everything(t))
	for _, want := range []string{
		`<path d="m1 1l3 0-1.5-1.031z" fill="#ff8000"/>`,
		`<path d="m1 1l3.0004 0-1.5004-1.0306z" fill="none" stroke="#010000" stroke-width=".35" stroke-linecap="round" stroke-linejoin="round" stroke-opacity=".75"/>`,
		`<path d="m1 1l1 0 0 1-1 0zm0 1l2 0 0 1-2 0z" fill="#000000"/>`,
		`<g transform="matrix(0 2 -2 0 30 5)"><g id="drawing1">`,
		`<use href="#drawing1" transform="matrix(1 0 0 1 0 0)"/>`,
	} {
		if !strings.Contains(file, want) {
			t.Errorf("no %s in:\n%s", want, file)
		}
	}
}

// Rounding leaves the end of a line of many steps where it is.
func TestRoundingDoesNotAddUp(t *testing.T) {
	outline := []layout.Segment{step('M', 0, 0)}
	for i := range 3000 {
		outline = append(outline, step('L', float64(i+1)*0.01234567, -float64(i+1)*0.0044444))
	}
	file := written(t, face(layout.Path{Pen: 1, Outline: outline}))
	d := regexp.MustCompile(` d="m0 0l([^"]*)"`).FindStringSubmatch(file)[1]
	numbers := regexp.MustCompile(`-?(\d+\.?\d*|\.\d+)`).FindAllString(d, -1)
	var sum [2]float64
	for i, n := range numbers {
		v, err := strconv.ParseFloat(n, 64)
		if err != nil {
			t.Fatal(err)
		}
		sum[i%2] += v
	}
	if len(numbers) != 6000 || math.Abs(sum[0]-37.037) > 0.0006 || math.Abs(sum[1]+13.3332) > 0.0006 {
		t.Errorf("%d numbers end at %.4f", len(numbers), sum)
	}
}

func TestSameFaceGivesSameBytes(t *testing.T) {
	first := written(t, everything(t))
	for range 4 {
		if written(t, everything(t)) != first {
			t.Fatal("two files of one face differ")
		}
	}
}

// A face without a proof for production carries the overprint that every painter lays over it.
func TestOverprintIsDrawn(t *testing.T) {
	painted := face()
	for m := range face().Painted() {
		if p, is := m.(layout.Path); !is || len(p.Outline) > 0 {
			painted.Marks = append(painted.Marks, m)
		}
	}
	if len(painted.Marks) == 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("package layout gives an empty overprint")
		}
		t.Skip("package layout gives an empty overprint")
	}
	blank := layout.Path{Outline: []layout.Segment{step('M', 0, 0)}}
	if over, under := written(t, face(blank)), written(t, painted); strings.Count(over, "<path") < 2 || len(under) <= len(over) {
		t.Errorf("a face with one blank mark is drawn as:\n%s", over)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestWhatCannotBeDrawnIsRefused(t *testing.T) {
	whole := photograph(t, 300, 300)
	for _, c := range []struct {
		want string
		face layout.Face
	}{
		{"a face of NaN", layout.Face{Width: math.NaN(), Height: 1}},
		{"no number", face(layout.Path{Outline: []layout.Segment{step('M', math.Inf(1), 0)}})},
		{`font "wood"`, face(layout.Text{Size: 2, Font: "wood", Words: "A"})},
		{"portrait: it is not a whole JPEG", face(layout.Image{Tag: layout.Tag{Field: "portrait"}, Width: 1, Height: 1, JPEG: []byte("x")})},
		{"it is not a whole JPEG", face(layout.Image{Width: 1, Height: 1, JPEG: whole[:len(whole)/2]})},
		{"without a drawing", face(layout.Group{})},
	} {
		if err := svg.Write(io.Discard, c.face); err == nil || !strings.HasPrefix(err.Error(), "svg: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("want an error that says %q, got %v", c.want, err)
		}
	}
	if err := svg.Write(broken{}, face()); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
}

// Whatever the numbers and words, a face becomes a file that is XML, or is refused.
func FuzzWrite(f *testing.F) {
	file := photograph(f, 8, 8)
	f.Add(byte(0), 85.6, 53.98, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, "Mẫu")
	f.Add(byte(2), 1e-9, 999.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, "<&\"'\x00]]>")
	f.Add(byte(3), 1.0, 1.0, 1e300, math.NaN(), -3.0, 1e-300, 0.0, 6.0, "\ufffe")
	f.Fuzz(func(t *testing.T, kind byte, wide, high, a, b, c, d, x, y float64, words string) {
		outline := []layout.Segment{step('M', a, b), {Op: layout.Curve, Points: [3]layout.Point{{X: c, Y: d}, {X: x, Y: y}, {X: a, Y: y}}},
			step('L', d, x), {Op: layout.Close}, step('L', y, y)}
		marks := []layout.Mark{
			layout.Path{Outline: outline}, layout.Path{Pen: a, Outline: outline},
			layout.Text{X: x, Y: y, Size: a, Pitch: b, Narrow: c, Font: layout.Sans, Words: words},
			layout.Image{X: x, Y: y, Width: a, Height: b, JPEG: file},
			layout.Image{X: x, Y: y, Width: a, Height: b, Modules: [][]bool{{true, false, true}}},
		}
		mark := marks[int(kind)%len(marks)]
		if kind%2 == 1 {
			mark = layout.Group{At: layout.Matrix{a, b, c, d, x, y}, Drawing: &layout.Drawing{Marks: []layout.Mark{mark}}}
		}
		var out bytes.Buffer
		if err := svg.Write(&out, layout.Face{Width: wide, Height: high, Marks: []layout.Mark{mark}}); err != nil {
			return
		}
		for decoder := xml.NewDecoder(&out); ; {
			if _, err := decoder.Token(); err == io.EOF {
				return
			} else if err != nil {
				t.Fatal(err)
			}
		}
	})
}

func BenchmarkWrite(b *testing.B) {
	f := everything(b)
	for b.Loop() {
		if err := svg.Write(io.Discard, f); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleWrite() {
	face := layout.Face{Side: layout.Front, Width: 85.60, Height: 53.98, Marks: []layout.Mark{
		layout.Text{X: 5, Y: 10, Size: 3, Font: layout.Sans, Words: "Lê Mẫu Nhi"},
	}}
	var file strings.Builder // or an *os.File
	if err := svg.Write(&file, face); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(regexp.MustCompile(`<svg [^>]*>`).FindString(file.String()))
	fmt.Println(regexp.MustCompile(`<text.*</text>`).FindString(file.String()))
	// Output:
	// <svg xmlns="http://www.w3.org/2000/svg" width="85.6mm" height="53.98mm" viewBox="0 0 85.6 53.98" xml:space="preserve">
	// <text x="5" y="10" font-size="3" font-family="sans-serif" fill-opacity="0" textLength="15.139" lengthAdjust="spacingAndGlyphs">Lê Mẫu Nhi</text>
}
