package station

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/register"
	"github.com/cancuoc/cancuoc/layout/spool"
)

// What a station says of its printers and of orders that went to one.
var (
	ErrNoPrinter = errors.New("station: " + ConfigName + " names no such printer")
	ErrQueued    = errors.New("station: the order may have been printed")
)

// checkPrinters says what is wrong with the sections [[printers]].
func checkPrinters(printers []spool.Printer) error {
	seen := map[string]bool{}
	for _, p := range printers {
		if err := p.Validate(); err != nil {
			return err
		}
		if seen[p.Called()] {
			return fmt.Errorf("printers: there are two called %s", p.Called())
		}
		seen[p.Called()] = true
	}
	return nil
}

// printerFor gives the printer that prints documents of this kind by itself.
func (d *Desk) printerFor(doc card.Document) (spool.Printer, bool) {
	for _, p := range d.Printers {
		if p.Paper == doc.OnPaper() {
			return p, true
		}
	}
	return spool.Printer{}, false
}

// Choose gives the printer for an order: the named one, or with "" the first that prints such documents. [ErrNoPrinter]
// when there is none, or when it prints others.
func (d *Desk) Choose(name string, order register.Order) (spool.Printer, error) {
	doc := card.Document{Form: order.Form}
	kind := map[bool]string{true: "paper", false: "cards"}
	p, known := d.printer(name)
	switch {
	case name == "":
		if p, known = d.printerFor(doc); !known {
			return p, fmt.Errorf("%w: it names none for %s (put [[printers]] there with queue = \"NAME\"; `lpstat -e` lists the queues)", ErrNoPrinter, kind[doc.OnPaper()])
		}
	case !known:
		return p, fmt.Errorf("%w as %q", ErrNoPrinter, name)
	case p.Paper != doc.OnPaper():
		return p, fmt.Errorf("%w: %s prints %s, and order %d is on %s", ErrNoPrinter, name, kind[p.Paper], order.ID, kind[doc.OnPaper()])
	}
	return p, nil
}

// unprinted is the state out of which a document is printed.
func unprinted(doc card.Document) register.State {
	if doc.OnPaper() {
		return register.Signed
	}
	return register.Verified
}

// printer gives the printer of that name.
func (d *Desk) printer(name string) (spool.Printer, bool) {
	for _, p := range d.Printers {
		if p.Called() == name {
			return p, true
		}
	}
	return spool.Printer{}, false
}

// Handed is what the history knows of an order's way to a print queue.
type Handed struct {
	Printer string    `json:"printer"`
	Job     spool.Job `json:"job,omitempty"` // empty where the station died before it could note it: nobody knows whether there is one
}

// The lines of history by which an order in a queue is found again.
var (
	handingLine = regexp.MustCompile(`^handing to ([^:]+):`)
	jobLine     = regexp.MustCompile(`^job (\S+) on (.+)$`)
)

// Handed gives where an order that is queued was handed to the last time.
func (d *Desk) Handed(ctx context.Context, id int64) (Handed, error) {
	history, err := d.Register.History(ctx, id)
	if err != nil {
		return Handed{}, err
	}
	var h Handed
	for _, e := range history {
		switch {
		case e.To != register.Queued:
		case e.From == register.Verified || e.From == register.Signed:
			h = Handed{}
			if found := handingLine.FindStringSubmatch(e.Detail); found != nil {
				h.Printer = found[1]
			}
		case e.From == register.Queued:
			if found := jobLine.FindStringSubmatch(e.Detail); found != nil {
				h = Handed{Printer: found[2], Job: spool.Job(found[1])}
			}
		}
	}
	return h, nil
}

// Title is what the job of an order is called in the queue, where anybody may read it.
func Title(id int64) string { return fmt.Sprintf("cancuoc order %d", id) }

// PrintFile is the file of an order's faces.
func (d *Desk) PrintFile(id int64) string { return filepath.Join(d.PrintFolder, PrintName(id)) }

// handOver gives the order's file to its printer's queue. The register has committed that it would: should the
// process die here, the next one knows that it may have been done. What the queue has refused goes back to where it was.
func (j *job) handOver(ctx context.Context) (detail string, err error) {
	ctx = context.WithoutCancel(ctx)
	printer, _ := j.printerFor(j.doc)
	done, err := printer.Submit(ctx, j.PrintFile(j.order.ID), Title(j.order.ID))
	step := register.Step{From: register.Queued, Actor: j.Actor, At: j.Now(), Owner: j.Claim(j.Now()).Owner}
	if errors.Is(err, spool.ErrUncertain) {
		return "", j.mayBePrinted(err)
	}
	if err != nil {
		step.To, step.Detail = unprinted(j.doc), "not handed over: "+strings.TrimPrefix(err.Error(), "spool: ")
		if stuck := j.Register.Advance(ctx, j.order.ID, step); stuck != nil {
			return "", errors.Join(err, stuck)
		}
		j.order.State = step.To
		return "", err
	}
	step.Detail = fmt.Sprintf("job %s on %s", done, printer.Called())
	if err := j.Register.Note(ctx, j.order.ID, step); err != nil {
		return "", fmt.Errorf("it is %s, which the register could not note: %w", step.Detail, err)
	}
	return step.Detail, nil
}

