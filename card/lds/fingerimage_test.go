package lds

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

// An image of 300 x 400 pixels in each kind, made by hand as far as its header goes.
func TestFingerImages(t *testing.T) {
	png := "\x89PNG\r\n\x1a\n\x00\x00\x00\x0DIHDR\x00\x00\x01\x2C\x00\x00\x01\x90\x08\x00\x00\x00\x00CRC.\x00\x00\x00\x00IEND\xAE\x42\x60\x82"
	jpeg := "\xFF\xD8\xFF\xE0\x00\x04JF\xFF\xFF\xC4\x00\x03x\xFF\xC0\x00\x0B\x08\x01\x90\x01\x2C\x01\x01\x11\x00\xFF\xDA\x00\x02..\xFF\xD9"
	siz := "\xFF\x4F\xFF\x51\x00\x29\x00\x00" + "\x00\x00\x01\x36\x00\x00\x01\x92" + "\x00\x00\x00\x0A\x00\x00\x00\x02" + "\x00\x00\x01\x36\x00\x00\x01\x92" + strings.Repeat("\x00", 8) + "\x00\x01\x07\x01\x01"
	jp2 := magicJP2 + "\x00\x00\x00\x09ftyp." + "\x00\x00\x00\x1Ejp2h\x00\x00\x00\x16ihdr\x00\x00\x01\x90\x00\x00\x01\x2C\x00\x01\x07\x07\x00\x00"
	wsq := strings.Replace(strings.Replace(wsqHeader, "\x01\x68\x01\x00", "\x01\x90\x01\x2C", 1), "\xFF\xA0", "\xFF\xA0\xFF\xA8\x00\x04hi", 1)
	for name, c := range map[string]struct {
		kind FingerCompression
		file string
	}{
		"WSQ":                      {FingerWSQ, wsq + "\xFF\xA3\xFF\xA1"},
		"PNG":                      {FingerPNG, png},
		"JPEG":                     {FingerJPEG, jpeg},
		"JPEG 2000, codestream":    {FingerJPEG2000, siz + "\xFF\xD9"},
		"JPEG 2000, to the end":    {FingerJPEG2000, jp2 + "\x00\x00\x00\x00jp2c" + siz + "\xFF\xD9"},
		"JPEG 2000, length":        {FingerJPEG2000, jp2 + "\x00\x00\x00\x37jp2c" + siz + "\xFF\xD9"},
		"JPEG 2000, eight of them": {FingerJPEG2000, jp2 + "\x00\x00\x00\x01jp2c\x00\x00\x00\x00\x00\x00\x00\x3F" + siz + "\xFF\xD9"},
	} {
		f, err := ReadFingerImage([]byte(c.file))
		if err != nil || f.Compression != c.kind || f.Width != 300 || f.Height != 400 || string(f.Image) != c.file || f.Quality != QualityUndefined {
			t.Errorf("%s: %v, %d x %d, %v", name, f.Compression, f.Width, f.Height, err)
		}
		for n := range len(c.file) {
			if _, err := ReadFingerImage([]byte(c.file[:n])); err == nil {
				t.Errorf("%s: %d bytes of %d were taken", name, n, len(c.file))
			}
		}
	}
	swap := func(s, old, new string) string { return strings.Replace(s, old, new, 1) }
	for _, c := range []struct{ want, file string }{
		{"not a WSQ", ""},
		{"not a WSQ", "GIF89a"},
		{"in grey", swap(png, "\x08\x00\x00\x00\x00CRC", "\x08\x02\x00\x00\x00CRC")},
		{"in grey", swap(png, "\x08\x00\x00\x00\x00CRC", "\x01\x00\x00\x00\x00CRC")},
		{"0 x 400 pixels", swap(png, "\x00\x00\x01\x2C", "\x00\x00\x00\x00")},
		{"x 400 pixels", swap(png, "\x00\x00\x01\x2C", "\xFF\x00\x01\x2C")},
		{"does not begin with its header", swap(png, "IHDR", "IDAT")},
		{"something follows", png + "x"},
		{"something follows", jpeg + "x"},
		{"in grey", swap(jpeg, "\x0B\x08\x01\x90\x01\x2C\x01", "\x11\x08\x01\x90\x01\x2C\x03\x01\x11\x00\x01\x11\x00")},
		{"not of its length", swap(jpeg, "\x01\x2C\x01", "\x01\x2C\x03")},
		{"in grey", swap(jpeg, "\x0B\x08", "\x0B\x0C")},
		{"before its frame header", swap(jpeg, "\xFF\xC0", "\xFF\xC8")},
		{"segment C4 announces 1 bytes", swap(jpeg, "\xFF\xC4\x00\x03", "\xFF\xC4\x00\x01")},
		{"no marker", swap(jpeg, "\x00\x04JF", "\x00\x03JF")},
		{"no frame header", wsq[:2] + "\xFF\xA3\x00\x02\xFF\xA1"},
		{"in grey", swap(swap(siz, "\x00\x01\x07", "\x00\x03\x07"), "\x00\x29", "\x00\x2F") + "\x07\x01\x01\x07\x01\x01\xFF\xD9"},
		{"in grey", swap(siz, "\x00\x01\x07", "\x00\x01\x87") + "\xFF\xD9"},
		{"do not lie on each other", swap(siz, "\x00\x00\x00\x0A", "\x00\x00\x01\x36") + "\xFF\xD9"},
		{"ends before its codestream", jp2 + "\x00\x00\x00\x00jp2x"},
		{"announces 7 bytes", jp2 + "\x00\x00\x00\x07jp2c" + siz + "\xFF\xD9"},
		{"announces 255 bytes", jp2 + "\x00\x00\x00\xFFjp2c" + siz + "\xFF\xD9"},
		{"does not begin with its size", jp2 + "\x00\x00\x00\x38jp2c" + swap(siz, "\xFF\x51", "\xFF\x52") + ".\xFF\xD9"},
	} {
		if _, err := ReadFingerImage([]byte(c.file)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("want %q: %v", c.want, err)
		}
	}
}

func TestFingerImagesOfTheField(t *testing.T) {
	for name, size := range map[string][2]int{"wsq-jp2/sample_image.wsq": {545, 622}, "wsq-jp2/fp.wsq": {0, 0}} {
		file := sample(t, name)
		f, err := ReadFingerImage(file)
		at := bytes.Index(file, []byte("\xFF\xA2\x00\x11\x00\xFF"))
		if size[0] == 0 {
			size = [2]int{int(binary.BigEndian.Uint16(file[at+8:])), int(binary.BigEndian.Uint16(file[at+6:]))}
		}
		if err != nil || f.Width != size[0] || f.Height != size[1] {
			t.Errorf("%s: %d x %d, %v; want %v", name, f.Width, f.Height, err, size)
		}
	}
	if _, err := ReadFingerImage(sample(t, "wsq-jp2/silver.jp2")); err == nil || !strings.Contains(err.Error(), "in grey") {
		t.Errorf("a portrait in colour: %v", err)
	}
}
