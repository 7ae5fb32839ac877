package lint

import (
	"bytes"
	"fmt"
	"math/big"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"crypto"
	"crypto/rsa"

	"github.com/cancuoc/cancuoc/card/internal/x509"
)

// The object identifiers that the tables speak of.
const (
	oidCountry      = "2.5.4.6"
	oidCommonName   = "2.5.4.3"
	oidSerialNumber = "2.5.4.5"
	oidLocality     = "2.5.4.7"
	oidState        = "2.5.4.8"
	oidMail         = "1.2.840.113549.1.9.1" // IA5String, no DirectoryString
	oidDomain       = "0.9.2342.19200300.100.1.25"

	oidMasterListSigner    = "2.23.136.1.1.3"
	oidDeviationListSigner = "2.23.136.1.1.8"
)

// certificateRules are what a certificate is held against: the fields of table 5, the extensions of table 6 and what is in
// them.
func certificateRules() []func(*certificate, *Report) {
	return []func(*certificate, *Report){
		version, serialNumber, signatureAlgorithm, names, validity, publicKey, uniqueIdentifiers,
		extensionTable, keyUsage, basicConstraints, purposes, keyIdentifiers, usagePeriod, alternativeNames, distributionPoints,
		nameChange, documentTypes,
	}
}

func version(c *certificate, r *Report) {
	if c.version != 2 {
		r.add(Violation, "table 5", "version", "is v%d, not v3", c.version+1)
	}
}

func serialNumber(c *certificate, r *Report) {
	n := c.serialNumber()
	switch {
	case n == nil:
		r.add(Violation, "table 5", "serialNumber", "is not in the smallest number of octets: %X", c.serial)
	case n.Sign() <= 0:
		r.add(Violation, "table 5", "serialNumber", "is not positive: %v", n)
	case len(c.serial) > 20:
		r.add(Violation, "table 5", "serialNumber", "has %d octets, more than 20", len(c.serial))
	}
}

func signatureAlgorithm(c *certificate, r *Report) {
	if !bytes.Equal(c.inner, c.outer) {
		r.add(Violation, "table 5", "signature", "is not the algorithm beside the signature")
	}
	checkAlgorithm(c.algorithm, c.algorithmErr, r)
}

// checkAlgorithm holds an algorithm against section 4.1.6.
func checkAlgorithm(a x509.Algorithm, err error, r *Report) {
	const field = "signatureAlgorithm"
	switch {
	case err != nil || !a.Known():
		r.add(Violation, "section 4.1.6", field, "is none of RSA, DSA and ECDSA that is known here: %v", a)
	case a.Hash == crypto.SHA1:
		r.add(Violation, "section 4.1.6.4", field, "goes by SHA-1: %v", a)
	case strings.HasPrefix(a.String(), "RSA PKCS"):
		r.add(Advice, "section 4.1.6.1", field, "is %v, where RSASSA-PSS is recommended", a)
	}
}

func names(c *certificate, r *Report) {
	checkName(c.issuer, "issuer", "table 5", r)
	checkName(c.subject, "subject", "table 5", r)
	if i, s := c.issuer.country(), c.subject.country(); i != s && i != "" && s != "" {
		r.add(Violation, "table 5", "subject", "countryName is %q, and that of the issuer %q", s, i)
	}
}

// checkName holds a name against the table and section 7.1.1.1.1.
func checkName(n name, field, table string, r *Report) {
	country, there := n.first(oidCountry)
	switch {
	case !there:
		r.add(Violation, "section 7.1.1.1.1", field, "has no countryName")
	case len(country.text) != 2:
		r.add(Violation, "section 7.1.1.1.1", field, "countryName %q has not two letters", country.text)
	case strings.ToUpper(country.text) != country.text:
		r.add(Violation, table, field, "countryName %q is not in upper case", country.text)
	}
	if _, there := n.first(oidCommonName); !there && table == "table 5" {
		r.add(Violation, "section 7.1.1.1.1", field, "has no commonName")
	}
	for _, a := range n.attributes {
		switch {
		case a.id == oidCountry || a.id == oidSerialNumber:
			if a.tag != cbasn1.PrintableString {
				r.add(Violation, table, field, "%s is a %s, not a PrintableString", attributeName(a.id), tagName(a.tag))
			}
		case a.id == oidMail || a.id == oidDomain:
		case a.tag != cbasn1.PrintableString && a.tag != cbasn1.UTF8String:
			r.add(Violation, table, field, "%s is a %s, neither PrintableString nor UTF8String", attributeName(a.id), tagName(a.tag))
		}
	}
}

