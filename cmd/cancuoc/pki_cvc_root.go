package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/authority"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/cvca"
)

type rootOptions struct {
	chainOptions
	root  cvca.Root
	curve string
	rsa   int
	read  []string
}

// addTo adds the flags of a CVCA's new key.
func (o *rootOptions) addTo(cmd *cobra.Command, curve string) {
	o.addKeysTo(cmd)
	flags := cmd.Flags()
	flags.StringVar(&o.curve, "curve", curve, "`NAME` of the key's curve")
	flags.IntVar(&o.rsa, "rsa", 0, "a key of RSA with so many `BITS`, 3072 or 4096, in place of a curve")
	flags.IntVar(&o.root.Years, "years", 3, "how long the certificate is good: three years at most (Doc 9303-12, table 2)")
	addKeyFlag(cmd, &o.root.Key)
	completeFlag(cmd, "curve", func(string) []string { return pki.KeyKinds()[2:] })
	completeFlag(cmd, "rsa", func(string) []string { return []string{"3072", "4096"} })
}

// described gives the CVCA that the options describe.
func (o *rootOptions) described() (cvca.Root, error) {
	r := o.root
	r.Kind = o.curve
	if o.rsa != 0 {
		r.Kind = fmt.Sprintf("RSA-%d", o.rsa)
	}
	if known := pki.KeyKinds(); r.Kind != "" && !slices.Contains(known, r.Kind) {
		return r, withCode(exitUsage, fmt.Errorf("a key of kind %q: %v are made", r.Kind, known))
	}
	var err error
	r.Rights, err = rights(o.read)
	return r, err
}

func newCVCAInitCommand(d *desk) *cobra.Command {
	var opts rootOptions
	cmd := &cobra.Command{
		Use: "init DIR", Short: "Make a country verifying CA in a folder", Args: cobra.ExactArgs(1),
		Long: `Make a country verifying CA: its key and the certificate that it signs itself. Chips that are made to trust it open
fingerprints and irises to the inspection systems of the document verifiers that it certifies. The key file of one that
is no specimen is encrypted, or the key is on a token.`,
		Example: `  cancuoc pki cvca init cvca --country VN --specimen
  cancuoc pki cvca init cvca --country VN --curve brainpoolP384r1 --years 3 --passphrase-file pass.txt
  cancuoc pki cvca init cvca --country VN --rsa 3072 --key 'pkcs11:token=cvca;object=cvca-1?pin-source=pin.txt'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := exclusive(cmd, "rsa", "curve"); err != nil {
				return err
			}
			opts.dir = args[0]
			return runCVCAInit(d, opts)
		},
	}
	opts.addTo(cmd, "brainpoolP256r1")
	cmd.Flags().StringVar(&opts.root.Country, "country", "", "two letters of the country")
	cmd.Flags().StringVar(&opts.root.Mnemonic, "mnemonic", "CVCA", "its name, one to nine characters")
	cmd.Flags().BoolVar(&opts.root.Specimen, "specimen", false, "for trials: its names say SPEC, and its key need not be encrypted")
	addRightsFlag(cmd, &opts.read, "else both")
	return cmd
}

func runCVCAInit(d *desk, opts rootOptions) error {
	if opts.root.Country == "" {
		return withCode(exitUsage, errors.New("of which country? give its two letters with --country"))
	}
	if len(opts.read) == 0 {
		opts.read = []string{"fingerprints", "irises"}
	}
	r, err := opts.described()
	if err != nil {
		return err
	}
	plan, err := cvca.PlanInit(opts.dir, r, today())
	if err != nil {
		return chainError(err)
	}
	if !opts.dryRun {
		err = d.withKeys(opts.chainOptions, func(keys authority.Keys) error {
			_, err := cvca.Init(opts.dir, plan, keys)
			return err
		})
	}
	if err != nil {
		return err
	}
	return d.planPrint([]cvca.Plan{plan}, opts.dryRun)
}

func newCVCARenewCommand(d *desk) *cobra.Command {
	var opts rootOptions
	cmd := &cobra.Command{
		Use: "renew", Short: "Make the CVCA's next key, and the link to it", Args: cobra.NoArgs,
		Long: `Make the next key of the CVCA, the certificate that it signs itself, and the link certificate that the present key
signs. New chips trust the new key, and the one before while that is good; chips that are out already learn of the new
key when an inspection system shows them the link. The next key may be of another kind. Renew the inspection system
afterwards, so that it is under the new key.`,
		Example: `  cancuoc pki cvca renew
  cancuoc pki cvca renew --dir cvca --curve brainpoolP384r1 --passphrase-file pass.txt`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := exclusive(cmd, "rsa", "curve"); err != nil {
				return err
			}
			return runCVCARenew(d, opts)
		},
	}
	cmd.Flags().StringVar(&opts.dir, "dir", "", "`FOLDER` of the CVCA (else the station's)")
	opts.addTo(cmd, "")
	addRightsFlag(cmd, &opts.read, "else as before")
	return cmd
}

func runCVCARenew(d *desk, opts rootOptions) error {
	r, err := opts.described()
	if err != nil {
		return err
	}
	var plans []cvca.Plan
	err = d.chain(opts.chainOptions, func(f *cvca.Folder) error {
		plan, err := f.PlanRoot(r, today())
		if err != nil {
			return err
		}
		plans = []cvca.Plan{plan}
		if opts.dryRun {
			return nil
		}
		_, link, err := f.Renew(plan)
		if err != nil {
			return err
		}
		linked := plan
		linked.Role, linked.Authority, linked.File = "CVCA link", link.Authority, f.Where(link)
		plans = append(plans, linked)
		return nil
	})
	if err != nil {
		return err
	}
	return d.planPrint(plans, opts.dryRun)
}
