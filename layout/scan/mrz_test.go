package scan

import (
	"errors"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "image/png"
)

func read(t testing.TB, img image.Image) Zone {
	t.Helper()
	z, err := MRZ(img, 0)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// soaked gives how many of n things a test does: all of them when there is time, and else one of twenty.
func soaked(n int) int {
	if os.Getenv("CANCUOC_SOAK") != "" {
		return n
	}
	return (n + 19) / 20
}

// Zones of random characters are read, as they are and with all disturbances at once.
func TestMRZReadsRandomZones(t *testing.T) {
	r := rand.New(rand.NewPCG(9303, 5))
	leastScore, leastLead := 1.0, 1.0
	for i := range soaked(100) {
		zone := randomZone(r)
		disturbed := picture{dpi: 300, right: r.Float64() - 0.5, down: r.Float64() - 0.5, turn: 2*r.Float64() - 1,
			blur: 1.5 * r.Float64(), paper: 150 + 100*r.Float64(), ink: 60 * r.Float64(), noise: 12, quality: 60}
		for _, p := range []picture{plain(300), disturbed} {
			z := read(t, p.paint(t, zone, r))
			if z.Lines != zone {
				t.Errorf("zone %d, %+v:\n got %q\nwant %q", i, p, z.Lines, zone)
			}
			score, lead := z.Least()
			leastScore, leastLead = min(leastScore, score), min(leastLead, lead)
		}
	}
	t.Logf("least score %.3f, least lead %.3f", leastScore, leastLead)
}

// Each disturbance at its worst, and all of them together, at every resolution; the place and the turn are told.
func TestMRZDisturbed(t *testing.T) {
	for name, p := range map[string]picture{
		"150 dpi":  plain(150),
		"203 dpi":  plain(203),
		"600 dpi":  plain(600),
		"1200 dpi": plain(1200),
		"offset":   {dpi: 300, paper: 255, right: 0.5, down: -0.5},
		"turned":   {dpi: 300, paper: 255, turn: 1},
		"both":     {dpi: 300, paper: 255, right: -0.5, down: 0.5, turn: -1},
		"blurred":  {dpi: 300, paper: 255, blur: 1.5},
		"grey":     {dpi: 300, paper: 120, ink: 60},
		"noise":    {dpi: 300, paper: 200, ink: 60, noise: 25},
		"jpeg":     {dpi: 300, paper: 255, quality: 20},
		"negative": {dpi: 300, paper: 0, ink: 255},
		"all":      {dpi: 300, paper: 180, ink: 40, right: 0.5, down: 0.5, turn: 1, blur: 1.5, noise: 12, quality: 60},
		"all, 150": {dpi: 150, paper: 180, ink: 40, right: 0.5, down: 0.5, turn: -1, blur: 0.75, noise: 12, quality: 60},
	} {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(9303, 3))
			zone := randomZone(r)
			img := p.paint(t, zone, r)
			if name == "negative" { // white ink is none
				if z, err := MRZ(img, 0); !errors.Is(err, ErrNoZone) {
					t.Fatalf("got %q, %v", z.Lines, err)
				}
				return
			}
			z := read(t, img)
			if z.Lines != zone {
				t.Errorf("got\n%q, want\n%q", z.Lines, zone)
			}
			score, lead := z.Least()
			t.Logf("least score %.3f, least lead %.3f, offset %.3f, turn %.2f", score, lead, z.Offset, z.Turn)
			m := zoneMiddle()
			sin, cos := math.Sincos(p.turn * math.Pi / 180)
			x, y := m.X-cardWidth/2, m.Y-cardHeight/2
			right, down := p.right+x*cos-y*sin-x, p.down+x*sin+y*cos-y
			// the picture of a card has a whole number of pixels: up to half of one is stretched
			if math.Hypot(z.Offset.X-right, z.Offset.Y-down) > 0.02+12.7/p.dpi || math.Abs(z.Turn-p.turn) > 0.05 {
				t.Errorf("offset %.3f, turn %.2f, want %.3f %.3f, %.2f", z.Offset, z.Turn, right, down, p.turn)
			}
		})
	}
}

