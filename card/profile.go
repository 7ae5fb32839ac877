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
	Law       string
}

// Forms lists the forms, the newest first.
func Forms() []Form {
	return []Form{
		{"cancuoc-2024", date.Date{Year: 2024, Month: 7, Day: 1}, "vn-cancuoc-2024", "Circular 16/2024/TT-BCA"},
		{"cccd-2021", date.Date{Year: 2021, Month: 1, Day: 23}, "vn-cccd-2021", "Circular 06/2021/TT-BCA"},
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

// Profile says what a chip gets at issue.
type Profile struct {
	Name       string
	DataGroups []int
	BAC        bool // the chip opens with Basic Access Control
	CANOfTail  bool // the card access number is the last six digits of the personal number, as reported from the field

	// NoPortraitUnder is the age in years below which a card carries no portrait and the chip no DG2: a deviation from
	// Doc 9303-10, section 4.7.2, which makes DG2 mandatory, demanded by the Law on Identification, article 23, which
	// has no biometrics taken of a child under six. 0 means that DG2 is always there.
	NoPortraitUnder int
}

// Profiles lists the profiles.
func Profiles() []Profile {
	return []Profile{
		{Name: "vn-cancuoc-2024", DataGroups: []int{1, 2, 13}, BAC: true, CANOfTail: true, NoPortraitUnder: 6},
		{Name: "vn-cccd-2021", DataGroups: []int{1, 2, 13}, BAC: true, CANOfTail: true, NoPortraitUnder: 6},
	}
}

// ProfileNamed finds a profile.
func ProfileNamed(name string) (Profile, error) {
	var known []string
	for _, p := range Profiles() {
		if p.Name == name {
			return p, nil
		}
		known = append(known, p.Name)
	}
	return Profile{}, fmt.Errorf("card: profile: %q is not one of %s", name, strings.Join(known, ", "))
}
