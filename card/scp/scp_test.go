package scp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/card/apdu"
)

type handlerFunc func(apdu.Command) apdu.Response

func (f handlerFunc) Handle(cmd apdu.Command) apdu.Response { return f(cmd) }

type senderFunc func(apdu.Command) (apdu.Response, error)

func (f senderFunc) Send(cmd apdu.Command) (apdu.Response, error) { return f(cmd) }

// openedChip gives the chip of the dialogue after n of its exchanges.
func openedChip(t testing.TB, d dialogue, n int, app apdu.Handler) *Chip {
	t.Helper()
	chip, _ := d.asked(t, handlerFunc(func(apdu.Command) apdu.Response { return apdu.Response{SW: apdu.SWOK} }))
	if sw := chip.Handle(mustCommand(t, d.ExternalAuthenticate)).SW; sw != apdu.SWOK {
		t.Fatal(sw)
	}
	for _, e := range d.Exchanges[:n] {
		chip.Handle(mustCommand(t, e.ProtectedCommand))
	}
	if !chip.Open() {
		t.Fatal("the channel is closed")
	}
	chip.Next = app
	return chip
}

// openedTerminal gives the terminal of the dialogue after n of its exchanges; then its chip answers these bytes.
func openedTerminal(t testing.TB, d dialogue, n int, response []byte) *Terminal {
	t.Helper()
	lines := [][]byte{d.InitializeUpdateResponse, {0x90, 0}}
	for _, e := range d.Exchanges[:n] {
		lines = append(lines, e.ProtectedResponse)
	}
	terminal, err := d.open(senderFunc(func(apdu.Command) (apdu.Response, error) {
		next := response
		if len(lines) > 0 {
			next, lines = lines[0], lines[1:]
		}
		return apdu.ParseResponse(next)
	}), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range d.Exchanges[:n] {
		if _, err := terminal.Send(mustCommand(t, e.PlainCommand)); err != nil {
			t.Fatal(err)
		}
	}
	return terminal
}

// Every bit of every protected command is turned over once. Le alone stands outside the C-MAC (Amendment D, section
// 6.2.4): it is left out here.
func TestChipRejectsEveryFlippedBit(t *testing.T) {
	for _, d := range loadVectors(t).Sessions {
		for i, e := range d.Exchanges {
			good := mustCommand(t, e.ProtectedCommand)
			covered := len(e.ProtectedCommand)
			if good.Ne > 0 {
				covered--
				if good.Extended {
					covered--
				}
			}
			for bit := range covered * 8 {
				flipped := bytes.Clone(e.ProtectedCommand)
				flipped[bit/8] ^= 0x80 >> (bit % 8)
				cmd, err := apdu.ParseCommand(flipped)
				if err != nil {
					continue
				}
				chip := openedChip(t, d, i, handlerFunc(func(apdu.Command) apdu.Response {
					t.Errorf("%s, command %d: bit %d passed unseen", d.Name, i, bit)
					return apdu.Response{SW: apdu.SWOK}
				}))
				if resp := chip.Handle(cmd); resp.SW != apdu.SWSecurityStatusNotSatisfied || len(resp.Data) != 0 || chip.Open() {
					t.Fatalf("%s, command %d, bit %d: %x, open %v", d.Name, i, bit, resp.Bytes(), chip.Open())
				}
			}
		}
	}
}

func TestChipRejectsEveryFlippedBitOfTheAuthentication(t *testing.T) {
	for _, d := range loadVectors(t).Sessions {
		for bit := range len(d.ExternalAuthenticate) * 8 {
			flipped := bytes.Clone(d.ExternalAuthenticate)
			flipped[bit/8] ^= 0x80 >> (bit % 8)
			cmd, err := apdu.ParseCommand(flipped)
			if err != nil {
				continue
			}
			chip, _ := d.asked(t, nil)
			sequence := chip.Sequence
			if resp := chip.Handle(cmd); resp.SW == apdu.SWOK || chip.Open() || chip.Sequence != sequence {
				t.Fatalf("%s, bit %d: %x, open %v", d.Name, bit, resp.Bytes(), chip.Open())
			}
			if resp := chip.Handle(mustCommand(t, d.ExternalAuthenticate)); resp.SW != apdu.SWConditionsNotSatisfied {
				t.Fatalf("%s, bit %d: a second try: %x", d.Name, bit, resp.Bytes())
			}
		}
	}
}

// Every bit of every response with an R-MAC is turned over once, the status word included.
func TestTerminalRejectsEveryFlippedBit(t *testing.T) {
	tried := 0
	for _, d := range loadVectors(t).Sessions {
		for i, e := range d.Exchanges {
			if d.level()&responseMAC == 0 || len(e.ProtectedResponse) == 2 {
				continue
			}
			for bit := range len(e.ProtectedResponse) * 8 {
				tried++
				flipped := bytes.Clone(e.ProtectedResponse)
				flipped[bit/8] ^= 0x80 >> (bit % 8)
				terminal := openedTerminal(t, d, i, flipped)
				cmd := mustCommand(t, e.PlainCommand)
				if resp, err := terminal.Send(cmd); !errors.Is(err, ErrResponse) {
					t.Fatalf("%s, response %d: bit %d passed: %x, %v", d.Name, i, bit, resp.Bytes(), err)
				}
				if _, err := terminal.Send(cmd); !errors.Is(err, ErrClosed) {
					t.Fatalf("%s, response %d, bit %d: the channel lives on: %v", d.Name, i, bit, err)
				}
			}
		}
	}
	if tried < 10000 {
		t.Errorf("only %d bits tried", tried)
	}
}

// A chip that does not know the keys is found before anything that depends on them is sent.
func TestTerminalStopsAtAWrongCryptogram(t *testing.T) {
	for _, d := range loadVectors(t).Sessions {
		first, end := 13*8, 29*8
		if d.Protocol == SCP02 {
			first, end = 12*8, 28*8 // from the sequence counter
		}
		for bit := first; bit < end; bit++ {
			flipped := bytes.Clone(d.InitializeUpdateResponse)
			flipped[bit/8] ^= 0x80 >> (bit % 8)
			sent := 0
			_, err := d.open(senderFunc(func(apdu.Command) (apdu.Response, error) {
				sent++
				return apdu.ParseResponse(flipped)
			}), 0)
			if !errors.Is(err, ErrCryptogram) || sent != 1 {
				t.Fatalf("%s, bit %d: %v, %d commands sent", d.Name, bit, err, sent)
			}
		}
	}
}

// Every bit of the host challenge that changes on its way is seen by the terminal.
func TestHandshakeSeesAChangedChallenge(t *testing.T) {
	for name, d := range protocols(t) {
		for bit := 5 * 8; bit < 13*8; bit++ {
			_, err := d.open(senderFunc(func(cmd apdu.Command) (apdu.Response, error) {
				if cmd.INS != 0x50 {
					t.Errorf("%s, bit %d: %X sent", name, bit, cmd.INS)
				}
				cmd.Data = bytes.Clone(cmd.Data)
				cmd.Data[bit/8-5] ^= 0x80 >> (bit % 8)
				return d.chip(nil).Handle(cmd), nil
			}), 0)
			if !errors.Is(err, ErrCryptogram) {
				t.Errorf("%s, bit %d: %v", name, bit, err)
			}
		}
	}
}

func TestTerminalRefusesOtherProtocols(t *testing.T) {
	d := loadVectors(t).Sessions[2] // level 33
	for name, change := range map[string]func([]byte) []byte{
		"protocol 02":                 func(b []byte) []byte { b[11] = 2; return b },
		"challenges of 16 bytes":      func(b []byte) []byte { b[12] |= 1; return b },
		"no R-MAC":                    func(b []byte) []byte { b[12] = 0x10; return b },
		"no response encryption":      func(b []byte) []byte { b[12] = 0x30; return b },
		"no sequence counter":         func(b []byte) []byte { return append(b[:29:29], 0x90, 0) },
		"a counter that is not due":   func(b []byte) []byte { b[12] = 0x60; return b },
		"keys of another version":     func(b []byte) []byte { b[10]++; return b },
		"an answer cut short":         func(b []byte) []byte { return append(b[:20:20], 0x90, 0) },
		"a refusal":                   func([]byte) []byte { return []byte{0x6A, 0x88} },
		"a warning instead of 9000":   func(b []byte) []byte { return append(b[:32:32], 0x62, 0x82) },
		"an answer with bytes behind": func(b []byte) []byte { return append(b[:32:32], 0, 0x90, 0) },
	} {
		answer := change(bytes.Clone(d.InitializeUpdateResponse))
		sent := 0
		_, err := Open(senderFunc(func(apdu.Command) (apdu.Response, error) {
			sent++
			return apdu.ParseResponse(answer)
		}), d.keys(), d.level(), d.InitializeUpdate[2], bytes.NewReader(d.InitializeUpdate[5:13]))
		if err == nil || sent != 1 {
			t.Errorf("%s: %v, %d commands sent", name, err, sent)
		}
	}
}

func TestOpenRefusesWhatCannotBe(t *testing.T) {
	d := loadVectors(t).Sessions[0]
	unsent := senderFunc(func(apdu.Command) (apdu.Response, error) {
		t.Error("a command went out")
		return apdu.Response{}, io.EOF
	})
	random := bytes.NewReader(make([]byte, 64))
	for _, level := range []byte{0x00, 0x02, 0x10, 0x30, 0x31, 0x43, 0xFF} {
		if _, err := Open(unsent, d.keys(), level, 0, random); err == nil {
			t.Errorf("level %02X: no error", level)
		}
	}
	for _, keys := range []StaticKeys{{}, {ENC: d.ENC, MAC: d.MAC}, {ENC: d.ENC, MAC: d.MAC, DEK: d.DEK[:8]},
		{ENC: d.ENC[:15], MAC: d.MAC[:15], DEK: d.DEK[:15]}, {ENC: d.ENC, MAC: make([]byte, 32), DEK: d.DEK}} {
		if _, err := Open(unsent, keys, 0x33, 0, random); err == nil {
			t.Error("keys of wrong lengths: no error")
		}
	}
	if _, err := Open(unsent, d.keys(), 0x33, 0, bytes.NewReader(nil)); err == nil {
		t.Error("without randomness: no error")
	}
}

func TestTerminalErrorsOnTheWayOut(t *testing.T) {
	d := loadVectors(t).Sessions[0]
	terminal := openedTerminal(t, d, 0, []byte{0x6A, 0x88})
	for _, cmd := range []apdu.Command{{CLA: 0x84}, {CLA: 0x81}, {CLA: 0x0C}, {CLA: 0x80, Ne: 65537}, {CLA: 0x80, Ne: -1}, {CLA: 0x80, Data: make([]byte, 65530)}} {
		if _, err := terminal.Send(cmd); err == nil || errors.Is(err, ErrClosed) {
			t.Errorf("class %02X, Ne %d, %d bytes: %v", cmd.CLA, cmd.Ne, len(cmd.Data), err)
		}
	}
	if resp, err := terminal.Send(apdu.Command{CLA: 0x80, INS: 0xF2}); err != nil || resp.SW != 0x6A88 {
		t.Errorf("an error status word is a response: %v, %v", resp.SW, err)
	}
	terminal.send = senderFunc(func(apdu.Command) (apdu.Response, error) { return apdu.Response{}, io.ErrUnexpectedEOF })
	if _, err := terminal.Send(apdu.Command{CLA: 0x80, INS: 0xF2}); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a wire that is cut: %v", err)
	}
	if _, err := terminal.Send(apdu.Command{CLA: 0x80, INS: 0xF2}); !errors.Is(err, ErrClosed) {
		t.Errorf("after that: %v", err)
	}
}

