package simulator

import (
	"fmt"
	"strconv"
	"time"
)

// Timing is how long a chip takes, beside what this machine takes to play it. Each part that is zero takes no time, and
// so does the zero value.
type Timing struct {
	BitRate int           `json:"bit_rate,omitempty"` // bits per second in the field: 106,000 to 848,000
	Page    time.Duration `json:"page,omitempty"`     // to write one page of memory
	Crypto  time.Duration `json:"crypto,omitempty"`   // for one operation with a private or public key
}

// pageSize is how many bytes a chip writes at once.
const pageSize = 64

// bitsPerByte counts a parity bit with each byte (ISO/IEC 14443-3, section 6.2).
const bitsPerByte = 9

// Set takes one part by its name, as references spell it: bitrate=424000, page=3ms, crypto=60ms.
func (t *Timing) Set(name, value string) error {
	var err error
	switch name {
	case "bitrate":
		t.BitRate, err = strconv.Atoi(value)
	case "page":
		t.Page, err = time.ParseDuration(value)
	case "crypto":
		t.Crypto, err = time.ParseDuration(value)
	default:
		return fmt.Errorf("simulator: a card's timing has bitrate, page and crypto, not %q", name)
	}
	if err != nil || t.check() != nil {
		return fmt.Errorf("simulator: %s=%s is nothing that a chip takes", name, value)
	}
	return nil
}

func (t Timing) check() error {
	if t.BitRate < 0 || t.Page < 0 || t.Page > time.Second || t.Crypto < 0 || t.Crypto > time.Minute || t.BitRate > 0 && t.BitRate < 1000 {
		return fmt.Errorf("simulator: card file: a timing that no chip has")
	}
	return nil
}

// on tells whether anything takes time.
func (t Timing) on() bool { return t != Timing{} }

// of gives the time of one command: bytes on the air, bytes written, operations with keys.
func (t Timing) of(carried, written, operations int) time.Duration {
	var d time.Duration
	if t.BitRate > 0 {
		d = time.Duration(carried) * bitsPerByte * time.Second / time.Duration(t.BitRate)
	}
	pages := (written + pageSize - 1) / pageSize
	return d + time.Duration(pages)*t.Page + time.Duration(operations)*t.Crypto
}

// keyOperations counts the operations with keys that a command asks for by its instruction: two in a step of GENERAL
// AUTHENTICATE, one in the other commands of the protocols.
func keyOperations(command []byte) int {
	if len(command) < 4 || command[0]&0x80 != 0 {
		return 0
	}
	switch command[1] {
	case 0x86:
		return 2
	case 0x2A, 0x82, 0x88:
		return 1
	}
	return 0
}
