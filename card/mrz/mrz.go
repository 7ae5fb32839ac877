// Package mrz writes and reads the machine readable zone of a card: three lines of thirty characters, the size TD1 of
// Doc 9303-5, over the rules that Doc 9303-3 makes for all documents.
//
//	TD1 (what the zone says) -- Lines --> three lines -- print, DG1
//	three lines -- Parse, every check digit verified --> TD1 -- Information --> the key of Basic Access Control
//
// What one country puts into the fields is not known here: for Viet Nam see package vnm.
package mrz

import "fmt"

// TD1 is what the machine readable zone of a card says. Text stands without filler characters.
type TD1 struct {
	DocumentCode   string // one or two characters; "ID" on an identity card
	Issuer         string // letter code of Doc 9303-3, section 5: one to three letters
	DocumentNumber string // at most 22 characters
	OptionalData1  string // the rest of the upper line, inner fillers kept
	DateOfBirth    string // YYMMDD; parts that are not known are << each
	Sex            string // "M", "F", or "" where the document does not say
	DateOfExpiry   string // YYMMDD
	Nationality    string // letter code
	OptionalData2  string // the rest of the middle line
	Primary        string // primary identifier; what Parse gives has one space between its parts
	Secondary      string // secondary identifier; may be empty
}

const (
	lineLength     = 30
	numberLength   = 9  // positions 6 to 14 of the upper line
	optionalLength = 15 // positions 16 to 30
	longestNumber  = numberLength + optionalLength - 2
)

// CheckDigit gives the check digit over s, as a character (Doc 9303-3, section 4.9).
func CheckDigit(s string) (byte, error) {
	for i := range len(s) {
		if !isMRZ(s[i]) {
			return 0, fmt.Errorf("mrz: character %d is not A-Z, 0-9 or <, of which check digits are made", i+1)
		}
	}
	return checkDigit(s), nil
}

// checkDigit is CheckDigit for characters that are known to be those of a zone.
func checkDigit(s string) byte {
	sum := 0
	for i := range len(s) {
		sum += value(s[i]) * [3]int{7, 3, 1}[i%3]
	}
	return '0' + byte(sum%10)
}

func value(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case isLetter(c):
		return int(c-'A') + 10
	}
	return 0
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c >= 'A' && c <= 'Z' }
func isMRZ(c byte) bool    { return isDigit(c) || isLetter(c) || c == '<' }

func all(s string, of ...func(byte) bool) bool {
	for i := range len(s) {
		found := false
		for _, is := range of {
			found = found || is(s[i])
		}
		if !found {
			return false
		}
	}
	return true
}
