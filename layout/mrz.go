package layout

import (
	"fmt"
	"strings"
)

// The machine readable zone of a card of size TD1 (Doc 9303-5, section 4.2 and figure 6).
const (
	mrzHeight = 23.3 // of the zone, from the bottom edge
	mrzLeft   = 5.0  // of the first character
)

// mrzMiddles are the heights of the three lines' middles above the bottom edge.
func mrzMiddles() [3]float64 { return [3]float64{15.73, 11.50, 7.27} }

// mrz draws the three lines.
func (c composer) mrz(s side) (marks []Mark, err error) {
	if !s.MRZ {
		return nil, nil
	}
	for i, middle := range mrzMiddles() {
		line := c.card.MRZ[i]
		if len(line) != 30 || strings.Trim(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<") != "" {
			return nil, &FieldError{"mrz", fmt.Errorf("%w: line %d is not 30 characters of A to Z, 0 to 9 and <",
				ErrInvalid, i+1)}
		}
		marks = append(marks, Text{Tag: c.tag("mrz", K), X: mrzLeft, Y: c.template.Height - middle + OCRBCapital/2,
			Size: OCRBCapital, Pitch: OCRBPitch, Font: OCRBFont, Words: line})
	}
	return marks, nil
}
