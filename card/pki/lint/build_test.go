package lint

import (
	"crypto"
	"crypto/rand"
	"encoding/asn1"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/internal/x509"
	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/pki/cms"
)

var issued = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// made is an infrastructure by card/pki.
type made struct {
	root, next     pki.CSCA
	link, samename pki.Certificate
	ds, mls, dls   pki.Certificate
	mlsKey         crypto.Signer
	crl, full      pki.RevocationList
}

func identity(p pki.Profile) pki.Identity {
	return pki.Identity{Country: "VN", State: "VNM", CommonName: "CSCA", Organization: "Test", Contact: "csca@test.invalid",
		CRL: []string{"https://test.invalid/vn.crl"}, Signature: p.CSCASignature}
}

func newMade(t testing.TB, profile string) (m made) {
	t.Helper()
	p, err := pki.ProfileByName(profile)
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(err)
	key := func(kind string) crypto.Signer {
		k, err := pki.GenerateKey(kind, rand.Reader)
		check(err)
		return k
	}
	years := func(from time.Time) pki.Validity {
		return pki.Validity{From: from, KeyUntil: from.AddDate(5, 0, 0), Until: from.AddDate(20, 0, 0)}
	}
	m.root, err = pki.NewCSCA(rand.Reader, identity(p), years(issued), key(p.CSCAKey))
	check(err)
	later := issued.AddDate(4, 0, 0)
	_, m.samename, err = m.root.Renew(rand.Reader, identity(p), years(later), key(p.CSCAKey))
	check(err)
	renamed := identity(p)
	renamed.CommonName = "CSCA 2"
	m.next, m.link, err = m.root.Renew(rand.Reader, renamed, years(later), key(p.CSCAKey))
	check(err)
	signer := func(purpose pki.Purpose, k crypto.Signer) pki.Certificate {
		r := pki.SignerRequest{CommonName: "Signer", Purpose: purpose, PublicKey: k.Public(),
			Validity: pki.Validity{From: issued, KeyUntil: issued.AddDate(0, 3, 0), Until: issued.AddDate(10, 3, 0)}}
		if purpose == pki.ForDocuments {
			r.DocumentTypes = []string{"ID", "I", "P"}
		}
		c, err := m.root.IssueSigner(rand.Reader, r)
		check(err)
		return c
	}
	m.mlsKey = key(p.SignerKey)
	m.ds, m.mls, m.dls = signer(pki.ForDocuments, key(p.SignerKey)), signer(pki.ForMasterLists, m.mlsKey), signer(pki.ForDeviationLists, key(p.SignerKey))
	m.crl, err = m.root.IssueRevocationList(rand.Reader, pki.RevocationList{}, nil, issued, issued.AddDate(0, 0, 90))
	check(err)
	m.full, err = m.root.IssueRevocationList(rand.Reader, m.crl, []pki.Revocation{{Serial: m.ds.Serial, At: issued}}, issued, issued.AddDate(0, 0, 90))
	check(err)
	return m
}

