package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/cancuoc/cancuoc/card/register"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
	"github.com/cancuoc/cancuoc/reader/pcsc"
)

// batch issues one card after another and keeps what became of each.
type batch struct {
	desk    *desk
	station *station.Desk
	ref     cardRef
	results []issued
	steps   []station.Step // of the order under way
	line    bool           // a progress line stands on the terminal
	warn    bool           // the chips' keys are the default ones, and nobody was told yet
}

// report lets the operator see what the station does: each step as a line, and on a terminal how far the chip is.
func (b *batch) report() {
	b.station.Done = func(id int64, s station.Step) {
		b.steps = append(b.steps, s)
		b.clearLine()
		b.desk.note("order %d  %-11s %9.1f ms  %s", id, s.Name, float64(s.Took.Microseconds())/1000, s.Detail)
	}
	if !terminal(b.desk.err) {
		return
	}
	b.station.Progress = func(done, of int) {
		fmt.Fprintf(b.desk.err, "\rwriting the chip: command %d of %d", done, of)
		b.line = true
	}
}

func (b *batch) clearLine() {
	if b.line {
		fmt.Fprint(b.desk.err, "\r\x1b[K")
		b.line = false
	}
}

func (b *batch) open(ctx context.Context, id int64) (station.Card, error) {
	if b.warn {
		b.clearLine()
		b.desk.note("warning: chips are opened with the default keys, which everybody knows (chip.keys in %s)", station.ConfigName)
		b.warn = false
	}
	if b.ref.scheme == "" { // an order with a chip has come since
		return nil, errNoCardNamed()
	}
	return b.desk.openCard(ctx, b.ref.forOrder(id), true)
}

// one issues the order with this id, 0 for the oldest that waits.
func (b *batch) one(ctx context.Context, id int64) error {
	var order register.Order
	var err error
	if id != 0 {
		order, err = b.station.Issue(ctx, id, func() (station.Card, error) { return b.open(ctx, id) })
		if errors.Is(err, station.ErrNothingToDo) && order.State == register.Issued {
			b.desk.note("order %d is issued already", id)
			err = nil
		}
	} else {
		var found bool
		order, found, err = b.next(ctx, 0)
		if err == nil && !found {
			return b.nothing(ctx)
		}
	}
	b.clearLine()
	if err != nil && order.ID == 0 {
		return err
	}
	b.keep(ctx, order, err)
	if printErr := b.print(); err == nil {
		err = printErr
	}
	return err
}

// nothing answers for a station where no order can be taken.
func (b *batch) nothing(ctx context.Context) error {
	held, err := b.held(ctx)
	if err != nil {
		return err
	}
	if len(held) > 0 {
		return fmt.Errorf("%w: %s", register.ErrClaimed, orders(held))
	}
	b.desk.note("no order waits")
	return b.print()
}

// held lists the orders that wait and that this batch has not tried: other processes work on them.
func (b *batch) held(ctx context.Context) ([]int64, error) {
	ids, err := waiting(ctx, b.station.Register, issueOptions{all: true})
	if err != nil {
		return nil, err
	}
	tried := map[int64]bool{}
	for _, r := range b.results {
		tried[r.ID] = true
	}
	return slices.DeleteFunc(ids, func(id int64) bool { return tried[id] }), nil
}

func orders(ids []int64) string {
	if len(ids) == 1 {
		return fmt.Sprintf("order %d", ids[0])
	}
	return fmt.Sprintf("orders %d and %d others", ids[0], len(ids)-1)
}

func (b *batch) next(ctx context.Context, after int64) (register.Order, bool, error) {
	return b.station.IssueNext(ctx, after, func(id int64) (station.Card, error) { return b.open(ctx, id) })
}

// all issues every order that waits. One that fails is left as it is and told of; the rest go on. With a card in a
// reader the first failure ends the batch: the next card is not there.
func (b *batch) all(ctx context.Context) error {
	failed := 0
	var stopped error
	for after := int64(0); ; {
		order, found, err := b.next(ctx, after)
		if err != nil && order.ID == 0 {
			stopped = err
			break
		}
		if !found {
			break
		}
		b.clearLine()
		b.keep(ctx, order, err)
		after = order.ID
		if err == nil && onPaper(order.Form) {
			continue // the card in the reader is another's
		}
		if err == nil {
			if stopped = b.swap(ctx); stopped != nil {
				break
			}
			continue
		}
		failed++
		if ctx.Err() != nil {
			break
		}
		b.desk.note("cancuoc: %s", sentence(err, exitCode(ctx, err)))
		if b.ref.scheme == "pcsc" {
			break
		}
	}
	if err := b.print(); err != nil {
		return err
	}
	if held, err := b.held(context.WithoutCancel(ctx)); err == nil && len(held) > 0 && ctx.Err() == nil {
		b.desk.note("left alone, since other processes work on them: %s", orders(held))
	} else if err == nil && len(b.results) == 0 && stopped == nil && ctx.Err() == nil {
		b.desk.note("no order waits")
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if stopped != nil {
		return stopped
	}
	if failed > 0 {
		return withCode(exitSome, fmt.Errorf("%d of %d orders failed", failed, len(b.results)))
	}
	return nil
}

// swap lets the operator change the card in a reader, if another order waits.
func (b *batch) swap(ctx context.Context) error {
	if b.ref.scheme != "pcsc" {
		return nil
	}
	left, err := b.held(ctx)
	if err != nil || len(left) == 0 {
		return err
	}
	b.desk.note("take the card out and put the next one in (%d orders wait; interrupt to stop)", len(left))
	return pcsc.AwaitSwap(ctx, b.ref.name)
}

func (b *batch) keep(ctx context.Context, order register.Order, err error) {
	result := issued{ID: order.ID, State: order.State, Chip: order.ChipID, Steps: append([]station.Step{}, b.steps...)}
	if err != nil {
		result.Error, result.Code = err.Error(), exitCode(ctx, err)
	} else if order.State == register.Queued {
		b.desk.note("order %d is queued, not printed: confirm with `cancuoc print confirm %d` when its card is there", order.ID, order.ID)
	}
	b.results, b.steps = append(b.results, result), nil
}

func (b *batch) print() error {
	if b.results == nil {
		b.results = []issued{}
	}
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
