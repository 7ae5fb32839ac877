package station

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/card/register"
	"github.com/cancuoc/cancuoc/card/specimen"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/authority"
	"github.com/cancuoc/cancuoc/simulator"
)

// bench is a station in a folder, with one order of a specimen and one chip whose state outlives the process.
type bench struct {
	t      testing.TB
	folder string
	chip   simulator.State
	lives  int
}

func newBench(t testing.TB) *bench {
	t.Helper()
	b := &bench{t: t, folder: t.TempDir()}
	if err := Init(b.folder, Options{Name: "bench"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	var err error
	if b.chip, err = simulator.Blank(rand.Reader); err != nil {
		t.Fatal(err)
	}
	return b
}

// order registers a specimen whose card has every protocol, with keys that are made fast, and images that take few
// commands.
func (b *bench) order(r *register.Register) register.Order { return b.orderFor(r, "icao-td1") }

// orderFor does it for a profile of the record's own.
func (b *bench) orderFor(r *register.Register, profile string) register.Order {
	b.t.Helper()
	raw, err := specimen.Record("dang-dinh-mau")
	if err != nil {
		b.t.Fatal(err)
	}
	doc, err := card.ParseRecord(raw)
	if err != nil {
		b.t.Fatal(err)
	}
	doc.Profile = profile
	if profile != "icao-td1" {
		doc.Fingerprints = nil
	}
	doc = doc.Complete()
	face := b.face()
	fingerprints, err := lds.EncodeDG3(lds.DG3{Fingers: []lds.Finger{{Position: lds.RightIndex, Width: 4, Height: 4, Image: make([]byte, 16)}}})
	if err != nil {
		b.t.Fatal(err)
	}
	if doc.Fingerprints == nil {
		fingerprints = nil
	}
	record, err := json.Marshal(doc)
	if err != nil {
		b.t.Fatal(err)
	}
	o, _, err := r.Add(b.t.Context(), register.Order{Number: doc.PersonalNumber, Form: doc.Form, Profile: doc.Profile,
		DateOfIssue: doc.DateOfIssue, DateOfExpiry: doc.DateOfExpiry, Record: record,
		Chip: face, Face: face, Fingerprints: fingerprints}, time.Now())
	if err != nil {
		b.t.Fatal(err)
	}
	return o
}

// face is an image that takes few commands.
func (b *bench) face() []byte {
	var face bytes.Buffer
	if err := jpeg.Encode(&face, image.NewGray(image.Rect(0, 0, 30, 45)), nil); err != nil {
		b.t.Fatal(err)
	}
	return face.Bytes()
}

// desk is a new process at the station; every process before it is dead.
func (b *bench) desk() *Desk {
	b.t.Helper()
	config, err := LoadConfig(b.folder)
	if err != nil {
		b.t.Fatal(err)
	}
	signers, err := config.Signers(b.folder, authority.Keys{})
	if err != nil {
		b.t.Fatal(err)
	}
	cvca, err := config.CVCA(b.folder)
	if err != nil {
		b.t.Fatal(err)
	}
	terminal, err := config.Credentials(b.folder, authority.Keys{})
	if err != nil {
		b.t.Fatal(err)
	}
	chips, err := config.LoadChipKeys(b.folder, authority.Keys{})
	if err != nil {
		b.t.Fatal(err)
	}
	r, err := register.Open(b.t.Context(), Path(b.folder, config.Register))
	if err != nil {
		b.t.Fatal(err)
	}
	b.lives++
	return &Desk{Register: r, Signers: signers, Trust: config.FollowTrust(b.folder), CVCA: cvca, Terminal: terminal, Chips: chips,
		PrintFolder: filepath.Join(b.folder, "print"), Actor: "bench", Claim: claimOf(fmt.Sprint("life ", b.lives)),
		Rand: rand.Reader, Now: time.Now}
}

// claimOf gives the claims of one life; every other is over.
func claimOf(owner string) func(time.Time) register.Claim {
	return func(at time.Time) register.Claim {
		return register.Claim{Owner: owner, At: at, Until: at.Add(time.Hour), Alive: func(string) bool { return false }}
	}
}

func (b *bench) power() *simulator.Card {
	return simulator.NewCard(b.chip, rand.Reader, func(s simulator.State) error {
		raw, err := json.Marshal(s)
		if err != nil {
			return err
		}
		b.chip = simulator.State{}
		return json.Unmarshal(raw, &b.chip)
	})
}

// killed is what a process ends with that was killed.
type killed struct{}

// mortal is a card at whose command n the process dies: before the command goes out, or after it was done.
type mortal struct {
	*simulator.Card
	n     *int
	after bool
}

func (m mortal) Transmit(command []byte) ([]byte, error) {
	*m.n--
	if *m.n == 0 && !m.after {
		panic(killed{})
	}
	answer, err := m.Card.Transmit(command)
	if *m.n == 0 {
		panic(killed{})
	}
	return answer, err
}

// live runs the station until it ends or is killed, and tells which. It leaves the register as a dead process would:
// its claims stay.
func (b *bench) live(d *Desk, id int64, n int, after bool) (survived bool) {
	defer d.Register.Close()
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(killed); !ok {
				panic(r)
			}
		}
	}()
	left := n
	_, err := d.Issue(b.t.Context(), id, func() (Card, error) { return mortal{b.power(), &left, after}, nil })
	if err != nil {
		b.t.Fatalf("command %d: %v", n, err)
	}
	return true
}

