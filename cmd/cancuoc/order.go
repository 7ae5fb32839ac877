package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/register"
)

func newOrderCommand(d *desk) *cobra.Command {
	return group("order", "Take in records, list and show orders",
		newOrderAddCommand(d), newOrderListCommand(d), newOrderShowCommand(d), newOrderSpoilCommand(d), newOrderCancelCommand(d))
}

func newOrderListCommand(d *desk) *cobra.Command {
	var states []string
	cmd := &cobra.Command{
		Use: "list", Short: "List the orders", Args: cobra.NoArgs,
		Long: "List the orders, oldest first. With --json it prints one object a line, as it reads them.",
		Example: `  cancuoc order list
  cancuoc order list --state ordered,signed --json`,
		RunE: func(cmd *cobra.Command, _ []string) error { return runOrderList(cmd.Context(), d, states) },
	}
	cmd.Flags().StringSliceVar(&states, "state", nil, "only orders in these `STATES`")
	completeFlag(cmd, "state", func(string) []string { return stateNames() })
	return cmd
}

// listed is one order in a list.
type listed struct {
	ID      int64          `json:"id"`
	Number  string         `json:"personal_number"`
	Form    string         `json:"form"`
	State   register.State `json:"state"`
	Changed time.Time      `json:"changed"`
}

// runOrderList prints as it reads: with --json one object a line, so that a long list needs no memory.
func runOrderList(ctx context.Context, d *desk, states []string) error {
	w, err := d.openStation(ctx)
	if err != nil {
		return err
	}
	defer w.register.Close()
	var filter register.Filter
	for _, s := range states {
		if !register.State(s).Known() {
			return withCode(exitUsage, fmt.Errorf("--state: %q is no state of an order", s))
		}
		filter.States = append(filter.States, register.State(s))
	}
	out := &failing{w: d.out}
	for s, err := range w.register.Orders(ctx, filter) {
		if err != nil {
			return err
		}
		row := listed{s.ID, s.Number, s.Form, s.State, s.Changed}
		if d.json {
			err = d.encode(row, "")
		} else {
			fmt.Fprintf(out, "%6d  %s  %-13s %-13s %s\n", row.ID, row.Number, row.Form, row.State, row.Changed.Local().Format(time.DateTime))
		}
		if err = errors.Join(err, out.err); err != nil {
			return err
		}
	}
	return nil
}

func newOrderShowCommand(d *desk) *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Show an order and its history", Args: cobra.ExactArgs(1), ValidArgsFunction: d.completeOrders,
		Example: `  cancuoc order show 1
  cancuoc order show 1 --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := parseID(args)
			if err != nil {
				return err
			}
			return runOrderShow(cmd.Context(), d, id)
		},
	}
}

// shownOrder is what show prints.
type shownOrder struct {
	ID           int64              `json:"id"`
	State        register.State     `json:"state"`
	Card         register.CardState `json:"card,omitempty"`
	Chip         string             `json:"chip,omitempty"`
	Reason       string             `json:"reason,omitempty"`
	Portrait     bool               `json:"portrait"`
	Fingerprints bool               `json:"fingerprints"` // still held for a card to be made
	Document     json.RawMessage    `json:"document"`
	History      []shownEvent       `json:"history"`
}

type shownEvent struct {
	At     time.Time      `json:"at"`
	Actor  string         `json:"actor"`
	State  register.State `json:"state"`
	Chip   string         `json:"chip,omitempty"`
	Detail string         `json:"detail,omitempty"`
	Key    string         `json:"key,omitempty"`     // the one that signed
	KeyUse int64          `json:"key_use,omitempty"` // which of its uses
}

func runOrderShow(ctx context.Context, d *desk, id int64) error {
	w, err := d.openStation(ctx)
	if err != nil {
		return err
	}
	defer w.register.Close()
	order, err := w.register.Order(ctx, id)
	if err != nil {
		return err
	}
	history, err := w.register.History(ctx, id)
	if err != nil {
		return err
	}
	result := shownOrder{ID: order.ID, State: order.State, Card: order.Card, Chip: order.ChipID, Reason: order.Reason,
		Portrait: order.Face != nil, Fingerprints: order.Fingerprints != nil, Document: order.Record}
	for _, e := range history {
		result.History = append(result.History, shownEvent{e.At, e.Actor, e.To, e.Chip, e.Detail, e.KeyUse.Key, e.KeyUse.Number})
	}
	doc, err := card.ParseRecord(order.Record)
	if err != nil {
		return withCode(exitRegister, err)
	}
	return d.print(result, func(out io.Writer) { result.write(out, doc) })
}

func (o shownOrder) write(w io.Writer, doc card.Document) {
	fmt.Fprintf(w, "order %d: %s", o.ID, o.State)
	if o.Reason != "" {
		fmt.Fprintf(w, " (%s)", o.Reason)
	}
	fmt.Fprintf(w, "\nform %s, profile %s, chip %s\n", doc.Form, orDash(doc.Profile), orDash(o.Chip))
	writeDocument(w, doc)
	for _, e := range o.History {
		if e.Detail == "" && e.Chip != "" {
			e.Detail = "chip " + e.Chip + " is to be written"
		}
		line := fmt.Sprintf("%s  %-13s %s  %s", e.At.Local().Format(time.DateTime), e.State, e.Actor, e.Detail)
		fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
}

func newOrderSpoilCommand(d *desk) *cobra.Command {
	return newOrderEndCommand(d, "spoil", "Give up an order whose card has become waste", "the chip was lost",
		func(ctx context.Context, r *register.Register, id int64, reason, actor string) error {
			return r.Spoil(ctx, id, reason, actor, time.Now())
		})
}

func newOrderCancelCommand(d *desk) *cobra.Command {
	return newOrderEndCommand(d, "cancel", "Give up an order for which no chip was begun", "wrong portrait",
		func(ctx context.Context, r *register.Register, id int64, reason, actor string) error {
			return r.Cancel(ctx, id, reason, actor, time.Now())
		})
}

// endOrder ends an order that no process is at work on: one that is half way through a chip must not be ended under
// the station's hands.
func (w *workplace) endOrder(ctx context.Context, id int64, reason string, end endFunc) error {
	claim := w.claim(time.Now())
	if _, err := w.register.Claim(ctx, id, claim); err != nil {
		return err
	}
	defer w.register.Release(context.WithoutCancel(ctx), id, claim.Owner)
	return end(ctx, w.register, id, reason, w.actor())
}

// endFunc is what spoil and cancel do in the register.
type endFunc func(ctx context.Context, r *register.Register, id int64, reason, actor string) error

// newOrderEndCommand makes one of the two commands that end an order with a reason.
func newOrderEndCommand(d *desk, name, short, example string, end endFunc) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: name + " ID --reason TEXT", Short: short, Args: cobra.ExactArgs(1),
		Long:    short + ". The number may then be ordered anew. This cannot be undone.",
		Example: fmt.Sprintf("  cancuoc order %s 3 --reason '%s'", name, example), ValidArgsFunction: d.completeOrders,
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := parseID(args)
			if err != nil {
				return err
			}
			if strings.TrimSpace(reason) == "" {
				return withCode(exitUsage, errors.New("why? give --reason TEXT"))
			}
			w, err := d.openStation(cmd.Context())
			if err != nil {
				return err
			}
			defer w.register.Close()
			if err := w.endOrder(cmd.Context(), id, reason, end); err != nil {
				return withInput(err)
			}
			return runOrderShow(cmd.Context(), d, id)
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "what the history is to remember")
	return cmd
}
