package date

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]Date{
		"2000-03-15": {2000, time.March, 15}, "1955-08-20": {1955, time.August, 20}, "2024-02-29": {2024, time.February, 29},
		"none": Never,
	} {
		if got, err := Parse(text); err != nil || got != want || got.String() != text {
			t.Errorf("Parse(%q) = %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "2000-3-15", "2023-02-29", "2000-13-01", "15/03/2000", "2000-03-15T00:00", "20000-3-15", "None"} {
		if got, err := Parse(text); err == nil {
			t.Errorf("Parse(%q) = %v", text, got)
		}
	}
}

func TestFormsOfADay(t *testing.T) {
	d := Date{2021, time.July, 2}
	if d.Slashed() != "02/07/2021" || d.Digits() != "02072021" || d.YYMMDD() != "210702" || Never.YYMMDD() != "991231" {
		t.Error(d.Slashed(), d.Digits(), d.YYMMDD(), Never.YYMMDD())
	}
	for _, back := range []func() (Date, error){
		func() (Date, error) { return ParseSlashed("02/07/2021") }, func() (Date, error) { return ParseDigits("02072021") },
	} {
		if got, err := back(); err != nil || got != d {
			t.Errorf("%v, %v", got, err)
		}
	}
	if _, err := ParseSlashed("30/02/2021"); err == nil {
		t.Error("30 February was taken")
	}
}

func TestAddYears(t *testing.T) {
	for _, c := range []struct {
		from Date
		n    int
		want Date
	}{
		{Date{2000, time.March, 15}, 25, Date{2025, time.March, 15}},
		{Date{2004, time.February, 29}, 14, Date{2018, time.March, 1}},
		{Date{2004, time.February, 29}, 40, Date{2044, time.February, 29}},
		{Date{2010, time.January, 1}, -2, Date{2008, time.January, 1}},
	} {
		if got := c.from.AddYears(c.n); got != c.want {
			t.Errorf("%v and %d years: %v, want %v", c.from, c.n, got, c.want)
		}
	}
}

func TestOrder(t *testing.T) {
	a, b := Date{2024, time.June, 30}, Date{2024, time.July, 1}
	if !a.Before(b) || a.After(b) || !Never.After(b) || a.Before(a) || !(Date{}).IsZero() || a.IsZero() {
		t.Error("the order of days is wrong")
	}
}

func ExampleDate() {
	var record struct {
		DateOfIssue  Date `json:"date_of_issue"`
		DateOfExpiry Date `json:"date_of_expiry"`
	}
	err := json.Unmarshal([]byte(`{"date_of_issue": "2022-01-02", "date_of_expiry": "none"}`), &record)
	fmt.Println(record.DateOfIssue.Slashed(), record.DateOfExpiry == Never, record.DateOfExpiry.YYMMDD(), err)
	// Output: 02/01/2022 true 991231 <nil>
}
