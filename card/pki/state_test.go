package pki

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/internal/ec"
	"github.com/cancuoc/cancuoc/card/internal/x509"
	"github.com/cancuoc/cancuoc/card/pki/cms"
)

// state is an authority of a test on any curve, with a name.
type state struct {
	name x509.Name
	key  crypto.Signer
	id   []byte
	root Certificate
	weak bool // it signs by way of SHA-1
}

func newState(t testing.TB, curve *ec.Curve, country, commonName string) state {
	t.Helper()
	s := state{key: keyOn(t, curve)}
	var err error
	if s.name, err = x509.NewName(country, "SPECIMEN", commonName); err != nil {
		t.Fatal(err)
	}
	s.id = identifier(t, s.key)
	s.root = s.issue(t, s.name, s.key.Public(), append(x509.AuthorityExtensions(), x509.KeyIDExtensions(s.id, s.id)...))
	return s
}

func keyOn(t testing.TB, curve *ec.Curve) crypto.Signer {
	t.Helper()
	key, err := x509.GenerateEC(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func identifier(t testing.TB, key crypto.Signer) []byte {
	t.Helper()
	var b cryptobyte.Builder
	x509.AddPublicKey(&b, key.Public(), false)
	sum := sha256.Sum256(b.BytesOrPanic())
	return sum[:20]
}

func (s state) algorithm(t testing.TB) x509.Algorithm {
	t.Helper()
	if s.weak {
		ecdsaWithSHA1 := cryptobyte.String{0x30, 9, 6, 7, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 1}
		a, err := x509.ReadAlgorithm(&ecdsaWithSHA1)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	a, err := x509.AlgorithmFor(s.key.Public(), 0, false)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (s state) issue(t testing.TB, subject x509.Name, key crypto.PublicKey, extensions []x509.Extension) Certificate {
	t.Helper()
	serial, err := newSerial(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Template{Serial: serial, Issuer: s.name, Subject: subject, NotBefore: issueTime, NotAfter: issueTime.AddDate(20, 0, 0), Extensions: extensions}
	der, err := template.Create(rand.Reader, key, s.algorithm(t), s.key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// signer issues the certificate of a signer of documents, or of lists if a purpose is given.
func (s state) signer(t testing.TB, purposes ...string) (Certificate, cms.Signer) {
	t.Helper()
	key := keyOn(t, ec.BrainpoolP256r1())
	name, err := x509.NewName(s.name.Country(), "SPECIMEN", "SPECIMEN signer")
	if err != nil {
		t.Fatal(err)
	}
	extensions := append(x509.SignerExtensions(), x509.KeyIDExtensions(identifier(t, key), s.id)...)
	for _, p := range purposes {
		e, err := x509.NewExtension(asn1.ObjectIdentifier{2, 5, 29, 37}, true, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(arcs(p)) })
		})
		if err != nil {
			t.Fatal(err)
		}
		extensions = append(extensions, e)
	}
	c := s.issue(t, name, key.Public(), extensions)
	return c, cms.Signer{Certificate: c.Raw, Key: key}
}

// signerNaming issues the certificate of a document signer that names the authority's key so, or not at all.
func (s state) signerNaming(t testing.TB, id []byte) Certificate {
	t.Helper()
	name, err := x509.NewName(s.name.Country(), "SPECIMEN", "SPECIMEN signer")
	if err != nil {
		t.Fatal(err)
	}
	return s.issue(t, name, keyOn(t, ec.P256()).Public(), append(x509.SignerExtensions(), x509.KeyIDExtensions(nil, id)...))
}

// link vouches for the next authority's key.
func (s state) link(t testing.TB, next state) Certificate {
	t.Helper()
	return s.issue(t, next.name, next.key.Public(), append(x509.AuthorityExtensions(), x509.KeyIDExtensions(next.id, s.id)...))
}

// masterList signs a list of certificates.
func masterList(t testing.TB, by cms.Signer, certificates ...Certificate) []byte {
	t.Helper()
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
			for _, c := range certificates {
				b.AddBytes(c.Raw)
			}
		})
	})
	der, err := cms.Sign(b.BytesOrPanic(), arcs(oidMasterList), by, issueTime)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// crl signs a revocation list; extra come after the number.
func (s state) crl(t testing.TB, from, to time.Time, revoked []Certificate, extra ...x509.Extension) []byte {
	t.Helper()
	number, err := x509.NewExtension(asn1.ObjectIdentifier{2, 5, 29, 20}, false, func(b *cryptobyte.Builder) { b.AddASN1Int64(26) })
	if err != nil {
		t.Fatal(err)
	}
	a := s.algorithm(t)
	entry := func(c Certificate) func(b *cryptobyte.Builder) {
		serial, _ := new(big.Int).SetString(c.Serial, 16)
		reason := x509.Extension{ID: asn1.ObjectIdentifier{2, 5, 29, 21}, Value: []byte{0x0A, 1, 1}}
		return func(b *cryptobyte.Builder) {
			b.AddASN1BigInt(serial)
			x509.AddTime(b, from)
			x509.AddExtensions(b, []x509.Extension{reason})
		}
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		a.Add(b)
		b.AddBytes(s.name.Raw)
		x509.AddTime(b, from)
		x509.AddTime(b, to)
		if len(revoked) > 0 {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				for _, c := range revoked {
					b.AddASN1(cbasn1.SEQUENCE, entry(c))
				}
			})
		}
		b.AddASN1(cbasn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
			x509.AddExtensions(b, append(append(x509.KeyIDExtensions(nil, s.id), number), extra...))
		})
	})
	der, err := x509.Seal(rand.Reader, b.BytesOrPanic(), a, s.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}
