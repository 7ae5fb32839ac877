package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/reader"
	"github.com/cancuoc/cancuoc/simulator"
)

// seeded is the same randomness each time, for a chip or a terminal whose dialogue is to be the same.
func seeded(seed string) io.Reader { return rand.NewChaCha8(sha256.Sum256([]byte(seed))) }

// chipOf gives power to the chip in this card file of testdata, with this randomness.
func chipOf(t *testing.T, file, seed string) *simulator.Card {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "transcripts", file))
	if err != nil {
		t.Fatal(err)
	}
	state, err := simulator.ParseState(raw)
	if err != nil {
		t.Fatal(err)
	}
	chip := simulator.NewCard(state, seeded(seed), func(simulator.State) error { return nil })
	chip.Wait(func(time.Duration) {})
	return chip
}

// same asks a card what was asked in a dialogue, and gives how many exchanges went as they did there.
func same(card apdu.Card, dialogue []apdu.Exchange) int {
	for n, e := range dialogue {
		answer, err := []byte(nil), error(nil)
		if e.Reset {
			err = card.Reset()
		} else {
			answer, err = card.Transmit(e.Command)
		}
		if err != nil || !bytes.Equal(answer, e.Response) {
			return n
		}
	}
	return len(dialogue)
}

// forged changes one bit in the checksum of the last command, which is a protected one.
func forged(t *testing.T, dialogue []apdu.Exchange) []apdu.Exchange {
	t.Helper()
	changed := append([]apdu.Exchange(nil), dialogue...)
	last := &changed[len(changed)-1]
	last.Command = bytes.Clone(last.Command)
	cmd, err := apdu.ParseCommand(last.Command)
	if err != nil || cmd.CLA != 0x0C {
		t.Fatalf("the last command is not a protected one: %X, %v", last.Command, err)
	}
	cmd.Data[len(cmd.Data)-1] ^= 1 // a part of last.Command
	return changed
}

// Our chip answers readers that this project did not write as it did when they found it good: each dialogue was held
// once with such a reader, which its header names.
func TestTranscripts(t *testing.T) {
	names, err := filepath.Glob(filepath.Join("testdata", "transcripts", "*.txt"))
	if err != nil || len(names) < 11 {
		t.Fatalf("%d transcripts, %v", len(names), err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			transcript, err := apdu.ParseTranscript(text)
			if err != nil {
				t.Fatal(err)
			}
			all, state, seed := transcript.Exchanges, transcript.Header["state"], transcript.Header["seed"]
			if n := same(chipOf(t, state, seed), all); n < len(all) {
				t.Fatalf("exchange %d of %d goes otherwise: > %X", n+1, len(all), all[n].Command)
			}
			if n := same(chipOf(t, state, seed), forged(t, all)); n != len(all)-1 {
				t.Errorf("with a forged command %d of %d exchanges go as they did", n, len(all))
			}
			if n := same(chipOf(t, state, seed+" "), all); n == len(all) {
				t.Error("the chip needs no randomness")
			}
		})
	}
}

// A reading that was recorded is made again without the card.
func TestRecordedReading(t *testing.T) {
	read := func(card apdu.Card, seed string) (reader.Reading, error) {
		i := reader.Inspection{Access: byMRZ(t), Rand: seeded(seed), Reset: card.Reset}
		return i.Read(t.Context(), &apdu.Conn{Wire: card})
	}
	var text bytes.Buffer
	want, err := read(apdu.Record{Card: chipOf(t, "vn-cancuoc-2024.sim", "chip"), W: &text}, "terminal")
	if err != nil || want.Proofs.Chip.Outcome != reader.Proven {
		t.Fatalf("%+v, %v", want.Proofs, err)
	}
	transcript, err := apdu.ParseTranscript(text.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	got, err := read(&apdu.Replay{Transcript: transcript}, "terminal")
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v; want %+v", got.Proofs, err, want.Proofs)
	}
	if _, err := read(&apdu.Replay{Transcript: transcript}, "another"); !errors.Is(err, apdu.ErrReplay) {
		t.Errorf("another terminal: %v", err)
	}
}
