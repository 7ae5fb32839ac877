package layout

import (
	"fmt"
	"math"
	"slices"
)

// Paper is the size of a sheet of paper, in millimetres.
type Paper struct{ Width, Height float64 }

// A4 is the sheet of 210 x 297 mm, upright (ISO 216).
func A4() Paper { return Paper{210, 297} }

// How cards lie on a sheet, in millimetres.
const (
	sheetMargin = 8.0  // free along each edge of the paper, at least
	sheetGap    = 2.0  // between neighbours, where that costs no card
	leastOnIt   = 10.0 // of a card's sides
	cropLength  = 5.0
	cropOff     = 1.0 // from the edge of a card to the marks that point at it
	cropPen     = 0.1
)

// Sheets puts the faces of cards of one size onto sheets of paper, as many on each as there is room for. Each page of
// fronts is followed by the page of their backs, which lie mirrored left and right: printed on both sides and turned like
// the page of a book (a sheet that stands upright: over its long edge), each back meets its front. Every card keeps its
// own overprint, and one that was composed for production gets it here: a sheet is a proof. Marks to cut by stand around
// the cards.
func Sheets(cards []Faces, paper Paper) ([]Face, error) {
	if len(cards) == 0 {
		return nil, nil
	}
	g, err := newGrid(cards[0].Front.Width, cards[0].Front.Height, paper)
	if err != nil {
		return nil, err
	}
	for i, c := range cards {
		if !g.holds(c.Front) || !g.holds(c.Back) {
			return nil, fmt.Errorf("layout: a sheet holds faces of one size: card %d is not of %g x %g mm on both sides", i+1, g.width, g.height)
		}
	}
	var sheets []Face
	for some := range slices.Chunk(cards, g.across.n*g.down.n) {
		front, back := g.newSheet(Front), g.newSheet(Back)
		for i, c := range some {
			front.add(c.Front, g.place(i, Front))
			back.add(c.Back, g.place(i, Back))
		}
		sheets = append(sheets, front.face(), back.face())
	}
	return sheets, nil
}

// row is how things of one size stand side by side: how many, where the first begins, and from one to the next.
type row struct {
	n           int
	first, step float64
}

// newRow puts as many as there is room for into the middle of a length, with gaps unless they cost one.
func newRow(length, size float64) row {
	room := length - 2*sheetMargin + 1e-9
	n, gap := int(room/size), sheetGap
	if int((room+gap)/(size+gap)) < n {
		gap = 0
	}
	return row{n, (length - float64(n)*size - float64(n-1)*gap) / 2, size + gap}
}

// at gives where the thing number i begins.
func (r row) at(i int) float64 { return r.first + float64(i)*r.step }

// grid is how cards of one size lie on a sheet.
type grid struct {
	paper         Paper
	width, height float64 // of a card
	across, down  row
}

func newGrid(width, height float64, paper Paper) (grid, error) {
	if !(width >= leastOnIt && width <= farthest && height >= leastOnIt && height <= farthest) {
		return grid{}, fmt.Errorf("layout: faces of %g x %g mm are not put on sheets: each side is to be from %g to %g", width, height, leastOnIt, farthest)
	}
	if !(paper.Width > 0 && paper.Width <= farthest && paper.Height > 0 && paper.Height <= farthest) {
		return grid{}, fmt.Errorf("layout: no sheet is %g x %g mm; each side is to be above 0 and at most %g", paper.Width, paper.Height, farthest)
	}
	g := grid{paper, width, height, newRow(paper.Width, width), newRow(paper.Height, height)}
	if g.across.n < 1 || g.down.n < 1 {
		return grid{}, fmt.Errorf("layout: a sheet of %g x %g mm has no room for a face of %g x %g mm and a margin of %g mm",
			paper.Width, paper.Height, width, height, sheetMargin)
	}
	return g, nil
}

func (g grid) holds(f Face) bool {
	return math.Abs(f.Width-g.width) < 0.005 && math.Abs(f.Height-g.height) < 0.005
}

// place gives where card number i of a sheet lies: row by row, on the front from the left and on the back from the right.
func (g grid) place(i int, side Side) Matrix {
	column := i % g.across.n
	if side == Back {
		column = g.across.n - 1 - column
	}
	return Matrix{1, 0, 0, 1, g.across.at(column), g.down.at(i / g.across.n)}
}

// newSheet gives a sheet with the marks to cut by: two at each edge of each column and row, outside the cards.
func (g grid) newSheet(side Side) *sheet {
	s := &sheet{Face: Face{Side: side, Width: g.paper.Width, Height: g.paper.Height}}
	right, bottom := g.across.at(g.across.n-1)+g.width+cropOff, g.down.at(g.down.n-1)+g.height+cropOff
	left, top := g.across.first-cropOff-cropLength, g.down.first-cropOff-cropLength
	for i := range g.across.n {
		for _, x := range []float64{g.across.at(i), g.across.at(i) + g.width} {
			s.line(cropPen, Point{x, top}, Point{x, top + cropLength})
			s.line(cropPen, Point{x, bottom}, Point{x, bottom + cropLength})
		}
	}
	for i := range g.down.n {
		for _, y := range []float64{g.down.at(i), g.down.at(i) + g.height} {
			s.line(cropPen, Point{left, y}, Point{left + cropLength, y})
			s.line(cropPen, Point{right, y}, Point{right + cropLength, y})
		}
	}
	return s
}

// sheet is one side of a sheet in the making.
type sheet struct {
	Face
	overprints []Mark
}

func (s *sheet) tag() Tag { return Tag{Side: s.Side, Ink: Proof} }

// line draws one with a round pen.
func (s *sheet) line(pen float64, from, to Point) {
	s.Marks = append(s.Marks, Path{Tag: s.tag(), Pen: pen,
		Outline: []Segment{{Op: Move, Points: [3]Point{from}}, {Op: Line, Points: [3]Point{to}}}})
}

// add puts a face onto the sheet, as a proof.
func (s *sheet) add(f Face, at Matrix) {
	f.production = false
	on := f.Placed(at, s.Width, s.Height)
	s.Marks = append(s.Marks, on.Marks...)
	s.overprints = append(s.overprints, on.overprint)
}

// face gives the sheet with the overprints of its cards above everything.
func (s *sheet) face() Face {
	s.overprint = Group{Tag: s.tag(), At: Identity(), Drawing: &Drawing{s.overprints}}
	return s.Face
}
