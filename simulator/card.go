// Package simulator is the chip: a card in software that begins blank, is personalised over a secure channel, and is
// then read like any other. What it keeps without power is its [State]; a [Card] is a State with power.
//
//	Transmit  decode
//	  sm.Chip            unprotect          (secure messaging, once a session has begun)
//	    router           SELECT: master file, issuer security domain, eMRTD application
//	      protocols      PACE, BAC; Chip, Terminal and Active Authentication -> Response, and a new session
//	      application    access rule, file -> Response
//	  sm.Chip            protect
//	          encode
package simulator

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"sync"
	"time"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/sm"
)

// ErrPowerLost is answered by a card that has lost its power until it is opened anew.
var ErrPowerLost = errors.New("simulator: the card has lost its power")

// Card is a chip with power. It is a wire (apdu.Transmitter) and may be used by several goroutines, one command at a
// time.
type Card struct {
	Faults Faults // those of the state, and what the caller adds
	Timing Timing // that of the state, or the caller's

	mutex    sync.Mutex
	state    State
	save     func(State) error // keeps a state that has changed
	close    func() error
	commands int
	dead     bool

	session *sm.Chip
	router  *router

	t0        transmission  // where the chip talks over T=0
	protected int           // responses, since the card was opened
	last      apdu.Response // the last of them
}

// NewCard gives power to a chip. rand is the chip's randomness; save is called after each command that changed the
// state, and its error takes the card's power away: what could not be kept must not be answered. Without save the chip is
// in memory alone, and is forgotten with the Card.
func NewCard(s State, rand io.Reader, save func(State) error) *Card {
	if save == nil {
		save = func(State) error { return nil }
	}
	c := &Card{Faults: maps.Clone(s.Faults), Timing: s.Timing, state: s, save: save, close: func() error { return nil }}
	c.session = &sm.Chip{}
	c.router = newRouter(&c.state, &c.Faults, c.session, rand)
	c.session.Next, c.session.Abort = c.router, c.router.protocols.reset
	return c
}

// OpenCard gives power to the chip in a card file.
func OpenCard(path string, rand io.Reader) (*Card, error) {
	store, s, err := Open(path)
	if err != nil {
		return nil, err
	}
	c := NewCard(s, rand, store.Save)
	c.close = store.Close
	return c, nil
}

// Wait replaces how the chip makes a terminal wait that has shown wrong passwords; by default it sleeps.
func (c *Card) Wait(wait func(time.Duration)) { c.router.protocols.wait = wait }

// ATR gives the answer to reset.
func (c *Card) ATR() []byte { return append([]byte(nil), c.state.ATR...) }

// Reset takes the power away and gives it back: selection and sessions are lost. A card whose power was cut by a
// fault stays without.
func (c *Card) Reset() error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.reset()
	if c.dead {
		return ErrPowerLost
	}
	return nil
}

func (c *Card) reset() {
	c.session.Reset()
	c.router.reset()
	c.t0 = transmission{}
}

// Close takes the power away and lets the card file go.
func (c *Card) Close() error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.reset()
	c.dead = true
	return c.close()
}

// Transmit answers one command: an APDU, or where the chip talks over T=0 a TPDU.
func (c *Card) Transmit(command []byte) ([]byte, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.commands++
	if c.commands == c.Faults[Cut] {
		c.lose()
	}
	if c.dead {
		return nil, ErrPowerLost
	}
	before := c.state.clone()
	resp := c.answer(command)
	if c.Timing.on() {
		written := max(0, c.state.written()-before.written())
		c.router.protocols.wait(c.Timing.of(len(command)+len(resp.Data)+2, written, keyOperations(command)))
	}
	if c.commands == c.Faults[CutHalf] {
		c.state.halve(before)
	}
	if !reflect.DeepEqual(before, c.state) {
		if err := c.save(c.state); err != nil {
			c.lose()
			return nil, fmt.Errorf("%w: %w", ErrPowerLost, err)
		}
	}
	if c.commands == c.Faults[CutHalf] || c.commands == c.Faults[CutAfter] {
		c.lose()
		return nil, ErrPowerLost
	}
	return resp.Bytes(), nil
}

// lose takes the power away, for good.
func (c *Card) lose() {
	c.reset()
	c.dead = true
}

func (c *Card) answer(command []byte) apdu.Response {
	if c.state.Transport == T0 {
		return c.t0.exchange(command, c.handle)
	}
	return c.handle(command)
}

func (c *Card) handle(command []byte) apdu.Response {
	if len(command) > c.state.Buffers.Command {
		return apdu.Response{SW: apdu.SWWrongLength}
	}
	cmd, err := apdu.ParseCommand(command)
	if err != nil {
		return apdu.Response{SW: apdu.SWWrongLength}
	}
	if cmd.Extended && c.Faults.has(ShortLength) {
		return apdu.Response{SW: apdu.SWWrongLength}
	}
	resp := c.spoil(c.session.Active(), c.session.Handle(cmd))
	if len(resp.Data) > c.state.Buffers.Response-2 {
		return apdu.Response{SW: apdu.SWWrongLength}
	}
	return resp
}

// spoil does what the faults of secure messaging do to a response.
func (c *Card) spoil(protected bool, resp apdu.Response) apdu.Response {
	if !protected || len(resp.Data) == 0 {
		return resp
	}
	c.protected++
	before := c.last
	c.last = apdu.Response{Data: bytes.Clone(resp.Data), SW: resp.SW}
	switch {
	case c.protected == c.Faults[WrongMAC]:
		resp.Data[len(resp.Data)-1] ^= 1
	case c.protected == c.Faults[StaleCounter]+1 && before.Data != nil: // the first has none before it
		return before
	}
	return resp
}
