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
	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
	"github.com/cancuoc/cancuoc/reader/pcsc"
	"github.com/cancuoc/cancuoc/simulator"
	"github.com/cancuoc/cancuoc/simulator/vpcd"
)

// cardRef is a parsed reference to a card.
type cardRef struct {
	scheme   string // "sim", "pcsc" or "replay"
	name     string // a file, a folder (ending in a slash), or part of a reader's name
	faults   simulator.Faults
	timing   simulator.Timing
	short    bool              // the reader carries no extended length fields
	kind     perso.CardProfile // of the blank card that is made where there is none
	identity string            // the file of the key that opens a recording
}

const refHelp = "card: sim:FILE, sim:DIR/, pcsc:NAME or replay:FILE"

func errNoCardNamed() error {
	return withCode(exitUsage, errors.New("which card? name it with --card (sim:FILE, sim:DIR/, pcsc:NAME or replay:FILE)"))
}

func parseRef(text string) (cardRef, error) {
	scheme, rest, found := strings.Cut(text, ":")
	switch {
	case text == "":
		return cardRef{}, errNoCardNamed()
	case !found || scheme != "sim" && scheme != "pcsc" && scheme != "replay":
		return cardRef{}, withCode(exitUsage, fmt.Errorf("--card %s: a card is named sim:FILE, sim:DIR/, pcsc:NAME or replay:FILE", text))
	case scheme == "pcsc":
		return cardRef{scheme: scheme, name: rest}, nil
	}
	name, query, _ := strings.Cut(rest, "?")
	if name == "" {
		return cardRef{}, withCode(exitUsage, fmt.Errorf("--card %s: name the file after the colon", text))
	}
	if scheme == "replay" {
		ref := cardRef{scheme: scheme, name: name}
		return ref, withCode(exitUsage, ref.parseReplayQuery(query))
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

// parseReplayQuery reads what a recording is told: identity=KEYFILE.
func (r *cardRef) parseReplayQuery(query string) error {
	name, value, _ := strings.Cut(query, "=")
	if query != "" && (name != "identity" || value == "") {
		return fmt.Errorf("%q: a recording is told ?identity=KEYFILE, the secret key that opens it", query)
	}
	r.identity = value
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

// openCard opens the card that a command is about, with the randomness for the dialogue with it: recorded where --record
// was given. With make, a simulated card that is not there is made, blank.
func (d *desk) openCard(ctx context.Context, ref cardRef, make bool) (station.Dialogue, error) {
	recording, err := d.startRecording()
	if err != nil {
		return station.Dialogue{}, err
	}
	if ref.scheme == "replay" {
		opened, err := d.openReplay(ref)
		return recording.around(opened, err)
	}
	card, err := ref.open(ctx, make)
	return recording.around(station.Dialogue{Card: card, Rand: rand.Reader}, err)
}

// open opens a card that is no recording.
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
		if err := makeBlank(r.name, r.kind); err != nil {
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

// makeBlank makes a blank card file of a kind where there is none.
func makeBlank(path string, kind perso.CardProfile) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	err := newBlank(path, kind, simulator.Contactless)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return withCode(exitCard, err)
}

// newBlank makes a blank card file, and the folder for it.
func newBlank(path string, kind perso.CardProfile, t simulator.Transport) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	blank, err := blankOf(kind, t)
	if err != nil {
		return err
	}
	return writeCard(path, blank)
}

// writeCard makes a card file.
func writeCard(path string, s simulator.State) error {
	store, err := simulator.Create(path, s)
	if err != nil {
		return err
	}
	return store.Close()
}

func blankState() (simulator.State, error) { return simulator.Blank(rand.Reader) }

// blankOf makes a blank chip as a card profile has it, with the keys that everybody knows.
func blankOf(kind perso.CardProfile, t simulator.Transport) (simulator.State, error) {
	if kind.Dialect == perso.JMRTDApplet {
		if t != simulator.Contactless {
			return simulator.State{}, withCode(exitUsage, errors.New("the applet is played on a contactless chip alone"))
		}
		return simulator.BlankApplet(rand.Reader)
	}
	s, err := blankState()
	if err != nil {
		return s, err
	}
	return s.Keyed(kind.Channel.Protocol, kind.KeySize()).Over(t), nil
}
