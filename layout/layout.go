// Package layout is the plastic: it puts a document onto the faces of a card.
//
//	template + document, MRZ, QR text, portrait -> Compose -> Face (a list of marks in millimetres) -> layout/pdf
//
// All wrapping, shrinking and measuring of text happens in [Compose]: a painter breaks no line and chooses no size, so
// that no two painters can differ. What does not fit, or has no letter in the font, is an error that names the field
// of the record. Nothing here imitates the national emblem or the security printing of real cards.
package layout

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cancuoc/cancuoc/card"
)

// The kinds of refusal. Those about one field of the record come wrapped in a [FieldError].
var (
	ErrNoTemplate = errors.New("no template yet")
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
	Document card.Document
	MRZ      [3]string // three lines of 30 characters (Doc 9303-5, section 4.2)
	QR       string    // the payload of the QR code
	Portrait []byte    // JPEG, 2:3; nil for none
	Specimen bool      // print SPECIMEN / MẪU across both faces
}

// Faces are the two sides of one card.
type Faces struct{ Front, Back Face }

// HasTemplate tells whether cards of a form can be drawn, so that a caller can refuse a record before a chip is
// touched.
func HasTemplate(form string) bool {
	_, err := templateFor(form)
	return err == nil
}

// Compose puts a card's data into the template of its form. Errors are [ErrNoTemplate] for a form that has none, and
// [FieldError].
func Compose(in Card) (Faces, error) {
	t, err := templateFor(in.Document.Form)
	if err != nil {
		return Faces{}, err
	}
	c := composer{card: in, values: printed(in.Document)}
	if c.set, err = newTypesetter(); err != nil {
		return Faces{}, err
	}
	front, frontErr := c.face(t, t.front)
	back, backErr := c.face(t, t.back)
	return Faces{front, back}, errors.Join(frontErr, backErr)
}

// composer carries one card through its template.
type composer struct {
	card   Card
	values map[string]value
	set    typesetter
}

// face draws one side, from the bottom up: what is on the stock, the portrait, the overprint, and above it whatever
// must stay readable.
func (c composer) face(t template, s side) (Face, error) {
	f := Face{Width: t.width, Height: t.height, production: true}
	f.Marks = append(f.Marks, s.stock...)
	layers := []func(template, side) ([]Mark, error){c.portrait, c.overprint, c.words, c.fields, c.qr, c.mrz}
	var faults []error
	for _, layer := range layers {
		marks, err := layer(t, s)
		f.Marks = append(f.Marks, marks...)
		faults = append(faults, err)
	}
	return f, errors.Join(faults...)
}

// words draws what is the same on every card.
func (c composer) words(_ template, s side) (marks []Mark, err error) {
	for _, w := range s.words {
		line := Text{Tag: Tag{Ink: Preprint}, X: w.x, Y: w.y, Size: w.size, Font: w.font, Colour: w.colour, Words: w.text}
		if w.centred {
			line.X -= c.set.width(w.font, w.text) * w.size / 2
		}
		marks = append(marks, line)
	}
	return marks, nil
}

// fields draws each label with its value below it.
func (c composer) fields(_ template, s side) (marks []Mark, err error) {
	var faults []error
	for _, f := range s.fields {
		marks = append(marks, Text{Tag: Tag{Ink: Preprint}, X: f.x, Y: f.y, Size: labelSize, Font: Sans, Colour: violet, Words: f.label})
		lines, err := c.field(f)
		if err != nil {
			faults = append(faults, &FieldError{f.name, err})
		}
		marks = append(marks, lines...)
	}
	return marks, errors.Join(faults...)
}

func (c composer) field(f field) ([]Mark, error) {
	v := c.values[f.name]
	if v.err != nil {
		return nil, v.err
	}
	if strings.TrimSpace(v.text) == "" && !f.optional {
		return nil, ErrMissing
	}
	b, err := c.set.fit(v.text, f)
	if err != nil {
		return nil, err
	}
	var marks []Mark
	for i, line := range b.lines {
		y := f.y + labelGap + (ascent+float64(i)*leading)*b.size
		marks = append(marks, Text{Tag: Tag{Field: f.name, Ink: K}, X: f.x, Y: y, Size: b.size, Font: f.font, Colour: black, Words: line})
	}
	return marks, nil
}

func templateFor(form string) (template, error) {
	if form == "cancuoc-2024" {
		return cancuoc2024(), nil
	}
	return template{}, fmt.Errorf("layout: form %q: %w", form, ErrNoTemplate)
}
