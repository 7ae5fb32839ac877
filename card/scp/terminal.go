package scp

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"errors"
	"fmt"
	"io"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/internal/iso9797"
)

var (
	// ErrCryptogram is answered when the chip does not prove that it knows the static keys: the keys are those of
	// other cards, or the card is not the issuer's. Nothing more is sent to it.
	ErrCryptogram = errors.New("scp: the card cryptogram is wrong: these are not the keys of this card")
	// ErrClosed is answered for a command on a channel that an earlier error has closed.
	ErrClosed = errors.New("scp: the secure channel is closed")
	// ErrResponse is answered when a response is not protected as the security level demands. It closes the channel.
	ErrResponse = errors.New("scp: the card's response is not properly protected")
)

// Terminal is the issuer's end of a secure channel: a Sender over the Sender to the chip. Its fields say what
// INITIALIZE UPDATE told about the chip. It is for one goroutine.
type Terminal struct {
	Diversification [10]byte // the chip's own number, from which its keys may have been derived
	KeyVersion      byte
	Parameter       byte   // "i": what the chip can do
	Sequence        uint32 // how many channels were opened under these keys, if PseudoRandom
	PseudoRandom    bool   // the card challenge was computed from Sequence

	send    apdu.Sender
	keys    StaticKeys
	level   byte
	session *session // none when closed
}

// Open opens a secure channel of this security level (01, 03, 11, 13 or 33) to a chip whose security domain is
// selected. keyVersion 0 leaves the choice of the keys to the chip. The host challenge of eight bytes is drawn from
// rand.
func Open(send apdu.Sender, keys StaticKeys, level, keyVersion byte, rand io.Reader) (*Terminal, error) {
	if err := keys.check(); err != nil {
		return nil, err
	}
	if !knownLevel(level) {
		return nil, fmt.Errorf("scp: there is no security level %02X", level)
	}
	hostChallenge := make([]byte, challengeSize)
	if _, err := io.ReadFull(rand, hostChallenge); err != nil {
		return nil, fmt.Errorf("scp: draw the host challenge: %w", err)
	}
	t := &Terminal{send: send, keys: keys, level: level}
	if err := t.initializeUpdate(keyVersion, hostChallenge); err != nil {
		return nil, err
	}
	if err := t.externalAuthenticate(); err != nil {
		return nil, err
	}
	return t, nil
}

// initializeUpdate asks who the chip is and verifies that it knows the keys (Amendment D, section 7.1.1).
func (t *Terminal) initializeUpdate(keyVersion byte, hostChallenge []byte) error {
	resp, err := t.send.Send(apdu.Command{CLA: 0x80, INS: 0x50, P1: keyVersion, Data: hostChallenge, Ne: apdu.MaxShortNe})
	if err != nil {
		return fmt.Errorf("scp: initialize update: %w", err)
	}
	if err := resp.OK(); err != nil {
		return fmt.Errorf("scp: initialize update: %w", err)
	}
	cardChallenge, cryptogram, err := t.parseInitializeUpdate(resp.Data)
	if err != nil {
		return err
	}
	if keyVersion != 0 && t.KeyVersion != keyVersion {
		return fmt.Errorf("scp: card answered with keys of version %d, not %d", t.KeyVersion, keyVersion)
	}
	if t.level&responseMAC != 0 && t.Parameter&0x20 == 0 || t.level&responseEncryption != 0 && t.Parameter&0x60 != 0x60 {
		return fmt.Errorf("scp: the card does not protect responses as level %02X demands (i = %02X)", t.level, t.Parameter)
	}
	s, err := newSession(t.keys, hostChallenge, cardChallenge)
	if err != nil {
		return err
	}
	if !hmac.Equal(s.card, cryptogram) {
		return ErrCryptogram
	}
	t.session = s
	return nil
}

// parseInitializeUpdate reads the chip's answer (Amendment D, section 7.1.1): diversification data, key version, 03, "i",
// card challenge, card cryptogram and, if i says pseudo-random, the sequence counter.
func (t *Terminal) parseInitializeUpdate(b []byte) (challenge, cryptogram []byte, err error) {
	if len(b) < 29 {
		return nil, nil, fmt.Errorf("scp: initialize update: card answered %d bytes, at least 29 are due", len(b))
	}
	copy(t.Diversification[:], b)
	t.KeyVersion, t.Parameter = b[10], b[12]
	if b[11] != 0x03 {
		return nil, nil, fmt.Errorf("scp: the card speaks secure channel protocol %02X, not 03", b[11])
	}
	if t.Parameter&0x8F != 0 {
		return nil, nil, fmt.Errorf("scp: the card wants a variant of protocol 03 that is not known here (i = %02X)", t.Parameter)
	}
	t.PseudoRandom = t.Parameter&0x10 != 0
	tail := b[29:]
	switch {
	case t.PseudoRandom && len(tail) == 3:
		t.Sequence = uint32(tail[0])<<16 | uint32(tail[1])<<8 | uint32(tail[2])
	case !t.PseudoRandom && len(tail) == 0:
	default:
		return nil, nil, fmt.Errorf("scp: initialize update: card answered %d bytes, which does not fit i = %02X", len(b), t.Parameter)
	}
	return b[13:21], b[21:29], nil
}

