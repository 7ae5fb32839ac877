package lint

import (
	"bytes"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/internal/x509"
	"github.com/cancuoc/cancuoc/card/pki"
)

// RevocationList holds a revocation list in DER against tables 9 and 10.
func RevocationList(der []byte) Report {
	r := Report{Role: CRL, Findings: []Finding{}}
	in := cryptobyte.String(der)
	var outer, tbs, algorithm, signature cryptobyte.String
	if !in.ReadASN1(&outer, cbasn1.SEQUENCE) || !in.Empty() || !outer.ReadASN1(&tbs, cbasn1.SEQUENCE) ||
		!outer.ReadASN1Element(&algorithm, cbasn1.SEQUENCE) || !outer.ReadASN1(&signature, cbasn1.BIT_STRING) || !outer.Empty() {
		r.add(Violation, "section 7.1", "CertificateList", "cannot be read: not a revocation list in DER")
		return r
	}
	if !listBody(tbs, algorithm, &r) {
		r.add(Violation, "section 7.1", "tBSCertList", "cannot be read: not a revocation list in DER")
	}
	if _, err := pki.ParseRevocationList(der); err != nil && len(r.Findings) == 0 {
		r.add(Violation, "section 7.1", "CertificateList", "is not read by a strict reader: %v", err)
	}
	return r
}

func listBody(in, outer cryptobyte.String, r *Report) bool {
	version := 0
	if in.PeekASN1Tag(cbasn1.INTEGER) && !in.ReadASN1Integer(&version) {
		return false
	}
	if version != 1 {
		r.add(Violation, "table 9", "version", "is v%d, not v2", version+1)
	}
	var inner cryptobyte.String
	if !in.ReadASN1Element(&inner, cbasn1.SEQUENCE) {
		return false
	}
	if !bytes.Equal(inner, outer) {
		r.add(Violation, "table 9", "signature", "is not the algorithm beside the signature")
	}
	algorithm, err := x509.ReadAlgorithm(&outer)
	checkAlgorithm(algorithm, err, r)
	issuer, ok := readName(&in)
	if !ok {
		return false
	}
	r.Subject = issuer.String()
	checkName(issuer, "issuer", "table 9", r)
	return listTimes(&in, r) && listEntries(&in, r) && listExtensions(in, r)
}

func listTimes(in *cryptobyte.String, r *Report) bool {
	var this, next stamp
	if !readStamp(in, &this) {
		return false
	}
	checkStamp(this, "thisUpdate", "table 9", r)
	if !in.PeekASN1Tag(cbasn1.UTCTime) && !in.PeekASN1Tag(cbasn1.GeneralizedTime) {
		r.add(Violation, "table 9", "nextUpdate", "is missing")
		return true
	}
	readStamp(in, &next)
	checkStamp(next, "nextUpdate", "table 9", r)
	if from, to := this.time(), next.time(); to.Sub(from) > pki.MaxListAge+24*time.Hour {
		r.add(Violation, "section 4.1.5", "nextUpdate", "is %s after thisUpdate, where a list is due every 90 days", days(from, to))
	}
	return true
}

func listEntries(in *cryptobyte.String, r *Report) bool {
	var seq, one cryptobyte.String
	var present bool
	if !in.ReadOptionalASN1(&seq, &present, cbasn1.SEQUENCE) {
		return false
	}
	if present && seq.Empty() {
		r.add(Violation, "table 9", "revokedCertificates", "is there and empty")
	}
	named := map[string]bool{}
	for !seq.Empty() {
		var at stamp
		if !seq.ReadASN1(&one, cbasn1.SEQUENCE) || !one.SkipASN1(cbasn1.INTEGER) || !readStamp(&one, &at) {
			return false
		}
		checkStamp(at, "revocationDate", "table 9", r)
		if one.Empty() {
			continue
		}
		extensions, ok := readExtensions(one)
		if !ok {
			return false
		}
		for _, e := range extensions {
			if name := entryExtension(e.id); name != "" && !named[name] {
				r.add(Violation, "table 10", name, "must not be there")
				named[name] = true
			}
		}
	}
	return true
}

// entryExtension names the extensions of an entry that table 10 excludes.
func entryExtension(id string) string {
	return map[string]string{"2.5.29.21": "reasonCode", "2.5.29.23": "holdInstructionCode", "2.5.29.24": "invalidityDate", "2.5.29.29": "certificateIssuer"}[id]
}

func listExtensions(in cryptobyte.String, r *Report) bool {
	var wrapped cryptobyte.String
	var present bool
	if !in.ReadOptionalASN1(&wrapped, &present, explicit(0)) || !in.Empty() {
		return false
	}
	if !present {
		r.add(Violation, "table 9", "crlExtensions", "are missing")
		return true
	}
	all, ok := readExtensions(wrapped)
	if !ok {
		return false
	}
	rows := []row{
		{oidAKI, "authorityKeyIdentifier", "m", false}, {"2.5.29.20", "cRLNumber", "m", false}, {oidIssuerAltName, "issuerAlternativeName", "o", false},
		{"2.5.29.27", "deltaCRLIndicator", "x", false}, {"2.5.29.28", "issuingDistributionPoint", "x", false}, {"2.5.29.46", "freshestCRL", "x", false},
	}
	held := &certificate{extensions: all}
	known := map[string]bool{}
	for _, row := range rows {
		known[row.id] = true
		e, there := held.extension(row.id)
		switch {
		case row.presence == "m" && !there:
			r.add(Violation, "table 10", row.name, "is missing")
		case row.presence == "x" && there:
			r.add(Violation, "table 10", row.name, "must not be there")
		case there && row.presence != "x" && e.critical:
			r.add(Violation, "table 10", row.name, "%s", criticality(true))
		}
	}
	checkExtensions(all, known, "table 10", "table 9", r)
	listNumber(held, r)
	if _, authority := held.keyIdentifiers(); known[oidAKI] && len(authority) == 0 {
		if _, there := held.extension(oidAKI); there {
			r.add(Violation, "table 10", "authorityKeyIdentifier", "has no keyIdentifier")
		}
	}
	return true
}

func listNumber(held *certificate, r *Report) {
	e, there := held.extension("2.5.29.20")
	if !there {
		return
	}
	in := cryptobyte.String(e.value)
	n := new(big.Int)
	switch {
	case !in.ReadASN1Integer(n) || !in.Empty():
		r.add(Violation, "table 10", "cRLNumber", "is no INTEGER in the smallest number of octets")
	case n.Sign() < 0:
		r.add(Violation, "table 10", "cRLNumber", "is negative")
	case n.BitLen() > 159:
		r.add(Violation, "table 10", "cRLNumber", "has more than 20 octets")
	}
}
