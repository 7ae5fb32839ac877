// Package svg draws the faces of cards as SVG, for a browser or a drawing program: of the face's size in millimetres,
// with everything in the one file and nothing that runs or is fetched.
//
//	Face -> marks -> one element each; a drawing or a photograph that comes again refers to where it came first
//
// Letters are outlines, so that they look alike everywhere. The text itself lies unseen over them, so that a search
// finds it and a reader can copy it.
package svg

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"image/jpeg"
	"io"
	"math"
	"strconv"

	"github.com/cancuoc/cancuoc/layout"
)

// Write draws a face. The same face gives the same bytes.
func Write(w io.Writer, face layout.Face) error {
	if err := face.Check(); err != nil {
		return fmt.Errorf("svg: %w", err)
	}
	p := painter{fine: onFace, drawings: map[*layout.Drawing]int{}, photographs: map[string]int{}}
	p.tag("svg", "xmlns", "http://www.w3.org/2000/svg",
		"width", p.fine.number(face.Width)+"mm", "height", p.fine.number(face.Height)+"mm",
		"viewBox", "0 0 "+p.fine.number(face.Width)+" "+p.fine.number(face.Height), "xml:space", "preserve")
	p.out.WriteString(">\n")
	p.element("rect", "width", p.fine.number(face.Width), "height", p.fine.number(face.Height), "fill", "#ffffff")
	for m := range face.Painted() {
		if err := p.mark(m); err != nil {
			return fmt.Errorf("svg: %w", err)
		}
	}
	p.out.WriteString("</svg>\n")
	if p.out.Len() > mostBytes {
		return errLarge
	}
	if _, err := w.Write(p.out.Bytes()); err != nil {
		return fmt.Errorf("svg: %w", err)
	}
	return nil
}

const (
	mostBytes  = 64 << 20
	mostPixels = 40 << 20 // of a photograph
)

var (
	errLarge  = fmt.Errorf("svg: a drawing of more than %d bytes", mostBytes)
	errNoJPEG = errors.New("it is not a whole JPEG image")
)

// painter writes the elements of one face.
type painter struct {
	fine        steps
	out         bytes.Buffer
	drawings    map[*layout.Drawing]int // what was drawn once, by its number
	photographs map[string]int
}

// tag begins an element; attributes are names and values in turn.
func (p *painter) tag(name string, attributes ...string) {
	p.out.WriteString("<" + name)
	for i := 0; i+1 < len(attributes); i += 2 {
		p.out.WriteString(" " + attributes[i] + `="` + attributes[i+1] + `"`)
	}
}

// element writes an element without content.
func (p *painter) element(name string, attributes ...string) {
	p.tag(name, attributes...)
	p.out.WriteString("/>\n")
}

func (p *painter) mark(m layout.Mark) error {
	if p.out.Len() > mostBytes {
		return errLarge
	}
	switch m := m.(type) {
	case layout.Path:
		p.path(m)
	case layout.Text:
		return p.text(m)
	case layout.Image:
		if m.Modules != nil {
			p.modules(m)
			return nil
		}
		return p.photograph(m)
	case layout.Group:
		return p.group(m)
	}
	return nil
}

func (p *painter) path(m layout.Path) {
	if len(m.Outline) == 0 {
		return
	}
	attributes := []string{"d", outline(m.Outline, p.fine)}
	if m.Pen > 0 {
		attributes = append(attributes, "fill", "none", "stroke", hex(m.Colour), "stroke-width", p.fine.number(m.Pen),
			"stroke-linecap", "round", "stroke-linejoin", "round")
		attributes = append(attributes, opacity("stroke-opacity", m.Colour)...)
	} else {
		attributes = append(attributes, "fill", hex(m.Colour))
		attributes = append(attributes, opacity("fill-opacity", m.Colour)...)
	}
	p.element("path", attributes...)
}

// text draws the letters' outlines, and the text unseen at the same place and of the same length. It is opaque to the
// pointer, which it would not be without a fill.
func (p *painter) text(m layout.Text) error {
	letters, err := m.Outline()
	if err != nil {
		return err
	}
	p.path(letters)
	attributes := []string{"x", p.fine.number(m.X), "y", p.fine.number(m.Y), "font-size", p.fine.number(m.Size),
		"font-family", family(m.Font), "fill-opacity", "0"}
	if length := right(letters.Outline) - m.X; length > 0 {
		attributes = append(attributes, "textLength", p.fine.number(length), "lengthAdjust", "spacingAndGlyphs")
	}
	p.tag("text", attributes...)
	p.out.WriteString(">")
	if err := xml.EscapeText(&p.out, []byte(m.Words)); err != nil {
		return err
	}
	p.out.WriteString("</text>\n")
	return nil
}

