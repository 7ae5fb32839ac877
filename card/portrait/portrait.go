// Package portrait makes a photograph fit for the chip and for the face of a card.
//
//	file -> header (kind, size) -> whole decoding -> upright (EXIF) -> cropped to 2:3 -> resized -> JPEG, twice
//	                                                                                     \-> measured -> warnings
//
// What it gives carries the picture alone: no metadata of the file survives. The same file always gives the same bytes.
package portrait

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"io/fs"
)

// What a photograph may be at most; both are held against the file before a pixel is decoded.
const (
	MaxFile   = 10 << 20   // bytes
	MaxPixels = 40_000_000 // width times height
)

// maxScans is the number of passes over the image that a JPEG may make; photographs have 1 or about 10.
const maxScans = 100

// FaceWidth and FaceHeight are the pixels of the printed portrait: 20 x 30 mm at 300 dpi, the size that both the card
// of 2021 and the card of 2024 print. A photograph that has less after cropping is refused: nothing is enlarged.
const (
	FaceWidth  = 236
	FaceHeight = 354
)

// ChipBudget is how many bytes [Portrait.Chip] takes at most.
const ChipBudget = 15_000

// The kinds of refusal; every error of [Fit] that is the file's own fault wraps one of them.
var (
	ErrNotImage  = errors.New("not a JPEG or PNG image")
	ErrTooLarge  = errors.New("too large")
	ErrTooSmall  = errors.New("too small")
	ErrTruncated = errors.New("image is truncated")
	ErrDamaged   = errors.New("image is damaged")
)

// Portrait is a photograph in the two forms that a card takes, both baseline JPEG, upright and 2:3.
type Portrait struct {
	Chip          []byte // for DG2: at most [ChipBudget] bytes
	Width, Height int    // of Chip, in pixels
	Face          []byte // for the printed face: [FaceWidth] x [FaceHeight] pixels

	// Warnings are what is to be looked at once more: measures that miss their [Limits].
	Warnings []Warning
}

// Fit reads the file of a photograph and makes the portrait from it. A reader that knows its size (an [*os.File], say)
// is refused by that size; any other is read up to the limit and no further. Warnings go by the default limits.
func Fit(r io.Reader) (Portrait, error) { return Limits{}.Fit(r) }

// Fit is [Fit] with warnings by these limits.
func (l Limits) Fit(r io.Reader) (Portrait, error) {
	file, err := readFile(r)
	if err != nil {
		return Portrait{}, err
	}
	format, err := checkHeader(file)
	if err != nil {
		return Portrait{}, err
	}
	img, err := decode(file, format)
	if err != nil {
		return Portrait{}, err
	}
	return l.compose(picture{img, orientation(file)})
}

func readFile(r io.Reader) ([]byte, error) {
	if f, ok := r.(interface{ Stat() (fs.FileInfo, error) }); ok {
		if info, err := f.Stat(); err == nil && info.Size() > MaxFile {
			return nil, fmt.Errorf("portrait: file of %d bytes is %w: the limit is %d", info.Size(), ErrTooLarge, MaxFile)
		}
	}
	file, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("portrait: read the file: %w", err)
	}
	if len(file) > MaxFile {
		return nil, fmt.Errorf("portrait: file is %w: it has more than %d bytes, the limit", ErrTooLarge, MaxFile)
	}
	return file, nil
}

// checkHeader holds kind and size of the image against the limits and gives the kind.
func checkHeader(file []byte) (format string, err error) {
	c, format, err := header(file)
	if err != nil {
		return "", refusal(err)
	}
	if int64(c.Width)*int64(c.Height) > MaxPixels {
		return "", fmt.Errorf("portrait: %d x %d pixels is %w: the limit is %d million pixels",
			c.Width, c.Height, ErrTooLarge, MaxPixels/1_000_000)
	}
	return format, checkScans(file, format)
}

// checkScans bounds the work of a progressive JPEG, in which a few bytes can ask for one more pass over all pixels.
// The entropy-coded data cannot contain the marker (ITU-T T.81, section B.1.1.5), so counting never finds too few.
func checkScans(file []byte, format string) error {
	if n := bytes.Count(file, []byte("\xff\xda")); format == "jpeg" && n > maxScans {
		return fmt.Errorf("portrait: JPEG of %d scans is %w: the limit is %d", n, ErrTooLarge, maxScans)
	}
	return nil
}

// header knows the two kinds by their first bytes itself, so that no decoder that another package registered is asked.
func header(file []byte) (c image.Config, format string, err error) {
	switch {
	case bytes.HasPrefix(file, []byte("\xff\xd8")):
		c, err = jpeg.DecodeConfig(bytes.NewReader(file))
		return c, "jpeg", err
	case bytes.HasPrefix(file, []byte("\x89PNG\r\n\x1a\n")):
		c, err = png.DecodeConfig(bytes.NewReader(file))
		return c, "png", err
	}
	return c, "", ErrNotImage
}

func decode(file []byte, format string) (img image.Image, err error) {
	r := &watched{r: bytes.NewReader(file)}
	if format == "jpeg" {
		img, err = jpeg.Decode(r)
	} else {
		img, err = png.Decode(r)
	}
	if err != nil && r.ended {
		return nil, refusal(io.ErrUnexpectedEOF)
	}
	if err != nil {
		return nil, refusal(err)
	}
	return img, nil
}

// watched remembers whether more was asked for than there is: the decoders have several errors for a file that is cut.
type watched struct {
	r     io.Reader
	ended bool
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	w.ended = w.ended || err != nil
	return n, err
}

// refusal sorts what a decoder said into the kinds of this package.
func refusal(err error) error {
	switch {
	case errors.Is(err, ErrNotImage):
		return fmt.Errorf("portrait: file is %w", ErrNotImage)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fmt.Errorf("portrait: %w: it ends before its last line of pixels", ErrTruncated)
	}
	return fmt.Errorf("portrait: %w: %w", ErrDamaged, err)
}
