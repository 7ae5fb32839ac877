package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/pki/lint"
)

type pkiLintOptions struct {
	paths []string
	role  string
}

func newPKILintCommand(d *desk) *cobra.Command {
	var opts pkiLintOptions
	cmd := &cobra.Command{
		Use: "lint FILE|DIR...", Short: "Hold certificates and lists against the profiles of Doc 9303-12", Args: cobra.MinimumNArgs(1),
		Long: `Hold what files of an infrastructure have against the profiles of Doc 9303-12: certificates against tables 5 and 6, revocation
lists against tables 9 and 10, master lists against table 18, with each certificate in them. Files are in DER or PEM, or LDIF
exports; of a folder those are taken that --trust DIR would read. FILE may be - for standard input.

Each departure is a line with the clause that it departs from: a violation of what must or must not be, or advice on what
should be. What a certificate is for is deduced from what it says of itself, or told with --as; that goes for certificates in
files, not for those in master lists. With any violation, and where something cannot be read, the exit code is 3. Form is
judged, not trust: no signature is verified but that of a root with its own key and that of a master list with its signer's.`,
		Example: `  cancuoc pki lint station/authority/trust
  cancuoc pki lint signer.cer --as document-signer
  cancuoc pki lint german.ml --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.paths = args
			return runPKILint(cmd.Context(), d, opts)
		},
	}
	cmd.Flags().StringVar(&opts.role, "as", "", "what each certificate is for, a `ROLE`: "+strings.Join(roleNames(), ", "))
	completeFlag(cmd, "as", func(string) []string { return roleNames() })
	return cmd
}

func roleNames() []string {
	var names []string
	for _, r := range lint.Roles() {
		names = append(names, string(r))
	}
	return names
}

// linted is one thing with what was found about it, as JSON has it.
type linted struct {
	File     string          `json:"file"`
	Entry    string          `json:"entry,omitempty"`
	Kind     string          `json:"kind,omitempty"`
	Role     lint.Role       `json:"role,omitempty"`
	Subject  string          `json:"subject,omitempty"`
	Findings []lintedFinding `json:"findings"`
}

type lintedFinding struct {
	Severity lint.Severity `json:"severity"`
	Clause   string        `json:"clause"`
	Field    string        `json:"field"`
	Text     string        `json:"text"`
}

func runPKILint(_ context.Context, d *desk, opts pkiLintOptions) error {
	if opts.role != "" && !slices.Contains(roleNames(), opts.role) {
		return withCode(exitUsage, fmt.Errorf("there is no role %q: %s are known", opts.role, strings.Join(roleNames(), ", ")))
	}
	all := []linted{}
	for _, path := range opts.paths {
		sources, err := d.pkiSources(path)
		if err != nil {
			return err
		}
		if len(sources) == 0 {
			return withCode(exitInput, fmt.Errorf("%s: there is nothing to hold against the profiles", path))
		}
		for _, s := range sources {
			all = append(all, lintSource(s, lint.Role(opts.role))...)
		}
	}
	if err := d.print(all, func(w io.Writer) { writeLint(w, all) }); err != nil {
		return err
	}
	if violations, _ := countFindings(all); violations > 0 {
		return silent(exitInput)
	}
	return nil
}

// pkiSources reads a file or a folder of an infrastructure, judging nothing.
func (d *desk) pkiSources(path string) ([]pki.Source, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		sources, err := pki.ReadSources(path)
		return sources, withCode(exitInput, err)
	}
	content, err := d.pkiFile(path)
	if err != nil {
		return nil, err
	}
	return pki.ParseSources(path, content), nil
}

// lintSource lints what an entry holds. Of one whose bytes cannot be had the reason is the finding; what an export has of other
// kinds is passed over.
func lintSource(s pki.Source, role lint.Role) []linted {
	if s.Err != nil && !s.Unread {
		return nil
	}
	name := s.Entry
	if s.Attribute != "" {
		name = s.Attribute + " of " + s.Entry
	}
	if s.Raw == nil {
		return []linted{{File: s.File, Entry: trimmed(name), Findings: []lintedFinding{
			{lint.Violation, "Doc 9303-12, section 7.1", "file", plain(s.Err.Error())}}}}
	}
	var all []linted
	for _, r := range lint.Check(s.Raw, role) {
		one := linted{File: s.File, Entry: trimmed(name, r.Entry), Kind: r.Kind, Role: r.Role, Subject: r.Subject, Findings: []lintedFinding{}}
		for _, f := range r.Findings {
			one.Findings = append(one.Findings, lintedFinding{f.Severity, f.Clause, f.Field, plain(f.Text)})
		}
		all = append(all, one)
	}
	return all
}

// trimmed joins what there is of the names of an entry.
func trimmed(names ...string) string {
	return strings.Join(slices.DeleteFunc(names, func(n string) bool { return n == "" }), ", ")
}

func countFindings(all []linted) (violations, advice int) {
	for _, one := range all {
		for _, f := range one.Findings {
			if f.Severity == lint.Violation {
				violations++
			} else {
				advice++
			}
		}
	}
	return violations, advice
}

func writeLint(w io.Writer, all []linted) {
	for _, one := range all {
		for _, f := range one.Findings {
			fmt.Fprintf(w, "%s: %s: %s: %s: %s\n", printable(trimmed(one.File, one.Entry)), f.Severity, f.Clause, printable(f.Field), printable(f.Text))
		}
	}
	violations, advice := countFindings(all)
	fmt.Fprintf(w, "%d held against the profiles: %d violations, %d advice\n", len(all), violations, advice)
}
