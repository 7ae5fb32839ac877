package card

import (
	"bytes"
	"io/fs"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/specimen"
)

func specimenFingers(t testing.TB, doc Document) (images [][]byte) {
	t.Helper()
	for _, f := range doc.Fingerprints {
		image, err := fs.ReadFile(specimen.Files(), f.Image)
		if err != nil {
			t.Fatal(err)
		}
		images = append(images, image)
	}
	return images
}

func TestFingerprintsThatARecordMayHave(t *testing.T) {
	prints := func(names ...string) (list []Fingerprint) {
		for _, n := range names {
			list = append(list, Fingerprint{n, "x.png"})
		}
		return list
	}
	for _, c := range []struct {
		want   string
		prints []Fingerprint
	}{
		{"", nil},
		{"", prints("left-little")},
		{"", prints("right-thumb", "right-index", "right-middle", "right-ring", "right-little",
			"left-thumb", "left-index", "left-middle", "left-ring", "left-little")},
		{`fingerprints: "right-toe" is not one of right-thumb to right-little, left-thumb to left-little`, prints("right-toe")},
		{`fingerprints: "" is not one of`, prints("")},
		{`fingerprints: "unknown" is not one of`, prints("unknown")},
		{`fingerprints: "plain-left-thumb" is not one of`, prints("plain-left-thumb")},
		{"fingerprints: left-index: stands twice", prints("left-index", "right-index", "left-index")},
		{"fingerprints: left-index: image missing", []Fingerprint{{"left-index", ""}}},
		{"fingerprints: 11 of them, at most 10", make([]Fingerprint, 11)},
	} {
		d := specimenDocument(t, "dang-dinh-mau")
		d.Fingerprints = c.prints
		_, err := d.Check(today)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v; want %q", c.prints, err, c.want)
		}
	}
}

func TestNoFingerprintsUnderSix(t *testing.T) {
	d := specimenDocument(t, "le-mau-nhi") // born 2 July 2021
	d.Fingerprints = []Fingerprint{{"right-index", "x.png"}}
	d.Portrait = "x.jpg"
	for issue, refused := range map[int]bool{1: true, 2: false} {
		d.DateOfIssue.Year, d.DateOfIssue.Month, d.DateOfIssue.Day = 2027, 7, issue
		_, err := d.Check(d.DateOfIssue)
		if refused != (err != nil && strings.Contains(err.Error(), "fingerprints: none are taken of a holder under six")) {
			t.Errorf("issued on %v: %v", d.DateOfIssue, err)
		}
	}
}

func TestDG3OfTheRecord(t *testing.T) {
	d := specimenDocument(t, "dang-dinh-mau")
	images := specimenFingers(t, d)
	file, err := d.DG3(images)
	if err != nil {
		t.Fatal(err)
	}
	content, err := lds.ParseDG3(file)
	if err != nil || len(content.Fingers) != 2 {
		t.Fatalf("%d fingers, %v", len(content.Fingers), err)
	}
	for i, position := range []lds.FingerPosition{lds.RightIndex, lds.LeftIndex} {
		f := content.Fingers[i]
		if f.Position != position || f.Compression != lds.FingerPNG || f.Width != 300 || f.Height != 400 || !bytes.Equal(f.Image, images[i]) ||
			f.Quality != lds.QualityUndefined || f.Capture.ImageX != 500 || f.Capture.Depth != 8 {
			t.Errorf("finger %d: %v, %v, %d x %d, %+v", i, f.Position, f.Compression, f.Width, f.Height, f.Capture)
		}
	}
	if again, err := d.DG3(images); err != nil || !bytes.Equal(again, file) {
		t.Errorf("the same images give another file, %v", err)
	}
	if none, err := specimenDocument(t, "nguyen-thi-mau").DG3(nil); err != nil || none != nil {
		t.Errorf("a record without fingers: %x, %v", none, err)
	}
}

func TestImagesThatAreNoFingers(t *testing.T) {
	d := specimenDocument(t, "dang-dinh-mau")
	good := specimenFingers(t, d)
	thin := bytes.Clone(good[1])
	thin[18], thin[19] = 0, 99 // width
	wide := bytes.Clone(good[1])
	wide[18], wide[19] = 0x10, 0
	for want, images := range map[string][][]byte{
		"1 images for 2 fingers":                         good[:1],
		"left-index: the image is that of right-index":   {good[0], good[0]},
		"left-index: lds: finger image: not a WSQ":       {good[0], []byte("GIF89a")},
		"left-index: lds: finger image: the image is cu": {good[0], good[1][:4000]},
		"left-index: the image is too large":             {good[0], make([]byte, MaxFingerprint+1)},
		"left-index: 99 x 400 pixels are not a finger":   {good[0], thin},
		"left-index: 4096 x 400 pixels are not a finger": {good[0], wide},
	} {
		if _, err := d.DG3(images); err == nil || !strings.Contains(err.Error(), "card: fingerprints: "+want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
	// Each within its bound, and together more than a file holds.
	image := append([]byte("\xFF\xA0\xFF\xA2\x00\x11\x00\xFF\x01\x68\x01\x00"), make([]byte, 40000)...)
	other := append(bytes.Clone(image), "\x00\xFF\xA1"...)
	if _, err := d.DG3([][]byte{append(image, "\xFF\xA1"...), other}); err == nil || !strings.Contains(err.Error(), "EF.DG3 comes to 80") {
		t.Errorf("80,000 bytes: %v", err)
	}
	d.Fingerprints[1].Finger = "nose"
	if _, err := d.DG3(good); err == nil || !strings.Contains(err.Error(), `"nose" is not one of`) {
		t.Errorf("a nose: %v", err)
	}
}
