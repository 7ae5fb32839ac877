package reader

import (
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cancuoc/cancuoc/card/activeauth"
	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/pki/cms"
	"github.com/cancuoc/cancuoc/card/secinfo"
	"github.com/cancuoc/cancuoc/card/vnm"
)

// Result is the outcome of one check.
type Result string

// The results of a check.
const (
	Pass    Result = "pass"
	Fail    Result = "fail"
	Absent  Result = "absent"  // there is nothing to check
	Weak    Result = "weak"    // right, by means that no longer prove anything
	Unknown Result = "unknown" // it could not be checked
)

// Check is one thing that was looked at.
type Check struct {
	Name   string `json:"name"`
	Result Result `json:"result"`
	Detail string `json:"detail"`
	// Certificate is what the check rests on: of the signature the document signer's, of the chain the authority's that
	// issued it, of validity and revocation the document signer's; where the check fails, the certificate at fault. The
	// other checks have none.
	Certificate *CertificateRef `json:"certificate,omitempty"`
}

// CertificateRef names a certificate.
type CertificateRef struct {
	Subject string `json:"subject"`
	Issuer  string `json:"issuer"`
	Serial  string `json:"serial"` // hexadecimal
	SHA256  string `json:"sha256"` // of the certificate in DER, hexadecimal
}

// refer names a certificate; nil for none.
func refer(c pki.Certificate) *CertificateRef {
	if c.Raw == nil {
		return nil
	}
	sum := sha256.Sum256(c.Raw)
	return &CertificateRef{c.Subject, c.Issuer, c.Serial, hex.EncodeToString(sum[:])}
}

// Authenticity is the verdict: is this the card of the authority that it names?
type Authenticity string

// The verdicts.
const (
	Genuine    Authenticity = "genuine"
	NotGenuine Authenticity = "not-genuine" // something on the card is false
	NotProven  Authenticity = "not-proven"  // nothing is false, and something that proves it is missing
)

// Status is whether a card may be used, whoever made it.
type Status string

// The states in which a card can be.
const (
	Valid         Status = "valid"
	Expired       Status = "expired"
	Suspended     Status = "suspended"
	Revoked       Status = "revoked"
	StatusUnknown Status = "unknown"
)

// Verdict is the judgement of a reading. An expired card is genuine all the same: Status stands apart.
type Verdict struct {
	Checks   []Check      `json:"checks"`
	Verdict  Authenticity `json:"verdict"`
	Status   Status       `json:"status"`
	Specimen bool         `json:"specimen"` // a specimen authority signed it: it proves nothing about a person
}

// Policy is by what a verifier judges.
type Policy struct {
	Trust pki.Trust // the anchors that it trusts
	// AllowDowngrade takes a card that was opened by a weaker protocol than it was issued with: for a reader that is
	// known to have been alone with the card.
	AllowDowngrade bool
	// SHA1Until is the time up to which a signature by way of SHA-1 proves something. What was signed later is weak; when,
	// say signing time and date of issue, as for the check of validity, and where both are missing the end of the time in
	// which the signer's key was to be used. The zero value takes none. The time is the signer's own word: whoever can make
	// two certificates with one SHA-1 hash writes it as he likes.
	SHA1Until time.Time
}

// Verify judges a reading by the anchors that the verifier trusts, at the given time: passive authentication
// (Doc 9303-11, section 5.1) and what surrounds it. It has no side effect and needs no card.
func Verify(r Reading, trust pki.Trust, now time.Time) Verdict {
	return Policy{Trust: trust}.Verify(r, now)
}

// Verify judges a reading at the given time.
func (p Policy) Verify(r Reading, now time.Time) Verdict {
	j := judgement{Policy: p, reading: r, now: now}
	steps := []struct {
		name  string
		check func() (Result, string, pki.Certificate)
	}{
		{"files", bare(j.files)}, {"hashes", bare(j.hashes)}, {"signature", j.signature}, {"chain", j.chain},
		{"validity", j.validity}, {"revocation", j.revocation}, {"chip", bare(j.chip)}, {"access", bare(j.access)},
	}
	var v Verdict
	for _, s := range steps {
		result, detail, certificate := s.check()
		v.Checks = append(v.Checks, Check{s.name, result, detail, refer(certificate)})
	}
	access := v.Checks[len(v.Checks)-1] // judged last, told first
	v.Checks = append([]Check{access}, v.Checks[:len(v.Checks)-1]...)
	v.Verdict = conclude(v.Checks)
	v.Status = StatusUnknown
	if signed(v.Checks) {
		v.Status = statusOf(r, now)
	}
	v.Specimen = j.anchor.Specimen() || j.signer.Specimen()
	return v
}

