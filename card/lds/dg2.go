package lds

import (
	"fmt"

	"github.com/cancuoc/cancuoc/card/tlv"
)

const (
	kindFace     = 0x02   // biometric type: facial features
	formatFace   = 0x0008 // format type: ISO/IEC 19794-5
	formatFace39 = 0x002A // format type: ISO/IEC 39794-5
)

// FaceRecord is one biometric information template of EF.DG2. It holds either faces of ISO/IEC 19794-5:2005, of which
// one record may have many, or a face image data block of ISO/IEC 39794-5.
type FaceRecord struct {
	Header BiometricHeader // nil for the plain one: type, sub-type, format owner, format type
	Faces  []Face
	Block  *FaceImageData // instead of Faces
}

// EncodeDG2 gives EF.DG2 with one facial image in the format of ISO/IEC 19794-5:2005 in one biometric information
// template (Doc 9303-10, section 4.7.2.1). Where the face has no feature points, the image begins at byte 84 of the
// file when the file is longer than 255 and shorter than 65,536 bytes. A face that states no colour space is written
// as one in 24-bit RGB.
func EncodeDG2(face Face) ([]byte, error) {
	if err := face.check(); err != nil {
		return nil, err
	}
	if face.ColourSpace == ColourUnspecified {
		face.ColourSpace = RGB24
	}
	return EncodeDG2Records([]FaceRecord{{Faces: []Face{face}}})
}

// EncodeDG2Records gives EF.DG2 with one to nine biometric information templates (Doc 9303-10, section 4.7.2.1 and table
// 45), the most recent face first. It is the reverse of [ParseDG2Records] and writes again what a card has, also an
// image that is none: an issuer looks at each with [ImageSize] before.
func EncodeDG2Records(records []FaceRecord) ([]byte, error) {
	if err := checkRecordCount(len(records)); err != nil {
		return nil, fmt.Errorf("lds: EF.DG2: %w", err)
	}
	var templates []biometricTemplate
	for i, r := range records {
		t, err := r.template()
		if err != nil {
			return nil, fmt.Errorf("lds: EF.DG2: biometric encoding %d: %w", i+1, err)
		}
		templates = append(templates, t)
	}
	return tlv.Encode(0x75, encodeBiometrics(templates, nil)), nil
}

// checkRecordCount holds the number of encodings against Doc 9303-10, table 45: unlike EF.DG3 and EF.DG4, EF.DG2 is
// never without one.
func checkRecordCount(n int) error {
	if n < 1 || n > maxBiometrics {
		return fmt.Errorf("%d biometric encodings are not 1 to %d", n, maxBiometrics)
	}
	return nil
}

func (r FaceRecord) template() (t biometricTemplate, err error) {
	switch {
	case r.Block != nil && len(r.Faces) > 0:
		return t, fmt.Errorf("it is of ISO/IEC 19794-5 and of ISO/IEC 39794-5 at once")
	case r.Block != nil:
		t.tag = tagBiometricData39
		t.data, err = r.Block.encode()
	default:
		t.tag = tagBiometricData
		t.data, err = encodeFacialRecord(r.Faces)
	}
	if err != nil {
		return t, err
	}
	t.header = r.Header.orPlain(plainFaceHeader(t.tag))
	return t, t.header.check()
}

func plainFaceHeader(tag uint32) BiometricHeader {
	if tag == tagBiometricData39 {
		return newBiometricHeader(kindFace, 0, formatFace39)
	}
	return newBiometricHeader(kindFace, 0, formatFace)
}

// ParseDG2 reads EF.DG2 and gives its faces of both formats, the most recent first. Images are slices of file, and are
// not decoded: whoever decodes one holds [ImageSize] against its own limits before.
func ParseDG2(file []byte) ([]Face, error) {
	records, err := ParseDG2Records(file)
	if err != nil {
		return nil, err
	}
	var faces []Face
	for _, r := range records {
		faces = append(faces, r.Faces...)
		if r.Block != nil {
			faces = append(faces, r.Block.faces()...)
		}
	}
	return faces, nil
}

// ParseDG2Records reads EF.DG2 with all that its headers say. Images are slices of file.
func ParseDG2Records(file []byte) ([]FaceRecord, error) {
	records, err := parseDG2(file)
	if err != nil {
		return nil, fmt.Errorf("lds: EF.DG2: %w", err)
	}
	return records, nil
}

func parseDG2(file []byte) ([]FaceRecord, error) {
	value, err := tlv.ParseOne(file, 0x75)
	if err != nil {
		return nil, err
	}
	templates, issuerData, err := parseBiometrics(value, maxBiometrics)
	if err != nil {
		return nil, err
	}
	if issuerData != nil {
		return nil, fmt.Errorf("object %X has no place in it", tagDiscretionary)
	}
	if err := checkRecordCount(len(templates)); err != nil {
		return nil, err
	}
	var records []FaceRecord
	for _, t := range templates {
		r, err := t.faceRecord()
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, nil
}

func (t biometricTemplate) faceRecord() (r FaceRecord, err error) {
	r.Header = t.header.unlessPlain(plainFaceHeader(t.tag))
	if t.tag == tagBiometricData39 {
		r.Block, err = parseFaceImageData(t.data)
		return r, err
	}
	r.Faces, err = parseFacialRecord(t.data)
	return r, err
}
