package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
	"github.com/cancuoc/cancuoc/reader"
	"github.com/cancuoc/cancuoc/reader/pcsc"
	"github.com/cancuoc/cancuoc/simulator"
)

// makeCorpus writes the test set and gives its index, as anybody would read it.
func makeCorpus(t *testing.T) (folder string, samples []sample) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "corpus")
	var out strings.Builder
	d := &desk{streams: streams{out: &out, err: &out}}
	if err := runSimulateCorpus(t.Context(), d, folder); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(folder, "corpus.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &samples); err != nil {
		t.Fatal(err)
	}
	return folder, samples
}

// mustBeAsExpected reads a card of the test set and compares what comes of it with what its file says.
func (s sample) mustBeAsExpected(t *testing.T, folder string, c station.Card) {
	t.Helper()
	trust, err := pki.LoadTrust(filepath.Join(folder, s.Trust), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	access, err := reader.AccessByMRZ(strings.Join(s.MRZ, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	reading, err := reader.Inspection{Access: access, Rand: rand.Reader, Reset: c.Reset}.Read(t.Context(), &apdu.Conn{Wire: c})
	if err != nil {
		if s.Expect.Verdict != "error" {
			t.Errorf("%s: %v", s.Card, err)
		}
		return
	}
	verdict := reader.Verify(reading, trust, time.Now())
	if string(verdict.Verdict) != s.Expect.Verdict {
		t.Errorf("%s: %s; want %s: %+v", s.Card, verdict.Verdict, s.Expect.Verdict, verdict.Checks)
	}
	if s.Expect.Check != "" && string(check(t, verdict, s.Expect.Check).Result) != s.Expect.Result {
		t.Errorf("%s: %+v", s.Card, check(t, verdict, s.Expect.Check))
	}
}

// Every card of the test set is judged as the file beside it says; every fault and every profile is in it.
func TestCorpus(t *testing.T) {
	folder, samples := makeCorpus(t)
	seen := map[string]bool{}
	for _, s := range samples {
		seen[s.Fault] = true
		seen[s.Profile] = true
		beside, err := os.ReadFile(filepath.Join(folder, strings.TrimSuffix(s.Card, ".sim")+".json"))
		if err != nil || !strings.Contains(string(beside), fmt.Sprintf("%q", s.Expect.Verdict)) {
			t.Errorf("%s: no expectation beside it: %v", s.Card, err)
		}
		c, err := simulator.OpenCard(filepath.Join(folder, s.Card), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		s.mustBeAsExpected(t, folder, c)
		c.Close()
	}
	for _, kind := range simulator.FaultKinds() {
		if !seen[string(kind.Fault)] {
			t.Errorf("no card has the fault %s", kind.Fault)
		}
		if _, ok := expectations()[kind.Fault]; !ok {
			t.Errorf("nobody says what %s must cause", kind.Fault)
		}
	}
	if !seen["icao-td1"] || !seen["vn-cccd-2021"] || !seen["vn-cancuoc-2024"] {
		t.Error("a profile is missing")
	}
	if err := runSimulateCorpus(t.Context(), &desk{}, folder); exitCode(t.Context(), err) != exitInput {
		t.Errorf("a folder that is there: %v", err)
	}
}

// The same through pcscd and its virtual reader, where cardpeek reads what opens with Basic Access Control.
func TestCorpusThroughPCSC(t *testing.T) {
	needs(t, "cardpeek")
	if !insideReaders(t) {
		return
	}
	folder, samples := makeCorpus(t)
	const slots = 4 // they work side by side
	for n := 1; n <= slots; n++ {
		t.Run(fmt.Sprint("slot ", n), func(t *testing.T) {
			t.Parallel()
			home := newCardpeek(t)
			for i := n - 1; i < len(samples); i += slots {
				readInSlot(t, n, folder, samples[i], home)
			}
		})
	}
}

// readInSlot puts a card of the test set into a slot of the virtual reader and lets both readers have it.
func readInSlot(t *testing.T, n int, folder string, s sample, home cardpeek) {
	t.Helper()
	out, err := fileInSlot(t.Context(), n, filepath.Join(folder, s.Card))
	if err != nil {
		t.Fatal(err)
	}
	defer out()
	c, err := pcsc.Connect(t.Context(), slotName(n))
	if err != nil {
		t.Fatal(err)
	}
	s.mustBeAsExpected(t, folder, c)
	c.Close()
	if s.BAC && slices.Contains(forCardpeek(), simulator.Fault(s.Fault)) {
		home.mustRead(t, slotName(n), s)
	}
}

// forCardpeek lists the faults that do not stop cardpeek, which runs neither PACE nor any authentication of the chip. It does
// not ask again for what a card with short reads has left out.
func forCardpeek() []simulator.Fault {
	return []simulator.Fault{"", simulator.Clone, simulator.CloneOwnKeys, simulator.HiddenAccess, simulator.WeakAccess, simulator.BlockedPACE,
		simulator.ForgedSOD, simulator.ShortLength, simulator.WrongLe, simulator.SwappedDG}
}

// cardpeek is the stranger with a home of its own.
type cardpeek struct{ home string }

// newCardpeek lets cardpeek unpack its scripts, and takes ours out of the story.
func newCardpeek(t *testing.T) cardpeek {
	t.Helper()
	story, err := txtar.ParseFile("testdata/pcsc/cardpeek.txtar")
	if err != nil {
		t.Fatal(err)
	}
	c := cardpeek{t.TempDir()}
	for _, file := range story.Files {
		if err := os.WriteFile(filepath.Join(c.home, file.Name), file.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, _ := c.run("none:", ""); !strings.Contains(out, "Failed to open smart card reader") {
		t.Fatalf("cardpeek's first run: %s", out)
	}
	return c
}

func (c cardpeek) run(where, key string) (string, error) {
	cmd := exec.Command("sh", "cardpeek.sh", where)
	cmd.Dir = c.home
	cmd.Env = append(os.Environ(), "HOME="+c.home, "WORK="+c.home, "SEEN="+c.home, "KEY="+key, "DISPLAY=")
	cmd.Stdin = strings.NewReader("1\n1\n")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// mustRead lets cardpeek read EF.DG1 of the card in the reader.
func (c cardpeek) mustRead(t *testing.T, reader string, s sample) {
	t.Helper()
	os.Remove(filepath.Join(c.home, "EF.DG1"))
	key := s.MRZ[0][5:15] + "VNM" + s.MRZ[1][:7] + s.MRZ[1][7:15]
	out, err := c.run("pcsc://"+reader, key)
	if strings.Contains(out, "protocol mismatch") { // pcscd said so once, under load, of a card that it had just let go
		t.Logf("%s: cardpeek is asked again: %.2000s", s.Card, out)
		out, err = c.run("pcsc://"+reader, key)
	}
	zone, readErr := os.ReadFile(filepath.Join(c.home, "EF.DG1"))
	if err != nil || readErr != nil || !strings.Contains(string(zone), s.MRZ[0]+s.MRZ[1]) {
		t.Errorf("%s: cardpeek: %v, %v\n%.2000s", s.Card, err, readErr, out)
	}
}
