package lds

import (
	"bytes"
	"math/rand"
	"reflect"
	"testing"

	"github.com/cancuoc/cancuoc/card/tlv"
)

func codecATR(file []byte) ([]byte, error) {
	a, err := ParseATRObjects(file)
	if err != nil {
		return nil, err
	}
	return a.Encode()
}

// Card capabilities and extended length information after Doc 9303-10, table 29, and two objects of ISO/IEC 7816-4 that
// the table does not have.
const atrHand = "43 01 B8 47 03 8201E0 7F66 08 02 02 0800 02 02 1000 46 02 4142"

func TestATRObjectsByHand(t *testing.T) {
	want := ATRInfo{
		{Tag: 0x43, Value: []byte{0xB8}}, {Tag: 0x47, Value: []byte{0x82, 0x01, 0xE0}},
		{Tag: 0x7F66, Value: unhex(t, "0202080002021000")}, {Tag: 0x46, Value: []byte("AB")},
	}
	if got, err := want.Encode(); err != nil || !bytes.Equal(got, unhex(t, atrHand)) {
		t.Errorf("%x, %v", got, err)
	}
	got, err := ParseATRObjects(unhex(t, atrHand))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%x, %v", got, err)
	}
	if b, err := got.Buffers(); err != nil || b != (Buffers{Command: 2048, Response: 4096}) {
		t.Errorf("%+v, %v", b, err)
	}
	if b, err := (ATRInfo{}).Buffers(); err != nil || b != ShortBuffers() {
		t.Errorf("%+v, %v", b, err)
	}
	codec(codecATR).encodesAgain(t, "what is written for the simulator", EncodeATRInfo(Buffers{Command: 3000, Response: 3000}))
	for _, n := range []int{261, 0x7FFF, 0x8000, 0xFFFF, 0x10000, maxResponse} {
		want := Buffers{Command: n, Response: n}
		if got, err := ParseATRInfo(EncodeATRInfo(want)); err != nil || got != want {
			t.Errorf("%+v became %+v, %v", want, got, err)
		}
	}
	huge := Buffers{Command: maxCommand, Response: maxResponse}
	for _, file := range [][]byte{EncodeATRInfo(huge), EncodeATRInfo(Buffers{1 << 40, 1 << 40}), unhex(t, "7F66 10 02 06 FFFFFFFFFFFF 02 06 FFFFFFFFFFFF")} {
		if got, err := ParseATRInfo(file); err != nil || got != huge {
			t.Errorf("%x: %+v, %v", file, got, err)
		}
	}
	if _, err := ParseATRInfo(EncodeATRInfo(Buffers{-1, -1})); err == nil {
		t.Error("buffers below nothing")
	}
	for i := range unhex(t, atrHand) {
		for bit := range 8 {
			bent := unhex(t, atrHand)
			bent[i] ^= 1 << bit
			codec(codecATR).holds(t, bent)
		}
	}
}

func TestATRObjectsRefusals(t *testing.T) {
	codec(codecATR).refuses(t, refusals{
		"capabilities twice":    {"47(82) 47(82", "twice"},
		"buffers twice":         {"7F66(02020800 02021000) 7F66(02020800 02021000", "twice"},
		"capabilities of four":  {"47(8201E000", "4 bytes"},
		"capabilities of none":  {"4700", "0 bytes"},
		"buffers of one size":   {"7F66(02020800", "two sizes"},
		"buffers that are tiny": {"7F66(02020010 02020010", "smaller than"},
		"an object that is cut": {"43 02 B8", "announces 2 bytes, 1"},
		"a byte behind":         {"43 01 B8 00", "data has ended"},
	})
	if _, err := (ATRInfo{{Tag: 0x47}}).Encode(); err == nil {
		t.Error("empty capabilities were written")
	}
}

func TestATRObjectsRoundTrip(t *testing.T) {
	everySeed(t, func(r *rand.Rand) bool {
		a := ATRInfo{{Tag: 0x47, Value: someBytes(r, 1, 3)}}
		for range r.Intn(6) {
			a = append(a, tlv.Object{Tag: 0x5F52, Value: someBytes(r, 0, 200)})
		}
		file, err := a.Encode()
		if err != nil {
			t.Log(err)
			return false
		}
		parsed, err := ParseATRObjects(file)
		return err == nil && reflect.DeepEqual(parsed, a)
	})
}

func FuzzParseATRObjects(f *testing.F) { codec(codecATR).fuzz(f, unhex(f, atrHand)) }
