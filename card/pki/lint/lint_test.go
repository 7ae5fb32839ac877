package lint

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"encoding/asn1"
	"fmt"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/internal/x509"
	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/pki/cms"
)

var begun = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func newKey(t testing.TB) crypto.Signer {
	return must[crypto.Signer](t)(pki.GenerateKey("P-256", rand.Reader))
}

func newCSCA(t testing.TB) pki.CSCA {
	id := pki.Identity{Country: "VN", State: "VNM", Organization: "SPECIMEN cancuoc", CommonName: "SPECIMEN CSCA", Specimen: true,
		Contact: "https://specimen.invalid/", CRL: []string{"https://specimen.invalid/vn.crl"}}
	return must[pki.CSCA](t)(pki.NewCSCA(rand.Reader, id, pki.Validity{From: begun, KeyUntil: begun.AddDate(5, 0, 0), Until: pki.Never()}, newKey(t)))
}

func clean(t *testing.T, r Report, role Role) {
	t.Helper()
	if r.Role != role || len(r.Findings) != 0 {
		t.Errorf("%s, taken for a %s: %+v", role, r.Role, r.Findings)
	}
}

// What package pki issues, by every profile, has no finding, but that PKCS #1 is not what is recommended.
func TestWhatIsIssuedIsClean(t *testing.T) {
	a := newCSCA(t)
	clean(t, Certificate(a.Certificate.Raw, ""), Root)
	v := pki.Validity{From: begun, KeyUntil: begun.AddDate(0, 3, 0), Until: pki.Never()}
	for purpose, role := range map[pki.Purpose]Role{pki.ForDocuments: DocumentSigner, pki.ForMasterLists: MasterListSigner, pki.ForDeviationLists: DeviationListSigner} {
		key := newKey(t)
		c := must[pki.Certificate](t)(a.IssueSigner(rand.Reader, pki.SignerRequest{CommonName: "SPECIMEN signer", Purpose: purpose, DocumentTypes: []string{"I", "ID"},
			PublicKey: key.Public(), Validity: v}))
		clean(t, Certificate(c.Raw, ""), role)
		if purpose != pki.ForMasterLists {
			continue
		}
		list := must[[]byte](t)(pki.NewMasterList([]pki.Certificate{a.Certificate}, cms.Signer{Certificate: c.Raw, Key: key, Above: [][]byte{a.Certificate.Raw}}, begun))
		for i, r := range MasterList(list) {
			clean(t, r, []Role{MasterListFile, MasterListSigner, Root}[i])
		}
	}
	next := a.Identity
	next.CommonName = "SPECIMEN CSCA 2"
	at := begun.AddDate(4, 0, 0)
	root, link, err := a.Renew(rand.Reader, next, pki.Validity{From: at, KeyUntil: at.AddDate(5, 0, 0), Until: pki.Never()}, newKey(t))
	if err != nil {
		t.Fatal(err)
	}
	clean(t, Certificate(link.Raw, ""), Link)
	clean(t, Certificate(root.Certificate.Raw, ""), Root)
	list := must[pki.RevocationList](t)(a.IssueRevocationList(rand.Reader, pki.RevocationList{}, nil, begun, begun.AddDate(0, 0, 90)))
	clean(t, RevocationList(list.Raw), CRL)
	list = must[pki.RevocationList](t)(a.IssueRevocationList(rand.Reader, list, []pki.Revocation{{Serial: "12", At: begun}}, begun, begun.AddDate(0, 0, 90)))
	clean(t, RevocationList(list.Raw), CRL)
}

// bent is a certificate that a test bends in one place before it is signed.
type bent struct {
	t        *testing.T
	template x509.Template
	key      crypto.Signer
	public   crypto.PublicKey
	rawKey   func(der []byte) []byte // changes the certificate after it was signed
}

