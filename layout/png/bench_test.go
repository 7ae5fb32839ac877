package png_test

import (
	"io"
	"testing"

	"github.com/cancuoc/cancuoc/layout/png"
)

// benched are the faces that are measured: those of every template, and one of many lines.
func benched(b *testing.B) []named { return append(templates(b), named{"strokes", strokes()}) }

// One face of 85.60 x 53.98 mm at 300 dots per inch, from marks to the bytes of a PNG.
func BenchmarkWrite(b *testing.B) {
	for _, c := range benched(b) {
		b.Run(c.name, func(b *testing.B) {
			var painter png.Painter
			for b.Loop() {
				if err := painter.Write(io.Discard, c.face, 300); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// The same faces by pdftoppm: the whole process, from our PDF to a PNG.
func BenchmarkPdftoppm(b *testing.B) {
	pdftoppm := judge(b, "pdftoppm")
	for _, c := range benched(b) {
		b.Run(c.name, func(b *testing.B) {
			path := document(b, c.face)
			for b.Loop() {
				run(b, pdftoppm, "-r", "300", "-png", "-singlefile", path)
			}
		})
	}
}
