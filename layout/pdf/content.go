package pdf

import (
	"bytes"
	"encoding/hex"
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/cancuoc/cancuoc/layout"
	"github.com/go-pdf/fpdf"
)

// content writes the operators of one page, or of one drawing that pages share. Within [content.begin] and [content.end]
// the unit is the millimetre and y points down, as on a face.
type content struct {
	*document
	width, height float64 // of the page, in millimetres
	out           bytes.Buffer
	line          []byte
}

func (c *content) begin() {
	c.matrix(layout.Matrix{pointsPerMM, 0, 0, -pointsPerMM, 0, c.height * pointsPerMM})
}

func (c *content) end() {
	c.op("Q")
	c.flush()
}

// flush hands over what is written, so that fpdf can write after it.
func (c *content) flush() {
	c.pdf.RawWriteBuf(bytes.NewReader(c.out.Bytes()))
	c.out.Reset()
}

// op writes one operator with its operands.
func (c *content) op(name string, operands ...float64) {
	line := c.line[:0]
	for _, n := range operands {
		line = append(number(line, n), ' ')
	}
	c.line = append(append(line, name...), '\n')
	c.out.Write(c.line)
}

// number writes a number with the thousandth of its unit.
func number(to []byte, n float64) []byte {
	if !(math.Abs(n) < 1e9) {
		return append(to, '0') // what is not finite, or on no page
	}
	thousandths := int64(math.Round(n * 1000))
	if thousandths < 0 {
		to, thousandths = append(to, '-'), -thousandths
	}
	to = strconv.AppendInt(to, thousandths/1000, 10)
	if rest := thousandths % 1000; rest != 0 {
		digits := [4]byte{'.', byte('0' + rest/100), byte('0' + rest/10%10), byte('0' + rest%10)}
		to = append(to, bytes.TrimRight(digits[:], "0")...)
	}
	return to
}

// matrix saves the graphics state and puts a matrix before what follows, with more digits than coordinates need.
func (c *content) matrix(m layout.Matrix) {
	line := append(c.line[:0], "q "...)
	for _, n := range m {
		if !(math.Abs(n) < 1e9) {
			n = 0
		}
		line = append(strconv.AppendFloat(line, n, 'f', 6, 64), ' ')
	}
	c.line = append(line, "cm\n"...)
	c.out.Write(c.line)
}

func (c *content) mark(mark layout.Mark) {
	switch m := mark.(type) {
	case layout.Path:
		c.translucent(m.Colour, func() { c.path(m) })
	case layout.Text:
		c.translucent(m.Colour, func() { c.text(m) })
	case layout.Image:
		c.image(m)
	case layout.Group:
		c.group(m)
	}
}

// translucent draws with a colour's transparency; an opaque colour leaves no trace of transparency in the file.
func (c *content) translucent(colour layout.Colour, draw func()) {
	if colour.Clear == 0 {
		draw()
		return
	}
	c.op("q")
	c.flush()
	c.pdf.SetAlpha(1-float64(min(colour.Clear, 100))/100, "Normal")
	draw()
	c.op("Q")
	c.flush()
	c.pdf.SetAlpha(1, "Normal")
}

// colour sets the colour of areas, or with a pen that of lines. Black is written as such and not mixed of three.
func (c *content) colour(colour layout.Colour, ink layout.Ink, grey, rgb string) {
	if ink == layout.K || colour.R == 0 && colour.G == 0 && colour.B == 0 {
		c.op(grey, 0)
		return
	}
	c.op(rgb, float64(colour.R)/255, float64(colour.G)/255, float64(colour.B)/255)
}

func (c *content) path(m layout.Path) {
	if len(m.Outline) == 0 {
		return
	}
	if m.Pen > 0 {
		c.colour(m.Colour, m.Ink, "G", "RG")
		c.op("w 1 J 1 j", m.Pen)
	} else {
		c.colour(m.Colour, m.Ink, "g", "rg")
	}
	for _, s := range m.Outline {
		p := s.Points
		switch s.Op {
		case layout.Move:
			c.op("m", p[0].X, p[0].Y)
		case layout.Line:
			c.op("l", p[0].X, p[0].Y)
		case layout.Curve:
			c.op("c", p[0].X, p[0].Y, p[1].X, p[1].Y, p[2].X, p[2].Y)
		case layout.Close:
			c.op("h")
		}
	}
	if m.Pen > 0 {
		c.op("S")
	} else {
		c.op("f")
	}
}

func (c *content) text(m layout.Text) {
	if m.Font == layout.OCRBFont {
		c.ocrb(m)
		return
	}
	c.letters(m)
}

// letters shows a text in a font that has a file.
func (c *content) letters(m layout.Text) {
	font := c.use(m)
	if font == nil {
		return
	}
	c.colour(m.Colour, m.Ink, "g", "rg")
	c.out.WriteString("BT " + font.name + " ")
	c.op("Tf", m.Size)
	narrow := m.Narrow > 0 && m.Narrow != 1
	if narrow {
		c.op("Tz", 100*m.Narrow)
	}
	if m.Pitch > 0 {
		for i, r := range []rune(m.Words) {
			c.op("Tm", 1, 0, 0, -1, m.X+float64(i)*m.Pitch, m.Y)
			c.show(string(r))
		}
	} else {
		c.op("Tm", 1, 0, 0, -1, m.X, m.Y)
		c.show(m.Words)
	}
	if narrow {
		c.out.WriteString("100 Tz ")
	}
	c.out.WriteString("ET\n")
}

