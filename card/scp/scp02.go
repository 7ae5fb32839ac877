package scp

import (
	"crypto/cipher"
	"crypto/des"
	"crypto/subtle"

	"github.com/cancuoc/cancuoc/card/internal/iso9797"
)

const (
	desBlockSize      = des.BlockSize
	cardChallengeSize = 6    // of an SCP02 card
	parameter02       = 0x15 // "i": three keys, C-MAC over the modified APDU, explicit initiation, ICV zero and then encrypted
)

// The derivation constants of SCP02's session keys (Card Specification, section E.4.1).
const (
	derived02MAC = 0x0101
	derived02DEK = 0x0181
	derived02ENC = 0x0182
)

// sessionKey02 derives a session key from a static one (Card Specification, section E.4.1: triple DES in CBC over the
// constant, the sequence counter and zeros).
func sessionKey02(key []byte, constant uint16, sequence []byte) ([]byte, error) {
	block, err := tripleDES(key)
	if err != nil {
		return nil, err
	}
	derived := make([]byte, 16)
	copy(derived, append([]byte{byte(constant >> 8), byte(constant)}, sequence...))
	cipher.NewCBCEncrypter(block, make([]byte, desBlockSize)).CryptBlocks(derived, derived)
	return derived, nil
}

// newSession02 derives the session keys and cryptograms of SCP02 (Card Specification, sections E.4.1 and E.4.2).
func newSession02(keys StaticKeys, hostChallenge, cardChallenge, sequence []byte) (*session, error) {
	var derived [3][]byte
	for i, constant := range []uint16{derived02ENC, derived02MAC, derived02DEK} {
		var err error
		if derived[i], err = sessionKey02(keys.all()[i], constant, sequence); err != nil {
			return nil, err
		}
	}
	enc, err := tripleDES(derived[0])
	if err != nil {
		return nil, err
	}
	dek, err := tripleDES(derived[2])
	if err != nil {
		return nil, err
	}
	icv, err := des.NewCipher(derived[1][:desBlockSize])
	if err != nil {
		return nil, err
	}
	ofCard := append(append([]byte(nil), sequence...), cardChallenge...)
	return &session{
		protocol: SCP02, macKey: derived[1], icv02: icv, dek: dek,
		card: cryptogram02(enc, hostChallenge, ofCard),
		host: cryptogram02(enc, ofCard, hostChallenge),
	}, nil
}

// cryptogram02 is the last block of the two challenges, padded and encrypted (Card Specification, sections B.1.2.1 and
// E.4.2).
func cryptogram02(enc cipher.Block, first, second []byte) []byte {
	b := iso9797.Pad(append(append([]byte(nil), first...), second...), desBlockSize)
	cipher.NewCBCEncrypter(enc, make([]byte, desBlockSize)).CryptBlocks(b, b)
	return b[len(b)-desBlockSize:]
}

// mac02 is the C-MAC of SCP02: a retail MAC whose initial value is zero for the first command and then the C-MAC of
// the one before, encrypted under the first half of the key (Card Specification, sections B.1.2.2, E.3.2, E.3.4 and E.4.4).
func (s *session) mac02(input []byte) []byte {
	b := iso9797.Pad(input, desBlockSize)
	if s.chaining != nil {
		icv := make([]byte, desBlockSize)
		s.icv02.Encrypt(icv, s.chaining)
		subtle.XORBytes(b, b, icv) // As an initial value does: on the first block.
	}
	mac, _ := iso9797.RetailMAC(s.macKey, b) // It declines other lengths only.
	return mac
}
