package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/authority"
)

type dsOptions struct {
	authorityOptions
	issue   authority.Issue
	purpose string
}

func (o *dsOptions) addTo(cmd *cobra.Command) {
	o.authorityOptions.addTo(cmd)
	f := cmd.Flags()
	f.StringVar(&o.issue.Key, "key", "", "`REF` of its key (else a file beside the certificate)")
	f.StringVar(&o.issue.Period, "period", "", "for how long its key signs, as 3m (else as the authority's description says)")
	f.StringVar(&o.issue.Longest, "longest-document", "", "validity of the longest-lived document: 10y, or never expires (else likewise)")
	f.StringSliceVar(&o.issue.DocumentTypes, "document-types", nil, "document codes that it signs (else likewise)")
}

func newDSIssueCommand(d *desk) *cobra.Command {
	var opts dsOptions
	cmd := &cobra.Command{
		Use: "issue", Short: "Issue the certificate of a document signer, or of a signer of lists", Args: cobra.NoArgs,
		Long: `Issue the certificate of the next document signer, with a key of its own. The certificate ends when the longest-lived
document expires of those that the key signs last (Doc 9303-12, section 4.1.1.1), and is refused where the authority's own
ends before. With --purpose the signer signs master lists or deviation lists in place of documents.

` + keyHelp,
		Example: `  cancuoc pki ds issue
  cancuoc pki ds issue --key "pkcs11:token=ds;object=ds-1?module-path=/usr/lib/softhsm/libsofthsm2.so" --period 1m
  cancuoc pki ds issue --purpose master-lists --authority csca --passphrase-file pass.txt`,
		RunE: func(*cobra.Command, []string) error {
			opts.issue.Purpose = pki.Purpose(opts.purpose)
			return runDSIssue(d, opts, "issued")
		},
	}
	opts.addTo(cmd)
	purposes := []string{string(pki.ForDocuments), string(pki.ForMasterLists), string(pki.ForDeviationLists)}
	cmd.Flags().StringVar(&opts.purpose, "purpose", purposes[0], "what it signs: "+strings.Join(purposes, ", "))
	completeFlag(cmd, "purpose", func(string) []string { return purposes })
	return cmd
}

func newDSRotateCommand(d *desk) *cobra.Command {
	var opts dsOptions
	cmd := &cobra.Command{
		Use: "rotate", Short: "Put the next document signer in the place of the present one", Args: cobra.NoArgs,
		Long: `Issue the next document signer. Every station that signs by this folder takes it from its next card on, also in the middle of
a batch; a card that the one before has signed stays good. The key of the one before may be erased when no station runs that
has it open (Doc 9303-12, section 4.1.1.2, recommends to).

` + keyHelp,
		Example: `  cancuoc pki ds rotate
  cancuoc pki ds rotate --dry-run --json`,
		RunE: func(*cobra.Command, []string) error {
			opts.issue.Purpose = pki.ForDocuments
			return runDSIssue(d, opts, "from now on signs")
		},
	}
	opts.addTo(cmd)
	return cmd
}

func runDSIssue(d *desk, opts dsOptions, verb string) error {
	return d.withAuthority(opts.authorityOptions, func(a *authority.Authority) error {
		if opts.dryRun {
			plan, err := a.PlanSigner(opts.issue, time.Now())
			if err != nil {
				return err
			}
			return d.printPlan(plan)
		}
		s, err := a.IssueSigner(opts.issue, time.Now())
		if err != nil {
			return err
		}
		made := madeOf(s.File, s.Certificate)
		return d.print(made, func(w io.Writer) { writeMade(w, verb, made) })
	})
}

func newDSListCommand(d *desk) *cobra.Command {
	var opts authorityOptions
	cmd := &cobra.Command{
		Use: "list", Short: "List the authority's signers", Args: cobra.NoArgs,
		Long: `List the signers of an authority: what each signs, until when its key signs, whether it has been revoked, and
with --json where its key is. In a station it tells too how often each key has signed.`,
		Example: `  cancuoc pki ds list
  cancuoc pki ds list --authority csca --json`,
		RunE: func(cmd *cobra.Command, _ []string) error { return runDSList(cmd.Context(), d, opts) },
	}
	addAuthorityFlag(cmd, &opts.folder)
	return cmd
}

// listedSigner is one signer in a list.
type listedSigner struct {
	Number  int    `json:"number"`
	Purpose string `json:"purpose"`
	State   string `json:"state"` // "signs", "rests" beside a newer one, "not yet", "over", "no key", "revoked"
	Uses    int64  `json:"uses"`
	madeCertificate
	Reference string `json:"key_reference,omitempty"`
}

func runDSList(ctx context.Context, d *desk, opts authorityOptions) error {
	a, err := authority.Open(d.authorityFolder(opts), d.keys(nil))
	if err != nil {
		return err
	}
	last, err := a.LastList()
	if err != nil {
		return err
	}
	uses, err := d.keyUses(ctx)
	if err != nil {
		return err
	}
	list := []listedSigner{}
	for _, p := range []pki.Purpose{pki.ForDocuments, pki.ForMasterLists} {
		signers, err := a.SignersOf(p)
		if err != nil {
			return err
		}
		for _, s := range signers {
			list = append(list, listedSigner{s.Number, purposeOf(s.Certificate), stateOf(s, last, time.Now()), uses[s.Certificate.KeyHash()],
				madeOf(s.File, s.Certificate), s.Key})
		}
	}
	restAll(list)
	return d.print(list, func(w io.Writer) { writeSigners(w, list) })
}

// restAll tells those apart that could sign and do not, since a newer one does.
func restAll(list []listedSigner) {
	taken := map[string]bool{}
	for i := range slices.Backward(list) {
		if s := &list[i]; s.State == "signs" {
			if taken[s.Purpose] {
				s.State = "rests"
			}
			taken[s.Purpose] = true
		}
	}
}

func purposeOf(c pki.Certificate) string {
	if p := c.Purpose(); p != "" {
		return string(p)
	}
	return "unknown"
}

// stateOf tells whether a signer can sign now.
func stateOf(s authority.Signer, last pki.RevocationList, now time.Time) string {
	_, revoked := last.Revokes(s.Certificate)
	switch {
	case revoked:
		return "revoked"
	case now.Before(s.Certificate.KeyNotBefore):
		return "not yet"
	case s.Certificate.KeyUsable(now) != nil:
		return "over"
	case s.Key == "":
		return "no key"
	}
	return "signs"
}

func writeSigners(w io.Writer, list []listedSigner) {
	for _, s := range list {
		fmt.Fprintf(w, "%3d  %-15s  %-8s  until %s  %6d uses  %s  %s\n", s.Number, s.Purpose, s.State, s.KeyUntil.Format(time.DateOnly), s.Uses, s.Serial, printable(s.Subject))
	}
	if len(list) == 0 {
		fmt.Fprintln(w, "no signer has been issued")
	}
}
