package cvca

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/pki/cvc"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/authority"
)

func now() date.Date { return date.Of(time.Now().UTC()) }

const both = cvc.ReadDG3 | cvc.ReadDG4

// newFolder makes a specimen CVCA with a document verifier and an inspection system.
func newFolder(t *testing.T) *Folder {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cvca")
	p, err := PlanInit(path, Root{Country: "VN", Mnemonic: "CVCA", Kind: "brainpoolP256r1", Years: 3, Rights: both, Specimen: true}, now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Init(path, p, authority.Keys{}); err != nil {
		t.Fatal(err)
	}
	f := open(t, path)
	f.issue(t, Order{Role: cvc.DomesticDV, Mnemonic: "DV"})
	f.issue(t, Order{Role: cvc.Terminal, Mnemonic: "IS"})
	return f
}

func open(t *testing.T, path string) *Folder {
	t.Helper()
	f, err := Open(path, authority.Keys{})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *Folder) issue(t *testing.T, o Order) Entry {
	t.Helper()
	p, err := f.Plan(o, now())
	if err != nil {
		t.Fatal(err)
	}
	e, err := f.Make(p)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (f *Folder) renew(t *testing.T, o Order) []Plan {
	t.Helper()
	plans, err := f.PlanRenewal(o, now())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range plans {
		if _, err := f.Make(p); err != nil {
			t.Fatal(err)
		}
	}
	return plans
}

func (f *Folder) renewRoot(t *testing.T, r Root) (root, link Entry) {
	t.Helper()
	r.Years = 3
	p, err := f.PlanRoot(r, now())
	if err != nil {
		t.Fatal(err)
	}
	root, link, err = f.Renew(p)
	if err != nil {
		t.Fatal(err)
	}
	return root, link
}

// letIn has a chip that trusts a CVCA take the present inspection system, by the shortest chain, and gives its rights.
func (f *Folder) letIn(t *testing.T, trusted *cvc.Certificate) (cvc.Rights, []string) {
	t.Helper()
	point, err := cvc.Root(trusted)
	if err != nil {
		t.Fatal(err)
	}
	var all []*cvc.Certificate
	for _, e := range f.Certificates {
		all = append(all, e.Certificate)
	}
	is, _ := f.Terminal()
	chain, err := cvc.Chain(all, []string{point.Holder}, is.Holder)
	if err != nil {
		t.Fatal(err)
	}
	chip := &cvc.Trust{Points: []cvc.TrustPoint{point}, Date: now()}
	var names []string
	for _, c := range chain {
		if point, err = chip.Import(c, point); err != nil {
			t.Fatal(c.Holder, err)
		}
		names = append(names, c.Holder)
	}
	return point.Authorization.Rights(), names
}

// What a CVCA's renewal is for: chips of before and after let the new inspection system in.
func TestRenewals(t *testing.T) {
	for _, kind := range []string{"", "P-384", "RSA-3072"} {
		f := newFolder(t)
		first, err := f.CVCA()
		if err != nil {
			t.Fatal(err)
		}
		root, link := f.renewRoot(t, Root{Kind: kind})
		if root.Holder != "VNSPECCVCAVN002" || link.Authority != first.Holder || link.Holder != root.Holder || link.PublicKey.Kind() != root.PublicKey.Kind() {
			t.Fatalf("%+v, %+v", root.Certificate, link.Certificate)
		}
		plans := f.renew(t, Order{Role: cvc.Terminal})
		if len(plans) != 2 || plans[0].Holder != "VNSPECDVVN002" || plans[1].Holder != "VNSPECISVN002" {
			t.Fatalf("%+v", plans)
		}
		for trusted, want := range map[*cvc.Certificate][]string{
			first.Certificate: {"VNSPECCVCAVN002", "VNSPECDVVN002", "VNSPECISVN002"}, root.Certificate: {"VNSPECDVVN002", "VNSPECISVN002"},
		} {
			if rights, names := f.letIn(t, trusted); rights != both || !slices.Equal(names, want) {
				t.Errorf("%s: %v, %v", kind, rights, names)
			}
		}
		if plans := f.renew(t, Order{Role: cvc.Terminal}); len(plans) != 1 || plans[0].Holder != "VNSPECISVN003" {
			t.Errorf("a document verifier that is long enough good is renewed: %+v", plans)
		}
	}
}

// An inspection system that is to outlive its document verifier renews that too.
func TestVerifierThatEndsTooEarly(t *testing.T) {
	f := newFolder(t)
	f.renew(t, Order{Role: cvc.DomesticDV, Days: 14})
	plans := f.renew(t, Order{Role: cvc.Terminal, Days: 60})
	if len(plans) != 2 || plans[1].Authority != "VNSPECDVVN003" || plans[1].Until != now().AddDays(60) {
		t.Fatalf("%+v", plans)
	}
}

// Whoever is killed in a renewal runs it again; before the switch the present key is in force, and the key that was drawn
// is used.
func TestInterruptedRenewal(t *testing.T) {
	f := newFolder(t)
	before, err := f.CVCA()
	if err != nil {
		t.Fatal(err)
	}
	p, err := f.PlanRoot(Root{Years: 3}, now())
	if err != nil {
		t.Fatal(err)
	}
	half := open(t, f.Path)
	key, public, err := half.drawRoot(p)
	if err != nil {
		t.Fatal(err)
	}
	p.template.PublicKey = public
	if err := half.putCertificate("root", p.stem, p.template, key); err != nil {
		t.Fatal(err)
	}
	f = open(t, f.Path)
	if still, err := f.CVCA(); err != nil || still.Holder != before.Holder {
		t.Fatalf("%v, %v", still, err)
	}
	root, _ := f.renewRoot(t, Root{})
	if root.Holder != p.Holder || !root.Holds(key) {
		t.Errorf("%s, with another key", root.Holder)
	}
}

// The folder of a station that was made by NewSpecimen has files without numbers: it is renewed as it is, and at every moment
// the key that station.toml names has a certificate.
func TestStationOfBefore(t *testing.T) {
	path := t.TempDir()
	specimen, err := cvc.NewSpecimen(rand.Reader, now().AddDays(-80))
	if err != nil {
		t.Fatal(err)
	}
	for name, issued := range map[string]cvc.Issued{"cvca": specimen.CVCA, "document-verifier": specimen.Verifier, "inspection-system": specimen.Terminal} {
		certificate, _ := issued.Encode()
		key, _ := issued.Key.Encode()
		if err := os.WriteFile(filepath.Join(path, name+ending), certificate, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := pki.WriteKeyInfo(filepath.Join(path, name+".key"), key, nil); err != nil {
			t.Fatal(err)
		}
	}
	f := open(t, path)
	oldKey, _ := os.ReadFile(f.path("inspection-system.key"))
	plans := f.renew(t, Order{Role: cvc.Terminal})
	if len(plans) != 2 || plans[0].Holder != "VNSPECDV00002" || plans[1].Holder != "VNSPECIS00002" || plans[1].Until != now().AddDays(91) {
		t.Fatalf("%+v", plans)
	}
	present, _ := os.ReadFile(f.path("inspection-system.key"))
	numbered, _ := os.ReadFile(f.path("inspection-system-00002.key"))
	aside, _ := os.ReadFile(f.path("inspection-system-00001.key"))
	if !bytes.Equal(present, numbered) || !bytes.Equal(aside, oldKey) || bytes.Equal(present, oldKey) {
		t.Error("the present key is not the new one, or that of before is lost")
	}
	root, _ := f.renewRoot(t, Root{})
	if root.Holder != "VNSPECCVCA00002" {
		t.Error(root.Holder)
	}
	for _, e := range f.Certificates {
		o, err := f.open(e)
		if err != nil {
			t.Errorf("%s: %v", e.File, err)
			continue
		}
		o.done()
	}
}

func TestOrdersThatAreRefused(t *testing.T) {
	f := newFolder(t)
	for name, test := range map[string]struct {
		o    Order
		want error
	}{
		"longer than the verifier": {Order{Role: cvc.Terminal, Mnemonic: "X", Days: 100}, ErrOutlives}, "another country's as a domestic one": {Order{Role: cvc.DomesticDV, Country: "DE", Mnemonic: "X"}, ErrCountry},
	} {
		if p, err := f.Plan(test.o, now()); !errors.Is(err, test.want) {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	if _, err := f.Plan(Order{Role: cvc.DomesticDV, Mnemonic: "DV"}, now().AddYears(4)); !errors.Is(err, ErrExpired) {
		t.Errorf("by a CVCA that has expired: %v", err)
	}
	f.renew(t, Order{Role: cvc.DomesticDV, Rights: cvc.ReadDG3})
	if _, err := f.Plan(Order{Role: cvc.Terminal, Mnemonic: "X", Rights: cvc.ReadDG4}, now()); !errors.Is(err, ErrRights) {
		t.Errorf("more than the verifier may: %v", err)
	}
}

// One that is no specimen has its keys encrypted, names nobody SPEC, and keeps to the periods.
func TestRealCVCA(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cvca")
	r := Root{Country: "VN", Mnemonic: "CVCA", Kind: "brainpoolP256r1", Years: 3, Rights: both}
	if _, err := PlanInit(path, Root{Country: "VN", Mnemonic: "SPECX", Kind: r.Kind, Years: 3}, now()); !errors.Is(err, ErrSpecimen) {
		t.Errorf("a real one named SPEC: %v", err)
	}
	p, err := PlanInit(path, r, now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Init(path, p, authority.Keys{}); !errors.Is(err, authority.ErrPlainKey) {
		t.Errorf("without a passphrase: %v", err)
	}
	keys := authority.Keys{Passphrase: []byte("a passphrase for trials")}
	if _, err := Init(path, p, keys); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path, keys)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []Order{{Role: cvc.DomesticDV, Mnemonic: "SPECDV"}} {
		if _, err := f.Plan(o, now()); !errors.Is(err, ErrSpecimen) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	if _, err := f.Plan(Order{Role: cvc.DomesticDV, Mnemonic: "DV", Days: 200}, now()); !errors.Is(err, cvc.ErrPeriod) {
		t.Errorf("200 days of a document verifier: %v", err)
	}
	if _, err := f.Plan(Order{Role: cvc.DomesticDV, Mnemonic: "DV"}, now().AddYears(3).AddDays(-10)); !errors.Is(err, cvc.ErrPeriod) || !strings.Contains(err.Error(), "renew that first") {
		t.Errorf("a document verifier for ten days, since the CVCA ends: %v", err)
	}
	e := f.issue(t, Order{Role: cvc.DomesticDV, Mnemonic: "DV"})
	if e.Expiration != cvc.PeriodOf(cvc.DomesticDV).Longest(now()) {
		t.Error(e.Expiration)
	}
	plain, err := pki.ReadKey(f.path("document-verifier-VN001.key"), keys.Passphrase)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(f.path("document-verifier-VN001.key")); err != nil {
		t.Fatal(err)
	}
	if err := pki.WriteKey(f.path("document-verifier-VN001.key"), plain, nil); err != nil {
		t.Fatal(err)
	}
	p, err = f.Plan(Order{Role: cvc.Terminal, Mnemonic: "IS"}, now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Make(p); !errors.Is(err, ErrPlainKey) {
		t.Errorf("a key file that somebody opened signs: %v", err)
	}
}

// A key beside a certificate that is not its own certifies nothing.
func TestAnotherKeyBesideTheCertificate(t *testing.T) {
	f := newFolder(t)
	if err := f.copy("document-verifier-VN001.key", "cvca-VN001.key"); err != nil {
		t.Fatal(err)
	}
	p, err := f.Plan(Order{Role: cvc.DomesticDV, Mnemonic: "DV"}, now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Make(p); !errors.Is(err, ErrOtherKey) {
		t.Error(err)
	}
	if _, err := os.Lstat(f.path("document-verifier-VN001" + ending)); err != nil {
		t.Error(err)
	}
}

// Certificates that are none, or that somebody put there, are named.
func TestBrokenFolders(t *testing.T) {
	f := newFolder(t)
	if err := os.WriteFile(f.path("x"+ending), bytes.Repeat([]byte{0x7F}, cvc.MaxSize+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(f.Path, authority.Keys{}); !errors.Is(err, cvc.ErrFormat) || !strings.Contains(err.Error(), "x.cvcert") {
		t.Error(err)
	}
	if _, err := Open(t.TempDir(), authority.Keys{}); !errors.Is(err, ErrNoFolder) {
		t.Error(err)
	}
}
