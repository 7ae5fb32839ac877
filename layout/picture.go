package layout

import (
	"bytes"
	"fmt"
	"image/color"
	"image/jpeg"
	"math"
	"slices"
)

// portrait puts the portrait into its place. A card without one keeps the place empty, or its template has other
// elements there.
func (c composer) portrait(s side) ([]Mark, error) {
	if s.Portrait == nil || c.card.Portrait == nil {
		return nil, nil
	}
	if err := fitsPlace(c.card.Portrait, *s.Portrait); err != nil {
		return nil, &FieldError{"portrait", err}
	}
	return []Mark{c.image("portrait", InColour, *s.Portrait, c.card.Portrait)}, nil
}

// fingerprints puts prints of fingers into their places; a finger of which there is none leaves its place empty.
func (c composer) fingerprints(s side) (marks []Mark, err error) {
	for _, f := range s.Fingerprints {
		print := c.card.Fingerprints[f.Finger]
		if print == nil {
			continue
		}
		place, err := centred(print, f.place)
		if err != nil {
			return nil, &FieldError{"fingerprints", err}
		}
		marks = append(marks, c.image("fingerprints", InColour, place, print))
	}
	return marks, nil
}

func (c composer) image(field string, ink Ink, p place, file []byte) Image {
	return Image{Tag: c.tag(field, ink), X: p.X, Y: p.Y, Width: p.W, Height: p.H, JPEG: file}
}

// fitsPlace demands a JPEG file of a place's proportions: nothing is stretched.
func fitsPlace(file []byte, p place) error {
	w, h, err := pixels(file)
	if err != nil {
		return err
	}
	if stretch := w * p.H / (h * p.W); math.Abs(stretch-1) > 0.01 {
		return fmt.Errorf("%w: %g x %g pixels would be stretched; its place is %g x %g mm", ErrInvalid, w, h, p.W, p.H)
	}
	return nil
}

// centred gives the largest rectangle of a picture's own proportions in the middle of a place.
func centred(file []byte, p place) (place, error) {
	w, h, err := pixels(file)
	if err != nil {
		return place{}, err
	}
	scale := min(p.W/w, p.H/h)
	w, h = w*scale, h*scale
	return place{X: p.X + (p.W-w)/2, Y: p.Y + (p.H-h)/2, W: w, H: h}, nil
}

// pixels gives the size of a JPEG file in a colour space that every painter knows.
func pixels(file []byte) (w, h float64, err error) {
	config, err := jpeg.DecodeConfig(bytes.NewReader(file))
	if err != nil || config.Width == 0 || config.Height == 0 ||
		!slices.Contains([]color.Model{color.YCbCrModel, color.GrayModel}, config.ColorModel) {
		return 0, 0, fmt.Errorf("%w: it is not a JPEG image in colour or grey", ErrInvalid)
	}
	return float64(config.Width), float64(config.Height), nil
}
