package portrait

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"slices"
	"testing"
)

// quarters is a picture whose four corners have four colours, so that a turned one can be told.
var corners = [4]color.RGBA{{200, 30, 30, 255}, {30, 160, 30, 255}, {30, 30, 200, 255}, {200, 180, 30, 255}}

func quarters(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetRGBA(x, y, corners[2*(2*y/h)+2*x/w])
		}
	}
	return img
}

func jpegOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func pngOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func fit(t testing.TB, file []byte) Portrait {
	t.Helper()
	p, err := Fit(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func size(t testing.TB, file []byte) image.Point {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return img.Bounds().Size()
}

func TestSizes(t *testing.T) {
	for _, c := range []struct {
		name      string
		w, h      int
		chip      image.Point
		fromBytes func(testing.TB, image.Image) []byte
	}{
		{"large JPEG", 1200, 1600, image.Pt(320, 480), jpegOf},
		{"PNG that is too wide", 900, 500, image.Pt(320, 480), pngOf},
		{"too high", 400, 1600, image.Pt(320, 480), jpegOf},
		{"the smallest", 236, 354, image.Pt(236, 354), jpegOf},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := fit(t, c.fromBytes(t, quarters(c.w, c.h)))
			if got := size(t, p.Face); got != image.Pt(236, 354) {
				t.Errorf("face is %v", got)
			}
			if got := size(t, p.Chip); got != c.chip || got != image.Pt(p.Width, p.Height) {
				t.Errorf("chip is %v, said to be %d x %d, want %v", got, p.Width, p.Height, c.chip)
			}
		})
	}
}

// A disc must stay a disc: cropping may cut it, stretching would flatten it.
func TestCroppedNotStretched(t *testing.T) {
	for _, c := range []struct{ w, h, x, y int }{{1200, 900, 600, 450}, {600, 1200, 300, 450}} {
		img := image.NewRGBA(image.Rect(0, 0, c.w, c.h))
		for y := range c.h {
			for x := range c.w {
				dx, dy := x-c.x, y-c.y
				v := uint8(255)
				if dx*dx+dy*dy < 200*200 {
					v = 0
				}
				img.SetRGBA(x, y, color.RGBA{v, v, v, 255})
			}
		}
		face, err := jpeg.Decode(bytes.NewReader(fit(t, pngOf(t, img)).Face))
		if err != nil {
			t.Fatal(err)
		}
		dark := image.Rectangle{}
		for y := range FaceHeight {
			for x := range FaceWidth {
				if r, _, _, _ := face.At(x, y).RGBA(); r < 0x8000 {
					dark = dark.Union(image.Rect(x, y, x+1, y+1))
				}
			}
		}
		if d := dark.Dx() - dark.Dy(); d < -2 || d > 2 || dark.Dx() < 100 {
			t.Errorf("the disc of %d x %d became %v", c.w, c.h, dark.Size())
		}
	}
}

func TestFrameKeepsTheMiddleAndTheHead(t *testing.T) {
	if got := frame(900, 600); got != image.Rect(250, 0, 650, 600) {
		t.Error(got)
	}
	if got := frame(400, 1000); got != image.Rect(0, 100, 400, 700) {
		t.Error(got)
	}
}

// withExif puts an APP1 segment with one field before the rest of a JPEG.
func withExif(file []byte, order binary.AppendByteOrder, orientation uint16) []byte {
	tiff := []byte("MM\x00\x2a")
	if order.AppendUint16(nil, 1)[0] == 1 {
		tiff = []byte("II\x2a\x00")
	}
	tiff = order.AppendUint32(tiff, 8)
	tiff = order.AppendUint16(tiff, 1) // entries
	tiff = order.AppendUint16(tiff, orientationTag)
	tiff = order.AppendUint16(tiff, 3) // SHORT
	tiff = order.AppendUint32(tiff, 1)
	tiff = order.AppendUint16(tiff, orientation)
	tiff = append(tiff, 0, 0, 0, 0, 0, 0)
	body := append([]byte("Exif\x00\x00"), tiff...)
	out := binary.BigEndian.AppendUint16([]byte("\xff\xd8\xff\xe1"), uint16(len(body)+2))
	return append(append(out, body...), file[2:]...)
}

