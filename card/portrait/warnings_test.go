package portrait

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"io/fs"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/draw"

	"github.com/cancuoc/cancuoc/card/specimen"
)

// drawn gives a specimen's portrait as an image that can be spoilt.
func drawn(t testing.TB) *image.RGBA {
	t.Helper()
	file, err := fs.ReadFile(specimen.Files(), "dang-dinh-mau.jpg")
	if err != nil {
		t.Fatal(err)
	}
	img, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	rgba := image.NewRGBA(img.Bounds())
	draw.Draw(rgba, rgba.Rect, img, image.Point{}, draw.Src)
	return rgba
}

// each gives a specimen's portrait with every pixel changed; ground tells which are about white.
func each(t testing.TB, change func(x, y int, c color.RGBA, ground bool) color.RGBA) *image.RGBA {
	img := drawn(t)
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			c := img.RGBAAt(x, y)
			img.SetRGBA(x, y, change(x, y, c, min(c.R, c.G, c.B) > 240))
		}
	}
	return img
}

// light changes the three channels of a colour alike.
func light(c color.RGBA, change func(v float64) float64) color.RGBA {
	at := func(v uint8) uint8 { return uint8(min(max(change(float64(v)), 0), 255)) }
	return color.RGBA{at(c.R), at(c.G), at(c.B), 255}
}

// person spoils the person alone, and leaves the ground.
func person(t testing.TB, change func(v float64) float64) *image.RGBA {
	return each(t, func(_, _ int, c color.RGBA, ground bool) color.RGBA {
		if ground {
			return c
		}
		return light(c, change)
	})
}

// ground spoils the ground alone.
func ground(t testing.TB, colour func(x, y int) color.RGBA) *image.RGBA {
	return each(t, func(x, y int, c color.RGBA, ground bool) color.RGBA {
		if ground {
			return colour(x, y)
		}
		return c
	})
}

// scaled gives a specimen's portrait at another width, or enlarged again from that width.
func scaled(t testing.TB, width int, enlarged bool) *image.RGBA {
	img := drawn(t)
	small := image.NewRGBA(image.Rect(0, 0, width, width*3/2))
	draw.CatmullRom.Scale(small, small.Rect, img, img.Rect, draw.Src, nil)
	if !enlarged {
		return small
	}
	draw.CatmullRom.Scale(img, img.Rect, small, small.Rect, draw.Src, nil)
	return img
}

// blurred is a specimen's portrait out of focus: smeared by a bell of the given standard deviation in pixels.
func blurred(t testing.TB, deviation float64) *image.RGBA {
	img := drawn(t)
	var bell []float64
	var sum float64
	reach := int(3 * deviation)
	for i := -reach; i <= reach; i++ {
		bell = append(bell, math.Exp(-float64(i*i)/(2*deviation*deviation)))
		sum += bell[len(bell)-1]
	}
	smear := func(from *image.RGBA, dx, dy int) *image.RGBA {
		to := image.NewRGBA(from.Rect)
		for y := range from.Rect.Dy() {
			for x := range from.Rect.Dx() {
				var r, g, b float64
				for i, weight := range bell {
					px, py := x+(i-reach)*dx, y+(i-reach)*dy
					c := from.RGBAAt(min(max(px, 0), from.Rect.Dx()-1), min(max(py, 0), from.Rect.Dy()-1))
					r, g, b = r+weight*float64(c.R), g+weight*float64(c.G), b+weight*float64(c.B)
				}
				to.SetRGBA(x, y, color.RGBA{uint8(r / sum), uint8(g / sum), uint8(b / sum), 255})
			}
		}
		return to
	}
	return smear(smear(img, 1, 0), 0, 1)
}

func grey(v uint8) color.RGBA { return color.RGBA{v, v, v, 255} }

// Each warning has a picture that it alone is given for.
func TestEachWarningAlone(t *testing.T) {
	pictures := map[string][]*image.RGBA{
		WarnSmall:   {scaled(t, 300, false), scaled(t, 353, false)},
		WarnBlurred: {blurred(t, 4), scaled(t, 60, true)},
		WarnDark:    {person(t, func(v float64) float64 { return 0.2 * v })},
		WarnBright:  {person(t, func(v float64) float64 { return 255 - 0.3*(255-v) })},
		WarnBurnt: {each(t, func(x, y int, c color.RGBA, _ bool) color.RGBA {
			if x > 270 && x < 320 && y > 250 && y < 440 {
				return grey(255)
			}
			return c
		})},
		WarnFlat: {each(t, func(_, y int, c color.RGBA, ground bool) color.RGBA {
			if y > 500 || ground && y < 200 {
				return c
			}
			return light(c, func(v float64) float64 { return 190 + 0.08*(v-190) })
		})},
		WarnGroundDark: {ground(t, func(int, int) color.RGBA { return grey(150) }), ground(t, func(int, int) color.RGBA { return grey(20) })},
		WarnGroundColoured: {
			ground(t, func(int, int) color.RGBA { return color.RGBA{200, 215, 255, 255} }),
			ground(t, func(int, int) color.RGBA { return color.RGBA{255, 235, 200, 255} }),
		},
		WarnGroundUneven: {
			ground(t, func(x, _ int) color.RGBA { return grey(uint8(255 - x/8)) }),
			ground(t, func(x, y int) color.RGBA { return grey(uint8(255 - 60*min(max(y-40, 0), 1)*min(max(430-x, 0), 1))) }),
		},
	}
	for code, all := range pictures {
		for i, picture := range all {
			p := fit(t, pngOf(t, picture))
			if len(p.Warnings) != 1 || p.Warnings[0].Code != code {
				t.Errorf("picture %d of %s: %q, %+v", i, code, p.Warnings, measure(picture, 480))
			}
		}
	}
	if len(pictures) != len(everyWarning()) {
		t.Errorf("%d pictures for %d warnings", len(pictures), len(everyWarning()))
	}
}

