package specimen

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// The fingerprints are drawings too: ridges as ellipses about a core, more regular than any skin. They are reckoned in
// whole numbers, so that every processor draws the same. At 500 dots per inch they are 15 x 20 mm.
const (
	fingerWidth  = 300
	fingerHeight = 400
)

// finger is what differs between two drawn fingers.
type finger struct {
	coreX, coreY int // where the ridges have their middle
	wide, high   int // weights of the two directions: the larger, the closer the ridges
	ridge        int // width of a ridge and its furrow, times the weight
}

var fingers = map[string]finger{
	"dang-dinh-mau-right-index.png": {coreX: 158, coreY: 176, wide: 16, high: 12, ridge: 160},
	"dang-dinh-mau-left-index.png":  {coreX: 138, coreY: 184, wide: 14, high: 13, ridge: 148},
	"tran-mau-an-right-index.png":   {coreX: 146, coreY: 192, wide: 15, high: 11, ridge: 152},
	"tran-mau-an-left-index.png":    {coreX: 161, coreY: 180, wide: 13, high: 12, ridge: 140},
}

func drawFinger(f finger) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, fingerWidth, fingerHeight))
	for y := range fingerHeight {
		for x := range fingerWidth {
			img.SetGray(x, y, color.Gray{Y: f.grey(x, y)})
		}
	}
	return img
}

// grey gives white outside the finger's outline, and inside it the ridge or furrow at a place.
func (f finger) grey(x, y int) byte {
	const ink, paper = 0x30, 0xF0
	dx, dy := 2*x-fingerWidth+1, 2*y-fingerHeight+1
	if dx*dx*fingerHeight*fingerHeight+dy*dy*fingerWidth*fingerWidth > fingerWidth*fingerWidth*fingerHeight*fingerHeight {
		return 0xFF
	}
	dx, dy = f.wide*(x-f.coreX), f.high*(y-f.coreY)
	if root(dx*dx+dy*dy)%f.ridge < f.ridge/2 {
		return ink
	}
	return paper
}

// root gives the whole part of a square root.
func root(n int) int {
	r := 0
	for bit := 1 << 15; bit > 0; bit >>= 1 {
		if (r+bit)*(r+bit) <= n {
			r += bit
		}
	}
	return r
}

func TestFingersAreDrawnByThisProgram(t *testing.T) {
	for name, f := range fingers {
		drawn := drawFinger(f)
		if *update {
			var out bytes.Buffer
			if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, drawn); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join("files", name), out.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		stored, err := fs.ReadFile(Files(), name)
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(stored))
		grey, is := img.(*image.Gray)
		if err != nil || !is || grey.Rect != drawn.Rect || !bytes.Equal(grey.Pix, drawn.Pix) {
			t.Errorf("%s is not the drawing, %v; go test -update draws it anew", name, err)
		}
		if len(stored) > 8000 {
			t.Errorf("%s has %d bytes, which the demonstration would wait for", name, len(stored))
		}
	}
}
