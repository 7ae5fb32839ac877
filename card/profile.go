package card

import (
	"crypto"
	"fmt"
	"strings"

	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/secinfo"
	"github.com/cancuoc/cancuoc/card/sm"
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
	DataGroups []int // those that are made of the record; EF.DG14 and EF.DG15 come of the keys

	BAC       bool               // the chip opens with Basic Access Control
	PACE      []secinfo.PACEInfo // and with PACE in these ways; none: not with PACE
	CAN       bool               // PACE takes the card access number beside the machine readable zone
	CANOfTail bool               // the card access number is the last six digits of the personal number, as reported from the field

	ChipAuthentication     []ChipAuthentication
	ActiveAuthentication   ActiveAuthentication
	TerminalAuthentication bool // EF.DG3 and EF.DG4 open to terminals that a CVCA has certified

	// NoPortraitUnder is the age in years below which a card carries no portrait and the chip no DG2: a deviation from
	// Doc 9303-10, section 4.7.2, which makes DG2 mandatory, demanded by the Law on Identification, article 23, which
	// has no biometrics taken of a child under six. 0 means that DG2 is always there.
	NoPortraitUnder int
}

// ChipAuthentication says what key for Chip Authentication a chip gets.
type ChipAuthentication struct {
	ParameterID int        // standardised domain parameters (Doc 9303-11, section 9.5.1)
	Suites      []sm.Suite // what sessions it agrees on
}

// ActiveAuthentication says what key for Active Authentication a chip gets: RSA, or one on a curve. The zero value is
// none.
type ActiveAuthentication struct {
	RSABits     int
	ParameterID int         // of a curve, where RSABits is 0
	Hash        crypto.Hash // of the signature
}

// there tells whether the chip gets a key at all.
func (a ActiveAuthentication) there() bool { return a.RSABits != 0 || a.ParameterID != 0 }

// Profiles lists the profiles.
func Profiles() []Profile {
	vietnam := Profile{
		DataGroups: []int{1, 2, 3, 13}, BAC: true, CAN: true, CANOfTail: true, NoPortraitUnder: 6,
		PACE:                   []secinfo.PACEInfo{{Suite: sm.AES128, Version: secinfo.PACEVersion, ParameterID: brainpoolP256r1}},
		ChipAuthentication:     []ChipAuthentication{{brainpoolP256r1, []sm.Suite{sm.AES128}}},
		ActiveAuthentication:   ActiveAuthentication{RSABits: 2048, Hash: crypto.SHA256},
		TerminalAuthentication: true,
	}
	newer, older := vietnam, vietnam
	newer.Name, older.Name = "vn-cancuoc-2024", "vn-cccd-2021"
	return []Profile{newer, older, {
		Name: "icao-td1", DataGroups: []int{1, 2, 3}, CAN: true,
		PACE: []secinfo.PACEInfo{
			{Suite: sm.AES128, Version: secinfo.PACEVersion, ParameterID: brainpoolP256r1},
			{Mapping: secinfo.ChipAuthenticationMapping, Suite: sm.AES128, Version: secinfo.PACEVersion, ParameterID: brainpoolP256r1},
		},
		ChipAuthentication:     []ChipAuthentication{{brainpoolP256r1, []sm.Suite{sm.AES128, sm.AES256}}},
		ActiveAuthentication:   ActiveAuthentication{ParameterID: nistP256, Hash: crypto.SHA256},
		TerminalAuthentication: true,
	}}
}

// Curves among the standardised domain parameters (Doc 9303-11, section 9.5.1).
const (
	nistP256        = 12
	brainpoolP256r1 = 13
)

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
