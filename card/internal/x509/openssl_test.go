package x509

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"

	"github.com/cancuoc/cancuoc/card/internal/ec"
)

func openssl(t testing.TB, stdin []byte, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("openssl is not installed")
		}
		t.Skip("openssl is not installed")
	}
	cmd := exec.Command("openssl", args...)
	var out, log bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(stdin), &out, &log
	if err := cmd.Run(); err != nil {
		t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, log.String())
	}
	return out.Bytes()
}

// selfSigned has openssl make a certificate.
func selfSigned(t testing.TB, args ...string) []byte {
	t.Helper()
	args = append([]string{"req", "-x509", "-nodes", "-keyout", filepath.Join(t.TempDir(), "key"), "-outform", "DER", "-subj", "/C=UT/O=SPECIMEN/CN=SPECIMEN root"}, args...)
	return openssl(t, nil, args...)
}

func onCurve(name string, more ...string) []string {
	return append([]string{"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:" + name}, more...)
}

func pssArgs(hash, mgf, salt string) []string {
	return []string{"-newkey", "rsa:2048", "-" + hash, "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_mgf1_md:" + mgf, "-sigopt", "rsa_pss_saltlen:" + salt}
}

// What openssl signs is verified here, by every algorithm and on every curve of Doc 9303-12, section 4.1.6, and refused
// when a byte of it is another.
func TestWeVerifyOpenSSL(t *testing.T) {
	for _, c := range []struct {
		args      []string
		key, want string
	}{
		{[]string{"-newkey", "rsa:2048", "-sha256"}, "RSA 2048", "RSA PKCS #1 v1.5 with SHA-256"},
		{[]string{"-newkey", "rsa:2048", "-sha1"}, "RSA 2048", "RSA PKCS #1 v1.5 with SHA-1"},
		{[]string{"-newkey", "rsa:2048", "-sha224"}, "RSA 2048", "RSA PKCS #1 v1.5 with SHA-224"},
		{[]string{"-newkey", "rsa:3072", "-sha512"}, "RSA 3072", "RSA PKCS #1 v1.5 with SHA-512"},
		{pssArgs("sha256", "sha256", "32"), "RSA 2048", "RSASSA-PSS with SHA-256"},
		{pssArgs("sha384", "sha384", "48"), "RSA 2048", "RSASSA-PSS with SHA-384"},
		{pssArgs("sha1", "sha1", "20"), "RSA 2048", "RSASSA-PSS with SHA-1"},
		{pssArgs("sha256", "sha256", "20"), "RSA 2048", "RSASSA-PSS with SHA-256, MGF1 with SHA-256, salt of 20 bytes"},
		{pssArgs("sha256", "sha1", "32"), "RSA 2048", "RSASSA-PSS with SHA-256, MGF1 with SHA-1, salt of 32 bytes"},
		{pssArgs("sha512", "sha256", "0"), "RSA 2048", "RSASSA-PSS with SHA-512, MGF1 with SHA-256, salt of 0 bytes"},
		{pssArgs("sha256", "sha256", "0"), "RSA 2048", "RSASSA-PSS with SHA-256, MGF1 with SHA-256, salt of 0 bytes"},
		{onCurve("secp224r1", "-sha224"), "P-224", "ECDSA with SHA-224"},
		{onCurve("prime256v1", "-sha256"), "P-256", "ECDSA with SHA-256"},
		{onCurve("prime256v1", "-sha1", "-pkeyopt", "ec_param_enc:explicit"), "P-256", "ECDSA with SHA-1"},
		{onCurve("secp384r1", "-sha384", "-pkeyopt", "ec_param_enc:explicit"), "P-384", "ECDSA with SHA-384"},
		{onCurve("secp521r1", "-sha512"), "P-521", "ECDSA with SHA-512"},
		{onCurve("brainpoolP224r1", "-sha224"), "brainpoolP224r1", "ECDSA with SHA-224"},
		{onCurve("brainpoolP256r1", "-sha256", "-pkeyopt", "ec_param_enc:explicit"), "brainpoolP256r1", "ECDSA with SHA-256"},
		{onCurve("brainpoolP320r1", "-sha256"), "brainpoolP320r1", "ECDSA with SHA-256"},
		{onCurve("brainpoolP384r1", "-sha384"), "brainpoolP384r1", "ECDSA with SHA-384"},
		{onCurve("brainpoolP512r1", "-sha512", "-pkeyopt", "ec_param_enc:explicit"), "brainpoolP512r1", "ECDSA with SHA-512"},
	} {
		parsed, err := ParseCertificate(selfSigned(t, c.args...))
		if err != nil {
			t.Errorf("%s: %v", c.want, err)
			continue
		}
		key, err := parsed.Key()
		if err != nil || KeyName(key) != c.key || parsed.Algorithm.String() != c.want {
			t.Errorf("%s on %s: %v on %s, %v", c.want, c.key, parsed.Algorithm, KeyName(key), err)
		}
		if err := Verify(parsed.Algorithm, key, parsed.RawTBS, parsed.Signature); err != nil {
			t.Errorf("%s: %v", c.want, err)
		}
		for i := 0; i < len(parsed.Signature); i += 7 {
			bent := bytes.Clone(parsed.Signature)
			bent[i] ^= 4
			if err := Verify(parsed.Algorithm, key, parsed.RawTBS, bent); !errors.Is(err, ErrSignature) {
				t.Errorf("%s: byte %d of the signature is another: %v", c.want, i, err)
			}
		}
		if err := Verify(parsed.Algorithm, key, parsed.RawTBS[1:], parsed.Signature); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: another message: %v", c.want, err)
		}
	}
}

