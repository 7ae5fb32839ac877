package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/reader/pcsc"
	"github.com/cancuoc/cancuoc/simulator"
	"github.com/cancuoc/cancuoc/simulator/vpcd"
)

// slotName is the name of the reader that slot n of the virtual reader is, as .ci/with-pcscd names them.
func slotName(n int) string {
	pair := []string{"", "C ", "E ", "G ", "I ", "K ", "M ", "O "}[(n-1)/2]
	return fmt.Sprintf("Virtual PCD %s00 0%d", pair, (n-1)%2)
}

// cardInSlot puts a card into slot n of the virtual reader, once pcscd has seen that the one before is gone, and waits
// until pcscd has seen this one. out takes it out again; a card that has failed has left by itself.
//
// When a card leaves while a program resets it, pcscd says that the slot is empty before it has looked; a card that comes
// before it looks it never sees, until that one has left too. So the slot stands empty for a while, and on a machine that is
// too busy for that the card is put in again.
func cardInSlot(ctx context.Context, n int, card vpcd.Card) (out func(), err error) {
	for range 5 {
		if err = slotIs(ctx, n, false, time.Minute); err != nil {
			return nil, err
		}
		if err = sleep(ctx, vpcd.Settle); err != nil {
			return nil, err
		}
		if out, err = serveInSlot(ctx, n, card); err != nil {
			return nil, err
		}
		if err = slotIs(ctx, n, true, 4*time.Second); err == nil {
			return out, nil
		}
		out()
	}
	return nil, err
}

func serveInSlot(ctx context.Context, n int, card vpcd.Card) (out func(), err error) {
	conn, err := vpcd.Dial(ctx, vpcd.Port+n-1)
	if err != nil {
		return nil, err
	}
	ctx, pull := context.WithCancel(ctx)
	gone := make(chan struct{})
	go func() { defer close(gone); _ = vpcd.Serve(ctx, conn, card) }()
	return func() { pull(); <-gone }, nil
}

// fileInSlot puts the card of a card file into a slot; ref is the file's name and what a reference may say of faults and
// timing. out takes it out again and lets the file go.
func fileInSlot(ctx context.Context, n int, ref string) (out func(), err error) {
	parsed, err := parseRef("sim:" + ref)
	if err != nil {
		return nil, err
	}
	card, err := parsed.openSimulated(true)
	if err != nil {
		return nil, err
	}
	pull, err := cardInSlot(ctx, n, card)
	if err != nil {
		card.Close()
		return nil, err
	}
	return func() { pull(); card.Close() }, nil
}

// slotIs waits until pcscd sees a slot full, or empty, for as long as patience lasts.
func slotIs(ctx context.Context, n int, full bool, patience time.Duration) error {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	for {
		there, err := cardIn(ctx, slotName(n))
		if err == nil && there == full {
			return nil
		}
		if sleep(ctx, 20*time.Millisecond) != nil {
			return fmt.Errorf("slot %d: card there: %v, awaited: %v; %v", n, there, full, err)
		}
	}
}

// insideReaders runs a test beside a pcscd of its own with four readers, and tells whether this process is that one. Tests
// with readers of their own run side by side.
func insideReaders(t *testing.T) bool {
	t.Helper()
	if os.Getenv(insideNamespace) != "" {
		return true
	}
	t.Parallel()
	besideRun(t, "^"+t.Name()+"$", t.Name(), "CANCUOC_READERS=4")
	return false
}

// The helper of other tests does what it says: a card is there, can be used, and is gone; one without power has left.
func TestCardInSlot(t *testing.T) {
	if !insideReaders(t) {
		return
	}
	blank, err := simulator.Blank(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= 4; n++ {
		card := simulator.NewCard(blank, rand.Reader, func(simulator.State) error { return nil })
		card.Faults = simulator.Faults{simulator.Cut: 2}
		out, err := cardInSlot(t.Context(), n, card)
		if err != nil {
			t.Fatal(err)
		}
		c, err := pcsc.Connect(t.Context(), slotName(n))
		if err != nil {
			t.Fatal(err)
		}
		selectDomain := []byte{0x00, 0xA4, 0x04, 0x00, 0x08, 0xA0, 0, 0, 0x01, 0x51, 0, 0, 0, 0}
		if answer, err := c.Transmit(selectDomain); err != nil || len(answer) < 2 || answer[len(answer)-2] != 0x90 {
			t.Errorf("slot %d: %X, %v", n, answer, err)
		}
		if _, err := c.Transmit(selectDomain); err == nil {
			t.Errorf("slot %d: a card without power has answered", n)
		}
		c.Close()
		if err := slotIs(t.Context(), n, false, time.Minute); err != nil {
			t.Error(err)
		}
		out()
	}
}
