package cms_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card/pki/cms"
)

var (
	contentType = asn1.ObjectIdentifier{2, 23, 136, 1, 1, 1}
	signingTime = time.Date(2026, 3, 1, 8, 30, 15, 0, time.UTC)
	content     = []byte("nội dung mẫu")
)

func newSigner(t testing.TB, curve elliptic.Curve) cms.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(0x80FF), Subject: pkix.Name{Country: []string{"VN"}, CommonName: "SPECIMEN signer"},
		NotBefore: signingTime, NotAfter: signingTime.AddDate(50, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
		SubjectKeyId: []byte{0xCA, 0xFE, 1, 2},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return cms.Signer{Certificate: der, Key: key}
}

func sign(t testing.TB, s cms.Signer) []byte {
	t.Helper()
	der, err := cms.Sign(content, contentType, s, signingTime)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func openssl(t *testing.T, stdin []byte, args ...string) []byte {
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

func TestOpenSSLVerifiesOurSignature(t *testing.T) {
	der := sign(t, newSigner(t, elliptic.P256()))
	got := openssl(t, der, "cms", "-verify", "-inform", "DER", "-noverify", "-binary")
	if !bytes.Equal(got, content) {
		t.Errorf("openssl takes %q out", got)
	}
	text := string(openssl(t, der, "cms", "-cmsout", "-print", "-noout", "-inform", "DER"))
	for _, want := range []string{
		"version: 3", "eContentType: undefined (2.23.136.1.1.1)", "version: 1", "issuerAndSerialNumber", "algorithm: sha256",
		"ecdsa-with-SHA256", "object: contentType", "object: signingTime", "UTCTIME:Mar  1 08:30:15 2026 GMT", "object: messageDigest",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("openssl does not see %q", want)
		}
	}
}

// signFiles writes what openssl needs to sign with our key.
func signFiles(t *testing.T, s cms.Signer) (key, cert, data string) {
	dir := t.TempDir()
	key, cert, data = filepath.Join(dir, "key.pem"), filepath.Join(dir, "cert.pem"), filepath.Join(dir, "data")
	der, err := x509.MarshalPKCS8PrivateKey(s.Key)
	if err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string][]byte{
		key:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
		cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate}),
		data: content,
	} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return key, cert, data
}

// What openssl signs is verified here: with each hash and curve, by issuer and serial number and by key identifier.
func TestWeVerifyOpenSSL(t *testing.T) {
	for name, c := range map[string]struct {
		curve elliptic.Curve
		extra []string
		want  string // the algorithm
	}{
		"SHA-256":        {elliptic.P256(), []string{"-md", "sha256"}, "ECDSA with SHA-256"},
		"SHA-384":        {elliptic.P384(), []string{"-md", "sha384"}, "ECDSA with SHA-384"},
		"SHA-512":        {elliptic.P521(), []string{"-md", "sha512"}, "ECDSA with SHA-512"},
		"key identifier": {elliptic.P256(), []string{"-md", "sha256", "-keyid"}, "ECDSA with SHA-256"},
		"SHA-1":          {elliptic.P256(), []string{"-md", "sha1"}, "ECDSA with SHA-1"},
		"P-224":          {elliptic.P224(), []string{"-md", "sha256"}, "ECDSA with SHA-256"},
	} {
		t.Run(name, func(t *testing.T) {
			signer := newSigner(t, c.curve)
			key, cert, data := signFiles(t, signer)
			args := append([]string{"cms", "-sign", "-in", data, "-binary", "-nodetach", "-outform", "DER", "-nosmimecap",
				"-econtent_type", "2.23.136.1.1.1", "-signer", cert, "-inkey", key}, c.extra...)
			signed, err := cms.Parse(openssl(t, nil, args...))
			if err != nil {
				t.Fatal(err)
			}
			inside, err := signed.SignerCertificate()
			if err != nil || !bytes.Equal(inside, signer.Certificate) {
				t.Errorf("the signer's certificate is not found: %v", err)
			}
			err = signed.Verify(inside)
			if err != nil || signed.Weak() != (name == "SHA-1") || signed.Algorithm != c.want || !bytes.Equal(signed.Content, content) {
				t.Errorf("%s, %v", signed.Algorithm, err)
			}
		})
	}
}

