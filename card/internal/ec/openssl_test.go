package ec

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// sec1 is an ECPrivateKey (RFC 5915); OpenSSL computes the public key that is left out.
type sec1 struct {
	Version int
	Private []byte
	Curve   asn1.ObjectIdentifier `asn1:"explicit,tag:0"`
}

// spki is a SubjectPublicKeyInfo with a named curve.
type spki struct {
	Algorithm struct{ ID, Curve asn1.ObjectIdentifier }
	Key       asn1.BitString
}

var idECPublicKey = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}

func openssl(t *testing.T, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("openssl is not installed: the arithmetic is not compared with it")
	}
	cmd := exec.Command("openssl", args...)
	var out, faults bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &faults
	if err := cmd.Run(); err != nil {
		t.Fatalf("openssl %v: %v: %s", args, err, faults.Bytes())
	}
	return out.Bytes()
}

// file writes bytes where openssl can read them.
func file(t *testing.T, b []byte) string {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "*")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(b); err != nil {
		t.Fatal(err)
	}
	return f.Name()
}

func privateKeyFile(t *testing.T, c *Curve, k []byte) string {
	t.Helper()
	der, err := asn1.Marshal(sec1{1, k, c.OID()})
	if err != nil {
		t.Fatal(err)
	}
	return file(t, der)
}

func publicKeyFile(t *testing.T, c *Curve, p Point) string {
	t.Helper()
	var key spki
	key.Algorithm.ID, key.Algorithm.Curve = idECPublicKey, c.OID()
	key.Key = asn1.BitString{Bytes: p.Bytes(), BitLength: 8 * len(p.Bytes())}
	der, err := asn1.Marshal(key)
	if err != nil {
		t.Fatal(err)
	}
	return file(t, der)
}

// opensslScalars are few, since each costs two processes: the edges that a private key may have, and random ones.
func opensslScalars(t *testing.T, c *Curve) [][]byte {
	n := c.Order()
	var all [][]byte
	for _, k := range []*big.Int{big.NewInt(1), big.NewInt(2), big.NewInt(16), big.NewInt(17), new(big.Int).Sub(n, big.NewInt(1)),
		new(big.Int).Sub(n, big.NewInt(2)), new(big.Int).Rsh(n, 1), new(big.Int).Lsh(big.NewInt(1), uint(n.BitLen()-1)),
		new(big.Int).Lsh(big.NewInt(1), 128), new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 160), big.NewInt(1))} {
		if k.Cmp(n) < 0 {
			all = append(all, k.FillBytes(make([]byte, c.Size())))
		}
	}
	for range 4 {
		k, _ := key(t, c)
		all = append(all, k)
	}
	return all
}

func TestMultiplesAgreeWithOpenSSL(t *testing.T) {
	for _, c := range allCurves() {
		t.Run(c.Name(), func(t *testing.T) {
			_, peer := key(t, c)
			peerFile := publicKeyFile(t, c, peer)
			for _, k := range opensslScalars(t, c) {
				private := privateKeyFile(t, c, k)
				var public spki
				if _, err := asn1.Unmarshal(openssl(t, "pkey", "-inform", "DER", "-in", private, "-pubout", "-outform", "DER"), &public); err != nil {
					t.Fatal(err)
				}
				p, err := c.MulBase(k)
				if err != nil || !bytes.Equal(p.Bytes(), public.Key.Bytes) {
					t.Errorf("%X times the generator is %X, %v; OpenSSL: %X", k, p.Bytes(), err, public.Key.Bytes)
				}
				shared := openssl(t, "pkeyutl", "-derive", "-keyform", "DER", "-inkey", private, "-peerform", "DER", "-peerkey", peerFile)
				p, err = c.Mul(peer, k)
				if err != nil || !bytes.Equal(p.X(), shared) {
					t.Errorf("%X times a point has x %X, %v; OpenSSL: %X", k, p.X(), err, shared)
				}
			}
		})
	}
}

type ecdsaSignature struct{ R, S *big.Int }

func TestSignaturesAgreeWithOpenSSL(t *testing.T) {
	long := sha512.Sum512([]byte("longer than most orders"))
	short := sha256.Sum256([]byte("shorter than most orders"))
	for _, c := range allCurves() {
		t.Run(c.Name(), func(t *testing.T) {
			k, p := key(t, c)
			private, public := privateKeyFile(t, c, k), publicKeyFile(t, c, p)
			for _, digest := range [][]byte{long[:], short[:], short[:20], make([]byte, 32), bytes.Repeat([]byte{0xFF}, 64)} {
				r, s, err := c.Sign(rand.Reader, k, digest)
				if err != nil {
					t.Fatal(err)
				}
				der, err := asn1.Marshal(ecdsaSignature{new(big.Int).SetBytes(r), new(big.Int).SetBytes(s)})
				if err != nil {
					t.Fatal(err)
				}
				openssl(t, "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", public, "-in", file(t, digest), "-sigfile", file(t, der))

				theirs := filepath.Join(t.TempDir(), "signature")
				openssl(t, "pkeyutl", "-sign", "-keyform", "DER", "-inkey", private, "-in", file(t, digest), "-out", theirs)
				der, err = os.ReadFile(theirs)
				if err != nil {
					t.Fatal(err)
				}
				var signature ecdsaSignature
				if _, err := asn1.Unmarshal(der, &signature); err != nil {
					t.Fatal(err)
				}
				if !c.Verify(p, digest, signature.R.Bytes(), signature.S.Bytes()) {
					t.Errorf("a signature of OpenSSL over %X is refused", digest)
				}
			}
		})
	}
}
