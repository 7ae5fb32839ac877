package station

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/register"
	"github.com/cancuoc/cancuoc/card/specimen"
)

// paper registers the specimen who has a certificate.
func (b *bench) paper(r *register.Register) int64 {
	b.t.Helper()
	raw, err := specimen.Record("tran-mau-an")
	if err != nil {
		b.t.Fatal(err)
	}
	doc, err := card.ParseRecord(raw)
	if err != nil {
		b.t.Fatal(err)
	}
	doc.Fingerprints, doc.Residence = nil, strings.Repeat("Mẫu ", 30)+"Mẫu" // longer than a text of EF.DG11
	doc = doc.Complete()
	record, err := json.Marshal(doc)
	if err != nil {
		b.t.Fatal(err)
	}
	o, _, err := r.Add(b.t.Context(), register.Order{Number: doc.PersonalNumber, Form: doc.Form, DateOfIssue: doc.DateOfIssue,
		DateOfExpiry: doc.DateOfExpiry, Record: record, Face: b.face()}, time.Now())
	if err != nil {
		b.t.Fatal(err)
	}
	return o.ID
}

// noCard stands where a card would be.
func (b *bench) noCard() (Card, error) {
	b.t.Error("a card was asked for, and there is a certificate on paper")
	return nil, errors.New("no card")
}

// signedOnPaper has an officer check a certificate and the station sign it: it waits for its faces then.
func (b *bench) signedOnPaper(d *Desk) int64 {
	b.t.Helper()
	id := b.paper(d.Register)
	err := d.Register.Advance(b.t.Context(), id, register.Step{From: register.Ordered, To: register.Checked, Actor: "officer", At: time.Now()})
	if err != nil {
		b.t.Fatal(err)
	}
	printFolder := d.PrintFolder
	defer func() { d.PrintFolder = printFolder }()
	d.PrintFolder = filepath.Join(b.folder, ConfigName) // no folder: printing fails
	_, err = d.Issue(b.t.Context(), id, b.noCard)
	if o, e := d.Register.Order(b.t.Context(), id); e != nil || err == nil || o.State != register.Signed || o.ChipID != "" {
		b.t.Fatalf("%s: %v, %v", o.State, err, e)
	}
	return id
}

