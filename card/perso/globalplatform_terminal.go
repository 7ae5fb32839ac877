package perso

import (
	"crypto/aes"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/internal/iso9797"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/scp"
)

// globalPlatform is the terminal's end of the dialect of that name.
type globalPlatform struct{ card CardProfile }

func (g globalPlatform) check() error {
	p := g.card
	if err := p.Channel.Protocol.CheckLevel(p.level()); err != nil {
		return err
	}
	switch size := p.KeySize(); {
	case size != 16 && size != 24 && size != 32, size != 16 && p.Channel.Protocol == scp.SCP02:
		return fmt.Errorf("keys.size: %v has no keys of %d bytes", p.Channel.Protocol, size)
	case p.Rotates() && (p.Keys.Version < 1 || p.Keys.Version > 0x7F):
		return fmt.Errorf("keys.version: the issuer's own keys need a version from 1 to 127, so that a chip can say which it has")
	case !p.Rotates() && p.Keys.Transport != "":
		return fmt.Errorf("keys.transport: without the step %q a chip keeps the keys that it came with: they are keys.diversification's", PutKeys)
	}
	return nil
}

func (globalPlatform) carries(data Data) error {
	for _, f := range data.Files {
		if _, err := dgiOf(f); err != nil {
			return fmt.Errorf("%w: %w", ErrCannotCarry, err)
		}
	}
	return nil
}

// open asks the chip for its buffer sizes, opens the secure channel and asks how far the chip has come.
func (g globalPlatform) open(s *Session) error {
	stated, err := readBuffers(s.wire)
	if err != nil {
		return err
	}
	s.Buffers = g.card.buffers(stated)
	if err := g.authenticate(s); err != nil {
		return err
	}
	s.State, err = s.lifeCycle(g.card.application())
	return err
}

// initiate asks the chip who it is and which keys it has, and gets its cryptogram. Once it is known it stays the same.
func (g globalPlatform) initiate(s *Session) (*scp.Handshake, error) {
	if err := selectApplication(s.wire, g.card.domain()); err != nil {
		if errors.Is(err, apdu.SWConditionsNotSatisfied) {
			err = fmt.Errorf("%w (as a chip may answer whose life has ended)", err)
		}
		return nil, fmt.Errorf("perso: select the security domain %s: %w", g.card.domain(), err)
	}
	h, err := scp.Initiate(s.wire, g.card.Channel.Protocol, 0, s.terminal.Rand)
	if err != nil {
		return nil, err
	}
	chip := hex.EncodeToString(h.Diversification[:])
	if s.ChipID != "" && s.ChipID != chip {
		return nil, fmt.Errorf("%w: it was chip %s, and is %s", ErrOtherChip, s.ChipID, chip)
	}
	s.ChipID, s.KeyVersion = chip, h.KeyVersion
	return h, nil
}

func (g globalPlatform) identify(s *Session) error {
	_, err := g.initiate(s)
	return err
}

// authenticate opens the secure channel with those keys whose version the chip names. That they are right is known from its
// cryptogram before the terminal's own is sent: a chip counts only the latter.
func (g globalPlatform) authenticate(s *Session) error {
	h, err := g.initiate(s)
	if err != nil {
		return err
	}
	s.Transport = g.card.Rotates() && h.KeyVersion != g.card.Keys.Version
	source := s.terminal.Keys
	if s.Transport {
		source = s.terminal.Transport
	}
	if source == nil {
		return fmt.Errorf("%w: chip %s has keys of version %d", ErrNoKeys, s.ChipID, h.KeyVersion)
	}
	keys, err := source.ChipKeys(h.Diversification)
	if err != nil {
		return err
	}
	if err := g.prove(s, h, keys); err != nil {
		return err
	}
	s.through(s.channel)
	return nil
}

// prove authenticates, and has it remembered with which keys, or that it failed for want of the right ones.
func (g globalPlatform) prove(s *Session, h *scp.Handshake, keys scp.StaticKeys) (err error) {
	if s.KeySet, err = keys.ID(h.Protocol); err != nil {
		return err
	}
	attempts, own := s.terminal.Attempts, g.card.Rotates() && !s.Transport
	if attempts != nil {
		if err := attempts.Allow(s.ChipID, s.KeySet, own); err != nil {
			return err
		}
	}
	s.channel, err = h.Authenticate(keys, g.card.level())
	switch {
	case attempts == nil:
	case err == nil:
		err = attempts.Succeeded(s.ChipID, s.KeySet, own)
	case errors.Is(err, scp.ErrCryptogram), errors.Is(err, scp.ErrAuthentication):
		if kept := attempts.Failed(s.ChipID, s.KeySet, err); kept != nil {
			err = fmt.Errorf("%w; and it could not be counted: %w", err, kept)
		}
	}
	return err
}

