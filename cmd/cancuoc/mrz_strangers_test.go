package main

import (
	"fmt"
	"image"
	"os/exec"
	"regexp"
	"testing"

	"github.com/cancuoc/cancuoc/layout"
	"github.com/cancuoc/cancuoc/layout/png"
	"github.com/cancuoc/cancuoc/layout/scan"
)

// backs composes the backs of invented citizens' cards, with the zone that each must carry.
func backs(t testing.TB, form string, n int) (faces []layout.Face, zones [][3]string) {
	t.Helper()
	v := newInventor(t, 9303, form)
	for range n {
		doc, portrait := v.next(t)
		zone, err := doc.MRZ()
		if err != nil {
			t.Fatal(err)
		}
		faces, zones = append(faces, v.faces(t, doc, portrait).Back), append(zones, zone)
	}
	return faces, zones
}

// mustReadZone reads the zone in a picture of the back of a card.
func mustReadZone(t *testing.T, name string, picture image.Image, want [3]string) {
	t.Helper()
	z, err := scan.MRZ(picture, 0)
	if err != nil || z.Lines != want {
		t.Errorf("%s: %v, got\n%q, want\n%q", name, err, z.Lines, want)
	}
}

// The machine readable zones of invented citizens are read back from pictures with 300 dots per inch: each as package png
// draws it, and half of them as poppler draws the PDF.
func TestZonesAreReadBack(t *testing.T) {
	needs(t, "pdftoppm")
	for _, form := range []string{"cancuoc-2024", "cccd-2021"} {
		t.Run(form, func(t *testing.T) {
			faces, zones := backs(t, form, soaked(100, 6))
			var painter png.Painter
			for i, face := range faces {
				picture, err := painter.Draw(face, 300)
				if err != nil {
					t.Fatal(err)
				}
				mustReadZone(t, fmt.Sprint("card ", i), picture, zones[i])
			}
			for i, path := range pagesOf(t, faces[:soaked(50, 3)], "-gray") {
				mustReadZone(t, fmt.Sprint("card ", i, " by poppler"), readPGM(t, path), zones[i])
			}
		})
	}
}

// From one PDF of many backs pdftotext takes the three lines of each page.
func TestZonesAreExtracted(t *testing.T) {
	needs(t, "pdftotext")
	line := regexp.MustCompile(`(?m)^ *([A-Z0-9<]{30}) *$`)
	for _, form := range []string{"cancuoc-2024", "cccd-2021"} {
		faces, zones := backs(t, form, soaked(100, 10))
		out, err := exec.Command("pdftotext", "-layout", writePDF(t, faces), "-").Output()
		if err != nil {
			t.Fatal(err)
		}
		found := line.FindAllStringSubmatch(string(out), -1)
		if len(found) != 3*len(zones) {
			t.Fatalf("%s: %d lines of %d zones", form, len(found), len(zones))
		}
		for i, zone := range zones {
			if got := [3]string{found[3*i][1], found[3*i+1][1], found[3*i+2][1]}; got != zone {
				t.Errorf("%s, page %d: got %q, want %q", form, i+1, got, zone)
			}
		}
	}
}