func newBent(t *testing.T, like pki.Certificate, key crypto.Signer) *bent {
	parsed := must[*x509.Certificate](t)(x509.ParseCertificate(like.Raw))
	return &bent{t: t, key: key, public: key.Public(), template: x509.Template{Serial: parsed.Serial, Issuer: parsed.Issuer, Subject: parsed.Subject,
		NotBefore: parsed.NotBefore, NotAfter: parsed.NotAfter, Extensions: slices.Clone(parsed.Extensions)}}
}

func (b *bent) extension(id string) *x509.Extension {
	for i, e := range b.template.Extensions {
		if e.ID.String() == id {
			return &b.template.Extensions[i]
		}
	}
	b.t.Fatalf("no extension %s", id)
	return nil
}

func (b *bent) drop(id string) {
	b.template.Extensions = slices.DeleteFunc(b.template.Extensions, func(e x509.Extension) bool { return e.ID.String() == id })
}

func (b *bent) add(id string, critical bool, value ...byte) {
	var oid asn1.ObjectIdentifier
	for _, arc := range strings.Split(id, ".") {
		var n int
		fmt.Sscan(arc, &n)
		oid = append(oid, n)
	}
	b.template.Extensions = append(b.template.Extensions, x509.Extension{ID: oid, Critical: critical, Value: value})
}

func (b *bent) name(attributes ...string) x509.Name {
	return must[x509.Name](b.t)(x509.NewName(attributes[0], attributes[1], attributes[2]))
}

func (b *bent) lint(as Role) Report {
	a := must[x509.Algorithm](b.t)(x509.AlgorithmFor(b.key.Public(), 0, false))
	der := must[[]byte](b.t)(b.template.Create(rand.Reader, b.public, a, b.key))
	if b.rawKey != nil {
		der = b.rawKey(der)
	}
	return Certificate(der, as)
}

// replace puts one run of bytes, which must be there, in the place of another of the same length.
func replace(t *testing.T, from, to string) func([]byte) []byte {
	return func(der []byte) []byte {
		if len(from) != len(to) || !bytes.Contains(der, []byte(from)) {
			t.Fatalf("%x is not there", from)
		}
		return bytes.ReplaceAll(der, []byte(from), []byte(to))
	}
}

