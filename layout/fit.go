package layout

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// fit says how a value is made to fit into its space: it is set as large as it can be, on as many lines as it may take,
// and, where the smallest size does not do, with its letters narrowed.
type fit struct {
	Font      Font    `json:"font"`
	Largest   float64 `json:"largest"`   // size of the em, in millimetres
	Smallest  float64 `json:"smallest"`  //
	Lines     int     `json:"lines"`     // at most; 0: as many as there is room for
	Narrowest float64 `json:"narrowest"` // how far letters may be narrowed at the smallest size; 0: not
	Overflow  string  `json:"overflow"`  // what happens when it still does not fit: "error" (also when empty) or "shorten"
}

// What a template may say under "overflow".
const (
	overflowError   = "error"
	overflowShorten = "shorten" // cut behind a word, with an ellipsis
)

const ellipsis = "…"

// sizeStep and narrowStep are by how much size and width fall until a text fits.
const (
	sizeStep   = 0.05
	narrowStep = 0.05
)

// block is text broken into lines at the size and width at which it fits.
type block struct {
	size, narrow float64
	lines        []string
}

// set breaks a text, between words, into a block that has room in w x h millimetres.
func (f fit) set(text string, w, h float64) (block, error) {
	face := typefaces()[f.Font]
	if err := face.check(text); err != nil {
		return block{}, err
	}
	words := face.measure(strings.Fields(text))
	if b, fits := f.try(face, words, w, h); fits {
		return b, nil
	}
	if f.Overflow == overflowShorten {
		for n := len(words) - 1; n > 0; n-- {
			last := face.measure([]string{words[n-1].text + ellipsis})
			if b, fits := f.try(face, append(words[:n-1:n-1], last...), w, h); fits {
				return b, nil
			}
		}
	}
	return block{}, fmt.Errorf("%w: %d letters in %.0f x %.0f mm, even at the smallest size of %.2f mm",
		ErrDoesNotFit, utf8.RuneCountInString(text), w, h, f.Smallest)
}

// try goes down from the largest size to the smallest, and then narrows the letters.
func (f fit) try(face *typeface, words []measured, w, h float64) (block, bool) {
	for n := 0; ; n++ {
		size := f.Largest - float64(n)*sizeStep
		if size < f.Smallest-sizeStep/2 {
			break
		}
		if b, fits := f.at(face, words, size, 1, w, h); fits {
			return b, true
		}
	}
	for n := 1; f.Narrowest > 0 && 1-float64(n)*narrowStep >= f.Narrowest-narrowStep/2; n++ {
		if b, fits := f.at(face, words, f.Smallest, 1-float64(n)*narrowStep, w, h); fits {
			return b, true
		}
	}
	return block{}, false
}

// at tries one size and width.
func (f fit) at(face *typeface, words []measured, size, narrow, w, h float64) (block, bool) {
	most := int((h/size-ascent-descent)/leading+1e-9) + 1
	if h < (ascent+descent)*size-1e-9 {
		most = 0
	}
	if f.Lines > 0 {
		most = min(most, f.Lines)
	}
	room, space := w/(size*narrow), face.width(" ")
	lines, fits := wrap(words, space, room, most)
	if !fits {
		return block{}, false
	}
	b := block{size: size, narrow: narrow}
	for _, line := range balance(lines, words, space, room) {
		b.lines = append(b.lines, line.text())
	}
	return b, true
}

// balance breaks words that took some lines into as many of about equal length, so that no word is left alone on the
// last.
func balance(lines []line, words []measured, space, room float64) []line {
	for narrow := room; len(lines) > 1; {
		narrow -= room / 50
		narrower, fits := wrap(words, space, narrow, len(lines))
		if !fits {
			break
		}
		lines = narrower
	}
	return lines
}

type measured struct {
	text  string
	width float64 // in ems
}

func (t *typeface) measure(words []string) []measured {
	out := make([]measured, len(words))
	for i, w := range words {
		out[i] = measured{w, t.width(w)}
	}
	return out
}

// line is the words of one line, a part of all words.
type line []measured

func (l line) text() string {
	all := l[0].text
	for _, w := range l[1:] {
		all += " " + w.text
	}
	return all
}

// wrap breaks words into so many lines at most, none wider than room, all in ems; false as soon as that cannot be. It
// copies no text: a value is tried at hundreds of sizes.
func wrap(words []measured, space, room float64, most int) (lines []line, fits bool) {
	used, begin := 0.0, 0
	for i, w := range words {
		switch {
		case w.width > room || len(lines) >= most:
			return nil, false
		case i > begin && used+space+w.width > room:
			lines, begin, used = append(lines, words[begin:i]), i, w.width
		case i > begin:
			used += space + w.width
		default:
			used = w.width
		}
	}
	if begin < len(words) {
		lines = append(lines, words[begin:])
	}
	return lines, len(lines) <= most
}
