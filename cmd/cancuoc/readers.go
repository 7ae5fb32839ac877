package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/reader/pcsc"
)

func newReadersCommand(d *desk) *cobra.Command {
	return &cobra.Command{
		Use: "readers", Short: "List the card readers and what is in them", Args: cobra.NoArgs,
		Example: `  cancuoc readers
  cancuoc readers --json`,
		RunE: func(cmd *cobra.Command, _ []string) error { return runReaders(cmd.Context(), d) },
	}
}

type readerResult struct {
	Name  string `json:"name"`
	Card  bool   `json:"card"`
	InUse bool   `json:"in_use"`
	ATR   string `json:"atr,omitempty"`
}

func runReaders(ctx context.Context, d *desk) error {
	found, err := pcsc.Readers(ctx)
	if err != nil {
		return withCode(exitCard, err)
	}
	results := []readerResult{}
	for _, r := range found {
		results = append(results, readerResult{r.Name, r.Card, r.InUse, strings.ToUpper(hex.EncodeToString(r.ATR))})
	}
	if len(results) == 0 {
		d.note("no card reader: plug one in, or start a virtual one (pcscd with the vpcd driver)")
	}
	return d.print(results, func(w io.Writer) {
		for _, r := range results {
			state := "no card"
			if r.Card {
				state = "card, ATR " + r.ATR
			}
			if r.InUse {
				state += ", in use"
			}
			fmt.Fprintf(w, "%s: %s\n", r.Name, state)
		}
	})
}
