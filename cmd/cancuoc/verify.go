package main

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/reader"
)

type verifyOptions struct {
	folder string
	inspectOptions
}

func newVerifyCommand(d *desk) *cobra.Command {
	var opts verifyOptions
	cmd := &cobra.Command{
		Use: "verify [DIR | --card REF ACCESS]", Short: "Judge a stored reading, or a card", Args: cobra.MaximumNArgs(1),
		Long: `Judge a reading that "cancuoc read -o DIR" has stored, or a card, and say of each check what came of it.
Only the judgement is printed, nothing of what the card says of its holder.`,
		Example: `  cancuoc verify reading
  cancuoc verify reading --trust csca/ --json
  cancuoc verify --card sim:card.sim --mrz mrz.txt`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				opts.folder = args[0]
			}
			return runVerify(cmd.Context(), d, opts)
		},
	}
	opts.addTo(cmd)
	return cmd
}

func runVerify(ctx context.Context, d *desk, opts verifyOptions) error {
	verdict, err := d.judge(ctx, opts)
	if err != nil {
		return err
	}
	if err := d.print(verdict, func(w io.Writer) { writeVerdict(w, verdict) }); err != nil {
		return err
	}
	return outcome(verdict)
}

func (d *desk) judge(ctx context.Context, opts verifyOptions) (reader.Verdict, error) {
	if opts.folder == "" && opts.card == "" {
		return reader.Verdict{}, withCode(exitUsage, errors.New("what is to be judged? name the folder of a reading, or a card with --card"))
	}
	if opts.folder == "" {
		_, verdict, err := d.readAndJudge(ctx, opts.inspectOptions)
		return verdict, err
	}
	if opts.card != "" || opts.access.given() {
		return reader.Verdict{}, withCode(exitUsage, errors.New("name a folder, or a card with --card, not both"))
	}
	if opts.noBAC || opts.shortLength || opts.fingerprints {
		return reader.Verdict{}, withCode(exitUsage, errors.New("--no-bac, --short-length and --fingerprints say how a card is read: a folder is read already"))
	}
	policy, err := d.policy(opts.inspectOptions)
	if err != nil {
		return reader.Verdict{}, err
	}
	reading, err := reader.Load(opts.folder)
	if err != nil {
		return reader.Verdict{}, withCode(exitInput, err)
	}
	return told(policy.Verify(reading, time.Now())), nil
}
