package lint

import (
	"bytes"
	"encoding/asn1"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/internal/x509"
	"github.com/cancuoc/cancuoc/card/pki"
)

// maxBeside is how many certificates may lie beside a list: signer and authorities are a handful, and each costs time.
const maxBeside = 1000

// MasterList holds a master list in DER against Doc 9303-12, section 9: the envelope, and then each certificate in it, those
// of the envelope first. A list that the parser refuses is one finding.
func MasterList(der []byte) []Report {
	r := Report{Kind: "master list"}
	m, err := pki.ParseMasterList(der)
	if err != nil {
		r.Findings = []Finding{{Violation, part + "section 9", "ContentInfo", err.Error()}}
		return []Report{r}
	}
	e, ok := splitEnvelope(der)
	if !ok {
		r.Findings = []Finding{{Violation, part + "section 9", "SignedData", "it cannot be taken apart"}}
		return []Report{r}
	}
	e.list = m
	e.signer, e.signerErr = m.SignedData.SignerCertificate()
	var inside []Report
	if n := len(m.SignedData.Certificates); n > maxBeside {
		r.Findings = []Finding{{Violation, tableEighteen, "certificates", fmt.Sprintf("there are %d beside the list, more than are looked at", n)}}
		return []Report{r}
	}
	for n, raw := range m.SignedData.Certificates {
		one := Certificate(raw, e.roleOf(raw))
		one.Entry = fmt.Sprintf("certificate %d of the envelope", n+1)
		inside = append(inside, one)
	}
	for n, c := range m.Certificates {
		one := Certificate(c.Raw, Deduce)
		one.Entry = fmt.Sprintf("certificate %d of the list", n+1)
		if one.Role != Root && one.Role != Link && one.Role != Deduce {
			one.Findings = append(one.Findings, Finding{Violation, part + "section 9.2", "certList", fmt.Sprintf("a %s is in a list of CSCA certificates", one.Role)})
		}
		inside = append(inside, one)
	}
	r.Findings = apply(envelopeRules(), "", e)
	if signer, err := m.Signer(); err == nil {
		r.Subject = signer.Subject
	}
	return append([]Report{r}, inside...)
}

// envelope is the SignedData of a master list in the bytes as they came.
type envelope struct {
	list             pki.MasterList
	signer           []byte
	signerErr        error
	digests          []cryptobyte.String // whole elements: those announced, and the signer's
	certificates     []cryptobyte.String
	crls             bool
	signerVersion    int
	attributes       []string // object identifiers of the signed ones
	signatureParts   cryptobyte.String
	certListUnsorted bool
	certListTwice    int
}

func (e envelope) roleOf(raw []byte) Role {
	if e.signerErr == nil && bytes.Equal(raw, e.signer) {
		return MasterListSigner
	}
	return Deduce
}

// splitEnvelope takes SignedData apart (RFC 5652, section 5.1).
func splitEnvelope(der []byte) (e envelope, ok bool) {
	in := cryptobyte.String(der)
	var info, wrapped, body, digests, content, certificates, signers cryptobyte.String
	if !in.ReadASN1(&info, cbasn1.SEQUENCE) || !info.SkipASN1(cbasn1.OBJECT_IDENTIFIER) || !info.ReadASN1(&wrapped, explicit(0)) ||
		!wrapped.ReadASN1(&body, cbasn1.SEQUENCE) || !body.SkipASN1(cbasn1.INTEGER) || !body.ReadASN1(&digests, cbasn1.SET) ||
		!body.ReadASN1(&content, cbasn1.SEQUENCE) || !body.ReadASN1(&certificates, explicit(0)) ||
		!skipOptional(&body, &e.crls, explicit(1)) || !body.ReadASN1(&signers, cbasn1.SET) {
		return e, false
	}
	var ok1, ok2 bool
	e.digests, ok1 = elements(digests)
	e.certificates, ok2 = elements(certificates)
	return e, ok1 && ok2 && e.splitContent(content) && e.splitSigner(signers)
}

func (e *envelope) splitContent(in cryptobyte.String) bool {
	var wrapped, octets, list, set cryptobyte.String
	if !in.SkipASN1(cbasn1.OBJECT_IDENTIFIER) || !in.ReadASN1(&wrapped, explicit(0)) || !wrapped.ReadASN1(&octets, cbasn1.OCTET_STRING) ||
		!octets.ReadASN1(&list, cbasn1.SEQUENCE) || !list.SkipASN1(cbasn1.INTEGER) || !list.ReadASN1(&set, cbasn1.SET) {
		return false
	}
	all, ok := elements(set)
	e.certListUnsorted = !inOrder(all)
	seen := map[string]bool{}
	for _, c := range all {
		if seen[string(c)] {
			e.certListTwice++
		}
		seen[string(c)] = true
	}
	return ok
}

