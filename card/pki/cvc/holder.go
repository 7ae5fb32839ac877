package cvc

import (
	"errors"
	"fmt"
	"strings"
)

// ErrExhausted is answered when a holder has no sequence number left: another mnemonic is due, or the first number again.
var ErrExhausted = errors.New("cvc: there is no next sequence number")

// Reference is a certificate holder reference in its parts (Doc 9303-12, section 7.2.2.2, table 12).
type Reference struct {
	Country  string // of the holder: two letters
	Mnemonic string // ISO 8859-1, as the certificate has it
	Sequence string // five characters
}

// NewReference gives the first reference of a holder: its sequence number begins with the country of the authority that
// certifies it, as Doc 9303-12 demands and TR-03110 allows.
func NewReference(country, mnemonic, certifier string) (Reference, error) {
	r := Reference{country, mnemonic, certifier + "001"}
	return r, CheckReference(r.String())
}

// ParseReference takes a reference apart.
func ParseReference(s string) (Reference, error) {
	if err := CheckReference(s); err != nil {
		return Reference{}, err
	}
	n := len(s)
	return Reference{s[:2], s[2 : n-5], s[n-5:]}, nil
}

// String joins the parts.
func (r Reference) String() string { return r.Country + r.Mnemonic + r.Sequence }

// Next gives the reference of the holder's next key. Five digits are counted on as such: the references of TR-03110. Of
// others the last three characters are counted, 001 to 999, then A00 to ZZZ.
func (r Reference) Next() (Reference, error) {
	if err := CheckReference(r.String()); err != nil {
		return Reference{}, err
	}
	prefix, number := r.Sequence[:2], r.Sequence[2:]
	if isDigits(r.Sequence) {
		prefix, number = "", r.Sequence
	}
	next, ok := count(number)
	if !ok {
		return Reference{}, fmt.Errorf("%w after %s", ErrExhausted, r)
	}
	r.Sequence = prefix + next
	return r, nil
}

// count adds one: in digits as long as there are only digits, then in digits and letters.
func count(number string) (string, bool) {
	const characters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	base := len(characters)
	if isDigits(number) {
		base = 10
	}
	b := []byte(number)
	for i := len(b) - 1; i >= 0; i-- {
		value := strings.IndexByte(characters, b[i]) + 1
		if value < base {
			b[i] = characters[value]
			return string(b), true
		}
		b[i] = '0'
	}
	if base == 10 && len(number) == 3 {
		return "A00", true
	}
	return "", false
}

func isDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }
