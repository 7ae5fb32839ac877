// Package atr reads what a card says of itself when it gets power: the answer to reset (ISO/IEC 7816-3, section 8.2),
// also in the form that readers make up for contactless cards (PC/SC part 3, section 3.1.3.2.3).
//
//	TS T0 | TA1 TB1 TC1 TD1 TA2 ... | historical bytes | TCK
package atr

import (
	"errors"
	"fmt"
	"slices"
)

// ATR is an answer to reset, taken apart.
type ATR struct {
	Inverse    bool   // the inverse convention: TS is 3F
	Protocols  []int  // the transmission protocols on offer, the first of them first: 0 for T=0, 1 for T=1
	Specific   bool   // the card is in the specific mode: it speaks the first protocol and negotiates nothing (TA2)
	Historical []byte // what the card's maker has to say
	bare       bool   // there are no interface bytes but TD1 80 and TD2 01
}

// maxSize is TS and 32 bytes.
const maxSize = 33

// globalT is the T of interface bytes that belong to no protocol.
const globalT = 15

// Parse takes an answer to reset apart. One that is cut short, goes on behind its end, fails its check byte or offers
// protocols out of order is an error.
func Parse(b []byte) (ATR, error) {
	if len(b) < 2 || len(b) > maxSize {
		return ATR{}, fmt.Errorf("atr: an answer to reset has 2 to %d bytes, not %d", maxSize, len(b))
	}
	if b[0] != 0x3B && b[0] != 0x3F {
		return ATR{}, fmt.Errorf("atr: TS is %02X: 3B and 3F are known", b[0])
	}
	a := ATR{Inverse: b[0] == 0x3F}
	rest, checked, err := a.interfaceBytes(b[2:], b[1]>>4)
	if err != nil {
		return ATR{}, err
	}
	n := int(b[1] & 0x0F)
	if len(rest) < n {
		return ATR{}, fmt.Errorf("atr: %d historical bytes are announced, %d are there", n, len(rest))
	}
	a.Historical, rest = rest[:n:n], rest[n:]
	if !checked {
		return a, empty(rest)
	}
	if len(rest) == 0 {
		return ATR{}, errors.New("atr: the check byte is missing")
	}
	if sum(b[1:len(b)-len(rest)+1]) != 0 {
		return ATR{}, errors.New("atr: the check byte is wrong")
	}
	return a, empty(rest[1:])
}

func empty(rest []byte) error {
	if len(rest) > 0 {
		return fmt.Errorf("atr: %d bytes follow its end", len(rest))
	}
	return nil
}

func sum(b []byte) (x byte) {
	for _, v := range b {
		x ^= v
	}
	return x
}

// interfaceBytes reads the groups of TA, TB, TC and TD: there says which of them come first. It gives what follows them,
// and whether a check byte ends the answer: where another T than 0 is named (ISO/IEC 7816-3, section 8.2.5).
func (a *ATR) interfaceBytes(b []byte, there byte) (rest []byte, checked bool, err error) {
	var groups [][]byte // the interface bytes between one TD and the next
	var ts []int
	for there != 0 {
		n := 0
		for bit := byte(1); bit <= 4; bit <<= 1 {
			if there&bit != 0 {
				n++
			}
		}
		hasNext := there&8 != 0
		if len(b) < n || hasNext && len(b) == n {
			return nil, false, errors.New("atr: it ends among the interface bytes")
		}
		groups = append(groups, b[:n])
		if len(groups) == 2 && there&1 != 0 {
			a.Specific = true
		}
		if !hasNext {
			b = b[n:]
			break
		}
		ts, there, b = append(ts, int(b[n]&0x0F)), b[n]>>4, b[n+1:]
	}
	a.bare = slices.Equal(ts, []int{0, 1}) && !slices.ContainsFunc(groups, func(g []byte) bool { return len(g) > 0 })
	return b, slices.ContainsFunc(ts, func(t int) bool { return t != 0 }), a.offer(ts)
}

// offer keeps the protocols that the TD bytes name, which stand in ascending order (section 8.2.3); T=0 where none is
// named.
func (a *ATR) offer(ts []int) error {
	if len(ts) == 0 {
		a.Protocols = []int{0}
		return nil
	}
	if ts[0] == globalT {
		return errors.New("atr: TD1 names no protocol but T=15")
	}
	if !slices.IsSorted(ts) {
		return errors.New("atr: the protocols are not in ascending order")
	}
	a.Protocols = slices.Compact(slices.DeleteFunc(slices.Clone(ts), func(t int) bool { return t == globalT }))
	return nil
}

// Contactless tells whether it is of the form that readers make up for contactless cards: T=0 and T=1 on offer, and no
// interface bytes. A card with contacts may have one like it.
func (a ATR) Contactless() bool { return a.bare && !a.Inverse }
