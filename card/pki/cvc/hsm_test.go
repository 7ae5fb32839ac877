//go:build cgo

package cvc

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/cancuoc/cancuoc/card/pki/pkcs11"
)

const softHSM = "/usr/lib/softhsm/libsofthsm2.so"

// Keys that never leave a token certify: each certificate is read again and verified as a chip does.
func TestKeysOnATokenSign(t *testing.T) {
	for _, program := range []string{"softhsm2-util", "pkcs11-tool"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatal(program, " is not installed")
			}
			t.Skip(program, " is not installed: .ci/packages test")
		}
	}
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "tokens"), 0o700); err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(folder, "softhsm2.conf")
	if err := os.WriteFile(conf, []byte("directories.tokendir = "+folder+"/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SOFTHSM2_CONF", conf)
	tool(t, "softhsm2-util", "--init-token", "--free", "--label", "cvca", "--so-pin", "12345678", "--pin", "987654")
	for _, test := range []struct {
		kind, label string
		algorithms  []Algorithm
	}{
		{"EC:brainpoolP256r1", "b256", []Algorithm{ECDSASHA256}}, {"EC:brainpoolP384r1", "b384", []Algorithm{ECDSASHA384}}, {"EC:prime256v1", "p256", []Algorithm{ECDSASHA256}},
		{"EC:secp521r1", "p521", []Algorithm{ECDSASHA512}}, {"rsa:2048", "rsa", []Algorithm{RSAv15SHA256, RSAPSSSHA256, RSAPSSSHA512}},
	} {
		tool(t, "pkcs11-tool", "--module", softHSM, "--token-label", "cvca", "--login", "--pin", "987654", "--keypairgen", "--key-type", test.kind, "--label", test.label)
		key, err := pkcs11.Open("pkcs11:token=cvca;object="+test.label+"?module-path="+softHSM, func() ([]byte, error) { return []byte("987654"), nil })
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range test.algorithms {
			signer, err := SignerOf(key, a)
			if err != nil {
				t.Fatal(test.kind, err)
			}
			selfSigned(t, signer)
		}
		if fits, err := AlgorithmFor(key.Public()); err != nil || test.label != "rsa" && fits != test.algorithms[0] {
			t.Errorf("%s: %v, %v", test.kind, fits, err)
		}
		if err := key.Close(); err != nil {
			t.Error(err)
		}
	}
}

func tool(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}
