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
	if heard := terminal(Record{card, &out}); !strings.HasSuffix(heard, "the script has ended") {
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
		heard := terminal(Record{&Replay{Transcript: parse(t, dialogue)}, &left})
		if !strings.Contains(heard, "write the transcript: short write") {
			t.Errorf("room for %d lines, heard\n%s", room, heard)
		}
	}
}

func FuzzParseTranscript(f *testing.F) {
	f.Add([]byte(dialogue))
	f.Add([]byte("> \n<\nreset\r\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		transcript, err := ParseTranscript(text)
		if err != nil {
			return
		}
		var out bytes.Buffer
		again := Record{&Replay{Transcript: transcript}, &out}
		for n, e := range transcript.Exchanges {
			if e.Reset {
				err = again.Reset()
			} else {
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
