package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/cancuoc/cancuoc/card/regular"
)

// word is one that a script or the user at the prompt can say.
type word struct {
	name, takes string
	what        string
	do          func(s *slots, ctx context.Context, slot int, rest string) error
}

func words() []word {
	return []word{
		{"insert", "SLOT REF", "put a card in and wait until the reader has taken it", (*slots).sayInsert},
		{"remove", "SLOT", "take the card out", (*slots).sayRemove},
		{"swap", "SLOT REF", "take out what is in the slot, if anything, and put this card in", (*slots).saySwap},
		{"reset", "SLOT", "take the card's power away for a moment: selection and sessions are lost", (*slots).sayReset},
		{"await", "SLOT", "wait until the card has been used, and nobody has asked it anything for a second", (*slots).sayAwait},
		{"wait", "[SECONDS]", "wait so long; without a number, until interrupted", (*slots).sayWait},
		{"list", "", "say which card is in which slot", (*slots).sayList},
		{"help", "", "say what can be said", (*slots).sayHelp},
		{"quit", "", "take every card out and end", nil},
	}
}

func wordsHelp() string {
	var b strings.Builder
	b.WriteString("Words:\n")
	for _, w := range words() {
		fmt.Fprintf(&b, "  %-17s %s\n", w.name+" "+w.takes, w.what)
	}
	return strings.TrimRight(b.String(), "\n")
}

// maxSlots is the most that pcscd has of all readers (PCSCLITE_MAX_READERS_CONTEXTS).
const maxSlots = 16

// takesNever is after how long a reader that does not take a card is given up.
const takesNever = 15 * time.Second

// maxLine is the longest line of a script.
const maxLine = 64 << 10

// prompts tells whether a user sits at the terminal and this process may ask. One in the background would be stopped by
// its first question.
func (d *desk) prompts() bool { return terminal(d.in) && inForeground() }

// inForeground tells whether the terminal is this process's (proc(5), /proc/PID/stat: pgrp and tpgid).
func inForeground() bool {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return true
	}
	fields := strings.Fields(string(stat)[strings.LastIndexByte(string(stat), ')')+1:])
	return len(fields) < 6 || fields[2] == fields[5]
}

// follow does what a script says, line by line, and stops at the first that cannot be done.
func (s *slots) follow(ctx context.Context, opts plugOptions) error {
	name, r := opts.script, s.desk.stdin
	if name == "-" {
		name = "standard input"
	} else {
		f, err := regular.Open(name)
		if err != nil {
			return withCode(exitInput, err)
		}
		defer f.Close()
		r = f
	}
	if err := s.insertAll(ctx, opts.cards); err != nil {
		return err
	}
	number := 0
	_, err := s.lines(r, func(line string) (bool, error) {
		number++
		quit, err := s.say(ctx, line)
		if ctx.Err() != nil {
			return true, nil
		}
		if err != nil {
			err = fmt.Errorf("%s:%d: %w", name, number, err)
		}
		return quit, err
	})
	return err
}

// converse lets the user at the terminal say what happens. What cannot be done is told, and the next line asked for.
func (s *slots) converse(ctx context.Context, cards []string) error {
	if err := s.insertAll(ctx, cards); err != nil {
		return err
	}
	s.ask("> ")
	quit, err := s.lines(s.desk.stdin, func(line string) (bool, error) {
		s.ask("")
		quit, err := s.say(ctx, line)
		if ctx.Err() != nil {
			return true, nil
		}
		if err != nil {
			s.desk.note("%s", printable(sentence(err, exitCode(ctx, err))))
		}
		if !quit {
			s.ask("> ")
		}
		return quit, nil
	})
	s.ask("")
	if !quit {
		s.desk.note("") // the prompt's line ends without one of the user's
	}
	return err
}

// ask puts the prompt on the terminal, or, empty, lets it be.
func (s *slots) ask(prompt string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.prompt = prompt
	fmt.Fprint(s.desk.err, prompt)
}

// lines gives each line to do, until one quits or fails. The end of the context is the end of the lines.
func (s *slots) lines(r io.Reader, do func(line string) (bool, error)) (quit bool, err error) {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, maxLine)
	for scanner.Scan() {
		if quit, err := do(scanner.Text()); quit || err != nil {
			return quit, err
		}
	}
	err = scanner.Err()
	switch {
	case errors.Is(err, context.Canceled):
		return true, nil
	case errors.Is(err, bufio.ErrTooLong):
		err = fmt.Errorf("a line is longer than %d bytes", maxLine)
	}
	return false, withCode(exitInput, err)
}

// insertAll puts the cards named on the command line in before the first word.
func (s *slots) insertAll(ctx context.Context, cards []string) error {
	for i, name := range cards {
		if err := s.sayInsert(ctx, i+1, name); err != nil && ctx.Err() == nil {
			return fmt.Errorf("slot %d: %w", i+1, err)
		}
	}
	return nil
}

