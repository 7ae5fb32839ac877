package cvc

import (
	"crypto"
	stdecdsa "crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"io"
	"math/big"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/internal/ec"
	"github.com/cancuoc/cancuoc/card/internal/x509"
)

// keysOf makes a key of every kind that a file or a token holds.
func keysOf(t *testing.T) map[Algorithm]crypto.Signer {
	t.Helper()
	keys := map[Algorithm]crypto.Signer{}
	for a, curve := range map[Algorithm]*ec.Curve{ECDSASHA224: ec.P224(), ECDSASHA256: ec.BrainpoolP256r1(), ECDSASHA384: ec.BrainpoolP384r1(), ECDSASHA512: ec.P521()} {
		key, err := x509.GenerateEC(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		keys[a] = key
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []Algorithm{RSAv15SHA256, RSAPSSSHA256, RSAv15SHA512, RSAPSSSHA512} {
		keys[a] = key
	}
	return keys
}

// A certificate that a key signs by crypto.Signer is read again and verified.
func TestSignerOf(t *testing.T) {
	for a, key := range keysOf(t) {
		signer, err := SignerOf(key, a)
		if err != nil {
			t.Fatal(a, err)
		}
		selfSigned(t, signer)
	}
}

// selfSigned makes a certificate of a signer and verifies it as strictly as a chip.
func selfSigned(t *testing.T, signer Signer) *Certificate {
	t.Helper()
	public, err := signer.Public()
	if err != nil {
		t.Fatal(err)
	}
	made := sign(t, Certificate{Authority: "VNCVCAVN001", Holder: "VNCVCAVN001", PublicKey: public, Effective: day(t, "2025-01-01"),
		Expiration: day(t, "2028-01-01"), Authorization: InspectionAuthorization(CVCA, ReadDG3)}, signer, rand.Reader)
	encoded, err := made.Encode()
	if err != nil {
		t.Fatal(err)
	}
	again := parse(t, encoded)
	if _, err := Root(again); err != nil {
		t.Errorf("%v with %s: %v", public.Algorithm, public.Kind(), err)
	}
	if !again.Holds(signer) {
		t.Errorf("%v with %s: the certificate does not know its key", public.Algorithm, public.Kind())
	}
	return again
}

func TestAlgorithmFor(t *testing.T) {
	for curve, want := range map[*ec.Curve]Algorithm{ec.P224(): ECDSASHA224, ec.P256(): ECDSASHA256, ec.BrainpoolP320r1(): ECDSASHA384,
		ec.P384(): ECDSASHA384, ec.BrainpoolP512r1(): ECDSASHA512, ec.P521(): ECDSASHA512} {
		key, err := x509.GenerateEC(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := AlgorithmFor(key.Public()); got != want || err != nil {
			t.Errorf("%s: %v, %v", curve.Name(), got, err)
		}
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := AlgorithmFor(key.Public()); got != RSAPSSSHA256 || err != nil {
		t.Errorf("RSA: %v, %v", got, err)
	}
	if _, err := AlgorithmFor("a text"); err == nil {
		t.Error("a text is a key")
	}
}

// lying is a key that signs with something else.
type lying struct {
	crypto.Signer
	signature []byte
}

func (l lying) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return l.signature, nil }

// No wrong signature leaves, and nothing that a token answers does harm.
func TestWrongSignaturesDoNotLeave(t *testing.T) {
	key, err := stdecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	long := new(big.Int).Lsh(big.NewInt(1), 300)
	for name, signature := range map[string][]byte{
		"nothing": nil, "no DER": make([]byte, 64), "zeros": der(big.NewInt(0), big.NewInt(0)), "too long": der(long, long), "negative": der(big.NewInt(-1), big.NewInt(1)),
		"another": der(big.NewInt(5), big.NewInt(7)), "something behind": append(der(big.NewInt(5), big.NewInt(7)), 0),
	} {
		signer, err := SignerOf(lying{key, signature}, ECDSASHA256)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := signer.Sign(rand.Reader, []byte("message")); err == nil || got != nil {
			t.Errorf("%s: %x leaves", name, got)
		}
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := SignerOf(lying{rsaKey, make([]byte, 256)}, RSAPSSSHA256)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := signer.Sign(rand.Reader, []byte("message")); !errors.Is(err, ErrSignature) {
		t.Errorf("RSA: %v", err)
	}
}

func der(r, s *big.Int) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(r)
		b.AddASN1BigInt(s)
	})
	return b.BytesOrPanic()
}

// r and s shorter than the order keep their place.
func TestPlainSignature(t *testing.T) {
	got, err := plainSignature(der(big.NewInt(1), big.NewInt(0x80)), 4)
	if want := "\x00\x00\x00\x01\x00\x00\x00\x80"; err != nil || string(got) != want {
		t.Errorf("%x, %v", got, err)
	}
}

func TestKeysThatDoNotFit(t *testing.T) {
	keys := keysOf(t)
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		key crypto.Signer
		a   Algorithm
	}{"none": {nil, ECDSASHA256}, "RSA for ECDSA": {keys[RSAPSSSHA256], ECDSASHA256}, "a curve for RSA": {keys[ECDSASHA256], RSAPSSSHA256}, "no algorithm": {keys[ECDSASHA256], 99}} {
		if _, err := SignerOf(test.key, test.a); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	weak, err := SignerOf(small, RSAPSSSHA256)
	if err != nil {
		t.Fatal(err)
	}
	public, _ := weak.Public()
	_, err = Issue(Certificate{Authority: "VNCVCAVN001", Holder: "VNCVCAVN001", PublicKey: public, Effective: day(t, "2025-01-01"),
		Expiration: day(t, "2028-01-01"), Authorization: InspectionAuthorization(CVCA, ReadDG3)}, weak, rand.Reader)
	if !errors.Is(err, ErrWeak) {
		t.Errorf("RSA with 1024 bits: %v", err)
	}
}

// The keys of a chain are of one kind (Doc 9303-12, section 4.2.1): not only of one curve.
func TestChainHasKeysOfOneKind(t *testing.T) {
	rootKey, err := GenerateRSA(RSAPSSSHA256, 2048, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	larger, err := GenerateRSA(RSAPSSSHA256, 3072, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	otherHash := *rootKey
	otherHash.Algorithm = RSAPSSSHA512
	for name, key := range map[string]*PrivateKey{"another size": larger, "another hash": &otherHash} {
		public, err := key.Public()
		if err != nil {
			t.Fatal(err)
		}
		_, err = Issue(Certificate{Authority: "VNCVCAVN001", Holder: "VNDVVN001", PublicKey: public, Effective: day(t, "2025-01-01"),
			Expiration: day(t, "2025-03-01"), Authorization: InspectionAuthorization(DomesticDV, ReadDG3)}, rootKey, rand.Reader)
		if !errors.Is(err, ErrOtherKind) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// signerKey gives a key as a file holds it.
func signerKey(t *testing.T, key *PrivateKey) crypto.Signer {
	t.Helper()
	der, err := key.Encode()
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParsePrivateKey(der)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}
