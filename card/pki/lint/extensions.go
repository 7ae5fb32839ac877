package lint

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

const (
	oidSKI              = "2.5.29.14"
	oidAKI              = "2.5.29.35"
	oidKeyUsage         = "2.5.29.15"
	oidUsagePeriod      = "2.5.29.16"
	oidSubjectAltName   = "2.5.29.17"
	oidIssuerAltName    = "2.5.29.18"
	oidBasicConstraints = "2.5.29.19"
	oidExtKeyUsage      = "2.5.29.37"
	oidCRLPoints        = "2.5.29.31"
	oidNameChange       = "2.23.136.1.1.6.1"
	oidDocumentType     = "2.23.136.1.1.6.2"
)

// row is one row of table 6: whether the extension is mandatory (m), optional (o) or not to be used (x) in a root, a link, a
// document signer, a signer of lists and a certificate for communication, and whether it is critical where it is.
type row struct {
	id, name, presence string
	critical           bool
}

func table6() []row {
	return []row{
		{oidAKI, "AuthorityKeyIdentifier", "ommmm", false},
		{oidSKI, "SubjectKeyIdentifier", "mmooo", false},
		{oidKeyUsage, "KeyUsage", "mmmmm", true},
		{oidUsagePeriod, "PrivateKeyUsagePeriod", "mmmoo", false},
		{"2.5.29.32", "CertificatePolicies", "ooooo", false},
		{"2.5.29.33", "PolicyMappings", "xxxxx", false},
		{oidSubjectAltName, "SubjectAltName", "mmmmm", false},
		{oidIssuerAltName, "IssuerAltName", "mmmmm", false},
		{"2.5.29.9", "SubjectDirectoryAttributes", "xxxxx", false},
		{oidBasicConstraints, "BasicConstraints", "mmxxx", true},
		{"2.5.29.30", "NameConstraints", "xxxxx", false},
		{"2.5.29.36", "PolicyConstraints", "xxxxx", false},
		{oidExtKeyUsage, "ExtKeyUsage", "xxxmm", true},
		{oidCRLPoints, "CRLDistributionPoints", "mmmmo", false},
		{"2.5.29.54", "InhibitAnyPolicy", "xxxxx", false},
		{"2.5.29.46", "FreshestCRL", "xxxxx", false},
		{oidNameChange, "NameChange", "ooxxx", false},
		{oidDocumentType, "DocumentType", "xxmxx", false},
		{"2.16.840.1.113730.1.1", "Netscape Certificate Type", "xxxxx", false},
	}
}

// column is the place of a role in a row.
func (r Role) column() int {
	switch r {
	case Root:
		return 0
	case Link:
		return 1
	case DocumentSigner:
		return 2
	case MasterListSigner, DeviationListSigner:
		return 3
	}
	return 4
}

// extensionTable holds presence and criticality of every extension against table 6.
func extensionTable(c *certificate, r *Report) {
	known := map[string]bool{}
	for _, row := range table6() {
		known[row.id] = true
		e, there := c.extension(row.id)
		switch need := row.presence[r.Role.column()]; {
		case need == 'm' && !there:
			r.add(Violation, "table 6", row.name, "is missing")
		case need == 'x' && there:
			r.add(Violation, "table 6", row.name, "must not be there")
		case need != 'x' && there && e.critical != row.critical:
			r.add(Violation, "table 6", row.name, "%s", criticality(e.critical))
		}
	}
	checkExtensions(c.extensions, known, "table 6", "table 5", r)
}

func criticality(critical bool) string {
	if critical {
		return "is critical, and must not be"
	}
	return "is not critical, and must be"
}

// checkExtensions looks at what goes for every extension; fields is the table that forbids encoded defaults.
func checkExtensions(all []extension, known map[string]bool, table, fields string, r *Report) {
	seen := map[string]bool{}
	for _, e := range all {
		if e.written && !e.critical {
			r.add(Violation, fields, e.id, "its default criticality, FALSE, is encoded")
		}
		if e.critical && !known[e.id] {
			r.add(Violation, table, e.id, "an extension that the table does not have is critical, and must not be")
		}
		if seen[e.id] {
			r.add(Violation, "appendix B (RFC 5280, section 4.2)", e.id, "stands twice")
		}
		seen[e.id] = true
	}
}

// keyUsage holds the bits against table 6: an authority signs certificates and lists, a signer signs.
func keyUsage(c *certificate, r *Report) {
	names := []string{"digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement", "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly"}
	usage := c.usage()
	if _, there := c.extension(oidKeyUsage); !there {
		return
	}
	if usage < 0 {
		r.add(Violation, "table 6", "KeyUsage", "is no BIT STRING in DER")
		return
	}
	must, may := 1, 0
	switch {
	case r.Role.authority():
		must = 1<<5 | 1<<6
	case r.Role == Communication:
		must, may = 0, 1|1<<2|1<<4
	}
	for n, name := range names {
		bit := 1 << n
		switch {
		case must&bit != 0 && usage&bit == 0:
			r.add(Violation, "table 6", "KeyUsage", "lacks %s", name)
		case (must|may)&bit == 0 && usage&bit != 0:
			r.add(Violation, "table 6", "KeyUsage", "has %s, which it must not", name)
		}
	}
}

