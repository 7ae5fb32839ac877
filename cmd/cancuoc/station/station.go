// Package station is the issuing desk: it moves an order from one state to the next until its card is issued.
//
//	ordered -> checked -> signed -> personalised -> verified -> printed -> issued
//	ordered -> checked -> signed ------------------------------> printed -> issued   a certificate on paper
//	                                                         -> queued  -> printed, where a printer prints
//
// The states and their steps are a table for each kind of document, and one loop. Each step ends in one transaction of the register that moves
// the order and writes its line of history; so a desk that loses its power is resumed by running it again. Before the
// first command that cannot be undone goes to a chip, the register has committed which chip that is; before a card is
// handed to a print queue, that it will be. Out of a queue an order is moved by whoever has seen the card.
package station

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/eac"
	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/pki/cvc"
	"github.com/cancuoc/cancuoc/card/register"
	"github.com/cancuoc/cancuoc/layout/spool"
)

// Card is a card in a reader, of whatever kind.
type Card interface {
	apdu.Transmitter
	Reset() error // selection and sessions are lost
	Close() error
}

// Dialogue is a card with the source of what the terminal draws to speak to it, apart from all else that a desk draws: so
// that a dialogue can be recorded, and played back.
type Dialogue struct {
	Card
	Rand io.Reader
}

// Limits are those of the way to the card.
func (d Dialogue) Limits() apdu.Limits { return apdu.LimitsOf(d.Card) }

// Desk is one station at work.
type Desk struct {
	Register    *register.Register
	Signers     *Signers                  // who signs
	Trust       func() (pki.Trust, error) // what signers and cards are judged by; what is put there counts at once
	CVCA        []*cvc.Certificate        // whose terminals may read fingerprints; none: cards without
	Terminal    *eac.Credentials          // as which fingerprints are read back; none: they are not
	Chips       ChipKeys                  // what kind of chips are written, and with which keys
	Force       bool                      // a chip that has refused keys is shown them again
	PrintFolder string
	Templates   Templates // of the faces, where they are not those of this program

	QualitySample int             // the faces of each order whose number this divides are read back before they are printed; 0: of none
	Printers      []spool.Printer // of those for cards and those for paper, the first prints; none: printed is whose file is written

	Actor string                            // names the station in the history
	Claim func(at time.Time) register.Claim // this process's word that it works on an order
	Rand  io.Reader
	Now   func() time.Time

	Trace    apdu.Trace                   // sees every command
	Progress func(done, of int)           // if set, is told how far the chip has been written
	Begin    func(id int64, name string)  // if set, is told of each step that begins
	Done     func(id int64, outcome Step) // if set, is told of each step that is done
}

// Step is one step that is done.
type Step struct {
	Name   string        `json:"name"`
	Detail string        `json:"detail"` // what it did, for the operator
	Took   time.Duration `json:"took_ns"`
}

// stage is one row of the table: what leads from one state to the next. run gives what the history is to remember.
type stage struct {
	from, to register.State
	name     string
	run      func(*job, context.Context) (outcome, error)
}

// outcome is what a step leaves: a line for the history and the operator, and data to resume from.
type outcome struct {
	detail string
	data   []byte
	use    register.KeyUse // of the key that signed
}

func stages() []stage {
	return []stage{
		{register.Ordered, register.Checked, "check", (*job).check},
		{register.Checked, register.Signed, "sign", (*job).sign},
		{register.Signed, register.Personalised, "personalise", (*job).personalise},
		{register.Personalised, register.Verified, "verify", (*job).verify},
		{register.Verified, register.Printed, "print", (*job).print},
		{register.Printed, register.Issued, "record", (*job).record},
	}
}

// paperStages are those of a document without a chip.
func paperStages() []stage {
	return []stage{
		{register.Ordered, register.Checked, "check", (*job).check},
		{register.Checked, register.Signed, "sign", (*job).signRecord},
		{register.Signed, register.Printed, "print", (*job).print},
		{register.Printed, register.Issued, "record", (*job).record},
	}
}

// stageFrom finds the stage that leads a document out of a state.
func stageFrom(doc card.Document, state register.State) (stage, bool) {
	table := stages()
	if doc.OnPaper() {
		table = paperStages()
	}
	for _, s := range table {
		if s.from == state {
			return s, true
		}
	}
	return stage{}, false
}