// putKeys sends the issuer's keys under the DEK of those that the chip came with, and opens a new channel with them.
func (g globalPlatform) putKeys(s *Session) error {
	if s.terminal.Keys == nil {
		return ErrNoKeys
	}
	kdd, err := hex.DecodeString(s.ChipID)
	if err != nil || len(kdd) != 10 {
		return fmt.Errorf("perso: chip number %s", s.ChipID)
	}
	keys, err := s.terminal.Keys.ChipKeys([10]byte(kdd))
	if err != nil {
		return err
	}
	replaces := s.KeyVersion
	switch replaces {
	case 0: // which PUT KEY would read as none
		return errors.New("perso: the chip names no version of its keys, so that they could not be replaced for sure")
	case initialVersion:
		replaces = 0
	}
	if err := s.channel.PutKeys(replaces, g.card.Keys.Version, keys); err != nil {
		return err
	}
	if err := g.authenticate(s); err != nil {
		return err
	}
	if s.Transport {
		return fmt.Errorf("perso: the chip took the issuer's keys, and says that its keys are of version %d", s.KeyVersion)
	}
	return nil
}

// initialVersion is the version of keys that a chip comes with and that the first PUT KEY replaces (GlobalPlatform Card
// Specification 2.3, section 11.8.2.1).
const initialVersion = 0xFF

// readBuffers reads EF.ATR/INFO under the master file for what the chip takes, and gives what gets through to it; a chip
// without the file gets short commands. Chips have been seen that do not know SELECT of the master file, which is selected
// when they get power.
func readBuffers(send apdu.Sender) (lds.Buffers, error) {
	steps := []apdu.Command{
		apdu.SelectMasterFile(),
		apdu.SelectFile(0x2F01),
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

// commands puts the plan into INSTALL, STORE DATA and SET STATUS.
func (g globalPlatform) commands(s *Session, plan []step) ([]command, Report, error) {
	seal, room := asPadded, scp.MaxData(g.card.level(), s.Buffers.Command)
	if s.channel != nil {
		seal, room = s.channel.EncryptKey, s.channel.MaxData(s.Buffers.Command)
	}
	if room < 32 {
		return nil, Report{}, fmt.Errorf("perso: the chip's commands carry only %d bytes", room)
	}
	w := storeWriter{seal: seal, room: room}
	return w.write(g.card.application(), plan)
}

func asPadded(padded []byte) ([]byte, error) { return padded, nil }

func installForPersonalization(aid AID) command {
	data := append([]byte{0, 0, byte(len(aid))}, aid...)
	return command{"INSTALL [for personalization]", apdu.Command{CLA: 0x80, INS: 0xE6, P1: 0x20, Data: append(data, 0, 0, 0)}}
}

// storeWriter collects groupings that may stand in one command and cuts them into commands.
type storeWriter struct {
	seal     func([]byte) ([]byte, error)
	room     int
	commands []command
	report   Report

	stream []byte
	p1     byte // of the stream
	stores int
}

func (w *storeWriter) write(application AID, plan []step) ([]command, Report, error) {
	w.commands = []command{installForPersonalization(application)}
	for _, s := range plan {
		if err := w.put(s); err != nil {
			return nil, Report{}, err
		}
	}
	w.report.Commands = len(w.commands)
	return w.commands, w.report, nil
}

func (w *storeWriter) put(s step) error {
	switch s.do {
	case createFile:
		dgi, err := dgiOf(s.file)
		if err != nil {
			return err
		}
		w.flushUnless(storeDGI)
		w.stream = appendDGIHeader(w.stream, dgi, len(s.file.Content))
	case writeFile:
		w.stream = append(w.stream, s.file.Content...)
	case putSecret:
		sealed, err := w.seal(iso9797.Pad(s.secret.value, aes.BlockSize))
		if err != nil {
			return err
		}
		if len(sealed) > maxSecret {
			return fmt.Errorf("%w: grouping %04X has %d bytes, a chip takes %d", ErrCannotCarry, s.secret.dgi, len(sealed), maxSecret)
		}
		w.flushUnless(storeDGI | storeEncrypted)
		w.stream = appendDGI(w.stream, s.secret.dgi, sealed)
	case setLifeCycle:
		w.flushUnless(0)
		if w.stores > 0 {
			w.commands[len(w.commands)-1].P1 |= storeLast
		}
		w.commands = append(w.commands, command{"SET STATUS secured", apdu.Command{CLA: 0x80, INS: 0xF0, P1: 0x80, P2: cardSecured}})
	}
	return nil
}

// flushUnless ends the stream, unless what comes goes the same way.
func (w *storeWriter) flushUnless(p1 byte) {
	if p1 == w.p1 {
		return
	}
	w.report.Bytes += len(w.stream)
	for len(w.stream) > 0 {
		n := min(w.room, len(w.stream))
		w.commands = append(w.commands, command{"STORE DATA", apdu.Command{CLA: 0x80, INS: 0xE2, P1: w.p1, P2: byte(w.stores), Data: w.stream[:n:n]}})
		w.stream = w.stream[n:]
		w.stores++
	}
	w.stream, w.p1 = nil, p1
}
