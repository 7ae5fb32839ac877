// Package date is the calendar day as identity documents write it: a day without a clock or a time zone, and the
// day that never comes, which stands for "no expiry".
package date

import (
	"errors"
	"fmt"
	"time"
)

// Date is one day of the Gregorian calendar. The zero value means that no date is given.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// Never is the date of expiry of a document that does not expire. It is written "none" in records, 991231 in the
// machine readable zone and "Không thời hạn" on the card.
var Never = Date{9999, time.December, 31}

// Of gives the day on which t falls, in t's own time zone.
func Of(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// Parse reads an ISO 8601 day (2006-01-02), or "none" for [Never]. A day that the calendar does not have is an error.
func Parse(s string) (Date, error) {
	if s == "none" {
		return Never, nil
	}
	return parse("2006-01-02", "YYYY-MM-DD", s)
}

// ParseSlashed reads dd/mm/yyyy, the form of DG13 and of the printed face.
func ParseSlashed(s string) (Date, error) { return parse("02/01/2006", "dd/mm/yyyy", s) }

// ParseDigits reads ddmmyyyy, the form of the QR code.
func ParseDigits(s string) (Date, error) { return parse("02012006", "ddmmyyyy", s) }

func parse(layout, shown, s string) (Date, error) {
	if len(s) != len(layout) {
		return Date{}, fmt.Errorf("date: %q is not of the form %s", s, shown)
	}
	t, err := time.Parse(layout, s)
	if err != nil {
		return Date{}, fmt.Errorf("date: %q is not a day of the calendar, written %s", s, shown)
	}
	return Of(t), nil
}

// String gives the ISO 8601 form, "none" for [Never], and nothing for the zero value.
func (d Date) String() string {
	switch d {
	case Date{}:
		return ""
	case Never:
		return "none"
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// Slashed gives dd/mm/yyyy.
func (d Date) Slashed() string { return fmt.Sprintf("%02d/%02d/%04d", d.Day, d.Month, d.Year) }

// Digits gives ddmmyyyy.
func (d Date) Digits() string { return fmt.Sprintf("%02d%02d%04d", d.Day, d.Month, d.Year) }

// YYMMDD gives the six digits of a machine readable zone (Doc 9303-3, section 4.8); [Never] gives 991231.
func (d Date) YYMMDD() string { return fmt.Sprintf("%02d%02d%02d", d.Year%100, d.Month, d.Day) }

// YYYYMMDD gives eight digits, year first, as data groups 11 and 12 have it.
func (d Date) YYYYMMDD() string { return fmt.Sprintf("%04d%02d%02d", d.Year, d.Month, d.Day) }

// IsZero tells whether no date is given.
func (d Date) IsZero() bool { return d == Date{} }

// Before tells whether d comes before e.
func (d Date) Before(e Date) bool { return d.time().Before(e.time()) }

// After tells whether d comes after e.
func (d Date) After(e Date) bool { return e.Before(d) }

// AddYears gives the same day n years on. The birthday of someone born on 29 February falls on 1 March in a year
// that has no such day: no rule was found in the law, so the day on which the year is complete is taken.
func (d Date) AddYears(n int) Date { return Of(d.time().AddDate(n, 0, 0)) }

// AddDays gives the day n days on.
func (d Date) AddDays(n int) Date { return Of(d.time().AddDate(0, 0, n)) }

func (d Date) time() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// MarshalText writes the form that [Parse] reads.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what [Parse] reads; the empty text is the zero value.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	parsed, err := Parse(string(text))
	if err != nil {
		return errNoDay // without the text: it may be somebody's
	}
	*d = parsed
	return nil
}

var errNoDay = errors.New("date: not a day of the calendar, written YYYY-MM-DD")
