package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"image"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cancuoc/cancuoc/layout"
	"github.com/cancuoc/cancuoc/layout/pdf"
	"github.com/cancuoc/cancuoc/layout/png"
)

// grey gives the brightness of a picture.
func grey(picture *image.RGBA) *image.Gray {
	out := image.NewGray(picture.Rect)
	for i := range out.Pix {
		p := picture.Pix[4*i : 4*i+3]
		out.Pix[i] = byte((299*int(p[0]) + 587*int(p[1]) + 114*int(p[2]) + 500) / 1000) // luma of ITU-R BT.601
	}
	return out
}

// blurred smears a picture by a Gaussian bell of a standard deviation in pixels, along columns and then along rows.
// Beyond its edges the picture goes on as it ends.
func blurred(picture *image.Gray, sigma float64) *image.Gray {
	var bell []float32
	sum, reach := float32(0), int(math.Ceil(4*sigma))
	for i := -reach; i <= reach; i++ {
		bell = append(bell, float32(math.Exp(-float64(i*i)/(2*sigma*sigma))))
		sum += bell[len(bell)-1]
	}
	for i := range bell {
		bell[i] /= sum
	}
	out, size := image.NewGray(picture.Rect), picture.Rect.Size()
	column := make([]float32, size.X+2*reach) // one row of the picture blurred along columns, with its ends drawn out
	for y := range size.Y {
		middle := column[reach : reach+size.X]
		clear(middle)
		for k, weight := range bell {
			row := picture.Pix[min(max(y+k-reach, 0), size.Y-1)*picture.Stride:][:size.X]
			for x, v := range row {
				middle[x] += weight * float32(v)
			}
		}
		for i := range reach {
			column[i], column[reach+size.X+i] = middle[0], middle[size.X-1]
		}
		to := out.Pix[y*out.Stride:][:size.X]
		for x := range to {
			light := float32(0.5)
			for k, weight := range bell {
				light += weight * column[x+k]
			}
			to[x] = byte(light)
		}
	}
	return out
}

// keepPGM writes a picture where programs find it.
func keepPGM(t testing.TB, path string, picture *image.Gray) {
	t.Helper()
	var out bytes.Buffer
	fmt.Fprintf(&out, "P5\n%d %d\n255\n", picture.Rect.Dx(), picture.Rect.Dy())
	out.Write(picture.Pix)
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// printed is a face that has a code, on paper and as pictures of it.
type printed struct {
	payload string
	version int     // of the symbol: 4 modules more on a side for each
	module  float64 // its width, in millimetres
	face    layout.Face
	sharp   string // path of a picture with 300 dots per inch
	soft    string // the same after a blur
}

// codeOn finds the face that has the code, and the code on it: one mark, whatever its modules.
func codeOn(t testing.TB, faces layout.Faces) (layout.Face, layout.Image) {
	t.Helper()
	var found []layout.Image
	var on layout.Face
	for _, f := range []layout.Face{faces.Front, faces.Back} {
		for _, m := range f.Marks {
			if m.Of().Field == "qr" {
				found, on = append(found, m.(layout.Image)), f
			}
		}
	}
	if len(found) != 1 || found[0].Modules == nil {
		t.Fatalf("a card has %d marks for its code", len(found))
	}
	return on, found[0]
}

const blurSigma = 1.5 // pixels of 300 dots per inch

// printCodes draws the codes of n invented citizens into a folder.
func printCodes(t testing.TB, folder, form string, eci bool, n int) (all []printed) {
	t.Helper()
	v := newInventor(t, 2026, form)
	v.templates = marked(t, form, eci)
	var painter png.Painter
	for i := range n {
		doc, portrait := v.next(t)
		payload, err := doc.QR()
		if err != nil {
			t.Fatal(err)
		}
		face, code := codeOn(t, v.faces(t, doc, portrait))
		picture, err := painter.Draw(face, 300)
		if err != nil {
			t.Fatal(err)
		}
		p := printed{payload: payload, version: (len(code.Modules) - 17) / 4, module: code.Width / float64(len(code.Modules)), face: face,
			sharp: filepath.Join(folder, fmt.Sprintf("sharp-%04d.pgm", i)), soft: filepath.Join(folder, fmt.Sprintf("soft-%04d.pgm", i))}
		light := grey(picture)
		keepPGM(t, p.sharp, light)
		keepPGM(t, p.soft, blurred(light, blurSigma))
		all = append(all, p)
	}
	return all
}

// zxing reads files named on its standard input with zxing-cpp, and answers a line each: the bytes of the code and its
// text, in hexadecimal, or nothing. Like zbar it is asked for QR codes alone: among the letters of one card in a thousand
// either finds a bar code of a few signs, beside the code.
const zxing = `
import sys, numpy, zxingcpp
for name in sys.stdin.read().splitlines():
    with open(name, "rb") as f:
        kind, size, depth, pixels = f.read().split(b"\n", 3)
    assert kind == b"P5" and depth == b"255"
    wide, high = map(int, size.split())
    picture = numpy.frombuffer(pixels, numpy.uint8).reshape(high, wide)
    found = zxingcpp.read_barcodes(picture, zxingcpp.BarcodeFormat.QRCode)
    print(" ".join(r.bytes.hex() + " " + r.text.encode().hex() for r in found))
`

// python is Debian's, which has the modules of Debian's packages.
const python = "/usr/bin/python3"

// byZXing gives the text of the code in each picture: as zxing-cpp understands it, once it has found the very bytes.
func byZXing(t testing.TB, paths []string) (texts []string) {
	t.Helper()
	cmd := exec.Command(python, "-c", zxing)
	cmd.Stdin = strings.NewReader(strings.Join(paths, "\n"))
	var notes bytes.Buffer
	cmd.Stderr = &notes
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, notes.String())
	}
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(lines) != len(paths) {
		t.Fatalf("%d answers for %d pictures", len(lines), len(paths))
	}
	for _, line := range lines {
		raw, text, _ := strings.Cut(line, " ")
		if raw != text {
			texts = append(texts, "bytes "+raw+" understood as "+text)
			continue
		}
		found, err := hex.DecodeString(raw)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(found))
	}
	return texts
}

