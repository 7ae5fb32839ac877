package vnm

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/mrz"
)

const (
	country      = "VNM"
	noExpiry     = "991231"
	documentCode = "ID"
)

// Zone gives the machine readable zone of the card: TD1 of Doc 9303-5, with the last nine digits of the personal number
// as document number, all twelve as optional data, and a check digit of the country's own over these (upper line,
// position 30). The first word of the name, the family name, is the primary identifier. Sex is "male" or "female";
// an expiry of [date.Never] is written 991231, and any other must fall before that day and after 1999, the two digits
// of the year telling no century.
func Zone(number, fullName string, birth date.Date, sex string, expiry date.Date) ([3]string, error) {
	zone, err := zoneOf(number, fullName, birth, sex, expiry)
	if err != nil {
		return [3]string{}, fmt.Errorf("vnm: machine readable zone: %s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return zone.Lines()
}

func zoneOf(number, fullName string, birth date.Date, sex string, expiry date.Date) (mrz.TD1, error) {
	letter, sexErr := sexLetter(sex)
	err := errors.Join(
		checkNumber(number), about("date of birth", checkDay(birth)), sexErr, about("date of expiry", checkExpiry(expiry)))
	if err != nil {
		return mrz.TD1{}, err
	}
	optional, err := optionalData(number)
	if err != nil {
		return mrz.TD1{}, err
	}
	family, rest, _ := strings.Cut(strings.TrimSpace(fullName), " ")
	return mrz.TD1{
		DocumentCode: documentCode, Issuer: country, DocumentNumber: number[3:], OptionalData1: optional,
		DateOfBirth: birth.YYMMDD(), Sex: letter, DateOfExpiry: expiry.YYMMDD(), Nationality: country,
		Primary: family, Secondary: rest,
	}, nil
}

// optionalData gives positions 16 to 30 of the upper line.
func optionalData(number string) (string, error) {
	data := number + "<<"
	digit, err := mrz.CheckDigit(data)
	return data + string(digit), err
}

func sexLetter(sex string) (string, error) {
	switch sex {
	case male:
		return "M", nil
	case female:
		return "F", nil
	}
	return "", errors.New(`sex: neither "male" nor "female"`)
}

func checkExpiry(d date.Date) error {
	if d == date.Never {
		return nil
	}
	if err := checkDay(d); err != nil {
		return err
	}
	if d.Year < 2000 || d.Year > 2099 || d.YYMMDD() == noExpiry {
		return errors.New("not in the years that the zone can tell, 2000 to 30 December 2099")
	}
	return nil
}

func about(field string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", field, err)
}

// Holder is what the machine readable zone says of a card and its holder. Names are in capitals without marks, one
// space between their parts, and may be cut.
type Holder struct {
	PersonalNumber string
	DateOfBirth    date.Date
	Sex            string // "male" or "female"
	DateOfExpiry   date.Date
	Primary        string // family name
	Secondary      string // the rest of the name
}

// ParseZone reads the three lines of a card's zone as on the day now, which serves to tell the century of birth where
// the personal number does not. Check digits are verified, that of the country too; the error says what does not hold.
func ParseZone(text string, now date.Date) (Holder, error) {
	zone, err := mrz.Parse(text)
	if err != nil {
		return Holder{}, err
	}
	if err := checkZone(zone); err != nil {
		return Holder{}, fmt.Errorf("vnm: machine readable zone: %s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	number := zone.OptionalData1[:12]
	birth, err := birthOf(zone.DateOfBirth, number, now)
	if err != nil {
		return Holder{}, fmt.Errorf("vnm: line 2, position 1: date of birth: %w", err)
	}
	expiry, err := expiryOf(zone.DateOfExpiry)
	if err != nil {
		return Holder{}, fmt.Errorf("vnm: line 2, position 9: date of expiry: %w", err)
	}
	sex := map[string]string{"M": male, "F": female}[zone.Sex]
	return Holder{number, birth, sex, expiry, zone.Primary, zone.Secondary}, nil
}

// checkZone holds a zone that is sound by Doc 9303 against what the country puts into it.
func checkZone(zone mrz.TD1) error {
	var faults []error
	if zone.DocumentCode != documentCode {
		faults = append(faults, errors.New("line 1, position 1: document code: not that of an identity card (ID)"))
	}
	if zone.Issuer != country {
		faults = append(faults, errors.New("line 1, position 3: issuing State: not Viet Nam (VNM)"))
	}
	if zone.Nationality != country {
		faults = append(faults, errors.New("line 2, position 16: nationality: not Viet Nam (VNM)"))
	}
	if zone.Sex == "" {
		faults = append(faults, errors.New("line 2, position 8: sex: unspecified"))
	}
	return errors.Join(append(faults, checkOptional(zone)...)...)
}

func checkOptional(zone mrz.TD1) []error {
	data := zone.OptionalData1
	if len(data) != 15 || !isDigits(data[:12], 12) || data[12:14] != "<<" {
		return []error{errors.New("line 1, position 16: optional data: not a personal number of twelve digits, two fillers " +
			"and a check digit")}
	}
	var faults []error
	if due, err := optionalData(data[:12]); err != nil || due != data {
		faults = append(faults, errors.New("line 1, position 30: national check digit: does not fit the personal number"))
	}
	if zone.DocumentNumber != data[3:12] {
		faults = append(faults, errors.New("line 1, position 6: document number: not the last nine digits of the personal number"))
	}
	return faults
}

// birthOf chooses the century: the one that the number tells, where its year is that of the zone and not to come;
// else the latest in which the day is not to come.
func birthOf(yymmdd, number string, now date.Date) (date.Date, error) {
	if !isDigits(yymmdd, 6) {
		return date.Date{}, errors.New("not known in full")
	}
	if n, _, err := ParseNumber(number); err == nil && number[4:6] == yymmdd[:2] {
		if d, err := day(n.BirthYear/100, yymmdd); err == nil && !d.After(now) {
			return d, nil
		}
	}
	century := now.Year / 100
	if d, err := day(century, yymmdd); err == nil && !d.After(now) {
		return d, nil
	}
	return day(century-1, yymmdd)
}

func expiryOf(yymmdd string) (date.Date, error) {
	if yymmdd == noExpiry {
		return date.Never, nil
	}
	return day(20, yymmdd)
}

func day(century int, yymmdd string) (date.Date, error) {
	d, err := date.ParseDigits(yymmdd[4:6] + yymmdd[2:4] + fmt.Sprintf("%02d", century) + yymmdd[:2])
	if err != nil {
		return date.Date{}, errors.New("not a day of the calendar")
	}
	return d, nil
}

// AccessInformation gives the MRZ_information that opens the card's chip (Doc 9303-11, section 4.3.2) from what is
// printed on its front: the document number is the last nine digits of the personal number. Treat it as a password.
func AccessInformation(number string, birth, expiry date.Date) (string, error) {
	err := errors.Join(
		checkNumber(number), about("date of birth", checkDay(birth)), about("date of expiry", checkExpiry(expiry)))
	if err != nil {
		return "", fmt.Errorf("vnm: %s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return mrz.Information(number[3:], birth.YYMMDD(), expiry.YYMMDD())
}
