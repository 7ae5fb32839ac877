package perso

import (
	"context"
	"crypto/aes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/internal/iso9797"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/scp"
	"github.com/cancuoc/cancuoc/card/tlv"
)

// ErrLocked is answered when a chip that can no longer be written is to be personalised.
var ErrLocked = errors.New("perso: the chip is locked: it has been personalised already")

// Session is a chip that has proved that it knows the personalisation keys and is ready to be written.
type Session struct {
	ChipID  string      // the chip's own number, hexadecimal
	State   LifeCycle   // how far the chip has come
	Buffers lds.Buffers // how long commands and responses may be

	channel *scp.Terminal
	send    apdu.Sender // the channel, or what was put around it
}

// Report tells what personalisation wrote.
type Report struct {
	Bytes    int `json:"bytes"`    // data groupings, before protection
	Commands int `json:"commands"` // commands that carried them, and those that opened and closed the writing
}

// Terminal is the terminal's end of personalisation.
type Terminal struct {
	Keys    scp.StaticKeys
	Rand    io.Reader
	Channel func(apdu.Sender) apdu.Sender // if set, is put around the secure channel, for a trace
}

// Open asks the chip for its buffer sizes, opens the secure channel and learns who the chip is and how far it has
// come. Nothing on the chip changes but the counter of its secure channel.
func (t Terminal) Open(send apdu.Sender) (*Session, error) {
	buffers, err := readBuffers(send)
	if err != nil {
		return nil, err
	}
	if err := selectApplication(send, IssuerSecurityDomain()); err != nil {
		return nil, fmt.Errorf("perso: select the issuer security domain: %w", err)
	}
	channel, err := scp.Open(send, t.Keys, securityLevel, 0, t.Rand)
	if err != nil {
		return nil, err
	}
	s := &Session{ChipID: hex.EncodeToString(channel.Diversification[:]), Buffers: buffers, channel: channel, send: channel}
	if t.Channel != nil {
		s.send = t.Channel(channel)
	}
	s.State, err = s.lifeCycle()
	return s, err
}

// securityLevel asks for encryption and a MAC in both directions (GlobalPlatform Amendment D, section 7.1.1).
const securityLevel = 0x33

// IssuerSecurityDomain gives the application identifier of GlobalPlatform's issuer security domain, through which a
// chip is personalised.
func IssuerSecurityDomain() []byte { return []byte{0xA0, 0, 0, 0x01, 0x51, 0, 0, 0} }

func selectApplication(send apdu.Sender, aid []byte) error {
	resp, err := send.Send(apdu.Command{INS: 0xA4, P1: 0x04, Data: aid, Ne: apdu.MaxShortNe})
	if err != nil {
		return err
	}
	return resp.OK()
}

// readBuffers reads EF.ATR/INFO under the master file for what the chip takes, and gives what gets through to it; a chip
// without the file gets short commands. Chips have been seen that
// do not know SELECT of the master file, which is selected when they get power.
func readBuffers(send apdu.Sender) (lds.Buffers, error) {
	steps := []apdu.Command{
		{INS: 0xA4, P1: 0x00, P2: 0x0C},
		{INS: 0xA4, P1: 0x02, P2: 0x0C, Data: []byte{0x2F, 0x01}},
		{INS: 0xB0, Ne: apdu.MaxShortNe},
	}
	var resp apdu.Response
	for _, cmd := range steps {
		var err error
		if resp, err = send.Send(cmd); err != nil {
			return lds.Buffers{}, fmt.Errorf("perso: read EF.ATR/INFO: %w", err)
		}
		if resp.SW != apdu.SWOK && resp.SW != apdu.SWEndOfFile && resp.SW != apdu.SWInstructionNotSupported {
			return lds.ShortBuffers(), nil
		}
	}
	buffers, err := lds.ParseATRInfo(resp.Data)
	if buffers = buffers.Within(apdu.LimitsOf(send)); buffers.Extended() && !carriesExtended(send, len(resp.Data)) {
		return lds.ShortBuffers(), err
	}
	return buffers, err
}

// carriesExtended asks for the n bytes of EF.ATR/INFO, which is selected, once more with an extended length field: not
// every reader carries those, nor every driver says so, and in the middle of a secure channel it would be too late.
func carriesExtended(send apdu.Sender, n int) bool {
	resp, err := send.Send(apdu.Command{INS: 0xB0, Ne: n, Extended: true})
	return err == nil && len(resp.Data) == n
}

// lifeCycle asks with GET STATUS (GlobalPlatform Card Specification 2.3, section 11.4) for card and application.
func (s *Session) lifeCycle() (LifeCycle, error) {
	card, err := s.status(0x80, nil)
	if err != nil {
		return "", fmt.Errorf("perso: life cycle of the card: %w", err)
	}
	application, err := s.status(0x40, lds.AID())
	if err != nil {
		return "", fmt.Errorf("perso: life cycle of the eMRTD application: %w", err)
	}
	return lifeCycleOf(card, application), nil
}

