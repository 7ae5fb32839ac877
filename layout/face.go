package layout

import (
	"fmt"
	"hash/crc32"
	"strings"
)

// Face is one side of a card, ready for a painter: marks in the order in which they are painted, in millimetres from
// the top left corner.
type Face struct {
	Width, Height float64
	Marks         []Mark
}

func (f *Face) add(marks []Mark) { f.Marks = append(f.Marks, marks...) }

// String lists the marks, one a line: a form that a person can compare.
func (f Face) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "face %.2f x %.2f\n", f.Width, f.Height)
	for _, m := range f.Marks {
		fmt.Fprintln(&b, m)
	}
	return b.String()
}

// Mark is a [Path], a [Text] or an [Image]; there are no others.
type Mark interface {
	fmt.Stringer
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

// Path is an area filled with one colour, by the non-zero winding rule.
type Path struct {
	Field   string // the field of the record that it shows; empty for none
	Fill    Colour
	Outline []Segment
}

// Text is one line of text.
type Text struct {
	Field  string
	X, Y   float64 // left end of the baseline
	Size   float64 // of the em
	Pitch  float64 // from one character to the next; 0 for the font's own widths
	Font   Font
	Colour Colour
	Words  string
}

// Image is a JPEG in a rectangle of its own proportions.
type Image struct {
	Field         string
	X, Y          float64 // top left corner
	Width, Height float64
	JPEG          []byte
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

// box gives the corners of the smallest rectangle around the points of an outline.
func (p Path) box() (low, high Point) {
	first := true
	for _, s := range p.Outline {
		for _, q := range s.Points[:s.Op.points()] {
			if first {
				low, high, first = q, q, false
			}
			low = Point{min(low.X, q.X), min(low.Y, q.Y)}
			high = Point{max(high.X, q.X), max(high.Y, q.Y)}
		}
	}
	return low, high
}

// points tells how many points of a segment mean something.
func (op Op) points() int {
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
		fmt.Fprintf(&b, "%c%.2f", s.Op, s.Points[:s.Op.points()])
	}
	return fmt.Sprintf("path %s at %.2f,%.2f to %.2f,%.2f %v, %d segments %08x",
		orNone(p.Field), low.X, low.Y, high.X, high.Y, p.Fill, len(p.Outline), crc32.ChecksumIEEE([]byte(b.String())))
}

// String gives place, type and words.
func (t Text) String() string {
	pitch := ""
	if t.Pitch > 0 {
		pitch = fmt.Sprintf(" pitch %.2f", t.Pitch)
	}
	return fmt.Sprintf("text %s at %.2f,%.2f %s %.2f%s %v %q",
		orNone(t.Field), t.X, t.Y, t.Font, t.Size, pitch, t.Colour, t.Words)
}

// String gives place and a checksum of the file.
func (i Image) String() string {
	return fmt.Sprintf("image %s at %.2f,%.2f size %.2f x %.2f, jpeg %08x",
		orNone(i.Field), i.X, i.Y, i.Width, i.Height, crc32.ChecksumIEEE(i.JPEG))
}

func orNone(field string) string {
	if field == "" {
		return "-"
	}
	return field
}

// rectangle gives the outline of a rectangle, clockwise.
func rectangle(x, y, w, h float64) []Segment {
	return polygon(Point{x, y}, Point{x + w, y}, Point{x + w, y + h}, Point{x, y + h})
}

func polygon(corners ...Point) []Segment {
	outline := []Segment{{Op: Move, Points: [3]Point{corners[0]}}}
	for _, c := range corners[1:] {
		outline = append(outline, Segment{Op: Line, Points: [3]Point{c}})
	}
	return append(outline, Segment{Op: Close})
}

// roundness is how far the control points of a Bézier curve stand off for a quarter of a circle of radius 1.
const roundness = 0.5523

// rounded gives a rectangle whose corners are quarters of a circle of radius r.
func rounded(x, y, w, h, r float64) []Segment {
	k := r * (1 - roundness)
	to := func(x, y float64) Segment { return Segment{Op: Line, Points: [3]Point{{x, y}}} }
	bend := func(a, b, c Point) Segment { return Segment{Op: Curve, Points: [3]Point{a, b, c}} }
	x2, y2 := x+w, y+h
	return []Segment{
		{Op: Move, Points: [3]Point{{x + r, y}}},
		to(x2-r, y), bend(Point{x2 - k, y}, Point{x2, y + k}, Point{x2, y + r}),
		to(x2, y2-r), bend(Point{x2, y2 - k}, Point{x2 - k, y2}, Point{x2 - r, y2}),
		to(x+r, y2), bend(Point{x + k, y2}, Point{x, y2 - k}, Point{x, y2 - r}),
		to(x, y+r), bend(Point{x, y + k}, Point{x + k, y}, Point{x + r, y}),
		{Op: Close},
	}
}
