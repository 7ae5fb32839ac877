package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card/register"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
	"github.com/cancuoc/cancuoc/layout/spool"
)

type printOptions struct {
	ids            []int64
	printer, again string
	dryRun         bool
	passphraseFile string
}

func newPrintCommand(d *desk) *cobra.Command {
	var opts printOptions
	cmd := &cobra.Command{
		Use: "print ID...", Short: "Hand the faces of cards to a printer's queue, and confirm what it has printed",
		Args: cobra.MinimumNArgs(1), ValidArgsFunction: d.completeOrdersIn(register.Verified, register.Queued),
		Long: `Hand the faces of orders whose chips are verified to a print queue of CUPS, as a printer's profile in station.toml
wants them (section [[printers]], in any number; the first for cards, or for certificates on paper where paper = true, unless
--printer names another). The order is then queued. That
a queue took it, and even that the job is through, proves no card: the order is printed, and its card active, when
"cancuoc print confirm" says so. What has been handed over once is handed over again only with --again and a reason.`,
		Example: `  cancuoc print 1
  cancuoc print 1 --dry-run
  cancuoc print 1 2 3 --printer back-office
  cancuoc print 1 --again 'the card was jammed'
  cancuoc print status
  cancuoc print confirm 1`,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if opts.ids, err = parseIDs(args); err != nil {
				return err
			}
			if cmd.Flags().Changed("again") && strings.TrimSpace(opts.again) == "" {
				return withCode(exitUsage, errors.New("why again? give --again REASON"))
			}
			if len(opts.again) > 200 || strings.ContainsFunc(opts.again, func(r rune) bool { return !unicode.IsPrint(r) }) {
				return withCode(exitUsage, errors.New("--again: a reason is one line of at most 200 bytes"))
			}
			return runPrint(cmd.Context(), d, opts)
		},
	}
	cmd.Flags().StringVar(&opts.printer, "printer", "", "the printer with this `NAME` in station.toml")
	cmd.Flags().StringVar(&opts.again, "again", "", "hand over what was handed over before, for this `REASON`")
	cmd.Flags().BoolVar(&opts.dryRun, "dry-run", false, "show the command, and touch neither queue nor register")
	cmd.Flags().StringVar(&opts.passphraseFile, "passphrase-file", "", "the passphrase of the signing key is in `FILE`")
	completeFlag(cmd, "printer", d.printerNames)
	cmd.AddCommand(newPrintConfirmCommand(d), newPrintStatusCommand(d))
	return cmd
}

// printerNames completes the name of a printer.
func (d *desk) printerNames(string) (names []string) {
	config, err := station.LoadConfig(d.station)
	if err != nil {
		return nil
	}
	for _, p := range config.Printers {
		names = append(names, p.Called())
	}
	return names
}

