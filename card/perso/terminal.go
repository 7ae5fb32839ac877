package perso

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/scp"
)

var (
	// ErrLocked is answered when a chip that can no longer be written is to be personalised.
	ErrLocked = errors.New("perso: the chip is locked: it has been personalised already")
	// ErrCannotCarry is answered when a chip of this kind cannot hold what is to be written to it.
	ErrCannotCarry = errors.New("perso: chips of this kind cannot carry it")
	// ErrNoKeys is answered when a chip needs keys that were not given.
	ErrNoKeys = errors.New("perso: no keys for this chip")
	// ErrOtherChip is answered when another chip answers than the one that was opened. It is shown no key.
	ErrOtherChip = errors.New("perso: another chip answers than before")
)

// KeySource gives the keys of a chip by its number: the same for all ([scp.StaticKeys]), or each its own
// ([scp.Diversified]).
type KeySource interface {
	ChipKeys(chip [10]byte) (scp.StaticKeys, error)
}

// Attempts remembers failed authentications, so that no chip is locked for ever by one try too many. Keys are known to it
// by their public name alone ([scp.StaticKeys.ID]); own ones are the issuer's, where those that chips come with are replaced.
//
// It is also what keeps a chip's own keys from a stranger: who knows the keys that chips come with can say that he is any
// chip, and would be sent those of the chip that he names. A chip that own keys have opened once is to be allowed no others.
type Attempts interface {
	Allow(chipID, keys string, own bool) error   // before the terminal's cryptogram goes out; an error stops it
	Failed(chipID, keys string, why error) error // to be kept before anything else happens
	Succeeded(chipID, keys string, own bool) error
}

// Terminal is the terminal's end of personalisation.
type Terminal struct {
	Card      CardProfile
	Keys      KeySource // of the chip: the issuer's own, or where they are not replaced, those that it came with
	Transport KeySource // those that it came with, where the profile replaces them
	Attempts  Attempts  // none: failed authentications are not counted
	Rand      io.Reader
	Channel   func(apdu.Sender) apdu.Sender // if set, is put around the channel of the dialect, for a trace
}

// Session is a chip that is known and ready to be written.
type Session struct {
	ChipID     string      // the chip's own number, hexadecimal
	State      LifeCycle   // how far the chip has come
	Buffers    lds.Buffers // how long commands and responses may be
	KeyVersion byte        // of the keys that opened it; 0 in dialects without
	KeySet     string      // their public name ([scp.StaticKeys.ID])
	Transport  bool        // those keys are the ones that the chip came with: Write replaces them first

	terminal Terminal
	dialect  dialect
	wire     apdu.Sender
	channel  *scp.Terminal // of the dialect globalplatform
	send     apdu.Sender   // what commands go through: wire or channel, or what was put around it
}

// Format tells of the chip alone: the terminal's keys, which the session has, are hidden from every verb of package fmt, which
// would look through to them.
func (s Session) Format(w fmt.State, _ rune) { fmt.Fprintf(w, "chip %s, %s", s.ChipID, s.State) }

// Report tells what personalisation wrote.
type Report struct {
	Bytes    int `json:"bytes"`    // of files and secrets, as the dialect encodes them
	Commands int `json:"commands"` // commands that carried them, and those that opened and closed the writing
}

// dialect puts the plan into the commands of one kind of chip.
type dialect interface {
	check() error                                         // of the profile
	carries(Data) error                                   // why a chip cannot hold the data
	identify(*Session) error                              // who the chip is; it is shown no key
	open(*Session) error                                  // authenticate; nothing on the chip changes but counters
	putKeys(*Session) error                               // those of the issuer in the place of those that the chip came with
	commands(*Session, []step) ([]command, Report, error) // files, secrets and lock
}

// command is one command of a dialect, and what it is called in errors.
type command struct {
	name string
	apdu.Command
}

