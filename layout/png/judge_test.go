package png_test

import (
	"bytes"
	"fmt"
	"image"
	"image/draw"
	stdpng "image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/layout"
	"github.com/cancuoc/cancuoc/layout/pdf"
	"github.com/cancuoc/cancuoc/layout/png"
	"github.com/cancuoc/cancuoc/layout/svg"
)

// judge finds a program that this project did not write.
func judge(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is not installed", name)
		}
		t.Skipf("%s is not installed", name)
	}
	return path
}

func run(t testing.TB, path string, args ...string) []byte {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command(path, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", path, strings.Join(args, " "), err, stderr.String())
	}
	return out
}

// keep is the folder for files of a test: CANCUOC_LOOK, to look at them, or one that goes with the test.
func keep(t testing.TB) string {
	if dir := os.Getenv("CANCUOC_LOOK"); dir != "" {
		return dir
	}
	return t.TempDir()
}

// document writes a face's PDF.
func document(t testing.TB, face layout.Face) string {
	t.Helper()
	var out bytes.Buffer
	if err := pdf.Write(&out, face); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(keep(t), strings.ReplaceAll(t.Name(), "/", "-")+".pdf")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// ours gives the face as package png draws it, by way of the file.
func ours(t testing.TB, face layout.Face) *image.RGBA {
	t.Helper()
	var out bytes.Buffer
	if err := png.Write(&out, face, 300); err != nil {
		t.Fatal(err)
	}
	if dir := os.Getenv("CANCUOC_LOOK"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "-")+".png"), out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return decodePNG(t, out.Bytes())
}

func decodePNG(t testing.TB, file []byte) *image.RGBA {
	t.Helper()
	picture, err := stdpng.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	out := image.NewRGBA(picture.Bounds())
	draw.Draw(out, out.Rect, picture, image.Point{}, draw.Src)
	return out
}

// difference gives the mean over all channels of all pixels, of 255. The judges may have a pixel more at an edge.
func difference(t testing.TB, a, b *image.RGBA) float64 {
	t.Helper()
	size, other := a.Rect.Size(), b.Rect.Size()
	if d := size.Sub(other); max(d.X, -d.X, d.Y, -d.Y) > 1 {
		t.Fatalf("%v pixels and %v", size, other)
	}
	common := image.Pt(min(size.X, other.X), min(size.Y, other.Y))
	sum := 0
	for y := range common.Y {
		one, two := a.Pix[y*a.Stride:][:4*common.X], b.Pix[y*b.Stride:][:4*common.X]
		if bytes.Equal(one, two) {
			continue
		}
		for x, v := range one {
			if d := int(v) - int(two[x]); x%4 < 3 {
				sum += max(d, -d)
			}
		}
	}
	return float64(sum) / float64(3*common.X*common.Y)
}

// poppler draws the PDF of a face with so many times 300 dots per inch, each square of which becomes one pixel of their
// mean.
func poppler(t testing.TB, path string, times int) *image.RGBA {
	t.Helper()
	file := run(t, judge(t, "pdftoppm"), "-r", strconv.Itoa(300*times), "-singlefile", path)
	var wide, high, most int
	if n, err := fmt.Sscanf(string(file[:min(len(file), 40)]), "P6\n%d %d\n%d\n", &wide, &high, &most); n != 3 || most != 255 {
		t.Fatalf("pdftoppm gave no PPM: %v", err)
	}
	pixels := file[len(file)-3*wide*high:]
	out := image.NewRGBA(image.Rect(0, 0, wide/times, high/times))
	for y := range out.Rect.Dy() {
		for x := range 3 * out.Rect.Dx() {
			sum := 0
			for row := range times {
				from := 3*(wide*(y*times+row)+x/3*times) + x%3
				for i := range times {
					sum += int(pixels[from+3*i])
				}
			}
			out.Pix[y*out.Stride+x/3*4+x%3] = byte(sum / (times * times))
		}
	}
	return out
}

// The largest mean difference from a judge, of 255.
const nearly = 4

// marks gives faces with every kind of mark.
func marks(t testing.TB) []named {
	return []named{{"paths", paths()}, {"texts", texts()}, {"narrow", narrow()}, {"strokes", strokes()}, {"pictures", pictures(t)},
		{"codes", codes()}, {"groups", groups(t)}}
}

// bySVG has librsvg draw what package svg draws of a face.
func bySVG(t testing.TB, face layout.Face) *image.RGBA {
	t.Helper()
	var out bytes.Buffer
	if err := svg.Write(&out, face); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(keep(t), strings.ReplaceAll(t.Name(), "/", "-")+".svg")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	picture := run(t, judge(t, "rsvg-convert"), "--dpi-x", "300", "--dpi-y", "300", path)
	if os.Getenv("CANCUOC_LOOK") != "" {
		if err := os.WriteFile(path+".png", picture, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return decodePNG(t, picture)
}

// What the three painters make of a face is alike: this package's picture, what poppler draws of the PDF, and what librsvg
// draws of the SVG. Each kind of mark, and every template's faces.
func TestAsStrangersDrawIt(t *testing.T) {
	judge(t, "pdftoppm")
	judge(t, "rsvg-convert")
	for _, c := range append(marks(t), templates(t)...) {
		t.Run(c.name, func(t *testing.T) {
			png, pdf, svg := ours(t, c.face), poppler(t, document(t, c.face), 1), bySVG(t, c.face)
			a, b, d := difference(t, png, pdf), difference(t, png, svg), difference(t, pdf, svg)
			t.Logf("difference of PNG and PDF %.2f of 255, of PNG and SVG %.2f, of PDF and SVG %.2f", a, b, d)
			if max(a, b, d) >= nearly {
				t.Errorf("difference of PNG and PDF %.2f of 255, of PNG and SVG %.2f, of PDF and SVG %.2f", a, b, d)
			}
		})
	}
}

// Poppler puts each letter and line on a whole pixel: asked for 1200 dots per inch, which are averaged, it draws what this
// package draws.
func TestAsPopplerDrawsItFinely(t *testing.T) {
	for _, c := range []named{{"texts", texts()}, {"strokes", strokes()}, {"codes", codes()}} {
		t.Run(c.name, func(t *testing.T) {
			got := difference(t, ours(t, c.face), poppler(t, document(t, c.face), 4))
			if t.Logf("difference %.2f of 255", got); got >= nearly/4. {
				t.Errorf("difference %.2f of 255", got)
			}
		})
	}
}
