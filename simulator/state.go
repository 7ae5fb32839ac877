package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/card/scp"
)

// File is one elementary file in the chip's memory.
type File struct {
	MF      bool       `json:"mf,omitempty"` // stands under the master file
	FID     uint16     `json:"fid"`
	Read    lds.Access `json:"read"`
	Size    int        `json:"size"`    // what was announced when it was created
	Content []byte     `json:"content"` // what has been written so far
}

// closed is the rule of a file that nobody may read, in card files of version 1.
const closed lds.Access = "closed"

// Keys are the static keys of the issuer security domain.
type Keys struct {
	Protocol scp.Protocol `json:"protocol,omitzero"` // of the secure channel; zero: SCP03
	Version  byte         `json:"version"`
	ENC      perso.Secret `json:"enc"`
	MAC      perso.Secret `json:"mac"`
	DEK      perso.Secret `json:"dek"`
}

// LogValue hides the keys from log/slog, which would encode them.
func (Keys) LogValue() slog.Value { return slog.StringValue("[secret]") }

// initialVersion is the key version that GlobalPlatform gives to initial keys.
const initialVersion = 0xFF

// The applets that a chip can carry in place of this program's own.
const (
	OwnApplet   = ""
	JMRTDApplet = "jmrtd" // the open passport applet, as [perso.AppletChip] plays it
)

// State is all that a chip keeps when its power goes: the content of a card file.
type State struct {
	Format          string          `json:"format"` // always "cancuoc card"
	Version         int             `json:"version"`
	ATR             []byte          `json:"atr"`
	ChipID          []byte          `json:"chip_id"` // ten bytes, the key diversification data of INITIALIZE UPDATE
	LifeCycle       perso.LifeCycle `json:"life_cycle"`
	Keys            Keys            `json:"keys"`
	SequenceCounter uint32          `json:"sequence_counter"` // of the secure channel, 24 bits
	Capacity        int             `json:"capacity"`         // bytes of memory for files
	Buffers         lds.Buffers     `json:"buffers"`
	Files           []File          `json:"files"`
	Failures        int             `json:"failures,omitempty"` // wrong passwords since the last right one
	Refused         int             `json:"refused,omitempty"`  // wrong keys of the issuer since the last right ones
	Applet          string          `json:"applet,omitempty"`   // what the eMRTD application is
	Faults          Faults          `json:"faults,omitempty"`   // how the card fails or deceives
	Timing          Timing          `json:"timing,omitzero"`    // how long it takes
	Transport       Transport       `json:"transport,omitempty"`
	perso.Secrets
}

const (
	stateFormat  = "cancuoc card"
	stateVersion = 2 // version 1 had no secrets but the seed of Basic Access Control
	// largest card file that is read: four times the capacity of a blank chip leaves room for any encoding.
	maxStateFile = 1 << 20
)

// Blank makes a chip as the factory delivers it: default keys, EF.ATR/INFO, a number of its own drawn from rand.
func Blank(rand io.Reader) (State, error) {
	id := make([]byte, 10)
	if _, err := io.ReadFull(rand, id); err != nil {
		return State{}, fmt.Errorf("simulator: draw a chip number: %w", err)
	}
	s := State{
		Format: stateFormat, Version: stateVersion, ATR: answerToReset(Contactless), ChipID: id, LifeCycle: perso.Blank, Keys: Keys{Version: initialVersion},
		Capacity: 160 * 1024, Buffers: lds.Buffers{Command: 2048, Response: 2048},
	}
	info := lds.EncodeATRInfo(s.Buffers)
	s.Files = []File{{MF: true, FID: 0x2F01, Read: lds.Always, Size: len(info), Content: info}}
	return s.Keyed(scp.SCP03, 16), nil
}

// BlankApplet makes a chip with the open passport applet on it: short commands alone, and no file under the master file.
func BlankApplet(rand io.Reader) (State, error) {
	s, err := Blank(rand)
	s.Applet, s.Files, s.Buffers = JMRTDApplet, nil, lds.ShortBuffers()
	s.ATR = answerWith(Contactless, append([]byte{0x80, 0x68}, "JavaCard"...))
	return s, err
}

// Again makes a new blank chip of the kind of this one. It has the keys that everybody knows.
func (s State) Again(rand io.Reader) (State, error) {
	if s.Applet == JMRTDApplet {
		return BlankApplet(rand)
	}
	blank, err := Blank(rand)
	return blank.Keyed(s.Keys.Protocol, len(s.Keys.ENC)).Over(s.Transport), err
}

// Keyed gives the same chip with another secure channel and keys of another size, in bytes: those that everybody
// knows.
func (s State) Keyed(protocol scp.Protocol, size int) State {
	s.Keys.Protocol, s.Keys.ENC, s.Keys.MAC, s.Keys.DEK = protocol, perso.DefaultKey(size), perso.DefaultKey(size), perso.DefaultKey(size)
	return s
}

