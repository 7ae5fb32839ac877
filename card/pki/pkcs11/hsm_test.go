//go:build cgo

package pkcs11

import (
	"bytes"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

const (
	softHSM = "/usr/lib/softhsm/libsofthsm2.so"
	goodPIN = "987654"
)

func needs(t testing.TB, programs ...string) {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err == nil {
			continue
		}
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is not installed", program)
		}
		t.Skipf("%s is not installed: .ci/packages test", program)
	}
}

func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// hsm is SoftHSM with a folder of tokens of its own, for one test.
type hsm struct {
	testing.TB
	folder string
	module string
}

func newHSM(t testing.TB) *hsm {
	t.Helper()
	needs(t, "softhsm2-util", "pkcs11-tool", "openssl")
	h := &hsm{t, t.TempDir(), softHSM}
	h.write("softhsm2.conf", "directories.tokendir = "+filepath.Join(h.folder, "tokens")+"\nobjectstore.backend = file\nlog.level = ERROR\n")
	if err := os.Mkdir(filepath.Join(h.folder, "tokens"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SOFTHSM2_CONF", filepath.Join(h.folder, "softhsm2.conf"))
	t.Cleanup(h.idle)
	return h
}

// idle waits until nobody is in a module any more, so that the next test has it anew.
func (h *hsm) idle() {
	h.Helper()
	modules.Lock()
	defer modules.Unlock()
	for _, m := range modules.byFile {
		for range 500 {
			m.turn <- struct{}{}
			open := len(m.tokens) + m.ending
			m.turn.leave()
			if open == 0 {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		if len(m.tokens)+m.ending != 0 {
			h.Errorf("keys of %s are open yet", m.file)
		}
	}
}

func (h *hsm) write(name, text string) string {
	h.Helper()
	path := filepath.Join(h.folder, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		h.Fatal(err)
	}
	return path
}

func (h *hsm) token(label string) {
	h.Helper()
	run(h, "softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", "12345678", "--pin", goodPIN)
}

// key has pkcs11-tool make a key and gives the file with its public key, as pkcs11-tool tells it, for OpenSSL.
func (h *hsm) key(token, kind, label, id string, more ...string) string {
	h.Helper()
	with := []string{"--module", softHSM, "--token-label", token, "--login", "--pin", goodPIN}
	said := run(h, "pkcs11-tool", append(append(with, "--keypairgen", "--key-type", kind, "--label", label, "--id", id), more...)...)
	var info []byte
	if strings.HasPrefix(kind, "rsa") {
		file := filepath.Join(h.folder, "read.der")
		run(h, "pkcs11-tool", append(with, "--read-object", "--type", "pubkey", "--label", label, "--output-file", file)...)
		info, _ = os.ReadFile(file)
	} else {
		info = subjectPublicKeyInfo(h, said)
	}
	return h.write(label+".pem", string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: info})))
}

func subjectPublicKeyInfo(t testing.TB, said string) []byte {
	t.Helper()
	field := func(name string) []byte {
		found := regexp.MustCompile(name + `:\s*([0-9a-f]+)`).FindStringSubmatch(said)
		if found == nil {
			t.Fatalf("pkcs11-tool tells no %s:\n%s", name, said)
		}
		b, _ := hex.DecodeString(found[1])
		return b
	}
	var point []byte
	if rest, err := asn1.Unmarshal(field("EC_POINT"), &point); err != nil || len(rest) > 0 {
		t.Fatalf("EC_POINT: %v", err)
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1})
			b.AddBytes(field("EC_PARAMS"))
		})
		b.AddASN1BitString(point)
	})
	return b.BytesOrPanic()
}

func (h *hsm) uri(path string) string {
	return "pkcs11:" + path + "?module-path=" + strings.ReplaceAll(url.PathEscape(h.module), "%2F", "/")
}

func thePIN(pin string) PIN { return func() ([]byte, error) { return []byte(pin), nil } }

// try opens a key with little patience.
func (h *hsm) try(path, pin string) (*Key, error) {
	h.Helper()
	u, err := ParseURI(h.uri(path))
	if err != nil {
		h.Fatal(err)
	}
	return open(u, thePIN(pin), 2*time.Second)
}

func (h *hsm) open(path string) *Key {
	h.Helper()
	k, err := h.try(path, goodPIN)
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() {
		if err := k.Close(); err != nil {
			h.Error(err)
		}
	})
	return k
}

// shimmed puts a module between that does as files in a folder say: say("C_Sign", "once 30").
func (h *hsm) shimmed() (say func(function, what string)) {
	h.Helper()
	needs(h, "gcc", "go")
	headers := strings.TrimSpace(run(h, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/miekg/pkcs11"))
	h.module = filepath.Join(h.folder, "shim.so")
	run(h, "gcc", "-Wall", "-shared", "-fPIC", "-I", headers, "-o", h.module, "testdata/shim.c", "-ldl")
	told := filepath.Join(h.folder, "told")
	if err := os.Mkdir(told, 0o700); err != nil {
		h.Fatal(err)
	}
	h.Setenv("SHIM", told)
	h.Setenv("SHIM_MODULE", softHSM)
	return func(function, what string) {
		path := filepath.Join(told, function)
		os.Remove(path)
		if what == "" {
			return
		}
		h.write("told/"+function+".new", what)
		if err := os.Rename(path+".new", path); err != nil {
			h.Fatal(err)
		}
	}
}

// logins counts how often the shim saw C_Login.
func (h *hsm) logins() int {
	b, _ := os.ReadFile(filepath.Join(h.folder, "told", "logins"))
	return bytes.Count(b, []byte("."))
}
