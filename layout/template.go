package layout

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/cancuoc/cancuoc/card"
)

// Template is the form of a card: where each thing stands, in millimetres from the top left corner. It is made by
// [ParseTemplate] and does not change; any number of goroutines may compose with it.
type Template struct {
	Name          string  // of the form of card that it is for, as records have it
	About         string  // in a sentence
	Width, Height float64 // of the card

	front, back side
	codebook    *codebook // for QR codes whose text is marked as UTF-8; nil for plain ones
}

// Fingerprints tells whether the template prints any.
func (t *Template) Fingerprints() bool { return len(t.front.Fingerprints)+len(t.back.Fingerprints) > 0 }

// Has tells whether the template puts a field on either side: a record's key, or "mrz", "qr", "portrait".
func (t *Template) Has(name string) bool { return t.front.has(name) || t.back.has(name) }

func (s side) has(name string) bool {
	switch name {
	case "mrz":
		return s.MRZ
	case "qr":
		return s.QR != nil
	case "portrait":
		return s.Portrait != nil
	}
	return slices.ContainsFunc(s.Fields, func(f field) bool { return f.Field == name })
}

// templateFormat is the version of the file's format that this package reads.
const templateFormat = 1

// ErrTemplate is wrapped by every refusal of a template's file.
var ErrTemplate = errors.New("layout: template")

//go:embed template/*.json
var templateFiles embed.FS

// embedded are the templates that come with the program, by the forms that they are for.
var embedded = sync.OnceValue(func() map[string]*Template {
	all := map[string]*Template{}
	files, err := fs.Glob(templateFiles, "template/*.json")
	if err != nil {
		panic(err) // the pattern is ours
	}
	for _, name := range files {
		text, err := templateFiles.ReadFile(name)
		if err != nil {
			panic(err) // it is compiled in
		}
		t, err := ParseTemplate(text)
		if err != nil {
			panic(err) // a test reads them all
		}
		all[t.Name] = t
	}
	return all
})

// TemplateFor finds the template of a form. The error is [ErrNoTemplate].
func TemplateFor(form string) (*Template, error) {
	if t := embedded()[form]; t != nil {
		return t, nil
	}
	return nil, fmt.Errorf("layout: %w for the form %q", ErrNoTemplate, form)
}

// TemplateFile gives the file of the template of a form, to be changed and read by [ParseTemplate].
func TemplateFile(form string) ([]byte, error) {
	text, err := templateFiles.ReadFile("template/" + form + ".json")
	if err != nil || strings.ContainsAny(form, "/\\") {
		return nil, fmt.Errorf("layout: %w for the form %q", ErrNoTemplate, form)
	}
	return text, nil
}

// templateJSON is a template as its file has it.
type templateJSON struct {
	Format  int               `json:"format"`
	Name    string            `json:"name"`
	About   string            `json:"about"`
	Width   float64           `json:"width"`
	Height  float64           `json:"height"`
	Colours map[string]string `json:"colours"`
	ECI     bool              `json:"eci"`
	Label   labelStyle        `json:"label"`
	Front   sideJSON          `json:"front"`
	Back    sideJSON          `json:"back"`
}

// labelStyle is how the label above a value is set.
type labelStyle struct {
	Size   float64 `json:"size"`
	Font   Font    `json:"font"`
	Colour string  `json:"colour"`
	Gap    float64 `json:"gap"` // from its baseline to the space of its value
}

// sideJSON is one face, in the order in which it is painted.
type sideJSON struct {
	Areas        []area   `json:"areas"`
	Words        []word   `json:"words"`
	Portrait     *place   `json:"portrait"`
	Fingerprints []finger `json:"fingerprints"`
	Fields       []field  `json:"fields"`
	QR           *square  `json:"qr"`
	MRZ          bool     `json:"mrz"`
	Overprint    slant    `json:"overprint"`
}

// presence says for whom an element of a template is there: for everybody when empty.
type presence string

const (
	withPortrait    presence = "with-portrait"
	withoutPortrait presence = "without-portrait"
)

// holds tells whether an element is there on a card with or without portrait.
func (p presence) holds(portrait bool) bool { return p == "" || (p == withPortrait) == portrait }

// area is a flat shape of the stock: a rectangle, its corners rounded or not, or a path of the letters M, L, C and Z
// with absolute coordinates.
type area struct {
	For       presence    `json:"for"`
	Colour    string      `json:"colour"`
	Rectangle *[4]float64 `json:"rectangle"` // x, y, width, height
	Radius    float64     `json:"radius"`
	Path      string      `json:"path"`
}

// word is a line of text that is the same on every card.
type word struct {
	For    presence `json:"for"`
	Text   string   `json:"text"`
	X      float64  `json:"x"` // left end, middle or right end of the baseline, by align
	Y      float64  `json:"y"`
	Align  string   `json:"align"` // "left" (also when empty), "middle", "right"
	Size   float64  `json:"size"`
	Font   Font     `json:"font"`
	Colour string   `json:"colour"`
}

// field is a label and below it the space for one value of the record.
type field struct {
	For      presence `json:"for"`
	Field    string   `json:"field"` // the key of the record
	Label    string   `json:"label"` // as the form prints it, Vietnamese/English
	X        float64  `json:"x"`     // left end of the label's baseline
	Y        float64  `json:"y"`
	W        float64  `json:"w"` // space for the value, below the label
	H        float64  `json:"h"`
	Beside   float64  `json:"beside"` // the value stands not below its label but beside it, so far from X
	Ink      Ink      `json:"ink"`    // k (also when empty) or colour
	Colour   string   `json:"colour"` // of a value in colour
	Optional bool     `json:"optional"`
	fit

	show      func(card.Document) value
	left, top float64 // corner of the space for the value
	fill      Colour
}

// place is a rectangle by its top left corner and its size.
type place struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
	W float64 `json:"w"`
	H float64 `json:"h"`
}

// finger is where the print of one finger stands.
type finger struct {
	Finger string `json:"finger"` // as records name it: "left-index"
	place
}

// square is where the QR code stands: its symbol, without the quiet zone.
type square struct {
	X    float64 `json:"x"`
	Y    float64 `json:"y"`
	Size float64 `json:"size"`
}

// most is how many modules the code may have on a side.
func (s square) most() int { return int(s.Size/smallestModule + 1e-9) }

// slant is where the overprint runs: its middle, its length, and the degrees by which it rises.
type slant struct {
	X      float64 `json:"x"`
	Y      float64 `json:"y"`
	Length float64 `json:"length"`
	Rise   float64 `json:"rise"`
}

// side is one face of a template, with what is the same on every card drawn once.
type side struct {
	sideJSON
	name      Side
	stock     map[bool]*Drawing // by whether the card has a portrait
	overprint *Drawing
}

// ParseTemplate reads a template's file and refuses what no card could be made by: a field that there is not, marks
// outside the card, an unknown ink, font or colour, letters that the font lacks. The error wraps [ErrTemplate] and names
// every fault that was found.
func ParseTemplate(text []byte) (*Template, error) {
	var file templateJSON
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		return nil, fmt.Errorf("%w: %s", ErrTemplate, strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: something follows after its end", ErrTemplate)
	}
	if file.Format != templateFormat {
		return nil, fmt.Errorf("%w: format %d, this program knows format %d", ErrTemplate, file.Format, templateFormat)
	}
	if faults := file.check(); len(faults) > 0 {
		return nil, fmt.Errorf("%w: %s", ErrTemplate, strings.Join(faults, "; "))
	}
	return file.compile()
}
