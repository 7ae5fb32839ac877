package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/authority"
)

type cscaInitOptions struct {
	authorityOptions
	profile      string
	country      string
	specimen     bool
	state, name  string
	organization string
	contact, key string
	crl, types   []string
	named        bool
	pss          bool
	rootKey      string
	signerKey    string
	hash         string
	years        int
	validity     string
	longest      string
	signerPeriod string
}

func newCSCAInitCommand(d *desk) *cobra.Command {
	var opts cscaInitOptions
	cmd := &cobra.Command{
		Use: "init [DIR]", Short: "Make a country signing authority", Args: cobra.MaximumNArgs(1),
		Long: `Make a country signing authority (CSCA) in a folder: a key, a root that it has signed itself, and authority.json, which
says what later commands go by. The profile tells keys and algorithms: vn as Viet Nam's authority is known to sign, nist,
rsa-pss, rsa; --csca-key, --signer-key, --hash and --pss differ from it. Domain parameters of curves are spelt out, as Doc
9303-12 demands; --named-curves writes names, for programs that take nothing else. An authority is for real documents, and its
key files are encrypted, unless --specimen says that it is for trials: then they are encrypted only if a passphrase is given.

` + keyHelp,
		Example: `  cancuoc pki csca init trial --specimen --country VN
  cancuoc pki csca init csca --country VN --state VNM --organization "Ministry" --name "CSCA Viet Nam" --crl https://example.org/vn.crl --passphrase-file pass.txt
  cancuoc pki csca init csca --country VN --state VNM --name CSCA --crl https://example.org/vn.crl --key "pkcs11:token=csca;object=root"`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				opts.folder = args[0]
			}
			return runCSCAInit(d, opts)
		},
	}
	opts.authorityOptions.addTo(cmd)
	opts.addDescriptionTo(cmd)
	return cmd
}

func (o *cscaInitOptions) addDescriptionTo(cmd *cobra.Command) {
	f := cmd.Flags()
	addProfileFlag(cmd, &o.profile, "vn")
	f.BoolVar(&o.specimen, "specimen", false, "for trials: names begin with SPECIMEN, certificates say so")
	f.StringVar(&o.country, "country", "", "country, two letters")
	f.StringVar(&o.state, "state", "", "code of the state in the machine readable zone, as VNM (a specimen has it)")
	f.StringVar(&o.organization, "organization", "", "organization in its name")
	f.StringVar(&o.name, "name", "", "its common name")
	f.StringVar(&o.contact, "contact", "", "how to reach it: a URI or a mail address")
	f.StringArrayVar(&o.crl, "crl", nil, "where its revocation lists will be had: `URL`; may be repeated")
	f.StringVar(&o.key, "key", "", "`REF` of its key (else a file in keys/)")
	addKindFlag(cmd, &o.rootKey, "csca-key", "kind of its key (else the profile's)")
	addKindFlag(cmd, &o.signerKey, "signer-key", "kind of its signers' keys (else the profile's)")
	f.StringVar(&o.hash, "hash", "", "it signs with SHA-256, SHA-384 or SHA-512 (else the profile's)")
	completeFlag(cmd, "hash", func(string) []string { return []string{"SHA-256", "SHA-384", "SHA-512"} })
	f.BoolVar(&o.pss, "pss", false, "with a key of RSA, it signs by RSASSA-PSS")
	f.BoolVar(&o.named, "named-curves", false, "write curves by name, against Doc 9303-12, section 4.1.6.3")
	f.IntVar(&o.years, "key-years", 5, "for how many years its key signs")
	f.StringVar(&o.validity, "validity", "never", "how long its certificate is valid: 15y, or never ends")
	f.StringVar(&o.longest, "longest-document", "never", "validity of the longest-lived document: 10y, or never expires")
	f.StringVar(&o.signerPeriod, "signer-period", "3m", "for how long a document signer's key signs")
	f.StringSliceVar(&o.types, "document-types", []string{"I", "ID"}, "document codes that its signers sign")
}

func addKindFlag(cmd *cobra.Command, kind *string, name, usage string) {
	cmd.Flags().StringVar(kind, name, "", usage+": "+strings.Join(pki.KeyKinds(), ", "))
	completeFlag(cmd, name, func(string) []string { return pki.KeyKinds() })
}

func addProfileFlag(cmd *cobra.Command, name *string, preset string) {
	cmd.Flags().StringVar(name, "profile", preset, "keys and algorithms: vn, nist, rsa-pss or rsa")
	completeFlag(cmd, "profile", func(string) []string {
		var names []string
		for _, p := range pki.Profiles() {
			names = append(names, p.Name+"\t"+p.Text)
		}
		return names
	})
}

// config is the description that the options make.
func (o cscaInitOptions) config() (authority.Config, error) {
	p, err := pki.ProfileByName(o.profile)
	if err != nil {
		return authority.Config{}, withCode(exitUsage, err)
	}
	c := authority.Default(p)
	if o.specimen {
		if c, err = authority.SpecimenConfig(p, o.country); err != nil {
			return c, withCode(exitUsage, err)
		}
	}
	for _, set := range []struct{ to, from *string }{{&c.Country, &o.country}, {&c.State, &o.state}, {&c.Organization, &o.organization},
		{&c.Name, &o.name}, {&c.Contact, &o.contact}, {&c.Key, &o.key}, {&c.RootKey, &o.rootKey}, {&c.SignerKey, &o.signerKey}, {&c.RootHash, &o.hash}} {
		if *set.from != "" {
			*set.to = *set.from
		}
	}
	if len(o.crl) > 0 {
		c.CRL = o.crl
	}
	for _, kind := range []string{o.rootKey, o.signerKey} {
		if kind != "" && !slices.Contains(pki.KeyKinds(), kind) {
			return c, withCode(exitUsage, fmt.Errorf("a key of kind %q is not made: %s are", kind, strings.Join(pki.KeyKinds(), ", ")))
		}
	}
	c.PSS = c.PSS || o.pss
	c.NamedCurves, c.RootYears, c.RootUntil, c.Longest, c.SignerPeriod, c.DocumentTypes = o.named, o.years, o.validity, o.longest, o.signerPeriod, o.types
	return c, nil
}

