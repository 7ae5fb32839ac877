package vnm

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/cancuoc/cancuoc/card/date"
)

// Number is a personal number (số định danh cá nhân) taken apart: three digits of the province or country where the
// birth was registered, one of century and sex, two of the year, six at random (Circular 07/2016/TT-BCA, article 7).
// It has no check digit. Since Law 26/2023/QH15, article 12, only the twelve digits themselves are promised: what
// the parts say is a hint, the record decides.
type Number struct {
	Digits     string // all twelve
	Prefix     string // the first three
	PrefixName string // province of the table of 2016, in Vietnamese; else what is known of the prefix, in English
	Sex        string // "male" or "female"
	BirthYear  int    // all four digits
}

// SpecimenPrefix belongs to no province and no country: a number under it is nobody's.
const SpecimenPrefix = "000"

// Codes of the warnings on numbers.
const (
	WarnSpecimenPrefix = "specimen-prefix"
	WarnUnknownPrefix  = "unknown-prefix"
	WarnFutureCentury  = "future-century"
	WarnBirthYear      = "birth-year-differs"
	WarnSex            = "sex-differs"
)

// ParseNumber takes a number apart. An error means that it is not twelve digits; all else is a warning.
func ParseNumber(s string) (Number, []Warning, error) {
	if err := checkNumber(s); err != nil {
		return Number{}, nil, fmt.Errorf("vnm: %w", err)
	}
	century := int(s[3] - '0')
	n := Number{
		Digits: s, Prefix: s[:3], Sex: [2]string{male, female}[century%2],
		BirthYear: 1900 + 100*(century/2) + 10*int(s[4]-'0') + int(s[5]-'0'),
	}
	var warnings []Warning
	n.PrefixName, warnings = prefixName(n.Prefix)
	if n.BirthYear >= 2100 {
		warnings = append(warnings, Warning{
			WarnFutureCentury,
			"the fourth digit of the personal number stands for births from the year 2100 on",
			"chữ số thứ tư của số định danh chỉ người sinh từ năm 2100 trở đi",
		})
	}
	return n, warnings, nil
}

func checkNumber(s string) error {
	if isDigits(s, 12) {
		return nil
	}
	if n := utf8.RuneCountInString(s); n != 12 {
		return fmt.Errorf("the personal number has %d characters; it must have twelve digits", n)
	}
	return errors.New("the personal number holds something other than digits; it must have twelve digits")
}

func prefixName(prefix string) (string, []Warning) {
	if prefix == SpecimenPrefix {
		return "specimen", []Warning{{
			WarnSpecimenPrefix,
			"a specimen: prefix 000 belongs to no province or country, so the number is nobody's",
			"số mẫu: mã 000 không thuộc tỉnh hay quốc gia nào, không phải số của người nào",
		}}
	}
	for _, p := range numberPrefixes.Provinces {
		if p.Code == prefix {
			return p.Name, nil
		}
	}
	return "country or unknown", []Warning{{
		WarnUnknownPrefix,
		"the first three digits of the personal number are no province of the table of 2016: a country code, or unknown",
		"ba chữ số đầu của số định danh không phải mã tỉnh trong bảng năm 2016: mã quốc gia hoặc không rõ",
	}}
}

// Disagreements tells where the number says something else than the record: sex is "male" or "female". What the
// record leaves empty is not compared.
func (n Number) Disagreements(birth date.Date, sex string) []Warning {
	var warnings []Warning
	if !birth.IsZero() && birth.Year != n.BirthYear {
		warnings = append(warnings, Warning{
			WarnBirthYear,
			"the personal number says another year of birth than the record",
			"số định danh và hồ sơ ghi năm sinh khác nhau",
		})
	}
	if sex != "" && sex != n.Sex {
		warnings = append(warnings, Warning{
			WarnSex,
			"the personal number says another sex than the record",
			"số định danh và hồ sơ ghi giới tính khác nhau",
		})
	}
	return warnings
}