func (m made) masterList(t testing.TB, p pki.Profile) []byte {
	t.Helper()
	der, err := pki.NewMasterList([]pki.Certificate{m.root.Certificate, m.next.Certificate, m.link},
		cms.Signer{Certificate: m.mls.Raw, Key: m.mlsKey, Hash: p.SOD.Hash, PSS: p.SOD.PSS}, issued)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// parts are a certificate or a revocation list in elements that can be exchanged one by one.
type parts struct {
	version, serial, algorithm, issuer, validity, subject, info, ids []byte
	beside                                                           []byte // the algorithm, where it is another
	extensions                                                       []extensionPart
	none                                                             bool // no extensions at all
	sign                                                             x509.Algorithm
	key                                                              crypto.Signer
	wrong                                                            bool // the signature

	next, revoked []byte // of a revocation list, where validity is thisUpdate
}

// extensionPart is an extension, its criticality as it is written.
type extensionPart struct {
	id              string
	critical, value []byte
}

func partsOf(t testing.TB, der []byte, key crypto.Signer) *parts {
	t.Helper()
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	p := &parts{key: key, sign: c.Algorithm}
	whole := cryptobyte.String(c.RawTBS)
	var in cryptobyte.String
	whole.ReadASN1(&in, cbasn1.SEQUENCE)
	for _, e := range []*[]byte{&p.version, &p.serial, &p.algorithm, &p.issuer, &p.validity, &p.subject, &p.info} {
		*e = next(&in)
	}
	for _, e := range c.Extensions {
		p.extensions = append(p.extensions, extensionPart{e.ID.String(), truth(e.Critical), e.Value})
	}
	return p
}

func truth(critical bool) []byte {
	if critical {
		return []byte{1, 1, 0xFF}
	}
	return nil
}

func next(in *cryptobyte.String) []byte {
	var e cryptobyte.String
	var tag cbasn1.Tag
	in.ReadAnyASN1Element(&e, &tag)
	return e
}

func (p *parts) certificate(t testing.TB) []byte {
	t.Helper()
	return p.seal(t, tlv(0x30, p.version, p.serial, p.algorithm, p.issuer, p.validity, p.subject, p.info, p.ids, p.wrapped(0xA3)))
}

func (p *parts) list(t testing.TB) []byte {
	t.Helper()
	return p.seal(t, tlv(0x30, p.version, p.algorithm, p.issuer, p.validity, p.next, p.revoked, p.wrapped(0xA0)))
}

func (p *parts) wrapped(tag byte) []byte {
	if p.none {
		return nil
	}
	var all [][]byte
	for _, e := range p.extensions {
		all = append(all, e.der())
	}
	return tlv(tag, tlv(0x30, all...))
}

func (e extensionPart) der() []byte { return tlv(0x30, oid(e.id), e.critical, tlv(4, e.value)) }

func (p *parts) seal(t testing.TB, tbs []byte) []byte {
	t.Helper()
	signature, err := x509.Sign(rand.Reader, p.sign, p.key, tbs)
	if err != nil {
		t.Fatal(err)
	}
	if p.wrong {
		signature, _ = x509.Sign(rand.Reader, p.sign, p.key, append(tbs, 0))
	}
	beside := p.beside
	if beside == nil {
		beside = p.algorithm
	}
	return tlv(0x30, tbs, beside, tlv(3, []byte{0}, signature))
}

func (p *parts) set(id string, value []byte) {
	for i := range p.extensions {
		if p.extensions[i].id == id {
			p.extensions[i].value = value
			return
		}
	}
	p.extensions = append(p.extensions, extensionPart{id, nil, value})
}

func (p *parts) get(id string) *extensionPart {
	for i := range p.extensions {
		if p.extensions[i].id == id {
			return &p.extensions[i]
		}
	}
	return nil
}

func (p *parts) drop(id string) {
	for i := range p.extensions {
		if p.extensions[i].id == id {
			p.extensions = append(p.extensions[:i:i], p.extensions[i+1:]...)
			return
		}
	}
}

// tlv writes an element of DER.
func tlv(tag byte, values ...[]byte) []byte {
	var content []byte
	for _, v := range values {
		content = append(content, v...)
	}
	var b cryptobyte.Builder
	b.AddUint8(tag)
	switch n := len(content); {
	case n < 0x80:
		b.AddUint8(uint8(n))
	case n < 0x100:
		b.AddBytes([]byte{0x81, byte(n)})
	default:
		b.AddBytes([]byte{0x82, byte(n >> 8), byte(n)})
	}
	b.AddBytes(content)
	return b.BytesOrPanic()
}

func oid(dotted string) []byte {
	var id asn1.ObjectIdentifier
	n := 0
	for _, c := range dotted + "." {
		if c == '.' {
			id, n = append(id, n), 0
			continue
		}
		n = 10*n + int(c-'0')
	}
	der, err := asn1.Marshal(id)
	if err != nil {
		panic(err)
	}
	return der
}

// name writes a name of attributes: identifier, tag, text.
func name(attributes ...[3]string) []byte {
	var all [][]byte
	for _, a := range attributes {
		all = append(all, tlv(0x31, tlv(0x30, oid(a[0]), tlv(a[1][0], []byte(a[2])))))
	}
	return tlv(0x30, all...)
}

// The tags of strings, for name.
const (
	printable = "\x13"
	utf8Text  = "\x0c"
	teletex   = "\x14"
)

func spki(key crypto.PublicKey, named bool) []byte {
	var b cryptobyte.Builder
	x509.AddPublicKey(&b, key, named)
	return b.BytesOrPanic()
}

// stringOf gives the content of an element.
func stringOf(der []byte) (content cryptobyte.String) {
	in := cryptobyte.String(der)
	var tag cbasn1.Tag
	in.ReadAnyASN1(&content, &tag)
	return content
}
