package cvc

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/cancuoc/cancuoc/card/tlv"
)

// TerminalType is what kind of terminal a chain of certificates ends in. Chips of this project let inspection systems
// in; the other two are read, for they stand beside them in the same public key infrastructure.
type TerminalType byte

// The terminal types of TR-03110-3, appendix C.4.
const (
	InspectionSystem TerminalType = iota + 1
	AuthenticationTerminal
	SignatureTerminal
)

// String names the type.
func (t TerminalType) String() string {
	switch t {
	case InspectionSystem:
		return "inspection system"
	case AuthenticationTerminal:
		return "authentication terminal"
	case SignatureTerminal:
		return "signature terminal"
	}
	return fmt.Sprintf("terminal type %d", byte(t))
}

// size is the length of the relative authorization in bytes.
func (t TerminalType) size() int {
	if t == AuthenticationTerminal {
		return 5
	}
	return 1
}

// terminalTypes is the object identifier { bsi-de applications(3) mrtd(1) roles(2) } without its last arc.
var terminalTypes = [...]byte{0x04, 0x00, 0x7F, 0x00, 0x07, 0x03, 0x01, 0x02}

// Role is a certificate holder's place in the chain.
type Role byte

// The roles, with the values of the two highest bits of an authorization.
const (
	Terminal   Role = 0
	ForeignDV  Role = 1 // a document verifier of another state, or not of the authorities
	DomesticDV Role = 2
	CVCA       Role = 3
)

// String names the role.
func (r Role) String() string {
	switch r {
	case Terminal:
		return "terminal"
	case ForeignDV:
		return "foreign document verifier"
	case DomesticDV:
		return "domestic document verifier"
	case CVCA:
		return "CVCA"
	}
	return fmt.Sprintf("role %d", byte(r))
}

// Rights are what an inspection system may read (Doc 9303-11, appendix K.1).
type Rights byte

// The rights to read.
const (
	ReadDG3 Rights = 1 << 0 // fingerprints
	ReadDG4 Rights = 1 << 1 // irises

	allRights = ReadDG3 | ReadDG4 // the other four bits are reserved and ignored
)

// Names gives the rights in words, none for none.
func (r Rights) Names() []string {
	names := []string{}
	for _, row := range rightNames() {
		if r&row.right != 0 {
			names = append(names, row.name)
		}
	}
	return names
}

// ParseRights reads the names that [Rights.Names] gives.
func ParseRights(names []string) (Rights, error) {
	var r Rights
	for _, name := range names {
		i := slices.IndexFunc(rightNames(), func(row rightName) bool { return row.name == name })
		if i < 0 {
			return 0, fmt.Errorf("cvc: %q is not one of fingerprints, irises", name)
		}
		r |= rightNames()[i].right
	}
	return r, nil
}

type rightName struct {
	right Rights
	name  string
}

func rightNames() []rightName { return []rightName{{ReadDG3, "fingerprints"}, {ReadDG4, "irises"}} }

// Authorization is a certificate holder authorization template: what the authority lets the holder be and do. The two
// highest bits of Bits are the role.
type Authorization struct {
	Type TerminalType
	Bits []byte // one byte; five for an authentication terminal
}

// InspectionAuthorization gives the authorization of the given role in a chain that ends in an inspection system.
func InspectionAuthorization(role Role, rights Rights) Authorization {
	return Authorization{Type: InspectionSystem, Bits: []byte{byte(role)<<6 | byte(rights&allRights)}}
}

// Role gives the place in the chain.
func (a Authorization) Role() Role {
	if len(a.Bits) == 0 {
		return Terminal
	}
	return Role(a.Bits[0] >> 6)
}

// Rights gives what an inspection system may read, and nothing for the other types.
func (a Authorization) Rights() Rights {
	if a.Type != InspectionSystem || len(a.Bits) != 1 {
		return 0
	}
	return Rights(a.Bits[0]) & allRights
}

// under gives the effective authorization of a holder below an issuer: the rights that both have, the holder's role
// (Doc 9303-11, section 7.1.4.3.6).
func (a Authorization) under(issuer Authorization) Authorization {
	both := Authorization{Type: a.Type, Bits: bytes.Clone(a.Bits)}
	for i := range both.Bits {
		both.Bits[i] &= issuer.Bits[i]
	}
	both.Bits[0] = both.Bits[0]&0x3F | a.Bits[0]&0xC0
	return both
}

// encode makes the certificate holder authorization template (Doc 9303-12, section 7.2.2.4).
func (a Authorization) encode() []byte {
	oid := append(terminalTypes[:len(terminalTypes):len(terminalTypes)], byte(a.Type))
	return tlv.Encode(tagAuthorization, tlv.Encode(tagOID, oid), tlv.Encode(tagDiscretionary, a.Bits))
}

func parseAuthorization(b []byte) (Authorization, error) {
	values, err := sequence(b, tagOID, tagDiscretionary)
	if err != nil {
		return Authorization{}, err
	}
	last, ok := bytes.CutPrefix(values[0], terminalTypes[:])
	if !ok || len(last) != 1 {
		return Authorization{}, fmt.Errorf("%w: its terminal type is unknown", ErrFormat)
	}
	a := Authorization{Type: TerminalType(last[0]), Bits: bytes.Clone(values[1])}
	return a, a.check()
}

func (a Authorization) check() error {
	if a.Type < InspectionSystem || a.Type > SignatureTerminal {
		return fmt.Errorf("%w: its terminal type is unknown", ErrFormat)
	}
	if len(a.Bits) != a.Type.size() {
		return fmt.Errorf("%w: an authorization of %d bytes for a chain to an %v", ErrFormat, len(a.Bits), a.Type)
	}
	return nil
}
