package station

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/card/register"
	"github.com/cancuoc/cancuoc/card/scp"
	"github.com/cancuoc/cancuoc/simulator"
)

// blankKind is one kind of blank chip, and how a station writes it.
type blankKind struct {
	profile string // of the chip, as station.toml names it
	record  string // profile of the record
	blank   func() (simulator.State, error)
}

// blankKinds are all that the torn writes are tried on: each dialect, each secure channel, keys that stay and that go.
func blankKinds() []blankKind {
	general := func(protocol scp.Protocol, buffers lds.Buffers) func() (simulator.State, error) {
		return func() (simulator.State, error) {
			s, err := simulator.Blank(rand.Reader)
			s.Keys.Protocol, s.Buffers = protocol, buffers
			s.Files[0].Content = lds.EncodeATRInfo(buffers)
			return s, err
		}
	}
	extended := lds.Buffers{Command: 1024, Response: 1024}
	return []blankKind{
		{"cancuoc", "icao-td1", general(scp.SCP03, extended)},
		{"globalplatform-scp03", "icao-td1", general(scp.SCP03, extended)},
		{"globalplatform-scp02", "icao-td1", general(scp.SCP02, extended)},
		{"jmrtd-applet", "vn-applet-2026", func() (simulator.State, error) { return simulator.BlankApplet(rand.Reader) }},
	}
}

// torn is a station with one order that is signed, whose register and chip can be put back to that moment.
type torn struct {
	*bench
	id       int64
	register []byte
	blank    simulator.State
	data     perso.Data
}

