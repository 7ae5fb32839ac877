package pki

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card/internal/x509"
)

func checkIs(t *testing.T, what string, got, want error) {
	t.Helper()
	if want == nil && got != nil || want != nil && !errors.Is(got, want) {
		t.Errorf("%s: error %v, want %v", what, got, want)
	}
}

func testKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := GenerateKey("P-256", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key.(*ecdsa.PrivateKey)
}

func TestKeyFile(t *testing.T) {
	key, dir := testKey(t), t.TempDir()
	plain, sealed := filepath.Join(dir, "plain.pem"), filepath.Join(dir, "sealed.pem")
	if err := WriteKey(plain, key, nil); err != nil {
		t.Fatal(err)
	}
	if err := WriteKey(sealed, key, []byte("mật khẩu mẫu")); err != nil {
		t.Fatal(err)
	}
	for path, passphrase := range map[string]string{plain: "", sealed: "mật khẩu mẫu"} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", path, info.Mode(), err)
		}
		got, err := ReadKey(path, []byte(passphrase))
		if err != nil || !key.Equal(got) {
			t.Errorf("%s: %v", path, err)
		}
		before, _ := os.ReadFile(path)
		checkIs(t, "a second key in the same place", WriteKey(path, testKey(t), nil), fs.ErrExist)
		if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
			t.Error("a key file was overwritten")
		}
	}
	for _, passphrase := range []string{"", "mật khẩu khác"} {
		_, err := ReadKey(sealed, []byte(passphrase))
		checkIs(t, "wrong passphrase", err, ErrPassphrase)
		if passphrase != "" && strings.Contains(err.Error(), passphrase) {
			t.Error("an error quotes the passphrase")
		}
	}
}

// openssl reads the encrypted file that we write, and we read the one that openssl writes.
func TestOpenSSLAndEncryptedKeys(t *testing.T) {
	key, dir := testKey(t), t.TempDir()
	ours, theirs, plain := filepath.Join(dir, "ours.pem"), filepath.Join(dir, "theirs.pem"), filepath.Join(dir, "plain.pem")
	if err := WriteKey(ours, key, []byte("thu-nghiem")); err != nil {
		t.Fatal(err)
	}
	openssl(t, "pkcs8", "-in", ours, "-passin", "pass:thu-nghiem", "-out", plain)
	got, err := ReadKey(plain, nil)
	if err != nil || !key.Equal(got) {
		t.Errorf("what openssl decrypted is not our key: %v", err)
	}
	described := openssl(t, "asn1parse", "-in", ours, "-i")
	for _, want := range []string{"PBES2", "PBKDF2", "hmacWithSHA256", "aes-256-cbc", "INTEGER           :0927C0"} {
		if !strings.Contains(described, want) {
			t.Errorf("the encrypted key lacks %s", want)
		}
	}
	openssl(t, "pkcs8", "-topk8", "-in", plain, "-out", theirs, "-passout", "pass:khac", "-v2", "aes-256-cbc", "-iter", "10000")
	got, err = ReadKey(theirs, []byte("khac"))
	if err != nil || !key.Equal(got) {
		t.Errorf("what openssl encrypted is not read: %v", err)
	}
	scrypt := filepath.Join(dir, "scrypt.pem")
	openssl(t, "pkcs8", "-topk8", "-in", plain, "-out", scrypt, "-passout", "pass:khac", "-scrypt")
	_, err = ReadKey(scrypt, []byte("khac"))
	checkIs(t, "scrypt", err, ErrUnsupported)
}

// Every kind of key comes back from its file, and openssl finds the same public key in it; what cannot be written leaves no
// file behind.
func TestEveryKindOfKeyInAFile(t *testing.T) {
	for _, kind := range KeyKinds() {
		key, err := GenerateKey(kind, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "key.pem")
		if err := WriteKey(path, key, nil); err != nil {
			t.Fatal(err)
		}
		got, err := ReadKey(path, nil)
		if err != nil || x509.KeyName(got.Public()) != x509.KeyName(key.Public()) || !got.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(key.Public()) {
			t.Errorf("%s: %v", kind, err)
		}
		block, _ := pem.Decode([]byte(openssl(t, "pkey", "-in", path, "-pubout")))
		theirs, err := x509.ParsePublicKey(block.Bytes)
		if err != nil || !theirs.(interface{ Equal(crypto.PublicKey) bool }).Equal(key.Public()) {
			t.Errorf("%s: openssl finds another public key: %v", kind, err)
		}
	}
	path := filepath.Join(t.TempDir(), "key.pem")
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	checkIs(t, "Ed25519", WriteKey(path, ed, nil), ErrUnsupported)
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a refused key left a file behind")
	}
	_, err = GenerateKey("P-192", rand.Reader)
	checkIs(t, "a weak curve", err, ErrUnsupported)
}

func TestKeyFilesThatLie(t *testing.T) {
	good, err := encodeKey(testKey(t), []byte("x"), 1000)
	if err != nil {
		t.Fatal(err)
	}
	dear, err := encodeSealed(make([]byte, 16), make([]byte, 16), make([]byte, 16), maxIterations+1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decrypt(dear, []byte("x")); !errors.Is(err, ErrKeyFile) {
		t.Errorf("%d iterations: %v", maxIterations+1, err)
	}
	for name, text := range map[string][]byte{
		"empty":        nil,
		"no PEM":       []byte("key"),
		"two blocks":   append(bytes.Clone(good), good...),
		"certificate":  []byte("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"),
		"empty key":    []byte("-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"),
		"empty sealed": []byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n"),
	} {
		if _, err := decodeKey(text, []byte("x")); !errors.Is(err, ErrKeyFile) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A pipe in the place of a key is refused and not waited on.
func TestAPipeIsNoKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key.pem")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	answer := make(chan error, 2)
	go func() {
		_, err := ReadKey(path, nil)
		answer <- err
		_, err = KeySealed(path)
		answer <- err
	}()
	for range 2 {
		select {
		case err := <-answer:
			if err == nil {
				t.Error("a pipe was taken for a key")
			}
		case <-time.After(5 * time.Second):
			t.Fatal("a pipe is waited on")
		}
	}
}

// An export of empty lines takes about as much memory as it is long.
func TestEmptyLinesOfAnExport(t *testing.T) {
	text := strings.Repeat("\n", 8<<20)
	result := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			if _, err := parseLDIF(text); err != nil {
				b.Fatal(err)
			}
		}
	})
	if got := result.AllocedBytesPerOp(); got > 4*int64(len(text)) {
		t.Errorf("%d bytes for %d", got, len(text))
	}
}

func FuzzReadKey(f *testing.F) {
	for _, name := range []string{"testdata/specimen-plain.key", "testdata/specimen-sealed.key"} {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if bytes.Contains(text, []byte("ENCRYPTED")) {
			block, _ := pem.Decode(text)
			if block == nil {
				return
			}
			if s, err := readSealed(block.Bytes); err != nil || s.iterations > 100 {
				return // the cost of deriving is bounded by maxIterations: too much for a fuzzer
			}
			decodeKey(text, []byte("x"))
			return
		}
		if key, err := decodeKey(text, nil); (key == nil) == (err == nil) {
			t.Errorf("key %v with error %v", key != nil, err)
		}
	})
}
