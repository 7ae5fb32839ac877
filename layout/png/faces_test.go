package png_test

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/portrait"
	"github.com/cancuoc/cancuoc/card/specimen"
	"github.com/cancuoc/cancuoc/layout"
)

var (
	dark  = layout.Colour{R: 40, G: 20, B: 90}
	light = layout.Colour{R: 120, G: 170, B: 200, Clear: 40}
)

func move(x, y float64) layout.Segment {
	return layout.Segment{Op: layout.Move, Points: [3]layout.Point{{X: x, Y: y}}}
}

func line(x, y float64) layout.Segment {
	return layout.Segment{Op: layout.Line, Points: [3]layout.Point{{X: x, Y: y}}}
}

func curve(a, b, c, d, e, f float64) layout.Segment {
	return layout.Segment{Op: layout.Curve, Points: [3]layout.Point{{X: a, Y: b}, {X: c, Y: d}, {X: e, Y: f}}}
}

var shut = layout.Segment{Op: layout.Close}

func circle(x, y, r float64) []layout.Segment {
	const k = 0.5523
	return []layout.Segment{
		move(x+r, y), curve(x+r, y+k*r, x+k*r, y+r, x, y+r), curve(x-k*r, y+r, x-r, y+k*r, x-r, y),
		curve(x-r, y-k*r, x-k*r, y-r, x, y-r), curve(x+k*r, y-r, x+r, y-k*r, x+r, y), shut,
	}
}

// waves are lines across the face, as those that a ground is drawn of.
func waves(x, y, wide, step float64, n int) (out []layout.Segment) {
	for i := range n {
		at := y + float64(i)*step
		out = append(out, move(x, at))
		for j := range 4 {
			l := x + wide*float64(j)/4
			out = append(out, curve(l+wide/12, at-3, l+wide/6, at+3, l+wide/4, at))
		}
	}
	return out
}

func star(x, y, r float64) (out []layout.Segment) {
	for i := range 5 {
		sin, cos := math.Sincos(float64(i) * 4 * math.Pi / 5)
		op := layout.Line
		if i == 0 {
			op = layout.Move
		}
		out = append(out, layout.Segment{Op: op, Points: [3]layout.Point{{X: x + r*sin, Y: y - r*cos}}})
	}
	return append(out, shut)
}

func code(n int, seed uint64) [][]bool {
	random := rand.New(rand.NewPCG(seed, 1))
	rows := make([][]bool, n)
	for y := range rows {
		rows[y] = make([]bool, n)
		for x := range rows[y] {
			rows[y][x] = random.IntN(2) == 0
		}
	}
	return rows
}

// fitted is the portrait of a specimen, made fit once: that takes a while under the race detector.
var fitted = sync.OnceValues(func() (portrait.Portrait, error) {
	file, err := specimen.Files().Open("dang-dinh-mau.jpg")
	if err != nil {
		return portrait.Portrait{}, err
	}
	defer file.Close()
	return portrait.Fit(file)
})

func photo(t testing.TB) []byte {
	t.Helper()
	p, err := fitted()
	if err != nil {
		t.Fatal(err)
	}
	return p.Face
}

