package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/reader"
	"github.com/cancuoc/cancuoc/simulator"
)

// keptReading is a reading with all that is random in it: PACE, Chip, Terminal and Active Authentication.
type keptReading struct {
	office
	state   simulator.State
	reading reader.Reading
	text    []byte
}

// chip is the same each time.
func (k keptReading) chip() *simulator.Card {
	chip := simulator.NewCard(k.state, seeded("chip"), func(simulator.State) error { return nil })
	chip.Wait(func(time.Duration) {})
	return chip
}

func (k keptReading) read(t *testing.T, card apdu.Card, wire apdu.Transmitter, rand io.Reader) (reader.Reading, error) {
	t.Helper()
	return reader.Inspection{Access: byMRZ(t), Rand: rand, Terminal: k.terminal(), Reset: card.Reset}.Read(t.Context(), &apdu.Conn{Wire: wire})
}

func keepReading(t *testing.T) keptReading {
	t.Helper()
	k := keptReading{office: newOffice(t)}
	k.state, _ = k.issue(t, quick(t), fingers(t))
	var text bytes.Buffer
	record := apdu.Record{Card: k.chip(), Rand: seeded("terminal"), W: &text}
	var err error
	if k.reading, err = k.read(t, record, record, record); err != nil {
		t.Fatal(err)
	}
	proofs := k.reading.Proofs
	if k.reading.Access != "PACE" || proofs.Chip.Outcome != reader.Proven || proofs.Active.Outcome != reader.Proven || len(k.reading.Files["EF.DG3"]) == 0 {
		t.Fatalf("%+v", proofs)
	}
	k.text = text.Bytes()
	return k
}

func transcriptOf(t *testing.T, text []byte) apdu.Transcript {
	t.Helper()
	transcript, err := apdu.ParseTranscript(text)
	if err != nil {
		t.Fatal(err)
	}
	return transcript
}

// A reading is played back byte for byte, to its end, with the randomness that was recorded with it and no other.
func TestReadingIsPlayedBack(t *testing.T) {
	k := keepReading(t)
	replay := &apdu.Replay{Transcript: transcriptOf(t, k.text)}
	var again bytes.Buffer
	record := apdu.Record{Card: replay, Rand: replay, W: &again}
	got, err := k.read(t, record, record, record)
	if err != nil || !reflect.DeepEqual(got, k.reading) || replay.Left() != 0 || !bytes.Equal(again.Bytes(), k.text) {
		t.Errorf("%v, %d exchanges left, %+v", err, replay.Left(), got.Proofs)
	}
	other := &apdu.Replay{Transcript: transcriptOf(t, k.text)}
	if _, err := k.read(t, other, other, seeded("another")); !errors.Is(err, apdu.ErrReplay) || !strings.Contains(err.Error(), "GENERAL AUTHENTICATE") {
		t.Errorf("with other randomness: %v", err)
	}
}

// A byte that somebody has changed in a response of a recording is taken as if a card had sent it: with the same error or
// the same other reading, or the terminal asks otherwise. In a session none goes by.
func TestTamperedRecordingIsSeen(t *testing.T) {
	k := keepReading(t)
	before, answers, compared := transcriptOf(t, k.text), 0, 0
	for n, e := range before.Exchanges {
		if e.Response == nil {
			continue
		}
		answers++
		for _, at := range []int{0, len(e.Response) / 2, len(e.Response) - 2, len(e.Response) - 1} {
			flip := func(answer []byte) []byte {
				answer = bytes.Clone(answer)
				answer[at] ^= 0x04
				return answer
			}
			tampered := transcriptOf(t, k.text)
			tampered.Exchanges[n].Response = flip(e.Response)
			replay := &apdu.Replay{Transcript: tampered}
			got, err := k.read(t, replay, replay, replay)
			if errors.Is(err, apdu.ErrReplay) {
				continue // the terminal has seen it, and asks otherwise
			}
			if protected := e.Command[0] == 0x0C; protected && err == nil && reflect.DeepEqual(got, k.reading) {
				t.Errorf("answer %d, byte %d: the reading is the same", answers, at)
			}
			compared++
			chip := k.chip()
			want, wantErr := k.read(t, chip, &disturbed{wire: chip, at: answers, how: flip}, seeded("terminal"))
			if fmt.Sprint(err) != fmt.Sprint(wantErr) || !reflect.DeepEqual(got, want) {
				t.Errorf("answer %d, byte %d: %v; a card: %v", answers, at, err, wantErr)
			}
		}
	}
	if answers < 40 || compared < 2*answers {
		t.Errorf("only %d answers, and %d places that no other question has told", answers, compared)
	}
}