// ParseState reads the content of a card file and checks that a chip can live on it.
func ParseState(b []byte) (State, error) {
	var s State
	if err := json.Unmarshal(b, &s); err != nil || s.Format != stateFormat {
		return State{}, fmt.Errorf("simulator: this is not a card file")
	}
	if s.Version < 1 || s.Version > stateVersion {
		return State{}, fmt.Errorf("simulator: card file of version %d, this program knows versions 1 to %d", s.Version, stateVersion)
	}
	s.Version = stateVersion
	return s, s.check()
}

func (s State) check() error {
	switch s.LifeCycle {
	case perso.Blank, perso.Personalised, perso.Locked, perso.Terminated:
	default:
		return fmt.Errorf("simulator: card file: unknown life cycle %q", s.LifeCycle)
	}
	if s.Applet != OwnApplet && s.Applet != JMRTDApplet {
		return fmt.Errorf("simulator: card file: unknown applet %q", s.Applet)
	}
	short := lds.ShortBuffers()
	switch {
	case len(s.ChipID) != 10:
		return fmt.Errorf("simulator: card file: chip_id has %d bytes, not 10", len(s.ChipID))
	case len(s.ATR) < 2 || len(s.ATR) > 33:
		return fmt.Errorf("simulator: card file: an ATR of %d bytes", len(s.ATR))
	case s.Buffers.Command < short.Command || s.Buffers.Response < short.Response || s.Buffers.Command > 65544 || s.Buffers.Response > 65538:
		return fmt.Errorf("simulator: card file: buffers of %d and %d bytes", s.Buffers.Command, s.Buffers.Response)
	case s.used() > s.Capacity:
		return fmt.Errorf("simulator: card file: %d bytes of files in a memory of %d", s.used(), s.Capacity)
	}
	for _, f := range s.Files {
		if !slices.Contains([]lds.Access{lds.Always, lds.Session, lds.Rights, closed}, f.Read) {
			return fmt.Errorf("simulator: card file: file %04X has the unknown access rule %q", f.FID, f.Read)
		}
		if f.Size < 0 || len(f.Content) > f.Size {
			return fmt.Errorf("simulator: card file: file %04X holds %d bytes of %d", f.FID, len(f.Content), f.Size)
		}
	}
	if err := errors.Join(s.Timing.check(), s.Transport.check()); err != nil {
		return err
	}
	return s.Faults.check()
}

func (s State) used() int {
	n := 0
	for _, f := range s.Files {
		n += f.Size
	}
	return n
}

// written counts the bytes in all files.
func (s State) written() int {
	n := 0
	for _, f := range s.Files {
		n += len(f.Content)
	}
	return n
}

func (s State) file(mf bool, fid uint16) *File {
	for i := range s.Files {
		if f := &s.Files[i]; f.MF == mf && f.FID == fid {
			return f
		}
	}
	return nil
}

// memory lets personalisation change a chip's state.
type memory struct{ *State }

func (m memory) LifeCycle() perso.LifeCycle { return m.State.LifeCycle }

func (m memory) SetLifeCycle(to perso.LifeCycle) apdu.StatusWord {
	m.State.LifeCycle = to
	return apdu.SWOK
}

// Erase forgets all but EF.ATR/INFO, which the maker has written.
func (m memory) Erase() apdu.StatusWord {
	m.Files = slices.DeleteFunc(slices.Clone(m.Files), func(f File) bool { return !f.MF || f.FID != 0x2F01 })
	m.Secrets, m.Failures = perso.Secrets{}, 0
	return apdu.SWOK
}

func (m memory) CreateFile(file lds.File, size int) apdu.StatusWord {
	if m.file(file.MF, file.FID) != nil {
		return apdu.SWWrongData
	}
	if size > m.Capacity-m.used() {
		return apdu.SWNotEnoughMemory
	}
	rule := file.Read
	if rule == "" {
		rule = lds.Session
	}
	m.Files = append(m.Files, File{MF: file.MF, FID: file.FID, Size: size, Read: rule})
	return apdu.SWOK
}

func (m memory) AppendFile(file lds.File, content []byte) apdu.StatusWord {
	f := m.file(file.MF, file.FID)
	if f == nil || len(f.Content)+len(content) > f.Size {
		return apdu.SWMemoryFailure
	}
	f.Content = append(f.Content, content...)
	return apdu.SWOK
}

func (m memory) PutSecret(dgi uint16, value []byte) apdu.StatusWord {
	if m.Put(dgi, value) != nil {
		return apdu.SWWrongData
	}
	return apdu.SWOK
}

// Name gives the standard's name of the file.
func (f File) Name() string {
	return perso.File{MF: f.MF, FID: f.FID}.Name()
}

// clone copies what a command can change.
func (s State) clone() State {
	s.Files = append([]File(nil), s.Files...)
	for i := range s.Files {
		s.Files[i].Content = s.Files[i].Content[:len(s.Files[i].Content):len(s.Files[i].Content)]
	}
	return s
}

// halve takes back half of what was written to files since before. Keys and the life cycle change whole or not at all.
func (s *State) halve(before State) {
	for i := range s.Files {
		f, was := &s.Files[i], 0
		if old := before.file(f.MF, f.FID); old != nil {
			was = len(old.Content)
		}
		if more := len(f.Content) - was; more > 0 {
			f.Content = f.Content[: was+more/2 : was+more/2]
		}
	}
}