// bare makes a check of one that rests on no certificate.
func bare(check func() (Result, string)) func() (Result, string, pki.Certificate) {
	return func() (Result, string, pki.Certificate) {
		result, detail := check()
		return result, detail, pki.Certificate{}
	}
}

// conclude draws the verdict from the checks.
func conclude(checks []Check) Authenticity {
	verdict := Genuine
	for _, c := range checks {
		switch c.says() {
		case NotGenuine:
			return NotGenuine
		case NotProven:
			verdict = NotProven
		}
	}
	return verdict
}

// says gives what a check alone makes of the card. A false file, hash, signature, chain or chip is a false card; whatever
// could not be shown leaves it unproven. Two checks may be without an object: revocation, where no list is at hand, and
// chip, where the authority promises no authentication of the chip. A weak access is one that was allowed.
func (c Check) says() Authenticity {
	falsified := slices.Contains([]string{"files", "hashes", "signature", "chain", "chip"}, c.Name)
	mayBeAbsent := c.Name == "revocation" || c.Name == "chip"
	switch {
	case c.Result == Pass, c.Result == Absent && mayBeAbsent, c.Result == Weak && c.Name == "access":
		return Genuine
	case c.Result == Fail && falsified:
		return NotGenuine
	}
	return NotProven
}

// Reason gives the first check for which a card is not genuine or not proven; of a genuine card there is none. Access
// comes last, since it rests on all the others.
func (v Verdict) Reason() (reason Check, found bool) {
	for _, c := range v.Checks {
		if v.Verdict == Genuine || c.says() != v.Verdict {
			continue
		}
		if c.Name != "access" {
			return c, true
		}
		reason, found = c, true
	}
	return reason, found
}

// judgement carries what one check learns to the next.
type judgement struct {
	Policy
	reading Reading
	now     time.Time

	sod    *lds.SOD        // once it has been parsed
	signer pki.Certificate // the document signer, once it has been found
	intact bool            // the document signer's signature is right
	anchor pki.Certificate // the authority that issued the signer's certificate, once the chain stands

	path []pki.Certificate // from there up to the CSCA that is trusted
}

// files checks that the files are whole and that EF.COM, EF.SOD and the data groups speak of the same set.
func (j *judgement) files() (Result, string) {
	content, there := j.reading.Files["EF.SOD"]
	if !there {
		return Unknown, "EF.SOD is missing: nothing on this card is signed"
	}
	sod, err := lds.ParseSOD(content)
	if err != nil {
		return Fail, err.Error()
	}
	j.sod = &sod
	if result, detail := j.parseAll(); result != Pass {
		return result, detail
	}
	if extra := j.unsigned(); len(extra) > 0 {
		return Fail, fmt.Sprintf("%s: on the card or in EF.COM, and not in EF.SOD", strings.Join(extra, ", "))
	}
	if _, there := j.reading.Files["EF.COM"]; !there {
		return Unknown, "EF.COM is missing"
	}
	if missing := j.missing(); len(missing) > 0 {
		return Unknown, fmt.Sprintf("%s: in EF.SOD, and not on the card", strings.Join(missing, ", "))
	}
	return Pass, fmt.Sprintf("%d files, %d data groups in EF.SOD%s", len(j.reading.Files), len(sod.SecurityObject.DataGroups()), j.closed())
}

// parseAll reads every file for which this program has a codec. One that cannot be read and is not what was signed is
// false; one that was signed so is of a kind that this program does not know.
func (j *judgement) parseAll() (Result, string) {
	result, detail := Pass, ""
	for _, c := range codecs(j.now) {
		content, there := j.reading.Files[c.name]
		if !there {
			continue
		}
		err := c.parse(content)
		if err == nil {
			continue
		}
		file, _ := lds.ByName(c.name)
		if !j.sod.SecurityObject.Matches(file.DataGroup, content) {
			return Fail, fmt.Sprintf("%s: %v", c.name, err)
		}
		result, detail = Unknown, fmt.Sprintf("%s, as it was signed, cannot be read: %v", c.name, err)
	}
	return result, detail
}

// codec reads one file.
type codec struct {
	name  string
	parse func([]byte) error
}

