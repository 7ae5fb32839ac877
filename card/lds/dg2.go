package lds

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/cancuoc/cancuoc/card/tlv"
)

const (
	tagBiometricGroup    = 0x7F61
	tagBiometricTemplate = 0x7F60
	tagBiometricHeader   = 0xA1
	tagBiometricData     = 0x5F2E
	tagBiometricData39   = 0x7F2E // biometric data of the ISO/IEC 39794 series

	facialHeaderSize = 14 // facial record header, ISO/IEC 19794-5, 5.4
	facialInfoSize   = 20 // facial information block, 5.5
	featureSize      = 8  // feature point block, 5.6
	imageInfoSize    = 12 // image information block, 5.7
)

// ImageFormat is the image data type of ISO/IEC 19794-5, table 12.
type ImageFormat byte

// The two formats that ISO/IEC 19794-5 knows.
const (
	JPEG     ImageFormat = 0
	JPEG2000 ImageFormat = 1
)

// ImageType is the face image type of ISO/IEC 19794-5, table 11: how strictly the picture was posed and cut.
type ImageType byte

// The face image types. Doc 9303-9 asks for one of the frontal ones.
const (
	Basic        ImageType = 0
	FullFrontal  ImageType = 1
	TokenFrontal ImageType = 2
)

// Face is one facial image of EF.DG2. Format, Width and Height are what the record's header says, which on cards in
// the field does not always agree with the image itself: whoever decodes the image looks at its own first bytes.
type Face struct {
	Image         []byte // the JPEG or JPEG 2000 file
	Format        ImageFormat
	Type          ImageType
	Width, Height int // pixels
}

// EncodeDG2 gives EF.DG2 with one facial image in the format of ISO/IEC 19794-5:2005, without feature points, in
// one biometric information template (Doc 9303-10, section 4.7.2.1). The image begins at byte 84 of the file when
// the file is longer than 255 and shorter than 65,536 bytes.
func EncodeDG2(face Face) ([]byte, error) {
	if err := face.check(); err != nil {
		return nil, err
	}
	header := tlv.Encode(tagBiometricHeader,
		tlv.Encode(0x81, []byte{0x02}),       // biometric type: facial features
		tlv.Encode(0x82, []byte{0x00}),       // no subtype
		tlv.Encode(0x87, []byte{0x01, 0x01}), // format owner: ISO/IEC JTC 1/SC 37
		tlv.Encode(0x88, []byte{0x00, 0x08})) // format type: ISO/IEC 19794-5
	template := tlv.Encode(tagBiometricTemplate, header, tlv.Encode(tagBiometricData, facialRecord(face)))
	return tlv.Encode(0x75, tlv.Encode(tagBiometricGroup, []byte{0x02, 0x01, 0x01}, template)), nil
}

func (f Face) check() error {
	switch {
	case len(f.Image) == 0:
		return fmt.Errorf("lds: EF.DG2: there is no image")
	case len(f.Image) > 1<<24:
		return fmt.Errorf("lds: EF.DG2: an image of %d bytes fits no chip", len(f.Image))
	case f.Format == JPEG && !bytes.HasPrefix(f.Image, []byte{0xFF, 0xD8, 0xFF}):
		return fmt.Errorf("lds: EF.DG2: the image is not the JPEG that it is said to be")
	case f.Format == JPEG2000 && !isJPEG2000(f.Image):
		return fmt.Errorf("lds: EF.DG2: the image is not the JPEG 2000 that it is said to be")
	case f.Format > JPEG2000 || f.Type > TokenFrontal:
		return fmt.Errorf("lds: EF.DG2: image format %d, type %d is none of ISO/IEC 19794-5", f.Format, f.Type)
	case f.Width < 1 || f.Width > 0xFFFF || f.Height < 1 || f.Height > 0xFFFF:
		return fmt.Errorf("lds: EF.DG2: %d x %d pixels cannot be written", f.Width, f.Height)
	}
	return nil
}

// isJPEG2000 knows the JP2 file (ISO/IEC 15444-1, annex I) and the bare codestream.
func isJPEG2000(image []byte) bool {
	return bytes.HasPrefix(image, []byte("\x00\x00\x00\x0CjP  \r\n\x87\n")) ||
		bytes.HasPrefix(image, []byte{0xFF, 0x4F, 0xFF, 0x51})
}

// facialRecord writes the record of ISO/IEC 19794-5:2005, clause 5, with one image: facial record header, facial
// information, image information, image. Sex, colour of eyes and hair, pose and quality stay unspecified.
func facialRecord(face Face) []byte {
	size := facialHeaderSize + facialInfoSize + imageInfoSize + len(face.Image)
	b := make([]byte, 0, size)
	b = append(b, "FAC\x00010\x00"...)
	b = binary.BigEndian.AppendUint32(b, uint32(size))
	b = binary.BigEndian.AppendUint16(b, 1) // facial images
	b = binary.BigEndian.AppendUint32(b, uint32(size-facialHeaderSize))
	b = append(b, make([]byte, facialInfoSize-4)...)
	b = append(b, byte(face.Type), byte(face.Format))
	b = binary.BigEndian.AppendUint16(b, uint16(face.Width))
	b = binary.BigEndian.AppendUint16(b, uint16(face.Height))
	b = append(b, 0x01, 0x00) // 24-bit RGB, source unspecified
	b = append(b, 0, 0, 0, 0) // device type and quality unspecified
	return append(b, face.Image...)
}

