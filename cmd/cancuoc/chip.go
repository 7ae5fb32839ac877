package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/card/register"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
)

// chipOptions are those of every command that opens a chip as its issuer.
type chipOptions struct {
	card           string
	passphraseFile string
	force          bool
	defaultKeys    bool
	yes, dryRun    bool
}

func newChipCommand(d *desk) *cobra.Command {
	return group("chip", "Look at a blank chip as its issuer, change its keys, end its life",
		newChipShowCommand(d), newChipKeysCommand(d), newChipTerminateCommand(d), newChipProfilesCommand(d))
}

func (o *chipOptions) flags(cmd *cobra.Command) {
	addCardFlag(cmd, &o.card)
	cmd.Flags().BoolVar(&o.defaultKeys, "default-keys", false, "open chips in readers with the keys that everybody knows, for trials")
	cmd.Flags().BoolVar(&o.force, "force", false, "show the chip keys that have failed at it before, or others than its own; it may lock itself for ever")
	cmd.Flags().StringVar(&o.passphraseFile, "passphrase-file", "", "the passphrase of the station's keys is in `FILE`")
}

// irreversible adds the flags of what cannot be undone.
func (o *chipOptions) irreversible(cmd *cobra.Command) {
	o.flags(cmd)
	cmd.Flags().BoolVar(&o.yes, "yes", false, "do it, though nothing undoes it")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "open the chip, say what would be done, and do nothing")
}

func newChipShowCommand(d *desk) *cobra.Command {
	var opts chipOptions
	cmd := &cobra.Command{Use: "show --card REF", Short: "Show who a chip is, how far it has come, and what is on it", Args: cobra.NoArgs,
		Long: `Open a chip with the station's keys and show its number, its keys' version, its life cycle, and the applications on it. Nothing on
it changes but the counter of its secure channel.`,
		Example: `  cancuoc chip show --card sim:card.sim
  cancuoc chip show --card pcsc: --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return d.withChip(cmd.Context(), opts, func(c *openChip) error { return runChipShow(cmd.Context(), d, c) })
		}}
	opts.flags(cmd)
	return cmd
}

func newChipKeysCommand(d *desk) *cobra.Command {
	var opts chipOptions
	cmd := &cobra.Command{Use: "keys --card REF --yes", Short: "Replace the keys that a chip came with by the issuer's own", Args: cobra.NoArgs,
		Long: `Replace the keys that a chip came with by the issuer's own (chip.own_keys in station.toml), as "cancuoc issue" does when it first writes a
chip. From then on nothing but the issuer's own keys opens it. A run that was torn is run again: the chip says which keys it has.`,
		Example: `  cancuoc chip keys --card sim:card.sim --dry-run
  cancuoc chip keys --card sim:card.sim --yes`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !opts.yes && !opts.dryRun {
				return withCode(exitUsage, errors.New("the keys that the chip came with would be gone, "+
					"and nothing but the issuer's own would open it: say --yes, or --dry-run"))
			}
			return d.withChip(cmd.Context(), opts, func(c *openChip) error { return runChipKeys(d, opts, c) })
		}}
	opts.irreversible(cmd)
	return cmd
}

func newChipTerminateCommand(d *desk) *cobra.Command {
	var opts chipOptions
	cmd := &cobra.Command{Use: "terminate --card REF --yes", Short: "End the life of a chip: it answers nothing any more", Args: cobra.NoArgs,
		Long: `End the life of a chip (SET STATUS terminated): it answers nothing any more, and nothing brings it back. A chip that belongs to an order is
left alone until the order is spoiled.`,
		Example: `  cancuoc chip terminate --card sim:card.sim --dry-run
  cancuoc chip terminate --card sim:card.sim --yes`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !opts.yes && !opts.dryRun {
				return withCode(exitUsage, errors.New("the chip would answer nothing any more, and nothing would bring it back: say --yes, or --dry-run"))
			}
			return d.withChip(cmd.Context(), opts, func(c *openChip) error { return runChipTerminate(cmd.Context(), d, opts, c) })
		}}
	opts.irreversible(cmd)
	return cmd
}

