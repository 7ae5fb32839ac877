package card

import (
	"bytes"
	"crypto/rand"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/pki/cms"
	"github.com/cancuoc/cancuoc/card/specimen"
	"github.com/cancuoc/cancuoc/card/vnm"
)

// Each fault of a certificate is named by its field; what is right is taken.
func TestCertificateThatIsRefused(t *testing.T) {
	for _, c := range []struct {
		want   string
		change func(*Document)
	}{
		{"", func(*Document) {}},
		{"", func(d *Document) { d.Nationality = "XXA" }},
		{"", func(d *Document) { d.Nationality, d.MaritalStatus = "XXX", "" }},
		{"", func(d *Document) { d.Father.Nationality, d.Mother.Nationality = "D", "" }},
		{"", func(d *Document) { d.Fingerprints = d.Fingerprints[:1] }},
		{"nationality: form certificate-2024 is for people whose nationality is undetermined", func(d *Document) { d.Nationality = "VNM" }},
		{"nationality: form certificate-2024", func(d *Document) { d.Nationality = "KHM" }},
		{"nationality: form certificate-2024", func(d *Document) { d.Nationality = "xxa" }},
		{"marital_status: not one of single, married, widowed, divorced", func(d *Document) { d.MaritalStatus = "engaged" }},
		{"marital_status: not one of", func(d *Document) { d.MaritalStatus = "Đã kết hôn" }},
		{"profile: form certificate-2024 has no chip", func(d *Document) { d.Profile = "icao-td1" }},
		{"can: form certificate-2024 has no chip", func(d *Document) { d.CAN = "123456" }},
		{"chip_serial: form certificate-2024 has no chip", func(d *Document) { d.ChipSerial = "0123456789ABCDEF" }},
		{"father.nationality: not a code", func(d *Document) { d.Father.Nationality = "XYZ" }},
		{"mother.nationality: not a code", func(d *Document) { d.Mother.Nationality = "KH" }},
		{"spouse.nationality: not a code", func(d *Document) { d.Spouse.Nationality = "vnm" }},
		{"guardian.full_name: missing, and a nationality is there", func(d *Document) { d.Guardian.Nationality = "VNM" }},
		{"legal_representative.full_name: missing", func(d *Document) { d.LegalRepresentative.Nationality = "VNM" }},
		{"legal_representative.full_name: spaces at an end", func(d *Document) { d.LegalRepresentative.FullName = " A" }},
		{"ward.full_name: holds U+007C", func(d *Document) { d.Ward.FullName = "A|B" }},
		{"ward.nationality: not a code", func(d *Document) { d.Ward.Nationality = "ZZZ" }},
		{"portrait: missing", func(d *Document) { d.Portrait = "" }},
		{`fingerprints: "right-thumb": the certificate prints left-index and right-index`, func(d *Document) { d.Fingerprints[0].Finger = "right-thumb" }},
		{"date_of_issue: form certificate-2024 is issued from 2024-07-01 on", func(d *Document) { d.DateOfIssue = date.Date{Year: 2024, Month: 6, Day: 30} }},
		{"date_of_expiry: not after the date of issue", func(d *Document) { d.DateOfExpiry = d.DateOfIssue }},
		{"full_name: missing", func(d *Document) { d.FullName = "" }},
		{"date_of_birth: missing", func(d *Document) { d.DateOfBirth = date.Date{} }},
	} {
		d := specimenDocument(t, "tran-mau-an")
		c.change(&d)
		_, err := d.Check(today)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v; want %q", err, c.want)
		}
	}
}

// The fields of the certificate are judged on cards too, where they may stand.
func TestCardWithFieldsOfTheCertificate(t *testing.T) {
	d := specimenDocument(t, "dang-dinh-mau")
	d.Mother.Nationality, d.MaritalStatus, d.Nationality = "XYZ", "engaged", "XXA"
	_, err := d.Check(today)
	for _, want := range []string{"mother.nationality", "marital_status", "nationality: a card of these forms is issued to nationals"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %s", err, want)
		}
	}
}

