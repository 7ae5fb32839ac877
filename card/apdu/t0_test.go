package apdu

import (
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
)

// The cases of ISO/IEC 7816-3, section 12.2, each as an APDU and as the TPDU that carries it.
func TestTPDUVectors(t *testing.T) {
	data := strings.Repeat("AB", 255)
	for name, c := range map[string]struct{ apdu, tpdu string }{
		"1":                        {"00A4000C", "00A4000C00"},
		"2S":                       {"00B0000008", "00B0000008"},
		"2S, 256 bytes":            {"00B0000000", "00B0000000"},
		"3S":                       {"00A4020C02011E", "00A4020C02011E"},
		"4S":                       {"00880000080102030405060708" + "00", "00880000080102030405060708"},
		"2E, that one byte says":   {"00B0000000000B", "00B000000B"},
		"2E, more than 256 bytes":  {"00B00000000200", "00B0000000"},
		"3E, that one byte says":   {"00D60000" + "0000FF" + data, "00D60000FF" + data},
		"4E, that one byte says":   {"0086000000000201020400", "00860000020102"},
		"4E, the greatest of both": {"00860000" + "0000FF" + data + "0000", "00860000FF" + data},
	} {
		sent := &script{answers: []string{"9000"}}
		wire := T0{sent}
		command, _ := hex.DecodeString(c.apdu)
		if _, err := wire.Transmit(command); err != nil || len(sent.asked) != 1 || !strings.EqualFold(sent.asked[0], c.tpdu) {
			t.Errorf("case %s: %s went as %v, %v; want %s", name, c.apdu, sent.asked, err, c.tpdu)
		}
	}
	long, _ := Command{INS: 0xD6, Data: make([]byte, 256)}.Bytes()
	if _, err := TPDU(long); !errors.Is(err, ErrLong) || !strings.Contains(err.Error(), "256") {
		t.Errorf("256 bytes of data over T=0: %v", err)
	}
	if _, err := TPDU([]byte{0, 0xA4}); err == nil {
		t.Error("half a header became a TPDU")
	}
}

// A protected command's answer is fetched on the same logical channel in a class that announces no protection: the
// fetching itself has none.
func TestGetResponseVectors(t *testing.T) {
	for cla, want := range map[byte]string{0x0C: "00", 0x0D: "01", 0x10: "00", 0x84: "00", 0x8D: "01", 0x6A: "4A", 0x7F: "4F", 0xE3: "43"} {
		wire := &script{answers: []string{"6102", "cafe9000"}}
		resp, err := (&Conn{Wire: wire}).Send(Command{CLA: cla, INS: 0x88, Data: []byte{1}, Ne: 256})
		if err != nil || hex.EncodeToString(resp.Data) != "cafe" || wire.asked[1] != strings.ToLower(want+"C0000002") {
			t.Errorf("class %02X: %v, %v", cla, wire.asked, err)
		}
	}
}

func TestLimitsGoUp(t *testing.T) {
	for _, trace := range []Trace{{}, {io.Discard}} {
		way := trace.Inner(&Conn{Wire: trace.Wire(Record{Card: limited{}})})
		if got := LimitsOf(way); got != (Limits{100, 200}) {
			t.Errorf("the limits of the wire arrive as %v", got)
		}
	}
	if got := LimitsOf(&Conn{Wire: &script{}}); got != (Limits{}) || got.Short() {
		t.Errorf("a wire that knows nothing has limits: %v", got)
	}
	if !LimitsOf(T0{}).Short() || (Limits{262, 258}).Short() {
		t.Error("T=0 carries short commands, and 262 bytes are no short command")
	}
}

type limited struct{}

func (limited) Transmit([]byte) ([]byte, error) { return nil, nil }
func (limited) Reset() error                    { return nil }
func (limited) Limits() Limits                  { return Limits{100, 200} }

func FuzzTPDU(f *testing.F) {
	for _, seed := range []string{"00A4000C", "00B0000000", "00A4020C02011E", "00B0000000000B", "00860000000002010204 00"} {
		b, _ := hex.DecodeString(strings.ReplaceAll(seed, " ", ""))
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		tpdu, err := TPDU(b)
		if err != nil {
			return
		}
		if n := len(tpdu); n < 5 || n > 5 && n != 5+int(tpdu[4]) {
			t.Fatalf("%x became %x, which is no TPDU", b, tpdu)
		}
	})
}
