package lint

import (
	"crypto"
	"crypto/rand"
	"slices"
	"testing"

	"golang.org/x/crypto/cryptobyte"

	"github.com/cancuoc/cancuoc/card/internal/x509"
	"github.com/cancuoc/cancuoc/card/pki"
)

func utc(text string) []byte { return tlv(0x17, []byte(text)) }

// listParts takes a revocation list with one revoked certificate apart.
func (b bench) listParts() *parts {
	in := stringOf(b.full.Raw)
	tbs := cryptobyte.String(next(&in))
	algorithm := cryptobyte.String(next(&in))
	sign, err := x509.ReadAlgorithm(&algorithm)
	if err != nil {
		b.t.Fatal(err)
	}
	p := &parts{key: b.root.Key, sign: sign}
	tbs = stringOf(tbs)
	for _, e := range []*[]byte{&p.version, &p.algorithm, &p.issuer, &p.validity, &p.next, &p.revoked} {
		*e = next(&tbs)
	}
	wrapped := stringOf(tbs)
	all, _ := readExtensions(wrapped)
	for _, e := range all {
		p.extensions = append(p.extensions, extensionPart{e.id, truth(e.critical), e.value})
	}
	return p
}

// Every rule of a revocation list is broken by one list that breaks it alone.
func TestEachRuleOfARevocationList(t *testing.T) {
	b := bench{newMade(t, "nist"), t}
	rules := slices.Concat(listRules(), listExtensionRules())
	fired := make([]bool, len(rules))
	for _, c := range slices.Concat(listCases(), listExtensionCases()) {
		p := b.listParts()
		c.edit(p)
		der := p.list(t)
		exactly(t, c.name, RevocationList(der).Findings, c.want...)
		l, ok := splitList(der)
		for i, r := range rules {
			fired[i] = fired[i] || ok && len(r.check(l)) > 0
		}
	}
	for i, r := range rules {
		if !fired[i] {
			t.Errorf("no list breaks rule %d: %s, %s", i, r.clause, r.field)
		}
	}
}

