package specimen

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/image/vector"
)

var update = flag.Bool("update", false, "draw the portraits and fingerprints anew")

// The portraits are drawings, and of nobody: a head and shoulders out of a few flat shapes. They keep to the rules for
// photographs that a program can keep to: white ground, from the front, bare head, both ears visible.
const (
	width  = 480
	height = 720
)

// person is what differs between two drawings.
type person struct {
	skin, shade, hair, dress, collar color.RGBA
	bun                              bool
}

var people = map[string]person{
	"dang-dinh-mau.jpg": {
		skin: rgb(0xe8c39e), shade: rgb(0xd0a47c), hair: rgb(0x2b2a2e), dress: rgb(0x3a5a84), collar: rgb(0xf4f6f8),
	},
	"nguyen-thi-mau.jpg": {
		skin: rgb(0xedcba9), shade: rgb(0xd5ac86), hair: rgb(0x8d9096), dress: rgb(0x6d4f7c), collar: rgb(0xe9dfee),
		bun: true,
	},
	"tran-mau-an.jpg": {
		skin: rgb(0xdcb48c), shade: rgb(0xc4966c), hair: rgb(0x3a2a22), dress: rgb(0x4f7a5c), collar: rgb(0xf1ece0),
		bun: true,
	},
}

func rgb(v uint32) color.RGBA { return color.RGBA{uint8(v >> 16), uint8(v >> 8), uint8(v), 255} }

// canvas fills shapes in the coordinates of a drawing 480 units wide and 720 high.
type canvas struct{ *image.RGBA }

func (c canvas) fill(colour color.Color, shape func(z *vector.Rasterizer)) {
	z := vector.NewRasterizer(width, height)
	shape(z)
	z.ClosePath()
	z.Draw(c.RGBA, c.Bounds(), image.NewUniform(colour), image.Point{})
}

func (c canvas) ellipse(colour color.Color, x, y, rx, ry float32) {
	const k = 0.5523
	c.fill(colour, func(z *vector.Rasterizer) {
		z.MoveTo(x+rx, y)
		z.CubeTo(x+rx, y+k*ry, x+k*rx, y+ry, x, y+ry)
		z.CubeTo(x-k*rx, y+ry, x-rx, y+k*ry, x-rx, y)
		z.CubeTo(x-rx, y-k*ry, x-k*rx, y-ry, x, y-ry)
		z.CubeTo(x+k*rx, y-ry, x+rx, y-k*ry, x+rx, y)
	})
}

// mirrored fills an outline given for the right half, from the top of the middle line to its bottom.
func (c canvas) mirrored(colour color.Color, start float32, curves [][6]float32) {
	for _, side := range []float32{1, -1} {
		at := func(x float32) float32 { return 240 + side*x }
		c.fill(colour, func(z *vector.Rasterizer) {
			z.MoveTo(at(-1), start)
			for _, q := range curves {
				z.CubeTo(at(q[0]), q[1], at(q[2]), q[3], at(q[4]), q[5])
			}
		})
	}
}

func drawPerson(p person) *image.RGBA {
	c := canvas{image.NewRGBA(image.Rect(0, 0, width, height))}
	draw.Draw(c, c.Bounds(), image.White, image.Point{}, draw.Src)
	if p.bun {
		c.ellipse(p.hair, 240, 104, 62, 46)
	}
	c.body(p)
	c.head(p)
	c.face(p)
	return c.RGBA
}

func (c canvas) body(p person) {
	c.mirrored(p.dress, 520, [][6]float32{
		{60, 525, 80, 535, 100, 545}, {175, 565, 215, 600, 225, 720}, {150, 720, 75, 720, -1, 720}})
	c.mirrored(p.collar, 520, [][6]float32{{40, 520, 70, 525, 92, 540}, {70, 570, 40, 610, -1, 640}, {-1, 600, -1, 560, -1, 520}})
	c.mirrored(p.shade, 400, [][6]float32{{40, 400, 60, 420, 66, 440}, {66, 480, 68, 510, 78, 530}, {60, 565, 30, 592, -1, 600}})
}

func (c canvas) head(p person) {
	for _, side := range []float32{-1, 1} {
		c.ellipse(p.skin, 240+side*139, 318, 23, 42)
		c.ellipse(p.shade, 240+side*142, 319, 11, 25)
	}
	c.mirrored(p.skin, 130, [][6]float32{
		{90, 130, 138, 190, 138, 290}, {138, 400, 80, 486, -1, 486}, {-1, 400, -1, 250, -1, 130}})
	if p.bun {
		c.mirrored(p.hair, 100, [][6]float32{
			{100, 100, 158, 180, 146, 282}, {130, 240, 60, 215, -1, 178}, {-1, 150, -1, 120, -1, 100}})
		return
	}
	c.mirrored(p.hair, 104, [][6]float32{
		{100, 100, 165, 170, 142, 285}, {138, 255, 132, 235, 118, 214}, {90, 208, 40, 205, -1, 205}, {-1, 170, -1, 130, -1, 104}})
}

func (c canvas) face(p person) {
	ink := rgb(0x3b3431)
	for _, side := range []float32{-1, 1} {
		x := 240 + side*58
		c.ellipse(p.hair, x, 272, 31, 6)
		c.ellipse(image.White, x, 308, 22, 12)
		c.ellipse(ink, x, 308, 10, 11)
	}
	c.ellipse(p.shade, 240, 372, 17, 9)
	c.ellipse(rgb(0xb9716a), 240, 422, 40, 8)
}

func encodePerson(t *testing.T, p person) []byte {
	var out bytes.Buffer
	if err := jpeg.Encode(&out, drawPerson(p), &jpeg.Options{Quality: 85}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Each embedded portrait is what this program draws, but for the rounding of another processor.
func TestPortraitsAreDrawnByThisProgram(t *testing.T) {
	for name, p := range people {
		drawn := encodePerson(t, p)
		if *update {
			if err := os.WriteFile(filepath.Join("files", name), drawn, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		stored, err := fs.ReadFile(Files(), name)
		if err != nil {
			t.Fatal(err)
		}
		if d := difference(t, stored, drawn); d > 2 {
			t.Errorf("%s differs from the drawing by %d of 255 somewhere; go test -update draws it anew", name, d)
		}
	}
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
