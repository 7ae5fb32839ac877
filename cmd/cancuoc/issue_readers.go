package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
	"github.com/cancuoc/cancuoc/reader/pcsc"
)

// errDefaultKeys refuses what a forgotten setting would do.
var errDefaultKeys = errors.New("chips in readers are not opened with the default keys, which everybody knows: set chip.keys in " +
	station.ConfigName + " to the keys of your chips, or say --default-keys for trials")

// keysFor refuses a chip in a reader where the keys are the default ones, unless those are asked for.
func (w *workplace) keysFor(ref cardRef, defaultKeys bool) error {
	if ref.scheme == "pcsc" && w.config.DefaultKeys() && !defaultKeys {
		return withCode(exitKey, errDefaultKeys)
	}
	return nil
}

// cardsFor gives a reference for each worker of the run, and refuses what would ruin cards.
func (w *workplace) cardsFor(ctx context.Context, opts issueOptions) ([]cardRef, error) {
	if len(opts.readers) > 0 {
		if err := w.keysFor(cardRef{scheme: "pcsc"}, opts.defaultKeys); err != nil {
			return nil, err
		}
		return namedReaders(ctx, opts.readers)
	}
	ref, err := w.cardFor(ctx, opts)
	switch {
	case err != nil:
		return nil, err
	case opts.all && ref.scheme == "sim" && !ref.folder():
		return nil, withCode(exitUsage, errors.New("--all with one card file would put every citizen on it: name a folder, sim:DIR/"))
	}
	if err := w.keysFor(ref, opts.defaultKeys); err != nil {
		return nil, err
	}
	if ref.scheme == "pcsc" && opts.all {
		ref, err = ref.settled(ctx)
	}
	ref.kind = w.config.CardProfile()
	return []cardRef{ref}, err
}

// settled gives the reference with the whole name of the reader that holds the card now, so that it means the same one when
// cards have come and gone.
func (r cardRef) settled(ctx context.Context) (cardRef, error) {
	card, err := pcsc.Connect(ctx, r.name)
	if err != nil {
		return cardRef{}, withCode(exitCard, err)
	}
	r.name = card.Reader
	return r, card.Close()
}

// namedReaders gives a reference for each reader that the operator means: all, or one for each part of a name.
func namedReaders(ctx context.Context, names []string) ([]cardRef, error) {
	readers, err := pcsc.Readers(ctx)
	if err != nil {
		return nil, withCode(exitCard, err)
	}
	if len(readers) == 0 {
		return nil, withCode(exitCard, pcsc.ErrNoReader)
	}
	var refs []cardRef
	for _, name := range names {
		found := matching(readers, name)
		switch {
		case len(found) == 0:
			return nil, withCode(exitCard, fmt.Errorf("no reader's name contains %q (see `cancuoc readers`)", name))
		case len(found) > 1 && name != "all":
			return nil, withCode(exitUsage,
				fmt.Errorf("%d readers have %q in their names: name each by more of its name, or say all", len(found), name))
		}
		for _, r := range found {
			refs = append(refs, cardRef{scheme: "pcsc", name: r})
		}
	}
	for i, r := range refs {
		if slices.ContainsFunc(refs[:i], func(before cardRef) bool { return before.name == r.name }) {
			return nil, withCode(exitUsage, fmt.Errorf("the reader %s is named twice", r.name))
		}
	}
	return refs, nil
}

// matching gives the names of the readers that a name means: the one with this name, else those with it as a part of
// theirs; "all" means every one.
func matching(readers []pcsc.Reader, name string) []string {
	var found []string
	for _, r := range readers {
		if r.Name == name {
			return []string{r.Name}
		}
		if name == "all" || strings.Contains(strings.ToLower(r.Name), strings.ToLower(name)) {
			found = append(found, r.Name)
		}
	}
	return found
}
