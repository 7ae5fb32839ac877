package layout

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/skip2/go-qrcode"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// portrait puts the portrait into its place. A card without one keeps the place empty.
func (c composer) portrait(_ template, s side) ([]Mark, error) {
	if s.portrait == (place{}) || c.card.Portrait == nil {
		return nil, nil
	}
	size, err := jpeg.DecodeConfig(bytes.NewReader(c.card.Portrait))
	if err != nil {
		return nil, &FieldError{"portrait", fmt.Errorf("%w: it is not a JPEG image", ErrInvalid)}
	}
	p := s.portrait
	if stretch := float64(size.Width) * p.h / (float64(size.Height) * p.w); math.Abs(stretch-1) > 0.01 {
		return nil, &FieldError{"portrait", fmt.Errorf("%w: %d x %d pixels would be stretched; its place is %g x %g mm",
			ErrInvalid, size.Width, size.Height, p.w, p.h)}
	}
	return []Mark{Image{Field: "portrait", X: p.x, Y: p.y, Width: p.w, Height: p.h, JPEG: c.card.Portrait}}, nil
}

const (
	quietZone      = 4    // modules of white around a QR code (ISO/IEC 18004, section 5.3.8)
	smallestModule = 0.30 // millimetres; what a printer of 300 dpi keeps apart
)

// qr draws the code as one path, on white that reaches over the quiet zone. The symbol fills its place; the quiet zone
// lies outside.
func (c composer) qr(_ template, s side) ([]Mark, error) {
	if s.qr == (place{}) {
		return nil, nil
	}
	modules, err := encodeQR(c.card.QR, int(s.qr.w/smallestModule))
	if err != nil {
		return nil, &FieldError{"qr", err}
	}
	p := s.qr
	m := p.w / float64(len(modules))
	quiet := quietZone * m
	symbol := Path{Field: "qr", Fill: black}
	for row, line := range modules {
		for from, to := range runs(line) {
			symbol.Outline = append(symbol.Outline,
				rectangle(p.x+float64(from)*m, p.y+float64(row)*m, float64(to-from)*m, m)...)
		}
	}
	ground := Path{Fill: white, Outline: rectangle(p.x-quiet, p.y-quiet, p.w+2*quiet, p.h+2*quiet)}
	return []Mark{ground, symbol}, nil
}

// encodeQR gives the modules of a QR code that is no wider than most, at error correction level M, or L where M takes
// too many.
func encodeQR(text string, most int) ([][]bool, error) {
	if text == "" {
		return nil, ErrMissing
	}
	if !utf8.ValidString(text) {
		return nil, fmt.Errorf("%w: it is not UTF-8", ErrInvalid)
	}
	for _, level := range []qrcode.RecoveryLevel{qrcode.Medium, qrcode.Low} {
		code, err := qrcode.New(text, level)
		if err != nil {
			continue // more than the largest symbol holds
		}
		code.DisableBorder = true
		if modules := code.Bitmap(); len(modules) <= most {
			return modules, nil
		}
	}
	return nil, fmt.Errorf("%w: %d bytes need modules smaller than %.2f mm (the residence is the longest part of it: shorten that)", ErrDoesNotFit, len(text), smallestModule)
}

// runs gives where each run of dark modules of a line begins and ends.
func runs(line []bool) func(yield func(from, to int) bool) {
	return func(yield func(from, to int) bool) {
		for from := 0; from < len(line); from++ {
			if !line[from] {
				continue
			}
			to := from
			for to < len(line) && line[to] {
				to++
			}
			if !yield(from, to) {
				return
			}
			from = to
		}
	}
}

// The machine readable zone (Doc 9303-5, section 3.2.1 and figure 6; Doc 9303-3, section 4).
const (
	mrzHeight   = 23.3  // of the zone, from the bottom edge
	mrzLeft     = 5.0   // of the first character's cell
	mrzTop      = 38.25 // of the middle of the first line, from the top edge
	mrzLines    = 4.23  // from one line's middle to the next
	monoCapital = 0.659 // height of a capital of [Mono], in ems
)

// mrz draws the three lines, their middles 15.73, 11.50 and 7.27 mm above the bottom edge.
func (c composer) mrz(_ template, s side) (marks []Mark, err error) {
	if !s.mrz {
		return nil, nil
	}
	for i, line := range c.card.MRZ {
		if len(line) != 30 || strings.Trim(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<") != "" {
			return nil, &FieldError{"mrz", fmt.Errorf("%w: line %d is not 30 characters of A to Z, 0 to 9 and <",
				ErrInvalid, i+1)}
		}
		marks = append(marks, Text{Field: "mrz", X: mrzLeft, Y: MRZCell(i, 0).Y + OCRBCapital/2,
			Size: OCRBCapital / monoCapital, Pitch: OCRBPitch, Font: Mono, Colour: black, Words: line})
	}
	return marks, nil
}

// overprint draws SPECIMEN / MẪU across the face: as outlines, so that no text search mixes it with the card's own
// text, and where it touches neither QR code nor machine readable zone.
func (c composer) overprint(_ template, s side) ([]Mark, error) {
	if !c.card.Specimen {
		return nil, nil
	}
	const words = "SPECIMEN / MẪU"
	o := s.overprint
	width := c.set.width(SansBold, words)
	size := o.length / width
	sin, cos := math.Sincos(-o.rise * math.Pi / 180)
	outline, err := c.set.outline(SansBold, words, func(x, y float64) Point {
		x, y = (x-width/2)*size, (y+capital/2)*size
		return Point{o.x + x*cos - y*sin, o.y + x*sin + y*cos}
	})
	return []Mark{Path{Fill: overprint, Outline: outline}}, err
}

// outline gives the shapes of a text's letters; at puts a point given in ems, from the left end of the baseline, onto
// the face.
func (set typesetter) outline(f Font, text string, at func(x, y float64) Point) (out []Segment, err error) {
	em := fixed.I(int(set.fonts[f].UnitsPerEm()))
	left := 0.0
	for _, r := range text {
		glyph, err := set.fonts[f].GlyphIndex(set.buffer, r)
		if err != nil {
			return nil, fmt.Errorf("layout: font %s: %w", f, err)
		}
		segments, err := set.fonts[f].LoadGlyph(set.buffer, glyph, em, nil)
		if err != nil {
			return nil, fmt.Errorf("layout: font %s: %w", f, err)
		}
		out = append(out, trace(segments, func(p fixed.Point26_6) Point {
			return at(left+float64(p.X)/float64(em), float64(p.Y)/float64(em))
		})...)
		left += set.width(f, string(r))
	}
	return out, nil
}

// trace turns the quadratic curves of a glyph into the cubic ones of a [Path], and closes its contours.
func trace(segments sfnt.Segments, at func(fixed.Point26_6) Point) (out []Segment) {
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
	if len(out) > 0 {
		out = append(out, Segment{Op: Close})
	}
	return out
}

// toward gives the point two thirds of the way from p to q.
func toward(p, q Point) Point { return Point{p.X + (q.X-p.X)*2/3, p.Y + (q.Y-p.Y)*2/3} }