// The office's signature on the record is a use of the key like any other, and says whether a specimen's.
func TestACertificateIsSigned(t *testing.T) {
	b := newBench(t)
	d := b.desk()
	defer d.Register.Close()
	id := b.signedOnPaper(d)
	line := b.signedBy(d.Register, id)
	if line.KeyUse.Number != 1 || !strings.Contains(line.Detail, "the record in 4 files, no chip, by CN=SPECIMEN Document Signer 1") || !strings.Contains(line.Detail, "use 1 of its key") {
		t.Errorf("%+v", line)
	}
	order, err := d.Register.Order(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := card.ParseRecord(order.Record)
	if err != nil {
		t.Fatal(err)
	}
	j := &job{Desk: d, order: order, doc: doc}
	if signed, err := j.signedBy(t.Context()); err != nil || !signed.Specimen() {
		t.Errorf("%v, %v", signed.Subject, err)
	}
	data, err := j.production(t.Context())
	if err != nil || !reflect.DeepEqual(data.Secrets, perso.Secrets{}) {
		t.Errorf("secrets of no chip: %v", err)
	}
	j.order.Record = append(j.order.Record, ' ')
	if _, err := j.signedBy(t.Context()); !errors.Is(err, ErrSignature) {
		t.Errorf("another record: %v", err)
	}
	if _, err := d.Production(t.Context(), id); !errors.Is(err, pki.ErrSpecimen) {
		t.Errorf("a specimen's for real: %v", err)
	}
}

// From order to issue there is no chip: four steps, no card asked for, and nothing of the signed record left at the end.
func TestACertificateIsIssued(t *testing.T) {
	b := newBench(t)
	d := b.desk()
	defer d.Register.Close()
	id := b.paper(d.Register)
	order, err := d.Register.Order(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := d.Plan(order); err != nil || len(data.Files) != 4 {
		t.Errorf("a plan of %d files, %v", len(data.Files), err)
	}
	var steps []string
	d.Done = func(_ int64, s Step) { steps = append(steps, s.Name) }
	o, err := d.Issue(t.Context(), id, b.noCard)
	if err != nil || o.State != register.Issued || !slices.Equal(steps, []string{"check", "sign", "print", "record"}) {
		t.Fatalf("%s after %v, %v", o.State, steps, err)
	}
	if o, err := d.Register.Order(t.Context(), id); err != nil || o.Card != register.CardActive || o.ChipID != "" {
		t.Errorf("%+v, %v", o, err)
	}
	if _, err := d.Register.Production(t.Context(), id); !errors.Is(err, register.ErrNotFound) {
		t.Errorf("the signed record outlives the issue: %v", err)
	}
	if _, err := os.Stat(filepath.Join(d.PrintFolder, PrintName(id))); err != nil {
		t.Error(err)
	}
}

// The process is killed at the beginning of every step of a certificate, and finishes it when run again.
func TestACertificateIsResumed(t *testing.T) {
	for _, s := range paperStages() {
		b := newBench(t)
		d := b.desk()
		id := b.paper(d.Register)
		d.Begin = func(_ int64, name string) {
			if name == s.name {
				panic(killed{})
			}
		}
		if b.live(d, id, -1, false) {
			t.Fatalf("no step %s", s.name)
		}
		b.mustFinish(id, 0)
	}
}

// Each kind of document has a way from order to issue that the register takes, with no state twice.
func TestStagesMeet(t *testing.T) {
	for _, table := range [][]stage{stages(), paperStages()} {
		if table[0].from != register.Ordered || table[len(table)-1].to != register.Issued {
			t.Errorf("from %s to %s", table[0].from, table[len(table)-1].to)
		}
		for i, s := range table[1:] {
			if s.from != table[i].to {
				t.Errorf("after %s comes %s", table[i].name, s.name)
			}
		}
	}
	if _, more := stageFrom(card.Document{Form: "certificate-2024"}, register.Verified); more {
		t.Error("a certificate that is verified goes on")
	}
}

func TestValidityOfCertificatesIsASetting(t *testing.T) {
	b := newBench(t)
	c, err := LoadConfig(b.folder)
	if err != nil || c.Certificate.Years != 1 {
		t.Fatalf("%d, %v", c.Certificate.Years, err)
	}
	path := filepath.Join(b.folder, ConfigName)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line, good := range map[string]bool{"years = 2": true, "": true, "years = 0": true, "years = -1": false, "years = 99": false, `years = "1"`: false} {
		if err := os.WriteFile(path, []byte(strings.Replace(string(text), "years = 1", line, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadConfig(b.folder); (err == nil) != good || err != nil && !strings.Contains(err.Error(), ConfigName) {
			t.Errorf("%q: %v", line, err)
		}
	}
}

// unsigned changes one byte of what was signed for an order.
func unsigned(t *testing.T, d *Desk, id int64, from register.State, name string) {
	t.Helper()
	stored, err := d.Register.Production(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var data perso.Data
	if err := json.Unmarshal(stored, &data); err != nil {
		t.Fatal(err)
	}
	for _, f := range data.Files {
		if f.Name() == name {
			f.Content[len(f.Content)-1] ^= 1
		}
	}
	if stored, err = json.Marshal(data); err != nil {
		t.Fatal(err)
	}
	exchange(t, d, id, from, stored)
}

// exchange puts other production data into the register, by way of an order that is held.
func exchange(t *testing.T, d *Desk, id int64, from register.State, stored []byte) {
	t.Helper()
	for _, s := range []register.Step{{From: from, To: register.Held, Detail: "a trial", Data: stored}, {From: register.Held, To: from}} {
		s.Actor, s.At = "bench", time.Now()
		if err := d.Register.Advance(t.Context(), id, s); err != nil {
			t.Fatal(err)
		}
	}
}
