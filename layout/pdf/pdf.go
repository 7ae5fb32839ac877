// Package pdf draws the faces of cards as PDF: one page for each face, of exactly its size, with the fonts' used
// letters embedded and all text searchable. The same faces always give the same bytes, and nothing of a face goes into
// the document's metadata.
//
//	faces -> drawings that faces share, and the characters of OCR-B, as form XObjects, each once
//	      -> a page's marks as operators of ISO 32000-1 -> fpdf: fonts, images, the file
//
// A face composed for production leaves no transparency in the file: a print system turns any page that has it into
// pixels. Most programs that cut a page out of a file of many cards leave every card's pictures in it: write one file a
// card.
package pdf

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"time"

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
	d := newDocument(len(faces) <= fewPages)
	for _, face := range faces {
		if err := face.Check(); err != nil {
			return fmt.Errorf("pdf: %w", err)
		}
		for mark := range face.Painted() {
			d.count(mark)
		}
	}
	for _, face := range faces {
		d.page(face)
	}
	if d.err != nil {
		return fmt.Errorf("pdf: %w", d.err)
	}
	if err := d.pdf.Output(w); err != nil {
		return fmt.Errorf("pdf: %w", err)
	}
	return nil
}

// document is a file in the making. Of fpdf it uses fonts, images and the file's structure: its own line breaking fails
// beyond ASCII, its text beyond the Basic Multilingual Plane, and some of its shapes leave the graphics state unbalanced.
type document struct {
	pdf    *fpdf.Fpdf
	images map[[sha256.Size]byte]string // names by the hash of the image's file
	fonts  map[layout.Font]*fontObject
	uses   map[*layout.Drawing]int    // how often the faces place a drawing
	forms  map[*layout.Drawing]string // drawings that faces share, by what names them in a page: /TPL…
	ocrb   map[byte]*layout.Drawing   // the characters of OCR-B
	err    error
}

// fewPages is how many pages a file has at most to be compressed: for many at once that costs more time than drawing them.
const fewPages = 8

func newDocument(compressed bool) *document {
	pdf := fpdf.New("P", "mm", "", "")
	// A document without a day: the same faces give the same bytes.
	epoch := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	pdf.SetCreationDate(epoch)
	pdf.SetModificationDate(epoch)
	pdf.SetProducer("cancuoc", false)
	pdf.SetCatalogSort(true)
	pdf.SetCompression(compressed)
	pdf.SetMargins(0, 0, 0)
	pdf.SetAutoPageBreak(false, 0)
	return &document{pdf: pdf, images: map[[sha256.Size]byte]string{}, fonts: map[layout.Font]*fontObject{},
		uses: map[*layout.Drawing]int{}, forms: map[*layout.Drawing]string{}, ocrb: map[byte]*layout.Drawing{}}
}

// fail keeps the first thing that went wrong.
func (d *document) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf(format, args...)
	}
}

// count counts the uses of a drawing, and of those within it.
func (d *document) count(mark layout.Mark) {
	g, is := mark.(layout.Group)
	if !is {
		return
	}
	d.uses[g.Drawing]++
	if d.uses[g.Drawing] == 1 {
		for _, inner := range g.Drawing.Marks {
			d.count(inner)
		}
	}
}

// page draws one face.
func (d *document) page(face layout.Face) {
	if d.err != nil {
		return
	}
	d.pdf.AddPageFormat("P", fpdf.SizeType{Wd: face.Width, Ht: face.Height})
	c := content{document: d, width: face.Width, height: face.Height}
	c.begin()
	for mark := range face.Painted() {
		c.mark(mark)
	}
	c.end()
}

// fontObject is a font that is embedded, with the letters of it that the file has so far.
type fontObject struct {
	name    string // as pages call it: /F…
	letters map[rune]bool
}

// font embeds a font when it is first used; nothing for one that is not ours.
func (d *document) font(f layout.Font) *fontObject {
	if known := d.fonts[f]; known != nil {
		return known
	}
	file := f.TrueType()
	if file == nil {
		d.fail("there is no font %q", f)
		return nil
	}
	d.pdf.AddUTF8FontFromBytes(string(f), "", bytes.Clone(file))
	scratch := d.scratch(func(t *fpdf.Tpl) { t.SetFont(string(f), "", 10) })
	at := bytes.LastIndex(scratch, []byte("/F"))
	name, _, found := bytes.Cut(scratch[max(at, 0):], []byte(" "))
	if at < 0 || !found {
		d.fail("the font %q is not embedded", f)
		return nil
	}
	d.fonts[f] = &fontObject{name: string(name), letters: map[rune]bool{}}
	return d.fonts[f]
}

// scratch gives the operators that fpdf writes, and draws nothing.
func (d *document) scratch(draw func(*fpdf.Tpl)) []byte { return d.pdf.CreateTemplate(draw).Bytes() }

// keep has the letters of a text embedded. Only fpdf's own text tells it which are used.
func (d *document) keep(f layout.Font, object *fontObject, words string) {
	missing := false
	for _, r := range words {
		missing = missing || !object.letters[r]
		object.letters[r] = true
	}
	if missing {
		d.scratch(func(t *fpdf.Tpl) {
			t.SetFont(string(f), "", 10)
			t.Text(0, 0, words)
		})
	}
}

// character gives one character of OCR-B as a drawing, its cell from 0 to [layout.OCRBPitch], with room above it; without
// a mark where OCR-B has no such character.
func (d *document) character(c byte) *layout.Drawing {
	if known := d.ocrb[c]; known != nil {
		return known
	}
	text := layout.Text{X: 0, Y: cellBaseline, Font: layout.OCRBFont, Words: string(rune(c))}
	d.ocrb[c] = &layout.Drawing{}
	if path, err := text.Outline(); err == nil && len(path.Outline) > 0 {
		d.ocrb[c].Marks = []layout.Mark{path}
	}
	return d.ocrb[c]
}

// cellBaseline is where the baseline of a character's drawing stands, so that all of it has positive coordinates.
const cellBaseline = 4