// What each orientation must bring to the corners, by the definition in EXIF 2.3, section 4.6.4: where the file's
// first row and first column stand. The corners are top left, top right, bottom left, bottom right.
func TestEveryOrientationIsMadeUpright(t *testing.T) {
	for orientation, want := range map[uint16][4]int{
		0: {0, 1, 2, 3}, 1: {0, 1, 2, 3}, 2: {1, 0, 3, 2}, 3: {3, 2, 1, 0}, 4: {2, 3, 0, 1},
		5: {0, 2, 1, 3}, 6: {2, 0, 3, 1}, 7: {3, 1, 2, 0}, 8: {1, 3, 0, 2}, 9: {0, 1, 2, 3},
	} {
		for _, order := range []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian} {
			file := withExif(jpegOf(t, quarters(360, 360)), order, orientation)
			face, err := jpeg.Decode(bytes.NewReader(fit(t, file).Face))
			if err != nil {
				t.Fatal(err)
			}
			for i, p := range []image.Point{{40, 40}, {196, 40}, {40, 314}, {196, 314}} {
				if got := nearest(face.At(p.X, p.Y)); got != want[i] {
					t.Errorf("orientation %d, %v: corner %d shows the file's corner %d, want %d", orientation, order, i, got, want[i])
				}
			}
		}
	}
}

func nearest(c color.Color) (corner int) {
	best := 1 << 30
	r, g, b, _ := c.RGBA()
	for i, k := range corners {
		dr, dg, db := int(r>>8)-int(k.R), int(g>>8)-int(k.G), int(b>>8)-int(k.B)
		if d := dr*dr + dg*dg + db*db; d < best {
			best, corner = d, i
		}
	}
	return corner
}

// A photograph that lies on its side has width and height exchanged: what is cropped must be the upright picture.
func TestLyingPhotographIsCroppedUpright(t *testing.T) {
	file := withExif(jpegOf(t, quarters(900, 600)), binary.BigEndian, 6)
	face, err := jpeg.Decode(bytes.NewReader(fit(t, file).Face))
	if err != nil {
		t.Fatal(err)
	}
	// Upright it is 600 x 900, exactly 2:3: all four corners must be there to the edge.
	for i, p := range []image.Point{{3, 3}, {232, 3}, {3, 350}, {232, 350}} {
		if got, want := nearest(face.At(p.X, p.Y)), [4]int{2, 0, 3, 1}[i]; got != want {
			t.Errorf("corner %d shows %d, want %d", i, got, want)
		}
	}
}

func TestMetadataIsDropped(t *testing.T) {
	p := fit(t, withExif(jpegOf(t, quarters(600, 900)), binary.BigEndian, 1))
	for _, file := range [][]byte{p.Chip, p.Face} {
		if bytes.Contains(file, []byte("Exif")) || !bytes.HasPrefix(file, []byte("\xff\xd8\xff\xdb")) {
			t.Errorf("the file begins with % x", file[:20])
		}
	}
}

// What a PNG can carry beside its pixels, and what a JPEG can: none of it comes through.
func TestCommentsAreDropped(t *testing.T) {
	text := []byte("tEXtComment\x00whereitwastaken")
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(text)-4))
	chunk = binary.BigEndian.AppendUint32(append(chunk, text...), crc32.ChecksumIEEE(text))
	file := pngOf(t, quarters(300, 450))
	const afterHeader = 8 + 25
	png := slices.Concat(file[:afterHeader], chunk, file[afterHeader:])
	jpeg := slices.Insert(jpegOf(t, quarters(300, 450)), 2, []byte("\xff\xfe\x00\x11whereitwastaken")...)
	for _, file := range [][]byte{png, jpeg} {
		p := fit(t, file)
		if !bytes.Contains(file, []byte("whereitwastaken")) || bytes.Contains(append(p.Chip, p.Face...), []byte("whereitwastaken")) {
			t.Errorf("%d bytes", len(file))
		}
	}
}

// Of the usual filters only one with negative lobes, as CatmullRom has them, goes beyond the two sides of an edge.
func TestScaledByCatmullRom(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 300, 450))
	for i := range img.Pix {
		img.Pix[i] = 100
		if i/4%300/23%2 == 1 { // stripes, so that some edge falls well
			img.Pix[i] = 150
		}
		if i%4 == 3 {
			img.Pix[i] = 255
		}
	}
	low, high := uint8(255), uint8(0)
	small := picture{img, upright}.resize(img.Rect, FaceWidth, FaceHeight)
	for x := 50; x < FaceWidth-50; x++ {
		v := small.RGBAAt(x, FaceHeight/2).R
		low, high = min(low, v), max(high, v)
	}
	if low < 90 || low > 97 || high < 153 || high > 160 {
		t.Errorf("edges from 100 to 150 became some from %d to %d", low, high)
	}
}

