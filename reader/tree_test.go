package reader

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/pki/cvc"
	"github.com/cancuoc/cancuoc/card/secinfo"
	"github.com/cancuoc/cancuoc/card/tlv"
)

const (
	jpegHeader = "FFD8 FFC0 000B 08 0030 0020 01 01 11 00" // 32 x 48 pixels, grey
	wsqImage   = "FFA0 FFA2 0011 00FF 0168 0100 02414A0430DF000000 FFA3 FFA1"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// shownFiles gives a file of every kind that is shown by its meaning: those of a specimen's card, and what it lacks.
func shownFiles(t testing.TB) map[string][]byte {
	t.Helper()
	a := newAuthority(t)
	files := maps.Clone(issued(t, "dang-dinh-mau", a, at).Files)
	must := func(file []byte, err error) []byte {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
		return file
	}
	finger, err := lds.ReadFingerImage(unhex(t, wsqImage))
	if err != nil {
		t.Fatal(err)
	}
	finger.Position = lds.RightIndex
	iris := append([]byte("IIR\x00010\x00\x00\x00\x00\x00\x00\x00\x01\x00\x2D"), make([]byte, 28)...)
	iris[22] = 8 // JPEG in colour
	image := unhex(t, jpegHeader)
	iris = append(append(iris, 1, 0, 1, 0, 1, 50, 0, 0, 0, 0, 0, 0, 0, byte(len(image))), image...)
	iris[11] = byte(len(iris))
	infos, err := lds.ParseSOD(files["EF.SOD"])
	if err != nil || len(infos.SignedData.Certificates) == 0 {
		t.Fatal(err)
	}
	chain, err := cvc.NewSpecimen(rand.Reader, date.Of(at))
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{
		"EF.DG3":  must(lds.EncodeDG3(lds.DG3{Fingers: []lds.Finger{finger}})),
		"EF.DG4":  must(lds.EncodeDG4(lds.DG4{Irises: []lds.Iris{{Eye: lds.EyeRight, Record: iris}}})),
		"EF.DG5":  tlv.Encode(0x65, []byte{2, 1, 1}, tlv.Encode(0x5F40, image)),
		"EF.DG7":  must(lds.EncodeDG7([][]byte{image})),
		"EF.DG11": must(lds.EncodeDG11(lds.DG11{Name: "Đặng Đình Mẫu", OtherNames: []string{"MẪU"}, DateOfBirth: lds.Date{Digits: "20000315"}, Citizenship: image})),
		"EF.DG12": must(lds.EncodeDG12(lds.DG12{IssuingAuthority: "SPECIMEN", Personalisation: lds.Date{Digits: "20240701083015", BCD: true}})),
		"EF.DG16": must(lds.EncodeDG16([]lds.Person{{Recorded: lds.Date{Digits: "20240701"}, Name: "TRAN<<THI<MAU", Telephone: "+84000", Address: "Mẫu"}})),
		"EF.DIR":  must(lds.EncodeDIR([]lds.Application{{AID: lds.AID()}})),
		"EF.ATR/INFO": must(lds.ATRInfo{
			{Tag: 0x47, Value: []byte{0, 0, 0xE0}}, {Tag: 0x7F66, Value: unhex(t, "02 02 0800 02 03 010002")}}.Encode()),
		"EF.CVCA":         must(cvc.EncodeFile([]string{"VNSPECCVCA00002", "VNSPECCVCA00001"})),
		nameCertificate:   must(chain.Terminal.Encode()),
		nameX509:          a.DocumentSigner.Raw,
		"EF.CardSecurity": must(lds.SignCardSecurity(securityOf(t, files["EF.CardAccess"]), signerOf(a), at)),
	} {
		files[name] = file
	}
	return files
}

// at gives the node that a path of names leads to: each is that of the first node below that has it.
func (n Node) at(t testing.TB, names ...string) Node {
	t.Helper()
	for _, name := range names {
		found := n.below(func(c Node) bool { return c.Name == name }, nil)
		if len(found) == 0 {
			t.Fatalf("%s: no %q in %q", n.Name, name, names)
		}
		n = *found[0]
	}
	return n
}

// Every kind of file is known by its content, taken by its codec, and says what it holds.
func TestTreeOfEveryFile(t *testing.T) {
	files := shownFiles(t)
	for name, content := range files {
		n := Tree("", content)
		if n.Name != name || n.Length != len(content) || n.Broken() {
			t.Errorf("%s: %+v", name, n)
		}
		if named := Tree(name, content); !reflect.DeepEqual(named, n) {
			t.Errorf("%s is shown otherwise by its name", name)
		}
		b, err := json.Marshal(n)
		var back Node
		if err != nil || json.Unmarshal(b, &back) != nil || !reflect.DeepEqual(back, n) {
			t.Errorf("%s does not survive JSON: %v", name, err)
		}
	}
	for _, k := range kinds() {
		if _, there := files[k.name]; !there && k.check != nil && !slices.Contains([]string{"EF.DG6", "EF.DG8", "EF.DG9", "EF.DG10"}, k.name) {
			t.Errorf("no %s is looked at", k.name)
		}
	}
	sod, err := lds.ParseSOD(files["EF.SOD"])
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file        string
		path        []string
		tag         string
		value, note string
	}{
		{"EF.COM", []string{"LDS version"}, "5F01", "0107", "1.7"},
		{"EF.COM", []string{"data groups"}, "5C", "EF.DG1, EF.DG2, EF.DG13, EF.DG14, EF.DG15", "61756D6E6F"},
		{"EF.DG1", []string{"line 1"}, "", "IDVNM2000000130000200000013<<0", ""},
		{"EF.DG1", []string{"document number"}, "", "200000013", ""},
		{"EF.DG1", []string{"machine readable zone"}, "5F1F", "", "TD1"},
		{"EF.DG2", []string{"biometric header template", "biometric type"}, "81", "02", "facial features"},
		{"EF.DG2", []string{"facial image 1", "face image type"}, "", "1 full frontal", ""},
		{"EF.DG3", []string{"format type"}, "88", "0007", "ISO/IEC 19794-4"},
		{"EF.DG3", []string{"finger position"}, "", "2 right-index", ""},
		{"EF.DG3", []string{"image"}, "", "WSQ, 256 x 360 pixels, 25 bytes", ""},
		{"EF.DG4", []string{"image of the right eye"}, "", "JPEG, 32 x 48 pixels, 15 bytes", ""},
		{"EF.DG5", []string{"portrait"}, "5F40", "JPEG, 32 x 48 pixels, 15 bytes", ""},
		{"EF.DG7", []string{"signature or usual mark"}, "5F43", "JPEG, 32 x 48 pixels, 15 bytes", ""},
		{"EF.DG11", []string{"tag list"}, "5C", "5F0E A0 5F2B 5F16", ""},
		{"EF.DG11", []string{"name of holder"}, "5F0E", "Đặng Đình Mẫu", ""},
		{"EF.DG11", []string{"other names", "other name"}, "5F0F", "MẪU", ""},
		{"EF.DG11", []string{"full date of birth"}, "5F2B", "2000-03-15", ""},
		{"EF.DG12", []string{"time of personalisation"}, "5F55", "2024-07-01 08:30:15", "two digits in a byte"},
		{"EF.DG13", []string{"field 2, full name"}, "30", "Đặng Đình Mẫu", "UTF8String"},
		{"EF.DG13", []string{"field 13, father and mother"}, "30", "Đặng Văn Mẫu | Trần Thị Mẫu", "SEQUENCE {UTF8String}, SEQUENCE {UTF8String}"},
		{"EF.DG14", []string{"PACEInfo"}, "30", "PACE-ECDH-GM with AES-128 on brainpoolP256r1", ""},
		{"EF.DG14", []string{"PACEInfo", "parameterId"}, "02", "13", "brainpoolP256r1"},
		{"EF.DG14", []string{"PACEInfo", "protocol"}, "06", "0.4.0.127.0.7.2.2.4.2.2", "id-PACE-ECDH-GM, AES-128"},
		{"EF.DG14", []string{"chipAuthenticationPublicKey"}, "30", "elliptic curve, brainpoolP256r1", ""},
		{"EF.CardAccess", []string{"ChipAuthenticationInfo"}, "30", "CA-ECDH with AES-128", ""},
		{"EF.CardSecurity", []string{"eContentType"}, "06", "0.4.0.127.0.7.3.2.1", "id-SecurityObject"},
		{"EF.CardSecurity", []string{"eContent", "ChipAuthenticationInfo", "version"}, "02", "1", ""},
		{"EF.DG15", []string{"SubjectPublicKeyInfo"}, "30", "elliptic curve, P-256", ""},
		{"EF.DG16", []string{"person 1", "name"}, "5F51", "TRAN<<THI<MAU", ""},
		{"EF.SOD", []string{"hashAlgorithm"}, "30", "SHA-256", "2.16.840.1.101.3.4.2.1"},
		{"EF.SOD", []string{"hash of EF.DG13"}, "30", fmt.Sprintf("%X", sod.SecurityObject.Hashes[13]), ""},
		{"EF.SOD", []string{"Certificate", "issuer"}, "30", "CN=SPECIMEN CSCA,O=SPECIMEN cancuoc,C=VN", ""},
		{"EF.SOD", []string{"Certificate", "documentTypeList", "PrintableString"}, "13", "I", ""},
		{"EF.SOD", []string{"SignerInfo", "signatureAlgorithm"}, "30", "ECDSA with SHA-256", "1.2.840.10045.4.3.2"},
		{"EF.SOD", []string{"signingTime"}, "30", "2026-11-20 09:00:00 UTC", ""},
		{"EF.CVCA", []string{"certification authority reference"}, "42", "VNSPECCVCA00002", ""},
		{"EF.ATR/INFO", []string{"longest command"}, "02", "2048", "bytes"},
		{"EF.ATR/INFO", []string{"longest response"}, "02", "65538", "bytes"},
		{"EF.ATR/INFO", []string{"card capabilities"}, "47", "0000E0", "command chaining, extended length fields, extended length information in EF.ATR/INFO"},
		{"EF.DIR", []string{"application identifier"}, "4F", "A0000002471001", "eMRTD"},
		{nameCertificate, []string{"algorithm"}, "06", "0.4.0.127.0.7.2.2.2.2.3", "ECDSA-SHA-256"},
		{nameCertificate, []string{"certificate holder authorization template"}, "7F4C", "terminal, reads EF.DG3, reads EF.DG4", "inspection system"},
		{nameCertificate, []string{"certificate effective date"}, "5F25", "2026-11-20", ""},
		{nameX509, []string{"subject"}, "30", "CN=SPECIMEN Document Signer 1,O=SPECIMEN cancuoc,C=VN", ""},
	} {
		n := Tree(c.file, files[c.file]).at(t, c.path...)
		if n.Tag != c.tag || n.Value != c.value || c.note != "" && n.Note != c.note {
			t.Errorf("%s, %s: %s %q (%s)", c.file, c.path, n.Tag, n.Value, n.Note)
		}
	}
}