func TestChipLetsNothingPastTheChannel(t *testing.T) {
	d := loadVectors(t).Sessions[2]
	app := handlerFunc(func(cmd apdu.Command) apdu.Response {
		t.Errorf("%x reached the application", cmd.INS)
		return apdu.Response{SW: apdu.SWOK}
	})
	plain := mustCommand(t, d.Exchanges[0].PlainCommand)
	protected := mustCommand(t, d.Exchanges[0].ProtectedCommand)
	chip := d.chip(app)
	for name, cmd := range map[string]apdu.Command{"plain": plain, "protected": protected} {
		if sw := chip.Handle(cmd).SW; sw != apdu.SWSecurityStatusNotSatisfied {
			t.Errorf("%s without a channel: %v", name, sw)
		}
	}
	if sw := chip.Handle(mustCommand(t, d.ExternalAuthenticate)).SW; sw != apdu.SWConditionsNotSatisfied {
		t.Errorf("EXTERNAL AUTHENTICATE without a challenge: %v", sw)
	}
	for name, end := range map[string]func(*Chip){
		"a plain command":   func(c *Chip) { c.Handle(plain) },
		"power off":         func(c *Chip) { c.Reset() },
		"INITIALIZE UPDATE": func(c *Chip) { c.Handle(mustCommand(t, d.InitializeUpdate)) },
	} {
		chip := openedChip(t, d, 0, app)
		end(chip)
		if resp := chip.Handle(protected); resp.SW != apdu.SWSecurityStatusNotSatisfied || chip.Open() {
			t.Errorf("after %s: %x, open %v", name, resp.Bytes(), chip.Open())
		}
	}
	replayed := openedChip(t, d, 1, app)
	if resp := replayed.Handle(protected); resp.SW != apdu.SWSecurityStatusNotSatisfied || replayed.Open() {
		t.Errorf("a command sent again: %x", resp.Bytes())
	}
}

