package apdu

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
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
//	random 1F2E3D4C               what the terminal drew from Record as its source of randomness
//	reset
//
// Each line reaches W whole, in one write, when it happens. Record writes the bodies too, which hold personal data, and
// with the randomness whatever a session hides: a transcript is as confidential as the card. What goes into a log is
// Trace.
type Record struct {
	Card Card
	Rand io.Reader // of the terminal: what it reads through Record; without it Read is an error
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

// Read draws from Rand.
func (r Record) Read(p []byte) (int, error) {
	if r.Rand == nil {
		return 0, errors.New("apdu: there is no source of randomness to record")
	}
	n, err := r.Rand.Read(p)
	if n > 0 {
		if err := r.write("random %X\n", p[:n]); err != nil {
			return 0, err
		}
	}
	return n, err
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

// Exchange is a command and its response, which is nil where the card was lost; or a reset, and neither; or what the
// terminal drew at this place, and nothing else.
type Exchange struct {
	Reset             bool
	Command, Response []byte
	Random            []byte
}

// What ParseTranscript takes: the longest text in bytes, the most exchanges and the most lines of a header. The dialogue
// of a whole personalisation is a thousandth of that.
const (
	MaxTranscript = 64 << 20
	maxExchanges  = 1 << 20
	maxHeader     = 64
)

// ParseTranscript reads what Record wrote. Its errors repeat nothing of it.
func ParseTranscript(text []byte) (Transcript, error) {
	if len(text) > MaxTranscript {
		return Transcript{}, fmt.Errorf("apdu: the transcript is longer than %d bytes", MaxTranscript)
	}
	t := Transcript{Header: map[string]string{}}
	number := 0
	for line := range bytes.Lines(text) {
		number++
		if err := t.add(bytes.TrimSpace(line)); err != nil {
			return Transcript{}, fmt.Errorf("apdu: line %d of the transcript: %w", number, err)
		}
	}
	return t, nil
}

func (t *Transcript) add(line []byte) error {
	mark, rest, _ := bytes.Cut(line, []byte(" "))
	switch string(mark) {
	case "", "#":
		return nil
	case ">":
		command, err := parseHex(rest)
		return t.append(Exchange{Command: command}, err)
	case "<":
		return t.answer(rest)
	case "random":
		drawn, err := parseHex(rest)
		if err == nil && len(drawn) == 0 {
			err = errors.New("randomness of no bytes")
		}
		return t.append(Exchange{Random: drawn}, err)
	}
	if string(line) == "reset" {
		return t.append(Exchange{Reset: true}, nil)
	}
	return t.describe(line)
}

func (t *Transcript) append(e Exchange, err error) error {
	if err == nil && len(t.Exchanges) == maxExchanges {
		err = fmt.Errorf("more than %d exchanges", maxExchanges)
	}
	if err == nil {
		t.Exchanges = append(t.Exchanges, e)
	}
	return err
}

func (t *Transcript) answer(text []byte) error {
	if len(t.Exchanges) == 0 {
		return errors.New("a response before any command")
	}
	last := &t.Exchanges[len(t.Exchanges)-1]
	if last.Reset || last.Random != nil || last.Response != nil {
		return errors.New("a response without a command")
	}
	var err error
	last.Response, err = parseHex(text)
	return err
}

// parseHex reads hexadecimal digits, and is never nil where there is no error.
func parseHex(text []byte) ([]byte, error) {
	b := make([]byte, hex.DecodedLen(len(text)))
	if _, err := hex.Decode(b, text); err != nil {
		return nil, errors.New("not hexadecimal digits, two for each byte")
	}
	return b, nil
}

// describe takes a line of the header.
func (t *Transcript) describe(line []byte) error {
	name, value, found := bytes.Cut(line, []byte(": "))
	if !found || len(t.Exchanges) > 0 {
		return errors.New("neither command, response, randomness, reset nor header")
	}
	if _, again := t.Header[string(name)]; again {
		return errors.New("this line of the header stands there once more")
	}
	if len(t.Header) == maxHeader {
		return fmt.Errorf("the header has more than %d lines", maxHeader)
	}
	t.Header[string(name)] = string(value)
	return nil
}
