package station

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/eac"
	"github.com/cancuoc/cancuoc/card/pki/cvc"
	"github.com/cancuoc/cancuoc/card/register"
)

// A chip whose fingerprints the station cannot read back is not issued, and not wasted.
func TestFingerprintsMustBeReadBack(t *testing.T) {
	b := newBench(t)
	d := b.desk()
	defer d.Register.Close()
	id := b.order(d.Register).ID
	d.Begin = func(_ int64, name string) {
		if name == "verify" {
			b.chip.CurrentDate = "2099-01-01" // it takes the inspection system for one that has expired
		}
	}
	if _, err := d.Issue(t.Context(), id, func() (Card, error) { return &fresh{b: b}, nil }); !errors.Is(err, ErrNotProven) || !strings.Contains(err.Error(), "EF.DG3") {
		t.Fatalf("fingerprints that nobody has compared: %v", err)
	}
	if o, err := d.Register.Order(t.Context(), id); err != nil || o.State != register.Personalised {
		t.Fatalf("the order is %s, %v", o.State, err)
	}
	d.Begin = nil
	b.chip.CurrentDate = date.Of(time.Now()).String()
	if o, err := d.Issue(t.Context(), id, func() (Card, error) { return &fresh{b: b}, nil }); err != nil || o.State != register.Issued {
		t.Fatalf("with a chip that lets us in: %s, %v", o.State, err)
	}
}

// Before a chip is spent the station makes sure that it could read fingerprints back.
func TestExpiredInspectionSystem(t *testing.T) {
	b := newBench(t)
	d := b.desk()
	defer d.Register.Close()
	id := b.order(d.Register).ID
	old, err := cvc.NewSpecimen(rand.Reader, date.Of(time.Now()).AddDays(-200))
	if err != nil {
		t.Fatal(err)
	}
	d.CVCA = []*cvc.Certificate{old.CVCA.Certificate}
	d.Terminal = &eac.Credentials{Certificates: []*cvc.Certificate{old.Verifier.Certificate, old.Terminal.Certificate}, Holder: old.Terminal.Holder, Key: old.Terminal.Key}
	if _, err := d.Issue(t.Context(), id, nil); !errors.Is(err, ErrAuthority) || !strings.Contains(err.Error(), "expired") || !strings.Contains(err.Error(), "cancuoc pki is renew") {
		t.Fatalf("an expired inspection system: %v", err)
	}
	d.Terminal.Certificates = d.Terminal.Certificates[1:]
	if _, err := d.Issue(t.Context(), id, nil); !errors.Is(err, ErrAuthority) || !errors.Is(err, cvc.ErrNoChain) {
		t.Fatalf("one without a chain: %v", err)
	}
}

// An order that an earlier version took in has a record that names fingerprints, and none in the register.
func TestFingerprintsThatTheRegisterDoesNotHold(t *testing.T) {
	b := newBench(t)
	d := b.desk()
	defer d.Register.Close()
	o := b.order(d.Register)
	if err := d.Register.Cancel(t.Context(), o.ID, "trial", "bench", time.Now()); err != nil {
		t.Fatal(err)
	}
	o.ID, o.Fingerprints = 0, nil
	again, _, err := d.Register.Add(t.Context(), o, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Issue(t.Context(), again.ID, nil); !errors.Is(err, ErrNoFingerprints) {
		t.Fatalf("issued without its fingerprints: %v", err)
	}
}

// EF.CVCA changes when a chip is shown a link certificate; the authority that was written must still be in it.
func TestWhatEFCVCAMayBecome(t *testing.T) {
	file := func(references ...string) []byte {
		b, err := cvc.EncodeFile(references)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	before := file("VNSPECCVCA00001")
	for name, c := range map[string]struct {
		now  []byte
		good bool
	}{
		"the same": {before, true}, "a successor beside it": {file("VNSPECCVCA00002", "VNSPECCVCA00001"), true},
		"another": {file("VNSPECCVCA00002"), false}, "nothing": {nil, false},
	} {
		if succeeds(c.now, before) != c.good {
			t.Errorf("%s: %v", name, !c.good)
		}
	}
}
