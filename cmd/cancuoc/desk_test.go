package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// The stories of the desk proper, from a record to a card that is read and judged, run twice: with card files in process,
// and through pcscd with the same cards in its virtual reader. What the story calls $CARD is the one or the other.
func TestDesk(t *testing.T) {
	testscript.Run(t, deskParams(t, false))
}

func TestDeskThroughPCSC(t *testing.T) {
	if os.Getenv(insideNamespace) != "" {
		testscript.Run(t, deskParams(t, true))
		return
	}
	besideStories(t, "testdata/desk")
}

func deskParams(t *testing.T, throughPCSC bool) testscript.Params {
	params := storyParams(t, "testdata/desk")
	plain := params.Setup
	params.Setup = func(env *testscript.Env) error {
		env.Values[hopperKey{}] = &hopper{throughPCSC: throughPCSC}
		return plain(env)
	}
	return params
}

// hopper puts the cards of a story where its commands find them: into slot 1 of the virtual reader, by the script of
// `simulate --reader`, which runs beside the story.
type hopper struct {
	throughPCSC bool
	words       io.WriteCloser
	events      *bufio.Scanner
}

type hopperKey struct{}

// storyCard puts a card in, in the place of the one before, and sets $CARD to how it is called there: card FILE, card
// FILE?fault=NAME. Without a file the card is taken out, so that its file can be looked at.
func storyCard(ts *testscript.TestScript, _ bool, args []string) {
	h := ts.Value(hopperKey{}).(*hopper)
	switch {
	case len(args) == 0 && h.throughPCSC:
		h.say(ts, "remove 1", "removed")
		ts.Check(slotIs(context.Background(), 1, false, time.Minute))
	case len(args) == 1 && !h.throughPCSC:
		ts.Setenv("CARD", "sim:"+args[0])
	case len(args) == 1:
		if h.words == nil {
			h.start(ts)
		}
		h.insert(ts, args[0])
		ts.Setenv("CARD", "pcsc:"+slotName(1))
	case len(args) > 1:
		ts.Fatalf("usage: card [FILE]")
	}
}

// start runs the command that holds the cards, until the story ends.
func (h *hopper) start(ts *testscript.TestScript) {
	cmd := exec.Command("cancuoc", "simulate", "--reader", "--json", "--script", "-")
	cmd.Dir, cmd.Env, cmd.Stderr = ts.MkAbs("."), append(os.Environ(), "GORACE="+noLinger), os.Stderr
	words, err := cmd.StdinPipe()
	ts.Check(err)
	events, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	h.words, h.events = words, bufio.NewScanner(events)
	ts.Defer(func() {
		words.Close()
		if err := cmd.Wait(); err != nil {
			ts.Logf("simulate --reader: %v", err)
		}
	})
}

// insert puts a card in until pcscd sees it (see cardInSlot).
func (h *hopper) insert(ts *testscript.TestScript, card string) {
	var err error
	for range 5 {
		h.say(ts, "swap 1 sim:"+card, "inserted")
		if err = slotIs(context.Background(), 1, true, 4*time.Second); err == nil {
			return
		}
	}
	ts.Check(err)
}

// say says a word and waits until it is done. Cards fail in between, when the story has told them to.
func (h *hopper) say(ts *testscript.TestScript, line, done string) {
	_, err := fmt.Fprintln(h.words, line)
	ts.Check(err)
	for h.events.Scan() {
		var e event
		ts.Check(json.Unmarshal(h.events.Bytes(), &e))
		if e.Event == done {
			return
		}
	}
	ts.Fatalf("%s: simulate --reader has ended", line)
}
