package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card/register"
	"github.com/cancuoc/cancuoc/reader/pcsc"
	"github.com/cancuoc/cancuoc/simulator"
)

// atReaders is a station whose cards are issued at the slots of the virtual reader.
type atReaders struct {
	testing.TB
	folder   string
	register *register.Register
}

func newAtReaders(t testing.TB, orders int) atReaders {
	t.Helper()
	folder := t.TempDir()
	mustRun(t, folder, "init", "station")
	adults(t, folder, orders)
	mustRun(t, folder, "order", "add", "adults.jsonl")
	w, err := (&desk{station: filepath.Join(folder, "station")}).openStation(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.register.Close() })
	return atReaders{t, folder, w.register}
}

// blank makes a card file and gives its path and its chip's number.
func (a atReaders) blank(name string, change func(*simulator.State)) (path, chip string) {
	a.Helper()
	state, err := blankState()
	if err != nil {
		a.Fatal(err)
	}
	if change != nil {
		change(&state)
	}
	path = filepath.Join(a.folder, name)
	if err := writeCard(path, state); err != nil {
		a.Fatal(err)
	}
	return path, hex.EncodeToString(state.ChipID)
}

// put puts a card file into a slot until the test ends or out is called.
func (a atReaders) put(n int, ref string) (out func()) {
	a.Helper()
	out, err := fileInSlot(a.Context(), n, ref)
	if err != nil {
		a.Fatal(err)
	}
	out = sync.OnceFunc(out)
	a.Cleanup(out)
	return out
}

// on gives the order that a chip belongs to.
func (a atReaders) on(ctx context.Context, chip string) (found register.Order) {
	for s, err := range a.register.Orders(ctx, register.Filter{}) {
		if err != nil {
			return register.Order{}
		}
		if o, err := a.register.Order(ctx, s.ID); err == nil && o.ChipID == chip {
			found = o
		}
	}
	return found
}

// operate plays the operator at a slot: a blank card goes in, and out when it is issued; then the next.
func (a atReaders) operate(ctx context.Context, n int, query string) {
	for i := 0; ctx.Err() == nil; i++ {
		path, chip := a.blank(fmt.Sprintf("slot%d-%d.sim", n, i), nil)
		out, err := fileInSlot(ctx, n, path+query)
		if err != nil {
			if ctx.Err() == nil {
				a.Errorf("slot %d: %v", n, err)
			}
			return
		}
		for ctx.Err() == nil && (a.on(ctx, chip).State != register.Issued || inUse(ctx, n)) {
			_ = sleep(ctx, 50*time.Millisecond)
		}
		out()
	}
}

// inUse tells whether a program still holds the card in a slot. An operator takes it out when the program asks for that.
func inUse(ctx context.Context, n int) bool {
	readers, err := pcsc.Readers(ctx)
	return err != nil || slices.ContainsFunc(readers, func(r pcsc.Reader) bool { return r.Name == slotName(n) && r.InUse })
}

// attended runs issue at the readers with an operator at each slot.
func (a atReaders) attended(slots []int, query string, args ...string) (results []issued, stderr string, code int) {
	a.Helper()
	ctx, stop := context.WithCancel(a.Context())
	var operators sync.WaitGroup
	for _, n := range slots {
		operators.Go(func() { a.operate(ctx, n, query) })
	}
	results, stderr, code = a.issue(args...)
	stop()
	operators.Wait()
	return results, stderr, code
}

// issue runs issue --all with the arguments; there are no results where it has refused them.
func (a atReaders) issue(args ...string) (results []issued, stderr string, code int) {
	a.Helper()
	cmd := command(a.TB, a.folder, append([]string{"issue", "--all", "--default-keys", "--json"}, args...)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		a.Fatal(err)
	}
	hangs := time.AfterFunc(3*time.Minute, func() { cmd.Process.Kill() })
	defer hangs.Stop()
	cmd.Wait()
	if err := json.Unmarshal(out.Bytes(), &results); err != nil && out.Len() > 0 {
		a.Fatalf("%v: %s\n%s", err, out.Bytes(), errs.Bytes())
	}
	return results, errs.String(), cmd.ProcessState.ExitCode()
}

