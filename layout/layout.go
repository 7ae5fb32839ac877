// Package layout is the plastic: it puts a document onto the faces of a card.
//
//	Template (JSON, millimetres) + Card (document, MRZ, QR text, portrait) -> Compose -> Face (a list of marks)
//	Face -> layout/pdf | layout/png | layout/svg
//
// All wrapping, shrinking and measuring of text happens in [Template.Compose]: a painter breaks no line and chooses no
// size, so that no two painters can differ. What does not fit, or has no letter in the font, is an error that names the
// field of the record. Each mark knows with which ink it is printed. Without a proof that only card/pki can make, every
// painter overprints SPECIMEN / MẪU; with it, a face is the variable data alone, for stock that is printed already.
//
// Nothing here imitates the national emblem or the security printing of real cards.
package layout

import (
	"errors"
	"strings"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/pki"
)

// The kinds of refusal. Those about one field of the record come wrapped in a [FieldError].
var (
	ErrNoTemplate = errors.New("no template")
	ErrDoesNotFit = errors.New("does not fit on the card")
	ErrNoGlyph    = errors.New("the font has no such letter")
	ErrMissing    = errors.New("missing, and the card prints it")
	ErrInvalid    = errors.New("cannot be printed")
)

// FieldError says which field of the record a card cannot print, and why.
type FieldError struct {
	Field string // the record's key, as "full_name"; or "mrz", "qr", "portrait"
	Err   error
}

func (e *FieldError) Error() string { return "layout: " + e.Field + ": " + e.Err.Error() }

// Unwrap gives the reason, which wraps one of the kinds of this package.
func (e *FieldError) Unwrap() error { return e.Err }

// Card is all that is printed on one card. MRZ and QR are the very values that the chip was made from.
type Card struct {
	Document     card.Document
	MRZ          [3]string         // three lines of 30 characters (Doc 9303-5, section 4.2)
	QR           string            // the payload of the QR code
	Portrait     []byte            // JPEG; nil for none
	Fingerprints map[string][]byte // JPEG by the finger's name, as "left-index"; nil for none
	Production   pki.Production    // the proof that this is a real document; the zero value has every painter overprint
}

// Faces are the two sides of one card.
type Faces struct{ Front, Back Face }

// Compose puts a card's data into the embedded template of its form. Errors are [ErrNoTemplate] for a form that has
// none, and [FieldError].
func Compose(in Card) (Faces, error) {
	t, err := TemplateFor(in.Document.Form)
	if err != nil {
		return Faces{}, err
	}
	return t.Compose(in)
}

// Compose puts a card's data into the template. The error joins one [FieldError] for each field that is at fault.
func (t *Template) Compose(in Card) (Faces, error) { return t.compose(in, in.Production.Proven()) }

func (t *Template) compose(in Card, production bool) (Faces, error) {
	c := composer{card: in, template: t, production: production}
	front, frontErr := c.face(t.front)
	back, backErr := c.face(t.back)
	err := errors.Join(frontErr, backErr)
	if err == nil { // what no painter draws is to be known before a chip is touched
		err = errors.Join(front.Check(), back.Check())
	}
	return Faces{front, back}, err
}

// composer carries one card through a template.
type composer struct {
	card       Card
	template   *Template
	production bool
	side       Side
}

// tag says what a mark of the present side is.
func (c composer) tag(field string, ink Ink) Tag { return Tag{Side: c.side, Field: field, Ink: ink} }

// face draws one side, from the bottom up: what is on the stock, unless it is there already, and the variable data.
func (c composer) face(s side) (Face, error) {
	c.side = s.name
	f := Face{Side: s.name, Width: c.template.Width, Height: c.template.Height, production: c.production}
	f.overprint = Group{Tag: Tag{Side: s.name, Ink: Proof}, At: Identity(), Drawing: s.overprint}
	if !f.production {
		f.Marks = append(f.Marks, Group{Tag: Tag{Side: s.name, Ink: Preprint}, At: Identity(), Drawing: s.stock[c.card.Portrait != nil]})
	}
	var faults []error
	for _, layer := range []func(side) ([]Mark, error){c.portrait, c.fingerprints, c.fields, c.qr, c.mrz} {
		marks, err := layer(s)
		f.Marks = append(f.Marks, marks...)
		faults = append(faults, err)
	}
	return f, errors.Join(faults...)
}

// fields sets each value into its space.
func (c composer) fields(s side) (marks []Mark, err error) {
	var faults []error
	for _, f := range s.Fields {
		if !f.For.holds(c.card.Portrait != nil) {
			continue
		}
		lines, err := c.field(f)
		if err != nil {
			faults = append(faults, &FieldError{f.Field, err})
		}
		marks = append(marks, lines...)
	}
	return marks, errors.Join(faults...)
}

func (c composer) field(f field) ([]Mark, error) {
	v := f.show(c.card.Document)
	if v.err != nil {
		return nil, v.err
	}
	if strings.TrimSpace(v.text) == "" {
		if f.Optional {
			return nil, nil
		}
		return nil, ErrMissing
	}
	b, err := f.set(v.text, f.W, f.H)
	if err != nil {
		return nil, err
	}
	var marks []Mark
	for i, line := range b.lines {
		marks = append(marks, Text{Tag: c.tag(f.Field, f.Ink), X: f.left, Y: f.top + (ascent+float64(i)*leading)*b.size,
			Size: b.size, Narrow: b.narrow, Font: f.Font, Colour: f.fill, Words: line})
	}
	return marks, nil
}
