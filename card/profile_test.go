package card

import (
	"crypto"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/secinfo"
	"github.com/cancuoc/cancuoc/card/sm"
)

func TestProfiles(t *testing.T) {
	var names []string
	for _, p := range Profiles() {
		names = append(names, p.Name)
		for deviation, reason := range p.Deviations {
			if reason == "" {
				t.Errorf("%s: %s without a reason", p.Name, deviation)
			}
		}
	}
	if fmt.Sprint(names) != "[icao-td1 vn-applet-2026 vn-cancuoc-2024 vn-cancuoc-2028 vn-cccd-2021]" {
		t.Errorf("profiles %v", names)
	}
	vn, err := ProfileNamed("vn-cancuoc-2024")
	if err != nil || !vn.BAC || !vn.CAN || !vn.CANOfTail || vn.ActiveAuthentication != (ActiveAuthentication{RSABits: 2048, Hash: crypto.SHA256}) ||
		len(vn.PACE) != 1 || vn.PACE[0].String() != "PACE-ECDH-GM with AES-128 on brainpoolP256r1" ||
		vn.ChipAuthentication[0].ParameterID != 13 || !slices.Equal(vn.ChipAuthentication[0].Suites, []sm.Suite{sm.AES128}) {
		t.Errorf("%+v, %v", vn, err)
	}
	icao, err := ProfileNamed("icao-td1")
	if err != nil || icao.BAC || len(icao.PACE) != 2 || icao.PACE[1].Mapping != secinfo.ChipAuthenticationMapping || len(icao.Deviations) > 0 {
		t.Errorf("%+v, %v", icao, err)
	}
}

