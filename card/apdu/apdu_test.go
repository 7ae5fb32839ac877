package apdu

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// The seven cases of ISO/IEC 7816-3, 12.1.3, as bytes.
var cases = []struct {
	bytes string
	cmd   Command
}{
	{"00a40000", Command{INS: 0xA4}},
	{"00b0000004", Command{INS: 0xB0, Ne: 4}},
	{"00b0000000", Command{INS: 0xB0, Ne: 256}},
	{"00a4020c02011e", Command{INS: 0xA4, P1: 2, P2: 0x0C, Data: []byte{1, 0x1E}}},
	{"008800000201020a", Command{INS: 0x88, Data: []byte{1, 2}, Ne: 10}},
	{"00b00000000200", Command{INS: 0xB0, Ne: 512, Extended: true}},
	{"00b00000000000", Command{INS: 0xB0, Ne: 65536, Extended: true}},
	{"00a4020c000002011e", Command{INS: 0xA4, P1: 2, P2: 0x0C, Data: []byte{1, 0x1E}, Extended: true}},
	{"008800000000020102000a", Command{INS: 0x88, Data: []byte{1, 2}, Ne: 10, Extended: true}},
	{"00a40000", Command{INS: 0xA4, Data: []byte{}}},
}

func TestCommandCases(t *testing.T) {
	for _, c := range cases {
		got, err := c.cmd.Bytes()
		if err != nil || hex.EncodeToString(got) != c.bytes {
			t.Errorf("Bytes of %v = %x, %v; want %s", c.cmd, got, err, c.bytes)
		}
		raw, _ := hex.DecodeString(c.bytes)
		back, err := ParseCommand(raw)
		if err != nil || !same(back, c.cmd) {
			t.Errorf("ParseCommand(%s) = %+v, %v; want %+v", c.bytes, back, err, c.cmd)
		}
	}
}

func same(a, b Command) bool {
	return a.CLA == b.CLA && a.INS == b.INS && a.P1 == b.P1 && a.P2 == b.P2 && a.Ne == b.Ne &&
		a.Extended == b.Extended && bytes.Equal(a.Data, b.Data)
}

func TestCommandThatLies(t *testing.T) {
	for _, raw := range []string{"", "00a400", "00a4020c03011e", "00a4020c01011e00", "00b0000000ff",
		"00a4020c000000011e", "00a4020c00ffff011e", "00a4020c000002011e00"} {
		b, _ := hex.DecodeString(raw)
		if c, err := ParseCommand(b); err == nil {
			t.Errorf("ParseCommand(%s) = %+v, want an error", raw, c)
		}
	}
	if _, err := (Command{Data: make([]byte, 65536)}).Bytes(); err == nil {
		t.Error("65,536 bytes of data were encoded")
	}
	if _, err := (Command{Ne: 65537}).Bytes(); err == nil {
		t.Error("Ne 65,537 was encoded")
	}
}

// script answers each command with the next line, and keeps what it was asked.
type script struct {
	answers []string
	asked   []string
}

func (s *script) Transmit(b []byte) ([]byte, error) {
	s.asked = append(s.asked, hex.EncodeToString(b))
	if len(s.answers) == 0 {
		return nil, errors.New("the script has ended")
	}
	answer, _ := hex.DecodeString(s.answers[0])
	s.answers = s.answers[1:]
	return answer, nil
}

func TestConnCollectsPieces(t *testing.T) {
	wire := &script{answers: []string{"6c03", "01026102", "03049000"}}
	resp, err := (&Conn{Wire: wire}).Send(Command{INS: 0xB0, Ne: 256})
	if err != nil || hex.EncodeToString(resp.Bytes()) != "010203049000" {
		t.Fatalf("got %x, %v", resp.Bytes(), err)
	}
	want := "00b0000000 00b0000003 00c0000002"
	if got := strings.Join(wire.asked, " "); got != want {
		t.Errorf("asked %s, want %s", got, want)
	}
}

