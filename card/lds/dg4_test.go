package lds

import (
	"bytes"
	"encoding/binary"
	"math/rand"
	"reflect"
	"testing"

	"github.com/cancuoc/cancuoc/card/tlv"
)

func codecDG4(file []byte) ([]byte, error) {
	d, err := ParseDG4(file)
	if err != nil {
		return nil, err
	}
	return EncodeDG4(d)
}

func TestDG4Samples(t *testing.T) {
	file := sample(t, "lds-bsi2008/Datagroup4.bin")
	codec(codecDG4).encodesAgain(t, "the irises of 2008", file)
	d, err := ParseDG4(file)
	if err != nil || len(d.Irises) != 2 || d.Irises[0].Eye != EyeRight || d.Irises[1].Eye != EyeLeft || d.IssuerData != nil {
		t.Fatalf("%d irises, %v", len(d.Irises), err)
	}
	record, err := ParseIrisRecord(d.Irises[0].Record)
	want := IrisRecord{Eyes: 1, Diameter: 150, Format: 16, Width: 163, Height: 149, Depth: 24}
	if err != nil || record != want {
		t.Errorf("%+v, %v", record, err)
	}
	block := sample(t, "lds-39794/sample-39794-6-ed-1-v1.der")
	d = DG4{Irises: []Iris{{Eye: EyeLeft, Record: block, Extensible: true}}}
	if file, err = EncodeDG4(d); err != nil {
		t.Fatal(err)
	}
	codec(codecDG4).encodesAgain(t, "an iris of ISO/IEC 39794-6", file)
	if got, err := ParseDG4(file); err != nil || !reflect.DeepEqual(got, d) {
		t.Errorf("an iris of ISO/IEC 39794-6: %v", err)
	}
}

// Laid out by hand after Doc 9303-10, table 54, and ISO/IEC 19794-6:2005, clause 6.5.
const (
	irisHand = "49495200 30313000 0000002F 1234 02 002D 0102 0304 0010 0050 0060 18 01 000102030405060708090A0B0C0D0E0F FFFF"
	dg4Hand  = "76 4B 7F61 48 02 01 01 7F60 42 A1 0E 81 01 10 82 01 02 87 02 0101 88 02 0009 5F2E 2F" + irisHand
	dg4None  = "76 0C 7F61 03 02 01 00 53 04 01020304"
	dg4Hand2 = "76 27 7F61 24 02 01 01 7F60 1E A1 0E 81 01 10 82 01 01 87 02 0101 88 02 002B 7F2E 0B A1 09 66 07 A0 05 80 03 010203"
)

func TestDG4ByHand(t *testing.T) {
	for name, c := range map[string]struct {
		file string
		want DG4
	}{
		"an iris":              {dg4Hand, DG4{Irises: []Iris{{Eye: EyeLeft, Record: unhex(t, irisHand)}}}},
		"none":                 {dg4None, DG4{IssuerData: []byte{1, 2, 3, 4}}},
		"none, and no number":  {"76 06 7F61 03 02 01 00", DG4{}},
		"none, and nothing":    {"76 08 7F61 03 02 01 00 53 00", DG4{IssuerData: []byte{}}},
		"one of ISO/IEC 39794": {dg4Hand2, DG4{Irises: []Iris{{Eye: EyeRight, Record: unhex(t, "6607A0058003010203"), Extensible: true}}}},
	} {
		if got, err := EncodeDG4(c.want); err != nil || !bytes.Equal(got, unhex(t, c.file)) {
			t.Errorf("%s: %x, %v", name, got, err)
		}
		if got, err := ParseDG4(unhex(t, c.file)); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		codec(codecDG4).bends(t, unhex(t, c.file))
	}
	record, err := ParseIrisRecord(unhex(t, irisHand))
	want := IrisRecord{
		Device: 0x1234, Eyes: 2, Properties: 0x0102, Diameter: 0x0304, Format: 16, Width: 80, Height: 96, Depth: 24,
		Transformation: 1, DeviceID: [16]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	}
	if err != nil || record != want {
		t.Errorf("%+v, %v", record, err)
	}
}