// mustBeIssued demands that each of the orders is issued, each on a chip of its own.
func (a atReaders) mustBeIssued(orders int) {
	a.Helper()
	chips := map[string]int64{}
	for id := int64(1); id <= int64(orders); id++ {
		o, err := a.register.Order(a.Context(), id)
		if err != nil || o.State != register.Issued || chips[o.ChipID] != 0 {
			a.Errorf("order %d is %s on chip %s, which is that of order %d; %v", id, o.State, o.ChipID, chips[o.ChipID], err)
		}
		chips[o.ChipID] = id
	}
}

// Four readers with an operator at each: every order is issued once, at whichever reader.
func TestSeveralReaders(t *testing.T) {
	if !insideReaders(t) {
		return
	}
	a := newAtReaders(t, 9)
	results, stderr, code := a.attended([]int{1, 2, 3, 4}, "", "--readers", "all")
	if code != 0 || len(results) != 9 {
		t.Fatalf("exit code %d, %d results\n%s", code, len(results), stderr)
	}
	at := map[string]int{}
	for i, r := range results {
		if r.ID != int64(i+1) || r.Error != "" || len(r.Steps) != 6 {
			t.Errorf("result %d: order %d, %d steps, %s", i, r.ID, len(r.Steps), r.Error)
		}
		at[r.Reader]++
	}
	for n := 1; n <= 4; n++ {
		if at[slotName(n)] == 0 || !strings.Contains(stderr, "\n"+slotName(n)+": order ") {
			t.Errorf("%s: %d cards\n%s", slotName(n), at[slotName(n)], stderr)
		}
	}
	if strings.Count(stderr, "default keys") != 1 || !strings.Contains(stderr, ": take the card out and put the next one in / lấy thẻ ra, đặt thẻ tiếp theo vào (") {
		t.Errorf("the operator is not told what to do:\n%s", stderr)
	}
	a.mustBeIssued(9)
}

// A card that fails stops its reader alone. Put into another reader it is known again, though other cards are there too.
func TestOneReaderFails(t *testing.T) {
	if !insideReaders(t) {
		return
	}
	a := newAtReaders(t, 5)
	torn, chip := a.blank("torn.sim", nil)
	pulled := a.put(1, torn+"?fault=cut@12")
	results, stderr, code := a.attended([]int{2, 3}, "", "--readers", "all")
	if code != exitSome || len(results) != 5 || !strings.Contains(stderr, "1 of 5 orders failed") {
		t.Fatalf("exit code %d, %d results\n%s", code, len(results), stderr)
	}
	begun := a.on(t.Context(), chip)
	if begun.State != register.Signed {
		t.Fatalf("the torn card's order %d is %s\n%s", begun.ID, begun.State, stderr)
	}

	pulled()

	// With other cards alone, the order stays for its own, and the command says so and ends.
	blank, _ := a.blank("blank.sim", nil)
	out := a.put(2, blank)
	results, stderr, code = a.issue("--readers", slotName(2)+",c 00 00")
	if code != exitSome || len(results) != 1 || results[0].ID != begun.ID || !strings.Contains(stderr, "chip "+chip+" was in no reader") {
		t.Fatalf("exit code %d, %v\n%s", code, results, stderr)
	}
	out()

	a.put(4, torn)
	if _, stderr, code := a.issue("--readers", "c 00 01,00 00"); code != exitUsage || !strings.Contains(stderr, "2 readers have") {
		t.Errorf("a part of two readers' names: exit code %d\n%s", code, stderr)
	}
	if _, stderr, code := a.issue("--readers", "all,c 00 01"); code != exitUsage || !strings.Contains(stderr, "named twice") {
		t.Errorf("a reader named twice: exit code %d\n%s", code, stderr)
	}
	results, stderr, code = a.issue("--readers", "all")
	if code != 0 || len(results) != 1 || results[0].Reader != slotName(4) || results[0].Chip != chip {
		t.Fatalf("exit code %d, %v\n%s", code, results, stderr)
	}
	a.mustBeIssued(5)
}