// say does one line.
func (s *slots) say(ctx context.Context, line string) (quit bool, err error) {
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '#' {
		return false, nil
	}
	name, rest, _ := strings.Cut(line, " ")
	for _, w := range words() {
		if w.name != name {
			continue
		}
		slot, rest, err := w.parse(strings.TrimSpace(rest))
		if err != nil || w.do == nil {
			return err == nil, err
		}
		err = w.do(s, ctx, slot, rest)
		if slot > 0 && err != nil {
			err = fmt.Errorf("slot %d: %w", slot, err)
		}
		return false, err
	}
	return false, withCode(exitUsage, fmt.Errorf("there is no word %q (say help)", name))
}

// parse reads what stands behind the word: a slot where it takes one, and the rest.
func (w word) parse(rest string) (slot int, left string, err error) {
	wrong := withCode(exitUsage, fmt.Errorf("say %s", strings.TrimSpace(w.name+" "+w.takes)))
	first, takesSlot := strings.CutPrefix(w.takes, "SLOT")
	if takesSlot {
		var number string
		number, rest, _ = strings.Cut(rest, " ")
		if slot, err = strconv.Atoi(number); err != nil || slot < 1 || slot > maxSlots {
			return 0, "", fmt.Errorf("%w, with a slot from 1 to %d", wrong, maxSlots)
		}
	}
	rest, first = strings.TrimSpace(rest), strings.TrimSpace(first)
	if first == "" && rest != "" || first == "REF" && rest == "" {
		return 0, "", wrong
	}
	return slot, rest, nil
}

func (s *slots) sayInsert(ctx context.Context, slot int, name string) error {
	if in, there := s.find(slot); there {
		return withCode(exitCard, fmt.Errorf("%s is in it: take it out first (remove, or swap)", in.name))
	}
	in, err := s.plug(ctx, slot, name)
	if err != nil {
		return err
	}
	if err := s.awaitTaken(ctx, in, time.After(takesNever)); err != nil {
		s.pull(in)
		return err
	}
	return nil
}

func (s *slots) sayRemove(_ context.Context, slot int, _ string) error {
	in, err := s.occupied(slot)
	if err != nil {
		return err
	}
	s.pull(in)
	s.tell(event{Event: "removed", Slot: slot, Card: in.name})
	return nil
}

// occupied gives the card in a slot, or the error that there is none.
func (s *slots) occupied(slot int) (*inserted, error) {
	in, there := s.find(slot)
	if !there {
		return nil, withCode(exitCard, errors.New("no card is in it"))
	}
	return in, nil
}

func (s *slots) saySwap(ctx context.Context, slot int, name string) error {
	if _, there := s.find(slot); there {
		if err := s.sayRemove(ctx, slot, ""); err != nil {
			return err
		}
	}
	return s.sayInsert(ctx, slot, name)
}

func (s *slots) sayReset(_ context.Context, slot int, _ string) error {
	in, err := s.occupied(slot)
	if err != nil {
		return err
	}
	if err := in.Reset(); err != nil {
		return withCode(exitCard, err)
	}
	s.tell(event{Event: "reset", Slot: slot, Card: in.name})
	return nil
}

// idleAfter is how long a card that has been used must be left alone to count as done with.
const idleAfter = time.Second

func (s *slots) sayAwait(ctx context.Context, slot int, _ string) error {
	in, err := s.occupied(slot)
	if err != nil {
		return err
	}
	for {
		since := time.Since(time.Unix(0, in.asked.Load()))
		if in.asked.Load() > 0 && since >= idleAfter {
			s.tell(event{Event: "idle", Slot: slot, Card: in.name})
			return nil
		}
		select {
		case <-in.gone:
			return withCode(exitCard, errors.New("the card has failed while it was awaited"))
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(idleAfter / 20):
		}
	}
}

// longestWait bounds what SECONDS may say.
const longestWait = 24 * time.Hour

func (s *slots) sayWait(ctx context.Context, _ int, seconds string) error {
	if seconds == "" {
		<-ctx.Done()
		return ctx.Err()
	}
	n, err := strconv.ParseFloat(seconds, 64)
	if err != nil || !(n >= 0 && n <= longestWait.Seconds()) {
		return withCode(exitUsage, fmt.Errorf("wait %s: say a number of seconds, at most %.0f", seconds, longestWait.Seconds()))
	}
	return sleep(ctx, time.Duration(n*float64(time.Second)))
}

func (s *slots) sayList(context.Context, int, string) error {
	cards := s.all()
	for _, in := range cards {
		s.tell(event{Event: "listed", Slot: in.slot, Card: in.name})
	}
	if len(cards) == 0 && !s.desk.json {
		s.desk.note("no card is in any slot")
	}
	return nil
}

func (s *slots) sayHelp(context.Context, int, string) error {
	s.desk.note("%s", wordsHelp())
	return nil
}
