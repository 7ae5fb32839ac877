package scan

import (
	"fmt"
	"image"

	"github.com/cancuoc/cancuoc/layout"
)

// The size of a card (Doc 9303-5, section 2.1), in millimetres, and what a zone has of lines and columns (section 4.2).
const (
	cardWidth  = 85.60
	cardHeight = 53.98
	lines      = 3
	columns    = 30
)

// From which a character counts as read. Likeness is correlation: 1 is the same, 0 has nothing to do with it.
const (
	alike  = 0.60 // the least likeness
	behind = 0.10 // how far it may lie below that of the zone's middle character, for all are printed alike
	apart  = 0.55 // the least lead over the next character
)

// Zone is a machine readable zone as a picture shows it.
type Zone struct {
	Lines  [lines]string        // 30 characters each; '?' where the picture does not say which
	Cells  [lines][columns]Cell // the same, with what speaks for each
	Offset layout.Point         // millimetres by which the middle of the zone lies right of and below its place
	Turn   float64              // degrees by which the zone is turned, clockwise
}

// Cell is the place of one character, and what it was compared to.
type Cell struct {
	Read       byte    // the character; '?' when the cell is not enough like one, or like two
	Best, Next byte    // the two that are most like it; 0 where the cell is blank
	Score      float64 // the likeness of Best: 1 is the same, 0 has nothing to do with it
	Lead       float64 // how far that is above the likeness of Next; a perfect print of Best has 1
}

// Least gives the lowest score and the lowest lead of any cell, for a desk that asks how good a print is.
func (z Zone) Least() (score, lead float64) {
	score, lead = 1, 1
	for _, line := range z.Cells {
		for _, c := range line {
			score, lead = min(score, c.Score), min(lead, c.Lead)
		}
	}
	return score, lead
}

// MRZ reads the machine readable zone in a picture of the back of a card (Doc 9303-5, section 3.2.1 and figure 6;
// OCR-B as [layout.OCRB]). The top left corner of the picture is that of the card; dpi is the picture's resolution,
// from 150 to 1200, or 0 when the picture shows the card from edge to edge. The zone may be off its place by 0.5 mm and
// turned by 1 degree. Each cell is read as it stands: of a zone that is off by a whole cell, the cell that it left is '?'.
// It gives [ErrNoZone] when fewer than half of the cells can be read, and another error for a picture that cannot be
// of a card.
func MRZ(img image.Image, dpi float64) (Zone, error) {
	dpi, err := resolution(img, dpi)
	if err != nil {
		return Zone{}, err
	}
	s := take(img, dpi)
	p, found := find(s)
	if !found {
		return Zone{}, ErrNoZone
	}
	z := Zone{Offset: p.offset(), Turn: p.turn()}
	if z.read(s, p) < lines*columns/2 {
		return Zone{}, ErrNoZone
	}
	return z, nil
}

// read fills in the cells, by the characters that are as soft as the picture, and tells how many of them are read.
func (z *Zone) read(s sheet, p pose) (sure int) {
	a := newAlphabet(0.125, 0.06)
	cells := matches(s, a, p)
	soft := newAlphabet(0.125, 0.14)
	if blurred := matches(s, soft, p); blurred.middleScore() > cells.middleScore() {
		a, cells = soft, blurred
	}
	leads := a.leads()
	contrast, score := cells.middleContrast()/3, max(alike, cells.middleScore()-behind)
	for i, row := range cells {
		text := make([]byte, columns)
		for j, m := range row {
			text[j] = '?'
			if m.contrast >= contrast {
				m.Lead /= leads.of(m.Best, m.Next)
				z.Cells[i][j] = m.Cell
				if m.Score >= score && m.Lead >= apart {
					text[j] = m.Best
					sure++
				}
			}
			z.Cells[i][j].Read = text[j]
		}
		z.Lines[i] = string(text)
	}
	return sure
}

// resolution gives the picture's resolution in pixels an inch, when it can be that of a whole card.
func resolution(img image.Image, dpi float64) (float64, error) {
	if err := check(img); err != nil {
		return 0, err
	}
	size := img.Bounds().Size()
	if dpi == 0 {
		dpi = float64(size.X) * 25.4 / cardWidth
		if across := float64(size.Y) * 25.4 / dpi; across < cardHeight-1 || across > cardHeight+1 {
			return 0, fmt.Errorf("scan: %d x %d pixels are not the proportions of a card", size.X, size.Y)
		}
	}
	if !(dpi >= 149.5 && dpi <= 1200.5) {
		return 0, fmt.Errorf("scan: a resolution of %.0f dpi; 150 to 1200 can be read", dpi)
	}
	w, h := float64(size.X)*25.4/dpi, float64(size.Y)*25.4/dpi
	if w < cardWidth-1 || h < cardHeight-1 {
		return 0, fmt.Errorf("scan: the picture shows %.1f x %.1f mm, and a card has %.2f x %.2f", w, h, cardWidth, cardHeight)
	}
	return dpi, nil
}
