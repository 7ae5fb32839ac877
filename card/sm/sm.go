// Package sm is secure messaging between a terminal and an eMRTD chip, and the key derivation that precedes it (Doc
// 9303-11, sections 9.7 and 9.8). An access protocol (bac, pace, eac) ends with a [Session]; [NewTerminal] makes of it
// a channel over a channel, [Chip.Start] a handler before a handler.
//
//	Terminal                                       Chip
//	  SSC + 1, encrypt, checksum
//	    CLA|0C  [87|85] [97] 8E          -->       SSC + 1, verify, decrypt
//	                                                 the application answers
//	                                               SSC + 1, encrypt, checksum
//	  SSC + 1, verify, decrypt           <--         [87|85] 99 8E  SW
//
// The first error ends a session, on either side and for good.
package sm

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/bits"

	"github.com/cancuoc/cancuoc/card/internal/iso9797"
)

// Suite is a block cipher with its key length, and all that Doc 9303-11 ties to it: the hash of the key derivation,
// the checksum, the size of the send sequence counter. The zero value is two-key triple DES, which BAC uses.
type Suite byte

// The suites of Doc 9303-11, sections 9.8.6 and 9.8.7.
const (
	TripleDES Suite = iota // two keys, 112 bits
	AES128
	AES192
	AES256
)

// String names the suite.
func (s Suite) String() string {
	switch s {
	case TripleDES:
		return "3DES"
	case AES128:
		return "AES-128"
	case AES192:
		return "AES-192"
	case AES256:
		return "AES-256"
	}
	return fmt.Sprintf("suite %d", byte(s))
}

// MarshalText gives the suite's name.
func (s Suite) MarshalText() ([]byte, error) {
	if s > AES256 {
		return nil, fmt.Errorf("sm: there is no %v", s)
	}
	return []byte(s.String()), nil
}

// UnmarshalText reads the suite's name.
func (s *Suite) UnmarshalText(text []byte) error {
	for suite := TripleDES; suite <= AES256; suite++ {
		if suite.String() == string(text) {
			*s = suite
			return nil
		}
	}
	return fmt.Errorf("sm: %q is no suite of secure messaging", text)
}

// KeySize is the length of the suite's keys in bytes, 0 for a suite that does not exist.
func (s Suite) KeySize() int {
	switch s {
	case TripleDES, AES128:
		return 16
	case AES192:
		return 24
	case AES256:
		return 32
	}
	return 0
}

// BlockSize is the length of the suite's blocks and of its send sequence counter in bytes.
func (s Suite) BlockSize() int {
	if s == TripleDES {
		return des.BlockSize
	}
	return aes.BlockSize
}

// KDF derives a key of the suite from a shared secret (Doc 9303-11, section 9.7.1). The counter says what for: 1 to
// encrypt, 2 for checksums, 3 for the key of a PACE password. Triple DES keys get their parity bits.
func (s Suite) KDF(secret []byte, counter uint32) []byte {
	input := binary.BigEndian.AppendUint32(append([]byte(nil), secret...), counter)
	if s == AES192 || s == AES256 {
		digest := sha256.Sum256(input)
		return digest[:s.KeySize()]
	}
	digest := sha1.Sum(input)
	key := digest[:16]
	if s == TripleDES {
		adjustParity(key)
	}
	return key
}

// adjustParity sets the last bit of each byte so that the byte has an odd number of ones (FIPS 46-3).
func adjustParity(key []byte) {
	for i, b := range key {
		key[i] = b&0xFE | byte(1-bits.OnesCount8(b&0xFE)%2)
	}
}

// Keys derives a pair of keys from a shared secret: the session keys from that of an access protocol (Doc 9303-11,
// section 9.7.4), the document basic access keys from K_seed (section 9.7.2).
func (s Suite) Keys(secret []byte) Keys {
	return Keys{Enc: s.KDF(secret, 1), Mac: s.KDF(secret, 2)}
}

// Cipher gives the suite's block cipher under this key.
func (s Suite) Cipher(key []byte) (cipher.Block, error) {
	if n := s.KeySize(); n == 0 || len(key) != n {
		return nil, fmt.Errorf("sm: a key of %d bytes does not fit %v", len(key), s)
	}
	if s == TripleDES {
		return des.NewTripleDESCipher(bytes.Join([][]byte{key, key[:8]}, nil))
	}
	return aes.NewCipher(key)
}

// MAC gives the eight bytes of checksum that the suite puts on a message of any length: the retail MAC with padding
// method 2, or CMAC cut to eight bytes (Doc 9303-11, sections 4.3.3.2 and 4.4.3.4).
func (s Suite) MAC(key, message []byte) ([]byte, error) {
	if s == TripleDES {
		return iso9797.RetailMAC(key, iso9797.Pad(message, des.BlockSize))
	}
	block, err := s.Cipher(key)
	if err != nil {
		return nil, err
	}
	return iso9797.CMAC(block, message)[:macSize], nil
}

