package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/specimen"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
	"github.com/cancuoc/cancuoc/layout"
)

type sampleOptions struct {
	n            int
	form         string
	seed         uint64
	out, records string
	sheet        string
	template     string
	eci, force   bool
}

// mostSamples is how many citizens one run invents at most.
const mostSamples = 1_000_000

func newSampleCommand(d *desk) *cobra.Command {
	var opts sampleOptions
	cmd := &cobra.Command{
		Use: "sample -o FILE.pdf|DIR/ [--records DIR]", Short: "Draw cards of invented citizens, and write their records", Args: cobra.NoArgs,
		Long: `Invent specimen citizens, every one with a name, a number under the prefix 000 and a drawn portrait of their own, and draw
their cards, overprinted SPECIMEN / MẪU. The same number, form and seed give the same bytes. No station is needed.

A PDF has front and back of each card, 100 cards at most: of more, FILE-001.pdf and so on are written, and in a folder
sample-001.pdf and so on. With --sheet each file begins with an alignment page and then has sheets of paper, fronts and backs
in turn, to be printed on both sides and turned over the long edge.

--records writes records.jsonl and the images that it names: what "cancuoc order add DIR/records.jsonl" takes.`,
		Example: `  cancuoc sample -o cards.pdf
  cancuoc sample -n 20 --sheet a4 -o sheets.pdf --records records
  cancuoc sample -n 1000 --form cccd-2021 --seed 7 -o faces/
  cancuoc sample -n 500 --form certificate-2024 --records certificates`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := opts.check(); err != nil {
				return withCode(exitUsage, err)
			}
			return runSample(cmd.Context(), d, opts)
		},
	}
	flags := cmd.Flags()
	flags.IntVarP(&opts.n, "count", "n", 10, "how many citizens")
	flags.StringVar(&opts.form, "form", "cancuoc-2024", "form of the cards")
	flags.Uint64Var(&opts.seed, "seed", 1, "a number from which all is invented")
	flags.StringVarP(&opts.out, "output", "o", "", "the PDF `FILE` to write, or a folder")
	flags.StringVar(&opts.records, "records", "", "write the records and their images into the folder `DIR`")
	flags.StringVar(&opts.sheet, "sheet", "", "put the cards on sheets of this `PAPER`: a4")
	flags.StringVar(&opts.template, "template", "", "a template's `FILE`, in place of the program's for the form")
	flags.BoolVar(&opts.eci, "eci", false, "QR codes that say of their text that it is UTF-8")
	flags.BoolVar(&opts.force, "force", false, "overwrite what is there")
	completeFlag(cmd, "form", func(string) []string { return formNames() })
	completeFlag(cmd, "sheet", func(string) []string { return []string{paperA4} })
	return cmd
}

const paperA4 = "a4"

// folder tells whether the files are to get names of their own in a folder.
func (o sampleOptions) folder() bool {
	info, err := os.Stat(o.out)
	return strings.HasSuffix(o.out, "/") || err == nil && info.IsDir()
}

func (o sampleOptions) check() error {
	switch {
	case o.n < 1 || o.n > mostSamples:
		return fmt.Errorf("-n: %d; from 1 to %d citizens are invented", o.n, mostSamples)
	case o.out == "" && o.records == "":
		return errors.New("name what to write: -o FILE.pdf, -o DIR/ or --records DIR")
	case o.out == "" && (o.sheet != "" || o.eci || o.template != ""):
		return errors.New("--sheet, --eci and --template are for faces: name their file with -o")
	case !slices.Contains(formNames(), o.form):
		return fmt.Errorf("--form: %q is not one of %s", o.form, strings.Join(formNames(), ", "))
	case o.sheet != "" && !strings.EqualFold(o.sheet, paperA4):
		return fmt.Errorf("--sheet: %q is not one of %s", o.sheet, paperA4)
	case o.out != "" && !o.folder() && !strings.HasSuffix(strings.ToLower(o.out), ".pdf"):
		return fmt.Errorf("%s: the name of a file ends in .pdf, that of a folder in /", o.out)
	}
	return nil
}

// sampled is the result.
type sampled struct {
	Cards   int          `json:"cards"`
	Form    string       `json:"form"`
	Seed    uint64       `json:"seed"`
	Files   []sampleFile `json:"files,omitempty"`
	Records string       `json:"records,omitempty"`
}

