package simulator

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/bac"
	"github.com/cancuoc/cancuoc/card/perso"
)

func t0Card(t *testing.T) *Card { return NewCard(blank(t).Over(T0), rand.Reader, keep) }

// What goes over the contacts of a chip with T=0, byte for byte (ISO/IEC 7816-3, section 12.2.1).
func TestT0Exchange(t *testing.T) {
	c := t0Card(t)
	for _, step := range []struct{ tpdu, want string }{
		{"00a4000c00", "9000"},
		{"00a4020c022f01", "9000"},
		{"00b0000000", "6c0b"},                       // there are 11 bytes
		{"00b000000b", "7f660802020800020208009000"}, // as many as there are
		{"00b0000004", "7f6608029000"},
		{"00c0000004", "6985"},                 // nothing waits
		{"00b00000000004", "6700"},             // an extended length field
		{"00b000", "6700"},                     // half a header
		{"00a4020c032f01", "6700"},             // P3 says three, two follow
		{"00a4040008a000000151000000", "9000"}, // the security domain
		{"80500000080102030405060708", "6120"}, // its answer waits: 29 bytes and three more
		{"00c0000021", "6c20"},
	} {
		if got := sendHex(t, c, step.tpdu); got != step.want {
			t.Errorf("%s: %s, want %s", step.tpdu, got, step.want)
		}
	}
	if first := sendHex(t, c, "00c0000010"); len(first) != 36 || !strings.HasSuffix(first, "6110") {
		t.Errorf("the first half: %s", first)
	}
	if rest := sendHex(t, c, "00c0000010"); len(rest) != 36 || !strings.HasSuffix(rest, "9000") {
		t.Errorf("the second half: %s", rest)
	}
	for name, between := range map[string]func(){
		"another command": func() { sendHex(t, c, "00a4000c00") },
		"a reset":         func() { c.Reset() },
	} {
		sendHex(t, c, "00a4040008a000000151000000")
		if got := sendHex(t, c, "80500000080102030405060708"); got != "6120" {
			t.Fatalf("INITIALIZE UPDATE: %s", got)
		}
		between()
		if got := sendHex(t, c, "00c0000020"); got != "6985" {
			t.Errorf("after %s the answer still waits: %s", name, got)
		}
	}
}

func sendHex(t *testing.T, c *Card, command string) string {
	t.Helper()
	resp := send(t, c, command)
	return hex.EncodeToString(resp.Bytes())
}

// A chip with T=0 is personalised and opened like any other, by commands with one byte of length.
func TestT0IsPersonalisedAndOpened(t *testing.T) {
	c := t0Card(t)
	longest := &longestCommand{next: apdu.T0{Wire: c}}
	conn := &apdu.Conn{Wire: longest}
	session, err := perso.Terminal{Keys: perso.DefaultKeys(), Rand: rand.Reader}.Open(conn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := session.Write(t.Context(), data(), nil); err != nil {
		t.Fatal(err)
	}
	if longest.n > 261 {
		t.Errorf("a command of %d bytes went to a chip with T=0", longest.n)
	}
	c.Reset()
	if resp := sendHex(t, c, selectApplication); resp != "9000" {
		t.Fatal(resp)
	}
	secure, err := bac.Run(conn, information, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := secure.Send(apdu.Command{INS: 0xB0, P1: 0x81, Ne: 0xDF})
	if err != nil || len(resp.Data) != 95 || resp.SW != apdu.SWEndOfFile {
		t.Errorf("DG1 over T=0: %d bytes, %v, %v", len(resp.Data), resp.SW, err)
	}
}

type longestCommand struct {
	next apdu.T0
	n    int
}

func (l *longestCommand) Transmit(b []byte) ([]byte, error) {
	l.n = max(l.n, len(b))
	return l.next.Transmit(b)
}
func (l *longestCommand) Limits() apdu.Limits { return l.next.Limits() }

// What announces a transport, worked out by hand from ISO/IEC 7816-3, section 8.2, and PC/SC part 3.
func TestAnswersToReset(t *testing.T) {
	for transport, want := range map[string]string{
		"contactless": "3b8d80018073c001406763616e63756f636f",
		"t1":          "3b8d018073c001406763616e63756f63ef",
		"t0":          "3b0d8073c001406763616e63756f63",
	} {
		parsed, err := ParseTransport(transport)
		if err != nil {
			t.Fatal(err)
		}
		s := blank(t).Over(parsed)
		if got := hex.EncodeToString(s.ATR); got != want {
			t.Errorf("%s: %s, want %s", transport, got, want)
		}
		file, _ := json.Marshal(s)
		back, err := ParseState(file)
		if err != nil || back.Transport != parsed || strings.Contains(string(file), "transport") != (parsed != Contactless) {
			t.Errorf("%s in a card file: %v, %v", transport, back.Transport, err)
		}
	}
	if _, err := ParseTransport(""); err == nil {
		t.Error("no transport at all")
	}
	broken := blank(t)
	broken.Transport = "t2"
	file, _ := json.Marshal(broken)
	if _, err := ParseState(file); err == nil || !strings.Contains(err.Error(), "t2") {
		t.Errorf("a card file with a transport that is none: %v", err)
	}
}
