package scp

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"errors"
	"io"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/internal/iso9797"
)

// Chip is a security domain's end of the secure channel: a Handler before the application, which gets only what came
// through the channel. It is for one goroutine.
type Chip struct {
	Protocol        Protocol // the one that it speaks, no other
	Keys            StaticKeys
	KeyVersion      byte
	Diversification [10]byte // the chip's own number
	AID             []byte   // of the security domain, an input of the pseudo-random card challenge
	// Parameter is "i" of SCP03 (Amendment D, section 5.1): 10 pseudo-random card challenge, 20 R-MAC, 60 R-MAC and
	// response encryption. 0 stands for 70, all three. That of SCP02 is 15.
	Parameter byte
	Rand      io.Reader // for the card challenge of SCP02, and of SCP03 when Parameter says that it is random
	// Sequence is the sequence counter, 24 bits (SCP02: 16): how many channels were opened. Save, when given, must keep
	// the new one before a channel opens; without it the caller reads Sequence.
	Sequence uint32
	Save     func(sequence uint32) error
	Next     apdu.Handler // the application

	session *session
	open    bool // EXTERNAL AUTHENTICATE has succeeded
}

// Open tells whether a channel is open.
func (c *Chip) Open() bool { return c.open }

// Reset forgets the session, as power off and the selection of another application do.
func (c *Chip) Reset() { c.session, c.open = nil, false }

// Handle answers one command. INITIALIZE UPDATE begins anew at any time. In an open channel a plain command and a
// wrong C-MAC are answered by 6982 and close it (Amendment D, section 5.6).
func (c *Chip) Handle(cmd apdu.Command) apdu.Response {
	switch {
	case cmd.CLA == 0x80 && cmd.INS == 0x50:
		return c.initializeUpdate(cmd)
	case c.open:
		return c.handleProtected(cmd)
	case cmd.CLA == 0x84 && cmd.INS == 0x82:
		sw := c.externalAuthenticate(cmd)
		if sw != apdu.SWOK {
			c.Reset()
		}
		return apdu.Response{SW: sw}
	}
	return c.refuse()
}

func (c *Chip) refuse() apdu.Response {
	c.Reset()
	return apdu.Response{SW: apdu.SWSecurityStatusNotSatisfied}
}

func (c *Chip) parameter() byte {
	if c.Parameter == 0 {
		return 0x70
	}
	return c.Parameter
}

// initializeUpdate answers with the chip's identity and cryptogram (Amendment D, section 7.1.1; Card Specification,
// section E.5.1).
func (c *Chip) initializeUpdate(cmd apdu.Command) apdu.Response {
	c.Reset()
	switch {
	case cmd.P1 != 0 && cmd.P1 != c.KeyVersion:
		return apdu.Response{SW: apdu.SWReferenceNotFound}
	case cmd.P2 != 0:
		return apdu.Response{SW: apdu.SWIncorrectP1P2}
	case len(cmd.Data) != challengeSize:
		return apdu.Response{SW: apdu.SWWrongLength}
	case c.Keys.Check(c.Protocol) != nil:
		return apdu.Response{SW: apdu.SWConditionsNotSatisfied}
	}
	identity := append(c.Diversification[:len(c.Diversification):len(c.Diversification)], c.KeyVersion, c.Protocol.identifier())
	if c.Protocol == SCP02 {
		return c.challenge02(cmd.Data, identity)
	}
	return c.challenge03(cmd.Data, identity)
}

// challenge03 gives the rest of the answer for SCP03.
func (c *Chip) challenge03(hostChallenge, answer []byte) apdu.Response {
	sequence := []byte{byte(c.Sequence >> 16), byte(c.Sequence >> 8), byte(c.Sequence)}
	challenge, err := c.cardChallenge03(sequence)
	if err != nil {
		return apdu.Response{SW: apdu.SWUnspecified}
	}
	if c.session, err = newSession(SCP03, c.Keys, hostChallenge, challenge, nil); err != nil {
		return apdu.Response{SW: apdu.SWConditionsNotSatisfied}
	}
	answer = append(append(append(answer, c.parameter()), challenge...), c.session.card...)
	if c.parameter()&0x10 != 0 {
		answer = append(answer, sequence...)
	}
	return apdu.Response{Data: answer, SW: apdu.SWOK}
}

// cardChallenge03 computes or draws the card challenge (Amendment D, section 6.2.2.1).
func (c *Chip) cardChallenge03(sequence []byte) ([]byte, error) {
	if c.parameter()&0x10 == 0 {
		return c.draw(challengeSize)
	}
	block, err := aes.NewCipher(c.Keys.ENC)
	if err != nil {
		return nil, err
	}
	return derive(block, cardChallenge, append(sequence[:3:3], c.AID...), challengeSize), nil
}

// challenge02 gives the rest of the answer for SCP02.
func (c *Chip) challenge02(hostChallenge, answer []byte) apdu.Response {
	sequence := []byte{byte(c.Sequence >> 8), byte(c.Sequence)}
	challenge, err := c.draw(cardChallengeSize)
	if err != nil {
		return apdu.Response{SW: apdu.SWUnspecified}
	}
	if c.session, err = newSession(SCP02, c.Keys, hostChallenge, challenge, sequence); err != nil {
		return apdu.Response{SW: apdu.SWConditionsNotSatisfied}
	}
	return apdu.Response{Data: append(append(append(answer, sequence...), challenge...), c.session.card...), SW: apdu.SWOK}
}

