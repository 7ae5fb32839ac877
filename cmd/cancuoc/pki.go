package main

import "github.com/spf13/cobra"

func newPKICommand(d *desk) *cobra.Command {
	return group("pki", "The authority: certificates, keys, lists", newCVCACommand(d), newVerifierCommand(d), newTerminalCommand(d))
}
