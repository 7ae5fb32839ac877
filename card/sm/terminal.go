package sm

import (
	"crypto/hmac"
	"errors"
	"fmt"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/tlv"
)

var (
	// ErrClosed is answered for a command on a channel that an earlier error has closed. What mends it is a new
	// access protocol.
	ErrClosed = errors.New("sm: the secure channel is closed")
	// ErrResponse is answered when a response is not protected as it must be: it was forged, torn or answered
	// outside the channel. It closes the channel.
	ErrResponse = errors.New("sm: the card's response is not properly protected")
)

// Terminal is the terminal's end of secure messaging: a Sender over the Sender to the chip. It is for one goroutine.
type Terminal struct {
	send    apdu.Sender
	channel *channel // none when closed
}

// NewTerminal opens the terminal's end of a session over send, the plain way to the chip.
func NewTerminal(send apdu.Sender, s Session) (*Terminal, error) {
	c, err := s.open()
	if err != nil {
		return nil, err
	}
	return &Terminal{send: send, channel: c}, nil
}

// Send protects the command, sends it and opens the response. A status word other than 9000 that the chip answered
// under protection is not an error here. Any error after the command went out closes the channel.
func (t *Terminal) Send(cmd apdu.Command) (apdu.Response, error) {
	if t.channel == nil {
		return apdu.Response{}, ErrClosed
	}
	if err := sendable(cmd); err != nil {
		return apdu.Response{}, err
	}
	protected := t.protect(cmd)
	resp, err := t.send.Send(protected)
	if err != nil {
		t.Close()
		return apdu.Response{}, err
	}
	plain, err := t.unprotect(cmd.INS, resp)
	if err != nil {
		t.Close()
		return apdu.Response{}, err
	}
	return plain, nil
}

// Close forgets the keys. The chip learns of it by the next plain command.
func (t *Terminal) Close() { t.channel = nil }

// maxData leaves room in a command of 65,535 bytes for padding and data objects.
const maxData = apdu.MaxExtendedData - 48

// sendable tells what cannot be sent before the counter moves on.
func sendable(cmd apdu.Command) error {
	switch {
	case cmd.CLA&0xEC != 0:
		return fmt.Errorf("sm: class %02X is not that of a plain interindustry command", cmd.CLA)
	case len(cmd.Data) > maxData:
		return fmt.Errorf("sm: %d bytes of data do not fit a protected command (at most %d)", len(cmd.Data), maxData)
	case cmd.Ne < 0 || cmd.Ne > apdu.MaxExtendedNe:
		return fmt.Errorf("sm: Ne is %d, it goes from 0 to %d", cmd.Ne, apdu.MaxExtendedNe)
	}
	return nil
}

// protect makes the protected command (Doc 9303-11, section 9.8.4 and figure 5).
func (t *Terminal) protect(cmd apdu.Command) apdu.Command {
	t.channel.step()
	cmd.CLA |= secureMessaging
	var objects []byte
	if len(cmd.Data) > 0 {
		objects = append(objects, t.commandCryptogram(cmd)...)
	}
	if cmd.Ne > 0 {
		objects = append(objects, protectedLe(cmd)...)
	}
	mac := t.channel.checksum([]byte{cmd.CLA, cmd.INS, cmd.P1, cmd.P2}, objects)
	outer := cmd
	outer.Data = append(objects, tlv.Encode(tagChecksum, mac)...)
	outer.Extended = longForm(cmd) || len(outer.Data) > apdu.MaxShortData
	outer.Ne = apdu.MaxShortNe
	if outer.Extended {
		outer.Ne = apdu.MaxExtendedNe
	}
	return outer
}

func (t *Terminal) commandCryptogram(cmd apdu.Command) []byte {
	cryptogram := t.channel.encrypt(cmd.Data)
	if cmd.INS%2 == 1 {
		return tlv.Encode(tagCryptogramOdd, cryptogram)
	}
	return tlv.Encode(tagCryptogram, []byte{paddingIndicator}, cryptogram)
}

// longForm tells whether the plain command has extended length fields.
func longForm(cmd apdu.Command) bool {
	return cmd.Extended || len(cmd.Data) > apdu.MaxShortData || cmd.Ne > apdu.MaxShortNe
}

// protectedLe gives DO'97': Le in one byte, or two where the plain command has extended length fields. The greatest
// Ne of either form is coded as zero.
func protectedLe(cmd apdu.Command) []byte {
	if longForm(cmd) {
		return []byte{tagLe, 2, byte(cmd.Ne >> 8), byte(cmd.Ne)}
	}
	return []byte{tagLe, 1, byte(cmd.Ne)}
}

// The two data objects at the end of each protected response have a fixed length.
const (
	statusSize   = 2 + 2
	checksumSize = 2 + macSize
)

// unprotect verifies and opens a response (Doc 9303-11, section 9.8.4 and figure 6). It reads from the end: DO'8E',
// before it DO'99', and what is left must be one cryptogram or nothing.
func (t *Terminal) unprotect(ins byte, resp apdu.Response) (apdu.Response, error) {
	t.channel.step()
	n := len(resp.Data)
	if n == 0 {
		return apdu.Response{}, fmt.Errorf("%w: it came in the clear (%v)", ErrResponse, resp.SW)
	}
	if n < statusSize+checksumSize {
		return apdu.Response{}, fmt.Errorf("%w: it is only %d bytes long", ErrResponse, n)
	}
	objects, checksum := resp.Data[:n-checksumSize], resp.Data[n-checksumSize:]
	if checksum[0] != tagChecksum || checksum[1] != macSize {
		return apdu.Response{}, fmt.Errorf("%w: it does not end in DO'8E'", ErrResponse)
	}
	if !hmac.Equal(checksum[2:], t.channel.checksum(nil, objects)) {
		return apdu.Response{}, fmt.Errorf("%w: the checksum is wrong", ErrResponse)
	}
	cryptogram, status := objects[:len(objects)-statusSize], objects[len(objects)-statusSize:]
	if status[0] != tagStatus || status[1] != 2 {
		return apdu.Response{}, fmt.Errorf("%w: DO'99' does not stand before DO'8E'", ErrResponse)
	}
	sw := apdu.StatusWord(status[2])<<8 | apdu.StatusWord(status[3])
	if sw != resp.SW {
		return apdu.Response{}, fmt.Errorf("%w: its status word %04X is %04X outside", ErrResponse, uint16(sw), uint16(resp.SW))
	}
	data, err := t.openData(ins, cryptogram)
	return apdu.Response{Data: data, SW: sw}, err
}

// openData decrypts what stands before DO'99': nothing, DO'87', or DO'85' if INS is odd.
func (t *Terminal) openData(ins byte, object []byte) ([]byte, error) {
	if len(object) == 0 {
		return nil, nil
	}
	tag := uint32(tagCryptogram)
	if ins%2 == 1 {
		tag = tagCryptogramOdd
	}
	value, err := tlv.ParseOne(object, tag)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrResponse, err)
	}
	if tag == tagCryptogram {
		if len(value) == 0 || value[0] != paddingIndicator {
			return nil, fmt.Errorf("%w: DO'87' does not begin with padding indicator 01", ErrResponse)
		}
		value = value[1:]
	}
	data, err := t.channel.decrypt(value)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrResponse, err)
	}
	return data, nil
}
