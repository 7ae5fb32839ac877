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
	zone := strings.Join(lines[:], "")
	return tlv.Encode(0x61, tlv.Encode(tagMRZ, []byte(zone))), nil
}

// ParseDG1 reads EF.DG1 of a TD1 document and gives the three lines. Their check digits are not looked at: package
// mrz does that.
func ParseDG1(file []byte) ([3]string, error) {
	values, err := exactly(file, 0x61, tagMRZ)
	if err != nil {
		return [3]string{}, fmt.Errorf("lds: EF.DG1: %w", err)
	}
	zone := string(values[0])
	if len(zone) != 3*lineTD1 {
		return [3]string{}, fmt.Errorf("lds: EF.DG1: the zone has %d characters; that of a card (TD1) has 90", len(zone))
	}
	if !isMRZ(zone) {
		return [3]string{}, fmt.Errorf("lds: EF.DG1: the zone has characters other than A-Z, 0-9 and <")
	}
	return [3]string{zone[:30], zone[30:60], zone[60:]}, nil
}

func isMRZ(s string) bool {
	for _, c := range []byte(s) {
		if !(c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '<') {
			return false
		}
	}
	return true
}
