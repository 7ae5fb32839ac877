package cvc

import (
	"crypto/rand"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// openssl finds the tool. In CI it must be there.
func openssl(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("openssl")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("openssl is not installed")
		}
		t.Skip("openssl is not installed")
	}
	return path
}

// OpenSSL reads our private keys and takes the signatures of our certificates for theirs.
func TestOpenSSLVerifiesOurCertificates(t *testing.T) {
	tool := openssl(t)
	for _, test := range []struct {
		algorithm Algorithm
		id        int // 0: RSA
		hash      string
		options   []string
	}{
		{ECDSASHA224, 11, "-sha224", nil},
		{ECDSASHA256, 12, "-sha256", nil},
		{ECDSASHA256, 13, "-sha256", nil},
		{ECDSASHA384, 14, "-sha384", nil},
		{ECDSASHA512, 17, "-sha512", nil},
		{ECDSASHA512, 18, "-sha512", nil},
		{RSAv15SHA256, 0, "-sha256", nil},
		{RSAPSSSHA512, 0, "-sha512", []string{"-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:64", "-sigopt", "rsa_mgf1_md:sha512"}},
	} {
		key, err := generate(test.algorithm, test.id)
		if err != nil {
			t.Fatal(err)
		}
		public, err := key.Public()
		if err != nil {
			t.Fatal(err)
		}
		c := sign(t, Certificate{Authority: "VNCVCA00001", Holder: "VNCVCA00001", PublicKey: public, Effective: day(t, "2025-01-01"),
			Expiration: day(t, "2026-01-01"), Authorization: InspectionAuthorization(CVCA, ReadDG3)}, key, rand.Reader)
		body, err := c.body()
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		files := map[string][]byte{"key.pem": keyPEM(t, key), "body": body, "signature": signatureDER(t, key, c.Signature)}
		for name, b := range files {
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		arguments := append([]string{"dgst", test.hash, "-prverify", "key.pem", "-signature", "signature"}, test.options...)
		cmd := exec.Command(tool, append(arguments, "body")...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v, domain %d: %v\n%s", test.algorithm, test.id, err, out)
		}
	}
}

func generate(a Algorithm, id int) (*PrivateKey, error) {
	if id == 0 {
		return GenerateRSA(a, 2048, rand.Reader)
	}
	return GenerateEC(a, id, rand.Reader)
}

func keyPEM(t *testing.T, key *PrivateKey) []byte {
	t.Helper()
	der, err := key.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// signatureDER writes r and s as OpenSSL wants them.
func signatureDER(t *testing.T, key *PrivateKey, signature []byte) []byte {
	t.Helper()
	if key.RSA != nil {
		return signature
	}
	half := len(signature) / 2
	der, err := asn1.Marshal([]*big.Int{new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])})
	if err != nil {
		t.Fatal(err)
	}
	return der
}
