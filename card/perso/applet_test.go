package perso

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/card/activeauth"
	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/bac"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/mrz"
	"github.com/cancuoc/cancuoc/card/scp"
	"github.com/cancuoc/cancuoc/card/tlv"
)

// The example of the standard (Doc 9303-11, appendix D.2): its machine readable zone, and the key that comes of it.
const (
	exampleNumber, exampleBirth, exampleExpiry = "L898902C<", "690806", "940623"
	exampleSeed                                = "239ab9cb282daf66231dc5a4df6bfbae"
)

// appletData is what the applet can carry: three files, the key of Basic Access Control, RSA-1024.
func appletData(t testing.TB) Data {
	t.Helper()
	zone := mrz.TD1{DocumentCode: "I", Issuer: "UTO", DocumentNumber: "L898902C", DateOfBirth: exampleBirth, Sex: "F",
		DateOfExpiry: exampleExpiry, Nationality: "UTO", Primary: "ERIKSSON", Secondary: "ANNA MARIA"}
	lines, err := zone.Lines()
	if err != nil {
		t.Fatal(err)
	}
	dg1, err := lds.EncodeDG1(lines)
	if err != nil {
		t.Fatal(err)
	}
	key, err := activeauth.ParsePrivateKey(shortKey(t))
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := key.Encode()
	if err != nil {
		t.Fatal(err)
	}
	seed, _ := hex.DecodeString(exampleSeed)
	return Data{
		Files:   []File{{FID: 0x011E, Content: []byte{0x60, 3, 1, 2, 3}}, {FID: 0x0101, Content: dg1}, {FID: 0x0102, Content: count(0, 600)}},
		Secrets: Secrets{BACSeed: seed, ActiveAuthentication: SigningKey{Hash: 20, Key: encoded}},
	}
}

