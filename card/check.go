package card

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/vnm"
)

// maxText bounds every text field, in letters: far more than any face or data group can hold, and a bound for all
// that is done with it.
const maxText = 400

// Complete fills in what a record may leave out and the law or the form decides: the profile, the nationality, the
// date of expiry (Law 26/2023/QH15, articles 19 and 21) and the card access number of the profiles that derive it.
// What cannot be decided stays empty for [Document.Check] to name.
func (d Document) Complete() Document {
	if form, err := FormNamed(d.Form); err == nil && !form.Chip {
		return d.ValidFor(form.Years)
	}
	if form, err := FormNamed(d.Form); err == nil && d.Profile == "" {
		d.Profile = form.profileOn(d.DateOfIssue)
	}
	if d.Nationality == "" {
		d.Nationality = "VNM"
	}
	if d.DateOfExpiry.IsZero() && !d.DateOfBirth.IsZero() && !d.DateOfIssue.IsZero() {
		d.DateOfExpiry = vnm.Expiry(d.DateOfBirth, d.DateOfIssue)
	}
	_, _, numberErr := vnm.ParseNumber(d.PersonalNumber)
	if p, err := ProfileNamed(d.Profile); err == nil && d.CAN == "" && p.CANOfTail && numberErr == nil {
		d.CAN = d.PersonalNumber[len(d.PersonalNumber)-6:]
	}
	return d
}

// maxAhead is how many days before its date of issue a card may be made.
const maxAhead = 31

// Check says whether a card can be issued from a completed document on the given day. The error joins every fault that
// was found, each naming its field; warnings are what is unusual and does not stand in the way.
func (d Document) Check(today date.Date) (warnings []vnm.Warning, err error) {
	warnings, numberErr := d.checkNumber()
	faults := []error{d.checkForm(), numberErr, d.checkDates(today), d.checkCodes(), d.checkTexts(), d.checkPersons(), d.checkAccess(), d.checkDetails(), d.checkFingerprints()}
	if d.NeedsPortrait() && d.Portrait == "" {
		faults = append(faults, errors.New("portrait: missing, and the holder is six years old or more"))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("card: %s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return append(warnings, d.unusual(today)...), nil
}

// unusual gives warnings for what no rule forbids and an officer will want to look at once more.
func (d Document) unusual(today date.Date) []vnm.Warning {
	var warnings []vnm.Warning
	warn := func(is bool, code, text, textVi string) {
		if is {
			warnings = append(warnings, vnm.Warning{Code: code, Text: text, TextVi: textVi})
		}
	}
	byLaw := vnm.Expiry(d.DateOfBirth, d.DateOfIssue)
	day := d.DateOfIssue
	p, _ := ProfileNamed(d.Profile)
	chip := !d.OnPaper()
	warn(p.CAN && d.CAN == "", "no-can", "can: missing: the chip will open by the machine readable zone alone", "thiếu số CAN: chip chỉ mở được bằng MRZ")
	warn(chip && len(p.PACE) == 0 && !day.Before(paceDue()), "no-pace", "profile: "+p.Name+": from 1 January 2027 cards are issued with PACE (Doc 9303-11, section 4.1)",
		"từ 01/01/2027 thẻ phải có PACE")
	warn(p.BAC && !day.Before(paceDue()), "bac-ends", "profile: "+p.Name+": from 1 January 2028 no card is issued with Basic Access Control (Doc 9303-11, section 4.1)",
		"từ 01/01/2028 không cấp thẻ có BAC")
	warn(p.BAC && !d.DateOfExpiry.Before(bacOut()), "bac-in-2038", "profile: "+p.Name+": opens with Basic Access Control, and is valid after 1 January 2038, from when no such card is to be in use (Doc 9303-11, section 4.1)",
		"thẻ có BAC còn hạn sau 01/01/2038, khi không còn được dùng")
	warn(d.DateOfIssue.After(today), "issue-ahead", "date_of_issue: in the future", "ngày cấp ở tương lai")
	warn(chip && d.DateOfExpiry != byLaw, "expiry-not-by-law", "date_of_expiry: the law gives "+byLaw.String(), "theo luật, ngày hết hạn là "+byLaw.String())
	warn(today.After(d.DateOfExpiry), "expired", "date_of_expiry: past already", "thẻ đã hết hạn")
	warn(d.PlaceOfBirth == "" && d.Form == "cancuoc-2024", "no-place-of-birth", "place_of_birth: missing; the card prints its label alone", "thiếu nơi đăng ký khai sinh")
	warn(d.MaritalStatus == Single && d.Spouse.FullName != "", "single-with-spouse", "marital_status: single, and a spouse is named", "độc thân mà có tên vợ hoặc chồng")
	if n := len(d.Fingerprints); n > 0 {
		warn(n != fingersOfCard, "fingers-not-two", fmt.Sprintf("fingerprints: %d of them, where a card carries %d", n, fingersOfCard),
			fmt.Sprintf("hồ sơ có vân tay của %d ngón, thẻ mang %d ngón", n, fingersOfCard))
	}
	return warnings
}

// The days from which Doc 9303-11, section 4.1, has cards issued with PACE, has none issued with Basic Access Control, and
// has none of those in use.
func paceDue() date.Date   { return date.Date{Year: 2027, Month: 1, Day: 1} }
func bacForbid() date.Date { return date.Date{Year: 2028, Month: 1, Day: 1} }
func bacOut() date.Date    { return date.Date{Year: 2038, Month: 1, Day: 1} }

// checkDetails makes sure that the record fits EF.DG11, where the profile has one.
func (d Document) checkDetails() error {
	p, err := ProfileNamed(d.Profile)
	if err != nil || !slices.Contains(p.DataGroups, 11) {
		return nil
	}
	if _, err := d.dg11(); err != nil {
		return fmt.Errorf("profile: %s: %s", p.Name, strings.TrimPrefix(err.Error(), "lds: "))
	}
	return nil
}

// checkAccess refuses a card with Basic Access Control from 2028 on, unless its profile names that deviation.
func (d Document) checkAccess() error {
	p, err := ProfileNamed(d.Profile)
	if err != nil || !p.BAC || p.Names(BACFrom2028) || d.DateOfIssue.Before(bacForbid()) {
		return nil
	}
	return fmt.Errorf("profile: %s opens with Basic Access Control, with which no card is issued from 1 January 2028 on (Doc 9303-11, section 4.1): "+
		"take a profile with PACE only, or one that names the deviation %s", p.Name, BACFrom2028)
}

// NeedsPortrait tells whether the card must carry a portrait by its profile. A certificate must from the age on at which
// biometrics are taken (Law 26/2023/QH15, article 23).
func (d Document) NeedsPortrait() bool {
	if d.OnPaper() {
		return !d.DateOfIssue.Before(d.DateOfBirth.AddYears(biometricsFrom))
	}
	p, err := ProfileNamed(d.Profile)
	return err != nil || p.NoPortraitUnder == 0 || !d.DateOfIssue.Before(d.DateOfBirth.AddYears(p.NoPortraitUnder))
}

func (d Document) checkForm() error {
	form, err := FormNamed(d.Form)
	if err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "card: "))
	}
	if !form.Chip {
		if err := d.checkNoChip(); err != nil {
			return err
		}
	} else if _, err := ProfileNamed(d.Profile); err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "card: "))
	}
	if !d.DateOfIssue.IsZero() && d.DateOfIssue.Before(form.Effective) {
		return fmt.Errorf("date_of_issue: form %s is issued from %s on (%s)", form.Name, form.Effective, form.Law)
	}
	return nil
}

