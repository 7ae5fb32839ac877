package vnm

import (
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/card/date"
)

func codes(warnings []Warning) string {
	var c []string
	for _, w := range warnings {
		c = append(c, w.Code)
		if w.Text == "" || w.TextVi == "" || w.String() != w.Text {
			c = append(c, "without text")
		}
	}
	return strings.Join(c, " ")
}

// Numbers with six zeros at the end under real prefixes show the structure; under 000 they are specimens.
func TestParseNumber(t *testing.T) {
	for _, c := range []struct {
		number, prefix, name, sex string
		year                      int
		warnings                  string
	}{
		{"000200000013", "000", "specimen", "male", 2000, "specimen-prefix"},
		{"000155000017", "000", "specimen", "female", 1955, "specimen-prefix"},
		{"000321000009", "000", "specimen", "female", 2021, "specimen-prefix"},
		{"001099000000", "001", "Hà Nội", "male", 1999, ""},
		{"079300000000", "079", "TP Hồ Chí Minh", "female", 2000, ""},
		{"096105000000", "096", "Cà Mau", "female", 1905, ""},
		{"003105000000", "003", "country or unknown", "female", 1905, "unknown-prefix"},
		{"999105000000", "999", "country or unknown", "female", 1905, "unknown-prefix"},
		{"001499000000", "001", "Hà Nội", "male", 2199, "future-century"},
		{"000900000000", "000", "specimen", "female", 2300, "specimen-prefix future-century"},
	} {
		n, warnings, err := ParseNumber(c.number)
		if want := (Number{c.number, c.prefix, c.name, c.sex, c.year}); err != nil || n != want {
			t.Errorf("%+v, %v; want %+v", n, err, want)
		}
		if got := codes(warnings); got != c.warnings {
			t.Errorf("%s: warnings %q, want %q", c.number, got, c.warnings)
		}
	}
}

func TestTwelveDigitsAreTheOneHardRule(t *testing.T) {
	for s, want := range map[string]string{
		"":              "vnm: the personal number has 0 characters; it must have twelve digits",
		"00020000001":   "vnm: the personal number has 11 characters; it must have twelve digits",
		"0002000000133": "vnm: the personal number has 13 characters; it must have twelve digits",
		"00020000001a":  "vnm: the personal number holds something other than digits; it must have twelve digits",
		"00020000001１":  "vnm: the personal number holds something other than digits; it must have twelve digits",
		"000 200000013": "vnm: the personal number has 13 characters; it must have twelve digits",
	} {
		if _, _, err := ParseNumber(s); err == nil || err.Error() != want {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestDisagreements(t *testing.T) {
	n, _, err := ParseNumber("000200000013")
	if err != nil {
		t.Fatal(err)
	}
	born := date.Date{Year: 2000, Month: 3, Day: 15}
	for _, c := range []struct {
		birth     date.Date
		sex, want string
	}{
		{born, "male", ""},
		{date.Date{}, "", ""},
		{born, "female", "sex-differs"},
		{date.Date{Year: 1900, Month: 3, Day: 15}, "male", "birth-year-differs"},
		{date.Date{Year: 2001, Month: 3, Day: 15}, "female", "birth-year-differs sex-differs"},
	} {
		if got := codes(n.Disagreements(c.birth, c.sex)); got != c.want {
			t.Errorf("%v, %s: %q, want %q", c.birth, c.sex, got, c.want)
		}
	}
}

// All 63 provinces of 2016 go into the 34 of 2025, each into one.
func TestProvincesOfBothTables(t *testing.T) {
	before, after := NumberPrefixes(), AdministrativeCodes()
	if len(before.Provinces) != 63 || len(after.Provinces) != 34 {
		t.Fatalf("%d and %d provinces", len(before.Provinces), len(after.Provinces))
	}
	into := map[string]string{}
	for _, p := range after.Provinces {
		from := p.MergedFrom
		if from == nil {
			from = []string{"0" + p.Code}
			if old, _ := before.Find(from[0]); old.Name != p.Name {
				t.Errorf("%s %s is not the province that had the code", p.Code, p.Name)
			}
		}
		for _, code := range from {
			if _, there := before.Find(code); !there || into[code] != "" {
				t.Errorf("%s of 2016 is unknown or went into %q before %s", code, into[code], p.Name)
			}
			into[code] = p.Name
		}
	}
	if len(into) != 63 {
		t.Errorf("%d of 63 provinces went somewhere", len(into))
	}
}

// The seven codes that mean one province as a prefix and another as an administrative code.
func TestTablesAreNotToBeMixed(t *testing.T) {
	before, after := NumberPrefixes(), AdministrativeCodes()
	for code, names := range map[string][2]string{
		"15": {"Yên Bái", "Lào Cai"}, "24": {"Bắc Giang", "Bắc Ninh"}, "44": {"Quảng Bình", "Quảng Trị"},
		"52": {"Bình Định", "Gia Lai"}, "80": {"Long An", "Tây Ninh"}, "82": {"Tiền Giang", "Đồng Tháp"},
		"91": {"Kiên Giang", "An Giang"},
	} {
		old, _ := before.Find("0" + code)
		now, _ := after.Find(code)
		if old.Name != names[0] || now.Name != names[1] {
			t.Errorf("%s: %s, then %s", code, old.Name, now.Name)
		}
	}
}

func TestTablesAreCopies(t *testing.T) {
	NumberPrefixes().Provinces[0].Name = "changed"
	EthnicGroups()[0].Name = "changed"
	Religions()[0].Name = "changed"
	if NumberPrefixes().Provinces[0].Name != "Hà Nội" || EthnicGroups()[0].Name != "Kinh" || Religions()[0].Name != "Phật giáo" {
		t.Error("a caller can change a table")
	}
}

func TestCodedTables(t *testing.T) {
	if n := len(EthnicGroups()); n != 56 {
		t.Errorf("%d ethnic groups", n)
	}
	for i, e := range EthnicGroups() {
		if want := string([]byte{'0' + byte((i+1)/10), '0' + byte((i+1)%10)}); e.Code != want || e.Name == "" {
			t.Errorf("entry %d is %+v", i, e)
		}
	}
	if r := Religions(); len(r) != 14 || r[13] != (Entry{"99", "Không"}) {
		t.Errorf("religions: %+v", r)
	}
}
