// Package png draws the faces of cards as pictures, for a screen, or for a card printer that takes bitmaps.
//
//	Face -> marks, groups opened -> outlines in pixels -> coverage of each pixel -> colour laid over the page -> PNG
//
// In a face for production everything in ink K is of one bit: a pixel is black or left alone, since a panel of black
// resin knows no grey; the edges of a code's modules lie on whole pixels there. Everything else is smoothed.
package png

import (
	"fmt"
	"image"
	"image/draw"
	"io"
	"iter"
	"math"

	"github.com/cancuoc/cancuoc/layout"
	"golang.org/x/image/vector"
)

const (
	coarsest   = 72 // dots per inch
	finest     = 2400
	mostPixels = 40 << 20 // a card at 2400 dots per inch
	perInch    = 25.4     // millimetres
)

// Draw paints a face at a resolution in dots per inch, from 72 to 2400, on a white page of as many pixels as come
// nearest to its size.
func Draw(face layout.Face, dpi int) (*image.RGBA, error) { return new(Painter).Draw(face, dpi) }

// Write paints a face as [Draw] does and encodes it as PNG, with the resolution in its chunk pHYs. The same face gives
// the same bytes.
func Write(w io.Writer, face layout.Face, dpi int) error { return new(Painter).Write(w, face, dpi) }

// Painter draws face after face and keeps its buffers between them. The zero value is ready; it serves one goroutine.
type Painter struct {
	page       *image.RGBA
	production bool

	raster   vector.Rasterizer
	coverage []byte
	shape    shape // in pixels
	pen      shape // in millimetres
	encoder
}

// Draw is [Draw]; the picture is the caller's.
func (p *Painter) Draw(face layout.Face, dpi int) (*image.RGBA, error) {
	page := p.page
	defer func() { p.page = page }()
	p.page = nil
	if err := p.paint(face, face.Painted(), dpi); err != nil {
		return nil, err
	}
	return p.page, nil
}

// Write is [Write].
func (p *Painter) Write(w io.Writer, face layout.Face, dpi int) error {
	if err := p.paint(face, face.Painted(), dpi); err != nil {
		return err
	}
	return p.encode(w, p.page, dpi)
}

// paint draws marks of a face onto p.page.
func (p *Painter) paint(face layout.Face, marks iter.Seq[layout.Mark], dpi int) error {
	if err := face.Check(); err != nil {
		return fmt.Errorf("png: %w", err)
	}
	size, err := pixels(face, dpi)
	if err != nil {
		return err
	}
	p.fresh(size)
	p.production = face.Production()
	scale := float64(dpi) / perInch
	at := layout.Matrix{scale, 0, 0, scale, 0, 0}
	for m := range marks {
		if err := p.mark(m, at); err != nil {
			return fmt.Errorf("png: %w", err)
		}
	}
	return nil
}

// pixels gives the size of a face's picture.
func pixels(face layout.Face, dpi int) (image.Point, error) {
	if dpi < coarsest || dpi > finest {
		return image.Point{}, fmt.Errorf("png: %d dots per inch; from %d to %d can be drawn", dpi, coarsest, finest)
	}
	scale := float64(dpi) / perInch
	wide, high := int(math.Round(face.Width*scale)), int(math.Round(face.Height*scale))
	if wide < 1 || high < 1 || wide*high > mostPixels {
		return image.Point{}, fmt.Errorf("png: a picture of %d x %d pixels; from 1 to %d in all can be drawn", wide, high, mostPixels)
	}
	return image.Pt(wide, high), nil
}

// fresh makes a white page.
func (p *Painter) fresh(size image.Point) {
	whole := image.Rectangle{Max: size}
	if p.page == nil || p.page.Rect != whole {
		p.page = image.NewRGBA(whole)
	}
	draw.Draw(p.page, whole, image.White, image.Point{}, draw.Src)
}

// mark draws one mark; at takes millimetres to pixels.
func (p *Painter) mark(m layout.Mark, at layout.Matrix) error {
	switch m := m.(type) {
	case layout.Path:
		p.path(m, at)
	case layout.Text:
		outline, err := m.Outline()
		if err != nil {
			return err
		}
		p.path(outline, at)
	case layout.Image:
		if m.Modules != nil {
			p.modules(m, at)
			return nil
		}
		return p.photograph(m, at)
	case layout.Group:
		for _, inner := range m.Drawing.Marks {
			if err := p.mark(inner, m.At.Then(at)); err != nil {
				return err
			}
		}
	}
	return nil
}

// oneBit tells whether a mark is black or nothing.
func (p *Painter) oneBit(m layout.Mark) bool { return p.production && m.Of().Ink == layout.K }