// use has the letters of a text in its font embedded, and gives the font; nothing where that cannot be.
func (c *content) use(m layout.Text) *fontObject {
	font := c.font(m.Font)
	if font == nil {
		return nil
	}
	for _, r := range m.Words {
		if r > math.MaxUint16 || r == utf8.RuneError {
			c.fail("%s: the letter %U cannot be drawn", m.Field, r)
			return nil
		}
	}
	c.keep(m.Font, font, m.Words)
	return font
}

// show writes letters as two bytes each, which is how the fonts are embedded.
func (c *content) show(words string) {
	line := append(c.line[:0], '<')
	for _, u := range utf16.Encode([]rune(words)) {
		line = hex.AppendEncode(line, []byte{byte(u >> 8), byte(u)})
	}
	c.line = append(line, "> Tj\n"...)
	c.out.Write(c.line)
}

// hidden writes a line of OCR-B in letters that are not seen but found and copied (mode of rendering 3, ISO 32000-1,
// section 9.3.6). Each is made as wide as its cell, so that nobody finds spaces between them.
func (c *content) hidden(m layout.Text) {
	m.Font = layout.Sans
	font := c.use(m)
	if font == nil {
		return
	}
	c.out.WriteString("BT 3 Tr " + font.name + " ")
	c.op("Tf", m.Size)
	c.op("Tm", 1, 0, 0, -1, m.X, m.Y)
	for _, r := range m.Words {
		letter := layout.Text{Font: m.Font, Size: m.Size, Words: string(r)}
		c.op("Tz", 100*layout.OCRBPitch/letter.Width())
		c.show(letter.Words)
	}
	c.out.WriteString("100 Tz 0 Tr ET\n")
}

// ocrb draws a line of OCR-B, each character a form that the file has once, and below it the same line in letters that
// are not seen, so that it can be searched.
func (c *content) ocrb(m layout.Text) {
	c.hidden(m)
	c.matrix(layout.Matrix{1, 0, 0, 1, m.X, m.Y - cellBaseline})
	for i, char := range []byte(m.Words) {
		if i > 0 {
			c.op("cm", 1, 0, 0, 1, layout.OCRBPitch, 0)
		}
		drawing := c.character(char)
		if len(drawing.Marks) == 0 {
			c.fail("%s: OCR-B has no %q", m.Field, char)
			return
		}
		c.form(drawing)
	}
	c.op("Q")
}

// image draws a JPEG, or the modules of a code as one path.
func (c *content) image(m layout.Image) {
	if m.Modules != nil {
		c.modules(m)
		return
	}
	name := c.document.image(m.JPEG)
	c.matrix(layout.Matrix{1 / pointsPerMM, 0, 0, -1 / pointsPerMM, 0, c.height})
	c.flush()
	c.pdf.ImageOptions(name, m.X, m.Y, m.Width, m.Height, false, fpdf.ImageOptions{ImageType: "jpg", AllowNegativePosition: true}, 0, "")
	c.op("Q")
}

func (c *content) modules(m layout.Image) {
	side := float64(len(m.Modules))
	c.matrix(layout.Matrix{m.Width / side, 0, 0, m.Height / side, m.X, m.Y})
	c.colour(layout.Colour{}, m.Ink, "g", "rg")
	for r := range m.Runs() {
		c.op("re", float64(r.From), float64(r.Row), float64(r.To-r.From), 1)
	}
	c.op("f Q")
}

// group places a drawing. What faces share and can be a form of its own is in the file once.
func (c *content) group(m layout.Group) {
	if m.Drawing == nil || len(m.Drawing.Marks) == 0 {
		return
	}
	placed := m.At != layout.Identity()
	if placed {
		c.matrix(m.At)
	}
	if colour, can := formColour(m.Drawing); can && c.uses[m.Drawing] > 1 {
		c.translucent(colour, func() { c.form(m.Drawing) })
	} else {
		for _, mark := range m.Drawing.Marks {
			c.mark(mark)
		}
	}
	if placed {
		c.op("Q")
	}
}

// formColour tells whether a drawing can be a form: its marks are paths and texts, as transparent the one as the other,
// and it gives a colour of that transparency.
func formColour(d *layout.Drawing) (layout.Colour, bool) {
	var clear []uint8
	for _, mark := range d.Marks {
		switch m := mark.(type) {
		case layout.Path:
			clear = append(clear, m.Colour.Clear)
		case layout.Text:
			clear = append(clear, m.Colour.Clear)
			if m.Font == layout.OCRBFont {
				return layout.Colour{}, false
			}
		default:
			return layout.Colour{}, false
		}
		if clear[len(clear)-1] != clear[0] {
			return layout.Colour{}, false
		}
	}
	return layout.Colour{Clear: clear[0]}, true
}

// form draws a drawing that can be one, by its name from the second time on.
func (c *content) form(d *layout.Drawing) {
	if name, known := c.forms[d]; known {
		c.out.WriteString(name + " Do\n")
		return
	}
	inner := content{document: c.document, width: c.width, height: c.height}
	for _, mark := range d.Marks {
		switch m := mark.(type) {
		case layout.Path:
			inner.path(m)
		case layout.Text:
			inner.text(m)
		}
	}
	corner, size := fpdf.PointType{}, fpdf.SizeType{Wd: c.width, Ht: c.height}
	template := drawn{c.pdf.CreateTemplateCustom(corner, size, func(t *fpdf.Tpl) { t.RawWriteBuf(&inner.out) })}
	c.forms[d] = "/TPL" + template.ID()
	c.flush()
	c.pdf.UseTemplateScaled(template, corner, size) // its only way into the file, and its first use
}

// drawn is a template of paths and text. fpdf would have each template name every image that the file has so far, in any
// order.
type drawn struct{ fpdf.Template }

// Images says that there are none.
func (drawn) Images() map[string]*fpdf.ImageInfoType { return nil }