// sampleFile is one file of faces.
type sampleFile struct {
	File  string `json:"file"`
	First int    `json:"first"` // number of its first card, from 1
	Cards int    `json:"cards"`
	Pages int    `json:"pages"`
}

func (s sampled) write(w io.Writer) {
	for _, f := range s.Files {
		fmt.Fprintf(w, "%s: cards %d to %d on %d pages\n", f.File, f.First, f.First+f.Cards-1, f.Pages)
	}
	if s.Records != "" {
		fmt.Fprintf(w, "%s: records 1 to %d, their images beside it\n", s.Records, s.Cards)
	}
}

func runSample(ctx context.Context, d *desk, opts sampleOptions) error {
	s, err := newSampling(d, opts)
	if err != nil {
		return err
	}
	if err := s.mayWrite(); err != nil {
		return err
	}
	defer d.clearProgress()
	defer limitMemory(softLimit)()
	err = s.run(ctx)
	if errors.Is(err, context.Canceled) {
		return withCode(exitInterrupted, fmt.Errorf("interrupted after %d of %d citizens; --force begins anew over what is written", s.done, opts.n))
	}
	if err != nil {
		return err
	}
	d.clearProgress()
	return d.print(s.result, s.result.write)
}

// softLimit is the memory, in bytes, beyond which garbage is collected at once: a hundred faces with fingerprints come near.
const softLimit = 80 << 20

// limitMemory sets a soft limit, unless a lower one is set, and gives what restores the one before.
func limitMemory(bytes int64) (restore func()) {
	before := debug.SetMemoryLimit(-1)
	debug.SetMemoryLimit(min(before, bytes))
	return func() { debug.SetMemoryLimit(before) }
}

// sampling is one run of sample.
type sampling struct {
	desk      *desk
	opts      sampleOptions
	inventor  *specimen.Inventor
	templates station.Templates // the one of the form
	prints    bool              // the faces have prints of fingers
	lines     io.Writer         // of records.jsonl
	done      int
	result    sampled
}

func newSampling(d *desk, opts sampleOptions) (*sampling, error) {
	s := &sampling{desk: d, opts: opts, result: sampled{Cards: opts.n, Form: opts.form, Seed: opts.seed}}
	var err error
	if s.inventor, err = specimen.NewInventor(opts.seed, opts.form); err != nil {
		return nil, withCode(exitUsage, err)
	}
	template, err := opts.chosenTemplate()
	if err != nil {
		return nil, err
	}
	if opts.eci {
		template = template.WithECI()
	}
	s.templates, s.prints = station.Templates{opts.form: template}, template.Fingerprints()
	s.inventor.Fingerprints = s.prints || opts.records != ""
	return s, nil
}

// chosenTemplate gives the template of the form: the program's, or the named one.
func (o sampleOptions) chosenTemplate() (*layout.Template, error) {
	if o.template == "" {
		return layout.TemplateFor(o.form)
	}
	all, err := station.LoadTemplates(o.template)
	if err != nil {
		return nil, withCode(exitInput, err)
	}
	if all[o.form] == nil {
		return nil, withCode(exitUsage, fmt.Errorf("--template: %s is for another form than %s: name its form with --form", o.template, o.form))
	}
	return all[o.form], nil
}

// invent gives the next citizens.
func (s *sampling) invent(n int) (some []specimen.Invented, err error) {
	for range n {
		one, err := s.inventor.Next()
		if err != nil {
			return nil, err
		}
		some = append(some, one)
	}
	return some, nil
}

// drawn is what is written of one citizen.
type drawn struct {
	faces  layout.Faces
	record []byte
	images map[string][]byte
	err    error
}

// draw draws what was asked for of one citizen.
func (s *sampling) draw(one specimen.Invented) (d drawn) {
	if s.opts.records != "" {
		d.record, d.images = one.Record, one.Files()
	}
	if s.opts.out != "" {
		d.faces, d.err = s.faces(one)
	}
	return d
}

func (s *sampling) faces(one specimen.Invented) (layout.Faces, error) {
	doc, err := card.ParseRecord(one.Record)
	if err != nil {
		return layout.Faces{}, err
	}
	var fingers []byte
	if s.prints {
		if fingers, err = doc.DG3(one.Prints()); err != nil {
			return layout.Faces{}, err
		}
	}
	return s.templates.Faces(doc.Complete(), one.Face(), fingers, pki.Production{})
}
