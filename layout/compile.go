package layout

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"golang.org/x/image/font/sfnt"
)

// compile draws what is the same on every card.
func (t templateJSON) compile() (*Template, error) {
	out := &Template{Name: t.Name, About: t.About, Width: t.Width, Height: t.Height}
	var err error
	if out.front, err = t.sideOf(Front, t.Front); err != nil {
		return nil, err
	}
	if out.back, err = t.sideOf(Back, t.Back); err != nil {
		return nil, err
	}
	if t.ECI {
		out = out.WithECI()
	}
	return out, nil
}

func (t templateJSON) sideOf(name Side, s sideJSON) (side, error) {
	out := side{sideJSON: s, name: name, stock: map[bool]*Drawing{}}
	for i, f := range s.Fields {
		if f.Ink == "" {
			out.Fields[i].Ink = K
		}
		out.Fields[i].show = values()[f.Field]
		out.Fields[i].fill, _ = parseColour(t.Colours[f.Colour])
		out.Fields[i].left, out.Fields[i].top = f.corner(t.Label)
	}
	for _, portrait := range []bool{false, true} {
		marks, err := t.stock(name, s, portrait)
		if err != nil {
			return side{}, err
		}
		out.stock[portrait] = &Drawing{marks}
	}
	o := s.Overprint
	mark, err := overprintAt(name, o)
	out.overprint = &Drawing{[]Mark{mark}}
	return out, err
}

// stock draws what the stock carries: areas, the white of the QR code, words and labels.
func (t templateJSON) stock(name Side, s sideJSON, portrait bool) (marks []Mark, err error) {
	tag := Tag{Side: name, Ink: Preprint}
	for _, a := range s.Areas {
		if !a.For.holds(portrait) {
			continue
		}
		outline, err := a.outline()
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrTemplate, err)
		}
		colour, _ := parseColour(t.Colours[a.Colour]) // checked
		marks = append(marks, Path{Tag: tag, Colour: colour, Outline: outline})
	}
	if q := s.QR; q != nil {
		quiet := t.quiet(*q)
		marks = append(marks, Path{Tag: tag, Colour: Colour{R: 255, G: 255, B: 255},
			Outline: rectangle(q.X-quiet, q.Y-quiet, q.Size+2*quiet, q.Size+2*quiet)})
	}
	words := s.Words
	for _, f := range s.Fields {
		if f.Label != "" {
			words = append(words[:len(words):len(words)], f.labelWord(t.Label))
		}
	}
	for _, w := range words {
		if w.For.holds(portrait) {
			colour, _ := parseColour(t.Colours[w.Colour])
			marks = append(marks, Text{Tag: tag, X: w.left(), Y: w.Y, Size: w.Size, Font: w.Font, Colour: colour, Words: w.Text})
		}
	}
	return marks, nil
}

// fewestModules is how many modules the code of the shortest record has on a side (version 5): the fewer, the wider they are.
const fewestModules = 37

// quiet is how wide the white around a QR code is: its quiet zone, or less where the card ends before.
func (t templateJSON) quiet(q square) float64 {
	return min(quietZone*q.Size/fewestModules, q.X, q.Y, t.Width-q.X-q.Size, t.Height-q.Y-q.Size)
}

func (w word) width() float64 { return typefaces()[w.Font].width(w.Text) * w.Size }

// left gives the left end of the baseline.
func (w word) left() float64 {
	switch w.Align {
	case "middle":
		return w.X - w.width()/2
	case "right":
		return w.X - w.width()
	}
	return w.X
}

// labelWord gives a field's label as words.
func (f field) labelWord(l labelStyle) word {
	return word{For: f.For, Text: f.Label, X: f.X, Y: f.Y, Size: l.Size, Font: l.Font, Colour: l.Colour}
}

// corner gives the top left corner of a field's space: below its label, or beside it with the first line on the label's
// baseline.
func (f field) corner(l labelStyle) (x, y float64) {
	if f.Beside > 0 {
		return f.X + f.Beside, f.Y - ascent*f.Largest
	}
	return f.X, f.Y + l.Gap
}

