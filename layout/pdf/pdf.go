// Package pdf draws the faces of cards as PDF: one page for each face, of exactly its size, with the fonts' used
// letters embedded and all text searchable. The same faces always give the same bytes, and nothing of a face goes into
// the document's metadata.
package pdf

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/cancuoc/cancuoc/layout"
	"github.com/go-pdf/fpdf"
)

// pointsPerMM is the PDF's unit, 1/72 inch, in a millimetre.
const pointsPerMM = 72 / 25.4

// Write draws faces, in their order, as the pages of one document.
func Write(w io.Writer, faces ...layout.Face) error {
	if len(faces) == 0 {
		return fmt.Errorf("pdf: no face to draw")
	}
	p := newPainter(faces)
	for _, face := range faces {
		p.page(face)
	}
	if p.err != nil {
		return fmt.Errorf("pdf: %w", p.err)
	}
	if err := p.pdf.Output(w); err != nil {
		return fmt.Errorf("pdf: %w", err)
	}
	return nil
}

// painter draws marks with fpdf, of which it uses paths, single lines of text and JPEG images alone: its own line
// breaking fails beyond ASCII, and its text beyond the Basic Multilingual Plane.
type painter struct {
	pdf    *fpdf.Fpdf
	images map[string]string // names by the image's bytes
	err    error
}

func newPainter(faces []layout.Face) *painter {
	pdf := fpdf.New("P", "mm", "", "")
	// A document without a day: the same faces give the same bytes.
	epoch := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	pdf.SetCreationDate(epoch)
	pdf.SetModificationDate(epoch)
	pdf.SetProducer("cancuoc", false)
	pdf.SetCatalogSort(true)
	pdf.SetMargins(0, 0, 0)
	pdf.SetAutoPageBreak(false, 0)
	p := &painter{pdf: pdf, images: map[string]string{}}
	p.embed(faces)
	return p
}

// embed gives fpdf the fonts that the faces use, in the order of their use.
func (p *painter) embed(faces []layout.Face) {
	done := map[layout.Font]bool{}
	for _, face := range faces {
		for _, mark := range face.Marks {
			if t, is := mark.(layout.Text); is && !done[t.Font] {
				done[t.Font] = true
				p.embedFont(t.Font)
			}
		}
	}
}

func (p *painter) embedFont(f layout.Font) {
	file := f.TrueType()
	if file == nil {
		p.fail(fmt.Errorf("there is no font %q", f))
		return
	}
	p.pdf.AddUTF8FontFromBytes(string(f), "", bytes.Clone(file))
}

func (p *painter) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

func (p *painter) page(face layout.Face) {
	if p.err != nil {
		return
	}
	p.pdf.AddPageFormat("P", fpdf.SizeType{Wd: face.Width, Ht: face.Height})
	for _, mark := range face.Marks {
		switch m := mark.(type) {
		case layout.Path:
			p.path(m)
		case layout.Text:
			p.text(m)
		case layout.Image:
			p.image(m)
		}
	}
}

func (p *painter) path(m layout.Path) {
	p.pdf.SetFillColor(int(m.Colour.R), int(m.Colour.G), int(m.Colour.B))
	p.translucent(m.Colour, func() {
		for _, s := range m.Outline {
			p.segment(s)
		}
		p.pdf.DrawPath("F")
	})
}

func (p *painter) segment(s layout.Segment) {
	a, b, c := s.Points[0], s.Points[1], s.Points[2]
	switch s.Op {
	case layout.Move:
		p.pdf.MoveTo(a.X, a.Y)
	case layout.Line:
		p.pdf.LineTo(a.X, a.Y)
	case layout.Curve:
		p.pdf.CurveBezierCubicTo(a.X, a.Y, b.X, b.Y, c.X, c.Y)
	case layout.Close:
		p.pdf.ClosePath()
	}
}

// translucent draws with a colour's transparency; an opaque colour leaves no trace of transparency in the file.
func (p *painter) translucent(c layout.Colour, draw func()) {
	if c.Clear == 0 {
		draw()
		return
	}
	p.pdf.SetAlpha(1-float64(min(c.Clear, 100))/100, "Normal")
	draw()
	p.pdf.SetAlpha(1, "Normal")
}

func (p *painter) text(m layout.Text) {
	for _, r := range m.Words {
		if r > math.MaxUint16 || r == utf8.RuneError {
			p.fail(fmt.Errorf("%s: the letter %U cannot be drawn", m.Field, r))
			return
		}
	}
	p.pdf.SetFont(string(m.Font), "", m.Size*pointsPerMM)
	p.pdf.SetTextColor(int(m.Colour.R), int(m.Colour.G), int(m.Colour.B))
	p.translucent(m.Colour, func() {
		if m.Pitch == 0 {
			p.pdf.Text(m.X, m.Y, m.Words)
			return
		}
		// Character spacing (ISO 32000-1, section 9.3.2) adds to the width of each letter, which is the same in a
		// font that is used with a pitch.
		spacing := (m.Pitch - p.pdf.GetStringWidth("0")) * pointsPerMM
		p.pdf.RawWriteStr("q " + strconv.FormatFloat(spacing, 'f', 4, 64) + " Tc")
		p.pdf.Text(m.X, m.Y, m.Words)
		p.pdf.RawWriteStr("Q")
	})
}

func (p *painter) image(m layout.Image) {
	options := fpdf.ImageOptions{ImageType: "jpg"}
	name, known := p.images[string(m.JPEG)]
	if !known {
		name = "image" + strconv.Itoa(len(p.images))
		p.images[string(m.JPEG)] = name
		p.pdf.RegisterImageOptionsReader(name, options, bytes.NewReader(m.JPEG))
	}
	p.pdf.ImageOptions(name, m.X, m.Y, m.Width, m.Height, false, options, 0, "")
}