func listCases() []broken {
	rsaAlgorithm := func(last string, parameters ...byte) func(p *parts) {
		return func(p *parts) { p.algorithm = tlv(0x30, oid("1.2.840.113549.1.1."+last), parameters) }
	}
	cn := [3]string{oidCommonName, printable, "CSCA"}
	issuer := func(attributes ...[3]string) func(p *parts) { return func(p *parts) { p.issuer = name(attributes...) } }
	pss := tlv(0x30, oid("1.2.840.113549.1.1.10"), tlv(0x30, tlv(0xA0, tlv(0x30, oid("2.16.840.1.101.3.4.2.1"))),
		tlv(0xA1, tlv(0x30, oid("1.2.840.113549.1.1.8"), tlv(0x30, oid("2.16.840.1.101.3.4.2.1")))), tlv(0xA2, []byte{2, 1, 20})))
	return []broken{
		{"right", "", func(p *parts) {}, nil},
		{"v1", "", func(p *parts) { p.version, p.none = nil, true }, []string{"table 9: version: it is v1", "table 9: crlExtensions: there are none"}},
		{"no extensions", "", func(p *parts) { p.none = true }, []string{"table 9: crlExtensions: there are none"}},
		{"algorithms differ", "", func(p *parts) { p.beside = tlv(0x30, oid("1.2.840.10045.4.3.4")) }, []string{"table 9: signature: the algorithm inside, ECDSA with SHA-384"}},
		{"Ed25519", "", func(p *parts) { p.algorithm = tlv(0x30, oid("1.3.101.112")) }, []string{"4.1.6: signatureAlgorithm: 1.3.101.112"}},
		{"SHA-1", "", func(p *parts) { p.algorithm = tlv(0x30, oid("1.2.840.10045.4.1")) }, []string{"4.1.6.4: signatureAlgorithm: ECDSA with SHA-1"}},
		{"ECDSA with NULL", "", func(p *parts) { p.algorithm = tlv(0x30, oid("1.2.840.10045.4.3.3"), []byte{5, 0}) }, []string{"4.1.6.3: signatureAlgorithm: ECDSA"}},
		{"PKCS #1", "", rsaAlgorithm("11", 5, 0), []string{"advice Doc 9303-12, section 4.1.6.1"}},
		{"PKCS #1 without NULL", "", rsaAlgorithm("11"), []string{"4.1.6.1: signatureAlgorithm: RSA PKCS #1 v1.5 with SHA-256 has no", "advice Doc 9303-12, section 4.1.6.1"}},
		{"rsaEncryption", "", rsaAlgorithm("1", 5, 0), []string{"4.1.6.4: signatureAlgorithm: 1.2.840.113549.1.1.1 names no hash", "advice Doc 9303-12, section 4.1.6.1"}},
		{"PSS with a default", "", func(p *parts) { p.algorithm = pss }, []string{"section 7.1: signatureAlgorithm: a parameter"}},

		{"country in UTF-8", "", issuer([3]string{oidCountry, utf8Text, "VN"}, cn), []string{"table 9: issuer: countryName UTF8String"}},
		{"country in small letters", "", issuer([3]string{oidCountry, printable, "vn"}, cn), []string{"table 9: issuer: countryName PrintableString"}},
		{"serial number in UTF-8", "", issuer(cn, [3]string{oidSerialNumber, utf8Text, "7"}), []string{"table 9: issuer: serialNumber UTF8String"}},
		{"Teletex", "", issuer([3]string{oidCommonName, teletex, "CSCA"}), []string{"table 9: issuer: 2.5.4.3 is TeletexString"}},
		{"no PrintableString", "", issuer([3]string{oidCommonName, printable, "a@b"}), []string{"table 9: issuer: 2.5.4.3 is PrintableString"}},

		{"thisUpdate in GeneralizedTime", "", func(p *parts) { p.validity = tlv(0x18, []byte("20260101000000Z")) }, []string{"table 9: thisUpdate: \"20260101000000Z\" is GeneralizedTime"}},
		{"nextUpdate in GeneralizedTime", "", func(p *parts) { p.next = tlv(0x18, []byte("20260201000000Z")) }, []string{"table 9: nextUpdate: \"20260201000000Z\" is GeneralizedTime"}},
		{"no nextUpdate", "", func(p *parts) { p.next = nil }, []string{"table 9: nextUpdate: it is missing"}},
		{"nextUpdate before", "", func(p *parts) { p.next = utc("250101000000Z") }, []string{"table 9: nextUpdate: 2025-01-01 00:00:00Z is not after"}},
		{"good for long", "", func(p *parts) { p.next = utc("260402000000Z") }, []string{"advice Doc 9303-12, section 4.1.5: nextUpdate: 2026-04-02"}},
		{"revoked and empty", "", func(p *parts) { p.revoked = tlv(0x30) }, []string{"table 9: revokedCertificates: it is there and empty"}},
		{"revoked in GeneralizedTime", "", func(p *parts) {
			p.revoked = tlv(0x30, tlv(0x30, []byte{2, 1, 5}, tlv(0x18, []byte("20260101000000Z"))))
		}, []string{"5.1.2.6: revokedCertificates: \"20260101000000Z\" is GeneralizedTime"}},
		{"none revoked", "", func(p *parts) { p.revoked = nil }, nil},
		{"rubbish", "", func(p *parts) { p.validity = []byte{5, 0} }, []string{"section 7.1: CertificateList: pki: revocation list"}},
	}
}

