package scp

import (
	"crypto/cipher"
	"crypto/hmac"
	"errors"
	"fmt"
	"io"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/internal/iso9797"
)

var (
	// ErrProtocol is answered when the chip speaks another protocol than the one that was asked for. It is not spoken
	// with: who stands on the wire could choose the weaker one.
	ErrProtocol = errors.New("scp: the card speaks another secure channel protocol")
	// ErrCryptogram is answered when the chip does not prove that it knows the static keys: the keys are those of
	// other cards, or the card is not the issuer's. Nothing more is sent to it.
	ErrCryptogram = errors.New("scp: the card cryptogram is wrong: these are not the keys of this card")
	// ErrAuthentication is answered when the chip has proved that it knows the keys and refuses the terminal all the
	// same: its status word, which is wrapped beside, may say that the keys are blocked. It may have counted a failed try.
	ErrAuthentication = errors.New("scp: the card refuses the authentication")
	// ErrClosed is answered for a command on a channel that an earlier error has closed.
	ErrClosed = errors.New("scp: the secure channel is closed")
	// ErrResponse is answered when a response is not protected as the security level demands. It closes the channel.
	ErrResponse = errors.New("scp: the card's response is not properly protected")
)

// Terminal is the issuer's end of an open secure channel: a Sender over the Sender to the chip. It is for one goroutine.
type Terminal struct {
	Identity

	send    apdu.Sender
	session *session // none when closed
	keySize int      // of the static keys
}

// Open opens a secure channel of SCP03 of this security level (01, 03, 11, 13 or 33) to a chip whose security domain is
// selected and whose keys are known before. keyVersion 0 leaves the choice of the keys to the chip. The host challenge of
// eight bytes is drawn from rand.
func Open(send apdu.Sender, keys StaticKeys, level, keyVersion byte, rand io.Reader) (*Terminal, error) {
	if err := keys.Check(SCP03); err != nil {
		return nil, err
	}
	if !SCP03.knows(level) {
		return nil, noLevel(SCP03, level)
	}
	h, err := Initiate(send, SCP03, keyVersion, rand)
	if err != nil {
		return nil, err
	}
	return h.Authenticate(keys, level)
}

// MaxData is the greatest number of bytes of plain data that a command on this channel can carry when no command
// APDU may be longer than limit bytes.
func (t *Terminal) MaxData(limit int) int {
	if t.session == nil {
		return 0
	}
	return t.session.protocol.maxData(t.session.level, limit)
}

// EncryptKey encrypts a key that is to be sent on this channel: under the static DEK (SCP03, whole blocks of 16 bytes) or
// under that of the session (SCP02, of eight).
func (t *Terminal) EncryptKey(data []byte) ([]byte, error) {
	if t.session == nil {
		return nil, ErrClosed
	}
	return t.session.encryptKey(data)
}

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
	p := t.session.protocol
	switch limit := p.maxData(t.session.level, 4+3+apdu.MaxExtendedData+2); {
	case cmd.CLA&^0x80 != 0:
		return fmt.Errorf("scp: class %02X is not that of a plain command on the basic channel", cmd.CLA)
	case len(cmd.Data) > limit:
		return fmt.Errorf("scp: %d bytes of data do not fit a protected command (at most %d)", len(cmd.Data), limit)
	case cmd.Ne < 0 || cmd.Ne > apdu.MaxExtendedNe:
		return fmt.Errorf("scp: Ne is %d, it goes from 0 to %d", cmd.Ne, apdu.MaxExtendedNe)
	case p == SCP02 && extended(cmd, len(cmd.Data)+macSize):
		return fmt.Errorf("scp: %v has no commands with extended length fields", p)
	}
	return nil
}

// wrap encrypts the data, if there is any and the level says so, and puts the C-MAC behind it (Amendment D, sections
// 6.2.4 and 6.2.6; Card Specification, section E.4.4).
func (t *Terminal) wrap(cmd apdu.Command) apdu.Command {
	s := t.session
	s.step()
	cmd.CLA |= 0x04
	data := append([]byte(nil), cmd.Data...)
	if s.level&commandEncryption != 0 && len(data) > 0 {
		data = iso9797.Pad(data, blockSize)
		cipher.NewCBCEncrypter(s.enc, s.icv(false)).CryptBlocks(data, data)
	}
	s.chaining = s.commandMAC(cmd, data)
	cmd.Data = append(data, s.chaining[:macSize]...)
	return cmd
}

// unwrap verifies the R-MAC and decrypts, as the level says (Amendment D, sections 6.2.5 and 6.2.7).
func (t *Terminal) unwrap(resp apdu.Response) (apdu.Response, error) {
	s := t.session
	if s.level&responseMAC == 0 {
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
	if s.level&responseEncryption != 0 && n > 0 {
		var err error
		if data, err = s.decryptResponse(data); err != nil {
			return apdu.Response{}, err
		}
	}
	return apdu.Response{Data: data, SW: resp.SW}, nil
}

func (s *session) decryptResponse(data []byte) ([]byte, error) {
	if len(data)%blockSize != 0 {
		return nil, fmt.Errorf("%w: %d bytes are not whole blocks", ErrResponse, len(data))
	}
	plain := make([]byte, len(data))
	cipher.NewCBCDecrypter(s.enc, s.icv(true)).CryptBlocks(plain, data)
	plain, err := iso9797.Unpad(plain, blockSize)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrResponse, err)
	}
	return plain, nil
}
