package pkcs11

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	stdx509 "crypto/x509"
	"encoding/asn1"
	"errors"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/internal/ec"
	"github.com/cancuoc/cancuoc/card/internal/x509"
	"github.com/cancuoc/cancuoc/card/secinfo"
)

func curves() []*ec.Curve {
	return []*ec.Curve{ec.P224(), ec.P256(), ec.P384(), ec.P521(), ec.BrainpoolP256r1(), ec.BrainpoolP384r1(), ec.BrainpoolP512r1()}
}

// parameters writes the two forms of CKA_EC_PARAMS: the name of the curve, and ECParameters.
func parameters(t testing.TB, curve *ec.Curve) (named, explicit []byte) {
	t.Helper()
	named, err := asn1.Marshal(curve.OID())
	if err != nil {
		t.Fatal(err)
	}
	info, err := secinfo.PublicKey{Curve: curve, Point: curve.Generator()}.Explicit()
	if err != nil {
		t.Fatal(err)
	}
	in := cryptobyte.String(info)
	var seq, id cryptobyte.String
	var oid asn1.ObjectIdentifier
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1(&id, cbasn1.SEQUENCE) || !id.ReadASN1ObjectIdentifier(&oid) {
		t.Fatal("no SubjectPublicKeyInfo")
	}
	return named, id
}

func pointOf(key crypto.PublicKey) []byte {
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		b, _ := key.Bytes()
		return b
	case *x509.ECPublicKey:
		return key.Point.Bytes()
	}
	return nil
}

func TestECPublic(t *testing.T) {
	for _, curve := range curves() {
		named, explicit := parameters(t, curve)
		point := curve.Generator().Bytes()
		wrapped, _ := asn1.Marshal(point)
		for _, parameters := range [][]byte{named, explicit} {
			for _, form := range [][]byte{point, wrapped} {
				key, err := ecPublic(parameters, form)
				if err != nil || !bytes.Equal(pointOf(key), point) {
					t.Errorf("%s: %v, %v", curve.Name(), key, err)
				}
				form = bytes.Clone(form)
				form[len(form)-1] ^= 1
				if _, err := ecPublic(parameters, form); !errors.Is(err, ErrUnsupported) {
					t.Errorf("%s: a point beside the curve: %v", curve.Name(), err)
				}
			}
		}
	}
	if _, err := ecPublic(nil, nil); !errors.Is(err, ErrUnsupported) {
		t.Errorf("nothing: %v", err)
	}
}

func TestRSAPublic(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	n := key.N.Bytes()
	if got, err := rsaPublic(n, []byte{1, 0, 1}); err != nil || !key.PublicKey.Equal(got) {
		t.Errorf("%v, %v", got, err)
	}
	info, _ := stdx509.MarshalPKIXPublicKey(&key.PublicKey)
	if got, err := publicInfo(info); err != nil || !key.PublicKey.Equal(got) {
		t.Errorf("as SubjectPublicKeyInfo: %v, %v", got, err)
	}
	for _, e := range [][]byte{nil, {1}, {1, 0, 0}, {1, 0, 0, 0, 1}} {
		if _, err := rsaPublic(n, e); !errors.Is(err, ErrUnsupported) {
			t.Errorf("exponent %x: %v", e, err)
		}
	}
	if _, err := rsaPublic(n[1:], []byte{1, 0, 1}); !errors.Is(err, ErrUnsupported) {
		t.Errorf("2040 bits: %v", err)
	}
}

// Every bit of a signature counts, on both sides of the standard library.
func TestEveryBitOfASignature(t *testing.T) {
	for _, curve := range []*ec.Curve{ec.P256(), ec.BrainpoolP256r1()} {
		private, _ := curve.DrawScalar(rand.Reader)
		point, _ := curve.MulBase(private)
		named, _ := parameters(t, curve)
		public, err := ecPublic(named, point.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		digest := sha256.Sum256([]byte("message"))
		r, err := prepare(public, digest[:], crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		first, second, _ := curve.Sign(rand.Reader, private, r.input)
		raw := append(first, second...)
		for i := -1; i < 8*len(raw); i++ {
			changed := bytes.Clone(raw)
			if i >= 0 {
				changed[i/8] ^= 1 << (i % 8)
			}
			signature, err := finish(r, changed)
			if err != nil {
				t.Fatal(err)
			}
			if err := verify(public, r, signature); (err == nil) != (i < 0) {
				t.Fatalf("%s: bit %d: %v", curve.Name(), i, err)
			}
		}
		for _, n := range []int{0, 1, 63, 134} {
			if _, err := finish(r, make([]byte, n)); !errors.Is(err, ErrSignature) {
				t.Errorf("%d bytes: %v", n, err)
			}
		}
	}
}

func TestDigestThatDoesNotFit(t *testing.T) {
	named, _ := parameters(t, ec.P256())
	public, _ := ecPublic(named, ec.P256().Generator().Bytes())
	for _, digest := range [][]byte{nil, make([]byte, 20), make([]byte, 33)} {
		if _, err := prepare(public, digest, crypto.SHA256); !errors.Is(err, ErrUnsupported) {
			t.Errorf("%d bytes: %v", len(digest), err)
		}
	}
	if r, err := prepare(public, make([]byte, 64), crypto.SHA512); err != nil || len(r.input) != 32 {
		t.Errorf("SHA-512 on P-256: %d bytes, %v", len(r.input), err)
	}
}

func FuzzECPublic(f *testing.F) {
	for _, curve := range curves() {
		named, explicit := parameters(f, curve)
		wrapped, _ := asn1.Marshal(curve.Generator().Bytes())
		f.Add(named, curve.Generator().Bytes())
		f.Add(explicit, wrapped)
	}
	f.Fuzz(func(t *testing.T, parameters, point []byte) {
		key, err := ecPublic(parameters, point)
		if err == nil && !bytes.HasSuffix(point, pointOf(key)) {
			t.Errorf("%x became %x", point, pointOf(key))
		}
	})
}
