package layout

import (
	"fmt"
	"hash/crc32"
	"iter"
	"strings"
)

// Face is one side of a card, ready for a painter: marks in millimetres from the top left corner.
type Face struct {
	Side          Side
	Width, Height float64
	Marks         []Mark // in the order in which they are painted, without the overprint

	overprint  Mark // across this face; nil for one across the middle
	production bool // under a proof that only card/pki can make
}

// Production tells whether the face may be printed as a real document: it was composed under a proof.
func (f Face) Production() bool { return f.production }

// Painted gives the marks as every painter paints them: those of the face and, above them, the overprint
// SPECIMEN / MẪU, which only a face composed for production goes without.
func (f Face) Painted() iter.Seq[Mark] {
	return func(yield func(Mark) bool) {
		for _, m := range f.Marks {
			if !yield(m) {
				return
			}
		}
		switch {
		case f.production:
		case f.overprint != nil:
			yield(f.overprint)
		default:
			yield(overprintAcross(f))
		}
	}
}

// String lists the marks as they are painted, one a line: a form that a person can compare.
func (f Face) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %.2f x %.2f\n", f.Side, f.Width, f.Height)
	for m := range f.Painted() {
		fmt.Fprintln(&b, m)
	}
	return b.String()
}

// Side is a side of a card.
type Side string

// The sides.
const (
	Front Side = "front"
	Back  Side = "back"
)

// Ink is what a mark is printed with.
type Ink string

// The inks. Stock that is printed already carries all of [Preprint]; a personalisation printer adds [InColour] with its
// colour panels and [K] with its black resin; [Proof] is on proofs alone.
const (
	InColour Ink = "colour"
	K        Ink = "k"
	Preprint Ink = "preprint"
	Proof    Ink = "proof"
)

// Tag is what every mark knows of itself.
type Tag struct {
	Side  Side
	Field string // the record's key of the value that it shows; empty for none
	Ink   Ink
}

// Of gives the tag of a mark of any kind.
func (t Tag) Of() Tag { return t }

func (t Tag) String() string {
	if t.Field == "" {
		return string(t.Ink) + " -"
	}
	return string(t.Ink) + " " + t.Field
}

// Mark is a [Path], a [Text], an [Image] or a [Group]; there are no others.
type Mark interface {
	fmt.Stringer
	Of() Tag
	mark()
}

// Colour is a colour of sRGB and how much of what lies below shows through it, in percent. The zero value is opaque
// black.
type Colour struct {
	R, G, B uint8
	Clear   uint8
}

func (c Colour) String() string {
	s := fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B)
	if c.Clear > 0 {
		s += fmt.Sprintf(" clear %d%%", c.Clear)
	}
	return s
}

// Path is an outline in one colour: its area, by the non-zero winding rule, or the line that a round pen draws along it.
type Path struct {
	Tag
	Colour  Colour
	Pen     float64 // width of the pen; 0 fills the area
	Outline []Segment
}

// Text is one line of text, in one typeface.
type Text struct {
	Tag
	X, Y   float64 // left end of the baseline; of a text in [OCRB], left end of its first cell
	Size   float64 // of the em
	Pitch  float64 // from one character to the next; 0 for the font's own widths
	Narrow float64 // how wide the letters are against their own width; 0 is 1
	Font   Font
	Colour Colour
	Words  string
}

// Image is a picture in a rectangle of its own proportions: a JPEG file, or the modules of a code.
type Image struct {
	Tag
	X, Y          float64 // top left corner
	Width, Height float64
	JPEG          []byte
	Modules       [][]bool // true where a module is black, row by row; they are drawn, and not scaled as a picture
}

// Run is a row of dark modules that lie side by side: those from From up to, and without, To.
type Run struct{ Row, From, To int }

// Runs gives the dark modules of a code, row by row, each run as long as it is.
func (i Image) Runs() iter.Seq[Run] {
	return func(yield func(Run) bool) {
		for y, row := range i.Modules {
			for from := 0; from < len(row); from++ {
				to := from
				for to < len(row) && row[to] {
					to++
				}
				if to > from && !yield(Run{y, from, to}) {
					return
				}
				from = to
			}
		}
	}
}

// Group is a drawing that is placed as a whole. Faces share drawings: a painter may keep each once in its file.
type Group struct {
	Tag
	At      Matrix
	Drawing *Drawing
}