// newTorn makes a station for chips of a kind, and an order that waits for its chip.
func newTorn(t testing.TB, kind blankKind) *torn {
	t.Helper()
	b := newBench(t)
	b.useChip(kind)
	blank, err := kind.blank()
	if err != nil {
		t.Fatal(err)
	}
	b.chip = blank
	d := b.desk()
	w := &torn{bench: b, blank: blank, id: b.orderFor(d.Register, kind.record).ID}
	stop := errors.New("no chip yet")
	if _, err := d.Issue(t.Context(), w.id, func() (Card, error) { return nil, stop }); !errors.Is(err, stop) {
		t.Fatalf("an order without a chip: %v", err)
	}
	j := &job{Desk: d, order: register.Order{ID: w.id}}
	if w.data, err = j.production(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.Register.Close()
	if w.register, err = os.ReadFile(filepath.Join(b.folder, "register.db")); err != nil {
		t.Fatal(err)
	}
	return w
}

// useChip puts the kind of chip into station.toml.
func (b *bench) useChip(kind blankKind) {
	b.t.Helper()
	path := filepath.Join(b.folder, ConfigName)
	text, err := os.ReadFile(path)
	if err != nil {
		b.t.Fatal(err)
	}
	text = bytes.Replace(text, []byte(`profile = "cancuoc"`), fmt.Appendf(nil, "profile = %q", kind.profile), 1)
	profile, err := LoadChipProfile("", kind.profile)
	if err != nil {
		b.t.Fatal(err)
	}
	if profile.Rotates() {
		text = bytes.Replace(text, []byte(`own_keys = ""`), []byte(`own_keys = "file:own.keys"`), 1)
		master := fmt.Appendf(nil, "MASTER=%x\n", bytes.Repeat([]byte{0x5A, 0xC3}, 8))
		if err := os.WriteFile(filepath.Join(b.folder, "own.keys"), master, 0o600); err != nil {
			b.t.Fatal(err)
		}
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// again puts register and chip back.
func (w *torn) again() {
	w.t.Helper()
	for _, end := range []string{"", "-wal", "-shm"} {
		os.Remove(filepath.Join(w.folder, "register.db"+end))
	}
	if err := os.WriteFile(filepath.Join(w.folder, "register.db"), w.register, 0o600); err != nil {
		w.t.Fatal(err)
	}
	w.chip = w.blank
}

// run lets a new process work on the order with the chip in this state of health, up to and with the step after which it is
// to stop.
func (w *torn) run(faults simulator.Faults, last register.State) (commands int, err error) {
	w.t.Helper()
	d := w.desk()
	defer d.Register.Close()
	ctx, stop := context.WithCancel(w.t.Context())
	defer stop()
	d.Done = func(int64, Step) {
		if o, err := d.Register.Order(w.t.Context(), w.id); err == nil && o.State == last {
			stop()
		}
	}
	counted := &counting{Card: w.power()}
	counted.Faults = faults
	_, err = d.Issue(ctx, w.id, func() (Card, error) { return counted, nil })
	if ctx.Err() != nil {
		err = nil
	}
	return counted.n, err
}

// counting is a card that counts what it is asked.
type counting struct {
	*simulator.Card
	n int
}

func (c *counting) Transmit(command []byte) ([]byte, error) {
	c.n++
	return c.Card.Transmit(command)
}

// The power is lost at every single command of a personalisation: before it, after it is done, and while it writes. At each
// the register knows which chip it was, and the next run finishes that card; register and chip agree.
func TestPowerLostAtEveryCommand(t *testing.T) {
	for _, kind := range blankKinds() {
		t.Run(kind.profile, func(t *testing.T) {
			t.Parallel()
			w := newTorn(t, kind)
			all, err := w.run(nil, register.Personalised)
			if err != nil || all < 12 {
				t.Fatalf("a personalisation of %d commands: %v", all, err)
			}
			t.Logf("%d commands", all)
			w.mustAgree(register.Personalised)
			for _, fault := range []simulator.Fault{simulator.Cut, simulator.CutAfter, simulator.CutHalf} {
				for n := 1; n <= all; n++ {
					w.tear(fault, n, all)
				}
			}
		})
	}
}

// tear takes the power away at one command, and lets the next run finish the card.
func (w *torn) tear(fault simulator.Fault, n, all int) {
	w.t.Helper()
	w.again()
	if _, err := w.run(simulator.Faults{fault: n}, register.Personalised); !errors.Is(err, simulator.ErrPowerLost) {
		w.t.Fatalf("%s at command %d of %d: %v", fault, n, all, err)
	}
	w.mustBeResumable(fault, n)
	last := register.Verified
	if n%8 == 0 {
		last = register.Issued
	}
	if _, err := w.run(nil, last); err != nil {
		w.t.Fatalf("%s at command %d of %d: the next run: %v", fault, n, all, err)
	}
	w.mustAgree(last)
}

// mustBeResumable checks what must hold after a loss: a chip that was touched is the order's, and one that is not the order's
// was not touched.
func (w *torn) mustBeResumable(fault simulator.Fault, n int) {
	w.t.Helper()
	d := w.desk()
	defer d.Register.Close()
	o, err := d.Register.Order(w.t.Context(), w.id)
	if err != nil || o.State != register.Signed {
		w.t.Fatalf("%s at command %d: the order is %s, %v", fault, n, o.State, err)
	}
	touched := w.chip.LifeCycle != perso.Blank || len(w.chip.Files) != len(w.blank.Files) || w.chip.Keys.Version != w.blank.Keys.Version || w.chip.BACSeed != nil
	if touched && o.ChipID != w.number() {
		w.t.Fatalf("%s at command %d: the chip was written, and the register does not know it", fault, n)
	}
}

// number gives the chip's number as the register has it.
func (w *torn) number() string {
	if w.chip.Applet == simulator.JMRTDApplet {
		return fmt.Sprintf("0000%x", w.chip.ChipID)
	}
	return fmt.Sprintf("%x", w.chip.ChipID)
}

// mustAgree checks that register and chip say the same.
func (w *torn) mustAgree(state register.State) {
	w.t.Helper()
	d := w.desk()
	defer d.Register.Close()
	o, err := d.Register.Order(w.t.Context(), w.id)
	if err != nil || o.State != state || o.ChipID != w.number() {
		w.t.Fatalf("order %s on chip %s, %v; want %s on %s", o.State, o.ChipID, err, state, w.number())
	}
	if w.chip.LifeCycle != perso.Locked {
		w.t.Fatalf("the chip is %s", w.chip.LifeCycle)
	}
	if d.Chips.Profile.Rotates() && w.chip.Keys.Version != d.Chips.Profile.Keys.Version {
		w.t.Fatalf("the chip still has keys of version %02X", w.chip.Keys.Version)
	}
	for _, f := range w.data.Files {
		if !w.holds(f) {
			w.t.Fatalf("the chip does not hold %s as signed", f.Name())
		}
	}
}

func (w *torn) holds(want perso.File) bool {
	for _, f := range w.chip.Files {
		if f.MF == want.MF && f.FID == want.FID {
			return bytes.Equal(f.Content, want.Content)
		}
	}
	return false
}
