package lds

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/card/tlv"
)

const samples = "../../../shared/samples"

func sample(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(samples, name))
	if err != nil {
		t.Skip("the samples are not here: ", err)
	}
	return b
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Doc 9303-10, table 38, and section 3.11.
func TestCatalogue(t *testing.T) {
	for name, want := range map[string]string{
		"EF.DG1": "0101 01 61 1", "EF.DG2": "0102 02 75 2", "EF.DG3": "0103 03 63 3", "EF.DG4": "0104 04 76 4",
		"EF.DG5": "0105 05 65 5", "EF.DG6": "0106 06 66 6", "EF.DG7": "0107 07 67 7", "EF.DG8": "0108 08 68 8",
		"EF.DG9": "0109 09 69 9", "EF.DG10": "010A 0A 6A 10", "EF.DG11": "010B 0B 6B 11", "EF.DG12": "010C 0C 6C 12",
		"EF.DG13": "010D 0D 6D 13", "EF.DG14": "010E 0E 6E 14", "EF.DG15": "010F 0F 6F 15", "EF.DG16": "0110 10 70 16",
		"EF.CVCA": "011C 1C 00 0", "EF.SOD": "011D 1D 77 0", "EF.COM": "011E 1E 60 0", "EF.CardAccess": "011C 1C 31 0",
		"EF.CardSecurity": "011D 1D 30 0", "EF.ATR/INFO": "2F01 01 00 0", "EF.DIR": "2F00 1E 00 0",
	} {
		f, ok := ByName(name)
		if got := fmt.Sprintf("%04X %02X %02X %d", f.FID, f.SFI, f.Tag, f.DataGroup); !ok || got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		if under := strings.Contains("EF.CardAccess EF.CardSecurity EF.ATR/INFO EF.DIR", name); f.MF != under {
			t.Errorf("%s under the master file: %v", name, f.MF)
		}
	}
	if n := len(Catalogue()); n != 23 {
		t.Errorf("%d files", n)
	}
	for want, got := range map[string]func() (File, bool){
		"EF.SOD":          func() (File, bool) { return ByFID(0x011D) },
		"EF.CardSecurity": func() (File, bool) { return ByMasterFID(0x011D) },
		"EF.DG13":         func() (File, bool) { return ByTag(0x6D) },
		"EF.DG15":         func() (File, bool) { return DataGroup(15) },
		"":                func() (File, bool) { return ByTag(0) },
	} {
		if f, ok := got(); f.Name != want || ok != (want != "") {
			t.Errorf("%q found where %q is due", f.Name, want)
		}
	}
	if _, ok := DataGroup(17); ok {
		t.Error("there is a data group 17")
	}
	if !IsAID([]byte{0xA0, 0, 0, 2, 0x47, 0x10, 1}) || IsAID(nil) {
		t.Error("the application identifier is not known")
	}
}

// The example of Doc 9303-10, appendix A.1, and the list of tags that cards of Viet Nam carry.
func TestCOM(t *testing.T) {
	for _, c := range []struct {
		com  COM
		want string
	}{
		{COM{"0107", "040000", []byte{0x61, 0x75, 0x76, 0x6C}}, "6016 5F01 04 30313037 5F36 06 303430303030 5C 04 6175766C"},
		{COM{"1599", "040000", []byte{0x61, 0x75, 0x76, 0x6C}}, "6016 5F01 04 31353939 5F36 06 303430303030 5C 04 6175766C"},
		{COM{"0107", "040000", []byte{0x61, 0x75, 0x63, 0x6D, 0x6E, 0x6F}}, "6018 5F01 04 30313037 5F36 06 303430303030 5C 06 6175636D6E6F"},
	} {
		want := unhex(t, c.want)
		if got, err := c.com.Encode(); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%x, %v", got, err)
		}
		if got, err := ParseCOM(want); err != nil || fmt.Sprint(got) != fmt.Sprint(c.com) {
			t.Errorf("%v, %v", got, err)
		}
	}
	for name, bad := range map[string]string{
		"a data group twice": "6014 5F01 04 30313037 5F36 06 303430303030 5C 02 6161",
		"EF.SOD among them":  "6014 5F01 04 30313037 5F36 06 303430303030 5C 02 6177",
		"an unknown tag":     "6013 5F01 04 30313037 5F36 06 303430303030 5C 01 62",
		"version of letters": "6013 5F01 04 30313041 5F36 06 303430303030 5C 01 61",
		"another order":      "6013 5F36 06 303430303030 5F01 04 30313037 5C 01 61",
		"something after it": "6015 5F01 04 30313037 5F36 06 303430303030 5C 01 61 5300",
		"a byte too many":    "6013 5F01 04 30313037 5F36 06 303430303030 5C 01 61 00",
		"another outer tag":  "6113 5F01 04 30313037 5F36 06 303430303030 5C 01 61",
		"a list that is cut": "6013 5F01 04 30313037 5F36 06 303430303030 5C 02 61",
		"no list":            "6010 5F01 04 30313037 5F36 06 303430303030",
		"versions too short": "6012 5F01 03 303130 5F36 06 303430303030 5C 01 61",
		"nothing":            "",
	} {
		if _, err := ParseCOM(unhex(t, bad)); err == nil {
			t.Errorf("%s: it was taken", name)
		}
	}
}

