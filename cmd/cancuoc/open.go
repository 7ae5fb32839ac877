package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
	"github.com/cancuoc/cancuoc/reader/pcsc"
	"github.com/cancuoc/cancuoc/simulator"
	"github.com/cancuoc/cancuoc/simulator/vpcd"
)

// cardRef is a parsed reference to a card.
type cardRef struct {
	scheme string // "sim" or "pcsc"
	name   string // a file, a folder (ending in a slash), or part of a reader's name
	faults simulator.Faults
	timing simulator.Timing
	short  bool // the reader carries no extended length fields
}

const refHelp = "card: sim:FILE, sim:DIR/ or pcsc:NAME"

func errNoCardNamed() error {
	return withCode(exitUsage, errors.New("which card? name it with --card (sim:FILE, sim:DIR/ or pcsc:NAME)"))
}

func parseRef(text string) (cardRef, error) {
	scheme, rest, found := strings.Cut(text, ":")
	switch {
	case text == "":
		return cardRef{}, errNoCardNamed()
	case !found || scheme != "sim" && scheme != "pcsc":
		return cardRef{}, withCode(exitUsage, fmt.Errorf("--card %s: a card is named sim:FILE, sim:DIR/ or pcsc:NAME", text))
	case scheme == "pcsc":
		return cardRef{scheme: scheme, name: rest}, nil
	}
	name, query, _ := strings.Cut(rest, "?")
	if name == "" {
		return cardRef{}, withCode(exitUsage, fmt.Errorf("--card %s: name the card file after the colon", text))
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() && !strings.HasSuffix(name, "/") {
		name += "/"
	}
	ref := cardRef{scheme: scheme, name: name}
	return ref, withCode(exitUsage, ref.parseQuery(query))
}

// parseQuery reads what a simulated card is told: fault=NAME, fault=NAME@N, and the parts of its timing, with & between
// them.
func (r *cardRef) parseQuery(query string) error {
	if query == "" {
		return nil
	}
	for _, part := range strings.Split(query, "&") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "fault":
			if err := r.faults.ParseFault(value); err != nil {
				return fmt.Errorf("%w (see `cancuoc simulate faults`)", err)
			}
		case "bitrate", "page", "crypto":
			if err := r.timing.Set(name, value); err != nil {
				return err
			}
		case "reader":
			if value != "short" {
				return fmt.Errorf("reader=%s: a reader is told to be short: it loses commands with extended length fields", value)
			}
			r.short = true
		default:
			return fmt.Errorf("%q: a simulated card is told ?fault=NAME or ?fault=NAME@N, ?bitrate=424000, ?page=3ms, ?crypto=60ms, ?reader=short", part)
		}
	}
	return nil
}

// folder tells whether the reference names a folder with a card file for each order.
func (r cardRef) folder() bool { return r.scheme == "sim" && strings.HasSuffix(r.name, "/") }

// forOrder gives the reference of one order's card.
func (r cardRef) forOrder(id int64) cardRef {
	if r.folder() {
		r.name = filepath.Join(r.name, fmt.Sprintf("order-%06d.sim", id))
	}
	return r
}

// open opens the card. With make, a simulated card that is not there is made, blank.
func (r cardRef) open(ctx context.Context, make bool) (station.Card, error) {
	if r.scheme == "pcsc" {
		c, err := pcsc.Connect(ctx, r.name)
		if err != nil {
			return nil, withCode(exitCard, err)
		}
		return c, nil
	}
	if r.folder() {
		return nil, withCode(exitUsage, fmt.Errorf("sim:%s names a folder: only `cancuoc issue` takes one", r.name))
	}
	c, err := r.openSimulated(make)
	if err != nil {
		return nil, err
	}
	return inProcess{c, r.way(c)}, nil
}

// inProcess is a simulated card with the way to it that a reader would be.
type inProcess struct {
	*simulator.Card
	way apdu.Transmitter
}

func (c inProcess) Transmit(command []byte) ([]byte, error) { return c.way.Transmit(command) }
func (c inProcess) Limits() apdu.Limits                     { return apdu.LimitsOf(c.way) }

// way gives the way to a simulated card: what a reader makes of commands.
func (r cardRef) way(c *simulator.Card) apdu.Transmitter {
	if c.Transport() == simulator.T0 {
		return apdu.T0{Wire: r.plug(c)}
	}
	return r.plug(c)
}

// plug gives the card as it is in its reader.
func (r cardRef) plug(c vpcd.Card) vpcd.Card {
	if r.short {
		return vpcd.Short{Card: c}
	}
	return c
}

func (r cardRef) openSimulated(make bool) (*simulator.Card, error) {
	if make {
		if err := makeBlank(r.name); err != nil {
			return nil, err
		}
	}
	c, err := simulator.OpenCard(r.name, rand.Reader)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, withCode(exitCard, fmt.Errorf("no card file %s (make a blank one with `cancuoc simulate new %s`)", r.name, r.name))
	}
	if err != nil {
		return nil, withCode(exitCard, err)
	}
	for fault, n := range r.faults {
		if c.Faults == nil {
			c.Faults = simulator.Faults{}
		}
		c.Faults[fault] = n
	}
	if (r.timing != simulator.Timing{}) {
		c.Timing = r.timing
	}
	return c, nil
}

// makeBlank makes a blank card file where there is none.
func makeBlank(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	err := newBlank(path, simulator.Contactless)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return withCode(exitCard, err)
}

// newBlank makes a blank card file, and the folder for it.
func newBlank(path string, t simulator.Transport) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	blank, err := blankState()
	if err != nil {
		return err
	}
	store, err := simulator.Create(path, blank.Over(t))
	if err != nil {
		return err
	}
	return store.Close()
}

func blankState() (simulator.State, error) { return simulator.Blank(rand.Reader) }
