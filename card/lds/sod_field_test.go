package lds

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"math/big"
	"testing"

	"github.com/cancuoc/cancuoc/card/internal/ec"
	"github.com/cancuoc/cancuoc/card/internal/x509"
	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/pki/cms"
)

// authorityOn makes a CSCA and a document signer on a curve.
func authorityOn(t testing.TB, curve *ec.Curve) (pki.Trust, cms.Signer) {
	t.Helper()
	above, err1 := x509.GenerateEC(curve, rand.Reader)
	below, err2 := x509.GenerateEC(curve, rand.Reader)
	root, err3 := x509.NewName("UT", "SPECIMEN", "SPECIMEN CSCA")
	leaf, err4 := x509.NewName("UT", "SPECIMEN", "SPECIMEN signer")
	for _, err := range []error{err1, err2, err3, err4} {
		if err != nil {
			t.Fatal(err)
		}
	}
	a, err := x509.AlgorithmFor(above.Public(), 0, false)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Template{Serial: big.NewInt(1), Issuer: root, Subject: root, NotBefore: signingTime, NotAfter: signingTime.AddDate(20, 0, 0), Extensions: x509.AuthorityExtensions()}
	der, err := template.Create(rand.Reader, above.Public(), a, above)
	if err != nil {
		t.Fatal(err)
	}
	csca, err := pki.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	template.Serial, template.Subject, template.Extensions = big.NewInt(2), leaf, x509.SignerExtensions()
	if der, err = template.Create(rand.Reader, below.Public(), a, above); err != nil {
		t.Fatal(err)
	}
	return pki.Trust{Anchors: []pki.Certificate{csca}}, cms.Signer{Certificate: der, Key: below}
}

func sodOn(t testing.TB, curve *ec.Curve) (pki.Trust, []byte) {
	t.Helper()
	trust, signer := authorityOn(t, curve)
	object := Digest(crypto.SHA256, map[int][]byte{1: []byte("one"), 2: []byte("two")})
	file, err := SignSOD(object, signer, signingTime)
	if err != nil {
		t.Fatal(err)
	}
	return trust, file
}

// EF.SOD on curves with explicit parameters: genuine, and no byte of it may be another.
func TestSODOnOtherCurves(t *testing.T) {
	for _, curve := range []*ec.Curve{ec.BrainpoolP256r1(), ec.BrainpoolP384r1(), ec.BrainpoolP512r1(), ec.P384()} {
		trust, file := sodOn(t, curve)
		if err := judge(trust, file); err != nil {
			t.Errorf("%s: %v", curve.Name(), err)
		}
		for i := range file {
			bent := bytes.Clone(file)
			bent[i] ^= 0xFF
			if judge(trust, bent) == nil {
				t.Fatalf("%s: byte %d is another, and EF.SOD is genuine", curve.Name(), i)
			}
		}
	}
}

// id-data for the content type: a file of our own making, since there is no public sample of the state that has it.
func TestSODWithIDData(t *testing.T) {
	trust, signer := authorityOn(t, ec.BrainpoolP256r1())
	content, err := Digest(crypto.SHA256, map[int][]byte{1: []byte("one"), 2: []byte("two")}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	signed, err := cms.Sign(content, dataType(), signer, signingTime)
	if err != nil {
		t.Fatal(err)
	}
	file := append([]byte{0x77, 0x82, byte(len(signed) >> 8), byte(len(signed))}, signed...)
	if err := judge(trust, file); err != nil {
		t.Error(err)
	}
}

// What a reader does with EF.SOD: parse, signature, chain. Everything is read anew each time.
func BenchmarkVerifySODP384r1(b *testing.B) { benchmarkVerifySOD(b, ec.BrainpoolP384r1()) }
func BenchmarkVerifySODP256r1(b *testing.B) { benchmarkVerifySOD(b, ec.BrainpoolP256r1()) }

func benchmarkVerifySOD(b *testing.B, curve *ec.Curve) {
	trust, file := sodOn(b, curve)
	for b.Loop() {
		if err := judge(trust, file); err != nil {
			b.Fatal(err)
		}
	}
}
