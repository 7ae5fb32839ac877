package png

import (
	"encoding/binary"
	"image"
	"image/draw"
	"math"

	"github.com/cancuoc/cancuoc/layout"
)

// path draws the area of a path, or its line.
func (p *Painter) path(m layout.Path, at layout.Matrix) {
	p.shape.reset()
	tolerance := flatness / math.Hypot(math.Hypot(at[0], at[1]), math.Hypot(at[2], at[3]))
	if m.Pen > 0 {
		p.pen.reset()
		p.pen.flatten(m.Outline, tolerance)
		p.shape.draw(&p.pen, m.Pen, tolerance)
	} else {
		p.shape.flatten(m.Outline, tolerance)
	}
	p.shape.apply(at)
	p.fill(m.Colour, p.oneBit(m))
}

// fill lays a colour over the area of p.shape.
func (p *Painter) fill(c layout.Colour, oneBit bool) {
	box := p.cover()
	if box.Empty() {
		return
	}
	if oneBit {
		threshold(p.coverage)
		c = layout.Colour{}
	}
	p.lay(c, box)
}

// threshold makes black or nothing of coverage.
func threshold(coverage []byte) {
	for i, v := range coverage {
		coverage[i] = byte(int8(v) >> 7) // all bits from the highest: 128 is one half
	}
}

// cover finds how much of each pixel p.shape covers, in the rectangle of the page that it gives.
func (p *Painter) cover() image.Rectangle {
	low, high := p.shape.box()
	if !(low.X <= high.X) {
		return image.Rectangle{}
	}
	whole := image.Rect(int(math.Floor(low.X)), int(math.Floor(low.Y)), int(math.Ceil(high.X)), int(math.Ceil(high.Y)))
	box := whole.Intersect(p.page.Rect)
	if box.Empty() {
		return box
	}
	p.raster.Reset(box.Dx(), box.Dy())
	for _, r := range p.shape.runs {
		p.polygon(p.shape.of(r), box, box != whole)
	}
	size := box.Dx() * box.Dy()
	if cap(p.coverage) < size {
		p.coverage = make([]byte, size)
	}
	p.coverage = p.coverage[:size]
	mask := &image.Alpha{Pix: p.coverage, Stride: box.Dx(), Rect: image.Rect(0, 0, box.Dx(), box.Dy())}
	p.raster.DrawOp = draw.Src
	p.raster.Draw(mask, mask.Rect, image.Opaque, image.Point{})
	return box
}

// polygon gives the edges of a polygon to the rasteriser, which sums up what lies right of each.
func (p *Painter) polygon(points []layout.Point, box image.Rectangle, clip bool) {
	x, y := float64(box.Min.X), float64(box.Min.Y)
	last := points[len(points)-1]
	a := layout.Point{X: last.X - x, Y: last.Y - y}
	if !clip {
		p.raster.MoveTo(float32(a.X), float32(a.Y))
		for _, q := range points {
			p.raster.LineTo(float32(q.X-x), float32(q.Y-y))
		}
		return
	}
	wide, high := float64(box.Dx()), float64(box.Dy())
	for _, q := range points {
		b := layout.Point{X: q.X - x, Y: q.Y - y}
		p.clipped(a, b, wide, high)
		a = b
	}
}

// clipped gives one edge to the rasteriser: nothing of what lies above or below the box, and what lies beside it upon
// the box's own edge.
func (p *Painter) clipped(a, b layout.Point, wide, high float64) {
	if min(a.Y, b.Y) >= high || max(a.Y, b.Y) <= 0 {
		return
	}
	at := func(y float64) layout.Point { return layout.Point{X: a.X + (b.X-a.X)*(y-a.Y)/(b.Y-a.Y), Y: y} }
	from, to := a, b
	switch {
	case a.Y < 0:
		from = at(0)
	case a.Y > high:
		from = at(high)
	}
	switch {
	case b.Y < 0:
		to = at(0)
	case b.Y > high:
		to = at(high)
	}
	p.beside(from, to, 0, wide)
}

// beside moves what lies left of the box, or right of it, onto the box's edge; edges are cut where they cross it.
func (p *Painter) beside(a, b layout.Point, left, right float64) {
	for _, edge := range []float64{left, right} {
		if min(a.X, b.X) < edge && max(a.X, b.X) > edge {
			t := (edge - a.X) / (b.X - a.X)
			cut := layout.Point{X: edge, Y: a.Y + (b.Y-a.Y)*t}
			p.beside(a, cut, left, right)
			p.beside(cut, b, left, right)
			return
		}
	}
	x0, x1 := min(max(a.X, left), right), min(max(b.X, left), right)
	p.raster.MoveTo(float32(x0), float32(a.Y))
	p.raster.LineTo(float32(x1), float32(b.Y))
}

// lay lays a colour over the pixels of a box of the page, as far as p.coverage says, eight by eight.
func (p *Painter) lay(c layout.Colour, box image.Rectangle) {
	opacity := uint32(100-min(c.Clear, 100)) * 255 / 100
	two := uint64(c.R) | uint64(c.G)<<8 | uint64(c.B)<<16 | 255<<24 // pixels
	two |= two << 32
	wide := box.Dx()
	for y := range box.Dy() {
		coverage := p.coverage[y*wide : (y+1)*wide]
		pixels := p.page.Pix[p.page.PixOffset(box.Min.X, box.Min.Y+y):][:4*wide]
		for len(coverage) > 0 {
			n := min(len(coverage), 8)
			eight := uint64(1)
			if n == 8 {
				eight = binary.LittleEndian.Uint64(coverage)
			}
			switch {
			case eight == 0: // most of a box is empty
			case eight == math.MaxUint64 && opacity == 255:
				for i := 0; i < 32; i += 8 {
					binary.LittleEndian.PutUint64(pixels[i:], two)
				}
			default:
				layFew(pixels[:4*n], coverage[:n], c, opacity)
			}
			coverage, pixels = coverage[n:], pixels[4*n:]
		}
	}
}

// layFew lays a colour of an opacity of 0 to 255 over a few pixels.
func layFew(pixels, coverage []byte, c layout.Colour, opacity uint32) {
	for x, v := range coverage {
		pixel := pixels[4*x : 4*x+3 : 4*x+3]
		switch {
		case v == 0:
		case v == 255 && opacity == 255:
			pixel[0], pixel[1], pixel[2] = c.R, c.G, c.B
		default:
			mix(pixel, c, uint32(v)*opacity)
		}
	}
}

// mix lays a colour over a pixel with an opacity of 0 to 255 x 255.
func mix(pixel []byte, c layout.Colour, opacity uint32) {
	const whole = 255 * 255
	rest := whole - opacity
	pixel[0] = byte((uint32(pixel[0])*rest + uint32(c.R)*opacity + whole/2) / whole)
	pixel[1] = byte((uint32(pixel[1])*rest + uint32(c.G)*opacity + whole/2) / whole)
	pixel[2] = byte((uint32(pixel[2])*rest + uint32(c.B)*opacity + whole/2) / whole)
}
