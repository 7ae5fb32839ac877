package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card/vnm"
)

func newNumberCommand(d *desk) *cobra.Command {
	return group("number", "Check personal identification numbers", &cobra.Command{
		Use: "check N|-", Short: "Check a number, or one on each line of standard input", Args: cobra.ExactArgs(1),
		Long: `Check personal identification numbers. Twelve digits is the only rule; what the digits used to mean (place,
century and sex, year) gives warnings.`,
		Example: "  cancuoc number check 000200000013\n  cancuoc number check - < numbers.txt",
		RunE:    func(_ *cobra.Command, args []string) error { return runNumberCheck(d, args[0]) },
	})
}

// checkedNumber is the result for one number.
type checkedNumber struct {
	Number    string        `json:"number"`
	Good      bool          `json:"good"`
	Prefix    string        `json:"prefix,omitempty"`
	Place     string        `json:"place,omitempty"`
	Sex       string        `json:"sex,omitempty"`
	BirthYear int           `json:"birth_year,omitempty"`
	Warnings  []vnm.Warning `json:"warnings,omitempty"`
	Error     string        `json:"error,omitempty"`
}

func checkNumber(text string) checkedNumber {
	n, warnings, err := vnm.ParseNumber(text)
	if err != nil {
		return checkedNumber{Number: text, Error: err.Error()}
	}
	return checkedNumber{Number: n.Digits, Good: true, Prefix: n.Prefix, Place: n.PrefixName, Sex: n.Sex, BirthYear: n.BirthYear, Warnings: warnings}
}

func runNumberCheck(d *desk, arg string) error {
	text, err := d.input(arg)
	if err != nil {
		return err
	}
	results, bad := []checkedNumber{}, 0
	for _, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" && arg == "-" {
			continue
		}
		r := checkNumber(line)
		if !r.Good {
			bad++
		}
		results = append(results, r)
	}
	if err := d.print(results, func(w io.Writer) { writeNumbers(w, results) }); err != nil {
		return err
	}
	switch {
	case len(results) == 0:
		return withCode(exitInput, errors.New("no number in the input"))
	case bad == 0:
		return nil
	case bad < len(results):
		return withCode(exitSome, fmt.Errorf("%d of %d numbers are not good", bad, len(results)))
	}
	return withCode(exitInput, errors.New(results[0].Error))
}

func writeNumbers(w io.Writer, results []checkedNumber) {
	for _, r := range results {
		if !r.Good {
			fmt.Fprintf(w, "%s: bad: %s\n", printable(r.Number), plain(r.Error))
			continue
		}
		fmt.Fprintf(w, "%s: good, %s, %s, born %d\n", r.Number, r.Place, r.Sex, r.BirthYear)
		for _, warning := range r.Warnings {
			fmt.Fprintf(w, "%s: warning: %s / %s\n", r.Number, warning.Text, warning.TextVi)
		}
	}
}
