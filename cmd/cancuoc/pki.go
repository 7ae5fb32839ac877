package main

import (
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/authority"
)

func newPKICommand(d *desk) *cobra.Command {
	return group("pki", "The authority: certificates, keys, lists",
		group("csca", "The country signing authority: make it, renew it", newCSCAInitCommand(d), newCSCARenewCommand(d)),
		group("ds", "Document signers, and signers of lists: issue, list, rotate", newDSIssueCommand(d), newDSListCommand(d), newDSRotateCommand(d)),
		newCRLCommand(d), newPKIShowCommand(d), newPKILintCommand(d), newPKIMasterListCommand(d),
		newCVCACommand(d), newVerifierCommand(d), newTerminalCommand(d))
}

// authorityOptions say which authority, and how its keys open.
type authorityOptions struct {
	folder         string
	passphraseFile string
	dryRun         bool
}

func (o *authorityOptions) addTo(cmd *cobra.Command) {
	addAuthorityFlag(cmd, &o.folder)
	cmd.Flags().StringVar(&o.passphraseFile, "passphrase-file", "", "the passphrase of the authority's keys is in `FILE` (- for standard input)")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "say what would be made, and make nothing")
}

func addAuthorityFlag(cmd *cobra.Command, folder *string) {
	cmd.Flags().StringVar(folder, "authority", "", "folder of the authority (else $CANCUOC_AUTHORITY, else authority/ in the station)")
	_ = cmd.MarkFlagDirname("authority")
}

func (d *desk) authorityFolder(o authorityOptions) string {
	if o.folder != "" {
		return o.folder
	}
	if dir := os.Getenv("CANCUOC_AUTHORITY"); dir != "" {
		return dir
	}
	return filepath.Join(d.station, "authority")
}

// withAuthority opens the authority and does something with it, once more with a passphrase from the terminal if its keys
// turn out to need one.
func (d *desk) withAuthority(o authorityOptions, do func(a *authority.Authority) error) error {
	return d.withPassphrase(o.passphraseFile, func(passphrase []byte) error {
		a, err := authority.Open(d.authorityFolder(o), d.keys(passphrase))
		if err != nil {
			return err
		}
		return do(a)
	})
}

// madeCertificate tells of a certificate that was made.
type madeCertificate struct {
	File     string    `json:"file"`
	Subject  string    `json:"subject"`
	Serial   string    `json:"serial"`
	Key      string    `json:"key"`
	KeyUntil time.Time `json:"key_until"`
	Until    time.Time `json:"until"`
}

func madeOf(file string, c pki.Certificate) madeCertificate {
	return madeCertificate{file, c.Subject, c.Serial, c.KeyAlgorithm, c.KeyNotEnd, c.NotAfter}
}

// day shows the last day of something, or that it has none.
func day(t time.Time) string {
	if t.Equal(pki.Never()) {
		return "never"
	}
	return t.Format(time.DateOnly)
}
