package scan

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/cancuoc/cancuoc/layout"
)

// picture is how a zone is painted: a back of a card, all paper but for the zone.
type picture struct {
	dpi         float64
	right, down float64 // millimetres off its place
	turn        float64 // degrees around the middle of the card, clockwise
	blur        float64 // standard deviation in pixels
	paper, ink  float64 // brightness, 0 to 255
	noise       float64 // standard deviation of brightness
	quality     int     // of JPEG; 0 for none
}

func plain(dpi float64) picture { return picture{dpi: dpi, paper: 255} }

// canvas is brightness, before it becomes a picture.
type canvas struct {
	wide, high int
	px         float64 // pixels a millimetre
	light      []float64
}

func newCanvas(p picture) *canvas {
	px := p.dpi / 25.4
	c := &canvas{wide: int(math.Round(cardWidth * px)), high: int(math.Round(cardHeight * px)), px: px}
	c.light = make([]float64, c.wide*c.high)
	for i := range c.light {
		c.light[i] = p.paper
	}
	return c
}

// character paints one character; strength is how much of the ink it gets. The middles of the lines are 15.68, 11.45
// and 7.22 mm above the bottom edge, and the first cell begins 5.0 mm from the left one.
func (c *canvas) character(p picture, line, column int, char byte, strength float64) {
	x := 5.0 + 2.54*(float64(column)+0.5)
	y := cardHeight - []float64{15.68, 11.45, 7.22}[line]
	strokes := layout.Flatten(layout.OCRB(char))
	sin, cos := math.Sincos(p.turn * math.Pi / 180)
	atX := cardWidth/2 + (x-cardWidth/2)*cos - (y-cardHeight/2)*sin + p.right
	atY := cardHeight/2 + (x-cardWidth/2)*sin + (y-cardHeight/2)*cos + p.down
	for row := max(0, int((atY-2)*c.px)); row <= min(c.high-1, int((atY+2)*c.px)); row++ {
		for col := max(0, int((atX-1.4)*c.px)); col <= min(c.wide-1, int((atX+1.4)*c.px)); col++ {
			dx, dy := (float64(col)+0.5)/c.px-atX, (float64(row)+0.5)/c.px-atY
			dx, dy = dx*cos+dy*sin, dy*cos-dx*sin
			cover := strength * max(0, min(1, 0.5+(layout.OCRBStroke/2-away(dx, dy, strokes))*c.px))
			i := row*c.wide + col
			c.light[i] = min(c.light[i], p.paper+(p.ink-p.paper)*cover)
		}
	}
}

// blur smears the canvas by a Gaussian bell, along rows and then along columns.
func (c *canvas) blur(sigma float64) {
	if sigma == 0 {
		return
	}
	var bell []float64
	sum := 0.0
	for i := -int(3*sigma) - 1; i <= int(3*sigma)+1; i++ {
		bell = append(bell, math.Exp(-float64(i*i)/(2*sigma*sigma)))
		sum += bell[len(bell)-1]
	}
	pass := func(count, length, next, stride int) {
		line := make([]float64, length)
		for n := range count {
			for i := range line {
				line[i] = 0
				for k, weight := range bell {
					j := max(0, min(length-1, i+k-len(bell)/2))
					line[i] += weight / sum * c.light[n*next+j*stride]
				}
			}
			for i, v := range line {
				c.light[n*next+i*stride] = v
			}
		}
	}
	pass(c.high, c.wide, c.wide, 1)
	pass(c.wide, c.high, 1, c.wide)
}

// develop makes the picture.
func (c *canvas) develop(t testing.TB, p picture, r *rand.Rand) image.Image {
	t.Helper()
	c.blur(p.blur)
	img := image.NewGray(image.Rect(0, 0, c.wide, c.high))
	for i, v := range c.light {
		if p.noise > 0 {
			v += r.NormFloat64() * p.noise
		}
		img.SetGray(i%c.wide, i/c.wide, color.Gray{uint8(max(0, min(255, v)))})
	}
	if p.quality == 0 {
		return img
	}
	var file bytes.Buffer
	if err := jpeg.Encode(&file, img, &jpeg.Options{Quality: p.quality}); err != nil {
		t.Fatal(err)
	}
	again, err := jpeg.Decode(&file)
	if err != nil {
		t.Fatal(err)
	}
	return again
}

func (p picture) paint(t testing.TB, zone [3]string, r *rand.Rand) image.Image {
	t.Helper()
	c := newCanvas(p)
	for line, text := range zone {
		for column := range text {
			c.character(p, line, column, text[column], 1)
		}
	}
	return c.develop(t, p, r)
}

func randomZone(r *rand.Rand) (zone [3]string) {
	for i := range zone {
		text := make([]byte, columns)
		for j := range text {
			text[j] = characters[r.IntN(len(characters))]
		}
		zone[i] = string(text)
	}
	return zone
}
