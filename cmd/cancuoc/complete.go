package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card/register"
	"github.com/cancuoc/cancuoc/reader/pcsc"
	"github.com/cancuoc/cancuoc/simulator"
)

// completeFlag lets a shell complete the value of a flag with what values gives.
func completeFlag(cmd *cobra.Command, name string, values func(typed string) []string) {
	completeWith(cmd, name, cobra.ShellCompDirectiveNoFileComp, values)
}

// completeBeginning is completeFlag where a value goes on after what is completed: "sim:", a folder, a fault.
func completeBeginning(cmd *cobra.Command, name string, values func(typed string) []string) {
	completeWith(cmd, name, cobra.ShellCompDirectiveNoSpace|cobra.ShellCompDirectiveNoFileComp, values)
}

func completeWith(cmd *cobra.Command, name string, how cobra.ShellCompDirective, values func(typed string) []string) {
	err := cmd.RegisterFlagCompletionFunc(name, func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		return values(typed), how
	})
	if err != nil {
		panic(err) // the flag has no such name
	}
}

// addCardFlag gives a command the flag --card with its completions: card files and readers.
func addCardFlag(cmd *cobra.Command, value *string) {
	cmd.Flags().StringVar(value, "card", "", refHelp)
	completeBeginning(cmd, "card", func(typed string) []string {
		switch {
		case strings.HasPrefix(typed, "sim:"):
			return completeSimulated(typed)
		case strings.HasPrefix(typed, "replay:") && strings.Contains(typed, "?identity="):
			file, start, _ := strings.Cut(typed, "?identity=")
			return withPrefix(file+"?identity=", glob(start))
		case strings.HasPrefix(typed, "replay:") && strings.Contains(typed, "?"):
			file, _, _ := strings.Cut(typed, "?")
			return []string{file + "?identity="}
		case strings.HasPrefix(typed, "replay:"):
			return withPrefix("replay:", glob(strings.TrimPrefix(typed, "replay:")))
		case strings.HasPrefix(typed, "pcsc:"):
			return withPrefix("pcsc:", readerNames(cmd))
		}
		return []string{"sim:", "pcsc:", "replay:"}
	})
}

// completeSimulated completes sim:FILE, and behind its question mark what a simulated card is told.
func completeSimulated(typed string) []string {
	if file, _, told := strings.Cut(typed, "?"); told {
		return completeTold(file, typed)
	}
	return withPrefix("sim:", glob(strings.TrimPrefix(typed, "sim:")))
}

// completeTold completes the first thing that a simulated card is told: a fault, its timing, or its reader.
func completeTold(file, typed string) []string {
	all := []string{"?bitrate=\tbits per second between reader and chip", "?page=\thow long the chip writes a page of its memory",
		"?crypto=\thow long the chip takes for an operation with its private key", "?reader=short\tthe reader loses commands with extended length fields"}
	for _, kind := range simulator.FaultKinds() {
		all = append(all, "?fault="+string(kind.Fault)+"\t"+kind.What)
	}
	var names []string
	for _, told := range all {
		if strings.HasPrefix(file+told, typed) {
			names = append(names, file+told)
		}
	}
	return names
}

// completeSlots completes the cards that go into the virtual reader.
func completeSlots(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	const how = cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
	if !strings.HasPrefix(typed, "sim:") {
		return []string{"sim:"}, how
	}
	return completeSimulated(typed), how
}

func glob(start string) []string {
	found, _ := filepath.Glob(start + "*")
	return found
}

func readerNames(cmd *cobra.Command) []string {
	readers, _ := pcsc.Readers(cmd.Context())
	var names []string
	for _, r := range readers {
		names = append(names, r.Name)
	}
	return names
}

func withPrefix(prefix string, names []string) []string {
	for i := range names {
		names[i] = prefix + names[i]
	}
	return names
}

func stateNames() []string {
	var names []string
	for _, s := range register.States() {
		names = append(names, string(s))
	}
	return names
}

// completeOrders completes the number of an order, the newest hundred at most.
func (d *desk) completeOrders(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	w, err := d.openStation(cmd.Context())
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer w.register.Close()
	var ids []string
	for s, err := range w.register.Orders(cmd.Context(), register.Filter{}) {
		if err != nil {
			break
		}
		ids = append(ids, fmt.Sprintf("%d\t%s", s.ID, s.State))
	}
	return ids[max(0, len(ids)-100):], cobra.ShellCompDirectiveNoFileComp
}

// completeWaiting completes the number of one order that waits to be issued.
func (d *desk) completeWaiting(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return d.completeOrdersIn(waitingStates()...)(cmd, args, typed)
}

// completeOrdersAndFiles completes the number of an order, or the name of a file.
func (d *desk) completeOrdersAndFiles(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	ids, _ := d.completeOrders(cmd, nil, typed)
	return ids, cobra.ShellCompDirectiveDefault
}

// completeOrdersIn completes the numbers of any number of orders in these states, without those typed already.
func (d *desk) completeOrdersIn(states ...register.State) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		w, err := d.openStation(cmd.Context())
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		defer w.register.Close()
		var ids []string
		for s, err := range w.register.Orders(cmd.Context(), register.Filter{States: states}) {
			if err != nil || len(ids) == 100 {
				break
			}
			if !slices.Contains(args, fmt.Sprint(s.ID)) {
				ids = append(ids, fmt.Sprintf("%d\t%s", s.ID, s.State))
			}
		}
		return ids, cobra.ShellCompDirectiveNoFileComp
	}
}