// externalAuthenticate proves that the terminal knows the keys (Amendment D, section 7.1.2).
func (t *Terminal) externalAuthenticate() error {
	s := t.session
	cmd := apdu.Command{CLA: 0x84, INS: 0x82, P1: t.level, Data: s.host}
	s.chaining = s.commandMAC(cmd, cmd.Data)
	cmd.Data = append(cmd.Data[:len(cmd.Data):len(cmd.Data)], s.chaining[:macSize]...)
	resp, err := t.send.Send(cmd)
	if err == nil {
		err = resp.OK()
	}
	if err == nil && len(resp.Data) != 0 {
		err = fmt.Errorf("card answered %d bytes where none are due", len(resp.Data))
	}
	if err != nil {
		t.session = nil
		return fmt.Errorf("scp: external authenticate: %w", err)
	}
	return nil
}

// MaxData is the greatest number of bytes of plain data that a command on this channel can carry when no command
// APDU may be longer than limit bytes.
func (t *Terminal) MaxData(limit int) int { return MaxData(t.level, limit) }

// EncryptKey encrypts a key that is to be sent on this channel, under the DEK: whole blocks of 16 bytes.
func (t *Terminal) EncryptKey(data []byte) ([]byte, error) { return t.keys.EncryptKey(data) }

// Close forgets the session keys.
func (t *Terminal) Close() { t.session = nil }

// Send protects the command, sends it and opens the response. Any error after the command went out closes the
// channel. An error status word is not protected by this protocol: whoever holds the wire can forge one.
func (t *Terminal) Send(cmd apdu.Command) (apdu.Response, error) {
	if t.session == nil {
		return apdu.Response{}, ErrClosed
	}
	if err := t.sendable(cmd); err != nil {
		return apdu.Response{}, err
	}
	resp, err := t.send.Send(t.wrap(cmd))
	if err != nil {
		t.Close()
		return apdu.Response{}, err
	}
	plain, err := t.unwrap(resp)
	if err != nil {
		t.Close()
		return apdu.Response{}, err
	}
	return plain, nil
}

func (t *Terminal) sendable(cmd apdu.Command) error {
	switch limit := MaxData(t.level, 4+3+apdu.MaxExtendedData+2); {
	case cmd.CLA&^0x80 != 0:
		return fmt.Errorf("scp: class %02X is not that of a plain command on the basic channel", cmd.CLA)
	case len(cmd.Data) > limit:
		return fmt.Errorf("scp: %d bytes of data do not fit a protected command (at most %d)", len(cmd.Data), limit)
	case cmd.Ne < 0 || cmd.Ne > apdu.MaxExtendedNe:
		return fmt.Errorf("scp: Ne is %d, it goes from 0 to %d", cmd.Ne, apdu.MaxExtendedNe)
	}
	return nil
}

// wrap encrypts the data, if there is any and the level says so, and puts the C-MAC behind it (Amendment D, sections
// 6.2.4 and 6.2.6).
func (t *Terminal) wrap(cmd apdu.Command) apdu.Command {
	s := t.session
	s.step()
	cmd.CLA |= 0x04
	data := append([]byte(nil), cmd.Data...)
	if t.level&commandEncryption != 0 && len(data) > 0 {
		data = iso9797.Pad(data, aes.BlockSize)
		cipher.NewCBCEncrypter(s.enc, s.icv(false)).CryptBlocks(data, data)
	}
	s.chaining = s.commandMAC(cmd, data)
	cmd.Data = append(data, s.chaining[:macSize]...)
	return cmd
}

// unwrap verifies the R-MAC and decrypts, as the level says (Amendment D, sections 6.2.5 and 6.2.7).
func (t *Terminal) unwrap(resp apdu.Response) (apdu.Response, error) {
	s := t.session
	if t.level&responseMAC == 0 {
		return resp, nil
	}
	if errorStatus(resp.SW) {
		if len(resp.Data) != 0 {
			return apdu.Response{}, fmt.Errorf("%w: it carries data under status word %04X", ErrResponse, uint16(resp.SW))
		}
		return resp, nil
	}
	n := len(resp.Data) - macSize
	if n < 0 {
		return apdu.Response{}, fmt.Errorf("%w: the R-MAC is missing (%v)", ErrResponse, resp.SW)
	}
	data, mac := resp.Data[:n], resp.Data[n:]
	if !hmac.Equal(mac, s.responseMAC(data, resp.SW)) {
		return apdu.Response{}, fmt.Errorf("%w: the R-MAC is wrong", ErrResponse)
	}
	if t.level&responseEncryption != 0 && n > 0 {
		var err error
		if data, err = s.decryptResponse(data); err != nil {
			return apdu.Response{}, err
		}
	}
	return apdu.Response{Data: data, SW: resp.SW}, nil
}

func (s *session) decryptResponse(data []byte) ([]byte, error) {
	if len(data)%aes.BlockSize != 0 {
		return nil, fmt.Errorf("%w: %d bytes are not whole blocks", ErrResponse, len(data))
	}
	plain := make([]byte, len(data))
	cipher.NewCBCDecrypter(s.enc, s.icv(true)).CryptBlocks(plain, data)
	plain, err := iso9797.Unpad(plain, aes.BlockSize)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrResponse, err)
	}
	return plain, nil
}
