package main

import "github.com/spf13/cobra"

func newLayoutCommand(d *desk) *cobra.Command {
	cmd := &cobra.Command{
		Use: "layout", Short: "Faces of cards: check that records fit, read faces back, templates",
		Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newLayoutCheckCommand(d), newLayoutVerifyCommand(d), newLayoutTemplateCommand(d))
	return cmd
}
