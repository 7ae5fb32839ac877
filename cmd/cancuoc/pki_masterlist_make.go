package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/pki/cms"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/authority"
)

type masterListMakeOptions struct {
	paths            []string
	signer, key, out string
	csca             []string
	authority, trust string
	passphraseFile   string
	dryRun           bool
}

func newMasterListMakeCommand(d *desk) *cobra.Command {
	var opts masterListMakeOptions
	cmd := &cobra.Command{
		Use: "make CERT|DIR... -o FILE [--signer CERT --key REF --csca CERT]", Short: "Sign a master list", Args: cobra.MinimumNArgs(1),
		Long: `Sign a master list of the CSCA certificates in the files and folders: roots and links, in DER or PEM, in LDIF exports, and
those of other master lists, which --trust must vouch for. That each is the right one of the state that it names is for you
to have made sure of: whoever trusts the list trusts them all (Doc 9303-12, section 5.3). A file that holds no CSCA
certificate is an error; what else lies in a folder, an export or another list is left out, and told.

The newest master list signer of an authority's folder signs ("cancuoc pki ds issue --purpose master-lists"), or the one that
is named: --signer is the certificate of the master list signer, --key its private key, --csca the CSCA that certified it (with a link
its root too; may be repeated), which is put beside the signer. The list is read and verified before it is written, and
never over a file. With --dry-run everything is checked, the key is not used and nothing is written.`,
		Example: `  cancuoc pki masterlist make authority/trust/csca-001.cer -o list.ml
  cancuoc pki masterlist make csca/ --signer mls.cer --key file:mls.key --csca csca.cer -o list.ml
  cancuoc pki masterlist make csca/ DE.ml --trust DE.cer --signer mls.cer --key file:mls.key --csca csca.cer -o list.ml
  cancuoc pki masterlist make csca/ --signer mls.cer --key file:mls.key --csca csca.cer -o list.ml --dry-run`,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.paths = args
			return runMasterListMake(cmd.Context(), d, opts)
		},
	}
	flags := cmd.Flags()
	addAuthorityFlag(cmd, &opts.authority)
	flags.StringVar(&opts.signer, "signer", "", "the certificate of the master list signer is in `FILE`")
	flags.StringVar(&opts.key, "key", "", "`REF` of its private key: file:PATH or pkcs11:...")
	flags.StringArrayVar(&opts.csca, "csca", nil, "the CSCA certificate over the signer is in `FILE`; may be repeated")
	flags.StringVarP(&opts.out, "out", "o", "", "write the list to `FILE`, which must not be there")
	flags.StringVar(&opts.trust, "trust", "", "believe other master lists by the CSCA certificates in `PATH`, a file or a folder")
	flags.StringVar(&opts.passphraseFile, "passphrase-file", "", "the passphrase of the key is in `FILE`")
	flags.BoolVar(&opts.dryRun, "dry-run", false, "check everything, sign and write nothing")
	completeBeginning(cmd, "key", func(typed string) []string {
		if len(typed) < len("file:") {
			return []string{"file:"}
		}
		return withPrefix("file:", glob(typed[len("file:"):]))
	})
	return cmd
}

// madeList is what make prints.
type madeList struct {
	File         string         `json:"file"`
	Written      bool           `json:"written"`
	Certificates int            `json:"certificates"`
	Countries    map[string]int `json:"countries"`
	LeftOut      []leftOut      `json:"left_out"`
	Signer       string         `json:"signer"`
	SHA256       string         `json:"sha256,omitempty"`
}