// byZBarAsBytes gives the bytes of the code in each picture.
func byZBarAsBytes(t testing.TB, paths []string) []string { return zbarimg(t, paths, "-Sbinary") }

// byZBar gives the text of the code in each picture as zbar understands it.
func byZBar(t testing.TB, paths []string) []string { return zbarimg(t, paths) }

func zbarimg(t testing.TB, paths []string, options ...string) (texts []string) {
	t.Helper()
	texts = make([]string, len(paths))
	var group sync.WaitGroup
	for worker := range 2 {
		group.Go(func() {
			for i := worker; i < len(paths); i += 2 {
				args := append([]string{"-q", "--nodbus", "--raw", "--oneshot", "-Sdisable", "-Sqrcode.enable"}, options...)
				out, err := exec.Command("zbarimg", append(args, paths[i])...).Output()
				if stop, is := err.(*exec.ExitError); err != nil && !(is && stop.ExitCode() == 4) { // 4: it saw none
					t.Error(err)
				}
				texts[i] = strings.TrimSuffix(string(out), "\n")
			}
		})
	}
	group.Wait()
	return texts
}

// needsReaders skips the test where a reader of codes is missing.
func needsReaders(t *testing.T) {
	t.Helper()
	needs(t, "zbarimg", "pdftoppm")
	if err := exec.Command(python, "-c", "import numpy, zxingcpp").Run(); err != nil {
		missing(t, "python3-zxing-cpp is not installed: .ci/packages installs it")
	}
}

// clearOfBlur is the width in millimetres from which zbar reads a module through the blur of these tests: what version 8
// has in a code of 18 mm.
const clearOfBlur = 18. / 49

