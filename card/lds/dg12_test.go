package lds

import (
	"bytes"
	"math/rand"
	"reflect"
	"strings"
	"testing"
)

func codecDG12(file []byte) ([]byte, error) {
	d, err := ParseDG12(file)
	if err != nil {
		return nil, err
	}
	return EncodeDG12(d)
}

// The sample has no tag list and writes date and time in BCD.
func TestDG12Sample(t *testing.T) {
	file := sample(t, "lds-bsi2008/extra-EF_DG12.bin")
	codec(codecDG12).encodesAgain(t, "the sample", file)
	want := DG12{
		IssuingAuthority: "TEST", DateOfIssue: Date{Digits: "20240101", BCD: true}, OtherPersons: []string{"William"},
		Endorsements: "TEST", TaxExit: "TEST", Front: []byte{0}, Rear: []byte{0},
		Personalisation: Date{Digits: "20240101123059", BCD: true}, SystemSerial: "123", NoTagList: true,
	}
	if got, err := ParseDG12(file); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
}

// Every element, laid out by hand after Doc 9303-10, table 73.
const dg12Hand = "6C 5C 5C 11 5F19 5F26 A0 5F1B 5F1C 5F1D 5F1E 5F55 5F56" +
	"5F19 02 5A5A 5F26 08 3230323430373031" + // ZZ, 20240701
	"A0 0E 02 01 02 5F1A 03 413C42 5F1A 02 4344" + // A<B, CD
	"5F1B 01 65 5F1C 01 74 5F1D 02 FFD8 5F1E 02 FF4F" +
	"5F55 0E 3230323430373031323335393030 5F56 03 53 2D 31" // 20240701235900, S-1

func TestDG12ByHand(t *testing.T) {
	file := unhex(t, dg12Hand)
	want := DG12{
		IssuingAuthority: "ZZ", DateOfIssue: Date{Digits: "20240701"}, OtherPersons: []string{"A<B", "CD"}, Endorsements: "e", TaxExit: "t",
		Front: []byte{0xFF, 0xD8}, Rear: []byte{0xFF, 0x4F}, Personalisation: Date{Digits: "20240701235900"}, SystemSerial: "S-1",
	}
	if got, err := EncodeDG12(want); err != nil || !bytes.Equal(got, file) {
		t.Errorf("%x, %v", got, err)
	}
	if got, err := ParseDG12(file); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	codec(codecDG12).bends(t, file)
	codec(codecDG12).encodesAgain(t, "an empty file", unhex(t, "6C00"))
}

func TestDG12Refusals(t *testing.T) {
	codec(codecDG12).refuses(t, refusals{
		"nothing":              {"", "data has ended"},
		"another file":         {"6B(5C00", "tag 6B"},
		"a list behind":        {"6C(5F19(5A) 5C(5F19", "no place"},
		"a list twice":         {"6C(5C(5F19) 5C(5F19) 5F19(5A", "no place"},
		"listed and missing":   {"6C(5C(5F19", "missing"},
		"an element twice":     {"6C(5F19(5A) 5F19(5A", "twice"},
		"a wrong order":        {"6C(5F1B(5A) 5F19(5A", "behind its place"},
		"an element of DG11":   {"6C(5C(5F0E) 5F0E(5A", "no place"},
		"an empty element":     {"6C(5F1900", "is empty"},
		"names of DG11":        {"6C(A0(020101 5F0F(41", "object 5F0F"},
		"a time of a date":     {"6C(5F55(3230323430373031", "date of 14"},
		"hour 24":              {"6C(5F55(20240701240000", "date of 14"},
		"minute 60":            {"6C(5F55(20240701236000", "date of 14"},
		"second 60":            {"6C(5F55(20240701235960", "date of 14"},
		"an issue at midnight": {"6C(5F26(20240701000000", "date of 8"},
		"Latin-1":              {"6C(5F19(E9", "UTF-8"},
		"a length that lies":   {"6C 05 5F19 03 5A5A", "announces 3 bytes, 2"},
		"a serial of a book":   {"6C(5F56(" + strings.Repeat("41", 100), "100 bytes"},
	})
	for name, d := range map[string]DG12{
		"a list and none":   {TagList: []uint32{0x5F19}, NoTagList: true},
		"a list of others":  {TagList: []uint32{0x5F0E}},
		"a date as a time":  {Personalisation: Date{Digits: "20240701"}},
		"a time as a date":  {DateOfIssue: Date{Digits: "20240701000000"}},
		"an empty person":   {OtherPersons: []string{""}},
		"too many persons":  {OtherPersons: make([]string, 256)},
		"a long annotation": {Endorsements: strings.Repeat("a", 100)},
	} {
		if _, err := EncodeDG12(d); err == nil {
			t.Errorf("%s: it was written", name)
		}
	}
}

func TestDG12RoundTrip(t *testing.T) {
	everySeed(t, func(r *rand.Rand) bool {
		d := DG12{
			IssuingAuthority: someText(r, 99), DateOfIssue: someDate(r, "20240701"), Endorsements: someText(r, 99), TaxExit: someText(r, 99),
			Personalisation: someDate(r, "20240701235900"), SystemSerial: someText(r, 99), NoTagList: r.Intn(3) == 0,
		}
		for range r.Intn(4) {
			d.OtherPersons = append(d.OtherPersons, "X"+someText(r, 90))
		}
		if r.Intn(2) == 0 {
			d.Front, d.Rear = someBytes(r, 1, 500), someBytes(r, 1, 500)
		}
		if !d.NoTagList && r.Intn(3) == 0 {
			d.TagList = []uint32{0x5F56, 0xA0, 0x5F19}
		}
		file, err := EncodeDG12(d)
		if err != nil {
			t.Log(err)
			return false
		}
		parsed, err := ParseDG12(file)
		return err == nil && reflect.DeepEqual(parsed, d)
	})
}

func TestDG12MemoryIsBounded(t *testing.T) {
	codec(codecDG12).isBounded(t, unhex(t, "6C 84 7FFFFFFF 5F1D 84 7FFFFFF0 FF"))
}

func FuzzParseDG12(f *testing.F) {
	codec(codecDG12).fuzz(f, unhex(f, dg12Hand), build(f, "6C(5F19(5A) 5F26(20240101"), build(f, "6C(5C(A0) A0(020100"))
}
