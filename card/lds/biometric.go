package lds

import (
	"bytes"
	"fmt"

	"github.com/cancuoc/cancuoc/card/tlv"
)

const (
	tagBiometricGroup    = 0x7F61
	tagBiometricTemplate = 0x7F60
	tagBiometricHeader   = 0xA1
	tagBiometricData     = 0x5F2E
	tagBiometricData39   = 0x7F2E // biometric data of the ISO/IEC 39794 series
	tagDiscretionary     = 0x53

	maxBiometrics = 9       // encodings in EF.DG2 and EF.DG4: Doc 9303-10, tables 45 and 55
	maxFingers    = 0x7F    // and in EF.DG3, whose number has a byte
	maxBiometric  = 1 << 24 // bytes of one encoding: no chip holds more
)

// BiometricHeader is the biometric header template of one encoding: the objects of Doc 9303-10, table 44, in the order
// of the file. Objects beyond the table are kept.
type BiometricHeader []tlv.Object

// newBiometricHeader gives the four objects that Doc 9303-10, table 51, has.
func newBiometricHeader(kind, subtype byte, format uint16) BiometricHeader {
	return BiometricHeader{
		{Tag: 0x81, Value: []byte{kind}},
		{Tag: 0x82, Value: []byte{subtype}},
		{Tag: 0x87, Value: []byte{0x01, 0x01}}, // format owner: ISO/IEC JTC 1/SC 37
		{Tag: 0x88, Value: []byte{byte(format >> 8), byte(format)}},
	}
}

// orPlain gives the header, or the plain one where there is none.
func (h BiometricHeader) orPlain(plain BiometricHeader) BiometricHeader {
	if h == nil {
		return plain
	}
	return h
}

// unlessPlain gives the header, or none where it is the plain one: the reverse of orPlain.
func (h BiometricHeader) unlessPlain(plain BiometricHeader) BiometricHeader {
	if bytes.Equal(encodeObjects(h), encodeObjects(plain)) {
		return nil
	}
	return h
}

// check demands format owner and format type, which Doc 9303-10, table 44, requires, each object once, and the lengths
// of that table. Which format the data has is settled by the data's own tag and first bytes.
func (h BiometricHeader) check() error {
	seen := map[uint32]bool{}
	for _, o := range h {
		if o.Tag < 0x80 || o.Tag > 0xBE || o.Tag&0x1F == 0x1F {
			return fmt.Errorf("object %X has no place in a biometric header", o.Tag)
		}
		if seen[o.Tag] {
			return fmt.Errorf("object %X stands twice in a biometric header", o.Tag)
		}
		seen[o.Tag] = true
		if least, most := headerLengths(o.Tag); len(o.Value) < least || len(o.Value) > most {
			return fmt.Errorf("object %X of a biometric header has %d bytes", o.Tag, len(o.Value))
		}
	}
	if !seen[0x87] || !seen[0x88] {
		return fmt.Errorf("the biometric header lacks format owner or format type")
	}
	return nil
}

// headerLengths gives how long an object of a biometric header may be (Doc 9303-10, table 44).
func headerLengths(tag uint32) (least, most int) {
	switch tag {
	case 0x80, 0x87, 0x88: // header version, format owner, format type
		return 2, 2
	case 0x81: // biometric type
		return 1, 3
	case 0x82: // biometric sub-type
		return 1, 1
	case 0x83: // creation date and time
		return 7, 7
	case 0x85: // validity period
		return 8, 8
	case 0x86: // creator
		return 4, 4
	}
	return 0, maxBiometric
}

// biometricTemplate is one biometric information template: a header, and data under one of two tags.
type biometricTemplate struct {
	header BiometricHeader
	tag    uint32 // tagBiometricData or tagBiometricData39
	data   []byte
}

func (t biometricTemplate) encode() []byte {
	header := tlv.Encode(tagBiometricHeader, encodeObjects(t.header))
	return tlv.Encode(tagBiometricTemplate, header, tlv.Encode(t.tag, t.data))
}

// encodeBiometrics gives the value of EF.DG2, EF.DG3 or EF.DG4: the group template with its nested templates, and behind
// it what the issuer put beside an empty one; nil for nothing (Doc 9303-10, sections 4.7.2.1 and 4.7.4.2.2).
func encodeBiometrics(templates []biometricTemplate, issuerData []byte) []byte {
	group := []byte{0x02, 0x01, byte(len(templates))}
	for _, t := range templates {
		group = append(group, t.encode()...)
	}
	value := tlv.Encode(tagBiometricGroup, group)
	if issuerData != nil {
		value = append(value, tlv.Encode(tagDiscretionary, issuerData)...)
	}
	return value
}

// parseBiometrics reads what encodeBiometrics gives, of at most so many templates. Issuer data stands beside an empty
// group alone. Lengths may be in more bytes than they need, as ISO/IEC 7816-4 allows; what is written again has the
// fewest.
func parseBiometrics(value []byte, most int) (templates []biometricTemplate, issuerData []byte, err error) {
	group, rest, err := take(value, tagBiometricGroup)
	if err != nil {
		return nil, nil, err
	}
	if templates, err = parseBiometricGroup(group, most); err != nil {
		return nil, nil, err
	}
	if len(rest) > 0 && len(templates) > 0 {
		return nil, nil, fmt.Errorf("%d bytes follow the biometric information group", len(rest))
	}
	if len(rest) > 0 {
		if issuerData, err = tlv.ParseOne(rest, tagDiscretionary); err != nil {
			return nil, nil, err
		}
	}
	return templates, issuerData, nil
}

func parseBiometricGroup(group []byte, most int) ([]biometricTemplate, error) {
	count, rest, err := take(group, 0x02)
	if err != nil {
		return nil, err
	}
	if len(count) != 1 || int(count[0]) > most {
		return nil, fmt.Errorf("the number of biometric encodings is not 0 to %d", most)
	}
	var templates []biometricTemplate
	for range count[0] {
		var value []byte
		if value, rest, err = take(rest, tagBiometricTemplate); err != nil {
			return nil, err
		}
		t, err := parseBiometricTemplate(value)
		if err != nil {
			return nil, err
		}
		templates = append(templates, t)
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%d bytes follow the last biometric encoding", len(rest))
	}
	return templates, nil
}

func parseBiometricTemplate(value []byte) (biometricTemplate, error) {
	header, rest, err := take(value, tagBiometricHeader)
	if err != nil {
		return biometricTemplate{}, err
	}
	objects, err := tlv.Parse(header)
	if err != nil {
		return biometricTemplate{}, err
	}
	data, rest, err := tlv.Next(rest)
	switch {
	case err != nil:
		return biometricTemplate{}, err
	case data.Tag != tagBiometricData && data.Tag != tagBiometricData39:
		return biometricTemplate{}, fmt.Errorf("object %X found where biometric data is due", data.Tag)
	case len(rest) > 0:
		return biometricTemplate{}, fmt.Errorf("%d bytes follow the biometric data", len(rest))
	}
	return biometricTemplate{objects, data.Tag, data.Value}, BiometricHeader(objects).check()
}

// encodeObjects gives data objects one after another.
func encodeObjects(objects []tlv.Object) []byte {
	var b []byte
	for _, o := range objects {
		b = append(b, o.Bytes()...)
	}
	return b
}
