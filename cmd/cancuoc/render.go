package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/register"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
	"github.com/cancuoc/cancuoc/layout"
)

type renderOptions struct {
	sources        []string
	mode           string
	templates      []string
	passphraseFile string
	drawing
}

// The modes in which faces are drawn.
const (
	modeProof      = "proof"
	modeProduction = "production"
)

func newRenderCommand(d *desk) *cobra.Command {
	var opts renderOptions
	cmd := &cobra.Command{
		Use: "render ID|RECORD... -o FILE|DIR", Short: "Draw the faces of orders or records as PDF, PNG or SVG", Args: cobra.MinimumNArgs(1),
		ValidArgsFunction: d.completeOrdersAndFiles,
		Long: `Draw the faces of orders, or of every record in a file, into one file for each card. A number is an order of the
station; anything else is a file of records, for which no station is needed.

A proof (the default) shows the stock and is overprinted SPECIMEN / MẪU. Production is the variable data alone, for stock
that is printed already: it needs an order whose chip is verified (a certificate: whose record is signed) by an authority
that is no specimen's, and the signing key in its PKCS #11 token. The history of the order keeps it.

A PDF has a page for each side. PNG and SVG have a file for each side: -front and -back go into the name when both are
drawn. With a folder for -o each card gets a file of its own name in it, of the kind that --format says.`,
		Example: `  cancuoc render citizen.json -o card.pdf
  cancuoc render 1 -o card.png --side back --dpi 600
  cancuoc render records.jsonl -o faces/ --format svg
  cancuoc render 1 -o card.pdf --mode production`,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.sources = args
			if err := opts.drawing.complete(); err != nil {
				return withCode(exitUsage, err)
			}
			if opts.mode != modeProof && opts.mode != modeProduction {
				return withCode(exitUsage, fmt.Errorf("--mode: %q is neither %s nor %s", opts.mode, modeProof, modeProduction))
			}
			if len(args) > 1 && !opts.drawing.folder() {
				return withCode(exitUsage, errors.New("several cards: name a folder for them, -o DIR/"))
			}
			return runRender(cmd.Context(), d, opts)
		},
	}
	flags := cmd.Flags()
	opts.drawing.flags(cmd)
	flags.StringVar(&opts.mode, "mode", modeProof, "proof or production")
	flags.StringArrayVar(&opts.templates, "template", nil, "a template's `FILE`, in place of the program's for its form (may be repeated)")
	flags.StringVar(&opts.passphraseFile, "passphrase-file", "", "the passphrase of the signing key is in `FILE`")
	completeFlag(cmd, "mode", func(string) []string { return []string{modeProof, modeProduction} })
	return cmd
}

