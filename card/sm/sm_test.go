package sm

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/tlv"
)

// senderFunc is a function as the way to a chip.
type senderFunc func(apdu.Command) (apdu.Response, error)

func (f senderFunc) Send(cmd apdu.Command) (apdu.Response, error) { return f(cmd) }

func flips(b []byte, try func(flipped []byte, bit int)) {
	for bit := range len(b) * 8 {
		flipped := bytes.Clone(b)
		flipped[bit/8] ^= 0x80 >> (bit % 8)
		try(flipped, bit)
	}
}

// Every bit of every protected command of the vectors is turned over once: nothing may reach the application, and
// the session must be dead.
func TestChipRejectsEveryFlippedBit(t *testing.T) {
	for _, d := range loadVectors(t).Sessions {
		for i, e := range d.Exchanges {
			flips(e.ProtectedCommand, func(flipped []byte, bit int) {
				cmd, err := apdu.ParseCommand(flipped)
				if err != nil {
					return
				}
				app := handlerFunc(func(apdu.Command) apdu.Response {
					t.Errorf("%s, command %d: bit %d passed unseen", d.Name, i, bit)
					return apdu.Response{SW: apdu.SWOK}
				})
				chip := startedChip(t, app, d.at(i))
				aborted := 0
				chip.Abort = func() { aborted++ }
				resp := chip.Handle(cmd)
				if !smError(resp) || chip.Active() || aborted != 1 {
					t.Fatalf("%s, command %d, bit %d: %x, active %v, aborted %d times", d.Name, i, bit, resp.Bytes(), chip.Active(), aborted)
				}
			})
		}
	}
}

// smError tells an answer in the clear that says that secure messaging failed.
func smError(r apdu.Response) bool {
	return len(r.Data) == 0 && (r.SW == apdu.SWSMDataObjectsMissing || r.SW == apdu.SWSMDataObjectsIncorrect ||
		r.SW == apdu.SWSecurityStatusNotSatisfied)
}

// The same for every protected response, the status word outside included.
func TestTerminalRejectsEveryFlippedBit(t *testing.T) {
	for _, d := range loadVectors(t).Sessions {
		for i, e := range d.Exchanges {
			flips(e.ProtectedResponse, func(flipped []byte, bit int) {
				terminal, sent := answering(t, d.at(i), flipped)
				cmd := mustCommand(t, e.PlainCommand)
				if resp, err := terminal.Send(cmd); !errors.Is(err, ErrResponse) {
					t.Fatalf("%s, response %d: bit %d passed: %x, %v", d.Name, i, bit, resp.Bytes(), err)
				}
				if _, err := terminal.Send(cmd); !errors.Is(err, ErrClosed) || *sent != 1 {
					t.Fatalf("%s, response %d, bit %d: the channel lives on: %v", d.Name, i, bit, err)
				}
			})
		}
	}
}

// answering gives a terminal whose chip always answers these bytes, and counts the commands that go out.
func answering(t testing.TB, s Session, response []byte) (*Terminal, *int) {
	t.Helper()
	sent := 0
	terminal, err := NewTerminal(senderFunc(func(apdu.Command) (apdu.Response, error) {
		sent++
		return apdu.ParseResponse(response)
	}), s)
	if err != nil {
		t.Fatal(err)
	}
	return terminal, &sent
}

func testSession(suite Suite) Session {
	return Session{Suite: suite, Keys: suite.Keys([]byte("a secret that both share"))}
}

// forge puts the right checksum behind any data objects.
func forge(t testing.TB, s Session, steps int, header, objects []byte) []byte {
	t.Helper()
	c, err := s.open()
	if err != nil {
		t.Fatal(err)
	}
	for range steps {
		c.step()
	}
	return append(bytes.Clone(objects), tlv.Encode(tagChecksum, c.checksum(header, objects))...)
}

// sealed gives the data object of a cryptogram as it must stand at this count of the counter.
func sealed(t testing.TB, s Session, steps int, tag uint32, indicator, plain []byte) []byte {
	t.Helper()
	c, err := s.open()
	if err != nil {
		t.Fatal(err)
	}
	for range steps {
		c.step()
	}
	return tlv.Encode(tag, indicator, c.encrypt(plain))
}

