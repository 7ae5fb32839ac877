package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/portrait"
	"github.com/cancuoc/cancuoc/card/register"
	"github.com/cancuoc/cancuoc/card/vnm"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
)

func newOrderCommand(d *desk) *cobra.Command {
	cmd := &cobra.Command{Use: "order", Short: "Take in records, list and show orders", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(newOrderAddCommand(d), newOrderListCommand(d), newOrderShowCommand(d), newOrderSpoilCommand(d), newOrderCancelCommand(d))
	return cmd
}

func newOrderAddCommand(d *desk) *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use: "add FILE...", Short: "Register a card for each record", Args: cobra.MinimumNArgs(1),
		Long: `Check each record and register an order for it. A file holds one JSON object or JSON lines; a portrait is a
path beside it. What cannot be issued is refused here, with every fault named: no chip is touched yet. The
same record of an open order again is no error.`,
		Example: `  cancuoc order add citizen.json
  cancuoc order add --dry-run batch.jsonl`,
		RunE: func(cmd *cobra.Command, args []string) error { return runOrderAdd(cmd.Context(), d, args, dryRun) },
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "check the records and register nothing")
	return cmd
}

// added is the result for one record.
type added struct {
	Record   string         `json:"record"` // file, and the place of the record in it
	ID       int64          `json:"id,omitempty"`
	State    register.State `json:"state,omitempty"`
	Already  bool           `json:"already_there,omitempty"`
	Warnings []string       `json:"warnings,omitempty"`
	Error    string         `json:"error,omitempty"`
}

func runOrderAdd(ctx context.Context, d *desk, files []string, dryRun bool) error {
	w, err := d.openStation(ctx)
	if err != nil {
		return err
	}
	defer w.register.Close()
	certificate, err := w.config.SignerCertificate(w.folder)
	if err != nil {
		return withCode(exitKey, err)
	}
	intake := &intake{desk: d, register: w.register, specimen: certificate.Specimen(), dryRun: dryRun, results: []added{}}
	for _, file := range files {
		if err := intake.file(ctx, file); err != nil {
			return err
		}
	}
	if err := d.print(intake.results, intake.write); err != nil {
		return err
	}
	switch {
	case intake.failed == 1 && len(intake.results) == 1:
		return intake.first
	case intake.failed > 0:
		return withCode(exitSome, fmt.Errorf("%d of %d records were refused", intake.failed, len(intake.results)))
	}
	return nil
}

// intake takes in records one after another.
type intake struct {
	desk     *desk
	register *register.Register
	specimen bool
	dryRun   bool
	results  []added
	failed   int
	first    error
}

// file takes in every record of a file. Only what stops the whole intake is an error here.
func (in *intake) file(ctx context.Context, name string) error {
	source, folder, err := in.desk.openRecords(name)
	if err != nil {
		in.keep(added{Record: name}, err)
		return nil
	}
	defer source.Close()
	n := 0
	for doc, err := range card.Records(source) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		n++
		result := added{Record: fmt.Sprintf("%s:%d", name, n)}
		if err == nil {
			result, err = in.one(ctx, doc, folder, result)
		}
		in.keep(result, withInput(err))
		if errors.Is(err, register.ErrStorage) {
			break
		}
	}
	return nil
}

// withInput gives errors that know no exit code of their own that of a rejected input.
func withInput(err error) error {
	if err == nil || exitCode(context.Background(), err) != exitFailed {
		return err
	}
	return withCode(exitInput, err)
}

func (in *intake) keep(result added, err error) {
	if err != nil {
		result.Error = err.Error()
		in.failed++
		if in.first == nil {
			in.first = err
		}
	}
	in.results = append(in.results, result)
}

// openRecords opens a file of records and gives the folder against which its portraits are named.
func (d *desk) openRecords(name string) (source io.ReadCloser, folder string, err error) {
	if name == "-" {
		return io.NopCloser(d.in), ".", nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, "", withCode(exitInput, err)
	}
	return f, filepath.Dir(name), nil
}

func (in *intake) one(ctx context.Context, doc card.Document, folder string, result added) (added, error) {
	prepared, err := prepare(doc, folder, in.specimen)
	if err != nil {
		return result, err
	}
	for _, w := range prepared.warnings {
		result.Warnings = append(result.Warnings, w.Text)
	}
	if in.dryRun {
		return result, nil
	}
	order, there, err := in.register.Add(ctx, prepared.order(), time.Now())
	if err != nil {
		return result, err
	}
	result.ID, result.State, result.Already = order.ID, order.State, there
	return result, nil
}

// preparedOrder is a record with its portrait, ready to be registered or rendered.
type preparedOrder struct {
	doc      card.Document
	record   []byte
	portrait portrait.Portrait
	warnings []vnm.Warning
}