// The chip's image keeps its size as long as a lower quality will do.
func TestChipGivesUpQualityBeforeSize(t *testing.T) {
	grain := noise(320, 480)
	for i, v := range grain.Pix {
		grain.Pix[i] = 128 + v/6
		if i%4 == 3 {
			grain.Pix[i] = 255
		}
	}
	best, err := encode(grain, bestQuality)
	if err != nil {
		t.Fatal(err)
	}
	p := fit(t, pngOf(t, grain))
	if len(best) <= ChipBudget || len(p.Chip) > ChipBudget || p.Width != 320 || p.Height != 480 {
		t.Errorf("%d bytes at best, %d of %d x %d on the chip", len(best), len(p.Chip), p.Width, p.Height)
	}
}

func TestTransparentBecomesWhite(t *testing.T) {
	face, err := jpeg.Decode(bytes.NewReader(fit(t, pngOf(t, image.NewNRGBA(image.Rect(0, 0, 300, 450)))).Face))
	if err != nil {
		t.Fatal(err)
	}
	if r, g, b, _ := face.At(100, 100).RGBA(); r>>8 != 255 || g>>8 != 255 || b>>8 != 255 {
		t.Errorf("%d %d %d", r>>8, g>>8, b>>8)
	}
}

func noise(w, h int) *image.RGBA {
	random := rand.New(rand.NewPCG(1, 2))
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = byte(random.Uint32())
	}
	return img
}

func TestChipKeepsItsBudgetEvenForNoise(t *testing.T) {
	p := fit(t, pngOf(t, noise(320, 480)))
	if len(p.Chip) > ChipBudget || size(t, p.Chip) != image.Pt(p.Width, p.Height) {
		t.Errorf("%d bytes, %d x %d", len(p.Chip), p.Width, p.Height)
	}
}

func TestSameFileGivesSameBytes(t *testing.T) {
	file := pngOf(t, quarters(300, 450))
	a, b := fit(t, file), fit(t, file)
	if !bytes.Equal(a.Chip, b.Chip) || !bytes.Equal(a.Face, b.Face) {
		t.Error("two runs differ")
	}
}

func TestBrokenExifIsNoAdvice(t *testing.T) {
	file := withExif(jpegOf(t, quarters(240, 360)), binary.BigEndian, 6)
	for cut := range 60 {
		orientation(file[:cut])
	}
	for name, change := range map[string]func([]byte){
		"directory behind the end":       func(f []byte) { f[16] = 0xff },
		"more entries than there are":    func(f []byte) { f[20], f[31] = 0xff, 9 },
		"segment behind the end":         func(f []byte) { f[4] = 0xff },
		"segment of impossible length 1": func(f []byte) { f[4], f[5] = 0, 1 },
	} {
		f := bytes.Clone(file)
		change(f)
		if o := orientation(f); o != upright {
			t.Errorf("%s: orientation %d", name, o)
		}
	}
}

func FuzzFit(f *testing.F) {
	f.Add(jpegOf(f, quarters(240, 360)))
	f.Add(withExif(jpegOf(f, quarters(360, 240)), binary.LittleEndian, 6))
	f.Add(pngOf(f, quarters(240, 360)))
	f.Add(bomb())
	f.Fuzz(func(t *testing.T, file []byte) {
		if c, _, err := header(file); err == nil && c.Width*c.Height > 1_000_000 {
			t.Skip("a large image is slow, and no different")
		}
		p, err := Fit(bytes.NewReader(file))
		if err != nil {
			return
		}
		if len(p.Chip) > ChipBudget || size(t, p.Face) != image.Pt(FaceWidth, FaceHeight) {
			t.Errorf("chip of %d bytes, face of %v", len(p.Chip), size(t, p.Face))
		}
	})
}

func FuzzOrientation(f *testing.F) {
	small := jpegOf(f, quarters(2, 2))
	f.Add(small)
	f.Add(withExif(small, binary.LittleEndian, 6))
	f.Add(withExif(small, binary.BigEndian, 3))
	f.Fuzz(func(t *testing.T, file []byte) {
		if o := orientation(file); o < 1 || o > 8 {
			t.Errorf("orientation %d", o)
		}
	})
}

func BenchmarkFit(b *testing.B) {
	file := jpegOf(b, quarters(1200, 1800))
	for b.Loop() {
		fit(b, file)
	}
}
