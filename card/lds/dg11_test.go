package lds

import (
	"bytes"
	"encoding/hex"
	"math/rand"
	"reflect"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/card/tlv"
)

func codecDG11(file []byte) ([]byte, error) {
	d, err := ParseDG11(file)
	if err != nil {
		return nil, err
	}
	return EncodeDG11(d)
}

// The sample lists A0 last, lists no 5F17 although it has one, and writes the date in BCD.
func TestDG11Sample(t *testing.T) {
	file := sample(t, "lds-bsi2008/extra-EF_DG11.bin")
	codec(codecDG11).encodesAgain(t, "the sample", file)
	want := DG11{
		Name: "Doe John", OtherNames: []string{"William"}, PersonalNumber: "123", DateOfBirth: Date{Digits: "19700101", BCD: true},
		PlaceOfBirth: "TEST<TEST", Address: "TEST<TEST", Telephone: "123", Profession: "TEST", Title: "TEST", Summary: "TEST",
		Citizenship: []byte{0}, TravelDocuments: "123<123", Custody: "TEST",
		TagList: []uint32{0x5F0E, 0x5F10, 0x5F2B, 0x5F11, 0x5F42, 0x5F12, 0x5F13, 0x5F14, 0x5F15, 0x5F16, 0x5F18, 0xA0},
	}
	if got, err := ParseDG11(file); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
}

// The example of Doc 9303-10, appendix A.5; the lengths there add up with the telephone number of the text above it.
func TestDG11Example(t *testing.T) {
	text := func(s string) string { return hex.EncodeToString([]byte(s)) }
	file := unhex(t, "6B63 5C0A 5F0E5F115F425F125F13"+
		"5F0E0D"+text("SMITH<<JOHN<J")+"5F110A"+text("ANYTOWN<MN")+"5F4217"+text("123 MAPLE RD<ANYTOWN<MN")+
		"5F120E"+text("1-612-555-1212")+"5F130C"+text("TRAVEL<AGENT"))
	want := DG11{
		Name: "SMITH<<JOHN<J", PlaceOfBirth: "ANYTOWN<MN", Address: "123 MAPLE RD<ANYTOWN<MN",
		Telephone: "1-612-555-1212", Profession: "TRAVEL<AGENT",
	}
	if got, err := EncodeDG11(want); err != nil || !bytes.Equal(got, file) {
		t.Errorf("%x, %v", got, err)
	}
	if got, err := ParseDG11(file); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
}

// Every element, laid out by hand after Doc 9303-10, table 71.
const dg11Hand = "6B 70 5C 19 5F0E A0 5F10 5F2B 5F11 5F42 5F12 5F13 5F14 5F15 5F16 5F17 5F18" +
	"5F0E 05 C490 3C 4D 41" + // Đ<MA
	"A0 0E 02 01 02 5F0F 03 413C42 5F0F 02 4344" + // A<B, CD
	"5F10 01 31 5F2B 08 3139353530303030 5F11 02 6162 5F42 03 616263 5F12 04 2B383431 5F13 01 70" +
	"5F14 01 74 5F15 01 73 5F16 03 FFD8FF 5F17 03 583C59 5F18 01 63"

func TestDG11ByHand(t *testing.T) {
	file := unhex(t, dg11Hand)
	want := DG11{
		Name: "Đ<MA", OtherNames: []string{"A<B", "CD"}, PersonalNumber: "1", DateOfBirth: Date{Digits: "19550000"},
		PlaceOfBirth: "ab", Address: "abc", Telephone: "+841", Profession: "p", Title: "t", Summary: "s",
		Citizenship: []byte{0xFF, 0xD8, 0xFF}, TravelDocuments: "X<Y", Custody: "c",
	}
	if got, err := EncodeDG11(want); err != nil || !bytes.Equal(got, file) {
		t.Errorf("%x, %v", got, err)
	}
	if got, err := ParseDG11(file); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	codec(codecDG11).bends(t, file)
}

// What the list says decides what an element without a value means.
func TestTagLists(t *testing.T) {
	c := codec(codecDG11)
	for name, file := range map[string]string{
		"nothing at all":                "6B(5C00",
		"an element without a value":    "6B(5C(5F12) 5F1200",
		"names, and none of them":       "6B(5C(A0) A0(020100",
		"names by their own tag":        "6B(5C(5F0F) A0(020101 5F0F(41",
		"names by both":                 "6B(5C(5F0F A0) A0(020101 5F0F(41",
		"an element that is not listed": "6B(5C(5F12) 5F12(31) 5F13(32",
		"a list in another order":       "6B(5C(5F13 5F12) 5F12(31) 5F13(32",
		"a date without a value":        "6B(5C(5F2B) 5F2B00",
	} {
		c.encodesAgain(t, name, build(t, file))
	}
	c.refuses(t, refusals{
		"no list":                    {"6B(5F12(31", "where 5C is due"},
		"a tag twice":                {"6B(5C(5F12 5F12) 5F12(31", "twice"},
		"a tag without its object":   {"6B(5C(5F12 5F13) 5F12(31", "missing"},
		"names without their object": {"6B(5C(5F0F)", "missing"},
		"a tag of another file":      {"6B(5C(5F19) 5F19(31", "no place"},
		"an unknown tag":             {"6B(5C(02", "no place"},
		"a list that is cut":         {"6B(5C(5F", "inside a tag"},
		"a tag of three bytes":       {"6B(5C(5FFF01", "three bytes"},
		"an empty element unlisted":  {"6B(5C(5F12) 5F12(31) 5F1300", "is empty"},
		"no names unlisted":          {"6B(5C00 A0(020100", "is empty"},
	})
	if _, err := EncodeDG11(DG11{TagList: []uint32{0x5F19}}); err == nil {
		t.Error("a tag of DG12 was listed")
	}
	if _, err := EncodeDG11(DG11{TagList: []uint32{0x5F12, 0x5F12}}); err == nil {
		t.Error("a tag was listed twice")
	}
}