// What the image itself is and what its record says of it stand side by side, and nowhere the image.
func TestImagesAreToldAndNotShown(t *testing.T) {
	file, err := lds.EncodeDG2(lds.Face{Image: append(unhex(t, jpegHeader), bytes.Repeat([]byte{0xAB}, 500)...), Width: 33, Height: 48})
	if err != nil {
		t.Fatal(err)
	}
	n := Tree("EF.DG2", file)
	image, size := n.at(t, "image"), n.at(t, "size by the record")
	if image.Value != "JPEG, 32 x 48 pixels, 515 bytes" || !strings.HasPrefix(image.Note, "sha256 ") || image.Length != 515 {
		t.Errorf("%+v", image)
	}
	if size.Value != "33 x 48 pixels" || size.Note != "the image itself has others" {
		t.Errorf("%+v", size)
	}
	if b, err := json.Marshal(n); err != nil || bytes.Contains(b, []byte("ABABAB")) {
		t.Errorf("%s, %v", b, err)
	}
}

// Where a file breaks, the error stands at the innermost object, and the root says what the codec says.
func TestTreeSaysWhereAFileBreaks(t *testing.T) {
	files := shownFiles(t)
	swap := func(name, old, to string) []byte {
		if !bytes.Contains(files[name], []byte(old)) {
			t.Fatalf("no %q in %s", old, name)
		}
		return bytes.Replace(files[name], []byte(old), []byte(to), 1)
	}
	cut := func(name string, n int) []byte { return files[name][:n] }
	for _, c := range []struct {
		name        string
		content     []byte
		path        []string
		error, root string
	}{
		{"EF.DG13", swap("EF.DG13", "15/03/2000", "15/13/2000"), []string{"field 3, date of birth"}, "not a day of the calendar", "field 3"},
		{"EF.DG13", swap("EF.DG13", "\x13\x0A15/03", "\x13\x4015/03"), []string{"field 3, date of birth", "PrintableString"}, "it announces 64 bytes, 10 are left", "field 3"},
		{"EF.DG13", cut("EF.DG13", 60), []string{"field 2, full name", "UTF8String"}, "it announces 20 bytes, 11 are left", "shorter than it says"},
		{"EF.DG13", append(bytes.Clone(files["EF.DG13"]), 0xFF), []string{""}, "ends inside a tag", "1 bytes follow"},
		{"EF.DG1", swap("EF.DG1", "0003159M", "0003158M"), []string{"machine readable zone"}, "date of birth: the check digit does not fit", ""},
		{"EF.DG11", swap("EF.DG11", "20000315", "20009915"), []string{"full date of birth"}, "not a date of 8 digits", "object 5F2B"},
		{"EF.DG11", swap("EF.DG11", "\x5F\x2B\x08", "\x5F\x3B\x08"), []string{""}, "it has no place", "object 5F3B"},
		{"EF.DG2", cut("EF.DG2", 1000), []string{"biometric data block"}, "962 are left", "object 75 announces"},
		{"EF.DG3", swap("EF.DG3", "FIR\x00", "FIS\x00"), []string{"biometric data block"}, "no finger image record", "no finger image record"},
		{"EF.DG4", swap("EF.DG4", "IIR\x00", "IIS\x00"), []string{"biometric data block"}, "no iris image record", "no iris image record"},
		{"EF.DG7", swap("EF.DG7", "\xFF\xC0", "\xFF\xDA"), []string{"signature or usual mark"}, "marker DA before its frame header", ""},
		{"EF.DG14", cut("EF.DG14", 100), []string{"SecurityInfo"}, "", "object 6E announces"},
		{"EF.DG16", swap("EF.DG16", "20240701", "2024070x"), []string{"date of recording"}, "not of digits", "person 1"},
		{"EF.SOD", cut("EF.SOD", 180), []string{"dataGroupHashValues"}, "", "object 77 announces"},
		{"EF.COM", swap("EF.COM", "\x5C", "\x5D"), nil, "", "object 5D found where 5C is due"},
		{"EF.CVCA", swap("EF.CVCA", "VNSPEC", "vNSPEC"), nil, "", "country code"},
		{"EF.ATR/INFO", cut("EF.ATR/INFO", 8), []string{"extended length information"}, "it announces 9 bytes, 0 are left", "object 7F66 announces 9"},
		{nameCertificate, cut(nameCertificate, 50), []string{"algorithm"}, "", "not a card verifiable certificate"},
		{"EF.DG1", files["EF.DG2"], nil, "", "tag 75 found where 61 is due"},
		{"EF.DG9", []byte{0x69, 5, 1}, []string{"structure features", ""}, "no length", "object 69 announces 5"},
		{"", []byte("this is no file of a chip\n"), nil, "", "a text, and no file of a chip"},
		{"", nil, nil, "", "nothing in it"},
		{"", make([]byte, 500), nil, "", "no data object"},
		{"", []byte{0xFF, 0xFF, 0xFF, 0xFF}, nil, "", "no data object"},
	} {
		n := Tree(c.name, c.content)
		if !n.Broken() || !strings.Contains(n.Error, c.root) || c.root == "" && n.Error != "" {
			t.Errorf("%s: root: %q", c.name, n.Error)
		}
		if at := n.at(t, c.path...); !strings.Contains(at.Error, c.error) {
			t.Errorf("%s, %q: %+v", c.name, c.path, at)
		}
	}
}

