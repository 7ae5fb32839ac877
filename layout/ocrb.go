package layout

import (
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
		for i := range s.Op.points() {
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
