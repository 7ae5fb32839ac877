package specimen_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"image"
	_ "image/jpeg"
	"io"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/specimen"
	"github.com/cancuoc/cancuoc/card/vnm"
)

// inventedForms are the forms that have an inventor.
func inventedForms() []string { return []string{"cancuoc-2024", "cccd-2021", "certificate-2024"} }

func invent(t testing.TB, seed uint64, form string, n int) []specimen.Invented {
	t.Helper()
	v, err := specimen.NewInventor(seed, form)
	if err != nil {
		t.Fatal(err)
	}
	v.Fingerprints = true
	var all []specimen.Invented
	for range n {
		one, err := v.Next()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

// allIssued is a day on which every invented card has been issued.
func allIssued() date.Date { return date.Date{Year: 2026, Month: 7, Day: 1} }

// Every form that package card knows has an inventor, and what it invents passes.
func TestManyOfEachFormCanBeIssued(t *testing.T) {
	for _, form := range card.Forms() {
		for _, one := range invent(t, 1, form.Name, many()) {
			d, err := card.ParseRecord(one.Record)
			if err != nil {
				t.Fatalf("%v: %s", err, one.Record)
			}
			d = d.Complete()
			warnings, err := d.Check(allIssued())
			if err != nil {
				t.Errorf("%v: %s", err, one.Record)
			}
			for _, w := range warnings {
				switch w.Code {
				case vnm.WarnSpecimenPrefix, "bac-in-2038", "expired":
				default:
					t.Errorf("%s: %s", w.Code, one.Record)
				}
			}
			if _, err := vnm.Zone(d.PersonalNumber, d.FullName, d.DateOfBirth, string(d.Sex), d.DateOfExpiry); err != nil {
				t.Errorf("%v: %s", err, one.Record)
			}
			if _, err := d.DG13().Encode(); err != nil {
				t.Errorf("%v: %s", err, one.Record)
			}
		}
	}
}

// fields are those of a record that the tests look at.
type fields struct {
	Number      string    `json:"personal_number"`
	Cancelled   string    `json:"cancelled_number"`
	Old         string    `json:"old_number"`
	Name        string    `json:"full_name"`
	Other       string    `json:"other_names"`
	Birth       date.Date `json:"date_of_birth"`
	Issue       date.Date `json:"date_of_issue"`
	Expiry      date.Date `json:"date_of_expiry"`
	Sex         string    `json:"sex"`
	Nationality string    `json:"nationality"`
	Marital     string    `json:"marital_status"`
	Residence   string    `json:"residence"`
	Origin      string    `json:"place_of_origin"`
	Registered  string    `json:"place_of_birth"`
	Portrait    string    `json:"portrait"`
	Fingers     []struct {
		Image string `json:"image"`
	} `json:"fingerprints"`
	Father, Mother, Spouse, Guardian, Ward somebody
	Representative                         somebody `json:"legal_representative"`
}

type somebody struct {
	Name        string `json:"full_name"`
	Nationality string `json:"nationality"`
}

func (f fields) relatives() []somebody {
	return []somebody{f.Father, f.Mother, f.Spouse, f.Guardian, f.Ward, f.Representative}
}

func read(t testing.TB, one specimen.Invented) (f fields) {
	t.Helper()
	if err := json.Unmarshal(one.Record, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestNumbersAreNobodysAndAgreeWithTheRecord(t *testing.T) {
	for _, form := range inventedForms() {
		seen := map[string]bool{}
		for _, one := range invent(t, 2, form, 1000) {
			f := read(t, one)
			n, _, err := vnm.ParseNumber(f.Number)
			if err != nil || n.Prefix != vnm.SpecimenPrefix || n.Disagreements(f.Birth, f.Sex) != nil || one.Number != f.Number {
				t.Errorf("%v: %s", err, one.Record)
			}
			if f.Old != "" && !strings.HasPrefix(f.Old, "000") {
				t.Errorf("old number %s could be a person's", f.Old)
			}
			for _, number := range []string{f.Number, f.Cancelled} {
				if number != "" && (seen[number] || !strings.HasPrefix(number, "000")) {
					t.Errorf("%s comes twice, or could be a person's", number)
				}
				seen[number] = true
			}
		}
	}
}

func TestNobodyTakesThemForPersons(t *testing.T) {
	for _, form := range inventedForms() {
		for _, one := range invent(t, 3, form, 1000) {
			f := read(t, one)
			texts := []string{f.Name, f.Residence, f.Origin, f.Registered}
			if f.Other != "" {
				texts = append(texts, f.Other)
			}
			for _, s := range f.relatives() {
				if s.Name != "" {
					texts = append(texts, s.Name)
				}
			}
			for _, text := range texts {
				if !strings.Contains(text, "Mẫu") {
					t.Errorf("%q does not say that it is a specimen's", text)
				}
			}
		}
	}
}

func TestSameSeedSameBytes(t *testing.T) {
	for _, form := range inventedForms() {
		a, b, other := invent(t, 4, form, 50), invent(t, 4, form, 50), invent(t, 5, form, 50)
		differ := 0
		for i := range a {
			if !bytes.Equal(a[i].Record, b[i].Record) {
				t.Errorf("%s\n%s", a[i].Record, b[i].Record)
			}
			if !bytes.Equal(a[i].Record, other[i].Record) {
				differ++
			}
			if i%25 != 0 {
				continue // drawing is slow
			}
			x, y := a[i].Files(), b[i].Files()
			for name := range x {
				if !bytes.Equal(x[name], y[name]) {
					t.Errorf("%s differs", name)
				}
			}
		}
		if differ != len(a) {
			t.Errorf("another seed gives only %d others", differ)
		}
	}
}

func TestImagesAreThoseOfTheRecordAndAllDiffer(t *testing.T) {
	seen := map[[32]byte]string{}
	for _, form := range inventedForms() {
		for _, one := range invent(t, 6, form, 20) {
			f, files := read(t, one), one.Files()
			child := f.Issue.Before(f.Birth.AddYears(6))
			if want := map[bool]int{true: 0, false: 3}[child]; len(files) != want || (f.Portrait == "") != child || (len(f.Fingers) == 0) != child {
				t.Errorf("%d images: %s", len(files), one.Record)
			}
			if !child && (files[f.Portrait] == nil || files[f.Fingers[0].Image] == nil || files[f.Fingers[1].Image] == nil) {
				t.Errorf("an image is missing: %s", one.Record)
			}
			for name, file := range files {
				sum := sha256.Sum256(file)
				if seen[sum] != "" {
					t.Errorf("%s is %s", name, seen[sum])
				}
				seen[sum] = name
			}
		}
	}
}

func TestFingersAreTaken(t *testing.T) {
	for _, one := range invent(t, 7, "cancuoc-2024", 10) {
		d, err := card.ParseRecord(one.Record)
		if err != nil {
			t.Fatal(err)
		}
		var images [][]byte
		files := one.Files()
		for _, f := range d.Fingerprints {
			images = append(images, files[f.Image])
		}
		if file, err := d.DG3(images); err != nil || (file == nil) != (d.Portrait == "") {
			t.Errorf("%d fingers, EF.DG3 of %d bytes, %v", len(images), len(file), err)
		}
	}
}

func TestWithoutFingerprintsTheCitizensAreTheSame(t *testing.T) {
	v, err := specimen.NewInventor(8, "cccd-2021")
	if err != nil {
		t.Fatal(err)
	}
	for _, with := range invent(t, 8, "cccd-2021", 5) {
		one, err := v.Next()
		if err != nil {
			t.Fatal(err)
		}
		f := read(t, one)
		if len(f.Fingers) != 0 || len(one.Files()) != 1 || !bytes.Equal(one.Files()[f.Portrait], with.Files()[f.Portrait]) || f.Name != read(t, with).Name {
			t.Errorf("%s\n%s", one.Record, with.Record)
		}
	}
}

// What a thousand must hold for a test of a desk to have met it.
func TestAThousandOfEachFormAreVaried(t *testing.T) {
	for _, form := range inventedForms() {
		var children, old, expiry, never, cancelled, oldNumber, fathers, female int
		names, residences := [2]int{1000, 0}, [2]int{1000, 0}
		for _, one := range invent(t, 9, form, 1000) {
			f := read(t, one)
			count := func(n *int, is bool) {
				if is {
					*n++
				}
			}
			count(&children, f.Issue.Before(f.Birth.AddYears(6)))
			count(&old, !f.Issue.Before(f.Birth.AddYears(80)))
			count(&expiry, !f.Expiry.IsZero())
			count(&never, f.Expiry == date.Never)
			count(&cancelled, f.Cancelled != "")
			count(&oldNumber, f.Old != "")
			count(&fathers, f.Father.Name != "")
			count(&female, f.Sex == "female")
			for text, bounds := range map[string]*[2]int{f.Name: &names, f.Residence: &residences} {
				n := utf8.RuneCountInString(text)
				bounds[0], bounds[1] = min(bounds[0], n), max(bounds[1], n)
			}
		}
		certificate := form == "certificate-2024"
		if (children > 0) != (form == "cancuoc-2024") || (expiry > 0) == certificate || (never > 0) == certificate || (oldNumber > 0) == certificate {
			t.Errorf("%s: %d under six, %d with expiry, %d without end, %d old numbers", form, children, expiry, never, oldNumber)
		}
		if old < 20 || cancelled < 20 || fathers < 800 || female < 400 || female > 600 {
			t.Errorf("%s: %d old, %d cancelled numbers, %d fathers, %d female", form, old, cancelled, fathers, female)
		}
		if names[0] > 7 || names[1] < 32 || residences[0] < 15 || residences[0] > 35 || residences[1] < 80 || residences[1] > 90 {
			t.Errorf("%s: names of %v, residences of %v letters", form, names, residences)
		}
	}
}

func TestCertificates(t *testing.T) {
	status := map[string]int{}
	var wards, representatives int
	for _, one := range invent(t, 10, "certificate-2024", 1000) {
		f := read(t, one)
		status[f.Marital]++
		if f.Nationality != "XXA" || (f.Spouse.Name != "") != (f.Marital == "married") {
			t.Errorf("%s", one.Record)
		}
		for _, s := range f.relatives() {
			if (s.Name == "") != (s.Nationality == "") {
				t.Errorf("%s", one.Record)
			}
		}
		if f.Ward.Name != "" {
			wards++
		}
		if f.Representative.Name != "" {
			representatives++
		}
	}
	if len(status) != 4 || status["single"] == 0 || status["widowed"] == 0 || status["divorced"] == 0 || wards == 0 || representatives == 0 {
		t.Errorf("%v, %d wards, %d representatives", status, wards, representatives)
	}
}

func TestUnknownForm(t *testing.T) {
	if _, err := specimen.NewInventor(1, "passport"); err == nil || !strings.Contains(err.Error(), "cancuoc-2024") {
		t.Error(err)
	}
	if _, err := new(specimen.Inventor).Next(); err == nil || !strings.Contains(err.Error(), "NewInventor") {
		t.Error(err)
	}
}

func TestPortraitsOfEveryAge(t *testing.T) {
	for years := -1; years < 120; years += 11 {
		file := specimen.Portrait(uint64(years), years%2 == 0, years)
		img, kind, err := image.Decode(bytes.NewReader(file))
		if err != nil || kind != "jpeg" || img.Bounds().Size() != image.Pt(360, 540) {
			t.Errorf("%d years: %v, %v", years, err, kind)
		}
	}
}

func BenchmarkNext(b *testing.B) {
	v, err := specimen.NewInventor(1, "cancuoc-2024")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		one, err := v.Next()
		if err != nil {
			b.Fatal(err)
		}
		io.Discard.Write(one.Record)
	}
}

func BenchmarkPortrait(b *testing.B) {
	for seed := uint64(0); b.Loop(); seed++ {
		specimen.Portrait(seed, seed%2 == 0, int(seed%100))
	}
}

func BenchmarkFingerprint(b *testing.B) {
	for seed := uint64(0); b.Loop(); seed++ {
		specimen.Fingerprint(seed)
	}
}

// many is how many citizens of a form are held against every rule: a thousand where there is time.
func many() int {
	if os.Getenv("CANCUOC_SOAK") != "" {
		return 1000
	}
	return 250
}
