package png_test

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/draw"
	"math"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/layout"
	"github.com/cancuoc/cancuoc/layout/png"
)

func drawn(t testing.TB, face layout.Face, dpi int) *image.RGBA {
	t.Helper()
	picture, err := png.Bare(face, dpi)
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

// small gives a face on which 254 dots per inch are ten pixels to the millimetre.
func small(marks ...layout.Mark) layout.Face {
	return layout.Face{Width: 10, Height: 10, Marks: marks}
}

func box(x, y, x2, y2 float64) []layout.Segment {
	return []layout.Segment{move(x, y), line(x2, y), line(x2, y2), line(x, y2), shut}
}

// darkness gives how much of a picture is black, in pixels.
func darkness(picture *image.RGBA) (sum float64) {
	for i := 0; i < len(picture.Pix); i += 4 {
		sum += float64(255-picture.Pix[i]) / 255
	}
	return sum
}

func TestFileSaysItsSizeAndResolution(t *testing.T) {
	for dpi, want := range map[int][3]uint32{72: {243, 153, 2835}, 300: {1011, 638, 11811}, 600: {2022, 1275, 23622}} {
		var out bytes.Buffer
		if err := png.Write(&out, face(), dpi); err != nil {
			t.Fatal(err)
		}
		file := out.Bytes()
		got := [3]uint32{binary.BigEndian.Uint32(file[16:]), binary.BigEndian.Uint32(file[20:]), binary.BigEndian.Uint32(file[41:])}
		if string(file[37:41]) != "pHYs" || got != want || file[49] != 1 || binary.BigEndian.Uint32(file[45:]) != want[2] {
			t.Errorf("%d dots per inch: got %d, want %d; %q", dpi, got, want, file[33:50])
		}
	}
}

// Widths that are no multiples of those that the encoder works on at once.
func TestFileHoldsWhatWasDrawn(t *testing.T) {
	var painter png.Painter
	for wide := 1; wide < 20; wide++ {
		f := layout.Face{Width: float64(wide) / 10, Height: 2, Marks: []layout.Mark{
			layout.Image{Width: 2, Height: 2, JPEG: gradient(t, 20, 20)},
			layout.Path{Colour: dark, Outline: circle(1, 1, 0.8)}}}
		var out bytes.Buffer
		if err := painter.Write(&out, f, 254); err != nil {
			t.Fatal(err)
		}
		page, err := png.Draw(f, 254)
		if err != nil {
			t.Fatal(err)
		}
		if got := difference(t, decodePNG(t, out.Bytes()), page); got != 0 {
			t.Errorf("%d pixels wide: what is in the file differs by %g", wide, got)
		}
	}
}

func TestOnePainterDrawsEachFaceAsANewOneDoes(t *testing.T) {
	var painter png.Painter
	for _, f := range []layout.Face{strokes(), texts(), small(), groups(t), codes(), strokes()} {
		var kept, fresh bytes.Buffer
		if err := painter.Write(&kept, f, 200); err != nil {
			t.Fatal(err)
		}
		if err := png.Write(&fresh, f, 200); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(kept.Bytes(), fresh.Bytes()) {
			t.Error("a painter that has drawn before draws differently")
		}
	}
	mine, err := painter.Draw(strokes(), 200)
	if err != nil {
		t.Fatal(err)
	}
	before := bytes.Clone(mine.Pix)
	if _, err := painter.Draw(texts(), 200); err != nil || !bytes.Equal(before, mine.Pix) {
		t.Error("a later face was drawn into a picture that was given away", err)
	}
}

func TestEdgesAndColours(t *testing.T) {
	f := small(
		layout.Path{Colour: layout.Colour{R: 255}, Outline: box(1, 1, 2, 2)},
		layout.Path{Outline: box(3, 1, 4.05, 2)}, // half of the column 40
		layout.Path{Colour: layout.Colour{Clear: 50}, Outline: box(5, 1, 6, 2)},
		layout.Path{Colour: layout.Colour{Clear: 100}, Outline: box(7, 1, 8, 2)},
		layout.Path{Outline: append(box(1, 4, 4, 7), box(2, 5, 3, 6)...)},                             // twice around: no hole
		layout.Path{Outline: append(box(5, 4, 8, 7), move(6, 5), line(6, 6), line(7, 6), line(7, 5))}, // there and back: a hole
	)
	picture := drawn(t, f, 254)
	for _, c := range []struct {
		x, y int
		want color.RGBA
	}{
		{10, 10, color.RGBA{255, 0, 0, 255}}, {9, 10, color.RGBA{255, 255, 255, 255}}, {20, 10, color.RGBA{255, 255, 255, 255}},
		{39, 15, color.RGBA{0, 0, 0, 255}}, {40, 15, color.RGBA{128, 128, 128, 255}}, {41, 15, color.RGBA{255, 255, 255, 255}},
		{55, 15, color.RGBA{128, 128, 128, 255}}, {75, 15, color.RGBA{255, 255, 255, 255}},
		{25, 55, color.RGBA{0, 0, 0, 255}}, {65, 55, color.RGBA{255, 255, 255, 255}}, {55, 55, color.RGBA{0, 0, 0, 255}},
	} {
		got := picture.RGBAAt(c.x, c.y)
		for _, d := range []int{int(got.R) - int(c.want.R), int(got.G) - int(c.want.G), int(got.B) - int(c.want.B)} {
			if max(d, -d) > 1 {
				t.Errorf("at %d,%d: %v, want %v", c.x, c.y, got, c.want)
			}
		}
	}
}

// The area of a line is known where it neither bends sharply nor crosses itself.
func TestAreaUnderAPen(t *testing.T) {
	for _, pen := range []float64{0.1, 0.35, 1, 2} {
		cap := math.Pi * pen * pen / 4
		for name, c := range map[string]struct {
			outline []layout.Segment
			want    float64
		}{
			"dot":               {[]layout.Segment{move(5, 5), line(5, 5)}, cap},
			"line":              {[]layout.Segment{move(2, 3), line(8, 6.7)}, math.Hypot(6, 3.7)*pen + cap},
			"line there":        {[]layout.Segment{move(2, 3), line(8, 6.7), shut}, math.Hypot(6, 3.7)*pen + cap},
			"circle":            {circle(5, 5, 3), 2 * math.Pi * 3 * pen},
			"circle other way":  {[]layout.Segment{move(8, 5), curve(8, 3.343, 6.657, 2, 5, 2), curve(3.343, 2, 2, 3.343, 2, 5), curve(2, 6.657, 3.343, 8, 5, 8), curve(6.657, 8, 8, 6.657, 8, 5), shut}, 2 * math.Pi * 3 * pen},
			"smaller than pen":  {circle(5, 5, 0.4*pen), math.Pi * 0.9 * 0.9 * pen * pen},
			"square":            {box(2, 2, 8, 8), 4*6*pen + cap - pen*pen},
			"wave of one curve": {[]layout.Segment{move(2, 5), curve(4, 5, 6, 5, 8, 5)}, 6*pen + cap},
		} {
			got := darkness(drawn(t, small(layout.Path{Pen: pen, Outline: c.outline}), 508)) / 400
			if math.Abs(got-c.want) > 0.012*c.want+0.001 {
				t.Errorf("%s, pen %g: %.4f square millimetres, want %.4f", name, pen, got, c.want)
			}
		}
	}
}

// What reaches over the edges is cut off there, and changes nothing inside.
func TestWhatReachesOverTheEdges(t *testing.T) {
	for name, c := range map[string]struct {
		outline []layout.Segment
		want    float64 // of the 10 x 10 mm
	}{
		"all around":   {box(-500, -500, 500, 500), 100},
		"left":         {box(-300, 2, 4, 8), 24},
		"right":        {box(7, -20, 800, 5), 15},
		"none":         {box(11, 2, 20, 8), 0},
		"corner":       {[]layout.Segment{move(-10, 10), line(10, -10), line(-900, -900)}, 0},
		"half":         {[]layout.Segment{move(-100, 110), line(110, -100), line(-900, -900)}, 50},
		"long diamond": {[]layout.Segment{move(5, -200), line(205, 5), line(5, 210), line(-195, 5)}, 100},
	} {
		if got := darkness(drawn(t, small(layout.Path{Outline: c.outline}), 254)) / 100; math.Abs(got-c.want) > 0.05 {
			t.Errorf("%s: %.3f square millimetres, want %g", name, got, c.want)
		}
	}
}

// On a proof the modules of a code are as wide as each other, by the grey of the pixels that they share: upright or turned
// by a quarter, each is as dark as it should be, and no part of it is lost where resolution and modules do not agree.
func TestModulesAreAsLargeAsEachOther(t *testing.T) {
	modules := code(33, 5)
	for _, dpi := range []int{200, 300, 317, 600} {
		for quarter, at := range []layout.Matrix{turned(0, 1, 1.03, 1.07), turned(90, 1, 9.03, 1.07), turned(180, 1, 9.03, 9.07), turned(270, 1, 1.03, 9.07)} {
			drawing := &layout.Drawing{Marks: []layout.Mark{layout.Image{Width: 8, Height: 8, Modules: modules}}}
			picture := drawn(t, small(layout.Group{At: at, Drawing: drawing}), dpi)
			dark := 0.0
			for y, row := range modules {
				for x, black := range row {
					if black {
						dark += 8. / 33 * 8 / 33
					}
					q := at.Apply(layout.Point{X: (float64(x) + 0.5) * 8 / 33, Y: (float64(y) + 0.5) * 8 / 33})
					if got := picture.RGBAAt(int(q.X*float64(dpi)/25.4), int(q.Y*float64(dpi)/25.4)).R < 128; got != black {
						t.Fatalf("%d dots per inch, quarter %d: module %d, %d is wrong", dpi, quarter, x, y)
					}
				}
			}
			if got := darkness(picture) * (25.4 / float64(dpi)) * (25.4 / float64(dpi)); math.Abs(got-dark) > 0.002*dark {
				t.Errorf("%d dots per inch, quarter %d: %.3f square millimetres are dark, want %.3f", dpi, quarter, got, dark)
			}
		}
	}
}

// A photograph that reaches over the edges looks on the page as it does where there is room.
func TestPhotographOverTheEdges(t *testing.T) {
	photograph := layout.Image{X: -3, Y: -2, Width: 12, Height: 16, JPEG: gradient(t, 240, 320)}
	cut := drawn(t, small(photograph), 254)
	photograph.X, photograph.Y = 7, 8
	room := drawn(t, layout.Face{Width: 30, Height: 30, Marks: []layout.Mark{photograph}}, 254)
	part := image.NewRGBA(cut.Rect)
	draw.Draw(part, part.Rect, room, image.Pt(100, 100), draw.Src)
	if got := difference(t, cut, part); got > 0.5 {
		t.Errorf("they differ by %.2f of 255", got)
	}
}

// What has hardly a width, or is drawn out far, costs neither time nor room, and is not drawn.
func TestPhotographsWithoutThickness(t *testing.T) {
	file := gradient(t, 400, 400)
	for _, at := range []layout.Matrix{
		{1e-9, 0, 0, 900, 0, 0}, {900, 0, 0, 1e-9, 0, 0}, {0, 0, 0, 0, 5, 5}, {400, 400, 400, 400, 0, 0},
		{400, 400, 400, 400.0001, -400, -400}, {1e-9, 1e-9, -1e-9, 1e-9, 5, 5},
	} {
		drawing := &layout.Drawing{Marks: []layout.Mark{layout.Image{Width: 1, Height: 1, JPEG: file}}}
		if got := darkness(drawn(t, small(layout.Group{At: at, Drawing: drawing}), 300)); got != 0 {
			t.Errorf("%v: %g pixels", at, got)
		}
	}
}

func TestWhatCannotBeDrawnIsRefused(t *testing.T) {
	whole := gradient(t, 40, 40)
	header := bytes.Clone(whole) // says that it has 65,535 x 65,535 pixels
	at := bytes.Index(header, []byte{0xff, 0xc0})
	copy(header[at+5:], []byte{0xff, 0xff, 0xff, 0xff})
	for _, c := range []struct {
		want string
		face layout.Face
		dpi  int
	}{
		{"0 dots per inch", face(), 0},
		{"71 dots per inch", face(), 71},
		{"2401 dots per inch", face(), 2401},
		{"-300 dots per inch", face(), -300},
		{"in all can be drawn", layout.Face{Width: 999, Height: 999}, 600},
		{"a picture of 0 x", layout.Face{Width: 0.001, Height: 10}, 300},
		{"a face of NaN", layout.Face{Width: math.NaN(), Height: 10}, 300},
		{"no number", small(layout.Path{Outline: []layout.Segment{move(math.NaN(), 0)}}), 300},
		{`font "wood"`, small(layout.Text{Size: 2, Font: "wood", Words: "A"}), 300},
		{"portrait: it is not a whole JPEG", small(layout.Image{Tag: layout.Tag{Field: "portrait"}, Width: 5, Height: 5, JPEG: []byte("GIF89a")}), 300},
		{"it is not a whole JPEG", small(layout.Image{Width: 5, Height: 5, JPEG: whole[:len(whole)/2]}), 300},
		{"65535 x 65535 pixels", small(layout.Image{Width: 5, Height: 5, JPEG: header}), 300},
	} {
		if _, err := png.Draw(c.face, c.dpi); err == nil || !strings.HasPrefix(err.Error(), "png: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("want an error that says %q, got %v", c.want, err)
		}
	}
}

// Whatever the numbers, a face is drawn, or refused.
func FuzzDraw(f *testing.F) {
	photograph := gradient(f, 30, 40)
	f.Add(byte(0), 10.0, 10.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, "Mẫu", 300)
	f.Add(byte(1), 85.6, 53.98, 0.35, -1e6, 1e300, 4.0, 5.0, 6.0, "<", 72)
	f.Add(byte(2), 3.0, 2.0, 4.0, 4.0, 5.0, 6.0, math.NaN(), 0.0, "A", 2400)
	f.Add(byte(3), 3.0, 2.0, 0.001, 999.0, -500.0, 6.0, 1.0, 1.0, "B", 200)
	f.Add(byte(11), 3.0, 2.0, 1e-6, 400.0, 1e-9, 1e-9, 1.0, 900.0, "B", 200)
	f.Fuzz(func(t *testing.T, kind byte, wide, high, a, b, c, d, x, y float64, words string, dpi int) {
		if scale := float64(dpi) / 25.4; wide*scale*high*scale > 1e6 {
			return // as any other, but slowly
		}
		marks := []layout.Mark{
			layout.Path{Outline: []layout.Segment{move(a, b), curve(c, d, x, y, a, y), line(d, x), shut, line(y, y)}},
			layout.Path{Pen: a, Outline: []layout.Segment{move(a, b), curve(c, d, x, y, b, y), line(d, x), shut, line(a, c)}},
			layout.Text{X: x, Y: y, Size: a, Pitch: b, Narrow: c, Font: layout.Sans, Words: words},
			layout.Image{X: x, Y: y, Width: a, Height: b, JPEG: photograph},
			layout.Image{X: x, Y: y, Width: a, Height: b, Modules: code(5, 1)},
		}
		mark := marks[int(kind)%len(marks)]
		if kind%2 == 1 {
			mark = layout.Group{At: layout.Matrix{a, b, c, d, x, y}, Drawing: &layout.Drawing{Marks: []layout.Mark{mark}}}
		}
		if kind%4 == 3 {
			mark = layout.Group{At: layout.Matrix{a, b, c, d, x, y}, Drawing: &layout.Drawing{Marks: []layout.Mark{
				layout.Image{Width: 1, Height: 1, JPEG: photograph}}}}
		}
		png.Draw(layout.Face{Width: wide, Height: high, Marks: []layout.Mark{mark}}, dpi)
	})
}
