package card

import (
	"bytes"
	"crypto"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/card/secinfo"
	"github.com/cancuoc/cancuoc/card/sm"
)

// Profile says what a chip gets at issue.
type Profile struct {
	Name       string
	About      string
	DataGroups []int // those that are made of the record; EF.DG14 and EF.DG15 come of the keys

	BAC  bool               // the chip opens with Basic Access Control
	PACE []secinfo.PACEInfo // and with PACE in these ways; none: not with PACE
	CAN  bool               // PACE takes the card access number beside the machine readable zone
	// Announced puts the infos of Chip and Terminal Authentication into EF.CardAccess too, as was observed in the field: the
	// standard wants those of PACE there (Doc 9303-11, section 9.2.11).
	Announced bool
	CANOfTail bool // the card access number is the last six digits of the personal number, as reported from the field

	ChipAuthentication     []ChipAuthentication
	ActiveAuthentication   ActiveAuthentication
	TerminalAuthentication bool // EF.DG3 and EF.DG4 open to terminals that a CVCA has certified

	NoPortraitUnder  int    // the age in years below which a card carries no portrait and the chip no DG2; 0: it always does
	IssuingAuthority string // in EF.DG12

	// Deviations are what is done against the standard, by name, each with its reason.
	Deviations map[string]string
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

// The deviations that a profile can name.
const (
	// NoDG2UnderSix is a card without EF.DG2, against Doc 9303-10, section 4.7.2, which makes it mandatory.
	NoDG2UnderSix = "no-dg2-under-six"
	// BACFrom2028 is a card with Basic Access Control that is issued after 2027, against Doc 9303-11, section 4.1.
	BACFrom2028 = "bac-from-2028"
)

func deviations() []string { return append(perso.Deviations(), NoDG2UnderSix, BACFrom2028) }

// Names tells whether the profile names a deviation.
func (p Profile) Names(deviation string) bool { return p.Deviations[deviation] != "" }

//go:embed profile/*.json
var profileFiles embed.FS

// Profiles lists the profiles, by their names.
func Profiles() []Profile {
	files, err := fs.Glob(profileFiles, "profile/*.json")
	if err != nil {
		panic(err) // the pattern is ours
	}
	var all []Profile
	for _, name := range files {
		text, err := profileFiles.ReadFile(name)
		if err != nil {
			panic(err) // it is embedded
		}
		p, err := ParseProfile(text)
		if err != nil {
			panic(err) // a test reads them all
		}
		all = append(all, p)
	}
	return all
}

// ProfileNamed finds a profile. It reads that one's file alone: documents ask for theirs again and again.
func ProfileNamed(name string) (Profile, error) {
	if text, err := profileFiles.ReadFile("profile/" + name + ".json"); err == nil && !strings.ContainsAny(name, "/.") {
		return ParseProfile(text)
	}
	var known []string
	for _, p := range Profiles() {
		known = append(known, p.Name)
	}
	return Profile{}, fmt.Errorf("card: profile: %q is not one of %s", name, strings.Join(known, ", "))
}

// profileJSON is a profile as its file has it: the standard's names for everything.
type profileJSON struct {
	Name       string     `json:"name"`
	About      string     `json:"about"`
	DataGroups []int      `json:"data_groups"`
	BAC        bool       `json:"bac"`
	PACE       []paceJSON `json:"pace"`
	CAN        bool       `json:"can"`
	CANOfTail  bool       `json:"can_of_tail"`
	Announced  bool       `json:"announced_in_card_access"`
	Chip       []struct {
		Parameters string     `json:"parameters"`
		Ciphers    []sm.Suite `json:"ciphers"`
	} `json:"chip_authentication"`
	Active struct {
		RSA        int    `json:"rsa"`
		Parameters string `json:"parameters"`
		Hash       string `json:"hash"`
	} `json:"active_authentication"`
	Terminal         bool              `json:"terminal_authentication"`
	NoPortraitUnder  int               `json:"no_portrait_under"`
	IssuingAuthority string            `json:"issuing_authority"`
	Deviations       map[string]string `json:"deviations"`
}

type paceJSON struct {
	Agreement  secinfo.Agreement `json:"agreement"`
	Mapping    secinfo.Mapping   `json:"mapping"`
	Cipher     sm.Suite          `json:"cipher"`
	Parameters string            `json:"parameters"`
}

// ParseProfile reads a profile. What it names must exist, and together make a chip.
func ParseProfile(text []byte) (Profile, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var j profileJSON
	if err := decoder.Decode(&j); err != nil {
		return Profile{}, fmt.Errorf("card: profile: %w", err)
	}
	p, err := j.profile()
	if err == nil {
		err = p.check()
	}
	if err != nil {
		return Profile{}, fmt.Errorf("card: profile %s: %w", j.Name, err)
	}
	return p, nil
}

func (j profileJSON) profile() (Profile, error) {
	p := Profile{Name: j.Name, About: j.About, DataGroups: j.DataGroups, BAC: j.BAC, CAN: j.CAN, CANOfTail: j.CANOfTail, Announced: j.Announced,
		TerminalAuthentication: j.Terminal, NoPortraitUnder: j.NoPortraitUnder, IssuingAuthority: j.IssuingAuthority, Deviations: j.Deviations}
	for _, way := range j.PACE {
		id, err := secinfo.ParameterNamed(way.Parameters)
		if err != nil {
			return Profile{}, err
		}
		p.PACE = append(p.PACE, secinfo.PACEInfo{Agreement: way.Agreement, Mapping: way.Mapping, Suite: way.Cipher,
			Version: secinfo.PACEVersion, ParameterID: id})
	}
	for _, key := range j.Chip {
		id, err := secinfo.ParameterNamed(key.Parameters)
		if err != nil {
			return Profile{}, err
		}
		p.ChipAuthentication = append(p.ChipAuthentication, ChipAuthentication{id, key.Ciphers})
	}
	return p, j.active(&p.ActiveAuthentication)
}

func (j profileJSON) active(a *ActiveAuthentication) error {
	if j.Active.RSA == 0 && j.Active.Parameters == "" {
		return nil
	}
	a.RSABits = j.Active.RSA
	for _, h := range []crypto.Hash{crypto.SHA1, crypto.SHA224, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		if h.String() == j.Active.Hash {
			a.Hash = h
		}
	}
	if a.Hash == 0 {
		return fmt.Errorf("active_authentication: %q is no hash of the standard", j.Active.Hash)
	}
	if j.Active.Parameters == "" {
		return nil
	}
	var err error
	a.ParameterID, err = secinfo.ParameterNamed(j.Active.Parameters)
	return err
}

// check refuses what makes no chip.
func (p Profile) check() error {
	for _, info := range p.PACE {
		if err := info.Supported(); err != nil {
			return err
		}
	}
	mapped := slices.ContainsFunc(p.PACE, func(i secinfo.PACEInfo) bool { return i.Mapping.ProvesChip() })
	unmapped := slices.ContainsFunc(p.PACE, func(i secinfo.PACEInfo) bool { return !i.Mapping.ProvesChip() })
	for _, name := range slices.Sorted(maps.Keys(p.Deviations)) {
		if !slices.Contains(deviations(), name) || p.Deviations[name] == "" {
			return fmt.Errorf("deviation %q is not known, or has no reason", name)
		}
	}
	switch {
	case p.Name == "":
		return fmt.Errorf("it has no name")
	case !p.BAC && len(p.PACE) == 0:
		return fmt.Errorf("nothing opens its chip: Doc 9303-11, section 4, demands an access protocol")
	case mapped && !unmapped:
		return fmt.Errorf("PACE with chip authentication mapping stands beside another mapping (Doc 9303-11, section 4.4)")
	case p.TerminalAuthentication && len(p.ChipAuthentication) == 0 && !mapped:
		return fmt.Errorf("it needs Chip Authentication, or chip authentication mapping, for Terminal Authentication (Doc 9303-11, section 7.1)")
	case slices.Contains(p.DataGroups, 3) && !p.TerminalAuthentication:
		return fmt.Errorf("fingerprints (data group 3) need Terminal Authentication")
	case !slices.Contains(p.DataGroups, 1) || !slices.Contains(p.DataGroups, 2):
		return fmt.Errorf("data groups 1 and 2 are mandatory (Doc 9303-10, section 4.7)")
	case p.NoPortraitUnder > 0 && !p.Names(NoDG2UnderSix):
		return fmt.Errorf("a card without portrait is the deviation %s, which it must name", NoDG2UnderSix)
	}
	return nil
}
