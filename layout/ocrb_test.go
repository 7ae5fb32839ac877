package layout

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"math"
	"math/bits"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	zoneCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<"

	ocrbFont = "/usr/share/fonts/opentype/ocr-b/OCRB.otf" // of Debian's fonts-ocr-b
	testDPI  = 600
	cellWide = 60  // pixels: OCRBPitch
	cellHigh = 120 // pixels: OCRBCapital and what is taller, and room around
	baseline = 90  // pixels from the top
)

// bitmap is the cell of one character, one word a row.
type bitmap [cellHigh]uint64

// drawn makes a bitmap of a character's centre lines: ink is what lies under a round pen of OCRBStroke.
func drawn(c byte) (b bitmap) {
	lines := stretches(OCRB(c))
	for row := range cellHigh {
		for col := range cellWide {
			x := (float64(col)+0.5)*25.4/testDPI - OCRBPitch/2
			y := (float64(row)+0.5-baseline)*25.4/testDPI + OCRBCapital/2
			for _, l := range lines {
				if l.distance(x, y) <= OCRBStroke/2 {
					b[row] |= 1 << col
					break
				}
			}
		}
	}
	return b
}

type stretch struct{ a, b Point }

func stretches(outline []Segment) (out []stretch) {
	for _, line := range Flatten(outline) {
		for i := range line[1:] {
			out = append(out, stretch{line[i], line[i+1]})
		}
	}
	return out
}

func (s stretch) distance(x, y float64) float64 {
	dx, dy := s.b.X-s.a.X, s.b.Y-s.a.Y
	t := 0.0
	if long := dx*dx + dy*dy; long > 0 {
		t = max(0, min(1, ((x-s.a.X)*dx+(y-s.a.Y)*dy)/long))
	}
	return math.Hypot(x-s.a.X-t*dx, y-s.a.Y-t*dy)
}