// outline gives the outline of an area.
func (a area) outline() ([]Segment, error) {
	if a.Path != "" {
		return parsePath(a.Path)
	}
	r := *a.Rectangle
	if finite(r[0], r[1], r[2], r[3], a.Radius) != nil || a.Radius < 0 || 2*a.Radius > min(r[2], r[3]) {
		return nil, errors.New("its corners are rounder than it is wide")
	}
	if a.Radius > 0 {
		return rounded(r[0], r[1], r[2], r[3], a.Radius), nil
	}
	return rectangle(r[0], r[1], r[2], r[3]), nil
}

// mostSegments bounds the path of one area.
const mostSegments = 10_000

// parsePath reads a path of the letters M, L, C and Z with absolute coordinates, a subset of SVG's.
func parsePath(text string) (out []Segment, err error) {
	words := strings.Fields(strings.ReplaceAll(text, ",", " "))
	for len(words) > 0 {
		s := Segment{Op: Op(words[0][0])}
		if len(words[0]) != 1 || !strings.Contains("MLCZ", words[0]) || len(out) == 0 && s.Op != Move || len(out) >= mostSegments {
			return nil, fmt.Errorf("path: %q is not one of M, L, C, Z, or not there", words[0])
		}
		words = words[1:]
		for i := range s.Op.Points() {
			if len(words) < 2 {
				return nil, fmt.Errorf("path: %c wants %d points", s.Op, s.Op.Points())
			}
			x, errX := strconv.ParseFloat(words[0], 64)
			y, errY := strconv.ParseFloat(words[1], 64)
			if err := errors.Join(errX, errY, finite(x, y)); err != nil {
				return nil, fmt.Errorf("path: %q %q is no point", words[0], words[1])
			}
			s.Points[i], words = Point{x, y}, words[2:]
		}
		out = append(out, s)
	}
	return out, nil
}

// parseColour reads #rrggbb.
func parseColour(code string) (Colour, error) {
	n, err := strconv.ParseUint(strings.TrimPrefix(code, "#"), 16, 24)
	if err != nil || len(code) != 7 || code[0] != '#' {
		return Colour{}, fmt.Errorf("%q is not #rrggbb", code)
	}
	return Colour{R: uint8(n >> 16), G: uint8(n >> 8), B: uint8(n)}, nil
}

// overprintColour shines through enough for what lies below to be read.
func overprintColour() Colour { return Colour{R: 0xd0, G: 0x20, B: 0x30, Clear: 74} }

const overprintWords = "SPECIMEN / MẪU"

// overprintAt draws SPECIMEN / MẪU: as outlines, so that no text search mixes it with the card's own text.
func overprintAt(name Side, o slant) (Path, error) {
	face := typefaces()[SansBold]
	width := face.width(overprintWords)
	size := o.Length / width
	sin, cos := math.Sincos(-o.Rise * math.Pi / 180)
	turn := Matrix{cos, sin, -sin, cos, o.X, o.Y}
	p := Path{Tag: Tag{Side: name, Ink: Proof}, Colour: overprintColour()}
	var buffer sfnt.Buffer
	left := -width / 2
	for _, r := range overprintWords {
		at := Matrix{size, 0, 0, size, left * size, capital / 2 * size}.Then(turn)
		var err error
		if p.Outline, err = face.letter(p.Outline, &buffer, r, at); err != nil {
			return Path{}, err
		}
		left += float64(face.widths[r])
	}
	return p, nil
}

// overprintAcross gives the overprint of a face that no template speaks of: from one side to the other.
func overprintAcross(f Face) Mark {
	mark, err := overprintAt(f.Side, slant{X: f.Width / 2, Y: f.Height / 2, Length: 0.9 * f.Width, Rise: 20})
	if err != nil {
		panic(err) // its letters are in the font
	}
	return mark
}
