// Package scan reads a printed face back from a picture of it, so that what the printer made can be held against what
// was ordered before a card leaves the desk.
//
//	picture of the back -> MRZ -> take    the part that holds the zone, 10 pixels a millimetre
//	                              find    how the card lies: one offset and turn for all cells
//	                              settle  how it lies exactly: the cells that are sure vote
//	                              match   each cell against the 37 characters of layout.OCRB
//	                           -> Zone    three lines, and how sure each character is
//
//	picture -> QR -> the text of the QR code
//
// It is no reader of any document: it knows where on a card of size ID-1 the cells stand, and looks nowhere else.
// Nothing that it refuses is shown in an error, for a face is a person's.
package scan

import (
	"errors"
	"fmt"
	"image"
)

// What a picture may be refused for, beside its size.
var (
	ErrNoZone = errors.New("scan: no machine readable zone is found where it should be")
	ErrNoQR   = errors.New("scan: no QR code can be read")
)

// mostPixels is the largest picture that is looked at: a card at 1200 dpi has 10 million.
const mostPixels = 40_000_000

// check refuses a picture that is empty or larger than a card could be.
func check(img image.Image) error {
	if img == nil {
		return errors.New("scan: there is no picture")
	}
	size := img.Bounds().Size()
	switch {
	case size.X <= 0 || size.Y <= 0:
		return errors.New("scan: the picture is empty")
	case size.X > mostPixels/size.Y:
		return fmt.Errorf("scan: the picture has %d x %d pixels; at most %d million are looked at",
			size.X, size.Y, mostPixels/1_000_000)
	}
	return nil
}