// Each row breaks one clause in a good certificate, and that clause alone is found.
func TestEachClauseByItself(t *testing.T) {
	a := newCSCA(t)
	v := pki.Validity{From: begun, KeyUntil: begun.AddDate(0, 3, 0), Until: begun.AddDate(10, 3, 0)}
	signer := func(p pki.Purpose) (pki.Certificate, crypto.Signer) {
		key := newKey(t)
		return must[pki.Certificate](t)(a.IssueSigner(rand.Reader, pki.SignerRequest{CommonName: "SPECIMEN signer", Purpose: p, DocumentTypes: []string{"I"}, PublicKey: key.Public(), Validity: v})), key
	}
	ds, dsKey := signer(pki.ForDocuments)
	lists, listsKey := signer(pki.ForMasterLists)
	made := map[Role]func() *bent{
		Root:             func() *bent { return newBent(t, a.Certificate, a.Key) },
		Link:             func() *bent { return newBent(t, a.Certificate, a.Key) },
		DocumentSigner:   func() *bent { return newBent(t, ds, dsKey) },
		MasterListSigner: func() *bent { return newBent(t, lists, listsKey) },
	}
	for role, make := range made {
		clean(t, make().lint(role), role)
	}
	rsa := must[crypto.Signer](t)(pki.GenerateKey("RSA-3072", rand.Reader))
	for _, c := range []struct {
		role          Role
		severity      Severity
		clause, field string
		bend          func(*bent)
	}{
		{Root, Violation, "table 5", "version", func(b *bent) { b.rawKey = replace(t, "\xA0\x03\x02\x01\x02", "\xA0\x03\x02\x01\x01") }},
		{Root, Violation, "table 5", "serialNumber", func(b *bent) { b.template.Serial = big.NewInt(-7) }},
		{Root, Violation, "table 5", "serialNumber", func(b *bent) { b.template.Serial = big.NewInt(0) }},
		{Root, Violation, "table 5", "serialNumber", func(b *bent) { b.template.Serial = new(big.Int).Lsh(big.NewInt(1), 160) }},
		{DocumentSigner, Violation, "table 5", "issuer", func(b *bent) {
			b.template.Issuer = b.name("vn", "", "SPECIMEN CSCA")
			b.template.Subject = b.name("vn", "", "x")
		}},
		{DocumentSigner, Violation, "section 7.1.1.1.1", "subject", func(b *bent) { b.template.Subject = b.name("", "", "SPECIMEN signer") }},
		{DocumentSigner, Violation, "section 7.1.1.1.1", "subject", func(b *bent) { b.template.Subject = b.name("VN", "SPECIMEN", "") }},
		{DocumentSigner, Violation, "table 5", "subject", func(b *bent) { b.template.Subject = b.name("UT", "", "SPECIMEN signer") }},
		{DocumentSigner, Violation, "table 5", "subject", func(b *bent) {
			b.template.Subject.Raw = bytes.Replace(b.template.Subject.Raw, []byte("\x13\x0FSPECIMEN signer"), []byte("\x14\x0FSPECIMEN signer"), 1)
		}},
		{DocumentSigner, Violation, "table 5", "validity.notBefore", func(b *bent) {
			b.rawKey = func(der []byte) []byte { return longer14(t, der, "260301080000Z", "20260301080000Z") }
		}},
		{DocumentSigner, Violation, "section 4.1.6.3", "subjectPublicKeyInfo", func(b *bent) { b.template.NamedCurve = true }},
		{DocumentSigner, Advice, "section 4.1.6.1", "signatureAlgorithm", func(b *bent) { b.key = rsa }},
		{DocumentSigner, Violation, "table 6", "AuthorityKeyIdentifier", func(b *bent) { b.drop(oidAKI) }},
		{Link, Violation, "table 6", "AuthorityKeyIdentifier", func(b *bent) { b.drop(oidAKI) }},
		{DocumentSigner, Violation, "table 6", "AuthorityKeyIdentifier", func(b *bent) { b.extension(oidAKI).Value = []byte{0x30, 0} }},
		{DocumentSigner, Violation, "table 6", "AuthorityKeyIdentifier", func(b *bent) { b.extension(oidAKI).Critical = true }},
		{Root, Violation, "appendix B (RFC 5280, section 4.2.1.1)", "AuthorityKeyIdentifier", func(b *bent) { b.extension(oidAKI).Value = []byte{0x30, 3, 0x80, 1, 7} }},
		{Root, Violation, "table 6", "SubjectKeyIdentifier", func(b *bent) { b.drop(oidSKI) }},
		{Root, Violation, "table 6", "KeyUsage", func(b *bent) { b.drop(oidKeyUsage) }},
		{Root, Violation, "table 6", "KeyUsage", func(b *bent) { b.extension(oidKeyUsage).Critical = false }},
		{Root, Violation, "table 6", "KeyUsage", func(b *bent) { b.extension(oidKeyUsage).Value = []byte{3, 2, 2, 4} }},
		{Root, Violation, "table 6", "KeyUsage", func(b *bent) { b.extension(oidKeyUsage).Value = []byte{3, 2, 1, 0x86} }},
		{DocumentSigner, Violation, "table 6", "KeyUsage", func(b *bent) { b.extension(oidKeyUsage).Value = []byte{3, 2, 6, 0xC0} }},
		{DocumentSigner, Violation, "table 6", "PrivateKeyUsagePeriod", func(b *bent) { b.drop(oidUsagePeriod) }},
		{DocumentSigner, Violation, "table 6", "PrivateKeyUsagePeriod", func(b *bent) { b.extension(oidUsagePeriod).Value = []byte{0x30, 0} }},
		{DocumentSigner, Violation, "section 4.1", "PrivateKeyUsagePeriod", func(b *bent) { b.template.NotAfter = begun.AddDate(0, 2, 0) }},
		{DocumentSigner, Advice, "section 4.1.1.2", "PrivateKeyUsagePeriod", func(b *bent) {
			b.extension(oidUsagePeriod).Value = []byte("\x30\x22\x80\x0f20260301080000Z\x81\x0f20270301080000Z")
		}},
		{Root, Advice, "section 4.1.4.2", "PrivateKeyUsagePeriod", func(b *bent) {
			b.extension(oidUsagePeriod).Value = []byte("\x30\x22\x80\x0f20260301080000Z\x81\x0f20360301080000Z")
		}},
		{DocumentSigner, Violation, "table 6", "SubjectAltName", func(b *bent) { b.drop(oidSubjectAltName) }},
		{DocumentSigner, Violation, "table 6", "IssuerAltName", func(b *bent) { b.drop(oidIssuerAltName) }},
		{DocumentSigner, Violation, "section 7.1.1.2", "SubjectAltName", func(b *bent) { b.extension(oidSubjectAltName).Value = []byte{0x30, 3, 0x81, 1, 'x'} }},
		{DocumentSigner, Advice, "section 7.1.1.2", "SubjectAltName", func(b *bent) {
			b.extension(oidSubjectAltName).Value = []byte("\x30\x12\xA4\x10\x30\x0E\x31\x0C\x30\x0A\x06\x03\x55\x04\x07\x13\x03VNM")
		}},
		{DocumentSigner, Violation, "section 7.1.1.2", "SubjectAltName", func(b *bent) {
			b.extension(oidSubjectAltName).Value = []byte("\x30\x15\x81\x01x\xA4\x10\x30\x0E\x31\x0C\x30\x0A\x06\x03\x55\x04\x07\x13\x03vnm")
		}},
		{DocumentSigner, Violation, "section 7.1.1.2", "SubjectAltName", func(b *bent) {
			b.extension(oidSubjectAltName).Value = []byte("\x30\x15\x81\x01x\xA4\x10\x30\x0E\x31\x0C\x30\x0A\x06\x03\x55\x04\x08\x13\x03VNM")
		}},
		{Root, Violation, "section 7.1.1.2", "IssuerAltName", func(b *bent) {
			b.extension(oidIssuerAltName).Value = []byte("\x30\x15\x81\x01x\xA4\x10\x30\x0E\x31\x0C\x30\x0A\x06\x03\x55\x04\x07\x13\x03VNM")
		}},
		{Root, Violation, "table 6", "BasicConstraints", func(b *bent) { b.extension(oidBasicConstraints).Value = []byte{0x30, 0} }},
		{Root, Violation, "table 6", "BasicConstraints", func(b *bent) { b.extension(oidBasicConstraints).Value = []byte{0x30, 3, 1, 1, 0xFF} }},
		{Root, Violation, "table 6", "BasicConstraints", func(b *bent) { b.extension(oidBasicConstraints).Value = []byte{0x30, 6, 1, 1, 0xFF, 2, 1, 1} }},
		{Root, Violation, "section 7.1", "BasicConstraints", func(b *bent) { b.extension(oidBasicConstraints).Value = []byte{0x30, 6, 1, 1, 1, 2, 1, 0} }},
		{DocumentSigner, Violation, "table 6", "BasicConstraints", func(b *bent) { b.add(oidBasicConstraints, true, 0x30, 0) }},
		{DocumentSigner, Violation, "table 6", "PolicyMappings", func(b *bent) { b.add("2.5.29.33", false, 0x30, 0) }},
		{DocumentSigner, Violation, "table 6", "FreshestCRL", func(b *bent) { b.add("2.5.29.46", false, 0x30, 0) }},
		{DocumentSigner, Violation, "table 6", "Netscape Certificate Type", func(b *bent) { b.add("2.16.840.1.113730.1.1", false, 3, 2, 7, 0x80) }},
		{DocumentSigner, Violation, "table 6", "1.2.3.4", func(b *bent) { b.add("1.2.3.4", true, 5, 0) }},
		{DocumentSigner, Violation, "table 6", "ExtKeyUsage", func(b *bent) { b.add(oidExtKeyUsage, true, 0x30, 0) }},
		{MasterListSigner, Violation, "table 6", "ExtKeyUsage", func(b *bent) { b.drop(oidExtKeyUsage) }},
		{MasterListSigner, Violation, "table 6", "ExtKeyUsage", func(b *bent) { b.extension(oidExtKeyUsage).Critical = false }},
		{DeviationListSigner, Violation, "section 7.1.1.3", "ExtKeyUsage", nil},
		{DocumentSigner, Violation, "table 6", "CRLDistributionPoints", func(b *bent) { b.drop(oidCRLPoints) }},
		{DocumentSigner, Violation, "section 7.1.1.4", "CRLDistributionPoints", func(b *bent) { b.extension(oidCRLPoints).Value = []byte{0x30, 0} }},
		{DocumentSigner, Violation, "table 6", "CRLDistributionPoints", func(b *bent) {
			b.extension(oidCRLPoints).Value = bytes.Replace(b.extension(oidCRLPoints).Value, []byte("https"), []byte("ftp.s"), 1)
		}},
		{DocumentSigner, Violation, "table 6", "NameChange", func(b *bent) { b.add(oidNameChange, false, 5, 0) }},
		{Root, Violation, "section 7.1.1.5", "NameChange", func(b *bent) { b.add(oidNameChange, false, 0x30, 0) }},
		{Link, Violation, "section 7.1.1.5", "NameChange", func(b *bent) { b.template.Subject = b.name("VN", "SPECIMEN cancuoc", "SPECIMEN CSCA 2") }},
		{DocumentSigner, Violation, "table 6", "DocumentType", func(b *bent) { b.drop(oidDocumentType) }},
		{DocumentSigner, Violation, "table 6", "DocumentType", func(b *bent) { b.extension(oidDocumentType).Critical = true }},
		{DocumentSigner, Violation, "section 7.1.1.6", "DocumentType", func(b *bent) { b.extension(oidDocumentType).Value = []byte{0x30, 5, 2, 1, 0, 0x31, 0} }},
		{DocumentSigner, Violation, "section 7.1.1.6", "DocumentType", func(b *bent) {
			b.extension(oidDocumentType).Value = []byte("\x30\x0A\x02\x01\x00\x31\x05\x0C\x03IDV")
		}},
		{DocumentSigner, Violation, "section 7.1.1.6", "DocumentType", func(b *bent) {
			b.extension(oidDocumentType).Value = []byte("\x30\x08\x02\x01\x01\x31\x03\x13\x01I")
		}},
		{Root, Violation, "table 6", "DocumentType", func(b *bent) { b.add(oidDocumentType, false, 0x30, 0) }},
	} {
		make := made[c.role]
		if c.role == DeviationListSigner {
			make = made[MasterListSigner]
		}
		b := make()
		if c.bend != nil {
			c.bend(b)
		}
		r := b.lint(c.role)
		ok := len(r.Findings) > 0
		for _, f := range r.Findings {
			// A curve's named form and a twin that must be like it are one thing in two fields.
			ok = ok && f.Severity == c.severity && (f.Clause == "Doc 9303-12, "+c.clause && f.Field == c.field || f.Field == "subject" && c.field == "issuer")
		}
		if !ok {
			t.Errorf("%s %s, %s: found %+v", c.role, c.clause, c.field, r.Findings)
		}
	}
}