// The example of Doc 9303-10, appendix A.2.1.
func TestDG1(t *testing.T) {
	lines := [3]string{"I<NLDXI85935F86999999990<<<<<<", "7208148F1108268NLD<<<<<<<<<<<4", "VAN<DER<STEEN<<MARIANNE<LOUISE"}
	want := append(unhex(t, "615D 5F1F 5A"), lines[0]+lines[1]+lines[2]...)
	got, err := EncodeDG1(lines)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%x, %v", got, err)
	}
	if parsed, err := ParseDG1(want); err != nil || parsed != lines {
		t.Errorf("%q, %v", parsed, err)
	}
	for _, bad := range []string{"V", strings.Repeat("<", 31), "van<der<steen<<marianne<louise", "VAN<DER<STEEN<<MARIANNE<LOUIS\x00"} {
		if _, err := EncodeDG1([3]string{lines[0], lines[1], bad}); err == nil {
			t.Errorf("the line %q was taken", bad)
		}
		file := tlv.Encode(0x61, tlv.Encode(0x5F1F, []byte(lines[0]+lines[1]+bad)))
		_, err := ParseDG1(file)
		if err == nil {
			t.Errorf("the line %q was read", bad)
		} else if strings.Contains(err.Error(), "XI85935F8") {
			t.Error("an error quotes the zone")
		}
	}
}

func TestDG1OfAPassport(t *testing.T) {
	_, err := ParseDG1(sample(t, "lds-bsi2008/Datagroup1.bin"))
	if err == nil || !strings.Contains(err.Error(), "88 characters; that of a card") {
		t.Errorf("a passport's zone: %v", err)
	}
}

func testFace(size int) Face {
	return Face{Image: append([]byte{0xFF, 0xD8, 0xFF, 0xE0}, make([]byte, size-4)...), Type: FullFrontal, Width: 480, Height: 640}
}

// The bytes before the image, laid out by hand after Doc 9303-10, table 44, and ISO/IEC 19794-5:2005, clause 5.
func TestDG2ByHand(t *testing.T) {
	face := testFace(15000) // 3A98
	want := unhex(t, "75 82 3AE8  7F61 82 3AE3  02 01 01  7F60 82 3ADB"+
		"A1 0E 81 01 02 82 01 00 87 02 0101 88 02 0008  5F2E 82 3AC6"+
		"46414300 30313000 00003AC6 0001"+ // facial record header: magic, version, length, one image
		"00003AB8 0000 00 00 00 000000 0000 000000 000000"+ // facial information, no feature points
		"01 00 01E0 0280 01 00 0000 0000") // full frontal, JPEG, 480 x 640, RGB
	file, err := EncodeDG2(face)
	if err != nil {
		t.Fatal(err)
	}
	if len(want) != 84 || !bytes.Equal(file[:84], want) || !bytes.Equal(file[84:], face.Image) {
		t.Errorf("%x", file[:90])
	}
}

