package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/card/register"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
)

type issueOptions struct {
	id             int64
	all, dryRun    bool
	card           string
	readers        []string // "all", or names
	defaultKeys    bool
	passphraseFile string
	force          bool
}

func newIssueCommand(d *desk) *cobra.Command {
	var opts issueOptions
	cmd := &cobra.Command{
		Use: "issue [ID | --all] [--card REF | --readers all]", Short: "Issue the card of an order: sign, personalise, verify, print, record",
		Args: cobra.MaximumNArgs(1), ValidArgsFunction: d.completeWaiting,
		Long: `Issue the card of an order, or with --all of every order that waits; without either, of the oldest one.
Interrupted or killed, it is run again and finishes the same card. A certificate on paper is signed, printed and recorded, and
takes no --card. Where station.toml names a printer, the order is then queued, and "cancuoc print confirm" issues it when its
card is there.

With --readers, cards are issued at several readers at once, one after another at each: put a card in, and the next one
when you are asked to. A reader whose card fails stops, and the others go on; only a card that answers with a wrong
cryptogram stops them all, since chips that are opened with wrong keys soon refuse every key. A card that an interrupted run
has begun is found in whichever reader it is.

Chips in readers are not opened with the default keys, which everybody knows, unless --default-keys says so, for trials.`,
		Example: `  cancuoc issue 1 --card sim:card.sim
  cancuoc issue --all --card sim:cards/
  cancuoc issue --all --readers all --default-keys
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
	cmd.Flags().StringSliceVar(&opts.readers, "readers", nil,
		"with --all: at these readers at once: all, or parts of their `NAMES` with commas between")
	completeFlag(cmd, "readers", func(string) []string { return append([]string{"all"}, readerNames(cmd)...) })
	cmd.Flags().BoolVar(&opts.defaultKeys, "default-keys", false, "open chips in readers with the keys that everybody knows, for trials")
	cmd.Flags().BoolVar(&opts.dryRun, "dry-run", false, "say what would be written, and touch neither chip nor register")
	cmd.Flags().BoolVar(&opts.force, "force", false, "show a chip keys that have failed at it before, or others than its own; it may lock itself for ever")
	cmd.Flags().StringVar(&opts.passphraseFile, "passphrase-file", "", "the passphrase of the signing key is in `FILE`")
	return cmd
}

// issued is the result for one order.
type issued struct {
	ID     int64          `json:"id"`
	Reader string         `json:"reader,omitempty"` // where there were several
	State  register.State `json:"state"`
	Chip   string         `json:"chip,omitempty"`
	Steps  []station.Step `json:"steps"`
	Error  string         `json:"error,omitempty"`
	Code   int            `json:"code"`
}

func runIssue(ctx context.Context, d *desk, opts issueOptions) error {
	if err := opts.check(); err != nil {
		return withCode(exitUsage, err)
	}
	w, err := d.openStation(ctx)
	if err != nil {
		return err
	}
	defer w.register.Close()
	if opts.dryRun {
		return d.withPassphrase(opts.passphraseFile, func(p []byte) error { return planIssue(ctx, d, w, opts, p) })
	}
	refs, err := w.cardsFor(ctx, opts)
	if err != nil {
		return err
	}
	if opts.all && (d.record != "" || refs[0].scheme == "replay") {
		return withCode(exitUsage, errors.New("a recording is of one card: name one order, not --all"))
	}
	if refs[0].scheme == "replay" && !d.specimen() {
		return withCode(exitNotAllowed, errPlayedIssue)
	}
	if refs[0].scheme != "" {
		if _, err := d.startRecording(); err != nil { // before the order is moved on
			return err
		}
	}
	return d.withPassphrase(opts.passphraseFile, func(p []byte) error { return issueWith(ctx, d, w, opts, refs, p) })
}

// check says what does not go together.
func (o issueOptions) check() error {
	switch {
	case o.all && o.id != 0:
		return errors.New("name one order or --all, not both")
	case len(o.readers) > 0 && !o.all:
		return errors.New("--readers is for many orders: say --all, or name the reader of one with --card pcsc:NAME")
	case len(o.readers) > 0 && o.card != "":
		return errors.New("name the card or the readers, not both")
	}
	return nil
}

func issueWith(ctx context.Context, d *desk, w *workplace, opts issueOptions, refs []cardRef, passphrase []byte) error {
	atDesk, err := w.desk(d, passphrase)
	if err != nil {
		return err
	}
	atDesk.Force = opts.force
	if f := examineTerminal(w.folder, w.config); f.Soon {
		d.note("warning: %s (renew it with `%s`)", f.Detail, f.Mend)
	}
	w.warnOfPrinter(ctx, d)
	batch := newBatch(ctx, d, atDesk, len(refs), w.config.DefaultKeys())
	defer batch.close()
	if opts.all {
		return batch.all(ctx, refs)
	}
	return batch.one(ctx, refs[0], opts.id)
}

// cardFor reads the reference to the card. Orders on paper take none: where one is named for them alone, it is somebody
// else's.
func (w *workplace) cardFor(ctx context.Context, opts issueOptions) (cardRef, error) {
	ids, err := waiting(ctx, w.register, opts)
	if err != nil {
		return cardRef{}, err
	}
	paper := len(ids) > 0
	for _, id := range ids {
		order, err := w.register.Order(ctx, id)
		if err != nil {
			return cardRef{}, err
		}
		if paper = paper && onPaper(order.Form); !paper {
			break
		}
	}
	switch {
	case !paper:
		return parseRef(opts.card)
	case opts.card != "" && !opts.all:
		return cardRef{}, withCode(exitUsage, fmt.Errorf("order %d is a certificate on paper, without a chip: leave --card out", ids[0]))
	}
	return cardRef{}, nil
}

// onPaper tells whether documents of a form have no chip.
func onPaper(form string) bool { return card.Document{Form: form}.OnPaper() }

// planned is the dry run of one order, for chips with short and with extended commands.
type planned struct {
	ID       int64        `json:"id"`
	Paper    bool         `json:"paper,omitempty"` // it has no chip, and nothing is written to one
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
	data, err := atDesk.Plan(order)
	if p.Paper = onPaper(order.Form); p.Paper || err != nil {
		return p, err
	}
	if p.Short, err = atDesk.Chips.Profile.Plan(data, lds.ShortBuffers()); err != nil {
		return p, err
	}
	p.Extended, err = atDesk.Chips.Profile.Plan(data, extendedBuffers())
	return p, err
}

func writePlans(out io.Writer, plans []planned) {
	for _, p := range plans {
		if p.Error != "" {
			if len(plans) > 1 { // else the command ends with this very sentence
				fmt.Fprintf(out, "order %d: %s\n", p.ID, plain(p.Error))
			}
			continue
		}
		if p.Paper {
			fmt.Fprintf(out, "order %d: no chip; sign, print, record\n", p.ID)
			continue
		}
		fmt.Fprintf(out, "order %d: %d bytes to the chip, in %d commands of up to %d bytes, or %d of up to %d; then verify, print, record\n",
			p.ID, p.Extended.Bytes, p.Extended.Commands, extendedBuffers().Command, p.Short.Commands, lds.ShortBuffers().Command)
	}
	if len(plans) == 0 {
		fmt.Fprintln(out, "no order waits")
	}
}

// waitingStates are those of the orders that issue moves on.
func waitingStates() []register.State {
	return []register.State{register.Ordered, register.Checked, register.Signed, register.Personalised, register.Verified, register.Printed}
}

// waiting gives the orders that issue would take.
func waiting(ctx context.Context, reg *register.Register, opts issueOptions) ([]int64, error) {
	if opts.id != 0 {
		return []int64{opts.id}, nil
	}
	var ids []int64
	for s, err := range reg.Orders(ctx, register.Filter{States: waitingStates()}) {
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