func (e *envelope) splitSigner(in cryptobyte.String) bool {
	var info, digest, attributes cryptobyte.String
	if !in.ReadASN1(&info, cbasn1.SEQUENCE) || !info.ReadASN1Integer(&e.signerVersion) {
		return false
	}
	if _, ok := readElement(&info); !ok { // whom it names
		return false
	}
	if !info.ReadASN1Element(&digest, cbasn1.SEQUENCE) || !info.ReadASN1(&attributes, explicit(0)) ||
		!info.ReadASN1Element(&e.signatureParts, cbasn1.SEQUENCE) {
		return false
	}
	e.digests = append(e.digests, digest)
	for !attributes.Empty() {
		var one cryptobyte.String
		var id asn1.ObjectIdentifier
		if !attributes.ReadASN1(&one, cbasn1.SEQUENCE) || !x509.ReadOID(&one, &id) {
			return false
		}
		e.attributes = append(e.attributes, id.String())
	}
	return true
}

// elements gives the elements of a SET, whole.
func elements(in cryptobyte.String) (all []cryptobyte.String, ok bool) {
	for !in.Empty() {
		var one cryptobyte.String
		var tag cbasn1.Tag
		if !in.ReadAnyASN1Element(&one, &tag) {
			return nil, false
		}
		all = append(all, one)
	}
	return all, true
}

// inOrder tells whether the elements of a SET OF stand as DER wants them (X.690, section 11.6).
func inOrder(all []cryptobyte.String) bool {
	return slices.IsSortedFunc(all, func(a, b cryptobyte.String) int { return bytes.Compare(a, b) })
}

const (
	oidSigningTime = "1.2.840.113549.1.9.5"
	sectionNine    = part + "section 9"
)

// envelopeRules are those of SignedData and CscaMasterList (Doc 9303-12, table 18 and section 9.2).
func envelopeRules() []rule[envelope] {
	const v = Violation
	return slices.Concat([]rule[envelope]{
		{tableEighteen, "digestAlgorithm", v, nil, func(e envelope) []string {
			return slices.Compact(each(e.digests, func(d cryptobyte.String) []string {
				return when(bytes.HasSuffix(d, []byte{5, 0}), "%s has NULL parameters, which are to be omitted", digestName(d))
			}))
		}},
		{sectionHashes, "digestAlgorithm", v, nil, func(e envelope) []string {
			return slices.Compact(each(e.digests, func(d cryptobyte.String) []string {
				read := d
				hash, _, err := x509.ReadDigestAlgorithm(&read)
				return when(err != nil || !permittedHash(hash), "%s is none of SHA-224, SHA-256, SHA-384 and SHA-512", digestName(d))
			}))
		}},
		{tableEighteen, "certificates", v, nil, func(e envelope) []string {
			return when(e.signerErr != nil, "the signer's is not among them: %v", e.signerErr)
		}},
		{tableEighteen, "certificates", Advice, nil, func(e envelope) []string {
			return when(e.signerErr == nil && !e.hasAuthority(), "none of %d is that of the CSCA that has certified the signer", len(e.certificates))
		}},
		{sectionNine, "certificates", v, nil, func(e envelope) []string {
			return when(!inOrder(e.certificates), "the SET is not in the order of DER")
		}},
		{tableEighteen, "crls", v, nil, func(e envelope) []string { return when(e.crls, "they are there") }},
		{tableEighteen, "sid", Advice, nil, func(e envelope) []string {
			return when(e.signerVersion == 1, "the signer is named by issuerAndSerialNumber; subjectKeyIdentifier is recommended")
		}},
		{tableEighteen, "signedAttrs", v, nil, func(e envelope) []string {
			return when(!slices.Contains(e.attributes, oidSigningTime), "there is no signing time among them")
		}},
		{tableEighteen, "signature", v, nil, func(e envelope) []string {
			if e.signerErr != nil {
				return nil
			}
			err := e.list.SignedData.Verify(e.signer)
			return when(err != nil, "%v", err)
		}},
		{part + "section 9.2", "certList", v, nil, func(e envelope) []string {
			return when(len(e.list.Certificates) == 0, "there is no certificate in it")
		}},
		{sectionNine, "certList", v, nil, func(e envelope) []string {
			return when(e.certListUnsorted, "the SET is not in the order of DER")
		}},
		{part + "section 9.2", "certList", Advice, nil, func(e envelope) []string {
			return when(e.certListTwice > 0, "%d certificates stand more than once in it", e.certListTwice)
		}},
	}, algorithmRules(func(e envelope) cryptobyte.String { return e.signatureParts }))
}

// hasAuthority tells whether a certificate beside the signer's has the key that has certified the signer.
func (e envelope) hasAuthority() bool {
	signer, err := x509.ParseCertificate(e.signer)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(e.certificates, func(der cryptobyte.String) bool {
		c, err := x509.ParseCertificate(der)
		if err != nil || bytes.Equal(der, e.signer) {
			return false
		}
		key, err := c.Key()
		return err == nil && x509.Verify(signer.Algorithm, key, signer.RawTBS, signer.Signature) == nil
	})
}

func digestName(whole cryptobyte.String) string {
	hash, id, err := x509.ReadDigestAlgorithm(&whole)
	if err != nil || hash == 0 {
		return "algorithm " + id.String()
	}
	return hash.String()
}
