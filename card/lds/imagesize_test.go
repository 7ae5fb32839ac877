package lds

import (
	"bytes"
	"image"
	"image/jpeg"
	"math/rand"
	"strings"
	"testing"
)

func wantSize(t *testing.T, name string, file []byte, format ImageFormat, width, height int) {
	t.Helper()
	f, w, h, err := ImageSize(file)
	if err != nil || f != format || w != width || h != height {
		t.Errorf("%s: format %d, %d x %d, %v", name, f, w, h, err)
	}
}

func TestSizeOfSamples(t *testing.T) {
	wantSize(t, "a JP2 file", sample(t, "wsq-jp2/silver.jp2"), JPEG2000, 413, 531)
	wantSize(t, "the face of ISO/IEC 39794-5", sample(t, "lds-misc/ICAO_39794_5_AP_Face.jpg"), JPEG2000, 413, 531)
	wantSize(t, "a JPEG", sample(t, "lds-misc/ISO19794_Test1_Face.jpg"), JPEG, 148, 70)
	faces, err := ParseDG2(sample(t, "lds-bsi2008/Datagroup2.bin"))
	if err != nil {
		t.Fatal(err)
	}
	// The record's header says 337 x 449: such is the field.
	wantSize(t, "the face of 2008", faces[0].Image, JPEG2000, 413, 531)
	signatures, err := ParseDG7(sample(t, "lds-bsi2008/extra-EF_DG7.bin"))
	if err != nil {
		t.Fatal(err)
	}
	wantSize(t, "the signature", signatures[0], JPEG2000, 550, 142)
	for _, name := range []string{"lds-misc/ISO19794_Test2_Data_InvalidImage.bin", "wsq-jp2/fp.wsq"} {
		if _, _, _, err := ImageSize(sample(t, name)); err == nil {
			t.Errorf("%s is an image", name)
		}
	}
}

// The decoder of the standard library agrees.
func TestSizeOfJPEGs(t *testing.T) {
	everySeed(t, func(r *rand.Rand) bool {
		w, h := 1+r.Intn(300), 1+r.Intn(300)
		var img image.Image = image.NewRGBA(image.Rect(0, 0, w, h))
		if r.Intn(2) == 0 {
			img = image.NewGray(img.Bounds())
		}
		var file bytes.Buffer
		if err := jpeg.Encode(&file, img, nil); err != nil {
			t.Fatal(err)
		}
		f, gotW, gotH, err := ImageSize(file.Bytes())
		return err == nil && f == JPEG && gotW == w && gotH == h
	})
}

// Files of a few bytes, laid out by hand after ITU-T T.81, annex B, and ISO/IEC 15444-1, annexes A and I. The JPEG asks
// a decoder for 65,535 x 65,535 pixels: that is told, and nothing is decoded.
const (
	jpegBomb = "FFD8 FFE0 0004 0000 FFFF DB 0003 00 FFC2 000B 08 FFFF FFFF 01 01 11 00"
	sizOnly  = "FF4F FF51 0029 0000 00000190 00000258 00000010 00000008 00000190 00000258 00000000 00000000 0001 07 01 01"
	jp2Head  = "0000000C 6A502020 0D0A870A 00000014 66747970 6A703220 00000000 6A703220"
	jp2Size1 = "0000001E 6A703268 00000016 69686472 00000250 00000180 0001 07 07 00 00"
	jp2Hand  = jp2Head + jp2Size1 + "00000000 6A703263" + sizOnly
	jp2Wide  = jp2Head + "00000008 66726565" + jp2Size1 + "00000001 6A703263 00000000 0000003D" + sizOnly + "00000000"
)

func TestSizeByHand(t *testing.T) {
	wantSize(t, "a bomb", unhex(t, jpegBomb), JPEG, 65535, 65535)
	wantSize(t, "a codestream", unhex(t, sizOnly), JPEG2000, 384, 592)
	wantSize(t, "a JP2 file", unhex(t, jp2Hand), JPEG2000, 384, 592)
	wantSize(t, "long box lengths", unhex(t, jp2Wide), JPEG2000, 384, 592)
	for _, name := range []string{jpegBomb, sizOnly, jp2Hand} {
		file := unhex(t, name)
		for n := range file {
			if _, _, _, err := ImageSize(file[:n]); err == nil && n < len(file) {
				t.Errorf("%d bytes of %s were taken", n, name)
			}
		}
	}
}

