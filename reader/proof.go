package reader

import "strings"

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

func failed(err error) Proof { return Proof{Failed, plain(err)} }

// plain gives an error without the names of the packages that it came through, which are for programmers.
func plain(err error) string {
	return strings.NewReplacer("eac: ", "", "sm: ", "", "pace: ", "", "cvc: ", "", "activeauth: ", "", "reader: ", "", "secinfo: ", "").Replace(err.Error())
}