// ParseDG2 reads EF.DG2 and gives its faces, the most recent first. Images are slices of file, and are not decoded.
// Faces of ISO/IEC 39794-5 are refused by name.
func ParseDG2(file []byte) ([]Face, error) {
	faces, err := parseDG2(file)
	if err != nil {
		return nil, fmt.Errorf("lds: EF.DG2: %w", err)
	}
	return faces, nil
}

func parseDG2(file []byte) ([]Face, error) {
	values, err := exactly(file, 0x75, tagBiometricGroup)
	if err != nil {
		return nil, err
	}
	count, rest, err := take(values[0], 0x02)
	if err != nil {
		return nil, err
	}
	if len(count) != 1 || count[0] < 1 || count[0] > 9 {
		return nil, fmt.Errorf("the number of biometric encodings is not 1 to 9")
	}
	var faces []Face
	for range count[0] {
		var template []byte
		if template, rest, err = take(rest, tagBiometricTemplate); err != nil {
			return nil, err
		}
		found, err := parseTemplate(template)
		if err != nil {
			return nil, err
		}
		faces = append(faces, found...)
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%d bytes follow the last biometric encoding", len(rest))
	}
	return faces, nil
}

func parseTemplate(template []byte) ([]Face, error) {
	header, rest, err := take(template, tagBiometricHeader)
	if err != nil {
		return nil, err
	}
	if err := checkBiometricHeader(header); err != nil {
		return nil, err
	}
	if o, _, err := tlv.Next(rest); err == nil && o.Tag == tagBiometricData39 {
		return nil, fmt.Errorf("faces of ISO/IEC 39794-5 are not supported yet")
	}
	record, rest, err := take(rest, tagBiometricData)
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%d bytes follow the biometric data", len(rest))
	}
	return parseFacialRecord(record)
}

// checkBiometricHeader demands format owner and type, which Doc 9303-10, table 44, requires; what type they name is
// settled by the biometric data's own tag and magic.
func checkBiometricHeader(header []byte) error {
	objects, err := tlv.Parse(header)
	if err != nil {
		return err
	}
	owner, ok1 := tlv.Find(objects, 0x87)
	kind, ok2 := tlv.Find(objects, 0x88)
	if !ok1 || !ok2 || len(owner.Value) != 2 || len(kind.Value) != 2 {
		return fmt.Errorf("the biometric header lacks format owner or format type")
	}
	return nil
}

func parseFacialRecord(b []byte) ([]Face, error) {
	if len(b) < facialHeaderSize || string(b[:8]) != "FAC\x00010\x00" {
		return nil, fmt.Errorf("the biometric data is no facial record of ISO/IEC 19794-5:2005")
	}
	if size := binary.BigEndian.Uint32(b[8:]); uint64(size) != uint64(len(b)) {
		return nil, fmt.Errorf("the facial record announces %d bytes and has %d", size, len(b))
	}
	count, rest := binary.BigEndian.Uint16(b[12:]), b[facialHeaderSize:]
	if count == 0 {
		return nil, fmt.Errorf("the facial record holds no image")
	}
	var faces []Face
	for range count {
		face, after, err := parseFacialData(rest)
		if err != nil {
			return nil, err
		}
		faces, rest = append(faces, face), after
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%d bytes follow the last facial image", len(rest))
	}
	return faces, nil
}

func parseFacialData(b []byte) (face Face, rest []byte, err error) {
	if len(b) < facialInfoSize+imageInfoSize {
		return Face{}, nil, fmt.Errorf("the facial record ends inside a facial information block")
	}
	size := binary.BigEndian.Uint32(b)
	start := uint64(facialInfoSize) + featureSize*uint64(binary.BigEndian.Uint16(b[4:])) + imageInfoSize
	if uint64(size) > uint64(len(b)) || uint64(size) <= start {
		return Face{}, nil, fmt.Errorf("a facial image announces %d bytes where %d are left", size, len(b))
	}
	info := b[start-imageInfoSize:]
	face = Face{
		Type: ImageType(info[0]), Format: ImageFormat(info[1]),
		Width: int(binary.BigEndian.Uint16(info[2:])), Height: int(binary.BigEndian.Uint16(info[4:])),
		Image: b[start:size:size],
	}
	if face.Format > JPEG2000 {
		return Face{}, nil, fmt.Errorf("image data type %d is none of ISO/IEC 19794-5", face.Format)
	}
	return face, b[size:], nil
}
