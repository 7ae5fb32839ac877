package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card/pki/lint"
)

type pkiLintOptions struct {
	paths []string
	as    string
}

func newPKILintCommand(d *desk) *cobra.Command {
	var opts pkiLintOptions
	cmd := &cobra.Command{
		Use: "lint FILE|DIR...", Short: "Hold certificates and lists against the profiles of Doc 9303-12", Args: cobra.MinimumNArgs(1),
		Long: `Hold certificates, revocation lists and master lists, in DER or PEM, against the profile tables of Doc 9303-12, and say of each
thing found what is wrong and by which clause: a violation of what is demanded, or advice on what is recommended. Of a folder
every such file is taken, in the folders below it too. What a certificate is for is told by itself, or with --as. It is the form that is looked at:
no signature, no chain, no time ("cancuoc verify" does that). Of a master list its frame, its signer and every certificate in
it are looked at. With a violation the exit code is 3.`,
		Example: `  cancuoc pki lint station/authority
  cancuoc pki lint csca.cer list.crl --json
  cancuoc pki lint next.cer --as link`,
		RunE: func(_ *cobra.Command, args []string) error {
			opts.paths = args
			return runPKILint(d, opts)
		},
	}
	cmd.Flags().StringVar(&opts.as, "as", "", "what the certificates are: "+strings.Join(roles(), ", ")+" (else what each says of itself)")
	completeFlag(cmd, "as", func(string) []string { return roles() })
	return cmd
}

func roles() []string {
	var names []string
	for _, r := range lint.Roles() {
		names = append(names, string(r))
	}
	return names
}

// linted is what was found of one thing in a file.
type linted struct {
	File string `json:"file"`
	lint.Report
	Error string `json:"error,omitempty"`
}

func runPKILint(d *desk, opts pkiLintOptions) error {
	if opts.as != "" && !slices.Contains(roles(), opts.as) {
		return withCode(exitUsage, fmt.Errorf("--as %s: a certificate is that of a %s", opts.as, strings.Join(roles(), ", ")))
	}
	all := []linted{}
	for _, path := range opts.paths {
		some, err := d.lintPath(path, lint.Role(opts.as))
		if err != nil {
			return err
		}
		all = append(all, some...)
	}
	if err := d.print(all, func(w io.Writer) { writeLinted(w, all) }); err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(l linted) bool { return l.Error != "" || l.Violations() > 0 }) {
		return silent(exitInput)
	}
	return nil
}

// lintPath takes a file, or everything in a folder whose name says that it has a profile.
func (d *desk) lintPath(path string, as lint.Role) (all []linted, err error) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return d.lintFile(path, as)
	}
	err = filepath.WalkDir(path, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return withCode(exitInput, err)
		}
		if e.IsDir() || !slices.Contains([]string{".cer", ".crt", ".der", ".pem", ".crl", ".ml"}, strings.ToLower(filepath.Ext(name))) {
			return nil
		}
		some, err := d.lintFile(name, as)
		all = append(all, some...)
		return err
	})
	if err == nil && len(all) == 0 {
		err = withCode(exitInput, fmt.Errorf("%s holds no certificate and no list", path))
	}
	return all, err
}

func (d *desk) lintFile(path string, as lint.Role) ([]linted, error) {
	content, err := d.pkiFile(path)
	if err != nil {
		return nil, err
	}
	reports, err := lint.File(content, as)
	if err != nil {
		return []linted{{File: path, Report: lint.Report{Findings: []lint.Finding{}}, Error: plain(err.Error())}}, nil
	}
	var all []linted
	for _, r := range reports {
		all = append(all, linted{File: path, Report: r})
	}
	return all, nil
}

func writeLinted(w io.Writer, all []linted) {
	violations, advice := 0, 0
	for _, l := range all {
		if l.Error != "" {
			fmt.Fprintf(w, "%s: %s\n", printable(l.File), printable(l.Error))
		}
		for _, f := range l.Findings {
			fmt.Fprintf(w, "%s: %s: %s: %s %s (%s)  %s\n", printable(l.File), l.Role, f.Severity, f.Field, printable(f.Text), f.Clause, printable(l.Subject))
		}
		violations += l.Violations()
		advice += len(l.Findings) - l.Violations()
	}
	fmt.Fprintf(w, "%d looked at: %d violations, %d pieces of advice\n", len(all), violations, advice)
}
