package specimen

import (
	"bytes"
	"flag"
	"image"
	"image/jpeg"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "draw the portraits and fingerprints anew")

var people = map[string]person{
	"dang-dinh-mau.jpg": {
		skin: rgb(0xe8c39e), shade: rgb(0xd0a47c), hair: rgb(0x2b2a2e), dress: rgb(0x3a5a84), collar: rgb(0xf4f6f8),
	},
	"nguyen-thi-mau.jpg": {
		skin: rgb(0xedcba9), shade: rgb(0xd5ac86), hair: rgb(0x8d9096), dress: rgb(0x6d4f7c), collar: rgb(0xe9dfee),
		style: bun,
	},
	"tran-mau-an.jpg": {
		skin: rgb(0xdcb48c), shade: rgb(0xc4966c), hair: rgb(0x3a2a22), dress: rgb(0x4f7a5c), collar: rgb(0xf1ece0),
		style: bun,
	},
}

var fingers = map[string]finger{
	"dang-dinh-mau-right-index.png": {coreX: 158, coreY: 176, wide: 16, high: 12, ridge: 160},
	"dang-dinh-mau-left-index.png":  {coreX: 138, coreY: 184, wide: 14, high: 13, ridge: 148},
	"tran-mau-an-right-index.png":   {coreX: 146, coreY: 192, wide: 15, high: 11, ridge: 152},
	"tran-mau-an-left-index.png":    {coreX: 161, coreY: 180, wide: 13, high: 12, ridge: 140},
}

// Each embedded portrait is what this program draws, but for the rounding of another processor.
func TestPortraitsAreDrawnByThisProgram(t *testing.T) {
	for name, p := range people {
		drawn := encodePerson(p, 1)
		if *update {
			write(t, name, drawn)
			continue
		}
		if d := difference(t, stored(t, name), drawn); d > 2 {
			t.Errorf("%s differs from the drawing by %d of 255 somewhere; go test -update draws it anew", name, d)
		}
	}
}

func TestFingersAreDrawnByThisProgram(t *testing.T) {
	for name, f := range fingers {
		if *update {
			write(t, name, encodeFinger(f, png.BestCompression))
			continue
		}
		file, drawn := stored(t, name), drawFinger(f)
		img, err := png.Decode(bytes.NewReader(file))
		grey, is := img.(*image.Gray)
		if err != nil || !is || grey.Rect != drawn.Rect || !bytes.Equal(grey.Pix, drawn.Pix) {
			t.Errorf("%s is not the drawing, %v; go test -update draws it anew", name, err)
		}
		if len(file) > 8000 {
			t.Errorf("%s has %d bytes, which the demonstration would wait for", name, len(file))
		}
	}
}

func write(t *testing.T, name string, file []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join("files", name), file, 0o644); err != nil {
		t.Fatal(err)
	}
}

func stored(t *testing.T, name string) []byte {
	t.Helper()
	file, err := fs.ReadFile(Files(), name)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// difference gives the largest difference of two JPEG images in any channel.
func difference(t *testing.T, a, b []byte) (largest int) {
	t.Helper()
	x, errX := jpeg.Decode(bytes.NewReader(a))
	y, errY := jpeg.Decode(bytes.NewReader(b))
	if errX != nil || errY != nil || x.Bounds() != y.Bounds() {
		t.Fatalf("images cannot be compared: %v, %v", errX, errY)
	}
	for py := range height {
		for px := range width {
			r1, g1, b1, _ := x.At(px, py).RGBA()
			r2, g2, b2, _ := y.At(px, py).RGBA()
			for _, d := range []int{int(r1) - int(r2), int(g1) - int(g2), int(b1) - int(b2)} {
				largest = max(largest, d>>8, -d>>8)
			}
		}
	}
	return largest
}
