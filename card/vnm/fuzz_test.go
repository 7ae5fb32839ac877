package vnm

import (
	"reflect"
	"strings"
	"testing"
)

func FuzzParseNumber(f *testing.F) {
	f.Add("000200000013")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		n, _, err := ParseNumber(s)
		if err == nil && (len(s) != 12 || n.Digits != s || n.BirthYear < 1900 || n.BirthYear > 2399) {
			t.Fatalf("%q: %+v", s, n)
		}
	})
}

// What was read writes the same two lines again.
func FuzzParseZone(f *testing.F) {
	for _, z := range zones {
		f.Add(strings.Join(z.lines[:], "\n"))
	}
	f.Fuzz(func(t *testing.T, text string) {
		h, err := ParseZone(text, today)
		if err != nil {
			return
		}
		if h.DateOfBirth.After(today) {
			t.Fatalf("born on %v", h.DateOfBirth)
		}
		name := strings.ReplaceAll(h.Primary, " ", "-") + " " + h.Secondary
		lines, err := Zone(h.PersonalNumber, name, h.DateOfBirth, h.Sex, h.DateOfExpiry)
		if err != nil {
			t.Fatalf("%+v: %v", h, err)
		}
		if again, err := ParseZone(strings.Join(lines[:], "\n"), today); err != nil || again != h {
			t.Fatalf("%+v, then %+v, %v", h, again, err)
		}
	})
}

func FuzzParseDG13(f *testing.F) {
	f.Add(unhex(specimenHex))
	f.Add(build(hexNumber, hexName))
	f.Add(build(hexNumber, hexName, "02010d 300d 3005 0c03 436861 3004 0c02 4d65", "020111 0401ff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := ParseDG13(b)
		if err != nil {
			return
		}
		file, err := d.Encode()
		if err != nil {
			return
		}
		if again, err := ParseDG13(file); err != nil || again != d {
			t.Fatalf("%+v, then %+v, %v", d, again, err)
		}
	})
}

func FuzzParseQR(f *testing.F) {
	for _, s := range []string{textA, textA2, textB, "", "||||||"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := ParseQR(text)
		if err != nil {
			return
		}
		rest := q.Rest
		q.Rest = nil
		written, err := q.Text2021()
		if err != nil {
			t.Fatalf("%+v: %v", q, err)
		}
		again, err := ParseQR(strings.Join(append([]string{written}, rest...), "|"))
		q.Rest = rest
		if err != nil || !reflect.DeepEqual(again, q) {
			t.Fatalf("%+v, then %+v, %v", q, again, err)
		}
	})
}