// Files that are not known are shown by tag, and ASN.1 by its types.
func TestTreeOfUnknownObjects(t *testing.T) {
	n := Tree("", unhex(t, "30 1C 0C 03 414243 06 05 2B81040022 01 01 FF 80 03 616263 1F8101 00 03 02 06 40"))
	want := []Node{
		{Name: "UTF8String", Tag: "0C", Length: 3, Value: "ABC"},
		{Name: "OBJECT IDENTIFIER", Tag: "06", Length: 5, Value: "1.3.132.0.34", Note: "P-384"},
		{Name: "BOOLEAN", Tag: "01", Length: 1, Value: "FF", Note: "true"},
		{Name: "[0]", Tag: "80", Length: 3, Value: "616263", Note: `"abc"`},
		{Tag: "1F8101", Length: 0},
		{Name: "BIT STRING", Tag: "03", Length: 2, Value: "40", Note: "unused bits: 6"},
	}
	if len(n.Children) != 1 || n.Broken() || n.Name != nameUnknown || !reflect.DeepEqual(n.Children[0].Children, want) {
		t.Errorf("%+v", n)
	}
	long := Tree("EF.DG10", tlv.Encode(0x6A, tlv.Encode(0x53, bytes.Repeat([]byte{1}, 100))))
	if got := long.Children[0].Children[0].Value; got != strings.Repeat("01", 32)+"... 100 bytes" {
		t.Errorf("%s", got)
	}
	if text := Tree("", tlv.Encode(0x0C, bytes.Repeat([]byte("ẫ"), 5000))).Children[0].Value; len(text) > 1020 || !strings.HasSuffix(text, "ẫ... 15000 bytes") {
		t.Errorf("%d bytes of text", len(text))
	}
}

