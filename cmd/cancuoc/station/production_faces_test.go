//go:build cgo

package station

import (
	"bytes"
	"fmt"
	"image"
	"image/draw"
	stdpng "image/png"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/register"
	"github.com/cancuoc/cancuoc/layout"
	"github.com/cancuoc/cancuoc/layout/png"
	"github.com/cancuoc/cancuoc/layout/scan"
)

// variable is all that a card of each specimen says when it is printed for real, besides number and machine readable zone:
// the stock says the rest.
func variable(name string) string {
	switch name {
	case "dang-dinh-mau":
		return `Đặng Đình Mẫu 15/03/2000 Nam Việt Nam 1 Đường Mẫu, Mẫu, TP Hồ Chí Minh Mẫu, Hà Nội 01/07/2024 15/03/2040`
	case "dang-dinh-mau-2021":
		return `Đặng Đình Mẫu 15/03/2000 Nam Việt Nam Mẫu, Mẫu, Hà Nội 1 Đường Mẫu, Mẫu, TP Hồ Chí Minh 15/03/2040 Nốt ruồi mẫu 01/06/2024`
	}
	return `Trần Mẫu An 11/04/1998 Nữ Chưa xác định Mẫu Mẫu, Mẫu, Tây Ninh Kinh Không Ấp Mẫu, Mẫu, Tây Ninh Đã kết hôn
		Trần Văn Mẫu (Chưa xác định) Mẫu Thị Bình (Campuchia) Lê Mẫu Hòa (Việt Nam) Trần Mẫu Yên (Không quốc tịch) 02/09/2024 02/09/2025`
}

// words are the words of a text in the order of the alphabet, for a page has no order of its own.
func words(text string) string {
	all := strings.Fields(text)
	slices.Sort(all)
	return strings.Join(all, " ")
}

// A real document signer's key is in a token, and three documents are issued under it: their files and pictures are the
// variable data alone, black as black, without transparency, and machines read them.
func TestFacesForProduction(t *testing.T) {
	b, a := realBench(t)
	onToken(t, a, "ds-1")
	d := b.office()
	for i, name := range forms() {
		t.Run(name, func(t *testing.T) {
			order := b.pictured(d.Register, name, 10*i)
			doc, err := card.ParseRecord(order.Record)
			if err != nil {
				t.Fatal(err)
			}
			var faces layout.Faces // as the step composes them
			d.Begin = func(id int64, step string) {
				if step == "print" {
					faces = d.proven(t, doc, order)
				}
			}
			if o, err := d.Issue(t.Context(), order.ID, b.fresh); err != nil || o.State != register.Issued {
				t.Fatalf("%s, %v", o.State, err)
			}
			checkProductionFile(t, d.PrintFile(order.ID), doc, name)
			for page, face := range []layout.Face{faces.Front, faces.Back} {
				checkProductionPicture(t, face, d.PrintFile(order.ID), page+1)
			}
			checkProductionIsRead(t, faces, doc)
		})
	}
}

// proven gives the faces of an order that is being printed, under its proof.
func (d *Desk) proven(t *testing.T, doc card.Document, order register.Order) layout.Faces {
	t.Helper()
	proof, err := d.Production(t.Context(), order.ID)
	if err != nil {
		t.Fatal(err)
	}
	faces, err := d.Templates.Faces(doc, order.Face, order.Fingerprints, proof)
	if err != nil || !faces.Front.Production() || !faces.Back.Production() {
		t.Fatal(err)
	}
	return faces
}

// checkProductionFile has other programs tell what is in the PDF.
func checkProductionFile(t *testing.T, path string, doc card.Document, name string) {
	t.Helper()
	zone, err := doc.MRZ()
	if err != nil && !doc.OnPaper() {
		t.Fatal(err)
	}
	want := words(doc.PersonalNumber + " " + variable(name) + " " + strings.Join(zone[:], " "))
	if got := words(stranger(t, "pdftotext", path, "-")); got != want {
		t.Errorf("it says\n%s, want\n%s", got, want)
	}
	plain := operators(stranger(t, "qpdf", "--qdf", "--object-streams=disable", path, "-"))
	for _, sign := range []string{"/ExtGState", "/SMask", "/Transparency", "/Group", "/Mask"} { // ISO 32000-1, section 11
		if strings.Contains(plain, sign) {
			t.Errorf("%s is in the file: transparency", sign)
		}
	}
	// The code is the one area that is filled: there is no stock, and no outline of SPECIMEN / MẪU.
	if filled := regexp.MustCompile(`(?m)(^| )(f|f\*|B|B\*|b|b\*)( Q)?$`).FindAllString(plain, -1); len(filled) != 1 {
		t.Errorf("%d areas are filled", len(filled))
	}
	for _, colour := range regexp.MustCompile(`(?m)^.*\b(g|G|rg|RG|k|K|sc|SC|scn|SCN)$`).FindAllString(plain, -1) {
		if !regexp.MustCompile(`^0(\.000)? [gG]$`).MatchString(colour) {
			t.Errorf("a colour that is not black: %s", colour)
		}
	}
	size := "242.65 x 153.01"
	if doc.OnPaper() {
		size = "209.76 x 297.64"
	}
	if out := stranger(t, "pdfinfo", "-f", "1", "-l", "9", path); strings.Count(out, size+" pts") != 2 {
		t.Errorf("want two pages of %s points:\n%s", size, out)
	}
}

