package scp

import (
	"bytes"
	"crypto/hmac"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/cancuoc/cancuoc/card/apdu"
)

// Identity is what a chip tells about itself in its answer to INITIALIZE UPDATE, by which its keys are chosen. Nothing of
// it is proved before the card cryptogram is.
type Identity struct {
	Protocol        Protocol
	Diversification [10]byte // the chip's own number, from which its keys may have been derived
	KeyVersion      byte
	Parameter       byte   // "i": what the chip can do; SCP02, which does not tell, is 15
	Sequence        uint32 // how many channels were opened under these keys, of SCP02 and if PseudoRandom
	PseudoRandom    bool   // the card challenge was computed from Sequence
}

// Handshake is a secure channel that a chip is ready to open: the chip has answered INITIALIZE UPDATE, and nothing has
// been risked. It is for one goroutine.
type Handshake struct {
	Identity

	send                         apdu.Sender
	hostChallenge, cardChallenge []byte
	sequence                     []byte // as SCP02's session keys take it
	cryptogram                   []byte
	used                         bool
}

// Initiate sends INITIALIZE UPDATE to a chip whose security domain is selected (Amendment D, section 7.1.1; Card
// Specification, section E.5.1). keyVersion 0 leaves the choice of the keys to the chip. The host challenge of eight
// bytes is drawn from rand. A chip that answers with another protocol is [ErrProtocol].
func Initiate(send apdu.Sender, protocol Protocol, keyVersion byte, rand io.Reader) (*Handshake, error) {
	if err := protocol.check(); err != nil {
		return nil, err
	}
	h := &Handshake{send: send, hostChallenge: make([]byte, challengeSize)}
	if _, err := io.ReadFull(rand, h.hostChallenge); err != nil {
		return nil, fmt.Errorf("scp: draw the host challenge: %w", err)
	}
	resp, err := send.Send(apdu.Command{CLA: 0x80, INS: 0x50, P1: keyVersion, Data: h.hostChallenge, Ne: apdu.MaxShortNe})
	if err == nil {
		err = resp.OK()
	}
	if err != nil {
		return nil, fmt.Errorf("scp: initialize update: %w", err)
	}
	if err := h.parse(protocol, bytes.Clone(resp.Data)); err != nil {
		return nil, err
	}
	if keyVersion != 0 && h.KeyVersion != keyVersion {
		return nil, fmt.Errorf("scp: card answered with keys of version %d, not %d", h.KeyVersion, keyVersion)
	}
	return h, nil
}

// parse reads the chip's answer as far as both protocols have it in common: diversification data, key version and protocol.
func (h *Handshake) parse(want Protocol, b []byte) error {
	if len(b) < 12 {
		return fmt.Errorf("scp: initialize update: card answered %d bytes, at least 28 are due", len(b))
	}
	copy(h.Diversification[:], b)
	h.Protocol, h.KeyVersion = want, b[10]
	if b[11] != want.identifier() {
		return fmt.Errorf("%w: %02X, not %02X, which was asked for", ErrProtocol, b[11], want.identifier())
	}
	if want == SCP02 {
		return h.parse02(b[12:])
	}
	return h.parse03(b[12:])
}

// parse03 reads the rest (Amendment D, section 7.1.1): "i", card challenge, card cryptogram and, if i says
// pseudo-random, the sequence counter.
func (h *Handshake) parse03(b []byte) error {
	if len(b) < 1+challengeSize+cryptogramSize {
		return fmt.Errorf("scp: initialize update: card answered %d bytes, at least 29 are due", 12+len(b))
	}
	h.Parameter = b[0]
	if h.Parameter&0x8F != 0 {
		return fmt.Errorf("scp: the card wants a variant of protocol 03 that is not known here (i = %02X)", h.Parameter)
	}
	h.PseudoRandom = h.Parameter&0x10 != 0
	tail := b[17:]
	switch {
	case h.PseudoRandom && len(tail) == 3:
		h.Sequence = uint32(tail[0])<<16 | uint32(tail[1])<<8 | uint32(tail[2])
	case !h.PseudoRandom && len(tail) == 0:
	default:
		return fmt.Errorf("scp: initialize update: card answered %d bytes, which does not fit i = %02X", 12+len(b), h.Parameter)
	}
	h.cardChallenge, h.cryptogram = b[1:9], b[9:17]
	return nil
}

