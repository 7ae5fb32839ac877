package lds

import (
	"bytes"
	"fmt"
	"math/rand"
	"reflect"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/card/tlv"
)

func codecDIR(file []byte) ([]byte, error) {
	applications, err := ParseDIR(file)
	if err != nil {
		return nil, err
	}
	return EncodeDIR(applications)
}

// The four applications of Doc 9303-10, table 31, and one that has a label (ISO/IEC 7816-4).
const dirHand = "61 09 4F 07 A0000002471001 61 09 4F 07 A0000002472001 61 09 4F 07 A0000002472002 61 09 4F 07 A0000002472003" +
	"61 0B 4F 05 F000000001 50 02 4142"

func TestDIRByHand(t *testing.T) {
	want := []Application{
		{AID: AID()}, {AID: unhex(t, "A0000002472001")}, {AID: unhex(t, "A0000002472002")}, {AID: unhex(t, "A0000002472003")},
		{AID: unhex(t, "F000000001"), Others: []tlv.Object{{Tag: 0x50, Value: []byte("AB")}}},
	}
	if got, err := EncodeDIR(want); err != nil || !bytes.Equal(got, unhex(t, dirHand)) {
		t.Errorf("%x, %v", got, err)
	}
	if got, err := ParseDIR(unhex(t, dirHand)); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%x, %v", got, err)
	}
	codec(codecDIR).bends(t, unhex(t, dirHand)[44:])
}

func TestDIRRefusals(t *testing.T) {
	const one = "61(4F(A0000002471001))"
	codec(codecDIR).refuses(t, refusals{
		"nothing":             {"", "no application"},
		"too many":            {manyApplications(), "more than 64"},
		"listed twice":        {one + one, "twice"},
		"two identifiers":     {"61(4F(A0000002471001) 4F(A0000002471001", "two identifiers"},
		"no identifier":       {"61(50(41", "where 4F is due"},
		"an empty template":   {"6100", "data has ended"},
		"another template":    {one + "62(4F(A0000002471001", "where 61 is due"},
		"a short identifier":  {"61(4F(A0000002", "5 to 16"},
		"a long identifier":   {"61(4F(" + strings.Repeat("A0", 17), "5 to 16"},
		"a byte behind":       {one + "00", "data has ended"},
		"a length that lies":  {"61094F08A0000002471001", "announces 8 bytes, 7"},
		"a label that lies":   {"61(4F(A0000002471001) 500241", "announces 2 bytes, 1"},
		"a template that end": {"610A4F07A0000002471001", "announces 10 bytes, 9"},
	})
	for name, applications := range map[string][]Application{
		"nothing": nil, "no identifier": {{}}, "listed twice": {{AID: AID()}, {AID: AID()}},
		"two identifiers": {{AID: AID(), Others: []tlv.Object{{Tag: 0x4F, Value: AID()}}}},
	} {
		if _, err := EncodeDIR(applications); err == nil {
			t.Errorf("%s: it was written", name)
		}
	}
}

func TestDIRRoundTrip(t *testing.T) {
	everySeed(t, func(r *rand.Rand) bool {
		var applications []Application
		for i := range 1 + r.Intn(6) {
			a := Application{AID: append([]byte{byte(i)}, someBytes(r, 4, 15)...)}
			if r.Intn(2) == 0 {
				a.Others = []tlv.Object{{Tag: 0x50, Value: someBytes(r, 0, 16)}, {Tag: 0x73, Value: nested(3)}}
			}
			applications = append(applications, a)
		}
		file, err := EncodeDIR(applications)
		if err != nil {
			t.Log(err)
			return false
		}
		parsed, err := ParseDIR(file)
		return err == nil && reflect.DeepEqual(parsed, applications)
	})
}

func FuzzParseDIR(f *testing.F) { codec(codecDIR).fuzz(f, unhex(f, dirHand)) }

func manyApplications() string {
	var s strings.Builder
	for i := range maxApplications + 1 {
		fmt.Fprintf(&s, "6107 4F05 A0000000%02X", i)
	}
	return s.String()
}
