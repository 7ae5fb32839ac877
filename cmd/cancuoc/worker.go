package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/card/register"
	"github.com/cancuoc/cancuoc/card/scp"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
	"github.com/cancuoc/cancuoc/reader/pcsc"
)

// worker issues one card after another: with card files, or at one reader.
type worker struct {
	*batch
	ref   cardRef
	name  string // of its reader, where there are several
	row   int    // of the board
	at    *station.Desk
	steps []station.Step // of the order under way

	used   bool   // the order under way has had the card
	loaded bool   // there is a card in the reader that no order has had
	spent  bool   // the card in the reader is to be taken out
	chip   string // the card's own number, where it matters
}

// worker makes one whose steps the operator sees: each as a line, and on a terminal how far the chip is.
func (b *batch) worker(row int, ref cardRef, name string) *worker {
	at := *b.station
	w := &worker{batch: b, ref: ref, name: name, row: row, at: &at}
	var order int64
	at.Begin = func(id int64, step string) {
		order = id
		w.show("order %d  %s", id, step)
	}
	at.Progress = func(done, of int) { w.show("order %d  writing the chip: command %d of %d", order, done, of) }
	at.Done = func(id int64, s station.Step) {
		w.steps = append(w.steps, s)
		w.note("order %d  %-11s %9.1f ms  %s", id, s.Name, float64(s.Took.Microseconds())/1000, s.Detail)
	}
	return w
}

// prefix puts the reader's name before what is said of it, where there are several.
func (w *worker) prefix(format string) (string, []any) {
	if w.name == "" {
		return format, nil
	}
	return "%s: " + format, []any{printable(w.name)}
}

func (w *worker) note(format string, args ...any) {
	format, name := w.prefix(format)
	w.board.note(format, append(name, args...)...)
}

// complain tells of an error, in which a card or a reader may have put what a terminal would obey.
func (w *worker) complain(ctx context.Context, what string, err error) {
	w.note("%s%s", what, printable(bilingual(err, exitCode(ctx, err))))
}

func (w *worker) show(format string, args ...any) {
	format, name := w.prefix(format)
	w.board.show(w.row, fmt.Sprintf(format, append(name, args...)...))
}

// ask tells the operator what to do: where there is a terminal, in the worker's line until it is done. Behind a reader's
// name, which may be long, the line has room for few words.
func (w *worker) ask(ctx context.Context, what, inFew string) {
	switch {
	case w.board.width == nil:
		w.note("%s%s", what, w.waiting(ctx))
	case w.name != "":
		w.show("%s", inFew)
	default:
		w.show("%s%s", what, w.waiting(ctx))
	}
}

// single issues one order, 0 for the oldest that waits.
func (w *worker) single(ctx context.Context, id int64) (order register.Order, found bool, err error) {
	defer w.board.show(w.row, "")
	if id == 0 {
		return w.at.IssueNext(ctx, 0, func(id int64) (station.Card, error) { return w.open(id) })
	}
	order, err = w.at.Issue(ctx, id, func() (station.Card, error) { return w.open(id) })
	return order, true, err
}

// run issues orders until none is left, or until this worker cannot go on.
func (w *worker) run(ctx context.Context) error {
	defer w.board.show(w.row, "")
	for ctx.Err() == nil {
		id, err := w.next(ctx)
		if err == nil && id != 0 {
			err = w.issue(ctx, id)
		}
		switch {
		case errors.Is(err, errReaderStops):
			return nil
		case err != nil && w.name != "" && ctx.Err() == nil:
			w.complain(ctx, "this reader stops: ", err)
			return err
		case err != nil || id == 0:
			return err
		}
	}
	return ctx.Err()
}

// next waits for an order, and for a card where it needs one. No id: there is none left.
func (w *worker) next(ctx context.Context) (int64, error) {
	for {
		id, missing, err := w.take(ctx, w.chip, w.loaded || w.ref.scheme != "pcsc")
		if err != nil || !missing {
			return id, err
		}
		if err := w.awaitCard(ctx); err != nil {
			if w.waits.Err() != nil && ctx.Err() == nil {
				return 0, nil
			}
			return 0, err
		}
	}
}

