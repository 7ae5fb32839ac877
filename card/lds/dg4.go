package lds

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/crypto/cryptobyte"

	"github.com/cancuoc/cancuoc/card/tlv"
)

const (
	kindIris     = 0x10   // biometric type: iris
	formatIris   = 0x0009 // format type: ISO/IEC 19794-6
	formatIris39 = 0x002B // format type: ISO/IEC 39794-6

	tagIrisImageData = 0x66 // [APPLICATION 6]: Doc 9303-10, section 4.5.6, table 3

	irisHeaderSize = 45               // iris record header, ISO/IEC 19794-6:2005, 6.5.1
	irisMagic      = "IIR\x00010\x00" // format identifier and version
)

// Eye is the biometric sub-type of an iris (Doc 9303-10, section 4.7.4.2.1).
type Eye byte

// The eyes.
const (
	EyeUnknown Eye = 0
	EyeRight   Eye = 1
	EyeLeft    Eye = 2
)

// Iris is one iris of EF.DG4: a biometric information template.
type Iris struct {
	Eye    Eye
	Header BiometricHeader // nil for the plain one: type, sub-type, format owner, format type

	// Record is the iris image record of ISO/IEC 19794-6:2005, of which [ParseIrisRecord] reads the header; or, where
	// Extensible, the iris image data block of ISO/IEC 39794-6 in DER, without the tag A1 around it.
	Record     []byte
	Extensible bool
}

// DG4 is the content of EF.DG4: the irises of the holder, of which a chip may hold none.
type DG4 struct {
	Irises []Iris

	// IssuerData is for a file without irises alone, and may be nil there: a random number, say, that keeps the hash of
	// such a file from being the same on every card (Doc 9303-10, section 4.7.4.2.2).
	IssuerData []byte
}

// EncodeDG4 gives EF.DG4, each iris in a biometric information template of its own (Doc 9303-10, section 4.7.4).
func EncodeDG4(d DG4) ([]byte, error) {
	if len(d.Irises) > maxBiometrics || len(d.Irises) > 0 && d.IssuerData != nil {
		return nil, fmt.Errorf("lds: EF.DG4: it has at most %d irises, or none and issuer data", maxBiometrics)
	}
	var templates []biometricTemplate
	for i, iris := range d.Irises {
		t, err := iris.template()
		if err != nil {
			return nil, fmt.Errorf("lds: EF.DG4: iris %d: %w", i+1, err)
		}
		templates = append(templates, t)
	}
	return tlv.Encode(0x76, encodeBiometrics(templates, d.IssuerData)), nil
}

func (i Iris) template() (biometricTemplate, error) {
	t := biometricTemplate{tag: tagBiometricData, data: i.Record}
	if i.Extensible {
		t = biometricTemplate{tag: tagBiometricData39, data: tlv.Encode(tagStandardFormat, i.Record)}
	}
	t.header = i.Header.orPlain(i.plainHeader())
	return t, i.check(t.header)
}

func (i Iris) plainHeader() BiometricHeader {
	if i.Extensible {
		return newBiometricHeader(kindIris, byte(i.Eye), formatIris39)
	}
	return newBiometricHeader(kindIris, byte(i.Eye), formatIris)
}

// check demands the sub-type, which Doc 9303-10, table 54, requires, and holds the record to its header.
func (i Iris) check(header BiometricHeader) error {
	if err := header.check(); err != nil {
		return err
	}
	subtype, ok := tlv.Find(header, 0x82)
	if !ok || subtype.Value[0] != byte(i.Eye) {
		return fmt.Errorf("the biometric header lacks the sub-type, or names another eye")
	}
	if len(i.Record) > maxBiometric {
		return fmt.Errorf("an iris of more than %d bytes fits no chip", maxBiometric)
	}
	if i.Extensible {
		return checkIrisImageData(i.Record)
	}
	_, err := ParseIrisRecord(i.Record)
	return err
}

