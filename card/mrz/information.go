package mrz

import "fmt"

// Information gives the MRZ_information from which the keys of Basic Access Control are derived: document number, date
// of birth and date of expiry (YYMMDD), each followed by its check digit (Doc 9303-11, section 4.3.2). It opens the
// chip: treat it as a password.
func Information(documentNumber, birth, expiry string) (string, error) {
	for _, err := range []error{checkNumber(documentNumber), checkBirth(birth), checkExpiry(expiry)} {
		if err != nil {
			return "", fmt.Errorf("mrz: %w", err)
		}
	}
	number := fill(documentNumber, numberLength)
	return withCheckDigit(number) + withCheckDigit(birth) + withCheckDigit(expiry), nil
}

// Information gives the MRZ_information of the zone. A zone that Parse gave has one; that of fields which
// [Information] would refuse is empty, and no password.
func (z TD1) Information() string {
	information, err := Information(z.DocumentNumber, z.DateOfBirth, z.DateOfExpiry)
	if err != nil {
		return ""
	}
	return information
}

func withCheckDigit(s string) string { return s + string(checkDigit(s)) }

// NumberOf gives the document number with its check digit, with which MRZ_information begins: what Terminal
// Authentication after Basic Access Control binds itself to (Doc 9303-11, section 7.1.2).
func NumberOf(information string) string {
	return information[:max(0, len(information)-2*len("YYMMDD0"))]
}
