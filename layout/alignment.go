package layout

import (
	"fmt"
	"strings"
)

// The alignment page, in millimetres.
const (
	leastAligned = 50.0 // of the paper's sides
	mostAligned  = 500.0
	crossReach   = 7.0 // of the lines of the front's crosses
	crossPen     = 0.2
	scaleReach   = 5   // of the back's scale, either way
	scalePen     = 0.1 //
	scaleFigures = 1.5 // size of the figures at its ends
)

// Alignment draws one side of a page that shows how a printer's two sides lie to each other and to the paper: crosses on
// the front, and at the same places of the back a scale of millimetres on which, against the light, the crosses are seen.
// What is read there becomes offset_x and offset_y of a printer's profile (package spool), as the page says in English and
// Vietnamese. The paper may be a card; the two pages are turned like the page of a book.
func Alignment(paper Paper, side Side) (Face, error) {
	if !(paper.Width >= leastAligned && paper.Width <= mostAligned && paper.Height >= leastAligned && paper.Height <= mostAligned) {
		return Face{}, fmt.Errorf("layout: no alignment page of %g x %g mm: each side is to be from %g to %g", paper.Width, paper.Height, leastAligned, mostAligned)
	}
	if side != Front && side != Back {
		return Face{}, fmt.Errorf("layout: an alignment page has no side %q", side)
	}
	s := &sheet{Face: Face{Side: side, Width: paper.Width, Height: paper.Height}}
	in := inset(paper)
	for _, x := range []float64{in.X, paper.Width - in.X} {
		for _, y := range []float64{in.Y, paper.Height - in.Y} {
			if side == Front {
				s.cross(x, y)
			} else {
				s.scale(x, y)
			}
		}
	}
	s.arrow(paper.Width/2, in.Y)
	if err := s.explain(alignmentWords(paper, side), in); err != nil {
		return Face{}, err
	}
	mark, err := overprintAt(side, slant{X: paper.Width / 2, Y: paper.Height - in.Y, Length: min(60, paper.Width/3)})
	s.overprints = []Mark{mark}
	return s.face(), err
}

// inset is how far the crosses stand off the corners.
func inset(paper Paper) Point {
	return Point{max(9, min(25, paper.Width/6)), max(9, min(25, paper.Height/6))}
}

// cross draws one of the front's crosses.
func (s *sheet) cross(x, y float64) {
	s.line(crossPen, Point{x - crossReach, y}, Point{x + crossReach, y})
	s.line(crossPen, Point{x, y - crossReach}, Point{x, y + crossReach})
}

// scale draws one of the back's: a line each half of a millimetre, longer ones for the whole and the last, to the right
// and down as positive.
func (s *sheet) scale(x, y float64) {
	s.line(scalePen, Point{x - scaleReach, y}, Point{x + scaleReach, y})
	s.line(scalePen, Point{x, y - scaleReach}, Point{x, y + scaleReach})
	for half := -2 * scaleReach; half <= 2*scaleReach; half++ {
		at, long := float64(half)/2, 0.5
		switch {
		case half == 0:
			continue
		case half%(2*scaleReach) == 0:
			long = 1.6
		case half%2 == 0:
			long = 1
		}
		s.line(scalePen, Point{x + at, y - long}, Point{x + at, y + long})
		s.line(scalePen, Point{x - long, y + at}, Point{x + long, y + at})
	}
	s.figure("-5", Point{x - scaleReach - 1.2, y}, -1)
	s.figure("+5", Point{x + scaleReach + 1.2, y}, 1)
	s.figure("-5", Point{x, y - scaleReach - 1.2}, 0)
	s.figure("+5", Point{x, y + scaleReach + 1.2}, 0)
}

// figure writes a figure with its middle at a place, or its left (1) or right end (-1) there.
func (s *sheet) figure(words string, at Point, towards float64) {
	t := Text{Tag: s.tag(), Y: at.Y + capital/2*scaleFigures, Size: scaleFigures, Font: Sans, Words: words}
	t.X = at.X + (towards-1)/2*t.Width()
	s.Marks = append(s.Marks, t)
}

// arrow points to the top of the page.
func (s *sheet) arrow(x, y float64) {
	s.line(crossPen, Point{x, y}, Point{x, y - 5})
	s.line(crossPen, Point{x - 1.5, y - 3}, Point{x, y - 5})
	s.line(crossPen, Point{x + 1.5, y - 3}, Point{x, y - 5})
	s.figure("TOP / TRÊN", Point{x, y + 1.8}, 0)
}

// explain sets paragraphs into the middle of the page, as large as they fit.
func (s *sheet) explain(paragraphs []string, in Point) error {
	top := in.Y + crossReach + 1
	w, h := min(170, s.Width-2*max(5, in.X-5)), (s.Height-2*top)/float64(len(paragraphs))
	left := (s.Width - w) / 2
	f := fit{Font: Sans, Largest: 3.6, Smallest: 1.2}
	for _, words := range paragraphs {
		b, err := f.set(words, w, h)
		if err != nil {
			return fmt.Errorf("layout: the words of an alignment page of %g x %g mm: %w", s.Width, s.Height, err)
		}
		for i, line := range b.lines {
			s.Marks = append(s.Marks, Text{Tag: s.tag(), X: left, Y: top + (ascent+float64(i)*leading)*b.size, Size: b.size, Font: f.Font, Words: line})
		}
		top += min(h, float64(len(b.lines)+1)*leading*b.size)
	}
	return nil
}

// alignmentWords are what the operator has to know, in both languages. The back lies mirrored: where a printer puts
// everything too far to the right, the cross shows twice as far to the left on the scale, and where it puts everything too
// far down the two still meet.
func alignmentWords(paper Paper, side Side) []string {
	in := inset(paper)
	across, down, top := fmt.Sprintf("%.1f", paper.Width-2*in.X), fmt.Sprintf("%.1f", paper.Height-2*in.Y), fmt.Sprintf("%.1f", in.Y)
	if side == Back {
		return []string{
			"BACK. Hold the sheet against the light, this side towards you: the cross of the front is seen on the scale, 1 mm from one long " +
				"line to the next, plus to the right and downwards. Half of what is read across goes into offset_x. What is read downwards " +
				"no offset mends, since both sides move alike: above 0.5 mm, have the printer adjusted.",
			"MẶT SAU. Giơ tờ giấy trước nguồn sáng, mặt này hướng về phía mình: chữ thập của mặt trước hiện lên trên thang đo, hai vạch dài " +
				"liền nhau cách nhau 1 mm, sang phải và xuống dưới là số dương. Một nửa số đọc theo chiều ngang ghi vào offset_x. Số đọc theo " +
				"chiều dọc không sửa được bằng offset vì hai mặt cùng dời như nhau: nếu quá 0,5 mm, cho chỉnh lại máy in.",
		}
	}
	comma := func(n string) string { return strings.Replace(n, ".", ",", 1) }
	return []string{
		fmt.Sprintf("FRONT. Print both sides at 100 %%, turned like the page of a book. The crosses then stand %s mm apart across and %s mm "+
			"downwards, and the upper ones %s mm below the top edge: what is missing there goes into offset_y (too far down: with a minus).",
			across, down, top),
		fmt.Sprintf("MẶT TRƯỚC. In hai mặt ở tỷ lệ 100 %%, lật như lật trang sách. Khi đó các chữ thập cách nhau %s mm theo chiều ngang và "+
			"%s mm theo chiều dọc, hai chữ thập trên cách mép trên %s mm: phần còn thiếu ghi vào offset_y (nếu thừa thì ghi số âm).",
			comma(across), comma(down), comma(top)),
	}
}
