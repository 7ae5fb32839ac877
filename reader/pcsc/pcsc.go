// Package pcsc reaches cards through PC/SC: it lists and watches readers, connects to the card in one of them and is then
// a wire (apdu.Transmitter) for as long as the card is there. A card is used exclusively and reset when it is let go.
// What is wrong is said as a [Problem]; why there is no reader is found out by a [Machine].
//
//	Readers, Watch       -> who is there      GetStatusChange, with the pseudo reader for readers that come and go
//	Connect -> *Card     -> Transmit          T=1 and contactless: the APDU; T=0: a TPDU
//	                        Limits            what the protocol and the driver's properties say of command lengths
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

// Reader is one card reader as the service sees it.
type Reader struct {
	Name   string
	Card   bool   // a card is in it
	InUse  bool   // another program holds the card exclusively
	Shared bool   // other programs are connected to the card, and take turns
	Mute   bool   // the card does not answer when it gets power
	ATR    []byte // of the card in it
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
		return Reader{}, fmt.Errorf("%w %q; there are %s", ErrNoSuchReader, name, names(readers))
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

// silence is how long the service may take to answer what needs no card.
const silence = 5 * time.Second

// inTime runs f, which asks the service for what it knows already.
func inTime[T any](ctx context.Context, f func() (T, error)) (T, error) {
	limited, stop := context.WithTimeout(ctx, silence)
	defer stop()
	value, err := await(limited, f)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		err = ErrSilent
	}
	return value, err
}
