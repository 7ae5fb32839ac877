package lds

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
)

const maxComponents = 4 // colours of a picture, and what is transparent in it

// ImageSize reads kind, width and height from the header of a JPEG or JPEG 2000 file and decodes nothing. A few bytes
// can announce 65,535 x 65,535 pixels, and a decoder that believes them takes gigabytes: whoever decodes an image that a
// card gave asks here first and refuses what is beyond its limit. A JP2 file whose header and codestream disagree is
// refused, for it is not told which of the two a decoder would believe.
func ImageSize(image []byte) (format ImageFormat, width, height int, err error) {
	h, err := readImageHeader(image)
	if err != nil {
		return 0, 0, 0, fmt.Errorf("lds: image: %w", err)
	}
	return h.format, h.width, h.height, nil
}

// imageHeader is what the header of a JPEG or JPEG 2000 file says.
type imageHeader struct {
	format        ImageFormat
	width, height int
	grey          bool // one component, of eight bits without a sign
}

func readImageHeader(image []byte) (h imageHeader, err error) {
	switch {
	case isJPEG(image):
		h, err = readFrame(image[2:])
		h.format = JPEG
	case bytes.HasPrefix(image, []byte(magicCodestream)):
		h, err = readCodestream(image)
		h.format = JPEG2000
	case isJPEG2000(image):
		h, err = readJP2(image)
		h.format = JPEG2000
	default:
		err = fmt.Errorf("neither JPEG nor JPEG 2000")
	}
	return h, err
}

const (
	magicJPEG       = "\xFF\xD8\xFF"
	magicJP2        = "\x00\x00\x00\x0CjP  \r\n\x87\n"
	magicCodestream = "\xFF\x4F\xFF\x51"
)

func isJPEG(image []byte) bool { return bytes.HasPrefix(image, []byte(magicJPEG)) }

// isJPEG2000 knows the JP2 file (ISO/IEC 15444-1, annex I) and the bare codestream.
func isJPEG2000(image []byte) bool {
	return bytes.HasPrefix(image, []byte(magicJP2)) || bytes.HasPrefix(image, []byte(magicCodestream))
}

// segment is one marker segment of JPEG and WSQ, which share their syntax (ITU-T T.81, annex B.1).
type segment struct {
	marker byte
	data   []byte // without its length
}

// nextSegment reads the segment at the start of b; bytes FF may fill the space before its marker.
func nextSegment(b []byte) (s segment, rest []byte, err error) {
	if len(b) == 0 || b[0] != 0xFF {
		return segment{}, nil, fmt.Errorf("no marker where one is due")
	}
	for len(b) > 0 && b[0] == 0xFF {
		b = b[1:]
	}
	if len(b) < 3 {
		return segment{}, nil, fmt.Errorf("it ends before its frame header")
	}
	length := int(binary.BigEndian.Uint16(b[1:]))
	if length < 2 || length > len(b)-1 {
		return segment{}, nil, fmt.Errorf("segment %02X announces %d bytes, %d are left", b[0], length, len(b)-1)
	}
	return segment{b[0], b[3 : 1+length]}, b[1+length:], nil
}

// readFrame walks the marker segments of a JPEG after its first marker up to the frame header, whatever its coding
// process (ITU-T T.81, section B.2.2).
func readFrame(b []byte) (imageHeader, error) {
	for {
		s, rest, err := nextSegment(b)
		switch {
		case err != nil:
			return imageHeader{}, fmt.Errorf("JPEG: %w", err)
		case s.marker < 0xC0 || s.marker >= 0xD0 && s.marker <= 0xDA:
			return imageHeader{}, fmt.Errorf("JPEG: marker %02X before its frame header", s.marker)
		case isFrame(s.marker):
			return frameHeader(s.data)
		}
		b = rest
	}
}

// isFrame knows the start of frame markers: C0 to CF but for three that are tables (ITU-T T.81, table B.1).
func isFrame(marker byte) bool {
	return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC
}

func frameHeader(b []byte) (imageHeader, error) {
	if len(b) < 6 || len(b) != 6+3*int(b[5]) || b[5] < 1 || b[5] > maxComponents {
		return imageHeader{}, fmt.Errorf("the frame header of a JPEG is not of its length")
	}
	h := imageHeader{width: be16(b, 3), height: be16(b, 1), grey: b[0] == 8 && b[5] == 1}
	if h.width == 0 || h.height == 0 {
		return imageHeader{}, fmt.Errorf("a JPEG that does not say its size in its frame header")
	}
	return h, nil
}

