package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/vnm"
)

func newMRZCommand(d *desk) *cobra.Command {
	return group("mrz", "Check and make machine readable zones",
		&cobra.Command{Use: "check FILE", Short: "Check the three lines of a zone and say what they hold", Args: cobra.ExactArgs(1),
			Long:    "Check every check digit of a card's machine readable zone, three lines in a file or on standard input (-).",
			Example: "  cancuoc mrz check mrz.txt\n  cancuoc mrz make citizen.json | cancuoc mrz check -",
			RunE:    func(_ *cobra.Command, args []string) error { return runMRZCheck(d, args[0]) }},
		&cobra.Command{Use: "make RECORD", Short: "Make the zone of a record's card", Args: cobra.ExactArgs(1),
			Example: "  cancuoc mrz make citizen.json > mrz.txt",
			RunE:    func(_ *cobra.Command, args []string) error { return runMRZMake(d, args[0]) }})
}

// zone is what a machine readable zone says.
type zone struct {
	PersonalNumber string    `json:"personal_number"`
	Primary        string    `json:"primary_identifier"`
	Secondary      string    `json:"secondary_identifier"`
	DateOfBirth    date.Date `json:"date_of_birth"`
	Sex            string    `json:"sex"`
	DateOfExpiry   date.Date `json:"date_of_expiry"`
}

func runMRZCheck(d *desk, name string) error {
	text, err := d.file(name)
	if err != nil {
		return err
	}
	h, err := vnm.ParseZone(text, date.Of(time.Now()))
	if err != nil {
		return withCode(exitInput, err)
	}
	z := zone{h.PersonalNumber, h.Primary, h.Secondary, h.DateOfBirth, h.Sex, h.DateOfExpiry}
	return d.print(z, func(w io.Writer) {
		fmt.Fprintf(w, "good: every check digit holds\npersonal number %s\nname            %s, %s\ndate of birth   %s\nsex             %s\ndate of expiry  %s\n",
			z.PersonalNumber, z.Primary, z.Secondary, z.DateOfBirth, z.Sex, z.DateOfExpiry)
	})
}

func runMRZMake(d *desk, name string) error {
	doc, _, err := d.oneRecord(name)
	if err != nil {
		return withInput(err)
	}
	lines, err := doc.Complete().MRZ()
	if err != nil {
		return withInput(err)
	}
	result := struct {
		MRZ [3]string `json:"mrz"`
	}{lines}
	return d.print(result, func(w io.Writer) { fmt.Fprintln(w, strings.Join(lines[:], "\n")) })
}
