package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/card/pki/cms"
	"github.com/cancuoc/cancuoc/card/regular"
	"github.com/cancuoc/cancuoc/card/specimen/issuer"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/authority"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
	"github.com/cancuoc/cancuoc/simulator"
)

// expected is what a reader must say of a card of the corpus.
type expected struct {
	Verdict string `json:"verdict"`          // "genuine", "not-genuine", "not-proven", or "error": the reading does not come to an end
	Check   string `json:"check,omitempty"`  // the check that decides
	Result  string `json:"result,omitempty"` // and its result
}

// expectations tells what each fault must cause, by what Doc 9303-11 and -12 say and not by what our reader does.
func expectations() map[simulator.Fault]expected {
	const genuine, notGenuine, notProven, stopped = "genuine", "not-genuine", "not-proven", "error"
	return map[simulator.Fault]expected{
		"":                     {genuine, "", ""},
		simulator.Cut:          {stopped, "", ""},
		simulator.CutAfter:     {stopped, "", ""},
		simulator.CutHalf:      {stopped, "", ""},
		simulator.WrongMAC:     {stopped, "", ""},
		simulator.StaleCounter: {stopped, "", ""},
		simulator.Clone:        {notGenuine, "chip", "fail"},
		simulator.CloneOwnKeys: {notGenuine, "chip", "fail"},
		simulator.HiddenAccess: {notProven, "access", "fail"},
		simulator.WeakAccess:   {notProven, "access", "fail"},
		simulator.BlockedPACE:  {notProven, "access", "fail"},
		simulator.WrongLe:      {genuine, "", ""},
		simulator.ShortReads:   {genuine, "", ""},
		simulator.ShortLength:  {genuine, "", ""},
		simulator.SwappedDG:    {notGenuine, "hashes", "fail"},
		simulator.ForgedSOD:    {notGenuine, "signature", "fail"},
		simulator.TornWrite:    {stopped, "", ""},
		simulator.LyingLength:  {stopped, "", ""},
	}
}

// occasion is at which occasion a counted fault happens in the corpus: in the middle of a reading.
const occasion = 8

// sample is one card of the corpus, as its JSON beside the card file tells.
type sample struct {
	Card     string   `json:"card"` // the card file
	What     string   `json:"what"` // what is wrong with it
	Profile  string   `json:"profile"`
	Fault    string   `json:"fault,omitempty"`
	MRZ      []string `json:"mrz"`
	CAN      string   `json:"can,omitempty"`
	BAC      bool     `json:"bac"`      // Basic Access Control opens it
	Trust    string   `json:"trust"`    // the CSCA certificate to judge it by
	Terminal string   `json:"terminal"` // the folder of the inspection system that may read its fingerprints
	Expect   expected `json:"expect"`
}

// corpus is a test set in the making.
type corpus struct {
	folder  string
	config  station.Config
	signer  cms.Signer
	samples []sample
}

func runSimulateCorpus(ctx context.Context, d *desk, folder string) error {
	if _, err := os.Lstat(folder); !errors.Is(err, fs.ErrNotExist) {
		return withCode(exitInput, fmt.Errorf("%s is there already: remove it, or name another folder", folder))
	}
	c := &corpus{folder: folder}
	if err := c.begin(); err != nil {
		return err
	}
	for _, p := range card.Profiles() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := c.addProfile(ctx, p); err != nil {
			return err
		}
	}
	if err := c.writeJSON("corpus.json", c.samples); err != nil {
		return err
	}
	return d.print(c.samples, func(w io.Writer) {
		for _, s := range c.samples {
			fmt.Fprintf(w, "%-40s %-12s %s\n", s.Card, s.Expect.Verdict, s.What)
		}
		fmt.Fprintf(w, "%d cards in %s, each with what a reader must say of it in a .json beside it; corpus.json has them all\n", len(c.samples), shown(folder))
	})
}

