package perso

import (
	"bytes"
	"errors"
	"testing"

	"github.com/cancuoc/cancuoc/card/apdu"
)

// renamed is a chip that goes by another number each time that it is asked.
type renamed struct{ n byte }

func (r *renamed) Send(cmd apdu.Command) (apdu.Response, error) {
	if cmd.INS != 0x50 {
		return apdu.Response{SW: apdu.SWOK}, nil
	}
	r.n++
	answer := append(bytes.Repeat([]byte{r.n}, 10), 0x01, 0x03, 0x60)
	return apdu.Response{Data: append(answer, make([]byte, 16)...), SW: apdu.SWOK}, nil
}

// A chip keeps the number by which it was opened.
func TestAChipKeepsItsNumber(t *testing.T) {
	chip := &renamed{}
	s := &Session{terminal: Terminal{Rand: bytes.NewReader(make([]byte, 16))}, wire: chip}
	if _, err := (globalPlatform{}).initiate(s); err != nil || s.ChipID != "01010101010101010101" {
		t.Fatalf("chip %s, %v", s.ChipID, err)
	}
	if _, err := (globalPlatform{}).initiate(s); !errors.Is(err, ErrOtherChip) || s.ChipID != "01010101010101010101" {
		t.Errorf("chip %s, %v", s.ChipID, err)
	}
}