func listExtensionCases() []broken {
	entry := func(id string, critical, value []byte) func(p *parts) {
		return func(p *parts) {
			p.revoked = tlv(0x30, tlv(0x30, []byte{2, 1, 5}, utc("260101000000Z"), tlv(0x30, extensionPart{id, critical, value}.der())))
		}
	}
	set := func(id string, value ...byte) func(p *parts) { return func(p *parts) { p.set(id, value) } }
	critical := func(id string) func(p *parts) { return func(p *parts) { p.get(id).critical = truth(true) } }
	all := []broken{
		{"number missing", "", func(p *parts) { p.drop(oidCRLNumber) }, []string{"table 10: cRLNumber: it is missing"}},
		{"number negative", "", set(oidCRLNumber, 2, 1, 0xFF), []string{"table 10: cRLNumber: -1 is negative"}},
		{"number long", "", set(oidCRLNumber, append([]byte{2, 21, 1}, make([]byte, 20)...)...), []string{"table 10: cRLNumber: it has 21 octets"}},
		{"number not in DER", "", set(oidCRLNumber, 2, 2, 0, 1), []string{"table 10: cRLNumber: 02020001 is no INTEGER"}},
		{"authority missing", "", func(p *parts) { p.drop(oidAuthorityKeyID) }, []string{"table 10: authorityKeyIdentifier: it is missing"}},
		{"authority empty", "", set(oidAuthorityKeyID, 0x30, 0), []string{"table 10: authorityKeyIdentifier: it has no keyIdentifier"}},
		{"number critical", "", critical(oidCRLNumber), []string{"table 10: cRLNumber: it is critical"}},
		{"authority critical", "", critical(oidAuthorityKeyID), []string{"table 10: authorityKeyIdentifier: it is critical"}},
		{"alternative name critical", "", func(p *parts) {
			p.set(oidIssuerAltName, []byte{0x30, 0})
			p.get(oidIssuerAltName).critical = truth(true)
		}, []string{"table 10: issuerAlternativeName: it is critical"}},
		{"alternative name", "", set(oidIssuerAltName, 0x30, 0), nil},
		{"private and critical", "", func(p *parts) {
			p.set("1.2.3", []byte{5, 0})
			p.get("1.2.3").critical = truth(true)
		}, []string{"table 10: crlExtensions: a private extension 1.2.3 is critical"}},
		{"criticality written out", "", func(p *parts) { p.get(oidCRLNumber).critical = []byte{1, 1, 0} }, []string{"table 9: crlExtensions: extension 2.5.29.20 writes out"}},
		{"criticality of an entry written out", "", entry("1.2.3", []byte{1, 1, 0}, []byte{5, 0}), []string{"table 9: crlExtensions: extension 1.2.3 writes out"}},
		{"private of an entry", "", entry("1.2.3", nil, []byte{5, 0}), nil},
		{"private and critical of an entry", "", entry("1.2.3", truth(true), []byte{5, 0}), []string{"table 10: crlEntryExtensions: a private extension 1.2.3"}},
	}
	ofList, ofEntry := tableTenRows()
	for _, row := range ofList {
		if row.columns == "x" {
			all = append(all, broken{row.name, "", set(row.id, 2, 1, 5), []string{"table 10: " + row.name + ": it must not be there; its value is 020105"}})
		}
	}
	for _, row := range ofEntry {
		all = append(all, broken{row.name, "", entry(row.id, nil, []byte{10, 1, 1}), []string{"table 10: " + row.name + ": it must not be there, and is with 1 of"}})
	}
	return all
}

// sealed is a master list in elements that can be exchanged one by one.
type sealed struct {
	digests, certificates, crls, sid, digest, version, signature, content []byte
	untimed, wrong                                                        bool
}

func setOf(all ...[]byte) []byte {
	all = slices.Clone(all)
	slices.SortFunc(all, slices.Compare)
	return tlv(0x31, all...)
}

func (b bench) sealed() *sealed {
	sha256 := tlv(0x30, oid("2.16.840.1.101.3.4.2.1"))
	certificates := setOf(b.mls.Raw, b.root.Certificate.Raw)
	certificates[0] = 0xA0
	c, err := x509.ParseCertificate(b.mls.Raw)
	if err != nil {
		b.t.Fatal(err)
	}
	return &sealed{digests: tlv(0x31, sha256), certificates: certificates, sid: tlv(0x80, c.SubjectKeyID), digest: sha256, version: []byte{2, 1, 3},
		signature: tlv(0x30, oid("1.2.840.10045.4.3.2")), content: tlv(0x30, []byte{2, 1, 0}, setOf(b.root.Certificate.Raw, b.link.Raw))}
}

func (s *sealed) der(b bench) []byte {
	digest := crypto.SHA256.New()
	digest.Write(s.content)
	attribute := func(id string, value []byte) []byte { return tlv(0x30, oid(id), tlv(0x31, value)) }
	attributes := [][]byte{attribute("1.2.840.113549.1.9.3", oid("2.23.136.1.1.2")), attribute("1.2.840.113549.1.9.4", tlv(4, digest.Sum(nil)))}
	if !s.untimed {
		attributes = append(attributes, attribute(oidSigningTime, utc("260101000000Z")))
	}
	signed := setOf(attributes...)
	algorithm, err := x509.AlgorithmFor(b.mlsKey.Public(), crypto.SHA256, false)
	if err != nil {
		b.t.Fatal(err)
	}
	message := slices.Clone(signed)
	if s.wrong {
		message = append(message, 0)
	}
	signature, err := x509.Sign(rand.Reader, algorithm, b.mlsKey, message)
	if err != nil {
		b.t.Fatal(err)
	}
	signed[0] = 0xA0
	info := tlv(0x30, s.version, s.sid, s.digest, signed, s.signature, tlv(4, signature))
	content := tlv(0x30, oid("2.23.136.1.1.2"), tlv(0xA0, tlv(4, s.content)))
	return tlv(0x30, oid("1.2.840.113549.1.7.2"), tlv(0xA0, tlv(0x30, []byte{2, 1, 3}, s.digests, content, s.certificates, s.crls, tlv(0x31, info))))
}

