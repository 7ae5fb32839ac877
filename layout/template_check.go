package layout

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/cancuoc/cancuoc/card"
)

// What a template's card may measure, in millimetres: room for a field, and no more than its form's with an edge to be cut
// off. On a larger one the overprint could lie beside the card.
const (
	smallestCard = 20
	cutOff       = 4
)

// Of what sizes a value is set, in millimetres, and how narrow, in parts of a letter's width: what a person can read, and
// what is tried in no time.
const (
	smallestType  = 0.5
	largestType   = 15
	narrowestType = 0.5
)

// How many elements of one kind a side may have, and how many fields.
const (
	mostElements = 200
	mostFields   = 50
)

// templateChecker collects what is wrong with a template.
type templateChecker struct {
	templateJSON
	side   Side
	faults []string
}

// check names every fault of a template.
func (t templateJSON) check() []string {
	c := &templateChecker{templateJSON: t}
	form, err := card.FormNamed(t.Name)
	switch {
	case t.Name == "":
		c.fault("", "name is missing")
		return c.faults
	case err != nil:
		c.fault("", "name: %s", strings.TrimPrefix(err.Error(), "card: form: "))
		return c.faults
	}
	if w, h := formSize(form); !(t.Width >= smallestCard && t.Width <= w+cutOff && t.Height >= smallestCard && t.Height <= h+cutOff) {
		c.fault("", "a card of %g x %g mm: %s is %g x %g mm, with at most %d more each way", t.Width, t.Height, t.Name, w, h, cutOff)
		return c.faults
	}
	for name, code := range t.Colours {
		if _, err := parseColour(code); err != nil {
			c.fault("", "colour %q: %v", name, err)
		}
	}
	for side, s := range map[Side]sideJSON{Front: t.Front, Back: t.Back} {
		c.side = side
		c.sideOf(s)
	}
	slices.Sort(c.faults)
	return c.faults
}

// formSize gives the size of a form in millimetres: ID-1 of ISO/IEC 7810, and that of the certificate (Circular
// 16/2024/TT-BCA, article 7).
func formSize(f card.Form) (w, h float64) {
	if f.Chip {
		return 85.60, 53.98
	}
	return 74, 105
}

func (c *templateChecker) fault(what, format string, args ...any) {
	where := strings.TrimSpace(string(c.side) + " " + what)
	if where != "" {
		where += ": "
	}
	c.faults = append(c.faults, where+fmt.Sprintf(format, args...))
}

func (c *templateChecker) sideOf(s sideJSON) {
	if len(s.Areas) > mostElements || len(s.Words) > mostElements || len(s.Fields) > mostFields || len(s.Fingerprints) > mostElements {
		c.fault("", "more than %d elements of one kind, or than %d fields", mostElements, mostFields)
		return
	}
	for i, a := range s.Areas {
		c.area(fmt.Sprintf("area %d", i+1), a)
	}
	for i, w := range s.Words {
		c.word(fmt.Sprintf("words %d", i+1), w)
	}
	for _, f := range s.Fields {
		c.field(fmt.Sprintf("field %q", f.Field), f)
	}
	for _, f := range s.Fingerprints {
		if !slices.Contains(fingers(), f.Finger) {
			c.fault("fingerprint", "%q is not one of %s", f.Finger, strings.Join(fingers(), ", "))
		}
		c.place("fingerprint "+f.Finger, f.place)
	}
	if p := s.Portrait; p != nil {
		c.place("portrait", *p)
	}
	if s.QR != nil {
		c.code(*s.QR)
	}
	if last := MRZCell(2, 29); s.MRZ && (c.Width < last.X+OCRBPitch/2 || c.Height < last.Y+mrzLines/2) {
		c.fault("mrz", "the card is too small for it")
	}
	c.overprint(s.Overprint)
}

// place demands a rectangle of some size on the card.
func (c *templateChecker) place(what string, p place) {
	if !(p.W > 0 && p.H > 0) {
		c.fault(what, "it has no size")
		return
	}
	c.inside(what, p.X, p.Y, p.W, p.H)
}

func (c *templateChecker) code(q square) {
	const smallest = 21 // modules on a side (ISO/IEC 18004, section 6.1)
	if q.most() < smallest {
		c.fault("qr", "%.2f mm have no room for %d modules of %.2f mm", q.Size, smallest, smallestModule)
		return
	}
	quiet := quietZone * smallestModule
	c.inside("qr with its quiet zone", q.X-quiet, q.Y-quiet, q.Size+2*quiet, q.Size+2*quiet)
}

// overprint demands that nobody can cut it off or overlook it: it runs through the card's inner half, is half as long as
// the card is wide or longer, and all of it is on the card.
func (c *templateChecker) overprint(o slant) {
	if finite(o.X, o.Y, o.Length, o.Rise) != nil || !(o.Length >= c.Width/2 && o.Length <= c.Width+c.Height) {
		c.fault("overprint", "its length is to be %g mm or more, half the card's width", c.Width/2)
		return
	}
	if 4*math.Abs(o.X-c.Width/2) > c.Width || 4*math.Abs(o.Y-c.Height/2) > c.Height {
		c.fault("overprint's middle", "at %.2f, %.2f it is not in the inner half of the card", o.X, o.Y)
		return
	}
	mark, err := overprintAt(c.side, o)
	if err != nil {
		c.fault("overprint", "%v", err)
		return
	}
	low, high := mark.box()
	c.inside("overprint", low.X, low.Y, high.X-low.X, high.Y-low.Y)
}

