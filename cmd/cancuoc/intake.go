package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/portrait"
	"github.com/cancuoc/cancuoc/card/register"
	"github.com/cancuoc/cancuoc/card/regular"
	"github.com/cancuoc/cancuoc/card/vnm"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
	"github.com/cancuoc/cancuoc/layout"
)

func newOrderAddCommand(d *desk) *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use: "add FILE...", Short: "Register a card for each record", Args: cobra.MinimumNArgs(1),
		Long: `Check each record and register an order for it. A file holds one JSON object or JSON lines; portrait and
fingerprints are paths beside it. What cannot be issued is refused here, with every fault named: no chip is touched yet. The
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
	Warnings []vnm.Warning  `json:"warnings,omitempty"`
	Error    string         `json:"error,omitempty"`
}

func runOrderAdd(ctx context.Context, d *desk, files []string, dryRun bool) error {
	w, err := d.openStation(ctx)
	if err != nil {
		return err
	}
	defer w.register.Close()
	if _, err := w.config.SignerCertificate(w.folder); err != nil {
		return withCode(exitKey, err)
	}
	templates, err := w.config.LoadTemplates(w.folder)
	if err != nil {
		return withCode(exitRegister, err)
	}
	intake := &intake{desk: d, register: w.register, templates: templates, terminals: w.config.LetsTerminalsIn(), years: w.config.Certificate.Years, dryRun: dryRun, results: []added{}}
	var stopped error
	for _, file := range files {
		if stopped = intake.file(ctx, file); stopped != nil {
			break
		}
	}
	if err := d.print(intake.results, intake.write); err != nil {
		return err
	}
	switch {
	case stopped != nil:
		return stopped
	case intake.failed > 0 && intake.failed == len(intake.results):
		return intake.first
	case intake.failed > 0:
		return withCode(exitSome, fmt.Errorf("%d of %d records were refused", intake.failed, len(intake.results)))
	}
	return nil
}

// intake takes in records one after another.
type intake struct {
	desk      *desk
	register  *register.Register
	templates station.Templates
	terminals bool // somebody could be let into fingerprints
	years     int  // for which certificates on paper are valid; 0: as their form has it
	dryRun    bool
	results   []added
	failed    int
	first     error
}

// file takes in every record of a file. Only what stops the whole intake is an error here.
func (in *intake) file(ctx context.Context, name string) error {
	source, folder, err := in.desk.openRecords(name)
	if err != nil {
		in.keep(added{Record: name}, err)
		return nil
	}
	defer source.Close()
	if terminal(in.desk.err) {
		defer fmt.Fprint(in.desk.err, "\r\x1b[K")
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	n := 0
	for prepared, err := range prepareAll(ctx, in.records(source), folder, in.templates) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		n++
		if terminal(in.desk.err) && n%10 == 0 {
			fmt.Fprintf(in.desk.err, "\r\x1b[K%s: record %d", name, n)
		}
		result := added{Record: fmt.Sprintf("%s:%d", name, n)}
		if err == nil {
			result, err = in.one(ctx, prepared, result)
		}
		in.keep(result, withInput(err))
		if errors.Is(err, register.ErrStorage) {
			return fmt.Errorf("the records after %s were not looked at: %w", result.Record, err)
		}
	}
	return nil
}

// records reads the records of a source, with the station's validity of certificates.
func (in *intake) records(source io.Reader) iter.Seq2[card.Document, error] {
	return func(yield func(card.Document, error) bool) {
		for doc, err := range card.Records(source) {
			if !yield(doc.ValidFor(in.years), err) {
				return
			}
		}
	}
}

// prepareAll prepares the records of a source on all processors and gives them in their order. Each step costs a tenth
// of a second where there is a portrait, and the register takes them one by one anyway.
func prepareAll(ctx context.Context, records iter.Seq2[card.Document, error], folder string, templates station.Templates) iter.Seq2[preparedOrder, error] {
	type result struct {
		order preparedOrder
		err   error
	}
	workers := runtime.GOMAXPROCS(0)
	queue := make(chan chan result, workers) // in the order of the records; as many are under way as fit
	go func() {
		defer close(queue)
		for doc, err := range records {
			slot := make(chan result, 1)
			select {
			case queue <- slot:
			case <-ctx.Done():
				return
			}
			go func() {
				r := result{err: err}
				if err == nil {
					r.order, r.err = prepare(doc, folder, templates)
				}
				slot <- r
			}()
		}
	}()
	return func(yield func(preparedOrder, error) bool) {
		for slot := range queue {
			if r := <-slot; !yield(r.order, r.err) {
				return
			}
		}
	}
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
		return io.NopCloser(d.stdin), ".", nil
	}
	f, err := regular.Open(name)
	if err != nil {
		return nil, "", withCode(exitInput, err)
	}
	return f, filepath.Dir(name), nil
}

func (in *intake) one(ctx context.Context, prepared preparedOrder, result added) (added, error) {
	result.Warnings = prepared.warnings
	if len(prepared.fingerprints) > 0 && !in.terminals && !prepared.doc.OnPaper() {
		return result, withCode(exitInput, fmt.Errorf("fingerprints: %w: this station has no [terminal] (cancuoc init a new one)", card.ErrNoCVCA))
	}
	if in.dryRun {
		return result, in.askRegister(ctx, prepared.doc.PersonalNumber)
	}
	order, there, err := in.register.Add(ctx, prepared.order(), time.Now())
	if err != nil {
		return result, err
	}
	result.ID, result.State, result.Already = order.ID, order.State, there
	return result, nil
}

// askRegister tells whether the register would refuse another order for a number, as far as it can know now.
func (in *intake) askRegister(ctx context.Context, number string) error {
	for s, err := range in.register.Orders(ctx, register.Filter{Number: number}) {
		if err != nil {
			return err
		}
		if s.State != register.Spoiled && s.State != register.Cancelled {
			return fmt.Errorf("%w: order %d, %s", register.ErrLiveCard, s.ID, s.State)
		}
	}
	return nil
}

// preparedOrder is a record with its images, ready to be registered or rendered.
type preparedOrder struct {
	doc          card.Document
	record       []byte
	portrait     portrait.Portrait
	fingerprints []byte // EF.DG3; nil for none
	faces        layout.Faces
	warnings     []vnm.Warning
}

// prepare completes and checks a record, makes its portrait and fingerprints fit, and lays out its faces, so that
// whatever cannot be issued is found now.
func prepare(doc card.Document, folder string, templates station.Templates) (preparedOrder, error) {
	p := preparedOrder{doc: doc.Complete()}
	var err error
	if p.warnings, err = p.doc.Check(date.Of(time.Now())); err != nil {
		return p, err
	}
	if p.doc.Portrait != "" {
		if p.portrait, err = fitPortrait(folder, p.doc.Portrait); err != nil {
			return p, err
		}
		for _, w := range p.portrait.Warnings {
			p.warnings = append(p.warnings, vnm.Warning{Code: w.Code, Text: w.Text, TextVi: w.TextVi})
		}
	}
	if p.fingerprints, err = encodeFingerprints(folder, p.doc); err != nil {
		return p, err
	}
	if p.record, err = json.Marshal(p.doc); err != nil {
		return p, err
	}
	if _, err = p.doc.DG13().Encode(); err != nil {
		return p, err
	}
	p.faces, err = templates.Faces(p.doc, p.portrait.Face, p.fingerprints, pki.Production{})
	return p, err
}

// fitPortrait prepares the portrait at a path beside its record. Nothing outside the record's folder is taken: it
// could be somebody else's.
func fitPortrait(folder, path string) (portrait.Portrait, error) {
	f, err := regular.OpenIn(folder, path)
	if err != nil {
		return portrait.Portrait{}, withCode(exitInput, fmt.Errorf("portrait: %w", err))
	}
	defer f.Close()
	fit, err := portrait.Fit(f)
	return fit, withCode(exitInput, err)
}

// encodeFingerprints makes EF.DG3 from the images beside a record, of which the same holds as of its portrait.
func encodeFingerprints(folder string, doc card.Document) ([]byte, error) {
	var images [][]byte
	for _, f := range doc.Fingerprints {
		image, err := readFingerprint(folder, f.Image)
		if err != nil {
			return nil, withCode(exitInput, fmt.Errorf("fingerprints: %s: %w", f.Finger, err))
		}
		images = append(images, image)
	}
	file, err := doc.DG3(images)
	return file, withCode(exitInput, err)
}

// readFingerprint reads one byte more than is taken at most, so that an image that is too large is known for one.
func readFingerprint(folder, path string) ([]byte, error) {
	f, err := regular.OpenIn(folder, path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, card.MaxFingerprint+1))
}

func (p preparedOrder) order() register.Order {
	return register.Order{
		Number: p.doc.PersonalNumber, Form: p.doc.Form, Profile: p.doc.Profile, DateOfIssue: p.doc.DateOfIssue,
		DateOfExpiry: p.doc.DateOfExpiry, Record: p.record, Chip: p.portrait.Chip, Face: p.portrait.Face,
		Fingerprints: p.fingerprints,
	}
}

func (in *intake) write(w io.Writer) {
	for _, r := range in.results {
		switch {
		case r.Error != "" && len(in.results) == 1: // the command ends with this very sentence
		case r.Error != "":
			fmt.Fprintf(w, "%s: refused: %s\n", r.Record, printable(plain(r.Error)))
		case in.dryRun:
			fmt.Fprintf(w, "%s: good\n", r.Record)
		case r.Already:
			fmt.Fprintf(w, "%s: order %d already there, %s\n", r.Record, r.ID, r.State)
		default:
			fmt.Fprintf(w, "%s: order %d, %s\n", r.Record, r.ID, r.State)
		}
		for _, warning := range r.Warnings {
			fmt.Fprintf(w, "%s: warning: %s / %s\n", r.Record, warning.Text, warning.TextVi)
		}
	}
}
