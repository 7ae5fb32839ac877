package layout

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/go-fonts/liberation/liberationsansbold"
	"github.com/go-fonts/liberation/liberationsansregular"
	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/unicode/norm"
)

// Font is a typeface that marks are set in.
type Font string

// The typefaces. OCRBFont is drawn by [OCRB] along its centre lines and has no file.
const (
	Sans     Font = "sans"
	SansBold Font = "sans-bold"
	OCRBFont Font = "ocr-b"
)

// TrueType gives the font's file, for a painter to embed; nothing for a font that has none.
func (f Font) TrueType() []byte {
	switch f {
	case Sans:
		return liberationsansregular.TTF
	case SansBold:
		return liberationsansbold.TTF
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

// typeface is a font that has been parsed, with the width of each of its first letters. It does not change.
type typeface struct {
	font   *sfnt.Font
	widths [0x2200]float32 // in ems; negative where there is no glyph
}

// typefaces parses the fonts, once: they are compiled in, and a test parses them all.
var typefaces = sync.OnceValue(func() map[Font]*typeface {
	all := map[Font]*typeface{}
	for _, f := range []Font{Sans, SansBold} {
		all[f] = newTypeface(f.TrueType())
	}
	return all
})

func newTypeface(file []byte) *typeface {
	parsed, err := sfnt.Parse(file)
	if err != nil {
		panic(err) // it is compiled in
	}
	face := &typeface{font: parsed}
	var buffer sfnt.Buffer
	em := fixed.I(int(parsed.UnitsPerEm()))
	for r := range face.widths {
		glyph, err := parsed.GlyphIndex(&buffer, rune(r))
		advance, _ := parsed.GlyphAdvance(&buffer, glyph, em, font.HintingNone)
		face.widths[r] = float32(advance) / float32(em)
		if err != nil || glyph == 0 || !unicode.IsGraphic(rune(r)) {
			face.widths[r] = -1
		}
	}
	return face
}

// has tells whether the font can show a letter.
func (t *typeface) has(r rune) bool { return r >= 0 && int(r) < len(t.widths) && t.widths[r] >= 0 }

// width gives the width of a text in ems. Letters that the font lacks count nothing.
func (t *typeface) width(text string) (sum float64) {
	for _, r := range text {
		if t.has(r) {
			sum += float64(t.widths[r])
		}
	}
	return sum
}

// check refuses text that would come out wrong: each letter must be composed (normalisation form C), visible, and
// have a glyph of its own, with no more marks on it than a line has room for.
func (t *typeface) check(text string) error {
	if !utf8.ValidString(text) {
		return fmt.Errorf("%w: it is not UTF-8", ErrInvalid)
	}
	if !norm.NFC.IsNormalString(text) {
		return fmt.Errorf("%w: its letters are not composed (Unicode normalisation form C)", ErrInvalid)
	}
	marks := 0
	for _, r := range text {
		if !t.has(r) {
			return fmt.Errorf("%w: %U", ErrNoGlyph, r)
		}
		if marks++; !unicode.Is(unicode.Mn, r) {
			marks = 0
		}
		if marks > mostStacked {
			return fmt.Errorf("%w: a letter with more than %d marks that are not composed with it", ErrInvalid, mostStacked)
		}
	}
	return nil
}

// mostStacked is how many marks a letter may carry that Unicode composes with none: Jarai and Bahnar names have one. More
// would run over the lines above.
const mostStacked = 2

// Outline gives what a text looks like: the areas of its letters, or, of a text in [OCRBFont], the lines of a pen. It
// fails for a font that is not one of ours and for a letter that the font lacks.
func (t Text) Outline() (Path, error) {
	p := Path{Tag: t.Tag, Colour: t.Colour}
	if t.Font == OCRBFont {
		p.Pen = OCRBStroke
		p.Outline = t.lines()
		return p, nil
	}
	face := typefaces()[t.Font]
	if face == nil {
		return Path{}, fmt.Errorf("layout: there is no font %q", t.Font)
	}
	var buffer sfnt.Buffer
	left := t.X
	for _, r := range t.Words {
		if !face.has(r) {
			return Path{}, fmt.Errorf("layout: %w: %U", ErrNoGlyph, r)
		}
		var err error
		if p.Outline, err = face.letter(p.Outline, &buffer, r, Matrix{t.Size * t.narrow(), 0, 0, t.Size, left, t.Y}); err != nil {
			return Path{}, err
		}
		left += t.advance(face, r)
	}
	return p, nil
}

// Width gives how far a text reaches from X, in millimetres; 0 for a font that is not one of ours.
func (t Text) Width() float64 {
	face := typefaces()[t.Font]
	switch {
	case t.Pitch > 0:
		return t.Pitch * float64(utf8.RuneCountInString(t.Words))
	case face == nil:
		return 0
	}
	return face.width(t.Words) * t.Size * t.narrow()
}

// narrow gives how wide the letters are against their own width.
func (t Text) narrow() float64 {
	if t.Narrow == 0 {
		return 1
	}
	return t.Narrow
}

// advance gives how far the next letter stands from this one.
func (t Text) advance(face *typeface, r rune) float64 {
	if t.Pitch > 0 {
		return t.Pitch
	}
	return float64(face.widths[r]) * t.Size * t.narrow()
}

// lines gives the centre lines of the characters of a text in [OCRBFont].
func (t Text) lines() (out []Segment) {
	for i, c := range []byte(t.Words) {
		at := Matrix{1, 0, 0, 1, t.X + (float64(i)+0.5)*OCRBPitch, t.Y - OCRBCapital/2}
		for _, s := range OCRB(c) {
			for n := range s.Op.Points() {
				s.Points[n] = at.Apply(s.Points[n])
			}
			out = append(out, s)
		}
	}
	return out
}

// letter appends the shape of one letter; at puts a point given in ems, from the left end of the baseline, onto the face.
func (t *typeface) letter(out []Segment, buffer *sfnt.Buffer, r rune, at Matrix) ([]Segment, error) {
	glyph, err := t.font.GlyphIndex(buffer, r)
	if err != nil {
		return nil, fmt.Errorf("layout: the letter %U: %w", r, err)
	}
	em := fixed.I(int(t.font.UnitsPerEm()))
	segments, err := t.font.LoadGlyph(buffer, glyph, em, nil)
	if err != nil {
		return nil, fmt.Errorf("layout: the letter %U: %w", r, err)
	}
	return trace(out, segments, func(p fixed.Point26_6) Point {
		return at.Apply(Point{float64(p.X) / float64(em), float64(p.Y) / float64(em)})
	}), nil
}

// trace appends a glyph, its quadratic curves turned into the cubic ones of a [Path] and its contours closed.
func trace(out []Segment, segments sfnt.Segments, at func(fixed.Point26_6) Point) []Segment {
	var pen Point
	for i, s := range segments {
		a, b, c := at(s.Args[0]), at(s.Args[1]), at(s.Args[2])
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			if i > 0 {
				out = append(out, Segment{Op: Close})
			}
			out, pen = append(out, Segment{Op: Move, Points: [3]Point{a}}), a
		case sfnt.SegmentOpLineTo:
			out, pen = append(out, Segment{Op: Line, Points: [3]Point{a}}), a
		case sfnt.SegmentOpQuadTo:
			out = append(out, Segment{Op: Curve, Points: [3]Point{toward(pen, a), toward(b, a), b}})
			pen = b
		case sfnt.SegmentOpCubeTo:
			out, pen = append(out, Segment{Op: Curve, Points: [3]Point{a, b, c}}), c
		}
	}
	if len(segments) > 0 {
		out = append(out, Segment{Op: Close})
	}
	return out
}

// toward gives the point two thirds of the way from p to q.
func toward(p, q Point) Point { return Point{p.X + (q.X-p.X)*2/3, p.Y + (q.Y-p.Y)*2/3} }

var errNotFinite = errors.New("not a finite number")

// finite refuses numbers that no painter can place.
func finite(numbers ...float64) error {
	for _, n := range numbers {
		if math.IsNaN(n) || math.IsInf(n, 0) {
			return errNotFinite
		}
	}
	return nil
}
