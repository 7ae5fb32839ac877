package reader

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/pki/cms"
)

// Of two states that are both trusted, neither signs the documents of the other.
func TestDocumentSignedByAnotherState(t *testing.T) {
	vn := newAuthority(t)
	ut, err := pki.NewSpecimenAuthority(rand.Reader, at.AddDate(0, 0, -1), "UT")
	if err != nil {
		t.Fatal(err)
	}
	trust := pki.Trust{Anchors: []pki.Certificate{vn.CSCA, ut.CSCA}}
	for by, want := range map[*pki.Authority]Authenticity{vn: Genuine, ut: NotGenuine} {
		v := Verify(issued(t, "dang-dinh-mau", by, at), trust, at)
		if v.Verdict != want {
			t.Errorf("a document of VNM signed by %s: %s, %+v", by.DocumentSigner.Subject, v.Verdict, checkOf(t, v, "chain"))
		}
	}
}

// An authority of the sixth edition gives its signers no list of document types (Doc 9303-12, appendix C).
func TestSignerOfTheSixthEdition(t *testing.T) {
	a := newAuthority(t)
	r := issued(t, "dang-dinh-mau", a, at)
	signer, key := certified(t, parse(t, a.CSCA), a.CSCAKey, x509.Certificate{KeyUsage: x509.KeyUsageDigitalSignature})
	resign(t, &r, cms.Signer{Certificate: signer.Raw, Key: key}, at)
	if v := Verify(r, trustIn(a), at); checkOf(t, v, "chain").Result != Pass {
		t.Errorf("%s: %+v", v.Verdict, checkOf(t, v, "chain"))
	}
}

// The worst that the lists say of signer and links counts.
func TestWorstOfTheRevocations(t *testing.T) {
	a := newAuthority(t)
	link, linkKey := certified(t, parse(t, a.CSCA), a.CSCAKey, x509.Certificate{
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
	})
	signer, key := certified(t, parse(t, link), linkKey, x509.Certificate{
		KeyUsage:        x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 23, 136, 1, 1, 6, 2}, Value: []byte{0x30, 8, 2, 1, 0, 0x31, 3, 0x13, 1, 'I'}}},
	})
	r := issued(t, "dang-dinh-mau", a, at)
	resign(t, &r, cms.Signer{Certificate: signer.Raw, Key: key}, at)
	good, revoked := listOf(t, a, 0), listOf(t, a, 0, link)
	altered := listOf(t, a, 1, signer)
	for what, c := range map[string]struct {
		lists []pki.RevocationList
		want  Result
	}{
		"no list":                    {nil, Absent},
		"a list without the link":    {[]pki.RevocationList{good}, Absent}, // there is none under the signer's issuer
		"a list with the link":       {[]pki.RevocationList{revoked}, Fail},
		"an altered list beside it":  {[]pki.RevocationList{altered}, Unknown},
		"an altered list and a good": {[]pki.RevocationList{altered, revoked}, Fail},
	} {
		trust := pki.Trust{Anchors: []pki.Certificate{a.CSCA}, Links: []pki.Certificate{link}, Lists: c.lists}
		v := Verify(r, trust, at)
		if check := checkOf(t, v, "revocation"); check.Result != c.want || (c.want == Absent) != (v.Verdict == Genuine) {
			t.Errorf("%s: %s, %+v", what, v.Verdict, check)
		}
	}
}

func parse(t *testing.T, c pki.Certificate) *x509.Certificate {
	t.Helper()
	parsed, err := x509.ParseCertificate(c.Raw)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// certified makes a key and a certificate for it below a parent.
func certified(t *testing.T, parent *x509.Certificate, parentKey any, template x509.Certificate) (pki.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<62)); err != nil {
		t.Fatal(err)
	}
	template.Subject = pkix.Name{Country: []string{"VN"}, CommonName: "SPECIMEN " + template.SerialNumber.String()}
	template.NotBefore, template.NotAfter = at.AddDate(0, 0, -1), at.AddDate(10, 0, 0)
	der, err := x509.CreateCertificate(rand.Reader, &template, parent, key.Public(), parentKey)
	if err != nil {
		t.Fatal(err)
	}
	c, err := pki.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c, key
}

// listOf makes a revocation list of an authority and flips bits of its last byte.
func listOf(t *testing.T, a *pki.Authority, flip byte, revoked ...pki.Certificate) pki.RevocationList {
	t.Helper()
	template := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: at.Add(-time.Hour), NextUpdate: at.AddDate(0, 1, 0)}
	for _, c := range revoked {
		serial, _ := new(big.Int).SetString(c.Serial, 16)
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: serial, RevocationTime: at.Add(-time.Hour)})
	}
	der, err := x509.CreateRevocationList(rand.Reader, template, parse(t, a.CSCA), a.CSCAKey)
	if err != nil {
		t.Fatal(err)
	}
	der[len(der)-1] ^= flip
	list, err := pki.ParseRevocationList(der)
	if err != nil {
		t.Fatal(err)
	}
	return list
}