func runCSCAInit(d *desk, opts cscaInitOptions) error {
	c, err := opts.config()
	if err != nil {
		return err
	}
	folder := d.authorityFolder(opts.authorityOptions)
	if opts.dryRun {
		plan, err := authority.PlanRoot(folder, c, time.Now())
		if err != nil {
			return err
		}
		return d.printPlan(plan)
	}
	return d.withPassphrase(opts.passphraseFile, func(passphrase []byte) error {
		a, err := authority.Create(folder, c, d.keys(passphrase), time.Now())
		if err != nil {
			return err
		}
		made := madeOf(filepath.Join(a.Trust(), "csca-001.cer"), a.Root)
		return d.print(made, func(w io.Writer) {
			writeMade(w, "made the authority", made)
			fmt.Fprintf(w, "give verifiers %s; next: cancuoc pki crl, cancuoc pki ds issue\n", shown(a.Trust()))
		})
	})
}

func writeMade(w io.Writer, what string, m madeCertificate) {
	fmt.Fprintf(w, "%s: %s\n", what, printable(m.Subject))
	fmt.Fprintf(w, "  %s, serial %s\n", m.Key, m.Serial)
	writeTimes(w, m.KeyUntil, m.Until)
	fmt.Fprintf(w, "  %s\n", shown(m.File))
}

// writeTimes tells how long a key signs and its certificate stands.
func writeTimes(w io.Writer, key, certificate time.Time) {
	text := "valid until " + day(certificate)
	if certificate.Equal(pki.Never()) {
		text = "valid without end"
	}
	fmt.Fprintf(w, "  key signs until %s, certificate %s\n", day(key), text)
}

func (d *desk) printPlan(plan authority.Plan) error {
	return d.print(plan, func(w io.Writer) {
		fmt.Fprintf(w, "would make: %s\n", printable(plan.Subject))
		fmt.Fprintf(w, "  %s, %s\n", plan.KeyKind, printable(plan.Key))
		writeTimes(w, plan.KeyUntil, plan.Until)
		fmt.Fprintf(w, "  %s\n", shown(plan.File))
		if plan.Link != "" {
			fmt.Fprintf(w, "and the link to it: %s\n", shown(plan.Link))
		}
	})
}

type cscaRenewOptions struct {
	authorityOptions
	profile string
	next    authority.Next
}

func newCSCARenewCommand(d *desk) *cobra.Command {
	var opts cscaRenewOptions
	cmd := &cobra.Command{
		Use: "renew", Short: "Give the authority its next key: a new root, and the link to it", Args: cobra.NoArgs,
		Long: `Give the authority its next key. The present key signs a link certificate for it, by which verifiers who trust the present
root come to trust the next one (Doc 9303-12, section 4.1.4.3); from then on the next key signs everything, revocation lists
too. Other states are to be told 90 days ahead, and the next key should rest for two days. With --name the authority changes
its name, and the certificates say so. A renewal cannot be taken back: try --dry-run first.

` + keyHelp,
		Example: `  cancuoc pki csca renew --dry-run
  cancuoc pki csca renew --authority csca --passphrase-file pass.txt
  cancuoc pki csca renew --name "SPECIMEN CSCA 2" --profile nist`,
		RunE: func(*cobra.Command, []string) error { return runCSCARenew(d, opts) },
	}
	opts.addTo(cmd)
	addProfileFlag(cmd, &opts.profile, "")
	cmd.Flags().StringVar(&opts.next.Name, "name", "", "new common name")
	cmd.Flags().StringVar(&opts.next.Organization, "organization", "", "new organization")
	cmd.Flags().StringVar(&opts.next.Contact, "contact", "", "new way to reach it")
	cmd.Flags().StringVar(&opts.next.Key, "key", "", "`REF` of the next key (else a file in keys/)")
	return cmd
}

// renewed is the outcome of a renewal.
type renewed struct {
	Root madeCertificate `json:"root"`
	Link madeCertificate `json:"link"`
}

func runCSCARenew(d *desk, opts cscaRenewOptions) error {
	if opts.profile != "" {
		p, err := pki.ProfileByName(opts.profile)
		if err != nil {
			return withCode(exitUsage, err)
		}
		opts.next.Profile = &p
	}
	return d.withAuthority(opts.authorityOptions, func(a *authority.Authority) error {
		if opts.dryRun {
			_, plan, err := a.PlanRenewal(opts.next, time.Now())
			if err != nil {
				return err
			}
			return d.printPlan(plan)
		}
		root, link, err := a.Renew(opts.next, time.Now())
		if err != nil {
			return err
		}
		n := a.Config.Root
		result := renewed{madeOf(filepath.Join(a.Trust(), fmt.Sprintf("csca-%03d.cer", n)), root), madeOf(filepath.Join(a.Trust(), fmt.Sprintf("link-%03d.cer", n)), link)}
		return d.print(result, func(w io.Writer) {
			writeMade(w, "made the next root", result.Root)
			writeMade(w, "made the link to it", result.Link)
			fmt.Fprintln(w, "next: cancuoc pki crl, cancuoc pki ds rotate")
		})
	})
}
