package secinfo

import (
	"bytes"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/card/sm"
)

// cardAccess is an EF.CardAccess of 54 bytes: Terminal Authentication, Chip Authentication and PACE with generic mapping
// on brainpoolP256r1.
const cardAccess = "3134300d060804007f0007020202020101300f060a04007f000702020302020201013012060a04007f0007020204020202010202010d"

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func vectors(t testing.TB, name string) map[string][]byte {
	t.Helper()
	b, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]map[string]string
	if err := json.Unmarshal(b, &all); err != nil || len(all[name]) == 0 {
		t.Fatalf("vectors %s: %v", name, err)
	}
	files := map[string][]byte{}
	for key, text := range all[name] {
		files[key] = unhex(t, text)
	}
	return files
}

func TestCardAccess(t *testing.T) {
	file := unhex(t, cardAccess)
	infos, err := Parse(file)
	if err != nil || len(file) != 54 {
		t.Fatal(err)
	}
	pace := PACEInfo{Agreement: ECDH, Mapping: GenericMapping, Suite: sm.AES128, Version: 2, ParameterID: 13}
	if !slices.Equal(infos.PACE, []PACEInfo{pace}) {
		t.Errorf("PACE: %+v", infos.PACE)
	}
	if pace.String() != "PACE-ECDH-GM with AES-128 on brainpoolP256r1" || pace.Supported() != nil {
		t.Errorf("%v, %v", pace, pace.Supported())
	}
	if !slices.Equal(infos.ChipAuthentication, []ChipAuthenticationInfo{{Suite: sm.AES128, Version: 1}}) {
		t.Errorf("CA: %+v", infos.ChipAuthentication)
	}
	if !slices.Equal(infos.TerminalAuthentication, []TerminalAuthenticationInfo{{Version: 1}}) {
		t.Errorf("TA: %+v", infos.TerminalAuthentication)
	}
	if len(infos.Unknown)+len(infos.ChipAuthenticationKeys)+len(infos.ActiveAuthentication)+len(infos.PACEParameters)+len(infos.Directory) != 0 {
		t.Errorf("something more: %+v", infos)
	}
	if again, err := infos.Encode(); err != nil || !bytes.Equal(again, file) {
		t.Errorf("encoded again: %x, %v", again, err)
	}
	dg14, err := infos.EncodeDG14()
	if err != nil || !bytes.Equal(dg14, append([]byte{0x6E, 54}, file...)) {
		t.Errorf("EF.DG14: %x, %v", dg14, err)
	}
	if again, err := ParseDG14(dg14); err != nil || len(again.PACE) != 1 {
		t.Errorf("EF.DG14: %v", err)
	}
}

