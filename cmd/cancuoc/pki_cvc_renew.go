package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/cmd/cancuoc/cvca"
)

type cvcRenewOptions struct {
	chainOptions
	order cvca.Order
	read  []string
}

func newCVCRenewCommand(d *desk, t chainTexts) *cobra.Command {
	opts := cvcRenewOptions{order: cvca.Order{Role: t.role}}
	cmd := &cobra.Command{
		Use: "renew", Short: "Give the " + t.name + " its next key and certificate", Args: cobra.NoArgs,
		Long: `Make the next key of the folder's ` + t.name + ` and certify it under the next sequence number, with the rights of
before. ` + t.renewal,
		Example: t.renew,
		RunE:    func(*cobra.Command, []string) error { return runCVCRenew(d, opts) },
	}
	opts.addTo(cmd)
	cmd.Flags().IntVar(&opts.order.Days, "days", 0, "how long the certificate is good (else as long as may be: Doc 9303-12, table 2; specimens 91)")
	addRightsFlag(cmd, &opts.read, "else as before")
	addKeyFlag(cmd, &opts.order.Key)
	return cmd
}

func runCVCRenew(d *desk, opts cvcRenewOptions) error {
	var err error
	if opts.order.Rights, err = rights(opts.read); err != nil {
		return err
	}
	if opts.order.Days < 0 {
		return withCode(exitUsage, errors.New("--days: a number of days"))
	}
	var plans []cvca.Plan
	err = d.chain(opts.chainOptions, func(f *cvca.Folder) error {
		if plans, err = f.PlanRenewal(opts.order, today()); err != nil || opts.dryRun {
			return err
		}
		for _, p := range plans {
			if _, err := f.Make(p); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return d.planPrint(plans, opts.dryRun)
}
