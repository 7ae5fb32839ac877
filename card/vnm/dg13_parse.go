package vnm

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/text/unicode/norm"

	"github.com/cancuoc/cancuoc/card/date"
)

// ParseDG13 reads EF.DG13. It is lenient where published decodings differ: fields come in any order, an empty one may
// be absent or have no value, values may be any of the ASN.1 strings of UTF-8 or ASCII and stand in SEQUENCEs of their
// own or not, and fields with other numbers are passed over. Lengths must be those of DER, no field may come twice,
// nothing may follow the file, and number and name must be there. Text comes out in normalisation form C.
func ParseDG13(b []byte) (DG13, error) {
	set, err := openDG13(b)
	if err != nil {
		return DG13{}, fmt.Errorf("vnm: EF.DG13: %w", err)
	}
	var d DG13
	seen := map[int]bool{}
	for !set.Empty() {
		var field cryptobyte.String
		var n int
		if !set.ReadASN1(&field, cbasn1.SEQUENCE) || !field.ReadASN1Integer(&n) {
			return DG13{}, errors.New("vnm: EF.DG13: a field is no SEQUENCE that begins with its number")
		}
		if seen[n] {
			return DG13{}, fieldError(n, errors.New("comes twice"))
		}
		seen[n] = true
		if n < 1 || n > fieldCount {
			continue
		}
		if err := d.readField(n, field); err != nil {
			return DG13{}, fieldError(n, err)
		}
	}
	switch {
	case d.PersonalNumber == "":
		return DG13{}, fieldError(1, errors.New("missing"))
	case d.FullName == "":
		return DG13{}, fieldError(2, errors.New("missing"))
	}
	return d, nil
}

// openDG13 gives the content of the SET of fields.
func openDG13(b []byte) (cryptobyte.String, error) {
	file := cryptobyte.String(b)
	var outer, content, set cryptobyte.String
	var version int
	oid := textOID()
	switch {
	case !file.ReadASN1(&outer, tagDG13):
		return nil, errors.New("not a data object with tag 6D, or shorter than it says")
	case !file.Empty():
		return nil, fmt.Errorf("%d bytes follow the data object", len(file))
	case !outer.ReadASN1(&content, cbasn1.SEQUENCE) || !outer.Empty():
		return nil, errors.New("holds something other than one SEQUENCE")
	case !content.ReadASN1Integer(&version):
		return nil, errors.New("does not begin with its version")
	case version != 1:
		return nil, fmt.Errorf("version %d is not known; 1 is", version)
	case !content.ReadASN1ObjectIdentifier(&oid) || !oid.Equal(textOID()):
		return nil, errors.New("does not say that its text is UTF-8 (1.0.10646.1.0.8)")
	case !content.ReadASN1(&set, cbasn1.SET) || !content.Empty():
		return nil, errors.New("holds something other than one SET of fields")
	}
	return set, nil
}

func (d *DG13) readField(n int, field cryptobyte.String) error {
	values, err := readTexts(field, 0)
	if err != nil {
		return err
	}
	most := 1
	if n == fieldParents {
		most = 2
	}
	if len(values) > most {
		return fmt.Errorf("holds %d texts, at most %d are due", len(values), most)
	}
	values = append(values, "", "")
	if n == fieldParents {
		d.Father, d.Mother = values[0], values[1]
		return nil
	}
	return d.set(n, values[0])
}

func (d *DG13) set(n int, value string) (err error) {
	if value == "" {
		return nil
	}
	switch n {
	case 1:
		err = checkNumber(value)
	case 3:
		d.DateOfBirth, err = slashed(value)
	case 11:
		d.DateOfIssue, err = slashed(value)
	case 12:
		d.DateOfExpiry, err = expirySlashed(value)
	}
	if to := d.texts()[n]; to != nil && err == nil {
		*to = value
	}
	return err
}

// texts gives where each field of text goes.
func (d *DG13) texts() [fieldCount + 1]*string {
	return [...]*string{
		1: &d.PersonalNumber, 2: &d.FullName, 4: &d.Sex, 5: &d.Nationality, 6: &d.Ethnicity, 7: &d.Religion,
		8: &d.PlaceOfOrigin, 9: &d.Residence, 10: &d.IdentifyingFeatures, 14: &d.Spouse, 15: &d.OldNumber, 16: &d.ChipSerial,
	}
}

func slashed(s string) (date.Date, error) {
	d, err := date.ParseSlashed(s)
	if err != nil || d == date.Never {
		return date.Date{}, errors.New("not a day of the calendar written dd/mm/yyyy")
	}
	return d, nil
}

func expirySlashed(s string) (date.Date, error) {
	if strings.EqualFold(strings.TrimSpace(s), wordsNoExpiry) {
		return date.Never, nil
	}
	return slashed(s)
}

// maxDepth is how deep SEQUENCEs are followed: two levels are known.
const maxDepth = 3

// readTexts gives the strings of a field from left to right, out of whatever SEQUENCEs they stand in. An empty
// SEQUENCE stands for an empty text, so that what follows keeps its place.
func readTexts(s cryptobyte.String, depth int) ([]string, error) {
	if depth > maxDepth {
		return nil, errors.New("SEQUENCEs are nested too deep")
	}
	var texts []string
	for !s.Empty() {
		var value cryptobyte.String
		var tag cbasn1.Tag
		if !s.ReadAnyASN1(&value, &tag) {
			return nil, errors.New("a value is shorter than it says, or its length is not that of DER")
		}
		inner, err := readValue(value, tag, depth)
		if err != nil {
			return nil, err
		}
		texts = append(texts, inner...)
	}
	return texts, nil
}

func readValue(value cryptobyte.String, tag cbasn1.Tag, depth int) ([]string, error) {
	switch tag {
	case cbasn1.SEQUENCE:
		inner, err := readTexts(value, depth+1)
		if err == nil && inner == nil {
			inner = []string{""}
		}
		return inner, err
	case cbasn1.UTF8String, cbasn1.PrintableString, cbasn1.IA5String, tagNumeric, tagVisible:
		if !utf8.Valid(value) || tag != cbasn1.UTF8String && !isASCII(value) {
			return nil, errors.New("the text is not of the characters that its type has")
		}
		return []string{norm.NFC.String(string(value))}, nil
	}
	return nil, fmt.Errorf("a value with tag %02X, which is no text", uint8(tag))
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
