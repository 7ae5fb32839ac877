package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card/specimen"
	"github.com/cancuoc/cancuoc/simulator"
)

// command gives a command line of cancuoc as a process of its own: this test's binary under another name.
func command(t testing.TB, folder string, args ...string) *exec.Cmd {
	t.Helper()
	link := filepath.Join(folder, "cancuoc")
	if _, err := os.Lstat(link); err != nil {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(self, link); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(link, args...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "CANCUOC_STATION="+filepath.Join(folder, "station"), "GORACE="+noLinger)
	return cmd
}

func mustRun(t testing.TB, folder string, args ...string) []byte {
	t.Helper()
	cmd := command(t, folder, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s%s", args, err, out, stderr.Bytes())
	}
	return out
}

// adults writes n records of specimens, with a profile whose keys are made faster than those of RSA.
func adults(t testing.TB, folder string, n int) {
	t.Helper()
	raw, err := specimen.Record("dang-dinh-mau")
	if err != nil {
		t.Fatal(err)
	}
	var record map[string]any
	if err := json.Unmarshal(raw, &record); err != nil {
		t.Fatal(err)
	}
	delete(record, "fingerprints")
	record["profile"] = "icao-td1"
	var lines bytes.Buffer
	for i := range n {
		record["personal_number"] = fmt.Sprintf("000200%06d", 100+i)
		if err := json.NewEncoder(&lines).Encode(record); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(folder, specimen.Files()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "adults.jsonl"), lines.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// The process is killed at any time, again and again; in the end every citizen has one card, and it is good.
func TestKilledAtAnyTime(t *testing.T) {
	rounds, orders := 1, 8
	if os.Getenv("CANCUOC_SOAK") != "" {
		rounds = 40
	}
	for range rounds {
		folder := t.TempDir()
		mustRun(t, folder, "init", "station")
		adults(t, folder, orders)
		mustRun(t, folder, "order", "add", "adults.jsonl")
		killed := killUntilDone(t, folder, orders)
		t.Logf("%d cards, the process killed %d times", orders, killed)
		mustBeIssuedOnce(t, folder, orders)
	}
}

// killUntilDone runs issue --all, killing it after a while, until all orders are issued, and tells how often it was
// killed. The last runs are given all the time they need.
func killUntilDone(t *testing.T, folder string, orders int) (killed int) {
	t.Helper()
	for tries := 0; ; tries++ {
		cmd := command(t, folder, "issue", "--all", "--card", "sim:cards/")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if tries < 3*orders {
			time.Sleep(time.Duration(10+rand.IntN(110)) * time.Millisecond)
			cmd.Process.Kill()
		}
		if err := cmd.Wait(); err == nil {
			return killed
		} else if cmd.ProcessState.ExitCode() != -1 {
			t.Fatalf("issue --all ended with %v", err)
		}
		killed++
	}
}

func mustBeIssuedOnce(t *testing.T, folder string, orders int) {
	t.Helper()
	listed := bytes.Count(mustRun(t, folder, "order", "list", "--state", "issued"), []byte("\n"))
	cards, err := filepath.Glob(filepath.Join(folder, "cards", "*"))
	if err != nil || listed != orders || len(cards) != orders {
		t.Fatalf("%d orders issued, %d cards, %v", listed, len(cards), err)
	}
	chips := map[string]bool{}
	for i, path := range cards {
		store, state, err := simulator.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		store.Close()
		chips[string(state.ChipID)] = true
		mustRun(t, folder, "verify", "--card", "sim:"+path, "--number", fmt.Sprintf("000200%06d", 100+i), "--birth", "2000-03-15", "--expiry", "2040-03-15")
	}
	if len(chips) != orders {
		t.Fatalf("%d chips for %d orders", len(chips), orders)
	}
}

// A child that nobody has buried is dead, and a number that another process has now is not its own.
func TestWhoIsAlive(t *testing.T) {
	self := thisProcess()
	if !self.aliveFor(self.String()) {
		t.Error("this process is not alive")
	}
	child := exec.Command("sleep", "60")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	start, _, known := lifeOf(child.Process.Pid)
	if !known {
		t.Skip("this machine does not tell when a process began")
	}
	owner := process{self.host, self.boot, child.Process.Pid, start}
	if !self.aliveFor(owner.String()) {
		t.Error("a child that runs is not alive")
	}
	child.Process.Kill()
	for range 100 {
		if _, zombie, _ := lifeOf(child.Process.Pid); zombie {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if self.aliveFor(owner.String()) {
		t.Error("a child that was killed is alive")
	}
	child.Wait()
	for name, other := range map[string]process{
		"a process that is gone":   owner,
		"another with our number":  {self.host, self.boot, self.pid, "1"},
		"one of before the reboot": {self.host, "an earlier boot", self.pid, self.start},
	} {
		if self.aliveFor(other.String()) {
			t.Errorf("%s is alive", name)
		}
	}
	if !self.aliveFor("elsewhere/boot/1/1") || !self.aliveFor("nonsense") {
		t.Error("of other machines nobody here can know")
	}
}

// A card half way whose process lies dead and unburied is finished by the next run, at once.
func TestKilledAndNotBuried(t *testing.T) {
	folder := t.TempDir()
	mustRun(t, folder, "init", "station")
	adults(t, folder, 6)
	mustRun(t, folder, "order", "add", "adults.jsonl")
	for range 6 {
		cmd := command(t, folder, "issue", "--all", "--card", "sim:cards/")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(20+rand.IntN(60)) * time.Millisecond)
		cmd.Process.Kill()
		mustBeZombie(t, cmd.Process.Pid)
		defer cmd.Wait()
	}
	mustRun(t, folder, "issue", "--all", "--card", "sim:cards/")
	mustBeIssuedOnce(t, folder, 6)
}

// mustBeZombie waits until a killed process has ended: one that waits for the disk takes its time, and holds its files
// until then.
func mustBeZombie(t *testing.T, pid int) {
	t.Helper()
	for range 1000 {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			t.Fatal(err)
		}
		if _, after, found := bytes.Cut(stat, []byte(") ")); found && after[0] == 'Z' {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("process %d does not end", pid)
}

// Interrupted, a batch says so with its own exit code, and goes on where it stopped.
func TestInterrupted(t *testing.T) {
	folder := t.TempDir()
	mustRun(t, folder, "init", "station")
	adults(t, folder, 12)
	mustRun(t, folder, "order", "add", "adults.jsonl")
	cmd := command(t, folder, "issue", "--all", "--card", "sim:cards/", "--json")
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for range 400 {
		if made, _ := filepath.Glob(filepath.Join(folder, "cards", "*")); len(made) > 2 {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	cmd.Process.Signal(os.Interrupt)
	cmd.Wait()
	var results []struct{ State string }
	if code := cmd.ProcessState.ExitCode(); code != 130 || !bytes.Contains(stderr.Bytes(), []byte("goes on where this one stopped")) {
		t.Fatalf("exit code %d\n%s", code, stderr.Bytes())
	}
	if err := json.Unmarshal(out.Bytes(), &results); err != nil || len(results) == 0 || len(results) == 12 {
		t.Fatalf("%d results, %v", len(results), err)
	}
	mustRun(t, folder, "issue", "--all", "--card", "sim:cards/")
	mustBeIssuedOnce(t, folder, 12)
}

// Two stations' processes work on one register: each order is taken by one of them.
func TestTwoAtOnce(t *testing.T) {
	folder := t.TempDir()
	mustRun(t, folder, "init", "station")
	adults(t, folder, 10)
	mustRun(t, folder, "order", "add", "adults.jsonl")
	first := command(t, folder, "issue", "--all", "--card", "sim:cards/")
	second := command(t, folder, "issue", "--all", "--card", "sim:cards/")
	for _, cmd := range []*exec.Cmd{first, second} {
		cmd.Stderr = &bytes.Buffer{}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
	}
	for _, cmd := range []*exec.Cmd{first, second} {
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v\n%s", err, cmd.Stderr.(*bytes.Buffer).Bytes())
		}
	}
	mustBeIssuedOnce(t, folder, 10)
}

// An order on which a station is at work is not ended under its hands.
func TestSpoilWaitsForTheStation(t *testing.T) {
	folder := t.TempDir()
	mustRun(t, folder, "init", "station")
	adults(t, folder, 1)
	mustRun(t, folder, "order", "add", "adults.jsonl")
	d := &desk{station: filepath.Join(folder, "station")}
	w, err := d.openStation(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer w.register.Close()
	if _, err := w.register.Claim(t.Context(), 1, w.claim(time.Now())); err != nil {
		t.Fatal(err)
	}
	cmd := command(t, folder, "order", "spoil", "1", "--reason", "test")
	if out, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != exitRegister || !bytes.Contains(out, []byte("another process works on the order")) {
		t.Errorf("exit code %d: %s", cmd.ProcessState.ExitCode(), out)
	}
	if err := w.register.Release(t.Context(), 1, w.claim(time.Now()).Owner); err != nil {
		t.Fatal(err)
	}
	mustRun(t, folder, "order", "spoil", "1", "--reason", "test")
}