func basicConstraints(c *certificate, r *Report) {
	if _, there := c.extension(oidBasicConstraints); !there || !r.Role.authority() {
		return
	}
	const field = "BasicConstraints"
	switch b := c.constraints(); {
	case b.broken:
		r.add(Violation, "table 6", field, "cannot be read")
	case !b.ca:
		r.add(Violation, "table 6", field, "cA is not TRUE")
	case b.loose:
		r.add(Violation, "section 7.1", field, "TRUE is not FF, as DER has it")
	case b.path < 0:
		r.add(Violation, "table 6", field, "has no pathLenConstraint, which must be 0")
	case b.path != 0:
		r.add(Violation, "table 6", field, "pathLenConstraint is %d, and must be 0", b.path)
	}
}

// purposes holds ExtKeyUsage of signers of lists against section 7.1.1.3.
func purposes(c *certificate, r *Report) {
	want := map[Role]string{MasterListSigner: oidMasterListSigner, DeviationListSigner: oidDeviationListSigner}[r.Role]
	if _, there := c.extension(oidExtKeyUsage); there && want != "" && !slices.Contains(c.purposes(), want) {
		r.add(Violation, "section 7.1.1.3", "ExtKeyUsage", "lacks %s", want)
	}
}

func keyIdentifiers(c *certificate, r *Report) {
	subject, authority := c.keyIdentifiers()
	if _, there := c.extension(oidAKI); there && len(authority) == 0 {
		r.add(Violation, "table 6", "AuthorityKeyIdentifier", "has no keyIdentifier")
	}
	if _, there := c.extension(oidSKI); there && len(subject) == 0 {
		r.add(Violation, "table 6", "SubjectKeyIdentifier", "holds no identifier")
	}
	if r.Role == Root && len(subject) > 0 && len(authority) > 0 && !bytes.Equal(subject, authority) {
		r.add(Violation, "appendix B (RFC 5280, section 4.2.1.1)", "AuthorityKeyIdentifier", "is not the SubjectKeyIdentifier, though the certificate signs itself")
	}
}

// usagePeriod holds PrivateKeyUsagePeriod against table 6 and the lengths that section 4.1 recommends.
func usagePeriod(c *certificate, r *Report) {
	const field = "PrivateKeyUsagePeriod"
	e, there := c.extension(oidUsagePeriod)
	if !there {
		return
	}
	in := cryptobyte.String(e.value)
	var seq cryptobyte.String
	var from, to time.Time
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() || seq.Empty() || !readPeriod(&seq, 0, &from) || !readPeriod(&seq, 1, &to) || !seq.Empty() {
		r.add(Violation, "table 6", field, "does not hold one or two times as GeneralizedTime, YYYYMMDDHHMMSSZ: %X", e.value)
		return
	}
	if !from.IsZero() && from.Before(c.notBeforeAt) || !to.IsZero() && to.After(c.notAfterAt) {
		r.add(Violation, "section 4.1", field, "is not within the validity of the certificate")
	}
	if from.IsZero() {
		from = c.notBeforeAt
	}
	switch {
	case r.Role == DocumentSigner && longer(from, to, 0, 3):
		r.add(Advice, "section 4.1.1.2", field, "is %s, where three months at most are recommended", days(from, to))
	case r.Role.authority() && longer(from, to, 5, 0):
		r.add(Advice, "section 4.1.4.2", field, "is %s, where three to five years are recommended", days(from, to))
	}
}

func days(from, to time.Time) string { return fmt.Sprintf("%d days", int(to.Sub(from).Hours()/24)) }

func readPeriod(in *cryptobyte.String, n uint8, at *time.Time) bool {
	var text cryptobyte.String
	var present bool
	if !in.ReadOptionalASN1(&text, &present, cbasn1.Tag(n).ContextSpecific()) || !present {
		return !present
	}
	*at = stamp{cbasn1.GeneralizedTime, string(text)}.time()
	return !at.IsZero()
}

// alternativeNames holds both against section 7.1.1.2.
func alternativeNames(c *certificate, r *Report) {
	subject, one := c.extension(oidSubjectAltName)
	issuer, other := c.extension(oidIssuerAltName)
	if r.Role == Communication {
		return
	}
	if one {
		alternativeName(subject.value, "SubjectAltName", r)
	}
	if other {
		alternativeName(issuer.value, "IssuerAltName", r)
	}
	if r.Role == Root && one && other && !bytes.Equal(subject.value, issuer.value) {
		r.add(Violation, "section 7.1.1.2", "IssuerAltName", "is not SubjectAltName, as it must be in a root")
	}
}

