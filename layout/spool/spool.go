// Package spool hands the faces of a card to the system's print queue, by the programs lp and lpstat of POSIX as CUPS
// has them.
//
//	Printer (a profile)  -> Pages   both faces where the printer wants them -> layout/pdf -> a file
//	                     -> Ready   is the queue there, does it run, does it take jobs?
//	                     -> Submit  lp ... FILE -> Job
//	                     -> State   is the job still in the queue?
//
// Nothing here knows whether a card was printed. A job that has left the queue was given to the printer's backend, or
// cancelled; that there is a card is for a person or a reading of the face to say. No name, number or other word of a
// record gets into a command line, which every user of the machine can read, nor into a job's title.
package spool

import (
	"fmt"
	"strings"
	"unicode"
)

// Printer is a printer's profile: which queue it is, and how a card must lie in it. The zero value but for Queue prints
// both faces at their own size on whatever the queue does by itself.
type Printer struct {
	Name   string `toml:"name"`   // what the operator calls it; empty: as its queue
	Queue  string `toml:"queue"`  // the print queue's name
	Server string `toml:"server"` // host, host:port or the path of a socket; empty: the machine's own
	Paper  bool   `toml:"paper"`  // it prints certificates on paper, and no cards

	Width      float64  `toml:"width"`       // of the page, in mm; 0: that of the face
	Height     float64  `toml:"height"`      // likewise
	OffsetX    float64  `toml:"offset_x"`    // by how much everything lies further right, in mm
	OffsetY    float64  `toml:"offset_y"`    // by how much everything lies further down, in mm
	Sides      Sides    `toml:"sides"`       // which faces, and how the card is turned
	RotateBack bool     `toml:"rotate_back"` // the back is turned by 180 degrees
	Options    []string `toml:"options"`     // further options of lp, each as NAME or NAME=VALUE

	LP string `toml:"lp"` // path of lp, beside which lpstat is; empty: both as $PATH finds them
}

// Sides says which faces are printed and over which edge the printer turns the card.
type Sides string

// The sides that a printer can print.
const (
	AsQueue   Sides = ""          // both faces, as the queue does by itself
	OneSided  Sides = "one"       // both faces, each on a card's upper side
	LongEdge  Sides = "two-long"  // both faces on one card, turned over its long edge
	ShortEdge Sides = "two-short" // both faces on one card, turned over its short edge
	FrontOnly Sides = "front"     // the front alone
)

// keyword is the value of the job attribute "sides" (RFC 8011, section 5.2.8).
func (s Sides) keyword() string {
	switch s {
	case OneSided, FrontOnly:
		return "one-sided"
	case LongEdge:
		return "two-sided-long-edge"
	case ShortEdge:
		return "two-sided-short-edge"
	}
	return ""
}

// known tells whether there are such sides.
func (s Sides) known() bool { return s == AsQueue || s.keyword() != "" }

// The bounds of a profile, in mm.
const (
	leastPage, mostPage = 20, 500
	mostOffset          = 50
)

// Validate says what is wrong with a profile.
func (p Printer) Validate() error {
	switch {
	case !isName(p.Queue):
		return fmt.Errorf("spool: %q is no name of a print queue", p.Queue)
	case p.Name != "" && !isName(p.Name):
		return fmt.Errorf("spool: %q is no name for a printer", p.Name)
	case strings.HasPrefix(p.Server, "-") || !isWord(p.Server):
		return fmt.Errorf("spool: %s: server %q is no host, host:port or path", p.Queue, p.Server)
	case (p.Width != 0 || p.Height != 0) && !(between(leastPage, p.Width, mostPage) && between(leastPage, p.Height, mostPage)):
		return fmt.Errorf("spool: %s: width and height go together, from %d to %d mm", p.Queue, leastPage, mostPage)
	case !between(-mostOffset, p.OffsetX, mostOffset) || !between(-mostOffset, p.OffsetY, mostOffset):
		return fmt.Errorf("spool: %s: offset_x and offset_y are at most %d mm either way", p.Queue, mostOffset)
	case !p.Sides.known():
		return fmt.Errorf("spool: %s: sides %q is none of %q, %q, %q, %q", p.Queue, p.Sides, OneSided, LongEdge, ShortEdge, FrontOnly)
	case strings.HasPrefix(p.LP, "-") || strings.ContainsFunc(p.LP, unprintable):
		return fmt.Errorf("spool: %s: lp %q is no path of a program", p.Queue, p.LP)
	}
	for _, o := range p.Options {
		if o == "" || strings.HasPrefix(o, "-") || !isWord(o) {
			return fmt.Errorf("spool: %s: option %q is neither NAME nor NAME=VALUE", p.Queue, o)
		}
	}
	return nil
}

// between is false for what is not a number.
func between(least, x, most float64) bool { return least <= x && x <= most }

// isName tells whether lp and lpstat take s for the name of one queue: lists are split at commas, instances at slashes.
func isName(s string) bool {
	return s != "" && len(s) <= 127 && s[0] != '-' && isWord(s) && !strings.ContainsAny(s, `/\#?'",:*`)
}

// isWord tells whether s has neither spaces nor what a terminal obeys.
func isWord(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unprintable(r) })
}

func unprintable(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsPrint(r) }

// Called is what the operator calls the printer.
func (p Printer) Called() string {
	if p.Name != "" {
		return p.Name
	}
	return p.Queue
}
