package cvc

import (
	"errors"
	"testing"
)

// References are counted on in the form that they have: that of Doc 9303-12, section 7.2.2.2, or the five digits of TR-03110.
func TestNextReference(t *testing.T) {
	for from, want := range map[string]string{
		"VNCVCAVN001": "VNCVCAVN002", "VNCVCAVN009": "VNCVCAVN010", "VNCVCAVN999": "VNCVCAVNA00", "VNCVCAVNA0Z": "VNCVCAVNA10", "VNCVCAVNAZZ": "VNCVCAVNB00",
		"VNSPECIS00001": "VNSPECIS00002", "VNSPECIS00999": "VNSPECIS01000", "DEDVVN00A": "DEDVVN00B", "VNX99A99": "VNX99A9A",
	} {
		r, err := ParseReference(from)
		if err != nil {
			t.Fatal(err)
		}
		next, err := r.Next()
		if err != nil || next.String() != want {
			t.Errorf("after %s: %s, %v; want %s", from, next, err, want)
		}
		if next.String() <= from {
			t.Errorf("%s does not sort behind %s", next, from)
		}
	}
	for _, last := range []string{"VNCVCAVNZZZ", "VNCVCA99999"} {
		r, err := ParseReference(last)
		if err != nil {
			t.Fatal(err)
		}
		if next, err := r.Next(); !errors.Is(err, ErrExhausted) {
			t.Errorf("after %s: %s, %v", last, next, err)
		}
	}
}

func TestNewReference(t *testing.T) {
	if r, err := NewReference("DE", "POLICE", "VN"); err != nil || r.String() != "DEPOLICEVN001" {
		t.Errorf("%s, %v", r, err)
	}
	for name, r := range map[string][3]string{"no country": {"", "X", "VN"}, "small letters": {"vn", "X", "VN"}, "a long mnemonic": {"VN", "ABCDEFGHIJ", "VN"},
		"no mnemonic": {"VN", "", "VN"}, "a mnemonic with a control": {"VN", "A\x1b", "VN"}, "a certifier of three letters": {"VN", "ABCDEFGHI", "VNM"}} {
		if got, err := NewReference(r[0], r[1], r[2]); err == nil {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// The periods of Doc 9303-12, section 4.2, table 2, to the day.
func TestPeriods(t *testing.T) {
	for _, test := range []struct {
		role        Role
		from, until string
		good        bool
	}{
		{CVCA, "2026-11-26", "2027-05-25", false}, {CVCA, "2026-11-26", "2027-05-26", true}, {CVCA, "2026-11-26", "2029-11-26", true}, {CVCA, "2026-11-26", "2029-11-27", false},
		{DomesticDV, "2026-11-26", "2026-12-09", false}, {DomesticDV, "2026-11-26", "2026-12-10", true}, {ForeignDV, "2026-11-26", "2027-02-26", true}, {ForeignDV, "2026-11-26", "2027-02-27", false},
		{Terminal, "2026-11-26", "2026-11-26", false}, {Terminal, "2026-11-26", "2026-11-27", true}, {Terminal, "2026-11-26", "2026-12-26", true}, {Terminal, "2026-11-26", "2026-12-27", false},
		{Terminal, "2027-01-31", "2027-02-28", true}, {Terminal, "2027-01-31", "2027-03-01", false}, {CVCA, "2028-02-29", "2031-02-28", true}, {CVCA, "2028-02-29", "2031-03-01", false},
	} {
		err := PeriodOf(test.role).Check(day(t, test.from), day(t, test.until))
		if (err == nil) != test.good || err != nil && !errors.Is(err, ErrPeriod) {
			t.Errorf("%v from %s to %s: %v", test.role, test.from, test.until, err)
		}
	}
}

func TestNamesOfRights(t *testing.T) {
	for _, r := range []Rights{0, ReadDG3, ReadDG4, ReadDG3 | ReadDG4} {
		if got, err := ParseRights(r.Names()); got != r || err != nil {
			t.Errorf("%v: %v, %v", r.Names(), got, err)
		}
	}
	if _, err := ParseRights([]string{"toes"}); err == nil {
		t.Error("toes may be read")
	}
}