func TestDG4Refusals(t *testing.T) {
	const head = "76(7F61(020101 7F60(A1(810110 820101 87020101 88020009)"
	const rest = "0000 01 002D 0000 0000 0010 0050 0060 18 00 00000000000000000000000000000000"
	codec(codecDG4).refuses(t, refusals{
		"nothing":             {"", "data has ended"},
		"another file":        {"75(7F61(020100", "tag 75"},
		"no group":            {"76(5300", "object 53"},
		"no sub-type":         {"76(7F61(020101 7F60(A1(87020101 88020009) 5F2E(" + irisHand, "lacks the sub-type"},
		"ten irises":          {"76(7F61(02010A", "not 0 to 9"},
		"one that is missing": {"76(7F61(020101", "data has ended"},
		"one too many":        {"76(7F61(020100 7F6000", "follow the last"},
		"issuer data beside":  {head + "5F2E(" + irisHand + "))) 5300", "follow the biometric information group"},
		"issuer data twice":   {"76(7F61(020100) 5300 5300", "follow object 53"},
		"other issuer data":   {"76(7F61(020100) 5400", "tag 54"},
		"no data":             {head, "data has ended"},
		"a face":              {head + "5F2E(46414300 30313000 0000002D" + rest, "no iris image record"},
		"of 2011":             {head + "5F2E(49495200 30323000 0000002D" + rest, "no iris image record"},
		"a short record":      {head + "5F2E(49495200 30313000 0000002D", "no iris image record"},
		"a length that lies":  {head + "5F2E(49495200 30313000 0000002E" + rest, "announces 46 bytes and has 45"},
		"a header that lies":  {head + "5F2E(49495200 30313000 0000002D 0000 01 002E" + rest[12:], "header of the iris image record announces 46"},
		"no eye":              {head + "5F2E(49495200 30313000 0000002D 0000 00" + rest[7:], "of 0 eyes"},
		"three eyes":          {head + "5F2E(49495200 30313000 0000002D 0000 03" + rest[7:], "of 3 eyes"},
		"a bare block":        {head + "7F2E(66()", "not in a standardised format"},
		"a face's block":      {head + "7F2E(A1(65()", "no iris image data block"},
		"two blocks":          {head + "7F2E(A1(6600 6600", "no iris image data block"},
		"broken DER":          {head + "7F2E(A1(66(A0(3001", "no iris image data block"},
	})
}

func TestIrisesThatAreNotWritten(t *testing.T) {
	record := unhex(t, irisHand)
	face := newBiometricHeader(kindIris, 1, formatIris)
	for name, d := range map[string]DG4{
		"ten irises":             {Irises: make([]Iris, 10)},
		"issuer data beside":     {Irises: []Iris{{Record: record}}, IssuerData: []byte{1}},
		"no record":              {Irises: []Iris{{}}},
		"a header of the other":  {Irises: []Iris{{Eye: EyeLeft, Header: face, Record: record}}},
		"a header of no eye":     {Irises: []Iris{{Header: face[2:], Record: record}}},
		"an empty header":        {Irises: []Iris{{Header: BiometricHeader{}, Record: record}}},
		"a record as a block":    {Irises: []Iris{{Record: record, Extensible: true}}},
		"a block as a record":    {Irises: []Iris{{Record: []byte{0x66, 0}}}},
		"more than a chip holds": {Irises: []Iris{{Record: append([]byte{0x66, 0x83, 0xFF, 0xFF, 0xFF}, make([]byte, 1<<24-1)...), Extensible: true}}},
	} {
		if _, err := EncodeDG4(d); err == nil {
			t.Errorf("%s: it was written", name)
		}
	}
}

func TestDG4RoundTrip(t *testing.T) {
	everySeed(t, func(r *rand.Rand) bool {
		var d DG4
		for range r.Intn(10) {
			d.Irises = append(d.Irises, someIris(r))
		}
		if len(d.Irises) == 0 && r.Intn(2) == 0 {
			d.IssuerData = someBytes(r, 0, 20)
		}
		file, err := EncodeDG4(d)
		if err != nil {
			t.Log(err)
			return false
		}
		parsed, err := ParseDG4(file)
		return err == nil && reflect.DeepEqual(parsed, d)
	})
}

func someIris(r *rand.Rand) Iris {
	eye := byte(r.Intn(256))
	iris := Iris{Eye: Eye(eye), Header: someHeader(r, eye), Extensible: r.Intn(2) == 0}
	if iris.Extensible {
		iris.Record = tlv.Encode(0x66, nested(r.Intn(9)))
		return iris
	}
	b := append([]byte(irisMagic), someBytes(r, 37, 300)...)
	binary.BigEndian.PutUint32(b[8:], uint32(len(b)))
	b[14], b[15], b[16] = byte(1+r.Intn(2)), 0, irisHeaderSize
	iris.Record = b
	return iris
}

func TestDG4MemoryIsBounded(t *testing.T) {
	c := codec(codecDG4)
	c.isBounded(t, unhex(t, "76 84 7FFFFFFF 7F61 84 7FFFFFF0 02 01 09"))
	c.isBounded(t, build(t, "76(7F61(020101 7F60(A1(810110 820101 87020101 88020009) 5F2E(49495200 30313000 FFFFFFFF 0000 02 002D"))
	c.isBounded(t, tlv.Encode(0x76, tlv.Encode(0x7F61, []byte{2, 1, 1}, tlv.Encode(0x7F60, tlv.Encode(0xA1, bytes.Repeat([]byte{0x90, 0}, 5000))))))
}

func FuzzParseDG4(f *testing.F) {
	codec(codecDG4).fuzz(f, unhex(f, dg4Hand), unhex(f, dg4None), unhex(f, dg4Hand2))
}