func attributeName(id string) string {
	known := map[string]string{oidCountry: "countryName", oidSerialNumber: "serialNumber", oidCommonName: "commonName", oidLocality: "localityName",
		oidState: "stateOrProvinceName", "2.5.4.10": "organizationName", "2.5.4.11": "organizationalUnitName"}
	if name := known[id]; name != "" {
		return name
	}
	return id
}

func tagName(tag cbasn1.Tag) string {
	known := map[cbasn1.Tag]string{cbasn1.PrintableString: "PrintableString", cbasn1.UTF8String: "UTF8String", cbasn1.T61String: "TeletexString",
		cbasn1.IA5String: "IA5String", 30: "BMPString", 28: "UniversalString"}
	if name := known[tag]; name != "" {
		return name
	}
	return fmt.Sprintf("value with tag %d", tag)
}

func validity(c *certificate, r *Report) {
	checkStamp(c.notBefore, "validity.notBefore", "table 5", r)
	checkStamp(c.notAfter, "validity.notAfter", "table 5", r)
	if c.notAfterAt.Before(c.notBeforeAt) {
		r.add(Violation, "table 5", "validity", "ends before it begins")
	}
}

// checkStamp holds a Time against tables 5 and 9.
func checkStamp(s stamp, field, table string, r *Report) {
	zulu := strings.HasSuffix(s.text, "Z")
	switch {
	case s.tag == cbasn1.UTCTime && (len(s.text) != len("YYMMDDHHMMSSZ") || !zulu):
		r.add(Violation, table, field, "is not YYMMDDHHMMSSZ: %q", s.text)
	case s.tag == cbasn1.GeneralizedTime && (len(s.text) != len("YYYYMMDDHHMMSSZ") || !zulu):
		r.add(Violation, table, field, "is not YYYYMMDDHHMMSSZ: %q", s.text)
	case s.tag != cbasn1.UTCTime && s.tag != cbasn1.GeneralizedTime:
		r.add(Violation, table, field, "is neither UTCTime nor GeneralizedTime")
	case s.time().IsZero():
		r.add(Violation, table, field, "is no time: %q", s.text)
	case s.tag == cbasn1.GeneralizedTime && s.text < "2050":
		r.add(Violation, table, field, "is a GeneralizedTime before 2050: %s", s.text)
	}
}

// publicKey holds the key against section 4.1.6: curves spelt out with their cofactor, points uncompressed.
func publicKey(c *certificate, r *Report) {
	const field = "subjectPublicKeyInfo"
	key, err := x509.ParsePublicKey(c.key)
	if err != nil {
		r.add(Advice, "section 4.1.6", field, "is not known here: %v", err)
	}
	if k, ok := key.(*rsa.PublicKey); ok && k.N.BitLen() < 2048 {
		r.add(Advice, "section 4.1.6", field, "is RSA with %d bits, too few for any catalogue of today", k.N.BitLen())
	}
	switch x509.CurveParameters(c.key) {
	case "named":
		r.add(Violation, "section 4.1.6.3", field, "has its curve by name: the domain parameters must be spelt out")
	case "explicit":
		curve(c.key, r)
	}
}

func curve(info []byte, r *Report) {
	const field = "subjectPublicKeyInfo"
	in := cryptobyte.String(info)
	var seq, algorithm, parameters, part cryptobyte.String
	var bits []byte
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1(&algorithm, cbasn1.SEQUENCE) || !seq.ReadASN1BitStringAsBytes(&bits) ||
		!algorithm.SkipASN1(cbasn1.OBJECT_IDENTIFIER) || !algorithm.ReadASN1(&parameters, cbasn1.SEQUENCE) {
		return
	}
	for range 4 { // version, field, curve, base point
		var tag cbasn1.Tag
		if !parameters.ReadAnyASN1(&part, &tag) {
			return
		}
	}
	base := part
	order := new(big.Int)
	if !parameters.ReadASN1Integer(order) {
		return
	}
	if parameters.Empty() {
		r.add(Violation, "section 4.1.6.3", field, "its domain parameters lack the cofactor")
	}
	if len(bits) > 0 && bits[0] != 4 || len(base) > 0 && base[0] != 4 {
		r.add(Violation, "section 4.1.6.3", field, "a point is not uncompressed")
	}
}

func uniqueIdentifiers(c *certificate, r *Report) {
	for _, u := range []struct {
		there bool
		field string
	}{{c.issuerUID, "issuerUniqueID"}, {c.subjectUID, "subjectUniqueID"}} {
		if u.there {
			r.add(Violation, "table 5", u.field, "must not be there")
		}
	}
}

// years tells whether a period is longer than so many years and a month.
func longer(from, to time.Time, years, months int) bool {
	return !from.IsZero() && !to.IsZero() && to.After(from.AddDate(years, months, 31))
}