func codecs(now time.Time) []codec {
	return []codec{
		{"EF.COM", func(b []byte) error { _, err := lds.ParseCOM(b); return err }},
		{"EF.DG1", func(b []byte) error { _, err := zoneOf(b, now); return err }},
		{"EF.DG2", func(b []byte) error { _, err := lds.ParseDG2(b); return err }},
		{"EF.DG3", func(b []byte) error { _, err := lds.ParseDG3(b); return err }},
		{"EF.DG4", func(b []byte) error { _, err := lds.ParseDG4(b); return err }},
		{"EF.DG7", func(b []byte) error { _, err := lds.ParseDG7(b); return err }},
		{"EF.DG11", func(b []byte) error { _, err := lds.ParseDG11(b); return err }},
		{"EF.DG12", func(b []byte) error { _, err := lds.ParseDG12(b); return err }},
		{"EF.DG13", func(b []byte) error { _, err := vnm.ParseDG13(b); return err }},
		{"EF.DG14", func(b []byte) error { _, err := secinfo.ParseDG14(b); return err }},
		{"EF.DG15", func(b []byte) error { _, err := activeauth.ParseDG15(b); return err }},
		{"EF.DG16", func(b []byte) error { _, err := lds.ParseDG16(b); return err }},
	}
}

// unsigned names the data groups that are on the card, or that EF.COM lists, and that EF.SOD does not cover.
func (j *judgement) unsigned() []string {
	com, _ := lds.ParseCOM(j.reading.Files["EF.COM"]) // one that cannot be read has failed already, and lists nothing
	var names []string
	for n := 1; n <= 16; n++ {
		file, _ := lds.DataGroup(n)
		_, read := j.reading.Files[file.Name]
		_, signed := j.sod.SecurityObject.Hashes[n]
		if !signed && (read || slices.Contains(com.Tags, file.Tag)) {
			names = append(names, file.Name)
		}
	}
	return names
}

func (j *judgement) missing() []string {
	var names []string
	for _, n := range j.sod.SecurityObject.DataGroups() {
		file, _ := lds.DataGroup(n)
		if _, read := j.reading.Files[file.Name]; !read && !j.reading.Withholds(file) {
			names = append(names, file.Name)
		}
	}
	return names
}

func (j *judgement) hashes() (Result, string) {
	if j.sod == nil {
		return Unknown, "no EF.SOD to compare with"
	}
	checked := 0
	for _, n := range j.sod.SecurityObject.DataGroups() {
		file, _ := lds.DataGroup(n)
		content, read := j.reading.Files[file.Name]
		if !read {
			continue
		}
		if !j.sod.SecurityObject.Matches(n, content) {
			return Fail, fmt.Sprintf("%s is not the file that was signed", file.Name)
		}
		checked++
	}
	if checked == 0 {
		return Unknown, "no data group was read"
	}
	if j.sod.SecurityObject.Hash == crypto.SHA1 && !j.sha1Holds() {
		return Weak, "the data groups agree with EF.SOD, by SHA-1"
	}
	return Pass, fmt.Sprintf("%d data groups agree with EF.SOD (%s)", checked, j.sod.SecurityObject.Hash)
}

func (j *judgement) signature() (Result, string, pki.Certificate) {
	if j.sod == nil {
		return Unknown, "no EF.SOD", j.signer
	}
	der, err := j.sod.SignedData.SignerCertificate()
	if err != nil {
		return Unknown, err.Error(), j.signer
	}
	if j.signer, err = pki.ParseCertificate(der); err != nil {
		result, detail := undecided(err)
		return result, detail, j.signer
	}
	if err := j.sod.SignedData.Verify(der); err != nil {
		result, detail := undecided(err)
		return result, detail, j.signer
	}
	j.intact = true
	detail := fmt.Sprintf("%s by %s", j.sod.SignedData.Algorithm, j.signer.Subject)
	if j.sod.SignedData.Weak() && !j.sha1Holds() {
		return Weak, detail, j.signer
	}
	return Pass, detail, j.signer
}

// undecided tells what cannot be judged from what is false.
func undecided(err error) (Result, string) {
	var algorithm *cms.UnsupportedError
	if errors.As(err, &algorithm) || errors.Is(err, pki.ErrUnsupported) || errors.Is(err, pki.ErrNoAnchor) {
		return Unknown, err.Error()
	}
	return Fail, err.Error()
}

// signed tells whether what the card says was signed by the document signer inside it: a date that anybody could have
// written makes no card valid.
func signed(checks []Check) bool {
	passed := 0
	for _, c := range checks {
		if (c.Name == "hashes" || c.Name == "signature") && (c.Result == Pass || c.Result == Weak) {
			passed++
		}
	}
	return passed == 2
}

func statusOf(r Reading, now time.Time) Status {
	expiry, err := expiryOf(r, now)
	switch {
	case err != nil:
		return StatusUnknown
	case date.Of(now).After(expiry):
		return Expired
	}
	return Valid
}
