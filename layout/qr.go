package layout

import (
	"fmt"
	"unicode/utf8"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/skip2/go-qrcode"
)

const (
	quietZone      = 4    // modules of white around a QR code (ISO/IEC 18004, section 5.3.8)
	smallestModule = 0.30 // millimetres; what a printer of 300 dpi keeps apart
)

// qr draws the code. The symbol fills its place; the quiet zone, which is white on the stock, lies outside.
func (c composer) qr(s side) ([]Mark, error) {
	if s.QR == nil {
		return nil, nil
	}
	p := *s.QR
	modules, err := encodeQR(c.card.QR, p.most(), c.template.codebook)
	if err != nil {
		return nil, &FieldError{"qr", err}
	}
	return []Mark{Image{Tag: c.tag("qr", K), X: p.X, Y: p.Y, Width: p.Size, Height: p.Size, Modules: modules}}, nil
}

// encodeQR gives the modules of a QR code that is no wider than most, at error correction level M, or L where M takes
// too many. Where there is a codebook it marks the text as UTF-8. What it gives has been decoded again.
func encodeQR(text string, most int, marked *codebook) (modules [][]bool, err error) {
	switch {
	case text == "":
		return nil, ErrMissing
	case !utf8.ValidString(text):
		return nil, fmt.Errorf("%w: it is not UTF-8", ErrInvalid)
	case len(text)*8 > most*most: // more bits than modules
	case marked != nil:
		modules = marked.encode(text)
	default:
		modules = plainQR(text, most)
	}
	if modules == nil {
		return nil, fmt.Errorf("%w: %d bytes need modules smaller than %.2f mm (the residence is the longest part of it: shorten that)", ErrDoesNotFit, len(text), smallestModule)
	}
	return modules, decodesTo(modules, text)
}

// plainQR gives a code that says nothing of its text's encoding; nothing where it is wider than most.
func plainQR(text string, most int) [][]bool {
	for _, level := range []qrcode.RecoveryLevel{qrcode.Medium, qrcode.Low} {
		code, err := qrcode.New(text, level)
		if err != nil {
			continue // more than the largest symbol holds
		}
		if code.DisableBorder = true; 17+4*code.VersionNumber <= most {
			return code.Bitmap() // the masks are tried here, and take most of the time
		}
	}
	return nil
}

// decodesTo reads a code again, with a decoder that is not its encoder's.
func decodesTo(modules [][]bool, text string) error {
	hints := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_CHARACTER_SET: "UTF-8"}
	result, err := decoder.NewDecoder().DecodeBoolMap(modules, hints)
	if err != nil || result.GetText() != text {
		return fmt.Errorf("%w: the code does not decode to its text again", ErrInvalid)
	}
	return nil
}