// family gives a typeface of about the same widths, for the text that nobody sees.
func family(f layout.Font) string {
	switch f {
	case layout.Sans, layout.SansBold:
		return "sans-serif"
	}
	return "monospace"
}

// right gives the rightmost end of an outline.
func right(outline []layout.Segment) float64 {
	x := math.Inf(-1)
	for _, s := range outline {
		for _, q := range s.Points[:s.Op.Points()] {
			x = max(x, q.X)
		}
	}
	return x
}

// modules draws the dark modules of a code as one area, all equally wide.
func (p *painter) modules(m layout.Image) {
	wide, high := m.Width/float64(len(m.Modules[0])), m.Height/float64(len(m.Modules))
	d := pen{steps: p.fine}
	for r := range m.Runs() {
		left, top := m.X+float64(r.From)*wide, m.Y+float64(r.Row)*high
		d.rectangle(left, top, m.X+float64(r.To)*wide, m.Y+float64(r.Row+1)*high)
	}
	p.element("path", "d", d.String(), "fill", "#000000")
}

// photograph draws a JPEG, which it decodes once to know that it is whole.
func (p *painter) photograph(m layout.Image) error {
	at := placed(layout.Matrix{m.Width, 0, 0, m.Height, m.X, m.Y})
	if n, known := p.photographs[string(m.JPEG)]; known {
		p.element("use", "href", "#photograph"+strconv.Itoa(n), "transform", at)
		return nil
	}
	if err := whole(m.JPEG); err != nil {
		if m.Field != "" {
			err = fmt.Errorf("%s: %w", m.Field, err)
		}
		return err
	}
	n := len(p.photographs) + 1
	p.photographs[string(m.JPEG)] = n
	p.tag("g", "transform", at)
	p.out.WriteString(">")
	p.tag("image", "id", "photograph"+strconv.Itoa(n), "width", "1", "height", "1", "preserveAspectRatio", "none")
	p.out.WriteString(` href="data:image/jpeg;base64,` + base64.StdEncoding.EncodeToString(m.JPEG) + `"/></g>` + "\n")
	return nil
}

func whole(file []byte) error {
	size, err := jpeg.DecodeConfig(bytes.NewReader(file))
	if err != nil || size.Width < 1 || size.Height < 1 {
		return errNoJPEG
	}
	if size.Width*size.Height > mostPixels {
		return fmt.Errorf("a JPEG of %d x %d pixels; at most %d in all can be drawn", size.Width, size.Height, mostPixels)
	}
	if _, err := jpeg.Decode(bytes.NewReader(file)); err != nil {
		return errNoJPEG
	}
	return nil
}

// group draws a drawing in its place, or refers to it.
func (p *painter) group(m layout.Group) error {
	if n, known := p.drawings[m.Drawing]; known {
		p.element("use", "href", "#drawing"+strconv.Itoa(n), "transform", placed(m.At))
		return nil
	}
	n := len(p.drawings) + 1
	p.drawings[m.Drawing] = n
	p.tag("g", "transform", placed(m.At))
	p.out.WriteString(">")
	p.tag("g", "id", "drawing"+strconv.Itoa(n))
	p.out.WriteString(">\n")
	fine := p.fine
	p.fine = inGroups
	defer func() { p.fine = fine }()
	for _, inner := range m.Drawing.Marks {
		if err := p.mark(inner); err != nil {
			return err
		}
	}
	p.out.WriteString("</g></g>\n")
	return nil
}

// placed gives a matrix as a transformation, with more places than a point has: it multiplies.
func placed(m layout.Matrix) string {
	text := "matrix("
	for i, v := range m {
		if i > 0 {
			text += " "
		}
		text += strconv.FormatFloat(v, 'g', 9, 64)
	}
	return text + ")"
}

func hex(c layout.Colour) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// opacity gives the attribute of a colour that something shows through, and none for an opaque one.
func opacity(name string, c layout.Colour) []string {
	if c.Clear == 0 {
		return nil
	}
	return []string{name, onFace.number(float64(100-min(c.Clear, 100)) / 100)}
}
