//go:build cgo

package pkcs11

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/cancuoc/cancuoc/card/internal/x509"
)

// judge has OpenSSL say whether a signature is good.
func (h *hsm) judge(public string, hash crypto.Hash, message, signature []byte, options ...string) {
	h.Helper()
	name := map[crypto.Hash]string{crypto.SHA224: "-sha224", crypto.SHA256: "-sha256", crypto.SHA384: "-sha384", crypto.SHA512: "-sha512"}[hash]
	args := append([]string{"dgst", name, "-verify", public, "-signature", h.write("signature", string(signature))}, options...)
	if said := run(h, "openssl", append(args, h.write("message", string(message)))...); !strings.Contains(said, "Verified OK") {
		h.Errorf("OpenSSL says %q", said)
	}
}

func digestOf(hash crypto.Hash, message []byte) []byte {
	h := hash.New()
	h.Write(message)
	return h.Sum(nil)
}

func TestSignatures(t *testing.T) {
	h := newHSM(t)
	h.token("ds-test")
	message := []byte("the hashes of the data groups")
	for i, c := range []struct {
		kind   string
		hashes []crypto.Hash
	}{
		{"EC:prime256v1", []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512}},
		{"EC:secp384r1", []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512}},
		{"EC:secp521r1", []crypto.Hash{crypto.SHA512}},
		{"EC:brainpoolP256r1", []crypto.Hash{crypto.SHA224, crypto.SHA256, crypto.SHA512}},
		{"EC:brainpoolP384r1", []crypto.Hash{crypto.SHA384}},
		{"EC:brainpoolP512r1", []crypto.Hash{crypto.SHA512}},
		{"rsa:2048", []crypto.Hash{crypto.SHA224, crypto.SHA256, crypto.SHA384, crypto.SHA512}},
		{"rsa:3072", []crypto.Hash{crypto.SHA256}},
	} {
		t.Run(c.kind, func(t *testing.T) {
			h := &hsm{t, h.folder, h.module}
			label := strings.ReplaceAll(c.kind, ":", "-")
			public := h.key("ds-test", c.kind, label, fmt.Sprintf("a%d", i))
			k := h.open("token=ds-test;object=" + label)
			for _, hash := range c.hashes {
				options := []crypto.SignerOpts{hash}
				if strings.HasPrefix(c.kind, "rsa") {
					options = append(options, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: hash})
				}
				for _, o := range options {
					signature, err := k.Sign(nil, digestOf(hash, message), o)
					if err != nil {
						t.Fatalf("%v: %v", hash, err)
					}
					if _, pss := o.(*rsa.PSSOptions); pss {
						h.judge(public, hash, message, signature, "-sigopt", "rsa_padding_mode:pss", "-sigopt", fmt.Sprintf("rsa_pss_saltlen:%d", hash.Size()))
					} else {
						h.judge(public, hash, message, signature)
					}
				}
			}
		})
	}
}

func TestSaltLengths(t *testing.T) {
	h := newHSM(t)
	h.token("ds-test")
	public := h.key("ds-test", "rsa:2048", "rsa", "01")
	k := h.open("object=rsa")
	message := []byte("message")
	for salt, says := range map[int]string{rsa.PSSSaltLengthAuto: "max", 20: "20"} {
		signature, err := k.Sign(nil, digestOf(crypto.SHA256, message), &rsa.PSSOptions{SaltLength: salt, Hash: crypto.SHA256})
		if err != nil {
			t.Fatal(err)
		}
		h.judge(public, crypto.SHA256, message, signature, "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:"+says)
	}
	for _, o := range []crypto.SignerOpts{crypto.Hash(0), crypto.SHA1, crypto.SHA384, &rsa.PSSOptions{SaltLength: 500, Hash: crypto.SHA256}} {
		if _, err := k.Sign(nil, make([]byte, 32), o); !errors.Is(err, ErrUnsupported) {
			t.Errorf("%v: %v", o, err)
		}
	}
}

// What the standard library and certificates ask of a signer.
func TestPublicKeyTypes(t *testing.T) {
	h := newHSM(t)
	h.token("ds-test")
	h.key("ds-test", "EC:prime256v1", "p", "01")
	h.key("ds-test", "EC:brainpoolP256r1", "b", "02")
	if _, ok := h.open("object=p").Public().(*ecdsa.PublicKey); !ok {
		t.Error("P-256 is no *ecdsa.PublicKey")
	}
	key, ok := h.open("id=%02").Public().(*x509.ECPublicKey)
	if !ok || key.Curve.Name() != "brainpoolP256r1" {
		t.Errorf("brainpoolP256r1 is %T", h.open("id=%02").Public())
	}
}

