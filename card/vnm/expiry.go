package vnm

import "github.com/cancuoc/cancuoc/card/date"

// Expiry gives the last day of validity that the law sets for a card: the birthday at which the holder turns 14, 25,
// 40 or 60, whichever comes next; a card issued in the two years before such a birthday holds until the one after it;
// after the last, and so from 58 on, [date.Never] (Law 26/2023/QH15, articles 19 and 21). For someone born on
// 29 February the birthday is that of [date.Date.AddYears].
func Expiry(birth, issue date.Date) date.Date {
	for _, age := range []int{14, 25, 40, 60} {
		if birthday := birth.AddYears(age); birthday.AddYears(-2).After(issue) {
			return birthday
		}
	}
	return date.Never
}
