package main

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// blankPDF is a PDF of so many empty pages, in points.
func blankPDF(wide, high, pages int) []byte {
	var out bytes.Buffer
	out.WriteString("%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n")
	kids := ""
	for i := range pages {
		kids += fmt.Sprintf("%d 0 R ", 3+i)
	}
	fmt.Fprintf(&out, "2 0 obj\n<< /Type /Pages /Kids [%s] /Count %d >>\nendobj\n", kids, pages)
	for i := range pages {
		fmt.Fprintf(&out, "%d 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] >>\nendobj\n", 3+i, wide, high)
	}
	out.WriteString("trailer\n<< /Root 1 0 R >>\n%%EOF\n")
	return out.Bytes()
}

// A PDF is looked at without a file of it being made, four pages of it, and each no larger than a sheet.
func TestPicturesOfAPDF(t *testing.T) {
	if _, err := exec.LookPath("pdftoppm"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("pdftoppm is not installed")
		}
		t.Skip("pdftoppm is not installed: .ci/packages test")
	}
	folder := t.TempDir()
	t.Setenv("TMPDIR", filepath.Join(folder, "nowhere"))
	for _, c := range []struct {
		name              string
		file              []byte
		pages, wide, high int
	}{
		{"card.pdf", blankPDF(243, 153, 2), 2, 1013, 638},
		{"long.pdf", blankPDF(72, 72, 40), 4, 300, 300},
		{"house.pdf", blankPDF(7000, 7000, 1), 1, 4961, 4961}, // 29,167 pixels each way
	} {
		path := filepath.Join(folder, c.name)
		if err := os.WriteFile(path, c.file, 0o600); err != nil {
			t.Fatal(err)
		}
		pictures, err := facePictures(t.Context(), path)
		if err != nil || len(pictures) != c.pages || pictures[0].Bounds().Size() != image.Pt(c.wide, c.high) {
			t.Errorf("%s: %d pictures, %v", c.name, len(pictures), err)
		}
	}
	broken := filepath.Join(folder, "broken.pdf")
	if err := os.WriteFile(broken, []byte("%PDF-1.4\nno more"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := facePictures(t.Context(), broken); err == nil || !strings.Contains(err.Error(), "pdftoppm cannot read it") {
		t.Errorf("a broken PDF: %v", err)
	}
}

// A JPEG that asks for pass after pass over its pixels is refused before the first.
func TestAPictureOfManyScans(t *testing.T) {
	var file bytes.Buffer
	if err := jpeg.Encode(&file, image.NewGray(image.Rect(0, 0, 8, 8)), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := decodePicture(file.Bytes()); err != nil {
		t.Fatal(err)
	}
	scan := file.Bytes()[bytes.Index(file.Bytes(), []byte("\xff\xda")) : file.Len()-2]
	bomb := append(bytes.Clone(file.Bytes()[:file.Len()-2]), bytes.Repeat(scan, mostPictureScans)...)
	if _, err := decodePicture(append(bomb, 0xff, 0xd9)); err == nil || !strings.Contains(err.Error(), "scans") {
		t.Error(err)
	}
}