// Each kind of SecurityInfo with the bytes that it stands for.
func TestEveryInfo(t *testing.T) {
	for text, want := range map[string]Infos{
		"3012060A04007F00070202040602020102 02010D":                      {PACE: []PACEInfo{{Mapping: ChipAuthenticationMapping, Suite: sm.AES128, Version: 2, ParameterID: 13}}},
		"3012060A04007F00070202040404020102 020112":                      {PACE: []PACEInfo{{Mapping: IntegratedMapping, Suite: sm.AES256, Version: 2, ParameterID: 18}}},
		"3012060A04007F00070202040101020102 020100":                      {PACE: []PACEInfo{{Agreement: DH, Suite: sm.TripleDES, Version: 2}}},
		"3012060A04007F00070202040303020102 020102":                      {PACE: []PACEInfo{{Agreement: DH, Mapping: IntegratedMapping, Suite: sm.AES192, Version: 2, ParameterID: 2}}},
		"300F060A04007F00070202040202020101":                             {PACE: []PACEInfo{{Suite: sm.AES128, Version: 1, ParameterID: NoParameterID}}},
		"301C060904007F000702020402 300C060704007F0007010202010D 020121": {PACEParameters: []PACEDomainParameterInfo{{Parameters: unhex(t, "300C060704007F0007010202010D"), ParameterID: new(33)}}},
		"3019060904007F000702020403 300C060704007F00070102020102":        {PACEParameters: []PACEDomainParameterInfo{{Agreement: DH, Mapping: IntegratedMapping, Parameters: unhex(t, "300C060704007F00070102020102")}}},
		"3013060A04007F00070202030202020101 020200C3":                    {ChipAuthentication: []ChipAuthenticationInfo{{Suite: sm.AES128, Version: 1, KeyID: new(195)}}},
		"300F060A04007F00070202030104020101":                             {ChipAuthentication: []ChipAuthenticationInfo{{Agreement: DH, Suite: sm.AES256, Version: 1}}},
		"3016060804007F0007020202 020101 3007 04020122 040119":           {TerminalAuthentication: []TerminalAuthenticationInfo{{Version: 1, EFCVCA: FileID{FID: 0x0122, SFI: 0x19}}}},
		"3013060804007F0007020202 020101 3004 04020122":                  {TerminalAuthentication: []TerminalAuthenticationInfo{{Version: 1, EFCVCA: FileID{FID: 0x0122}}}},
		"3017060667810801 0105 020101 060A04007F00070101040103":          {ActiveAuthentication: []ActiveAuthenticationInfo{{Version: 1, SignatureAlgorithm: asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 1, 1, 4, 1, 3}}}},
		"300C060667810801010D 0402 6100":                                 {Directory: []EFDIRInfo{{Content: []byte{0x61, 0x00}}}},
		"3009060704007F00070203 ":                                        {Unknown: []UnknownInfo{{Protocol: asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 2, 3}, Raw: unhex(t, "3009060704007F00070203")}}},
	} {
		raw := unhex(t, text)
		set := append([]byte{0x31, byte(len(raw))}, raw...)
		infos, err := Parse(set)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		a, _ := json.Marshal(infos)
		b, _ := json.Marshal(want)
		if !bytes.Equal(a, b) {
			t.Errorf("%s is %s, want %s", text, a, b)
		}
		if got, err := want.Encode(); err != nil || !bytes.Equal(got, set) {
			t.Errorf("%s is written %X, %v", text, got, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	long := strings.Repeat("3006060404007F00", 65)
	for name, text := range map[string]string{
		"nothing":                         "",
		"a sequence of infos":             "300f300d060804007f0007020202020101",
		"something after the set":         cardAccess + "00",
		"cut short":                       cardAccess[:len(cardAccess)-2],
		"length in the long form":         "318111300f060a04007f00070202030202020101",
		"an entry that is no SEQUENCE":    "3103020101",
		"an entry without a protocol":     "31053003020101",
		"an empty entry":                  "31023000",
		"PACE without a version":          "310e300c060a04007f00070202040202",
		"PACE with a negative version":    "3114 3012060A04007F00070202040202 0201FF 02010D",
		"PACE with a version in text":     "3114 3012060A04007F00070202040202 0C0102 02010D",
		"PACE with a long number":         "3115 3013060A04007F00070202040202 02020002 02010D",
		"PACE with a parameterId of 2^31": "3118 3016060A04007F00070202040202 020102 0205 0080000000",
		"PACE with one field more":        "3117 3015060A04007F00070202040202 020102 02010D 02010D",
		"CA with text for a keyId":        "3114 3012060A04007F00070202030202 020101 0C010D",
		"a CA key that is none":           "3114 3012060904007F000702020102 3003020101 02010D",
		"TA with an empty FileID":         "3111 300F060804007F0007020202 020101 3000",
		"TA with a FileID of one byte":    "3114 3012060804007F0007020202 020101 3003 040101",
		"TA with a FileID of zero":        "3115 3013060804007F0007020202 020101 3004 04020000",
		"TA with SFI 31":                  "3118 3016060804007F0007020202 020101 3007 04020122 04011F",
		"AA without an algorithm":         "310d300b 0606678108010105 020101",
		"EF.DIR in text":                  "310e300c0606678108010 10D 0C026100",
		"too many":                        "318202 08" + long,
	} {
		b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if infos, err := Parse(b); err == nil {
			t.Errorf("%s is taken: %+v", name, infos)
		} else if !strings.HasPrefix(err.Error(), "secinfo: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, b := range map[string][]byte{"another tag": append([]byte{0x6F, 54}, unhex(t, cardAccess)...), "cut": {0x6E, 54}, "nothing": nil,
		"something after it": append(append([]byte{0x6E, 54}, unhex(t, cardAccess)...), 0)} {
		if _, err := ParseDG14(b); err == nil {
			t.Errorf("EF.DG14 with %s is taken", name)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	for name, infos := range map[string]Infos{
		"PACE-DH-CAM":        {PACE: []PACEInfo{{Agreement: DH, Mapping: ChipAuthenticationMapping, Suite: sm.AES128, Version: 2}}},
		"PACE-CAM with 3DES": {PACE: []PACEInfo{{Mapping: ChipAuthenticationMapping, Version: 2}}},
		"PACE with suite 9":  {PACE: []PACEInfo{{Suite: 9, Version: 2}}},
		"parameters of none": {PACEParameters: []PACEDomainParameterInfo{{Mapping: 9}}},
		"CA with suite 9":    {ChipAuthentication: []ChipAuthenticationInfo{{Suite: 9}}},
		"AA with no OID":     {ActiveAuthentication: []ActiveAuthenticationInfo{{Version: 1}}},
	} {
		if b, err := infos.Encode(); err == nil {
			t.Errorf("%s is written: %X", name, b)
		}
	}
}

// The files of the worked examples of TR-03110 hold entries that Doc 9303 does not know: they survive, and so do the
// versions that it does not run.
func TestWorkedExamples(t *testing.T) {
	for _, name := range []string{"tr03110_card_access", "tr03110_card_security"} {
		for kind, file := range vectors(t, name) {
			infos, err := Parse(file)
			if err != nil {
				t.Errorf("%s %s: %v", name, kind, err)
				continue
			}
			if len(infos.Unknown) == 0 || len(infos.PACE) != 1 || infos.PACE[0].Supported() != nil || infos.TerminalAuthentication[0].Version != 2 {
				t.Errorf("%s %s: %+v", name, kind, infos)
			}
			sameSet(t, name+" "+kind, file, infos)
			for _, key := range infos.ChipAuthenticationKeys {
				if k, err := key.PublicKey(); err != nil || k.Agreement().String() != kind {
					t.Errorf("%s %s: %v", name, kind, err)
				}
			}
		}
	}
	access, err := Parse(vectors(t, "tr03110_card_access")["ECDH"])
	if err != nil {
		t.Fatal(err)
	}
	security, err := Parse(vectors(t, "tr03110_card_security")["ECDH"])
	if err != nil {
		t.Fatal(err)
	}
	missing, err := access.Missing(security)
	if err != nil || len(missing) != 1 || !bytes.HasPrefix(missing[0], unhex(t, "303E060804007F0007020208")) { // PrivilegedTerminalInfo
		t.Errorf("missing: %X, %v", missing, err)
	}
	if missing, err := access.Missing(access); err != nil || len(missing) != 0 {
		t.Errorf("missing from itself: %X, %v", missing, err)
	}
}

// sameSet demands that the entries of a file are those of its encoding, whatever their order.
func sameSet(t *testing.T, name string, file []byte, infos Infos) {
	t.Helper()
	again, err := infos.Encode()
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	want, err := split(file)
	if err != nil {
		t.Fatal(err)
	}
	got, err := split(again)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSortedFunc(got, bytes.Compare) {
		t.Errorf("%s: the encoding is not sorted", name)
	}
	slices.SortFunc(want, bytes.Compare)
	if !slices.EqualFunc(got, want, bytes.Equal) {
		t.Errorf("%s: %X became %X", name, want, got)
	}
}

// Data group 14 of chips in the field, sorted or not.
func TestDataGroupsInTheField(t *testing.T) {
	suites := map[string]sm.Suite{}
	for name, file := range vectors(t, "field_dg14") {
		infos, err := ParseDG14(file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		sameSet(t, name, file[4:], infos)
		if len(infos.ChipAuthenticationKeys) == 0 {
			t.Errorf("%s: no key", name)
		}
		for _, info := range infos.ChipAuthenticationKeys {
			key, err := info.PublicKey()
			curve := "brainpoolP256r1"
			if name == "TestChipAuthFR" {
				curve = "P-256"
			}
			if err != nil || key.Curve == nil || key.Curve.Name() != curve {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if explicit, err := key.Explicit(); err != nil || !bytes.Equal(explicit, info.Key) {
				t.Errorf("%s: the key is written %X, %v", name, explicit, err)
			}
		}
		for _, info := range infos.ChipAuthentication {
			suites[name] = info.Suite
		}
	}
	if suites["TestChipAuthMY"] != sm.TripleDES || suites["TestChipAuthAT"] != sm.AES128 {
		t.Errorf("suites %v", suites)
	}
}

func TestStrongest(t *testing.T) {
	info := func(a Agreement, m Mapping, s sm.Suite, id int) PACEInfo {
		return PACEInfo{Agreement: a, Mapping: m, Suite: s, Version: 2, ParameterID: id}
	}
	gm := func(s sm.Suite, id int) PACEInfo { return info(ECDH, GenericMapping, s, id) }
	version1, unsupported := gm(sm.AES256, 18), gm(sm.AES256, 9)
	version1.Version = 1
	for name, c := range map[string]struct {
		infos []PACEInfo
		want  int
	}{
		"AES-256 before AES-128":              {[]PACEInfo{gm(sm.AES128, 16), gm(sm.AES256, 13)}, 1},
		"AES-128 before 3DES":                 {[]PACEInfo{gm(sm.TripleDES, 13), gm(sm.AES128, 13)}, 1},
		"chip authentication mapping first":   {[]PACEInfo{gm(sm.AES256, 18), info(ECDH, ChipAuthenticationMapping, sm.AES128, 13)}, 1},
		"the larger curve":                    {[]PACEInfo{gm(sm.AES128, 16), gm(sm.AES128, 17), gm(sm.AES128, 13)}, 1},
		"P-521 before brainpoolP512r1":        {[]PACEInfo{gm(sm.AES128, 17), gm(sm.AES128, 18)}, 1},
		"the first of equals":                 {[]PACEInfo{gm(sm.AES128, 13), gm(sm.AES128, 12)}, 0},
		"a curve before a group of 1024 bits": {[]PACEInfo{info(DH, GenericMapping, sm.AES128, 0), gm(sm.AES128, 10)}, 1},
		"a curve before a group of 2048 bits": {[]PACEInfo{info(DH, GenericMapping, sm.AES128, 2), gm(sm.AES128, 10)}, 1},
		"version 1 is skipped":                {[]PACEInfo{version1, gm(sm.TripleDES, 10)}, 1},
		"192 bits are skipped":                {[]PACEInfo{unsupported, gm(sm.TripleDES, 10)}, 1},
		"P-224 with IM is skipped":            {[]PACEInfo{info(ECDH, IntegratedMapping, sm.AES256, 10), gm(sm.TripleDES, 10)}, 1},
		"explicit parameters are skipped":     {[]PACEInfo{gm(sm.AES256, NoParameterID), gm(sm.TripleDES, 10)}, 1},
	} {
		got, ok := Strongest(c.infos)
		want := c.infos[c.want]
		want.Ambiguous = got.Ambiguous
		if !ok || got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	for name, infos := range map[string][]PACEInfo{"none": nil, "none known": {version1, unsupported}} {
		if got, ok := Strongest(infos); ok {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got, _ := Strongest([]PACEInfo{gm(sm.AES128, 13), gm(sm.AES256, 13)}); got.Ambiguous {
		t.Error("one set of domain parameters is ambiguous")
	}
	if got, _ := Strongest([]PACEInfo{gm(sm.AES128, 13), gm(sm.AES128, 12)}); !got.Ambiguous {
		t.Error("two sets of domain parameters are not ambiguous")
	}
}

func TestUnsupportedIsNamed(t *testing.T) {
	for want, info := range map[string]PACEInfo{
		"P-192":           {Suite: sm.AES128, Version: 2, ParameterID: 8},
		"brainpoolP192r1": {Suite: sm.AES128, Version: 2, ParameterID: 9},
		"version 3":       {Suite: sm.AES128, Version: 3, ParameterID: 13},
		"explicit":        {Suite: sm.AES128, Version: 2, ParameterID: NoParameterID},
		"no integrated":   {Mapping: IntegratedMapping, Suite: sm.AES128, Version: 2, ParameterID: 10},
		"does not exist":  {Mapping: ChipAuthenticationMapping, Version: 2, ParameterID: 13},
		"19":              {Suite: sm.AES128, Version: 2, ParameterID: 19},
		"0":               {Suite: sm.AES128, Version: 2, ParameterID: 0},
		"13":              {Agreement: DH, Suite: sm.AES128, Version: 2, ParameterID: 13},
		"DH-CAM":          {Agreement: DH, Mapping: ChipAuthenticationMapping, Suite: sm.AES128, Version: 2},
	} {
		if err := info.Supported(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q in it", info, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(unhex(f, cardAccess))
	for _, name := range []string{"tr03110_card_access", "tr03110_card_security", "field_dg14"} {
		for _, file := range vectors(f, name) {
			f.Add(file)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		ParseDG14(b)
		infos, err := Parse(b)
		if err != nil {
			return
		}
		sameSet(t, "fuzz", b, infos)
		for _, key := range infos.ChipAuthenticationKeys {
			key.PublicKey()
		}
		Strongest(infos.PACE)
	})
}

func TestParameterNames(t *testing.T) {
	for id, want := range map[int]string{0: "1024-bit", 13: "brainpoolP256r1", 15: "P-384", 99: "domain parameters 99"} {
		if got := ParameterName(id); !strings.Contains(got, want) {
			t.Errorf("%d is %q, want %q", id, got, want)
		}
	}
}