// A card that answers with a wrong cryptogram stops every reader: each ends the card that it has, and begins no other.
func TestWrongCryptogramStopsTheLine(t *testing.T) {
	if !insideReaders(t) {
		return
	}
	a := newAtReaders(t, 6)
	foreign, chip := a.blank("foreign.sim", func(s *simulator.State) { s.Keys.MAC[0] ^= 1; s.Keys.ENC[0] ^= 1 })
	a.put(1, foreign)
	blank, other := a.blank("other.sim", nil)
	a.put(3, blank+"?page=20ms")
	results, stderr, code := a.issue("--readers", "all")
	if code != exitSome || len(results) > 2 || !strings.Contains(stderr, "no further card was begun") || !strings.Contains(stderr, "not begun: orders ") {
		t.Fatalf("exit code %d, %v\n%s", code, results, stderr)
	}
	if o := a.on(t.Context(), chip); o.ID != 0 {
		t.Errorf("order %d has the foreign chip", o.ID)
	}
	if o := a.on(t.Context(), other); o.ID != 0 && o.State != register.Issued {
		t.Errorf("the card that was under way is left %s", o.State)
	}
	issued := 0
	for range a.register.Orders(t.Context(), register.Filter{States: []register.State{register.Issued}}) {
		issued++
	}
	if issued > 1 {
		t.Errorf("%d cards were issued", issued)
	}
}

// Interrupted in the midst of four cards, the run ends at once; the cards are put into other readers than they were in,
// and the next run finishes each.
func TestSeveralReadersInterrupted(t *testing.T) {
	if !insideReaders(t) {
		return
	}
	a := newAtReaders(t, 4)
	var paths [4]string
	var outs [4]func()
	for i := range paths {
		paths[i], _ = a.blank(fmt.Sprintf("card%d.sim", i), nil)
		outs[i] = a.put(i+1, paths[i]+"?page=15ms")
	}
	cmd := command(t, a.folder, "issue", "--all", "--readers", "all", "--default-keys")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for range 600 {
		begun := 0
		for id := int64(1); id <= 4; id++ {
			if o, err := a.register.Order(t.Context(), id); err == nil && o.ChipID != "" {
				begun++
			}
		}
		if begun == 4 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	cmd.Process.Signal(os.Interrupt)
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted {
		t.Fatalf("exit code %d\n%s", code, stderr.Bytes())
	}
	for i := range outs {
		outs[i]()
	}
	for id := int64(1); id <= 4; id++ {
		if o, err := a.register.Order(t.Context(), id); err != nil || o.State != register.Signed || o.ChipID == "" {
			t.Errorf("order %d was not interrupted in its midst: it is %s; %v", id, o.State, err)
		}
	}
	for i := range paths {
		a.put((i+1)%4+1, paths[i])
	}
	results, second, code := a.issue("--readers", "all")
	if code != 0 {
		t.Fatalf("exit code %d, %v\n%s\n%s", code, results, stderr.Bytes(), second)
	}
	a.mustBeIssued(4)
}

// BenchmarkReaders issues cards on chips that take their time, at one reader and at four, with an operator at each who is
// as quick as pcscd: eight cards, and in a soak twenty.
func BenchmarkReaders(b *testing.B) {
	if os.Getenv(insideNamespace) == "" {
		besideBench(b, "CANCUOC_READERS=4")
		return
	}
	orders := 8
	if os.Getenv("CANCUOC_SOAK") != "" {
		orders = 20
	}
	seconds := map[int]float64{}
	for _, readers := range []int{1, 4} {
		a := newAtReaders(b, orders)
		var slots []int
		var names []string
		for n := 1; n <= readers; n++ {
			slots, names = append(slots, n), append(names, slotName(n))
		}
		start := time.Now()
		results, stderr, code := a.attended(slots, "?bitrate=424000&page=3ms", "--readers", strings.Join(names, ","))
		if code != 0 || len(results) != orders {
			b.Fatalf("exit code %d, %d results\n%s", code, len(results), stderr)
		}
		seconds[readers] = time.Since(start).Seconds()
		b.ReportMetric(seconds[readers]/float64(orders), fmt.Sprintf("s/card-at-%d", readers))
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(seconds[1]/seconds[4], "times-faster")
}