// everyWarning is what a photograph gets that misses all that it can miss.
func everyWarning() []Warning {
	all := Limits{}.judge(measures{burnt: 100, colour: 128, uneven: 255})
	return append(all, Limits{}.judge(measures{width: 999, sharpness: 99, face: 255, contrast: 99, ground: 255})...)
}

func TestWarningsGiveBothFiguresInBothLanguages(t *testing.T) {
	w := Limits{}.judge(measures{width: 999, sharpness: 12.3, face: 150, contrast: 99, ground: 255})
	want := []Warning{{WarnBlurred, 12.3, 40, "portrait: sharpness 12, at least 40 is asked for (out of focus or enlarged?)",
		"ảnh không nét: độ nét 12, cần ít nhất 40 (lệch tiêu cự hoặc bị phóng to?)"}}
	if !slices.Equal(w, want) || w[0].String() != want[0].Text {
		t.Errorf("%+v", w)
	}
	seen := map[string]bool{}
	for _, w := range everyWarning() {
		if seen[w.Code] || !strings.HasPrefix(w.Text, "portrait: ") || strings.Contains(w.Text+w.TextVi, "%!") {
			t.Errorf("%+v", w)
		}
		seen[w.Code] = true
	}
}

func TestSpecimensHaveNoWarnings(t *testing.T) {
	for _, name := range []string{"dang-dinh-mau.jpg", "nguyen-thi-mau.jpg"} {
		file, err := fs.ReadFile(specimen.Files(), name)
		if err != nil {
			t.Fatal(err)
		}
		if p := fit(t, file); len(p.Warnings) > 0 {
			t.Errorf("%s: %q", name, p.Warnings)
		}
	}
	for seed := range 16 {
		female, years := seed%2 == 0, 6+(37*seed)%95
		if p := fit(t, specimen.Portrait(uint64(seed), female, years)); len(p.Warnings) > 0 {
			t.Errorf("seed %d, female %v, %d years: %q", seed, female, years, p.Warnings)
		}
	}
}

// The more a picture is blurred, the less sharp it is; and neither contrast nor brightness changes that.
func TestSharpnessFollowsTheBlur(t *testing.T) {
	of := func(img *image.RGBA) float64 { return measure(img, 480).sharpness }
	last := of(drawn(t))
	for _, deviation := range []float64{1, 2, 3, 4, 6} {
		now := of(blurred(t, deviation))
		if now >= last || math.Abs(now-50/deviation) > 0.35*50/deviation {
			t.Errorf("blurred by %v: sharpness %.1f, after %.1f", deviation, now, last)
		}
		last = now
	}
	if of(grainy(drawn(t))) < leastSharpness || of(grainy(blurred(t, 3))) >= leastSharpness {
		t.Errorf("with grain the sharp picture has %.1f and the blurred one %.1f", of(grainy(drawn(t))), of(grainy(blurred(t, 3))))
	}
	faded := blurred(t, 3)
	for i, v := range faded.Pix {
		faded.Pix[i] = 100 + v/2
	}
	if a, b := of(blurred(t, 3)), of(faded); math.Abs(a-b) > 0.1*a {
		t.Errorf("sharpness %.1f, and %.1f with half the contrast", a, b)
	}
}

// grainy puts on what a poor sensor does.
func grainy(img *image.RGBA) *image.RGBA {
	random := rand.New(rand.NewPCG(3, 4))
	for i := range img.Pix {
		if i%4 != 3 {
			img.Pix[i] = uint8(min(max(float64(img.Pix[i])+4*random.NormFloat64(), 0), 255))
		}
	}
	return img
}

func TestLimitsOfOnesOwn(t *testing.T) {
	file := pngOf(t, scaled(t, 300, false))
	for _, c := range []struct {
		limits Limits
		want   []string
	}{
		{Limits{Width: 300}, nil},
		{Limits{Width: -1}, nil},
		{Limits{Width: 301}, []string{WarnSmall}},
		{Limits{Width: 1, Sharpness: 500, GroundDark: 256}, []string{WarnBlurred, WarnGroundDark}},
		{Limits{Width: 1, Dark: 256, Contrast: 256, Bright: 1}, []string{WarnDark, WarnBright, WarnFlat}},
	} {
		p, err := c.limits.Fit(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, w := range p.Warnings {
			got = append(got, w.Code)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%+v: %q, want %q", c.limits, got, c.want)
		}
	}
}

// A picture without anything in it must not divide by zero.
func TestEmptyPicture(t *testing.T) {
	for _, v := range []uint8{0, 255} {
		img := image.NewRGBA(image.Rect(0, 0, FaceWidth, FaceHeight))
		for i := range img.Pix {
			img.Pix[i] = v
		}
		m := measure(img, FaceWidth)
		for _, value := range []float64{m.sharpness, m.face, m.burnt, m.contrast, m.ground, m.colour, m.uneven} {
			if math.IsNaN(value) || math.IsInf(value, 0) {
				t.Errorf("%+v", m)
			}
		}
	}
}

func BenchmarkMeasure(b *testing.B) {
	p := picture{drawn(b), upright}
	face := p.resize(frame(p.size()), FaceWidth, FaceHeight)
	for b.Loop() {
		measure(face, 480)
	}
}

func BenchmarkFitSpecimen(b *testing.B) {
	file, err := fs.ReadFile(specimen.Files(), "dang-dinh-mau.jpg")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		fit(b, file)
	}
}
