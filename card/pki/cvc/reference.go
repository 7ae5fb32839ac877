package cvc

import (
	"errors"
	"fmt"

	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/tlv"
)

// A reference is a country code of two, a mnemonic of one to nine and a sequence number of five characters.
const (
	minReference = 2 + 1 + 5
	maxReference = 2 + 9 + 5
)

// CheckReference tells what is wrong with a certificate holder reference, which names a public key: the bytes of its
// ISO 8859-1 text (Doc 9303-12, section 7.2.2.2).
func CheckReference(s string) error {
	n := len(s)
	if n < minReference || n > maxReference {
		return fmt.Errorf("cvc: a reference of %d characters; it has %d to %d", n, minReference, maxReference)
	}
	for _, c := range []byte(s[:2]) {
		if c < 'A' || c > 'Z' {
			return errors.New("cvc: a reference begins with a country code of two letters A to Z")
		}
	}
	for _, c := range []byte(s[2 : n-5]) {
		if c < 0x20 || c >= 0x7F && c <= 0x9F {
			return errors.New("cvc: a reference holds a character that ISO 8859-1 does not assign")
		}
	}
	for _, c := range []byte(s[n-5:]) {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return errors.New("cvc: a reference ends in a sequence number of five digits or letters A to Z")
		}
	}
	return nil
}

// encodeDate writes YYMMDD, one digit in each byte (Doc 9303-12, section 7.2.3.1.3).
func encodeDate(d date.Date) ([]byte, error) {
	if d.Year < 2000 || d.Year > 2099 {
		return nil, errors.New("a certificate's dates go from 2000 to 2099")
	}
	b := []byte(d.YYMMDD())
	for i := range b {
		b[i] -= '0'
	}
	return b, nil
}

func parseDate(b []byte) (date.Date, error) {
	if len(b) != 6 {
		return date.Date{}, fmt.Errorf("%w: a date of %d bytes", ErrFormat, len(b))
	}
	text := make([]byte, 0, 10)
	text = append(text, '2', '0')
	for i, digit := range b {
		if digit > 9 {
			return date.Date{}, fmt.Errorf("%w: a date that is not unpacked BCD", ErrFormat)
		}
		if i == 2 || i == 4 {
			text = append(text, '-')
		}
		text = append(text, '0'+digit)
	}
	d, err := date.Parse(string(text))
	if err != nil {
		return date.Date{}, fmt.Errorf("%w: a date that the calendar does not have", ErrFormat)
	}
	return d, nil
}

// FileSize is the fixed size of EF.CVCA in bytes.
const FileSize = 36

// EncodeFile makes EF.CVCA: the references of the one or two trust points of a chip, the most recent first (Doc
// 9303-11, appendix K.2).
func EncodeFile(authorities []string) ([]byte, error) {
	if len(authorities) < 1 || len(authorities) > MaxTrustPoints {
		return nil, fmt.Errorf("cvc: EF.CVCA has one or two references, not %d", len(authorities))
	}
	var b []byte
	for _, a := range authorities {
		if err := CheckReference(a); err != nil {
			return nil, err
		}
		b = append(b, tlv.Encode(tagAuthority, []byte(a))...)
	}
	return append(b, make([]byte, FileSize-len(b))...), nil
}

// ParseFile reads EF.CVCA: one or two references, then zeros.
func ParseFile(b []byte) ([]string, error) {
	if len(b) > FileSize {
		return nil, fmt.Errorf("cvc: EF.CVCA has %d bytes, more than %d", len(b), FileSize)
	}
	var authorities []string
	for len(b) > 0 && b[0] != 0 && len(authorities) < MaxTrustPoints {
		o, rest, err := tlv.Next(b)
		if err != nil || o.Tag != tagAuthority {
			return nil, errors.New("cvc: EF.CVCA does not hold certification authority references")
		}
		if err := CheckReference(string(o.Value)); err != nil {
			return nil, fmt.Errorf("%w, in EF.CVCA", err)
		}
		authorities, b = append(authorities, string(o.Value)), rest
	}
	for _, c := range b {
		if c != 0 {
			return nil, errors.New("cvc: EF.CVCA is not padded with zeros")
		}
	}
	if len(authorities) == 0 {
		return nil, errors.New("cvc: EF.CVCA holds no reference")
	}
	return authorities, nil
}
