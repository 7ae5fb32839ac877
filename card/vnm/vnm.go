// Package vnm is what Viet Nam puts into the open fields of an identity card: the personal number, the machine readable
// zone made from it, the data group of Vietnamese data, the text of the QR code, the period of validity, and the tables
// of provinces, ethnic groups and religions that these draw on.
//
//	number, name, dates --> Zone   --> three lines --> ParseZone  --> Holder
//	a record's fields   --> DG13   --> EF.DG13     --> ParseDG13  --> DG13
//	a record's fields   --> QR     --> text        --> ParseQR    --> QR
//	birth, issue        --> Expiry
//
// All of it is built to the published structure and to decodings that others have published; no card was read for it.
// Where nothing is published, the point is a parameter.
package vnm

import (
	"errors"
	"unicode"
	"unicode/utf8"

	"github.com/cancuoc/cancuoc/card/date"
)

// Warning is something unusual that does not stand in the way.
type Warning struct {
	Code   string `json:"code"`    // stable, for programs: one of the Warn constants
	Text   string `json:"text"`    // for people, in English
	TextVi string `json:"text_vi"` // the same in Vietnamese
}

// String gives the English text.
func (w Warning) String() string { return w.Text }

// The words that card, chip and QR code carry for the sex.
const (
	wordMale   = "Nam"
	wordFemale = "Nữ"
)

// The words of records.
const (
	male   = "male"
	female = "female"
)

// maxText bounds one text that is written, in bytes: far more than any card holds.
const maxText = 4096

// checkText holds what every text must fulfil that goes onto chip or face.
func checkText(s string) error {
	if !utf8.ValidString(s) {
		return errors.New("not valid UTF-8")
	}
	if len(s) > maxText {
		return errors.New("too long")
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return errors.New("holds a control character")
		}
	}
	return nil
}

func checkSexWord(s string) error {
	if s != wordMale && s != wordFemale {
		return errors.New("neither " + wordMale + " nor " + wordFemale)
	}
	return nil
}

// checkDay tells whether d is a day of the calendar, which none and never are not.
func checkDay(d date.Date) error {
	if d.IsZero() {
		return errors.New("missing")
	}
	if parsed, err := date.Parse(d.String()); err != nil || parsed != d || d == date.Never {
		return errors.New("not a day of the calendar")
	}
	return nil
}

func isDigits(s string, length int) bool {
	if len(s) != length {
		return false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

func checkOldNumber(s string) error {
	if s != "" && !isDigits(s, 9) {
		return errors.New("not nine digits")
	}
	return nil
}
