package specimen_test

import (
	"bytes"
	"image"
	"math"
	"testing"
)

// The face is the portrait at another size: shrunk to a twelfth, the two can hardly be told apart.
func TestFacesAreThePortraits(t *testing.T) {
	var before []float64
	for _, one := range invent(t, 11, "cancuoc-2024", 12) {
		f := read(t, one)
		if f.Portrait == "" {
			if one.Face() != nil || one.Prints() != nil {
				t.Errorf("a child's face: %s", one.Record)
			}
			continue
		}
		face, kind, err := image.Decode(bytes.NewReader(one.Face()))
		if err != nil || kind != "jpeg" || face.Bounds().Size() != image.Pt(236, 354) {
			t.Fatalf("%v, %v", err, kind)
		}
		files := one.Files()
		whole, _, err := image.Decode(bytes.NewReader(files[f.Portrait]))
		if err != nil {
			t.Fatal(err)
		}
		small := shrunk(face)
		if d := distance(small, shrunk(whole)); d > 4 {
			t.Errorf("%s: %.1f of 255 off its portrait", f.Number, d)
		}
		if before != nil && distance(small, before) < 4 {
			t.Errorf("%s is the face of the one before", f.Number)
		}
		before = small
		prints := one.Prints()
		if len(prints) != 2 || !bytes.Equal(prints[0], files[f.Fingers[0].Image]) || !bytes.Equal(prints[1], files[f.Fingers[1].Image]) {
			t.Errorf("%s: the prints are not those of its files", f.Number)
		}
	}
}

// shrunk gives the mean brightness of 20 x 30 parts of a picture.
func shrunk(img image.Image) []float64 {
	sums, counts := make([]float64, 600), make([]float64, 600)
	size := img.Bounds().Size()
	for y := range size.Y {
		for x := range size.X {
			at := y*30/size.Y*20 + x*20/size.X
			r, g, b, _ := img.At(x, y).RGBA()
			sums[at] += float64(r+g+b) / 3 / 257
			counts[at]++
		}
	}
	for i := range sums {
		sums[i] /= counts[i]
	}
	return sums
}

func distance(a, b []float64) (mean float64) {
	for i := range a {
		mean += math.Abs(a[i]-b[i]) / float64(len(a))
	}
	return mean
}

func BenchmarkFace(b *testing.B) {
	all := invent(b, 1, "cccd-2021", 50)
	for i := 0; b.Loop(); i++ {
		all[i%len(all)].Face()
	}
}
