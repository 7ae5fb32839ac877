package simulator

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/perso"
)

// Access is the rule under which a file may be read.
type Access string

// The access rules that the chip knows.
const (
	Always  Access = "always"  // by anyone
	Session Access = "session" // inside a secure messaging session
	Closed  Access = "closed"  // by nobody: Terminal Authentication is not there yet
)

// File is one elementary file in the chip's memory.
type File struct {
	MF      bool   `json:"mf,omitempty"` // stands under the master file
	FID     uint16 `json:"fid"`
	Read    Access `json:"read"`
	Size    int    `json:"size"`    // what was announced when it was created
	Content []byte `json:"content"` // what has been written so far
}

// Keys are the static keys of the issuer security domain.
type Keys struct {
	Version byte         `json:"version"`
	ENC     perso.Secret `json:"enc"`
	MAC     perso.Secret `json:"mac"`
	DEK     perso.Secret `json:"dek"`
}

// defaultKeys are those of a blank chip; key version FF is what GlobalPlatform gives initial keys.
func defaultKeys() Keys {
	known := perso.DefaultKeys()
	return Keys{Version: 0xFF, ENC: known.ENC, MAC: known.MAC, DEK: known.DEK}
}

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
	BACSeed         perso.Secret    `json:"bac_seed,omitempty"`
}

const (
	stateFormat  = "cancuoc card"
	stateVersion = 1
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
		Format: stateFormat, Version: stateVersion, ATR: answerToReset(), ChipID: id, LifeCycle: perso.Blank, Keys: defaultKeys(),
		Capacity: 160 * 1024, Buffers: lds.Buffers{Command: 2048, Response: 2048},
	}
	info := lds.EncodeATRInfo(s.Buffers)
	s.Files = []File{{MF: true, FID: 0x2F01, Read: Always, Size: len(info), Content: info}}
	return s, nil
}

// answerToReset gives an ATR of a card that speaks T=1: historical bytes with card capabilities that state extended
// length fields (ISO/IEC 7816-4, section 12.1.1), and our name.
func answerToReset() []byte {
	atr := []byte{0x3B, 0x8D, 0x80, 0x01, 0x80, 0x73, 0xC0, 0x01, 0x40, 0x67}
	atr = append(atr, "cancuoc"...)
	var tck byte
	for _, b := range atr[1:] {
		tck ^= b
	}
	return append(atr, tck)
}

// ParseState reads the content of a card file and checks that a chip can live on it.
func ParseState(b []byte) (State, error) {
	var s State
	if err := json.Unmarshal(b, &s); err != nil || s.Format != stateFormat {
		return State{}, fmt.Errorf("simulator: this is not a card file")
	}
	if s.Version != stateVersion {
		return State{}, fmt.Errorf("simulator: card file of version %d, this program knows version %d", s.Version, stateVersion)
	}
	return s, s.check()
}

func (s State) check() error {
	switch s.LifeCycle {
	case perso.Blank, perso.Personalised, perso.Locked, perso.Terminated:
	default:
		return fmt.Errorf("simulator: card file: unknown life cycle %q", s.LifeCycle)
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
		if f.Read != Always && f.Read != Session && f.Read != Closed {
			return fmt.Errorf("simulator: card file: file %04X has the unknown access rule %q", f.FID, f.Read)
		}
		if f.Size < 0 || len(f.Content) > f.Size {
			return fmt.Errorf("simulator: card file: file %04X holds %d bytes of %d", f.FID, len(f.Content), f.Size)
		}
	}
	return nil
}

func (s State) used() int {
	n := 0
	for _, f := range s.Files {
		n += f.Size
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

func (m memory) Erase() apdu.StatusWord {
	kept := m.Files[:0:0]
	for _, f := range m.Files {
		if f.MF {
			kept = append(kept, f)
		}
	}
	m.Files, m.BACSeed = kept, nil
	return apdu.SWOK
}

func (m memory) CreateFile(fid uint16, size int) apdu.StatusWord {
	if m.file(false, fid) != nil {
		return apdu.SWWrongData
	}
	if size > m.Capacity-m.used() {
		return apdu.SWNotEnoughMemory
	}
	m.Files = append(m.Files, File{FID: fid, Size: size, Read: readRule(fid)})
	return apdu.SWOK
}

// readRule is the access rule that the eMRTD application gives a file.
func readRule(fid uint16) Access {
	if file, _ := lds.ByFID(fid); file.NeedsTerminalAuthentication() {
		return Closed
	}
	return Session
}

func (m memory) AppendFile(fid uint16, content []byte) apdu.StatusWord {
	f := m.file(false, fid)
	if f == nil || len(f.Content)+len(content) > f.Size {
		return apdu.SWMemoryFailure
	}
	f.Content = append(f.Content, content...)
	return apdu.SWOK
}

func (m memory) PutBACSeed(seed []byte) apdu.StatusWord {
	m.BACSeed = append(perso.Secret(nil), seed...)
	return apdu.SWOK
}

// Name gives the standard's name of the file.
func (f File) Name() string {
	find := lds.ByFID
	if f.MF {
		find = lds.ByMasterFID
	}
	if known, ok := find(f.FID); ok {
		return known.Name
	}
	return fmt.Sprintf("EF %04X", f.FID)
}

// clone copies what a command can change.
func (s State) clone() State {
	s.Files = append([]File(nil), s.Files...)
	for i := range s.Files {
		s.Files[i].Content = s.Files[i].Content[:len(s.Files[i].Content):len(s.Files[i].Content)]
	}
	return s
}
