package lint

import (
	"bytes"
	"math/big"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/internal/x509"
	"github.com/cancuoc/cancuoc/card/pki"
)

// list is a revocation list in the bytes as they came.
type list struct {
	version          int
	inner, beside    cryptobyte.String // algorithms, whole elements
	issuer           []attribute
	issuerText       string
	this, next       element
	hasNext          bool
	hasRevoked       bool
	entries          []entry
	hasExtensions    bool
	extensions       []extension
	thisTime, nextAt time.Time
}

// entry is a revoked certificate.
type entry struct {
	serial     string // hexadecimal
	at         element
	extensions []extension
}

// RevocationList holds a revocation list in DER against Doc 9303-12, tables 9 and 10. One that the parser refuses for what no
// row tells is one finding more.
func RevocationList(der []byte) Report {
	r := Report{Kind: "revocation list"}
	_, err := pki.ParseRevocationList(der)
	l, ok := splitList(der)
	if ok {
		r.Subject = l.issuerText
		r.Findings = slices.Concat(apply(listRules(), "", l), apply(listExtensionRules(), "", l))
	}
	if err != nil && r.Violations() == 0 {
		r.Findings = append(r.Findings, Finding{Violation, partSeven, "CertificateList", err.Error()})
	}
	return r
}

// splitList takes a revocation list apart (RFC 5280, section 5.1).
func splitList(der []byte) (l list, ok bool) {
	in := cryptobyte.String(der)
	var outer, tbs, name cryptobyte.String
	if !in.ReadASN1(&outer, cbasn1.SEQUENCE) || !in.Empty() || !outer.ReadASN1(&tbs, cbasn1.SEQUENCE) || !outer.ReadASN1Element(&l.beside, cbasn1.SEQUENCE) {
		return l, false
	}
	if l.version = 1; tbs.PeekASN1Tag(cbasn1.INTEGER) {
		if !tbs.ReadASN1Integer(&l.version) {
			return l, false
		}
		l.version++
	}
	if !tbs.ReadASN1Element(&l.inner, cbasn1.SEQUENCE) || !tbs.ReadASN1Element(&name, cbasn1.SEQUENCE) {
		return l, false
	}
	parts := name
	parsed, err := x509.ReadName(&name)
	if err != nil || !readName(&parts, &l.issuer) {
		return l, false
	}
	l.issuerText = parsed.String()
	return l, l.splitTimes(&tbs) && l.splitEntries(&tbs) && l.splitExtensions(tbs)
}

func (l *list) splitTimes(in *cryptobyte.String) (ok bool) {
	whole := *in
	if l.this, ok = readElement(in); !ok {
		return false
	}
	if l.thisTime, ok = x509.ReadTime(&whole); !ok {
		return false
	}
	if l.hasNext = in.PeekASN1Tag(cbasn1.UTCTime) || in.PeekASN1Tag(cbasn1.GeneralizedTime); !l.hasNext {
		return true
	}
	whole = *in
	if l.next, ok = readElement(in); !ok {
		return false
	}
	l.nextAt, ok = x509.ReadTime(&whole)
	return ok
}

func (l *list) splitEntries(in *cryptobyte.String) bool {
	var seq cryptobyte.String
	if !in.ReadOptionalASN1(&seq, &l.hasRevoked, cbasn1.SEQUENCE) {
		return false
	}
	for !seq.Empty() {
		var one cryptobyte.String
		var e entry
		serial := new(big.Int)
		var ok bool
		if !seq.ReadASN1(&one, cbasn1.SEQUENCE) || !one.ReadASN1Integer(serial) {
			return false
		}
		e.serial = cut(serial.Text(16))
		if e.at, ok = readElement(&one); !ok {
			return false
		}
		if !one.Empty() {
			if e.extensions, ok = readExtensions(one); !ok {
				return false
			}
		}
		l.entries = append(l.entries, e)
	}
	return true
}

func (l *list) splitExtensions(in cryptobyte.String) (ok bool) {
	var wrapped cryptobyte.String
	if !in.ReadOptionalASN1(&wrapped, &l.hasExtensions, explicit(0)) || !in.Empty() {
		return false
	}
	if l.hasExtensions {
		l.extensions, ok = readExtensions(wrapped)
		return ok
	}
	return true
}