// Open finds out who the chip is and how far it has come, and proves to be its issuer, as the dialect does it. Nothing on
// the chip changes but the counter of its secure channel.
func (t Terminal) Open(send apdu.Sender) (*Session, error) {
	speaker, err := t.Card.speaker()
	if err != nil {
		return nil, err
	}
	s := &Session{terminal: t, dialect: speaker, wire: send}
	return s, speaker.open(s)
}

// Identify asks a chip who it is, and shows it no key. What that begins is not gone on with: reset the card after it.
func (p CardProfile) Identify(send apdu.Sender, rand io.Reader) (chipID string, err error) {
	speaker, err := p.speaker()
	if err != nil {
		return "", err
	}
	s := &Session{terminal: Terminal{Card: p, Rand: rand}, dialect: speaker, wire: send, send: send}
	err = speaker.identify(s)
	return s.ChipID, err
}

// through sets what commands go through.
func (s *Session) through(channel apdu.Sender) {
	s.send = channel
	if s.terminal.Channel != nil {
		s.send = s.terminal.Channel(channel)
	}
}

// ask sends one command whose answer must be 9000.
func (s *Session) ask(cmd apdu.Command) (apdu.Response, error) {
	resp, err := s.send.Send(cmd)
	if err == nil {
		err = resp.OK()
	}
	return resp, err
}

// Write puts the issuer's keys onto the chip, where its profile says so, personalises it and locks it. It may be called
// again on a chip on which an earlier run was torn: what that run wrote is written again. watch, when given, is told how
// many of how many commands are done. An error of ctx stops between two commands.
func (s *Session) Write(ctx context.Context, data Data, watch func(done, of int)) (Report, error) {
	if s.State == Locked || s.State == Terminated {
		return Report{}, ErrLocked
	}
	if err := s.terminal.Card.Carries(data); err != nil {
		return Report{}, err
	}
	if err := ctx.Err(); err != nil {
		return Report{}, fmt.Errorf("perso: stopped before anything was written: %w", err)
	}
	if err := s.PutKeys(); err != nil {
		return Report{}, err
	}
	steps, err := s.terminal.Card.plan(data)
	if err != nil {
		return Report{}, err
	}
	commands, report, err := s.dialect.commands(s, steps)
	if err != nil {
		return Report{}, err
	}
	for i, c := range commands {
		if err := ctx.Err(); err != nil {
			return Report{}, fmt.Errorf("perso: stopped before command %d of %d: %w", i+1, len(commands), err)
		}
		if _, err := s.ask(c.Command); err != nil {
			return Report{}, fmt.Errorf("perso: %s (command %d of %d): %w", c.name, i+1, len(commands), err)
		}
		if watch != nil {
			watch(i+1, len(commands))
		}
	}
	s.State = Locked
	return report, nil
}

// PutKeys replaces the keys that the chip came with by the issuer's own, and opens a new channel with those, which proves
// that they are there. It does nothing where the chip has them, or its profile keeps what it came with.
func (s *Session) PutKeys() error {
	if !s.Transport || !s.terminal.Card.Rotates() {
		return nil
	}
	return s.dialect.putKeys(s)
}

// Plan tells what personalisation of a chip with these buffers would send, without a chip.
func (p CardProfile) Plan(data Data, buffers lds.Buffers) (Report, error) {
	speaker, err := p.speaker()
	if err != nil {
		return Report{}, err
	}
	if err := p.Carries(data); err != nil {
		return Report{}, err
	}
	steps, err := p.plan(data)
	if err != nil {
		return Report{}, err
	}
	_, report, err := speaker.commands(&Session{terminal: Terminal{Card: p}, Buffers: p.buffers(buffers)}, steps)
	return report, err
}

func selectApplication(send apdu.Sender, aid []byte) error {
	resp, err := send.Send(apdu.SelectForInformation(aid))
	if err != nil {
		return err
	}
	return resp.OK()
}
