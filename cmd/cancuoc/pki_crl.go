package main

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/authority"
)

type crlOptions struct {
	authorityOptions
	revoke []string
	days   int
}

func newCRLCommand(d *desk) *cobra.Command {
	var opts crlOptions
	cmd := &cobra.Command{
		Use: "crl", Short: "Issue the authority's next revocation list", Args: cobra.NoArgs,
		Long: `Issue the next revocation list, with everything that has been revoked before and what --revoke adds: a serial number, as
"cancuoc pki ds list" shows it, or the file of a certificate. A list is due every 90 days at the latest, with a revocation
within 48 hours, without one no sooner than that (Doc 9303-12, section 4.1.5). What has been revoked stays so: try --dry-run
first.`,
		Example: `  cancuoc pki crl
  cancuoc pki crl --revoke authority/signers/ds-001.cer --dry-run
  cancuoc pki crl --revoke 5bd3a3d0cb8b57e8cb9c45a70e1b1a66 --days 30`,
		RunE: func(*cobra.Command, []string) error { return runCRL(d, opts) },
	}
	opts.addTo(cmd)
	cmd.Flags().StringArrayVar(&opts.revoke, "revoke", nil, "revoke the certificate with this `SERIAL` number, or in this file; may be repeated")
	cmd.Flags().IntVar(&opts.days, "days", 90, "after how many days the next list is due")
	return cmd
}

// maxListDays is the longest that a revocation list may stand.
const maxListDays = int(pki.MaxListAge / (24 * time.Hour))

// issuedList tells of a revocation list.
type issuedList struct {
	File       string    `json:"file,omitempty"`
	Number     string    `json:"number,omitempty"`
	ThisUpdate time.Time `json:"this_update"`
	NextUpdate time.Time `json:"next_update"`
	Added      []string  `json:"added"`   // subjects
	Revoked    int       `json:"revoked"` // on the whole list
}

func runCRL(d *desk, opts crlOptions) error {
	now := time.Now()
	if opts.days < 1 || opts.days > maxListDays {
		return withCode(exitUsage, fmt.Errorf("--days %d: the next list is due after 1 to %d days (Doc 9303-12, section 4.1.5)", opts.days, maxListDays))
	}
	return d.withAuthority(opts.authorityOptions, func(a *authority.Authority) error {
		add, err := a.ToRevoke(opts.revoke)
		if err != nil {
			return err
		}
		last, err := a.LastList()
		if err != nil {
			return err
		}
		add = slices.DeleteFunc(add, func(c pki.Certificate) bool {
			r, already := last.Revokes(c)
			if already {
				d.note("warning: revoked already, on %s: %s", r.At.Format(time.DateOnly), printable(plain(c.Subject)))
			}
			return already
		})
		if len(add) == 0 && !last.ThisUpdate.IsZero() && now.Sub(last.ThisUpdate) < pki.MinListPace {
			d.note("warning: the last list is of %s: without a revocation the next is due no sooner than after 48 hours (Doc 9303-12, section 4.1.5)", last.ThisUpdate.Format(time.DateTime))
		}
		result := issuedList{ThisUpdate: now.UTC(), NextUpdate: now.UTC().AddDate(0, 0, opts.days), Added: []string{}, Revoked: len(last.Revoked) + len(add)}
		for _, c := range add {
			result.Added = append(result.Added, c.Subject)
		}
		if opts.dryRun {
			return d.print(result, func(w io.Writer) { writeList(w, "would issue a revocation list", result) })
		}
		list, path, err := a.IssueList(add, now, opts.days)
		if err != nil {
			return err
		}
		result.File, result.Number, result.Revoked = path, list.Number, len(list.Revoked)
		result.ThisUpdate, result.NextUpdate = list.ThisUpdate, list.NextUpdate
		return d.print(result, func(w io.Writer) { writeList(w, "issued revocation list "+list.Number, result) })
	})
}

func writeList(w io.Writer, what string, l issuedList) {
	fmt.Fprintf(w, "%s: %d revoked, the next is due on %s\n", what, l.Revoked, l.NextUpdate.Format(time.DateOnly))
	for _, subject := range l.Added {
		fmt.Fprintf(w, "  revoked: %s\n", printable(subject))
	}
	if l.File != "" {
		fmt.Fprintf(w, "  %s\n", shown(l.File))
	}
}
