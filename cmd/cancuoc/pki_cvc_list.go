package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/cvca"
)

func newCVCAListCommand(d *desk) *cobra.Command {
	var opts chainOptions
	cmd := &cobra.Command{
		Use: "list", Short: "Show the chain: who may read what, and until when", Args: cobra.NoArgs,
		Long: `Show the certificates of a folder: CVCA, links, document verifiers, inspection systems; who certified whom, what each may
read, from when to when, and whether its private key is here.`,
		Example: "  cancuoc pki cvca list\n  cancuoc pki cvca list --dir cvca --json",
		RunE:    func(*cobra.Command, []string) error { return runCVCAList(d, opts) },
	}
	cmd.Flags().StringVar(&opts.dir, "dir", "", "`FOLDER` of the CVCA, document verifier or inspection system (else the station's)")
	return cmd
}

// chainRow is one certificate of a chain.
type chainRow struct {
	Role      string    `json:"role"`
	Holder    string    `json:"holder"`
	Authority string    `json:"authority"`
	Rights    []string  `json:"rights"`
	From      date.Date `json:"from"`
	Until     date.Date `json:"until"`
	Expired   bool      `json:"expired"`
	DaysLeft  int       `json:"days_left"`
	Key       bool      `json:"key"` // it is here
	KeyKind   string    `json:"key_kind"`
	File      string    `json:"file"`
}

func runCVCAList(d *desk, opts chainOptions) error {
	var rows []chainRow
	on := today()
	err := d.chain(opts, func(f *cvca.Folder) error {
		rows = nil
		for _, e := range f.Certificates {
			rows = append(rows, rowOf(f, e, on))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return d.print(rows, func(w io.Writer) {
		for _, r := range rows {
			fmt.Fprintf(w, "%-26s %-16s by %-16s %s to %s, %-14s %s\n", r.Role, printable(r.Holder), printable(r.Authority), r.From, r.Until, left(r), orNothing(r.Rights))
			key := "key here"
			if !r.Key {
				key = "key elsewhere"
			}
			fmt.Fprintf(w, "  %s, %s, %s\n", printable(r.File), r.KeyKind, key)
		}
	})
}

func rowOf(f *cvca.Folder, e cvca.Entry, on date.Date) chainRow {
	r := chainRow{Role: e.Authorization.Role().String(), Holder: e.Holder, Authority: e.Authority, Rights: e.Authorization.Rights().Names(),
		From: e.Effective, Until: e.Expiration, Expired: e.Expiration.Before(on), DaysLeft: max(0, e.DaysLeft(on)), Key: e.Key != "",
		KeyKind: f.KeyKind(e), File: e.File}
	if e.Link() {
		r.Role = "CVCA link"
	}
	return r
}

func left(r chainRow) string {
	switch {
	case r.Expired:
		return "expired"
	case r.DaysLeft == 1:
		return "1 day left"
	}
	return fmt.Sprintf("%d days left", r.DaysLeft)
}