// brokenList is a master list that departs from one rule.
type brokenList struct {
	name string
	edit func(s *sealed)
	want []string
}

// Every rule of a master list is broken by one list that breaks it alone, or with what cannot but break beside it.
func TestEachRuleOfAMasterList(t *testing.T) {
	b := bench{newMade(t, "nist"), t}
	rules := envelopeRules()
	fired := map[int]bool{}
	for _, c := range masterListCases(b) {
		s := b.sealed()
		c.edit(s)
		der := s.der(b)
		exactly(t, c.name, MasterList(der)[0].Findings, c.want...)
		if e, ok := splitEnvelope(der); ok {
			e.list, _ = pki.ParseMasterList(der)
			e.signer, e.signerErr = e.list.SignedData.SignerCertificate()
			for i, r := range rules {
				fired[i] = fired[i] || len(r.check(e)) > 0
			}
		}
	}
	for i, r := range rules {
		if !fired[i] {
			t.Errorf("no list breaks rule %d: %s, %s", i, r.clause, r.field)
		}
	}
}

func masterListCases(b bench) []brokenList {
	const signature = "table 18: signature: cms"
	root, link := b.root.Certificate.Raw, b.link.Raw
	content := func(all ...[]byte) func(s *sealed) {
		return func(s *sealed) { s.content = tlv(0x30, []byte{2, 1, 0}, tlv(0x31, all...)) }
	}
	certificates := func(all ...[]byte) func(s *sealed) { return func(s *sealed) { s.certificates = tlv(0xA0, all...) } }
	ordered := func(all ...[]byte) [][]byte {
		slices.SortFunc(all, slices.Compare)
		return all
	}
	first, second := ordered(b.mls.Raw, root)[0], ordered(b.mls.Raw, root)[1]
	c, err := x509.ParseCertificate(b.mls.Raw)
	if err != nil {
		b.t.Fatal(err)
	}
	var serial cryptobyte.Builder
	serial.AddASN1BigInt(c.Serial)
	sha1, null := tlv(0x30, oid("1.3.14.3.2.26")), tlv(0x30, oid("2.16.840.1.101.3.4.2.1"), []byte{5, 0})
	rsaSignature := func(last string, parameters ...byte) func(s *sealed) {
		return func(s *sealed) { s.signature = tlv(0x30, oid("1.2.840.113549.1.1."+last), parameters) }
	}
	two := ordered(root, link)
	return []brokenList{
		{"right", func(*sealed) {}, nil},
		{"NULL beside a hash", func(s *sealed) { s.digests, s.digest = tlv(0x31, null), null }, []string{"table 18: digestAlgorithm: SHA-256 has NULL"}},
		{"SHA-1", func(s *sealed) { s.digests, s.digest = tlv(0x31, sha1), sha1 }, []string{"4.1.6.4: digestAlgorithm: SHA-1 is none", signature}},
		{"no signer", certificates(root), []string{"table 18: certificates: the signer's is not among them"}},
		{"no authority", certificates(b.mls.Raw), []string{"advice Doc 9303-12, table 18: certificates: none of 1 is"}},
		{"certificates out of order", certificates(second, first), []string{"section 9: certificates: the SET is not"}},
		{"revocation lists", func(s *sealed) { s.crls = tlv(0xA1, b.crl.Raw) }, []string{"table 18: crls: they are there"}},
		{"by serial number", func(s *sealed) { s.version, s.sid = []byte{2, 1, 1}, tlv(0x30, c.Issuer.Raw, serial.BytesOrPanic()) }, []string{"advice Doc 9303-12, table 18: sid: the signer is named"}},
		{"no signing time", func(s *sealed) { s.untimed = true }, []string{"table 18: signedAttrs: there is no signing time"}},
		{"a wrong signature", func(s *sealed) { s.wrong = true }, []string{signature}},
		{"empty", content(), []string{"section 9.2: certList: there is no certificate"}},
		{"out of order", content(two[1], two[0]), []string{"section 9: certList: the SET is not"}},
		{"twice", content(root, root), []string{"advice Doc 9303-12, section 9.2: certList: 1 certificates stand more than once"}},
		{"rubbish", func(s *sealed) { s.digest = []byte{5, 0} }, []string{"section 9: ContentInfo: pki: master list: cms: malformed"}},
		{"Ed25519", func(s *sealed) { s.signature = tlv(0x30, oid("1.3.101.112")) }, []string{"4.1.6: signatureAlgorithm: 1.3.101.112", signature}},
		{"ECDSA with SHA-1", func(s *sealed) { s.signature = tlv(0x30, oid("1.2.840.10045.4.1")) }, []string{"4.1.6.4: signatureAlgorithm: ECDSA with SHA-1", signature}},
		{"ECDSA with NULL", func(s *sealed) { s.signature = tlv(0x30, oid("1.2.840.10045.4.3.2"), []byte{5, 0}) }, []string{"4.1.6.3: signatureAlgorithm: ECDSA"}},
		{"rsaEncryption", rsaSignature("1", 5, 0), []string{"advice Doc 9303-12, section 4.1.6.1", signature}},
		{"RSA without NULL", rsaSignature("11"), []string{"4.1.6.1: signatureAlgorithm: RSA PKCS #1 v1.5 with SHA-256 has no", "advice Doc 9303-12, section 4.1.6.1", signature}},
		{"PSS with defaults", func(s *sealed) {
			s.signature = tlv(0x30, oid("1.2.840.113549.1.1.10"), tlv(0x30, tlv(0xA0, tlv(0x30, oid("2.16.840.1.101.3.4.2.1"))),
				tlv(0xA1, tlv(0x30, oid("1.2.840.113549.1.1.8"), tlv(0x30, oid("2.16.840.1.101.3.4.2.1")))), tlv(0xA2, []byte{2, 1, 20})))
		}, []string{"section 7.1: signatureAlgorithm: a parameter", signature}},
	}
}

