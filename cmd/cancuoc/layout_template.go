package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/regular"
	"github.com/cancuoc/cancuoc/layout"
)

func newLayoutTemplateCommand(d *desk) *cobra.Command {
	var out string
	var force bool
	cmd := &cobra.Command{
		Use: "template [FORM]", Short: "Write out the template of a form, to be changed; without one, list the forms", Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return formNames(), cobra.ShellCompDirectiveNoFileComp
		},
		Long: `Write out the template by which the faces of a form are laid out: JSON, lengths in millimetres from the top left corner. A
changed one is named with --template, or in station.toml under templates; "cancuoc layout check --template FILE" checks it.`,
		Example: `  cancuoc layout template
  cancuoc layout template cancuoc-2024 -o my-card.json`,
		RunE: func(cmd *cobra.Command, args []string) error { return runLayoutTemplate(d, args, out, force) },
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "write it to `FILE` (else to standard output)")
	cmd.Flags().BoolVar(&force, "force", false, "overwrite what is there")
	return cmd
}

// formNames lists the forms of documents.
func formNames() (names []string) {
	for _, f := range card.Forms() {
		names = append(names, f.Name)
	}
	return names
}

// listedTemplate is one of the program's templates.
type listedTemplate struct {
	Form   string  `json:"form"`
	Width  float64 `json:"width_mm"`
	Height float64 `json:"height_mm"`
	About  string  `json:"about"`
}

func runLayoutTemplate(d *desk, args []string, out string, force bool) error {
	if len(args) == 0 {
		return d.listTemplates()
	}
	text, err := layout.TemplateFile(args[0])
	if err != nil {
		return withInput(err)
	}
	if out == "" {
		_, err := d.out.Write(text)
		return err
	}
	if _, err := os.Lstat(out); err == nil && !force { // somebody may have changed it
		return withCode(exitInput, fmt.Errorf("%s is there already: --force overwrites it", out))
	}
	return regular.WriteFile(out, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

func (d *desk) listTemplates() error {
	var all []listedTemplate
	for _, form := range formNames() {
		t, err := layout.TemplateFor(form)
		if err != nil {
			return err
		}
		all = append(all, listedTemplate{form, t.Width, t.Height, t.About})
	}
	return d.print(all, func(w io.Writer) {
		for _, t := range all {
			fmt.Fprintf(w, "%-18s %6.2f x %6.2f mm  %s\n", t.Form, t.Width, t.Height, t.About)
		}
	})
}
