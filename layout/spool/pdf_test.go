package spool

import (
	"bytes"
	"encoding/xml"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/specimen"
	"github.com/cancuoc/cancuoc/layout"
	"github.com/cancuoc/cancuoc/layout/pdf"
)

// bbox is what pdftotext -bbox writes.
type bbox struct {
	Pages []struct {
		Width  float64 `xml:"width,attr"`
		Height float64 `xml:"height,attr"`
		Words  []struct {
			Text string  `xml:",chardata"`
			XMin float64 `xml:"xMin,attr"`
			YMin float64 `xml:"yMin,attr"`
			XMax float64 `xml:"xMax,attr"`
			YMax float64 `xml:"yMax,attr"`
		} `xml:"word"`
	} `xml:"body>doc>page"`
}

// drawn draws pages into a file.
func drawn(t *testing.T, pages []layout.Face) string {
	t.Helper()
	var file bytes.Buffer
	if err := pdf.Write(&file, pages...); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "card.pdf")
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// stranger runs a program that this project did not write, and gives its output.
func stranger(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(name, " is not installed: .ci/packages installs it")
		}
		t.Skip(name, " is not installed: .ci/packages installs it")
	}
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return out
}

// wordsOf draws pages and lets poppler read them.
func wordsOf(t *testing.T, pages []layout.Face) (read bbox) {
	t.Helper()
	out := stranger(t, "pdftotext", "-bbox", drawn(t, pages), "-")
	dec := xml.NewDecoder(bytes.NewReader(out))
	dec.Strict, dec.Entity = false, xml.HTMLEntity
	if err := dec.Decode(&read); err != nil {
		t.Fatal(err)
	}
	return read
}

func specimenFaces(t *testing.T) layout.Faces {
	t.Helper()
	raw, err := specimen.Record("le-mau-nhi")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := card.ParseRecord(raw)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := doc.MRZ()
	if err != nil {
		t.Fatal(err)
	}
	qr, err := doc.QR()
	if err != nil {
		t.Fatal(err)
	}
	faces, err := layout.Compose(layout.Card{Document: doc, MRZ: lines, QR: qr})
	if err != nil {
		t.Fatal(err)
	}
	return faces
}

// What a printer's profile asks for is what another program reads off the page: every word, moved and turned.
func TestPagesAsPDF(t *testing.T) {
	const mm = 72 / 25.4
	faces := specimenFaces(t)
	plain := wordsOf(t, Printer{}.Pages(faces))
	p := Printer{Width: 90, Height: 60, OffsetX: 0.75, OffsetY: -1.5, RotateBack: true}
	placed := wordsOf(t, p.Pages(faces))
	if len(plain.Pages) != 2 || len(placed.Pages) != 2 {
		t.Fatalf("%d and %d pages", len(plain.Pages), len(placed.Pages))
	}
	for i, page := range plain.Pages {
		if w := placed.Pages[i]; math.Abs(w.Width/mm-90) > 0.01 || math.Abs(w.Height/mm-60) > 0.01 {
			t.Errorf("page %d is %.2f x %.2f mm", i, w.Width/mm, w.Height/mm)
		}
		right, down := (90-faces.Front.Width)/2+0.75, (60-faces.Front.Height)/2-1.5
		seen := 0
		for _, w := range page.Words {
			x, y := (w.XMin+w.XMax)/2/mm, (w.YMin+w.YMax)/2/mm
			if i == 1 {
				x, y = faces.Back.Width-x, faces.Back.Height-y
			}
			for _, got := range placed.Pages[i].Words {
				if got.Text == w.Text && math.Hypot((got.XMin+got.XMax)/2/mm-x-right, (got.YMin+got.YMax)/2/mm-y-down) < 0.1 {
					seen++
					break
				}
			}
		}
		if len(page.Words) < 5 || seen != len(page.Words) {
			t.Errorf("page %d: of %d words %d are where they should be", i, len(page.Words), seen)
		}
	}
}

// Pages as printers want them, turned, moved or the front alone, are sound files.
func TestPagesAreSoundForQpdf(t *testing.T) {
	faces := specimenFaces(t)
	for _, p := range []Printer{{}, {Width: 90, Height: 60, OffsetX: 0.75, OffsetY: -1.5, RotateBack: true}, {Sides: "front"}, {RotateBack: true, OffsetX: 1}} {
		if out := string(stranger(t, "qpdf", "--check", drawn(t, p.Pages(faces)))); !strings.Contains(out, "No syntax or stream encoding errors found") {
			t.Errorf("%+v: %s", p, out)
		}
	}
}
