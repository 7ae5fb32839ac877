//go:build cgo

package station

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/pki/pkcs11"
	"github.com/cancuoc/cancuoc/card/register"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/authority"
)

const (
	softHSM  = "/usr/lib/softhsm/libsofthsm2.so"
	tokenPIN = "987654"
)

// trialKeys opens keys as an office does that is no specimen's.
func trialKeys() authority.Keys {
	return authority.Keys{Passphrase: []byte("a passphrase"), PIN: func() ([]byte, error) { return []byte(tokenPIN), nil }}
}

func tool(t testing.TB, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// realBench is a station under an authority that is no specimen's, its root in a file and SoftHSM at hand for its signers.
func realBench(t *testing.T) (*bench, *authority.Authority) {
	t.Helper()
	for _, program := range []string{"softhsm2-util", "pkcs11-tool"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatal(program, " is not installed")
			}
			t.Skip(program, " is not installed: .ci/packages test")
		}
	}
	b := newBench(t)
	tokens := filepath.Join(b.folder, "tokens")
	conf := filepath.Join(b.folder, "softhsm2.conf")
	if err := errors.Join(os.Mkdir(tokens, 0o700), os.WriteFile(conf, []byte("directories.tokendir = "+tokens+"\nobjectstore.backend = file\nlog.level = ERROR\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SOFTHSM2_CONF", conf)
	tool(t, "softhsm2-util", "--init-token", "--free", "--label", "office", "--so-pin", "12345678", "--pin", tokenPIN)
	profile, err := pki.ProfileByName("vn")
	if err != nil {
		t.Fatal(err)
	}
	c := authority.Default(profile)
	c.Country, c.State, c.Organization, c.Name, c.CRL = "VN", "VNM", "Trial", "Trial CSCA", []string{"https://example.org/vn.crl"}
	a, err := authority.Create(filepath.Join(b.folder, "office"), c, trialKeys(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(b.folder, ConfigName)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.ReplaceAll(text, []byte(`"authority/signers"`), []byte(`"office/signers"`))
	text = bytes.ReplaceAll(text, []byte(`"authority/trust"`), []byte(`"office/trust"`))
	before, after, _ := bytes.Cut(text, []byte("[terminal]"))
	_, after, _ = bytes.Cut(after, []byte("[chip]"))
	if err := os.WriteFile(path, append(append(before, "[chip]"...), after...), 0o600); err != nil {
		t.Fatal(err)
	}
	return b, a
}

// onToken makes the next document signer with its key on the token.
func onToken(t *testing.T, a *authority.Authority, label string) {
	t.Helper()
	tool(t, "pkcs11-tool", "--module", softHSM, "--token-label", "office", "--login", "--pin", tokenPIN, "--keypairgen", "--key-type", "EC:prime256v1", "--label", label)
	inFile(t, a, "pkcs11:token=office;object="+label+"?module-path="+softHSM)
}

// inFile makes the next document signer with its key where the reference says; "" is a file beside its certificate.
func inFile(t *testing.T, a *authority.Authority, key string) {
	t.Helper()
	if _, err := a.IssueSigner(authority.Issue{Purpose: pki.ForDocuments, Key: key}, time.Now()); err != nil {
		t.Fatal(err)
	}
}

// office is a new process at the station, with the keys of its office.
func (b *bench) office() *Desk {
	b.t.Helper()
	d := b.desk()
	config, err := LoadConfig(b.folder)
	if err == nil {
		d.Signers, err = config.Signers(b.folder, trialKeys())
	}
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() {
		for _, key := range d.Signers.open {
			if k, ok := key.(*pkcs11.Key); ok {
				k.Close()
			}
		}
		d.Register.Close()
	})
	return d
}

// The proof is made from when the chip is verified until the card is issued, for the signer that the order has, whoever of
// its authority is in force by then.
func TestProductionOfAnOrder(t *testing.T) {
	b, a := realBench(t)
	onToken(t, a, "ds-1")
	d := b.office()
	id := b.orders(d.Register, 1)[0]
	first := d.newest(t)
	seen := 0
	d.Begin = func(_ int64, name string) {
		p, err := d.Production(t.Context(), id)
		switch name {
		case "check", "sign", "personalise", "verify":
			if !errors.Is(err, ErrNotProducible) || p.Proven() {
				t.Errorf("before %s: %v, %v", name, p, err)
			}
			return
		case "print":
			onToken(t, a, "ds-2")
		}
		if err != nil || !p.Proven() || !p.For(first) || name == "record" && p.For(d.newest(t)) {
			t.Errorf("before %s: %v, %v", name, p, err)
		}
		if text := p.String(); !strings.Contains(text, "signed by CN=Document Signer 1,O=Trial,C=VN") || name == "record" && !strings.Contains(text, "token of CN=Document Signer 2,") {
			t.Error(text)
		}
		seen++
	}
	if o, err := d.Issue(t.Context(), id, b.fresh); err != nil || o.State != register.Issued || seen != 2 {
		t.Fatalf("%s, %v, asked %d times", o.State, err, seen)
	}
	if p, err := d.Production(t.Context(), id); !errors.Is(err, ErrNotProducible) || p.Proven() {
		t.Errorf("issued: %v, %v", p, err)
	}
	if _, err := d.Production(t.Context(), id+1); !errors.Is(err, register.ErrNotFound) {
		t.Errorf("no order: %v", err)
	}
}

func (d *Desk) newest(t *testing.T) pki.Certificate {
	t.Helper()
	s, err := d.Signers.Newest(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return s.Certificate
}

// verified takes an order up to the state in which it waits for its faces.
func (b *bench) verified(d *Desk) int64 { return b.upToVerified(d, b.orders(d.Register, 1))[0] }

func (b *bench) upToVerified(d *Desk, ids []int64) []int64 {
	b.t.Helper()
	printFolder := d.PrintFolder
	defer func() { d.PrintFolder = printFolder }()
	d.PrintFolder = filepath.Join(b.folder, ConfigName) // no folder: printing fails
	for _, id := range ids {
		_, err := d.Issue(b.t.Context(), id, b.fresh)
		if o, e := d.Register.Order(b.t.Context(), id); e != nil || o.State != register.Verified {
			b.t.Fatal(errors.Join(err, e))
		}
	}
	return ids
}

func TestNoProductionOfAnOrder(t *testing.T) {
	specimen := newBench(t)
	d := specimen.desk()
	defer d.Register.Close()
	if p, err := d.Production(t.Context(), specimen.verified(d)); !errors.Is(err, pki.ErrSpecimen) || p.Proven() {
		t.Errorf("a specimen: %v, %v", p, err)
	}
	b, a := realBench(t)
	inFile(t, a, "")
	d = b.office()
	id := b.verified(d)
	if p, err := d.Production(t.Context(), id); !errors.Is(err, pki.ErrNotInToken) || p.Proven() {
		t.Errorf("a key in a file: %v, %v", p, err)
	}
	onToken(t, a, "ds-2")
	if p, err := d.Production(t.Context(), id); err != nil || !p.Proven() {
		t.Errorf("with the next signer's key on the token: %v, %v", p, err)
	}
	unsigned(t, d, id, register.Verified, "EF.DG2")
	if p, err := d.Production(t.Context(), id); !errors.Is(err, ErrSignature) || p.Proven() {
		t.Errorf("another face than was signed: %v, %v", p, err)
	}
}

// What was signed for one citizen proves nothing for another, though the signature is right.
func TestNoProductionByWhatWasSignedForAnother(t *testing.T) {
	b, a := realBench(t)
	onToken(t, a, "ds-1")
	d := b.office()
	ids := b.upToVerified(d, b.orders(d.Register, 2))
	if p, err := d.Production(t.Context(), ids[0]); err != nil || !p.Proven() {
		t.Fatal(err)
	}
	others, err := d.Register.Production(t.Context(), ids[1])
	if err != nil {
		t.Fatal(err)
	}
	exchange(t, d, ids[0], register.Verified, others)
	if p, err := d.Production(t.Context(), ids[0]); !errors.Is(err, ErrSignature) || p.Proven() {
		t.Errorf("another citizen's data: %v, %v", p, err)
	}
}

// A certificate may be printed for real from when its record is signed, and only that record.
func TestProductionOfACertificate(t *testing.T) {
	b, a := realBench(t)
	onToken(t, a, "ds-1")
	d := b.office()
	waiting := b.paper(d.Register)
	if p, err := d.Production(t.Context(), waiting); !errors.Is(err, ErrNotProducible) || p.Proven() {
		t.Errorf("not signed yet: %v, %v", p, err)
	}
	if err := d.Register.Cancel(t.Context(), waiting, "a trial", "bench", time.Now()); err != nil {
		t.Fatal(err)
	}
	id := b.signedOnPaper(d)
	if p, err := d.Production(t.Context(), id); err != nil || !p.For(d.newest(t)) {
		t.Errorf("signed: %v, %v", p, err)
	}
	unsigned(t, d, id, register.Signed, "EF.DG11")
	if p, err := d.Production(t.Context(), id); !errors.Is(err, ErrSignature) || p.Proven() {
		t.Errorf("of another record: %v, %v", p, err)
	}
}