// longer14 puts a GeneralizedTime in the place of a UTCTime, lengthening what is around it: tbs and certificate have lengths
// of two octets, validity one of one.
func longer14(t *testing.T, der []byte, from, to string) []byte {
	t.Helper()
	i := bytes.Index(der, []byte("\x17\x0D"+from))
	if i < 0 || der[1] != 0x82 || der[5] != 0x82 {
		t.Fatal("not where it was thought to be")
	}
	out := slices.Concat(der[:i], []byte("\x18\x0F"+to), der[i+15:])
	for _, at := range []int{3, 7, i - 1} {
		out[at] += 2
	}
	return out
}

// The same for revocation lists: what this package holds against tables 9 and 10.
func TestEachClauseOfRevocationLists(t *testing.T) {
	a := newCSCA(t)
	algorithm := must[x509.Algorithm](t)(x509.AlgorithmFor(a.Key.Public(), 0, false))
	parsed := must[*x509.Certificate](t)(x509.ParseCertificate(a.Certificate.Raw))
	aki := x509.KeyIDExtensions(nil, parsed.SubjectKeyID)[0]
	number := x509.Extension{ID: asn1.ObjectIdentifier{2, 5, 29, 20}, Value: []byte{2, 1, 7}}
	type list struct {
		version     int
		next        time.Time
		entries     [][]byte
		empty       bool
		extensions  []x509.Extension
		generalized bool
	}
	make := func(l list) Report {
		var b cryptobyte.Builder
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			if l.version > 0 {
				b.AddASN1Int64(int64(l.version))
			}
			algorithm.Add(b)
			b.AddBytes(parsed.Subject.Raw)
			if l.generalized {
				b.AddASN1GeneralizedTime(begun)
			} else {
				b.AddASN1UTCTime(begun)
			}
			if !l.next.IsZero() {
				b.AddASN1UTCTime(l.next)
			}
			if len(l.entries) > 0 || l.empty {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(bytes.Join(l.entries, nil)) })
			}
			if l.extensions != nil {
				b.AddASN1(explicit(0), func(b *cryptobyte.Builder) { x509.AddExtensions(b, l.extensions) })
			}
		})
		return RevocationList(must[[]byte](t)(x509.Seal(rand.Reader, b.BytesOrPanic(), algorithm, a.Key)))
	}
	entry := []byte("\x30\x20\x02\x01\x05\x17\x0d260301080000Z\x30\x0c\x30\x0a\x06\x03\x55\x1d\x15\x04\x03\x0a\x01\x01")
	good := list{1, begun.AddDate(0, 0, 90), nil, false, []x509.Extension{aki, number}, false}
	clean(t, make(good), CRL)
	for _, c := range []struct {
		clause, field string
		bend          func(*list)
	}{
		{"table 9", "version", func(l *list) { l.version = 0 }},
		{"table 9", "nextUpdate", func(l *list) { l.next = time.Time{} }},
		{"section 4.1.5", "nextUpdate", func(l *list) { l.next = begun.AddDate(0, 6, 0) }},
		{"table 9", "thisUpdate", func(l *list) { l.generalized = true }},
		{"table 9", "revokedCertificates", func(l *list) { l.empty = true }},
		{"table 10", "reasonCode", func(l *list) { l.entries = [][]byte{entry, entry} }},
		{"table 9", "crlExtensions", func(l *list) { l.extensions = nil }},
		{"table 10", "authorityKeyIdentifier", func(l *list) { l.extensions = []x509.Extension{number} }},
		{"table 10", "cRLNumber", func(l *list) { l.extensions = []x509.Extension{aki} }},
		{"table 10", "cRLNumber", func(l *list) { l.extensions[1].Value = []byte{2, 1, 0x87} }},
		{"table 10", "cRLNumber", func(l *list) { l.extensions[1].Critical = true }},
		{"table 10", "issuingDistributionPoint", func(l *list) {
			l.extensions = append(l.extensions, x509.Extension{ID: asn1.ObjectIdentifier{2, 5, 29, 28}, Value: []byte{0x30, 0}})
		}},
		{"table 10", "deltaCRLIndicator", func(l *list) {
			l.extensions = append(l.extensions, x509.Extension{ID: asn1.ObjectIdentifier{2, 5, 29, 27}, Value: []byte{2, 1, 1}})
		}},
	} {
		l := good
		l.extensions = slices.Clone(good.extensions)
		c.bend(&l)
		r := make(l)
		if len(r.Findings) != 1 || r.Findings[0].Clause != "Doc 9303-12, "+c.clause || r.Findings[0].Field != c.field || r.Violations() != 1 {
			t.Errorf("%s, %s: found %+v", c.clause, c.field, r.Findings)
		}
	}
}