func TestManyGoroutines(t *testing.T) {
	h := newHSM(t)
	h.token("ds-test")
	h.key("ds-test", "EC:prime256v1", "one", "01")
	h.key("ds-test", "EC:prime256v1", "two", "02")
	keys := []*Key{h.open("object=one"), h.open("object=two")}
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			for range 5 {
				if _, err := keys[i%2].Sign(nil, make([]byte, 32), crypto.SHA256); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if n := len(keys[0].token.idle); n > sessionsAtOnce {
		t.Errorf("%d sessions", n)
	}
	if keys[0].token != keys[1].token {
		t.Error("two keys of a token do not share it")
	}
}

// A key that wants the PIN for each signature gets it.
func TestAlwaysAuthenticate(t *testing.T) {
	h := newHSM(t)
	h.token("ds-test")
	h.key("ds-test", "EC:prime256v1", "careful", "01", "--always-auth")
	k := h.open("object=careful")
	if !k.always {
		t.Fatal("the key does not want the PIN for each signature")
	}
	for range 2 {
		if _, err := k.Sign(nil, make([]byte, 32), crypto.SHA256); err != nil {
			t.Fatal(err)
		}
	}
}

// A key that wants the PIN where the token has no login costs no try: there is no PIN to give.
func TestAlwaysAuthenticateWithoutLogin(t *testing.T) {
	h := newHSM(t)
	h.token("ds-test")
	h.key("ds-test", "EC:prime256v1", "careful", "01", "--always-auth")
	k := h.open("object=careful")
	k.token.pin = nil
	if _, err := k.Sign(nil, make([]byte, 32), crypto.SHA256); !errors.Is(err, ErrKeyPIN) {
		t.Errorf("without a PIN: %v", err)
	}
	if err := k.token.pinState(); err != nil || k.token.refused != nil {
		t.Errorf("a try was made: %v, %v", err, k.token.refused)
	}
}

func TestClosed(t *testing.T) {
	h := newHSM(t)
	h.token("ds-test")
	h.key("ds-test", "EC:prime256v1", "k", "01")
	k, other := h.open("object=k"), h.open("object=k")
	for range 2 {
		if err := k.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := k.Sign(nil, make([]byte, 32), crypto.SHA256); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed key: %v", err)
	}
	if _, err := other.Sign(nil, make([]byte, 32), crypto.SHA256); err != nil {
		t.Errorf("the other key: %v", err)
	}
	other.Close()
	if m := moduleOf(softHSM); m.ours {
		t.Error("the module was not finalised")
	}
	if again := h.open("object=k"); again.String() != "pkcs11:object=k" {
		t.Errorf("the key calls itself %v", again)
	}
}

func TestWhatIsNotThere(t *testing.T) {
	h := newHSM(t)
	for _, label := range []string{"one", "twin", "twin"} {
		h.token(label)
	}
	h.key("one", "EC:prime256v1", "k", "01")
	h.key("one", "EC:prime256v1", "pair", "02")
	h.key("one", "EC:prime256v1", "pair", "03")
	h.key("one", "EC:prime256v1", "same", "04")
	h.key("one", "EC:prime256v1", "other", "04")
	h.token("two")
	h.key("two", "EC:prime256v1", "dup", "05")
	h.key("two", "EC:prime256v1", "dup", "05")
	for path, want := range map[string]struct {
		err  error
		says string
	}{
		"token=none;object=k":   {ErrNoToken, "token=one"},
		"token=twin;object=k":   {ErrAmbiguous, "add serial="},
		"object=k":              {ErrAmbiguous, "serial="},
		"token=one;object=none": {ErrNoKey, "object=pair"},
		"token=one;object=new":  {ErrNoKey, `libsofthsm2.so --token-label "one" --login --keypairgen`},
		"token=one":             {ErrAmbiguous, "name one in full; there is pkcs11:id=%"},
		"token=two":             {ErrAmbiguous, "give each a label or an identifier of its own"},
		"token=one;object=pair": {ErrAmbiguous, "add id=%02 or id=%03"},
		"token=one;id=%04":      {ErrAmbiguous, "add object="},
		"token=one;model=X":     {ErrNoToken, "SoftHSM"},
	} {
		_, err := h.try(path, goodPIN)
		if !errors.Is(err, want.err) || !strings.Contains(err.Error(), want.says) {
			t.Errorf("%s: %v; want %v and %q", path, err, want.err, want.says)
		}
	}
	k := h.open("token=one;object=pair;id=%03;model=SoftHSM%20v2;type=private")
	if _, err := k.Sign(nil, make([]byte, 32), crypto.SHA256); err != nil {
		t.Error(err)
	}
}

func TestNoModule(t *testing.T) {
	folder := t.TempDir()
	text := filepath.Join(folder, "text.so")
	if err := os.WriteFile(text, []byte("not a library"), 0o600); err != nil {
		t.Fatal(err)
	}
	for uri, says := range map[string]string{
		"pkcs11:object=k": "module-path",
		"pkcs11:object=k?module-path=" + folder + "/none.so": "no such file",
		"pkcs11:object=k?module-path=" + text:                "no PKCS #11 module",
		"pkcs11:object=k?module-name=no-such-module":         "no-such-module",
	} {
		if _, err := Open(uri, nil); !errors.Is(err, ErrModule) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", uri, err)
		}
	}
}

