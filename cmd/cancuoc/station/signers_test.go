package station

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/register"
	"github.com/cancuoc/cancuoc/card/specimen"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/authority"
	"github.com/cancuoc/cancuoc/simulator"
)

// orders registers so many citizens, with cards that are made fast.
func (b *bench) orders(r *register.Register, n int) []int64 {
	b.t.Helper()
	raw, err := specimen.Record("dang-dinh-mau")
	if err != nil {
		b.t.Fatal(err)
	}
	var ids []int64
	for i := range n {
		doc, err := card.ParseRecord(raw)
		if err != nil {
			b.t.Fatal(err)
		}
		doc.PersonalNumber, doc.Fingerprints = fmt.Sprintf("0002000%05d", 100+i), nil
		doc.Profile = "icao-td1"
		doc = doc.Complete()
		record, err := json.Marshal(doc)
		if err != nil {
			b.t.Fatal(err)
		}
		o, _, err := r.Add(b.t.Context(), register.Order{Number: doc.PersonalNumber, Form: doc.Form, Profile: doc.Profile,
			DateOfIssue: doc.DateOfIssue, DateOfExpiry: doc.DateOfExpiry, Record: record,
			Chip: b.face(), Face: b.face()}, time.Now())
		if err != nil {
			b.t.Fatal(err)
		}
		ids = append(ids, o.ID)
	}
	return ids
}

// fresh gives a blank card for each order.
func (b *bench) fresh() (Card, error) {
	blank, err := simulator.Blank(rand.Reader)
	if err != nil {
		return nil, err
	}
	return simulator.NewCard(blank, rand.Reader, func(simulator.State) error { return nil }), nil
}

func (b *bench) authority() *authority.Authority {
	b.t.Helper()
	a, err := authority.Open(filepath.Join(b.folder, "authority"), authority.Keys{})
	if err != nil {
		b.t.Fatal(err)
	}
	return a
}

func (b *bench) rotate() {
	b.t.Helper()
	if _, err := b.authority().IssueSigner(authority.Issue{Purpose: pki.ForDocuments}, time.Now()); err != nil {
		b.t.Fatal(err)
	}
}

// signedBy gives the line of history that tells of an order's signature.
func (b *bench) signedBy(r *register.Register, id int64) register.Event {
	b.t.Helper()
	history, err := r.History(b.t.Context(), id)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, e := range history {
		if e.To == register.Signed && e.From == register.Checked {
			return e
		}
	}
	b.t.Fatalf("order %d was never signed", id)
	return register.Event{}
}

// While a batch runs the next document signer is issued, then the authority itself is renewed under a new name. No card is
// lost: each is issued, by the signer in force when it was signed, and each use of a key is one line of its history.
func TestRotationWhileABatchRuns(t *testing.T) {
	b := newBench(t)
	d := b.desk()
	defer d.Register.Close()
	ids := b.orders(d.Register, 6)
	d.Begin = func(id int64, name string) {
		switch {
		case id == ids[2] && name == "sign":
			b.rotate()
		case id == ids[3] && name == "personalise":
			b.rotate() // signed by the second, and finished under the third
		case id == ids[4] && name == "check":
			nist, err := pki.ProfileByName("nist")
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := b.authority().Renew(authority.Next{Name: "SPECIMEN CSCA 2", Profile: &nist}, time.Now()); err != nil {
				t.Fatal(err)
			}
			b.rotate()
		}
	}
	for _, id := range ids {
		if o, err := d.Issue(t.Context(), id, b.fresh); err != nil || o.State != register.Issued {
			t.Fatalf("order %d: %s, %v", id, o.State, err)
		}
	}
	keys := map[string]int{}
	for i, want := range []string{"Signer 1", "Signer 1", "Signer 2", "Signer 2", "Signer 4", "Signer 4"} {
		line := b.signedBy(d.Register, ids[i])
		if !strings.Contains(line.Detail, "SPECIMEN Document "+want) || line.KeyUse.Number != int64(keys[line.KeyUse.Key]+1) {
			t.Errorf("order %d: %s, use %+v; want %s", ids[i], line.Detail, line.KeyUse, want)
		}
		keys[line.KeyUse.Key]++
	}
	if uses, err := d.Register.KeyUses(t.Context()); err != nil || len(uses) != 3 || len(keys) != 3 {
		t.Errorf("uses %v, %v", uses, err)
	}
}

