package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/cancuoc/cancuoc/card/register"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
)

// batch is one run of issue: it hands the waiting orders to its workers, each order once, and keeps what became of each.
//
// At a reader an order needs a card that the operator puts in: a worker asks first whether an order waits that needs one,
// then for the card, and only then takes the order. One that an earlier run has begun on a chip is for the reader in which
// this chip turns up.
type batch struct {
	desk    *desk
	station *station.Desk
	board   *board

	waits context.Context    // of the workers, for cards
	end   context.CancelFunc // of the waits: no order is left
	late  context.Context    // of the cards in use: it ends a little after the run's
	drop  context.CancelFunc // of those cards

	mutex   sync.Mutex
	results []issued
	tried   map[int64]bool
	after   int64            // the orders up to this one have been looked at
	back    []int64          // of those, the ones that wait for a card
	chips   bool             // cards come to readers as they come
	begun   map[string]int64 // by the chip: the orders that are for no other
	working int              // workers that have an order
	dry     bool             // no order was left after those
	halted  bool             // a wrong cryptogram: no further card is begun
	warn    bool             // the chips' keys are the default ones, and nobody was told yet
}

// newBatch makes a run of so many workers.
func newBatch(ctx context.Context, d *desk, s *station.Desk, workers int, warn bool) *batch {
	b := &batch{desk: d, station: s, board: newBoard(d.err, workers), tried: map[int64]bool{}, begun: map[string]int64{}, warn: warn}
	b.waits, b.end = context.WithCancel(ctx)
	b.late, b.drop = withGrace(ctx)
	return b
}

// grace is how long a command that is on its way to a card may still take when the operator interrupts.
const grace = 5 * time.Second

// withGrace gives a context that ends a little after another.
func withGrace(ctx context.Context) (context.Context, context.CancelFunc) {
	late, drop := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, drop) })
	return late, func() { stop(); drop() }
}

// close ends the run.
func (b *batch) close() {
	b.end()
	b.drop()
	b.board.close()
}

// one issues the order with this id, 0 for the oldest that waits.
func (b *batch) one(ctx context.Context, ref cardRef, id int64) error {
	w := b.worker(0, ref, "")
	order, found, err := w.single(ctx, id)
	if errors.Is(err, station.ErrNothingToDo) && order.State == register.Issued {
		b.board.note("order %d is issued already", id)
		err = nil
	}
	switch {
	case err == nil && !found:
		return b.nothing(ctx)
	case err != nil && order.ID == 0:
		return err
	}
	w.keep(ctx, order, err)
	if printErr := b.print(); err == nil {
		err = printErr
	}
	return err
}

// nothing answers for a station where no order can be taken.
func (b *batch) nothing(ctx context.Context) error {
	held, err := b.untried(ctx)
	if err != nil {
		return err
	}
	if len(held) > 0 {
		return fmt.Errorf("%w: %s", register.ErrClaimed, orders(held))
	}
	b.board.note("no order waits")
	return b.print()
}

// all issues every order that waits, with one worker for each reference.
func (b *batch) all(ctx context.Context, refs []cardRef) error {
	b.chips = refs[0].scheme == "pcsc" // card files have their orders' numbers
	if b.chips {
		if err := b.findBegun(ctx); err != nil {
			return err
		}
	}
	errs := make([]error, len(refs))
	var wait sync.WaitGroup
	for i, ref := range refs {
		name := ""
		if len(refs) > 1 {
			name = ref.name
		}
		w := b.worker(i, ref, name)
		wait.Go(func() { errs[i] = w.run(ctx) })
	}
	wait.Wait()
	b.leftBegun(ctx)
	if err := b.print(); err != nil {
		return err
	}
	return b.outcome(ctx, errs)
}

// leftBegun tells of orders whose chip was in no reader.
func (b *batch) leftBegun(ctx context.Context) {
	if !b.dry || b.halted || ctx.Err() != nil {
		return
	}
	for _, id := range slices.Sorted(maps.Values(b.begun)) {
		order, err := b.station.Register.Claim(ctx, id, b.claim())
		if err != nil { // another process works on it
			continue
		}
		b.release(ctx, id)
		b.tried[id] = true
		err = fmt.Errorf("order %d: %w: chip %s was in no reader", id, register.ErrOtherChip, order.ChipID)
		b.board.note("cancuoc: %s", printable(sentence(err, exitCard)))
		b.results = append(b.results, issued{ID: id, State: order.State, Chip: order.ChipID, Steps: []station.Step{},
			Error: err.Error(), Code: exitCard})
	}
}

// outcome is how the run ends: interrupted, without what it needs to go on, with orders that failed, or well.
func (b *batch) outcome(ctx context.Context, errs []error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	b.tellUntried(ctx)
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	failed := 0
	for _, r := range b.results {
		if r.Error != "" {
			failed++
		}
	}
	switch {
	case failed == 0:
		return nil
	case b.halted:
		return withCode(exitSome, fmt.Errorf("%d of %d orders failed, and no further card was begun: "+
			"with the wrong keys a chip soon refuses every key (see chip.keys in %s)", failed, len(b.results), station.ConfigName))
	}
	return withCode(exitSome, fmt.Errorf("%d of %d orders failed", failed, len(b.results)))
}

// tellUntried says which orders nobody has tried, and why.
func (b *batch) tellUntried(ctx context.Context) {
	left, err := b.untried(ctx)
	switch {
	case err != nil:
	case len(left) == 0 && len(b.results) == 0:
		b.board.note("no order waits")
	case len(left) > 0 && b.dry && len(b.back) == 0:
		b.board.note("left alone, since other processes work on them: %s", orders(left))
	case len(left) > 0:
		b.board.note("not begun: %s", orders(left))
	}
}

// untried lists the orders that wait and that no worker has taken.
func (b *batch) untried(ctx context.Context) ([]int64, error) {
	ids, err := waiting(ctx, b.station.Register, issueOptions{all: true})
	if err != nil {
		return nil, err
	}
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return slices.DeleteFunc(ids, func(id int64) bool { return b.tried[id] }), nil
}

func orders(ids []int64) string {
	if len(ids) == 1 {
		return fmt.Sprintf("order %d", ids[0])
	}
	return fmt.Sprintf("orders %d and %d others", ids[0], len(ids)-1)
}

// keep keeps what became of an order.
func (b *batch) keep(result issued) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.tried[result.ID] = true
	b.results = append(b.results, result)
}

func (b *batch) print() error {
	b.board.close()
	if b.results == nil {
		b.results = []issued{}
	}
	slices.SortFunc(b.results, func(a, b issued) int { return cmp.Compare(a.ID, b.ID) })
	return b.desk.print(b.results, func(w io.Writer) {
		for _, r := range b.results {
			fmt.Fprintf(w, "order %d  %s  chip %s  %s\n", r.ID, r.State, orDash(r.Chip), took(r.Steps))
		}
	})
}

func took(steps []station.Step) string {
	var sum time.Duration
	for _, s := range steps {
		sum += s.Took
	}
	return sum.Round(time.Millisecond).String()
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
