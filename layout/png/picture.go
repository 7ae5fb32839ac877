package png

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"math"

	"github.com/cancuoc/cancuoc/layout"
	xdraw "golang.org/x/image/draw"
	"golang.org/x/image/math/f64"
)

// modules draws the dark modules of a code as one area. In one bit, where a code stands upright, each run of a row lies
// between edges on whole pixels instead: such modules are not all equally wide, and a code of many small ones is read
// with more difficulty.
func (p *Painter) modules(m layout.Image, at layout.Matrix) {
	wide, high := m.Width/float64(len(m.Modules[0])), m.Height/float64(len(m.Modules))
	upright := at[1] == 0 && at[2] == 0 || at[0] == 0 && at[3] == 0
	snap := upright && p.oneBit(m)
	p.shape.reset()
	corner := func(x, y int) layout.Point { return layout.Point{X: m.X + float64(x)*wide, Y: m.Y + float64(y)*high} }
	for r := range m.Runs() {
		if low, high := corner(r.From, r.Row), corner(r.To, r.Row+1); snap {
			p.black(at.Apply(low), at.Apply(high))
		} else {
			p.shape.quadrangle(low, high, at)
		}
	}
	p.fill(layout.Colour{}, p.oneBit(m))
}

// black fills the pixels between two corners.
func (p *Painter) black(a, b layout.Point) {
	round := func(q layout.Point) image.Point { return image.Pt(int(math.Round(q.X)), int(math.Round(q.Y))) }
	draw.Draw(p.page, image.Rectangle{Min: round(a), Max: round(b)}.Canon(), image.Black, image.Point{}, draw.Src)
}

// quadrangle adds what a matrix makes of a rectangle.
func (s *shape) quadrangle(low, high layout.Point, at layout.Matrix) {
	for _, q := range []layout.Point{low, {X: high.X, Y: low.Y}, high, {X: low.X, Y: high.Y}} {
		s.add(at.Apply(q))
	}
	s.end(true)
}

// photograph draws a JPEG; in one bit, whatever of it is darker than a middle grey.
func (p *Painter) photograph(m layout.Image, at layout.Matrix) error {
	picture, err := decode(m.JPEG)
	if err != nil {
		if m.Field != "" {
			err = fmt.Errorf("%s: %w", m.Field, err)
		}
		return err
	}
	size := picture.Bounds().Size()
	pixel := layout.Matrix{m.Width / float64(size.X), 0, 0, m.Height / float64(size.Y), m.X, m.Y}.Then(at)
	if !p.oneBit(m) {
		place(p.page, picture, pixel)
		return nil
	}
	grey := image.NewRGBA(p.page.Rect)
	place(grey, picture, pixel)
	for i := 0; i < len(grey.Pix); i += 4 {
		red, green, blue, opacity := int(grey.Pix[i]), int(grey.Pix[i+1]), int(grey.Pix[i+2]), grey.Pix[i+3]
		if opacity >= 128 && 299*red+587*green+114*blue < 128*1000 { // luma of ITU-R BT.601, as in JFIF
			p.page.Pix[i], p.page.Pix[i+1], p.page.Pix[i+2] = 0, 0, 0
		}
	}
	return nil
}

var errNoJPEG = errors.New("it is not a whole JPEG image")

// decode gives the picture of a JPEG of at most as many pixels as a page.
func decode(file []byte) (image.Image, error) {
	size, err := jpeg.DecodeConfig(bytes.NewReader(file))
	if err != nil || size.Width < 1 || size.Height < 1 {
		return nil, errNoJPEG
	}
	if size.Width*size.Height > mostPixels {
		return nil, fmt.Errorf("a JPEG of %d x %d pixels; at most %d in all can be drawn", size.Width, size.Height, mostPixels)
	}
	picture, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, errNoJPEG
	}
	return picture, nil
}

// place draws a picture through a matrix that takes its pixels to those of the page. What is thinner than half a pixel
// is not drawn.
func place(page *image.RGBA, picture image.Image, at layout.Matrix) {
	bounds := picture.Bounds()
	where, thickness := stand(bounds.Size(), at)
	if thickness < 0.5 || !where.Overlaps(page.Rect) {
		return
	}
	if at[1] == 0 && at[2] == 0 && at[0] > 0 && at[3] > 0 && where.In(page.Rect) {
		scaler(at, where.Dx()*bounds.Dy()).Scale(page, where, picture, bounds, xdraw.Src, nil)
		return
	}
	m := f64.Aff3{at[0], at[2], at[4], at[1], at[3], at[5]}
	pixels := where.Intersect(page.Rect).Size()
	transformer(at, pixels.X*pixels.Y).Transform(page, m, picture, bounds, xdraw.Over, nil)
}

// stand gives the pixels around the place where a picture of some size is drawn, and how thick the picture is there.
func stand(size image.Point, at layout.Matrix) (image.Rectangle, float64) {
	x, y := float64(size.X), float64(size.Y)
	var s shape
	s.quadrangle(layout.Point{}, layout.Point{X: x, Y: y}, at)
	low, high := s.box()
	round := func(v float64) int { return int(math.Round(v)) }
	longest := max(x*math.Hypot(at[0], at[1]), y*math.Hypot(at[2], at[3]))
	thickness := x * y * math.Abs(at[0]*at[3]-at[1]*at[2]) / longest
	return image.Rect(round(low.X), round(low.Y), round(high.X), round(high.Y)), thickness
}

const (
	mostScratch = 4 << 20 // columns of the page times rows of the picture, kept between the two passes of a scaler
	mostWeights = 1 << 28 // pixels of a page times pixels of the picture that each is the mean of
)

// scaler is exact where many pixels become one, and quick where about one becomes one.
func scaler(at layout.Matrix, scratch int) xdraw.Scaler {
	const near = 1.25
	if x, y := at[0], at[3]; scratch > mostScratch || min(x, y) > 1/near && max(x, y) < near {
		return xdraw.ApproxBiLinear
	}
	return xdraw.CatmullRom
}

// transformer is exact as long as that takes no more than a second or so.
func transformer(at layout.Matrix, pixels int) xdraw.Transformer {
	size := math.Abs(at[0]*at[3] - at[1]*at[2])
	x := max(1, math.Abs(at[3])/size, math.Abs(at[2])/size) // pixels of the picture to one of the page
	y := max(1, math.Abs(at[0])/size, math.Abs(at[1])/size)
	if 4*x*4*y*float64(pixels) > mostWeights {
		return xdraw.ApproxBiLinear
	}
	return xdraw.CatmullRom
}