func TestConnEndsWithACardThatDoesNot(t *testing.T) {
	silent := &script{answers: []string{"6100", "6100"}}
	if _, err := (&Conn{Wire: silent}).Send(Command{INS: 0xB0, Ne: 1}); err == nil {
		t.Error("a card that announces data for ever was believed")
	}
	endless := &Conn{Wire: repeat("00ff61ff"), MaxAnswer: 1000}
	if _, err := endless.Send(Command{INS: 0xB0, Ne: 1}); err == nil {
		t.Error("an answer without end was collected")
	}
}

// A card that gives one byte at a time and always has more may not hold us for an hour.
func TestConnEndsWithACardThatDrips(t *testing.T) {
	drip := &counting{next: repeat("006101")}
	if _, err := (&Conn{Wire: drip}).Send(Command{INS: 0xB0, Ne: 1}); err == nil || drip.n > 600 {
		t.Errorf("%v after %d commands", err, drip.n)
	}
}

type counting struct {
	next Transmitter
	n    int
}

func (c *counting) Transmit(b []byte) ([]byte, error) {
	c.n++
	return c.next.Transmit(b)
}

type repeat string

func (r repeat) Transmit([]byte) ([]byte, error) { return hex.DecodeString(string(r)) }

func TestTraceHasNoBodies(t *testing.T) {
	var out bytes.Buffer
	trace := Trace{&out}
	conn := trace.Inner(&Conn{Wire: trace.Wire(&script{answers: []string{"cafebabe9000"}})})
	if _, err := conn.Send(Command{INS: 0x84, Data: []byte{0xDE, 0xAD, 0xBE, 0xEF}, Ne: 8}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "wire   GET CHALLENGE") || !strings.HasPrefix(lines[1], "inner  GET CHALLENGE") {
		t.Fatalf("trace:\n%s", out.String())
	}
	for _, line := range lines {
		if strings.Contains(strings.ToLower(line), "dead") || strings.Contains(strings.ToLower(line), "cafe") {
			t.Errorf("a body is in the trace: %s", line)
		}
		if !strings.Contains(line, "00840000  Lc     4  Ne     8  ->      4 bytes 9000") {
			t.Errorf("trace line: %s", line)
		}
	}
}

func TestStatusWordIsAnError(t *testing.T) {
	err := fmt.Errorf("read EF.DG3: %w", Response{SW: SWSecurityStatusNotSatisfied}.OK())
	if !errors.Is(err, SWSecurityStatusNotSatisfied) || err.Error() != "read EF.DG3: card answered 6982 security status not satisfied" {
		t.Error(err)
	}
	if (Response{SW: SWOK}).OK() != nil {
		t.Error("9000 is an error")
	}
}

func FuzzParseCommand(f *testing.F) {
	for _, c := range cases {
		b, _ := hex.DecodeString(c.bytes)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := ParseCommand(b)
		if err != nil {
			return
		}
		again, err := c.Bytes()
		if err != nil {
			t.Fatalf("%x was parsed and cannot be encoded: %v", b, err)
		}
		back, err := ParseCommand(again)
		if err != nil || !same(back, c) {
			t.Fatalf("%x: %+v became %+v (%v)", b, c, back, err)
		}
	})
}

func ExampleCommand() {
	selectEF := Command{INS: 0xA4, P1: 0x02, P2: 0x0C, Data: []byte{0x01, 0x1E}}
	b, err := selectEF.Bytes()
	fmt.Printf("%s: %X %v\n", selectEF.Name(), b, err)
	// Output: SELECT: 00A4020C02011E <nil>
}

// SELECT as Doc 9303-11, appendix D.4, and Doc 9303-10 print it, and as GlobalPlatform has it.
func TestSelect(t *testing.T) {
	passport, domain := []byte{0xA0, 0, 0, 2, 0x47, 0x10, 0x01}, []byte{0xA0, 0, 0, 1, 0x51, 0, 0, 0}
	for want, cmd := range map[string]Command{
		"00a4000c":                     SelectMasterFile(),
		"00a4020c02011e":               SelectFile(0x011E),
		"00a4040c07a0000002471001":     SelectApplication(passport),
		"00a4040008a00000015100000000": SelectForInformation(domain),
	} {
		if b, err := cmd.Bytes(); err != nil || hex.EncodeToString(b) != want {
			t.Errorf("%x, %v; want %s", b, err, want)
		}
	}
}
