package lint

import (
	"fmt"
	"strings"
)

// The extensions of Doc 9303-12, tables 6 and 10.
const (
	oidSubjectKeyID       = "2.5.29.14"
	oidKeyUsage           = "2.5.29.15"
	oidPrivateKeyUsage    = "2.5.29.16"
	oidSubjectAltName     = "2.5.29.17"
	oidIssuerAltName      = "2.5.29.18"
	oidBasicConstraints   = "2.5.29.19"
	oidPolicies           = "2.5.29.32"
	oidAuthorityKeyID     = "2.5.29.35"
	oidExtKeyUsage        = "2.5.29.37"
	oidDistributionPoints = "2.5.29.31"
	oidFreshestCRL        = "2.5.29.46"
	oidNameChange         = "2.23.136.1.1.6.1"
	oidDocumentType       = "2.23.136.1.1.6.2"
	oidForMasterLists     = "2.23.136.1.1.3"
	oidForDeviationLists  = "2.23.136.1.1.8"
)

// presence is a row of table 6 or 10: for each column m (mandatory), o (optional), x (do not use).
type presence struct {
	name, id string
	columns  string
	critical bool
}

// tableSixRows are the extensions of Doc 9303-12, table 6. Columns: CSCA root, CSCA link, document signer, master list signer and
// deviation list signer, communication.
func tableSixRows() []presence {
	return []presence{
		{"AuthorityKeyIdentifier", oidAuthorityKeyID, "ommmm", false},
		{"SubjectKeyIdentifier", oidSubjectKeyID, "mmooo", false},
		{"KeyUsage", oidKeyUsage, "mmmmm", true},
		{"PrivateKeyUsagePeriod", oidPrivateKeyUsage, "mmmoo", false},
		{"CertificatePolicies", oidPolicies, "ooooo", false},
		{"PolicyMappings", "2.5.29.33", "xxxxx", false},
		{"SubjectAltName", oidSubjectAltName, "mmmmm", false},
		{"IssuerAltName", oidIssuerAltName, "mmmmm", false},
		{"SubjectDirectoryAttributes", "2.5.29.9", "xxxxx", false},
		{"BasicConstraints", oidBasicConstraints, "mmxxx", true},
		{"NameConstraints", "2.5.29.30", "xxxxx", false},
		{"PolicyConstraints", "2.5.29.36", "xxxxx", false},
		{"ExtKeyUsage", oidExtKeyUsage, "xxxmm", true},
		{"CRLDistributionPoints", oidDistributionPoints, "mmmmo", false},
		{"InhibitAnyPolicy", "2.5.29.54", "xxxxx", false},
		{"FreshestCRL", oidFreshestCRL, "xxxxx", false},
		{"AuthorityInfoAccess", "1.3.6.1.5.5.7.1.1", "ooooo", false},
		{"SubjectInfoAccess", "1.3.6.1.5.5.7.1.11", "ooooo", false},
		{"NameChange", oidNameChange, "ooxxx", false},
		{"DocumentType", oidDocumentType, "xxmxx", false},
		{"NetscapeCertType", "2.16.840.1.113730.1.1", "xxxxx", false},
	}
}

// usages are the bits of KeyUsage by number, and for each column of table 6 whether they are set.
func usages() []presence {
	return []presence{
		{name: "digitalSignature", columns: "xxmmo"},
		{name: "nonRepudiation", columns: "xxxxx"},
		{name: "keyEncipherment", columns: "xxxxo"},
		{name: "dataEncipherment", columns: "xxxxx"},
		{name: "keyAgreement", columns: "xxxxo"},
		{name: "keyCertSign", columns: "mmxxx"},
		{name: "cRLSign", columns: "mmxxx"},
		{name: "encipherOnly", columns: "xxxxx"},
		{name: "decipherOnly", columns: "xxxxx"},
	}
}

// at tells what a column says. A role without a column has what all have in common: what none may have.
func (p presence) at(role Role) byte {
	if n := role.column(); n >= 0 {
		return p.columns[n]
	}
	if strings.Trim(p.columns, "x") == "" {
		return 'x'
	}
	return 'o'
}

// presenceFindings hold presence and criticality against table 6. An extension that the table does not name is a private one,
// and not critical.
func presenceFindings(table []presence, role Role, all []extension) (findings []Finding) {
	add := func(field, format string, args ...any) {
		findings = append(findings, Finding{Violation, tableSix, field, fmt.Sprintf(format, args...)})
	}
	known := map[string]bool{}
	for _, row := range table {
		known[row.id] = true
		e, present := findExtension(all, row.id)
		switch wanted := row.at(role); {
		case wanted == 'm' && !present:
			add(row.name, "it is missing")
		case wanted == 'x' && present:
			add(row.name, "it must not be there; its value is %s", hex(e.value))
		case present && role.column() >= 0 && e.critical && !row.critical:
			add(row.name, "it is critical")
		case present && role.column() >= 0 && !e.critical && row.critical:
			add(row.name, "it is not critical")
		}
	}
	for _, text := range each(all, func(e extension) []string {
		return when(e.critical && !known[e.id], "a private extension %s is critical; its value is %s", e.id, hex(e.value))
	}) {
		add("extensions", "%s", text)
	}
	return findings
}

func hex(value []byte) string { return cut(fmt.Sprintf("%x", value)) }
