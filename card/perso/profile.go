package perso

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/scp"
)

// The dialects that a profile can choose.
const (
	GlobalPlatform = "globalplatform"
	JMRTDApplet    = "jmrtd-applet"
)

// Dialects lists the dialects.
func Dialects() []string { return []string{GlobalPlatform, JMRTDApplet} }

// CardProfile says what must be known of one kind of blank chip to write it: which dialect it speaks, its sizes, its keys,
// and the steps. The zero value is the simulated card: dialect globalplatform, SCP03 with everything encrypted, keys
// that stay as they are. As a file it is TOML.
type CardProfile struct {
	Format      int    `toml:"format"` // 1
	Name        string `toml:"name"`
	About       string `toml:"about"`
	Dialect     string `toml:"dialect"`
	Steps       []Verb `toml:"steps"`       // none: all but that of keys
	Application AID    `toml:"application"` // of the eMRTD application; none: that of Doc 9303-10, section 4.1

	Sizes   Sizes   `toml:"sizes"`
	Channel Channel `toml:"channel"`
	Keys    Keys    `toml:"keys"`
}

// Sizes bound what is sent to a chip, in bytes; 0 is no bound but the dialect's.
type Sizes struct {
	Command int `toml:"command"` // longest command APDU, where the chip's EF.ATR/INFO is not to be believed
	File    int `toml:"file"`    // longest file
	Memory  int `toml:"memory"`  // all files together
}

// Channel says how the issuer's secure channel is opened.
type Channel struct {
	Domain   AID          `toml:"domain"`   // the security domain; none: the issuer security domain of GlobalPlatform
	Protocol scp.Protocol `toml:"protocol"` // "scp03" or "scp02"
	Level    byte         `toml:"level"`    // security level; 0: the highest that the protocol has here
}

// Keys says what is to be known of the chip's keys, and nothing of the keys themselves.
type Keys struct {
	Size            int                 `toml:"size"`            // of each key in bytes; 0: 16
	Version         byte                `toml:"version"`         // that the issuer's own keys get: 01 to 7F
	Diversification scp.Diversification `toml:"diversification"` // by which they come of the master key
	Transport       scp.Diversification `toml:"transport"`       // by which those that the chip came with came of theirs
}

// AID is an application identifier, in files hexadecimal.
type AID []byte

// UnmarshalText reads 5 to 16 bytes in hexadecimal (ISO/IEC 7816-4, section 12.2.3).
func (a *AID) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	if err != nil || len(b) < 5 || len(b) > 16 {
		return fmt.Errorf("perso: %q is no application identifier: 5 to 16 bytes in hexadecimal", text)
	}
	*a = b
	return nil
}

// MarshalText writes it in hexadecimal.
func (a AID) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// String gives it in hexadecimal.
func (a AID) String() string { return strings.ToUpper(hex.EncodeToString(a)) }

func (p CardProfile) application() AID {
	if len(p.Application) == 0 {
		return lds.AID()
	}
	return p.Application
}

func (p CardProfile) domain() AID {
	if len(p.Channel.Domain) == 0 {
		return IssuerSecurityDomain()
	}
	return p.Channel.Domain
}

func (p CardProfile) steps() []Verb {
	if len(p.Steps) == 0 {
		return slices.DeleteFunc(Verbs(), func(v Verb) bool { return v == PutKeys })
	}
	return p.Steps
}

// Rotates tells whether the keys that a chip came with are replaced by the issuer's own.
func (p CardProfile) Rotates() bool { return slices.Contains(p.steps(), PutKeys) }

// KeySize gives the length of each key of the chip in bytes.
func (p CardProfile) KeySize() int {
	if p.Keys.Size == 0 {
		return 16
	}
	return p.Keys.Size
}

func (p CardProfile) level() byte {
	switch {
	case p.Channel.Level != 0:
		return p.Channel.Level
	case p.Channel.Protocol == scp.SCP02:
		return 0x01
	}
	return 0x33
}

func (p CardProfile) speaker() (dialect, error) {
	switch p.Dialect {
	case "", GlobalPlatform:
		return globalPlatform{p}, nil
	case JMRTDApplet:
		return jmrtdApplet{p}, nil
	}
	return nil, fmt.Errorf("perso: there is no dialect %q: the dialects are %s", p.Dialect, strings.Join(Dialects(), ", "))
}

// Check refuses a profile by which no chip could be written, and says why.
func (p CardProfile) Check() error {
	speaker, err := p.speaker()
	if err != nil {
		return err
	}
	if err := checkSteps(p.steps()); err != nil {
		return fmt.Errorf("perso: card profile %s: %w", p.Name, err)
	}
	if err := p.checkSizes(); err != nil {
		return fmt.Errorf("perso: card profile %s: %w", p.Name, err)
	}
	if err := speaker.check(); err != nil {
		return fmt.Errorf("perso: card profile %s: %w", p.Name, err)
	}
	return nil
}

func (p CardProfile) checkSizes() error {
	short := lds.ShortBuffers().Command
	switch {
	case p.Sizes.Command < 0 || p.Sizes.File < 0 || p.Sizes.Memory < 0:
		return fmt.Errorf("a size is negative")
	case p.Sizes.Command != 0 && p.Sizes.Command < 64:
		return fmt.Errorf("commands of %d bytes carry too little; %d is what short commands have", p.Sizes.Command, short)
	case !bytes.Equal(p.application(), lds.AID()):
		return fmt.Errorf("application %s: readers select %X alone (Doc 9303-10, section 4.1)", p.Application, lds.AID())
	}
	return nil
}

// Carries tells why a chip of this kind cannot hold the data, nil if it can.
func (p CardProfile) Carries(data Data) error {
	speaker, err := p.speaker()
	if err != nil {
		return err
	}
	total := 0
	for _, f := range data.Files {
		if n := len(f.Content); p.Sizes.File > 0 && n > p.Sizes.File {
			return fmt.Errorf("%w: %s has %d bytes, a file of chips of profile %s holds %d", ErrCannotCarry, f.Name(), n, p.Name, p.Sizes.File)
		}
		total += len(f.Content)
	}
	if p.Sizes.Memory > 0 && total > p.Sizes.Memory {
		return fmt.Errorf("%w: the files have %d bytes, chips of profile %s hold %d", ErrCannotCarry, total, p.Name, p.Sizes.Memory)
	}
	return speaker.carries(data)
}

// buffers bounds what the chip states by what its profile says.
func (p CardProfile) buffers(stated lds.Buffers) lds.Buffers {
	if p.Sizes.Command > 0 {
		stated.Command = min(stated.Command, p.Sizes.Command)
	}
	return stated
}
