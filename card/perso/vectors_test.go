package perso

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/scp"
	"github.com/cancuoc/cancuoc/card/sm"
)

// The table of data groupings, written by hand from the package comment: EF.CardAccess of two bytes, EF.COM of five, EF.DG1 of
// forty and EF.DG2 of 256, then every kind of secret. The padded values stand in place of their cryptograms.
const (
	writtenFiles = `
811c 02 3100
011e 05 6003010203
0101 28 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324252627
0102 ff 0100 `
	writtenSecrets = `
8008 10 73656c6563742d6d662d366430308000
8010 20 d0d1d2d3d4d5d6d7d8d9dadbdcdddedf 80000000000000000000000000000000
8011 20 e0e1e2e3e4e5e6e7e8e9eaebecedeeef f0f1f2f3800000000000000000000000
8012 10 30303030313380000000000000000000
8018 10 323032362d31312d3235800000000000
8019 10 8001208103556677 8000000000000000
8020 10 0d010280000000000000000000000000
8030 10 8002020381020d01 8401078000000000
8031 10 80010081020d0280 0000000000000000
8040 10 7f4e0080000000000000000000000000`
)

// longFile is the content of the last file, of 256 bytes, whose length takes two.
func longFile() string { return hex.EncodeToString(count(0, 256)) }

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// room is how many bytes the commands of the chip in these tests carry.
const room = 32

// writtenCommands cuts both streams into the commands that carry them.
func writtenCommands(t *testing.T) []apdu.Command {
	t.Helper()
	commands := []apdu.Command{{CLA: 0x80, INS: 0xE6, P1: 0x20, Data: unhex(t, "000007a0000002471001000000")}}
	for _, stream := range []struct {
		p1   byte
		text string
	}{{0x08, writtenFiles + longFile()}, {0x68, writtenSecrets}} {
		for part := range slices.Chunk(unhex(t, stream.text), room) {
			commands = append(commands, apdu.Command{CLA: 0x80, INS: 0xE2, P1: stream.p1, P2: byte(len(commands) - 1), Data: part})
		}
	}
	commands[len(commands)-1].P1 |= 0x80
	return append(commands, apdu.Command{CLA: 0x80, INS: 0xF0, P1: 0x80, P2: 0x0F})
}

func count(from, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(from + i)
	}
	return b
}

func specimenData() Data {
	seven := 7
	return Data{
		Files: []File{{MF: true, FID: 0x011C, Content: []byte{0x31, 0}}, {FID: 0x011E, Content: []byte{0x60, 3, 1, 2, 3}}, {FID: 0x0101, Content: count(0, 40)}, {FID: 0x0102, Content: count(0, 256)}},
		Secrets: Secrets{
			BACSeed: count(0xD0, 16), MRZ: count(0xE0, 20), CAN: Secret("000013"), CurrentDate: "2026-11-25", Deviations: []string{SelectMF6D00},
			ActiveAuthentication: SigningKey{Hash: 32, Key: Secret{0x55, 0x66, 0x77}},
			Mapping:              []Secret{{13, 1, 2}},
			ChipAuthentication: []ChipKey{{ID: &seven, Suites: []sm.Suite{sm.AES192, sm.AES256}, Key: Secret{13, 1}},
				{Suites: []sm.Suite{sm.TripleDES}, Key: Secret{13, 2}}},
			TrustPoints: [][]byte{{0x7F, 0x4E, 0}},
		},
	}
}

func TestTerminalVectors(t *testing.T) {
	var card CardProfile
	plan, err := card.plan(specimenData())
	if err != nil {
		t.Fatal(err)
	}
	w := storeWriter{seal: asPadded, room: room}
	steps, report, err := w.write(card.application(), plan)
	if err != nil {
		t.Fatal(err)
	}
	want := writtenCommands(t)
	if len(steps) != len(want) {
		t.Fatalf("%d commands, want %d", len(steps), len(want))
	}
	for i, s := range steps {
		got, _ := s.Command.Bytes()
		expected, _ := want[i].Bytes()
		if !bytes.Equal(got, expected) {
			t.Errorf("command %d (%s): %x, want %x", i, s.name, got, expected)
		}
	}
	if size := len(unhex(t, writtenFiles+longFile())) + len(unhex(t, writtenSecrets)); report != (Report{Bytes: size, Commands: len(want)}) {
		t.Errorf("report %+v", report)
	}
}

// tape is a Memory that keeps what it is told.
type tape struct {
	state   LifeCycle
	files   map[string][]byte
	sizes   map[string]int
	secrets Secrets
}

func newTape() *tape { return &tape{state: Blank, files: map[string][]byte{}, sizes: map[string]int{}} }

