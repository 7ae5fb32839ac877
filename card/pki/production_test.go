//go:build cgo

package pki_test

import (
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/pki/pkcs11"
)

const softHSM = "/usr/lib/softhsm/libsofthsm2.so"

var day = time.Date(2026, 3, 1, 8, 30, 15, 0, time.UTC)

// unproven is what every stranger begins with, and all that they can make: there are no fields to set.
var unproven pki.Production

// mint is an authority that is no specimen's, and SoftHSM with the keys of its signers.
type mint struct {
	*testing.T
	folder string
	csca   pki.CSCA
	trust  pki.Trust
	n      int
}

func newMint(t *testing.T) *mint {
	t.Helper()
	for _, program := range []string{"softhsm2-util", "pkcs11-tool"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatal(program, " is not installed")
			}
			t.Skip(program, " is not installed: .ci/packages test")
		}
	}
	m := &mint{T: t, folder: t.TempDir()}
	conf := filepath.Join(m.folder, "softhsm2.conf")
	m.must(os.Mkdir(filepath.Join(m.folder, "tokens"), 0o700))
	m.must(os.WriteFile(conf, []byte("directories.tokendir = "+m.folder+"/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"), 0o600))
	t.Setenv("SOFTHSM2_CONF", conf)
	m.tool("softhsm2-util", "--init-token", "--free", "--label", "mint", "--so-pin", "12345678", "--pin", "987654")
	m.csca = m.authority("Trial CSCA", false)
	m.trust = pki.Trust{Anchors: []pki.Certificate{m.csca.Certificate}}
	return m
}

func (m *mint) must(err error) {
	m.Helper()
	if err != nil {
		m.Fatal(err)
	}
}

func (m *mint) tool(name string, args ...string) {
	m.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		m.Fatalf("%s: %v\n%s", name, err, out)
	}
}

func identity(name string, specimen bool) pki.Identity {
	organization := "Trial"
	if specimen {
		organization = "SPECIMEN trial"
	}
	return pki.Identity{Country: "VN", State: "VNM", Organization: organization, CommonName: name, Specimen: specimen,
		Contact: "trial@example.org", CRL: []string{"https://example.org/vn.crl"}}
}

// authority makes one, its key in memory.
func (m *mint) authority(name string, specimen bool) pki.CSCA {
	m.Helper()
	csca, err := pki.NewCSCA(rand.Reader, identity(name, specimen), pki.Validity{From: day, KeyUntil: day.AddDate(5, 0, 0), Until: day.AddDate(16, 0, 0)}, m.inMemory())
	m.must(err)
	return csca
}

func (m *mint) inMemory() crypto.Signer {
	m.Helper()
	key, err := pki.GenerateKey("P-256", rand.Reader)
	m.must(err)
	return key
}

// onToken makes a key on the token and opens it.
func (m *mint) onToken(kind string) *pkcs11.Key {
	m.Helper()
	m.n++
	label := fmt.Sprintf("k%d", m.n)
	m.tool("pkcs11-tool", "--module", softHSM, "--token-label", "mint", "--login", "--pin", "987654", "--keypairgen", "--key-type", kind, "--label", label, "--id", fmt.Sprintf("%02x", m.n))
	key, err := pkcs11.Open("pkcs11:token=mint;object="+label+"?module-path="+softHSM, func() ([]byte, error) { return []byte("987654"), nil })
	m.must(err)
	m.Cleanup(func() { key.Close() })
	return key
}

// signer has an authority issue the certificate of a document signer.
func (m *mint) signer(csca pki.CSCA, key crypto.Signer) pki.Certificate {
	m.Helper()
	from := csca.Certificate.NotBefore
	name := "Document Signer"
	if csca.Identity.Specimen {
		name = "SPECIMEN Document Signer"
	}
	c, err := csca.IssueSigner(rand.Reader, pki.SignerRequest{CommonName: name, Purpose: pki.ForDocuments, DocumentTypes: []string{"ID"},
		PublicKey: key.Public(), Validity: pki.Validity{From: from, KeyUntil: from.AddDate(0, 3, 0), Until: from.AddDate(10, 3, 0)}})
	m.must(err)
	return c
}