func alternativeName(der []byte, field string, r *Report) {
	const clause = "section 7.1.1.2"
	in := cryptobyte.String(der)
	var seq cryptobyte.String
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() {
		r.add(Violation, clause, field, "cannot be read")
		return
	}
	contact, directory := false, false
	for !seq.Empty() {
		var value cryptobyte.String
		var tag cbasn1.Tag
		if !seq.ReadAnyASN1(&value, &tag) {
			r.add(Violation, clause, field, "cannot be read")
			return
		}
		switch tag {
		case cbasn1.Tag(1).ContextSpecific(), cbasn1.Tag(2).ContextSpecific(), cbasn1.Tag(6).ContextSpecific():
			contact = true
		case explicit(4):
			if n, ok := readName(&value); ok {
				directory = true
				directoryName(n, field, r)
			}
		}
	}
	if !directory {
		r.add(Violation, clause, field, "has no directory name with the code of the state")
	}
	if !contact {
		r.add(Advice, clause, field, "has no mail address, host name or URI by which to reach anybody")
	}
}

func directoryName(n name, field string, r *Report) {
	const clause = "section 7.1.1.2"
	locality, there := n.first(oidLocality)
	if code := strings.TrimRight(locality.text, "<"); there && (len(code) < 1 || len(code) > 3 || strings.ToUpper(code) != code) {
		r.add(Violation, clause, field, "localityName %q is no code of the machine readable zone", locality.text)
	}
	if !there {
		r.add(Violation, clause, field, "its directory name has no localityName")
	}
	for _, a := range n.attributes {
		if a.id != oidLocality && a.id != oidState {
			r.add(Violation, clause, field, "its directory name has %s, where only localityName and stateOrProvinceName may be", attributeName(a.id))
		}
	}
}

// distributionPoints holds CRLDistributionPoints against table 6 and section 7.1.1.4.
func distributionPoints(c *certificate, r *Report) {
	const field = "CRLDistributionPoints"
	e, there := c.extension(oidCRLPoints)
	if !there || r.Role == Communication {
		return
	}
	in := cryptobyte.String(e.value)
	var seq cryptobyte.String
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() {
		r.add(Violation, "table 6", field, "cannot be read")
		return
	}
	places := 0
	for !seq.Empty() {
		var point, name, full cryptobyte.String
		var named, reasons, issuer bool
		if !seq.ReadASN1(&point, cbasn1.SEQUENCE) || !point.ReadOptionalASN1(&name, &named, explicit(0)) ||
			!point.ReadOptionalASN1(&full, &reasons, cbasn1.Tag(1).ContextSpecific()) || !point.ReadOptionalASN1(&full, &issuer, explicit(2)) {
			r.add(Violation, "table 6", field, "cannot be read")
			return
		}
		if reasons || issuer {
			r.add(Violation, "table 6", field, "has reasons or cRLIssuer, which must not be there")
		}
		places += pointNames(name, r)
	}
	if places == 0 {
		r.add(Violation, "section 7.1.1.4", field, "names no place")
	}
}

// pointNames counts the places of one point, and says which are reached neither by ldap nor by http.
func pointNames(name cryptobyte.String, r *Report) (places int) {
	var full, value cryptobyte.String
	var tag cbasn1.Tag
	if !name.ReadASN1(&full, explicit(0)) {
		return 0
	}
	for !full.Empty() && full.ReadAnyASN1(&value, &tag) {
		places++
		scheme, _, _ := strings.Cut(strings.ToLower(string(value)), ":")
		if tag != cbasn1.Tag(6).ContextSpecific() || !slices.Contains([]string{"ldap", "http", "https"}, scheme) {
			r.add(Violation, "table 6", "CRLDistributionPoints", "a place is not to be had by ldap, http or https: %q", value)
		}
	}
	return places
}

// nameChange holds NameChange against section 7.1.1.5: a link to another name says so.
func nameChange(c *certificate, r *Report) {
	e, there := c.extension(oidNameChange)
	if there && !bytes.Equal(e.value, []byte{5, 0}) {
		r.add(Violation, "section 7.1.1.5", "NameChange", "is not NULL")
	}
	if r.Role == Link && !there && !c.issuer.equal(c.subject) {
		r.add(Violation, "section 7.1.1.5", "NameChange", "is missing in a link from one name to another")
	}
}

// documentTypes holds DocumentType against section 7.1.1.6.
func documentTypes(c *certificate, r *Report) {
	const clause, field = "section 7.1.1.6", "DocumentType"
	e, there := c.extension(oidDocumentType)
	if !there || r.Role != DocumentSigner {
		return
	}
	in := cryptobyte.String(e.value)
	var seq, set cryptobyte.String
	var version int
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() || !seq.ReadASN1Integer(&version) || !seq.ReadASN1(&set, cbasn1.SET) || !seq.Empty() {
		r.add(Violation, clause, field, "is no DocumentTypeListSyntax")
		return
	}
	if version != 0 {
		r.add(Violation, clause, field, "its version is %d, not 0", version)
	}
	if set.Empty() {
		r.add(Violation, clause, field, "names no document type")
	}
	for !set.Empty() {
		var text cryptobyte.String
		var tag cbasn1.Tag
		if !set.ReadAnyASN1(&text, &tag) || tag != cbasn1.PrintableString || len(text) < 1 || len(text) > 2 {
			r.add(Violation, clause, field, "a document type is no PrintableString of one or two letters: %q", text)
			return
		}
	}
}
