package station

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/card/register"
	"github.com/cancuoc/cancuoc/simulator"
)

// rotating are the kinds of chips that are given the issuer's own keys.
func rotating(t *testing.T, do func(*testing.T, *torn)) {
	for _, kind := range blankKinds() {
		if profile, err := LoadChipProfile("", kind.profile); err != nil || !profile.Rotates() {
			continue
		}
		t.Run(kind.profile, func(t *testing.T) {
			t.Parallel()
			do(t, newTorn(t, kind))
		})
	}
}

// swapped is a reader in which another chip lies as soon as the first has taken its keys.
type swapped struct {
	*simulator.Card
	other *simulator.Card
}

func (s *swapped) Transmit(command []byte) ([]byte, error) {
	answer, err := s.Card.Transmit(command)
	if command[0] == 0x84 && command[1] == 0xD8 {
		s.Card = s.other
	}
	return answer, err
}

// A chip that answers in the place of another once that one has its keys is not written, though the issuer's own keys open
// it: the register would have the order on the first.
func TestTheChipStaysTheSame(t *testing.T) {
	rotating(t, func(t *testing.T, w *torn) {
		d := w.desk()
		defer d.Register.Close()
		other, err := json.Marshal(w.blank)
		if err != nil {
			t.Fatal(err)
		}
		var state simulator.State
		if err := json.Unmarshal(other, &state); err != nil {
			t.Fatal(err)
		}
		state.ChipID[9] ^= 0x55
		second := simulator.NewCard(state, rand.Reader, func(s simulator.State) error { state = s; return nil })
		session, err := openFor(d, second)
		if err != nil {
			t.Fatal(err)
		}
		if err := session.PutKeys(); err != nil {
			t.Fatal(err)
		}
		if err := second.Reset(); err != nil {
			t.Fatal(err)
		}
		_, err = d.Issue(t.Context(), w.id, func() (Card, error) { return &swapped{w.power(), second}, nil })
		if !errors.Is(err, perso.ErrOtherChip) {
			t.Errorf("two chips in one dialogue: %v", err)
		}
		if state.LifeCycle != perso.Blank || len(state.Files) != len(w.blank.Files) {
			t.Errorf("the other chip was written: it is %s and has %d files", state.LifeCycle, len(state.Files))
		}
		if o, err := d.Register.Order(t.Context(), w.id); err != nil || o.State != register.Signed || o.ChipID != w.number() {
			t.Errorf("order %s on chip %s, %v", o.State, o.ChipID, err)
		}
	})
}

// openFor opens a chip as the desk does.
func openFor(d *Desk, card Card) (*perso.Session, error) {
	j := &job{Desk: d, rand: rand.Reader}
	return j.openChip(context.Background(), &apdu.Conn{Wire: card})
}

// seeing counts the commands that change keys.
type seeing struct {
	*simulator.Card
	putKeys int
}

func (s *seeing) Transmit(command []byte) ([]byte, error) {
	if command[1] == 0xD8 {
		s.putKeys++
	}
	return s.Card.Transmit(command)
}

// Who knows the keys that chips come with, which are often those that everybody knows, can say that he is the chip of any
// number. He is not sent the keys of one that has its own already: not for its order, and not for another.
func TestAStrangerIsSentNoKeysOfAChip(t *testing.T) {
	rotating(t, func(t *testing.T, w *torn) {
		if _, err := w.run(simulator.Faults{simulator.Cut: 20}, register.Personalised); !errors.Is(err, simulator.ErrPowerLost) {
			t.Fatal(err)
		}
		if w.chip.Keys.Version == w.blank.Keys.Version {
			t.Fatal("the chip has not got its keys")
		}
		genuine := w.chip
		w.chip = w.blank // the same number, and the keys that chips come with
		d := w.desk()
		defer d.Register.Close()
		stranger := &seeing{Card: w.power()}
		if _, err := d.Issue(t.Context(), w.id, func() (Card, error) { return stranger, nil }); !errors.Is(err, ErrHadOwnKeys) {
			t.Errorf("a stranger for the order: %v", err)
		}
		if stranger.putKeys != 0 {
			t.Error("the stranger was sent the chip's keys")
		}
		w.chip = genuine
		if _, err := d.Issue(t.Context(), w.id, func() (Card, error) { return w.power(), nil }); err != nil {
			t.Errorf("the chip itself: %v", err)
		}
		w.chip = w.blank
		d.Force = true
		session, err := openFor(d, w.power())
		if err != nil || session.ChipID != fmt.Sprintf("%x", w.blank.ChipID) {
			t.Errorf("--force: %v", err)
		}
	})
}

// Keys of the issuer's own that are replaced by newer ones are those that a chip came with, and are allowed.
func TestOwnKeysAreReplacedByNewerOnes(t *testing.T) {
	rotating(t, func(t *testing.T, w *torn) {
		d := w.desk()
		defer d.Register.Close()
		session, err := openFor(d, w.power())
		if err != nil {
			t.Fatal(err)
		}
		if err := session.PutKeys(); err != nil {
			t.Fatal(err)
		}
		d.Chips.Transport, d.Chips.Profile.Keys.Version = d.Chips.Keys, 0x31
		if session, err = openFor(d, w.power()); err != nil || !session.Transport {
			t.Fatalf("the chip has to be given newer keys: %v", err)
		}
		if err := session.PutKeys(); err != nil {
			t.Error(err)
		}
		if w.chip.Keys.Version != 0x31 {
			t.Errorf("the chip has keys of version %02X", w.chip.Keys.Version)
		}
	})
}

// A chip that can still be written is no card, whatever it has answered to the command that locks it.
func TestAChipThatIsNotLockedIsNoCard(t *testing.T) {
	for _, kind := range blankKinds() {
		t.Run(kind.profile, func(t *testing.T) {
			t.Parallel()
			w := newTorn(t, kind)
			if _, err := w.run(nil, register.Personalised); err != nil {
				t.Fatal(err)
			}
			open := perso.Personalised
			if w.chip.Applet == simulator.JMRTDApplet {
				open = perso.Blank
			}
			w.chip.LifeCycle = open
			if _, err := w.run(nil, register.Issued); !errors.Is(err, ErrNotLocked) {
				t.Errorf("a chip that is %s: %v", open, err)
			}
			w.chip.LifeCycle = perso.Locked
			if _, err := w.run(nil, register.Issued); err != nil {
				t.Error(err)
			}
		})
	}
}

// Who interrupts before the keys are put has a chip with those that it came with.
func TestInterruptedBeforeKeysArePut(t *testing.T) {
	rotating(t, func(t *testing.T, w *torn) {
		d := w.desk()
		defer d.Register.Close()
		session, err := openFor(d, w.power())
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if _, err := session.Write(ctx, w.data, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("an interrupted personalisation: %v", err)
		}
		if w.chip.Keys.Version != w.blank.Keys.Version {
			t.Error("the keys were put all the same")
		}
	})
}
