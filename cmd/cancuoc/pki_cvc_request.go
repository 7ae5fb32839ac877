package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/cmd/cancuoc/cvca"
)

type cvcRequestOptions struct {
	chainOptions
	order cvca.Order
}

func newCVCRequestCommand(d *desk, t chainTexts) *cobra.Command {
	opts := cvcRequestOptions{order: cvca.Order{Role: t.role}}
	cmd := &cobra.Command{
		Use: "request", Short: "Ask for a certificate of the " + t.name, Args: cobra.NoArgs,
		Long: `Make the next key of the folder's ` + t.name + ` and write a request for its certificate, so that no private key
travels. The folder holds the certificates of the chain above, from cvca.cvcert on. The request is signed with the new
key, and with the present one where there is one. Put the certificate that comes back into the folder under the name of
the request, ending .cvcert.`,
		Example: t.request,
		RunE:    func(*cobra.Command, []string) error { return runCVCRequest(d, opts) },
	}
	opts.addTo(cmd)
	cmd.Flags().StringVar(&opts.order.Country, "country", "", "two letters of the holder's country (else that of the "+t.above+")")
	cmd.Flags().StringVar(&opts.order.Mnemonic, "mnemonic", t.mnemonic, "name of the holder, one to nine characters (where it has none yet)")
	addKeyFlag(cmd, &opts.order.Key)
	return cmd
}

func runCVCRequest(d *desk, opts cvcRequestOptions) error {
	result := struct {
		DryRun    bool   `json:"dry_run"`
		Holder    string `json:"holder"`
		Authority string `json:"authority"`
		KeyKind   string `json:"key_kind"`
		SignedBy  string `json:"signed_by,omitempty"` // beside itself
		File      string `json:"file"`
	}{DryRun: opts.dryRun}
	err := d.chain(opts.chainOptions, func(f *cvca.Folder) error {
		plan, err := f.PlanRequest(opts.order)
		if err != nil {
			return err
		}
		result.Holder, result.Authority, result.KeyKind, result.File = plan.Holder, plan.Authority, plan.KeyKind, plan.File
		if opts.dryRun {
			return nil
		}
		request, err := f.Request(plan, opts.order.Role)
		if err == nil {
			result.SignedBy = request.Voucher
		}
		return err
	})
	if err != nil {
		return err
	}
	return d.print(result, func(w io.Writer) {
		did := "request of"
		if opts.dryRun {
			did = "would request"
		}
		fmt.Fprintf(w, "%s %s  to %s, key %s\n  %s\n", did, printable(result.Holder), printable(result.Authority), result.KeyKind, printable(shown(result.File)))
	})
}
