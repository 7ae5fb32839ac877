package lds

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/cancuoc/cancuoc/card/tlv"
)

const (
	kindFinger   = 0x08   // biometric type: fingerprint
	formatFinger = 0x0007 // format type: ISO/IEC 19794-4

	fingerRecordSize = 32      // general record header, ISO/IEC 19794-4:2005, clause 7.1
	fingerHeaderSize = 14      // finger image header, clause 7.2
	maxImages        = 1 << 24 // bytes of all images of a file
)

// FingerPosition is the finger position of ISO/IEC 19794-4:2005, clause 7.2.2, as far as it names one finger.
type FingerPosition byte

// The fingers.
const (
	UnknownFinger   FingerPosition = 0
	RightThumb      FingerPosition = 1
	RightIndex      FingerPosition = 2
	RightMiddle     FingerPosition = 3
	RightRing       FingerPosition = 4
	RightLittle     FingerPosition = 5
	LeftThumb       FingerPosition = 6
	LeftIndex       FingerPosition = 7
	LeftMiddle      FingerPosition = 8
	LeftRing        FingerPosition = 9
	LeftLittle      FingerPosition = 10
	PlainRightThumb FingerPosition = 11
	PlainLeftThumb  FingerPosition = 12
)

// String names the finger as records do: "right-index".
func (p FingerPosition) String() string {
	if p > PlainLeftThumb {
		return fmt.Sprintf("finger position %d", byte(p))
	}
	return [...]string{"unknown", "right-thumb", "right-index", "right-middle", "right-ring", "right-little", "left-thumb",
		"left-index", "left-middle", "left-ring", "left-little", "plain-right-thumb", "plain-left-thumb"}[p]
}

// subtype gives the biometric sub-type of a finger (Doc 9303-10, section 4.7.3.2.1).
func (p FingerPosition) subtype() byte {
	return [...]byte{0x00, 0x05, 0x09, 0x0D, 0x11, 0x15, 0x06, 0x0A, 0x0E, 0x12, 0x16, 0x05, 0x06}[p]
}

// FingerCompression is the image compression algorithm of ISO/IEC 19794-4:2005, clause 7.1.13.
type FingerCompression byte

// The compression algorithms.
const (
	FingerUncompressed FingerCompression = 0 // each pixel in bytes of its own
	FingerPacked       FingerCompression = 1 // uncompressed, pixels without a gap
	FingerWSQ          FingerCompression = 2
	FingerJPEG         FingerCompression = 3
	FingerJPEG2000     FingerCompression = 4
	FingerPNG          FingerCompression = 5
)

// String names the algorithm.
func (c FingerCompression) String() string {
	if c > FingerPNG {
		return fmt.Sprintf("image compression algorithm %d", byte(c))
	}
	return [...]string{"uncompressed image", "packed image", "WSQ", "JPEG", "JPEG 2000", "PNG"}[c]
}

// ImpressionType is how the finger met the sensor: ISO/IEC 19794-4:2005, clause 7.2.6.
type ImpressionType byte

// The impression types that enrolment knows.
const (
	LiveScanPlain  ImpressionType = 0
	LiveScanRolled ImpressionType = 1
)

// QualityUndefined stands for a quality that nobody measured.
const QualityUndefined = 254

// Finger is one finger of EF.DG3: a biometric information template that holds one image.
type Finger struct {
	Image         []byte // the image file, or the pixels row by row
	Compression   FingerCompression
	Position      FingerPosition
	Width, Height int // pixels
	Impression    ImpressionType
	Quality       byte // 0 to 100, or [QualityUndefined]
	Capture       Capture
	Header        BiometricHeader // nil for the plain one: type, sub-type, format owner, format type
}

// Capture is what a finger image record says of the way in which its image was taken. The zero value stands for what
// enrolment devices do: 500 pixels per inch, eight bits each, acquisition level 31.
type Capture struct {
	Device         uint16 // 0 for unspecified
	Level          uint16 // image acquisition level, ISO/IEC 19794-4:2005, clause 7.1.5
	Units          byte   // of the resolutions: 1 for pixels per inch, 2 for pixels per centimetre
	ScanX, ScanY   uint16 // resolution of the sensor
	ImageX, ImageY uint16 // resolution of the image
	Depth          byte   // bits of a pixel
}

func (c Capture) orUsual() Capture {
	if c == (Capture{}) {
		return Capture{Level: 31, Units: 1, ScanX: 500, ScanY: 500, ImageX: 500, ImageY: 500, Depth: 8}
	}
	return c
}

// DG3 is the content of EF.DG3: the fingers of the holder, of which a chip may hold none.
type DG3 struct {
	Fingers []Finger

	// IssuerData is for a file without fingers alone, and may be nil there: a random number, say, that keeps the hash
	// of such a file from being the same on every card (Doc 9303-10, section 4.7.3.2.2).
	IssuerData []byte
}

// EncodeDG3 gives EF.DG3, each finger in a biometric information template of its own, in the format of ISO/IEC
// 19794-4:2005 (Doc 9303-10, section 4.7.3).
func EncodeDG3(d DG3) ([]byte, error) {
	if err := d.check(); err != nil {
		return nil, fmt.Errorf("lds: EF.DG3: %w", err)
	}
	return d.encode(), nil
}

