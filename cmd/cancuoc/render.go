package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/regular"
	"github.com/cancuoc/cancuoc/layout/pdf"
)

type renderOptions struct {
	record, out string
}

func newRenderCommand(d *desk) *cobra.Command {
	var opts renderOptions
	cmd := &cobra.Command{
		Use: "render RECORD -o FILE.pdf", Short: "Draw both faces of a record's card, as a specimen", Args: cobra.ExactArgs(1),
		Long: `Draw front and back of the card of one record into a PDF, overprinted SPECIMEN / MẪU. No station is needed and
nothing is registered.`,
		Example: `  cancuoc render citizen.json -o card.pdf`,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.record = args[0]
			return runRender(cmd.Context(), d, opts)
		},
	}
	cmd.Flags().StringVarP(&opts.out, "output", "o", "", "the PDF to write")
	return cmd
}

func runRender(_ context.Context, d *desk, opts renderOptions) error {
	if !strings.HasSuffix(strings.ToLower(opts.out), ".pdf") {
		return withCode(exitUsage, errors.New("name the file to write, ending in .pdf: -o FILE.pdf"))
	}
	doc, folder, err := d.oneRecord(opts.record)
	if err != nil {
		return withInput(err)
	}
	prepared, err := prepare(doc, folder, nil)
	if err != nil {
		return withInput(err)
	}
	if err := regular.WriteFile(opts.out, func(w io.Writer) error { return pdf.Write(w, prepared.faces.Front, prepared.faces.Back) }); err != nil {
		return err
	}
	for _, w := range prepared.warnings {
		d.note("warning: %s / %s", w.Text, w.TextVi)
	}
	result := struct {
		File string `json:"file"`
	}{opts.out}
	return d.print(result, func(w io.Writer) { fmt.Fprintf(w, "%s: both faces\n", opts.out) })
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
