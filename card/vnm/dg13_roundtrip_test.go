package vnm

import (
	"fmt"
	"math/rand"
	"reflect"
	"strings"
	"testing"
	"testing/quick"

	"github.com/cancuoc/cancuoc/card/date"
)

// someDG13 is a DG13 with any texts that a register could hold.
type someDG13 DG13

// Generate draws one.
func (someDG13) Generate(r *rand.Rand, size int) reflect.Value {
	text := func() string {
		letters := []rune("ABCĐÊắưỵ đêôơ,-'/.1234567890")
		var b strings.Builder
		for range r.Intn(size + 1) {
			b.WriteRune(letters[r.Intn(len(letters))])
		}
		return strings.Join(strings.Fields(b.String()), " ")
	}
	must := func() string { return "N" + text() }
	day := func() date.Date { return date.Date{Year: 1900 + r.Intn(200), Month: 1, Day: 1}.AddDays(r.Intn(366)) }
	d := DG13{PersonalNumber: fmt.Sprintf("000%09d", r.Intn(1e9)), FullName: must(), DateOfBirth: day(), Sex: []string{"Nam", "Nữ"}[r.Intn(2)],
		Nationality: must(), Ethnicity: text(), Religion: text(), PlaceOfOrigin: text(), Residence: text(), IdentifyingFeatures: text(),
		DateOfIssue: day(), DateOfExpiry: day(), Father: text(), Mother: text(), Spouse: text(), ChipSerial: "0123456789ABCDEF"}
	if r.Intn(2) == 0 {
		d.OldNumber = fmt.Sprintf("%09d", r.Intn(1e9))
	}
	if r.Intn(3) == 0 {
		d.DateOfExpiry = date.Never
	}
	return reflect.ValueOf(someDG13(d))
}

// Whatever a register holds comes out of the file as it went in, and the file comes out of what was read.
func TestDG13RoundTrip(t *testing.T) {
	err := quick.Check(func(some someDG13) bool {
		want := DG13(some)
		file, err := want.Encode()
		if err != nil {
			t.Logf("%+v: %v", want, err)
			return false
		}
		got, err := ParseDG13(file)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Logf("%+v\n%+v, %v", got, want, err)
			return false
		}
		again, err := got.Encode()
		return err == nil && string(again) == string(file)
	}, &quick.Config{MaxCount: 500})
	if err != nil {
		t.Error(err)
	}
}
