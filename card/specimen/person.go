package specimen

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
)

// The portraits are drawings, and of nobody: a head and shoulders out of a few flat shapes. They keep to the rules for
// photographs that a program can keep to: white ground, from the front, bare head, both ears visible, no glasses
// (Circular 60/2021/TT-BCA, article 5).

// headWide is half the width of a head without a measure of its own.
const headWide = 138

// person is what differs between two drawings. Measures are in units of the canvas and count from those of the first
// specimens, so that zero is an ordinary face.
type person struct {
	skin, shade, hair, dress, collar color.RGBA
	lips, iris                       color.RGBA // of the first specimens where they are zero
	style                            hairStyle
	garment                          garment

	wide, long, jaw, ears      float32 // half the width of the head, its length, how square the chin is, size of the ears
	shoulders                  float32 // share by which they are narrower
	eyesApart, eyesLow         float32
	eyeWide, eyeHigh           float32
	brow, browTilt, nose       float32
	mouthWide, mouthLow, smile float32
	lid                        float32 // thickness of the line over the eye; none at 0
	lines                      float32 // how deep the lines of age are; none at 0
	moustache                  bool
}

// drawPerson draws from the back to the front, at so many pixels for a unit.
func drawPerson(p person, scale float32) *image.RGBA {
	c := newCanvas(scale)
	c.hairBehind(p)
	c.body(p)
	c.head(p)
	c.age(p)
	c.hairBefore(p)
	c.face(p)
	return c.RGBA
}

func encodePerson(p person, scale float32) []byte {
	var out bytes.Buffer
	if err := jpeg.Encode(&out, drawPerson(p, scale), &jpeg.Options{Quality: 85}); err != nil {
		panic(err) // memory takes every byte, and the size is one that JPEG has
	}
	return out.Bytes()
}

// stretch gives the factor by which the head is wider than an ordinary one.
func (p person) stretch() float32 { return (headWide + p.wide) / headWide }

func (c *canvas) head(p person) {
	for _, side := range []float32{-1, 1} {
		c.ellipse(p.skin, middle+side*(139+p.wide), 318, 23+p.ears, 42+2*p.ears)
		c.ellipse(p.shade, middle+side*(142+p.wide), 319, 11+p.ears/2, 25+p.ears)
	}
	wide, chin := headWide+p.wide, 486+p.long
	c.both(p.skin, half{130, [][6]float32{
		{90 * p.stretch(), 130, wide, 190, wide, 290},
		{wide, 400 + p.jaw, 80 + p.jaw, chin, -1, chin},
		{-1, 400, -1, 250, -1, 130}}})
}

func (c *canvas) face(p person) {
	ink, lips := or(p.iris, rgb(0x3b3431)), or(p.lips, rgb(0xb9716a))
	for _, side := range []float32{-1, 1} {
		x, y := middle+side*(58+p.eyesApart), 308+p.eyesLow
		wide, high := 22+p.eyeWide, 12+p.eyeHigh
		c.browOver(p, side, x, y-36-p.eyeHigh/2)
		c.ellipse(color.White, x, y, wide, high)
		c.ellipse(ink, x, y, high-2, high-1)
		if p.lid > 0 {
			c.ellipse(rgb(0x201c1b), x, y, (high-2)/2, (high-1)/2)
			c.ellipse(color.White, x+3, y-3, 2.5, 2.5)
			c.arc(rgb(0x3b3431), point{x - wide - 2, y}, point{x + wide + 2, y}, -high+1, p.lid)
		}
	}
	c.ellipse(p.shade, middle, 372+p.eyesLow/2, 17+p.nose, 9+p.nose/3)
	c.mouth(p, lips)
}

// browOver draws an eyebrow: lying, or with its outer end raised or lowered by the tilt.
func (c *canvas) browOver(p person, side, x, y float32) {
	if p.browTilt == 0 {
		c.ellipse(p.hair, x, y, 31, 6+p.brow)
		return
	}
	c.arc(p.hair, point{x - side*29, y + p.browTilt/2}, point{x + side*31, y - p.browTilt/2}, -5, 9+2*p.brow)
}

func (c *canvas) mouth(p person, lips color.RGBA) {
	y, wide := 422+p.mouthLow, 40+p.mouthWide
	if p.moustache {
		c.arc(p.hair, point{middle - wide, y - 8}, point{middle + wide, y - 8}, -14, 15)
	}
	if p.smile == 0 {
		c.ellipse(lips, middle, y, wide, 8)
		return
	}
	c.arc(lips, point{middle - wide, y - p.smile/2}, point{middle + wide, y - p.smile/2}, p.smile, 15)
	c.arc(mix(lips, rgb(0x3b2020), 0.5), point{middle - wide, y - p.smile/2}, point{middle + wide, y - p.smile/2}, p.smile-1, 3)
}

// age draws the lines from the nose to the mouth, and those of the forehead.
func (c *canvas) age(p person) {
	if p.lines <= 0 {
		return
	}
	line := mix(p.skin, p.shade, 0.85)
	for _, side := range []float32{-1, 1} {
		x := middle + side*(30+p.nose)
		c.arc(line, point{x, 376}, point{x + side*(24+p.mouthWide/2), 418 + p.mouthLow}, -3, 1.5+2.5*p.lines)
		x = middle + side*(58+p.eyesApart)
		c.arc(line, point{x - 20, 326 + p.eyesLow}, point{x + 20, 326 + p.eyesLow}, 5, 1.5+2*p.lines)
	}
	for i := range 2 {
		y := 228 + 14*float32(i)
		c.arc(line, point{middle - 52, y}, point{middle + 52, y}, -4, 0.5+2.5*p.lines)
	}
}

// or gives a colour, or another where there is none.
func or(c, otherwise color.RGBA) color.RGBA {
	if c.A == 0 {
		return otherwise
	}
	return c
}
