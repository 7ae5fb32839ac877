package layout

import (
	"fmt"
	"strings"
)

// The machine readable zone of a card of size TD1 (Doc 9303-5, section 4.2 and figure 6). The middles of its printing
// zones, 2.95 mm high, are 15.73, 11.50 and 7.27 mm above the bottom edge of 53.98 mm.
const (
	mrzLeft  = 5.0                  // of the first character's cell
	mrzTop   = 53.98 - 15.73 + 0.05 // of the middle of the first line's capitals: figures are taller, and stay in their zone
	mrzLines = 4.23                 // from one line's middle to the next
)

// MRZCell gives the middle of a cell of the machine readable zone on the back of a card, from the top left corner in
// millimetres: line 0 to 2, column 0 to 29.
func MRZCell(line, column int) Point {
	return Point{mrzLeft + (float64(column)+0.5)*OCRBPitch, mrzTop + float64(line)*mrzLines}
}

// mrz draws the three lines.
func (c composer) mrz(s side) (marks []Mark, err error) {
	if !s.MRZ {
		return nil, nil
	}
	for i, line := range c.card.MRZ {
		if len(line) != 30 || strings.Trim(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<") != "" {
			return nil, &FieldError{"mrz", fmt.Errorf("%w: line %d is not 30 characters of A to Z, 0 to 9 and <",
				ErrInvalid, i+1)}
		}
		marks = append(marks, Text{Tag: c.tag("mrz", K), X: mrzLeft, Y: MRZCell(i, 0).Y + OCRBCapital/2,
			Size: OCRBCapital, Pitch: OCRBPitch, Font: OCRBFont, Words: line})
	}
	return marks, nil
}