// measure counts the nodes of a tree and how deep it goes.
func measure(n Node) (nodes, depth int) {
	for _, child := range n.Children {
		more, below := measure(child)
		nodes, depth = nodes+more, max(depth, below)
	}
	return nodes + 1, depth + 1
}

// mustBeBounded demands that a tree is made in no time and is of a size that a person could still print.
func mustBeBounded(t *testing.T, name string, content []byte) {
	t.Helper()
	began := time.Now()
	n := Tree(name, content)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("%d bytes took %v", len(content), took)
	}
	if nodes, depth := measure(n); nodes > maxTreeNodes || depth > maxTreeDepth+4 {
		t.Errorf("%d bytes became %d nodes, %d deep", len(content), nodes, depth)
	}
}

func TestTreesAreBounded(t *testing.T) {
	deep := []byte{}
	for range 5000 {
		deep = tlv.Encode(0x30, deep)
	}
	key := unhex(t, "3081A2 3081 9F")
	faces := append([]byte("FAC\x00010\x00"), 0, 0, 0, 0, 0xFF, 0xFF)
	for range 20000 {
		faces = append(append(faces, 0, 0, 0, 33), make([]byte, 29)...)
	}
	var applications, names []byte
	for i := range 1 << 20 / 10 {
		applications = append(applications, 0x61, 8, 0x4F, 6, 0xA0, 0, 0, byte(i>>16), byte(i>>8), byte(i))
		names = append(names, 0x31, 9, 0x30, 7, 0x06, 3, 0x55, 4, 3, 0x0C, 0)
	}
	for name, content := range map[string][]byte{
		"applications":      applications,
		"a long name":       tlv.Encode(0x30, tlv.Encode(0x30, unhex(t, "A003020102 020101 3000"), tlv.Encode(0x30, names))),
		"empty objects":     bytes.Repeat([]byte{0x30, 0}, 400_000),
		"no end of nesting": bytes.Repeat([]byte{0x30, 0x84, 0x00, 0x0F, 0xFF, 0xF0}, 170_000),
		"nested":            deep,
		"zeros, then not":   append(make([]byte, 1<<20), 1),
		"zeros":             make([]byte, 1<<20),
		"long OIDs":         tlv.Encode(0x06, bytes.Repeat([]byte{0x81}, 1<<20)),
		"a long number":     tlv.Encode(0x02, bytes.Repeat([]byte{0x7F}, 1<<20)),
		"keys":              tlv.Encode(0x6E, tlv.Encode(0x31, bytes.Repeat(tlv.Encode(0x30, unhex(t, "0609 04007F00070202010 2"[:24]), key), 4000))),
		"faces":             tlv.Encode(0x75, tlv.Encode(0x7F61, []byte{2, 1, 1}, tlv.Encode(0x7F60, unhex(t, "A1 08 87 02 0101 88 02 0008"), tlv.Encode(0x5F2E, faces)))),
	} {
		t.Run(name, func(t *testing.T) { mustBeBounded(t, "", content) })
	}
}