// Data objects in a wrong order, twice, unknown or of a wrong form are refused even when their checksum is right.
func TestChipWantsTheDataObjectsInOrder(t *testing.T) {
	s := testSession(AES128)
	header := []byte{0x0C, 0xB0, 0, 0}
	data := sealed(t, s, 1, tagCryptogram, []byte{1}, []byte("data"))
	le := []byte{tagLe, 1, 4}
	cat := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	for name, objects := range map[string][]byte{
		"Le before data":         cat(le, data),
		"data twice":             cat(data, data),
		"Le twice":               cat(le, le),
		"DO'85' for even INS":    sealed(t, s, 1, tagCryptogramOdd, nil, []byte("data")),
		"padding indicator 02":   sealed(t, s, 1, tagCryptogram, []byte{2}, []byte("data")),
		"no padding indicator":   sealed(t, s, 1, tagCryptogram, nil, []byte("data")),
		"empty cryptogram":       {tagCryptogram, 1, 1},
		"empty data object":      {tagCryptogram, 0},
		"half a block":           {tagCryptogram, 5, 1, 1, 2, 3, 4},
		"wrong padding":          cat([]byte{tagCryptogram, 17, 1}, make([]byte, 16)),
		"empty Le":               {tagLe, 0},
		"Le of three bytes":      {tagLe, 3, 0, 0, 1},
		"a status word":          cat([]byte{tagStatus, 2, 0x90, 0}, le),
		"plain data":             {0x81, 1, 0xFF},
		"an object cut short":    {tagCryptogram, 0x7F, 1},
		"a checksum before that": cat([]byte{tagChecksum, 8}, make([]byte, 8), le),
	} {
		chip := startedChip(t, handlerFunc(func(apdu.Command) apdu.Response {
			t.Errorf("%s: reached the application", name)
			return apdu.Response{SW: apdu.SWOK}
		}), s)
		resp := chip.Handle(apdu.Command{CLA: 0x0C, INS: 0xB0, Data: forge(t, s, 1, header, objects), Ne: 256})
		if resp.SW != apdu.SWSMDataObjectsIncorrect || len(resp.Data) != 0 || chip.Active() {
			t.Errorf("%s: %x, active %v; want 6988 in the clear", name, resp.Bytes(), chip.Active())
		}
	}
}

func TestChipEndsTheSession(t *testing.T) {
	s := testSession(TripleDES)
	good := forge(t, s, 1, []byte{0x0C, 0xB0, 0, 0}, []byte{tagLe, 1, 4})
	for name, c := range map[string]struct {
		cmd apdu.Command
		sw  apdu.StatusWord
	}{
		"a plain SELECT":           {apdu.Command{INS: 0xA4, P1: 4, P2: 0x0C, Data: []byte{0xA0}}, 0x6982},
		"a plain READ BINARY":      {apdu.Command{INS: 0xB0, Ne: 4}, 0x6982},
		"no data at all":           {apdu.Command{CLA: 0x0C, INS: 0xB0, Ne: 256}, 0x6987},
		"no checksum":              {apdu.Command{CLA: 0x0C, INS: 0xB0, Data: []byte{tagLe, 1, 4}, Ne: 256}, 0x6987},
		"bytes after the checksum": {apdu.Command{CLA: 0x0C, INS: 0xB0, Data: append(bytes.Clone(good), 0x97, 1, 4), Ne: 256}, 0x6988},
		"Le' that is not greatest": {apdu.Command{CLA: 0x0C, INS: 0xB0, Data: good, Ne: 4}, 0x6988},
		"proprietary class bits":   {apdu.Command{CLA: 0x04, INS: 0xB0, Data: good, Ne: 256}, 0x6982},
	} {
		aborted := false
		chip := startedChip(t, handlerFunc(func(apdu.Command) apdu.Response {
			t.Errorf("%s: reached the application", name)
			return apdu.Response{SW: apdu.SWOK}
		}), s)
		chip.Abort = func() { aborted = true }
		resp := chip.Handle(c.cmd)
		if resp.SW != c.sw || len(resp.Data) != 0 || chip.Active() || !aborted {
			t.Errorf("%s: %x, active %v, rights reset %v; want %04X in the clear", name, resp.Bytes(), chip.Active(), aborted, uint16(c.sw))
		}
		resp = chip.Handle(apdu.Command{CLA: 0x0C, INS: 0xB0, Data: good, Ne: 256})
		if resp.SW != apdu.SWConditionsNotSatisfied || len(resp.Data) != 0 {
			t.Errorf("%s: a protected command afterwards: %x", name, resp.Bytes())
		}
	}
}

