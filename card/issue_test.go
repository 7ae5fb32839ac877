package card

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/pki/cms"
	"github.com/cancuoc/cancuoc/card/portrait"
	"github.com/cancuoc/cancuoc/card/specimen"
)

func specimenDocument(t testing.TB, name string) Document {
	t.Helper()
	raw, err := specimen.Record(name)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := ParseRecord(raw)
	if err != nil {
		t.Fatal(err)
	}
	return doc.Complete()
}

// today is a day on which the specimens are checked.
var today = date.Date{Year: 2026, Month: 11, Day: 20}

func TestWhatIsUnusual(t *testing.T) {
	good := specimenDocument(t, "dang-dinh-mau")
	for code, spoil := range map[string]func(*Document){
		"":                  func(*Document) {},
		"issue-ahead":       func(d *Document) { d.DateOfIssue = today.AddDays(31) },
		"expiry-not-by-law": func(d *Document) { d.DateOfExpiry = date.Never },
		"expired":           func(d *Document) { d.DateOfExpiry = today.AddDays(-1) },
		"no-place-of-birth": func(d *Document) { d.PlaceOfBirth = "" },
		"fingers-not-two":   func(d *Document) { d.Fingerprints = d.Fingerprints[:1] },
	} {
		d := good
		spoil(&d)
		warnings, err := d.Check(today)
		if err != nil {
			t.Errorf("%s: %v", code, err)
		}
		var codes []string
		for _, w := range warnings {
			codes = append(codes, w.Code)
			if w.Text == "" || w.TextVi == "" {
				t.Errorf("%s: a warning in one language: %+v", code, w)
			}
		}
		if code != "" && !slices.Contains(codes, code) || code == "" && fmt.Sprint(codes) != "[specimen-prefix bac-in-2038]" {
			t.Errorf("%q: warnings %v", code, codes)
		}
	}
}

