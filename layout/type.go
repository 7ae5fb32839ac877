package layout

import (
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-fonts/liberation/liberationmonoregular"
	"github.com/go-fonts/liberation/liberationsansbold"
	"github.com/go-fonts/liberation/liberationsansregular"
	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/unicode/norm"
)

// Font is a typeface that marks are set in.
type Font string

// The typefaces.
const (
	Sans     Font = "sans"
	SansBold Font = "sans-bold"
	Mono     Font = "mono"
)

// TrueType gives the font's file, for a painter to embed; nothing for a font that is not one of ours.
func (f Font) TrueType() []byte {
	switch f {
	case Sans:
		return liberationsansregular.TTF
	case SansBold:
		return liberationsansbold.TTF
	case Mono:
		return liberationmonoregular.TTF
	}
	return nil
}

// How far the tallest letters of the language reach above and below the baseline in these fonts, and the distance of
// baselines at which the letters of two lines do not touch; all in ems.
const (
	ascent  = 0.90
	descent = 0.23
	leading = 1.17
	capital = 0.69 // height of a capital without marks
)

// typesetter measures text. One serves one goroutine.
type typesetter struct {
	fonts  map[Font]*sfnt.Font
	buffer *sfnt.Buffer
}

func newTypesetter() (typesetter, error) {
	set := typesetter{map[Font]*sfnt.Font{}, &sfnt.Buffer{}}
	for _, f := range []Font{Sans, SansBold, Mono} {
		parsed, err := sfnt.Parse(f.TrueType())
		if err != nil {
			return set, fmt.Errorf("layout: font %s: %w", f, err)
		}
		set.fonts[f] = parsed
	}
	return set, nil
}

// width gives the width of a text in ems. Letters that the font lacks count nothing.
func (set typesetter) width(f Font, text string) float64 {
	face := set.fonts[f]
	em := fixed.I(int(face.UnitsPerEm()))
	var sum fixed.Int26_6
	for _, r := range text {
		glyph, _ := face.GlyphIndex(set.buffer, r)
		advance, _ := face.GlyphAdvance(set.buffer, glyph, em, font.HintingNone)
		sum += advance
	}
	return float64(sum) / float64(em)
}

// check refuses text that would come out wrong: each letter must be composed (normalisation form C), visible, and
// have a glyph of its own.
func (set typesetter) check(f Font, text string) error {
	if !utf8.ValidString(text) {
		return fmt.Errorf("%w: it is not UTF-8", ErrInvalid)
	}
	if !norm.NFC.IsNormalString(text) {
		return fmt.Errorf("%w: its letters are not composed (Unicode normalisation form C)", ErrInvalid)
	}
	for _, r := range text {
		glyph, err := set.fonts[f].GlyphIndex(set.buffer, r)
		if err != nil || glyph == 0 || r > math.MaxUint16 || !unicode.IsGraphic(r) {
			return fmt.Errorf("%w: %U", ErrNoGlyph, r)
		}
	}
	return nil
}

// block is text broken into lines at the size at which it fits.
type block struct {
	size  float64
	lines []string
}

// sizeStep is by how much the size falls until a text fits.
const sizeStep = 0.05

// fit finds the largest size at which a text, broken between words, has room in a field.
func (set typesetter) fit(text string, f field) (block, error) {
	if err := set.check(f.font, text); err != nil {
		return block{}, err
	}
	words, space := set.measure(f.font, strings.Fields(text)), set.width(f.font, " ")
	for n := 0; ; n++ {
		size := f.largest - float64(n)*sizeStep
		if size < f.smallest-sizeStep/2 {
			return block{}, fmt.Errorf("%w: %d letters in %.0f x %.0f mm, even at the smallest size of %.2f mm",
				ErrDoesNotFit, utf8.RuneCountInString(text), f.w, f.h, f.smallest)
		}
		room := f.w / size
		lines, fits := wrap(words, space, room)
		if fits && (ascent+descent+float64(len(lines)-1)*leading)*size <= f.h {
			return block{size, balance(lines, words, space, room)}, nil
		}
	}
}

// balance breaks words that took some lines into as many of about equal length, so that no word is left alone on the
// last.
func balance(lines []string, words []measured, space, room float64) []string {
	for narrow := room; len(lines) > 1; {
		narrow -= room / 50
		narrower, fits := wrap(words, space, narrow)
		if !fits || len(narrower) > len(lines) {
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

func (set typesetter) measure(f Font, words []string) (out []measured) {
	for _, w := range words {
		out = append(out, measured{w, set.width(f, w)})
	}
	return out
}

// wrap breaks words into lines no wider than room, all in ems; false when a single word is wider.
func wrap(words []measured, space, room float64) (lines []string, fits bool) {
	used := 0.0
	for _, w := range words {
		if w.width > room {
			return nil, false
		}
		if len(lines) > 0 && used+space+w.width <= room {
			lines[len(lines)-1] += " " + w.text
			used += space + w.width
			continue
		}
		lines = append(lines, w.text)
		used = w.width
	}
	return lines, true
}
