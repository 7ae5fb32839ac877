package scan

import (
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cancuoc/cancuoc/card/specimen"
	"github.com/cancuoc/cancuoc/layout"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/makiuchi-d/gozxing/qrcode/encoder"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
)

const payload = "000200000013|012345678|Đặng Đình Mẫu|15032000|Nam|1 Đường Mẫu, Mẫu, TP Hồ Chí Minh|01072024||||"

// code makes the picture of a QR code: of UTF-8 without an ECI, or of a character set, which an ECI names if it has one.
func code(t testing.TB, text, set string, module int) *image.Gray {
	t.Helper()
	hints := map[gozxing.EncodeHintType]any{gozxing.EncodeHintType_ERROR_CORRECTION: "M"}
	if set != "" {
		hints[gozxing.EncodeHintType_CHARACTER_SET] = set
	}
	bits, err := qrcode.NewQRCodeWriter().Encode(text, gozxing.BarcodeFormat_QR_CODE, 0, 0, hints)
	if err != nil {
		t.Fatal(err)
	}
	img := image.NewGray(image.Rect(0, 0, bits.GetWidth()*module, bits.GetHeight()*module))
	for i := range img.Pix {
		if !bits.Get(i%img.Stride/module, i/img.Stride/module) {
			img.Pix[i] = 255
		}
	}
	return img
}

func TestQR(t *testing.T) {
	long := strings.Repeat("Phường Mẫu, ", 60)
	for name, c := range map[string]struct {
		img  image.Image
		want string
	}{
		"UTF-8 by ECI":          {code(t, payload, "UTF-8", 4), payload},
		"UTF-8 without ECI":     {code(t, payload, "", 4), payload},
		"ISO-8859-1 by ECI":     {code(t, "á", "ISO-8859-15", 4), "á"},
		"digits":                {code(t, "000200000013", "", 4), "000200000013"},
		"long":                  {code(t, long, "UTF-8", 3), long},
		"small modules":         {code(t, payload, "UTF-8", 2), payload},
		"in a corner, not at 0": {inCorner(code(t, payload, "UTF-8", 4)), payload},
	} {
		if got, err := QR(c.img); err != nil || got != c.want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, c.want)
		}
	}
}

func inCorner(img *image.Gray) image.Image {
	out := image.NewNRGBA(image.Rect(-300, -200, 600, 500))
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			out.Set(x-290, y-190, img.At(x, y))
		}
	}
	return out
}