// What openssl signs outside the profile is refused: no certificate inside, content outside, two signers, no signed
// attributes.
func TestOutsideTheProfile(t *testing.T) {
	key, cert, data := signFiles(t, newSigner(t, elliptic.P256()))
	key2, cert2, _ := signFiles(t, newSigner(t, elliptic.P256()))
	for name, extra := range map[string][]string{
		"no certificate":       {"-nodetach", "-nocerts"},
		"content outside":      {},
		"two signers":          {"-nodetach", "-signer", cert2, "-inkey", key2},
		"no signed attributes": {"-nodetach", "-noattr"},
		"not DER":              {"-nodetach", "-stream"},
	} {
		args := []string{"cms", "-sign", "-in", data, "-binary", "-outform", "DER", "-md", "sha256",
			"-econtent_type", "2.23.136.1.1.1", "-signer", cert, "-inkey", key}
		if _, err := cms.Parse(openssl(t, nil, append(args, extra...)...)); !errors.Is(err, cms.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSignNeedsTheRightKey(t *testing.T) {
	signer, other := newSigner(t, elliptic.P256()), newSigner(t, elliptic.P256())
	if text := fmt.Sprintf("%v %+v %#v %s", signer, signer, signer, &signer); text != "[secret] [secret] [secret] [secret]" {
		t.Error("a signer prints more than [secret]")
	}
	_, err := cms.Sign(content, contentType, cms.Signer{Certificate: signer.Certificate, Key: other.Key}, signingTime)
	if !errors.Is(err, cms.ErrSignature) {
		t.Errorf("another's key: %v", err)
	}
	var unsupported *cms.UnsupportedError
	weak := signer
	weak.Hash = crypto.SHA1
	if _, err = cms.Sign(content, contentType, weak, signingTime); !errors.As(err, &unsupported) {
		t.Errorf("signed with SHA-1: %v", err)
	}
	if _, err = cms.Sign(content, contentType, cms.Signer{Certificate: signer.Certificate}, signingTime); err == nil {
		t.Error("signed without a key")
	}
	if _, err = cms.Sign(content, contentType, cms.Signer{Key: other.Key}, signingTime); !errors.Is(err, cms.ErrMalformed) {
		t.Errorf("signed without a certificate: %v", err)
	}
}

func TestVerifyNeedsTheRightCertificate(t *testing.T) {
	signer, other := newSigner(t, elliptic.P256()), newSigner(t, elliptic.P256())
	signed, err := cms.Parse(sign(t, signer))
	if err != nil {
		t.Fatal(err)
	}
	if !signed.SigningTime.Equal(signingTime) || !signed.ContentType.Equal(contentType) || len(signed.Certificates) != 1 {
		t.Errorf("parsed as %+v", signed)
	}
	if err := signed.Verify(signer.Certificate); err != nil {
		t.Error(err)
	}
	// Issuer and serial number of both are the same: only the key differs.
	if err := signed.Verify(other.Certificate); !errors.Is(err, cms.ErrSignature) {
		t.Errorf("another's certificate: %v", err)
	}
	bent := bytes.Replace(signer.Certificate, []byte{2, 3, 0, 0x80, 0xFF}, []byte{2, 3, 0, 0x80, 0xFE}, 1)
	if err := signed.Verify(bent); !errors.Is(err, cms.ErrSigner) {
		t.Errorf("another serial number: %v", err)
	}
	if err := signed.Verify([]byte{0x30, 0}); !errors.Is(err, cms.ErrMalformed) {
		t.Errorf("no certificate: %v", err)
	}
}

// No flipped bit passes: what still parses and names the same certificate does not verify with it.
func TestEveryFlippedBit(t *testing.T) {
	signer := newSigner(t, elliptic.P256())
	der := sign(t, signer)
	start := bytes.Index(der, signer.Certificate)
	for i := range der {
		if i >= start && i < start+len(signer.Certificate) {
			continue // inside the certificate, which its own signature protects: see package pki
		}
		for bit := range 8 {
			bent := bytes.Clone(der)
			bent[i] ^= 1 << bit
			signed, err := cms.Parse(bent)
			if err == nil && signed.Verify(signer.Certificate) == nil {
				t.Fatalf("bit %d of byte %d (%02X) flipped, and the signature holds", bit, i, der[i])
			}
		}
	}
	for n := range der {
		if _, err := cms.Parse(der[:n]); err == nil {
			t.Fatalf("%d bytes of %d were taken", n, len(der))
		}
	}
	if _, err := cms.Parse(append(bytes.Clone(der), 0)); err == nil {
		t.Error("a byte too many was taken")
	}
}

// rebuild takes the signed attributes apart and puts others in their place, the signature with them.
func rebuild(t *testing.T, s cms.Signer, attributes ...string) error {
	t.Helper()
	der, err := cms.SignAttributes(content, contentType, s, attributes)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := cms.Parse(der)
	if err != nil {
		return err
	}
	return signed.Verify(s.Certificate)
}

// Signed attributes that are signed all right, but are not what the profile wants.
func TestSignedAttributes(t *testing.T) {
	s := newSigner(t, elliptic.P256())
	const digest = "06092a864886f70d010904"
	sum := cms.SHA256Hex(content)
	contentAttr := "3015" + "06092a864886f70d010903" + "3108" + "0606678108010101"
	otherType := "3015" + "06092a864886f70d010903" + "3108" + "0606678108010102"
	digestAttr := "302f" + digest + "3122" + "0420" + sum
	otherDigest := "302f" + digest + "3122" + "0420" + strings.Repeat("00", 32)
	timeAttr := "301c" + "06092a864886f70d010905" + "310f" + "170d" + hex.EncodeToString([]byte("260301083015Z"))
	unknown := "3008" + "06026901" + "3102" + "0500"
	longName := func(arcs int) string {
		return fmt.Sprintf("30%02x06%02x2a%s31020500", arcs+7, arcs+1, strings.Repeat("01", arcs))
	}
	for name, c := range map[string]struct {
		attributes []string
		want       error
	}{
		"as the profile has them":      {[]string{contentAttr, timeAttr, digestAttr}, nil},
		"no signing time":              {[]string{contentAttr, digestAttr}, nil},
		"one that nobody knows":        {[]string{unknown, contentAttr, digestAttr}, nil},
		"one with a long identifier":   {[]string{contentAttr, digestAttr, longName(63)}, nil},
		"one with a longer one":        {[]string{contentAttr, digestAttr, longName(64)}, cms.ErrMalformed},
		"not in the order of DER":      {[]string{digestAttr, contentAttr}, cms.ErrMalformed},
		"no content type":              {[]string{timeAttr, digestAttr}, cms.ErrMalformed},
		"no message digest":            {[]string{contentAttr, timeAttr}, cms.ErrMalformed},
		"content type twice":           {[]string{contentAttr, contentAttr, digestAttr}, cms.ErrMalformed},
		"message digest twice":         {[]string{contentAttr, otherDigest, digestAttr}, cms.ErrMalformed},
		"another content type":         {[]string{otherType, digestAttr}, cms.ErrSignature},
		"another message digest":       {[]string{contentAttr, otherDigest}, cms.ErrSignature},
		"message digest of two values": {[]string{contentAttr, "3051" + digest + "3144" + "0420" + sum + "0420" + sum}, cms.ErrMalformed},
	} {
		err := rebuild(t, s, c.attributes...)
		if c.want == nil && err != nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	der, err := os.ReadFile("testdata/specimen-signed.der")
	if err != nil {
		f.Fatal(err)
	}
	certificate, err := os.ReadFile("testdata/specimen-ds.cer")
	if err != nil {
		f.Fatal(err)
	}
	original, err := cms.Parse(der)
	if err != nil || original.Verify(certificate) != nil {
		f.Fatal(err)
	}
	f.Add(der)
	f.Add(der[:100])
	f.Add([]byte{0x30, 0x80, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		signed, err := cms.Parse(b)
		if err != nil {
			if !errors.Is(err, cms.ErrMalformed) {
				t.Errorf("unexpected error %v", err)
			}
			return
		}
		signed.SignerCertificate()
		if signed.Verify(certificate) == nil && !bytes.Equal(signed.Content, original.Content) {
			t.Error("a forgery verifies")
		}
	})
}

func ExampleSign() {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "SPECIMEN signer"}}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	der, err := cms.Sign([]byte("hashes"), contentType, cms.Signer{Certificate: certificate, Key: key}, signingTime)
	if err != nil {
		panic(err)
	}

	signed, err := cms.Parse(der)
	fmt.Printf("%s %s %s %v\n", signed.Content, signed.ContentType, signed.Algorithm, err)
	inside, _ := signed.SignerCertificate()
	fmt.Println(signed.Verify(inside))
	// Output:
	// hashes 2.23.136.1.1.1 ECDSA with SHA-256 <nil>
	// <nil>
}

func TestAlgorithmNames(t *testing.T) {
	for dotted, want := range map[string]string{
		"2.16.840.1.101.3.4.2.1": "SHA-256", "1.2.840.10045.4.3.2": "ECDSA with SHA-256", "1.3.36.3.3.2.8.1.1.7": "brainpoolP256r1", "1.2.3": "",
	} {
		var oid asn1.ObjectIdentifier
		for _, arc := range strings.Split(dotted, ".") {
			n, err := strconv.Atoi(arc)
			if err != nil {
				t.Fatal(err)
			}
			oid = append(oid, n)
		}
		if got := cms.AlgorithmName(oid); got != want {
			t.Errorf("%s is %q, want %q", dotted, got, want)
		}
	}
}
