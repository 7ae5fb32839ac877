package register

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// childEnv makes this test binary a station that works on the register at its value, instead of running the tests.
const childEnv = "REGISTER_TEST_STATION"

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		if err := stationRun(path, os.Getenv(childEnv+"_ENDLESS") != "", os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// stationRun takes order after order and moves it to its end; it says each step that has been committed. An endless
// station makes itself new orders when it has none.
func stationRun(path string, endless bool, out io.Writer) error {
	ctx := context.Background()
	r, err := Open(ctx, path)
	if err != nil {
		return err
	}
	defer r.Close()
	fmt.Fprintln(out, "ready")
	io.Copy(io.Discard, os.Stdin) // until all are ready
	owner := strconv.Itoa(os.Getpid())
	for {
		c := Claim{Owner: owner, At: time.Now(), Until: time.Now().Add(time.Minute), Alive: running}
		o, found, err := r.Next(ctx, Filter{}, c)
		if err != nil {
			return err
		}
		if !found && !endless {
			return nil
		}
		if found {
			fmt.Fprintf(out, "took %d %s\n", o.ID, o.State)
			err = finish(ctx, r, o, owner, out)
			time.Sleep(20 * time.Millisecond) // somebody changes the card; other stations come to their turn
		} else {
			_, _, err = r.Add(ctx, sample(fmt.Sprintf("000%d", time.Now().UnixNano())), time.Now())
		}
		if err != nil {
			return err
		}
	}
}

func running(owner string) bool {
	pid, err := strconv.Atoi(owner)
	return err != nil || syscall.Kill(pid, 0) != syscall.ESRCH
}

func finish(ctx context.Context, r *Register, o Order, owner string, out io.Writer) error {
	for i := slices.Index(road, o.State); i+1 < len(road); i++ {
		s := Step{From: road[i], To: road[i+1], Actor: owner, Owner: owner, At: time.Now(), Data: data(road[i])}
		if s.From == Signed {
			if err := r.Intend(ctx, o.ID, fmt.Sprintf("chip-%d", o.ID), time.Now()); err != nil {
				return err
			}
		}
		if err := r.Advance(ctx, o.ID, s); err != nil {
			return err
		}
		fmt.Fprintf(out, "did %d %s\n", o.ID, s.To)
	}
	return nil
}

func child(t *testing.T, path string, endless bool) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childEnv+"="+path, "GORACE=atexit_sleep_ms=0")
	if endless {
		cmd.Env = append(cmd.Env, childEnv+"_ENDLESS=1")
	}
	cmd.Stderr = os.Stderr
	return cmd
}

func TestAStationKilledAtAnyMomentLosesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "register.db")
	must(t, Create(path))
	said := map[int64]State{} // the last state of each order that a station said was committed
	rounds := 0
	for begun := time.Now(); time.Since(begun) < 3*time.Second || len(said) < 3 && time.Since(begun) < time.Minute; rounds++ {
		killedRound(t, path, said)
		r := open(t, path)
		consistent(t, r, said)
		must(t, r.Close())
		if t.Failed() {
			return
		}
	}
	t.Logf("%d rounds, %d orders", rounds, len(said))
	if rounds < 3 || len(said) < 3 {
		t.Errorf("only %d rounds and %d orders: this proves nothing", rounds, len(said))
	}
}

// killedRound lets a station work for a moment, ends it with SIGKILL and notes what it had said by then.
func killedRound(t *testing.T, path string, said map[int64]State) {
	t.Helper()
	cmd := child(t, path, true)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines := bufio.NewScanner(out)
	ready := lines.Scan()
	if began := lines.Scan(); ready && began {
		time.AfterFunc(time.Duration(rand.IntN(60_000))*time.Microsecond, func() { cmd.Process.Kill() })
	}
	for ok := true; ok; ok = lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) != 3 {
			continue // cut by the kill
		}
		id, err := strconv.ParseInt(words[1], 10, 64)
		must(t, err)
		said[id] = State(words[2])
	}
	if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("the station was to be killed: %v", err)
	}
}

// consistent demands that state, history, chip and production data of every order agree, and that no order is behind
// what was said of it.
func consistent(t *testing.T, r *Register, said map[int64]State) {
	t.Helper()
	var verdict string
	must(t, r.db.QueryRow(`PRAGMA integrity_check`).Scan(&verdict))
	if verdict != "ok" {
		t.Fatalf("integrity check: %s", verdict)
	}
	for s, err := range r.Orders(context.Background(), Filter{}) {
		must(t, err)
		if slices.Index(road, s.State) < slices.Index(road, said[s.ID]) {
			t.Errorf("order %d was said to be %s and is %s", s.ID, said[s.ID], s.State)
		}
		agrees(t, r, s)
	}
}

