package card

import (
	"fmt"
	"strings"

	"github.com/cancuoc/cancuoc/card/date"
)

// Form is a kind of card that the law knows.
type Form struct {
	Name      string
	Effective date.Date // the first day on which a card of this form could be issued
	Profile   string    // the chip's profile where the record names none
	From2028  string    // and that of cards issued from 2028 on, when none may open with Basic Access Control any more
	Law       string
}

// Forms lists the forms, the newest first.
func Forms() []Form {
	return []Form{
		{"cancuoc-2024", date.Date{Year: 2024, Month: 7, Day: 1}, "vn-cancuoc-2024", "vn-cancuoc-2028", "Circular 16/2024/TT-BCA"},
		{"cccd-2021", date.Date{Year: 2021, Month: 1, Day: 23}, "vn-cccd-2021", "vn-cancuoc-2028", "Circular 06/2021/TT-BCA"},
	}
}

// FormNamed finds a form.
func FormNamed(name string) (Form, error) {
	var known []string
	for _, f := range Forms() {
		if f.Name == name {
			return f, nil
		}
		known = append(known, f.Name)
	}
	return Form{}, fmt.Errorf("card: form: %q is not one of %s", name, strings.Join(known, ", "))
}

// profileOn gives the profile of a card that is issued on this day.
func (f Form) profileOn(day date.Date) string {
	if day.Before(bacForbid()) {
		return f.Profile
	}
	return f.From2028
}
