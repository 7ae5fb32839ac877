package mrz

import (
	"errors"
	"fmt"
	"strings"
)

// Lines gives the three lines of the zone with all their check digits (Doc 9303-5, section 4.2.2). Names may be any
// text that [Transliterate] takes; one that is too long is shortened by section 4.2.3. The error names every field
// that the zone cannot hold.
func (z TD1) Lines() ([3]string, error) {
	name, nameErr := nameLine(z.Primary, z.Secondary)
	if err := errors.Join(z.check(), nameErr); err != nil {
		return [3]string{}, fmt.Errorf("mrz: %s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	upper := fill(z.DocumentCode, 2) + fill(z.Issuer, 3) + z.number()
	middle := withCheckDigit(z.DateOfBirth) + fill(z.Sex, 1) + withCheckDigit(z.DateOfExpiry) +
		fill(z.Nationality, 3) + fill(z.OptionalData2, 11)
	return [3]string{upper, middle + string(checkDigit(composite(upper, middle))), name}, nil
}

func (z TD1) check() error {
	return errors.Join(
		checkCode(z.DocumentCode),
		checkSecond(z.DocumentCode),
		checkState("issuing State", z.Issuer),
		checkNumber(z.DocumentNumber),
		checkOptional("optional data of the upper line", z.OptionalData1, z.room()),
		checkBirth(z.DateOfBirth),
		checkSex(z.Sex),
		checkExpiry(z.DateOfExpiry),
		checkState("nationality", z.Nationality),
		checkOptional("optional data of the middle line", z.OptionalData2, 11),
	)
}

// checkSecond holds what only a writer must: the second characters that are kept for other documents (Doc 9303-5,
// section 4.2.2.3, note k).
func checkSecond(code string) error {
	if len(code) == 2 && (code[1] == 'V' || code == "AI") {
		return errors.New("document code: V, and I after A, are kept for other documents")
	}
	return nil
}

// room is what the document number leaves of the optional data of the upper line.
func (z TD1) room() int {
	if extra := len(z.DocumentNumber) - numberLength; extra > 0 {
		return max(optionalLength-extra-2, 0)
	}
	return optionalLength
}

// number gives positions 6 to 30 of the upper line: the document number, its check digit, the optional data. A number
// longer than nine characters has a filler in place of the check digit and goes on in the optional data, where check
// digit and filler end it (Doc 9303-5, section 4.2.2.3, note j).
func (z TD1) number() string {
	n := z.DocumentNumber
	if len(n) <= numberLength {
		return withCheckDigit(fill(n, numberLength)) + fill(z.OptionalData1, optionalLength)
	}
	rest := n[numberLength:] + string(checkDigit(n)) + "<" + z.OptionalData1
	return n[:numberLength] + "<" + fill(rest, optionalLength)
}

// composite gives what the last check digit of the middle line is made over (Doc 9303-5, section 4.2.4).
func composite(upper, middle string) string {
	return upper[5:30] + middle[0:7] + middle[8:15] + middle[18:29]
}

func fill(s string, length int) string { return s + strings.Repeat("<", max(length-len(s), 0)) }