func runMasterListMake(_ context.Context, d *desk, opts masterListMakeOptions) error {
	if err := opts.fromAuthority(d); err != nil {
		return err
	}
	if err := opts.check(); err != nil {
		return err
	}
	own, signer, err := opts.listSigner()
	if err != nil {
		return withCode(exitInput, err)
	}
	found, err := d.collect(opts)
	if err != nil {
		return err
	}
	now := time.Now()
	if err := pki.CheckMasterList(found.certificates, signer, now); err != nil {
		return withCode(exitInput, err)
	}
	made := madeList{File: opts.out, Certificates: len(found.certificates), Countries: found.countries(), LeftOut: found.leftOut,
		Signer: own.Subject}
	if !opts.dryRun {
		der, err := d.signList(opts, own, signer, found.certificates, now)
		if err != nil {
			return err
		}
		if err := pki.WriteMasterList(opts.out, der); err != nil {
			return err
		}
		made.Written, made.SHA256 = true, fingerprint(der)
	}
	return d.print(made, func(w io.Writer) { made.write(w) })
}

// fromAuthority takes signer, key and CSCA from an authority's folder, where no signer is named.
func (o *masterListMakeOptions) fromAuthority(d *desk) error {
	if o.signer != "" || o.key != "" || len(o.csca) > 0 {
		return nil
	}
	a, err := authority.Open(d.authorityFolder(authorityOptions{folder: o.authority}), authority.Keys{})
	if err != nil {
		return fmt.Errorf("who signs? name --signer, --key and --csca, or an authority: %w", err)
	}
	s, err := a.ListSigner(time.Now())
	if err != nil {
		return err
	}
	o.signer, o.key, o.csca = s.File, s.Key, []string{a.Trust()}
	return nil
}

// check settles what must be given.
func (o *masterListMakeOptions) check() error {
	for _, f := range []struct{ name, value string }{{"--signer", o.signer}, {"--key", o.key}, {"-o", o.out}} {
		if f.value == "" {
			return withCode(exitUsage, fmt.Errorf("%s is missing (see cancuoc pki masterlist make --help)", f.name))
		}
	}
	if len(o.csca) == 0 {
		return withCode(exitUsage, errors.New("--csca is missing: the CSCA that certified the signer goes beside it"))
	}
	if _, err := os.Lstat(o.out); !errors.Is(err, fs.ErrNotExist) {
		return withCode(exitInput, fmt.Errorf("%s is there already and is never overwritten", o.out))
	}
	return nil
}

// listSigner reads the certificates of the signer and over it. The key is opened last.
func (o *masterListMakeOptions) listSigner() (own pki.Certificate, signer cms.Signer, err error) {
	signers, err := pki.ReadCertificates(o.signer)
	if err != nil {
		return own, signer, err
	}
	if len(signers) != 1 {
		return own, signer, fmt.Errorf("%s holds %d certificates, not the signer's alone", o.signer, len(signers))
	}
	signer.Certificate = signers[0].Raw
	for _, path := range o.csca {
		over, err := pki.ReadCertificates(path)
		if err != nil {
			return own, signer, err
		}
		for _, c := range over {
			signer.Above = append(signer.Above, c.Raw)
		}
	}
	return signers[0], signer, nil
}

func (d *desk) signList(opts masterListMakeOptions, own pki.Certificate, signer cms.Signer, certificates []pki.Certificate, now time.Time) (der []byte, err error) {
	err = d.withPassphrase(opts.passphraseFile, func(passphrase []byte) error {
		if signer.Key, err = d.keys(passphrase).OpenFor(own, opts.key); err != nil {
			return err
		}
		der, err = pki.NewMasterList(certificates, signer, now)
		return withCode(exitKey, err)
	})
	return der, err
}

func (m madeList) write(w io.Writer) {
	for _, l := range m.LeftOut {
		fmt.Fprintf(w, "left out: %s: %s\n", printable(l.Name), printable(l.Reason))
	}
	fmt.Fprintf(w, "%d certificates: %s\n", m.Certificates, printable(counts(m.Countries)))
	fmt.Fprintf(w, "signer: %s\n", printable(m.Signer))
	if !m.Written {
		fmt.Fprintf(w, "a dry run: %s was not written\n", printable(m.File))
		return
	}
	fmt.Fprintf(w, "wrote %s, sha256 %s\n", printable(m.File), m.SHA256)
}
