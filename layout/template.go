package layout

// template is the form of a card: where each thing stands, in millimetres from the top left corner.
type template struct {
	width, height float64
	front, back   side
}

// side is one face of a template. A zero place means that the side does not have the thing.
type side struct {
	stock     []Mark // what could be on the stock already
	words     []word
	fields    []field
	overprint slant
	portrait  place
	qr        place
	mrz       bool
}

// place is a rectangle by its top left corner and its size.
type place struct{ x, y, w, h float64 }

// slant is where the overprint runs: its middle, its length, and the degrees by which it rises.
type slant struct{ x, y, length, rise float64 }

// word is a line of text that is the same on every card.
type word struct {
	text    string
	x, y    float64 // left end of the baseline, or its middle
	centred bool
	size    float64
	font    Font
	colour  Colour
}

// field is a label and below it the space for one value of the record.
type field struct {
	name              string  // the key of the record
	label             string  // as the form prints it, Vietnamese/English
	x, y              float64 // left end of the label's baseline
	w, h              float64 // space for the value, below the label
	font              Font
	largest, smallest float64 // size of the value's em
	optional          bool    // the label stands alone when the record has no value
}

// The colours of the form of 2024: violet-blue for the state's words and the labels, black for the holder's data, red
// for the title (Circular 16/2024/TT-BCA as published, and its draft).
var (
	black  = Colour{}
	violet = Colour{R: 0x2e, G: 0x31, B: 0x82}
	red    = Colour{R: 0xb3, G: 0x1e, B: 0x2a}
	white  = Colour{R: 0xff, G: 0xff, B: 0xff}

	overprint = Colour{R: 0xd0, G: 0x20, B: 0x30, Clear: 74}
)

const (
	labelSize = 1.55 // em of a label
	labelGap  = 0.6  // from a label's baseline to the space of its value
)