func (d DG3) encode() []byte {
	var templates []biometricTemplate
	for _, f := range d.Fingers {
		header := f.Header.orPlain(f.plainHeader())
		templates = append(templates, biometricTemplate{header, tagBiometricData, f.record()})
	}
	return tlv.Encode(0x63, encodeBiometrics(templates, d.IssuerData))
}

func (d DG3) check() error {
	if len(d.Fingers) > maxFingers {
		return fmt.Errorf("%d fingers cannot be counted in its one byte", len(d.Fingers))
	}
	if len(d.Fingers) > 0 && d.IssuerData != nil {
		return fmt.Errorf("issuer data stands beside fingers")
	}
	size := 0
	for i, f := range d.Fingers {
		if err := f.check(); err != nil {
			return fmt.Errorf("finger %d: %w", i+1, err)
		}
		if size += len(f.Image); size > maxImages {
			return fmt.Errorf("images of more than %d bytes fit no chip", maxImages)
		}
	}
	return nil
}

func (f Finger) check() error {
	c := f.Capture.orUsual()
	switch {
	case f.Position > PlainLeftThumb:
		return fmt.Errorf("%v is that of no single finger", f.Position)
	case f.Width < 1 || f.Width > 0xFFFF || f.Height < 1 || f.Height > 0xFFFF:
		return fmt.Errorf("%d x %d pixels cannot be written", f.Width, f.Height)
	case c.Units != 1 && c.Units != 2:
		return fmt.Errorf("scale units %d are none of ISO/IEC 19794-4", c.Units)
	case c.Depth < 1 || c.Depth > 16:
		return fmt.Errorf("a pixel depth of %d is none of ISO/IEC 19794-4", c.Depth)
	}
	if err := f.checkImage(int64(c.Depth+7) / 8); err != nil {
		return err
	}
	if f.Header == nil {
		return nil
	}
	return f.checkHeader()
}

// checkImage looks at the first bytes of an image file, and at the size of an image that is none.
func (f Finger) checkImage(bytesPerPixel int64) error {
	is := false
	switch f.Compression {
	case FingerUncompressed:
		is = int64(len(f.Image)) == int64(f.Width)*int64(f.Height)*bytesPerPixel
	case FingerPacked:
		is = len(f.Image) > 0
	case FingerWSQ:
		is = bytes.HasPrefix(f.Image, []byte(magicWSQ))
	case FingerJPEG:
		is = isJPEG(f.Image)
	case FingerJPEG2000:
		is = isJPEG2000(f.Image)
	case FingerPNG:
		is = bytes.HasPrefix(f.Image, []byte(magicPNG))
	}
	if !is {
		return fmt.Errorf("the image is not the %v that it is said to be", f.Compression)
	}
	return nil
}

// plainHeader gives the biometric header of one who says no more than he must (Doc 9303-10, table 51).
func (f Finger) plainHeader() BiometricHeader {
	return newBiometricHeader(kindFinger, f.Position.subtype(), formatFinger)
}

// checkHeader demands of a header that it describes a fingerprint of this finger; the sub-type is required here, and may
// say that it gives no information (Doc 9303-10, section 4.7.3.2.1).
func (f Finger) checkHeader() error {
	if err := f.Header.check(); err != nil {
		return err
	}
	if _, there := tlv.Find(f.Header, 0x82); !there {
		return fmt.Errorf("the biometric header lacks a sub-type")
	}
	for _, o := range f.Header {
		switch v := o.Value; {
		case o.Tag == 0x81 && !bytes.Equal(v, []byte{0, 0, kindFinger}[3-len(v):]):
			return fmt.Errorf("the biometric type is not that of a fingerprint")
		case o.Tag == 0x82 && v[0] != 0 && v[0] != f.Position.subtype() && f.Position != UnknownFinger:
			return fmt.Errorf("the biometric sub-type names another finger than the image's record")
		case o.Tag == 0x87 && !bytes.Equal(v, []byte{0x01, 0x01}):
			return fmt.Errorf("the format owner is not ISO/IEC JTC 1/SC 37")
		case o.Tag == 0x88 && !bytes.Equal(v, []byte{0x00, formatFinger}):
			return fmt.Errorf("the format type is not ISO/IEC 19794-4")
		}
	}
	return nil
}

// record writes the finger image record of ISO/IEC 19794-4:2005, clause 7, with one view of one finger: general record
// header, finger image header, image.
func (f Finger) record() []byte {
	c := f.Capture.orUsual()
	block := fingerHeaderSize + len(f.Image)
	b := make([]byte, 0, fingerRecordSize+block)
	b = append(b, "FIR\x00010\x00\x00\x00"...) // the length after it has six bytes
	b = binary.BigEndian.AppendUint32(b, uint32(fingerRecordSize+block))
	b = binary.BigEndian.AppendUint16(b, c.Device)
	b = binary.BigEndian.AppendUint16(b, c.Level)
	b = append(b, 1, c.Units) // one finger
	for _, resolution := range []uint16{c.ScanX, c.ScanY, c.ImageX, c.ImageY} {
		b = binary.BigEndian.AppendUint16(b, resolution)
	}
	b = append(b, c.Depth, byte(f.Compression), 0, 0)
	b = binary.BigEndian.AppendUint32(b, uint32(block))
	b = append(b, byte(f.Position), 1, 1, f.Quality, byte(f.Impression)) // one view, the first
	b = binary.BigEndian.AppendUint16(b, uint16(f.Width))
	b = binary.BigEndian.AppendUint16(b, uint16(f.Height))
	return append(append(b, 0), f.Image...)
}
