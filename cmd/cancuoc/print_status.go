package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card/register"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
	"github.com/cancuoc/cancuoc/layout/spool"
)

func newPrintStatusCommand(d *desk) *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "List the orders that are queued, and how far their jobs are", Args: cobra.NoArgs,
		Long: `List the orders that are queued, with their jobs and what the print server says of each. "gone" is out of the queue:
given to the printer, or cancelled. It proves no card.`,
		Example: "  cancuoc print status\n  cancuoc print status --json",
		RunE:    func(cmd *cobra.Command, _ []string) error { return runPrintStatus(cmd.Context(), d) },
	}
}

// queuedOrder is one order in a print queue.
type queuedOrder struct {
	ID    int64     `json:"id"`
	Since time.Time `json:"since"`
	station.Handed
	Progress spool.Progress `json:"progress"`
	Message  string         `json:"message,omitempty"`
	Error    string         `json:"error,omitempty"`
}

// runPrintStatus asks for each order. Where a server does not answer, the orders are listed all the same.
func runPrintStatus(ctx context.Context, d *desk) error {
	w, err := d.openStation(ctx)
	if err != nil {
		return err
	}
	defer w.register.Close()
	atDesk := w.printDesk()
	rows := []queuedOrder{}
	var trouble error
	for s, err := range w.register.Orders(ctx, register.Filter{States: []register.State{register.Queued}}) {
		if err != nil {
			return err
		}
		row := queuedOrder{ID: s.ID, Since: s.Changed, Progress: spool.Unknown}
		if row.Handed, err = atDesk.Handed(ctx, s.ID); err != nil {
			return err
		}
		state, err := atDesk.JobState(ctx, row.Handed)
		if err != nil {
			row.Error, trouble = err.Error(), err
		} else {
			row.Progress, row.Message = state.Progress, state.Message
		}
		rows = append(rows, row)
	}
	err = d.print(rows, func(out io.Writer) {
		for _, r := range rows {
			fmt.Fprintf(out, "order %d  since %s  %s on %s  %s\n", r.ID, r.Since.Local().Format(time.DateTime), orDash(string(r.Job)), orDash(r.Printer), r.words())
		}
	})
	if len(rows) == 0 && !d.json {
		d.note("no order is queued")
	}
	if err == nil {
		err = trouble
	}
	return err
}

// words says for the operator what is known of a job.
func (r queuedOrder) words() string {
	switch {
	case r.Job == "":
		return fmt.Sprintf("may have been handed over: look at the printer, then `cancuoc print confirm %d` or `cancuoc print %d --again REASON`", r.ID, r.ID)
	case r.Error != "":
		return printable(plain(r.Error))
	case r.Progress == spool.Waiting && r.Message != "":
		return "waiting: " + printable(r.Message)
	case r.Progress == spool.Waiting:
		return "waiting"
	case r.Progress == spool.Gone && r.Message != "":
		return "gone: " + printable(r.Message)
	case r.Progress == spool.Gone:
		return fmt.Sprintf("gone: given to the printer, or cancelled; `cancuoc print confirm %d` when the card is there", r.ID)
	}
	return "unknown to the print server"
}
