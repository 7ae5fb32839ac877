package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
	"github.com/cancuoc/cancuoc/layout"
)

type layoutCheckOptions struct {
	files     []string
	templates []string
}

func newLayoutCheckCommand(d *desk) *cobra.Command {
	var opts layoutCheckOptions
	cmd := &cobra.Command{
		Use: "check RECORDS...", Short: "List every record that cannot be printed, before a batch begins", Args: cobra.ArbitraryArgs,
		Long: `Lay out the faces of every record in files of records, writing nothing, and list each that does not fit or has a letter that
the font lacks, with its field. A template that is named is checked itself, also without records. No station is needed; in one,
its own templates count.`,
		Example: `  cancuoc layout check records.jsonl
  cancuoc layout check records/*.json --template my-card.json
  cancuoc layout check --template my-card.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.files = args
			if len(args)+len(opts.templates) == 0 {
				return withCode(exitUsage, errors.New("name a file of records, or --template FILE"))
			}
			return runLayoutCheck(cmd.Context(), d, opts)
		},
	}
	cmd.Flags().StringArrayVar(&opts.templates, "template", nil, "a template's `FILE`, in place of the program's for its form (may be repeated)")
	return cmd
}

// laidOut is what came of one record.
type laidOut struct {
	Record string   `json:"record"`
	Faults []string `json:"faults,omitempty"`
}

// goodTemplate is a template by which records were laid out, in place of the program's.
type goodTemplate struct {
	Form   string  `json:"template"`
	Width  float64 `json:"width_mm"`
	Height float64 `json:"height_mm"`
}

func runLayoutCheck(ctx context.Context, d *desk, opts layoutCheckOptions) error {
	templates, err := d.templates(opts.templates)
	if err != nil {
		return err
	}
	results, good := []laidOut{}, 0
	defer d.clearProgress()
	for _, file := range opts.files {
		for one, err := range d.layOut(ctx, file, templates) {
			if err != nil {
				return err
			}
			if results = append(results, one); len(one.Faults) == 0 {
				good++
			}
			if d.showsProgress() && len(results)%20 == 0 {
				fmt.Fprintf(d.err, "\rlaid out %d", len(results))
			}
		}
	}
	d.clearProgress()
	if err := d.printLaidOut(results, goodTemplates(templates), good); err != nil {
		return err
	}
	if good < len(results) {
		return silent(exitInput)
	}
	return nil
}

// goodTemplates tells of the templates, in the order of their forms.
func goodTemplates(templates station.Templates) (all []goodTemplate) {
	for _, form := range slices.Sorted(maps.Keys(templates)) {
		all = append(all, goodTemplate{form, templates[form].Width, templates[form].Height})
	}
	return all
}

// printLaidOut prints the result: what is wrong with records, the templates, and how many records are good.
func (d *desk) printLaidOut(records []laidOut, templates []goodTemplate, good int) error {
	result := []any{}
	for _, r := range records {
		result = append(result, r)
	}
	for _, t := range templates {
		result = append(result, t)
	}
	return d.print(result, func(w io.Writer) {
		for _, r := range records {
			for _, fault := range r.Faults {
				fmt.Fprintf(w, "%s: %s\n", r.Record, fault)
			}
		}
		for _, t := range templates {
			fmt.Fprintf(w, "template for %s: good, %g x %g mm\n", t.Form, t.Width, t.Height)
		}
		if len(records) > 0 {
			fmt.Fprintf(w, "%d of %d records can be printed\n", good, len(records))
		}
	})
}

// templates loads the templates that are named, and those of the station, where there is one.
func (d *desk) templates(named []string) (station.Templates, error) {
	all := station.Templates{}
	config, err := station.LoadConfig(d.station)
	if err == nil {
		all, err = config.LoadTemplates(d.station)
	}
	if err != nil && !errors.Is(err, station.ErrNoStation) {
		return nil, withCode(exitRegister, err) // by the program's templates it could say "good" of what the station prints otherwise
	}
	own, err := station.LoadTemplates(named...)
	if err != nil {
		return nil, withCode(exitInput, err)
	}
	for form, t := range own {
		all[form] = t
	}
	return all, nil
}

// layOut lays out the records of a file and tells of each. A file that cannot be read is an error.
func (d *desk) layOut(ctx context.Context, name string, templates station.Templates) func(yield func(laidOut, error) bool) {
	return func(yield func(laidOut, error) bool) {
		source, folder, err := d.openRecords(name)
		if err != nil {
			yield(laidOut{}, err)
			return
		}
		defer source.Close()
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		n := 0
		for _, err := range prepareAll(ctx, card.Records(source), folder, templates) {
			if ctx.Err() != nil {
				yield(laidOut{}, ctx.Err())
				return
			}
			n++
			if !yield(laidOut{fmt.Sprintf("%s:%d", name, n), faults(err)}, nil) {
				return
			}
		}
	}
}

// faults parts what is wrong with a record into one sentence a field.
func faults(err error) (all []string) {
	if err == nil {
		return nil
	}
	var field *layout.FieldError
	if !errors.As(err, &field) {
		return []string{printable(plain(err.Error()))}
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		all = append(all, printable(strings.TrimPrefix(line, "layout: ")))
	}
	return all
}
