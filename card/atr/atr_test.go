package atr

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Answers to reset made by hand from ISO/IEC 7816-3 and PC/SC part 3, and of cards in the field.
func TestParseVectors(t *testing.T) {
	for name, c := range map[string]struct {
		answer      string
		protocols   []int
		historical  string
		specific    bool
		inverse     bool
		contactless bool
	}{
		"nothing but T=0":             {"3B 00", []int{0}, "", false, false, false},
		"historical bytes":            {"3B 02 14 50", []int{0}, "1450", false, false, false},
		"inverse convention":          {"3F 02 14 50", []int{0}, "1450", false, true, false},
		"T=1 alone":                   {"3B 80 01 81", []int{1}, "", false, false, false},
		"an identity card, T=0 first": {"3B 9F 96 C0 0A 31 FE 45 75 4A617665 6C696E2D4F5320312E30 51", []int{0, 1}, "754A6176656C696E2D4F5320312E30", false, false, false},
		"a passport on the antenna":   {withCheck("3B 88 80 01 00 00 00 00 00 81 71 00"), []int{0, 1}, "0000000000817100", false, false, true},
		"the shortest there":          {"3B 80 80 01 01", []int{0, 1}, "", false, false, true},
		"specific mode by TA2":        {withCheck("3B 90 11 91 81 31 FE 45"), []int{1}, "", true, false, false},
		"T=0 and global bytes":        {withCheck("3B 80 80 1F 0F"), []int{0}, "", false, false, false},
	} {
		a, err := Parse(unhex(t, c.answer))
		if err != nil {
			t.Errorf("%s: %s: %v", name, c.answer, err)
			continue
		}
		if !slices.Equal(a.Protocols, c.protocols) || !strings.EqualFold(hex.EncodeToString(a.Historical), c.historical) ||
			a.Specific != c.specific || a.Inverse != c.inverse || a.Contactless() != c.contactless {
			t.Errorf("%s: %s is %+v, contactless %v", name, c.answer, a, a.Contactless())
		}
	}
}

func withCheck(answer string) string {
	b, _ := hex.DecodeString(strings.ReplaceAll(answer, " ", ""))
	return hex.EncodeToString(append(b, sum(b[1:])))
}

func TestRefusedVectors(t *testing.T) {
	for answer, says := range map[string]string{
		"":                                 "2 to 33",
		"3B":                               "2 to 33",
		"3B" + strings.Repeat("00", 33):    "2 to 33",
		"3A 00":                            "TS is 3A",
		"3B 02 14":                         "2 historical bytes are announced, 1",
		"3B 02 14 50 00":                   "1 bytes follow",
		"3B 10":                            "among the interface bytes",
		"3B 80":                            "among the interface bytes",
		"3B 80 80":                         "among the interface bytes",
		"3B 80 01":                         "check byte is missing",
		"3B 80 01 80":                      "check byte is wrong",
		"3B 80 01 81 00":                   "1 bytes follow",
		withCheck("3B 80 1F 00"):           "no protocol but T=15",
		withCheck("3B 80 81 00"):           "ascending",
		"3B" + strings.Repeat("F0", 31):    "among the interface bytes",
		"3B 8F 80 01" + "0011223344556677": "15 historical bytes",
	} {
		if a, err := Parse(unhex(t, answer)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %+v, %v; want %q", answer, a, err, says)
		}
	}
}

// Whatever bit of an answer with a check byte is turned, Parse sees it.
func TestParseSeesEveryBit(t *testing.T) {
	good := unhex(t, "3B 8D 80 01 80 73 C0 01 40 67 63 61 6E 63 75 6F 63 6F")
	for i := range len(good) * 8 {
		b := bytes.Clone(good)
		b[i/8] ^= 1 << (i % 8)
		if a, err := Parse(b); err == nil && !a.Inverse {
			t.Errorf("bit %d turned gives %+v", i, a)
		}
	}
}

func TestHistoricalVectors(t *testing.T) {
	ours, err := Parse(unhex(t, "3B 8D 80 01 80 73 C0 01 40 67 63 61 6E 63 75 6F 63 6F"))
	if err != nil {
		t.Fatal(err)
	}
	if c, ok := ours.Capabilities(); !ok || !c.Extended || c.Chaining || c.ExtendedInfo || !ours.Simulated() {
		t.Errorf("our own: %+v, %v, simulated %v", c, ok, ours.Simulated())
	}
	for answer, c := range map[string]Capabilities{
		"3B 05 80 73 C0 01 E0":          {true, true, true},
		"3B 08 00 73 C0 01 80 00 90 00": {Chaining: true},
	} {
		a, err := Parse(unhex(t, answer))
		if got, ok := a.Capabilities(); err != nil || !ok || got != c || a.Simulated() {
			t.Errorf("%s: %+v, %v, %v", answer, got, ok, err)
		}
	}
	for _, answer := range []string{"3B 00", "3B 02 80 75", "3B 02 00 90", "3B 04 80 71 00 00", "3B 03 65 73 00"} {
		a, err := Parse(unhex(t, answer))
		if _, ok := a.Capabilities(); err != nil || ok {
			t.Errorf("%s: capabilities where there are none (%v)", answer, err)
		}
	}
	for _, answer := range []string{"3B 02 80 75", "3B 02 00 90"} {
		a, _ := Parse(unhex(t, answer))
		if objects, err := a.Objects(); err == nil {
			t.Errorf("%s: objects %v", answer, objects)
		}
	}
}

