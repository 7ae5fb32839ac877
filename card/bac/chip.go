package bac

import (
	"crypto/cipher"
	"crypto/subtle"
	"io"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/sm"
)

// Chip is the chip's end: what answers the two commands. The application calls it, starts the session that it gives
// and grants the terminal its rights. The zero value with Seed and Rand set is ready.
type Chip struct {
	Seed []byte    // K_seed, 16 bytes; none: every authentication is refused
	Rand io.Reader // RND.IC and K.IC are drawn from it

	rndIC []byte // the challenge that waits for its answer
}

// Reset forgets the challenge, as power off does.
func (c *Chip) Reset() { c.rndIC = nil }

// Challenge answers GET CHALLENGE (Doc 9303-11, section 4.3.4.1). A new challenge replaces the old one.
func (c *Chip) Challenge(cmd apdu.Command) apdu.Response {
	c.rndIC = nil
	switch {
	case cmd.P1 != 0 || cmd.P2 != 0:
		return apdu.Response{SW: apdu.SWIncorrectP1P2}
	case len(cmd.Data) != 0 || cmd.Ne != rndSize && cmd.Ne != apdu.MaxShortNe && cmd.Ne != apdu.MaxExtendedNe:
		return apdu.Response{SW: apdu.SWWrongLength}
	}
	rndIC := make([]byte, rndSize)
	if _, err := io.ReadFull(c.Rand, rndIC); err != nil {
		return apdu.Response{SW: apdu.SWUnspecified}
	}
	c.rndIC = rndIC
	return apdu.Response{Data: append([]byte(nil), rndIC...), SW: apdu.SWOK}
}

// Authenticate answers EXTERNAL AUTHENTICATE with the mutual authenticate function (Doc 9303-11, section 4.3.4.2).
// When the terminal knows the key it gives the session that begins after the response, otherwise none and 6300. A
// challenge serves once.
func (c *Chip) Authenticate(cmd apdu.Command) (apdu.Response, *sm.Session) {
	rndIC := c.rndIC
	c.rndIC = nil
	switch {
	case rndIC == nil:
		return apdu.Response{SW: apdu.SWConditionsNotSatisfied}, nil
	case cmd.P1 != 0 || cmd.P2 != 0:
		return apdu.Response{SW: apdu.SWIncorrectP1P2}, nil
	case len(cmd.Data) != cryptogramSize+macSize:
		return apdu.Response{SW: apdu.SWWrongLength}, nil
	}
	keys, err := accessKeys(c.Seed)
	if err != nil {
		return apdu.Response{SW: apdu.SWConditionsNotSatisfied}, nil
	}
	rndIFD, kIFD, ok := openCommand(keys, cmd.Data, rndIC)
	if !ok {
		return apdu.Response{SW: apdu.SWAuthenticationFailed}, nil
	}
	kIC := make([]byte, keySize)
	if _, err := io.ReadFull(c.Rand, kIC); err != nil {
		return apdu.Response{SW: apdu.SWUnspecified}, nil
	}
	answer, err := seal(keys, rndIC, rndIFD, kIC)
	if err != nil {
		return apdu.Response{SW: apdu.SWUnspecified}, nil
	}
	s := session(rndIC, rndIFD, kIC, kIFD)
	return apdu.Response{Data: answer, SW: apdu.SWOK}, &s
}

// openCommand does the chip's first three steps (Doc 9303-11, section 4.3.1, step 3 a to c).
func openCommand(keys sm.Keys, field, rndIC []byte) (rndIFD, kIFD []byte, ok bool) {
	mac, err := sm.TripleDES.MAC(keys.Mac, field[:cryptogramSize])
	if err != nil || subtle.ConstantTimeCompare(mac, field[cryptogramSize:]) != 1 {
		return nil, nil, false
	}
	block, err := sm.TripleDES.Cipher(keys.Enc)
	if err != nil {
		return nil, nil, false
	}
	s := make([]byte, cryptogramSize)
	cipher.NewCBCDecrypter(block, zeroIV(block)).CryptBlocks(s, field[:cryptogramSize])
	rndIFD, returned, kIFD := s[:8], s[8:16], s[16:]
	return rndIFD, kIFD, subtle.ConstantTimeCompare(returned, rndIC) == 1
}

// seal makes the chip's cryptogram and its checksum (Doc 9303-11, section 4.3.1, step 3 e to g).
func seal(keys sm.Keys, rndIC, rndIFD, kIC []byte) ([]byte, error) {
	r := make([]byte, 0, cryptogramSize+macSize)
	r = append(append(append(r, rndIC...), rndIFD...), kIC...)
	block, err := sm.TripleDES.Cipher(keys.Enc)
	if err != nil {
		return nil, err
	}
	cipher.NewCBCEncrypter(block, zeroIV(block)).CryptBlocks(r, r)
	mac, err := sm.TripleDES.MAC(keys.Mac, r)
	return append(r, mac...), err
}
