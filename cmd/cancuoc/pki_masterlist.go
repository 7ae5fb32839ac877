package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/pki/cms"
)

func newPKIMasterListCommand(d *desk) *cobra.Command {
	return group("masterlist", "Master lists: CSCA certificates that a state has signed",
		newMasterListShowCommand(d), newMasterListMakeCommand(d))
}

type masterListShowOptions struct {
	path, trust string
}

func newMasterListShowCommand(d *desk) *cobra.Command {
	var opts masterListShowOptions
	cmd := &cobra.Command{
		Use: "show FILE [--trust PATH]", Short: "List the certificates of a master list, and judge it", Args: cobra.ExactArgs(1),
		Long: `List every certificate of a master list, one that cannot be read with its reason, and who signed the list. FILE may be - for
standard input. A root is signed by its own key; who signed a link is not asked.

With --trust the list is judged: its signature, and its signer below a root that PATH holds, valid now and not revoked:
exit code 0 good, 9 a wrong signature, 10 not proven (nobody in PATH stands over the signer, or something about it cannot be
judged), 11 right but expired or not valid yet. PATH is a certificate or a folder, as "cancuoc verify" takes it; without it
nothing is judged.`,
		Example: `  cancuoc pki masterlist show list.ml
  cancuoc pki masterlist show list.ml --trust csca.cer
  cancuoc pki masterlist show list.ml --trust csca.cer --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.path = args[0]
			return runMasterListShow(cmd.Context(), d, opts)
		},
	}
	cmd.Flags().StringVar(&opts.trust, "trust", "", "judge the list by the CSCA certificates in `PATH`, a file or a folder")
	return cmd
}

// shownList is a master list, as JSON has it.
type shownList struct {
	File         string            `json:"file"`
	Certificates []listedRow       `json:"certificates"`
	Algorithm    string            `json:"algorithm"`
	SignedAt     *time.Time        `json:"signed_at,omitempty"`
	Signer       *shownCertificate `json:"signer,omitempty"`
	SignerError  string            `json:"signer_error,omitempty"`
	SHA256       string            `json:"sha256"`
	Verdict      *listVerdict      `json:"verdict,omitempty"`
}

type listedRow struct {
	Number    int        `json:"number"`
	Kind      pki.Kind   `json:"kind,omitempty"`
	Country   string     `json:"country,omitempty"`
	Subject   string     `json:"subject,omitempty"`
	Issuer    string     `json:"issuer,omitempty"`
	Algorithm string     `json:"algorithm,omitempty"`
	Key       string     `json:"key,omitempty"`
	NotBefore *time.Time `json:"not_before,omitempty"`
	NotAfter  *time.Time `json:"not_after,omitempty"`
	SHA256    string     `json:"sha256"`
	Error     string     `json:"error,omitempty"`
}

// listVerdict is what came of judging a list.
type listVerdict struct {
	Result string   `json:"result"` // "good", "false", "not-proven", "out-of-date"
	Reason string   `json:"reason,omitempty"`
	Path   []string `json:"path,omitempty"` // the subjects over the signer, up to the anchor

	code int
}

func runMasterListShow(_ context.Context, d *desk, opts masterListShowOptions) error {
	content, err := d.pkiFile(opts.path)
	if err != nil {
		return err
	}
	list, err := onlyList(opts.path, content)
	if err != nil {
		return err
	}
	shown := showList(opts.path, list)
	if opts.trust != "" {
		trust, err := d.trusted(opts.trust)
		if err != nil {
			return err
		}
		shown.Verdict = judgeList(list, trust, time.Now())
	}
	if err := d.print(shown, func(w io.Writer) { shown.write(w) }); err != nil {
		return err
	}
	if shown.Verdict == nil {
		d.note("nothing was judged: --trust PATH names whom to trust")
		return nil
	}
	if shown.Verdict.code != exitDone {
		return silent(shown.Verdict.code)
	}
	return nil
}

// onlyList gives the one master list that a file holds.
func onlyList(path string, content []byte) (pki.MasterList, error) {
	sources := pki.ParseSources(path, content)
	switch {
	case len(sources) != 1:
		return pki.MasterList{}, withCode(exitInput, fmt.Errorf("%s holds %d entries, not one master list (see `cancuoc pki show`)", path, len(sources)))
	case sources[0].Err != nil:
		return pki.MasterList{}, withCode(exitInput, fmt.Errorf("%s: %w", path, sources[0].Err))
	case sources[0].MasterList.SignedData.Raw == nil:
		return pki.MasterList{}, withCode(exitInput, fmt.Errorf("%s is no master list (see `cancuoc pki show`)", path))
	}
	return sources[0].MasterList, nil
}

func showList(path string, list pki.MasterList) shownList {
	shown := shownList{File: path, Certificates: []listedRow{}, Algorithm: list.SignedData.Algorithm,
		SignedAt: stated(list.SignedData.SigningTime), SHA256: fingerprint(list.SignedData.Raw)}
	for n, one := range list.Certificates {
		row := listedRow{Number: n + 1, SHA256: fingerprint(one.Raw)}
		if one.Err != nil {
			row.Error = plain(one.Err.Error())
		} else {
			c := one.Certificate
			row.Kind, row.Country, row.Subject, row.Issuer, row.Algorithm = c.Kind(), c.Country, c.Subject, c.Issuer, c.Algorithm
			row.Key, row.NotBefore, row.NotAfter = c.KeyAlgorithm, &c.NotBefore, &c.NotAfter
		}
		shown.Certificates = append(shown.Certificates, row)
	}
	if signer, err := list.Signer(); err != nil {
		shown.SignerError = plain(err.Error())
	} else {
		shown.Signer = showCertificate(signer)
	}
	return shown
}

// judgeList tells apart a list that is false, one that nobody vouches for, and one that was right in its time.
func judgeList(list pki.MasterList, trust pki.Trust, now time.Time) *listVerdict {
	_, path, err := list.Judge(trust, now)
	v := &listVerdict{Result: "good"}
	for _, c := range path {
		v.Path = append(v.Path, c.Subject)
	}
	if err == nil {
		return v
	}
	v.Reason = plain(err.Error())
	switch {
	case errors.Is(err, cms.ErrSignature), errors.Is(err, pki.ErrSignature):
		v.Result, v.code = "false", exitNotGenuine
	case errors.Is(err, pki.ErrExpired), errors.Is(err, pki.ErrNotYetValid):
		v.Result, v.code = "out-of-date", exitNotValid
	default:
		v.Result, v.code = "not-proven", exitNotProven
	}
	return v
}

func (s shownList) write(w io.Writer) {
	for _, c := range s.Certificates {
		if c.Error != "" {
			fmt.Fprintf(w, "%5d  ! %s  sha256 %s\n", c.Number, printable(c.Error), c.SHA256)
			continue
		}
		fmt.Fprintf(w, "%5d  %-4s  %-2s  %s  %s, %s  %s  %s\n", c.Number, c.Kind, printable(orDash(c.Country)), dates(c),
			printable(c.Key), printable(c.Algorithm), c.SHA256[:16], printable(c.Subject))
	}
	fmt.Fprintf(w, "%d certificates, signed with %s", len(s.Certificates), printable(s.Algorithm))
	if s.SignedAt != nil {
		fmt.Fprintf(w, " at %s", instant(*s.SignedAt))
	}
	fmt.Fprintln(w, " by")
	if s.SignerError != "" {
		fmt.Fprintf(w, "  ! %s\n", printable(s.SignerError))
	} else {
		writeCertificate(w, s.Signer)
	}
	if v := s.Verdict; v != nil {
		for _, subject := range v.Path {
			writeField(w, "below", subject)
		}
		writeField(w, "verdict", v.text())
	}
}

func dates(c listedRow) string {
	return c.NotBefore.Format(time.DateOnly) + " to " + c.NotAfter.Format(time.DateOnly)
}

func (v listVerdict) text() string {
	if v.Reason == "" {
		return v.Result
	}
	return v.Result + ": " + v.Reason
}
