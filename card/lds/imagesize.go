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
	switch {
	case bytes.HasPrefix(image, []byte{0xFF, 0xD8, 0xFF}):
		format = JPEG
		width, height, err = frameSize(image[2:])
	case bytes.HasPrefix(image, []byte{0xFF, 0x4F, 0xFF, 0x51}):
		format = JPEG2000
		width, height, err = codestreamSize(image)
	case isJPEG2000(image):
		format = JPEG2000
		width, height, err = jp2Size(image)
	default:
		err = fmt.Errorf("neither JPEG nor JPEG 2000")
	}
	if err != nil {
		return 0, 0, 0, fmt.Errorf("lds: image: %w", err)
	}
	return format, width, height, nil
}

// isJPEG2000 knows the JP2 file (ISO/IEC 15444-1, annex I) and the bare codestream.
func isJPEG2000(image []byte) bool {
	return bytes.HasPrefix(image, []byte(jp2Signature)) || bytes.HasPrefix(image, []byte{0xFF, 0x4F, 0xFF, 0x51})
}

// frameSize walks the marker segments of a JPEG after its first marker up to the frame header, and takes the size from
// there (ITU-T T.81, section B.2.2).
func frameSize(b []byte) (width, height int, err error) {
	for {
		if len(b) == 0 || b[0] != 0xFF {
			return 0, 0, fmt.Errorf("no marker where one of a JPEG is due")
		}
		for len(b) > 0 && b[0] == 0xFF { // one, and more to fill
			b = b[1:]
		}
		if len(b) < 3 {
			return 0, 0, fmt.Errorf("a JPEG that ends before its frame header")
		}
		marker, length := b[0], int(binary.BigEndian.Uint16(b[1:]))
		if marker < 0xC0 || marker >= 0xD0 && marker <= 0xDA {
			return 0, 0, fmt.Errorf("marker %02X before the frame header of a JPEG", marker)
		}
		if length < 2 || length > len(b)-1 {
			return 0, 0, fmt.Errorf("a segment of a JPEG announces %d bytes, %d are left", length, len(b)-1)
		}
		if isFrame(marker) {
			return frameHeader(b[3 : 1+length])
		}
		b = b[1+length:]
	}
}

// isFrame knows the start of frame markers: C0 to CF but for three that are tables (ITU-T T.81, table B.1).
func isFrame(marker byte) bool {
	return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC
}

func frameHeader(b []byte) (width, height int, err error) {
	if len(b) < 6 || len(b) != 6+3*int(b[5]) || b[5] < 1 || b[5] > maxComponents {
		return 0, 0, fmt.Errorf("the frame header of a JPEG is not of its length")
	}
	height, width = int(binary.BigEndian.Uint16(b[1:])), int(binary.BigEndian.Uint16(b[3:]))
	if width == 0 || height == 0 {
		return 0, 0, fmt.Errorf("a JPEG that does not say its size in its frame header")
	}
	return width, height, nil
}

const jp2Signature = "\x00\x00\x00\x0CjP  \r\n\x87\n"

// jp2Size walks the boxes of a JP2 file: signature, file type, JP2 header, codestream, which may have others between
// them (ISO/IEC 15444-1, annex I).
func jp2Size(image []byte) (width, height int, err error) {
	kind, _, b, err := nextBox(image[len(jp2Signature):])
	if err == nil && kind != "ftyp" {
		err = fmt.Errorf("no file type box behind the signature of a JP2 file")
	}
	header, b, err := boxOf(b, err, "jp2h")
	stream, _, err := boxOf(b, err, "jp2c")
	if err != nil {
		return 0, 0, err
	}
	headerWidth, headerHeight, err := jp2Header(header)
	if err != nil {
		return 0, 0, err
	}
	width, height, err = codestreamSize(stream)
	if err == nil && (width != headerWidth || height != headerHeight) {
		err = fmt.Errorf("a JP2 file of %d x %d pixels by its header, %d x %d by its codestream", headerWidth, headerHeight, width, height)
	}
	return width, height, err
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
	length, size := uint64(binary.BigEndian.Uint32(b)), uint64(8)
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
	h, w := binary.BigEndian.Uint32(content), binary.BigEndian.Uint32(content[4:])
	if h > math.MaxInt32 || w > math.MaxInt32 {
		return 0, 0, fmt.Errorf("a JP2 file of %d x %d pixels", w, h)
	}
	return int(w), int(h), nil
}

// codestreamSize reads the image and tile size segment, with which a codestream begins (ISO/IEC 15444-1, section
// A.5.1): the image lies on a reference grid, and tiles divide that.
func codestreamSize(b []byte) (width, height int, err error) {
	if len(b) < 42 || !bytes.HasPrefix(b, []byte{0xFF, 0x4F, 0xFF, 0x51}) {
		return 0, 0, fmt.Errorf("a JPEG 2000 codestream that does not begin with its size")
	}
	length, components := int(binary.BigEndian.Uint16(b[4:])), int(binary.BigEndian.Uint16(b[40:]))
	if components < 1 || components > maxComponents || length != 38+3*components || len(b) < 4+length {
		return 0, 0, fmt.Errorf("the size segment of a JPEG 2000 codestream is not of its length")
	}
	x, tilesX, err := axis(b[8:])
	if err != nil {
		return 0, 0, err
	}
	y, tilesY, err := axis(b[12:])
	if err != nil {
		return 0, 0, err
	}
	if tilesX > 0xFFFF || tilesY > 0xFFFF/tilesX {
		return 0, 0, fmt.Errorf("a JPEG 2000 codestream of more tiles than it can number")
	}
	return int(x), int(y), nil
}

// axis reads one of the two axes of a size segment, whose numbers stand at every second place: end and beginning of the
// image, size and beginning of the tiles. It gives the image's extent and the number of its tiles.
func axis(b []byte) (extent, tiles int64, err error) {
	at := func(i int) int64 { return int64(binary.BigEndian.Uint32(b[8*i:])) }
	end, begin, tile, tileBegin := at(0), at(1), at(2), at(3)
	if begin >= end || end-begin > math.MaxInt32 || tile == 0 || tileBegin > begin || tileBegin+tile <= begin {
		return 0, 0, fmt.Errorf("a JPEG 2000 codestream whose image and tiles do not lie on each other")
	}
	return end - begin, (end - tileBegin + tile - 1) / tile, nil
}
