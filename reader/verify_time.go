package reader

import (
	"fmt"
	"time"

	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/vnm"
)

// moment is when a document was signed, as far as it says itself.
type moment struct {
	instant time.Time // zero where a day alone is known
	day     date.Date // the day, in UTC
	by      string    // what says so
}

// signedAt gives the time of signing: the signing time in EF.SOD, else the date of issue in EF.DG12, else that in EF.DG13.
// A data group speaks only if EF.SOD covers it and it is the one that was signed. A date of which day, month or year is
// left open is none.
func (j *judgement) signedAt() (m moment, known bool) {
	if at := j.sod.SignedData.SigningTime; !at.IsZero() {
		return moment{at, date.Of(at.UTC()), "the signing time in EF.SOD"}, true
	}
	for _, group := range []struct {
		n     int
		issue func([]byte) date.Date
	}{{12, issueInDG12}, {13, issueInDG13}} {
		file, _ := lds.DataGroup(group.n)
		content, read := j.reading.Files[file.Name]
		if !read || !j.sod.SecurityObject.Matches(group.n, content) {
			continue
		}
		if day := group.issue(content); !day.IsZero() {
			return moment{day: day, by: "the date of issue in " + file.Name}, true
		}
	}
	return moment{}, false
}

func issueInDG12(content []byte) date.Date {
	d, err := lds.ParseDG12(content)
	if err != nil {
		return date.Date{}
	}
	day, err := time.Parse("20060102", d.DateOfIssue.Digits)
	if err != nil || day.Year() == 0 { // Doc 9303-10, section 4.7.11.1: what is not known is 0
		return date.Date{}
	}
	return date.Of(day)
}

func issueInDG13(content []byte) date.Date {
	d, err := vnm.ParseDG13(content)
	if err != nil {
		return date.Date{}
	}
	return d.DateOfIssue
}

func (m moment) String() string { return fmt.Sprintf("signed %s by %s", m.day, m.by) }

// within tells whether the key of a certificate was to be used then. Of a day one instant is enough: at which hour the
// document was signed, nobody says.
func (m moment) within(signer pki.Certificate) error {
	if m.instant.IsZero() {
		return signer.KeyUsableOn(m.day)
	}
	return signer.KeyUsable(m.instant)
}

// before tells whether it was before a limit: a day, if the whole of it was.
func (m moment) before(limit time.Time) bool {
	if m.instant.IsZero() {
		return !time.Date(m.day.Year, m.day.Month, m.day.Day+1, 0, 0, 0, 0, time.UTC).After(limit)
	}
	return m.instant.Before(limit)
}

// sha1Holds tells whether the policy still takes SHA-1 for what was signed when this document was: by the time of signing,
// or where none is stated by the end of the time in which the signer's key was to be used, the latest that it can be.
func (j *judgement) sha1Holds() bool {
	if m, known := j.signedAt(); known {
		return m.before(j.SHA1Until)
	}
	der, err := j.sod.SignedData.SignerCertificate()
	if err != nil {
		return false
	}
	signer, err := pki.ParseCertificate(der)
	return err == nil && !signer.KeyNotEnd.IsZero() && signer.KeyNotEnd.Before(j.SHA1Until)
}