// A key that is kept for RSASSA-PSS verifies what openssl signs in that way, and no signature of PKCS #1 v1.5.
func TestKeyForPSSAlone(t *testing.T) {
	c, err := ParseCertificate(selfSigned(t, "-newkey", "rsa-pss", "-sha256", "-sigopt", "rsa_pss_saltlen:32"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := c.Key()
	if err != nil || KeyName(key) != "RSA 2048 for RSASSA-PSS" || Verify(c.Algorithm, key, c.RawTBS, c.Signature) != nil {
		t.Errorf("%s: %v, %v", KeyName(key), err, Verify(c.Algorithm, key, c.RawTBS, c.Signature))
	}
	var written cryptobyte.Builder
	AddPublicKey(&written, key, false)
	if !bytes.Equal(written.BytesOrPanic(), c.PublicKeyInfo) {
		t.Error("the key is written in another way than openssl's")
	}
	own, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	kept, message := &PSSPublicKey{own.PublicKey}, []byte("nội dung mẫu")
	if !kept.Equal(own.Public()) || !kept.Equal(&PSSPublicKey{own.PublicKey}) || kept.Equal(key) {
		t.Error("keys are not compared by their numbers")
	}
	if a, err := AlgorithmFor(kept, 0, false); err != nil || a.scheme != pss {
		t.Errorf("the key is to sign by %v, %v", a, err)
	}
	for _, wantPSS := range []bool{true, false} {
		a, err := AlgorithmFor(own.Public(), 0, wantPSS)
		if err != nil {
			t.Fatal(err)
		}
		signature, err := Sign(rand.Reader, a, own, message)
		if err != nil {
			t.Fatal(err)
		}
		if err := Verify(a, kept, message, signature); wantPSS && err != nil || !wantPSS && !errors.Is(err, ErrSignature) {
			t.Errorf("%v: %v", a, err)
		}
	}
}

// What is not here is named, never called false.
func TestUnsupportedIsNamed(t *testing.T) {
	for want, args := range map[string][]string{
		"elliptic curve: secp256k1":                              onCurve("secp256k1"),
		"elliptic curve: brainpoolP192r1":                        onCurve("brainpoolP192r1"),
		"elliptic curve: brainpoolP256t1":                        onCurve("brainpoolP256t1"),
		"elliptic curve: explicit parameters over 256 bits":      onCurve("secp256k1", "-pkeyopt", "ec_param_enc:explicit"),
		"public key 1.3.101.112":                                 {"-newkey", "ed25519"},
		"a public key for RSASSA-PSS with parameters of its own": {"-newkey", "rsa-pss", "-pkeyopt", "rsa_pss_keygen_md:sha256"},
	} {
		parsed, err := ParseCertificate(selfSigned(t, args...))
		if err != nil {
			t.Errorf("%s: %v", want, err)
			continue
		}
		_, err = parsed.Key()
		var unsupported *UnsupportedError
		if !errors.As(err, &unsupported) || !strings.HasPrefix(unsupported.Algorithm, want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// openssl verifies what we sign, and the keys that we write.
func TestOpenSSLVerifiesUs(t *testing.T) {
	message, dir := []byte("nội dung mẫu"), t.TempDir()
	public, signature := filepath.Join(dir, "key"), filepath.Join(dir, "signature")
	for _, curve := range []*ec.Curve{ec.P256(), ec.P384(), ec.P521(), ec.BrainpoolP256r1(), ec.BrainpoolP320r1(), ec.BrainpoolP384r1(), ec.BrainpoolP512r1()} {
		key, err := GenerateEC(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		a, err := AlgorithmFor(key.Public(), 0, false)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := Sign(rand.Reader, a, key, message)
		if err != nil {
			t.Fatal(err)
		}
		var b cryptobyte.Builder
		AddPublicKey(&b, key.Public(), false)
		for path, content := range map[string][]byte{public: b.BytesOrPanic(), signature: signed} {
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		hash := strings.ToLower(strings.ReplaceAll(a.Hash.String(), "-", ""))
		got := openssl(t, message, "dgst", "-"+hash, "-verify", public, "-keyform", "DER", "-signature", signature)
		if !strings.Contains(string(got), "Verified OK") {
			t.Errorf("%s: openssl says %s", curve.Name(), got)
		}
	}
}

// No byte of a certificate can be another: it does not parse, or its signature is wrong.
func TestEveryFlippedBit(t *testing.T) {
	der := selfSigned(t, onCurve("brainpoolP256r1", "-sha256", "-pkeyopt", "ec_param_enc:explicit")...)
	good, err := ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	key, err := good.Key()
	if err != nil {
		t.Fatal(err)
	}
	for i := range der {
		for bit := range 8 {
			bent := bytes.Clone(der)
			bent[i] ^= 1 << bit
			c, err := ParseCertificate(bent)
			if err == nil && Verify(c.Algorithm, key, c.RawTBS, c.Signature) == nil {
				t.Fatalf("bit %d of byte %d flipped, and the signature holds", bit, i)
			}
		}
	}
	for n := range der {
		if _, err := ParseCertificate(der[:n]); err == nil {
			t.Fatalf("%d bytes of %d were taken", n, len(der))
		}
	}
}

// openssl reads our certificates, and verifies one with the key of the other, on every curve. (Its own verify refuses every
// chain with explicit parameters, which Doc 9303-12, section 4.1.6.3, asks for.)
func TestOpenSSLVerifiesOurCertificates(t *testing.T) {
	for _, curve := range []*ec.Curve{ec.BrainpoolP224r1(), ec.BrainpoolP256r1(), ec.BrainpoolP320r1(), ec.BrainpoolP384r1(), ec.BrainpoolP512r1(), ec.P384()} {
		dir := t.TempDir()
		public, signature := filepath.Join(dir, "public"), filepath.Join(dir, "signature")
		key, a := newKey(t, curve)
		from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		template := Template{Serial: big.NewInt(1), Issuer: newName(t, "SPECIMEN root"), Subject: newName(t, "SPECIMEN root"), NotBefore: from, NotAfter: from.AddDate(30, 0, 0), Extensions: append(AuthorityExtensions(), KeyIDExtensions([]byte("root"), nil)...)}
		root := create(t, template, key.Public(), a, key)
		below, _ := newKey(t, curve)
		template.Serial, template.Subject, template.Extensions = big.NewInt(2), newName(t, "SPECIMEN Người ký"), append(SignerExtensions(), KeyIDExtensions([]byte("leaf"), []byte("root"))...)
		leaf, err := ParseCertificate(create(t, template, below.Public(), a, key))
		if err != nil {
			t.Fatal(err)
		}
		text := string(openssl(t, leaf.Raw, "x509", "-inform", "DER", "-noout", "-text", "-nameopt", "utf8"))
		for _, want := range []string{"CN=SPECIMEN Người ký", "Digital Signature", "72:6F:6F:74", "ecdsa-with-SHA"} {
			if !strings.Contains(text, want) {
				t.Errorf("openssl does not see %q in %s", want, text)
			}
		}
		write(t, public, openssl(t, root, "x509", "-inform", "DER", "-noout", "-pubkey"))
		write(t, signature, leaf.Signature)
		hash := strings.ToLower(strings.ReplaceAll(a.Hash.String(), "-", ""))
		if got := openssl(t, leaf.RawTBS, "dgst", "-"+hash, "-verify", public, "-signature", signature); !strings.Contains(string(got), "Verified OK") {
			t.Errorf("%s: openssl says %s", curve.Name(), got)
		}
	}
}

func newKey(t testing.TB, curve *ec.Curve) (crypto.Signer, Algorithm) {
	t.Helper()
	key, err := GenerateEC(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a, err := AlgorithmFor(key.Public(), 0, false)
	if err != nil {
		t.Fatal(err)
	}
	return key, a
}

func newName(t testing.TB, commonName string) Name {
	t.Helper()
	n, err := NewName("UT", "SPECIMEN", commonName)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func create(t testing.TB, template Template, public crypto.PublicKey, a Algorithm, key crypto.Signer) []byte {
	t.Helper()
	der, err := template.Create(rand.Reader, public, a, key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func write(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