func TestStorageVectors(t *testing.T) {
	const start = "3B 8F 80 01 80 4F 0C A0 00 00 03 06"
	for card, want := range map[string]string{
		"03 0001": "MIFARE Classic 1K, ISO/IEC 14443 A, part 3",
		"03 0002": "MIFARE Classic 4K, ISO/IEC 14443 A, part 3",
		"07 0006": "memory card 0006, ISO/IEC 14443 B, part 3",
		"0B 0014": "ICODE SLI, ISO/IEC 15693, part 3",
		"11 003B": "FeliCa, JIS X 6319-4",
		"00 0026": "MIFARE Mini",
	} {
		a, err := Parse(unhex(t, withCheck(start+card+"00000000")))
		if name, ok := a.Storage(); err != nil || !ok || name != want {
			t.Errorf("%s: %q, %v, %v; want %q", card, name, ok, err, want)
		}
	}
	for _, other := range []string{withCheck("3B 88 80 01 00 00 00 00 00 81 71 00"), withCheck("3B 8F 80 01 80 4F 0C A0 00 00 03 07 03 0001 00000000"),
		"3B 0F 80 4F 0C A0 00 00 03 06 03 0001 00000000"} {
		a, err := Parse(unhex(t, other))
		if name, ok := a.Storage(); err != nil || ok {
			t.Errorf("%s is the memory card %q (%v)", other, name, err)
		}
	}
}

func TestNames(t *testing.T) {
	const list = "# a list\n\n3B 8D 80 01 .. 73 C0 01 40 67 63 61 6E 63 75 6F 63 6F\n\tA card of the test\n\thttps://example.org/\n" +
		"3B 8D (80|81) 01 80 73 C0 01 40 67 63 61 6E 63 75 6F 63 [0-9A-F]F\n\tBy an expression\n" +
		"3B 8D 80 01 80 73\n\tToo short\n3B (((\n\tBroken\n3B 8D {9}\n\tNot allowed\n\tand more\n3F 00\n\tAnother\n"
	names, err := Names(strings.NewReader(list), unhex(t, "3B8D80018073C001406763616E63756F636F"))
	if want := []string{"A card of the test", "https://example.org/", "By an expression"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("%q, %v; want %q", names, err, want)
	}
	if _, err := Names(strings.NewReader(strings.Repeat("3", 1<<20)), nil); err == nil {
		t.Error("a line of a megabyte was read")
	}
	endless := "3B 00\n" + strings.Repeat("\tname\n", 1000)
	if names, err := Names(strings.NewReader(endless), []byte{0x3B, 0x00}); err != nil || len(names) != maxNames {
		t.Errorf("%d names, %v", len(names), err)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"3B00", "3B021450", "3B800181", "3B9F96C00A31FE45754A6176656C696E2D4F5320312E3051", "3B8F8001804F0CA0000003060300010000000 06A",
		"3B8D80018073C001406763616E63756F636F"} {
		b, _ := hex.DecodeString(strings.ReplaceAll(seed, " ", ""))
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := Parse(b)
		if err != nil {
			return
		}
		if len(a.Protocols) == 0 || len(a.Historical) > 15 || !bytes.Contains(b, a.Historical) {
			t.Fatalf("%X: %+v", b, a)
		}
		a.Capabilities()
		a.Storage()
		a.Simulated()
	})
}

func FuzzNames(f *testing.F) {
	f.Add("3B 0. 1[0-4]\n\ta\n", []byte{0x3B, 0x01, 0x13})
	f.Fuzz(func(t *testing.T, list string, answer []byte) {
		if names, err := Names(strings.NewReader(list), answer); err == nil && len(names) > maxNames {
			t.Fatal(len(names))
		}
	})
}

func ExampleParse() {
	a, err := Parse([]byte{0x3B, 0x8F, 0x80, 0x01, 0x80, 0x4F, 0x0C, 0xA0, 0, 0, 0x03, 0x06, 0x03, 0, 0x01, 0, 0, 0, 0, 0x6A})
	name, _ := a.Storage()
	fmt.Println(name, err)
	// Output: MIFARE Classic 1K, ISO/IEC 14443 A, part 3 <nil>
}
