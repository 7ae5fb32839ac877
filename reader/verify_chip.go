package reader

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cancuoc/cancuoc/card/secinfo"
)

// chip tells whether this is the chip that was issued, and not a copy of its files. A proof counts only if the key that
// it was made with stands under a trusted signature: EF.DG14 and EF.DG15 under EF.SOD, the key of chip authentication
// mapping in EF.CardSecurity (Doc 9303-11, section 6).
func (j *judgement) chip() (Result, string) {
	if j.sod == nil {
		return Unknown, "no EF.SOD says what the chip can prove"
	}
	proofs := j.promised()
	if len(proofs) == 0 {
		return Absent, "EF.SOD promises no authentication of the chip: a copy is not excluded"
	}
	var said []string
	result := Unknown
	for _, p := range proofs {
		one, detail := j.judgeProof(p)
		if one == Fail {
			return Fail, detail
		}
		if one == Pass {
			result = Pass
		}
		said = append(said, detail)
	}
	if j.reading.Stored {
		said = append(said, "as the stored reading says")
	}
	return result, strings.Join(said, "; ")
}

// promise is one authentication of which something signed says that the chip can do it.
type promise struct {
	name string // of the protocol
	file string // that holds the key
	Proof
	vouched bool // the key is that of the card
}

// promised lists the authentications that the card must be able to do.
func (j *judgement) promised() []promise {
	var all []promise
	if j.hasChipKey() {
		all = append(all, promise{"Chip Authentication", "EF.DG14", j.reading.Proofs.Chip, j.vouchedFor(14)})
	}
	if j.signs(15) {
		all = append(all, promise{"Active Authentication", "EF.DG15", j.reading.Proofs.Active, j.vouchedFor(15)})
	}
	if j.reading.Proofs.Mapping.Outcome != "" || j.hasMapping() {
		security, err := j.cardSecurity()
		vouched := err == nil && security != nil && len(security.ChipAuthenticationKeys) > 0
		all = append(all, promise{"PACE with chip authentication mapping", "EF.CardSecurity", j.reading.Proofs.Mapping, vouched})
	}
	return all
}

// hasMapping tells whether something signed and trusted offers PACE with chip authentication mapping.
func (j *judgement) hasMapping() bool {
	signed, err := j.signedInfos()
	return err == nil && slices.ContainsFunc(signed, func(infos secinfo.Infos) bool {
		return slices.ContainsFunc(infos.PACE, func(i secinfo.PACEInfo) bool { return i.Mapping.ProvesChip() })
	})
}

func (j *judgement) signs(n int) bool {
	_, listed := j.sod.SecurityObject.Hashes[n]
	return listed
}

// hasChipKey tells whether EF.SOD covers a key for Chip Authentication. An EF.DG14 that the chip does not show is taken
// to hold one.
func (j *judgement) hasChipKey() bool {
	content, read := j.reading.Files["EF.DG14"]
	if !j.signs(14) || !read {
		return j.signs(14)
	}
	infos, err := secinfo.ParseDG14(content)
	return err != nil || len(infos.ChipAuthenticationKeys) > 0
}

func (j *judgement) judgeProof(p promise) (Result, string) {
	_, read := j.reading.Files[p.file]
	switch {
	case p.Outcome == Failed && !p.vouched && p.file == "EF.CardSecurity":
		return Unknown, fmt.Sprintf("%s: %s, and nothing signed says that the card has the key", p.name, p.Detail)
	case p.Outcome == Failed:
		return Fail, fmt.Sprintf("%s: %s", p.name, p.Detail)
	case !read && !j.reading.Stored && p.file != "EF.CardSecurity": // which opens to PACE alone
		return Fail, fmt.Sprintf("%s was signed, and the chip does not have it", p.file)
	case p.Outcome == Impossible:
		return Unknown, fmt.Sprintf("%s unknown: %s", p.name, p.Detail)
	case p.Outcome != Proven:
		return Unknown, p.name + " was not run"
	case !p.vouched:
		return Unknown, fmt.Sprintf("%s, with a key that nobody trusted vouches for (%s)", p.Detail, p.file)
	}
	return Pass, p.Detail
}

// closed says which files stayed closed, and why.
func (j *judgement) closed() string {
	if len(j.reading.Closed) == 0 {
		return ""
	}
	text := "; closed to this terminal: " + strings.Join(j.reading.Closed, ", ")
	if t := j.reading.Proofs.Terminal; t.Outcome == Failed {
		text += " (" + t.Detail + ")"
	}
	return text
}