func agrees(t *testing.T, r *Register, s Summary) {
	t.Helper()
	ctx := context.Background()
	o, err := r.Order(ctx, s.ID)
	must(t, err)
	history, err := r.History(ctx, s.ID)
	must(t, err)
	at, chip, card := State(""), "", CardState("")
	for i, e := range history {
		moved := i == 0 && e.To == Ordered || slices.Contains(follows[e.From], e.To)
		if e.From != at || !moved && e.Chip == "" {
			t.Errorf("order %d: line %d of the history does not follow: %+v", s.ID, i, e)
		}
		at, chip, card = e.To, chip+e.Chip, card+e.Card
	}
	if at != o.State || chip != o.ChipID || card != o.Card {
		t.Errorf("order %d is %s, chip %q, card %q; its history ends with %s, %q, %q", o.ID, o.State, o.ChipID, o.Card, at, chip, card)
	}
	_, err = r.Production(ctx, s.ID)
	if (o.Fingerprints != nil) != o.State.open() {
		t.Errorf("order %d is %s; its fingerprints: %q", o.ID, o.State, o.Fingerprints)
	}
	signed := slices.Index(road, s.State) >= slices.Index(road, Signed) && s.State != Issued
	if signed != (err == nil) || err != nil && !errors.Is(err, ErrNotFound) {
		t.Errorf("order %d is %s; its production data: %v", s.ID, s.State, err)
	}
}

// A disk that lost its power may hold any part of the write-ahead log.
func TestATornLogLosesWholeStepsOnly(t *testing.T) {
	r := create(t)
	for n := range 5 {
		id := add(t, r, fmt.Sprintf("00020000%04d", n))
		drive(t, r, id, fmt.Sprintf("chip-%d", n), road[1+n])
	}
	file, err := os.ReadFile(r.path)
	must(t, err)
	log, err := os.ReadFile(r.path + "-wal")
	must(t, err)
	if len(log) < 20*4096 {
		t.Fatalf("the log holds only %d bytes: this proves nothing", len(log))
	}
	dir := t.TempDir()
	for n := range 20 {
		path := filepath.Join(dir, fmt.Sprintf("torn%d.db", n))
		must(t, os.WriteFile(path, file, 0o600))
		must(t, os.WriteFile(path+"-wal", log[:rand.IntN(len(log))], 0o600))
		torn, err := Open(context.Background(), path)
		must(t, err)
		consistent(t, torn, nil)
		must(t, torn.Close())
	}
}

func TestEachOrderIsTakenByOneOfThreeStations(t *testing.T) {
	r := create(t)
	const orders = 24
	for n := range orders {
		add(t, r, fmt.Sprintf("00020000%04d", n))
	}
	taken := map[string]int{}
	working := 0
	for _, lines := range together(t, r.path, 3) {
		before := len(taken)
		for _, l := range lines {
			if strings.HasPrefix(l, "took ") {
				taken[l]++
			}
		}
		if len(taken) > before {
			working++
		}
	}
	for l, n := range taken {
		if n != 1 || !strings.HasSuffix(l, " ordered") {
			t.Errorf("%d times: %s", n, l)
		}
	}
	if len(taken) != orders || working < 2 {
		t.Errorf("%d of %d orders were taken, by %d stations", len(taken), orders, working)
	}
	for s, err := range r.Orders(context.Background(), Filter{}) {
		must(t, err)
		if s.State != Issued {
			t.Errorf("order %d is %s", s.ID, s.State)
		}
		oneActor(t, r, s.ID)
		agrees(t, r, s)
	}
}

// together runs n stations to their end, which begin once all are ready, and answers what each said.
func together(t *testing.T, path string, n int) [][]string {
	t.Helper()
	wait, begin, err := os.Pipe()
	must(t, err)
	said := make([][]string, n)
	ready, done := make(chan bool, n), make(chan error, n)
	for i := range n {
		cmd := child(t, path, false)
		cmd.Stdin = wait
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		go func() {
			for lines := bufio.NewScanner(out); lines.Scan(); {
				if said[i] = append(said[i], lines.Text()); len(said[i]) == 1 {
					ready <- true
				}
			}
			if len(said[i]) == 0 {
				ready <- true // it ended before: done tells why
			}
			done <- cmd.Wait()
		}()
	}
	for range n {
		<-ready
	}
	must(t, errors.Join(wait.Close(), begin.Close()))
	for range n {
		if err := <-done; err != nil {
			t.Errorf("station: %v", err)
		}
	}
	return said
}

func oneActor(t *testing.T, r *Register, id int64) {
	t.Helper()
	history, err := r.History(context.Background(), id)
	must(t, err)
	actors := map[string]bool{}
	for _, e := range history {
		if e.From != e.To && e.From != "" {
			actors[e.Actor] = true
		}
	}
	if len(history) != len(road)+1 || len(actors) != 1 {
		t.Errorf("order %d: %d lines by %v", id, len(history), actors)
	}
}

func TestAKilledStationsOrderIsTakenOverAtOnce(t *testing.T) {
	r := create(t)
	id := add(t, r, "000200000001")
	gone := exec.Command("true")
	must(t, gone.Run())
	dead := strconv.Itoa(gone.Process.Pid)
	_, err := r.Claim(context.Background(), id, Claim{Owner: dead, At: time.Now(), Until: time.Now().Add(time.Hour)})
	must(t, err)
	said := together(t, r.path, 1)[0]
	if want := fmt.Sprintf("did %d issued", id); !slices.Contains(said, want) {
		t.Errorf("the station said %q, want %q", said, want)
	}
}
