package png_test

import (
	"bytes"
	"image"
	"image/color"
	stdpng "image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/layout"
	"github.com/cancuoc/cancuoc/layout/pdf"
	"github.com/cancuoc/cancuoc/layout/png"
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
func ours(t testing.TB, face layout.Face) image.Image {
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

func decodePNG(t testing.TB, file []byte) image.Image {
	t.Helper()
	picture, err := stdpng.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

// difference gives the mean over all channels of all pixels, of 255. The judges may have a pixel more at an edge.
func difference(t testing.TB, a, b image.Image) float64 {
	t.Helper()
	size, other := a.Bounds().Size(), b.Bounds().Size()
	if d := size.Sub(other); max(d.X, -d.X, d.Y, -d.Y) > 1 {
		t.Fatalf("%v pixels and %v", size, other)
	}
	common := image.Rectangle{Max: image.Pt(min(size.X, other.X), min(size.Y, other.Y))}
	var sum, n float64
	for y := range common.Dy() {
		for x := range common.Dx() {
			r, g, b1, _ := a.At(x, y).RGBA()
			r2, g2, b2, _ := b.At(x, y).RGBA()
			for _, d := range []int{int(r) - int(r2), int(g) - int(g2), int(b1) - int(b2)} {
				sum += float64(max(d, -d)) / 257
				n++
			}
		}
	}
	return sum / n
}

// averaged gives a picture of a quarter of the resolution.
func averaged(fine image.Image) image.Image {
	size := fine.Bounds().Size().Div(4)
	out := image.NewRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			var sum [3]uint32
			for i := range 16 {
				r, g, b, _ := fine.At(4*x+i%4, 4*y+i/4).RGBA()
				sum[0], sum[1], sum[2] = sum[0]+r, sum[1]+g, sum[2]+b
			}
			out.SetRGBA(x, y, color.RGBA{R: byte(sum[0] / 16 >> 8), G: byte(sum[1] / 16 >> 8), B: byte(sum[2] / 16 >> 8), A: 255})
		}
	}
	return out
}

// The largest mean difference from a judge, of 255.
const nearly = 4

// What package pdf draws of a face, drawn by poppler; which puts each letter on a whole pixel, so that it is asked for
// 1200 dots per inch too and those averaged.
func TestAsPopplerDrawsThePDF(t *testing.T) {
	pdftoppm := judge(t, "pdftoppm")
	card := composed(t)
	for name, face := range map[string]layout.Face{
		"paths": paths(), "texts": texts(), "pictures": pictures(t), "front": card.Front, "back": card.Back,
	} {
		t.Run(name, func(t *testing.T) {
			path, drawn := document(t, face), ours(t, face)
			plain := difference(t, drawn, decodePNG(t, run(t, pdftoppm, "-r", "300", "-png", "-singlefile", path)))
			fine := difference(t, drawn, averaged(decodePNG(t, run(t, pdftoppm, "-r", "1200", "-png", "-singlefile", path))))
			t.Logf("difference %.2f of 255, and %.2f from the average", plain, fine)
		})
	}
}
