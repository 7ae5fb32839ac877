package layout

import (
	"math"
	"strconv"
	"strings"
)

// The measures of OCR-B, size I, in millimetres (ISO 1073-2; Doc 9303-3, section 4).
const (
	OCRBStroke  = 0.35 // width of the pen, whose ends and joins are round
	OCRBPitch   = 2.54 // from one character to the next
	OCRBCapital = 2.46 // height of a capital between two bars, such as E, over all
)

// OCRB gives the centre lines of a character of a machine readable zone, to be drawn with a pen of [OCRBStroke]: in
// millimetres from the middle of the character's cell, which is half an [OCRBPitch] from its left edge and half an
// [OCRBCapital] above the baseline; y down. Figures are 0.3 mm taller than capitals, and curves and free ends reach
// a little over the bars, as the standard draws them. It gives nil for any other character.
func OCRB(c byte) []Segment {
	if int(c) >= len(ocrbTable) {
		return nil
	}
	return strokes(ocrbTable[c])
}

// strokes reads a line of [ocrbTable].
func strokes(line string) (out []Segment) {
	words := strings.Fields(line)
	for len(words) > 0 {
		s := Segment{Op: Op(words[0][0])}
		words = words[1:]
		for i := range s.Op.Points() {
			s.Points[i] = Point{millimetres(words[0]), millimetres(words[1])}
			words = words[2:]
		}
		out = append(out, s)
	}
	return out
}

// millimetres reads a number of micrometres; what is no number would be a fault of [ocrbTable], which its test sees.
func millimetres(word string) float64 {
	n, _ := strconv.Atoi(word)
	return float64(n) / 1000
}

// flatness is how far, in millimetres, a straight line of [Flatten] may leave its curve.
const flatness = 0.001

// Flatten gives an outline, or centre lines, as straight lines: one row of points for each time that the pen is on the
// paper.
func Flatten(outline []Segment) (lines [][]Point) {
	var line []Point
	for _, s := range outline {
		if s.Op == Move || len(line) == 0 {
			if len(line) > 1 {
				lines = append(lines, line)
			}
			line = []Point{s.Points[0]}
			continue
		}
		switch s.Op {
		case Line:
			line = append(line, s.Points[0])
		case Curve:
			line = bend(line, s.Points)
		case Close:
			lines, line = append(lines, append(line, line[0])), line[:1:1]
		}
	}
	if len(line) > 1 {
		lines = append(lines, line)
	}
	return lines
}

// bend carries a line on along a curve, in as many equal steps as keep it within [flatness].
func bend(line []Point, p [3]Point) []Point {
	from := line[len(line)-1]
	sway := max(math.Hypot(from.X-2*p[0].X+p[1].X, from.Y-2*p[0].Y+p[1].Y),
		math.Hypot(p[0].X-2*p[1].X+p[2].X, p[0].Y-2*p[1].Y+p[2].Y))
	steps := max(1, int(min(1000, 1+math.Sqrt(0.75*sway/flatness))))
	for i := 1; i <= steps; i++ {
		t := float64(i) / float64(steps)
		u := 1 - t
		a, b, c, d := u*u*u, 3*u*u*t, 3*u*t*t, t*t*t
		line = append(line, Point{
			a*from.X + b*p[0].X + c*p[1].X + d*p[2].X,
			a*from.Y + b*p[0].Y + c*p[1].Y + d*p[2].Y,
		})
	}
	return line
}