func TestChipRefusals(t *testing.T) {
	d := loadVectors(t).Sessions[2]
	for name, c := range map[string]struct {
		cmd apdu.Command
		sw  apdu.StatusWord
	}{
		"keys of another version": {apdu.Command{CLA: 0x80, INS: 0x50, P1: 0x7F, Data: make([]byte, 8), Ne: 256}, 0x6A88},
		"P2 not 0":                {apdu.Command{CLA: 0x80, INS: 0x50, P2: 1, Data: make([]byte, 8), Ne: 256}, 0x6A86},
		"a short host challenge":  {apdu.Command{CLA: 0x80, INS: 0x50, Data: make([]byte, 7), Ne: 256}, 0x6700},
	} {
		if resp := d.chip(nil).Handle(c.cmd); resp.SW != c.sw || len(resp.Data) != 0 {
			t.Errorf("%s: %x, want %04X", name, resp.Bytes(), uint16(c.sw))
		}
	}
	chip := d.chip(nil)
	chip.Parameter, chip.Rand = 0x20, bytes.NewReader(nil)
	if resp := chip.Handle(mustCommand(t, d.InitializeUpdate)); resp.SW == apdu.SWOK {
		t.Error("a random challenge without randomness")
	}
}

// The host cryptogram of other keys is answered by 6300; a counter that cannot be kept, or has run out, by an error.
func TestChipAuthenticationFailures(t *testing.T) {
	d := loadVectors(t).Sessions[2]
	cmd := mustCommand(t, d.ExternalAuthenticate)
	cmd.Data = make([]byte, 16)
	chip := d.chip(nil)
	chip.Handle(mustCommand(t, d.InitializeUpdate))
	if sw := chip.Handle(cmd).SW; sw != apdu.SWAuthenticationFailed {
		t.Errorf("wrong host cryptogram: %v", sw)
	}
	chip = d.chip(nil)
	saved := uint32(0)
	chip.Save = func(n uint32) error { saved = n; return errors.New("disk full") }
	chip.Handle(mustCommand(t, d.InitializeUpdate))
	if sw := chip.Handle(mustCommand(t, d.ExternalAuthenticate)).SW; sw != apdu.SWMemoryFailure || chip.Open() || saved != 4 {
		t.Errorf("a counter that cannot be kept: %v, open %v, saved %d", sw, chip.Open(), saved)
	}
	chip = &Chip{Keys: d.keys(), Sequence: 0xFFFFFF}
	_, err := Open(senderFunc(func(c apdu.Command) (apdu.Response, error) { return chip.Handle(c), nil }), d.keys(), 0x33, 0, bytes.NewReader(make([]byte, 8)))
	if !errors.Is(err, apdu.SWConditionsNotSatisfied) || chip.Open() {
		t.Errorf("a counter that has run out: %v", err)
	}
}

