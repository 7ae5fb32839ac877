package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/card/register"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
	"github.com/cancuoc/cancuoc/simulator"
)

// tornDesk is a station with one order that waits for its chip, and a chip whose state outlives its power. Both can be put
// back to that moment.
type tornDesk struct {
	t        *testing.T
	slot     int
	folder   string
	kind     perso.CardProfile
	register []byte
	blank    simulator.State

	mutex  sync.Mutex
	chip   simulator.State
	asked  int // commands since the chip last got power
	locked int // the one that locked it
}

// newTornDesk makes a station for chips of a profile, and an order whose record has a profile.
func newTornDesk(t *testing.T, slot int, profile, record string) *tornDesk {
	t.Helper()
	w := &tornDesk{t: t, slot: slot, folder: t.TempDir()}
	w.must(0, "init", w.folder)
	w.set("profile", profile)
	kind, err := station.LoadChipProfile("", profile)
	if err != nil {
		t.Fatal(err)
	}
	if w.kind = kind; kind.Rotates() {
		w.set("own_keys", "file:own.keys")
		w.write("own.keys", "MASTER=5ac35ac35ac35ac35ac35ac35ac35ac3\n")
	}
	text, err := os.ReadFile(absolute(t, "../../card/specimen/files/le-mau-nhi.json"))
	if err != nil {
		t.Fatal(err)
	}
	w.write("record.json", strings.Replace(string(text), "{", fmt.Sprintf(`{"profile": %q,`, record), 1))
	w.must(0, "order", "add", filepath.Join(w.folder, "record.json"))
	if w.blank, err = blankOf(kind, simulator.Contactless); err != nil {
		t.Fatal(err)
	}
	w.must(exitCard, "issue", "1", "--default-keys", "--card", "pcsc:"+slotName(slot)) // signed, and no card in the reader
	if w.register, err = os.ReadFile(filepath.Join(w.folder, "register.db")); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *tornDesk) write(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.folder, name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// set gives a key of station.toml another text.
func (w *tornDesk) set(key, value string) {
	w.t.Helper()
	if err := set(filepath.Join(w.folder, station.ConfigName), key, value); err != nil {
		w.t.Fatal(err)
	}
}

// must runs cancuoc at the station, in this process.
func (w *tornDesk) must(code int, args ...string) {
	w.t.Helper()
	var out, said bytes.Buffer
	if got := run(context.Background(), append([]string{"--station", w.folder}, args...), streams{strings.NewReader(""), &out, &said}); got != code {
		w.t.Fatalf("cancuoc %s: exit code %d, want %d: %s%s", strings.Join(args, " "), got, code, out.String(), said.String())
	}
}

// again puts register and chip back.
func (w *tornDesk) again() {
	for _, end := range []string{"-wal", "-shm"} {
		os.Remove(filepath.Join(w.folder, "register.db"+end))
	}
	w.write("register.db", string(w.register))
	w.chip = w.blank
}

// issue puts the chip into the reader, in this state of health, and lets the desk go on with the order.
func (w *tornDesk) issue(faults simulator.Faults, code int) {
	w.t.Helper()
	card := simulator.NewCard(w.chip, rand.Reader, w.keep)
	card.Faults = faults
	w.asked, w.locked = 0, 0
	out, err := cardInSlot(w.t.Context(), w.slot, counted{card, w})
	if err != nil {
		w.t.Fatal(err)
	}
	defer out()
	w.must(code, "issue", "1", "--default-keys", "--card", "pcsc:"+slotName(w.slot))
}

func (w *tornDesk) keep(s simulator.State) error {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.chip = s; s.LifeCycle == perso.Locked && w.locked == 0 {
		w.locked = w.asked
	}
	return nil
}

// counted is a chip in the reader that counts what it is asked.
type counted struct {
	*simulator.Card
	desk *tornDesk
}

func (c counted) Transmit(command []byte) ([]byte, error) {
	c.desk.mutex.Lock()
	c.desk.asked++
	c.desk.mutex.Unlock()
	return c.Card.Transmit(command)
}

// mustAgree checks that register and chip say the same.
func (w *tornDesk) mustAgree(when string) {
	w.t.Helper()
	r, err := register.Open(w.t.Context(), filepath.Join(w.folder, "register.db"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer r.Close()
	o, err := r.Order(w.t.Context(), 1)
	if err != nil || o.State != register.Issued || !strings.HasSuffix(o.ChipID, fmt.Sprintf("%x", w.chip.ChipID)) || w.chip.LifeCycle != perso.Locked {
		w.t.Fatalf("%s: order %s on chip %s, %v; chip %x is %s", when, o.State, o.ChipID, err, w.chip.ChipID, w.chip.LifeCycle)
	}
	if w.kind.Rotates() && w.chip.Keys.Version != w.kind.Keys.Version {
		w.t.Fatalf("%s: the chip still has keys of version %02X", when, w.chip.Keys.Version)
	}
}

// The power of a chip in a reader is lost at every command of its personalisation, and the next run finishes the card: in
// `make soak` at all of them and in each way, else at one for each kind of chip.
func TestTornThroughPCSC(t *testing.T) {
	if !insideReaders(t) {
		return
	}
	for i, kind := range [][2]string{{"cancuoc", "vn-cancuoc-2024"}, {"globalplatform-scp03", "vn-cancuoc-2024"},
		{"globalplatform-scp02", "vn-cancuoc-2024"}, {"jmrtd-applet", "vn-applet-2026"}} {
		t.Run(kind[0], func(t *testing.T) {
			t.Parallel()
			w := newTornDesk(t, i+1, kind[0], kind[1])
			w.again()
			w.issue(nil, exitDone)
			w.mustAgree("never torn")
			all := w.locked
			if all < 12 {
				t.Fatalf("the chip was locked at command %d", all)
			}
			for _, at := range tornAt(all) {
				when := fmt.Sprintf("%s at command %d of %d", at.fault, at.n, all)
				w.again()
				w.issue(simulator.Faults{at.fault: at.n}, exitCard)
				w.issue(nil, exitDone)
				w.mustAgree(when)
			}
		})
	}
}

// tear is a command at which the power is lost, and how.
type tear struct {
	fault simulator.Fault
	n     int
}

func tornAt(all int) []tear {
	if os.Getenv("CANCUOC_SOAK") == "" {
		return []tear{{simulator.CutAfter, all - 2}}
	}
	var tears []tear
	for _, fault := range []simulator.Fault{simulator.Cut, simulator.CutAfter, simulator.CutHalf} {
		for n := 1; n <= all; n++ {
			tears = append(tears, tear{fault, n})
		}
	}
	return tears
}