// gradient is a JPEG in which no two corners are alike, so that no turn of it passes for another.
func gradient(t testing.TB, wide, high int) []byte {
	t.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, wide, high))
	for y := range high {
		for x := range wide {
			i := picture.PixOffset(x, y)
			picture.Pix[i], picture.Pix[i+1], picture.Pix[i+2], picture.Pix[i+3] = byte(255*x/wide), byte(255*y/high), 128, 255
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, picture, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func face(marks ...layout.Mark) layout.Face {
	return layout.Face{Side: layout.Front, Width: 85.60, Height: 53.98, Marks: marks}
}

const mrz = "IDVNM2000000130000200000013<<0"

func paths() layout.Face {
	return face(
		layout.Path{Colour: layout.Colour{R: 230, G: 240, B: 235}, Outline: circle(20, 20, 18)},
		layout.Path{Colour: light, Outline: circle(35, 25, 15)},
		layout.Path{Colour: dark, Outline: append(circle(60, 20, 12), star(60, 20, 10)...)},
		layout.Path{Colour: layout.Colour{R: 200}, Outline: star(60, 42, 10)},
		layout.Path{Colour: layout.Colour{G: 100, Clear: 50}, Outline: []layout.Segment{
			move(-10, 40), curve(20, 20, 30, 70, 100, 45), line(95, 70), line(-10, 70), shut}},
	)
}

func texts() layout.Face {
	marks := []layout.Mark{
		layout.Text{X: 5, Y: 8, Size: 4, Font: layout.SansBold, Colour: dark, Words: "CỘNG HÒA XÃ HỘI CHỦ NGHĨA"},
		layout.Text{X: 5, Y: 13, Size: 3, Font: layout.Sans, Words: "Đặng Đình Mẫu, Nguyễn Trường Ngữ Ẩm & <Mẫu>"},
		layout.Text{X: 5, Y: 17, Size: 2, Font: layout.Sans, Colour: light, Words: "Số định danh cá nhân/Personal identification number"},
	}
	for i := range 3 {
		marks = append(marks, layout.Text{X: 5, Y: 38 + 4.23*float64(i), Size: 3.73, Pitch: 2.54, Font: layout.SansBold, Words: mrz})
	}
	return face(marks...)
}

func narrow() layout.Face {
	return face(layout.Text{X: 5, Y: 21, Size: 3, Narrow: 0.7, Font: layout.Sans, Words: "Nơi đăng ký khai sinh: Mẫu, Hà Nội"})
}

func strokes() layout.Face {
	return face(
		layout.Path{Colour: layout.Colour{R: 90, G: 150, B: 160}, Pen: 0.08, Outline: waves(0, 6, 85.6, 1.1, 12)},
		layout.Path{Colour: dark, Pen: 0.35, Outline: circle(15, 35, 8)},
		layout.Path{Colour: dark, Pen: 2, Outline: []layout.Segment{move(30, 45), line(38, 27), line(40, 45)}},
		layout.Path{Colour: layout.Colour{B: 200, Clear: 50}, Pen: 3, Outline: append(star(55, 37, 9), move(50, 50), line(75, 25), move(70, 45), line(70, 45))},
		layout.Path{Colour: layout.Colour{R: 200}, Pen: 3, Outline: circle(76, 45, 0.9)},
		layout.Path{Pen: 1, Outline: []layout.Segment{move(76, 25), curve(90, 40, 60, 40, 82, 28)}},
	)
}

func pictures(t testing.TB) layout.Face {
	return face(
		layout.Image{X: 5, Y: 10, Width: 20, Height: 30, JPEG: photo(t)},
		layout.Image{X: 30, Y: 10, Width: 6, Height: 9, JPEG: photo(t)},
		layout.Image{X: 30, Y: 22, Width: 30, Height: 20, JPEG: gradient(t, 300, 200)},
	)
}

func codes() layout.Face {
	return face(
		layout.Image{X: 5, Y: 5, Width: 21.4, Height: 21.4, Modules: code(49, 1)},
		layout.Image{X: 40.03, Y: 10.01, Width: 17.77, Height: 17.77, Modules: code(33, 2)},
	)
}

func turned(degrees, scale, x, y float64) layout.Matrix {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	if math.Mod(degrees, 90) == 0 {
		sin, cos = math.Round(sin), math.Round(cos)
	}
	return layout.Matrix{scale * cos, scale * sin, -scale * sin, scale * cos, x, y}
}

// groups places one drawing upright, at all quarters of a turn, askew, mirrored, and within a group.
func groups(t testing.TB) layout.Face {
	drawing := &layout.Drawing{Marks: []layout.Mark{
		layout.Path{Colour: layout.Colour{R: 220, G: 230, B: 240}, Outline: []layout.Segment{move(0, 0), line(18, 0), line(18, 14), line(0, 14), shut}},
		layout.Path{Colour: dark, Pen: 0.5, Outline: circle(5, 9, 3)},
		layout.Text{X: 1, Y: 4, Size: 3, Font: layout.SansBold, Words: "Mẫu 1"},
		layout.Image{X: 10, Y: 5, Width: 6, Height: 8, JPEG: gradient(t, 120, 160)},
	}}
	inner := &layout.Drawing{Marks: []layout.Mark{layout.Group{At: turned(180, 0.8, 18, 14), Drawing: drawing}}}
	return face(
		layout.Group{At: turned(0, 1, 2, 2), Drawing: drawing},
		layout.Group{At: turned(90, 1, 38, 2), Drawing: drawing},
		layout.Group{At: turned(180, 1, 60, 16), Drawing: drawing},
		layout.Group{At: turned(270, 1, 64, 20), Drawing: drawing},
		layout.Group{At: turned(20, 1.2, 10, 25), Drawing: drawing},
		layout.Group{At: layout.Matrix{-1, 0, 0, 1.5, 60, 25}, Drawing: drawing},
		layout.Group{At: turned(0, 1, 62, 30), Drawing: inner},
	)
}

// composed gives the faces of a specimen, with the portrait that we have or without any.
func composed(t testing.TB, name string, portrait bool) layout.Faces {
	t.Helper()
	record, err := specimen.Record(name)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := card.ParseRecord(record)
	if err != nil {
		t.Fatal(err)
	}
	in := layout.Card{Document: doc.Complete()}
	if in.MRZ, err = in.Document.MRZ(); err != nil && !errors.Is(err, card.ErrNoMRZ) {
		t.Fatal(err)
	}
	if in.QR, err = in.Document.QR(); err != nil {
		t.Fatal(err)
	}
	if portrait {
		in.Portrait = photo(t)
	}
	in.Fingerprints = map[string][]byte{"left-index": gradient(t, 120, 160), "right-index": gradient(t, 160, 120)}
	faces, err := layout.Compose(in)
	if err != nil {
		t.Fatal(err)
	}
	return faces
}

// named is a face, and what it is called.
type named struct {
	name string
	face layout.Face
}

// templates gives both faces of a card of each template, with portrait and, where that is another face, without.
func templates(t testing.TB) (all []named) {
	t.Helper()
	for _, name := range []string{"dang-dinh-mau", "dang-dinh-mau-2021", "tran-mau-an"} {
		with, without := composed(t, name, true), composed(t, name, false)
		all = append(all, named{name + ", front", with.Front}, named{name + ", back", with.Back})
		if without.Front.String() != with.Front.String() {
			all = append(all, named{name + ", front without portrait", without.Front})
		}
		if without.Back.String() != with.Back.String() {
			all = append(all, named{name + ", back without portrait", without.Back})
		}
	}
	return all
}
