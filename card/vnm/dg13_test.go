package vnm

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/cancuoc/cancuoc/card/date"
)

func day0(s string) date.Date {
	d, err := date.Parse(s)
	if err != nil {
		panic(err)
	}
	return d
}

// specimenA is the synthetic citizen A with the card of 2021; specimenHex is its file, written by hand.
func specimenA() DG13 {
	return DG13{
		PersonalNumber: "000200000013", FullName: "Đặng Đình Mẫu", DateOfBirth: day0("2000-03-15"), Sex: "Nam",
		Nationality: "Việt Nam", Ethnicity: "Kinh", Religion: "Không", PlaceOfOrigin: "Mẫu, Mẫu, Hà Nội",
		Residence: "1 Đường Mẫu, Mẫu, TP Hồ Chí Minh", IdentifyingFeatures: "Nốt ruồi mẫu",
		DateOfIssue: day0("2024-06-01"), DateOfExpiry: day0("2040-03-15"), Father: "Đặng Văn Mẫu",
		Mother: "Trần Thị Mẫu", OldNumber: "012345678", ChipSerial: "0123456789ABCDEF",
	}
}

const specimenHex = "" +
	"6d82016d30820169020101060628d3160100083182015a3011020101130c3030303230303030303031333019020102" +
	"0c14c490e1bab76e6720c490c3ac6e68204de1baab75300f020103130a31352f30332f3230303030080201040c034e" +
	"616d300f0201050c0a5669e1bb8774204e616d30090201060c044b696e68300b0201070c064b68c3b46e67301c0201" +
	"080c174de1baab752c204de1baab752c2048c3a0204ee1bb996930300201090c2b3120c490c6b0e1bb9d6e67204de1" +
	"baab752c204de1baab752c2054502048e1bb93204368c3ad204d696e68301702010a0c124ee1bb9174207275e1bb93" +
	"69206de1baab75300f02010b130a30312f30362f32303234300f02010c0c0a31352f30332f32303430302f02010d30" +
	"140c12c490e1bab76e672056c4836e204de1baab7530140c125472e1baa76e205468e1bb8b204de1baab7530030201" +
	"0e300e02010f13093031323334353637383015020110131030313233343536373839414243444546"

func TestEncodeSpecimen(t *testing.T) {
	got, err := specimenA().Encode()
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 369 || hex.EncodeToString(got) != specimenHex {
		t.Errorf("%d bytes\n got %x\nwant %s", len(got), got, specimenHex)
	}
}