// operators gives a file without the streams that are fonts and photographs: what is left is text.
func operators(file string) string {
	return regexp.MustCompile(`(?s)\nstream\n.*?\nendstream`).ReplaceAllStringFunc(file, func(stream string) string {
		if strings.ContainsFunc(stream, func(r rune) bool { return r > '~' || r < '\t' }) {
			return ""
		}
		return stream
	})
}

// checkProductionPicture looks at the pixels: of one bit wherever no photograph is, and much as poppler draws the page.
func checkProductionPicture(t *testing.T, face layout.Face, path string, page int) {
	t.Helper()
	picture, err := png.Draw(face, 300)
	if err != nil {
		t.Fatal(err)
	}
	const pixels = 300 / 25.4 // a millimetre
	var photographs []image.Rectangle
	for _, m := range face.Marks {
		if i, is := m.(layout.Image); is && i.JPEG != nil {
			photographs = append(photographs, image.Rect(int(i.X*pixels)-1, int(i.Y*pixels)-1, int((i.X+i.Width)*pixels)+2, int((i.Y+i.Height)*pixels)+2))
		}
	}
	grey, black := 0, 0
	for y := range picture.Rect.Dy() {
		for x := range picture.Rect.Dx() {
			p := picture.RGBAAt(x, y)
			switch in := func(r image.Rectangle) bool { return image.Pt(x, y).In(r) }; {
			case slices.ContainsFunc(photographs, in):
			case p.R == 0 && p.G == 0 && p.B == 0:
				black++
			case p.R != 255 || p.G != 255 || p.B != 255:
				grey++
			}
		}
	}
	if grey > 0 || black < 1000 {
		t.Errorf("page %d: %d pixels are neither black nor white, and %d black", page, grey, black)
	}
	prefix := filepath.Join(t.TempDir(), "page")
	stranger(t, "pdftoppm", "-r", "300", "-png", "-singlefile", "-f", fmt.Sprint(page), path, prefix)
	got := meanDifference(t, picture, prefix+".png")
	t.Logf("page %d: %d black pixels; difference from poppler %.2f of 255", page, black, got)
	if got >= 4 {
		t.Errorf("page %d: difference from poppler %.2f of 255", page, got)
	}
}

// meanDifference gives the mean over all channels of all pixels, of 255. The file may have a pixel more at an edge.
func meanDifference(t *testing.T, a *image.RGBA, path string) float64 {
	t.Helper()
	decoded, err := stdpng.Decode(bytes.NewReader(content(t, path)))
	if err != nil {
		t.Fatal(err)
	}
	size, other := a.Rect.Size(), decoded.Bounds().Size()
	if d := other.Sub(size); max(d.X, -d.X, d.Y, -d.Y) > 1 {
		t.Fatalf("%v pixels and %v", size, other)
	}
	b := image.NewRGBA(a.Rect)
	draw.Draw(b, b.Rect, decoded, image.Point{}, draw.Src)
	common := image.Pt(min(size.X, other.X), min(size.Y, other.Y))
	sum := 0
	for y := range common.Y {
		for x := range 4 * common.X {
			if d := int(a.Pix[y*a.Stride+x]) - int(b.Pix[y*b.Stride+x]); x%4 < 3 {
				sum += max(d, -d)
			}
		}
	}
	return float64(sum) / float64(3*common.X*common.Y)
}

// checkProductionIsRead has machines read the pictures, in which no stock lies below.
func checkProductionIsRead(t *testing.T, faces layout.Faces, doc card.Document) {
	t.Helper()
	payload, err := doc.QR()
	if err != nil {
		t.Fatal(err)
	}
	var read []string
	for _, face := range []layout.Face{faces.Front, faces.Back} {
		path := filepath.Join(t.TempDir(), "face.png")
		var file bytes.Buffer
		if err := png.Write(&file, face, 300); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(face.Marks, func(m layout.Mark) bool { return m.Of().Field == "qr" }) {
			read = append(read, strings.TrimSuffix(stranger(t, "zbarimg", "-q", "--nodbus", "--raw", "--oneshot", "-Sbinary", path), "\n"))
		}
	}
	if len(read) != 1 || read[0] != payload {
		t.Errorf("read %q, want %q", read, payload)
	}
	if doc.OnPaper() {
		return
	}
	back, err := png.Draw(faces.Back, 300)
	if err != nil {
		t.Fatal(err)
	}
	want, err := doc.MRZ()
	if err != nil {
		t.Fatal(err)
	}
	if z, err := scan.MRZ(back, 0); err != nil || z.Lines != want {
		t.Errorf("%q, %v; want %q", z.Lines, err, want)
	}
}