// Drawing is what several faces share.
type Drawing struct{ Marks []Mark }

// Matrix takes a point (x, y) to (a·x + c·y + e, b·x + d·y + f); its elements are in this order, as in ISO 32000-1,
// section 8.3.3.
type Matrix [6]float64

// Identity leaves every point where it is.
func Identity() Matrix { return Matrix{1, 0, 0, 1, 0, 0} }

// Apply takes one point.
func (m Matrix) Apply(p Point) Point {
	return Point{m[0]*p.X + m[2]*p.Y + m[4], m[1]*p.X + m[3]*p.Y + m[5]}
}

// Then gives the matrix that does m first and n after it.
func (m Matrix) Then(n Matrix) Matrix {
	return Matrix{
		m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3],
		m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5],
	}
}

// Op is what a [Segment] does with the pen.
type Op byte

// The four segments of an outline.
const (
	Move  Op = 'M' // lift the pen and go to Points[0]
	Line  Op = 'L' // straight to Points[0]
	Curve Op = 'C' // cubic Bézier curve by Points[0] and Points[1] to Points[2]
	Close Op = 'Z' // straight back to the last Move
)

// Segment is one step along an outline.
type Segment struct {
	Op     Op
	Points [3]Point
}

// Point is a place on a face.
type Point struct{ X, Y float64 }

func (Path) mark()  {}
func (Text) mark()  {}
func (Image) mark() {}
func (Group) mark() {}

// box gives the corners of the smallest rectangle around the points of an outline.
func (p Path) box() (low, high Point) {
	first := true
	for _, s := range p.Outline {
		for _, q := range s.Points[:s.Op.Points()] {
			if first {
				low, high, first = q, q, false
			}
			low = Point{min(low.X, q.X), min(low.Y, q.Y)}
			high = Point{max(high.X, q.X), max(high.Y, q.Y)}
		}
	}
	return low, high
}

// Points tells how many points of a segment with this step mean something.
func (op Op) Points() int {
	switch op {
	case Move, Line:
		return 1
	case Curve:
		return 3
	}
	return 0
}

// String gives place, colour and a checksum of the outline.
func (p Path) String() string {
	low, high := p.box()
	var b strings.Builder
	for _, s := range p.Outline {
		fmt.Fprintf(&b, "%c%.2f", s.Op, s.Points[:s.Op.Points()])
	}
	pen := ""
	if p.Pen > 0 {
		pen = fmt.Sprintf(" pen %.2f", p.Pen)
	}
	return fmt.Sprintf("path %v at %.2f,%.2f to %.2f,%.2f %v%s, %d segments %08x",
		p.Tag, low.X, low.Y, high.X, high.Y, p.Colour, pen, len(p.Outline), crc32.ChecksumIEEE([]byte(b.String())))
}

// String gives place, type and words.
func (t Text) String() string {
	how := ""
	if t.Pitch > 0 {
		how = fmt.Sprintf(" pitch %.2f", t.Pitch)
	}
	if t.Narrow > 0 && t.Narrow != 1 {
		how += fmt.Sprintf(" narrow %.2f", t.Narrow)
	}
	return fmt.Sprintf("text %v at %.2f,%.2f %s %.2f%s %v %q", t.Tag, t.X, t.Y, t.Font, t.Size, how, t.Colour, t.Words)
}

// String gives place and a checksum of the picture.
func (i Image) String() string {
	if i.Modules == nil {
		return fmt.Sprintf("image %v at %.2f,%.2f size %.2f x %.2f, jpeg %08x", i.Tag, i.X, i.Y, i.Width, i.Height, crc32.ChecksumIEEE(i.JPEG))
	}
	var b strings.Builder
	for _, row := range i.Modules {
		fmt.Fprint(&b, row)
	}
	return fmt.Sprintf("image %v at %.2f,%.2f size %.2f x %.2f, %d modules %08x",
		i.Tag, i.X, i.Y, i.Width, i.Height, len(i.Modules), crc32.ChecksumIEEE([]byte(b.String())))
}

// String gives the place and the marks below it.
func (g Group) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "group %v", g.Tag)
	if g.At != Identity() {
		fmt.Fprintf(&b, " at %.4f", g.At)
	}
	for _, m := range g.Drawing.Marks {
		fmt.Fprintf(&b, "\n  %s", strings.ReplaceAll(m.String(), "\n", "\n  "))
	}
	return b.String()
}