// A zone with one character changed is read as changed, there and nowhere else.
func TestMRZReadsChanges(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	zone := [3]string{"IDVNM2000000130000200000013<<0", "0003159M4003157VNM<<<<<<<<<<<6", "DANG<<DINH<MAU<<<<<<<<<<<<<<<<"}
	type change struct {
		line, column int
		to           byte
	}
	for _, change := range []change{{0, 5, 'O'}, {1, 6, '6'}, {2, 14, 'K'}, {2, 29, 'C'}} {
		changed := zone
		line := []byte(zone[change.line])
		line[change.column] = change.to
		changed[change.line] = string(line)
		if z := read(t, plain(300).paint(t, changed, r)); z.Lines != changed {
			t.Errorf("got\n%q, want\n%q", z.Lines, changed)
		}
	}
}

// What is half one character and half another is neither. One of three cells is so, each pair once.
func TestMRZIsNotSureOfHalves(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	var pairs [][2]byte
	for i := range characters {
		for j := range i {
			pairs = append(pairs, [2]byte{characters[i], characters[j]})
		}
	}
	r.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
	pairs = pairs[:soaked(len(pairs))]
	for _, p := range []picture{plain(300), {dpi: 300, paper: 200, ink: 30, blur: 1.5, noise: 10, quality: 60}} {
		for part := range slices.Chunk(pairs, lines*columns/3) {
			zone := randomZone(r)
			c, half := newCanvas(p), newCanvas(p)
			for i := range lines * columns {
				if line, column := i/columns, i%columns; i%3 == 0 && i/3 < len(part) {
					c.character(p, line, column, part[i/3][0], 0.5)
					half.character(p, line, column, part[i/3][1], 0.5)
				} else {
					c.character(p, line, column, zone[line][column], 1)
				}
			}
			for i, v := range half.light {
				c.light[i] += v - p.paper
			}
			z := read(t, c.develop(t, p, r))
			for i := range lines * columns {
				cell := z.Cells[i/columns][i%columns]
				if i%3 == 0 && i/3 < len(part) {
					if cell.Read != '?' {
						t.Errorf("half %c and half %c is read as %+v", part[i/3][0], part[i/3][1], cell)
					}
				} else if cell.Read != zone[i/columns][i%columns] {
					t.Errorf("a whole %c is read as %+v", zone[i/columns][i%columns], cell)
				}
			}
		}
	}
}

// Blank cells, blots and scratches are no characters, and leave the others as they are.
func TestMRZDamaged(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	zone := randomZone(r)
	p := picture{dpi: 300, paper: 230, ink: 20, noise: 5}
	for name, damage := range map[string]func(x, y float64) (light float64, here bool){
		"blank":        func(_, _ float64) (float64, bool) { return p.paper, true },
		"blot":         func(x, y float64) (float64, bool) { return p.ink, math.Hypot(x, y) < 1.1 },
		"grey":         func(_, _ float64) (float64, bool) { return 120, true },
		"only the top": func(_, y float64) (float64, bool) { return p.paper, y > -0.6 },
		"bars":         func(x, _ float64) (float64, bool) { return p.ink, int(10+x/0.3)%2 == 0 },
	} {
		t.Run(name, func(t *testing.T) {
			c := newCanvas(p)
			for line, text := range zone {
				for column := range text {
					c.character(p, line, column, text[column], 1)
				}
			}
			for _, column := range []int{0, 7, 29} {
				x, y := lying(0, 0, 0).put(1, column, 0, 0)
				for i := range c.light {
					atX, atY := (float64(i%c.wide)+0.5)/c.px-x, (float64(i/c.wide)+0.5)/c.px-y
					if light, here := damage(atX, atY); here && math.Abs(atX) < 1.2 && math.Abs(atY) < 1.6 {
						c.light[i] = light
					}
				}
			}
			want := zone
			want[1] = "?" + zone[1][1:7] + "?" + zone[1][8:29] + "?"
			if z := read(t, c.develop(t, p, r)); z.Lines != want {
				t.Errorf("got\n%q, want\n%q", z.Lines, want)
			}
		})
	}
}

