// Package pcsc reaches cards through PC/SC: it lists readers, connects to the card in one of them and is then a wire
// (apdu.Transmitter) for as long as the card is there. A card is used exclusively and reset when it is let go.
//
// It needs cgo and libpcsclite; built without cgo every call answers [ErrUnavailable].
package pcsc

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// What can be wrong before a single command has gone out. Each sentence says what mends it.
var (
	ErrUnavailable = errors.New("pcsc: this program was built without PC/SC: build it with CGO_ENABLED=1 and libpcsclite-dev installed")
	ErrNoService   = errors.New("pcsc: the smart card service is not running: start pcscd (systemctl start pcscd, or pcscd --foreground)")
	ErrNoReader    = errors.New("pcsc: no card reader is connected: plug one in, or install its driver, and see `cancuoc readers`")
	ErrNoCard      = errors.New("pcsc: no card in the reader: insert one, or lay it on the antenna")
	ErrManyCards   = errors.New("pcsc: more than one reader holds a card: name the reader, as in pcsc:NAME")
	ErrInUse       = errors.New("pcsc: the card is in use by another program: close that program, or wait for it")
	ErrRemoved     = errors.New("pcsc: the card was removed, or has lost its power")
)

// Reader is one card reader as the service sees it.
type Reader struct {
	Name  string
	Card  bool   // a card is in it
	InUse bool   // another program holds the card exclusively
	ATR   []byte // of the card in it
}

// choose finds the reader that name means: the one with that name, else the one that holds a card among those with
// name as a part of theirs. No name is a part of every name.
func choose(readers []Reader, name string) (Reader, error) {
	var called, holding []Reader
	for _, r := range readers {
		switch {
		case r.Name == name && r.Card:
			return r, nil
		case r.Name == name:
			return Reader{}, fmt.Errorf("%w (%s)", ErrNoCard, r.Name)
		case !strings.Contains(strings.ToLower(r.Name), strings.ToLower(name)):
			continue
		}
		called = append(called, r)
		if r.Card {
			holding = append(holding, r)
		}
	}
	switch {
	case len(holding) == 1:
		return holding[0], nil
	case len(readers) == 0:
		return Reader{}, ErrNoReader
	case len(called) == 0:
		return Reader{}, fmt.Errorf("pcsc: no reader's name contains %q; there are %s", name, names(readers))
	case len(holding) == 0:
		return Reader{}, fmt.Errorf("%w (%s)", ErrNoCard, names(called))
	}
	return Reader{}, fmt.Errorf("%w; cards are in %s", ErrManyCards, names(holding))
}

func names(readers []Reader) string {
	var quoted []string
	for _, r := range readers {
		quoted = append(quoted, fmt.Sprintf("%q", r.Name))
	}
	return strings.Join(quoted, ", ")
}

// AwaitSwap waits until the reader that name means has stood empty and holds a card again.
func AwaitSwap(ctx context.Context, name string) error {
	empty := false
	for {
		readers, err := Readers(ctx)
		if err != nil {
			return err
		}
		_, err = choose(readers, name)
		switch {
		case errors.Is(err, ErrNoCard):
			empty = true
		case err != nil:
			return err
		case empty:
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lookEvery):
		}
	}
}

// lookEvery is how often AwaitSwap looks: a little faster than pcscd itself.
const lookEvery = 250 * time.Millisecond

// await runs f, which may block in the driver for as long as it likes, and stops waiting for it when ctx ends.
func await[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	done := make(chan result, 1)
	go func() {
		value, err := f()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}
