package scp

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"

	"github.com/cancuoc/cancuoc/card/apdu"
)

// blockSize is that of AES, with which SCP03 encrypts.
const blockSize = aes.BlockSize

// session is what the specifications state once for both roles: the session keys, the two cryptograms, the counter
// and the input of the MACs.
type session struct {
	protocol   Protocol
	level      byte
	card, host []byte       // the cryptograms
	chaining   []byte       // the whole C-MAC of the last command
	dek        cipher.Block // for keys that are sent: of this session (SCP02) or of every one (SCP03)

	enc, mac, rmac cipher.Block // of SCP03
	counter        [16]byte     // of SCP03: of the commands since EXTERNAL AUTHENTICATE
	macKey         []byte       // of SCP02
	icv02          cipher.Block // of SCP02: the first half of macKey
}

// newSession derives the session keys and cryptograms. The sequence counter of two bytes is an input of SCP02's.
func newSession(p Protocol, keys StaticKeys, hostChallenge, cardChallenge, sequence []byte) (*session, error) {
	if err := keys.Check(p); err != nil {
		return nil, err
	}
	if p == SCP02 {
		return newSession02(keys, hostChallenge, cardChallenge, sequence)
	}
	return newSession03(keys, hostChallenge, cardChallenge)
}

// commandMAC computes the whole C-MAC of a command as it will be sent; Lc counts the MAC in and is coded as long as
// in the command (Amendment D, section 6.2.4; Card Specification, section E.4.4).
func (s *session) commandMAC(cmd apdu.Command, data []byte) []byte {
	lc := len(data) + macSize
	input := []byte{cmd.CLA, cmd.INS, cmd.P1, cmd.P2}
	if extended(cmd, lc) {
		input = append(input, 0, byte(lc>>8))
	}
	input = append(append(input, byte(lc)), data...)
	if s.protocol == SCP02 {
		return s.mac02(input)
	}
	return s.mac03(input)
}

// extended tells whether a command whose protected data has lc bytes needs extended length fields.
func extended(cmd apdu.Command, lc int) bool {
	return cmd.Extended || lc > apdu.MaxShortData || cmd.Ne > apdu.MaxShortNe
}

// encryptKey encrypts a key that is to be sent: AES-CBC with a zero initial value (Amendment D, section 6.2.8), or
// triple DES, each block by itself (Card Specification, section E.4.7). The data must be whole blocks.
func (s *session) encryptKey(data []byte) ([]byte, error) {
	if err := s.wholeBlocks(data); err != nil {
		return nil, err
	}
	out := make([]byte, len(data))
	if s.protocol == SCP02 {
		eachBlock(s.dek.Encrypt, out, data)
	} else {
		cipher.NewCBCEncrypter(s.dek, make([]byte, blockSize)).CryptBlocks(out, data)
	}
	return out, nil
}

// decryptKey undoes encryptKey, in the chip.
func (s *session) decryptKey(data []byte) ([]byte, error) {
	if err := s.wholeBlocks(data); err != nil {
		return nil, err
	}
	out := make([]byte, len(data))
	if s.protocol == SCP02 {
		eachBlock(s.dek.Decrypt, out, data)
	} else {
		cipher.NewCBCDecrypter(s.dek, make([]byte, blockSize)).CryptBlocks(out, data)
	}
	return out, nil
}

func (s *session) wholeBlocks(data []byte) error {
	if size := s.dek.BlockSize(); len(data) == 0 || len(data)%size != 0 {
		return fmt.Errorf("scp: key data of %d bytes is not whole blocks of %d", len(data), size)
	}
	return nil
}

// eachBlock is the electronic codebook over blocks of eight bytes.
func eachBlock(crypt func(dst, src []byte), out, in []byte) {
	for i := 0; i < len(in); i += desBlockSize {
		crypt(out[i:i+desBlockSize], in[i:i+desBlockSize])
	}
}
