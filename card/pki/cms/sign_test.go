package cms_test

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"errors"
	"math/big"
	"testing"

	"github.com/cancuoc/cancuoc/card/internal/ec"
	"github.com/cancuoc/cancuoc/card/internal/x509"
	"github.com/cancuoc/cancuoc/card/pki/cms"
)

// certify gives a key its self-signed certificate.
func certify(t testing.TB, key crypto.Signer) cms.Signer {
	t.Helper()
	name, err := x509.NewName("UT", "SPECIMEN", "SPECIMEN signer")
	if err != nil {
		t.Fatal(err)
	}
	a, err := x509.AlgorithmFor(key.Public(), 0, false)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Template{Serial: big.NewInt(7), Issuer: name, Subject: name, NotBefore: signingTime, NotAfter: signingTime.AddDate(10, 0, 0), Extensions: x509.SignerExtensions()}
	der, err := template.Create(rand.Reader, key.Public(), a, key)
	if err != nil {
		t.Fatal(err)
	}
	return cms.Signer{Certificate: der, Key: key}
}

func onCurve(t testing.TB, curve *ec.Curve) cms.Signer {
	t.Helper()
	key, err := x509.GenerateEC(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return certify(t, key)
}

// openssl verifies what we sign with every kind of key, by every algorithm.
func TestOpenSSLVerifiesEveryKey(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	plain := certify(t, private)
	pss, long := plain, plain
	pss.PSS, pss.Hash = true, crypto.SHA384
	long.Hash = crypto.SHA512
	longer := onCurve(t, ec.BrainpoolP256r1())
	longer.Hash = crypto.SHA512
	for want, signers := range map[string][]cms.Signer{
		"RSA PKCS #1 v1.5 with SHA-256": {plain},
		"RSA PKCS #1 v1.5 with SHA-512": {long},
		"RSASSA-PSS with SHA-384":       {pss},
		"ECDSA with SHA-256":            {onCurve(t, ec.P256()), onCurve(t, ec.BrainpoolP256r1()), onCurve(t, ec.BrainpoolP224r1())},
		"ECDSA with SHA-384":            {onCurve(t, ec.P384()), onCurve(t, ec.BrainpoolP384r1()), onCurve(t, ec.BrainpoolP320r1())},
		"ECDSA with SHA-512":            {onCurve(t, ec.P521()), onCurve(t, ec.BrainpoolP512r1()), longer},
	} {
		for _, s := range signers {
			der := sign(t, s)
			if got := openssl(t, der, "cms", "-verify", "-inform", "DER", "-noverify", "-binary"); !bytes.Equal(got, content) {
				t.Errorf("%s: openssl takes %q out", want, got)
			}
			if signed, err := cms.Parse(der); err != nil || signed.Algorithm != want || signed.Weak() {
				t.Errorf("%s: %s, %v", want, signed.Algorithm, err)
			}
		}
	}
}

func TestSignRefuses(t *testing.T) {
	s := onCurve(t, ec.BrainpoolP256r1())
	s.PSS = true
	var unsupported *cms.UnsupportedError
	if _, err := cms.Sign(content, contentType, s, signingTime); !errors.As(err, &unsupported) {
		t.Errorf("PSS on a curve: %v", err)
	}
	s.PSS, s.Key = false, onCurve(t, ec.BrainpoolP256r1()).Key
	if _, err := cms.Sign(content, contentType, s, signingTime); !errors.Is(err, cms.ErrSignature) {
		t.Errorf("another's key: %v", err)
	}
}

// id-data, which one state has in its EF.SOD: made by openssl, since there is no public sample. Its version is 1.
func TestIDData(t *testing.T) {
	key, cert, data := signFiles(t, newSigner(t, elliptic.P256()))
	signed, err := cms.Parse(openssl(t, nil, "cms", "-sign", "-in", data, "-binary", "-nodetach", "-outform", "DER", "-nosmimecap", "-md", "sha256", "-signer", cert, "-inkey", key))
	if err != nil || !signed.ContentType.Equal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}) {
		t.Fatal(signed.ContentType, err)
	}
	certificate, err := signed.SignerCertificate()
	if err != nil || signed.Verify(certificate) != nil {
		t.Error(err, signed.Verify(certificate))
	}
	bent := bytes.Replace(signed.Raw, []byte{2, 1, 1, 0x31}, []byte{2, 1, 4, 0x31}, 1)
	if _, err := cms.Parse(bent); !errors.Is(err, cms.ErrMalformed) {
		t.Errorf("version 4: %v", err)
	}
}

// The signer's issuer in another case and string type than in the certificate is the same one; the hash beside another
// hash is a wrong signature.
func TestIssuerAndHashOfTheSignerInfo(t *testing.T) {
	s := onCurve(t, ec.BrainpoolP256r1())
	der := sign(t, s)
	issuer := bytes.LastIndex(der, []byte("\x13\x02UT"))
	for want, text := range map[string]string{"": "\x13\x02ut", " ": "\x0C\x02UT", "wrong": "\x13\x02uT", "other": "\x13\x02UU"} {
		bent := bytes.Clone(der)
		copy(bent[issuer:], text)
		signed, err := cms.Parse(bent)
		if err != nil {
			t.Fatal(err)
		}
		inside, err := signed.SignerCertificate()
		if len(want) > 1 {
			if !errors.Is(err, cms.ErrSigner) {
				t.Errorf("%q: %v", text, err)
			}
		} else if err != nil || signed.Verify(inside) != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	weaker := bytes.Clone(der)
	at := bytes.LastIndex(weaker, []byte{0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 2})
	weaker[at+7] = 1 // ECDSA with SHA-224 beside SHA-256
	signed, err := cms.Parse(weaker)
	if err != nil {
		t.Fatal(err)
	}
	if err := signed.Verify(s.Certificate); !errors.Is(err, cms.ErrSignature) || !bytes.Contains([]byte(err.Error()), []byte("digest algorithm SHA-256 beside")) {
		t.Errorf("two hashes: %v", err)
	}
}

// Certificates above the signer lie beside its own, each once and in the order of DER; without a key identifier a signer
// cannot be named by it.
func TestSignWithCertificatesAbove(t *testing.T) {
	signer, above := onCurve(t, ec.P256()), onCurve(t, ec.BrainpoolP256r1())
	signer.Above = [][]byte{above.Certificate, signer.Certificate, above.Certificate}
	der, err := cms.Sign([]byte("content"), asn1.ObjectIdentifier{2, 23, 136, 1, 1, 2}, signer, signingTime)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := cms.Parse(der)
	if err != nil {
		t.Fatal(err)
	}
	if all := signed.Certificates; len(all) != 2 || bytes.Compare(all[0], all[1]) > 0 {
		t.Errorf("%d certificates", len(all))
	}
	if err := signed.Verify(signer.Certificate); err != nil {
		t.Error(err)
	}
	signer.ByKeyID = true
	if _, err := cms.Sign([]byte("content"), asn1.ObjectIdentifier{2, 23, 136, 1, 1, 2}, signer, signingTime); !errors.Is(err, cms.ErrSigner) {
		t.Errorf("a signer without key identifier: %v", err)
	}
}
