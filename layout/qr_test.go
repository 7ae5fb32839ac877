package layout

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/encoder"
)

func TestCodeFallsToLevelLBeforeModulesGetTooSmall(t *testing.T) {
	for _, c := range []struct{ bytes, modules int }{
		{106, 41}, // version 6, level M
		{213, 57}, // version 10, level M: 0.316 mm
		{214, 53}, // version 9, level L
		{271, 57},
	} {
		modules, err := encodeQR(strings.Repeat("a", c.bytes), 60, nil)
		if err != nil || len(modules) != c.modules {
			t.Errorf("%d bytes: %d modules, %v; want %d", c.bytes, len(modules), err, c.modules)
		}
	}
	if _, err := encodeQR(strings.Repeat("a", 272), 60, nil); !errors.Is(err, ErrDoesNotFit) {
		t.Error(err)
	}
}

// With the text marked as UTF-8 12 bits are gone.
func TestMarkedCodeFallsToLevelLToo(t *testing.T) {
	book := newCodebook(60)
	for _, c := range []struct{ bytes, modules int }{{1, 21}, {104, 41}, {212, 57}, {213, 53}, {270, 57}} {
		modules, err := encodeQR(strings.Repeat("a", c.bytes), 60, book)
		if err != nil || len(modules) != c.modules {
			t.Errorf("%d bytes: %d modules, %v; want %d", c.bytes, len(modules), err, c.modules)
		}
	}
	if _, err := encodeQR(strings.Repeat("a", 271), 60, book); !errors.Is(err, ErrDoesNotFit) {
		t.Error(err)
	}
}

// The longest that the law puts on a child's card: both parents, the cancelled number, a long residence.
const longestChild = "000321000009||Nguyễn Hoàng Thảo Quỳnh Mẫu|02072021|Nữ|Số 123 Đường Nguyễn Thị Mẫu, Phường Mẫu Thượng, TP Hồ Chí Minh|" +
	"01082024|000321000001|Nguyễn Hoàng Trường Đăng Mẫu|Trần Thị Ngọc Diễm Phượng Mẫu|"

func TestTheLongestChildsPayload(t *testing.T) {
	for _, book := range []*codebook{nil, newCodebook(60)} {
		modules, err := encodeQR(longestChild, 60, book)
		if err != nil || len(modules) > 60 {
			t.Errorf("%d bytes: %d modules, %v", len(longestChild), len(modules), err)
		}
	}
}

// Marked codes are bit for bit those of another encoder: version, mask and all.
func TestMarkedCodesAreThoseOfAStranger(t *testing.T) {
	book := newCodebook(60)
	for i := range 200 {
		text := fmt.Sprintf("0002000%05d|%09d|Đặng Đình Mẫu %s|15032000|Nam|%d Đường Mẫu, Mẫu, TP Hồ Chí Minh%s|01072024||||", i, i*7919, letters[:i], i, strings.Repeat("ẫ", i%20))
		text = strings.ToValidUTF8(text, "")
		got, err := encodeQR(text, 60, book)
		if errors.Is(err, ErrDoesNotFit) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		level := decoder.ErrorCorrectionLevel_M
		want := stranger(t, text, level)
		if len(want) > 60 {
			want = stranger(t, text, decoder.ErrorCorrectionLevel_L)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("payload %d: %d and %d modules, or another mask", i, len(got), len(want))
		}
	}
}

func stranger(t *testing.T, text string, level decoder.ErrorCorrectionLevel) [][]bool {
	t.Helper()
	code, err := encoder.Encoder_encode(text, level, map[gozxing.EncodeHintType]any{gozxing.EncodeHintType_CHARACTER_SET: "UTF-8"})
	if err != nil {
		t.Fatal(err)
	}
	m := code.GetMatrix()
	out := make([][]bool, m.GetHeight())
	for y := range out {
		for x := range m.GetWidth() {
			out[y] = append(out[y], m.Get(x, y) == 1)
		}
	}
	return out
}

// WithECI changes the codes of a template and nothing else of it, and not the template itself.
func TestTemplateWithECI(t *testing.T) {
	for form, template := range embedded() {
		in, _ := full(t, form)
		marked, err := template.WithECI().Compose(in)
		if err != nil {
			t.Fatal(err)
		}
		plain := compose(t, in)
		codes := 0
		for i, f := range append(slices.Clone(plain.Front.Marks), plain.Back.Marks...) {
			m := append(slices.Clone(marked.Front.Marks), marked.Back.Marks...)[i]
			if f.Of().Field != "qr" {
				if f.String() != m.String() {
					t.Errorf("%s: %v became %v", form, f, m)
				}
				continue
			}
			codes++
			if got := m.(Image).Modules; !reflect.DeepEqual(got, stranger(t, in.QR, decoder.ErrorCorrectionLevel_M)) {
				t.Errorf("%s: the code is not the stranger's", form)
			}
		}
		if codes != 1 {
			t.Errorf("%s: %d codes", form, codes)
		}
	}
}

// A code that does not say what it should never leaves.
func TestADamagedCodeIsRefused(t *testing.T) {
	text := "000200000013|012345678|Đặng Đình Mẫu|15032000|Nam|Mẫu|01072024||||"
	modules, err := encodeQR(text, 60, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := decodesTo(modules, text+" "); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
	for y := 9; y < len(modules)-9; y++ {
		clear(modules[y])
	}
	if err := decodesTo(modules, text); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
}

func BenchmarkQR(b *testing.B) {
	for name, book := range map[string]*codebook{"go-qrcode": nil, "eci": newCodebook(60)} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := encodeQR("000200000013|012345678|Đặng Đình Mẫu|15032000|Nam|1 Đường Mẫu, Mẫu, TP Hồ Chí Minh|01072024||||", 60, book); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