// The process is killed at every command that writes to the chip, before it and after it, and at every fifth of those
// that only read it back. The next run finishes the same card.
func TestKilledAtEveryCommand(t *testing.T) {
	for _, after := range []bool{false, true} {
		survived, reading := false, false
		for n := 1; !survived; n++ {
			if reading {
				n += 4
			}
			b := newBench(t)
			d := b.desk()
			id := b.order(d.Register).ID
			d.Begin = func(_ int64, name string) { reading = reading || name == "verify" }
			survived = b.live(d, id, n, after)
			if !survived {
				b.mustFinish(id, n)
			}
			b.mustBeOneGoodCard(id)
			if survived && n < 50 {
				t.Fatalf("a card was issued in %d commands: this test has missed some", n)
			}
		}
	}
}

func (b *bench) mustFinish(id int64, n int) {
	b.t.Helper()
	if !b.live(b.desk(), id, -1, false) {
		b.t.Fatalf("killed at command %d: the next run did not finish", n)
	}
}

// mustBeOneGoodCard checks that register and chip agree.
func (b *bench) mustBeOneGoodCard(id int64) {
	b.t.Helper()
	d := b.desk()
	defer d.Register.Close()
	o, err := d.Register.Order(context.Background(), id)
	if err != nil || o.State != register.Issued || o.Card != register.CardActive || o.ChipID != fmt.Sprintf("%x", b.chip.ChipID) {
		b.t.Fatalf("order %+v, %v; chip %x", o, err, b.chip.ChipID)
	}
	if b.chip.LifeCycle != perso.Locked || len(b.chip.Files) != 13 {
		b.t.Fatalf("the chip is %s with %d files", b.chip.LifeCycle, len(b.chip.Files))
	}
	if data, err := d.Register.Production(context.Background(), id); err == nil && len(data) > 0 {
		b.t.Fatal("the production data outlives the issue")
	}
	if _, err := os.Stat(filepath.Join(b.folder, "print", PrintName(id))); err != nil {
		b.t.Fatal(err)
	}
}

// The process is killed at the beginning of every step.
func TestKilledBetweenSteps(t *testing.T) {
	for _, s := range stages() {
		b := newBench(t)
		d := b.desk()
		id := b.order(d.Register).ID
		d.Begin = func(_ int64, name string) {
			if name == s.name {
				panic(killed{})
			}
		}
		if b.live(d, id, -1, false) {
			t.Fatalf("no step %s", s.name)
		}
		b.mustFinish(id, 0)
		b.mustBeOneGoodCard(id)
	}
}

// A chip that holds something else than what was signed is not issued: the order is spoiled, and says why.
func TestChipThatDiffersIsSpoiled(t *testing.T) {
	b := newBench(t)
	d := b.desk()
	defer d.Register.Close()
	id := b.order(d.Register).ID
	d.Begin = func(_ int64, name string) {
		if name == "verify" {
			for i, f := range b.chip.Files {
				if f.FID == 0x0103 {
					b.chip.Files[i].Content[len(f.Content)-1] ^= 1
				}
			}
		}
	}
	// The card is powered anew for each step, so that the reading sees the changed chip.
	_, err := d.Issue(t.Context(), id, func() (Card, error) { return &fresh{b: b}, nil })
	if !errors.Is(err, ErrChipDiffers) {
		t.Fatalf("a changed chip: %v", err)
	}
	o, err := d.Register.Order(t.Context(), id)
	if err != nil || o.State != register.Spoiled || o.Reason == "" {
		t.Fatalf("order %s (%s), %v", o.State, o.Reason, err)
	}
	if _, err := os.Stat(filepath.Join(b.folder, "print", PrintName(id))); err == nil {
		t.Error("a face was printed for a chip that differs")
	}
}

// fresh is a card that takes the chip's state anew at each reset.
type fresh struct {
	*simulator.Card
	b *bench
}

func (f *fresh) Transmit(command []byte) ([]byte, error) {
	if f.Card == nil {
		f.Card = f.b.power()
	}
	return f.Card.Transmit(command)
}

func (f *fresh) Reset() error {
	f.Card = f.b.power()
	return nil
}

func (f *fresh) Close() error { return nil }

