package png

import (
	"bytes"
	"image"
	"image/jpeg"
	"testing"

	"github.com/cancuoc/cancuoc/layout"
)

// painted draws a mark upon a page of pale blue, as in a face for production or as in a proof.
func painted(t *testing.T, m layout.Mark, production bool) map[[3]byte]int {
	t.Helper()
	var p Painter
	p.fresh(image.Pt(200, 100))
	for i := 0; i < len(p.page.Pix); i += 4 {
		p.page.Pix[i] = 200
	}
	p.production = production
	if err := p.mark(m, layout.Matrix{10, 0, 0, 10, 0, 0}); err != nil {
		t.Fatal(err)
	}
	colours := map[[3]byte]int{}
	for i := 0; i < len(p.page.Pix); i += 4 {
		colours[[3]byte(p.page.Pix[i:])]++
	}
	return colours
}

var (
	ground  = [3]byte{200, 255, 255}
	nothing = [3]byte{}
)

// Black resin is there or not: in a face for production each pixel of ink K is black, whatever the colour, or untouched.
func TestInkKInProductionIsOfOneBit(t *testing.T) {
	at := func(op layout.Op, x, y float64) layout.Segment {
		return layout.Segment{Op: op, Points: [3]layout.Point{{X: x, Y: y}}}
	}
	grey := layout.Colour{R: 90, G: 90, B: 90, Clear: 20}
	k := layout.Tag{Ink: layout.K}
	triangle := []layout.Segment{at(layout.Move, 1, 1), at(layout.Line, 9.33, 4), at(layout.Line, 3, 8.7)}
	drawing := &layout.Drawing{Marks: []layout.Mark{layout.Text{Tag: k, X: 1, Y: 5, Size: 4, Font: layout.Sans, Colour: grey, Words: "Mẫu"}}}
	askew := layout.Matrix{0.9, 0.3, -0.3, 0.9, 3, 0}
	for name, m := range map[string]layout.Mark{
		"area":  layout.Path{Tag: k, Colour: grey, Outline: triangle},
		"line":  layout.Path{Tag: k, Colour: grey, Pen: 0.35, Outline: triangle},
		"text":  drawing.Marks[0],
		"group": layout.Group{At: askew, Drawing: drawing},
		"code askew": layout.Group{At: askew, Drawing: &layout.Drawing{Marks: []layout.Mark{
			layout.Image{Tag: k, X: 1, Y: 1, Width: 5, Height: 5, Modules: [][]bool{{true, false}, {false, true}}}}}},
	} {
		t.Run(name, func(t *testing.T) {
			hard, soft := painted(t, m, true), painted(t, m, false)
			if len(hard) != 2 || hard[ground] == 0 || hard[nothing] == 0 {
				t.Errorf("in production: %v", hard)
			}
			if len(soft) < 5 {
				t.Errorf("in a proof the edges are not smooth: %v", soft)
			}
			// One pixel in two of those along an edge is black: the area stays what it was.
			covered := 200*100 - soft[ground]
			if hard[nothing] > covered || hard[nothing] < covered/3 {
				t.Errorf("%d pixels are black in production, and %d are touched in a proof", hard[nothing], covered)
			}
		})
	}
}

// In production every pixel of a code is black or white, upright or turned by a quarter, and none of its modules is lost.
func TestModulesInProductionLieOnWholePixels(t *testing.T) {
	modules := make([][]bool, 21)
	for y := range modules {
		modules[y] = make([]bool, 21)
		for x := range modules[y] {
			modules[y][x] = (x*x+3*y*y+x*y)%5 < 2
		}
	}
	code := layout.Image{Tag: layout.Tag{Ink: layout.K}, Width: 8, Height: 8, Modules: modules}
	for quarter, at := range []layout.Matrix{{1, 0, 0, 1, 1.03, 1.07}, {0, 1, -1, 0, 9.03, 1.07}, {-1, 0, 0, -1, 9.03, 9.07}, {0, -1, 1, 0, 1.03, 9.07}} {
		p := Painter{production: true}
		p.fresh(image.Pt(120, 120))
		const scale = 300 / perInch
		if err := p.mark(code, at.Then(layout.Matrix{scale, 0, 0, scale, 0, 0})); err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(p.page.Pix); i += 4 {
			if v := p.page.Pix[i]; v != 0 && v != 255 {
				t.Fatalf("quarter %d: a pixel is grey", quarter)
			}
		}
		for y, row := range modules {
			for x, black := range row {
				q := at.Apply(layout.Point{X: (float64(x) + 0.5) * 8 / 21, Y: (float64(y) + 0.5) * 8 / 21})
				if got := p.page.RGBAAt(int(q.X*scale), int(q.Y*scale)).R == 0; got != black {
					t.Fatalf("quarter %d: module %d, %d is wrong", quarter, x, y)
				}
			}
		}
	}
}

// Of a photograph in ink K the darker half is printed: here, the left.
func TestPhotographInInkK(t *testing.T) {
	picture := image.NewGray(image.Rect(0, 0, 256, 64))
	for i := range picture.Pix {
		picture.Pix[i] = byte(i % 256)
	}
	var file bytes.Buffer
	if err := jpeg.Encode(&file, picture, nil); err != nil {
		t.Fatal(err)
	}
	m := layout.Image{Tag: layout.Tag{Ink: layout.K}, X: 2, Y: 1, Width: 16, Height: 8, JPEG: file.Bytes()}
	hard := painted(t, m, true)
	if black := hard[nothing]; len(hard) != 2 || black < 78*80 || black > 82*80 {
		t.Errorf("in production %d colours, and %d pixels are black; want 2 and 80 x 80", len(hard), black)
	}
	if soft := painted(t, m, false); len(soft) < 100 {
		t.Errorf("in a proof %d colours", len(soft))
	}
}

func TestOtherInksInProductionAreSmooth(t *testing.T) {
	m := layout.Text{Tag: layout.Tag{Ink: layout.Preprint}, X: 1, Y: 5, Size: 4, Font: layout.Sans, Words: "Mẫu"}
	if got := painted(t, m, true); len(got) < 5 {
		t.Errorf("%v", got)
	}
}

func TestACardHasRoomAtTheFinestResolution(t *testing.T) {
	if size, err := pixels(layout.Face{Width: 85.60, Height: 53.98}, finest); err != nil || size != image.Pt(8088, 5100) {
		t.Error(size, err)
	}
}
