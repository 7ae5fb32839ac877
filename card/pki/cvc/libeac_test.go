package cvc

import (
	"bytes"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card/date"
)

// buildLibeac compiles the stranger, which plays the chip.
func buildLibeac(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "libeac")
	out, err := exec.Command("gcc", "-o", program, "testdata/libeac.c", "-leac", "-lcrypto").CombinedOutput()
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("libeac: %v\n%s", err, out)
		}
		t.Skip("gcc and libeac-dev are not installed")
	}
	return program
}

// judged is a chain with a link, in files.
type judged struct {
	*testing.T
	program, folder string
	keys            map[string]*PrivateKey
}

// put makes a certificate, good from today on, and gives its file.
func (j *judged) put(authority, holder string, role Role, key *PrivateKey) string {
	j.Helper()
	j.keys[holder] = key
	public, err := key.Public()
	if err != nil {
		j.Fatal(err)
	}
	on := date.Of(time.Now().UTC())
	signer, err := SignerOf(signerKey(j.T, j.keys[authority]), j.keys[authority].Algorithm)
	if err != nil {
		j.Fatal(err)
	}
	made := sign(j, Certificate{Authority: authority, Holder: holder, PublicKey: public, Effective: on, Expiration: on.AddDays(20),
		Authorization: InspectionAuthorization(role, ReadDG3|ReadDG4)}, signer, rand.Reader)
	b, err := made.Encode()
	if err != nil {
		j.Fatal(err)
	}
	return j.write(authority+"-"+holder, b)
}

func (j *judged) write(name string, b []byte) string {
	j.Helper()
	path := filepath.Join(j.folder, name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		j.Fatal(err)
	}
	return path
}

func (j *judged) says(args ...string) (string, error) {
	out, err := exec.Command(j.program, args...).CombinedOutput()
	return string(out), err
}

// libeac takes our chains from the CVCA down, by a link certificate too, and requests; and not what is forged.
func TestLibeacTakesOurChains(t *testing.T) {
	program := buildLibeac(t)
	for _, test := range []struct {
		first, next Algorithm
		from, to    int // curves; 0: RSA
	}{{ECDSASHA256, ECDSASHA256, 13, 13}, {ECDSASHA256, ECDSASHA384, 13, 16}, {ECDSASHA512, ECDSASHA256, 17, 12}, {RSAPSSSHA256, RSAPSSSHA256, 0, 0}, {RSAv15SHA256, ECDSASHA256, 0, 13}} {
		t.Run(test.first.String()+" "+test.next.String(), func(t *testing.T) {
			j := &judged{t, program, t.TempDir(), map[string]*PrivateKey{}}
			key := func(a Algorithm, id int) *PrivateKey {
				k, err := generate(a, id)
				if err != nil {
					t.Fatal(err)
				}
				return k
			}
			first, next := key(test.first, test.from), key(test.next, test.to)
			root := j.put("VNCVCAVN001", "VNCVCAVN001", CVCA, first)
			link := j.put("VNCVCAVN001", "VNCVCAVN002", CVCA, next)
			j.put("VNCVCAVN002", "VNCVCAVN002", CVCA, next)
			verifier := j.put("VNCVCAVN002", "VNDVVN001", DomesticDV, key(test.next, test.to))
			terminal := j.put("VNDVVN001", "VNISVN001", Terminal, key(test.next, test.to))
			second := filepath.Join(j.folder, "VNCVCAVN002-VNCVCAVN002")
			for _, chain := range [][]string{{root, link, verifier, terminal}, {second, verifier, terminal}} {
				if out, err := j.says(append([]string{"chain"}, chain...)...); err != nil || !strings.Contains(out, "CHR: VNISVN001") || !strings.Contains(out, "Read fingerprint") {
					t.Errorf("%v: %v\n%s", chain, err, out)
				}
			}
			b, err := os.ReadFile(verifier)
			if err != nil {
				t.Fatal(err)
			}
			b[len(b)-1] ^= 1
			if out, err := j.says("chain", second, j.write("forged", b)); err == nil {
				t.Errorf("a forged document verifier is taken:\n%s", out)
			}
		})
	}
}

// libeac verifies the inner signature. Its authentication request is not that of TR-03110 (it has no tag 67), so that OpenSSL
// judges the outer signature, over what lies before it in the bytes.
func TestStrangersTakeOurRequests(t *testing.T) {
	program, openssl := buildLibeac(t), openssl(t)
	j := &judged{t, program, t.TempDir(), nil}
	first, second := requested(t)
	if out, err := j.says("request", j.write("request", encoded(t, first))); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	forged := encoded(t, first)
	forged[len(forged)-1] ^= 1
	if out, err := j.says("request", j.write("forged", forged)); err == nil {
		t.Errorf("a forged request is taken:\n%s", out)
	}
	whole := encoded(t, second)
	key := issued(t)[1].key
	n := len(second.OuterSignature) + 3 // 5F37 40
	j.write("message", bytes.TrimSuffix(whole, whole[len(whole)-n:])[4:])
	j.write("signature", signatureDER(t, key, whole[len(whole)-n+3:]))
	j.write("key.pem", keyPEM(t, key))
	cmd := exec.Command(openssl, "dgst", "-sha256", "-prverify", "key.pem", "-signature", "signature", "message")
	cmd.Dir = j.folder
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("the outer signature: %v\n%s", err, out)
	}
}