// next finds it at this desk: where a printer prints, the station's way ends in its queue.
func (d *Desk) next(doc card.Document, state register.State) (stage, bool) {
	s, more := stageFrom(doc, state)
	if _, prints := d.printerFor(doc); prints && s.to == register.Printed {
		s.to = register.Queued
	}
	return s, more
}

// job is one order on its way.
type job struct {
	*Desk
	order register.Order
	doc   card.Document
	open  func() (Card, error)
	card  Card      // once it has been opened
	rand  io.Reader // of the dialogue with it
	dry   bool      // nothing is to be counted or kept
}

// Issue takes one order as far as it goes: to issued, if nothing stands in the way. open gives the card for it and is
// called when a step first needs one.
func (d *Desk) Issue(ctx context.Context, id int64, open func() (Card, error)) (register.Order, error) {
	order, err := d.Register.Claim(ctx, id, d.Claim(d.Now()))
	if err != nil {
		return register.Order{}, err
	}
	return d.carry(ctx, order, open)
}

// IssueNext does the same for the oldest order above id after that waits and that no other process works on. It
// answers false when there is none.
func (d *Desk) IssueNext(ctx context.Context, after int64, open func(id int64) (Card, error)) (order register.Order, found bool, err error) {
	order, found, err = d.Register.Next(ctx, register.Filter{After: after}, d.Claim(d.Now()))
	if err != nil || !found {
		return order, found, err
	}
	order, err = d.carry(ctx, order, func() (Card, error) { return open(order.ID) })
	return order, true, err
}

func (d *Desk) carry(ctx context.Context, order register.Order, open func() (Card, error)) (register.Order, error) {
	defer d.Register.Release(context.WithoutCancel(ctx), order.ID, d.Claim(d.Now()).Owner)
	doc, err := card.ParseRecord(order.Record)
	if err != nil {
		return order, err
	}
	j := &job{Desk: d, order: order, doc: doc, open: open}
	defer j.closeCard()
	for {
		s, more := j.next(j.doc, j.order.State)
		if !more {
			return j.order, nothingToDo(order.State, j.order)
		}
		if err := j.advance(ctx, s); err != nil {
			return j.order, fmt.Errorf("order %d: %s: %w", j.order.ID, s.name, err)
		}
	}
}

// ErrNothingToDo is answered for an order that was at the end of its way, or aside of it, before we began.
var ErrNothingToDo = errors.New("station: the order cannot be moved on")

func nothingToDo(before register.State, order register.Order) error {
	if before != order.State {
		return nil
	}
	if order.State == register.Queued {
		return fmt.Errorf("%w: it is queued already: `cancuoc print confirm %d` when its card is there", ErrNothingToDo, order.ID)
	}
	if order.Reason != "" {
		return fmt.Errorf("%w: it is %s (%s)", ErrNothingToDo, order.State, order.Reason)
	}
	return fmt.Errorf("%w: it is %s already", ErrNothingToDo, order.State)
}

// advance does one step and moves the order on in the register, in one transaction with its line of history.
func (j *job) advance(ctx context.Context, s stage) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if j.Begin != nil {
		j.Begin(j.order.ID, s.name)
	}
	start := time.Now()
	result, err := s.run(j, ctx)
	if err != nil {
		return err
	}
	err = j.Register.Advance(ctx, j.order.ID, register.Step{
		From: s.from, To: s.to, Actor: j.Actor, Detail: result.detail, At: j.Now(), Owner: j.Claim(j.Now()).Owner, Data: result.data, KeyUse: result.use,
	})
	if err != nil {
		return err
	}
	j.order.State = s.to
	if s.to == register.Queued {
		handed, err := j.handOver(ctx)
		if err != nil {
			return err
		}
		result.detail += "; " + handed
	}
	if j.Done != nil {
		j.Done(j.order.ID, Step{s.name, result.detail, time.Since(start)})
	}
	return nil
}

// connect gives the wire to the order's card, opened once.
func (j *job) connect() (*apdu.Conn, error) {
	if j.card == nil {
		opened, err := j.open()
		if err != nil {
			return nil, err
		}
		j.card, j.rand = opened, j.Rand
		if d, ok := opened.(Dialogue); ok {
			j.rand = d.Rand
		}
	}
	return &apdu.Conn{Wire: j.Trace.Wire(j.card)}, nil
}

func (j *job) closeCard() {
	if j.card != nil {
		j.card.Close()
	}
}
