package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/card/register"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
	"github.com/cancuoc/cancuoc/reader/pcsc"
)

type issueOptions struct {
	id             int64
	all, dryRun    bool
	card           string
	passphraseFile string
}

func newIssueCommand(d *desk) *cobra.Command {
	var opts issueOptions
	cmd := &cobra.Command{
		Use: "issue [ID | --all] --card REF", Short: "Issue the card of an order: sign, personalise, verify, print, record",
		Args: cobra.MaximumNArgs(1), ValidArgsFunction: d.completeOrders,
		Long: `Issue the card of an order, or with --all of every order that waits; without either, of the oldest one.
Interrupted or killed, it is run again and finishes the same card.`,
		Example: `  cancuoc issue 1 --card sim:card.sim
  cancuoc issue --all --card sim:cards/
  cancuoc issue --card pcsc: --dry-run`,
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := parseID(args)
			if err != nil {
				return err
			}
			opts.id = id
			return runIssue(cmd.Context(), d, opts)
		},
	}
	cmd.Flags().BoolVar(&opts.all, "all", false, "every order that waits, one after another")
	addCardFlag(cmd, &opts.card)
	cmd.Flags().BoolVar(&opts.dryRun, "dry-run", false, "say what would be written, and touch neither chip nor register")
	cmd.Flags().StringVar(&opts.passphraseFile, "passphrase-file", "", "the passphrase of the signing key is in `FILE`")
	return cmd
}

// issued is the result for one order.
type issued struct {
	ID    int64          `json:"id"`
	State register.State `json:"state"`
	Chip  string         `json:"chip,omitempty"`
	Steps []station.Step `json:"steps"`
	Error string         `json:"error,omitempty"`
	Code  int            `json:"code"`
}

func runIssue(ctx context.Context, d *desk, opts issueOptions) error {
	if opts.all && opts.id != 0 {
		return withCode(exitUsage, errors.New("name one order or --all, not both"))
	}
	w, err := d.openStation(ctx)
	if err != nil {
		return err
	}
	defer w.register.Close()
	if opts.dryRun {
		return d.withPassphrase(opts.passphraseFile, func(p []byte) error { return planIssue(ctx, d, w, opts, p) })
	}
	ref, err := parseRef(opts.card)
	if err != nil {
		return err
	}
	if opts.all && ref.scheme == "sim" && !ref.folder() {
		return withCode(exitUsage, errors.New("--all with one card file would put every citizen on it: name a folder, sim:DIR/"))
	}
	return d.withPassphrase(opts.passphraseFile, func(p []byte) error { return issueWith(ctx, d, w, opts, ref, p) })
}

func issueWith(ctx context.Context, d *desk, w *workplace, opts issueOptions, ref cardRef, passphrase []byte) error {
	atDesk, err := w.desk(d, passphrase)
	if err != nil {
		return err
	}
	batch := &batch{desk: d, station: atDesk, ref: ref, warn: w.config.DefaultKeys()}
	batch.report()
	if opts.all {
		return batch.all(ctx)
	}
	return batch.one(ctx, opts.id)
}

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
	return b.ref.forOrder(id).open(ctx, true)
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
	return slices.DeleteFunc(ids, func(id int64) bool {
		return slices.ContainsFunc(b.results, func(r issued) bool { return r.ID == id })
	}), nil
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
	left, err := b.held(ctx)
	if err != nil || b.ref.scheme != "pcsc" || len(left) == 0 {
		return err
	}
	b.desk.note("take the card out and put the next one in (%d orders wait; interrupt to stop)", len(left))
	return pcsc.AwaitSwap(ctx, b.ref.name)
}

func (b *batch) keep(ctx context.Context, order register.Order, err error) {
	result := issued{ID: order.ID, State: order.State, Chip: order.ChipID, Steps: append([]station.Step{}, b.steps...)}
	if err != nil {
		result.Error, result.Code = err.Error(), exitCode(ctx, err)
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

// planned is the dry run of one order, for chips with short and with extended commands.
type planned struct {
	ID       int64        `json:"id"`
	Short    perso.Report `json:"short"`
	Extended perso.Report `json:"extended"`
	Error    string       `json:"error,omitempty"`
}

// extendedBuffers are those of the simulated card, for a plan without a chip.
func extendedBuffers() lds.Buffers { return lds.Buffers{Command: 2048, Response: 2048} }

func planIssue(ctx context.Context, d *desk, w *workplace, opts issueOptions, passphrase []byte) error {
	atDesk, err := w.desk(d, passphrase)
	if err != nil {
		return err
	}
	ids, err := waiting(ctx, w.register, opts)
	if err != nil {
		return err
	}
	plans, failed := []planned{}, 0
	var first error
	for _, id := range ids {
		p, err := planOne(ctx, atDesk, id)
		if err != nil {
			failed++
			p.Error = err.Error()
			if first == nil {
				first = err
			}
		}
		plans = append(plans, p)
	}
	if err := d.print(plans, func(out io.Writer) { writePlans(out, plans) }); err != nil {
		return err
	}
	if failed > 0 && len(plans) > 1 {
		return withCode(exitSome, fmt.Errorf("%d of %d orders could not be planned", failed, len(plans)))
	}
	return first
}

func planOne(ctx context.Context, atDesk *station.Desk, id int64) (planned, error) {
	p := planned{ID: id}
	order, err := atDesk.Register.Order(ctx, id)
	if err != nil {
		return p, err
	}
	if p.Short, err = atDesk.Plan(order, lds.ShortBuffers()); err != nil {
		return p, err
	}
	p.Extended, err = atDesk.Plan(order, extendedBuffers())
	return p, err
}

func writePlans(out io.Writer, plans []planned) {
	for _, p := range plans {
		if p.Error != "" {
			fmt.Fprintf(out, "order %d: %s\n", p.ID, p.Error)
			continue
		}
		fmt.Fprintf(out, "order %d: %d bytes to the chip, in %d commands of up to %d bytes, or %d of up to %d; then verify, print, record\n",
			p.ID, p.Extended.Bytes, p.Extended.Commands, extendedBuffers().Command, p.Short.Commands, lds.ShortBuffers().Command)
	}
	if len(plans) == 0 {
		fmt.Fprintln(out, "no order waits")
	}
}

// waiting gives the orders that issue would take.
func waiting(ctx context.Context, reg *register.Register, opts issueOptions) ([]int64, error) {
	if opts.id != 0 {
		return []int64{opts.id}, nil
	}
	var ids []int64
	filter := register.Filter{States: []register.State{register.Ordered, register.Checked, register.Signed,
		register.Personalised, register.Verified, register.Printed}}
	for s, err := range reg.Orders(ctx, filter) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, s.ID)
		if !opts.all {
			break
		}
	}
	return ids, nil
}

// parseID reads an order's number; none is 0.
func parseID(args []string) (int64, error) {
	if len(args) == 0 {
		return 0, nil
	}
	var id int64
	if _, err := fmt.Sscanf(args[0], "%d", &id); err != nil || id < 1 || strings.TrimLeft(args[0], "0123456789") != "" {
		return 0, withCode(exitUsage, fmt.Errorf("%q is no order's number (see `cancuoc order list`)", args[0]))
	}
	return id, nil
}