func TestImagesThatLie(t *testing.T) {
	replace := func(file, old, new string) string {
		if !strings.Contains(file, old) {
			t.Fatalf("no %s in %s", old, file)
		}
		return strings.Replace(file, old, new, 1)
	}
	for name, file := range map[string]string{
		"nothing":                       "",
		"a PNG":                         "89504E470D0A1A0A",
		"a JPEG without a frame":        "FFD8 FFE0 0004 0000 FFDA 0003 00",
		"a JPEG that ends":              "FFD8 FFE0 0004 0000 FFD9",
		"a JPEG in a JPEG":              "FFD8 FFD8 FFC0 000B 08 0001 0001 01 01 11 00",
		"a restart before the frame":    "FFD8 FFD0 FFC0 000B 08 0001 0001 01 01 11 00",
		"no marker":                     "FFD8 FF E0 0004 0000 00C0 000B 08 0001 0001 01 01 11 00",
		"a segment of one byte":         "FFD8 FFE0 0001 FFC0 000B 08 0001 0001 01 01 11 00",
		"a segment beyond the file":     "FFD8 FFE0 FFFF 0000",
		"no lines":                      replace(jpegBomb, "FFFF FFFF 01", "0000 FFFF 01"),
		"no width":                      replace(jpegBomb, "FFFF FFFF 01", "FFFF 0000 01"),
		"no component":                  "FFD8 FFC0 0008 08 0001 0001 00",
		"five components":               "FFD8 FFC0 0017 08 0001 0001 05" + strings.Repeat("011100", 5),
		"components that are missing":   replace(jpegBomb, "FFFF FFFF 01", "FFFF FFFF 03"),
		"a codestream of no width":      replace(sizOnly, "00000190 00000258 00000010", "00000010 00000258 00000010"),
		"a codestream beyond a number":  replace(sizOnly, "00000190 00000258 00000010", "FFFFFFFF 00000258 00000010"),
		"no tile":                       replace(sizOnly, "00000008 00000190", "00000008 00000000"),
		"tiles behind the image":        replace(sizOnly, "00000000 00000000 0001", "00000011 00000000 0001"),
		"tiles before the image":        replace(sizOnly, "00000008 00000190", "00000008 00000010"),
		"millions of tiles":             replace(replace(sizOnly, "00000190 00000258 00000010 00000008 00000190 00000258", "7FFFFFFF 7FFFFFFF 00000000 00000000 00000001 00000001"), "0001 07", "0001 07"),
		"tiles in rows":                 replace(sizOnly, "00000190 00000258 00000010 00000008 00000190 00000258", "00010000 00000001 00000000 00000000 00000001 00000001"),
		"no component in a codestream":  replace(replace(sizOnly, "0001 07", "0000 07"), "0029", "0026"),
		"a size of another length":      replace(sizOnly, "0029", "002A"),
		"five colours":                  replace(replace(sizOnly, "0001 07 01 01", "0005"+strings.Repeat("070101", 5)), "0029", "0035"),
		"a JP2 file of two sizes":       replace(jp2Hand, "00000250", "00000251"),
		"a JP2 file of two widths":      replace(jp2Hand, "00000180", "00000181"),
		"no file type":                  replace(jp2Hand, "66747970", "66747971"),
		"no image header":               replace(jp2Hand, "69686472", "69686473"),
		"a short image header":          replace(replace(jp2Hand, "0000001E 6A703268 00000016", "0000001D 6A703268 00000015"), "07 07 00 00", "07 07 00"),
		"no JP2 header":                 replace(jp2Hand, jp2Size1, ""),
		"no codestream":                 jp2Head + jp2Size1,
		"a header beyond a number":      replace(jp2Hand, "00000250", "80000250"),
		"a codestream before a header":  jp2Head + "00000035 6A703263" + sizOnly + jp2Size1,
		"a box of seven bytes":          replace(jp2Hand, jp2Size1, "00000007 66726565"),
		"a box beyond the file":         replace(jp2Hand, "0000001E", "7FFFFFFF"),
		"a long box beyond the file":    replace(jp2Wide, "00000000 0000003D", "FFFFFFFF FFFFFFFF"),
		"a long box shorter than it is": replace(jp2Wide, "00000000 0000003D", "00000000 0000000F"),
		"a long box without its length": jp2Head + "00000001 6A703268 000000",
	} {
		if f, w, h, err := ImageSize(unhex(t, file)); err == nil {
			t.Errorf("%s: format %d, %d x %d", name, f, w, h)
		}
	}
}

func FuzzImageSize(f *testing.F) {
	for _, seed := range []string{jpegBomb, sizOnly, jp2Hand, jp2Wide} {
		f.Add(unhex(f, seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		format, w, h, err := ImageSize(b)
		if err != nil {
			return
		}
		if w < 1 || h < 1 || format == JPEG && (w > 65535 || h > 65535) {
			t.Errorf("%d x %d pixels", w, h)
		}
		if format == JPEG2000 && !isJPEG2000(b) {
			t.Error("JPEG 2000 that is none")
		}
	})
}
