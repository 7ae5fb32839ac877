package reader

import (
	"errors"

	"github.com/cancuoc/cancuoc/card/apdu"
)

// Outcome is what came of an authentication.
type Outcome string

// The outcomes. Without one the authentication was not tried.
const (
	Proven     Outcome = "proven"
	Failed     Outcome = "failed"
	Impossible Outcome = "impossible" // with this reader: nothing is known of the chip
)

// Proof is what came of one authentication, for [Verify] to judge: the key that it was made with is in the files that
// were read, and is worth nothing before they are trusted.
type Proof struct {
	Outcome Outcome `json:"outcome,omitempty"`
	Detail  string  `json:"detail,omitempty"` // what was run, or why it failed
}

// Proofs are those of one reading.
type Proofs struct {
	Mapping  Proof `json:"mapping,omitzero"`  // PACE with chip authentication mapping, by the key in EF.CardSecurity
	Chip     Proof `json:"chip,omitzero"`     // Chip Authentication, by the key in EF.DG14
	Active   Proof `json:"active,omitzero"`   // Active Authentication, by the key in EF.DG15
	Terminal Proof `json:"terminal,omitzero"` // Terminal Authentication: of the reader, to the chip
}

func failed(err error) Proof { return Proof{Failed, err.Error()} }

func impossible(err error) Proof { return Proof{Impossible, err.Error()} }

// faulty tells an answer with which a chip says that it is out of order, and nothing about its keys: 64XX, 65XX and 6FXX.
func faulty(err error) bool {
	var sw apdu.StatusWord
	if !errors.As(err, &sw) {
		return false
	}
	switch sw >> 8 {
	case 0x64, 0x65, 0x6F:
		return true
	}
	return false
}