// Another card of the same citizen opens with the same key; it is not this order's chip, and spoils nothing.
func TestAnotherCardOfTheSameCitizen(t *testing.T) {
	b := newBench(t)
	d := b.desk()
	defer d.Register.Close()
	id := b.order(d.Register).ID
	d.Begin = func(_ int64, name string) {
		if name == "verify" {
			b.chip.ChipID[0] ^= 1 // the same content on another chip
		}
	}
	_, err := d.Issue(t.Context(), id, func() (Card, error) { return &fresh{b: b}, nil })
	if !errors.Is(err, register.ErrOtherChip) {
		t.Fatalf("another chip: %v", err)
	}
	if o, _ := d.Register.Order(t.Context(), id); o.State != register.Personalised {
		t.Fatalf("the order is %s (%s)", o.State, o.Reason)
	}
	b.chip.ChipID[0] ^= 1
	d.Begin = nil
	if o, err := d.Issue(t.Context(), id, func() (Card, error) { return &fresh{b: b}, nil }); err != nil || o.State != register.Issued {
		t.Fatalf("with the right chip again: %s, %v", o.State, err)
	}
}

// A chip that hides a file from the reader is not what was signed, whatever it says the reason is.
func TestChipThatHidesAFile(t *testing.T) {
	b := newBench(t)
	d := b.desk()
	defer d.Register.Close()
	id := b.order(d.Register).ID
	d.Begin = func(_ int64, name string) {
		for i := range b.chip.Files {
			if name == "verify" && b.chip.Files[i].FID == 0x0102 {
				b.chip.Files[i].Read = "nobody"
			}
		}
	}
	if _, err := d.Issue(t.Context(), id, func() (Card, error) { return &fresh{b: b}, nil }); !errors.Is(err, ErrChipDiffers) {
		t.Fatalf("a hidden file: %v", err)
	}
}

// Where the station's own anchors do not vouch for its signer no chip is spent, and a chip that was written is kept.
func TestAnchorsOfSomebodyElse(t *testing.T) {
	b, other := newBench(t), newBench(t)
	d, elsewhere := b.desk(), other.desk()
	defer d.Register.Close()
	elsewhere.Register.Close()
	id := b.order(d.Register).ID
	own := d.Trust
	d.Trust = elsewhere.Trust
	if _, err := d.Issue(t.Context(), id, nil); !errors.Is(err, ErrAuthority) {
		t.Fatalf("before signing: %v", err)
	}
	d.Trust = own
	d.Begin = func(_ int64, name string) {
		if name == "verify" {
			d.Trust = elsewhere.Trust
		}
	}
	if _, err := d.Issue(t.Context(), id, func() (Card, error) { return b.power(), nil }); !errors.Is(err, ErrNotProven) {
		t.Fatalf("before verifying: %v", err)
	}
	if o, _ := d.Register.Order(t.Context(), id); o.State != register.Personalised {
		t.Fatalf("the order is %s (%s)", o.State, o.Reason)
	}
	d.Begin, d.Trust = nil, own
	if _, err := d.Issue(t.Context(), id, func() (Card, error) { return b.power(), nil }); err != nil {
		t.Fatal(err)
	}
	b.mustBeOneGoodCard(id)
}

// A lost station.toml is made again; the keys that signed cards stay.
func TestInitKeepsTheAuthority(t *testing.T) {
	b := newBench(t)
	key := filepath.Join(b.folder, "authority", "signers", "ds-001.key")
	before, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(b.folder, ConfigName)); err != nil {
		t.Fatal(err)
	}
	if err := Init(b.folder, Options{Name: "again"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	if after, _ := os.ReadFile(key); !bytes.Equal(before, after) {
		t.Error("the signing key was replaced")
	}
	for _, damage := range []string{"authority/signers/ds-001.key", "register.db"} {
		os.Remove(filepath.Join(b.folder, ConfigName))
		os.WriteFile(filepath.Join(b.folder, damage), []byte("junk"), 0o600)
		if err := Init(b.folder, Options{Name: "again"}, time.Now()); err == nil {
			t.Errorf("a station was made over a damaged %s", damage)
		}
		b = newBench(t)
	}
	if err := Init(t.TempDir(), Options{Name: "bell\a"}, time.Now()); err == nil {
		t.Error("a name with a control character")
	}
}

// A document signer whose key period is over signs nothing.
func TestSignerOutOfItsPeriod(t *testing.T) {
	b := newBench(t)
	d := b.desk()
	defer d.Register.Close()
	id := b.order(d.Register).ID
	d.Now = func() time.Time { return time.Now().AddDate(0, 4, 0) }
	if _, err := d.Issue(t.Context(), id, nil); err == nil {
		t.Fatal("a signature after the end of the key's period")
	}
	o, _ := d.Register.Order(t.Context(), id)
	if o.State != register.Checked {
		t.Errorf("the order is %s", o.State)
	}
}

func BenchmarkIssue(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		w := newBench(b)
		d := w.desk()
		id := w.order(d.Register).ID
		b.StartTimer()
		if _, err := d.Issue(b.Context(), id, func() (Card, error) { return w.power(), nil }); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		d.Register.Close()
		b.StartTimer()
	}
}