func (c *Chip) draw(n int) ([]byte, error) {
	if c.Rand == nil {
		return nil, errors.New("scp: the chip has no source of randomness")
	}
	b := make([]byte, n)
	_, err := io.ReadFull(c.Rand, b)
	return b, err
}

// externalAuthenticate opens the channel if the terminal knows the keys (Amendment D, section 7.1.2; Card Specification,
// section E.5.2): a wrong host cryptogram is answered by 6300, a wrong C-MAC by 6982.
func (c *Chip) externalAuthenticate(cmd apdu.Command) apdu.StatusWord {
	s := c.session
	switch {
	case s == nil:
		return apdu.SWConditionsNotSatisfied
	case len(cmd.Data) != cryptogramSize+macSize:
		return apdu.SWWrongLength
	case !c.supports(cmd.P1) || cmd.P2 != 0:
		return apdu.SWIncorrectP1P2
	}
	host, mac := cmd.Data[:cryptogramSize], cmd.Data[cryptogramSize:]
	if subtle.ConstantTimeCompare(host, s.host) != 1 {
		return apdu.SWAuthenticationFailed
	}
	whole := s.commandMAC(cmd, host)
	if subtle.ConstantTimeCompare(whole[:macSize], mac) != 1 {
		return apdu.SWSecurityStatusNotSatisfied
	}
	if c.Sequence >= c.lastSequence() {
		return apdu.SWConditionsNotSatisfied // the keys are worn out: a challenge must not come again
	}
	if c.Save != nil {
		if err := c.Save(c.Sequence + 1); err != nil {
			return apdu.SWMemoryFailure
		}
	}
	c.Sequence, c.open = c.Sequence+1, true
	s.chaining, s.level = whole, cmd.P1
	return apdu.SWOK
}

func (c *Chip) lastSequence() uint32 {
	if c.Protocol == SCP02 {
		return 0xFFFF
	}
	return 0xFFFFFF
}

// supports tells whether the chip can give a session of this level.
func (c *Chip) supports(level byte) bool {
	i := c.parameter()
	if c.Protocol == SCP02 {
		return SCP02.knows(level)
	}
	return SCP03.knows(level) && (level&responseMAC == 0 || i&0x20 != 0) && (level&responseEncryption == 0 || i&0x60 == 0x60)
}

// DecryptKey decrypts a key that has come on the present channel: under the static DEK (SCP03) or under that of the
// session (SCP02).
func (c *Chip) DecryptKey(data []byte) ([]byte, error) {
	if !c.open {
		return nil, ErrClosed
	}
	return c.session.decryptKey(data)
}

// handleProtected takes a command out of the channel, lets the application answer and puts the answer into it.
func (c *Chip) handleProtected(cmd apdu.Command) apdu.Response {
	s := c.session
	plain, ok := s.unprotectCommand(cmd)
	if !ok {
		return c.refuse()
	}
	return s.protectResponse(c.Next.Handle(plain))
}

// unprotectCommand verifies the C-MAC, then decrypts (Amendment D, sections 6.2.4 and 6.2.6; Card Specification, section
// E.4.4).
func (s *session) unprotectCommand(cmd apdu.Command) (apdu.Command, bool) {
	s.step()
	n := len(cmd.Data) - macSize
	if cmd.CLA&^0x80 != 0x04 || n < 0 || s.protocol == SCP02 && extended(cmd, len(cmd.Data)) {
		return apdu.Command{}, false
	}
	whole := s.commandMAC(cmd, cmd.Data[:n])
	if subtle.ConstantTimeCompare(whole[:macSize], cmd.Data[n:]) != 1 {
		return apdu.Command{}, false
	}
	s.chaining = whole
	plain := cmd
	plain.CLA, plain.Data = cmd.CLA&0x80, cmd.Data[:n:n]
	if s.level&commandEncryption == 0 || n == 0 {
		return plain, true
	}
	if n%blockSize != 0 {
		return apdu.Command{}, false
	}
	b := make([]byte, n)
	cipher.NewCBCDecrypter(s.enc, s.icv(false)).CryptBlocks(b, plain.Data)
	data, err := iso9797.Unpad(b, blockSize)
	plain.Data = data
	return plain, err == nil
}

// protectResponse encrypts the data and puts the R-MAC behind it, as the level says (Amendment D, sections 6.2.5 and
// 6.2.7). An error status word goes out alone.
func (s *session) protectResponse(resp apdu.Response) apdu.Response {
	if errorStatus(resp.SW) {
		return apdu.Response{SW: resp.SW}
	}
	if s.level&responseMAC == 0 {
		return resp
	}
	data := append([]byte(nil), resp.Data...)
	if s.level&responseEncryption != 0 && len(data) > 0 {
		data = iso9797.Pad(data, blockSize)
		cipher.NewCBCEncrypter(s.enc, s.icv(true)).CryptBlocks(data, data)
	}
	return apdu.Response{Data: append(data, s.responseMAC(data, resp.SW)...), SW: resp.SW}
}
