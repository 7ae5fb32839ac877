package png

import (
	"image"
	"slices"

	"github.com/cancuoc/cancuoc/layout"
)

// Bare draws the marks of a face without the overprint, for tests that count pixels.
func Bare(face layout.Face, dpi int) (*image.RGBA, error) {
	var p Painter
	err := p.paint(face, slices.Values(face.Marks), dpi)
	return p.page, err
}
