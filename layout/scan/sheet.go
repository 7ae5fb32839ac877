package scan

import (
	"image"
	"math"

	"golang.org/x/image/draw"
)

// sheet is the part of a card that holds the zone: brightness on a grid, and where on the card the grid lies.
type sheet struct {
	left, top     float64 // of the grid, in millimetres on the card
	across, along float64 // points a millimetre, to the right and down
	wide, high    int
	light         []float32
}

// The zone and room to look for it, in millimetres, and the points that a millimetre is brought to.
const (
	sheetLeft, sheetRight = 2.5, 83.5
	sheetTop, sheetBottom = 34.5, 50.5
	sheetFine             = 10
)

// take brings the part of a picture that holds the zone to one resolution.
func take(img image.Image, dpi float64) sheet {
	px := dpi / 25.4
	from := image.Rect(int(sheetLeft*px), int(sheetTop*px), int(sheetRight*px), int(sheetBottom*px))
	s := sheet{left: float64(from.Min.X) / px, top: float64(from.Min.Y) / px,
		wide: int((sheetRight - sheetLeft) * sheetFine), high: int((sheetBottom - sheetTop) * sheetFine)}
	s.across = float64(s.wide) * px / float64(from.Dx())
	s.along = float64(s.high) * px / float64(from.Dy())

	small := image.NewRGBA(image.Rect(0, 0, s.wide, s.high))
	draw.Draw(small, small.Bounds(), image.White, image.Point{}, draw.Src)
	draw.CatmullRom.Scale(small, small.Bounds(), img, from.Add(img.Bounds().Min), draw.Over, nil)
	s.light = make([]float32, s.wide*s.high)
	for i := range s.light {
		p := small.Pix[4*i:]
		s.light[i] = 0.299*float32(p[0]) + 0.587*float32(p[1]) + 0.114*float32(p[2])
	}
	return s
}

// at gives the brightness at a place on the card in millimetres, between the points of the grid.
func (s sheet) at(x, y float64) float32 {
	x = max(0, min((x-s.left)*s.across-0.5, float64(s.wide-1)))
	y = max(0, min((y-s.top)*s.along-0.5, float64(s.high-1)))
	col, row := min(int(x), s.wide-2), min(int(y), s.high-2)
	u, v := float32(x-float64(col)), float32(y-float64(row))
	a, b := s.light[row*s.wide+col:], s.light[(row+1)*s.wide+col:]
	return (a[0]*(1-u)+a[1]*u)*(1-v) + (b[0]*(1-u)+b[1]*u)*v
}

// window is a rectangle of points around the middle of a cell, in columns and rows of one step.
type window struct {
	step       float64 // millimetres
	wide, high int
	light      []float32
}

// Which part of a cell is compared: the tallest character and some paper around it, in millimetres from the cell's middle.
const (
	cellLeft, cellRight = -1.25, 1.25
	cellTop, cellBottom = -1.70, 1.50
)

// newWindow gives an empty window for a cell, and so many steps more on each side.
func newWindow(step float64, right, down int) window {
	w := window{step: step,
		wide: int(math.Round((cellRight-cellLeft)/step)) + 2*right, high: int(math.Round((cellBottom-cellTop)/step)) + 2*down}
	w.light = make([]float32, w.wide*w.high)
	return w
}

// place gives where a point of the window lies, in millimetres from the middle of the cell.
func (w window) place(col, row int) (x, y float64) {
	return (cellLeft+cellRight)/2 + (float64(col)+0.5-float64(w.wide)/2)*w.step,
		(cellTop+cellBottom)/2 + (float64(row)+0.5-float64(w.high)/2)*w.step
}
