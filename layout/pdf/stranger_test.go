package pdf

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/layout"
)

// keep writes faces as one file and gives its path.
func keep(t testing.TB, faces ...layout.Face) string {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, faces...); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "faces.pdf")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// plainly gives a file as qpdf writes it for people: nothing compressed, an operator to a line.
func plainly(t testing.TB, path string) string {
	t.Helper()
	return run(t, "qpdf", "--qdf", "--object-streams=disable", "--normalize-content=y", path, "-")
}

// A code of some hundred modules is one path, filled once: where it goes, one filling goes.
func TestACodeIsOnePath(t *testing.T) {
	faces, err := layout.Compose(sample(t, adult, "dang-dinh-mau"))
	if err != nil {
		t.Fatal(err)
	}
	without := faces.Back
	without.Marks = nil
	dark, runs := 0, 0
	for _, m := range faces.Back.Marks {
		if m.Of().Field != "qr" {
			without.Marks = append(without.Marks, m)
			continue
		}
		for _, row := range m.(layout.Image).Modules {
			for x, black := range row {
				if black {
					dark++
				}
				if black && (x == 0 || !row[x-1]) {
					runs++
				}
			}
		}
	}
	count := func(face layout.Face, operator string) int {
		return len(regexp.MustCompile(`(?m)(^| )`+operator+`( |$)`).FindAllString(plainly(t, keep(t, face)), -1))
	}
	if dark < 500 || runs >= dark {
		t.Fatalf("%d dark modules in %d runs", dark, runs)
	}
	for operator, want := range map[string]int{"f": 1, "re": runs, "Do": 0} {
		if got := count(faces.Back, operator) - count(without, operator); got != want {
			t.Errorf("the code takes %d times the operator %s, want %d", got, operator, want)
		}
	}
}

// A file of a hundred cards of each template is sound, and so are sheets of paper with ten; each font is in it once.
func TestAFileOfManyCardsIsSound(t *testing.T) {
	for form, name := range map[string]string{"cancuoc-2024": "dang-dinh-mau", "cccd-2021": "dang-dinh-mau-2021", "certificate-2024": "tran-mau-an"} {
		in := sample(t, adult, name)
		in.Fingerprints = fingerprints(t, name)
		var ten, faces []layout.Face
		var cards []layout.Faces
		for i := range 10 {
			in.Document.FullName = fmt.Sprintf("Đặng Đình Mẫu %c", 'A'+i)
			in.Portrait = append(bytes.Clone(in.Portrait), byte(i)) // another portrait, for all that the file knows
			made, err := layout.Compose(in)
			if err != nil {
				t.Fatal(err)
			}
			ten, cards = append(ten, made.Front, made.Back), append(cards, made)
		}
		for range 10 {
			faces = append(faces, ten...)
		}
		sheets, err := layout.Sheets(cards, layout.A4())
		if err != nil {
			t.Fatal(err)
		}
		path := keep(t, faces...)
		for _, path := range []string{path, keep(t, sheets...)} {
			if out := run(t, "qpdf", "--check", path); !strings.Contains(out, "No syntax or stream encoding errors found") {
				t.Errorf("%s: %s", form, out)
			}
		}
		if out := run(t, "pdfinfo", path); !regexp.MustCompile(`(?m)^Pages: +200$`).MatchString(out) {
			t.Errorf("%s: %s", form, out)
		}
		if fonts := regexp.MustCompile(`Identity-H +yes +\w+ +yes`).FindAllString(run(t, "pdffonts", path), -1); len(fonts) != 2 {
			t.Errorf("%s: %d fonts that are embedded and lead back to Unicode, want 2", form, len(fonts))
		}
	}
}
