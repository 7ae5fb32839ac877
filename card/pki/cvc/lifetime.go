package cvc

import (
	"errors"
	"fmt"
	"time"

	"github.com/cancuoc/cancuoc/card/date"
)

// ErrPeriod is answered for a certificate that is to be good for longer, or shorter, than the standard lets it.
var ErrPeriod = errors.New("cvc: a certificate that is good for so long is not made")

// Period is for how long the keys of a role are certified (Doc 9303-12, section 4.2, table 2).
type Period struct{ shortest, longest [3]int } // years, months, days

// PeriodOf gives the period of a role: half a year to three years for a CVCA, two weeks to three months for a document
// verifier, a day to a month for a terminal.
func PeriodOf(r Role) Period {
	switch r {
	case CVCA:
		return Period{[3]int{0, 6, 0}, [3]int{3, 0, 0}}
	case Terminal:
		return Period{[3]int{0, 0, 1}, [3]int{0, 1, 0}}
	}
	return Period{[3]int{0, 0, 14}, [3]int{0, 3, 0}}
}

// Longest gives the last day of a certificate that takes effect on the given day and is good for as long as may be.
func (p Period) Longest(from date.Date) date.Date { return after(from, p.longest) }

// Check holds a certificate's days to the period.
func (p Period) Check(from, until date.Date) error {
	shortest, longest := after(from, p.shortest), p.Longest(from)
	if until.Before(shortest) || until.After(longest) {
		return fmt.Errorf("%w: until %s, and from %s it may end on %s to %s (Doc 9303-12, table 2)", ErrPeriod, until, from, shortest, longest)
	}
	return nil
}

// after adds to a day. The day that the month has not is its last one: 31 January and a month is 28 February.
func after(from date.Date, length [3]int) date.Date {
	first := time.Date(from.Year+length[0], from.Month+time.Month(length[1]), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return date.Of(first.AddDate(0, 0, min(from.Day, last)-1+length[2]))
}