func newChipProfilesCommand(d *desk) *cobra.Command {
	return &cobra.Command{Use: "profiles [NAME]", Short: "List the card profiles, or write one out", Args: cobra.MaximumNArgs(1),
		Long: `A card profile says how one kind of blank chip is written: dialect, steps, sizes, secure channel, keys. station.toml names one of these
(chip.profile), or the file of another.`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return station.ChipProfileNames(), cobra.ShellCompDirectiveNoFileComp
		},
		Example: `  cancuoc chip profiles
  cancuoc chip profiles jmrtd-applet > mine.toml`,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				text, err := station.ChipProfileFile(args[0])
				if err != nil {
					return withCode(exitInput, err)
				}
				return d.print(chipProfileFile{args[0], string(text)}, func(w io.Writer) { _, _ = w.Write(text) })
			}
			return runChipProfiles(d)
		}}
}

// chipProfileFile is a card profile written out.
type chipProfileFile struct {
	Name string `json:"name"`
	TOML string `json:"toml"`
}

func runChipProfiles(d *desk) error {
	type row struct {
		Name    string `json:"name"`
		Dialect string `json:"dialect"`
		About   string `json:"about"`
	}
	var rows []row
	for _, name := range station.ChipProfileNames() {
		p, err := station.LoadChipProfile("", name)
		if err != nil {
			return err
		}
		rows = append(rows, row{p.Name, p.Dialect, p.About})
	}
	return d.print(rows, func(w io.Writer) {
		for _, r := range rows {
			fmt.Fprintf(w, "%-22s %-15s %s\n", r.Name, r.Dialect, r.About)
		}
	})
}

// openChip is a chip that has been opened at a station.
type openChip struct {
	*perso.Session
	place *workplace
	keys  station.ChipKeys
}

// withChip opens the chip with the station's keys, and lets it go when do is done.
func (d *desk) withChip(ctx context.Context, opts chipOptions, do func(*openChip) error) error {
	ref, err := parseRef(opts.card)
	if err != nil {
		return err
	}
	place, err := d.openStation(ctx)
	if err != nil {
		return err
	}
	defer place.register.Close()
	if err := place.keysFor(ref, opts.defaultKeys); err != nil {
		return err
	}
	return d.withPassphrase(opts.passphraseFile, func(passphrase []byte) error {
		keys, err := place.config.LoadChipKeys(place.folder, d.keys(passphrase))
		if err != nil {
			return withCode(exitKey, err)
		}
		chip, err := d.openCard(ctx, ref, false)
		if err != nil {
			return err
		}
		defer chip.Close()
		var attempts perso.Attempts
		if ref.scheme != "replay" { // what a recording answers says nothing of the chip as it is now
			attempts = station.Attempts{Ctx: ctx, Register: place.register, Force: opts.force, Now: time.Now}
		}
		session, err := d.openSession(keys, chip, attempts)
		if err != nil {
			return err
		}
		return do(&openChip{session, place, keys})
	})
}

func (d *desk) openSession(keys station.ChipKeys, card station.Dialogue, attempts perso.Attempts) (*perso.Session, error) {
	t := keys.Terminal(attempts)
	trace, err := d.tracing()
	if err != nil {
		return nil, err
	}
	t.Rand, t.Channel = card.Rand, trace.Inner
	session, err := t.Open(&apdu.Conn{Wire: trace.Wire(card)})
	if err != nil {
		return nil, withCode(exitCard, err)
	}
	if keys.Default && (session.Transport || !keys.Profile.Rotates()) {
		d.note(warningOfDefaultKeys)
	}
	return session, nil
}

// warningOfDefaultKeys tells the operator what opens the chips.
const warningOfDefaultKeys = "warning: chips are opened with the default keys, which everybody knows (chip.keys in " + station.ConfigName + ")"

// shownChip is what is told of a chip.
type shownChip struct {
	Chip         string              `json:"chip"`
	Profile      string              `json:"profile"`
	LifeCycle    perso.LifeCycle     `json:"life_cycle"`
	KeyVersion   byte                `json:"key_version,omitempty"`
	KeySet       string              `json:"key_set,omitempty"` // the keys' public name
	Keys         string              `json:"keys,omitempty"`    // "transport" or "own"
	Order        int64               `json:"order,omitempty"`
	OrderState   register.State      `json:"order_state,omitempty"`
	Applications []perso.Application `json:"applications,omitempty"`
}