// A certificate in a list is linted for what it is; what is no authority does not belong there.
func TestWhatStandsInAMasterList(t *testing.T) {
	b := bench{newMade(t, "nist"), t}
	s := b.sealed()
	s.content = tlv(0x30, []byte{2, 1, 0}, setOf(b.root.Certificate.Raw, b.ds.Raw, tlv(0x30, []byte{5, 0})))
	var ds, refused int
	for _, r := range MasterList(s.der(b)) {
		switch {
		case r.Role == DocumentSigner:
			exactly(t, r.Entry, r.Findings, "section 9.2: certList: a document-signer is in a list")
			ds++
		case r.Role == Deduce && r.Kind == "certificate":
			exactly(t, r.Entry, r.Findings, "section 7.1: certificate: x509: malformed")
			refused++
		default:
			exactly(t, r.Entry, r.Findings)
		}
	}
	if ds != 1 || refused != 1 {
		t.Errorf("%d document signers, %d refused", ds, refused)
	}
}

// Whatever stands in the bytes, nothing panics: each byte of a certificate, a revocation list and a master list turned over,
// and each of them cut off at every place.
func TestNoByteMakesItPanic(t *testing.T) {
	b := bench{newMade(t, "nist"), t}
	small := b.sealed()
	small.certificates = tlv(0xA0, b.mls.Raw)
	small.content = tlv(0x30, []byte{2, 1, 0}, tlv(0x31, b.link.Raw))
	for _, der := range [][]byte{b.ds.Raw, b.full.Raw, small.der(b)} {
		for i := range der {
			bad := slices.Clone(der)
			bad[i] ^= []byte{0xFF, 0x01, 0x20, 0x80}[i%4]
			if len(Check(bad, Deduce)) == 0 {
				t.Fatalf("byte %d: no report", i)
			}
			if Check(der[:i], Deduce)[0].Violations() == 0 {
				t.Fatalf("cut off at %d: no violation", i)
			}
		}
	}
}

func FuzzLint(f *testing.F) {
	b := bench{newMade(f, "nist"), f}
	for _, der := range [][]byte{b.root.Certificate.Raw, b.link.Raw, b.ds.Raw, b.mls.Raw, b.dls.Raw, b.crl.Raw, b.full.Raw, b.sealed().der(b)} {
		f.Add(der, uint8(0))
	}
	roles := append(Roles(), Deduce)
	f.Fuzz(func(t *testing.T, der []byte, role uint8) {
		for _, r := range Check(der, roles[int(role)%len(roles)]) {
			for _, finding := range r.Findings {
				if finding.Text == "" || finding.Clause == "" || finding.Field == "" {
					t.Errorf("%+v", finding)
				}
			}
		}
	})
}