func TestParseSpecimen(t *testing.T) {
	got, err := ParseDG13(unhex(specimenHex))
	if err != nil || got != specimenA() {
		t.Errorf("%+v, %v", got, err)
	}
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

func TestNoExpiryIsWritten(t *testing.T) {
	d := specimenA()
	d.DateOfExpiry = date.Never
	file, err := d.Encode()
	if err != nil || !bytes.Contains(file, append(unhex("30 18 02010c 0c13"), "Không thời hạn"...)) {
		t.Fatalf("%x, %v", file, err)
	}
	if got, err := ParseDG13(file); err != nil || got != d {
		t.Errorf("%+v, %v", got, err)
	}
}

// Which parent, spouse and old number are known: each comes back as it went, and the bytes are as decided.
func TestWhoIsKnown(t *testing.T) {
	for _, c := range []struct {
		father, mother, spouse, field13, field14 string
	}{
		{"", "", "", "3003 02010d", "3003 02010e"},
		{"Cha", "", "", "300e 02010d 3005 0c03 436861 3002 0c00", "3003 02010e"},
		{"", "Me", "", "300d 02010d 3002 0c00 3004 0c02 4d65", "3003 02010e"},
		{"Cha", "Me", "Vo", "3010 02010d 3005 0c03 436861 3004 0c02 4d65", "3009 02010e 3004 0c02 566f"},
	} {
		d := specimenA()
		d.Father, d.Mother, d.Spouse, d.OldNumber, d.Religion = c.father, c.mother, c.spouse, "", ""
		file, err := d.Encode()
		if err != nil {
			t.Fatal(err)
		}
		for _, field := range []string{c.field13, c.field14, "3003 020107", "3003 02010f"} {
			if !bytes.Contains(file, unhex(field)) {
				t.Errorf("%s is not in %x", field, file)
			}
		}
		if got, err := ParseDG13(file); err != nil || got != d {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

// openssl reads the file as well-formed, with one SEQUENCE for each of the sixteen fields.
func TestOpensslReadsTheFile(t *testing.T) {
	path, err := exec.LookPath("openssl")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("openssl is not installed")
	}
	d := specimenA()
	d.Father, d.Spouse = "", "Lê Thị Mẫu"
	file, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "asn1parse", "-inform", "DER")
	cmd.Stdin = bytes.NewReader(file)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for what, want := range map[string]int{
		"appl [ 13 ]": 1, "d=2  hl=4 l= ": 1, "d=3  ": 16, "INTEGER": 17, "UTF8STRING": 12, "PRINTABLESTRING": 5, "OBJECT": 1,
	} {
		if got := strings.Count(string(out), what); got != want {
			t.Errorf("%s stands %d times, want %d\n%s", what, got, want, out)
		}
	}
}

// build makes a file of the given fields, each in hexadecimal without its outer header.
func build(fields ...string) []byte {
	var set []byte
	for _, f := range fields {
		set = append(set, wrap(0x30, unhex(f))...)
	}
	head := unhex("020101 060628d316010008")
	return wrap(0x6D, wrap(0x30, append(head, wrap(0x31, set)...)))
}

func wrap(tag byte, content []byte) []byte {
	switch n := len(content); {
	case n < 0x80:
		return append([]byte{tag, byte(n)}, content...)
	case n < 0x100:
		return append([]byte{tag, 0x81, byte(n)}, content...)
	default:
		return append([]byte{tag, 0x82, byte(n >> 8), byte(n)}, content...)
	}
}

const (
	hexNumber = "020101 130c 303030323030303030303133"
	hexName   = "020102 0c04 4dc3a275" // Mâu
)

func TestLenientReading(t *testing.T) {
	named := DG13{PersonalNumber: "000200000013", FullName: "Mâu"}
	with := func(change func(*DG13)) DG13 { d := named; change(&d); return d }
	both := with(func(d *DG13) { d.Father, d.Mother = "Cha", "Me" })
	for name, c := range map[string]struct {
		file []byte
		want DG13
	}{
		"fields in another order":          {build(hexName, hexNumber), named},
		"all other fields absent":          {build(hexNumber, hexName), named},
		"fields with the number only":      {build(hexNumber, hexName, "020103", "020105", "02010d", "02010f"), named},
		"fields of other numbers":          {build(hexNumber, hexName, "020111 0401ff", "020200ff", "020100"), named},
		"parents as siblings":              {build(hexNumber, hexName, "02010d 3005 0c03 436861 3004 0c02 4d65"), both},
		"parents in one SEQUENCE":          {build(hexNumber, hexName, "02010d 3009 0c03 436861 0c02 4d65"), both},
		"parents nested in a SEQUENCE":     {build(hexNumber, hexName, "02010d 300d 3005 0c03 436861 3004 0c02 4d65"), both},
		"parents flat":                     {build(hexNumber, hexName, "02010d 0c03 436861 0c02 4d65"), both},
		"the father alone":                 {build(hexNumber, hexName, "02010d 3005 0c03 436861"), with(func(d *DG13) { d.Father = "Cha" })},
		"the mother after an empty one":    {build(hexNumber, hexName, "02010d 3000 3004 0c02 4d65"), with(func(d *DG13) { d.Mother = "Me" })},
		"the spouse flat":                  {build(hexNumber, hexName, "02010e 0c02 566f"), with(func(d *DG13) { d.Spouse = "Vo" })},
		"an empty text":                    {build(hexNumber, hexName, "02010f 1300", "020103 1300"), named},
		"the number as UTF8String":         {build("020101 0c0c 303030323030303030303133", hexName), named},
		"the number as NumericString":      {build("020101 120c 303030323030303030303133", hexName), named},
		"the expiry as PrintableString":    {build(hexNumber, hexName, "02010c 130a 31352f30332f32303430"), with(func(d *DG13) { d.DateOfExpiry = day0("2040-03-15") })},
		"no expiry, decomposed, lowercase": {build(hexNumber, hexName, "02010c"+hex.EncodeToString(wrap(0x0C, []byte(norm.NFD.String("không thời hạn"))))), with(func(d *DG13) { d.DateOfExpiry = date.Never })},
		"a name with decomposed letters":   {build(hexNumber, "020102 0c05 4d61cc8275"), named},
	} {
		if got, err := ParseDG13(c.file); err != nil || got != c.want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestStrictReading(t *testing.T) {
	good := build(hexNumber, hexName)
	for want, file := range map[string][]byte{
		"not a data object with tag 6D, or shorter": good[:len(good)-1],
		"1 bytes follow":                       append(bytes.Clone(good), 0),
		"field 2 (full name): comes twice":     build(hexNumber, hexName, hexName),
		"field 99: comes twice":                build(hexNumber, hexName, "020163", "020163"),
		"field 1 (personal number): missing":   build(hexName),
		"field 2 (full name): missing":         build(hexNumber, "020102"),
		"must have twelve digits":              build("020101 130b 3030303230303030303031", hexName),
		"field 3 (date of birth): not a day":   build(hexNumber, hexName, "020103 130a 33302f30322f32303030"),
		"field 11 (date of issue): not a day":  build(hexNumber, hexName, "02010b 1308 3135303332303030"),
		"field 12 (date of expiry): not a day": build(hexNumber, hexName, "02010c 0c04 4b68c3b4"),
		"characters that its type has":         build(hexNumber, "020102 0c02 4dff"),
		"(full name): the text is not of":      build(hexNumber, "020102 1304 4dc3a275"),
		"holds 2 texts, at most 1":             build(hexNumber, "020102 0c014d 0c014d"),
		"holds 3 texts, at most 2":             build(hexNumber, hexName, "02010d 0c014d 0c014d 0c014d"),
		"nested too deep":                      build(hexNumber, hexName, "02010d 3008 3006 3004 3002 3000"),
		"with tag 04, which is no text":        build(hexNumber, hexName, "02010e 0401ff"),
		"not that of DER":                      build(hexNumber, "020102 0c8104 4dc3a275"),
		"a value is shorter than it says":      build(hexNumber, "020102 0c05 4dc3a275"),
		"begins with its number":               build(hexNumber, hexName, "0c0131"),
		"version 2 is not known":               bytes.Replace(good, unhex("020101 0606"), unhex("020102 0606"), 1),
		"does not say that its text is UTF-8":  bytes.Replace(good, unhex("28d316010008"), unhex("28d316010007"), 1),
		"other than one SEQUENCE":              wrap(0x6D, append(bytes.Clone(good[2:]), 5, 0)),
		"other than one SET":                   wrap(0x6D, wrap(0x30, append(bytes.Clone(good[4:]), 5, 0))),
	} {
		if got, err := ParseDG13(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v", want, got, err)
		} else if strings.Contains(err.Error(), "2000") {
			t.Errorf("the error repeats what the card says: %v", err)
		}
	}
}

// Every bit of the specimen turned over: what is still read says something else, but for the numbers of fields that
// are passed over when turned into unknown ones.
func TestEveryFlippedBitShows(t *testing.T) {
	file := unhex(specimenHex)
	for i := range len(file) * 8 {
		file[i/8] ^= 1 << (i % 8)
		if got, err := ParseDG13(file); err == nil && got == specimenA() {
			if tag := file[i/8] ^ 1<<(i%8); tag != 0x0C && tag != 0x13 && !emptyField(i/8) {
				t.Errorf("bit %d of byte %d reads as before", i%8, i/8)
			}
		}
		file[i/8] ^= 1 << (i % 8)
	}
}

// emptyField tells whether the byte is the number of the field for the spouse, who is not there.
func emptyField(i int) bool {
	at := bytes.Index(unhex(specimenHex), unhex("300302010e"))
	return i >= at && i < at+5
}

func TestEncodeRefuses(t *testing.T) {
	for want, spoil := range map[string]func(*DG13){
		"field 1 (personal number): the personal number has 11": func(d *DG13) { d.PersonalNumber = "00020000001" },
		"field 2 (full name): missing":                          func(d *DG13) { d.FullName = " " },
		"field 2 (full name): not valid UTF-8":                  func(d *DG13) { d.FullName = "M\xff" },
		"field 3 (date of birth): missing":                      func(d *DG13) { d.DateOfBirth = date.Date{} },
		"field 3 (date of birth): not a day":                    func(d *DG13) { d.DateOfBirth = date.Date{Year: 2001, Month: 2, Day: 29} },
		"field 4 (sex): neither Nam nor Nữ":                     func(d *DG13) { d.Sex = "male" },
		"field 9 (residence): holds a control":                  func(d *DG13) { d.Residence = "1\n2" },
		"field 9 (residence): too long":                         func(d *DG13) { d.Residence = strings.Repeat("a", 5000) },
		"field 11 (date of issue): not a day":                   func(d *DG13) { d.DateOfIssue = date.Never },
		"field 12 (date of expiry): missing":                    func(d *DG13) { d.DateOfExpiry = date.Date{} },
		"field 13 (father and mother): not valid":               func(d *DG13) { d.Mother = "\xc3" },
		"field 15 (old number): not nine digits":                func(d *DG13) { d.OldNumber = "12345678" },
		"field 16 (chip serial): not letters":                   func(d *DG13) { d.ChipSerial = "é" },
	} {
		d := specimenA()
		spoil(&d)
		if _, err := d.Encode(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// An error says which field it is of, for whoever shows the file.
func TestErrorsNameTheField(t *testing.T) {
	file, err := hex.DecodeString(specimenHex)
	if err != nil {
		t.Fatal(err)
	}
	_, err = ParseDG13(bytes.Replace(file, []byte("15/03/2000"), []byte("15/13/2000"), 1))
	var at *FieldError
	if !errors.As(err, &at) || at.Field != 3 || FieldName(at.Field) != "date of birth" || !strings.HasPrefix(err.Error(), "vnm: EF.DG13: field 3 (date of birth): ") {
		t.Errorf("%v", err)
	}
	if FieldName(0) != "" || FieldName(17) != "" || FieldName(16) != "chip serial" {
		t.Error("names of fields that there are not")
	}
}