func (m *mint) revokes(c pki.Certificate) pki.Trust {
	m.Helper()
	list, err := m.csca.IssueRevocationList(rand.Reader, pki.RevocationList{}, []pki.Revocation{{Serial: c.Serial, At: day}}, day, day.AddDate(0, 0, 80))
	m.must(err)
	return pki.Trust{Anchors: m.trust.Anchors, Lists: []pki.RevocationList{list}}
}

// In every kind of key that a token has, and whoever of the authority signed the order: the proof is made, and is for that
// signer's orders alone.
func TestProduction(t *testing.T) {
	m := newMint(t)
	for _, kind := range []string{"EC:prime256v1", "EC:brainpoolP384r1", "rsa:3072"} {
		key := m.onToken(kind)
		holder := m.signer(m.csca, key)
		before := m.signer(m.csca, m.inMemory())
		for _, signed := range []pki.Certificate{holder, before} {
			p, err := pki.ProveProduction(signed, holder, key, m.trust, day.Add(time.Hour), rand.Reader)
			if err != nil || !p.Proven() || !p.For(signed) || p.For(m.signer(m.csca, m.inMemory())) || p.For(pki.Certificate{}) {
				t.Errorf("%s: %v, %v", kind, p, err)
			}
			if text := p.String(); !strings.Contains(text, "2026-03-01 09:30:15: signed by CN=Document Signer,O=Trial,C=VN") {
				t.Error(text)
			}
		}
	}
}

// An authority that was renewed under a new name is the same one: a link says so.
func TestProductionAfterARenewal(t *testing.T) {
	m := newMint(t)
	later := day.AddDate(4, 0, 0)
	renewed, link, err := m.csca.Renew(rand.Reader, identity("Trial CSCA 2", false), pki.Validity{From: later, KeyUntil: later.AddDate(5, 0, 0), Until: later.AddDate(16, 0, 0)}, m.inMemory())
	m.must(err)
	key := m.onToken("EC:prime256v1")
	signed, holder := m.signer(m.csca, m.inMemory()), m.signer(renewed, key)
	anchors := []pki.Certificate{m.csca.Certificate, renewed.Certificate}
	for name, trust := range map[string]pki.Trust{
		"both anchors": {Anchors: anchors, Links: []pki.Certificate{link}}, "the old one": {Anchors: anchors[:1], Links: []pki.Certificate{link}},
	} {
		if p, err := pki.ProveProduction(signed, holder, key, trust, later.Add(time.Hour), rand.Reader); err != nil || !p.For(signed) || p.For(holder) {
			t.Errorf("%s: %v, %v", name, p, err)
		}
	}
	if _, err := pki.ProveProduction(signed, holder, key, pki.Trust{Anchors: anchors}, later.Add(time.Hour), rand.Reader); !errors.Is(err, pki.ErrOtherAuthority) {
		t.Errorf("without the link: %v", err)
	}
}

// pretender is a stranger's signer that shows a real key in a token and signs with its own.
type pretender struct {
	*pkcs11.Key
	own crypto.Signer
}

func (p pretender) Public() crypto.PublicKey { return p.own.Public() }

func (p pretender) Sign(r io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return p.own.Sign(r, digest, opts)
}

// stranger has the method by another type.
type stranger struct{ crypto.Signer }

func (s stranger) InToken() crypto.Signer { return s.Signer }

// imitation has the method by the very type, which it cannot name and can infer: only from a real key.
type imitation[T any] struct {
	crypto.Signer
	shown T
}

func (i imitation[T]) InToken() T { return i.shown }

func imitate[T any](own crypto.Signer, shown T) crypto.Signer { return imitation[T]{own, shown} }

