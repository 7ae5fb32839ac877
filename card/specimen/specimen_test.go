package specimen

import (
	"bytes"
	"encoding/json"
	"image/jpeg"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/date"
)

func TestNames(t *testing.T) {
	want := []string{"dang-dinh-mau", "dang-dinh-mau-2021", "le-mau-nhi", "nguyen-thi-mau", "tran-mau-an"}
	if got := Names(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// document reads a record as strictly as a desk would.
func document(t *testing.T, name string) (d card.Document) {
	t.Helper()
	record, err := Record(name)
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(bytes.NewReader(record))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return d
}

func TestRecordsAreDocuments(t *testing.T) {
	for _, name := range Names() {
		d := document(t, name)
		if !strings.HasPrefix(d.PersonalNumber, "000") || len(d.PersonalNumber) != 12 {
			t.Errorf("%s: personal number %s could be a person's", name, d.PersonalNumber)
		}
		if d.Portrait == "" {
			if d.DateOfIssue.Before(d.DateOfBirth.AddYears(6)) {
				continue
			}
			t.Errorf("%s: no portrait from six years on", name)
		}
		file, err := fs.ReadFile(Files(), d.Portrait)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := jpeg.Decode(bytes.NewReader(file)); err != nil {
			t.Errorf("%s: %v", d.Portrait, err)
		}
	}
}

func TestTwoFingersOfThoseWhoGiveThem(t *testing.T) {
	for _, name := range Names() {
		d := document(t, name)
		var images [][]byte
		for _, f := range d.Fingerprints {
			image, err := fs.ReadFile(Files(), f.Image)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			images = append(images, image)
		}
		file, err := d.DG3(images)
		if want := strings.HasPrefix(name, "dang-dinh-mau") || name == "tran-mau-an"; err != nil || want != (file != nil) || want && len(images) != 2 {
			t.Errorf("%s: %d fingers, EF.DG3 of %d bytes, %v", name, len(images), len(file), err)
		}
	}
}

func TestTheCitizenWithTwoCards(t *testing.T) {
	old, now := document(t, "dang-dinh-mau-2021"), document(t, "dang-dinh-mau")
	if old.Form != "cccd-2021" || now.Form != "cancuoc-2024" || old.PersonalNumber != now.PersonalNumber {
		t.Errorf("%+v\n%+v", old, now)
	}
	want := date.Date{Year: 2040, Month: 3, Day: 15}
	if old.DateOfExpiry != want || now.DateOfExpiry != want {
		t.Errorf("expiry %v and %v, want %v", old.DateOfExpiry, now.DateOfExpiry, want)
	}
	if old.ChipSerial != "0123456789ABCDEF" {
		t.Errorf("chip serial %q", old.ChipSerial)
	}
}

func TestTheCitizenWhoseCardDoesNotExpire(t *testing.T) {
	if d := document(t, "nguyen-thi-mau"); d.DateOfExpiry != date.Never || d.Sex != card.Female {
		t.Errorf("%+v", d)
	}
}

// The one without a known nationality has a certificate on paper, and no date of expiry of her own: it is a setting.
func TestTheOneOnPaper(t *testing.T) {
	d := document(t, "tran-mau-an")
	if !d.OnPaper() || d.Nationality != "" || !d.DateOfExpiry.IsZero() || d.Complete().DateOfExpiry != (date.Date{Year: 2025, Month: 9, Day: 2}) {
		t.Errorf("%+v", d)
	}
	if _, err := d.Complete().Check(date.Date{Year: 2024, Month: 9, Day: 2}); err != nil {
		t.Error(err)
	}
}

func TestUnknownName(t *testing.T) {
	for _, name := range []string{"", "nobody", "../specimen", "files"} {
		if _, err := Record(name); err == nil || !strings.Contains(err.Error(), "dang-dinh-mau") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestNumbersOfAYearComeToAnEnd(t *testing.T) {
	v, err := NewInventor(1, "cancuoc-2024")
	if err != nil {
		t.Fatal(err)
	}
	last := yearOfSex{digit: 3, year: 20}
	v.given[last] = tails - 1
	if number, err := v.number(true, 2020); err != nil || !strings.HasPrefix(number, "000320") {
		t.Errorf("%s, %v", number, err)
	}
	if number, err := v.number(true, 2020); err == nil || !strings.Contains(err.Error(), "year 2020") {
		t.Errorf("%s, %v", number, err)
	}
}

// A step that has a divisor in common with the count of tails would come back early.
func TestEveryTailComesOnce(t *testing.T) {
	v, err := NewInventor(1, "cancuoc-2024")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for range 20_000 {
		number, err := v.number(false, 1999)
		if err != nil || seen[number] || !strings.HasPrefix(number, "000099") {
			t.Fatalf("%s after %d, %v", number, len(seen), err)
		}
		seen[number] = true
	}
	if tailStep%2 == 0 || tailStep%5 == 0 {
		t.Errorf("step %d: 2 and 5 are the divisors of %d", tailStep, tails)
	}
}
