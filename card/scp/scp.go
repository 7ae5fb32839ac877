// Package scp is the secure channel with which an issuer personalises a chip: GlobalPlatform's Secure Channel Protocol
// 03 (Card Specification 2.3, Amendment D, version 1.1), with AES keys of 128, 192 or 256 bits and challenges of
// eight bytes.
//
//	Terminal                                       Chip
//	  INITIALIZE UPDATE, host challenge  -->
//	                                     <--         who it is, card challenge, card cryptogram
//	  verify the card cryptogram
//	  EXTERNAL AUTHENTICATE              -->
//	    host cryptogram, C-MAC                       verify both
//	  commands: C-MAC, encrypted         <->       responses: R-MAC, encrypted
//
// Each C-MAC covers the one before it, so a command cannot be left out, repeated or moved.
package scp

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"log/slog"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/internal/iso9797"
)

// StaticKeys are the three keys of a security domain, of 16, 24 or 32 bytes, all of one length: for the session key
// of encryption, for those of the MACs, and for keys that are sent. They print as [secret].
type StaticKeys struct {
	ENC, MAC, DEK []byte
}

// String hides the keys.
func (StaticKeys) String() string { return "[secret]" }

// GoString hides the keys from %#v.
func (StaticKeys) GoString() string { return "[secret]" }

// LogValue hides the keys from log/slog.
func (StaticKeys) LogValue() slog.Value { return slog.StringValue("[secret]") }

func (k StaticKeys) check() error {
	n := len(k.ENC)
	if n != 16 && n != 24 && n != 32 || len(k.MAC) != n || len(k.DEK) != n {
		return fmt.Errorf("scp: the static keys have %d, %d and %d bytes; they need 16, 24 or 32, all the same",
			len(k.ENC), len(k.MAC), len(k.DEK))
	}
	return nil
}

// EncryptKey encrypts a key that is to be sent, under the DEK (Amendment D, section 6.2.8: AES-CBC, a zero initial
// value). The data must be whole blocks of 16 bytes.
func (k StaticKeys) EncryptKey(data []byte) ([]byte, error) {
	block, err := k.dek(data)
	if err != nil {
		return nil, err
	}
	out := make([]byte, len(data))
	cipher.NewCBCEncrypter(block, make([]byte, aes.BlockSize)).CryptBlocks(out, data)
	return out, nil
}

// DecryptKey undoes [StaticKeys.EncryptKey], in the chip.
func (k StaticKeys) DecryptKey(data []byte) ([]byte, error) {
	block, err := k.dek(data)
	if err != nil {
		return nil, err
	}
	out := make([]byte, len(data))
	cipher.NewCBCDecrypter(block, make([]byte, aes.BlockSize)).CryptBlocks(out, data)
	return out, nil
}

func (k StaticKeys) dek(data []byte) (cipher.Block, error) {
	if len(data) == 0 || len(data)%aes.BlockSize != 0 {
		return nil, fmt.Errorf("scp: key data of %d bytes is not whole blocks of %d", len(data), aes.BlockSize)
	}
	block, err := aes.NewCipher(k.DEK)
	if err != nil {
		return nil, fmt.Errorf("scp: a DEK of %d bytes is no AES key", len(k.DEK))
	}
	return block, nil
}

// The bits of the security level (Amendment D, section 7.1.2). The levels are 01, 03, 11, 13 and 33.
const (
	commandMAC         = 0x01
	commandEncryption  = 0x02
	responseMAC        = 0x10
	responseEncryption = 0x20
)

func knownLevel(level byte) bool {
	switch level {
	case 0x01, 0x03, 0x11, 0x13, 0x33:
		return true
	}
	return false
}

// MaxData is the greatest number of bytes of plain data that a command with Le can carry in a session of this
// security level when no command APDU may be longer than limit bytes. It is never less than 0.
func MaxData(level byte, limit int) int {
	field := min(apdu.MaxShortData, limit-(4+1+1))
	if extended := min(apdu.MaxExtendedData, limit-(4+3+2)); extended > apdu.MaxShortData {
		field = extended
	}
	field -= macSize
	if level&commandEncryption != 0 {
		field = field/aes.BlockSize*aes.BlockSize - 1
	}
	return max(0, field)
}