// fontFile gives a PDF of the characters of a zone in the font, one beside the other at the pitch of OCR-B: poppler
// draws it, for golang.org/x/image/font/sfnt does not know an operator (flex1) that two of the glyphs use. The pitch
// alone sets the scale: 723 units of the font's em of 1000 are 2.54 mm. That makes its stroke of 100 units 0.351 mm
// and its E, of 700, 2.459 mm: the font as it is has the measures of the standard.
func fontFile(font []byte) []byte {
	const points = 72.0 / testDPI
	content := fmt.Sprintf("BT /F %f Tf 0 %f Td (%s) Tj ET",
		cellWide*points/0.723, (cellHigh-baseline)*points, zoneCharacters)
	var out bytes.Buffer
	out.WriteString("%PDF-1.6\n")
	var at []int
	for _, o := range []string{
		"<</Type/Catalog/Pages 2 0 R>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		fmt.Sprintf("<</Type/Page/Parent 2 0 R/MediaBox[0 0 %f %f]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
			float64(len(zoneCharacters)*cellWide)*points, cellHigh*points),
		fmt.Sprintf("<</Length %d>>stream\n%s\nendstream", len(content), content),
		"<</Type/Font/Subtype/Type1/BaseFont/OCRB/FirstChar 32/LastChar 126/Widths[" + strings.Repeat("723 ", 95) +
			"]/FontDescriptor 6 0 R/Encoding/WinAnsiEncoding>>",
		"<</Type/FontDescriptor/FontName/OCRB/Flags 32/FontBBox[0 -300 800 1000]/ItalicAngle 0/Ascent 800" +
			"/Descent -200/CapHeight 700/StemV 100/FontFile3 7 0 R>>",
		fmt.Sprintf("<</Subtype/OpenType/Length %d>>stream\n%s\nendstream", len(font), font),
	} {
		at = append(at, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", len(at), o)
	}
	table := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, offset := range at {
		fmt.Fprintf(&out, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&out, "trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, table)
	return out.Bytes()
}

// fontBitmaps gives the font's bitmaps. It skips the test where the font or poppler is missing.
func fontBitmaps(t *testing.T) map[byte]bitmap {
	t.Helper()
	font, err := os.ReadFile(ocrbFont)
	if err != nil {
		missing(t, "the package fonts-ocr-b is not installed: ", err)
	}
	if _, err := exec.LookPath("pdftoppm"); err != nil {
		missing(t, "the package poppler-utils is not installed: ", err)
	}
	path := filepath.Join(t.TempDir(), "font")
	if err := os.WriteFile(path+".pdf", fontFile(font), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("pdftoppm", "-r", fmt.Sprint(testDPI), "-gray", "-png", "-singlefile",
		path+".pdf", path).CombinedOutput()
	if err != nil {
		t.Fatalf("pdftoppm: %v\n%s", err, out)
	}
	file, err := os.ReadFile(path + ".png")
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if want := image.Rect(0, 0, len(zoneCharacters)*cellWide, cellHigh); img.Bounds() != want {
		t.Fatalf("the page is %v, want %v", img.Bounds(), want)
	}
	all := map[byte]bitmap{}
	for i, c := range []byte(zoneCharacters) {
		var b bitmap
		for row := range cellHigh {
			for col := range cellWide {
				if v, _, _, _ := img.At(i*cellWide+col, row).RGBA(); v < 0x8000 {
					b[row] |= 1 << col
				}
			}
		}
		all[c] = b
	}
	return all
}

func missing(t *testing.T, why ...any) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(why...)
	}
	t.Skip(why...)
}

// overlap gives the ink that two characters share, of the ink of either, where they lie best within some pixels.
func overlap(a, b bitmap) (best float64) {
	const reach = 3
	for down := -reach; down <= reach; down++ {
		for right := -reach; right <= reach; right++ {
			both, either := 0, 0
			for row := range cellHigh {
				var line uint64
				if from := row - down; from >= 0 && from < cellHigh {
					line = b[from]
				}
				if right < 0 {
					line >>= -right
				} else {
					line <<= right
				}
				both += bits.OnesCount64(a[row] & line)
				either += bits.OnesCount64(a[row] | line)
			}
			best = max(best, float64(both)/float64(either))
		}
	}
	return best
}

// Each character of ours covers that of a font that another hand drew after the standard, and none covers it better.
func TestOCRBAgainstFont(t *testing.T) {
	theirs := fontBitmaps(t)
	least := 1.0
	for _, c := range []byte(zoneCharacters) {
		ours := drawn(c)
		own := overlap(ours, theirs[c])
		if least = min(least, own); own < 0.90 {
			t.Errorf("%c overlaps by %.3f, want 0.90", c, own)
		}
		next, second := byte(0), 0.0
		for _, d := range []byte(zoneCharacters) {
			if o := overlap(ours, theirs[d]); d != c && o > second {
				next, second = d, o
			}
		}
		if second >= own {
			t.Errorf("%c overlaps the font's %c by %.3f, its own by %.3f", c, next, second, own)
		}
		t.Logf("%c %.3f, then %c %.3f", c, own, next, second)
	}
	t.Logf("least %.3f", least)
}

// The measures of the standard: capitals between bars are 2.46 mm high over all, nothing leaves its cell, every line
// of the table is read to its end, and nothing but the 37 characters is drawn.
func TestOCRBMeasures(t *testing.T) {
	for c := range 256 {
		got := OCRB(byte(c))
		if known := strings.IndexByte(zoneCharacters, byte(c)) >= 0; known != (got != nil) {
			t.Errorf("%c: %d segments", byte(c), len(got))
		}
		if got == nil {
			continue
		}
		if written := strings.Join(strings.Fields(ocrbTable[c]), " "); written != write(got) {
			t.Errorf("%c is read as\n%s, not\n%s", c, write(got), written)
		}
		low, high := Point{9, 9}, Point{-9, -9}
		for _, s := range stretches(got) {
			for _, p := range []Point{s.a, s.b} {
				low, high = Point{min(low.X, p.X), min(low.Y, p.Y)}, Point{max(high.X, p.X), max(high.Y, p.Y)}
			}
		}
		if strings.IndexByte("BDEIZ", byte(c)) >= 0 && math.Abs(high.Y-low.Y+OCRBStroke-OCRBCapital) > 0.001 {
			t.Errorf("%c is %.3f mm high, want %.2f", c, high.Y-low.Y+OCRBStroke, OCRBCapital)
		}
		if most := OCRBPitch/2 - OCRBStroke; low.X < -most || high.X > most {
			t.Errorf("%c reaches from %.3f to %.3f mm: into its neighbours", c, low.X, high.X)
		}
		if low.Y < -1.32 || high.Y > 1.12 {
			t.Errorf("%c reaches from %.3f to %.3f mm: out of its line", c, low.Y, high.Y)
		}
	}
}

func write(outline []Segment) string {
	var words []string
	for _, s := range outline {
		words = append(words, string(s.Op))
		for _, p := range s.Points[:s.Op.Points()] {
			words = append(words, fmt.Sprintf("%.0f %.0f", p.X*1000, p.Y*1000))
		}
	}
	return strings.Join(words, " ")
}

// A quarter of a circle stays one within a micrometre (and what the Bézier curve itself is off), and lines begin and
// end where the pen does.
func TestFlatten(t *testing.T) {
	const r = 10.0
	lines := Flatten(append(rounded(-r, -r, 2*r, 2*r, r), polygon(Point{1, 1}, Point{2, 1}, Point{2, 2})[:2]...))
	if len(lines) != 2 || len(lines[1]) != 2 {
		t.Fatalf("%d lines, want a circle and a stretch", len(lines))
	}
	if circle := lines[0]; circle[0] != circle[len(circle)-1] {
		t.Error("the circle is not closed")
	}
	for i, p := range lines[0][1:] {
		q := lines[0][i]
		if middle := math.Hypot((p.X+q.X)/2, (p.Y+q.Y)/2); math.Abs(middle-r) > flatness+0.0003*r {
			t.Errorf("the circle of %g mm is off by %g at its step %d", r, middle-r, i)
		}
	}
	for _, wild := range []float64{math.NaN(), math.Inf(1), 1e300} {
		if n := len(Flatten([]Segment{{Op: Move}, {Op: Curve, Points: [3]Point{{wild, 0}, {0, wild}}}})[0]); n > 1001 {
			t.Errorf("%g makes %d points", wild, n)
		}
	}
}