// What a killed program has recorded in the clear is there to its last exchange.
func TestRecordingOutlivesItsProgram(t *testing.T) {
	folder := t.TempDir()
	mustRun(t, folder, "init", filepath.Join(folder, "station"))
	mustRun(t, folder, "order", "add", absolute(t, "../../card/specimen/files/le-mau-nhi.json"))
	mustRun(t, folder, "issue", "1", "--card", "sim:card.sim")
	cmd := command(t, folder, "read", "--card", "sim:card.sim?crypto=100ms", "--can", "000009", "--record", "torn.txt")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	torn := filepath.Join(folder, "torn.txt")
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		text, _ := os.ReadFile(torn)
		if strings.Count(string(text), "\n< ") >= 8 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("nothing is recorded: %s", text)
		}
	}
	cmd.Process.Kill()
	cmd.Wait()
	play := command(t, folder, "read", "--card", "replay:torn.txt", "--can", "000009")
	out, err := play.CombinedOutput()
	if exit := play.ProcessState.ExitCode(); err == nil || exit != exitCard || !strings.Contains(string(out), "it ends after") && !strings.Contains(string(out), "the card was lost here") {
		t.Errorf("exit code %d: %s", exit, out)
	}
}

// What is sealed here, the age of others opens, and the other way round: with keys that it has made.
func TestStrangersOpenRecordings(t *testing.T) {
	needs(t, "age", "age-keygen")
	folder := t.TempDir()
	mustRun(t, folder, "init", filepath.Join(folder, "station"))
	mustRun(t, folder, "order", "add", absolute(t, "../../card/specimen/files/le-mau-nhi.json"))
	mustRun(t, folder, "issue", "1", "--card", "sim:card.sim")
	stranger := func(program string, args ...string) []byte {
		t.Helper()
		cmd := exec.Command(program, args...)
		cmd.Dir = folder
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s %v: %v", program, args, err)
		}
		return out
	}
	stranger("age-keygen", "-o", "key.txt")
	public := strings.TrimSpace(string(stranger("age-keygen", "-y", "key.txt")))
	want := mustRun(t, folder, "read", "--card", "sim:card.sim", "--can", "000009", "--json", "--record", "sealed.age", "--recipient", public)
	plain := stranger("age", "-d", "-i", "key.txt", "sealed.age")
	if text := string(plain); !strings.HasPrefix(text, "program: cancuoc") || !strings.HasSuffix(text, "\n# ended: done\n") {
		t.Errorf("age opens it as\n%.200s", text)
	}
	if err := os.WriteFile(filepath.Join(folder, "plain.txt"), plain, 0o600); err != nil {
		t.Fatal(err)
	}
	stranger("age", "-r", public, "-o", "theirs.age", "plain.txt")
	for _, ref := range []string{"replay:plain.txt", "replay:sealed.age?identity=key.txt", "replay:theirs.age?identity=key.txt"} {
		if got := mustRun(t, folder, "read", "--card", ref, "--can", "000009", "--json"); !bytes.Equal(got, want) {
			t.Errorf("%s is read as\n%s", ref, got)
		}
	}
}

// A recording of any content is played or refused, and never keeps us long.
func FuzzReplay(f *testing.F) {
	f.Add([]byte("> 00A4000C\n< 9000\n> 00A4020C022F01\n< 6A82\n> 00A4020C02011C\n< 6A82\nrandom 00\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		d := &desk{streams: streams{strings.NewReader(""), io.Discard, io.Discard}}
		opened, err := d.openCard(t.Context(), cardRef{scheme: "replay", name: path}, false)
		if err != nil {
			return
		}
		defer opened.Close()
		_, err = reader.Inspection{Access: byMRZ(t), Rand: opened.Rand, Reset: opened.Reset}.Read(t.Context(), &apdu.Conn{Wire: opened})
		if err == nil {
			t.Error("a card was made up")
		}
	})
}