// Validity is a setting: no law of ages is held against it, and nothing of a chip.
func TestValidityOfACertificate(t *testing.T) {
	d := specimenDocument(t, "tran-mau-an")
	if d.DateOfExpiry != (date.Date{Year: 2025, Month: 9, Day: 2}) || d.Profile != "" || d.Nationality != "" {
		t.Errorf("completed: %+v", d)
	}
	d.DateOfExpiry = date.Date{}
	if three := d.ValidFor(3).Complete(); three.DateOfExpiry.Year != 2027 {
		t.Errorf("three years: %v", three.DateOfExpiry)
	}
	d.DateOfExpiry = date.Date{Year: 2029, Month: 12, Day: 31}
	if own := d.ValidFor(3).Complete(); own.DateOfExpiry != d.DateOfExpiry {
		t.Errorf("its own: %v", own.DateOfExpiry)
	}
	card := specimenDocument(t, "dang-dinh-mau")
	card.DateOfExpiry = date.Date{}
	if by := card.ValidFor(3).Complete(); by.DateOfExpiry.Year != 2040 {
		t.Errorf("a card: %v", by.DateOfExpiry)
	}
	d.DateOfIssue = date.Date{Year: 2027, Month: 2, Day: 1}
	d.Fingerprints = nil
	d.MaritalStatus = Single
	warnings, err := d.Check(d.DateOfIssue)
	var codes []string
	for _, w := range warnings {
		codes = append(codes, w.Code)
		if w.TextVi == "" {
			t.Errorf("%s: not in Vietnamese", w.Code)
		}
	}
	if err != nil || slices.Contains(codes, "expiry-not-by-law") || slices.Contains(codes, "no-pace") || !slices.Contains(codes, "single-with-spouse") {
		t.Errorf("%v, %v", codes, err)
	}
}

func TestPortraitOfACertificateFromSixYearsOn(t *testing.T) {
	d := specimenDocument(t, "tran-mau-an")
	d.DateOfBirth = date.Date{Year: 2018, Month: 9, Day: 3}
	if d.NeedsPortrait() {
		t.Error("at five years")
	}
	d.DateOfBirth.Day = 2
	if !d.NeedsPortrait() {
		t.Error("at six years")
	}
}

func TestCertificateHasNoZoneAndAQRCode(t *testing.T) {
	d := specimenDocument(t, "tran-mau-an")
	if lines, err := d.MRZ(); !errors.Is(err, ErrNoMRZ) || lines != [3]string{} {
		t.Errorf("%q, %v", lines, err)
	}
	text, err := d.QR()
	if err != nil || !strings.HasPrefix(text, "000198000025||Trần Mẫu An|11041998|Nữ|Ấp Mẫu, Mẫu, Tây Ninh|02092024") {
		t.Errorf("%s, %v", text, err)
	}
	if _, err := vnm.ParseQR(text); err != nil {
		t.Error(err)
	}
	if _, err := Issue(Issuance{Document: d, Rand: rand.Reader}); err == nil || !strings.Contains(err.Error(), "no chip") {
		t.Errorf("a chip for it: %v", err)
	}
}

func TestNationality(t *testing.T) {
	for code, want := range map[string]string{"VNM": "Việt Nam", "KHM": "Campuchia", "LAO": "Lào", "D": "Đức", "DEU": "Đức", "XXA": "Không quốc tịch", "XXX": "Chưa xác định",
		"": "", "VN": "", "vnm": "", "XYZ": "", "ZZZ": "", "001": "", "UTO": ""} {
		if name, known := Nationality(code); name != want || known != (want != "") {
			t.Errorf("%q: %q, %t; want %q", code, name, known, want)
		}
	}
	for _, m := range []MaritalStatus{Single, Married, Widowed, Divorced} {
		if m.Vietnamese() == "" {
			t.Error(m)
		}
	}
}