// The code on a composed card is made by another library (skip2/go-qrcode); its back is painted at 300 dpi with a turn,
// blur and noise.
func TestQROfFace(t *testing.T) {
	record, err := specimen.Record("dang-dinh-mau")
	if err != nil {
		t.Fatal(err)
	}
	in := layout.Card{QR: payload, MRZ: [3]string{
		"IDVNM2000000130000200000013<<0", "0003159M4003157VNM<<<<<<<<<<<6", "DANG<<DINH<MAU<<<<<<<<<<<<<<<<"}}
	if err := json.Unmarshal(record, &in.Document); err != nil {
		t.Fatal(err)
	}
	faces, err := layout.Compose(in)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(8, 8))
	for name, p := range map[string]picture{
		"as it is":  plain(300),
		"600 dpi":   plain(600),
		"disturbed": {dpi: 600, paper: 200, ink: 50, turn: 1, blur: 1.5, noise: 10, quality: 60},
	} {
		c := newCanvas(p)
		for _, m := range faces.Back.Marks {
			if code, is := m.(layout.Image); is && code.Field == "qr" {
				c.modules(p, code)
			}
		}
		if got, err := QR(c.develop(t, p, r)); err != nil || got != payload {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
}

// modules paints a code, turned with the card.
func (c *canvas) modules(p picture, code layout.Image) {
	sin, cos := math.Sincos(p.turn * math.Pi / 180)
	side := code.Width / float64(len(code.Modules))
	at := func(v float64, most int) int { return max(0, min(most, int(v*c.px))) }
	for row := at(code.Y-2, c.high); row < at(code.Y+code.Height+2, c.high); row++ {
		for col := at(code.X-2, c.wide); col < at(code.X+code.Width+2, c.wide); col++ {
			x, y := (float64(col)+0.5)/c.px-cardWidth/2, (float64(row)+0.5)/c.px-cardHeight/2
			x, y = x*cos+y*sin+cardWidth/2-code.X, y*cos-x*sin+cardHeight/2-code.Y
			i, j := int(math.Floor(y/side)), int(math.Floor(x/side))
			if i >= 0 && j >= 0 && i < len(code.Modules) && j < len(code.Modules) && code.Modules[i][j] {
				c.light[row*c.wide+col] = p.ink
			}
		}
	}
}

// crowd is a picture full of shapes that look like a corner of a QR code, and are of many sizes.
func crowd(across int) image.Image {
	r := rand.New(rand.NewPCG(11, 11))
	img := image.NewGray(image.Rect(0, 0, across*70, across*70))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	for k := range across * across {
		size := 3 + r.IntN(6)
		left, top := k%across*70+r.IntN(4), k/across*70+r.IntN(4)
		for y := range 7 * size {
			for x := range 7 * size {
				if ring := max(math.Abs(float64(x/size-3)), math.Abs(float64(y/size-3))); ring != 2 {
					img.SetGray(left+x, top+y, color.Gray{})
				}
			}
		}
	}
	return img
}

func TestQRRefuses(t *testing.T) {
	torn := code(t, payload, "UTF-8", 4)
	for y := range torn.Rect.Dy() / 2 {
		for x := range torn.Rect.Dx() {
			torn.SetGray(x, y+torn.Rect.Dy()/3, color.Gray{255})
		}
	}
	// the encoder names any character set by an ECI but its own default, which says nothing: a code of another one
	defer func(was encoding.Encoding) { encoder.Encoder_DEFAULT_BYTE_MODE_ENCODING = was }(
		encoder.Encoder_DEFAULT_BYTE_MODE_ENCODING)
	encoder.Encoder_DEFAULT_BYTE_MODE_ENCODING = charmap.ISO8859_1
	other := code(t, "café", "", 4)
	r := rand.New(rand.NewPCG(10, 10))
	noise := image.NewGray(image.Rect(0, 0, 300, 300))
	for i := range noise.Pix {
		noise.Pix[i] = uint8(r.IntN(256))
	}
	for name, c := range map[string]struct {
		img  image.Image
		want string
	}{
		"none":      {nil, "there is no picture"},
		"empty":     {image.NewGray(image.Rectangle{}), "is empty"},
		"crowd":     {crowd(30), "more than 500 shapes"},
		"huge":      {huge{image.Rect(0, 0, 40_000, 40_000)}, "at most 40 million"},
		"one pixel": {image.NewGray(image.Rect(0, 0, 1, 1)), ErrNoQR.Error()},
		"noise":     {noise, ErrNoQR.Error()},
		"torn":      {torn, ErrNoQR.Error()},
		"not UTF-8": {other, "not UTF-8"},
		"panics":    {huge{image.Rect(0, 0, 100, 100)}, ErrNoQR.Error()},
	} {
		got, err := QR(c.img)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "scan: ") {
			t.Errorf("%s: got %q, %v; want an error with %q", name, got, err, c.want)
		}
	}
	if _, err := QR(huge{image.Rect(0, 0, 100, 100)}); !errors.Is(err, ErrNoQR) {
		t.Errorf("what panics gives %v", err)
	}
}

func BenchmarkQR(b *testing.B) {
	img := code(b, payload, "UTF-8", 5)
	for b.Loop() {
		if _, err := QR(img); err != nil {
			b.Fatal(err)
		}
	}
}

// The modules of a code are the fuzzer's: no picture makes QR panic or hang, and what is read is UTF-8.
func FuzzQR(f *testing.F) {
	for _, text := range []string{payload, "000200000013", "A"} {
		img := code(f, text, "UTF-8", 1)
		f.Add(pack(img), uint8(img.Rect.Dx()), uint8(3))
	}
	f.Add([]byte{}, uint8(0), uint8(0))
	f.Fuzz(func(t *testing.T, modules []byte, wide, module uint8) {
		w, m := max(1, int(wide)), 1+int(module%4)
		img := image.NewGray(image.Rect(0, 0, w*m, w*m))
		for i := range img.Pix {
			n := i/img.Stride/m*w + i%img.Stride/m
			if n/8 >= len(modules) || modules[n/8]>>(n%8)&1 == 0 {
				img.Pix[i] = 255
			}
		}
		if text, err := QR(img); err == nil && !utf8.ValidString(text) {
			t.Errorf("read %q", text)
		}
	})
}

// pack gives the pixels of a picture, one bit each, dark is 1.
func pack(img *image.Gray) []byte {
	out := make([]byte, (len(img.Pix)+7)/8)
	for i, v := range img.Pix {
		if v < 128 {
			out[i/8] |= 1 << (i % 8)
		}
	}
	return out
}
