package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
)

type initOptions struct {
	folder, passphraseFile string
	station.Options
}

func newInitCommand(d *desk) *cobra.Command {
	var opts initOptions
	cmd := &cobra.Command{
		Use: "init [DIR]", Short: "Make a station with a specimen authority", Args: cobra.MaximumNArgs(1),
		Long: `Make a station in a folder: a register, a configuration (station.toml), a specimen authority, whose names begin
with SPECIMEN and whose certificates say so, and a specimen CVCA with a document verifier and an inspection system, as
which the station reads back fingerprints. What it signs is for trials and proves nothing.`,
		Example: `  cancuoc init station
  cancuoc init --passphrase-file pass.txt station
  cancuoc init --profile nist --named-curves station`,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.folder = d.station
			if len(args) == 1 {
				opts.folder = args[0]
			}
			return runInit(cmd.Context(), d, opts)
		},
	}
	cmd.Flags().StringVar(&opts.Name, "name", "", "name of the station in the history (else the machine's)")
	addProfileFlag(cmd, &opts.Profile, "vn")
	cmd.Flags().BoolVar(&opts.NamedCurves, "named-curves", false, "certificates write curves by name, for programs that take nothing else")
	cmd.Flags().StringVar(&opts.passphraseFile, "passphrase-file", "", "encrypt the key files with the passphrase in `FILE` (- for standard input)")
	return cmd
}

func runInit(_ context.Context, d *desk, opts initOptions) error {
	if opts.Name == "" {
		opts.Name, _ = os.Hostname()
	}
	passphrase, err := d.passphrase(opts.passphraseFile)
	if err != nil {
		return err
	}
	opts.Passphrase = passphrase
	if err := station.Init(opts.folder, opts.Options, time.Now()); err != nil {
		return err
	}
	folder, err := filepath.Abs(opts.folder)
	if err != nil {
		return err
	}
	result := struct {
		Station   string `json:"station"`
		Specimen  bool   `json:"specimen"`
		Encrypted bool   `json:"encrypted"`
	}{folder, true, passphrase != nil}
	return d.print(result, func(w io.Writer) {
		fmt.Fprintf(w, "made the station in %s: register, specimen authority, %s\n", shown(folder), station.ConfigName)
		if passphrase == nil {
			fmt.Fprintln(w, "its keys are not encrypted: --passphrase-file would do that")
		}
	})
}
