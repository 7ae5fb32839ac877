package main

import (
	"context"
	"errors"
	"fmt"
	"os/user"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/register"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
	"github.com/cancuoc/cancuoc/layout/spool"
)

type confirmOptions struct {
	ids      []int64
	operator string
	faces    []string // pictures of the one order's card
}

func newPrintConfirmCommand(d *desk) *cobra.Command {
	var opts confirmOptions
	cmd := &cobra.Command{
		Use: "confirm ID...", Short: "Say that queued orders are printed: their cards become active",
		Args: cobra.MinimumNArgs(1), ValidArgsFunction: d.completeOrdersIn(register.Queued, register.Printed),
		Long: `Say that you have the printed card of each of these orders before you, and that both faces are good. The order is then
printed and issued, and the history keeps who said so. A card that is not good is given up with "cancuoc order spoil".
With --face, pictures of the card (as "cancuoc layout verify" takes them) are read and must say what was ordered.`,
		Example: `  cancuoc print confirm 1
  cancuoc print confirm 1 2 3 --operator lan
  cancuoc print confirm 1 --face front.png --face back.png`,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if opts.ids, err = parseIDs(args); err != nil {
				return err
			}
			if len(opts.faces) > 0 && len(opts.ids) > 1 {
				return withCode(exitUsage, errors.New("--face is of one card: confirm one order at a time"))
			}
			return runPrintConfirm(cmd.Context(), d, opts)
		},
	}
	cmd.Flags().StringVar(&opts.operator, "operator", "", "`NAME` of who has seen the card (else this user's)")
	cmd.Flags().StringArrayVar(&opts.faces, "face", nil, "read the card's face from the picture in `FILE` (may be repeated)")
	return cmd
}

// seenByOperator is the evidence that a person gives.
const seenByOperator = "both faces seen"

func runPrintConfirm(ctx context.Context, d *desk, opts confirmOptions) error {
	operator, err := operatorName(opts.operator)
	if err != nil {
		return err
	}
	w, err := d.openStation(ctx)
	if err != nil {
		return err
	}
	defer w.register.Close()
	atDesk := w.printDesk()
	atDesk.Done = d.noteStep
	return d.eachOrder(ctx, opts.ids, atDesk, func(id int64) (register.Order, error) {
		evidence, err := d.evidence(ctx, w, id, opts.faces)
		if err != nil {
			return register.Order{}, err
		}
		return confirm(ctx, d, atDesk, id, "operator "+operator, evidence)
	})
}

// evidence is what speaks for a card: the operator's word, or pictures of it that read as ordered.
func (d *desk) evidence(ctx context.Context, w *workplace, id int64, faces []string) (string, error) {
	if len(faces) == 0 {
		return seenByOperator, nil
	}
	order, err := w.register.Order(ctx, id)
	if err != nil {
		return "", err
	}
	doc, err := card.ParseRecord(order.Record)
	if err != nil {
		return "", err
	}
	checks, err := d.checkFaces(ctx, doc, faces, 0)
	if err != nil {
		return "", err
	}
	return faceEvidence(checks)
}

// confirm moves an order that is queued on, on the evidence that its card is printed. One that is issued already is left
// as it is.
func confirm(ctx context.Context, d *desk, atDesk *station.Desk, id int64, operator, evidence string) (register.Order, error) {
	if handed, err := atDesk.Handed(ctx, id); err == nil {
		if job, err := atDesk.JobState(ctx, handed); err == nil && job.Progress == spool.Waiting {
			d.note("warning: order %d still waits in the queue as job %s: `cancel %s`, or a second card may come", id, handed.Job, handed.Job)
		}
	}
	order, err := atDesk.Confirm(ctx, id, operator, evidence)
	if errors.Is(err, station.ErrNothingToDo) && order.State == register.Issued {
		d.note("order %d is issued already", id)
		return order, nil
	}
	return order, err
}

// operatorName gives the name under which the history remembers who confirms.
func operatorName(given string) (string, error) {
	if given == "" {
		u, err := user.Current()
		if err != nil {
			return "", withCode(exitUsage, errors.New("who confirms? give --operator NAME"))
		}
		given = u.Username
	}
	if name := strings.TrimSpace(given); name == "" || len(name) > 100 || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", withCode(exitUsage, fmt.Errorf("--operator: %s is no name", printable(given)))
	}
	return strings.TrimSpace(given), nil
}