// A reader of the field strips 84 bytes and takes the rest for the JPEG: true from 256 to 65,535 bytes of file.
func TestImageBeginsAtByte84(t *testing.T) {
	for _, size := range []int{220, 2000, 15000, 25000, 65450} {
		file, err := EncodeDG2(testFace(size))
		if err != nil || len(file) != 84+size || !bytes.HasPrefix(file[84:], []byte{0xFF, 0xD8, 0xFF}) {
			t.Errorf("an image of %d bytes: file of %d, %v", size, len(file), err)
		}
	}
}

func TestDG2RoundTripAndRefusals(t *testing.T) {
	for _, size := range []int{4, 100, 20000, 70000} {
		face := testFace(size)
		file, err := EncodeDG2(face)
		if err != nil {
			t.Fatal(err)
		}
		faces, err := ParseDG2(file)
		if err != nil || len(faces) != 1 || !bytes.Equal(faces[0].Image, face.Image) || faces[0].Width != 480 || faces[0].Height != 640 ||
			faces[0].Type != FullFrontal || faces[0].Format != JPEG {
			t.Errorf("an image of %d bytes: %d faces, %v", size, len(faces), err)
		}
	}
	bend := func(change func(f *Face)) Face {
		f := testFace(1000)
		change(&f)
		return f
	}
	for name, face := range map[string]Face{
		"no image":         bend(func(f *Face) { f.Image = nil }),
		"a PNG":            bend(func(f *Face) { f.Image = []byte("\x89PNG\r\n\x1a\n") }),
		"JPEG as JPEG2000": bend(func(f *Face) { f.Format = JPEG2000 }),
		"no width":         bend(func(f *Face) { f.Width = 0 }),
		"too high":         bend(func(f *Face) { f.Height = 70000 }),
		"unknown type":     bend(func(f *Face) { f.Type = 9 }),
	} {
		if _, err := EncodeDG2(face); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

// Every cut and every flipped bit of the 84 bytes before the image: nothing panics, and no image is made up.
func TestDG2ThatLies(t *testing.T) {
	face := testFace(1000)
	file, err := EncodeDG2(face)
	if err != nil {
		t.Fatal(err)
	}
	for n := range file {
		if _, err := ParseDG2(file[:n]); err == nil {
			t.Fatalf("%d bytes of %d were taken", n, len(file))
		}
	}
	for i := range 84 {
		for bit := range 8 {
			bent := bytes.Clone(file)
			bent[i] ^= 1 << bit
			faces, err := ParseDG2(bent)
			if shape := i <= 18 || i >= 33 && i <= 55; err == nil && shape { // tags, lengths, magic, numbers of images
				t.Errorf("bit %d of byte %d flipped, and it was taken", bit, i)
			}
			if err == nil && (len(faces) != 1 || len(faces[0].Image) > len(face.Image)) {
				t.Errorf("bit %d of byte %d flipped: %d faces", bit, i, len(faces))
			}
		}
	}
}

func TestFacesOfTheField(t *testing.T) {
	faces, err := ParseDG2(sample(t, "lds-bsi2008/Datagroup2.bin"))
	if err != nil || len(faces) != 1 || faces[0].Format != JPEG2000 || len(faces[0].Image) != 15083-84 || !isJPEG2000(faces[0].Image) {
		t.Errorf("the specimen data set of 2008: %d faces, %v", len(faces), err)
	}
	record := sample(t, "lds-misc/ISO19794_Test1_Data.bin")
	header := tlv.Encode(0xA1, unhex(t, "87020101 88020008"))
	file := tlv.Encode(0x75, tlv.Encode(0x7F61, []byte{2, 1, 1}, tlv.Encode(0x7F60, header, tlv.Encode(0x5F2E, record))))
	faces, err = ParseDG2(file)
	want := sample(t, "lds-misc/ISO19794_Test1_Face.jpg")
	if err != nil || len(faces) != 1 || !bytes.Equal(faces[0].Image, want) || faces[0].Width != 0x94 || faces[0].Height != 0x46 {
		t.Errorf("a record of ISO/IEC 19794-5: %d faces, %v", len(faces), err)
	}
	faces, err = ParseDG2(sample(t, "lds-misc/dg2_silver_mandatory_fields.bin"))
	if err != nil || len(faces) != 1 || faces[0].Format != JPEG2000 || len(faces[0].Image) != 15000 {
		t.Errorf("a face of ISO/IEC 39794-5: %d faces, %v", len(faces), err)
	}
}
