package layout

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// What a template's card may measure, in millimetres.
const (
	smallestCard = 20
	largestCard  = 420
)

// most elements of one kind that a side may have.
const mostElements = 200

// templateChecker collects what is wrong with a template.
type templateChecker struct {
	templateJSON
	side   Side
	faults []string
}

// check names every fault of a template.
func (t templateJSON) check() []string {
	c := &templateChecker{templateJSON: t}
	if t.Name == "" {
		c.fault("", "name is missing")
	}
	if !(t.Width >= smallestCard && t.Width <= largestCard && t.Height >= smallestCard && t.Height <= largestCard) {
		c.fault("", "a card of %g x %g mm: each way it has %d to %d", t.Width, t.Height, smallestCard, largestCard)
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

func (c *templateChecker) fault(what, format string, args ...any) {
	where := strings.TrimSpace(string(c.side) + " " + what)
	if where != "" {
		where += ": "
	}
	c.faults = append(c.faults, where+fmt.Sprintf(format, args...))
}

func (c *templateChecker) sideOf(s sideJSON) {
	if len(s.Areas) > mostElements || len(s.Words) > mostElements || len(s.Fields) > mostElements || len(s.Fingerprints) > mostElements {
		c.fault("", "more than %d elements of one kind", mostElements)
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
		c.inside("fingerprint "+f.Finger, f.X, f.Y, f.W, f.H)
	}
	if p := s.Portrait; p != nil {
		c.inside("portrait", p.X, p.Y, p.W, p.H)
	}
	if q := s.QR; q != nil {
		quiet := quietZone * smallestModule
		c.inside("qr with its quiet zone", q.X-quiet, q.Y-quiet, q.Size+2*quiet, q.Size+2*quiet)
	}
	if s.MRZ && (c.Width < mrzLeft+30*OCRBPitch || c.Height < mrzHeight) {
		c.fault("mrz", "the card is too small for it")
	}
	if o := s.Overprint; finite(o.X, o.Y, o.Length, o.Rise) != nil || !(o.Length >= c.Width/3 && o.Length <= c.Width+c.Height) {
		c.fault("overprint", "its length is to be %g mm or more, a third of the card's width", c.Width/3)
	} else {
		c.inside("overprint's middle", o.X, o.Y, 0, 0)
	}
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
	outline, err := a.outline()
	if err != nil {
		c.fault(what, "%v", err)
		return
	}
	low, high := Path{Outline: outline}.box()
	c.inside(what, low.X, low.Y, high.X-low.X, high.Y-low.Y)
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
	if !(f.Smallest > 0 && f.Smallest <= f.Largest && f.Largest < math.Min(c.Height, 100)) || f.Lines < 0 || !(f.Narrowest >= 0 && f.Narrowest <= 1) {
		c.fault(what, "sizes are to be smallest <= largest, lines not negative, narrowest between 0 and 1")
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