func TestDG11Refusals(t *testing.T) {
	long := func(n int) string { return strings.Repeat("41", n) }
	codec(codecDG11).refuses(t, refusals{
		"nothing":             {"", "data has ended"},
		"another file":        {"6C(5C00", "tag 6C"},
		"an element twice":    {"6B(5C(5F12) 5F12(31) 5F12(31", "twice"},
		"a wrong order":       {"6B(5C(5F12 5F13) 5F13(31) 5F12(31", "behind its place"},
		"names beside A0":     {"6B(5C(5F0F) 5F0F(41", "no place"},
		"100 bytes":           {"6B(5C(5F0E) 5F0E(" + long(100), "100 bytes, where 99"},
		"1000 bytes":          {"6B(5C(5F18) 5F18(" + long(1000), "1000 bytes, where 999"},
		"Latin-1":             {"6B(5C(5F0E) 5F0E(E9", "UTF-8"},
		"a date of letters":   {"6B(5C(5F2B) 5F2B(3139373030314131", "date"},
		"a date of six":       {"6B(5C(5F2B) 5F2B(313937303031", "date"},
		"BCD of letters":      {"6B(5C(5F2B) 5F2B(1970010A", "date"},
		"month 13":            {"6B(5C(5F2B) 5F2B(19701301", "date"},
		"day 32":              {"6B(5C(5F2B) 5F2B(19701232", "date"},
		"names uncounted":     {"6B(5C(A0) A0(5F0F(41", "where 2 is due"},
		"names overcounted":   {"6B(5C(A0) A0(020102 5F0F(41", "data has ended"},
		"names undercounted":  {"6B(5C(A0) A0(020101 5F0F(41) 5F0F(42", "follow the last name"},
		"a count of two":      {"6B(5C(A0) A0(02020001 5F0F(41", "not one byte"},
		"names of persons":    {"6B(5C(A0) A0(020101 5F1A(41", "object 5F1A"},
		"an empty name":       {"6B(5C(A0) A0(020101 5F0F00", "name is empty"},
		"a name of 100 bytes": {"6B(5C(A0) A0(020101 5F0F(" + long(100), "too long"},
		"a length that lies":  {"6B 08 5C 02 5F12 5F12 05 31", "announces 5 bytes, 1"},
	})
	for name, d := range map[string]DG11{
		"100 bytes":     {Name: strings.Repeat("a", 100)},
		"1000 bytes":    {Custody: strings.Repeat("a", 1000)},
		"Latin-1":       {Address: "\xE9"},
		"256 names":     {OtherNames: make([]string, 256)},
		"an empty name": {OtherNames: []string{""}},
		"a short date":  {DateOfBirth: Date{Digits: "200001"}},
		"no date":       {DateOfBirth: Date{Digits: "2000-1-1"}},
		"month 13":      {DateOfBirth: Date{Digits: "20001301", BCD: true}},
	} {
		if _, err := EncodeDG11(d); err == nil {
			t.Errorf("%s: it was written", name)
		}
	}
}

func TestErrorsOfDG11AreDiscreet(t *testing.T) {
	for _, file := range []string{"6B(5C(5F2B) 5F2B(3139373030314131", "6B(5C(5F0E) 5F0E(4E475559454EE9"} {
		if _, err := ParseDG11(build(t, file)); err == nil || strings.Contains(err.Error(), "1970") || strings.Contains(err.Error(), "NGUYEN") {
			t.Error(err)
		}
	}
}

func TestDG11RoundTrip(t *testing.T) {
	everySeed(t, func(r *rand.Rand) bool {
		d := DG11{
			Name: someText(r, 99), PersonalNumber: someText(r, 12), DateOfBirth: someDate(r, "20000315"), PlaceOfBirth: someText(r, 99),
			Address: someText(r, 99), Telephone: someText(r, 20), Profession: someText(r, 30), Title: someText(r, 9), Summary: someText(r, 99),
			TravelDocuments: someText(r, 30), Custody: someText(r, 999),
		}
		for range r.Intn(4) {
			d.OtherNames = append(d.OtherNames, "X"+someText(r, 90))
		}
		if r.Intn(2) == 0 {
			d.Citizenship = someBytes(r, 1, 500)
		}
		if r.Intn(3) == 0 {
			d.TagList = []uint32{0x5F18, 0x5F0F, 0x5F0E} // some of which have no value
		}
		file, err := EncodeDG11(d)
		if err != nil {
			t.Log(err)
			return false
		}
		parsed, err := ParseDG11(file)
		return err == nil && reflect.DeepEqual(parsed, d)
	})
}

func TestDG11MemoryIsBounded(t *testing.T) {
	c := codec(codecDG11)
	c.isBounded(t, unhex(t, "6B 84 7FFFFFFF 5C 84 7FFFFFF0 5F0E"))
	c.isBounded(t, build(t, "6B(5C(A0) A0(0201FF"+strings.Repeat("5F0F0141", 254)))
	c.isBounded(t, tlv.Encode(0x6B, tlv.Encode(0x5C, bytes.Repeat([]byte{0x5F, 0x0E}, 5000))))
}

func FuzzParseDG11(f *testing.F) {
	file := unhex(f, dg11Hand)
	codec(codecDG11).fuzz(f, file, build(f, "6B(5C(5F13 5F12) 5F12(31) 5F13(32"), build(f, "6B(5C(5F2B A0) A0(020100) 5F2B(19700101"))
}