func (s *Session) status(scope byte, aid []byte) (byte, error) {
	resp, err := s.send.Send(apdu.Command{CLA: 0x80, INS: 0xF2, P1: scope, P2: 0x02, Data: tlv.Encode(0x4F, aid), Ne: 256})
	if err != nil {
		return 0, err
	}
	if err := resp.OK(); err != nil {
		return 0, err
	}
	entry, err := tlv.ParseOne(resp.Data, 0xE3)
	if err != nil {
		return 0, err
	}
	fields, err := tlv.Parse(entry)
	if err != nil {
		return 0, err
	}
	state, ok := tlv.Find(fields, 0x9F70)
	if !ok || len(state.Value) == 0 {
		return 0, fmt.Errorf("perso: the card's answer holds no life cycle state")
	}
	return state.Value[0], nil
}

// Write personalises the chip and locks it. It may be called again on a chip on which an earlier run was torn: what
// that run wrote is forgotten. watch, when given, is told how many of how many commands are done. An error of ctx
// stops between two commands.
func (s *Session) Write(ctx context.Context, data Data, watch func(done, of int)) (Report, error) {
	if s.State == Locked || s.State == Terminated {
		return Report{}, ErrLocked
	}
	sealed, err := data.seal(s.channel.EncryptKey)
	if err != nil {
		return Report{}, err
	}
	commands, report, err := plan(data, sealed, s.channel.MaxData(s.Buffers.Command))
	if err != nil {
		return Report{}, err
	}
	for i, step := range commands {
		if err := ctx.Err(); err != nil {
			return Report{}, fmt.Errorf("perso: stopped before command %d of %d: %w", i+1, len(commands), err)
		}
		resp, err := s.send.Send(step.command)
		if err == nil {
			err = resp.OK()
		}
		if err != nil {
			return Report{}, fmt.Errorf("perso: %s (command %d of %d): %w", step.name, i+1, len(commands), err)
		}
		if watch != nil {
			watch(i+1, len(commands))
		}
	}
	s.State = Locked
	return report, nil
}

// Terminate ends the chip's life: it answers nothing any more, and nothing brings it back (GlobalPlatform Card
// Specification 2.3, section 11.10).
func (s *Session) Terminate() error {
	resp, err := s.send.Send(apdu.Command{CLA: 0x80, INS: 0xF0, P1: 0x80, P2: cardTerminated})
	if err == nil {
		err = resp.OK()
	}
	if err != nil {
		return fmt.Errorf("perso: SET STATUS terminated: %w", err)
	}
	s.State = Terminated
	return nil
}

// seal gives the groupings of passwords and keys, each padded and encrypted by encrypt (GlobalPlatform Amendment D,
// section 7.2).
func (s Secrets) seal(encrypt func([]byte) ([]byte, error)) ([]byte, error) {
	groupings, err := s.groupings()
	if err != nil {
		return nil, err
	}
	var b []byte
	for _, g := range groupings {
		encrypted, err := encrypt(iso9797.Pad(g.value, aes.BlockSize))
		if err != nil {
			return nil, err
		}
		if len(encrypted) > maxSecret {
			return nil, fmt.Errorf("perso: grouping %04X has %d bytes, a chip takes %d", g.dgi, len(encrypted), maxSecret)
		}
		b = appendDGI(b, g.dgi, encrypted)
	}
	return b, nil
}

// Plan tells what personalisation of a chip with these buffers would send, without a chip.
func Plan(data Data, buffers lds.Buffers) (Report, error) {
	sealed, err := data.seal(func(padded []byte) ([]byte, error) { return padded, nil })
	if err != nil {
		return Report{}, err
	}
	_, report, err := plan(data, sealed, scp.MaxData(securityLevel, buffers.Command))
	return report, err
}

type step struct {
	name    string
	command apdu.Command
}

// The bits of P1 of STORE DATA (GlobalPlatform Card Specification 2.3, section 11.11.2.1).
const (
	storeDGI       = 0x08
	storeEncrypted = 0x60
	storeLast      = 0x80
)

// plan lists the commands that write data to a chip whose commands carry at most room bytes.
func plan(data Data, sealed []byte, room int) ([]step, Report, error) {
	files, err := data.fileStream()
	if err != nil {
		return nil, Report{}, err
	}
	if room < 32 {
		return nil, Report{}, fmt.Errorf("perso: the chip's commands carry only %d bytes", room)
	}
	aid := lds.AID()
	install := append([]byte{0, 0, byte(len(aid))}, aid...)
	steps := []step{{"INSTALL [for personalization]", apdu.Command{CLA: 0x80, INS: 0xE6, P1: 0x20, Data: append(install, 0, 0, 0)}}}
	steps = appendStores(steps, files, room, storeDGI)
	steps = appendStores(steps, sealed, room, storeDGI|storeEncrypted)
	steps[len(steps)-1].command.P1 |= storeLast
	for i := 1; i < len(steps); i++ {
		steps[i].command.P2 = byte(i - 1)
	}
	steps = append(steps, step{"SET STATUS secured", apdu.Command{CLA: 0x80, INS: 0xF0, P1: 0x80, P2: cardSecured}})
	return steps, Report{Bytes: len(files) + len(sealed), Commands: len(steps)}, nil
}

func appendStores(steps []step, stream []byte, room int, p1 byte) []step {
	for len(stream) > 0 {
		n := min(room, len(stream))
		steps = append(steps, step{"STORE DATA", apdu.Command{CLA: 0x80, INS: 0xE2, P1: p1, Data: stream[:n]}})
		stream = stream[n:]
	}
	return steps
}