// parseIDs reads the numbers of orders.
func parseIDs(args []string) ([]int64, error) {
	var ids []int64
	for i := range args {
		id, err := parseID(args[i:])
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// printDesk makes the workplace ready for what is done with orders after they were printed, for which it needs no key.
func (w *workplace) printDesk() *station.Desk {
	return &station.Desk{Register: w.register, PrintFolder: station.Path(w.folder, w.config.Print), Printers: w.config.Printers,
		Actor: w.actor(), Claim: w.claim, Rand: rand.Reader, Now: time.Now}
}

func runPrint(ctx context.Context, d *desk, opts printOptions) error {
	w, err := d.openStation(ctx)
	if err != nil {
		return err
	}
	defer w.register.Close()
	if opts.dryRun {
		return planPrint(ctx, d, w.printDesk(), opts)
	}
	return d.withPassphrase(opts.passphraseFile, func(p []byte) error { return printWith(ctx, d, w, opts, p) })
}

// printWith prints with the station's key at hand, by which a real card's faces are proven to be for production.
func printWith(ctx context.Context, d *desk, w *workplace, opts printOptions, passphrase []byte) error {
	atDesk, err := w.desk(d, passphrase)
	if err != nil {
		return err
	}
	atDesk.Done = d.noteStep
	return d.eachOrder(ctx, opts.ids, atDesk, func(id int64) (register.Order, error) { return atDesk.Print(ctx, id, opts.printer, opts.again) })
}

// noteStep tells of a step that is done.
func (d *desk) noteStep(id int64, s station.Step) {
	d.note("order %d  %-11s %9.1f ms  %s", id, s.Name, float64(s.Took.Microseconds())/1000, s.Detail)
}

// printedOrder is the result for one order.
type printedOrder struct {
	ID    int64          `json:"id"`
	State register.State `json:"state,omitempty"`
	station.Handed
	Error string `json:"error,omitempty"`
	Code  int    `json:"code"`
}

// eachOrder does the same to one order after another. One that fails is told of, and the rest go on.
func (d *desk) eachOrder(ctx context.Context, ids []int64, atDesk *station.Desk, do func(id int64) (register.Order, error)) error {
	var failures []error
	results := []printedOrder{}
	for _, id := range ids {
		order, err := do(id)
		result := printedOrder{ID: id, State: order.State}
		if err != nil {
			failures = append(failures, err)
			result.Error, result.Code = err.Error(), exitCode(ctx, err)
			if len(ids) > 1 {
				d.note("cancuoc: %s", printable(sentence(err, result.Code)))
			}
		} else {
			result.Handed, err = atDesk.Handed(ctx, id)
		}
		results = append(results, result)
		if err != nil && ctx.Err() != nil {
			break
		}
	}
	err := d.print(results, func(out io.Writer) {
		for _, r := range results {
			switch {
			case r.Error == "" && r.Printer == "": // it never was in a queue
				fmt.Fprintf(out, "order %d  %s\n", r.ID, r.State)
			case r.Error == "":
				fmt.Fprintf(out, "order %d  %s  %s on %s\n", r.ID, r.State, orDash(string(r.Job)), orDash(r.Printer))
			}
		}
	})
	switch {
	case err != nil || len(failures) == 0:
		return err
	case len(ids) == 1 || ctx.Err() != nil:
		return failures[0]
	}
	return withCode(exitSome, fmt.Errorf("%d of %d orders failed", len(failures), len(ids)))
}

// plannedPrint is the dry run of one order.
type plannedPrint struct {
	ID      int64          `json:"id"`
	State   register.State `json:"state"`
	Printer string         `json:"printer"`
	Command []string       `json:"command"`
}

func planPrint(ctx context.Context, d *desk, atDesk *station.Desk, opts printOptions) error {
	plans := []plannedPrint{}
	for _, id := range opts.ids {
		order, err := atDesk.Register.Order(ctx, id)
		if err != nil {
			return err
		}
		printer, err := atDesk.Choose(opts.printer, order)
		if err == nil {
			err = station.MayBePrinted(order)
		}
		if err != nil {
			return err
		}
		plans = append(plans, plannedPrint{id, order.State, printer.Called(), printer.Command(atDesk.PrintFile(id), station.Title(id))})
	}
	return d.print(plans, func(out io.Writer) {
		for _, p := range plans {
			fmt.Fprintln(out, strings.Join(quoted(p.Command), " "))
		}
	})
}

// warnOfPrinter tells before chips are written that printing would fail.
func (w *workplace) warnOfPrinter(ctx context.Context, d *desk) {
	p, err := w.printDesk().Choose("", register.Order{})
	if err != nil {
		return // printing ends in the folder
	}
	if err := p.Ready(ctx); err != nil {
		d.note("warning: %s", printable(plain(err.Error())))
	}
}

// examinePrinters tells whether the queues of the station's printers take jobs.
func examinePrinters(ctx context.Context, printers []spool.Printer) (findings []finding) {
	for _, p := range printers {
		f := finding{Name: "printer " + p.Called(), Good: true, Detail: "queue " + p.Queue + " takes jobs"}
		if err := p.Ready(ctx); err != nil {
			f.Good, f.Detail = false, plain(err.Error())
			var trouble *spool.Error
			if errors.As(err, &trouble) {
				f.Detail, f.Mend = plain(trouble.Kind.Error()+": "+trouble.Detail), trouble.Mend
			}
		}
		findings = append(findings, f)
	}
	return findings
}