func (c *openChip) shown(ctx context.Context) (shownChip, error) {
	s := shownChip{Chip: c.ChipID, Profile: c.keys.Profile.Name, LifeCycle: c.State, KeyVersion: c.KeyVersion, KeySet: c.KeySet}
	switch {
	case c.Transport:
		s.Keys = "transport"
	case c.keys.Profile.Rotates():
		s.Keys = "own"
	}
	order, found, err := c.place.register.OrderOfChip(ctx, c.ChipID)
	if found {
		s.Order, s.OrderState = order.ID, order.State
	}
	return s, err
}

func runChipShow(ctx context.Context, d *desk, c *openChip) error {
	s, err := c.shown(ctx)
	if err != nil {
		return err
	}
	if c.Lists() {
		if s.Applications, err = c.Applications(); err != nil {
			return withCode(exitCard, err)
		}
	}
	return d.print(s, s.write)
}

func (s shownChip) write(w io.Writer) {
	fmt.Fprintf(w, "chip %s, %s, by profile %s\n", s.Chip, s.LifeCycle, printable(s.Profile))
	switch s.Keys {
	case "transport":
		fmt.Fprintf(w, "  keys  version %02X, %s: those that it came with\n", s.KeyVersion, s.KeySet)
	case "own":
		fmt.Fprintf(w, "  keys  version %02X, %s: the issuer's own\n", s.KeyVersion, s.KeySet)
	case "":
		if s.KeyVersion != 0 {
			fmt.Fprintf(w, "  keys  version %02X, %s\n", s.KeyVersion, s.KeySet)
		}
	}
	if s.Order != 0 {
		fmt.Fprintf(w, "  order %d, %s\n", s.Order, s.OrderState)
	}
	for _, a := range s.Applications {
		fmt.Fprintf(w, "  %-12s %-32s %s\n", a.Kind, a.AID, a.StateName())
	}
}

// changedChip is what has been done to a chip, or with --dry-run would be.
type changedChip struct {
	Chip       string `json:"chip"`
	Done       string `json:"done"` // "keys", "terminated", or "nothing": it has been done before, or is only tried
	KeyVersion byte   `json:"key_version,omitempty"`
	DryRun     bool   `json:"dry_run,omitempty"`
	text       string
}

func (d *desk) printChanged(c changedChip) error {
	return d.print(c, func(w io.Writer) { fmt.Fprintln(w, c.text) })
}

func runChipKeys(d *desk, opts chipOptions, c *openChip) error {
	result := changedChip{Chip: c.ChipID, Done: "nothing", KeyVersion: c.KeyVersion, DryRun: opts.dryRun}
	switch {
	case !c.keys.Profile.Rotates():
		return withCode(exitInput, fmt.Errorf("profile %s keeps the keys that chips come with (it has no step %q)", c.keys.Profile.Name, perso.PutKeys))
	case !c.Transport:
		result.text = fmt.Sprintf("chip %s has the issuer's own keys already, version %02X", c.ChipID, c.KeyVersion)
		return d.printChanged(result)
	case opts.dryRun:
		result.text = fmt.Sprintf("chip %s: its keys of version %02X would be replaced by the issuer's own, version %02X", c.ChipID, c.KeyVersion, c.keys.Profile.Keys.Version)
		return d.printChanged(result)
	}
	came := c.KeyVersion
	if err := c.PutKeys(); err != nil {
		return withCode(exitCard, err)
	}
	result.Done, result.KeyVersion = "keys", c.KeyVersion
	result.text = fmt.Sprintf("chip %s: its keys of version %02X are replaced by the issuer's own, version %02X (%s)", c.ChipID, came, c.KeyVersion, c.KeySet)
	return d.printChanged(result)
}

func runChipTerminate(ctx context.Context, d *desk, opts chipOptions, c *openChip) error {
	s, err := c.shown(ctx)
	if err != nil {
		return err
	}
	if s.Order != 0 {
		return fmt.Errorf("%w: chip %s is that of order %d, %s: give the order up first with `cancuoc order spoil %d`",
			register.ErrChipTaken, c.ChipID, s.Order, s.OrderState, s.Order)
	}
	result := changedChip{Chip: c.ChipID, Done: "nothing", DryRun: opts.dryRun}
	if opts.dryRun {
		result.text = fmt.Sprintf("chip %s, %s, would be terminated: it would answer nothing any more", c.ChipID, c.State)
		return d.printChanged(result)
	}
	if err := c.Terminate(); err != nil {
		return withCode(exitCard, err)
	}
	result.Done, result.text = "terminated", fmt.Sprintf("chip %s is terminated: it answers nothing any more", c.ChipID)
	return d.printChanged(result)
}
