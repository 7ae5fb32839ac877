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
	folders []string
	all     string
	inspectOptions
}

func newVerifyCommand(d *desk) *cobra.Command {
	var opts verifyOptions
	cmd := &cobra.Command{
		Use: "verify [DIR... | --all DIR | --card REF ACCESS]", Short: "Judge stored readings, or a card",
		Long: `Judge a reading that "cancuoc read -o DIR" has stored, or a card, and say of each check what came of it.
Only the judgement is printed, nothing of what the card says of its holder.

Several folders, or with --all every folder in DIR, are judged on all cores, each with one line (with --json one object a
line), in the order of their names where --all gives them. The exit code is 8 if one of them is not genuine, not proven or
no reading; that a card has expired since is told, and no failure there.

A card below a revoked document signer is not proven, whenever it was signed: the signer writes that time himself.
SHA-1 is weak, and so not proven, unless --sha1-until takes it for what was signed before a date.`,
		Example: `  cancuoc verify reading
  cancuoc verify reading --trust csca/ --json
  cancuoc verify --all readings/ --trust csca/ --json > verdicts.jsonl
  cancuoc verify reading --trust csca/ --sha1-until 2018-01-01
  cancuoc verify --card sim:card.sim --mrz mrz.txt`,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.folders = args
			return runVerify(cmd.Context(), d, opts)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
	}
	opts.addTo(cmd)
	cmd.Flags().StringVar(&opts.all, "all", "", "judge every folder in `DIR`, each of which is a reading")
	if err := cmd.MarkFlagDirname("all"); err != nil {
		panic(err) // the flag has no such name
	}
	return cmd
}

func runVerify(ctx context.Context, d *desk, opts verifyOptions) error {
	if err := opts.check(); err != nil {
		return err
	}
	if opts.all != "" || len(opts.folders) > 1 {
		return d.verifyMany(ctx, opts)
	}
	verdict, err := d.judge(ctx, opts)
	if err != nil {
		return err
	}
	if err := d.print(verdict, func(w io.Writer) { writeVerdict(w, verdict) }); err != nil {
		return err
	}
	return outcome(verdict)
}

// check settles that there is one source of readings, and that nothing is said of reading what has been read already.
func (o verifyOptions) check() error {
	stored, ofCard := len(o.folders) > 0 || o.all != "", o.card != "" || o.access.given()
	switch {
	case !stored && o.card == "":
		return withCode(exitUsage, errors.New("what is to be judged? name the folder of a reading, or a card with --card"))
	case len(o.folders) > 0 && o.all != "":
		return withCode(exitUsage, errors.New("name folders, or one that holds them with --all, not both"))
	case stored && ofCard:
		return withCode(exitUsage, errors.New("name a folder, or a card with --card, not both"))
	case stored && (o.noBAC || o.shortLength || o.fingerprints):
		return withCode(exitUsage, errors.New("--no-bac, --short-length and --fingerprints say how a card is read: a folder is read already"))
	}
	return nil
}

func (d *desk) judge(ctx context.Context, opts verifyOptions) (reader.Verdict, error) {
	if len(opts.folders) == 0 {
		_, verdict, err := d.readAndJudge(ctx, opts.inspectOptions)
		return verdict, err
	}
	policy, err := d.policy(opts.inspectOptions)
	if err != nil {
		return reader.Verdict{}, err
	}
	reading, err := reader.Load(opts.folders[0])
	if err != nil {
		return reader.Verdict{}, withCode(exitInput, err)
	}
	return told(policy.Verify(reading, time.Now())), nil
}