func samples(t *testing.T) string {
	const dir = "../../../../shared/samples"
	if _, err := os.Stat(filepath.Join(dir, "masterlists")); err != nil {
		t.Skip("no samples of master lists here")
	}
	return dir
}

// The master lists of two states, certificate by certificate: counted by clause, for whoever looks at the test's output.
func TestMasterListsOfTheField(t *testing.T) {
	lists, err := filepath.Glob(filepath.Join(samples(t), "masterlists", "*.ml"))
	if err != nil || len(lists) == 0 {
		t.Fatalf("no lists: %v", err)
	}
	for _, path := range lists {
		reports := MasterList(must[[]byte](t)(os.ReadFile(path)))
		clauses := map[string]int{}
		cleanOnes := 0
		for _, r := range reports[1:] {
			if r.Violations() == 0 {
				cleanOnes++
			}
			for _, f := range r.Findings {
				clauses[string(f.Severity)+" "+f.Clause+", "+f.Field]++
			}
		}
		t.Logf("%s: %d certificates, %d without a violation; of the list itself: %+v", filepath.Base(path), len(reports)-1, cleanOnes, reports[0].Findings)
		for _, clause := range slices.Sorted(maps.Keys(clauses)) {
			t.Logf("  %4d  %s", clauses[clause], clause)
		}
		if len(reports) < 400 || cleanOnes == 0 || cleanOnes == len(reports)-1 {
			t.Errorf("%d reports, %d clean", len(reports), cleanOnes)
		}
	}
}