// readJP2 walks the boxes of a JP2 file: signature, file type, JP2 header, codestream, which may have others between
// them (ISO/IEC 15444-1, annex I).
func readJP2(image []byte) (imageHeader, error) {
	kind, _, b, err := nextBox(image[len(magicJP2):])
	if err == nil && kind != "ftyp" {
		err = fmt.Errorf("no file type box behind the signature of a JP2 file")
	}
	header, b, err := boxOf(b, err, "jp2h")
	stream, _, err := boxOf(b, err, "jp2c")
	if err != nil {
		return imageHeader{}, err
	}
	width, height, err := jp2Header(header)
	if err != nil {
		return imageHeader{}, err
	}
	h, err := readCodestream(stream)
	if err == nil && (h.width != width || h.height != height) {
		err = fmt.Errorf("a JP2 file of %d x %d pixels by its header, %d x %d by its codestream", width, height, h.width, h.height)
	}
	return h, err
}

// boxOf gives the content of the first box of one kind and what follows it.
func boxOf(b []byte, before error, want string) (content, rest []byte, err error) {
	kind, rest, err := "", b, before
	for err == nil && kind != want {
		kind, content, rest, err = nextBox(rest)
	}
	return content, rest, err
}

// nextBox reads a box: its length with the header counted in, where 1 puts the length behind the type and 0 stands for
// the rest of the file; then its type (ISO/IEC 15444-1, section I.4).
func nextBox(b []byte) (kind string, content, rest []byte, err error) {
	if len(b) < 8 {
		return "", nil, nil, fmt.Errorf("a JP2 file that ends before its codestream")
	}
	length, size := uint64(be32(b, 0)), uint64(8)
	switch {
	case length == 0:
		length = uint64(len(b))
	case length == 1 && len(b) >= 16:
		length, size = binary.BigEndian.Uint64(b[8:]), 16
	}
	if length < size || length > uint64(len(b)) {
		return "", nil, nil, fmt.Errorf("a box of a JP2 file announces %d bytes, %d are left", length, len(b))
	}
	return string(b[4:8]), b[size:length], b[length:], nil
}

// jp2Header reads the image header box, which stands first in the JP2 header box (ISO/IEC 15444-1, section I.5.3.1).
func jp2Header(b []byte) (width, height int, err error) {
	kind, content, _, err := nextBox(b)
	if err != nil || kind != "ihdr" || len(content) != 14 {
		return 0, 0, fmt.Errorf("a JP2 header without an image header of its length")
	}
	h, w := be32(content, 0), be32(content, 4)
	if h > math.MaxInt32 || w > math.MaxInt32 {
		return 0, 0, fmt.Errorf("a JP2 file of %d x %d pixels", w, h)
	}
	return int(w), int(h), nil
}

// readCodestream reads the image and tile size segment, with which a codestream begins (ISO/IEC 15444-1, section
// A.5.1): the image lies on a reference grid, and tiles divide that.
func readCodestream(b []byte) (imageHeader, error) {
	if len(b) < 42 || !bytes.HasPrefix(b, []byte(magicCodestream)) {
		return imageHeader{}, fmt.Errorf("a JPEG 2000 codestream that does not begin with its size")
	}
	length, components := be16(b, 4), be16(b, 40)
	if components < 1 || components > maxComponents || length != 38+3*components || len(b) < 4+length {
		return imageHeader{}, fmt.Errorf("the size segment of a JPEG 2000 codestream is not of its length")
	}
	x, tilesX, err := axis(b[8:])
	if err != nil {
		return imageHeader{}, err
	}
	y, tilesY, err := axis(b[12:])
	if err != nil {
		return imageHeader{}, err
	}
	if tilesX > 0xFFFF || tilesY > 0xFFFF/tilesX {
		return imageHeader{}, fmt.Errorf("a JPEG 2000 codestream of more tiles than it can number")
	}
	return imageHeader{width: int(x), height: int(y), grey: components == 1 && b[42] == 7}, nil
}

// axis reads one of the two axes of a size segment, whose numbers stand at every second place: end and beginning of the
// image, size and beginning of the tiles. It gives the image's extent and the number of its tiles.
func axis(b []byte) (extent, tiles int64, err error) {
	at := func(i int) int64 { return int64(be32(b, 8*i)) }
	end, begin, tile, tileBegin := at(0), at(1), at(2), at(3)
	if begin >= end || end-begin > math.MaxInt32 || tile == 0 || tileBegin > begin || tileBegin+tile <= begin {
		return 0, 0, fmt.Errorf("a JPEG 2000 codestream whose image and tiles do not lie on each other")
	}
	return end - begin, (end - tileBegin + tile - 1) / tile, nil
}

func be16(b []byte, at int) int    { return int(binary.BigEndian.Uint16(b[at:])) }
func be32(b []byte, at int) uint32 { return binary.BigEndian.Uint32(b[at:]) }
