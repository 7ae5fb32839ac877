package cvca

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/cancuoc/cancuoc/card/pki/cvc"
)

// request makes a request in a folder of its own that knows the CVCA only.
func (f *Folder) request(t *testing.T, mnemonic string) (*cvc.Request, *Folder, Plan) {
	t.Helper()
	root, err := os.ReadFile(f.path(present))
	if err != nil {
		t.Fatal(err)
	}
	path := t.TempDir()
	if err := os.WriteFile(filepath.Join(path, present), root, 0o600); err != nil {
		t.Fatal(err)
	}
	own := open(t, path)
	r, p := own.ask(t, mnemonic)
	return r, own, p
}

func (f *Folder) ask(t *testing.T, mnemonic string) (*cvc.Request, Plan) {
	t.Helper()
	p, err := f.PlanRequest(Order{Role: cvc.ForeignDV, Country: "DE", Mnemonic: mnemonic})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Request(p, cvc.ForeignDV); err != nil {
		t.Fatal(err)
	}
	r, err := ReadRequest(p.File)
	if err != nil {
		t.Fatal(err)
	}
	return r, p
}

// A document verifier elsewhere is certified, and certified anew by the signature of its key; its private key stays.
func TestRequests(t *testing.T) {
	f := newFolder(t)
	r, own, p := f.request(t, "GATE")
	if r.Holder != "DESPECGATEVN001" || r.Authority != "VNSPECCVCAVN001" || r.Voucher != "" {
		t.Fatalf("%+v", r)
	}
	made := f.issue(t, Order{Role: cvc.ForeignDV, Request: r, Rights: cvc.ReadDG3})
	if made.Key != "" || made.File != filepath.Join(issuedFolder, "DESPECGATEVN001.cvcert") || made.Authorization.Role() != cvc.ForeignDV {
		t.Fatalf("%+v", made)
	}
	if err := own.copy(filepath.Join("..", filepath.Base(own.Path), "cvca.cvcert"), "x"); err != nil {
		t.Fatal(err)
	}
	b, err := made.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := writeNew(own.path(p.stem+ending), b); err != nil {
		t.Fatal(err)
	}
	own = open(t, own.Path)
	own.issue(t, Order{Role: cvc.Terminal, Mnemonic: "IS"})
	root, err := f.CVCA()
	if err != nil {
		t.Fatal(err)
	}
	if rights, _ := own.letIn(t, root.Certificate); rights != cvc.ReadDG3 {
		t.Errorf("the foreign inspection system may %v", rights)
	}
	next, _ := own.ask(t, "GATE")
	if next.Holder != "DESPECGATEVN002" || next.Voucher != "DESPECGATEVN001" {
		t.Fatalf("%+v", next)
	}
	if v, ok := f.Verifier(); !ok || v.Holder != "VNSPECDVVN001" {
		t.Errorf("a certificate of others is taken for our document verifier: %s", v.Holder)
	}
	f.issue(t, Order{Role: cvc.ForeignDV, Request: next})
	if _, err := f.Plan(Order{Role: cvc.ForeignDV, Request: next}, now()); err == nil {
		t.Error("the same request once more")
	}
}

// Who has a certificate signs the next request with its key (Doc 9303-12, section 8.1.1.5).
func TestRequestsThatNobodyVouchesFor(t *testing.T) {
	f := newFolder(t)
	first, own, _ := f.request(t, "GATE")
	f.issue(t, Order{Role: cvc.ForeignDV, Request: first})
	bare, _, _ := f.request(t, "GATE")
	bare.Holder = "DESPECGATEVN002"
	key, err := cvc.GenerateEC(cvc.ECDSASHA256, 13, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	renewal := func() *cvc.Request {
		r, err := cvc.NewRequest("VNSPECCVCAVN001", "DESPECGATEVN002", key, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	vouched := func(by string, signer cvc.Signer) *cvc.Request {
		r := renewal()
		if err := r.Vouch(by, signer, rand.Reader); err != nil {
			t.Fatal(err)
		}
		return r
	}
	own.keys.Folder = own.Path
	real, err := own.keys.Open("file:document-verifier-VN001.key")
	if err != nil {
		t.Fatal(err)
	}
	good, err := cvc.SignerOf(real, cvc.ECDSASHA256)
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]*cvc.Request{"without a signature": renewal(), "with its new key": vouched("DESPECGATEVN001", key),
		"by one who is not known": vouched("DESPECGATEVN009", key), "by another": vouched("VNSPECDVVN001", key), "by the CVCA": vouched("VNSPECCVCAVN001", key)} {
		if _, err := f.Plan(Order{Role: cvc.ForeignDV, Request: r}, now()); !errors.Is(err, ErrVoucher) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := f.Plan(Order{Role: cvc.ForeignDV, Request: vouched("DESPECGATEVN001", good)}, now()); err != nil {
		t.Errorf("with its present key: %v", err)
	}
	late := now().AddDays(95)
	if _, err := f.Plan(Order{Role: cvc.ForeignDV, Request: vouched("DESPECGATEVN001", good)}, late); !errors.Is(err, ErrVoucher) {
		t.Errorf("with a key whose certificate has expired: %v", err)
	}
}

// A key of another kind is not certified, and a name cannot lead out of the folder.
func TestRequestsOfStrangers(t *testing.T) {
	f := newFolder(t)
	for holder, kind := range map[string]int{"DESPECXVN001": 12, "DESPEC/../VN001": 13} {
		key, err := cvc.GenerateEC(cvc.ECDSASHA256, kind, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		r, err := cvc.NewRequest("VNSPECCVCAVN001", holder, key, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		p, err := f.Plan(Order{Role: cvc.ForeignDV, Request: r}, now())
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Dir(p.File) != f.path(issuedFolder) {
			t.Errorf("%q would be written to %s", holder, p.File)
		}
		if _, err := f.Make(p); (err == nil) != (kind == 13) || err != nil && !errors.Is(err, cvc.ErrOtherKind) {
			t.Errorf("%s: %v", holder, err)
		}
	}
}