// huge is a picture that has no memory behind it, and tells when it is looked at.
type huge struct{ image.Rectangle }

func (h huge) Bounds() image.Rectangle { return h.Rectangle }
func (huge) ColorModel() color.Model   { return color.GrayModel }
func (huge) At(_, _ int) color.Color   { panic("it is looked at") }

// What is no picture of a card's back is refused, by words that say what is wrong.
func TestMRZRefuses(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	size := image.Rect(0, 0, 1011, 638)
	fill := func(at func(x, y int) uint8) image.Image {
		img := image.NewGray(size)
		for i := range img.Pix {
			img.Pix[i] = at(i%img.Stride, i/img.Stride)
		}
		return img
	}
	noise := fill(func(_, _ int) uint8 { return uint8(r.IntN(256)) })
	photo := newCanvas(plain(300)) // smooth noise of two sizes
	for i := range photo.light {
		photo.light[i] = 4000 * (r.Float64() - 0.45)
	}
	photo.blur(8)
	grain := newCanvas(plain(300))
	for i := range grain.light {
		photo.light[i] += 600 * (r.Float64() - 0.5)
	}
	grain.blur(2)
	for i := range grain.light {
		photo.light[i] = max(0, min(255, 128+photo.light[i]/8+grain.light[i]))
	}
	zone := randomZone(r)
	good := plain(300).paint(t, zone, r)
	turned := fill(func(x, y int) uint8 { return good.(*image.Gray).GrayAt(1010-x, 637-y).Y })
	for name, c := range map[string]struct {
		img  image.Image
		dpi  float64
		want string
	}{
		"none":         {nil, 0, "there is no picture"},
		"empty":        {image.NewGray(image.Rectangle{}), 0, "is empty"},
		"huge":         {huge{image.Rect(0, 0, 8560, 5398)}, 0, "at most 40 million"},
		"without end":  {huge{image.Rect(0, 0, math.MaxInt, math.MaxInt)}, 0, "at most 40 million"},
		"line":         {image.NewGray(image.Rect(0, 0, 1011, 1)), 0, "proportions"},
		"square":       {image.NewGray(image.Rect(0, 0, 1011, 1011)), 0, "proportions"},
		"coarse":       {plain(100).paint(t, zone, r), 0, "150 to 1200"},
		"fine":         {huge{image.Rect(0, 0, 5055, 3187)}, 0, "150 to 1200"},
		"not a number": {good, math.NaN(), "150 to 1200"},
		"negative":     {good, -300, "150 to 1200"},
		"cut off":      {good, 310, "and a card has"},
		"white":        {fill(func(_, _ int) uint8 { return 255 }), 0, ErrNoZone.Error()},
		"black":        {fill(func(_, _ int) uint8 { return 0 }), 0, ErrNoZone.Error()},
		"slope":        {fill(func(x, y int) uint8 { return uint8((x + y) / 8) }), 0, ErrNoZone.Error()},
		"stripes":      {fill(func(x, _ int) uint8 { return uint8(x / 4 % 2 * 255) }), 0, ErrNoZone.Error()},
		"noise":        {noise, 0, ErrNoZone.Error()},
		"photo":        {photo.develop(t, plain(300), r), 0, ErrNoZone.Error()},
		"upside down":  {turned, 0, ErrNoZone.Error()},
		"elsewhere":    {picture{dpi: 300, paper: 255, down: -3}.paint(t, zone, r), 0, ErrNoZone.Error()},
		"askew":        {picture{dpi: 300, paper: 255, turn: 4}.paint(t, zone, r), 0, ErrNoZone.Error()},
	} {
		z, err := MRZ(c.img, c.dpi)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "scan: ") {
			t.Errorf("%s: got %q, %v; want an error with %q", name, z.Lines, err, c.want)
		}
	}
}