func (m *tape) LifeCycle() LifeCycle { return m.state }
func (m *tape) SetLifeCycle(s LifeCycle) apdu.StatusWord {
	m.state = s
	return apdu.SWOK
}
func (m *tape) Erase() apdu.StatusWord {
	*m = *newTape()
	return apdu.SWOK
}
func (m *tape) CreateFile(file lds.File, size int) apdu.StatusWord {
	m.sizes[file.Name] = size
	return apdu.SWOK
}
func (m *tape) AppendFile(file lds.File, content []byte) apdu.StatusWord {
	m.files[file.Name] = append(m.files[file.Name], content...)
	return apdu.SWOK
}
func (m *tape) PutSecret(dgi uint16, value []byte) apdu.StatusWord {
	if m.secrets.Put(dgi, value) != nil {
		return apdu.SWWrongData
	}
	return apdu.SWOK
}

func TestChipVectors(t *testing.T) {
	memory := newTape()
	chip := &Chip{Memory: memory, DecryptKey: asPadded}
	for i, cmd := range writtenCommands(t) {
		if resp := chip.Handle(cmd); resp.SW != apdu.SWOK {
			t.Fatalf("command %d: %v", i, resp.SW)
		}
	}
	want := specimenData()
	for _, f := range want.Files {
		if !bytes.Equal(memory.files[f.Name()], f.Content) || memory.sizes[f.Name()] != len(f.Content) {
			t.Errorf("%s: %x of %d", f.Name(), memory.files[f.Name()], memory.sizes[f.Name()])
		}
	}
	if !reflect.DeepEqual(memory.secrets, want.Secrets) || memory.state != Locked {
		t.Errorf("the chip holds other secrets, or is %s", memory.state)
	}
	if sw := chip.Handle(writtenCommands(t)[0]).SW; sw != apdu.SWConditionsNotSatisfied {
		t.Errorf("a locked chip answers INSTALL with %v", sw)
	}
}

func TestChipRefuses(t *testing.T) {
	install := "80e620000d000007a0000002471001000000"
	for name, c := range map[string]struct {
		commands []string
		want     apdu.StatusWord
	}{
		"STORE DATA before INSTALL":         {[]string{"80e2880008011e056003010203"}, apdu.SWConditionsNotSatisfied},
		"SET STATUS of a blank chip":        {[]string{"80f0800f"}, apdu.SWConditionsNotSatisfied},
		"INSTALL for another application":   {[]string{"80e620000d000007a0000002471002000000"}, apdu.SWReferenceNotFound},
		"a grouping that is not whole":      {[]string{install, "80e2880007011e0660030102"}, apdu.SWWrongData},
		"a header that is not whole":        {[]string{install, "80e2880002011e"}, apdu.SWWrongData},
		"a seed in the clear":               {[]string{install, "80e2880013801010d0d1d2d3d4d5d6d7d8d9dadbdcdddedf"}, apdu.SWWrongData},
		"a seed that is not whole blocks":   {[]string{install, "80e2e800128010 0fd0d1d2d3d4d5d6d7d8d9dadbdcddde"}, apdu.SWWrongData},
		"a short seed":                      {[]string{install, "80e2e800138010 10d0d1d2d3d4d5d6d7d8d9dadbdcddde80"}, apdu.SWWrongData},
		"a seed without padding":            {[]string{install, "80e2e800138010 10d0d1d2d3d4d5d6d7d8d9dadbdcdddedf"}, apdu.SWWrongData},
		"a key of no suite":                 {[]string{install, "80e2e800138030 1080010981010180000000000000000000"}, apdu.SWWrongData},
		"a key that is none":                {[]string{install, "80e2e800138019 1081010180000000000000000000000000"}, apdu.SWWrongData},
		"EF.ATR/INFO, which is the maker's": {[]string{install, "80e2880004af01 01aa"}, apdu.SWWrongData},
		"a file that is said to be a key":   {[]string{install, "80e2e80008011e056003010203"}, apdu.SWWrongData},
		"a grouping that the table has not": {[]string{install, "80e2880004020001aa"}, apdu.SWWrongData},
		"an empty file":                     {[]string{install, "80e2880003011e00"}, apdu.SWWrongData},
		"no DGI format":                     {[]string{install, "80e2800008011e056003010203"}, apdu.SWIncorrectP1P2},
		"an unknown instruction":            {[]string{"80440000"}, apdu.SWInstructionNotSupported},
	} {
		chip := &Chip{Memory: newTape(), DecryptKey: asPadded}
		var last apdu.StatusWord
		for _, text := range c.commands {
			raw, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			cmd, err := apdu.ParseCommand(raw)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			last = chip.Handle(cmd).SW
		}
		if last != c.want {
			t.Errorf("%s: answered %v, want %v", name, last, c.want)
		}
	}
}

