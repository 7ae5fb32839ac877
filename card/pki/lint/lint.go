// Package lint holds certificates, revocation lists and master lists against the profile tables of Doc 9303-12, and names the
// clause of each thing that it finds.
//
//	DER -> parsed leniently, part by part -> every rule of the tables that is for its role -> [Report]
//
// It judges the form alone: no signature, no chain, no time. The tables are rows here as they are there; what the parser of
// package x509 would refuse is a finding too.
package lint

import (
	"fmt"

	"github.com/cancuoc/cancuoc/card/pki"
)

// Severity tells what a table demands from what it recommends.
type Severity string

// The severities of a finding.
const (
	Violation Severity = "violation" // MUST, SHALL, mandatory, do not use
	Advice    Severity = "advice"    // SHOULD, RECOMMENDED
)

// Finding is one thing that is not as a clause has it.
type Finding struct {
	Severity Severity `json:"severity"`
	Clause   string   `json:"clause"` // "Doc 9303-12, table 6"
	Field    string   `json:"field"`
	Text     string   `json:"text"` // what is wrong, with the value seen
}

// Role is the column of table 6 that a certificate is held against.
type Role string

// The roles of Doc 9303-12, table 6, and what else is looked at.
const (
	Root                Role = "root"
	Link                Role = "link"
	DocumentSigner      Role = "document-signer"
	MasterListSigner    Role = "master-list-signer"
	DeviationListSigner Role = "deviation-list-signer"
	Communication       Role = "communication"
	CRL                 Role = "revocation-list"
	MasterListFile      Role = "master-list"
)

// Roles are those that a certificate can be held against.
func Roles() []Role {
	return []Role{Root, Link, DocumentSigner, MasterListSigner, DeviationListSigner, Communication}
}

// Report is what was found of one thing.
type Report struct {
	Role     Role      `json:"role"`
	Subject  string    `json:"subject,omitempty"` // of a certificate; the issuer of a revocation list
	Findings []Finding `json:"findings"`
}

// Violations counts what a table demands and is not so.
func (r Report) Violations() int {
	n := 0
	for _, f := range r.Findings {
		if f.Severity == Violation {
			n++
		}
	}
	return n
}

func (r *Report) add(s Severity, clause, field, format string, args ...any) {
	r.Findings = append(r.Findings, Finding{s, "Doc 9303-12, " + clause, field, fmt.Sprintf(format, args...)})
}

// Certificate holds one certificate in DER against tables 5 and 6. The role "" is the one that the certificate itself says.
func Certificate(der []byte, as Role) Report {
	r := Report{Role: as, Findings: []Finding{}}
	c, err := readCertificate(der)
	if err != nil {
		r.add(Violation, "section 7.1", "Certificate", "cannot be read: %v", err)
		return r
	}
	if r.Subject = c.subject.String(); as == "" {
		r.Role = roleOf(c, der)
	}
	for _, rule := range certificateRules() {
		rule(c, &r)
	}
	if _, err := pki.ParseCertificate(der); err != nil && len(r.Findings) == 0 {
		r.add(Violation, "section 7.1", "Certificate", "is not read by a strict reader: %v", err)
	}
	return r
}

// roleOf tells what a certificate is by what it says of itself.
func roleOf(c *certificate, der []byte) Role {
	purposes := c.purposes()
	switch {
	case c.constraints().ca || c.usage()&(1<<5) != 0:
		if parsed, err := pki.ParseCertificate(der); err == nil && parsed.Kind() == pki.KindLink {
			return Link
		}
		return Root
	case has(purposes, oidMasterListSigner):
		return MasterListSigner
	case has(purposes, oidDeviationListSigner):
		return DeviationListSigner
	case len(purposes) > 0:
		return Communication
	}
	return DocumentSigner
}

func has(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}

// authority tells whether a role is that of a CSCA.
func (r Role) authority() bool { return r == Root || r == Link }

func (r Role) listSigner() bool { return r == MasterListSigner || r == DeviationListSigner }
