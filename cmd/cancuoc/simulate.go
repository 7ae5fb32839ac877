package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
	"github.com/cancuoc/cancuoc/simulator"
	"github.com/cancuoc/cancuoc/simulator/vpcd"
)

func newSimulateCommand(d *desk) *cobra.Command {
	var plug bool
	var corpusFolder string
	var opts plugOptions
	cmd := &cobra.Command{
		Use: "simulate [--reader [REF ...]]", Short: "Make, show, reset simulated cards, or plug them into a virtual reader",
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case !plug:
				return cobra.NoArgs(cmd, args)
			case opts.port < 1 || opts.port > 65536-maxSlots:
				return fmt.Errorf("--port %d: a port is from 1 to %d", opts.port, 65536-maxSlots)
			case opts.script == "" && len(args) == 0 && !d.prompts():
				return errors.New("which cards? name them (sim:FILE), or say with --script how they come and go")
			}
			return nil
		},
		Long: `Simulated cards live in card files. With --reader they are plugged into pcscd's virtual reader (package
vsmartcard-vpcd), the first into its first slot and so on, until this command is interrupted. A reference may name
faults and how long the chip takes: sim:FILE?fault=clone&bitrate=424000&page=3ms&crypto=60ms; ?reader=short puts the card
into a reader that loses commands with extended length fields. With --corpus a folder is filled with good and bad cards of
every profile, each with what a reader must say of it: a test set for any reader.

At a terminal, and with --script, cards go in and out of the virtual reader while it runs: one word and what it takes on
each line, # begins a comment, and at the end every card is taken out. A script stops at its first line that cannot be
done. A card that fails leaves its slot, and the others stay. With --json each event is one object on a line.

` + wordsHelp(),
		Example: `  cancuoc simulate new card.sim
  cancuoc simulate --reader sim:card.sim
  cancuoc simulate --reader 'sim:card.sim?bitrate=424000&page=3ms&crypto=60ms'
  cancuoc simulate --reader --script swap.txt
  cancuoc simulate --corpus corpus
  cancuoc simulate show card.sim --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case plug && corpusFolder != "":
				return withCode(exitUsage, errors.New("--reader or --corpus, not both"))
			case opts.script != "" && !plug:
				return withCode(exitUsage, errors.New("--script is for the virtual reader: say --reader too"))
			case corpusFolder != "":
				return runSimulateCorpus(cmd.Context(), d, corpusFolder)
			case !plug:
				return withCode(exitUsage, errors.New("what of simulate? name new, show, faults, reset or terminate, "+
					"plug cards in with --reader, or make a test set with --corpus"))
			}
			opts.cards = args
			return runSimulateReader(cmd.Context(), d, opts)
		},
	}
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if !plug {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return completeSlots(cmd, args, typed)
	}
	cmd.Flags().BoolVar(&plug, "reader", false, "plug the cards named as arguments into the virtual reader")
	cmd.Flags().StringVar(&corpusFolder, "corpus", "", "write a test set of good and bad cards into the new folder `DIR`")
	cmd.Flags().IntVar(&opts.port, "port", vpcd.Port, "TCP port of the virtual reader's first slot")
	cmd.Flags().StringVar(&opts.script, "script", "", "let cards go in and out as `FILE` says, - for standard input")
	cmd.AddCommand(newSimulateNewCommand(d), newSimulateShowCommand(d), newSimulateFaultsCommand(d), newSimulateResetCommand(d),
		newSimulateTerminateCommand(d))
	return cmd
}

func newSimulateShowCommand(d *desk) *cobra.Command {
	return &cobra.Command{Use: "show FILE", Short: "Show what a card file holds, without its data", Args: cobra.ExactArgs(1),
		Example: "  cancuoc simulate show card.sim",
		RunE:    func(_ *cobra.Command, args []string) error { return runSimulateShow(d, cardFile(args[0])) }}
}

func newSimulateFaultsCommand(d *desk) *cobra.Command {
	return &cobra.Command{Use: "faults", Short: "List the ways in which a simulated card can fail or deceive", Args: cobra.NoArgs,
		Long:    "List the faults that a reference names: sim:FILE?fault=NAME, sim:FILE?fault=NAME@N, several with & between them.",
		Example: "  cancuoc simulate faults\n  cancuoc read --card 'sim:card.sim?fault=wrong-mac@3' --mrz mrz.txt",
		RunE:    func(*cobra.Command, []string) error { return runSimulateFaults(d) }}
}

func runSimulateFaults(d *desk) error {
	type fault struct {
		Name    string `json:"name"`
		Counted bool   `json:"counted"`
		What    string `json:"what"`
	}
	var all []fault
	for _, kind := range simulator.FaultKinds() {
		all = append(all, fault{string(kind.Fault), kind.Counted, kind.What})
	}
	return d.print(all, func(w io.Writer) {
		for _, f := range all {
			name := f.Name
			if f.Counted {
				name += "@N"
			}
			fmt.Fprintf(w, "%-18s %s\n", name, f.What)
		}
	})
}

func newSimulateResetCommand(d *desk) *cobra.Command {
	return newSimulateEndCommand(d, "reset", "Make a card blank again, as no real one can be",
		"Put a new blank chip in the place of the one in a card file. What was on it is gone.",
		func(s simulator.State) (simulator.State, error) { return s.Again(rand.Reader) })
}

func newSimulateTerminateCommand(d *desk) *cobra.Command {
	return newSimulateEndCommand(d, "terminate", "End the life of a card: it answers nothing any more",
		"End the life of the chip in a card file, as SET STATUS does. It answers nothing any more.",
		func(s simulator.State) (simulator.State, error) {
			s.LifeCycle = perso.Terminated
			return s, nil
		})
}

// newSimulateEndCommand makes a command after which the chip in a card file is not what it was.
func newSimulateEndCommand(d *desk, name, short, long string, change func(simulator.State) (simulator.State, error)) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{Use: name + " FILE --yes", Short: short, Args: cobra.ExactArgs(1), Long: long,
		Example: "  cancuoc simulate " + name + " card.sim --yes",
		RunE: func(_ *cobra.Command, args []string) error {
			if !yes {
				return withCode(exitUsage, errors.New("what is on the card would be gone: say --yes"))
			}
			return changeCardFile(d, cardFile(args[0]), change)
		}}
	cmd.Flags().BoolVar(&yes, "yes", false, "lose what is on the card")
	return cmd
}

// cardFile gives the name of a card file that is named as itself, or as the card in it: FILE or sim:FILE.
func cardFile(name string) string { return strings.TrimPrefix(name, "sim:") }

// simulated is what is shown of a card file.
type simulated struct {
	File      string              `json:"file"`
	ChipID    string              `json:"chip_id"`
	LifeCycle perso.LifeCycle     `json:"life_cycle"`
	ATR       string              `json:"atr"`
	Transport simulator.Transport `json:"transport,omitempty"`
	Capacity  int                 `json:"capacity"`
	Faults    []string            `json:"faults,omitempty"`
	Files     []simulatedFile     `json:"files"`
}

type simulatedFile struct {
	Name    string     `json:"name"`
	Size    int        `json:"size"`
	Written int        `json:"written"`
	Read    lds.Access `json:"read"`
}

func newSimulated(path string, s simulator.State) simulated {
	result := simulated{File: path, ChipID: hex.EncodeToString(s.ChipID), LifeCycle: s.LifeCycle,
		ATR: upperHex(s.ATR), Transport: s.Transport, Capacity: s.Capacity}
	for _, kind := range simulator.FaultKinds() {
		if s.Faults[kind.Fault] > 0 {
			result.Faults = append(result.Faults, string(kind.Fault))
		}
	}
	for _, f := range s.Files {
		result.Files = append(result.Files, simulatedFile{f.Name(), f.Size, len(f.Content), f.Read})
	}
	return result
}

func (s simulated) write(w io.Writer) {
	fmt.Fprintf(w, "%s: chip %s, %s, ATR %s, memory for %d bytes\n", s.File, s.ChipID, s.LifeCycle, s.ATR, s.Capacity)
	for _, fault := range s.Faults {
		fmt.Fprintf(w, "  fault: %s\n", fault)
	}
	for _, f := range s.Files {
		fmt.Fprintf(w, "  %-15s %6d bytes, %d written, read by: %s\n", f.Name, f.Size, f.Written, f.Read)
	}
}

func newSimulateNewCommand(d *desk) *cobra.Command {
	var transport, profile string
	cmd := &cobra.Command{Use: "new FILE", Short: "Make a blank card", Args: cobra.ExactArgs(1),
		Example: `  cancuoc simulate new card.sim
  cancuoc simulate new card.sim --transport t0
  cancuoc simulate new card.sim --profile jmrtd-applet`,
		RunE: func(_ *cobra.Command, args []string) error {
			t, err := simulator.ParseTransport(transport)
			if err != nil {
				return withCode(exitUsage, fmt.Errorf("--transport: %w", err))
			}
			kind, err := station.LoadChipProfile("", profile)
			if err != nil {
				return withCode(exitInput, err)
			}
			return runSimulateNew(d, cardFile(args[0]), kind, t)
		}}
	cmd.Flags().StringVar(&transport, "transport", "contactless", "how the chip talks: `HOW` is contactless, t1 or t0 (no command over 255 bytes of data)")
	cmd.Flags().StringVar(&profile, "profile", "cancuoc", "the kind of chip, by the card `PROFILE` with which a station writes it (`cancuoc chip profiles`)")
	completeFlag(cmd, "transport", func(string) []string { return []string{"contactless", "t1", "t0"} })
	completeFlag(cmd, "profile", func(string) []string { return station.ChipProfileNames() })
	return cmd
}

func runSimulateNew(d *desk, path string, kind perso.CardProfile, t simulator.Transport) error {
	if err := newBlank(path, kind, t); errors.Is(err, fs.ErrExist) {
		return withCode(exitInput, err)
	} else if err != nil {
		return err
	}
	return runSimulateShow(d, path)
}

func runSimulateShow(d *desk, path string) error {
	store, state, err := simulator.Open(path)
	if err != nil {
		return withCode(exitInput, err)
	}
	defer store.Close()
	result := newSimulated(path, state)
	return d.print(result, result.write)
}

func changeCardFile(d *desk, path string, change func(simulator.State) (simulator.State, error)) error {
	store, state, err := simulator.Open(path)
	if err != nil {
		return withCode(exitInput, err)
	}
	state, err = change(state)
	if err == nil {
		err = store.Save(state)
	}
	store.Close()
	if err != nil {
		return err
	}
	return runSimulateShow(d, path)
}