func (j *job) mayBePrinted(why error) error {
	return fmt.Errorf("%w: %w: look at the printer; then `cancuoc print confirm %d`, or `cancuoc print %d --again REASON`", ErrQueued, why, j.order.ID, j.order.ID)
}

// Print hands the faces of an order at verified (at signed, where it has no chip) to the queue of the named printer, or
// of the first that prints such documents. An order that is queued already is handed over once more only for a reason,
// and not while its job still waits there: [ErrQueued].
func (d *Desk) Print(ctx context.Context, id int64, printer, again string) (register.Order, error) {
	order, err := d.Register.Claim(ctx, id, d.Claim(d.Now()))
	if err != nil {
		return register.Order{}, err
	}
	p, err := d.Choose(printer, order)
	if err == nil {
		err = d.mayPrint(ctx, &order, p, again)
	}
	if err != nil {
		return order, errors.Join(err, d.release(ctx, id))
	}
	chosen := *d
	chosen.Printers = append([]spool.Printer{p}, d.Printers...)
	return chosen.carry(ctx, order, nil)
}

func (d *Desk) release(ctx context.Context, id int64) error {
	return d.Register.Release(context.WithoutCancel(ctx), id, d.Claim(d.Now()).Owner)
}

// MayBePrinted tells whether an order can be handed to a queue as it stands, or again.
func MayBePrinted(order register.Order) error {
	if from := unprinted(card.Document{Form: order.Form}); order.State != from && order.State != register.Queued {
		return fmt.Errorf("%w: order %d is %s, and printed is what is %s (`cancuoc order show %d` tells more)", ErrNothingToDo, order.ID, order.State, from, order.ID)
	}
	return nil
}

// mayPrint brings an order to where it is printed from, if it may be.
func (d *Desk) mayPrint(ctx context.Context, order *register.Order, p spool.Printer, again string) error {
	if err := MayBePrinted(*order); err != nil || order.State != register.Queued {
		return err
	}
	handed, err := d.Handed(ctx, order.ID)
	if err != nil {
		return err
	}
	if again == "" {
		return d.printedAlready(order.ID, handed)
	}
	if s, err := d.JobState(ctx, handed); err == nil && s.Progress == spool.Waiting {
		return fmt.Errorf("%w: order %d waits in the queue as job %s: cancel that first (`cancel %s`)", ErrQueued, order.ID, handed.Job, handed.Job)
	}
	if err := p.Ready(ctx); err != nil { // it stays queued where nothing could be printed anyway
		return err
	}
	from := unprinted(card.Document{Form: order.Form})
	err = d.Register.Advance(ctx, order.ID, register.Step{From: register.Queued, To: from, Actor: d.Actor,
		Detail: "to be printed again: " + again, At: d.Now(), Owner: d.Claim(d.Now()).Owner})
	if err == nil {
		order.State = from
	}
	return err
}

func (d *Desk) printedAlready(id int64, h Handed) error {
	how := fmt.Sprintf("order %d is %s on %s", id, h.Job, h.Printer)
	if h.Job == "" {
		how = fmt.Sprintf("order %d was being handed to %s when the station ended", id, h.Printer)
	}
	return fmt.Errorf("%w: %s: `cancuoc print confirm %d` when the card is there, or `cancuoc print %d --again REASON`", ErrQueued, how, id, id)
}

// Confirm says that the card of an order that is queued has been printed, by whom and on what evidence, and records it:
// the card is active. An order that an earlier run left at printed is recorded too.
func (d *Desk) Confirm(ctx context.Context, id int64, operator, evidence string) (register.Order, error) {
	order, err := d.Register.Claim(ctx, id, d.Claim(d.Now()))
	if err != nil {
		return register.Order{}, err
	}
	switch order.State {
	case register.Queued:
		err = d.seen(ctx, &order, operator, evidence)
	case register.Printed:
	default:
		err = fmt.Errorf("%w: it is %s, and confirmed is what is %s", ErrNothingToDo, order.State, register.Queued)
	}
	if err != nil {
		return order, errors.Join(err, d.release(ctx, id))
	}
	return d.carry(ctx, order, nil)
}

func (d *Desk) seen(ctx context.Context, order *register.Order, operator, evidence string) error {
	start := time.Now()
	err := d.Register.Advance(ctx, order.ID, register.Step{From: register.Queued, To: register.Printed, Actor: operator,
		Detail: evidence, At: d.Now(), Owner: d.Claim(d.Now()).Owner})
	if err != nil {
		return err
	}
	order.State = register.Printed
	if d.Done != nil {
		d.Done(order.ID, Step{"confirm", evidence + ", says " + operator, time.Since(start)})
	}
	return nil
}

// JobState asks the print server how far an order's job is; the zero Handed has none, and is unknown.
func (d *Desk) JobState(ctx context.Context, h Handed) (spool.JobState, error) {
	printer, known := d.printer(h.Printer)
	switch {
	case h.Job == "":
		return spool.JobState{Progress: spool.Unknown}, nil
	case !known:
		return spool.JobState{}, fmt.Errorf("%w as %q", ErrNoPrinter, h.Printer)
	}
	return printer.State(ctx, h.Job)
}
