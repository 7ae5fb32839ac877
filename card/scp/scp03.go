package scp

import (
	"crypto/aes"
	"crypto/cipher"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/internal/iso9797"
)

// The derivation constants of SCP03 (Amendment D, section 4.1.5).
const (
	cardCryptogram = 0x00
	hostCryptogram = 0x01
	cardChallenge  = 0x02
	derivedENC     = 0x04
	derivedMAC     = 0x06
	derivedRMAC    = 0x07
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

// newSession03 derives the session keys and cryptograms of SCP03 (Amendment D, sections 6.2.1 and 6.2.2).
func newSession03(keys StaticKeys, hostChallenge, cardChallenge []byte) (*session, error) {
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
	dek, err := aes.NewCipher(keys.DEK)
	if err != nil {
		return nil, err
	}
	return &session{
		protocol: SCP03, enc: enc, mac: mac, rmac: rmac, dek: dek, chaining: make([]byte, blockSize),
		card: derive(mac, cardCryptogram, context, cryptogramSize),
		host: derive(mac, hostCryptogram, context, cryptogramSize),
	}, nil
}

// mac03 is the whole C-MAC of SCP03 (Amendment D, section 6.2.4).
func (s *session) mac03(input []byte) []byte {
	return iso9797.CMAC(s.mac, append(append([]byte(nil), s.chaining...), input...))
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
	icv := make([]byte, blockSize)
	s.enc.Encrypt(icv, counter[:])
	return icv
}

// responseMAC computes the R-MAC of a response (Amendment D, section 6.2.5).
func (s *session) responseMAC(data []byte, sw apdu.StatusWord) []byte {
	input := append(append([]byte(nil), s.chaining...), data...)
	return iso9797.CMAC(s.rmac, append(input, byte(sw>>8), byte(sw)))[:macSize]
}
