package lds

import (
	"bytes"
	"errors"
	"fmt"
)

const (
	magicWSQ = "\xFF\xA0"
	magicPNG = "\x89PNG\r\n\x1a\n"
)

var (
	errNotFingerImage = errors.New("not a WSQ, PNG, JPEG or JPEG 2000 image")
	errFingerCut      = errors.New("the image is cut short, or something follows it")
	errFingerNotGrey  = errors.New("the image is not in grey of eight bits a pixel")
)

// ReadFingerImage looks into the header of an image file and gives a finger with the image, its compression, width and
// height; which finger it is, the caller knows. The image is not decoded: what is held against it is its kind, eight
// bits of grey for each pixel, and that it is there to its end.
func ReadFingerImage(file []byte) (Finger, error) {
	f, end, err := fingerImage(file)
	if err == nil && !bytes.HasSuffix(file, []byte(end)) {
		err = errFingerCut
	}
	if err == nil && (f.Width < 1 || f.Width > 0xFFFF || f.Height < 1 || f.Height > 0xFFFF) {
		err = fmt.Errorf("%d x %d pixels cannot be written", f.Width, f.Height)
	}
	if err != nil {
		return Finger{}, fmt.Errorf("lds: finger image: %w", err)
	}
	f.Image, f.Quality = file, QualityUndefined
	return f, nil
}

// fingerImage knows an image by its first bytes, and also gives the bytes that it must end with.
func fingerImage(file []byte) (f Finger, end string, err error) {
	switch {
	case bytes.HasPrefix(file, []byte(magicWSQ)):
		f, err = readWSQ(file)
		return f, "\xFF\xA1", err
	case bytes.HasPrefix(file, []byte(magicPNG)):
		f, err = readPNG(file)
		return f, "\x00\x00\x00\x00IEND\xAE\x42\x60\x82", err
	case !isJPEG(file) && !isJPEG2000(file):
		return Finger{}, "", errNotFingerImage
	}
	h, err := readImageHeader(file)
	f = Finger{Compression: FingerJPEG, Width: h.width, Height: h.height}
	if h.format == JPEG2000 {
		f.Compression = FingerJPEG2000
	}
	if err == nil && !h.grey {
		err = errFingerNotGrey
	}
	return f, "\xFF\xD9", err
}

// readWSQ reads the frame header of the wavelet scalar quantization format (IAFIS-IC-0110), which has grey alone.
func readWSQ(file []byte) (Finger, error) {
	const sof, sob = 0xA2, 0xA3
	s, rest, err := nextSegment(file[len(magicWSQ):])
	for ; err == nil && s.marker != sob; s, rest, err = nextSegment(rest) {
		if s.marker == sof && len(s.data) >= 6 {
			return Finger{Compression: FingerWSQ, Height: be16(s.data, 2), Width: be16(s.data, 4)}, nil
		}
	}
	if err == nil {
		err = fmt.Errorf("no frame header before the first block")
	}
	return Finger{}, fmt.Errorf("WSQ: %w", err)
}

// readPNG reads the header chunk, which comes first (ISO/IEC 15948, clause 11.2.2).
func readPNG(file []byte) (Finger, error) {
	chunk := file[len(magicPNG):]
	if len(chunk) < 25 {
		return Finger{}, errFingerCut
	}
	if string(chunk[:8]) != "\x00\x00\x00\x0DIHDR" {
		return Finger{}, fmt.Errorf("PNG: it does not begin with its header")
	}
	if chunk[16] != 8 || chunk[17] != 0 {
		return Finger{}, errFingerNotGrey
	}
	width, height := min(be32(chunk, 8), 1<<30), min(be32(chunk, 12), 1<<30) // what does not fit is left for the caller to refuse
	return Finger{Compression: FingerPNG, Width: int(width), Height: int(height)}, nil
}
