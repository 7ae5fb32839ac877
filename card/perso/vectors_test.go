package perso

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/lds"
)

// The table of data groupings as commands, written by hand from the package comment: EF.COM of five bytes, EF.DG1 of
// forty and K_seed, to a chip whose commands carry 32 bytes. The seed stands in place of its cryptogram.
const written = `80e620000d000007a0000002471001000000
80e2080020 011e05 6003010203 010128 000102030405060708090a0b0c0d0e0f1011121314
80e2080113 15161718191a1b1c1d1e1f2021222324252627
80e2e80213 801010 d0d1d2d3d4d5d6d7d8d9dadbdcdddedf
80f0800f`

func writtenCommands(t *testing.T) []apdu.Command {
	t.Helper()
	var commands []apdu.Command
	for _, line := range strings.Split(written, "\n") {
		raw, err := hex.DecodeString(strings.ReplaceAll(line, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		cmd, err := apdu.ParseCommand(raw)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		commands = append(commands, cmd)
	}
	return commands
}

func count(from, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(from + i)
	}
	return b
}

func specimenData() Data {
	return Data{Files: []File{{0x011E, []byte{0x60, 3, 1, 2, 3}}, {0x0101, count(0, 40)}}, BACSeed: count(0xD0, 16)}
}

func TestTerminalVectors(t *testing.T) {
	data := specimenData()
	steps, report, err := plan(data, appendDGI(nil, dgiBACSeed, data.BACSeed), 32)
	if err != nil {
		t.Fatal(err)
	}
	want := writtenCommands(t)
	if len(steps) != len(want) {
		t.Fatalf("%d commands, want %d", len(steps), len(want))
	}
	for i, s := range steps {
		got, _ := s.command.Bytes()
		expected, _ := want[i].Bytes()
		if !bytes.Equal(got, expected) {
			t.Errorf("command %d (%s): %x, want %x", i, s.name, got, expected)
		}
	}
	if report != (Report{Bytes: 3 + 5 + 3 + 40 + 3 + 16, Commands: 5}) {
		t.Errorf("report %+v", report)
	}
}

// tape is a Memory that keeps what it is told.
type tape struct {
	state LifeCycle
	files map[uint16][]byte
	sizes map[uint16]int
	seed  []byte
}

func newTape() *tape { return &tape{state: Blank, files: map[uint16][]byte{}, sizes: map[uint16]int{}} }

func (m *tape) LifeCycle() LifeCycle { return m.state }
func (m *tape) SetLifeCycle(s LifeCycle) apdu.StatusWord {
	m.state = s
	return apdu.SWOK
}
func (m *tape) Erase() apdu.StatusWord {
	*m = *newTape()
	return apdu.SWOK
}
func (m *tape) CreateFile(fid uint16, size int) apdu.StatusWord {
	m.sizes[fid] = size
	return apdu.SWOK
}
func (m *tape) AppendFile(fid uint16, content []byte) apdu.StatusWord {
	m.files[fid] = append(m.files[fid], content...)
	return apdu.SWOK
}
func (m *tape) PutBACSeed(seed []byte) apdu.StatusWord {
	m.seed = seed
	return apdu.SWOK
}

func invert(b []byte) ([]byte, error) {
	out := make([]byte, len(b))
	for i := range b {
		out[i] = ^b[i]
	}
	return out, nil
}

func TestChipVectors(t *testing.T) {
	memory := newTape()
	chip := &Chip{Memory: memory, DecryptKey: invert}
	for i, cmd := range writtenCommands(t) {
		if resp := chip.Handle(cmd); resp.SW != apdu.SWOK {
			t.Fatalf("command %d: %v", i, resp.SW)
		}
	}
	want := specimenData()
	seed, _ := invert(want.BACSeed)
	if !bytes.Equal(memory.files[0x011E], want.Files[0].Content) || !bytes.Equal(memory.files[0x0101], want.Files[1].Content) ||
		memory.sizes[0x0101] != 40 || !bytes.Equal(memory.seed, seed) || memory.state != Locked {
		t.Errorf("the chip holds %+v", memory)
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
		"a short seed":                      {[]string{install, "80e2e800128010 0fd0d1d2d3d4d5d6d7d8d9dadbdcddde"}, apdu.SWWrongData},
		"a file that is said to be a key":   {[]string{install, "80e2e80008011e056003010203"}, apdu.SWWrongData},
		"a grouping that the table has not": {[]string{install, "80e2880004020001aa"}, apdu.SWWrongData},
		"an empty file":                     {[]string{install, "80e2880003011e00"}, apdu.SWWrongData},
		"no DGI format":                     {[]string{install, "80e2800008011e056003010203"}, apdu.SWIncorrectP1P2},
		"an unknown instruction":            {[]string{"80440000"}, apdu.SWInstructionNotSupported},
	} {
		chip := &Chip{Memory: newTape(), DecryptKey: invert}
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
		chip := &Chip{Memory: newTape(), DecryptKey: invert}
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
		if len(chip.incoming.header) > 5 || len(chip.incoming.key) > bacSeedSize {
			t.Fatalf("the chip collects without bound: %+v", chip.incoming)
		}
	})
}

func TestDataIsNotPrinted(t *testing.T) {
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		if text := fmt.Sprintf(format, specimenData().BACSeed); text != "[secret]" && format != "%x" || strings.Contains(text, "d0d1") {
			t.Errorf("%s prints %s", format, text)
		}
	}
}

func ExamplePlan() {
	data := Data{Files: []File{{FID: 0x011E, Content: make([]byte, 24)}, {FID: 0x0102, Content: make([]byte, 15000)}}}
	for _, buffers := range []lds.Buffers{lds.ShortBuffers(), {Command: 2048, Response: 2048}} {
		report, err := Plan(data, buffers)
		fmt.Println(report.Bytes, "bytes in", report.Commands, "commands", err)
	}
	// Output:
	// 15032 bytes in 65 commands <nil>
	// 15032 bytes in 10 commands <nil>
}
