// Package scp is the secure channel with which an issuer personalises a chip and changes its keys: GlobalPlatform's Secure
// Channel Protocols 03 (Card Specification 2.3.1, Amendment D, version 1.1.2), with AES keys of 128, 192 or 256 bits and
// challenges of eight bytes, and 02 (Card Specification 2.3.1, appendix E), with triple DES keys of 16 bytes and i = 15.
//
//	Terminal                                       Chip
//	  Initiate: INITIALIZE UPDATE,
//	    host challenge                   -->
//	                                     <--         who it is, card challenge, card cryptogram
//	  Proves: verify the card cryptogram under the keys that the chip should have; nothing is sent
//	  Authenticate:
//	    EXTERNAL AUTHENTICATE            -->
//	    host cryptogram, C-MAC                       verify both
//	  Send: C-MAC, encrypted             <->       responses: R-MAC, encrypted
//	  PutKeys: PUT KEY                   -->
//	                                     <--         key version and key check values
//
// Each C-MAC covers the one before it, so a command cannot be left out, repeated or moved. A chip is not asked to
// authenticate under keys that it has not proved to know: every failed attempt may cost it one of few that it allows.
//
// The keys of a chip may come from a master key, by its own number ([Diversify]); a master key may stay in a token.
package scp

import (
	"fmt"

	"github.com/cancuoc/cancuoc/card/apdu"
)

// Protocol is a secure channel protocol. In text it is "scp03" or "scp02".
type Protocol byte

// The protocols. The zero value is SCP03; SCP02 is for chips that have nothing better.
const (
	SCP03 Protocol = iota
	SCP02
)

// identifier is what a chip calls the protocol in its answer to INITIALIZE UPDATE.
func (p Protocol) identifier() byte {
	if p == SCP02 {
		return 0x02
	}
	return 0x03
}

func (p Protocol) String() string {
	switch p {
	case SCP03:
		return "scp03"
	case SCP02:
		return "scp02"
	}
	return fmt.Sprintf("scp.Protocol(%d)", byte(p))
}

// MarshalText writes the protocol for JSON and TOML.
func (p Protocol) MarshalText() ([]byte, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	return []byte(p.String()), nil
}

// UnmarshalText reads "scp03" or "scp02".
func (p *Protocol) UnmarshalText(text []byte) error {
	switch string(text) {
	case "scp03":
		*p = SCP03
	case "scp02":
		*p = SCP02
	default:
		return fmt.Errorf("scp: %.20q is no secure channel protocol: scp03 and scp02 are", text)
	}
	return nil
}

func (p Protocol) check() error {
	if p > SCP02 {
		return fmt.Errorf("scp: there is no secure channel protocol %d here", byte(p))
	}
	return nil
}

// The bits of the security level (Amendment D, section 7.1.2; Card Specification, section E.5.2.3).
const (
	commandMAC         = 0x01
	commandEncryption  = 0x02
	responseMAC        = 0x10
	responseEncryption = 0x20
)

// CheckLevel says whether a protocol has the security level.
func (p Protocol) CheckLevel(level byte) error {
	if err := p.check(); err != nil || p.knows(level) {
		return err
	}
	return noLevel(p, level)
}

// knows tells whether the protocol has this security level: 01, 03, 11, 13 and 33 of SCP03, 01 of SCP02.
func (p Protocol) knows(level byte) bool {
	switch level {
	case commandMAC:
		return true
	case 0x03, 0x11, 0x13, 0x33:
		return p == SCP03
	}
	return false
}

const (
	challengeSize  = 8 // of the host, and of an SCP03 card
	cryptogramSize = 8
	macSize        = 8
)

// MaxData is the greatest number of bytes of plain data that a command with Le can carry in an SCP03 session of this
// security level when no command APDU may be longer than limit bytes. It is never less than 0.
func MaxData(level byte, limit int) int { return SCP03.maxData(level, limit) }

// maxData is MaxData for each protocol: commands of SCP02 are short.
func (p Protocol) maxData(level byte, limit int) int {
	field := min(apdu.MaxShortData, limit-(4+1+1))
	if extended := min(apdu.MaxExtendedData, limit-(4+3+2)); p == SCP03 && extended > apdu.MaxShortData {
		field = extended
	}
	field -= macSize
	if level&commandEncryption != 0 {
		field = field/blockSize*blockSize - 1
	}
	return max(0, field)
}

// errorStatus tells the status words under which a response carries neither data nor R-MAC: all but 9000 and the
// warnings (Amendment D, section 6.2.5).
func errorStatus(sw apdu.StatusWord) bool {
	return sw != apdu.SWOK && sw>>8 != 0x62 && sw>>8 != 0x63
}