func TestChipRefusesAReplay(t *testing.T) {
	s := testSession(AES256)
	good := apdu.Command{CLA: 0x0C, INS: 0xB0, Data: forge(t, s, 1, []byte{0x0C, 0xB0, 0, 0}, []byte{tagLe, 1, 4}), Ne: 256}
	chip := startedChip(t, handlerFunc(func(apdu.Command) apdu.Response { return apdu.Response{SW: apdu.SWOK} }), s)
	if resp := chip.Handle(good); resp.SW != apdu.SWOK || len(resp.Data) == 0 {
		t.Fatalf("the command itself: %x", resp.Bytes())
	}
	if resp := chip.Handle(good); resp.SW != apdu.SWSMDataObjectsIncorrect || chip.Active() {
		t.Errorf("the same command again: %x", resp.Bytes())
	}
}

// An answer that does not fit into Le' is replaced by a protected 6700: the session goes on.
func TestChipAnswerTooLongForLe(t *testing.T) {
	s := testSession(AES128)
	chip := startedChip(t, handlerFunc(func(apdu.Command) apdu.Response {
		return apdu.Response{Data: make([]byte, 240), SW: apdu.SWOK}
	}), s)
	terminal, err := NewTerminal(senderFunc(func(c apdu.Command) (apdu.Response, error) { return chip.Handle(c), nil }), s)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := terminal.Send(apdu.Command{INS: 0xB0, Ne: 256})
	if err != nil || resp.SW != apdu.SWWrongLength || len(resp.Data) != 0 {
		t.Errorf("with short Le': %x, %v", resp.Bytes(), err)
	}
	resp, err = terminal.Send(apdu.Command{INS: 0xB0, Ne: 256, Extended: true})
	if err != nil || len(resp.Data) != 240 {
		t.Errorf("with extended Le': %d bytes, %v", len(resp.Data), err)
	}
}

func TestTerminalWantsTheDataObjectsInOrder(t *testing.T) {
	s := testSession(AES192)
	data := sealed(t, s, 2, tagCryptogram, []byte{1}, []byte("data"))
	ok := []byte{tagStatus, 2, 0x90, 0}
	cat := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	for name, objects := range map[string][]byte{
		"no DO'99'":            data,
		"DO'99' first":         cat(ok, data),
		"DO'99' twice":         cat(data, ok, ok),
		"data twice":           cat(data, data, ok),
		"another status word":  cat(data, []byte{tagStatus, 2, 0x62, 0x82}),
		"short status word":    cat(data, []byte{tagStatus, 1, 0x90}),
		"DO'85' for even INS":  cat(sealed(t, s, 2, tagCryptogramOdd, nil, []byte("data")), ok),
		"padding indicator 02": cat(sealed(t, s, 2, tagCryptogram, []byte{2}, []byte("data")), ok),
		"empty cryptogram":     cat([]byte{tagCryptogram, 1, 1}, ok),
		"empty data object":    cat([]byte{tagCryptogram, 0}, ok),
		"wrong padding":        cat([]byte{tagCryptogram, 17, 1}, make([]byte, 16), ok),
		"Le in a response":     cat([]byte{tagLe, 1, 4}, ok),
	} {
		terminal, _ := answering(t, s, append(forge(t, s, 2, nil, objects), 0x90, 0))
		if resp, err := terminal.Send(apdu.Command{INS: 0xB0, Ne: 4}); !errors.Is(err, ErrResponse) {
			t.Errorf("%s: %x, %v; want ErrResponse", name, resp.Bytes(), err)
		}
	}
	for name, response := range map[string][]byte{
		"a bare status word":       {0x69, 0x88},
		"a bare 9000":              {0x90, 0x00},
		"plain data":               {0x60, 0x14, 0x90, 0x00},
		"bytes after the checksum": append(append(forge(t, s, 2, nil, ok), 0), 0x90, 0),
		"no DO'8E'":                append(append(cat(data, ok), make([]byte, 10)...), 0x90, 0),
	} {
		terminal, _ := answering(t, s, response)
		_, err := terminal.Send(apdu.Command{INS: 0xB0, Ne: 4})
		if !errors.Is(err, ErrResponse) || errors.As(err, new(apdu.StatusWord)) {
			t.Errorf("%s: %v; want ErrResponse, and no status word that passes for the chip's own", name, err)
		}
	}
}