func checkIrisImageData(block []byte) error {
	in := cryptobyte.String(block)
	var data cryptobyte.String
	if !in.ReadASN1(&data, tagIrisImageData) || !in.Empty() || !isDER(data, maxDepth) {
		return fmt.Errorf("the biometric data is no iris image data block of ISO/IEC 39794-6 in DER")
	}
	return nil
}

// ParseDG4 reads EF.DG4. Records are slices of file; no image is looked at.
func ParseDG4(file []byte) (DG4, error) {
	d, err := parseDG4(file)
	if err != nil {
		return DG4{}, fmt.Errorf("lds: EF.DG4: %w", err)
	}
	return d, nil
}

func parseDG4(file []byte) (d DG4, err error) {
	value, err := tlv.ParseOne(file, 0x76)
	if err != nil {
		return DG4{}, err
	}
	templates, issuerData, err := parseBiometrics(value, maxBiometrics)
	if err != nil {
		return DG4{}, err
	}
	d.IssuerData = issuerData
	for _, t := range templates {
		iris, err := t.iris()
		if err != nil {
			return DG4{}, err
		}
		d.Irises = append(d.Irises, iris)
	}
	return d, nil
}

func (t biometricTemplate) iris() (i Iris, err error) {
	i.Record = t.data
	if t.tag == tagBiometricData39 {
		in := cryptobyte.String(t.data)
		var block cryptobyte.String
		if !in.ReadASN1(&block, tagStandardFormat) || !in.Empty() {
			return Iris{}, fmt.Errorf("the biometric data is not in a standardised format")
		}
		i.Extensible, i.Record = true, block
	}
	if subtype, ok := tlv.Find(t.header, 0x82); ok {
		i.Eye = Eye(subtype.Value[0])
	}
	if err := i.check(t.header); err != nil {
		return Iris{}, err
	}
	i.Header = t.header.unlessPlain(i.plainHeader())
	return i, nil
}

// IrisRecord is the header of an iris image record of ISO/IEC 19794-6:2005, clause 6.5.1.
type IrisRecord struct {
	Device         uint16 // 0 for unspecified
	Eyes           int    // how many eyes follow: 1 or 2
	Properties     uint16 // image properties bit field
	Diameter       uint16 // of the iris, in pixels
	Format         uint16 // 2 and 4 raw, 6 and 8 JPEG, 14 and 16 JPEG 2000: each in grey and in colour
	Width, Height  int    // of the raw image, in pixels
	Depth          byte   // bits of a pixel
	Transformation byte
	DeviceID       [16]byte
}

// ParseIrisRecord reads the header of an iris image record and holds the length that it announces against the record's.
// What follows it, the images of the eyes, is not looked at.
func ParseIrisRecord(record []byte) (IrisRecord, error) {
	if len(record) < irisHeaderSize || string(record[:8]) != irisMagic {
		return IrisRecord{}, fmt.Errorf("the biometric data is no iris image record of ISO/IEC 19794-6:2005")
	}
	at := func(i int) uint16 { return binary.BigEndian.Uint16(record[i:]) }
	size := binary.BigEndian.Uint32(record[8:])
	switch {
	case uint64(size) != uint64(len(record)):
		return IrisRecord{}, fmt.Errorf("the iris image record announces %d bytes and has %d", size, len(record))
	case at(15) != irisHeaderSize:
		return IrisRecord{}, fmt.Errorf("the header of the iris image record announces %d bytes", at(15))
	case record[14] != 1 && record[14] != 2:
		return IrisRecord{}, fmt.Errorf("the iris image record is of %d eyes", record[14])
	}
	return IrisRecord{
		Device: at(12), Eyes: int(record[14]), Properties: at(17), Diameter: at(19), Format: at(21),
		Width: int(at(23)), Height: int(at(25)), Depth: record[27], Transformation: record[28],
		DeviceID: [16]byte(record[29:irisHeaderSize]),
	}, nil
}
