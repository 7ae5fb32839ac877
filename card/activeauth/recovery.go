package activeauth

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"errors"
)

// This file is the message representative of ISO/IEC 9796-2, digital signature scheme 1, as Doc 9303-11, section
// 6.1.2.2, uses it: as long as the modulus, with a recoverable part that fills it,
//
//	6A  M1  H(M1 M2)  trailer
//
// where 6A says that the message is recovered in part and needs no padding, M1 is the chip's nonce and M2 the terminal's.

const recoveryHeader = 0x6A

// trailer is the end of a message representative and the hash that it stands for.
type trailer struct {
	hash  crypto.Hash
	bytes []byte
}

// trailers is the table of Doc 9303-11, section 6.1.2.2: option 1 for SHA-1, option 2 for all others.
func trailers() []trailer {
	return []trailer{
		{crypto.SHA1, []byte{0xBC}},
		{crypto.SHA224, []byte{0x38, 0xCC}},
		{crypto.SHA256, []byte{0x34, 0xCC}},
		{crypto.SHA384, []byte{0x36, 0xCC}},
		{crypto.SHA512, []byte{0x35, 0xCC}},
	}
}

// recoverable gives the length of M1 in bytes for a modulus of size bytes: c - 4 bits.
func (t trailer) recoverable(size int) int { return size - 1 - t.hash.Size() - len(t.bytes) }

// represent makes the message representative.
func (t trailer) represent(m1, m2 []byte) []byte {
	return bytes.Join([][]byte{{recoveryHeader}, m1, digest(t.hash, m1, m2), t.bytes}, nil)
}

var (
	errForm   = errors.New("it is not of the form of ISO/IEC 9796-2")
	errAnswer = errors.New("it is not one of this challenge")
)

// open takes a message representative apart, checks every byte of it but M1, and gives the hash that was used.
func open(representative, m2 []byte) (crypto.Hash, error) {
	n := len(representative)
	for _, t := range trailers() {
		if !bytes.HasSuffix(representative, t.bytes) || t.recoverable(n) < rndSize {
			continue
		}
		if representative[0] != recoveryHeader {
			return 0, errForm
		}
		m1 := representative[1 : 1+t.recoverable(n)]
		if !hmac.Equal(representative[1+len(m1):n-len(t.bytes)], digest(t.hash, m1, m2)) {
			return 0, errAnswer
		}
		return t.hash, nil
	}
	return 0, errForm
}