// shortKey is a key of RSA-1024 in halves, of numbers that are easily seen.
func shortKey(t testing.TB) []byte {
	t.Helper()
	modulus, exponent := bytes.Repeat([]byte{0xC1}, 128), bytes.Repeat([]byte{0x35}, 128)
	encoded, err := activeauth.EncodeHalves(modulus, exponent)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

// appletCommands is the dialogue, written by hand from what is published of the applet.
func appletCommands(t testing.TB, dg1 []byte) []string {
	t.Helper()
	if len(dg1) != 95 {
		t.Fatalf("EF.DG1 of %d bytes", len(dg1))
	}
	dg2 := hex.EncodeToString(count(0, 600))
	return []string{
		"00e00000 06 6304 0005 011e", "00a4020c 02 011e", "00d60000 05 6003010203",
		"00e00000 06 6304 005f 0101", "00a4020c 02 0101", "00d60000 5f " + hex.EncodeToString(dg1),
		"00e00000 06 6304 0258 0102", "00a4020c 02 0102", "00d60000 ff " + dg2[:510], "00d600ff ff " + dg2[510:1020], "00d601fe 5a " + dg2[1020:],
		"00da0062 1d 621b 0409 4c383938393032433c 0406 363930383036 0406 393430363233",
		"00da0060 86 608183 048180 " + strings.Repeat("c1", 128),
		"00da0061 86 618183 048180 " + strings.Repeat("35", 128),
		"00dadead",
	}
}

func plainHex(text string) string { return strings.ReplaceAll(text, " ", "") }

func TestAppletTerminalVectors(t *testing.T) {
	data := appletData(t)
	card := CardProfile{Dialect: JMRTDApplet}
	plan, err := card.plan(data)
	if err != nil {
		t.Fatal(err)
	}
	commands, report, err := jmrtdApplet{card}.commands(&Session{Buffers: lds.ShortBuffers()}, plan)
	if err != nil {
		t.Fatal(err)
	}
	want := appletCommands(t, data.Files[1].Content)
	if len(commands) != len(want) || report.Commands != len(want) {
		t.Fatalf("%d commands, want %d", len(commands), len(want))
	}
	for i, c := range commands {
		if b, _ := c.Bytes(); hex.EncodeToString(b) != plainHex(want[i]) {
			t.Errorf("command %d (%s): %x, want %s", i, c.name, b, want[i])
		}
	}
}

// appletTape is a memory that keeps what it is told.
type appletTape struct {
	state LifeCycle
	files map[uint16][]byte
	seed  []byte
	key   []byte
	hash  int
}

func (m *appletTape) LifeCycle() LifeCycle { return m.state }
func (m *appletTape) SetLifeCycle(s LifeCycle) apdu.StatusWord {
	m.state = s
	return apdu.SWOK
}
func (m *appletTape) HasFile(f lds.File) bool { return m.files[f.FID] != nil }
func (m *appletTape) CreateFile(f lds.File, size int) apdu.StatusWord {
	m.files[f.FID] = make([]byte, size)
	return apdu.SWOK
}
func (m *appletTape) WriteFile(f lds.File, offset int, content []byte) apdu.StatusWord {
	if offset+len(content) > len(m.files[f.FID]) {
		return apdu.SWWrongOffset
	}
	copy(m.files[f.FID][offset:], content)
	return apdu.SWOK
}
func (m *appletTape) SetBACSeed(seed []byte) apdu.StatusWord {
	m.seed = seed
	return apdu.SWOK
}
func (m *appletTape) SigningKey() []byte { return m.key }
func (m *appletTape) SetSigningKey(key []byte, hash int) apdu.StatusWord {
	m.key, m.hash = key, hash
	return apdu.SWOK
}

func newAppletTape() *appletTape { return &appletTape{state: Blank, files: map[uint16][]byte{}} }

func parsed(t testing.TB, text string) apdu.Command {
	t.Helper()
	raw, err := hex.DecodeString(plainHex(text))
	if err != nil {
		t.Fatal(err)
	}
	cmd, err := apdu.ParseCommand(raw)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return cmd
}

func TestAppletChipVectors(t *testing.T) {
	data := appletData(t)
	memory := newAppletTape()
	chip := AppletChip{Memory: memory}
	for i, text := range appletCommands(t, data.Files[1].Content) {
		if resp, answered := chip.Handle(parsed(t, text)); !answered || resp.SW != apdu.SWOK {
			t.Fatalf("command %d: %v, %v", i, answered, resp.SW)
		}
	}
	for _, f := range data.Files {
		if !bytes.Equal(memory.files[f.FID], f.Content) {
			t.Errorf("%s: %x", f.Name(), memory.files[f.FID])
		}
	}
	if hex.EncodeToString(memory.seed) != exampleSeed || !bytes.Equal(memory.key, shortKey(t)) || memory.hash != 20 || memory.state != Locked {
		t.Errorf("the chip holds other keys, or is %s", memory.state)
	}
	for text, want := range map[string]apdu.StatusWord{
		"00e00000 06 6304 0005 011e": apdu.SWConditionsNotSatisfied, "00d60000 01 00": apdu.SWConditionsNotSatisfied,
		"00da0062 05 6203 0401 41": apdu.SWConditionsNotSatisfied, "00dadead": apdu.SWConditionsNotSatisfied,
	} {
		if resp, answered := chip.Handle(parsed(t, text)); !answered || resp.SW != want {
			t.Errorf("once it is locked, %s is answered by %v, %v", text, answered, resp.SW)
		}
	}
	if _, answered := chip.Handle(parsed(t, "00a4020c 02 011e")); answered {
		t.Error("once it is locked, SELECT is for the files' access rules")
	}
}

func TestAppletChipRefuses(t *testing.T) {
	for text, want := range map[string]apdu.StatusWord{
		"00e00000 06 6404 0005 011e":                             apdu.SWWrongData, // the tag that its documentation has, and its code has not
		"00e00000 06 6304 8000 0101":                             apdu.SWWrongData,
		"00e00000 06 6304 0000 0101":                             apdu.SWWrongData,
		"00e00000 06 6304 0005 0110":                             apdu.SWWrongData,
		"00e00000 06 6304 0005 1234":                             apdu.SWWrongData,
		"00e00000 05 6304 0005 01":                               apdu.SWWrongData,
		"00a4020c 02 0101":                                       apdu.SWFileNotFound,
		"00a4020c 01 01":                                         apdu.SWWrongLength,
		"00d60000 01 00":                                         apdu.SWNoCurrentEF,
		"00b0000001":                                             apdu.SWSecurityStatusNotSatisfied,
		"00da0062 05 6103 0401 41":                               apdu.SWWrongData,
		"00da0062 0a 6208 0401 41 0401 42 0400":                  apdu.SWWrongData,
		"00da0060 88 608185 048182 " + strings.Repeat("c1", 130): apdu.SWWrongData,
		"00da0063 03 6301 00":                                    apdu.SWWrongData,
		"00da0162 03 6201 00":                                    apdu.SWIncorrectP1P2,
	} {
		chip := AppletChip{Memory: newAppletTape()}
		if resp, answered := chip.Handle(parsed(t, text)); !answered || resp.SW != want {
			t.Errorf("%s: answered %v %v, want %v", text, answered, resp.SW, want)
		}
	}
}

// Everything that the applet has no place for is refused before a chip is touched, each with its reason.
func TestWhatTheAppletCannotCarry(t *testing.T) {
	rsa, err := activeauth.GenerateRSA(2048, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	long, err := rsa.Encode()
	if err != nil {
		t.Fatal(err)
	}
	card := CardProfile{Name: "applet", Dialect: JMRTDApplet}
	if err := card.Carries(appletData(t)); err != nil {
		t.Fatal(err)
	}
	for reason, change := range map[string]func(*Data){
		"no EF.CardAccess":                      func(d *Data) { d.Files = append(d.Files, File{MF: true, FID: 0x011C, Content: []byte{0x31, 0}}) },
		"no EF.DG16":                            func(d *Data) { d.Files = append(d.Files, File{FID: 0x0110, Content: []byte{0x70, 0}}) },
		"EF.DG3 would be open":                  func(d *Data) { d.Files = append(d.Files, File{FID: 0x0103, Content: []byte{0x63, 0}}) },
		"its files hold 32767":                  func(d *Data) { d.Files[2].Content = make([]byte, 32768) },
		"no PACE":                               func(d *Data) { d.CAN = Secret("000013") },
		"Chip Authentication":                   func(d *Data) { d.ChipAuthentication = []ChipKey{{}} },
		"Terminal Authentication":               func(d *Data) { d.TrustPoints = [][]byte{{1}} },
		"cannot be told to":                     func(d *Data) { d.Deviations = []string{SelectMF6D00} },
		"nothing would open it":                 func(d *Data) { d.BACSeed = nil },
		"not that of EF.DG1":                    func(d *Data) { d.BACSeed = bac.Seed("another") },
		"there is no EF.DG1":                    func(d *Data) { d.Files = d.Files[:1] },
		"RSA-1024 with SHA-1":                   func(d *Data) { d.ActiveAuthentication = SigningKey{Hash: 32, Key: shortKey(t)} },
		"its Active Authentication is RSA-1024": func(d *Data) { d.ActiveAuthentication = SigningKey{Hash: 20, Key: long} },
	} {
		data := appletData(t)
		change(&data)
		err := card.Carries(data)
		if !errors.Is(err, ErrCannotCarry) || !strings.Contains(err.Error(), reason) {
			t.Errorf("%s: %v", reason, err)
		}
		if _, planned := card.Plan(data, lds.ShortBuffers()); planned == nil {
			t.Errorf("%s: planned", reason)
		}
	}
}

// appletSend answers as a chip with the applet, so that Open meets one.
type appletSend struct {
	chip       AppletChip
	production []byte
	applet     bool
}

func (a *appletSend) Send(cmd apdu.Command) (apdu.Response, error) {
	switch {
	case cmd.INS == 0xA4 && cmd.P1 == 0x04:
		a.applet = bytes.Equal(cmd.Data, lds.AID())
		return apdu.Response{SW: apdu.SWOK}, nil
	case cmd.INS == 0xCA:
		return apdu.Response{Data: a.production, SW: apdu.SWOK}, nil
	case a.applet:
		if resp, answered := a.chip.Handle(cmd); answered {
			return resp, nil
		}
	}
	return apdu.Response{SW: apdu.SWSecurityStatusNotSatisfied}, nil
}

func TestAppletIsOpened(t *testing.T) {
	chip := [10]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	send := &appletSend{chip: AppletChip{Memory: newAppletTape()}, production: tlv.Encode(0x9F7F, ProductionData(chip))}
	terminal := Terminal{Card: CardProfile{Dialect: JMRTDApplet}}
	s, err := terminal.Open(send)
	if err != nil || s.ChipID != "00000102030405060708090a" || s.State != Blank {
		t.Fatalf("%+v, %v", s, err)
	}
	if _, err := s.Write(t.Context(), appletData(t), nil); err != nil {
		t.Fatal(err)
	}
	if s, err = terminal.Open(send); err != nil || s.State != Locked {
		t.Fatalf("after the lock: %s, %v", s.State, err)
	}
	if _, err := s.Write(t.Context(), appletData(t), nil); !errors.Is(err, ErrLocked) {
		t.Errorf("a second time: %v", err)
	}
	if err := s.Terminate(); err == nil || s.Lists() {
		t.Error("the applet has no life cycle of its card")
	}
	for _, bad := range [][]byte{nil, {0x9F}, tlv.Encode(0x9F7F, make([]byte, 41)), tlv.Encode(0x9F7E, make([]byte, 42))} {
		send.production = bad
		if _, err := terminal.Open(send); err == nil {
			t.Errorf("production data %x", bad)
		}
	}
}

func FuzzAppletChip(f *testing.F) {
	for _, text := range []string{"00e00000066304000501 01", "00da0062051e6203040141", "00d6000001aa", "00dadead"} {
		raw, _ := hex.DecodeString(plainHex(text))
		f.Add(raw, raw)
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		memory := newAppletTape()
		chip := AppletChip{Memory: memory}
		for _, raw := range [][]byte{first, second, first} {
			cmd, err := apdu.ParseCommand(raw)
			if err != nil {
				continue
			}
			locked := memory.state == Locked
			resp, answered := chip.Handle(cmd)
			if locked && answered && resp.SW == apdu.SWOK {
				t.Fatalf("a locked applet took %x", raw)
			}
		}
		if len(memory.key) > 300 || len(memory.files) > 18 {
			t.Fatal("the chip collects without bound")
		}
	})
}

func FuzzParseStatus(f *testing.F) {
	f.Add(statusEntry(lds.AID(), 7, 0).Data)
	f.Fuzz(func(t *testing.T, b []byte) {
		found, err := parseStatus(b)
		for _, a := range found {
			if err == nil && (len(a.AID) > 16 || a.StateName() == "") {
				t.Fatalf("%+v", a)
			}
		}
	})
}

func TestCardProfilesThatWriteNoChip(t *testing.T) {
	good := CardProfile{Name: "x", Steps: Verbs(), Keys: Keys{Version: 0x30, Diversification: "kdf3"}}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	if !good.Rotates() || (CardProfile{}).Rotates() || (CardProfile{}).Check() != nil {
		t.Error("the zero value keeps the keys of the chip")
	}
	without := func(v Verb) []Verb { return slices.DeleteFunc(Verbs(), func(w Verb) bool { return v == w }) }
	for reason, change := range map[string]func(*CardProfile){
		"no dialect":             func(p *CardProfile) { p.Dialect = "klingon" },
		"there is no step":       func(p *CardProfile) { p.Steps = append(p.Steps, "dance") },
		"stands too late":        func(p *CardProfile) { p.Steps = []Verb{PutFiles, Authenticate} },
		`"lock" is missing`:      func(p *CardProfile) { p.Steps = without(Lock) },
		`"read-back" is missing`: func(p *CardProfile) { p.Steps = without(ReadBack) },
		"version from 1 to 127":  func(p *CardProfile) { p.Keys.Version = 0xFF },
		"need a version":         func(p *CardProfile) { p.Keys.Version = 0 },
		"no keys of 24 bytes":    func(p *CardProfile) { p.Channel.Protocol, p.Keys.Size = scp.SCP02, 24 },
		"security level":         func(p *CardProfile) { p.Channel.Level = 0x22 },
		"negative":               func(p *CardProfile) { p.Sizes.File = -1 },
		"carry too little":       func(p *CardProfile) { p.Sizes.Command = 20 },
		"keeps the keys":         func(p *CardProfile) { p.Steps, p.Keys.Transport = nil, "emv" },
		"no keys of its own":     func(p *CardProfile) { p.Dialect = JMRTDApplet },
		"readers select":         func(p *CardProfile) { p.Application = AID{1, 2, 3, 4, 5} },
	} {
		p := good
		p.Steps = slices.Clone(good.Steps)
		change(&p)
		if err := p.Check(); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%s: %v", reason, err)
		}
	}
	small := good
	small.Sizes = Sizes{File: 100, Memory: 150}
	for _, files := range [][]File{{{FID: 0x0101, Content: make([]byte, 101)}}, {{FID: 0x0101, Content: make([]byte, 90)}, {FID: 0x0102, Content: make([]byte, 90)}}} {
		if err := small.Carries(Data{Files: files}); !errors.Is(err, ErrCannotCarry) {
			t.Errorf("%d files: %v", len(files), err)
		}
	}
	var a AID
	for _, text := range []string{"", "A0", "A00000000", "A000000000000000000000000000000000", "zz00000000"} {
		if err := a.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken for an application identifier", text)
		}
	}
	if err := a.UnmarshalText([]byte("a0000002471001")); err != nil || fmt.Sprint(a) != "A0000002471001" {
		t.Errorf("%v, %v", a, err)
	}
}