// A picture that shows more than the card, and whose corner is not at 0, is read by its resolution.
func TestMRZInLargerPicture(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	zone := randomZone(r)
	small := plain(300).paint(t, zone, r).(*image.Gray)
	sheet := image.NewNRGBA(image.Rect(-20, -30, 1400, 900)) // transparent where nothing is: white
	for y := range 638 {
		for x := range 1011 {
			sheet.Set(x-20, y-30, small.At(x, y))
		}
	}
	if z, err := MRZ(sheet, 300); err != nil || z.Lines != zone {
		t.Errorf("got %q, %v, want %q", z.Lines, err, zone)
	}
}

// A zone that is printed one cell to the right is not taken for one in its place.
func TestMRZOneCellOff(t *testing.T) {
	r := rand.New(rand.NewPCG(12, 12))
	zone := randomZone(r)
	z := read(t, picture{dpi: 300, paper: 255, right: 2.54}.paint(t, zone, r))
	for i, line := range z.Lines {
		if want := "?" + zone[i][:columns-1]; line != want {
			t.Errorf("got %q, want %q", line, want)
		}
	}
}

// strangerZone is a zone in a font that another hand drew (Debian's fonts-ocr-b), drawn by poppler, which shares no
// table and no line of code with us.
const strangerZone = `ABCDEFGHIJKLMNOPQRSTUVWXYZ0123
456789<<<0O0OQ8B8BS5S5Z2Z2I1I1
TTII11VVUUWWMMNNHHKKXXYYPPRRFF`

func TestMRZOfStranger(t *testing.T) {
	font, err := os.ReadFile("/usr/share/fonts/opentype/ocr-b/OCRB.otf")
	if err != nil {
		missing(t, "the package fonts-ocr-b is not installed: ", err)
	}
	if _, err := exec.LookPath("pdftoppm"); err != nil {
		missing(t, "the package poppler-utils is not installed: ", err)
	}
	path := filepath.Join(t.TempDir(), "back")
	if err := os.WriteFile(path+".pdf", strangersBack(font, strings.Split(strangerZone, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dpi := range []string{"150", "200", "300", "600"} {
		out, err := exec.Command("pdftoppm", "-r", dpi, "-png", "-singlefile", path+".pdf", path).CombinedOutput()
		if err != nil {
			t.Fatalf("pdftoppm: %v\n%s", err, out)
		}
		file, err := os.Open(path + ".png")
		if err != nil {
			t.Fatal(err)
		}
		img, _, err := image.Decode(file)
		file.Close()
		if err != nil {
			t.Fatal(err)
		}
		z := read(t, img)
		if got := strings.Join(z.Lines[:], "\n"); got != strangerZone {
			t.Errorf("%s dpi: got\n%s\nwant\n%s", dpi, got, strangerZone)
		}
		score, lead := z.Least()
		t.Logf("%s dpi: least score %.3f, least lead %.3f, offset %.3f", dpi, score, lead, z.Offset)
	}
}

func missing(t *testing.T, why ...any) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(why...)
	}
	t.Skip(why...)
}

func BenchmarkMRZ(b *testing.B) {
	r := rand.New(rand.NewPCG(6, 6))
	img := plain(300).paint(b, randomZone(r), r)
	for b.Loop() {
		if _, err := MRZ(img, 0); err != nil {
			b.Fatal(err)
		}
	}
}

// Nothing that a picture of the least size may show makes MRZ panic, and what it reads is a zone.
func FuzzMRZ(f *testing.F) {
	r := rand.New(rand.NewPCG(7, 7))
	good := plain(150).paint(f, randomZone(r), r).(*image.Gray)
	f.Add(good.Pix, 0.0)
	f.Add([]byte{0, 255}, 150.0)
	f.Add([]byte{}, math.Inf(1))
	f.Fuzz(func(t *testing.T, light []byte, dpi float64) {
		img := image.NewGray(good.Rect)
		for i := range img.Pix {
			if len(light) > 0 {
				img.Pix[i] = light[i%len(light)]
			}
		}
		z, err := MRZ(img, dpi)
		if err != nil {
			return
		}
		for _, line := range z.Lines {
			if len(line) != columns || strings.Trim(line, characters+"?") != "" {
				t.Errorf("read %q", line)
			}
		}
	})
}
