package lds

import (
	"fmt"

	"github.com/cancuoc/cancuoc/card/tlv"
)

// DG12 is the content of EF.DG12: additional details of the document, all of them optional. Texts are in UTF-8, of at
// most 99 bytes (Doc 9303-10, section 4.7.12).
type DG12 struct {
	IssuingAuthority string
	DateOfIssue      Date
	OtherPersons     []string // names of other persons, '<' as in the machine readable zone; at most 255
	Endorsements     string   // endorsements, observations
	TaxExit          string   // tax or exit requirements
	Front, Rear      []byte   // images of the document
	Personalisation  Date     // time of personalisation, YYYYMMDDhhmmss
	SystemSerial     string   // serial number of the personalisation system

	// TagList is the tag list where it is not simply that of the elements that are there, as in [DG11]; nil for the plain
	// one.
	TagList []uint32
	// NoTagList tells that the file has none, which breaks Doc 9303-10, table 73; the sample of EF.DG12 that readers are
	// tested with has none.
	NoTagList bool
}

// elements are the data elements in the order of Doc 9303-10, table 73.
func (d *DG12) elements() []element {
	return []element{
		{tag: 0x5F19, limit: shortText, field: &d.IssuingAuthority},
		{tag: 0x5F26, limit: dateDigits, field: &d.DateOfIssue},
		{tag: tagNames, limit: shortText, field: &d.OtherPersons, inner: 0x5F1A},
		{tag: 0x5F1B, limit: shortText, field: &d.Endorsements},
		{tag: 0x5F1C, limit: shortText, field: &d.TaxExit},
		{tag: 0x5F1D, field: &d.Front},
		{tag: 0x5F1E, field: &d.Rear},
		{tag: 0x5F55, limit: timeDigits, field: &d.Personalisation},
		{tag: 0x5F56, limit: shortText, field: &d.SystemSerial},
	}
}

// EncodeDG12 gives EF.DG12 (Doc 9303-10, section 4.7.12). Elements without a value are left out.
func EncodeDG12(d DG12) ([]byte, error) {
	file, err := d.encode()
	if err != nil {
		return nil, fmt.Errorf("lds: EF.DG12: %w", err)
	}
	return file, nil
}

func (d DG12) encode() ([]byte, error) {
	if !d.NoTagList {
		return encodeListed(0x6C, d.elements(), d.TagList)
	}
	if d.TagList != nil {
		return nil, fmt.Errorf("a tag list where there is none")
	}
	body, _, err := encodeDetails(d.elements(), nil)
	return tlv.Encode(0x6C, body), err
}

// ParseDG12 reads EF.DG12. Images are slices of file.
func ParseDG12(file []byte) (DG12, error) {
	d, err := parseDG12(file)
	if err != nil {
		return DG12{}, fmt.Errorf("lds: EF.DG12: %w", err)
	}
	return d, nil
}

func parseDG12(file []byte) (d DG12, err error) {
	value, err := tlv.ParseOne(file, 0x6C)
	if err != nil {
		return DG12{}, err
	}
	if len(value) > 0 && value[0] == tagTagList {
		d.TagList, err = parseListed(value, d.elements())
		return d, err
	}
	d.NoTagList = true
	_, err = parseDetails(value, d.elements(), nil)
	return d, err
}