// A key signs as often as it may and not once more; what fails after a use was counted does not give it back. With the next
// signer the station goes on.
func TestNoKeySignsBeyondItsLimit(t *testing.T) {
	b := newBench(t)
	config := filepath.Join(b.folder, ConfigName)
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, []byte(strings.Replace(string(text), "key_limit = 100000", "key_limit = 2", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	d := b.desk()
	ids := b.orders(d.Register, 4)
	b.killWhileSigning(d, ids[0])
	d = b.desk()
	defer d.Register.Close()
	if _, err := d.Issue(t.Context(), ids[0], b.fresh); err != nil {
		t.Fatal(err)
	}
	if use := b.signedBy(d.Register, ids[0]).KeyUse.Number; use != 2 {
		t.Errorf("the card of the run that was killed is use %d", use)
	}
	_, err = d.Issue(t.Context(), ids[1], b.fresh)
	if !errors.Is(err, ErrAuthority) || !errors.Is(err, register.ErrKeyLimit) || !strings.Contains(err.Error(), "cancuoc pki ds rotate") {
		t.Fatalf("a third use: %v", err)
	}
	b.rotate()
	for _, id := range ids[1:3] {
		if _, err := d.Issue(t.Context(), id, b.fresh); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.Issue(t.Context(), ids[3], b.fresh); !errors.Is(err, register.ErrKeyLimit) {
		t.Fatalf("a third use of the second key: %v", err)
	}
}

// killWhileSigning kills the process after the use was counted and before the signature was kept.
func (b *bench) killWhileSigning(d *Desk, id int64) {
	defer d.Register.Close()
	defer func() {
		if r := recover(); r != (killed{}) {
			b.t.Fatalf("not killed: %v", r)
		}
	}()
	d.Rand = deadly{}
	_, err := d.Issue(b.t.Context(), id, b.fresh)
	b.t.Fatalf("survived: %v", err)
}

// deadly is a source of randomness at which the process dies: the chip's keys are drawn after the use was counted.
type deadly struct{}

func (deadly) Read([]byte) (int, error) { panic(killed{}) }

// A revoked signer signs nothing more, from the moment that its list lies in the trust folder.
func TestARevokedSignerSignsNothingMore(t *testing.T) {
	b := newBench(t)
	d := b.desk()
	defer d.Register.Close()
	ids := b.orders(d.Register, 2)
	if _, err := d.Issue(t.Context(), ids[0], b.fresh); err != nil {
		t.Fatal(err)
	}
	a := b.authority()
	signers, err := a.SignersOf(pki.ForDocuments)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := a.IssueList([]pki.Certificate{signers[0].Certificate}, time.Now(), 90); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Issue(t.Context(), ids[1], b.fresh); !errors.Is(err, pki.ErrRevoked) {
		t.Fatalf("signed by a revoked signer: %v", err)
	}
	b.rotate()
	if _, err := d.Issue(t.Context(), ids[1], b.fresh); err != nil {
		t.Fatal(err)
	}
}

// Stations made before there were folders of signers name one, and go on.
func TestAStationWithOneSigner(t *testing.T) {
	b := newBench(t)
	config := filepath.Join(b.folder, ConfigName)
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	one := strings.Replace(string(text), `signers = "authority/signers"`,
		"signer_certificate = \"authority/signers/ds-001.cer\"\nsigner_key = \"file:authority/signers/ds-001.key\"", 1)
	if err := os.WriteFile(config, []byte(one), 0o600); err != nil {
		t.Fatal(err)
	}
	d := b.desk()
	defer d.Register.Close()
	if _, err := d.Issue(t.Context(), b.orders(d.Register, 1)[0], b.fresh); err != nil {
		t.Fatal(err)
	}
	for what, line := range map[string]string{"neither": "", "both": "signers = \"x\"\nsigner_key = \"file:y\"", "half": `signer_key = "file:y"`,
		"hash": "signers = \"x\"\nsignature_hash = \"MD5\"\n#", "limit": "signers = \"x\"\nkey_limit = -1\n#"} {
		bad := strings.Replace(string(text), `signers = "authority/signers"`, line, 1)
		if what == "hash" || what == "limit" {
			bad = strings.Replace(strings.Replace(bad, "\nkey_limit = 100000", "", 1), "\nsignature_hash = \"SHA-256\"", "", 1)
		}
		if err := os.WriteFile(config, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadConfig(b.folder); err == nil || !strings.Contains(err.Error(), ConfigName) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