// awaitCard lets the operator put a card into the reader, in the place of one that is spent.
func (w *worker) awaitCard(ctx context.Context) error {
	there, err := cardIn(ctx, w.ref.name)
	switch {
	case err != nil:
		return err
	case w.spent && there:
		w.ask(ctx, "take the card out and put the next one in / lấy thẻ ra, đặt thẻ tiếp theo vào", "change the card / đổi thẻ")
		err = pcsc.AwaitSwap(w.waits, w.ref.name)
	case !there:
		w.ask(ctx, "put a card in / đặt thẻ vào", "put a card in / đặt thẻ vào")
		err = pcsc.AwaitCard(w.waits, w.ref.name)
	}
	if err != nil {
		return err
	}
	w.loaded, w.spent, w.chip = true, false, ""
	if w.anyBegun() {
		w.chip = w.whoIsIn(ctx)
	}
	return nil
}

// waiting says how many orders wait.
func (w *worker) waiting(ctx context.Context) string {
	left, err := w.untried(ctx)
	switch {
	case err != nil || len(left) == 0:
		return ""
	case len(left) == 1:
		return " (1 order waits; interrupt to stop)"
	}
	return fmt.Sprintf(" (%d orders wait; interrupt to stop)", len(left))
}

// whoIsIn asks the chip in the reader for its number. One that does not tell is tried as any other.
func (w *worker) whoIsIn(ctx context.Context) string {
	card, err := w.ref.open(ctx, false)
	if err != nil {
		return ""
	}
	defer card.Close()
	id, _ := w.at.ChipID(card)
	return id
}

// cardIn tells whether a card is in the reader of this name.
func cardIn(ctx context.Context, name string) (bool, error) {
	readers, err := pcsc.Readers(ctx)
	if err != nil {
		return false, err
	}
	for _, r := range readers {
		if r.Name == name {
			return r.Card, nil
		}
	}
	return false, fmt.Errorf("%w: %s is gone", pcsc.ErrNoReader, name)
}

// errReaderStops ends a worker whose card has failed: the next card is not there. What was wrong has been told.
var errReaderStops = errors.New("the reader stops")

// issue issues one order. When it fails before it has had the card, or with card files, the worker goes on; at a reader
// it ends.
func (w *worker) issue(ctx context.Context, id int64) error {
	defer w.finished(context.WithoutCancel(ctx))
	w.used, w.steps = false, nil
	order, err := w.at.Issue(ctx, id, func() (station.Card, error) { return w.open(id) })
	if w.used {
		w.loaded, w.spent = false, true
	}
	switch {
	case order.ID == 0 && errors.Is(err, register.ErrClaimed): // another process was quicker
		return nil
	case order.ID == 0:
		return err
	case w.ref.scheme == "pcsc" && (errors.Is(err, perso.ErrLocked) || errors.Is(err, register.ErrChipTaken)):
		w.complain(ctx, "", err)
		w.giveBack(id)
		return nil
	}
	w.keep(ctx, order, err)
	if err == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	w.complain(ctx, "cancuoc: ", err)
	if stopsTheLine(err) {
		w.halt()
	}
	if w.used && w.ref.scheme == "pcsc" {
		return errReaderStops
	}
	return nil
}

// stopsTheLine tells of an error that the next chip would have too, and be the worse for it.
func stopsTheLine(err error) bool {
	return errors.Is(err, scp.ErrCryptogram) || errors.Is(err, scp.ErrAuthentication)
}

// open opens the card for an order.
func (w *worker) open(id int64) (station.Card, error) {
	w.used = true
	w.warnOnce()
	if w.ref.scheme == "" { // an order with a chip has come since
		return nil, errNoCardNamed()
	}
	return w.desk.openCard(w.late, w.ref.forOrder(id), true)
}

func (w *worker) warnOnce() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.warn {
		w.board.note("%s", warningOfDefaultKeys)
		w.warn = false
	}
}

// keep keeps what became of an order.
func (w *worker) keep(ctx context.Context, order register.Order, err error) {
	result := issued{ID: order.ID, Reader: w.name, State: order.State, Chip: order.ChipID,
		Steps: append([]station.Step{}, w.steps...)}
	if err != nil {
		result.Error, result.Code = err.Error(), exitCode(ctx, err)
	} else if order.State == register.Queued {
		w.note("order %d is queued, not printed: confirm with `cancuoc print confirm %d` when its card is there", order.ID, order.ID)
	}
	w.batch.keep(result)
}