// inside demands that a rectangle lies on the card.
func (c *templateChecker) inside(what string, x, y, w, h float64) {
	const slack = 1e-6
	if !(x >= -slack && y >= -slack && w >= 0 && h >= 0 && x+w <= c.Width+slack && y+h <= c.Height+slack) {
		c.fault(what, "at %.2f, %.2f with %.2f x %.2f mm it is not inside the card of %g x %g mm", x, y, w, h, c.Width, c.Height)
	}
}

func (c *templateChecker) presence(what string, p presence) {
	if p != "" && p != withPortrait && p != withoutPortrait {
		c.fault(what, "for %q is neither %q nor %q", p, withPortrait, withoutPortrait)
	}
}

func (c *templateChecker) colour(what, name string) {
	if _, known := c.Colours[name]; !known {
		c.fault(what, "there is no colour %q among the template's colours", name)
	}
}

// text demands that a font is one of ours and has every letter of a text that is the same on each card.
func (c *templateChecker) text(what string, f Font, text string) bool {
	if f != Sans && f != SansBold {
		c.fault(what, "there is no font %q; there are %s and %s", f, Sans, SansBold)
		return false
	}
	if err := typefaces()[f].check(text); err != nil {
		c.fault(what, "%v", err)
		return false
	}
	return true
}

func (c *templateChecker) area(what string, a area) {
	c.presence(what, a.For)
	c.colour(what, a.Colour)
	if (a.Rectangle == nil) == (a.Path == "") {
		c.fault(what, "it is either a rectangle or a path")
		return
	}
	if colour, err := parseColour(c.Colours[a.Colour]); err == nil && colour.hides(overprintColour()) {
		c.fault(what, "its colour hides the overprint")
	}
	outline, err := a.outline()
	if err != nil {
		c.fault(what, "%v", err)
		return
	}
	low, high := Path{Outline: outline}.box()
	c.inside(what, low.X, low.Y, high.X-low.X, high.Y-low.Y)
}

// hides tells whether a colour that shines through can hardly be seen on this one.
func (c Colour) hides(over Colour) bool {
	off := func(a, b uint8) int { return max(int(a)-int(b), int(b)-int(a)) }
	return max(off(c.R, over.R), off(c.G, over.G), off(c.B, over.B)) < 96
}

func (c *templateChecker) word(what string, w word) {
	c.presence(what, w.For)
	c.colour(what, w.Colour)
	if w.Align != "" && w.Align != "left" && w.Align != "middle" && w.Align != "right" {
		c.fault(what, "align %q is not one of left, middle, right", w.Align)
	}
	if finite(w.X, w.Y, w.Size) != nil || w.Size <= 0 || w.Text == "" {
		c.fault(what, "it has no text or no size")
		return
	}
	if len(w.Text) > mostWords {
		c.fault(what, "it has more than %d bytes", mostWords)
		return
	}
	if c.text(what, w.Font, w.Text) {
		c.inside(what, w.left(), w.Y-ascent*w.Size, w.width(), (ascent+descent)*w.Size)
	}
}

func (c *templateChecker) field(what string, f field) {
	c.presence(what, f.For)
	if !slices.Contains(Fields(), f.Field) {
		c.fault(what, "there is no such field; there are %s", strings.Join(Fields(), ", "))
	}
	if f.Overflow != "" && f.Overflow != overflowError && f.Overflow != overflowShorten {
		c.fault(what, "overflow %q is neither %q nor %q", f.Overflow, overflowError, overflowShorten)
	}
	switch f.Ink {
	case "", K:
		if f.Colour != "" {
			c.fault(what, "what is printed in k is black: it has no colour")
		}
	case InColour:
		c.colour(what, f.Colour)
	default:
		c.fault(what, "ink %q: a value is printed in %q or %q", f.Ink, K, InColour)
	}
	if !(f.Smallest >= smallestType && f.Smallest <= f.Largest && f.Largest <= largestType) || f.Lines < 0 || f.Narrowest != 0 && !(f.Narrowest >= narrowestType && f.Narrowest <= 1) {
		c.fault(what, "sizes are to be %g <= smallest <= largest <= %d mm, lines not negative, narrowest between %g and 1", smallestType, largestType, narrowestType)
		return
	}
	c.label(what, f)
	c.text(what, f.Font, "")
	x, y := f.corner(c.Label)
	c.inside(what, x, y, f.W, f.H)
}

func (c *templateChecker) label(what string, f field) {
	l := c.Label
	if f.Label == "" {
		return
	}
	if finite(l.Size, l.Gap) != nil || l.Size <= 0 || l.Gap < 0 {
		c.fault("", "label: it has no size")
		return
	}
	c.colour("label", l.Colour)
	if c.text(what+" label", l.Font, f.Label) {
		w := f.labelWord(l)
		c.inside(what+" label", w.X, w.Y-ascent*w.Size, w.width(), (ascent+descent)*w.Size)
	}
}
