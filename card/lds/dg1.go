package lds

import (
	"fmt"
	"strings"

	"github.com/cancuoc/cancuoc/card/tlv"
)

const (
	tagMRZ  = 0x5F1F
	lineTD1 = 30
)

// EncodeDG1 gives EF.DG1 of a TD1 document from the three lines of its machine readable zone, 30 characters each
// (Doc 9303-10, section 4.7.1.1).
func EncodeDG1(lines [3]string) ([]byte, error) {
	for i, line := range lines {
		if len(line) != lineTD1 || !isMRZ(line) {
			return nil, fmt.Errorf("lds: EF.DG1: line %d is not 30 characters of A-Z, 0-9 and <", i+1)
		}
	}
	return EncodeZone(strings.Join(lines[:], ""))
}

// ParseDG1 reads EF.DG1 of a TD1 document and gives the three lines. Their check digits are not looked at: package
// mrz does that.
func ParseDG1(file []byte) ([3]string, error) {
	zone, err := ParseZone(file)
	if err != nil {
		return [3]string{}, err
	}
	if len(zone) != 3*lineTD1 {
		return [3]string{}, fmt.Errorf("lds: EF.DG1: the zone has %d characters; that of a card (TD1) has 90", len(zone))
	}
	return [3]string{zone[:30], zone[30:60], zone[60:]}, nil
}

// EncodeZone gives EF.DG1 of a document of any size from its machine readable zone, the lines one after another: three of
// 30 characters (TD1), two of 36 (TD2) or two of 44 (TD3).
func EncodeZone(zone string) ([]byte, error) {
	if err := checkZone(zone); err != nil {
		return nil, err
	}
	return tlv.Encode(0x61, tlv.Encode(tagMRZ, []byte(zone))), nil
}

// ParseZone reads EF.DG1 of a document of any size.
func ParseZone(file []byte) (string, error) {
	values, err := exactly(file, 0x61, tagMRZ)
	if err != nil {
		return "", fmt.Errorf("lds: EF.DG1: %w", err)
	}
	zone := string(values[0])
	return zone, checkZone(zone)
}

func checkZone(zone string) error {
	switch len(zone) {
	case 3 * 30, 2 * 36, 2 * 44:
	default:
		return fmt.Errorf("lds: EF.DG1: the zone has %d characters, which is that of no document", len(zone))
	}
	if !isMRZ(zone) {
		return fmt.Errorf("lds: EF.DG1: the zone has characters other than A-Z, 0-9 and <")
	}
	return nil
}

func isMRZ(s string) bool {
	for _, c := range []byte(s) {
		if !(c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '<') {
			return false
		}
	}
	return true
}