func (d Document) checkNumber() ([]vnm.Warning, error) {
	n, warnings, err := vnm.ParseNumber(d.PersonalNumber)
	if err != nil {
		return nil, fmt.Errorf("personal_number: %w", err)
	}
	return append(warnings, n.Disagreements(d.DateOfBirth, string(d.Sex))...), nil
}

func (d Document) checkDates(today date.Date) error {
	var faults []error
	if d.DateOfBirth.IsZero() || d.DateOfBirth == date.Never {
		faults = append(faults, errors.New("date_of_birth: missing"))
	}
	if d.DateOfIssue.IsZero() || d.DateOfIssue == date.Never {
		faults = append(faults, errors.New("date_of_issue: missing"))
	}
	if faults != nil {
		return errors.Join(faults...)
	}
	if d.DateOfBirth.After(d.DateOfIssue) {
		faults = append(faults, errors.New("date_of_birth: after the date of issue"))
	}
	if d.DateOfIssue.After(today.AddDays(maxAhead)) {
		faults = append(faults, fmt.Errorf("date_of_issue: more than %d days from now", maxAhead))
	}
	if !d.DateOfExpiry.After(d.DateOfIssue) {
		faults = append(faults, errors.New("date_of_expiry: not after the date of issue"))
	}
	return errors.Join(faults...)
}

// checkCodes looks at the fields that hold digits or one of a few words.
func (d Document) checkCodes() error {
	var faults []error
	if d.Sex != Male && d.Sex != Female {
		faults = append(faults, errors.New(`sex: neither "male" nor "female"`))
	}
	faults = append(faults, d.checkNationality())
	if d.MaritalStatus != "" && d.MaritalStatus.Vietnamese() == "" {
		faults = append(faults, fmt.Errorf("marital_status: not one of %s, %s, %s, %s", Single, Married, Widowed, Divorced))
	}
	for _, c := range []struct {
		name, value string
		length      int
		alphabet    string
		rule        string
	}{
		{"old_number", d.OldNumber, 9, "0123456789", "nine digits"},
		{"cancelled_number", d.CancelledNumber, 12, "0123456789", "twelve digits"},
		{"can", d.CAN, 6, "0123456789", "six digits"},
		{"chip_serial", d.ChipSerial, 16, "0123456789ABCDEF", "sixteen hexadecimal digits in capitals"},
	} {
		if c.value != "" && (len(c.value) != c.length || strings.Trim(c.value, c.alphabet) != "") {
			faults = append(faults, fmt.Errorf("%s: not %s", c.name, c.rule))
		}
	}
	return errors.Join(faults...)
}

func (d Document) checkTexts() error {
	var faults []error
	if strings.TrimSpace(d.FullName) == "" {
		faults = append(faults, errors.New("full_name: missing"))
	}
	for _, t := range d.texts() {
		if err := checkText(*t.value); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", t.name, err))
		}
	}
	return errors.Join(faults...)
}

func checkText(s string) error {
	if n := len([]rune(s)); n > maxText {
		return fmt.Errorf("%d letters, at most %d are taken", n, maxText)
	}
	if s != strings.TrimSpace(s) || strings.Contains(s, "  ") {
		return errors.New("spaces at an end, or two in a row")
	}
	for _, r := range s {
		if r == unicode.ReplacementChar || r == '|' || !unicode.IsPrint(r) {
			return fmt.Errorf("holds %U, which no field may hold", r)
		}
	}
	return nil
}