// parse02 reads the rest (Card Specification, section E.5.1.6): sequence counter, card challenge, card cryptogram.
func (h *Handshake) parse02(b []byte) error {
	if len(b) != 2+cardChallengeSize+cryptogramSize {
		return fmt.Errorf("scp: initialize update: card answered %d bytes, 28 are due", 12+len(b))
	}
	h.Parameter = parameter02
	h.Sequence = uint32(binary.BigEndian.Uint16(b))
	h.sequence, h.cardChallenge, h.cryptogram = b[:2], b[2:8], b[8:16]
	return nil
}

// Proves tells whether the chip has proved that it knows these keys. Nothing is sent: as many keys may be tried as there
// are, and the chip does not notice.
func (h *Handshake) Proves(keys StaticKeys) bool {
	_, err := h.prove(keys)
	return err == nil
}

func (h *Handshake) prove(keys StaticKeys) (*session, error) {
	s, err := newSession(h.Protocol, keys, h.hostChallenge, h.cardChallenge, h.sequence)
	if err != nil {
		return nil, err
	}
	if !hmac.Equal(s.card, h.cryptogram) {
		return nil, ErrCryptogram
	}
	return s, nil
}

// Authenticate opens the channel with this security level: 01, 03, 11, 13 or 33 with SCP03, 01 with SCP02. Keys that the
// chip has not proved to know are [ErrCryptogram], and nothing is sent; a chip that refuses is [ErrAuthentication]. It can
// be tried once: the chip forgets a challenge that was answered.
func (h *Handshake) Authenticate(keys StaticKeys, level byte) (*Terminal, error) {
	if !h.Protocol.knows(level) {
		return nil, noLevel(h.Protocol, level)
	}
	if level&responseMAC != 0 && h.Parameter&0x20 == 0 || level&responseEncryption != 0 && h.Parameter&0x60 != 0x60 {
		return nil, fmt.Errorf("scp: the card does not protect responses as level %02X demands (i = %02X)", level, h.Parameter)
	}
	s, err := h.prove(keys)
	if err != nil {
		return nil, err
	}
	if h.used {
		return nil, errors.New("scp: this handshake has been used: the card wants a new INITIALIZE UPDATE")
	}
	h.used, s.level = true, level
	if err := s.externalAuthenticate(h.send); err != nil {
		return nil, err
	}
	return &Terminal{Identity: h.Identity, send: h.send, session: s, keySize: len(keys.ENC)}, nil
}

func noLevel(p Protocol, level byte) error {
	return fmt.Errorf("scp: there is no security level %02X with %v", level, p)
}

// externalAuthenticate proves that the terminal knows the keys (Amendment D, section 7.1.2; Card Specification, section
// E.5.2).
func (s *session) externalAuthenticate(send apdu.Sender) error {
	cmd := apdu.Command{CLA: 0x84, INS: 0x82, P1: s.level, Data: s.host}
	s.chaining = s.commandMAC(cmd, cmd.Data)
	cmd.Data = append(cmd.Data[:len(cmd.Data):len(cmd.Data)], s.chaining[:macSize]...)
	resp, err := send.Send(cmd)
	if err != nil {
		return fmt.Errorf("scp: external authenticate: %w", err)
	}
	if err := resp.OK(); err != nil {
		return fmt.Errorf("%w: %w", ErrAuthentication, err)
	}
	if len(resp.Data) != 0 {
		return fmt.Errorf("scp: external authenticate: card answered %d bytes where none are due", len(resp.Data))
	}
	return nil
}
