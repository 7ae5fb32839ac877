package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card/pki/cvc"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/cvca"
)

type cvcIssueOptions struct {
	chainOptions
	order   cvca.Order
	read    []string
	request string
	foreign bool
}

func newCVCIssueCommand(d *desk, t chainTexts) *cobra.Command {
	opts := cvcIssueOptions{order: cvca.Order{Role: t.role}}
	cmd := &cobra.Command{
		Use: "issue", Short: "Certify the key of " + t.article + t.name, Args: cobra.NoArgs,
		Long: `Certify a key as that of ` + t.article + t.name + `, with the ` + t.above + ` of the folder: a new key, which is made in the
folder, where it has none of another name, or that of a request, whose private key stays where it is. The certificate ends with that of the ` + t.above + `
at the latest: chips demand that all of a chain be good.`,
		Example: t.issue,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := exclusive(cmd, "request", "country", "mnemonic", "key"); err != nil {
				return err
			}
			return runCVCIssue(d, opts)
		},
	}
	opts.addTo(cmd)
	flags := cmd.Flags()
	flags.StringVar(&opts.order.Country, "country", "", "two letters of the holder's country (else that of the "+t.above+")")
	flags.StringVar(&opts.order.Mnemonic, "mnemonic", t.mnemonic, "name of the holder, one to nine characters")
	flags.IntVar(&opts.order.Days, "days", 0, "how long the certificate is good (else as long as may be: Doc 9303-12, table 2; specimens 91)")
	flags.StringVar(&opts.request, "request", "", "certify the key of the request in `FILE`")
	addRightsFlag(cmd, &opts.read, "else as the "+t.above)
	addKeyFlag(cmd, &opts.order.Key)
	if t.role != cvc.Terminal {
		flags.BoolVar(&opts.foreign, "foreign", false, "a document verifier of another country, or not of the authorities")
	}
	return cmd
}

func runCVCIssue(d *desk, opts cvcIssueOptions) error {
	var err error
	if opts.order.Rights, err = rights(opts.read); err != nil {
		return err
	}
	if opts.order.Days < 0 {
		return withCode(exitUsage, errors.New("--days: a number of days"))
	}
	if opts.foreign {
		opts.order.Role = cvc.ForeignDV
	}
	if opts.request != "" {
		if opts.order.Request, err = cvca.ReadRequest(opts.request); err != nil {
			return withCode(exitInput, err)
		}
	}
	var plan cvca.Plan
	err = d.chain(opts.chainOptions, func(f *cvca.Folder) error {
		if plan, err = f.Plan(opts.order, today()); err != nil || opts.dryRun {
			return err
		}
		_, err = f.Make(plan)
		return err
	})
	if err != nil {
		return err
	}
	return d.planPrint([]cvca.Plan{plan}, opts.dryRun)
}
