package lds

import (
	"bytes"
	"math/rand"
	"reflect"
	"testing"
)

func codecDG7(file []byte) ([]byte, error) {
	images, err := ParseDG7(file)
	if err != nil {
		return nil, err
	}
	return EncodeDG7(images)
}

func TestDG7Sample(t *testing.T) {
	codec(codecDG7).encodesAgain(t, "the signature of 2008", sample(t, "lds-bsi2008/extra-EF_DG7.bin"))
}

// Laid out by hand after Doc 9303-10, table 62.
const dg7Hand = "67 0E 02 01 02 5F43 03 FFD8FF 5F43 02 FF4F"

func TestDG7ByHand(t *testing.T) {
	want := [][]byte{{0xFF, 0xD8, 0xFF}, {0xFF, 0x4F}}
	if got, err := EncodeDG7(want); err != nil || !bytes.Equal(got, unhex(t, dg7Hand)) {
		t.Errorf("%x, %v", got, err)
	}
	if got, err := ParseDG7(unhex(t, dg7Hand)); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%x, %v", got, err)
	}
	codec(codecDG7).bends(t, unhex(t, dg7Hand))
}

func TestDG7Refusals(t *testing.T) {
	codec(codecDG7).refuses(t, refusals{
		"nothing":             {"", "data has ended"},
		"another file":        {"65(020101 5F43(FF", "tag 65"},
		"no count":            {"67(5F43(FF", "where 2 is due"},
		"none":                {"67(020100", "not 1 to 9"},
		"ten":                 {"67(02010A", "not 1 to 9"},
		"a count of nothing":  {"67(0200 5F43(FF", "not 1 to 9"},
		"a portrait":          {"67(020101 5F40(FF", "object 5F40"},
		"one that is missing": {"67(020102 5F43(FF", "data has ended"},
		"one too many":        {"67(020101 5F43(FF) 5F43(FF", "4 bytes follow"},
		"an empty one":        {"67(020101 5F43(", "is empty"},
		"a length that lies":  {"67(020101 5F4302FF", "announces 2 bytes, 1 are left"},
	})
	for name, images := range map[string][][]byte{
		"none": nil, "ten": make([][]byte, 10), "an empty one": {nil}, "one of a film": {make([]byte, 1<<24+1)},
	} {
		if _, err := EncodeDG7(images); err == nil {
			t.Errorf("%s: it was written", name)
		}
	}
}

func TestDG7RoundTrip(t *testing.T) {
	everySeed(t, func(r *rand.Rand) bool {
		var images [][]byte
		for range 1 + r.Intn(9) {
			images = append(images, someBytes(r, 1, 70000))
		}
		file, err := EncodeDG7(images)
		if err != nil {
			t.Log(err)
			return false
		}
		parsed, err := ParseDG7(file)
		return err == nil && reflect.DeepEqual(parsed, images)
	})
}

func TestDG7MemoryIsBounded(t *testing.T) {
	codec(codecDG7).isBounded(t, unhex(t, "67 84 7FFFFFFF 02 01 09 5F43 84 7FFFFFF0"))
}

func FuzzParseDG7(f *testing.F) { codec(codecDG7).fuzz(f, unhex(f, dg7Hand)) }
