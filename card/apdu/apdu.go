// Package apdu is the language that a terminal and a chip speak (ISO/IEC 7816-3 and -4): commands, responses and
// status words, and the three one-method interfaces on which every channel of this project stands.
//
//	Sender   a terminal's end: takes a Command, gives a Response
//	Handler  a chip's end: answers a Command
//	Transmitter  the wire between them: bytes there, bytes back
//
// A secure channel of the terminal is a Sender over a Sender, that of the chip a Handler before a Handler. Beside the wire,
// Trace logs a dialogue without its bodies, Record keeps all of it, and Replay plays it back as a card.
package apdu

import (
	"fmt"
)

// Transmitter carries one encoded command to a card and its encoded response back.
type Transmitter interface {
	Transmit(command []byte) (response []byte, err error)
}

// Sender is what a terminal sends commands through.
type Sender interface {
	Send(Command) (Response, error)
}

// Handler is what answers commands in a chip.
type Handler interface {
	Handle(Command) Response
}

// Command is a command APDU. Ne is the number of bytes expected back: none for 0, at most 65536.
type Command struct {
	CLA, INS, P1, P2 byte
	Data             []byte
	Ne               int
	Extended         bool // use extended length fields even where short ones would do
}

// MaxShortData is the longest data field, and MaxShortNe the greatest Ne, that short length fields can express.
const (
	MaxShortData    = 255
	MaxShortNe      = 256
	MaxExtendedData = 65535
	MaxExtendedNe   = 65536
)

// extended tells whether the command needs extended length fields (ISO/IEC 7816-3, section 12.1).
func (c Command) extended() bool {
	return c.Extended && (len(c.Data) > 0 || c.Ne > 0) || len(c.Data) > MaxShortData || c.Ne > MaxShortNe
}

// Bytes encodes the command, with short length fields where they suffice.
func (c Command) Bytes() ([]byte, error) {
	if len(c.Data) > MaxExtendedData {
		return nil, fmt.Errorf("apdu: %d bytes of data do not fit a command (at most %d)", len(c.Data), MaxExtendedData)
	}
	if c.Ne < 0 || c.Ne > MaxExtendedNe {
		return nil, fmt.Errorf("apdu: Ne is %d, it goes from 0 to %d", c.Ne, MaxExtendedNe)
	}
	b := make([]byte, 0, len(c.Data)+9)
	b = append(b, c.CLA, c.INS, c.P1, c.P2)
	if c.extended() {
		return c.appendExtended(b), nil
	}
	if len(c.Data) > 0 {
		b = append(append(b, byte(len(c.Data))), c.Data...)
	}
	if c.Ne > 0 {
		b = append(b, byte(c.Ne))
	}
	return b, nil
}

func (c Command) appendExtended(b []byte) []byte {
	b = append(b, 0)
	if len(c.Data) > 0 {
		b = append(append(b, byte(len(c.Data)>>8), byte(len(c.Data))), c.Data...)
	}
	if c.Ne > 0 {
		b = append(b, byte(c.Ne>>8), byte(c.Ne))
	}
	return b
}

// ParseCommand decodes a command APDU of any of the seven cases (ISO/IEC 7816-3, section 12.1.3).
func ParseCommand(b []byte) (Command, error) {
	if len(b) < 4 {
		return Command{}, fmt.Errorf("apdu: a command of %d bytes has no whole header", len(b))
	}
	c := Command{CLA: b[0], INS: b[1], P1: b[2], P2: b[3]}
	body := b[4:]
	switch {
	case len(body) == 0:
		return c, nil
	case len(body) == 1:
		c.Ne = shortNe(body[0])
		return c, nil
	case body[0] != 0:
		return parseShort(c, body)
	}
	return parseExtended(c, body)
}

func parseShort(c Command, body []byte) (Command, error) {
	n := int(body[0])
	rest := body[1:]
	if len(rest) != n && len(rest) != n+1 {
		return Command{}, fmt.Errorf("apdu: Lc announces %d bytes, %d follow", n, len(rest))
	}
	c.Data = rest[:n:n]
	if len(rest) == n+1 {
		c.Ne = shortNe(rest[n])
	}
	return c, nil
}

func parseExtended(c Command, body []byte) (Command, error) {
	if len(body) < 3 {
		return Command{}, fmt.Errorf("apdu: the extended length field is cut short")
	}
	c.Extended = true
	n, rest := int(body[1])<<8|int(body[2]), body[3:]
	if len(rest) == 0 {
		c.Ne = extendedNe(n)
		return c, nil
	}
	if n == 0 || len(rest) != n && len(rest) != n+2 {
		return Command{}, fmt.Errorf("apdu: Lc announces %d bytes, %d follow", n, len(rest))
	}
	c.Data = rest[:n:n]
	if len(rest) == n+2 {
		c.Ne = extendedNe(int(rest[n])<<8 | int(rest[n+1]))
	}
	return c, nil
}

func shortNe(le byte) int {
	if le == 0 {
		return MaxShortNe
	}
	return int(le)
}

func extendedNe(le int) int {
	if le == 0 {
		return MaxExtendedNe
	}
	return le
}

// Response is a response APDU.
type Response struct {
	Data []byte
	SW   StatusWord
}

// Bytes encodes the response.
func (r Response) Bytes() []byte {
	b := make([]byte, 0, len(r.Data)+2)
	return append(append(b, r.Data...), byte(r.SW>>8), byte(r.SW))
}

// ParseResponse decodes a response APDU.
func ParseResponse(b []byte) (Response, error) {
	n := len(b) - 2
	if n < 0 {
		return Response{}, fmt.Errorf("apdu: a response of %d bytes has no status word", len(b))
	}
	return Response{Data: b[:n:n], SW: StatusWord(b[n])<<8 | StatusWord(b[n+1])}, nil
}

// OK tells an answer of 9000 from everything else: it gives the status word as an error unless it is 9000.
func (r Response) OK() error {
	if r.SW == SWOK {
		return nil
	}
	return r.SW
}
