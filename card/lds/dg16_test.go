package lds

import (
	"bytes"
	"encoding/hex"
	"math/rand"
	"reflect"
	"testing"
)

func codecDG16(file []byte) ([]byte, error) {
	persons, err := ParseDG16(file)
	if err != nil {
		return nil, err
	}
	return EncodeDG16(persons)
}

// The example of Doc 9303-10, appendix A.6.
func dg16Example(t testing.TB) []byte {
	text := func(s string) string { return hex.EncodeToString([]byte(s)) }
	return unhex(t, "7081A2 020102"+
		"A14C 5F5008"+text("20020101")+"5F5110"+text("SMITH<<CHARLES<R")+"5F520B"+text("19525551212")+"5F531D"+text("123 MAPLE RD<ANYTOWN<MN<55100")+
		"A24F 5F5008"+text("20020315")+"5F510D"+text("BROWN<<MARY<J")+"5F520B"+text("14155551212")+"5F5323"+text("49 REDWOOD LN<OCEAN BREEZE<CA<94000"))
}

func TestDG16Example(t *testing.T) {
	file := dg16Example(t)
	want := []Person{
		{Date{Digits: "20020101"}, "SMITH<<CHARLES<R", "19525551212", "123 MAPLE RD<ANYTOWN<MN<55100"},
		{Date{Digits: "20020315"}, "BROWN<<MARY<J", "14155551212", "49 REDWOOD LN<OCEAN BREEZE<CA<94000"},
	}
	if got, err := EncodeDG16(want); err != nil || !bytes.Equal(got, file) {
		t.Errorf("%x, %v", got, err)
	}
	if got, err := ParseDG16(file); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	codec(codecDG16).bends(t, file)
}

func TestDG16Refusals(t *testing.T) {
	const person = "5F50(3230303230313031) 5F51(41) 5F52(31) 5F53(42)"
	codec(codecDG16).refuses(t, refusals{
		"nothing":             {"", "data has ended"},
		"another file":        {"6B(020101 A1(" + person, "tag 6B"},
		"no count":            {"70(A1(" + person, "where 2 is due"},
		"nobody":              {"70(020100", "not 1 to 15"},
		"sixteen":             {"70(020110", "not 1 to 15"},
		"one that is missing": {"70(020102 A1(" + person + ")", "data has ended"},
		"one too many":        {"70(020101 A1(" + person + ") A2(" + person, "follow the last"},
		"the second first":    {"70(020101 A2(" + person, "where A1 is due"},
		"the first twice":     {"70(020102 A1(" + person + ") A1(" + person, "where A2 is due"},
		"no date":             {"70(020101 A1(5F51(41) 5F52(31) 5F53(42)", "missing"},
		"no address":          {"70(020101 A1(5F50(3230303230313031) 5F51(41) 5F52(31)", "missing"},
		"an empty telephone":  {"70(020101 A1(5F50(3230303230313031) 5F51(41) 5F5200 5F53(42)", "is empty"},
		"an empty date":       {"70(020101 A1(5F5000 5F51(41) 5F52(31) 5F53(42)", "is empty"},
		"a name twice":        {"70(020101 A1(5F50(3230303230313031) 5F51(41) 5F51(41) 5F52(31) 5F53(42)", "twice"},
		"another order":       {"70(020101 A1(5F51(41) 5F50(3230303230313031) 5F52(31) 5F53(42)", "behind its place"},
		"something else":      {"70(020101 A1(" + person + "5F5400", "no place"},
		"a date of letters":   {"70(020101 A1(5F50(3230303230314131) 5F51(41) 5F52(31) 5F53(42)", "date of 8"},
		"Latin-1":             {"70(020101 A1(5F50(3230303230313031) 5F51(E9) 5F52(31) 5F53(42)", "UTF-8"},
	})
	one := Person{Date{Digits: "20020101"}, "A", "1", "B"}
	for name, persons := range map[string][]Person{
		"nobody": nil, "sixteen": make([]Person, 16), "no name": {one, {one.Recorded, "", "1", "B"}}, "no date": {{Name: "A", Telephone: "1", Address: "B"}},
		"a short date": {{Date{Digits: "2002"}, "A", "1", "B"}}, "Latin-1": {{one.Recorded, "\xE9", "1", "B"}},
	} {
		if _, err := EncodeDG16(persons); err == nil {
			t.Errorf("%s: it was written", name)
		}
	}
}

func TestDG16RoundTrip(t *testing.T) {
	everySeed(t, func(r *rand.Rand) bool {
		var persons []Person
		for range 1 + r.Intn(15) {
			persons = append(persons, Person{
				Recorded: Date{Digits: "20240229", BCD: r.Intn(2) == 0}, Name: "N" + someText(r, 300), Telephone: "+84" + someText(r, 9), Address: "A" + someText(r, 300),
			})
		}
		file, err := EncodeDG16(persons)
		if err != nil {
			t.Log(err)
			return false
		}
		parsed, err := ParseDG16(file)
		return err == nil && reflect.DeepEqual(parsed, persons)
	})
}

func TestDG16MemoryIsBounded(t *testing.T) {
	codec(codecDG16).isBounded(t, unhex(t, "70 84 7FFFFFFF 02 01 0F A1 84 7FFFFFF0"))
}

func FuzzParseDG16(f *testing.F) { codec(codecDG16).fuzz(f, dg16Example(f)) }