func TestPINs(t *testing.T) {
	h := newHSM(t)
	h.token("ds-test")
	h.key("ds-test", "EC:prime256v1", "k", "01")
	if _, err := h.try("object=k", "123456"); !errors.Is(err, ErrPIN) || strings.Contains(err.Error(), "123456") {
		t.Errorf("a wrong PIN: %v", err)
	}
	if _, err := h.try("object=k", "1"); !errors.Is(err, ErrPIN) {
		t.Errorf("a short PIN: %v", err)
	}
	if _, err := Open(h.uri("object=k"), nil); !errors.Is(err, ErrNoPIN) {
		t.Errorf("no PIN: %v", err)
	}
	if _, err := Open(h.uri("object=k"), func() ([]byte, error) { return nil, os.ErrDeadlineExceeded }); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("nobody gives the PIN: %v", err)
	}
	k, err := Open(h.uri("object=k")+"&pin-source=file:"+h.write("pin", goodPIN+"\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	if _, err := h.try("object=k", "123456"); !errors.Is(err, ErrPIN) {
		t.Errorf("a wrong PIN while another key is open: %v", err)
	}
	h.open("object=k")
	if _, err := k.Sign(nil, make([]byte, 32), crypto.SHA256); err != nil {
		t.Errorf("after a wrong PIN by another: %v", err)
	}
}

func TestNothingPrintsThePIN(t *testing.T) {
	h := newHSM(t)
	h.token("ds-test")
	h.key("ds-test", "EC:prime256v1", "k", "01")
	k := h.open("object=k")
	var text strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&text, verb+verb+verb, k, k.token.pin, struct{ K *Key }{k})
		fmt.Fprintf(&text, "%v%+v%#v", k.uri, k.uri, k.uri)
		fmt.Fprintf(&text, verb+verb+verb, k.token, struct{ t *token }{k.token}, struct{ p secret }{k.token.pin})
		fmt.Fprintf(&text, verb+verb, reflect.ValueOf(k.token).Elem(), reflect.ValueOf(k).Elem())
	}
	slog.New(slog.NewTextHandler(&text, nil)).Info("key", "key", k, "pin", k.token.pin, "token", k.token)
	hexed := fmt.Sprintf("%x", goodPIN)
	decimal := strings.Trim(fmt.Sprint([]byte(goodPIN)), "[]")
	for _, form := range []string{goodPIN, hexed, decimal} {
		if strings.Contains(text.String(), form) {
			t.Errorf("the PIN is printed as %s", form)
		}
	}
}

func TestWithRand(t *testing.T) {
	h := newHSM(t)
	h.token("ds-test")
	h.key("ds-test", "EC:prime256v1", "k", "01")
	var signer crypto.Signer = h.open("object=k")
	digest := digestOf(crypto.SHA256, []byte("m"))
	signature, err := signer.Sign(rand.Reader, digest, crypto.SHA256)
	if err != nil || !ecdsa.VerifyASN1(signer.Public().(*ecdsa.PublicKey), digest, signature) {
		t.Errorf("as a crypto.Signer: %v", err)
	}
}
