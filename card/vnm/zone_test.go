package vnm

import (
	"crypto/sha1"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/card/date"
)

var today = date.Date{Year: 2026, Month: 1, Day: 1}

var zones = []struct {
	name, number, fullName, birth, sex, expiry string
	lines                                      [3]string
	holder                                     Holder
	information, seed                          string
}{
	{
		"A", "000200000013", "Đặng Đình Mẫu", "2000-03-15", "male", "2040-03-15",
		[3]string{"IDVNM2000000130000200000013<<0", "0003159M4003157VNM<<<<<<<<<<<6", "DANG<<DINH<MAU<<<<<<<<<<<<<<<<"},
		Holder{"000200000013", day0("2000-03-15"), "male", day0("2040-03-15"), "DANG", "DINH MAU"},
		"200000013000031594003157", "0d951068a37146b3f4229372d710c6a0",
	},
	{
		"B", "000155000017", "Nguyễn Thị Mẫu", "1955-08-20", "female", "none",
		[3]string{"IDVNM1550000177000155000017<<7", "5508202F9912315VNM<<<<<<<<<<<6", "NGUYEN<<THI<MAU<<<<<<<<<<<<<<<"},
		Holder{"000155000017", day0("1955-08-20"), "female", date.Never, "NGUYEN", "THI MAU"},
		"155000017755082029912315", "acac26a3cce78bdc5a5bc48d047060a9",
	},
	{
		"C", "000321000009", "Lê Mẫu Nhi", "2021-07-02", "female", "2035-07-02",
		[3]string{"IDVNM3210000097000321000009<<7", "2107028F3507027VNM<<<<<<<<<<<0", "LE<<MAU<NHI<<<<<<<<<<<<<<<<<<<"},
		Holder{"000321000009", day0("2021-07-02"), "female", day0("2035-07-02"), "LE", "MAU NHI"},
		"321000009721070283507027", "75774d69a9405c1a012c058a08ecb1f0",
	},
}

func TestZoneOfSpecimens(t *testing.T) {
	for _, z := range zones {
		lines, err := Zone(z.number, z.fullName, day0(z.birth), z.sex, day0(z.expiry))
		if err != nil || lines != z.lines {
			t.Errorf("%s: %q, %v", z.name, lines, err)
		}
	}
}

func TestParseZoneOfSpecimens(t *testing.T) {
	for _, z := range zones {
		got, err := ParseZone(strings.Join(z.lines[:], "\r\n")+"\n", today)
		if err != nil || got != z.holder {
			t.Errorf("%s: %+v, %v", z.name, got, err)
		}
	}
}

func TestAccessInformation(t *testing.T) {
	for _, z := range zones {
		got, err := AccessInformation(z.number, day0(z.birth), day0(z.expiry))
		if err != nil || got != z.information {
			t.Errorf("%s: %q, %v", z.name, got, err)
		}
		sum := sha1.Sum([]byte(got))
		if seed := hex.EncodeToString(sum[:16]); seed != z.seed {
			t.Errorf("%s: key seed %s, want %s", z.name, seed, z.seed)
		}
	}
	for _, c := range []struct {
		number, want  string
		birth, expiry date.Date
	}{
		{"00020000001", "the personal number has 11 characters", day0("2000-03-15"), date.Never},
		{"000200000013", "date of birth: missing", date.Date{}, date.Never},
		{"000200000013", "date of expiry: missing", day0("2000-03-15"), date.Date{}},
	} {
		if _, err := AccessInformation(c.number, c.birth, c.expiry); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.want, err)
		}
	}
}

func TestZoneNames(t *testing.T) {
	for name, want := range map[string]string{
		"Mẫu":           "MAU<<<<<<<<<<<<<<<<<<<<<<<<<<<",
		"Ksor H’Bia":    "KSOR<<HBIA<<<<<<<<<<<<<<<<<<<<",
		"Niê-Kđăm Y Ba": "NIE<KDAM<<Y<BA<<<<<<<<<<<<<<<<",
		"Công Tằng Tôn Nữ Phương Thảo Mẫu Nhi": "CONG<<TAN<TON<NU<PHU<THA<MA<NH",
	} {
		lines, err := Zone("000200000013", name, day0("2000-03-15"), "male", date.Never)
		if err != nil || lines[2] != want {
			t.Errorf("%s: %q, %v", name, lines[2], err)
		}
	}
}

func TestZoneRefuses(t *testing.T) {
	birth, expiry := day0("2000-03-15"), day0("2040-03-15")
	for _, c := range []struct {
		number, name, sex string
		birth, expiry     date.Date
		want              string
	}{
		{"1", "Mẫu", "male", birth, expiry, "the personal number has 1 characters"},
		{"00020000001x", "Mẫu", "male", birth, expiry, "other than digits"},
		{"000200000013", " ", "male", birth, expiry, "primary identifier: missing"},
		{"000200000013", "Иван", "male", birth, expiry, "U+0418"},
		{"000200000013", "Mẫu", "Nam", birth, expiry, "sex: neither"},
		{"000200000013", "Mẫu", "male", date.Never, expiry, "date of birth: not a day"},
		{"000200000013", "Mẫu", "male", birth, day0("2099-12-31"), "date of expiry: not in the years"},
		{"000200000013", "Mẫu", "male", birth, day0("2100-01-01"), "date of expiry: not in the years"},
		{"000200000013", "Mẫu", "male", birth, day0("1999-01-01"), "date of expiry: not in the years"},
	} {
		lines, err := Zone(c.number, c.name, c.birth, c.sex, c.expiry)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q, %v", c.want, lines, err)
		}
	}
}

