package reader

import (
	"errors"
	"fmt"
	"slices"

	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/pki"
)

// chain leads from the document signer to an authority that is trusted, and asks whether the two may sign this document.
func (j *judgement) chain() (Result, string, pki.Certificate) {
	if j.signer.Raw == nil {
		return Unknown, "no document signer", j.signer
	}
	path, err := j.Trust.Path(j.signer)
	if err != nil {
		result, detail := undecided(err)
		return result, detail, j.atFault(err)
	}
	j.path, j.anchor = path, path[0]
	if result, detail, certificate := j.competence(); result != Pass {
		return result, detail, certificate
	}
	detail := j.anchor.Subject
	if j.anchor.Specimen() {
		detail += " (a specimen authority: no real document)"
	}
	signed := j.signed()
	if i := slices.IndexFunc(signed, pki.Certificate.Weak); i >= 0 && !j.sha1Holds() {
		return Weak, detail + ", by way of SHA-1", signed[i]
	}
	return Pass, detail, j.anchor
}

// atFault gives the certificate that breaks a chain: the document signer's, unless the error names another.
func (j *judgement) atFault(err error) pki.Certificate {
	var broken *pki.ChainError
	if errors.As(err, &broken) {
		return broken.Certificate
	}
	return j.signer
}

// competence tells whether signer and authority may sign this document: of its kind, where the signer has a list of kinds
// (none below an authority of the sixth edition, Doc 9303-12, appendix C), and of its state.
func (j *judgement) competence() (Result, string, pki.Certificate) {
	lines, err := lds.ParseDG1(j.reading.Files["EF.DG1"])
	if err != nil || len(lines[0]) < 5 {
		return Pass, "", j.anchor
	}
	if len(j.signer.DocumentTypes) > 0 && !j.signer.Signs(lines[0]) {
		return Fail, "the document signer may not sign documents of this type", j.signer
	}
	state, root := lines[0][2:5], j.path[len(j.path)-1]
	switch yes, known := root.IssuesFor(state); {
	case !known:
		return Unknown, fmt.Sprintf("whether the authority issues documents of %s: its certificate names no state", state), root
	case !yes:
		return Fail, fmt.Sprintf("the document is one of %s, and the authority is that of %s", state, j.anchor.Country), root
	}
	return Pass, "", j.anchor
}

// signed gives the certificates whose signatures the chain stands on: all but the anchor's own.
func (j *judgement) signed() []pki.Certificate {
	return append([]pki.Certificate{j.signer}, j.path[:len(j.path)-1]...)
}

// validity judges all certificates at reading time, and the signer's key at the time of signing (Doc 9303-12, section 4),
// which is the signing time in EF.SOD, else the date of issue in EF.DG12 or EF.DG13. A date is a day, taken from 0 to 24
// o'clock in UTC: the time in which the key was to be used must reach into it. Where no time is stated nothing is known.
func (j *judgement) validity() (Result, string, pki.Certificate) {
	if j.anchor.Raw == nil {
		return Unknown, "no chain to judge", j.signer
	}
	for _, c := range append([]pki.Certificate{j.signer}, j.path...) {
		if err := c.Validity(j.now); err != nil {
			return Fail, fmt.Sprintf("%s: %v", c.Subject, err), c
		}
	}
	when, known := j.signedAt()
	if !known {
		return Unknown, "nothing says when it was signed: neither a signing time in EF.SOD nor a date of issue in EF.DG12 or EF.DG13 below it", j.signer
	}
	if err := when.within(j.signer); err != nil {
		return Fail, fmt.Sprintf("%v: %v", err, when), j.signer
	}
	return Pass, when.String(), j.signer
}

// revocation looks for the document signer, and for the links above it, on the lists at hand (Doc 9303-12, section 6.1.2).
// That a document was signed before the revocation does not rescue it: the time of signing is the signer's own word, and
// who has stolen a key writes whatever time he likes. So no card below a revoked signer is proven any more. None is false
// for it either: what the card says may be all true.
func (j *judgement) revocation() (Result, string, pki.Certificate) {
	if len(j.Trust.Lists) == 0 {
		return Absent, "no revocation list at hand", pki.Certificate{}
	}
	if j.anchor.Raw == nil {
		return Unknown, "no chain to judge", j.signer
	}
	result, detail, certificate := Pass, "on no revocation list", j.signer
	for _, c := range j.signed() {
		err := j.Trust.Revocation(c, j.now)
		switch {
		case errors.Is(err, pki.ErrRevoked):
			return Fail, fmt.Sprintf("%s: %v", c.Subject, err), c
		case errors.Is(err, pki.ErrNoList) && result == Pass:
			result, detail, certificate = Absent, err.Error(), c
		case err != nil && !errors.Is(err, pki.ErrNoList):
			result, detail, certificate = Unknown, err.Error(), c
		}
	}
	root := j.path[len(j.path)-1]
	if err := j.Trust.Revocation(root, j.now); errors.Is(err, pki.ErrRevoked) { // by its own last word (section 4.1.5.1)
		return Fail, fmt.Sprintf("%s: %v", root.Subject, err), root
	}
	return result, detail, certificate
}