// What cannot be sent leaves the channel as it was; what the wire loses closes it.
func TestTerminalErrorsOnTheWayOut(t *testing.T) {
	sent := 0
	terminal, err := NewTerminal(senderFunc(func(apdu.Command) (apdu.Response, error) {
		sent++
		return apdu.Response{}, io.ErrUnexpectedEOF
	}), testSession(AES128))
	if err != nil {
		t.Fatal(err)
	}
	for _, cmd := range []apdu.Command{{CLA: 0x0C}, {CLA: 0x80}, {Ne: 65537}, {Ne: -1}, {Data: make([]byte, 65535)}} {
		if _, err := terminal.Send(cmd); err == nil || errors.Is(err, ErrClosed) || sent != 0 {
			t.Errorf("class %02X, Ne %d, %d bytes: %v, %d sent", cmd.CLA, cmd.Ne, len(cmd.Data), err, sent)
		}
	}
	if _, err := terminal.Send(apdu.Command{INS: 0xB0, Ne: 4}); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a wire that is cut: %v", err)
	}
	if _, err := terminal.Send(apdu.Command{INS: 0xB0, Ne: 4}); !errors.Is(err, ErrClosed) || sent != 1 {
		t.Errorf("after that: %v, %d sent", err, sent)
	}
}

// The longest command that a terminal takes is one that can be encoded and that the chip understands.
func TestLongestCommand(t *testing.T) {
	for suite := TripleDES; suite <= AES256; suite++ {
		s := testSession(suite)
		got := 0
		chip := startedChip(t, handlerFunc(func(c apdu.Command) apdu.Response {
			got = len(c.Data)
			return apdu.Response{SW: apdu.SWOK}
		}), s)
		terminal, err := NewTerminal(&apdu.Conn{Wire: wire{chip}}, s)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := terminal.Send(apdu.Command{INS: 0xD6, Data: make([]byte, maxData), Ne: 65536}); err != nil || got != maxData {
			t.Errorf("%v: %d of %d bytes arrive, %v", suite, got, maxData, err)
		}
	}
}

// wire encodes and decodes between the two ends.
type wire struct{ handler apdu.Handler }

func (w wire) Transmit(b []byte) ([]byte, error) {
	cmd, err := apdu.ParseCommand(b)
	if err != nil {
		return nil, err
	}
	return w.handler.Handle(cmd).Bytes(), nil
}

func TestSessionThatDoesNotFit(t *testing.T) {
	good := testSession(AES256)
	for name, s := range map[string]Session{
		"no keys":         {},
		"short key":       {Suite: AES256, Keys: Keys{Enc: good.Keys.Enc[:16], Mac: good.Keys.Mac}},
		"short MAC key":   {Suite: AES256, Keys: Keys{Enc: good.Keys.Enc, Mac: good.Keys.Mac[:24]}},
		"short counter":   {Suite: AES256, Keys: good.Keys, SSC: make([]byte, 8)},
		"a suite unknown": {Suite: 9, Keys: good.Keys},
	} {
		if _, err := NewTerminal(nil, s); err == nil {
			t.Errorf("terminal, %s: no error", name)
		}
		if err := (&Chip{}).Start(s); err == nil {
			t.Errorf("chip, %s: no error", name)
		}
	}
}

func TestKeysAreNotPrinted(t *testing.T) {
	s := testSession(TripleDES)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("session", "keys", s.Keys)
	text := fmt.Sprintf("%v %+v %#v %s %x %v", s.Keys, s.Keys, s.Keys, s.Keys, s.Keys, s) + log.String()
	for _, key := range [][]byte{s.Keys.Enc, s.Keys.Mac} {
		for _, form := range []string{fmt.Sprintf("%x", key), fmt.Sprint(key), fmt.Sprint(key[:3])[1:8], string(key)} {
			if strings.Contains(text, form) {
				t.Fatalf("a key is printed: %s", text)
			}
		}
	}
	if !strings.Contains(text, "[secret]") {
		t.Errorf("printed as %s", text)
	}
}
