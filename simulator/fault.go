package simulator

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Fault is a way in which a simulated card fails, or deceives.
type Fault string

// The faults.
const (
	Cut          Fault = "cut"
	CutAfter     Fault = "cut-after"
	CutHalf      Fault = "cut-half"
	WrongMAC     Fault = "wrong-mac"
	StaleCounter Fault = "stale-counter"
	Clone        Fault = "clone"
	CloneOwnKeys Fault = "clone-own-keys"
	HiddenAccess Fault = "hidden-cardaccess"
	WeakAccess   Fault = "weak-cardaccess"
	BlockedPACE  Fault = "blocked-pace"
	WrongLe      Fault = "6cxx"
	ShortReads   Fault = "short-reads"
	ShortLength  Fault = "short-length"
	SwappedDG    Fault = "swapped-dg"
	ForgedSOD    Fault = "forged-sod"
	TornWrite    Fault = "torn-write"
	LyingLength  Fault = "lying-length"
)

// FaultKind says what a fault is.
type FaultKind struct {
	Fault
	Counted bool // it happens at the n-th occasion, 1 where nothing else is said
	What    string
}

// FaultKinds lists the faults.
func FaultKinds() []FaultKind {
	return []FaultKind{
		{Cut, true, "the power is lost at command N, which is neither done nor answered"},
		{CutAfter, true, "the power is lost once command N is done, before it is answered"},
		{CutHalf, true, "the power is lost while command N writes: half of it is written, and nothing answered"},
		{WrongMAC, true, "the N-th protected response has a wrong checksum"},
		{StaleCounter, true, "the N-th protected response is protected under a counter that was used already"},
		{Clone, false, "a copy of the files, without the private keys of the chip"},
		{CloneOwnKeys, false, "a copy of the files, with private keys of its own"},
		{HiddenAccess, false, "EF.CardAccess is hidden, so that terminals use Basic Access Control"},
		{WeakAccess, false, "EF.CardAccess offers PACE with 3DES alone"},
		{BlockedPACE, false, "PACE is announced and refused by 6982"},
		{WrongLe, false, "READ BINARY with another Ne than what is left is answered by 6CXX"},
		{ShortReads, false, "READ BINARY gives at most 64 bytes"},
		{ShortLength, false, "EF.ATR/INFO promises extended length fields, and none get through (6700)"},
		{SwappedDG, false, "EF.DG1 bears another name than the one that was signed"},
		{ForgedSOD, false, "the signature of EF.SOD is wrong"},
		{TornWrite, false, "the last half of EF.DG13, or of EF.DG2 where there is none, was never written"},
		{LyingLength, false, "EF.DG1 says that it is longer than it is"},
	}
}

// Faults are those of one card, each with the number of the occasion at which it happens. The zero value is a card that
// works.
type Faults map[Fault]int

// ParseFault reads NAME or NAME@N into the faults.
func (f *Faults) ParseFault(text string) error {
	name, at, counted := strings.Cut(text, "@")
	for _, kind := range FaultKinds() {
		if string(kind.Fault) != name {
			continue
		}
		n, err := 1, error(nil)
		if counted {
			n, err = strconv.Atoi(at)
		}
		if err != nil || n < 1 || counted && !kind.Counted {
			return fmt.Errorf("simulator: fault %s: what follows the @ is not a number that it takes", name)
		}
		if *f == nil {
			*f = Faults{}
		}
		(*f)[kind.Fault] = n
		return nil
	}
	return fmt.Errorf("simulator: no card has the fault %q", name)
}

// check refuses what no card has, in a card file.
func (f Faults) check() error {
	for fault, n := range f {
		known := slices.ContainsFunc(FaultKinds(), func(k FaultKind) bool { return k.Fault == fault })
		if !known || n < 1 {
			return fmt.Errorf("simulator: card file: no card has the fault %q, %d times", fault, n)
		}
	}
	return nil
}

// has tells whether the card has the fault.
func (f Faults) has(fault Fault) bool { return f[fault] > 0 }
