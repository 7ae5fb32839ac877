package reader

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/pki/cms"
	"github.com/cancuoc/cancuoc/card/tlv"
)

// forgery is a document of which a test bends what it likes before it is judged. By itself it is genuine.
type forgery struct {
	csca, signer     *x509.Certificate // templates
	issuer           *x509.Certificate // whom the signer's certificate names; nil: the CSCA
	by               *ecdsa.PrivateKey // who signs it; nil: the CSCA's key
	cscaKey, key     *ecdsa.PrivateKey
	object           func(*lds.SecurityObject)
	file             func(sod []byte) []byte
	trust            func(f *made) // bends what the verifier has
	reading          Reading
	now              time.Time
	root, signerCert pki.Certificate
}

// made is a forgery whose certificates stand.
type made struct {
	t *testing.T
	*forgery
	trusted pki.Trust
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newSerial(t testing.TB) *big.Int {
	t.Helper()
	n, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func authorityTemplate(t testing.TB, id byte) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: newSerial(t), Subject: pkix.Name{Country: []string{"VN"}, CommonName: "SPECIMEN CSCA"},
		NotBefore: at.AddDate(0, 0, -1), NotAfter: at.AddDate(20, 0, 0), SubjectKeyId: []byte{id, 2, 3},
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
}

func newForgery(t *testing.T, reading Reading) *forgery {
	return &forgery{
		csca: authorityTemplate(t, 1), cscaKey: newKey(t), key: newKey(t), reading: reading.copy(), now: at,
		signer: &x509.Certificate{
			SerialNumber: newSerial(t), Subject: pkix.Name{Country: []string{"VN"}, CommonName: "SPECIMEN signer"},
			NotBefore: at.AddDate(0, 0, -1), NotAfter: at.AddDate(10, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
		},
	}
}

// issueUnder makes a certificate for a key.
func issueUnder(t testing.TB, template, parent *x509.Certificate, key, by *ecdsa.PrivateKey) pki.Certificate {
	t.Helper()
	c, err := pki.ParseCertificate(issueDER(t, template, parent, key, by))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func issueDER(t testing.TB, template, parent *x509.Certificate, key, by *ecdsa.PrivateKey) []byte {
	t.Helper()
	named := *parent
	named.PublicKey = by.Public()
	der, err := x509.CreateCertificate(rand.Reader, template, &named, key.Public(), by)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func (f *forgery) judge(t *testing.T) Verdict {
	t.Helper()
	f.root = issueUnder(t, f.csca, f.csca, f.cscaKey, f.cscaKey)
	issuer, by := f.issuer, f.by
	if issuer == nil {
		issuer = f.csca
	}
	if by == nil {
		by = f.cscaKey
	}
	der := issueDER(t, f.signer, issuer, f.key, by)
	f.signerCert, _ = pki.ParseCertificate(der) // what cannot be read, a card may hold all the same
	f.sign(t, der)
	m := &made{t, f, pki.Trust{Anchors: []pki.Certificate{f.root}}}
	if f.trust != nil {
		f.trust(m)
	}
	return Policy{Trust: m.trusted}.Verify(f.reading, f.now)
}

// sign makes EF.SOD over the data groups as they stand. It is laid out here where package cms refuses to sign.
func (f *forgery) sign(t *testing.T, certificate []byte) {
	t.Helper()
	groups := map[int][]byte{}
	for name, content := range f.reading.Files {
		if file, _ := lds.ByName(name); file.DataGroup > 0 {
			groups[file.DataGroup] = content
		}
	}
	object := lds.Digest(crypto.SHA256, groups)
	if f.object != nil {
		f.object(&object)
	}
	good, err := x509.ParseCertificate(certificate)
	signer := cms.Signer{Certificate: certificate, Key: f.key}
	if err != nil || good == nil { // the certificate is put in afterwards: it is not signed
		plain := *f.signer
		plain.ExtraExtensions = nil
		signer.Certificate = issueDER(t, &plain, f.csca, f.key, f.cscaKey)
	}
	signed, err := cms.Sign(encodeObject(t, object), lds.SecurityObjectType(), signer, at)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(signer.Certificate, certificate) {
		signed = replaceCertificate(t, signed, signer.Certificate, certificate)
	}
	sod := tlv.Encode(0x77, signed)
	if f.file != nil {
		sod = f.file(sod)
	}
	f.reading.Files["EF.SOD"] = sod
}

// encodeObject gives a security object, with SHA-1 too, which package lds does not write.
func encodeObject(t *testing.T, object lds.SecurityObject) []byte {
	t.Helper()
	if object.Hash != crypto.SHA1 {
		der, err := object.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	type hash struct {
		Number int
		Value  []byte
	}
	layout := struct {
		Version   int
		Algorithm pkix.AlgorithmIdentifier
		Hashes    []hash
	}{Algorithm: pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}}}
	for _, n := range object.DataGroups() {
		layout.Hashes = append(layout.Hashes, hash{n, object.Hashes[n]})
	}
	der, err := asn1.Marshal(layout)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func commonName(ref *CertificateRef) string {
	if ref == nil {
		return ""
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(ref.Subject, "CN=SPECIMEN "), ",")
	return name
}

// Every classic forgery has its check, its result, its reason, its verdict, and the certificate at fault.
func TestForgedChains(t *testing.T) {
	a := newAuthority(t)
	good, other := issued(t, "le-mau-nhi", a, at), issued(t, "dang-dinh-mau", a, at)
	critical := pkix.Extension{Id: asn1.ObjectIdentifier{2, 25, 1, 2}, Critical: true, Value: []byte{5, 0}}
	harmless := pkix.Extension{Id: asn1.ObjectIdentifier{2, 25, 1, 2}, Value: []byte{5, 0}}
	passports := pkix.Extension{Id: asn1.ObjectIdentifier{2, 23, 136, 1, 1, 6, 2}, Value: []byte{0x30, 8, 2, 1, 0, 0x31, 3, 0x13, 1, 'P'}}
	ecdsaSHA256 := []byte{0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 2}
	for name, c := range map[string]struct {
		bend  func(f *forgery)
		check string
		want  Result
		says  string
		judge Authenticity
		fault string
	}{
		"nothing bent": {func(*forgery) {}, "chain", Pass, "CN=SPECIMEN CSCA", Genuine, "CSCA"},

		"the CSCA lacks cA":                   {func(f *forgery) { f.csca.IsCA, f.csca.MaxPathLenZero = false, false }, "chain", Fail, "lack cA", NotGenuine, "CSCA"},
		"the CSCA may not sign certificates":  {func(f *forgery) { f.csca.KeyUsage = x509.KeyUsageCRLSign }, "chain", Fail, "lacks keyCertSign", NotGenuine, "CSCA"},
		"the CSCA has a path length of 2":     {func(f *forgery) { f.csca.MaxPathLen, f.csca.MaxPathLenZero = 2, false }, "chain", Fail, "path length", NotGenuine, "CSCA"},
		"the CSCA has a critical extension":   {func(f *forgery) { f.csca.ExtraExtensions = []pkix.Extension{critical} }, "chain", Fail, "critical extension", NotGenuine, "CSCA"},
		"the CSCA has expired":                {func(f *forgery) { f.csca.NotAfter = at.Add(-time.Hour) }, "validity", Fail, "expired", NotProven, "CSCA"},
		"the CSCA is of another state":        {func(f *forgery) { f.csca.Subject.Country[0], f.signer.Subject.Country[0] = "UT", "UT" }, "chain", Fail, "the document is one of VNM", NotGenuine, "CSCA"},
		"the signer may not sign":             {func(f *forgery) { f.signer.KeyUsage = x509.KeyUsageKeyEncipherment }, "chain", Fail, "lacks digitalSignature", NotGenuine, "signer"},
		"the signer may sign certificates":    {func(f *forgery) { f.signer.KeyUsage |= x509.KeyUsageCertSign }, "chain", Fail, "that of an authority", NotGenuine, "signer"},
		"the signer is an authority":          {func(f *forgery) { f.signer.IsCA, f.signer.BasicConstraintsValid = true, true }, "chain", Fail, "it is that of an authority", NotGenuine, "signer"},
		"the signer has a critical extension": {func(f *forgery) { f.signer.ExtraExtensions = []pkix.Extension{critical} }, "chain", Fail, "critical extension", NotGenuine, "signer"},
		"the signer has an extension twice":   {func(f *forgery) { f.signer.ExtraExtensions = []pkix.Extension{harmless, harmless} }, "signature", Unknown, "twice", NotProven, ""},
		"the signer has expired":              {func(f *forgery) { f.signer.NotAfter = at.Add(-time.Hour) }, "validity", Fail, "expired", NotProven, "signer"},
		"the signer is of another state":      {func(f *forgery) { f.signer.Subject.Country[0] = "UT" }, "chain", Fail, "not of one country", NotGenuine, "signer"},
		"the signer signs passports":          {func(f *forgery) { f.signer.ExtraExtensions = []pkix.Extension{passports} }, "chain", Fail, "may not sign documents of this type", NotGenuine, "signer"},
		"the signer signs itself":             {func(f *forgery) { f.issuer, f.by = f.signer, f.key }, "chain", Unknown, "no trust anchor", NotProven, "signer"},
		"the same under the CSCA's name":      {func(f *forgery) { f.by = f.key }, "chain", Fail, "wrong signature", NotGenuine, "signer"},
		"the signer names another key":        {func(f *forgery) { f.issuer = authorityTemplate(t, 9) }, "chain", Unknown, "no trust anchor", NotProven, "signer"},
		"the signer is signed by another key": {func(f *forgery) { f.by = newKey(t) }, "chain", Fail, "wrong signature", NotGenuine, "signer"},
		"the same, and it names no key":       {func(f *forgery) { f.by, f.issuer = newKey(t), authorityTemplate(t, 1); f.issuer.SubjectKeyId = nil }, "chain", Unknown, "no trust anchor", NotProven, "signer"},
		"the signer is under another name":    {func(f *forgery) { f.issuer = authorityTemplate(t, 1); f.issuer.Subject.CommonName = "SPECIMEN else" }, "chain", Unknown, "no trust anchor", NotProven, "signer"},
		"nobody is trusted":                   {func(f *forgery) { f.trust = func(m *made) { m.trusted = pki.Trust{} } }, "chain", Unknown, "no trust anchor", NotProven, "signer"},
		"a link that the anchor did not sign": {func(f *forgery) { f.trust = strangersLink }, "chain", Unknown, "no trust anchor", NotProven, "signer"},
		"a link that the anchor signed":       {func(f *forgery) { f.trust = trueLink }, "chain", Pass, "CN=SPECIMEN CSCA", Genuine, "CSCA"},
		"a link that was revoked":             {func(f *forgery) { f.trust = revokedLink }, "revocation", Fail, "revoked", NotProven, "CSCA"},
		"the list is stale, and a link there": {func(f *forgery) {
			f.trust = func(m *made) { trueLink(m); m.root = m.trusted.Links[0]; m.list(0); m.now = at.AddDate(0, 2, 0) }
		}, "revocation", Unknown, "out of date", NotProven, "CSCA"},
		"the signer is revoked":                    {func(f *forgery) { f.trust = func(m *made) { m.list(0, m.signerCert) } }, "revocation", Fail, "revoked on 2026-11-20", NotProven, "signer"},
		"the signer is revoked since it signed":    {func(f *forgery) { f.trust = revokedSince }, "revocation", Fail, "revoked on 2026-11-21", NotProven, "signer"},
		"the list is stale":                        {func(f *forgery) { f.trust = func(m *made) { m.list(0); m.now = at.AddDate(0, 2, 0) } }, "revocation", Unknown, "out of date", NotProven, "signer"},
		"the list is altered":                      {func(f *forgery) { f.trust = func(m *made) { m.list(1) } }, "revocation", Unknown, "not to be believed", NotProven, "signer"},
		"the list of another with the CSCA's name": {func(f *forgery) { f.trust = strangersList }, "revocation", Unknown, "not to be believed", NotProven, "signer"},
		"a good list":                              {func(f *forgery) { f.trust = func(m *made) { m.list(0) } }, "revocation", Pass, "on no revocation list", Genuine, "signer"},

		"another file in place of one": {func(f *forgery) {
			f.file = func(b []byte) []byte { f.reading.Files["EF.DG13"] = other.Files["EF.DG13"]; return b }
		}, "hashes", Fail, "EF.DG13", NotGenuine, ""},
		"the same, and its hash replaced": {func(f *forgery) {
			f.file = func(b []byte) []byte { return f.swap(b, "EF.DG13", other.Files["EF.DG13"]) }
		}, "signature", Fail, "the content is not the one that was signed", NotGenuine, "signer"},
		"two hashes in one signature": {func(f *forgery) {
			f.file = func(b []byte) []byte { b[bytes.LastIndex(b, ecdsaSHA256)+7] = 1; return b } // ECDSA with SHA-224
		}, "signature", Fail, "digest algorithm SHA-256 beside", NotGenuine, "signer"},
		"a data group that EF.SOD lacks": {func(f *forgery) { f.object = func(o *lds.SecurityObject) { delete(o.Hashes, 13) } }, "files", Fail, "EF.DG13: on the card or in EF.COM, and not in EF.SOD", NotGenuine, ""},
		"a data group beside": {func(f *forgery) {
			f.object = func(o *lds.SecurityObject) { f.reading.Files["EF.DG7"] = []byte{0x67, 0} }
		}, "files", Fail, "EF.DG7", NotGenuine, ""},
		"a data group in EF.SOD alone": {func(f *forgery) { f.object = func(o *lds.SecurityObject) { o.Hashes[11] = make([]byte, 32) } }, "files", Unknown, "EF.DG11: in EF.SOD, and not on the card", NotProven, ""},
		"a weaker hash":                {func(f *forgery) { f.object = f.bySHA1 }, "hashes", Weak, "by SHA-1", NotProven, ""},
		"signed before the key's period": {func(f *forgery) {
			f.signer.ExtraExtensions = []pkix.Extension{period(at.Add(time.Second), at.AddDate(0, 3, 0))}
		}, "validity", Fail, "outside the time in which the signer's key was to be used", NotProven, "signer"},
		"signed after the key's period": {func(f *forgery) {
			f.signer.ExtraExtensions = []pkix.Extension{period(at.AddDate(0, -3, 0), at.Add(-time.Second))}
		}, "validity", Fail, "signed 2026-11-20 by the signing time in EF.SOD", NotProven, "signer"},
	} {
		f := newForgery(t, good)
		c.bend(f)
		v := f.judge(t)
		got := checkOf(t, v, c.check)
		if v.Verdict != c.judge || got.Result != c.want || !strings.Contains(got.Detail, c.says) || commonName(got.Certificate) != c.fault {
			t.Errorf("%s: %s, %s %s (%s) for %q; want %s, %s for %q", name, v.Verdict, got.Name, got.Result, got.Detail, commonName(got.Certificate), c.judge, c.want, c.fault)
		}
		if reason, ok := v.Reason(); ok == (c.judge == Genuine) || ok && reason.Name != c.check {
			t.Errorf("%s: the reason is %+v", name, reason)
		}
	}
}

// list puts a revocation list of the CSCA beside the trust.
func (m *made) list(flip byte, revoked ...pki.Certificate) {
	by := &pki.Authority{CSCA: m.root, CSCAKey: m.cscaKey}
	m.trusted.Lists = append(m.trusted.Lists, listOf(m.t, by, flip, revoked...))
}

// revokedSince revokes the signer the day after it signed, and judges another day later.
func revokedSince(m *made) {
	m.list(0, m.signerCert)
	m.trusted.Lists[0].Revoked[0].At = at.AddDate(0, 0, 1)
	m.now = at.AddDate(0, 0, 2)
}

// strangersList is that of somebody who took the CSCA's name, and its key identifier.
func strangersList(m *made) {
	key := newKey(m.t)
	by := &pki.Authority{CSCA: issueUnder(m.t, authorityTemplate(m.t, 1), m.csca, key, key), CSCAKey: key}
	m.trusted.Lists = []pki.RevocationList{listOf(m.t, by, 0)}
}

// linkBy makes the CSCA a link below an older key of the state, which alone is trusted, signed by a key.
func (m *made) linkBy(old, by *ecdsa.PrivateKey) pki.Certificate {
	older := authorityTemplate(m.t, 7)
	m.trusted.Anchors = []pki.Certificate{issueUnder(m.t, older, older, old, old)}
	link := issueUnder(m.t, authorityTemplate(m.t, 1), older, m.cscaKey, by)
	m.trusted.Links = []pki.Certificate{link}
	return link
}

func trueLink(m *made) { old := newKey(m.t); m.linkBy(old, old) }

func strangersLink(m *made) { m.linkBy(newKey(m.t), newKey(m.t)) }

func revokedLink(m *made) {
	old := newKey(m.t)
	link := m.linkBy(old, old)
	m.trusted.Lists = []pki.RevocationList{listOf(m.t, &pki.Authority{CSCA: m.trusted.Anchors[0], CSCAKey: old}, 0, link)}
}

// swap puts another file in the place of one, and its hash into the signed content.
func (f *forgery) swap(sod []byte, name string, content []byte) []byte {
	old, now := crypto.SHA256.New(), crypto.SHA256.New()
	old.Write(f.reading.Files[name])
	now.Write(content)
	f.reading.Files[name] = content
	return bytes.Replace(sod, old.Sum(nil), now.Sum(nil), 1)
}

// bySHA1 hashes the data groups anew.
func (f *forgery) bySHA1(o *lds.SecurityObject) {
	o.Hash = crypto.SHA1
	for n := range o.Hashes {
		file, _ := lds.DataGroup(n)
		sum := sha1.Sum(f.reading.Files[file.Name])
		o.Hashes[n] = sum[:]
	}
}

// period is PrivateKeyUsagePeriod.
func period(from, to time.Time) pkix.Extension {
	value := []byte{0x30, 34}
	for n, t := range []time.Time{from, to} {
		value = append(append(value, 0x80+byte(n), 15), t.UTC().Format("20060102150405Z")...)
	}
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 16}, Value: value}
}
