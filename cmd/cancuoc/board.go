package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/term"
)

// board is where the operator sees what goes on: lines that stay, and on a terminal below them one line for each worker,
// which is drawn anew in its place. It may be used by several goroutines.
type board struct {
	out   io.Writer
	width func() int // of the terminal in columns; nil where there is none, and no line is drawn in place

	mutex sync.Mutex
	rows  []string
	drawn int // rows that stand on the terminal now
}

// newBoard makes a board with lines for so many workers.
func newBoard(out io.Writer, workers int) *board {
	b := &board{out: out, rows: make([]string, workers)}
	if terminal(out) {
		fd := int(out.(interface{ Fd() uintptr }).Fd())
		b.width = func() int {
			width, _, err := term.GetSize(fd)
			if err != nil || width <= 0 {
				return 80
			}
			return width
		}
	}
	return b
}

// note writes a line that stays.
func (b *board) note(format string, args ...any) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.clear()
	fmt.Fprintf(b.out, format+"\n", args...)
	b.draw()
}

// show puts a text into a worker's line; an empty one takes the line away.
func (b *board) show(row int, text string) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.rows[row] != text {
		b.rows[row] = text
		b.draw()
	}
}

// close takes the workers' lines away.
func (b *board) close() {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.clear()
	clear(b.rows)
}

// clear takes what is drawn in place off the terminal.
func (b *board) clear() {
	if b.drawn > 0 {
		fmt.Fprintf(b.out, "\r\x1b[%dA\x1b[J", b.drawn)
	}
	b.drawn = 0
}

// draw writes the workers' lines over those that stand there, in one piece so that nothing flickers. A line that is longer
// than the terminal is wide would become two.
func (b *board) draw() {
	if b.width == nil {
		return
	}
	var text strings.Builder
	if b.drawn > 0 {
		fmt.Fprintf(&text, "\r\x1b[%dA", b.drawn)
	}
	b.drawn = 0
	for _, row := range b.rows {
		if row != "" {
			text.WriteString(cut(row, b.width()-1) + "\x1b[K\n")
			b.drawn++
		}
	}
	text.WriteString("\x1b[J")
	io.WriteString(b.out, text.String())
}

// cut gives the beginning of a text that fits into so many columns.
func cut(text string, columns int) string {
	if utf8.RuneCountInString(text) <= columns {
		return text
	}
	return string([]rune(text)[:max(0, columns)])
}