func runRender(ctx context.Context, d *desk, opts renderOptions) error {
	templates, err := station.LoadTemplates(opts.templates...)
	if err != nil {
		return withCode(exitInput, err)
	}
	r := &rendering{desk: d, opts: opts, templates: templates, drawn: map[string]bool{}, results: []rendered{}}
	defer r.close()
	for _, source := range opts.sources {
		if id, err := strconv.ParseInt(source, 10, 64); err == nil {
			err = r.order(ctx, id)
			r.keep(fmt.Sprintf("order %d", id), err)
		} else if err := r.records(ctx, source); err != nil {
			r.keep(source, err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	d.clearProgress()
	if err := d.print(r.results, r.write); err != nil {
		return err
	}
	return r.outcome()
}

// rendered is one card in the results.
type rendered struct {
	Card  string   `json:"card"` // the order or record
	Files []string `json:"files,omitempty"`
	Error string   `json:"error,omitempty"`
}

// rendering is one run of render.
type rendering struct {
	desk      *desk
	opts      renderOptions
	templates station.Templates
	workplace *workplace      // once an order is asked for
	atDesk    *station.Desk   // once one is drawn for production
	drawn     map[string]bool // by the name of the card's file
	files     []string        // of the present card
	results   []rendered
	failures  []error
}

func (r *rendering) close() {
	if r.workplace != nil {
		r.workplace.register.Close()
	}
}

// keep remembers what came of one card.
func (r *rendering) keep(name string, err error) {
	result := rendered{Card: name, Files: r.files}
	r.files = nil
	if err != nil {
		r.failures = append(r.failures, err)
		result.Error = printable(plain(err.Error()))
	}
	r.results = append(r.results, result)
	if r.desk.showsProgress() {
		fmt.Fprintf(r.desk.err, "\r%d drawn", len(r.results))
	}
}

// outcome tells with which error the run ends.
func (r *rendering) outcome() error {
	switch {
	case len(r.failures) == 0:
		return nil
	case len(r.results) == 1 && strings.Contains(r.failures[0].Error(), r.results[0].Card):
		return r.failures[0]
	case len(r.results) == 1:
		return fmt.Errorf("%s: %w", r.results[0].Card, r.failures[0])
	}
	return withCode(exitSome, fmt.Errorf("%d of %d failed", len(r.failures), len(r.results)))
}

func (r *rendering) write(w io.Writer) {
	for _, one := range r.results {
		switch {
		case one.Error == "":
			fmt.Fprintf(w, "%s: %s\n", one.Card, strings.Join(one.Files, ", "))
		case len(r.results) > 1: // else the command ends with this very sentence
			fmt.Fprintf(w, "%s: refused: %s\n", one.Card, one.Error)
		}
	}
}

// draw writes the files of one card, and never over those of another one of this run: two files of records in two folders
// may have the same name.
func (r *rendering) draw(name string, faces layout.Faces) (err error) {
	if r.drawn[name] {
		return withCode(exitUsage, fmt.Errorf("%s: another card of this run has that name: draw them into two folders", name))
	}
	r.drawn[name] = true
	r.files, err = r.opts.drawing.write(name, faces)
	return err
}

// records draws every record of a file.
func (r *rendering) records(ctx context.Context, source string) error {
	if r.opts.mode == modeProduction {
		return withCode(exitNotAllowed, fmt.Errorf("%s: a record is no order: for production name an order of the station, by its number", source))
	}
	file, folder, err := r.desk.openRecords(source)
	if err != nil {
		return err
	}
	defer file.Close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	n := 0
	for prepared, err := range onlyOne(prepareAll(ctx, card.Records(file), folder, r.templates), r.opts.drawing.folder()) {
		if errors.Is(err, errMoreRecords) {
			return withCode(exitUsage, fmt.Errorf("%s %w", source, err))
		}
		n++
		r.keep(fmt.Sprintf("%s:%d", source, n), r.record(source, n, prepared, err))
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// record draws one record of a file.
func (r *rendering) record(source string, n int, prepared preparedOrder, err error) error {
	if err != nil {
		return withInput(err)
	}
	for _, w := range prepared.warnings {
		r.desk.note("%s:%d: warning: %s / %s", source, n, w.Text, w.TextVi)
	}
	base := strings.TrimSuffix(filepath.Base(source), filepath.Ext(source))
	return r.draw(fmt.Sprintf("%s-%06d", base, n), prepared.faces)
}

var errMoreRecords = errors.New("holds more than one record: name a folder for them, -o DIR/")

// onlyOne gives the records as they are where many may be, and else one alone, or errMoreRecords in its place.
func onlyOne(records iter.Seq2[preparedOrder, error], many bool) iter.Seq2[preparedOrder, error] {
	if many {
		return records
	}
	return func(yield func(preparedOrder, error) bool) {
		var first preparedOrder
		var firstErr error
		n := 0
		for one, err := range records {
			if n++; n > 1 {
				yield(preparedOrder{}, errMoreRecords)
				return
			}
			first, firstErr = one, err
		}
		if n == 1 {
			yield(first, firstErr)
		}
	}
}

// order draws one order of the station.
func (r *rendering) order(ctx context.Context, id int64) error {
	if err := r.station(ctx); err != nil {
		return err
	}
	order, err := r.workplace.register.Order(ctx, id)
	if err != nil {
		return err
	}
	doc, err := card.ParseRecord(order.Record)
	if err != nil {
		return err
	}
	if len(doc.Fingerprints) > 0 && order.Fingerprints == nil && r.templates.Fingerprints(doc.Form) {
		r.desk.note("order %d: its fingerprints were erased when it ended: its face is drawn without", id)
	}
	var proof pki.Production
	if r.opts.mode == modeProduction {
		if proof, err = r.prove(ctx, order); err != nil {
			return err
		}
	}
	faces, err := r.templates.Faces(doc, order.Face, order.Fingerprints, proof)
	if err != nil {
		return err
	}
	return r.draw(strings.TrimSuffix(station.PrintName(id), ".pdf"), faces)
}

// station opens the station once. Its templates are those of its configuration, and those that were named for this run.
func (r *rendering) station(ctx context.Context) error {
	if r.workplace != nil {
		return nil
	}
	w, err := r.desk.openStation(ctx)
	if err != nil {
		return err
	}
	r.workplace = w
	own, err := w.config.LoadTemplates(w.folder)
	if err != nil {
		return withCode(exitRegister, err)
	}
	for form, t := range r.templates {
		own[form] = t
	}
	r.templates = own
	return nil
}

// prove has the station's key prove that the order may be drawn as a real card, and the order's history keep that it is.
func (r *rendering) prove(ctx context.Context, order register.Order) (proof pki.Production, err error) {
	if r.atDesk == nil {
		err := r.desk.withPassphrase(r.opts.passphraseFile, func(passphrase []byte) (err error) {
			r.atDesk, err = r.workplace.desk(r.desk, passphrase)
			return err
		})
		if err != nil {
			return pki.Production{}, err
		}
	}
	if proof, err = r.atDesk.Production(ctx, order.ID); err != nil {
		return pki.Production{}, err
	}
	by := ""
	if r.templates[order.Form] != nil {
		by = " by a template that is not the program's"
	}
	return proof, r.workplace.register.Note(ctx, order.ID, register.Step{From: order.State, Actor: r.workplace.actor(), At: r.atDesk.Now(),
		Detail: "faces drawn for production" + by + " by `cancuoc render`; " + proof.String()})
}

// oneRecord reads a file that must hold one record.
func (d *desk) oneRecord(name string) (doc card.Document, folder string, err error) {
	source, folder, err := d.openRecords(name)
	if err != nil {
		return card.Document{}, "", err
	}
	defer source.Close()
	n := 0
	for next, err := range card.Records(source) {
		if n++; n > 1 {
			return card.Document{}, "", fmt.Errorf("%s holds more than one record: name a file with one", name)
		}
		if err != nil {
			return card.Document{}, "", err
		}
		doc = next
	}
	return doc, folder, nil
}