// listRules are those of the fields (Doc 9303-12, table 9).
func listRules() []rule[list] {
	const v = Violation
	return slices.Concat([]rule[list]{
		{tableNine, "version", v, nil, func(l list) []string { return when(l.version != 2, "it is v%d, not v2", l.version) }},
		{tableNine, "signature", v, nil, func(l list) []string {
			return when(!bytes.Equal(l.inner, l.beside), "the algorithm inside, %s, is not the one beside the signature, %s",
				algorithmName(l.inner), algorithmName(l.beside))
		}},
		nameless(func(l list) cryptobyte.String { return l.inner }),
	}, algorithmRules(func(l list) cryptobyte.String { return l.inner }),
		nameRules(tableNine, "issuer", func(l list) []attribute { return l.issuer }), []rule[list]{
			{tableNine, "thisUpdate", v, nil, func(l list) []string { return early(l.this) }},
			{tableNine, "nextUpdate", v, nil, func(l list) []string { return when(!l.hasNext, "it is missing") }},
			{tableNine, "nextUpdate", v, nil, func(l list) []string { return early(l.next) }},
			{tableNine, "nextUpdate", v, nil, func(l list) []string {
				return when(l.hasNext && !l.nextAt.After(l.thisTime), "%s is not after thisUpdate, %s", second(l.nextAt), second(l.thisTime))
			}},
			{part + "section 4.1.5", "nextUpdate", Advice, nil, func(l list) []string {
				return when(l.nextAt.Sub(l.thisTime) > pki.MaxListAge, "%s is more than 90 days after thisUpdate, %s", second(l.nextAt), second(l.thisTime))
			}},
			{tableNine, "revokedCertificates", v, nil, func(l list) []string {
				return when(l.hasRevoked && len(l.entries) == 0, "it is there and empty")
			}},
			{"RFC 5280, section 5.1.2.6", "revokedCertificates", v, nil, func(l list) []string {
				return each(l.entries, func(e entry) []string { return early(e.at) })
			}},
			{tableNine, "crlExtensions", v, nil, func(l list) []string { return when(!l.hasExtensions, "there are none") }},
			{tableNine, "crlExtensions", v, nil, func(l list) []string {
				return append(defaults(l.extensions), each(l.entries, func(e entry) []string { return defaults(e.extensions) })...)
			}},
		})
}

// tableTenRows are the extensions of a list, and those of its entries; all are not critical (Doc 9303-12, table 10).
func tableTenRows() (ofList, ofEntry []presence) {
	return []presence{
			{name: "authorityKeyIdentifier", id: oidAuthorityKeyID, columns: "m"},
			{name: "issuerAlternativeName", id: oidIssuerAltName, columns: "o"},
			{name: "cRLNumber", id: oidCRLNumber, columns: "m"},
			{name: "deltaCRLIndicator", id: "2.5.29.27", columns: "x"},
			{name: "issuingDistributionPoint", id: "2.5.29.28", columns: "x"},
			{name: "freshestCRL", id: oidFreshestCRL, columns: "x"},
		}, []presence{
			{name: "reasonCode", id: "2.5.29.21", columns: "x"},
			{name: "holdInstructionCode", id: "2.5.29.23", columns: "x"},
			{name: "invalidityDate", id: "2.5.29.24", columns: "x"},
			{name: "certificateIssuer", id: "2.5.29.29", columns: "x"},
		}
}

const oidCRLNumber = "2.5.29.20"

// listExtensionRules are those of the extensions (Doc 9303-12, table 10).
func listExtensionRules() (all []rule[list]) {
	ofList, ofEntry := tableTenRows()
	for _, row := range ofList {
		all = append(all, rule[list]{tableTen, row.name, Violation, nil, func(l list) []string {
			return listPresence(row, l)
		}})
	}
	all = append(all, rule[list]{tableTen, "crlExtensions", Violation, nil, func(l list) []string { return privates(ofList, l.extensions) }},
		rule[list]{tableTen, "crlEntryExtensions", Violation, nil, func(l list) []string {
			return each(l.entries, func(e entry) []string { return privates(ofEntry, e.extensions) })
		}},
		rule[list]{tableTen, "authorityKeyIdentifier", Violation, nil, withList(oidAuthorityKeyID, func(value cryptobyte.String) []string {
			id, _ := x509.ReadAuthorityKeyID(value)
			return when(len(id) == 0, "it has no keyIdentifier, its value is %s", hex(value))
		})},
		rule[list]{tableTen, "cRLNumber", Violation, nil, withList(oidCRLNumber, listNumber)})
	for _, row := range ofEntry {
		all = append(all, rule[list]{tableTen, row.name, Violation, nil, func(l list) []string { return entryPresence(row, l) }})
	}
	return all
}

func withList(id string, check func(value cryptobyte.String) []string) func(list) []string {
	return func(l list) []string {
		if e, ok := findExtension(l.extensions, id); ok {
			return check(e.value)
		}
		return nil
	}
}

func listPresence(row presence, l list) []string {
	e, present := findExtension(l.extensions, row.id)
	switch {
	case !present:
		return when(row.columns == "m" && l.hasExtensions, "it is missing")
	case row.columns == "x":
		return when(true, "it must not be there; its value is %s", hex(e.value))
	}
	return when(e.critical, "it is critical")
}

// entryPresence counts the entries with an extension that none may have: a list may have thousands.
func entryPresence(row presence, l list) []string {
	n, first := 0, ""
	for _, e := range l.entries {
		if _, present := findExtension(e.extensions, row.id); present {
			if n++; n == 1 {
				first = e.serial
			}
		}
	}
	return when(n > 0, "it must not be there, and is with %d of the revoked certificates, serial number %s first", n, first)
}

func privates(table []presence, all []extension) []string {
	return each(all, func(e extension) []string {
		known := slices.ContainsFunc(table, func(p presence) bool { return p.id == e.id })
		return when(e.critical && !known, "a private extension %s is critical", e.id)
	})
}

// listNumber checks that a number is an INTEGER in DER, not negative, of 20 octets at most.
func listNumber(value cryptobyte.String) []string {
	var content cryptobyte.String
	n := new(big.Int)
	in, again := value, value
	if !in.ReadASN1Integer(n) || !in.Empty() || !again.ReadASN1(&content, cbasn1.INTEGER) {
		return when(true, "%s is no INTEGER in DER", hex(value))
	}
	return append(when(n.Sign() < 0, "%s is negative", cut(n.Text(16))), when(len(content) > 20, "it has %d octets, more than 20", len(content))...)
}
