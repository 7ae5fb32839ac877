package main

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"testing"
)

// screen is a terminal without end: what is written to it stands in its lines.
type screen struct {
	lines  []string
	row    int
	column int
	t      *testing.T
}

func (s *screen) Write(p []byte) (int, error) {
	text := []rune(string(p))
	for len(text) > 0 {
		for s.row >= len(s.lines) {
			s.lines = append(s.lines, "")
		}
		switch c := text[0]; c {
		case '\n':
			s.row, s.column = s.row+1, 0
		case '\r':
			s.column = 0
		case '\x1b':
			text = s.escape(text[2:])
			continue
		default:
			line := []rune(s.lines[s.row])
			s.lines[s.row] = string(line[:s.column]) + string(c) + string(line[min(len(line), s.column+1):])
			s.column++
		}
		text = text[1:]
	}
	return len(p), nil
}

// escape obeys a control sequence: cursor up, erase to the end of the line, or of the screen (ECMA-48, 8.3).
func (s *screen) escape(text []rune) []rune {
	digits := 0
	for text[digits] >= '0' && text[digits] <= '9' {
		digits++
	}
	n, _ := strconv.Atoi(string(text[:digits]))
	switch text[digits] {
	case 'A':
		if s.row -= n; s.row < 0 {
			s.t.Fatal("the cursor goes above the screen")
		}
	case 'J', 'K':
		s.lines[s.row] = string([]rune(s.lines[s.row])[:s.column])
		if text[digits] == 'J' {
			s.lines = s.lines[:s.row+1]
		}
	default:
		s.t.Fatalf("unknown control sequence %q", string(text[:digits+1]))
	}
	return text[digits+1:]
}

func (s *screen) String() string { return strings.TrimRight(strings.Join(s.lines, "\n"), "\n") }

func TestBoard(t *testing.T) {
	s := &screen{t: t}
	b := &board{out: s, width: func() int { return 21 }, rows: make([]string, 3)}
	mustShow := func(want string) {
		t.Helper()
		if got := s.String(); got != want {
			t.Errorf("the screen shows\n%s\nwant\n%s", got, want)
		}
	}
	b.note("before")
	b.show(1, "second: a")
	mustShow("before\nsecond: a")
	b.show(0, "first: long text")
	b.show(2, "third is much too long for it")
	mustShow("before\nfirst: long text\nsecond: a\nthird is much too lo")
	b.show(0, "first")
	b.note("between, and longer than a line")
	mustShow("before\nbetween, and longer than a line\nfirst\nsecond: a\nthird is much too lo")
	b.show(1, "")
	mustShow("before\nbetween, and longer than a line\nfirst\nthird is much too lo")
	b.close()
	b.note("after")
	mustShow("before\nbetween, and longer than a line\nafter")
}

// Where there is no terminal, only lines that stay are written, and no control sequences.
func TestBoardWithoutATerminal(t *testing.T) {
	var out strings.Builder
	b := newBoard(&out, 2)
	b.show(0, "first")
	b.note("a line")
	b.show(1, "second")
	b.close()
	if out.String() != "a line\n" {
		t.Errorf("%q", out.String())
	}
}

// What a card or a reader says of itself stands in errors, and turns no terminal around.
func TestComplaintsTurnNoTerminalAround(t *testing.T) {
	var out bytes.Buffer
	w := &worker{batch: &batch{board: newBoard(&out, 1)}, name: "reader\x1b[1A"}
	w.complain(t.Context(), "cancuoc: ", errors.New("pcsc: no card (\x1b[2J\u202e)"))
	if text := out.String(); strings.ContainsAny(text, "\x1b\u202e") || !strings.Contains(text, "no card") {
		t.Errorf("%q", text)
	}
}
