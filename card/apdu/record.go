package apdu

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Card is a wire to a card whose power can be taken away and given back: selection and sessions are lost.
type Card interface {
	Transmitter
	Reset() error
}

// Record is a card whose dialogue with a terminal is written to W, for ParseTranscript to read:
//
//	peer: a header that the caller may have written before, of such lines
//
//	# a comment
//	> 00A4040C07A0000002471001    a command
//	< 9000                        its response, on the next line; none where the card was lost
//	reset
//
// It writes the bodies too, which hold personal data and what keys have made of it: a transcript is as confidential as
// the card. What goes into a log is Trace.
type Record struct {
	Card Card
	W    io.Writer
}

// Transmit hands the command to the card.
func (r Record) Transmit(command []byte) ([]byte, error) {
	if err := r.write("> %X\n", command); err != nil {
		return nil, err
	}
	response, err := r.Card.Transmit(command)
	if err != nil {
		return nil, err
	}
	return response, r.write("< %X\n", response)
}

// Reset resets the card.
func (r Record) Reset() error {
	if err := r.write("reset\n"); err != nil {
		return err
	}
	return r.Card.Reset()
}

func (r Record) write(format string, a ...any) error {
	if _, err := fmt.Fprintf(r.W, format, a...); err != nil {
		return fmt.Errorf("apdu: write the transcript: %w", err)
	}
	return nil
}

// Transcript is a dialogue between a terminal and a card as Record wrote it.
type Transcript struct {
	Header    map[string]string
	Exchanges []Exchange
}

// Exchange is a command and its response, which is nil where the card was lost; or a reset, and neither.
type Exchange struct {
	Reset             bool
	Command, Response []byte
}

// ParseTranscript reads what Record wrote.
func ParseTranscript(text []byte) (Transcript, error) {
	t := Transcript{Header: map[string]string{}}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		if err := t.add(strings.TrimSpace(line)); err != nil {
			return Transcript{}, fmt.Errorf("apdu: line %d of the transcript: %w", number, err)
		}
	}
	return t, nil
}

func (t *Transcript) add(line string) error {
	mark, rest, _ := strings.Cut(line, " ")
	switch mark {
	case "", "#":
		return nil
	case ">":
		command, err := hex.DecodeString(rest)
		t.Exchanges = append(t.Exchanges, Exchange{Command: command})
		return err
	case "<":
		return t.answer(rest)
	}
	if line == "reset" {
		t.Exchanges = append(t.Exchanges, Exchange{Reset: true})
		return nil
	}
	return t.describe(line)
}

func (t *Transcript) answer(text string) error {
	if len(t.Exchanges) == 0 {
		return errors.New("a response before any command")
	}
	last := &t.Exchanges[len(t.Exchanges)-1]
	if last.Reset || last.Response != nil {
		return errors.New("a response without a command")
	}
	var err error
	last.Response, err = hex.DecodeString(text)
	return err
}

// describe takes a line of the header.
func (t *Transcript) describe(line string) error {
	name, value, found := strings.Cut(line, ": ")
	if !found || len(t.Exchanges) > 0 {
		return errors.New("neither command, response, reset nor header")
	}
	if _, again := t.Header[name]; again {
		return fmt.Errorf("%q once more", name)
	}
	t.Header[name] = value
	return nil
}

// Replay is a card that answers from a transcript for as long as it is asked, in the same order, what was asked there.
type Replay struct {
	Transcript Transcript

	next int
}

var (
	// ErrReplay is answered to a command that is not the transcript's.
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

// take gives the next exchange of the transcript, which must begin like this one.
func (r *Replay) take(asked Exchange) (Exchange, error) {
	if r.next == len(r.Transcript.Exchanges) {
		return Exchange{}, fmt.Errorf("%w: it has ended", ErrReplay)
	}
	e := r.Transcript.Exchanges[r.next]
	if e.Reset != asked.Reset || string(e.Command) != string(asked.Command) {
		return Exchange{}, fmt.Errorf("%w: number %d of %d", ErrReplay, r.next+1, len(r.Transcript.Exchanges))
	}
	r.next++
	return e, nil
}
