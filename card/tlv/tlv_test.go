package tlv

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"testing"
)

func TestEncodeChoosesTheShortestLength(t *testing.T) {
	for n, want := range map[int]string{0: "5f1f00", 127: "5f1f7f", 128: "5f1f8180", 255: "5f1f81ff", 256: "5f1f820100", 65536: "5f1f83010000"} {
		got := hex.EncodeToString(AppendHeader(nil, 0x5F1F, n))
		if got != want {
			t.Errorf("header of %d bytes: %s, want %s", n, got, want)
		}
	}
	if got := hex.EncodeToString(Encode(0x61, Encode(0x5F1F, []byte("ID")), []byte{0x80, 0})); got != "61075f1f0249448000" {
		t.Errorf("nested object: %s", got)
	}
}

func TestObjectsThatLie(t *testing.T) {
	for _, raw := range []string{"61", "5f", "5f1f", "5fffff01", "6180", "618500000000aa", "6183", "610201", "6102010203", "6184ffffffff"} {
		b, _ := hex.DecodeString(raw)
		if _, err := ParseOne(b, 0x61); err == nil {
			t.Errorf("%s was taken", raw)
		}
	}
	if _, err := ParseOne([]byte{0x61, 0}, 0x60); err == nil {
		t.Error("the wrong tag was taken")
	}
}

func TestConstructed(t *testing.T) {
	for tag, want := range map[uint32]bool{0x61: true, 0x5F1F: false, 0x7F66: true, 0x04: false, 0x87: false} {
		if (Object{Tag: tag}).Constructed() != want {
			t.Errorf("Constructed of %X is not %v", tag, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte{0x61, 2, 0x5F, 0x1F})
	f.Add([]byte{0x61, 0x82, 0, 1, 7, 0x7F, 0x66, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		objects, err := Parse(b)
		if err != nil {
			return
		}
		for _, o := range objects {
			again, err := ParseOne(o.Bytes(), o.Tag)
			if err != nil || !bytes.Equal(again, o.Value) {
				t.Fatalf("object %X does not survive: %v", o.Tag, err)
			}
		}
	})
}

func ExampleParse() {
	objects, err := Parse([]byte{0x80, 0x01, 0xAA, 0x7F, 0x66, 0x00})
	for _, o := range objects {
		fmt.Printf("%X %X constructed=%v\n", o.Tag, o.Value, o.Constructed())
	}
	fmt.Println(err)
	// Output:
	// 80 AA constructed=false
	// 7F66  constructed=true
	// <nil>
}