func encodedFinger(t *testing.T, encode func(*bytes.Buffer, image.Image) error, img image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := encode(&out, img); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// What is printed of the index fingers are JPEG images in grey that look like those that were captured.
func TestPrintedFingers(t *testing.T) {
	d := specimenDocument(t, "tran-mau-an")
	dg3, err := d.DG3(specimenFingers(t, d))
	if err != nil {
		t.Fatal(err)
	}
	printed, err := PrintedFingers(dg3)
	if err != nil || len(printed) != 2 {
		t.Fatalf("%d fingers, %v", len(printed), err)
	}
	for name, file := range printed {
		stored, err := fs.ReadFile(specimen.Files(), "tran-mau-an-"+name+".png")
		if err != nil {
			t.Fatal(err)
		}
		want, _ := png.Decode(bytes.NewReader(stored))
		got, err := jpeg.Decode(bytes.NewReader(file))
		grey, is := got.(*image.Gray)
		if err != nil || !is || grey.Rect != want.Bounds() {
			t.Fatalf("%s: %T, %v", name, got, err)
		}
		sum := 0
		for y := range 400 {
			for x := range 300 {
				a, b := int(grey.GrayAt(x, y).Y), int(want.At(x, y).(color.Gray).Y)
				sum += max(a-b, b-a)
			}
		}
		if mean := float64(sum) / (300 * 400); mean > 6 {
			t.Errorf("%s: differs by %.1f of 255 on the average", name, mean)
		}
	}
	if none, err := PrintedFingers(nil); err != nil || none != nil {
		t.Errorf("none: %v, %v", none, err)
	}
}

func TestFingersThatCannotBePrinted(t *testing.T) {
	asPNG := func(w *bytes.Buffer, img image.Image) error { return png.Encode(w, img) }
	asJPEG := func(w *bytes.Buffer, img image.Image) error { return jpeg.Encode(w, img, nil) }
	good := encodedFinger(t, asPNG, image.NewGray(image.Rect(0, 0, 200, 200)))
	huge := bytes.Clone(good)
	huge[16], huge[20] = 0x40, 0x40 // width and height: a thousand million pixels each way
	torn := bytes.Clone(good)
	torn[45] ^= 0xFF
	colour := encodedFinger(t, asJPEG, image.NewRGBA(image.Rect(0, 0, 200, 200)))
	wsq := []byte("\xFF\xA0\xFF\xA2\x00\x08\x00\xFF\x00\xC8\x00\xC8\xFF\xA3\x00\x02\xFF\xA1") // 200 x 200
	for name, c := range map[string]struct {
		finger lds.Finger
		want   string
	}{
		"WSQ":               {lds.Finger{Position: lds.LeftIndex, Compression: lds.FingerWSQ, Width: 200, Height: 200, Image: wsq}, "left-index: the image is WSQ"},
		"huge":              {lds.Finger{Position: lds.LeftIndex, Compression: lds.FingerPNG, Width: 200, Height: 200, Image: huge}, "left-index: not an image in PNG of at most 2000"},
		"torn":              {lds.Finger{Position: lds.RightIndex, Compression: lds.FingerPNG, Width: 200, Height: 200, Image: torn}, "right-index: the image cannot be read"},
		"of another size":   {lds.Finger{Position: lds.RightIndex, Compression: lds.FingerPNG, Width: 201, Height: 200, Image: good}, "right-index: the image cannot be read as 201 x 200"},
		"in colour":         {lds.Finger{Position: lds.RightIndex, Compression: lds.FingerJPEG, Width: 200, Height: 200, Image: colour}, "right-index: not an image in JPEG"},
		"of another finger": {lds.Finger{Position: lds.LeftThumb, Compression: lds.FingerWSQ, Width: 200, Height: 200, Image: wsq}, ""},
	} {
		dg3, err := lds.EncodeDG3(lds.DG3{Fingers: []lds.Finger{c.finger}})
		if err != nil {
			t.Fatal(err)
		}
		printed, err := PrintedFingers(dg3)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) || len(printed) > 0 {
			t.Errorf("%s: %d, %v; want %q", name, len(printed), err, c.want)
		}
	}
	jpg := encodedFinger(t, asJPEG, image.NewGray(image.Rect(0, 0, 200, 200)))
	dg3, err := lds.EncodeDG3(lds.DG3{Fingers: []lds.Finger{{Position: lds.LeftIndex, Compression: lds.FingerJPEG, Width: 200, Height: 200, Image: jpg}}})
	if err != nil {
		t.Fatal(err)
	}
	if printed, err := PrintedFingers(dg3); err != nil || !bytes.Equal(printed["left-index"], jpg) {
		t.Errorf("a JPEG image: %v", err)
	}
	if _, err := PrintedFingers([]byte("junk")); err == nil {
		t.Error("junk")
	}
}

