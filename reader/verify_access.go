package reader

import (
	"errors"
	"fmt"

	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/secinfo"
)

// access tells whether somebody has made the reader use a weaker access protocol than the card has: EF.CardAccess, or
// its absence, is compared with what was signed (Doc 9303-11, section 4.2). It is judged after all that it rests on.
func (j *judgement) access() (Result, string) {
	how := j.reading.How
	switch {
	case j.reading.Access != "PACE" && j.reading.Access != "BAC" || how == "":
		return Unknown, "the reading does not say how the card was opened"
	case j.reading.Stored:
		how += ", as the stored reading says"
	}
	signed, err := j.signedInfos()
	if err != nil {
		return Fail, fmt.Sprintf("%s: %v", how, err)
	}
	if j.reading.Access == "PACE" && len(signed) == 0 {
		return Unknown, how + ": neither EF.DG14 nor EF.CardSecurity, signed and trusted, confirms EF.CardAccess"
	}
	for _, infos := range signed {
		reason := j.downgrade(infos)
		switch {
		case reason != nil && j.AllowDowngrade:
			return Weak, fmt.Sprintf("%s; allowed, though %v", how, reason)
		case reason != nil:
			return Fail, fmt.Sprintf("%s: %v", how, reason)
		}
	}
	return Pass, how
}

// downgrade gives the reason why the access protocol cannot be what the card was issued with, by what was signed.
func (j *judgement) downgrade(signed secinfo.Infos) error {
	if j.reading.Access == "BAC" {
		if len(signed.PACE) > 0 {
			return fmt.Errorf("the card was issued with PACE (%v), and Basic Access Control was used%s", signed.PACE[0], j.fallback())
		}
		return nil
	}
	if j.reading.Fallback != "" {
		return fmt.Errorf("a better way of PACE failed (%s)", j.reading.Fallback)
	}
	shown, err := secinfo.Parse(j.reading.Files["EF.CardAccess"])
	if err != nil {
		return fmt.Errorf("EF.CardAccess cannot be read: %w", err)
	}
	return compareInfos(shown, signed)
}

func (j *judgement) fallback() string {
	if j.reading.Fallback == "" {
		return ", since no EF.CardAccess offered it"
	}
	return " (" + j.reading.Fallback + ")"
}

// compareInfos tells whether EF.CardAccess says more than was signed, or offers fewer ways of PACE.
func compareInfos(shown, signed secinfo.Infos) error {
	added, err := shown.Missing(signed)
	if err != nil {
		return err
	}
	if len(added) > 0 {
		return errors.New("EF.CardAccess holds what was not signed")
	}
	removed, err := secinfo.Infos{PACE: signed.PACE, PACEParameters: signed.PACEParameters}.Missing(shown)
	if err != nil {
		return err
	}
	if len(removed) > 0 {
		return errors.New("EF.CardAccess lacks a way of PACE that was signed")
	}
	return nil
}

// signedInfos gives the SecurityInfos that somebody trusted has signed: those of EF.DG14 if EF.SOD covers it and its
// signer's chain stands, and those of EF.CardSecurity. An error says that a file of them is there and false.
func (j *judgement) signedInfos() ([]secinfo.Infos, error) {
	var signed []secinfo.Infos
	if j.vouchedFor(14) {
		infos, err := secinfo.ParseDG14(j.reading.Files["EF.DG14"])
		if err != nil {
			return nil, err
		}
		signed = append(signed, infos)
	}
	security, err := j.cardSecurity()
	if security != nil {
		signed = append(signed, *security)
	}
	return signed, err
}

// vouchedFor tells whether a data group is the one that a trusted document signer has signed.
func (j *judgement) vouchedFor(n int) bool {
	file, _ := lds.DataGroup(n)
	content, read := j.reading.Files[file.Name]
	return read && j.sod != nil && j.anchor.Raw != nil && j.intact && j.sod.SecurityObject.Matches(n, content)
}

// cardSecurity gives the infos of EF.CardSecurity if it is there and a document signer of the authority that stands above
// EF.SOD has signed it (Doc 9303-11, section 9.2.11): one of another state, however trusted, does not vouch for this card.
func (j *judgement) cardSecurity() (*secinfo.Infos, error) {
	content, read := j.reading.Files["EF.CardSecurity"]
	if !read {
		return nil, nil
	}
	security, err := lds.ParseCardSecurity(content)
	if err != nil {
		return nil, err
	}
	der, err := security.SignedData.SignerCertificate()
	if err != nil {
		return nil, fmt.Errorf("EF.CardSecurity: %w", err)
	}
	if err := security.SignedData.Verify(der); err != nil {
		return nil, fmt.Errorf("EF.CardSecurity: %w", err)
	}
	signer, err := pki.ParseCertificate(der)
	if err != nil {
		return nil, nil
	}
	path, err := j.Trust.Path(signer)
	if err != nil || j.anchor.Raw == nil || !path[0].Equal(j.anchor) || security.SignedData.Weak() {
		return nil, nil
	}
	if signed := security.SignedData.SigningTime; signed.IsZero() || signer.KeyUsable(signed) != nil {
		return nil, nil
	}
	if j.Trust.Current(signer, path, j.now) != nil {
		return nil, nil
	}
	return &security.Infos, nil
}