func specimenPortrait(t testing.TB, doc Document) []byte {
	t.Helper()
	if doc.Portrait == "" {
		return nil
	}
	file, err := fs.ReadFile(specimen.Files(), doc.Portrait)
	if err != nil {
		t.Fatal(err)
	}
	fit, err := portrait.Fit(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return fit.Chip
}

// What the domain gives for each specimen: the lines, K_seed of BAC, the CAN and the QR code.
var specimens = []struct{ name, lines, seed, can, qr string }{
	{"dang-dinh-mau-2021", "IDVNM2000000130000200000013<<0 0003159M4003157VNM<<<<<<<<<<<6 DANG<<DINH<MAU<<<<<<<<<<<<<<<<",
		"0d951068a37146b3f4229372d710c6a0", "000013",
		"000200000013|012345678|Đặng Đình Mẫu|15032000|Nam|1 Đường Mẫu, Mẫu, TP Hồ Chí Minh|01062024"},
	{"dang-dinh-mau", "IDVNM2000000130000200000013<<0 0003159M4003157VNM<<<<<<<<<<<6 DANG<<DINH<MAU<<<<<<<<<<<<<<<<",
		"0d951068a37146b3f4229372d710c6a0", "000013",
		"000200000013|012345678|Đặng Đình Mẫu|15032000|Nam|1 Đường Mẫu, Mẫu, TP Hồ Chí Minh|01072024||||"},
	{"nguyen-thi-mau", "IDVNM1550000177000155000017<<7 5508202F9912315VNM<<<<<<<<<<<6 NGUYEN<<THI<MAU<<<<<<<<<<<<<<<",
		"acac26a3cce78bdc5a5bc48d047060a9", "000017",
		"000155000017||Nguyễn Thị Mẫu|20081955|Nữ|Tổ 1, Mẫu, Hà Nội|02012022"},
	{"le-mau-nhi", "IDVNM3210000097000321000009<<7 2107028F3507027VNM<<<<<<<<<<<0 LE<<MAU<NHI<<<<<<<<<<<<<<<<<<<",
		"75774d69a9405c1a012c058a08ecb1f0", "000009", ""},
}

func TestSpecimens(t *testing.T) {
	authority, err := pki.NewSpecimenAuthority(rand.Reader, time.Now(), "VN")
	if err != nil {
		t.Fatal(err)
	}
	signer := cms.Signer{Certificate: authority.DocumentSigner.Raw, Key: authority.DocumentSignerKey}
	for _, s := range specimens {
		doc := specimenDocument(t, s.name)
		if _, err := doc.Check(today); err != nil {
			t.Errorf("%s: %v", s.name, err)
		}
		lines, err := doc.MRZ()
		if got := strings.Join(lines[:], " "); err != nil || got != s.lines {
			t.Errorf("%s: lines %s, %v", s.name, got, err)
		}
		if qr, err := doc.QR(); err != nil || s.qr != "" && qr != s.qr {
			t.Errorf("%s: QR %s, %v", s.name, qr, err)
		}
		if doc.CAN != s.can {
			t.Errorf("%s: CAN %s", s.name, doc.CAN)
		}
		data, err := Issue(Issuance{Document: doc, Portrait: specimenPortrait(t, doc), Signer: signer, At: time.Now(), Rand: rand.Reader})
		if err != nil {
			t.Fatal(err)
		}
		if hex.EncodeToString(data.BACSeed) != s.seed {
			t.Errorf("%s: K_seed %x", s.name, []byte(data.BACSeed))
		}
		dg1, _ := data.File(fileOf("EF.DG1"))
		if back, err := lds.ParseDG1(dg1); err != nil || back != lines {
			t.Errorf("%s: DG1 %q, %v", s.name, back, err)
		}
		if _, there := data.File(fileOf("EF.DG2")); there != (doc.Portrait != "") {
			t.Errorf("%s: DG2 there: %v", s.name, there)
		}
	}
}

func fileOf(name string) lds.File {
	file, _ := lds.ByName(name)
	return file
}

// The DG13 that the domain gives for the card of 2021, byte for byte.
const specimenDG13 = `6d82016d30820169020101060628d3160100083182015a3011020101130c3030303230303030303031333019020102
0c14c490e1bab76e6720c490c3ac6e68204de1baab75300f020103130a31352f30332f3230303030080201040c034e
616d300f0201050c0a5669e1bb8774204e616d30090201060c044b696e68300b0201070c064b68c3b46e67301c0201
080c174de1baab752c204de1baab752c2048c3a0204ee1bb996930300201090c2b3120c490c6b0e1bb9d6e67204de1
baab752c204de1baab752c2054502048e1bb93204368c3ad204d696e68301702010a0c124ee1bb9174207275e1bb93
69206de1baab75300f02010b130a30312f30362f32303234300f02010c0c0a31352f30332f32303430302f02010d30
140c12c490e1bab76e672056c4836e204de1baab7530140c125472e1baa76e205468e1bb8b204de1baab7530030201
0e300e02010f13093031323334353637383015020110131030313233343536373839414243444546`

func TestDG13OfTheRecord(t *testing.T) {
	got, err := specimenDocument(t, "dang-dinh-mau-2021").DG13().Encode()
	if want := strings.ReplaceAll(specimenDG13, "\n", ""); err != nil || hex.EncodeToString(got) != want {
		t.Errorf("DG13 %x, %v", got, err)
	}
}

func TestCheckNamesEveryFault(t *testing.T) {
	good := specimenDocument(t, "dang-dinh-mau")
	for want, spoil := range map[string]func(*Document){
		"personal_number":                        func(d *Document) { d.PersonalNumber = "00020000001" },
		"full_name: miss":                        func(d *Document) { d.FullName = " " },
		"holds U+202E":                           func(d *Document) { d.FullName = "Mẫu \u202eA" },
		"holds U+000A":                           func(d *Document) { d.Residence = "a\nb" },
		"holds U+007C":                           func(d *Document) { d.Residence = "a|b" },
		"two in a row":                           func(d *Document) { d.Ethnicity = "Kinh  Kinh" },
		"401 letters":                            func(d *Document) { d.Religion = strings.Repeat("ẫ", 401) },
		"date_of_birth: after the date of issue": func(d *Document) { d.DateOfBirth = d.DateOfIssue.AddYears(1) },
		"date_of_expiry: not after the date of issue": func(d *Document) { d.DateOfExpiry = d.DateOfIssue },
		"date_of_issue: missing":                      func(d *Document) { d.DateOfIssue = Document{}.DateOfIssue },
		"date_of_birth: missing":                      func(d *Document) { d.DateOfBirth = Document{}.DateOfBirth },
		"date_of_issue: more than 31 days":            func(d *Document) { d.DateOfIssue = today.AddDays(32) },
		"issued from 2024-07-01":                      func(d *Document) { d.DateOfIssue.Month = 6 },
		"sex:":                                        func(d *Document) { d.Sex = "x" },
		"nationality:":                                func(d *Document) { d.Nationality = "UTO" },
		"old_number: not nine digits":                 func(d *Document) { d.OldNumber = "1" },
		"cancelled_number: not twelve":                func(d *Document) { d.CancelledNumber = "1" },
		"can: not six digits":                         func(d *Document) { d.CAN = "12345x" },
		"chip_serial: not sixteen":                    func(d *Document) { d.ChipSerial = "0123456789abcdef" },
		"portrait: missing":                           func(d *Document) { d.Portrait = "" },
		`form: "x" is not one of`:                     func(d *Document) { d.Form = "x" },
		`profile: "x" is not one of`:                  func(d *Document) { d.Profile = "x" },
	} {
		d := good
		spoil(&d)
		if _, err := d.Check(today); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
}

func TestPortraitFromSixYearsOn(t *testing.T) {
	d := specimenDocument(t, "le-mau-nhi") // born 2 July 2021
	for issue, want := range map[int]bool{1: false, 2: true} {
		d.DateOfIssue.Year, d.DateOfIssue.Month, d.DateOfIssue.Day = 2027, 7, issue
		if d.NeedsPortrait() != want {
			t.Errorf("issued on %v: portrait needed: %v", d.DateOfIssue, d.NeedsPortrait())
		}
	}
}

func TestIssueWithoutPortrait(t *testing.T) {
	if _, err := Issue(Issuance{Document: specimenDocument(t, "dang-dinh-mau"), At: time.Now(), Rand: rand.Reader}); err == nil {
		t.Error("an adult's card was made without DG2")
	}
	if _, err := Issue(Issuance{Document: specimenDocument(t, "dang-dinh-mau"), Portrait: []byte("GIF89a"), At: time.Now(), Rand: rand.Reader}); err == nil {
		t.Error("a portrait that is no JPEG was taken")
	}
}

func TestSerialIsDrawn(t *testing.T) {
	d, err := specimenDocument(t, "dang-dinh-mau").DrawSerial(bytes.NewReader([]byte{0xAB, 1, 2, 3, 4, 5, 6, 7}))
	if err != nil || d.ChipSerial != "AB01020304050607" {
		t.Errorf("%s, %v", d.ChipSerial, err)
	}
	given := specimenDocument(t, "dang-dinh-mau-2021")
	if again, err := given.DrawSerial(nil); err != nil || again.ChipSerial != "0123456789ABCDEF" {
		t.Errorf("a serial that was given: %s, %v", again.ChipSerial, err)
	}
	if _, err := specimenDocument(t, "dang-dinh-mau").DrawSerial(bytes.NewReader(nil)); err == nil {
		t.Error("a serial without randomness")
	}
}

func TestUnknownFormsAndProfiles(t *testing.T) {
	if _, err := FormNamed("x"); err == nil {
		t.Error("form x")
	}
	_, err := Issue(Issuance{Document: Document{Profile: "x"}, At: time.Now(), Rand: rand.Reader})
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("profile x: %v", err)
	}
}

func ExampleDocument_MRZ() {
	record, err := specimen.Record("nguyen-thi-mau")
	if err != nil {
		fmt.Println(err)
		return
	}
	doc, err := ParseRecord(record)
	if err != nil {
		fmt.Println(err)
		return
	}
	doc = doc.Complete()
	lines, err := doc.MRZ()
	fmt.Println(strings.Join(lines[:], "\n"), err)
	fmt.Println(doc.DateOfExpiry)
	// Output:
	// IDVNM1550000177000155000017<<7
	// 5508202F9912315VNM<<<<<<<<<<<6
	// NGUYEN<<THI<MAU<<<<<<<<<<<<<<< <nil>
	// none
}