// Every file cut anywhere, but behind an object of those that are several, and with any byte changed is shown.
func TestTreesOfSpoiltFiles(t *testing.T) {
	for name, content := range shownFiles(t) {
		step := 1 + len(content)/50
		for n := 0; n < len(content); n += step {
			if several := name == "EF.ATR/INFO" || name == "EF.CVCA"; !Tree(name, content[:n]).Broken() && !several {
				t.Errorf("%s: %d bytes of %d are no fault", name, n, len(content))
			}
			bent := bytes.Clone(content)
			bent[n] ^= 0x81
			Tree(name, bent)
			Tree("", bent)
		}
	}
}

// Files that others made, where they are at hand.
func TestTreesOfTheField(t *testing.T) {
	broken := []string{"Datagroup15.bin", "extra-EF_DG11.bin", "extra-EF_DG12.bin"} // a negative modulus, images of one byte
	found, err := filepath.Glob("/work/shared/samples/lds-bsi2008/*.bin")
	if err != nil || len(found) == 0 {
		t.Skip("the samples are not here")
	}
	for _, path := range found {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		n := Tree("", content)
		if name := filepath.Base(path); n.Name == nameUnknown || n.Broken() != slices.Contains(broken, name) {
			t.Errorf("%s: %s, broken: %v", name, n.Name, n.Broken())
		}
	}
}

