package lds

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

const (
	magicWSQ  = "\xFF\xA0"
	magicPNG  = "\x89PNG\r\n\x1a\n"
	magicJPEG = "\xFF\xD8\xFF"
)

var (
	errNotFingerImage = errors.New("not a WSQ, PNG, JPEG or JPEG 2000 image")
	errFingerCut      = errors.New("the image is cut short, or something follows it")
	errFingerDamaged  = errors.New("the image is damaged: its header does not say its size")
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
		f, err = sizeWSQ(file)
		return f, "\xFF\xA1", err
	case bytes.HasPrefix(file, []byte(magicPNG)):
		f, err = sizePNG(file)
		return f, "\x00\x00\x00\x00IEND\xAE\x42\x60\x82", err
	case bytes.HasPrefix(file, []byte(magicJPEG)):
		f, err = sizeJPEG(file)
		return f, "\xFF\xD9", err
	case isJPEG2000(file):
		f, err = sizeJPEG2000(file)
		return f, "\xFF\xD9", err
	}
	return Finger{}, "", errNotFingerImage
}

// segment is one marker segment of WSQ and JPEG, which share their syntax (ITU-T T.81, annex B.1).
type segment struct {
	marker byte
	data   []byte // without its length
}

// nextSegment reads the segment at the start of b; bytes FF may fill the space before its marker.
func nextSegment(b []byte) (s segment, rest []byte, err error) {
	if len(b) == 0 || b[0] != 0xFF {
		return segment{}, nil, errFingerDamaged
	}
	for len(b) > 0 && b[0] == 0xFF {
		b = b[1:]
	}
	if len(b) < 3 {
		return segment{}, nil, errFingerCut
	}
	length := int(binary.BigEndian.Uint16(b[1:]))
	if length < 2 {
		return segment{}, nil, errFingerDamaged
	}
	if length > len(b)-1 {
		return segment{}, nil, errFingerCut
	}
	return segment{b[0], b[3 : 1+length]}, b[1+length:], nil
}

// sizeWSQ reads the frame header of the wavelet scalar quantization format (IAFIS-IC-0110), which has grey alone.
func sizeWSQ(file []byte) (Finger, error) {
	const sof, sob = 0xA2, 0xA3
	s, rest, err := nextSegment(file[len(magicWSQ):])
	for ; err == nil && s.marker != sob; s, rest, err = nextSegment(rest) {
		if s.marker == sof && len(s.data) >= 6 {
			return Finger{Compression: FingerWSQ, Height: be16(s.data, 2), Width: be16(s.data, 4)}, nil
		}
	}
	return Finger{}, orDamaged(err)
}

// sizeJPEG reads the frame header of a JPEG, whatever its coding process (ITU-T T.81, annex B.2.2).
func sizeJPEG(file []byte) (Finger, error) {
	const sos = 0xDA
	s, rest, err := nextSegment(file[2:])
	for ; err == nil && s.marker != sos; s, rest, err = nextSegment(rest) {
		frame := s.marker >= 0xC0 && s.marker <= 0xCF && s.marker != 0xC4 && s.marker != 0xC8 && s.marker != 0xCC
		if !frame || len(s.data) < 6 {
			continue
		}
		if s.data[0] != 8 || s.data[5] != 1 {
			return Finger{}, errFingerNotGrey
		}
		return Finger{Compression: FingerJPEG, Height: be16(s.data, 1), Width: be16(s.data, 3)}, nil
	}
	return Finger{}, orDamaged(err)
}

// orDamaged is for a header that has ended and has not said the size.
func orDamaged(err error) error {
	if err == nil {
		return errFingerDamaged
	}
	return err
}

// sizePNG reads the header chunk, which comes first (ISO/IEC 15948, clause 11.2.2).
func sizePNG(file []byte) (Finger, error) {
	chunk := file[len(magicPNG):]
	if len(chunk) < 25 {
		return Finger{}, errFingerCut
	}
	if string(chunk[:8]) != "\x00\x00\x00\x0DIHDR" {
		return Finger{}, errFingerDamaged
	}
	if chunk[16] != 8 || chunk[17] != 0 {
		return Finger{}, errFingerNotGrey
	}
	return sized(FingerPNG, be32(chunk, 8), be32(chunk, 12)), nil
}

// sizeJPEG2000 reads the SIZ segment, which comes first in the codestream (ISO/IEC 15444-1, annex A.5.1).
func sizeJPEG2000(file []byte) (Finger, error) {
	b, err := codestream(file)
	if err != nil {
		return Finger{}, err
	}
	if len(b) < 44 {
		return Finger{}, errFingerCut
	}
	x, y, offsetX, offsetY := be32(b, 8), be32(b, 12), be32(b, 16), be32(b, 20)
	if !bytes.HasPrefix(b, []byte("\xFF\x4F\xFF\x51")) || offsetX >= x || offsetY >= y {
		return Finger{}, errFingerDamaged
	}
	if components, depth := be16(b, 40), b[42]; components != 1 || depth != 7 {
		return Finger{}, errFingerNotGrey
	}
	return sized(FingerJPEG2000, x-offsetX, y-offsetY), nil
}

// codestream finds the contiguous codestream among the boxes of a JP2 file (ISO/IEC 15444-1, annex I.4).
func codestream(b []byte) ([]byte, error) {
	if bytes.HasPrefix(b, []byte("\xFF\x4F")) {
		return b, nil
	}
	for len(b) >= 8 {
		length, header := uint64(be32(b, 0)), 8
		switch {
		case length == 0: // to the end of the file
			length = uint64(len(b))
		case length == 1 && len(b) >= 16:
			length, header = binary.BigEndian.Uint64(b[8:]), 16
		}
		if length < uint64(header) {
			return nil, errFingerDamaged
		}
		if length > uint64(len(b)) {
			return nil, errFingerCut
		}
		if string(b[4:8]) == "jp2c" {
			return b[header:length], nil
		}
		b = b[length:]
	}
	return nil, errFingerDamaged
}

// sized gives a finger whose size came as numbers of 32 bits; one that does not fit is left for the caller to refuse.
func sized(c FingerCompression, width, height uint32) Finger {
	return Finger{Compression: c, Width: int(min(width, 1<<30)), Height: int(min(height, 1<<30))}
}

func be16(b []byte, at int) int    { return int(binary.BigEndian.Uint16(b[at:])) }
func be32(b []byte, at int) uint32 { return binary.BigEndian.Uint32(b[at:]) }