// The CSCA of Viet Nam for passports, as the German list has it, keeps to every table: what openssl shows of it was held
// against them by hand.
func TestTheVietnameseCSCA(t *testing.T) {
	lists, _ := filepath.Glob(filepath.Join(samples(t), "masterlists", "DE_*.ml"))
	if len(lists) == 0 {
		t.Skip("no German master list here")
	}
	found := false
	for _, r := range MasterList(must[[]byte](t)(os.ReadFile(lists[0])))[1:] {
		if !strings.Contains(r.Subject, "CSCA ePassport Vietnam") {
			continue
		}
		found = true
		clean(t, r, Root)
	}
	if !found {
		t.Error("it is not in the list")
	}
}

func TestEveryByteFlipped(t *testing.T) {
	a := newCSCA(t)
	list := must[pki.RevocationList](t)(a.IssueRevocationList(rand.Reader, pki.RevocationList{}, []pki.Revocation{{Serial: "12", At: begun}}, begun, begun.AddDate(0, 0, 90)))
	for _, der := range [][]byte{a.Certificate.Raw, list.Raw} {
		for i := range der {
			for _, flip := range []byte{1, 0x20, 0x80, 0xFF} {
				bent := bytes.Clone(der)
				bent[i] ^= flip
				if _, err := File(bent, ""); err != nil && i > 8 {
					t.Errorf("byte %d: %v", i, err)
				}
			}
		}
	}
}

func TestFiles(t *testing.T) {
	for _, text := range []string{"", "x", "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n", "\x30"} {
		if _, err := File([]byte(text), ""); err == nil {
			t.Errorf("%q has a profile", text)
		}
	}
	r, err := File([]byte{0x30, 0x03, 0x30, 0x01, 0x05}, "")
	if err != nil || len(r) != 1 || r[0].Violations() != 1 {
		t.Errorf("a certificate of nothing: %+v, %v", r, err)
	}
}

func FuzzFile(f *testing.F) {
	a := newCSCA(f)
	f.Add(a.Certificate.Raw)
	list, err := a.IssueRevocationList(rand.Reader, pki.RevocationList{}, []pki.Revocation{{Serial: "12", At: begun}}, begun, begun.AddDate(0, 0, 90))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(list.Raw)
	f.Fuzz(func(t *testing.T, text []byte) {
		reports, err := File(text, "")
		if (err == nil) == (len(reports) == 0) {
			t.Errorf("%d reports, %v", len(reports), err)
		}
	})
}
