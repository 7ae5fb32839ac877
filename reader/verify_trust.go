package reader

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/pki"
)

// chain leads from the document signer to an authority that is trusted, and asks whether the two may sign this document.
func (j *judgement) chain() (Result, string) {
	if j.signer.Raw == nil {
		return Unknown, "no document signer"
	}
	path, err := j.Trust.Path(j.signer)
	if err != nil {
		return undecided(err)
	}
	j.path, j.anchor = path, path[0]
	if result, detail := j.competence(); result != Pass {
		return result, detail
	}
	detail := j.anchor.Subject
	if j.anchor.Specimen() {
		detail += " (a specimen authority: no real document)"
	}
	if weak := slices.ContainsFunc(j.signed(), pki.Certificate.Weak); weak && !j.sha1Holds(j.sod.SignedData) {
		return Weak, detail + ", by way of SHA-1"
	}
	return Pass, detail
}

// competence tells whether signer and authority may sign this document: of its kind, where the signer has a list of kinds
// (none below an authority of the sixth edition, Doc 9303-12, appendix C), and of its state.
func (j *judgement) competence() (Result, string) {
	lines, err := lds.ParseDG1(j.reading.Files["EF.DG1"])
	if err != nil || len(lines[0]) < 5 {
		return Pass, ""
	}
	if len(j.signer.DocumentTypes) > 0 && !j.signer.Signs(lines[0]) {
		return Fail, "the document signer may not sign documents of this type"
	}
	state := lines[0][2:5]
	switch yes, known := j.path[len(j.path)-1].IssuesFor(state); {
	case !known:
		return Unknown, fmt.Sprintf("whether the authority issues documents of %s: its certificate names no state", state)
	case !yes:
		return Fail, fmt.Sprintf("the document is one of %s, and the authority is that of %s", state, j.anchor.Country)
	}
	return Pass, ""
}

// signed gives the certificates whose signatures the chain stands on: all but the anchor's own.
func (j *judgement) signed() []pki.Certificate {
	return append([]pki.Certificate{j.signer}, j.path[:len(j.path)-1]...)
}

// validity judges both certificates at reading time, and the signer's key at signing time (Doc 9303-12, section 4).
func (j *judgement) validity() (Result, string) {
	if j.anchor.Raw == nil {
		return Unknown, "no chain to judge"
	}
	for _, c := range append([]pki.Certificate{j.signer}, j.path...) {
		if err := c.Validity(j.now); err != nil {
			return Fail, fmt.Sprintf("%s: %v", c.Subject, err)
		}
	}
	signed := j.sod.SignedData.SigningTime
	if signed.IsZero() {
		return Unknown, "EF.SOD does not say when it was signed"
	}
	if err := j.signer.KeyUsable(signed); err != nil {
		return Fail, err.Error()
	}
	return Pass, fmt.Sprintf("signed %s by the signing time in EF.SOD", signed.UTC().Format(time.DateOnly))
}

// revocation looks for the document signer, and for the links above it, on the lists at hand (Doc 9303-12, section 6.1.2).
func (j *judgement) revocation() (Result, string) {
	if len(j.Trust.Lists) == 0 {
		return Absent, "no revocation list at hand"
	}
	if j.anchor.Raw == nil {
		return Unknown, "no chain to judge"
	}
	result, detail := Pass, "on no revocation list"
	for _, c := range j.signed() {
		err := j.Trust.Revocation(c, j.now)
		switch {
		case errors.Is(err, pki.ErrRevoked):
			return Fail, fmt.Sprintf("%s: %v", c.Subject, err)
		case errors.Is(err, pki.ErrNoList) && result == Pass:
			result, detail = Absent, err.Error()
		case err != nil && !errors.Is(err, pki.ErrNoList):
			result, detail = Unknown, err.Error()
		}
	}
	return result, detail
}