// Two readers that this project did not write read the code of every card, drawn by package png with 300 dots per inch:
// sharp, and after a blur, which zbar need bear only up to version 8 on 18 mm. Its own guess of a code's characters is
// another matter: it takes UTF-8 that nothing says is UTF-8 for something else.
func TestStrangersReadTheCodes(t *testing.T) {
	needsReaders(t)
	for _, form := range []string{"cancuoc-2024", "cccd-2021"} {
		for _, eci := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/eci=%v", form, eci), func(t *testing.T) {
				n := soaked(200, 13)
				if form == "cancuoc-2024" && !eci { // as cards are
					n = soaked(1000, 13)
				}
				cards := printCodes(t, t.TempDir(), form, eci, n)
				mustRead(t, "zxing-cpp", cards, sharp, byZXing, always)
				mustRead(t, "zxing-cpp, blurred", cards, soft, byZXing, always)
				mustRead(t, "zbar -Sbinary", cards, sharp, byZBarAsBytes, always)
				mustRead(t, "zbar -Sbinary, blurred", cards, soft, byZBarAsBytes, func(p printed) bool { return p.module >= clearOfBlur })
				mustRead(t, "zbar", cards, sharp, byZBar, func(printed) bool { return eci })
				mustReadPDF(t, cards[:soaked(40, 4)])
			})
		}
	}
}

func always(printed) bool    { return true }
func sharp(p printed) string { return p.sharp }
func soft(p printed) string  { return p.soft }

// readOf counts codes of a version.
type readOf struct{ read, of int }

// mustRead holds what a reader reads against what was printed: all of it, where must says so. The others are for the
// record alone, when there is time.
func mustRead(t *testing.T, name string, cards []printed, picture func(printed) string, reader func(testing.TB, []string) []string, must func(printed) bool) {
	t.Helper()
	var looked []printed
	var paths []string
	for _, c := range cards {
		if soaked(1, 0) == 1 || must(c) {
			looked, paths = append(looked, c), append(paths, picture(c))
		}
	}
	if len(paths) == 0 {
		return
	}
	texts := reader(t, paths)
	versions, due, wrong := map[int]readOf{}, 0, 0
	for i, c := range looked {
		count := versions[c.version]
		count.of++
		if texts[i] == c.payload {
			count.read++
		} else if must(c) {
			if wrong++; wrong < 4 {
				t.Errorf("%s, %s, version %d: got %q, want %q", name, filepath.Base(paths[i]), c.version, texts[i], c.payload)
			}
		}
		if must(c) {
			due++
		}
		versions[c.version] = count
	}
	t.Logf("%-24s %d of %d that it must read; by version: %v", name, due-wrong, due, versions)
}

// mustReadPDF has the same cards drawn by package pdf and then by poppler.
func mustReadPDF(t *testing.T, cards []printed) {
	t.Helper()
	var faces []layout.Face
	for _, c := range cards {
		faces = append(faces, c.face)
	}
	pages := map[string]string{}
	for i, path := range pagesOf(t, faces, "-gray") {
		pages[cards[i].sharp] = path
	}
	drawn := func(p printed) string { return pages[p.sharp] }
	mustRead(t, "PDF, zxing-cpp", cards, drawn, byZXing, always)
	mustRead(t, "PDF, zbar -Sbinary", cards, drawn, byZBarAsBytes, always)
}

// pagesOf writes faces as one PDF and gives the pictures that poppler draws of its pages, with 300 dots per inch.
func pagesOf(t testing.TB, faces []layout.Face, options ...string) []string {
	t.Helper()
	path := writePDF(t, faces)
	args := append([]string{"-r", "300"}, options...)
	if out, err := exec.Command("pdftoppm", append(args, path, path)...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	pages, err := filepath.Glob(path + "-*.p?m") // in the order of their numbers, which are equally long
	if err != nil || len(pages) != len(faces) {
		t.Fatalf("%d pictures of %d pages: %v", len(pages), len(faces), err)
	}
	return pages
}

func writePDF(t testing.TB, faces []layout.Face) string {
	t.Helper()
	var out bytes.Buffer
	if err := pdf.Write(&out, faces...); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "faces.pdf")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// readPGM reads a picture that a program has made.
func readPGM(t testing.TB, path string) *image.Gray {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var wide, high int
	if n, err := fmt.Sscanf(string(file[:min(len(file), 40)]), "P5\n%d %d\n255\n", &wide, &high); n != 2 || len(file) < wide*high {
		t.Fatalf("no PGM: %v", err)
	}
	return &image.Gray{Pix: file[len(file)-wide*high:], Stride: wide, Rect: image.Rect(0, 0, wide, high)}
}
