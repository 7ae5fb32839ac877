package apdu

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
)

// resettable is a script that begins anew with each reset.
type resettable struct {
	script
	resets int
}

func (r *resettable) Reset() error {
	r.resets++
	return nil
}

const dialogue = `peer: nobody: a test
seed: 1

# the application
> 00A4040C07A0000002471001
< 9000
reset
> 0084000008
< 0102030405060708` + `9000
> 00B0000000
`

func parse(t testing.TB, text string) Transcript {
	t.Helper()
	transcript, err := ParseTranscript([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return transcript
}

// terminal asks what the dialogue has, and gives all answers.
func terminal(card Card) string {
	var heard []string
	hear := func(answer []byte, err error) { heard = append(heard, fmt.Sprintf("%X %v", answer, err)) }
	hear(card.Transmit([]byte{0x00, 0xA4, 0x04, 0x0C, 0x07, 0xA0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01}))
	hear(nil, card.Reset())
	hear(card.Transmit([]byte{0x00, 0x84, 0x00, 0x00, 0x08}))
	hear(card.Transmit([]byte{0x00, 0xB0, 0x00, 0x00, 0x00}))
	return strings.Join(heard, "\n")
}

func TestRecord(t *testing.T) {
	card := &resettable{script: script{answers: []string{"9000", "01020304050607089000"}}}
	var out bytes.Buffer
	if heard := terminal(Record{Card: card, W: &out}); !strings.HasSuffix(heard, "the script has ended") {
		t.Errorf("heard %s", heard)
	}
	if got, want := parse(t, out.String()).Exchanges, parse(t, dialogue).Exchanges; !reflect.DeepEqual(got, want) || card.resets != 1 {
		t.Errorf("%d resets, recorded:\n%s", card.resets, out.String())
	}
}

func TestReplay(t *testing.T) {
	transcript := parse(t, dialogue)
	if transcript.Header["peer"] != "nobody: a test" || transcript.Header["seed"] != "1" {
		t.Errorf("header: %v", transcript.Header)
	}
	want := "9000 <nil>\n <nil>\n01020304050607089000 <nil>\n " + ErrLost.Error()
	if heard := terminal(&Replay{Transcript: transcript}); heard != want {
		t.Errorf("heard\n%s", heard)
	}
}

// What was not asked in the transcript is not answered.
func TestReplayOfAnother(t *testing.T) {
	selection := []byte{0x00, 0xA4, 0x04, 0x0C, 0x07, 0xA0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01}
	for name, ask := range map[string]func(*Replay) error{
		"another command":   func(r *Replay) error { _, err := r.Transmit([]byte{0x00, 0x84, 0x00, 0x00, 0x08}); return err },
		"a reset":           func(r *Replay) error { return r.Reset() },
		"nothing":           func(r *Replay) error { _, err := r.Transmit(nil); return err },
		"the same again":    func(r *Replay) error { r.Transmit(selection); _, err := r.Transmit(selection); return err },
		"more than was":     func(r *Replay) error { terminal(r); return r.Reset() },
		"a reset not asked": func(r *Replay) error { r.Transmit(selection); _, err := r.Transmit(nil); return err },
	} {
		if err := ask(&Replay{Transcript: parse(t, dialogue)}); !errors.Is(err, ErrReplay) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTranscriptThatIsNone(t *testing.T) {
	for _, text := range []string{
		"< 9000", "reset\n< 9000", "> 0084000008\n< 9000\n< 9000", "> 008400000", "> 0084000008\n< 9g00", "peer", "peer: a\npeer: b",
		"> 0084000008\npeer: a", "{}", ">0084000008", "reset 1",
		"random", "random 0", "random 00\n< 9000", "random: 00\nrandom: 01", "Random 00",
	} {
		if transcript, err := ParseTranscript([]byte(text)); err == nil {
			t.Errorf("%q: %+v", text, transcript)
		}
	}
}

// full is a medium with room for some lines.
type full int

func (f *full) Write(b []byte) (int, error) {
	if *f--; *f < 0 {
		return 0, io.ErrShortWrite
	}
	return len(b), nil
}

// A transcript with holes would be believed: whoever records hears of it.
func TestRecordWithoutRoom(t *testing.T) {
	for room := range full(4) {
		left := room
		heard := terminal(Record{Card: &Replay{Transcript: parse(t, dialogue)}, W: &left})
		if !strings.Contains(heard, "write the transcript: short write") {
			t.Errorf("room for %d lines, heard\n%s", room, heard)
		}
	}
}

func FuzzParseTranscript(f *testing.F) {
	f.Add([]byte(dialogue))
	f.Add([]byte("> \n<\nreset\r\n"))
	f.Add([]byte("random 00\nrandom 0102\n> 0084000008\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		transcript, err := ParseTranscript(text)
		if err != nil {
			return
		}
		var out bytes.Buffer
		replay := &Replay{Transcript: transcript}
		again := Record{Card: replay, Rand: replay, W: &out}
		for n, e := range transcript.Exchanges {
			switch {
			case e.Reset:
				err = again.Reset()
			case e.Random != nil:
				_, err = io.ReadFull(again, make([]byte, len(e.Random)))
			default:
				_, err = again.Transmit(e.Command)
			}
			if err != nil && !errors.Is(err, ErrLost) {
				t.Fatalf("exchange %d: %v", n, err)
			}
		}
		if got := parse(t, out.String()).Exchanges; !reflect.DeepEqual(got, transcript.Exchanges) {
			t.Fatalf("%q became %q", text, out.String())
		}
	})
}

// drawing is a terminal that draws: what it sends depends on it.
func drawing(t *testing.T, card Card, rand io.Reader) error {
	t.Helper()
	drawn := make([]byte, 8)
	if _, err := io.ReadFull(rand, drawn); err != nil {
		return err
	}
	if _, err := card.Transmit(append([]byte{0x00, 0x88, 0x00, 0x00, 0x08}, drawn...)); err != nil {
		return err
	}
	return card.Reset()
}

const drawn = "random 0001020304050607\n> 00880000080001020304050607\n< CAFE9000\nreset\n"

// counter is a source of randomness of which each draw can be told, at most three bytes at a time.
type counter byte

func (c *counter) Read(p []byte) (int, error) {
	p = p[:min(3, len(p))]
	for i := range p {
		p[i] = byte(*c)
		*c++
	}
	return len(p), nil
}

func TestRandomnessIsRecordedInItsPlace(t *testing.T) {
	var out, again bytes.Buffer
	record := Record{Card: &resettable{script: script{answers: []string{"cafe9000"}}}, Rand: new(counter), W: &out}
	if err := drawing(t, record, record); err != nil {
		t.Fatal(err)
	}
	pieces := "random 000102\nrandom 030405\nrandom 0607\n" + drawn[strings.Index(drawn, ">"):]
	if out.String() != pieces {
		t.Errorf("recorded\n%s", out.String())
	}
	for _, text := range []string{pieces, drawn} {
		replay := &Replay{Transcript: parse(t, text)}
		record := Record{Card: replay, Rand: replay, W: &again}
		if err := drawing(t, record, record); err != nil || again.String() != text || replay.Left() != 0 {
			t.Errorf("%v, %d left, played back\n%s", err, replay.Left(), again.String())
		}
		again.Reset()
	}
	if _, err := (Record{}).Read(make([]byte, 8)); err == nil {
		t.Error("randomness out of nothing")
	}
	full := full(0)
	if n, err := (Record{Rand: new(counter), W: &full}).Read(make([]byte, 8)); err == nil || n != 0 {
		t.Error("a draw that could not be recorded was given out")
	}
}

// A dialogue that differs says where, and what was due, by name; and goes on differing.
func TestWhereAReplayDiffers(t *testing.T) {
	for name, c := range map[string]struct {
		ask  func(*Replay) error
		want string
	}{
		"another draw":    {func(r *Replay) error { _, err := r.Read(make([]byte, 7)); return err }, "at exchange 1 of 3 a draw of 8 random bytes was due, and a draw of 7 random bytes came"},
		"another command": {func(r *Replay) error { _, err := r.Transmit([]byte{0, 0xB0, 0, 0, 0}); return err }, "at exchange 2 of 3 INTERNAL AUTHENTICATE (00880000) was due, and READ BINARY (00B00000) came"},
		"other data": {func(r *Replay) error {
			_, err := r.Transmit([]byte{0, 0x88, 0, 0, 8, 0xDE, 0xAD, 0xBE, 0xEF, 4, 5, 6, 7})
			return err
		}, "at exchange 2 of 3 INTERNAL AUTHENTICATE (00880000) was due, and came with other data"},
		"no command": {func(r *Replay) error { _, err := r.Transmit([]byte{0xDE}); return err }, "and something of 1 bytes that is no command came"},
		"more":       {func(r *Replay) error { return errors.Join(drawing(t, r, r), r.Reset()) }, "it ends after 3 exchanges, and a reset came"},
	} {
		replay := &Replay{Transcript: parse(t, drawn)}
		err := c.ask(replay)
		if !errors.Is(err, ErrReplay) || !strings.HasSuffix(err.Error(), c.want) || strings.Contains(err.Error(), "DEAD") {
			t.Errorf("%s: %v", name, err)
		}
		_, readErr := replay.Read(make([]byte, 8))
		_, sendErr := replay.Transmit([]byte{0, 0x88, 0, 0, 8, 0, 1, 2, 3, 4, 5, 6, 7})
		if resetErr := replay.Reset(); readErr == nil || readErr.Error() != err.Error() || sendErr != readErr || resetErr != readErr {
			t.Errorf("%s: afterwards %v, %v, %v", name, readErr, sendErr, resetErr)
		}
	}
}

// Whoever asks for no randomness may play commands alone.
func TestReplayWithoutDraws(t *testing.T) {
	replay := &Replay{Transcript: parse(t, drawn)}
	answer, err := replay.Transmit([]byte{0, 0x88, 0, 0, 8, 0, 1, 2, 3, 4, 5, 6, 7})
	if err != nil || !bytes.Equal(answer, []byte{0xCA, 0xFE, 0x90, 0x00}) || replay.Left() != 1 {
		t.Errorf("%X, %v, %d left", answer, err, replay.Left())
	}
}

func TestTranscriptIsBounded(t *testing.T) {
	var header strings.Builder
	for i := range maxHeader + 1 {
		fmt.Fprintf(&header, "line %d: a\n", i)
	}
	for name, text := range map[string][]byte{
		"bytes":     append(bytes.Repeat([]byte("# 56789\n"), MaxTranscript/8), '\n'),
		"exchanges": bytes.Repeat([]byte("reset\n"), maxExchanges+1),
		"header":    []byte(header.String()),
	} {
		if transcript, err := ParseTranscript(text); err == nil {
			t.Errorf("%s: %d exchanges, %d lines", name, len(transcript.Exchanges), len(transcript.Header))
		}
	}
	if _, err := ParseTranscript(bytes.Repeat([]byte("# 56789\n"), MaxTranscript/8)); err != nil {
		t.Error(err)
	}
}

// What is wrong with a transcript is told without what stands in it.
func TestErrorsOfTranscriptsRepeatNothing(t *testing.T) {
	for _, text := range []string{"> 00A4xyzsecret", "secret", "secret: 1\nsecret: 1", "> 00A40000\n< secret", "random secret"} {
		if _, err := ParseTranscript([]byte(text)); err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "xyz") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
