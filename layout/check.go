package layout

import (
	"errors"
	"fmt"
	"math"
	"unicode/utf8"
)

// The bounds of what painters draw; a face beyond them is no card's.
const (
	farthest   = 1000.0 // millimetres that a point may lie off the face's corner, and the largest size
	deepest    = 16     // groups within groups
	mostMarks  = 1 << 20
	mostWords  = 4096 // bytes in one line of text
	mostModule = 1024 // modules along one side of a code
)

// Check tells why no painter can draw a face: a number that is none or beyond a metre, an outline that begins nowhere,
// an image of nothing, a group without a drawing or within itself. Painters ask it first. It decodes no JPEG and looks
// for no letter.
func (f Face) Check() error {
	if !(f.Width > 0 && f.Width <= farthest && f.Height > 0 && f.Height <= farthest) {
		return fmt.Errorf("layout: a face of %g x %g mm; each must be above 0 and at most %g", f.Width, f.Height, farthest)
	}
	c := checker{left: mostMarks}
	for m := range f.Painted() {
		if err := c.mark(m, Identity(), 0); err != nil {
			return fmt.Errorf("layout: %w", err)
		}
	}
	return nil
}

var (
	errFar    = fmt.Errorf("a point that is no number, or more than %g mm off the face", farthest)
	errSize   = fmt.Errorf("a size that is no number, negative, or above %g mm", farthest)
	errCyclic = fmt.Errorf("groups more than %d deep", deepest)
)

// checker goes through the marks of one face as they are drawn: a drawing as often as it is placed.
type checker struct{ left int }

func (c *checker) mark(m Mark, at Matrix, depth int) error {
	if c.left--; c.left < 0 {
		return fmt.Errorf("more than %d marks", mostMarks)
	}
	var err error
	switch m := m.(type) {
	case Path:
		err = m.check(at)
	case Text:
		err = m.check(at)
	case Image:
		err = m.check(at)
	case Group:
		return c.group(m, at, depth)
	default:
		return fmt.Errorf("a mark of type %T", m)
	}
	if err != nil && m.Of().Field != "" {
		return fmt.Errorf("%s: %w", m.Of().Field, err)
	}
	return err
}

func (c *checker) group(g Group, at Matrix, depth int) error {
	if g.Drawing == nil {
		return errors.New("a group without a drawing")
	}
	if depth == deepest {
		return errCyclic
	}
	at = g.At.Then(at)
	for _, element := range at {
		if !within(element) {
			return errors.New("a group that is placed by a matrix without measure")
		}
	}
	for _, m := range g.Drawing.Marks {
		if err := c.mark(m, at, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// within is false for NaN too.
func within(v float64) bool { return math.Abs(v) <= farthest }

func reached(at Matrix, points ...Point) bool {
	for _, p := range points {
		if q := at.Apply(p); !within(p.X) || !within(p.Y) || !within(q.X) || !within(q.Y) {
			return false
		}
	}
	return true
}

// sizes tells whether all are sizes: from 0 to a metre.
func sizes(all ...float64) bool {
	for _, v := range all {
		if !(v >= 0 && v <= farthest) {
			return false
		}
	}
	return true
}

func (p Path) check(at Matrix) error {
	if !sizes(p.Pen) {
		return errSize
	}
	for i, s := range p.Outline {
		if i == 0 && s.Op != Move {
			return errors.New("an outline that does not begin with a move")
		}
		if s.Op != Close && s.Op.Points() == 0 {
			return fmt.Errorf("an outline with a step %q", byte(s.Op))
		}
		if !reached(at, s.Points[:s.Op.Points()]...) {
			return errFar
		}
	}
	return nil
}

// check takes letters as up to two ems wide.
func (t Text) check(at Matrix) error {
	if !sizes(t.Size, t.Pitch, t.Narrow) {
		return errSize
	}
	if len(t.Words) > mostWords || !utf8.ValidString(t.Words) {
		return fmt.Errorf("a line of text that is not UTF-8, or longer than %d bytes", mostWords)
	}
	narrow := t.Narrow
	if narrow == 0 {
		narrow = 1
	}
	wide := float64(utf8.RuneCountInString(t.Words)) * max(t.Pitch, 2*t.Size*narrow)
	if !reached(at, Point{t.X, t.Y - t.Size}, Point{t.X + wide, t.Y + t.Size}) {
		return errFar
	}
	return nil
}

func (i Image) check(at Matrix) error {
	if !sizes(i.Width, i.Height) {
		return errSize
	}
	if i.Width == 0 || i.Height == 0 || (i.JPEG == nil) == (i.Modules == nil) {
		return errors.New("an image without a size, or that is not either a JPEG or modules")
	}
	if !reached(at, Point{i.X, i.Y}, Point{i.X + i.Width, i.Y}, Point{i.X, i.Y + i.Height}, Point{i.X + i.Width, i.Y + i.Height}) {
		return errFar
	}
	if len(i.Modules) > mostModule {
		return fmt.Errorf("a code of more than %d modules a side", mostModule)
	}
	for _, row := range i.Modules {
		if len(row) != len(i.Modules[0]) || len(row) == 0 || len(row) > mostModule {
			return fmt.Errorf("a code whose rows are not equal, or none, or above %d modules", mostModule)
		}
	}
	return nil
}