func TestNoProduction(t *testing.T) {
	m := newMint(t)
	key, file := m.onToken("EC:prime256v1"), m.inMemory()
	holder, plain := m.signer(m.csca, key), m.signer(m.csca, file)
	specimen, other := m.authority("SPECIMEN CSCA", true), m.authority("Other CSCA", false)
	trials, others := m.signer(specimen, m.inMemory()), m.signer(other, m.inMemory())
	at := day.Add(time.Hour)
	trust := pki.Trust{Anchors: []pki.Certificate{m.csca.Certificate, specimen.Certificate, other.Certificate}}
	for name, test := range map[string]struct {
		signed, holder pki.Certificate
		key            crypto.Signer
		trust          pki.Trust
		at             time.Time
		want           error
	}{
		"a specimen signed":           {trials, holder, key, trust, at, pki.ErrSpecimen},
		"a specimen's key":            {holder, m.signer(specimen, key), key, trust, at, pki.ErrSpecimen},
		"a key in a file":             {holder, plain, file, trust, at, pki.ErrNotInToken},
		"no key":                      {holder, holder, nil, trust, at, pki.ErrNotInToken},
		"a key that was not opened":   {holder, holder, &pkcs11.Key{}, trust, at, pki.ErrNotInToken},
		"a nil key":                   {holder, holder, (*pkcs11.Key)(nil), trust, at, pki.ErrNotInToken},
		"another key of the token":    {holder, holder, m.onToken("EC:prime256v1"), trust, at, pki.ErrOtherKey},
		"a pretender":                 {holder, plain, pretender{key, file}, trust, at, pki.ErrOtherKey},
		"a stranger's word":           {holder, plain, stranger{file}, trust, at, pki.ErrNotInToken},
		"an imitation":                {holder, plain, imitate(file, key.InToken()), trust, at, pki.ErrOtherKey},
		"an empty imitation":          {holder, plain, imitate(file, (&pkcs11.Key{}).InToken()), trust, at, pki.ErrNotInToken},
		"nobody signed":               {pki.Certificate{}, holder, key, trust, at, pki.ErrNotSigner},
		"no certificate of the key":   {holder, pki.Certificate{}, key, trust, at, pki.ErrNotSigner},
		"an authority signed":         {m.csca.Certificate, holder, key, trust, at, pki.ErrNotSigner},
		"nobody is trusted":           {holder, holder, key, pki.Trust{}, at, pki.ErrNoAnchor},
		"who signed is not trusted":   {others, holder, key, m.trust, at, pki.ErrNoAnchor},
		"another authority signed":    {others, holder, key, trust, at, pki.ErrOtherAuthority},
		"who signed was revoked":      {plain, holder, key, m.revokes(plain), at, pki.ErrRevoked},
		"whose key was revoked":       {plain, holder, key, m.revokes(holder), at, pki.ErrRevoked},
		"too early":                   {holder, holder, key, trust, day.Add(-time.Hour), pki.ErrNotYetValid},
		"the key's time is over":      {holder, holder, key, trust, day.AddDate(0, 4, 0), pki.ErrKeyPeriod},
		"the certificate has expired": {holder, holder, key, trust, day.AddDate(11, 0, 0), pki.ErrExpired},
	} {
		p, err := pki.ProveProduction(test.signed, test.holder, test.key, test.trust, test.at, rand.Reader)
		if !errors.Is(err, test.want) || p != unproven || p.Proven() {
			t.Errorf("%s: %v, %v; want %v", name, p, err, test.want)
		}
	}
	if p, err := pki.ProveProduction(holder, holder, pretender{key, file}, trust, at, rand.Reader); err != nil || !p.For(holder) {
		t.Errorf("around the right key anything may be: %v", err)
	}
	if _, err := pki.ProveProduction(holder, holder, key, trust, at, strings.NewReader("short")); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("no challenge: %v", err)
	}
}

// A token that was pulled out while its key was open answers nothing more.
func TestNoProductionWithoutTheToken(t *testing.T) {
	m := newMint(t)
	key := m.onToken("EC:prime256v1")
	holder := m.signer(m.csca, key)
	prove := func() (pki.Production, error) {
		return pki.ProveProduction(holder, holder, key, m.trust, day.Add(time.Hour), rand.Reader)
	}
	if _, err := prove(); err != nil {
		t.Fatal(err)
	}
	m.must(os.Rename(m.folder+"/tokens", m.folder+"/away"))
	m.must(os.Mkdir(m.folder+"/tokens", 0o700))
	if p, err := prove(); !errors.Is(err, pki.ErrNoAnswer) || p.Proven() {
		t.Errorf("without the token: %v, %v", p, err)
	}
	key.Close()
	if _, err := prove(); !errors.Is(err, pki.ErrNoAnswer) || !errors.Is(err, pkcs11.ErrClosed) {
		t.Errorf("a key that was closed: %v", err)
	}
}

func TestTheZeroValueProvesNothing(t *testing.T) {
	if unproven.Proven() || unproven.For(pki.Certificate{}) || !strings.HasPrefix(unproven.String(), "no proof") {
		t.Error(unproven)
	}
}
