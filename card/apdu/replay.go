package apdu

import (
	"bytes"
	"errors"
	"fmt"
)

// Replay is a card that answers from a transcript for as long as it is asked, in the same order, what was asked there. As
// an io.Reader it gives the terminal the randomness that it drew there, without which no terminal asks the same. It is
// for one goroutine.
type Replay struct {
	Transcript Transcript

	next int
	err  error // how the dialogue has come to differ; for ever
}

var (
	// ErrReplay is answered to a command that is not the transcript's, and to all that come after it.
	ErrReplay = errors.New("apdu: this is not what was asked in the transcript")
	// ErrLost is answered to a command to which the transcript has no response.
	ErrLost = errors.New("apdu: the card was lost here in the transcript")
)

// Transmit answers the command as the card did.
func (r *Replay) Transmit(command []byte) ([]byte, error) {
	e, err := r.take(Exchange{Command: command})
	if err == nil && e.Response == nil {
		err = ErrLost
	}
	return e.Response, err
}

// Reset is what the transcript must have too.
func (r *Replay) Reset() error {
	_, err := r.take(Exchange{Reset: true})
	return err
}

// Read gives what the terminal drew at this place, where it asks for no less.
func (r *Replay) Read(p []byte) (int, error) {
	if r.err != nil || len(p) == 0 {
		return 0, r.err
	}
	due, there := r.due()
	if !there || due.Random == nil || len(due.Random) > len(p) {
		return 0, r.differ(Exchange{Random: p})
	}
	r.next++
	return copy(p, due.Random), nil
}

// Left is how many exchanges of the transcript were not asked for yet.
func (r *Replay) Left() int { return len(r.Transcript.Exchanges) - r.next }

func (r *Replay) due() (Exchange, bool) {
	if r.Left() == 0 {
		return Exchange{}, false
	}
	return r.Transcript.Exchanges[r.next], true
}

// take gives the next exchange of the transcript, which must begin like this one. Randomness that nobody has asked for is
// passed over: a dialogue for which it matters will differ at the next command.
func (r *Replay) take(asked Exchange) (Exchange, error) {
	if r.err != nil {
		return Exchange{}, r.err
	}
	for due, there := r.due(); there && due.Random != nil; due, there = r.due() {
		r.next++
	}
	due, there := r.due()
	if !there || due.Reset != asked.Reset || !bytes.Equal(due.Command, asked.Command) {
		return Exchange{}, r.differ(asked)
	}
	r.next++
	return due, nil
}

// differ says where the dialogue has come to differ, without a body.
func (r *Replay) differ(asked Exchange) error {
	due, there := r.due()
	all, came := len(r.Transcript.Exchanges), asked.what()
	switch {
	case !there:
		r.err = fmt.Errorf("%w: it ends after %d exchanges, and %s came", ErrReplay, all, came)
	case due.what() == came:
		r.err = fmt.Errorf("%w: at exchange %d of %d %s was due, and came with other data", ErrReplay, r.next+1, all, came)
	default:
		r.err = fmt.Errorf("%w: at exchange %d of %d %s was due, and %s came", ErrReplay, r.next+1, all, due.what(), came)
	}
	return r.err
}

// what names an exchange: a command by its name and header.
func (e Exchange) what() string {
	switch {
	case e.Reset:
		return "a reset"
	case e.Random != nil:
		return fmt.Sprintf("a draw of %d random bytes", len(e.Random))
	}
	cmd, err := ParseCommand(e.Command)
	if err != nil {
		return fmt.Sprintf("something of %d bytes that is no command", len(e.Command))
	}
	return fmt.Sprintf("%s (%02X%02X%02X%02X)", cmd.Name(), cmd.CLA, cmd.INS, cmd.P1, cmd.P2)
}
