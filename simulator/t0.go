package simulator

import (
	"fmt"

	"github.com/cancuoc/cancuoc/card/apdu"
)

// Transport is how a chip talks to its reader. The zero value is that of a contactless chip.
type Transport string

// The transports.
const (
	Contactless Transport = ""   // ISO/IEC 14443-4: whole APDUs, extended length fields
	T1          Transport = "t1" // contacts, protocol T=1: whole APDUs, extended length fields
	T0          Transport = "t0" // contacts, protocol T=0: TPDUs, answers by GET RESPONSE, no extended length fields
)

// ParseTransport reads "t0", "t1" or "contactless".
func ParseTransport(text string) (Transport, error) {
	switch t := Transport(text); t {
	case T0, T1:
		return t, nil
	case "contactless":
		return Contactless, nil
	}
	return "", fmt.Errorf("simulator: no chip talks over %q: t0, t1 or contactless", text)
}

func (t Transport) check() error {
	if t != Contactless && t != T0 && t != T1 {
		return fmt.Errorf("simulator: card file: no chip talks over %q", string(t))
	}
	return nil
}

// Over gives the same chip with another transport, and the answer to reset that announces it.
func (s State) Over(t Transport) State {
	s.Transport, s.ATR = t, answerToReset(t)
	return s
}

// answerToReset gives an ATR: of a chip with contacts that speaks T=0 or T=1 alone, or as a reader makes it up for a
// contactless one (PC/SC part 3, section 3.1.3.2.3). Its historical bytes are card capabilities, which state extended
// length fields (ISO/IEC 7816-4, section 12.1.1), and our name.
func answerToReset(t Transport) []byte {
	return answerWith(t, append([]byte{0x80, 0x73, 0xC0, 0x01, 0x40, 0x67}, "cancuoc"...))
}

func answerWith(t Transport, historical []byte) []byte {
	format := map[Transport][]byte{T0: {0x00}, T1: {0x80, 0x01}, Contactless: {0x80, 0x80, 0x01}}[t]
	atr := append([]byte{0x3B}, format...)
	atr[1] |= byte(len(historical))
	atr = append(atr, historical...)
	if t == T0 {
		return atr // which alone has no check byte (ISO/IEC 7816-3, section 8.2.5)
	}
	var tck byte
	for _, b := range atr[1:] {
		tck ^= b
	}
	return append(atr, tck)
}

// Transport tells how the chip talks.
func (c *Card) Transport() Transport { return c.state.Transport }

// transmission is the chip's end of T=0: what a command has left to be fetched.
type transmission struct {
	left    apdu.Response
	waiting bool
}

// exchange answers one command TPDU (ISO/IEC 7816-3, section 12.2.1): five bytes, or five and as many as the fifth says.
// Data to a command that brought some waits for GET RESPONSE; a command that asks for another number of bytes than there
// are is answered by 6CXX and comes again.
func (t *transmission) exchange(tpdu []byte, handle func(apdu []byte) apdu.Response) apdu.Response {
	if len(tpdu) < 5 || len(tpdu) > 5 && len(tpdu) != 5+int(tpdu[4]) {
		return apdu.Response{SW: apdu.SWWrongLength}
	}
	if tpdu[1] == 0xC0 && len(tpdu) == 5 {
		return t.fetch(expected(tpdu[4]))
	}
	*t = transmission{}
	if len(tpdu) == 5 {
		return outgoing(handle(tpdu), expected(tpdu[4]))
	}
	resp := handle(append(tpdu[:len(tpdu):len(tpdu)], 0))
	if len(resp.Data) == 0 {
		return resp
	}
	*t = transmission{left: resp, waiting: true}
	return apdu.Response{SW: more(len(resp.Data))}
}

// fetch answers GET RESPONSE.
func (t *transmission) fetch(n int) apdu.Response {
	switch {
	case !t.waiting:
		return apdu.Response{SW: apdu.SWConditionsNotSatisfied}
	case n > len(t.left.Data):
		return wrongNe(len(t.left.Data))
	}
	part := apdu.Response{Data: t.left.Data[:n:n], SW: t.left.SW}
	t.left.Data = t.left.Data[n:]
	if len(t.left.Data) > 0 {
		part.SW = more(len(t.left.Data))
		return part
	}
	*t = transmission{}
	return part
}

func outgoing(resp apdu.Response, n int) apdu.Response {
	if have := len(resp.Data); have > 0 && have < n {
		return wrongNe(have)
	}
	return resp
}

func expected(p3 byte) int {
	if p3 == 0 {
		return apdu.MaxShortNe
	}
	return int(p3)
}

func more(n int) apdu.StatusWord {
	return 0x6100 | apdu.StatusWord(byte(min(n, apdu.MaxShortNe)))
}

func wrongNe(n int) apdu.Response { return apdu.Response{SW: 0x6C00 | apdu.StatusWord(byte(n))} }
