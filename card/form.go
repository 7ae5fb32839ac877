package card

import (
	"fmt"
	"strings"

	"github.com/cancuoc/cancuoc/card/date"
)

// Form is a kind of document that the law knows: a card with a chip, or a certificate on paper.
type Form struct {
	Name      string
	Effective date.Date // the first day on which a document of this form could be issued
	Chip      bool      // it is a card; else paper, with no chip and no machine readable zone
	Profile   string    // the chip's profile where the record names none
	From2028  string    // and that of cards issued from 2028 on, when none may open with Basic Access Control any more
	Years     int       // for how long paper is valid where nobody says otherwise; a card is until an age that the law names
	Law       string
}

// draftYears is the validity that a draft of the decree gave the certificate. What Decree 70/2024/ND-CP says was not found:
// it is a setting, and no claim.
const draftYears = 1

// Forms lists the forms, the newest first.
func Forms() []Form {
	return []Form{
		{"cancuoc-2024", date.Date{Year: 2024, Month: 7, Day: 1}, true, "vn-cancuoc-2024", "vn-cancuoc-2028", 0, "Circular 16/2024/TT-BCA"},
		{"certificate-2024", date.Date{Year: 2024, Month: 7, Day: 1}, false, "", "", draftYears, "Circular 16/2024/TT-BCA"},
		{"cccd-2021", date.Date{Year: 2021, Month: 1, Day: 23}, true, "vn-cccd-2021", "vn-cancuoc-2028", 0, "Circular 06/2021/TT-BCA"},
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
