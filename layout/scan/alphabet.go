package scan

import (
	"math"
	"strings"

	"github.com/cancuoc/cancuoc/layout"
)

// characters are those of a machine readable zone (Doc 9303-3, section 4).
const characters = "0123456789<ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// alphabet is what each character looks like, at one step of the grid: light on ink is less than on paper, and the sum
// is 0 and the sum of squares 1, so that the product with a cell is their correlation.
type alphabet struct {
	step  float64 // of the grid, in millimetres
	soft  float64 // by how much printing and scanning smear an edge: the standard deviation, in millimetres
	faces [len(characters)][]float32
}

func newAlphabet(step, soft float64) *alphabet {
	a := &alphabet{step: step, soft: soft}
	for i := range len(characters) {
		w := newWindow(step, 0, 0)
		w.ink(characters[i], soft)
		normalise(w.light)
		a.faces[i] = w.light
	}
	return a
}

// leads is how far above another character's likeness that of a perfectly printed one is.
type leads [len(characters)][len(characters)]float64

func (a *alphabet) leads() *leads {
	var l leads
	q := newSearch(a, 1, 1)
	for i := range len(characters) {
		q.wide.ink(characters[i], a.soft)
		_, top := q.best()
		for j, v := range top {
			l[i][j] = float64(top[i] - v)
		}
	}
	return &l
}

// of gives the lead of a character over another; 1 when there is no other.
func (l *leads) of(best, next byte) float64 {
	i, j := strings.IndexByte(characters, best), strings.IndexByte(characters, next)
	if i < 0 || j < 0 {
		return 1
	}
	return l[i][j]
}

// ink draws a character's centre lines with the pen of OCR-B.
func (w window) ink(char byte, soft float64) {
	strokes := layout.Flatten(layout.OCRB(char))
	blur := math.Sqrt2 * math.Hypot(soft, w.step/3)
	for i := range w.light {
		x, y := w.place(i%w.wide, i/w.wide)
		w.light[i] = float32(math.Erf((away(x, y, strokes) - layout.OCRBStroke/2) / blur))
	}
}

// away gives how far a place is from the nearest of some lines.
func away(x, y float64, strokes [][]layout.Point) float64 {
	square := math.Inf(1)
	for _, line := range strokes {
		for i := range line[1:] {
			square = min(square, squareAway(x, y, line[i], line[i+1]))
		}
	}
	return math.Sqrt(square)
}

// squareAway gives the square of how far a place is from the straight line between two points.
func squareAway(x, y float64, a, b layout.Point) float64 {
	x, y = x-a.X, y-a.Y
	dx, dy := b.X-a.X, b.Y-a.Y
	if along := x*dx + y*dy; along > 0 {
		along = min(1, along/(dx*dx+dy*dy))
		x, y = x-along*dx, y-along*dy
	}
	return x*x + y*y
}

// normalise brings the sum to 0 and the sum of squares to 1, and gives what the root of that sum was.
func normalise(light []float32) (size float64) {
	var sum, squares float64
	for _, v := range light {
		sum += float64(v)
	}
	mean := float32(sum / float64(len(light)))
	for i := range light {
		light[i] -= mean
		squares += float64(light[i]) * float64(light[i])
	}
	size = math.Sqrt(squares)
	if size > 0 {
		for i := range light {
			light[i] /= float32(size)
		}
	}
	return size
}