// prepare completes and checks a record, makes its portrait fit, and lays out its faces, so that whatever cannot be
// issued is found now.
func prepare(doc card.Document, folder string, specimen bool) (preparedOrder, error) {
	p := preparedOrder{doc: doc.Complete()}
	var err error
	if p.warnings, err = p.doc.Check(); err != nil {
		return p, err
	}
	if p.doc.Portrait != "" {
		if p.portrait, err = fitPortrait(filepath.Join(folder, p.doc.Portrait)); err != nil {
			return p, err
		}
	}
	if p.record, err = json.Marshal(p.doc); err != nil {
		return p, err
	}
	if _, err = p.doc.DG13().Encode(); err != nil {
		return p, err
	}
	_, err = station.Faces(p.doc, p.portrait.Face, specimen)
	return p, err
}

func fitPortrait(path string) (portrait.Portrait, error) {
	f, err := os.Open(path)
	if err != nil {
		return portrait.Portrait{}, withCode(exitInput, fmt.Errorf("portrait: %w", err))
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && !info.Mode().IsRegular() {
		return portrait.Portrait{}, withCode(exitInput, fmt.Errorf("portrait: %s is not a file", path))
	}
	fit, err := portrait.Fit(f)
	return fit, withCode(exitInput, err)
}

func (p preparedOrder) order() register.Order {
	return register.Order{
		Number: p.doc.PersonalNumber, Form: p.doc.Form, Profile: p.doc.Profile, DateOfIssue: p.doc.DateOfIssue,
		DateOfExpiry: p.doc.DateOfExpiry, Record: p.record, Chip: p.portrait.Chip, Face: p.portrait.Face,
	}
}

func (in *intake) write(w io.Writer) {
	for _, r := range in.results {
		switch {
		case r.Error != "":
			fmt.Fprintf(w, "%s: refused: %s\n", r.Record, r.Error)
		case in.dryRun:
			fmt.Fprintf(w, "%s: good\n", r.Record)
		case r.Already:
			fmt.Fprintf(w, "%s: order %d already there, %s\n", r.Record, r.ID, r.State)
		default:
			fmt.Fprintf(w, "%s: order %d, %s\n", r.Record, r.ID, r.State)
		}
		for _, warning := range r.Warnings {
			fmt.Fprintf(w, "%s: warning: %s\n", r.Record, warning)
		}
	}
}

func newOrderListCommand(d *desk) *cobra.Command {
	var states []string
	cmd := &cobra.Command{
		Use: "list", Short: "List the orders", Args: cobra.NoArgs,
		Example: `  cancuoc order list
  cancuoc order list --state ordered,signed --json`,
		RunE: func(cmd *cobra.Command, _ []string) error { return runOrderList(cmd.Context(), d, states) },
	}
	cmd.Flags().StringSliceVar(&states, "state", nil, "only orders in these `STATES`")
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
		filter.States = append(filter.States, register.State(s))
	}
	out := &failing{w: d.out}
	enc := json.NewEncoder(out)
	for s, err := range w.register.Orders(ctx, filter) {
		if err != nil {
			return err
		}
		row := listed{s.ID, s.Number, s.Form, s.State, s.Changed}
		if d.json {
			err = enc.Encode(row)
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
		Use: "show ID", Short: "Show an order and its history", Args: cobra.ExactArgs(1),
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
	ID       int64              `json:"id"`
	State    register.State     `json:"state"`
	Card     register.CardState `json:"card,omitempty"`
	Chip     string             `json:"chip,omitempty"`
	Reason   string             `json:"reason,omitempty"`
	Portrait bool               `json:"portrait"`
	Document json.RawMessage    `json:"document"`
	History  []shownEvent       `json:"history"`
}

type shownEvent struct {
	At     time.Time      `json:"at"`
	Actor  string         `json:"actor"`
	State  register.State `json:"state"`
	Chip   string         `json:"chip,omitempty"`
	Detail string         `json:"detail,omitempty"`
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
		Portrait: order.Face != nil, Document: order.Record}
	for _, e := range history {
		result.History = append(result.History, shownEvent{e.At, e.Actor, e.To, e.Chip, e.Detail})
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
	fmt.Fprintf(w, "\nform %s, profile %s, chip %s\n", doc.Form, doc.Profile, orDash(o.Chip))
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
	return newOrderEndCommand(d, "spoil", "Give up an order whose card has become waste",
		func(ctx context.Context, r *register.Register, id int64, reason, actor string) error {
			return r.Spoil(ctx, id, reason, actor, time.Now())
		})
}

func newOrderCancelCommand(d *desk) *cobra.Command {
	return newOrderEndCommand(d, "cancel", "Give up an order for which no chip was begun",
		func(ctx context.Context, r *register.Register, id int64, reason, actor string) error {
			return r.Cancel(ctx, id, reason, actor, time.Now())
		})
}

// newOrderEndCommand makes one of the two commands that end an order with a reason.
func newOrderEndCommand(d *desk, name, short string, end func(context.Context, *register.Register, int64, string, string) error) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: name + " ID --reason TEXT", Short: short, Args: cobra.ExactArgs(1),
		Long:    short + ". The number may then be ordered anew. This cannot be undone.",
		Example: fmt.Sprintf("  cancuoc order %s 3 --reason 'wrong portrait'", name),
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
			if err := end(cmd.Context(), w.register, id, reason, "station "+w.config.Name); err != nil {
				return withInput(err)
			}
			return runOrderShow(cmd.Context(), d, id)
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "what the history is to remember")
	return cmd
}
