package pdf

import (
	"fmt"
	"io"
	"testing"

	"github.com/cancuoc/cancuoc/layout"
)

// Cards of the named specimen, whose code has 113 bytes, in files of 100: what a short residence makes of it.
func BenchmarkSpecimenCards(b *testing.B) {
	in := sample(b, adult, "dang-dinh-mau")
	for b.Loop() {
		var faces []layout.Face
		for i := range perFile {
			in.QR = fmt.Sprintf("0002000%05d%s", i, adult.QR[12:])
			made, err := layout.Compose(in)
			if err != nil {
				b.Fatal(err)
			}
			faces = append(faces, made.Front, made.Back)
		}
		if err := Write(io.Discard, faces...); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(perFile*b.N)/b.Elapsed().Seconds(), "cards/s")
}