func ExampleTree() {
	file := []byte("\x60\x16\x5F\x01\x040107\x5F\x36\x06040000\x5C\x04\x61\x75\x6D\x6E")
	for _, n := range Tree("", file).Children[0].Children {
		fmt.Println(n.Tag, n.Name, n.Value)
	}
	// Output:
	// 5F01 LDS version 0107
	// 5F36 Unicode version 040000
	// 5C data groups EF.DG1, EF.DG2, EF.DG13, EF.DG14
}

func FuzzTree(f *testing.F) {
	for name, content := range shownFiles(f) {
		f.Add(name, content[:min(len(content), 2000)])
	}
	f.Add("EF.COM", unhex(f, "60165F0104303130375F36063034303030305C046175636E"))
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		mustBeBounded(t, name, content)
		mustBeBounded(t, "", content)
		n := Tree(name, content)
		if !reflect.DeepEqual(n, Tree(name, content)) {
			t.Error("the same file is shown in two ways")
		}
		if _, err := json.Marshal(n); err != nil {
			t.Error(err)
		}
	})
}

func securityOf(t testing.TB, cardAccess []byte) secinfo.Infos {
	t.Helper()
	infos, err := secinfo.Parse(cardAccess)
	if err != nil {
		t.Fatal(err)
	}
	return infos
}
