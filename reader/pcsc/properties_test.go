package pcsc

import (
	"encoding/hex"
	"testing"

	"github.com/cancuoc/cancuoc/card/apdu"
)

// Lists of features and properties in the form of PC/SC part 10.
func TestDriverProperties(t *testing.T) {
	code, ok := featureCode(mustHex(t, "06044233000112044233"), featureProperties)
	if ok {
		t.Errorf("a list that is cut short has a feature: %x", code)
	}
	code, ok = featureCode(mustHex(t, "060442330006"+"120442330012"), featureProperties)
	if !ok || code != 0x42330012 {
		t.Errorf("control code %x, %v", code, ok)
	}
	for properties, want := range map[string]apdu.Limits{
		"":                               {},
		"0102" + "0000":                  {},
		"0A04" + "00000000":              apdu.ShortLimits(),
		"0A04" + "00010000":              apdu.ShortLimits(), // 256
		"0904" + "0000" + "0000":         {},
		"090100" + "0A04" + "00000100":   {Command: 65536 + 9, Response: 65536 + 2},
		"0A04" + "FFFFFFFF":              {Command: 65536 + 9, Response: 65536 + 2},
		"0A04" + "00080000":              {Command: 2048 + 9, Response: 2048 + 2},
		"0A02" + "0001":                  {},
		"0A04" + "0001":                  {},
		"0B02" + "8D07" + "0A0400010000": apdu.ShortLimits(),
	} {
		if got := limitsOf(mustHex(t, properties)); got != want {
			t.Errorf("%s: %+v, want %+v", properties, got, want)
		}
	}
}

func mustHex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(text, err)
	}
	return b
}

func FuzzDriverProperties(f *testing.F) {
	f.Add([]byte{0x0A, 4, 0, 1, 0, 0}, byte(0x0A))
	f.Fuzz(func(t *testing.T, list []byte, feature byte) {
		featureCode(list, feature)
		l := limitsOf(list)
		if l != (apdu.Limits{}) && (l.Command < 261 || l.Command > 65545) {
			t.Fatalf("%x: %+v", list, l)
		}
	})
}