// Zones that are sound by Doc 9303, check digits and all, and not those of the card.
func TestParseZoneSaysWhatDoesNotHold(t *testing.T) {
	const middle, name = "0003159M4003157VNM<<<<<<<<<<<", "DANG<<DINH<MAU<<<<<<<<<<<<<<<<"
	for _, c := range []struct{ upper, middle, want string }{
		{"IDVNM2000000130000200000013<<1", middle + "3", "line 1, position 30: national check digit"},
		{"IDVNM2000000141000200000013<<0", middle + "4", "line 1, position 6: document number: not the last nine digits"},
		{"IDVNM2000000130<<<<<<<<<<<<<<<", middle + "8", "line 1, position 16: optional data: not a personal number"},
		{"IDVNM200000013000020000001<<<0", middle + "5", "line 1, position 16: optional data: not a personal number"},
		{"I<VNM2000000130000200000013<<0", middle + "6", "line 1, position 1: document code"},
		{"IDUTO2000000130000200000013<<0", middle + "6", "line 1, position 3: issuing State"},
		{"IDVNM2000000130000200000013<<0", "0003159M4003157UTO<<<<<<<<<<<6", "line 2, position 16: nationality"},
		{"IDVNM2000000130000200000013<<0", "0003159<4003157VNM<<<<<<<<<<<6", "line 2, position 8: sex"},
		{"IDVNM2000000130000200000013<<0", "00<<<<0M4003157VNM<<<<<<<<<<<4", "line 2, position 1: date of birth: not known in full"},
		{"IDVNM2000000130000200000013<<0", "0102317M4003157VNM<<<<<<<<<<<2", "line 2, position 1: date of birth: not a day"},
		{"IDVNM2000000130000200000013<<0", "0003159M4002301VNM<<<<<<<<<<<8", "line 2, position 9: date of expiry: not a day"},
		{"IDVNM2000000130000200000013<<0", middle + "7", "mrz: line 2, position 30: composite"},
	} {
		text := c.upper + "\n" + c.middle + "\n" + name
		if got, err := ParseZone(text, today); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %+v, %v", c.want, got, err)
		}
	}
}

func TestCenturyOfBirth(t *testing.T) {
	for _, c := range []struct{ name, yymmdd, number, now, want string }{
		{"the number tells 1900", "200301", "000020000001", "2026-01-01", "1920-03-01"},
		{"the number tells 2000", "200301", "000220000001", "2026-01-01", "2020-03-01"},
		{"the number tells a day to come", "270301", "000227000001", "2026-01-01", "1927-03-01"},
		{"the number tells 2100", "200301", "000420000001", "2026-01-01", "2020-03-01"},
		{"the number has another year", "550301", "000200000013", "2026-01-01", "1955-03-01"},
		{"the number has another year, and this one is not over", "250301", "000200000013", "2026-01-01", "2025-03-01"},
		{"on the day itself", "260101", "000200000013", "2026-01-01", "2026-01-01"},
		{"on the day before it", "260102", "000200000013", "2026-01-01", "1926-01-02"},
		{"29 February tells the century", "000229", "000000000001", "2026-01-01", "2000-02-29"},
	} {
		got, err := birthOf(c.yymmdd, c.number, day0(c.now))
		if err != nil || got != day0(c.want) {
			t.Errorf("%s: %v, %v; want %s", c.name, got, err, c.want)
		}
	}
}

func TestExpiry(t *testing.T) {
	for _, c := range []struct{ name, birth, issue, want string }{
		{"A", "2000-03-15", "2024-06-01", "2040-03-15"},
		{"A2", "2000-03-15", "2024-07-01", "2040-03-15"},
		{"B", "1955-08-20", "2022-01-02", "none"},
		{"C", "2021-07-02", "2024-08-01", "2035-07-02"},
		{"on the day of birth", "2021-07-02", "2021-07-02", "2035-07-02"},
		{"the day before 12", "2000-03-15", "2012-03-14", "2014-03-15"},
		{"on 12", "2000-03-15", "2012-03-15", "2025-03-15"},
		{"the day after 12", "2000-03-15", "2012-03-16", "2025-03-15"},
		{"the day before 14", "2000-03-15", "2014-03-14", "2025-03-15"},
		{"on 14", "2000-03-15", "2014-03-15", "2025-03-15"},
		{"the day before 23", "2000-03-15", "2023-03-14", "2025-03-15"},
		{"on 23", "2000-03-15", "2023-03-15", "2040-03-15"},
		{"the day after 23", "2000-03-15", "2023-03-16", "2040-03-15"},
		{"on 25", "2000-03-15", "2025-03-15", "2040-03-15"},
		{"the day before 38", "2000-03-15", "2038-03-14", "2040-03-15"},
		{"on 38", "2000-03-15", "2038-03-15", "2060-03-15"},
		{"on 40", "2000-03-15", "2040-03-15", "2060-03-15"},
		{"the day before 58", "2000-03-15", "2058-03-14", "2060-03-15"},
		{"on 58", "2000-03-15", "2058-03-15", "none"},
		{"the day before 60", "2000-03-15", "2060-03-14", "none"},
		{"on 60", "2000-03-15", "2060-03-15", "none"},
		{"born on 29 February, to a year without", "2000-02-29", "2022-01-01", "2025-03-01"},
		{"born on 29 February, to a year with", "2000-02-29", "2025-03-01", "2040-02-29"},
		{"born on 29 February, the day before two years before 14", "2000-02-29", "2012-02-29", "2014-03-01"},
		{"born on 29 February, two years before 14", "2000-02-29", "2012-03-01", "2025-03-01"},
		{"born on 29 February, the day before 58", "2000-02-29", "2058-02-28", "2060-02-29"},
		{"born on 29 February, on 58", "2000-02-29", "2058-03-01", "none"},
	} {
		if got := Expiry(day0(c.birth), day0(c.issue)); got != day0(c.want) {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
}
