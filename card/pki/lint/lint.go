// Package lint holds certificates, revocation lists and master lists against the profiles of Doc 9303-12, sections 7.1 and 9,
// and tells every departure with the clause that it departs from.
//
//	DER -> [Check] -> a [Report] of what the file is, and of each certificate in a master list
//
// It judges form, not trust: whether somebody believed has signed a certificate is for package pki. What the parsers take
// although a profile excludes it, for certificates of the field that have it, is looked for here in the bytes as they came.
// The profiles are tables: a [Finding] is a row of one that does not hold.
package lint

import (
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Severity tells what a clause demands from what it recommends.
type Severity string

// The severities: a violation is of what must or must not be, advice of what should be.
const (
	Violation Severity = "violation"
	Advice    Severity = "advice"
)

// Finding is one departure from a profile.
type Finding struct {
	Severity Severity
	Clause   string // "Doc 9303-12, table 6"
	Field    string // "KeyUsage"
	Text     string // what is wrong, with the value that is there
}

// Report is what was found about one thing.
type Report struct {
	Entry    string // which part of a master list; empty for the whole
	Kind     string // "certificate", "revocation list", "master list"; empty for what is none
	Role     Role   // of a certificate
	Subject  string // of a certificate; of a revocation list its issuer
	Findings []Finding
}

// Violations counts what must not be.
func (r Report) Violations() int {
	n := 0
	for _, f := range r.Findings {
		if f.Severity == Violation {
			n++
		}
	}
	return n
}

// rule is one row of a profile.
type rule[T any] struct {
	clause, field string
	severity      Severity
	roles         []Role           // to which it applies; none: to all
	check         func(T) []string // what is wrong, a sentence each
}

// apply holds one thing against a profile.
func apply[T any](rules []rule[T], role Role, of T) []Finding {
	var all []Finding
	for _, r := range rules {
		if len(r.roles) > 0 && !slices.Contains(r.roles, role) {
			continue
		}
		for _, text := range r.check(of) {
			all = append(all, Finding{r.severity, r.clause, r.field, text})
		}
	}
	return all
}

// when gives a sentence if something is wrong.
func when(wrong bool, format string, args ...any) []string {
	if !wrong {
		return nil
	}
	return []string{fmt.Sprintf(format, args...)}
}

// each gathers what is wrong with many things. It ends after a few: a file can hold millions.
func each[T any](all []T, check func(T) []string) (wrong []string) {
	const most = 20
	for n, one := range all {
		if len(wrong) >= most {
			return append(wrong, fmt.Sprintf("and what the other %d of %d have", len(all)-n, len(all)))
		}
		wrong = append(wrong, check(one)...)
	}
	return wrong
}

// Check lints what stands in DER: a certificate, a revocation list, or a master list with everything in it. The role is that
// of a certificate; [Deduce] leaves it to what the certificate says of itself.
func Check(der []byte, role Role) []Report {
	switch kindOf(der) {
	case "certificate":
		return []Report{Certificate(der, role)}
	case "revocation list":
		return []Report{RevocationList(der)}
	case "master list":
		return MasterList(der)
	}
	return []Report{{Findings: []Finding{{Violation, partSeven, "DER", fmt.Sprintf(
		"%d bytes are neither certificate, revocation list nor signed list in DER", len(der))}}}}
}

const (
	part          = "Doc 9303-12, "
	partSeven     = part + "section 7.1" // all in DER
	tableFive     = part + "table 5"
	tableSix      = part + "table 6"
	tableNine     = part + "table 9"
	tableTen      = part + "table 10"
	tableEighteen = part + "table 18"
)

// kindOf tells what DER holds by its first elements: the object identifier of a ContentInfo, or past serial number or
// version, algorithm and issuer, the validity of a certificate or the time of a revocation list.
func kindOf(der []byte) string {
	in := cryptobyte.String(der)
	var outer, tbs cryptobyte.String
	if !in.ReadASN1(&outer, cbasn1.SEQUENCE) {
		return ""
	}
	if outer.PeekASN1Tag(cbasn1.OBJECT_IDENTIFIER) {
		return "master list"
	}
	if !outer.ReadASN1(&tbs, cbasn1.SEQUENCE) || !tbs.SkipOptionalASN1(explicit(0)) || !tbs.SkipOptionalASN1(cbasn1.INTEGER) ||
		!tbs.SkipASN1(cbasn1.SEQUENCE) || !tbs.SkipASN1(cbasn1.SEQUENCE) {
		return ""
	}
	if tbs.PeekASN1Tag(cbasn1.SEQUENCE) {
		return "certificate"
	}
	return "revocation list"
}

func explicit(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific().Constructed() }
func implicit(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific() }