func FuzzChip(f *testing.F) {
	f.Add([]byte{0x01, 0x1E, 5, 0x60, 3, 1, 2, 3}, []byte{0x01, 0x01, 0xFF, 0, 2, 1, 1}, true)
	f.Add([]byte{0x80, 0x10, 16}, make([]byte, 16), false)
	f.Fuzz(func(t *testing.T, first, second []byte, last bool) {
		chip := &Chip{Memory: newTape(), DecryptKey: asPadded}
		aid := lds.AID()
		install := append(append([]byte{0, 0, byte(len(aid))}, aid...), 0, 0, 0)
		chip.Handle(apdu.Command{CLA: 0x80, INS: 0xE6, P1: 0x20, Data: install})
		p1 := byte(storeDGI)
		if last {
			p1 |= storeLast
		}
		chip.Handle(apdu.Command{CLA: 0x80, INS: 0xE2, P1: storeDGI, Data: first})
		chip.Handle(apdu.Command{CLA: 0x80, INS: 0xE2, P1: p1, Data: second})
		chip.Handle(apdu.Command{CLA: 0x80, INS: 0xE2, P1: storeDGI | storeEncrypted, Data: first})
		if len(chip.incoming.header) > 5 || len(chip.incoming.key) > maxSecret {
			t.Fatalf("the chip collects without bound: %+v", chip.incoming)
		}
	})
}

func TestDataIsNotPrinted(t *testing.T) {
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		if text := fmt.Sprintf(format, specimenData().BACSeed); text != "[secret]" && format != "%x" || strings.Contains(text, "d0d1") {
			t.Errorf("%s prints %s", format, text)
		}
		text := strings.ToLower(fmt.Sprintf(format, specimenData().Secrets))
		for _, secret := range []string{"d0d1", "208 209", "556677", "85 102", "000013"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s prints a secret: %s", format, text)
			}
		}
	}
}

// A session has the terminal's keys in it, where package fmt would find them.
func TestSessionsPrintNoKeys(t *testing.T) {
	keys := scp.StaticKeys{ENC: count(0xA0, 16), MAC: count(0xA0, 16), DEK: count(0xA0, 16)}
	s := &Session{ChipID: "0102", State: Blank, terminal: Terminal{Keys: keys, Transport: keys}}
	for _, v := range []any{s, *s, s.terminal, struct{ *Session }{s}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%X", "%d", "%q"} {
			text := strings.ToLower(fmt.Sprintf(verb, v))
			for _, key := range []string{"a0a1a2", "160 161 162", "0xa0, 0xa1", `\xa0\xa1`} {
				if strings.Contains(text, key) {
					t.Errorf("%s of %T prints keys", verb, v)
				}
			}
		}
	}
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("chip", "session", s)
	if !strings.Contains(b.String(), "0102") || strings.Contains(b.String(), "160 161") {
		t.Error("log/slog prints keys, or no chip")
	}
}

func TestSecretsAreNotLogged(t *testing.T) {
	var text, encoded bytes.Buffer
	data := specimenData()
	for _, log := range []*slog.Logger{slog.New(slog.NewTextHandler(&text, nil)), slog.New(slog.NewJSONHandler(&encoded, nil))} {
		log.Info("x", "seed", data.BACSeed, "secrets", data.Secrets, "key", data.ChipAuthentication[0], "signing", data.ActiveAuthentication)
	}
	for _, secret := range []string{string(data.BACSeed), "0NHS", "VWZ3", "DQE", "fw"} { // as text, and as encoding/json would write them
		if strings.Contains(text.String()+encoded.String(), secret) {
			t.Errorf("a log holds %q: %s%s", secret, text.String(), encoded.String())
		}
	}
}

// No stream of groupings makes the chip grow: each row of keys has an end.
func TestRowsOfKeysEnd(t *testing.T) {
	var s Secrets
	for n := range 100 {
		_ = s.Put(dgiDeviation, []byte(SelectMF6D00))
		_ = s.Put(dgiMapping+uint16(n%16), []byte{13, byte(n)})
		_ = s.Put(dgiTrustPoint, []byte{0x7F, 0x4E, byte(n)})
		_ = s.Put(dgiChip, []byte{0x80, 1, 1, 0x81, 1, byte(n)})
	}
	if len(s.Deviations) != 1 || len(s.Mapping) != 16 || len(s.TrustPoints) != 16 || len(s.ChipAuthentication) != 16 {
		t.Errorf("%d deviations, %d, %d and %d keys", len(s.Deviations), len(s.Mapping), len(s.TrustPoints), len(s.ChipAuthentication))
	}
}

func ExampleCardProfile_Plan() {
	data := Data{Files: []File{{FID: 0x011E, Content: make([]byte, 24)}, {FID: 0x0102, Content: make([]byte, 15000)}}}
	for _, buffers := range []lds.Buffers{lds.ShortBuffers(), {Command: 2048, Response: 2048}} {
		report, err := CardProfile{}.Plan(data, buffers)
		fmt.Println(report.Bytes, "bytes in", report.Commands, "commands", err)
	}
	// Output:
	// 15032 bytes in 65 commands <nil>
	// 15032 bytes in 10 commands <nil>
}