func TestProfilesThatMakeNoChip(t *testing.T) {
	base, err := profileFiles.ReadFile("profile/vn-cancuoc-2024.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		field, value string // value in JSON
		says         string
	}{
		"nothing opens it":      {"pace", `[]`, "nothing opens"},
		"a curve of 192 bits":   {"pace", `[{"agreement":"ECDH","mapping":"GM","cipher":"AES-128","parameters":"brainpoolP192r1"}]`, "brainpoolP192r1"},
		"no such mapping":       {"pace", `[{"agreement":"ECDH","mapping":"XM","cipher":"AES-128","parameters":"P-256"}]`, "no mapping"},
		"CAM alone":             {"pace", `[{"agreement":"ECDH","mapping":"CAM","cipher":"AES-128","parameters":"P-256"}]`, "beside another mapping"},
		"CAM with 3DES":         {"pace", `[{"agreement":"ECDH","mapping":"CAM","cipher":"3DES","parameters":"P-256"}]`, "does not exist"},
		"IM on P-224":           {"pace", `[{"agreement":"ECDH","mapping":"IM","cipher":"3DES","parameters":"P-224"}]`, "no integrated mapping"},
		"TA without CA":         {"chip_authentication", `[]`, "needs Chip Authentication"},
		"DG3 without TA":        {"terminal_authentication", `false`, "need Terminal Authentication"},
		"no DG1":                {"data_groups", `[2]`, "mandatory"},
		"an unnamed deviation":  {"deviations", `{}`, "no-dg2-under-six"},
		"an unknown deviation":  {"deviations", `{"no-dg2-under-six":"x","fly":"x"}`, "fly"},
		"no reason":             {"deviations", `{"no-dg2-under-six":""}`, "no reason"},
		"no such hash":          {"active_authentication", `{"rsa":2048,"hash":"MD5"}`, "MD5"},
		"no name":               {"name", `""`, "no name"},
		"a field it has not":    {"colour", `"red"`, "colour"},
		"a cipher it has not":   {"chip_authentication", `[{"parameters":"P-256","ciphers":["ROT13"]}]`, "ROT13"},
		"no such parameters":    {"chip_authentication", `[{"parameters":"Curve25519","ciphers":["AES-128"]}]`, "Curve25519"},
		"no such key agreement": {"pace", `[{"agreement":"KEM","mapping":"GM","cipher":"AES-128","parameters":"P-256"}]`, "KEM"},
	} {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(base, &fields); err != nil {
			t.Fatal(err)
		}
		fields[c.field] = json.RawMessage(c.value)
		if c.field == "pace" && c.value == "[]" {
			fields["bac"] = json.RawMessage("false")
		}
		text, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseProfile(text); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ParseProfile([]byte("{")); err == nil {
		t.Error("half a profile")
	}
}

// PACE from 2027, no new cards with BAC from 2028, none in use from 2038 (Doc 9303-11, section 4.1).
func TestTheEndOfBAC(t *testing.T) {
	child := specimenDocument(t, "le-mau-nhi") // valid to 2035
	adult := specimenDocument(t, "dang-dinh-mau")
	modern := adult
	modern.Profile = "icao-td1"
	day := func(y int, m time.Month, d int) date.Date { return date.Date{Year: y, Month: m, Day: d} }
	for name, c := range map[string]struct {
		doc    Document
		issued date.Date
		codes  string
		fails  string
	}{
		"a child's in 2026":           {child, day(2026, 12, 31), "", ""},
		"a child's in 2027":           {child, day(2027, 1, 1), "bac-ends", ""},
		"an adult's in 2026":          {adult, day(2026, 12, 31), "bac-in-2038", ""},
		"an adult's in 2027":          {adult, day(2027, 12, 31), "bac-ends bac-in-2038", ""},
		"an adult's in 2028":          {adult, day(2028, 1, 1), "", "or one that names the deviation bac-from-2028"},
		"an adult's in 2028, by PACE": {modern, day(2028, 1, 1), "", ""},
	} {
		c.doc.DateOfIssue = c.issued
		warnings, err := c.doc.Check(c.issued)
		var codes []string
		for _, w := range warnings {
			if strings.HasPrefix(w.Code, "bac-") || strings.HasPrefix(w.Code, "no-") {
				codes = append(codes, w.Code)
			}
		}
		if strings.Join(codes, " ") != c.codes || (err != nil) != (c.fails != "") || err != nil && !strings.Contains(err.Error(), c.fails) {
			t.Errorf("%s: %v, %v", name, codes, err)
		}
	}
	adult.Profile, adult.DateOfIssue = "", day(2028, 1, 1)
	if p := adult.Complete().Profile; p != "vn-cancuoc-2028" {
		t.Errorf("who names no profile in 2028 gets %s", p)
	}
}

func TestDetailsOfTheICAOCard(t *testing.T) {
	i := issuance(t, func(p *Profile) { *p, _ = ProfileNamed("icao-td1") })
	i.Document = specimenDocument(t, "dang-dinh-mau")
	i.Document.Profile = "icao-td1"
	i.Portrait = specimenPortrait(t, i.Document)
	data := issue(t, i)
	dg11, _ := data.File(fileOf("EF.DG11"))
	if d, err := lds.ParseDG11(dg11); err != nil || d.Name != "Đặng Đình Mẫu" || d.DateOfBirth.Digits != "20000315" || d.PersonalNumber != "000200000013" || d.OtherNames != nil {
		t.Errorf("%+v, %v", d, err)
	}
	dg12, _ := data.File(fileOf("EF.DG12"))
	if d, err := lds.ParseDG12(dg12); err != nil || d.IssuingAuthority != "MINISTRY OF PUBLIC SECURITY" || d.DateOfIssue.Digits != "20240701" {
		t.Errorf("%+v, %v", d, err)
	}
	if len(data.Deviations) > 0 {
		t.Errorf("deviations %v", data.Deviations)
	}
	long := i.Document
	long.Residence = strings.Repeat("Đường Mẫu ", 20) + "Mẫu"
	if _, err := long.Check(today); err == nil || !strings.Contains(err.Error(), "EF.DG11") {
		t.Errorf("an address longer than EF.DG11 takes: %v", err)
	}
}