// begin makes the authority of the corpus, in the form of a station.
func (c *corpus) begin() error {
	if err := station.Init(filepath.Join(c.folder, "station"), station.Options{Name: "corpus"}, time.Now()); err != nil {
		return err
	}
	var err error
	if c.config, err = station.LoadConfig(c.path("station")); err != nil {
		return err
	}
	signers, err := c.config.Signers(c.path("station"), authority.Keys{})
	if err != nil {
		return err
	}
	c.signer, err = signers.Signer(time.Now())
	return err
}

func (c *corpus) path(name string) string { return filepath.Join(c.folder, name) }

// addProfile issues one card by the profile and copies it, once for each fault.
func (c *corpus) addProfile(ctx context.Context, p card.Profile) error {
	doc, state, err := c.issue(ctx, p)
	if err != nil {
		return fmt.Errorf("profile %s: %w", p.Name, err)
	}
	if err := c.add(doc, p, state, simulator.FaultKind{What: "a good card"}); err != nil {
		return err
	}
	for _, kind := range simulator.FaultKinds() {
		if !applies(kind.Fault, p) {
			continue
		}
		if err := c.add(doc, p, state, kind); err != nil {
			return err
		}
	}
	return nil
}

// applies tells whether a card of the profile can have the fault: only one that opens with Basic Access Control too can
// be made to look as if it had no PACE.
func applies(fault simulator.Fault, p card.Profile) bool {
	switch fault {
	case simulator.HiddenAccess, simulator.BlockedPACE:
		return p.BAC && len(p.PACE) > 0
	case simulator.WeakAccess:
		return len(p.PACE) > 0
	}
	return true
}

// issue makes the adult specimen's card in memory.
func (c *corpus) issue(ctx context.Context, p card.Profile) (card.Document, simulator.State, error) {
	var kept simulator.State
	issuance, err := c.issuance(p)
	if err != nil {
		return card.Document{}, kept, err
	}
	data, err := card.Issue(issuance)
	if err != nil {
		return card.Document{}, kept, err
	}
	blank, err := blankState()
	if err != nil {
		return card.Document{}, kept, err
	}
	chip := simulator.NewCard(blank, rand.Reader, func(s simulator.State) error { kept = s; return nil })
	session, err := perso.Terminal{Keys: perso.DefaultKeys(), Rand: rand.Reader}.Open(&apdu.Conn{Wire: chip})
	if err != nil {
		return card.Document{}, kept, err
	}
	_, err = session.Write(ctx, data, nil)
	return issuance.Document, kept, err
}

func (c *corpus) issuance(p card.Profile) (card.Issuance, error) {
	i, err := issuer.Issuance(demoSpecimen, p.Name)
	if err != nil {
		return card.Issuance{}, err
	}
	i.Signer, i.At, i.Rand = c.signer, time.Now(), rand.Reader
	i.CVCA, err = c.config.CVCA(c.path("station"))
	return i, err
}

// add writes one card and what a reader must say of it.
func (c *corpus) add(doc card.Document, p card.Profile, state simulator.State, kind simulator.FaultKind) error {
	name := p.Name
	if kind.Fault != "" {
		name += "-" + string(kind.Fault)
		state.Faults = simulator.Faults{kind.Fault: 1}
		if kind.Counted {
			state.Faults[kind.Fault] = occasion
		}
	}
	if err := writeCard(c.path(name+".sim"), state); err != nil {
		return err
	}
	lines, err := doc.MRZ()
	if err != nil {
		return err
	}
	s := sample{Card: name + ".sim", What: described(kind), Profile: p.Name, Fault: string(kind.Fault),
		MRZ: lines[:], BAC: p.BAC, Trust: "station/authority/trust", Terminal: "station/authority/terminal", Expect: expectations()[kind.Fault]}
	if p.CAN {
		s.CAN = doc.CAN
	}
	c.samples = append(c.samples, s)
	return c.writeJSON(name+".json", s)
}

// described says what is wrong, with the number of the occasion where there is one.
func described(kind simulator.FaultKind) string {
	if !kind.Counted {
		return kind.What
	}
	return strings.ReplaceAll(kind.What, " N", fmt.Sprint(" ", occasion))
}

func (c *corpus) writeJSON(name string, value any) error {
	return regular.WriteFile(c.path(name), func(w io.Writer) error {
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(value)
	})
}