// The derivation constants (Amendment D, section 4.1.5).
const (
	cardCryptogram = 0x00
	hostCryptogram = 0x01
	cardChallenge  = 0x02
	derivedENC     = 0x04
	derivedMAC     = 0x06
	derivedRMAC    = 0x07
)

const (
	challengeSize = 8
	macSize       = 8
)

// derive gives size bytes for the purpose that the constant names (Amendment D, section 4.1.5: SP 800-108 in counter
// mode with CMAC).
func derive(key cipher.Block, constant byte, context []byte, size int) []byte {
	var out []byte
	for i := byte(1); len(out) < size; i++ {
		input := make([]byte, 11, 32)
		input = append(input, constant, 0, byte(size*8>>8), byte(size*8), i)
		out = append(out, iso9797.CMAC(key, append(input, context...))...)
	}
	return out[:size]
}

// deriveKey gives a session key, ready for use, as long as the static key that it comes from.
func deriveKey(key []byte, constant byte, context []byte) (cipher.Block, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return aes.NewCipher(derive(block, constant, context, len(key)))
}

// session is what the specification states once for both roles: the session keys, the two cryptograms, the counter
// and the input of the MACs.
type session struct {
	enc, mac, rmac cipher.Block
	level          byte
	card, host     []byte   // the cryptograms
	chaining       []byte   // the whole C-MAC of the last command
	counter        [16]byte // of the commands since EXTERNAL AUTHENTICATE
}

// newSession derives the session keys and cryptograms (Amendment D, sections 6.2.1 and 6.2.2).
func newSession(keys StaticKeys, hostChallenge, cardChallenge []byte) (*session, error) {
	if err := keys.check(); err != nil {
		return nil, err
	}
	context := append(append([]byte(nil), hostChallenge...), cardChallenge...)
	enc, err := deriveKey(keys.ENC, derivedENC, context)
	if err != nil {
		return nil, err
	}
	mac, err := deriveKey(keys.MAC, derivedMAC, context)
	if err != nil {
		return nil, err
	}
	rmac, err := deriveKey(keys.MAC, derivedRMAC, context)
	if err != nil {
		return nil, err
	}
	return &session{
		enc: enc, mac: mac, rmac: rmac, chaining: make([]byte, aes.BlockSize),
		card: derive(mac, cardCryptogram, context, challengeSize),
		host: derive(mac, hostCryptogram, context, challengeSize),
	}, nil
}

// step increases the encryption counter, before each command (Amendment D, section 6.2.6).
func (s *session) step() {
	for i := len(s.counter) - 1; i >= 0; i-- {
		s.counter[i]++
		if s.counter[i] != 0 {
			return
		}
	}
}

// icv gives the initial value of an encryption: the encrypted counter, for a response with its first bit set
// (Amendment D, sections 6.2.6 and 6.2.7).
func (s *session) icv(response bool) []byte {
	counter := s.counter
	if response {
		counter[0] |= 0x80
	}
	icv := make([]byte, aes.BlockSize)
	s.enc.Encrypt(icv, counter[:])
	return icv
}

// commandMAC computes the whole C-MAC of a command as it will be sent; Lc counts the MAC in and is coded as long as
// in the command (Amendment D, section 6.2.4).
func (s *session) commandMAC(cmd apdu.Command, data []byte) []byte {
	lc := len(data) + macSize
	input := append(append([]byte(nil), s.chaining...), cmd.CLA, cmd.INS, cmd.P1, cmd.P2)
	if cmd.Extended || lc > apdu.MaxShortData || cmd.Ne > apdu.MaxShortNe {
		input = append(input, 0, byte(lc>>8))
	}
	input = append(input, byte(lc))
	return iso9797.CMAC(s.mac, append(input, data...))
}

// responseMAC computes the R-MAC of a response (Amendment D, section 6.2.5).
func (s *session) responseMAC(data []byte, sw apdu.StatusWord) []byte {
	input := append(append([]byte(nil), s.chaining...), data...)
	return iso9797.CMAC(s.rmac, append(input, byte(sw>>8), byte(sw)))[:macSize]
}

// errorStatus tells the status words under which a response carries neither data nor R-MAC: all but 9000 and the
// warnings (Amendment D, section 6.2.5).
func errorStatus(sw apdu.StatusWord) bool {
	return sw != apdu.SWOK && sw>>8 != 0x62 && sw>>8 != 0x63
}
