package specimen

import "image/color"

// garment is what is worn on the shoulders.
type garment int

const (
	jacket garment = iota
	roundNeck
	shirt
	standing // a collar that stands, as that of an áo dài
	tie
	blouse
)

func (c *canvas) body(p person) {
	c.both(p.dress, half{520, [][6]float32{
		{60, 525, 80, 535, 100, 545}, {175, 565, 215, 600, 225, 720}, {150, 720, 75, 720, -1, 720}}}.stretched(1-p.shoulders))
	switch p.garment {
	case jacket:
		c.both(p.collar, half{520, [][6]float32{{40, 520, 70, 525, 92, 540}, {70, 570, 40, 610, -1, 640}, {-1, 600, -1, 560, -1, 520}}})
		c.neck(p, 600)
	case roundNeck:
		c.ellipse(p.collar, middle, 542, 94, 62)
		c.ellipse(p.shade, middle, 538, 80, 54)
		c.neck(p, 580)
	case shirt:
		c.neck(p, 590)
		c.points(p, 636)
		c.buttons(p, 640)
	case standing:
		c.neck(p, 560)
		c.both(p.collar, half{536, [][6]float32{{30, 536, 56, 520, 70, 494}, {84, 512, 92, 532, 92, 552}, {60, 584, 30, 592, -1, 594}, {-1, 580, -1, 560, -1, 536}}})
		c.arc(p.dress, point{middle + 2, 594}, point{middle + 100, 700}, 18, 5)
	case tie:
		c.both(color.White, half{520, [][6]float32{{40, 520, 70, 525, 88, 540}, {70, 580, 40, 650, -1, 690}, {-1, 640, -1, 580, -1, 520}}})
		c.neck(p, 586)
		c.both(p.collar, half{584, [][6]float32{{10, 584, 16, 590, 12, 606}, {22, 650, 24, 700, 20, 720}, {10, 720, 0, 720, -1, 720}}})
	case blouse:
		c.neck(p, 610)
		c.points(p, 660)
	}
}

// neck draws the neck, down to a point in the middle.
func (c *canvas) neck(p person, to float32) {
	c.both(p.shade, half{400, [][6]float32{{40, 400, 60, 420, 66, 440}, {66, 480, 68, 510, 78, 530}, {60, to - 35, 30, to - 8, -1, to}}})
}

// points draws the two flaps of a collar that meet in the middle.
func (c *canvas) points(p person, to float32) {
	for _, side := range []float32{-1, 1} {
		at := func(x, y float32) point { return point{middle + side*x, y} }
		c.fill(p.collar, outline{at(74, 508), [][3]point{
			{at(66, 545), at(30, 580), at(1, 596)},
			{at(14, 610), at(26, 624), at(40, to)},
			{at(64, 610), at(90, 580), at(98, 548)},
		}})
	}
}

func (c *canvas) buttons(p person, from float32) {
	for y := from; y < height; y += 34 {
		c.ellipse(p.collar, middle, y, 5, 5)
	}
}