// Keys are the two keys of a session. They print as [secret].
type Keys struct {
	Enc, Mac []byte
}

// String hides the keys.
func (Keys) String() string { return "[secret]" }

// GoString hides the keys from %#v.
func (Keys) GoString() string { return "[secret]" }

// LogValue hides the keys from log/slog.
func (Keys) LogValue() slog.Value { return slog.StringValue("[secret]") }

// Session is what an access protocol agrees on: all that secure messaging starts from.
type Session struct {
	Suite Suite
	Keys  Keys
	SSC   []byte // the send sequence counter at the start; none stands for zero, which every protocol but BAC uses
}

// The tags of the data objects of secure messaging (Doc 9303-11, section 9.8.4).
const (
	tagCryptogramOdd = 0x85 // without padding indicator: odd INS
	tagCryptogram    = 0x87
	tagChecksum      = 0x8E
	tagLe            = 0x97
	tagStatus        = 0x99
)

// Overhead is how much longer a protected response with its status word is than its data, at most: the headers of
// DO'87', DO'99' and DO'8E', the padding of the longest block and the checksum (Doc 9303-11, section 9.8.4).
const Overhead = 1 + 3 + 1 + 16 + 4 + 10 + 2

const (
	macSize          = 8
	paddingIndicator = 0x01
	secureMessaging  = 0x0C // the bits of CLA that announce secure messaging with the header in the checksum
)

// channel is what the standard states once for both roles: counter, encryption and the input of the checksum.
type channel struct {
	suite Suite
	enc   cipher.Block
	mac   cipher.Block // AES only
	keys  Keys
	ssc   []byte
}

func (s Session) open() (*channel, error) {
	enc, err := s.Suite.Cipher(s.Keys.Enc)
	if err != nil {
		return nil, err
	}
	mac, err := s.Suite.Cipher(s.Keys.Mac)
	if err != nil {
		return nil, err
	}
	c := &channel{suite: s.Suite, enc: enc, mac: mac, keys: s.Keys, ssc: make([]byte, s.Suite.BlockSize())}
	if s.SSC != nil && len(s.SSC) != len(c.ssc) {
		return nil, fmt.Errorf("sm: a send sequence counter of %d bytes does not fit %v", len(s.SSC), s.Suite)
	}
	copy(c.ssc, s.SSC)
	return c, nil
}

// step increases the send sequence counter, before each command and each response (Doc 9303-11, section 9.8.2).
func (c *channel) step() {
	for i := len(c.ssc) - 1; i >= 0; i-- {
		c.ssc[i]++
		if c.ssc[i] != 0 {
			return
		}
	}
}

// iv is zero for triple DES and the encrypted counter for AES (Doc 9303-11, sections 9.8.6.1 and 9.8.7.1).
func (c *channel) iv() []byte {
	iv := make([]byte, len(c.ssc))
	if c.suite != TripleDES {
		c.enc.Encrypt(iv, c.ssc)
	}
	return iv
}

// encrypt pads and encrypts.
func (c *channel) encrypt(plain []byte) []byte {
	b := iso9797.Pad(plain, len(c.ssc))
	cipher.NewCBCEncrypter(c.enc, c.iv()).CryptBlocks(b, b)
	return b
}

// decrypt decrypts and takes the padding off.
func (c *channel) decrypt(cryptogram []byte) ([]byte, error) {
	if len(cryptogram) == 0 || len(cryptogram)%len(c.ssc) != 0 {
		return nil, fmt.Errorf("sm: a cryptogram of %d bytes is not whole blocks", len(cryptogram))
	}
	b := make([]byte, len(cryptogram))
	cipher.NewCBCDecrypter(c.enc, c.iv()).CryptBlocks(b, cryptogram)
	return iso9797.Unpad(b, len(c.ssc))
}

// checksum authenticates the counter, the header (none in a response) and the encoded data objects, each of the
// latter two padded if it is there (Doc 9303-11, figures 5 and 6; ISO/IEC 7816-4, section 10.2.3.1).
func (c *channel) checksum(header, objects []byte) []byte {
	input := append([]byte(nil), c.ssc...)
	for _, part := range [][]byte{header, objects} {
		if len(part) > 0 {
			input = append(input, iso9797.Pad(part, len(c.ssc))...)
		}
	}
	if c.suite != TripleDES {
		return iso9797.CMAC(c.mac, input)[:macSize]
	}
	mac, err := iso9797.RetailMAC(c.keys.Mac, input)
	if err != nil {
		panic(err) // the lengths of key and input were settled when the session was opened
	}
	return mac
}