// What the office keeps is signed as EF.SOD is, holds no secret, and covers the record to its last byte.
func TestSignRecord(t *testing.T) {
	a, err := pki.NewSpecimenAuthority(rand.Reader, time.Now(), "VN")
	if err != nil {
		t.Fatal(err)
	}
	d := specimenDocument(t, "tran-mau-an")
	dg3, err := d.DG3(specimenFingers(t, d))
	if err != nil {
		t.Fatal(err)
	}
	photo, err := fs.ReadFile(specimen.Files(), d.Portrait)
	if err != nil {
		t.Fatal(err)
	}
	record := []byte(`{"any": "bytes"}`)
	i := Issuance{Document: d, Portrait: photo, Fingerprints: dg3, Signer: cms.Signer{Certificate: a.DocumentSigner.Raw, Key: a.DocumentSignerKey}, At: time.Now()}
	data, err := SignRecord(i, record)
	if err != nil || len(data.Files) != 5 {
		t.Fatalf("%d files, %v", len(data.Files), err)
	}
	sod, err := lds.ParseSOD(contentOf(data, "EF.SOD"))
	if err != nil || sod.SignedData.Verify(a.DocumentSigner.Raw) != nil || !slices.Equal(sod.SecurityObject.DataGroups(), []int{2, 3, 11, 13}) {
		t.Fatalf("EF.SOD of %v, %v", sod.SecurityObject.DataGroups(), err)
	}
	for n, name := range map[int]string{2: "EF.DG2", 3: "EF.DG3", 11: "EF.DG11", 13: "EF.DG13"} {
		if !sod.SecurityObject.Matches(n, contentOf(data, name)) {
			t.Errorf("%s is not what was signed", name)
		}
	}
	dg13, err := vnm.ParseDG13(contentOf(data, "EF.DG13"))
	if err != nil || dg13.Nationality != "Chưa xác định" || dg13.FullName != "Trần Mẫu An" || dg13.Spouse != "Lê Mẫu Hòa" {
		t.Errorf("%+v, %v", dg13, err)
	}
	if !IsOfRecord(data, d, record) || IsOfRecord(data, d, append(record, ' ')) || IsOfRecord(perso.Data{}, d, record) {
		t.Error("the record is not bound")
	}
	i.Document = specimenDocument(t, "dang-dinh-mau")
	if _, err := SignRecord(i, record); err == nil {
		t.Error("a card was signed as paper")
	}
	i.Document, i.Portrait = d, nil
	if _, err := SignRecord(i, record); err == nil || !strings.Contains(err.Error(), "portrait: missing") {
		t.Errorf("without a portrait: %v", err)
	}
	i.Document.DateOfBirth, i.Fingerprints = date.Date{Year: 2020, Month: 1, Day: 1}, nil
	if data, err = SignRecord(i, record); err != nil || len(data.Files) != 3 {
		t.Errorf("a child: %d files, %v", len(data.Files), err)
	}
}

func contentOf(data perso.Data, name string) []byte {
	file, _ := lds.ByName(name)
	content, _ := data.File(file)
	return content
}
