package station

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/portrait"
	"github.com/cancuoc/cancuoc/card/register"
	"github.com/cancuoc/cancuoc/card/specimen"
	"github.com/cancuoc/cancuoc/layout"
	"github.com/cancuoc/cancuoc/layout/pdf"
)

// stranger runs a program that this project did not write, and gives its output.
func stranger(t testing.TB, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(name, " is not installed")
		}
		t.Skip(name, " is not installed: .ci/packages test")
	}
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// pictured registers a specimen with a portrait and a number that are this order's own, and with the fingerprints that a
// certificate prints.
func (b *bench) pictured(r *register.Register, name string, n int) register.Order {
	b.t.Helper()
	raw, err := specimen.Record(name)
	if err != nil {
		b.t.Fatal(err)
	}
	doc, err := card.ParseRecord(raw)
	if err != nil {
		b.t.Fatal(err)
	}
	fitted, err := portrait.Fit(bytes.NewReader(specimen.Portrait(uint64(n), doc.Sex == card.Female, 30+n)))
	if err != nil {
		b.t.Fatal(err)
	}
	var prints []byte
	if doc.OnPaper() {
		prints = b.prints(doc)
	} else {
		doc.Fingerprints, doc.Profile = nil, "icao-td1" // whose keys are made fast
	}
	doc.PersonalNumber = fmt.Sprintf("%s%06d", doc.PersonalNumber[:6], 100+n)
	doc = doc.Complete()
	record, err := json.Marshal(doc)
	if err != nil {
		b.t.Fatal(err)
	}
	o, _, err := r.Add(b.t.Context(), register.Order{Number: doc.PersonalNumber, Form: doc.Form, Profile: doc.Profile, DateOfIssue: doc.DateOfIssue,
		DateOfExpiry: doc.DateOfExpiry, Record: record, Chip: fitted.Chip, Face: fitted.Face, Fingerprints: prints}, time.Now())
	if err != nil {
		b.t.Fatal(err)
	}
	return o
}

// prints gives EF.DG3 with the fingerprints that a specimen's record names.
func (b *bench) prints(doc card.Document) []byte {
	b.t.Helper()
	var images [][]byte
	for _, f := range doc.Fingerprints {
		file, err := fs.ReadFile(specimen.Files(), f.Image)
		if err != nil {
			b.t.Fatal(err)
		}
		images = append(images, file)
	}
	prints, err := doc.DG3(images)
	if err != nil {
		b.t.Fatal(err)
	}
	return prints
}

// forms names a specimen of each form.
func forms() []string { return []string{"dang-dinh-mau", "dang-dinh-mau-2021", "tran-mau-an"} }

// Each file that `issue` writes carries the portrait of its own citizen, byte for byte, and nobody else's: beside it there
// are, on a certificate, the two fingerprints.
func TestAFileHasOnePortrait(t *testing.T) {
	b := newBench(t)
	d := b.desk()
	defer d.Register.Close()
	for i, name := range forms() {
		var orders []register.Order
		for n := range 2 {
			order := b.pictured(d.Register, name, 10*i+n)
			if o, err := d.Issue(t.Context(), order.ID, b.fresh); err != nil || o.State != register.Issued {
				t.Fatalf("%s: %s, %v", name, o.State, err)
			}
			orders = append(orders, order)
		}
		for n, order := range orders {
			path := d.PrintFile(order.ID)
			shown := strings.Count(stranger(t, "pdfimages", "-list", path), " image ")
			if want := map[bool]int{false: 1, true: 3}[order.Fingerprints != nil]; shown != want || pictures(t, path) != want {
				t.Errorf("%s: the pages show %d pictures of %d in the file, want %d", name, shown, pictures(t, path), want)
			}
			if !carries(t, path, order.Face) || carries(t, path, orders[1-n].Face) {
				t.Errorf("%s: the file of one citizen has not the portrait of that citizen alone", name)
			}
		}
	}
}

// Why a file is of one card: of a page that is cut out of a file of two, poppler shows one portrait, and leaves the other
// citizen's in the file. So does qpdf, unless it looks which pictures the page needs.
func TestAPageCutOutOfAFileOfTwoCarriesBoth(t *testing.T) {
	b := newBench(t)
	d := b.desk()
	defer d.Register.Close()
	var faces []layout.Face
	var portraits [][]byte
	for n := range 2 {
		order := b.pictured(d.Register, "dang-dinh-mau", n)
		doc, err := card.ParseRecord(order.Record)
		if err != nil {
			t.Fatal(err)
		}
		made, err := d.Templates.Faces(doc, order.Face, nil, pki.Production{})
		if err != nil {
			t.Fatal(err)
		}
		faces, portraits = append(faces, made.Front, made.Back), append(portraits, order.Face)
	}
	var both bytes.Buffer
	if err := pdf.Write(&both, faces...); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "both.pdf")
	if err := os.WriteFile(path, both.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	byPoppler, byQpdf := path+"-1", path+"-2"
	stranger(t, "pdfseparate", "-f", "1", "-l", "1", path, byPoppler)
	stranger(t, "qpdf", "--remove-unreferenced-resources=no", path, "--pages", ".", "1-2", "--", byQpdf)
	for _, cut := range []string{byPoppler, byQpdf} {
		if shown := strings.Count(stranger(t, "pdfimages", "-list", cut), " image "); shown != 1 || pictures(t, cut) != 2 {
			t.Errorf("%s: %d pictures are shown of %d", cut, shown, pictures(t, cut))
		}
		if !carries(t, cut, portraits[0]) || !carries(t, cut, portraits[1]) {
			t.Errorf("%s: one of the portraits is gone: then a file of many could be cut", cut)
		}
	}
}

// pictures counts the JPEG files in a PDF, whether a page shows them or not.
func pictures(t *testing.T, path string) int {
	t.Helper()
	return strings.Count(string(content(t, path)), "/DCTDecode")
}

// carries tells whether a file has the bytes of a picture.
func carries(t *testing.T, path string, picture []byte) bool {
	t.Helper()
	return len(picture) > 0 && bytes.Contains(content(t, path), picture)
}

func content(t *testing.T, path string) []byte {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return file
}