// MaxData is exactly what fits: a command with so much data and Le is not longer than the limit, with one more it is.
func TestMaxData(t *testing.T) {
	for _, c := range []struct {
		level byte
		limit int
		want  int
	}{
		{0x01, 261, 247}, {0x33, 261, 239}, {0x03, 2048, 2015}, {0x01, 2048, 2031}, {0x33, 65544, 65519}, {0x01, 70000, 65527},
		{0x33, 14, 0}, {0x33, 0, 0}, {0x01, 20, 6}, {0x33, 262, 239}, {0x01, 264, 247}, {0x01, 265, 248},
	} {
		if got := MaxData(c.level, c.limit); got != c.want {
			t.Errorf("MaxData(%02X, %d) = %d, want %d", c.level, c.limit, got, c.want)
		}
	}
	for _, level := range []byte{0x01, 0x33} {
		for _, limit := range []int{40, 128, 255, 256, 260, 261, 262, 264, 265, 266, 300, 1000, 2048, 4096} {
			n := MaxData(level, limit)
			if got := wrappedLength(t, level, n); got > limit {
				t.Errorf("level %02X: %d bytes of data make %d, more than %d", level, n, got, limit)
			}
			if got := wrappedLength(t, level, n+1); got <= limit {
				t.Errorf("level %02X: %d bytes of data make %d and would fit %d", level, n+1, got, limit)
			}
		}
	}
}

func wrappedLength(t *testing.T, level byte, n int) int {
	t.Helper()
	for _, d := range loadVectors(t).Sessions {
		if d.level() != level {
			continue
		}
		b, err := openedTerminal(t, d, 0, nil).wrap(apdu.Command{CLA: 0x80, Data: make([]byte, n), Ne: 256}).Bytes()
		if err != nil {
			t.Fatal(err)
		}
		return len(b)
	}
	t.Fatal("no session of this level")
	return 0
}

func TestStaticKeysAreNotPrinted(t *testing.T) {
	d := loadVectors(t).Sessions[0]
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("open", "keys", d.keys())
	text := fmt.Sprintf("%v %+v %#v %s %x", d.keys(), d.keys(), d.keys(), d.keys(), d.keys()) + log.String()
	if strings.Contains(text, "1112") || strings.Contains(text, "17 18") || strings.Contains(text, "0x11") || !strings.Contains(text, "[secret]") {
		t.Errorf("printed as %s", text)
	}
}
