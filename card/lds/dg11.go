package lds

import (
	"fmt"

	"github.com/cancuoc/cancuoc/card/tlv"
)

// DG11 is the content of EF.DG11: additional details of the holder, all of them optional. Texts are in UTF-8, of at most
// 99 bytes unless noted; '<' separates the parts of names and places as in the machine readable zone (Doc 9303-10,
// section 4.7.11).
type DG11 struct {
	Name            string   // in national characters
	OtherNames      []string // at most 255
	PersonalNumber  string
	DateOfBirth     Date
	PlaceOfBirth    string
	Address         string
	Telephone       string
	Profession      string
	Title           string
	Summary         string // personal summary
	Citizenship     []byte // proof of citizenship: an image
	TravelDocuments string // numbers of other valid travel documents
	Custody         string // custody information, at most 999 bytes

	// TagList is the tag list where it is not simply that of the elements that are there: in another order, say, or with
	// an element that has no value. It is nil for the plain one.
	TagList []uint32
}

// elements are the data elements in the order of Doc 9303-10, table 71.
func (d *DG11) elements() []element {
	return []element{
		{tag: 0x5F0E, limit: shortText, field: &d.Name},
		{tag: tagNames, limit: shortText, field: &d.OtherNames, inner: 0x5F0F},
		{tag: 0x5F10, limit: shortText, field: &d.PersonalNumber},
		{tag: 0x5F2B, limit: dateDigits, field: &d.DateOfBirth},
		{tag: 0x5F11, limit: shortText, field: &d.PlaceOfBirth},
		{tag: 0x5F42, limit: shortText, field: &d.Address},
		{tag: 0x5F12, limit: shortText, field: &d.Telephone},
		{tag: 0x5F13, limit: shortText, field: &d.Profession},
		{tag: 0x5F14, limit: shortText, field: &d.Title},
		{tag: 0x5F15, limit: shortText, field: &d.Summary},
		{tag: 0x5F16, field: &d.Citizenship},
		{tag: 0x5F17, limit: shortText, field: &d.TravelDocuments},
		{tag: 0x5F18, limit: longText, field: &d.Custody},
	}
}

// EncodeDG11 gives EF.DG11 (Doc 9303-10, section 4.7.11). Elements without a value are left out.
func EncodeDG11(d DG11) ([]byte, error) {
	file, err := encodeListed(0x6B, d.elements(), d.TagList)
	if err != nil {
		return nil, fmt.Errorf("lds: EF.DG11: %w", err)
	}
	return file, nil
}

// ParseDG11 reads EF.DG11. The image is a slice of file.
func ParseDG11(file []byte) (DG11, error) {
	var d DG11
	value, err := tlv.ParseOne(file, 0x6B)
	if err == nil {
		d.TagList, err = parseListed(value, d.elements())
	}
	if err != nil {
		return DG11{}, fmt.Errorf("lds: EF.DG11: %w", err)
	}
	return d, nil
}
