package vnm

import (
	"encoding/asn1"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/date"
)

// DG13 is the Vietnamese data of the chip, data group 13, which Doc 9303-10 leaves to the country:
//
//	6D L                              DG13
//	  30 L                            SEQUENCE
//	    02 01 01                      version
//	    06 06 28 D3 16 01 00 08       1.0.10646.1.0.8, text is UTF-8
//	    31 L                          SET, in the order of the field numbers and not of DER
//	      30 L 02 01 nn [value ...]   one SEQUENCE for each field; no value where there is nothing to say
//
// The structure is that of published decodings; where they differ, writing takes one form and reading takes all.
type DG13 struct {
	PersonalNumber      string    // field 1: twelve digits
	FullName            string    // field 2
	DateOfBirth         date.Date // field 3
	Sex                 string    // field 4: "Nam" or "Nữ"
	Nationality         string    // field 5: "Việt Nam"
	Ethnicity           string    // field 6: the name, not the code
	Religion            string    // field 7: "Không" for none
	PlaceOfOrigin       string    // field 8
	Residence           string    // field 9
	IdentifyingFeatures string    // field 10
	DateOfIssue         date.Date // field 11
	DateOfExpiry        date.Date // field 12: [date.Never] where the card says "Không thời hạn"
	Father              string    // field 13, first name in it
	Mother              string    // field 13, second name in it
	Spouse              string    // field 14
	OldNumber           string    // field 15: nine digits
	ChipSerial          string    // field 16: sixteen characters, whose meaning is not published
}

const (
	tagDG13    = cbasn1.Tag(0x6D) // [APPLICATION 13], constructed
	tagNumeric = cbasn1.Tag(0x12)
	tagVisible = cbasn1.Tag(0x1A)

	fieldCount   = 16
	fieldParents = 13

	wordsNoExpiry = "Không thời hạn"
)

func textOID() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{1, 0, 10646, 1, 0, 8} }

// FieldName gives the name of a field of DG13 by its number, for a person to read; nothing for a number that has none.
func FieldName(n int) string {
	if n < 1 || n > fieldCount {
		return ""
	}
	return fieldNames[n]
}

// FieldError says which field of DG13 is wrong, by its number.
type FieldError struct {
	Field int
	Err   error
}

// Error names the field, and not what stands there.
func (e *FieldError) Error() string {
	if name := FieldName(e.Field); name != "" {
		return fmt.Sprintf("vnm: EF.DG13: field %d (%s): %v", e.Field, name, e.Err)
	}
	return fmt.Sprintf("vnm: EF.DG13: field %d: %v", e.Field, e.Err)
}

// Unwrap gives what is wrong with the field.
func (e *FieldError) Unwrap() error { return e.Err }

var fieldNames = [fieldCount + 1]string{
	1: "personal number", 2: "full name", 3: "date of birth", 4: "sex", 5: "nationality", 6: "ethnicity", 7: "religion",
	8: "place of origin", 9: "residence", 10: "identifying features", 11: "date of issue", 12: "date of expiry",
	13: "father and mother", 14: "spouse", 15: "old number", 16: "chip serial",
}

func fieldError(n int, err error) error { return &FieldError{n, err} }

// Encode gives the file EF.DG13. Number, name, sex and the three dates must be there; any other field may be empty.
// Where one parent alone is known, the place of the other holds an empty text, so that it stays told which it is.
func (d DG13) Encode() ([]byte, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(tagDG13, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1Int64(1)
			b.AddASN1ObjectIdentifier(textOID())
			b.AddASN1(cbasn1.SET, d.addFields)
		})
	})
	file, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("vnm: EF.DG13: %w", err)
	}
	return file, nil
}

func (d DG13) check() error {
	for _, f := range []struct {
		n   int
		err error
	}{
		{1, checkNumber(d.PersonalNumber)}, {2, checkGiven(d.FullName)}, {3, checkDay(d.DateOfBirth)},
		{4, checkSexWord(d.Sex)}, {5, checkText(d.Nationality)}, {6, checkText(d.Ethnicity)}, {7, checkText(d.Religion)},
		{8, checkText(d.PlaceOfOrigin)}, {9, checkText(d.Residence)}, {10, checkText(d.IdentifyingFeatures)},
		{11, checkDay(d.DateOfIssue)}, {12, checkDayOrNever(d.DateOfExpiry)}, {13, checkText(d.Father)},
		{13, checkText(d.Mother)}, {14, checkText(d.Spouse)}, {15, checkOldNumber(d.OldNumber)}, {16, checkPrintable(d.ChipSerial)},
	} {
		if f.err != nil {
			return fieldError(f.n, f.err)
		}
	}
	return nil
}

func checkGiven(s string) error {
	if strings.TrimSpace(s) == "" {
		return errors.New("missing")
	}
	return checkText(s)
}

func checkDayOrNever(d date.Date) error {
	if d == date.Never {
		return nil
	}
	return checkDay(d)
}

// checkPrintable holds the letters and digits of a PrintableString.
func checkPrintable(s string) error {
	for _, c := range []byte(s) {
		if !(c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z') {
			return errors.New("not letters A-Z and digits")
		}
	}
	return checkText(s)
}

// addFields writes the fields in the order of their numbers: no encoder that sorts a SET may be used here.
func (d DG13) addFields(b *cryptobyte.Builder) {
	expiry := d.DateOfExpiry.Slashed()
	if d.DateOfExpiry == date.Never {
		expiry = wordsNoExpiry
	}
	for i, value := range [...]func(*cryptobyte.Builder){
		printable(d.PersonalNumber), text(d.FullName), printable(d.DateOfBirth.Slashed()), text(d.Sex), text(d.Nationality),
		text(d.Ethnicity), text(d.Religion), text(d.PlaceOfOrigin), text(d.Residence), text(d.IdentifyingFeatures),
		printable(d.DateOfIssue.Slashed()), text(expiry), parents(d.Father, d.Mother), wrapped(d.Spouse),
		printable(d.OldNumber), printable(d.ChipSerial),
	} {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1Int64(int64(i + 1))
			value(b)
		})
	}
}

func text(s string) func(*cryptobyte.Builder)      { return primitive(cbasn1.UTF8String, s) }
func printable(s string) func(*cryptobyte.Builder) { return primitive(cbasn1.PrintableString, s) }

// primitive writes a string, and nothing at all where it is empty.
func primitive(tag cbasn1.Tag, s string) func(*cryptobyte.Builder) {
	return func(b *cryptobyte.Builder) {
		if s != "" {
			addString(b, tag, s)
		}
	}
}

func addString(b *cryptobyte.Builder, tag cbasn1.Tag, s string) {
	b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes([]byte(s)) })
}

// wrapped writes a text in a SEQUENCE of its own, and nothing where it is empty.
func wrapped(s string) func(*cryptobyte.Builder) {
	return func(b *cryptobyte.Builder) {
		if s != "" {
			addWrapped(b, s)
		}
	}
}

func addWrapped(b *cryptobyte.Builder, s string) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { addString(b, cbasn1.UTF8String, s) })
}

// parents writes two sibling SEQUENCEs, father and mother, both of them or neither.
func parents(father, mother string) func(*cryptobyte.Builder) {
	return func(b *cryptobyte.Builder) {
		if father != "" || mother != "" {
			addWrapped(b, father)
			addWrapped(b, mother)
		}
	}
}
