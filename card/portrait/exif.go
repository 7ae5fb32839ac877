package portrait

import (
	"bytes"
	"encoding/binary"
)

// upright is the EXIF orientation of a picture whose first pixel is at the top left.
const upright = 1

// orientationTag is the field "Orientation" of the first image file directory (EXIF 2.3, section 4.6.4, tag 274).
const orientationTag = 0x0112

// orientation gives the EXIF orientation that a JPEG file states, 1 to 8; 1 when it states none, or none that can be
// read: orientation is advice, and a broken advice is as good as none.
func orientation(file []byte) int {
	tiff := exif(file)
	if len(tiff) < 8 {
		return upright
	}
	var order binary.ByteOrder = binary.BigEndian
	if tiff[0] == 'I' {
		order = binary.LittleEndian
	}
	entries := directory(tiff, order)
	for ; len(entries) >= 12; entries = entries[12:] {
		if order.Uint16(entries) != orientationTag {
			continue
		}
		if o := int(order.Uint16(entries[8:])); o >= 1 && o <= 8 {
			return o
		}
		return upright
	}
	return upright
}

// directory gives the entries of the first image file directory, 12 bytes each (TIFF 6.0, section 2).
func directory(tiff []byte, order binary.ByteOrder) []byte {
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return nil
	}
	rest := tiff[at+2:]
	return rest[:min(len(rest), 12*int(order.Uint16(tiff[at:])))]
}

// exif gives the TIFF structure in the first APP1 segment marked Exif, or nothing. It walks the segments before the
// first scan, each once.
func exif(file []byte) []byte {
	if !bytes.HasPrefix(file, []byte("\xff\xd8")) {
		return nil
	}
	for file = file[2:]; len(file) >= 4 && file[0] == 0xff; {
		marker, length := file[1], int(binary.BigEndian.Uint16(file[2:]))
		if marker == 0xff { // a fill byte
			file = file[1:]
			continue
		}
		if marker == 0xda || length < 2 || length+2 > len(file) {
			return nil
		}
		body, found := bytes.CutPrefix(file[4:2+length], []byte("Exif\x00\x00"))
		if marker == 0xe1 && found {
			return body
		}
		file = file[2+length:]
	}
	return nil
}
