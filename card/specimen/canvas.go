package specimen

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"golang.org/x/image/vector"
)

// A drawing is 480 units wide and 720 high; middle is where its face has its middle line.
const (
	width  = 480
	height = 720
	middle = 240
)

// canvas fills flat shapes on white ground.
type canvas struct {
	*image.RGBA
	scale float32 // pixels for a unit
	z     vector.Rasterizer
}

func newCanvas(scale float32) *canvas {
	c := &canvas{RGBA: image.NewRGBA(image.Rect(0, 0, int(width*scale), int(height*scale))), scale: scale}
	draw.Draw(c.RGBA, c.Bounds(), image.White, image.Point{}, draw.Src)
	return c
}

// point is a place on the canvas.
type point struct{ x, y float32 }

// outline is a closed line: where it starts, and cubic curves of two control points and an end each.
type outline struct {
	start  point
	curves [][3]point
}

// box gives the pixels that an outline can touch: a curve stays within its four points.
func (o outline) box(scale float32) image.Rectangle {
	low, high := o.start, o.start
	for _, curve := range o.curves {
		for _, p := range curve {
			low.x, low.y = min(low.x, p.x), min(low.y, p.y)
			high.x, high.y = max(high.x, p.x), max(high.y, p.y)
		}
	}
	return image.Rect(floor(scale*low.x), floor(scale*low.y), floor(scale*high.x)+1, floor(scale*high.y)+1)
}

func floor(v float32) int { return int(math.Floor(float64(v))) }

// fill fills an outline. The portraits that are embedded were drawn at scale 1 on a rasterizer of the whole canvas, and
// roundings must fall as they did there: hence the wider box. At other scales none are to be met, and less is quicker.
func (c *canvas) fill(colour color.Color, o outline) {
	box := o.box(c.scale).Intersect(c.Bounds())
	if box.Empty() {
		return
	}
	w, h := box.Dx(), box.Dy()
	if c.scale == 1 {
		box.Min.X &^= 127
		w, h = floating(box.Dx(), box.Dy())
	}
	at := func(p point) (x, y float32) {
		return c.scale*p.x - float32(box.Min.X), c.scale*p.y - float32(box.Min.Y)
	}
	c.z.Reset(w, h)
	c.z.MoveTo(at(o.start))
	for _, q := range o.curves {
		x1, y1 := at(q[0])
		x2, y2 := at(q[1])
		x3, y3 := at(q[2])
		c.z.CubeTo(x1, y1, x2, y2, x3, y3)
	}
	c.z.ClosePath()
	c.z.Draw(c.RGBA, box, image.NewUniform(colour), image.Point{})
}

// floating gives a size of at least w x h at which the rasterizer reckons in floating point, as it does for a whole
// canvas: below 513 units each way it takes fixed point, which draws the edges otherwise.
func floating(w, h int) (int, int) {
	const least = 513
	if w < h {
		return w, max(h, least)
	}
	return max(w, least), h
}

func (c *canvas) ellipse(colour color.Color, x, y, rx, ry float32) {
	const k = 0.5523
	c.fill(colour, outline{point{x + rx, y}, [][3]point{
		{{x + rx, y + k*ry}, {x + k*rx, y + ry}, {x, y + ry}},
		{{x - k*rx, y + ry}, {x - rx, y + k*ry}, {x - rx, y}},
		{{x - rx, y - k*ry}, {x - k*rx, y - ry}, {x, y - ry}},
		{{x + k*rx, y - ry}, {x + rx, y - k*ry}, {x + rx, y}},
	}})
}

// half is the right half of an outline that is the same on both sides, from the top of the middle line to its bottom:
// the height of its start, and curves as x1, y1, x2, y2, x, y with x counted from the middle line.
type half struct {
	start  float32
	curves [][6]float32
}

// stretched gives the half with its distances from the middle line times a factor.
func (h half) stretched(by float32) half {
	wider := half{h.start, make([][6]float32, len(h.curves))}
	for i, q := range h.curves {
		wider.curves[i] = [6]float32{q[0] * by, q[1], q[2] * by, q[3], q[4] * by, q[5]}
	}
	return wider
}

// both fills a half on the right and its mirror image on the left; they overlap by a unit, so that no seam is seen.
func (c *canvas) both(colour color.Color, h half) {
	for _, side := range []float32{1, -1} {
		c.side(colour, h, side)
	}
}

// side fills a half on the right (1) or the left (-1).
func (c *canvas) side(colour color.Color, h half, side float32) {
	at := func(x, y float32) point { return point{middle + side*max(x, -1), y} }
	o := outline{start: at(-1, h.start)}
	for _, q := range h.curves {
		o.curves = append(o.curves, [3]point{at(q[0], q[1]), at(q[2], q[3]), at(q[4], q[5])})
	}
	c.fill(colour, o)
}

// arc fills a thin crescent between two places that bends down by some units in its middle, where it is thick.
func (c *canvas) arc(colour color.Color, from, to point, bend, thick float32) {
	third := func(a, b point, t, bend float32) point { return point{a.x + t*(b.x-a.x), a.y + t*(b.y-a.y) + bend*4/3} }
	c.fill(colour, outline{from, [][3]point{
		{third(from, to, 1./3, bend-thick/2), third(from, to, 2./3, bend-thick/2), to},
		{third(from, to, 2./3, bend+thick/2), third(from, to, 1./3, bend+thick/2), from},
	}})
}

func rgb(v uint32) color.RGBA { return color.RGBA{uint8(v >> 16), uint8(v >> 8), uint8(v), 255} }

// mix gives a colour between two, the nearer to the second the larger the share, of 0 to 1.
func mix(a, b color.RGBA, share float32) color.RGBA {
	at := func(x, y uint8) uint8 { return uint8(float32(x) + share*(float32(y)-float32(x)) + 0.5) }
	return color.RGBA{at(a.R, b.R), at(a.G, b.G), at(a.B, b.B), 255}
}
