package lds

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/card/tlv"
)

// wsqHeader begins a WSQ image of 256 x 360 pixels.
const wsqHeader = "\xFF\xA0\xFF\xA2\x00\x11\x00\xFF\x01\x68\x01\x00\x02\x41\x4A\x04\x30\xDF\x00\x00\x00"

func testFinger(p FingerPosition) Finger {
	return Finger{Image: []byte(wsqHeader + "\xFF\xA3\xFF\xA1"), Compression: FingerWSQ, Position: p, Width: 256, Height: 360,
		Quality: QualityUndefined}
}

// Two fingers, laid out by hand after Doc 9303-10, table 52, and ISO/IEC 19794-4:2005, clause 7.
func TestDG3ByHand(t *testing.T) {
	image := "FFA0FFA20011 00FF01680100 02414A0430DF000000 FFA3FFA1" // 25 bytes
	record := func(finger, more string) string {
		return "46495200 30313000 000000000047 0000 001F 01 01 01F4 01F4 01F4 01F4 08 02 0000" + // general record header: 71 bytes, one finger
			"00000027 " + finger + " 01 01 " + more + " 0100 0168 00" + image // finger image header: 39 bytes, one view, 256 x 360
	}
	want := unhex(t, "63 81C5 7F61 81C1 02 01 02"+
		"7F60 5A A1 0E 81 01 08 82 01 0A 87 02 0101 88 02 0007 5F2E 47"+record("07", "FE 00")+
		"7F60 5E A1 12 80 02 0101 81 01 08 82 01 09 87 02 0101 88 02 0007 5F2E 47"+record("02", "50 01"))
	left, right := testFinger(LeftIndex), testFinger(RightIndex)
	right.Quality, right.Impression = 80, LiveScanRolled
	right.Header = append([]tlv.Object{{Tag: 0x80, Value: []byte{1, 1}}}, testFinger(RightIndex).plainHeader()...)
	file, err := EncodeDG3(DG3{Fingers: []Finger{left, right}})
	if err != nil || !bytes.Equal(file, want) {
		t.Fatalf("%x, %v; want\n%x", file, err, want)
	}
	d, err := ParseDG3(file)
	left.Capture, right.Capture = Capture{}.orUsual(), Capture{}.orUsual()
	if err != nil || !reflect.DeepEqual(d, DG3{Fingers: []Finger{left, right}}) {
		t.Errorf("%+v, %v", d, err)
	}
}

// Doc 9303-10, table 50: a card without fingers, whose file is none the less another on every card.
func TestDG3WithoutFingers(t *testing.T) {
	for hex, d := range map[string]DG3{
		"63 06 7F61 03 02 01 00":                     {},
		"63 0C 7F61 03 02 01 00 53 04 0A0B0C0D":      {IssuerData: []byte{10, 11, 12, 13}},
		"63 08 7F61 03 02 01 00 53 00":               {IssuerData: []byte{}},
		"63 81CB 7F61 03 02 01 00 53 81C2" + ff(194): {IssuerData: bytes.Repeat([]byte{0xFF}, 194)},
	} {
		want := unhex(t, hex)
		if got, err := EncodeDG3(d); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%x, %v; want %x", got, err, want)
		}
		if got, err := ParseDG3(want); err != nil || !reflect.DeepEqual(got, d) {
			t.Errorf("%s: %+v, %v", hex, got, err)
		}
	}
}

func ff(n int) string { return strings.Repeat("FF", n) }

func TestDG3OfTheField(t *testing.T) {
	file := sample(t, "lds-bsi2008/Datagroup3.bin")
	d, err := ParseDG3(file)
	if err != nil || len(d.Fingers) != 2 {
		t.Fatalf("%d fingers, %v", len(d.Fingers), err)
	}
	for i, p := range []FingerPosition{RightIndex, LeftIndex} {
		f := d.Fingers[i]
		if f.Position != p || f.Compression != FingerWSQ || f.Header != nil || f.Capture != (Capture{}).orUsual() {
			t.Errorf("finger %d: %v, %v, %+v, %v", i, f.Position, f.Compression, f.Capture, f.Header)
		}
		if seen, err := ReadFingerImage(f.Image); err != nil || seen.Width != f.Width || seen.Height != f.Height || f.Width != 620 {
			t.Errorf("finger %d: %d x %d, in the image %d x %d, %v", i, f.Width, f.Height, seen.Width, seen.Height, err)
		}
	}
	if again, err := EncodeDG3(d); err != nil || !bytes.Equal(again, file) {
		t.Errorf("encoded again it is %d bytes of other content, %v", len(again), err)
	}
	if record := sample(t, "lds-39794/sample-39794-4-ed-1-v1.der"); len(record) > 0 {
		header := unhex(t, "A10E 810108 820109 87020101 88020007")
		_, err := ParseDG3(dg3Around(append(header, tlv.Encode(tagBiometricData39, tlv.Encode(0xA1, record))...)))
		if err == nil || !strings.Contains(err.Error(), "39794-4") {
			t.Errorf("a finger of ISO/IEC 39794-4: %v", err)
		}
	}
}

// dg3Around puts a file around the content of one biometric information template.
func dg3Around(template []byte) []byte {
	return tlv.Encode(0x63, tlv.Encode(tagBiometricGroup, []byte{2, 1, 1}, tlv.Encode(tagBiometricTemplate, template)))
}

// randomDG3 gives something that EncodeDG3 takes.
func randomDG3(r *rand.Rand) DG3 {
	n := r.IntN(11)
	if n == 0 {
		return DG3{IssuerData: [][]byte{nil, {}, {1, 2, 3}, make([]byte, 300)}[r.IntN(4)]}
	}
	var d DG3
	for range n {
		d.Fingers = append(d.Fingers, randomFinger(r))
	}
	return d
}

func randomFinger(r *rand.Rand) Finger {
	word := func() uint16 { return uint16(r.Uint32()) }
	f := Finger{Compression: FingerCompression(r.IntN(6)), Position: FingerPosition(r.IntN(13)), Width: 1 + r.IntN(0xFFFF), Height: 1 + r.IntN(0xFFFF),
		Impression: ImpressionType(r.IntN(256)), Quality: byte(r.IntN(256)),
		Capture: Capture{word(), word(), byte(1 + r.IntN(2)), word(), word(), word(), word(), byte(1 + r.IntN(16))}}
	f.Image = append([]byte([]string{"", "", magicWSQ, magicJPEG, "\xFF\x4F\xFF\x51", magicPNG}[f.Compression]), make([]byte, 1+r.IntN(70000))...)
	if f.Compression == FingerUncompressed {
		f.Width, f.Height = 1+r.IntN(40), 1+r.IntN(40)
		f.Image = make([]byte, f.Width*f.Height*(int(f.Capture.Depth+7)/8))
	}
	if r.IntN(2) == 0 {
		f.Header = f.plainHeader()
		r.Shuffle(4, func(i, j int) { f.Header[i], f.Header[j] = f.Header[j], f.Header[i] })
		f.Header = append(f.Header, tlv.Object{Tag: 0x83, Value: make([]byte, 7)}, tlv.Object{Tag: 0x8A, Value: make([]byte, r.IntN(300))})
	}
	return f
}

func TestDG3RoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(9303, 10))
	for range 300 {
		d := randomDG3(r)
		file, err := EncodeDG3(d)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := ParseDG3(file); err != nil || !reflect.DeepEqual(back, d) {
			t.Fatalf("%d fingers: %v", len(d.Fingers), err)
		}
	}
}

func TestDG3ThatIsNotWritten(t *testing.T) {
	bend := func(change func(f *Finger)) DG3 {
		f := testFinger(RightIndex)
		change(&f)
		return DG3{Fingers: []Finger{f}}
	}
	header := func(objects ...tlv.Object) DG3 { return bend(func(f *Finger) { f.Header = objects }) }
	plain := testFinger(RightIndex).plainHeader()
	large := testFinger(RightIndex)
	large.Image = append([]byte(magicWSQ), make([]byte, maxImages/2)...)
	for want, d := range map[string]DG3{
		"cannot be counted":           {Fingers: make([]Finger, 128)},
		"issuer data stands beside":   {Fingers: []Finger{testFinger(RightIndex)}, IssuerData: []byte{1}},
		"fit no chip":                 {Fingers: []Finger{large, large}},
		"finger position 13 is that":  bend(func(f *Finger) { f.Position = 13 }),
		"0 x 360 pixels":              bend(func(f *Finger) { f.Width = 0 }),
		"256 x 65536 pixels":          bend(func(f *Finger) { f.Height = 65536 }),
		"scale units 3":               bend(func(f *Finger) { f.Capture = Capture{Units: 3, Depth: 8} }),
		"pixel depth of 17":           bend(func(f *Finger) { f.Capture = Capture{Units: 1, Depth: 17} }),
		"pixel depth of 0":            bend(func(f *Finger) { f.Capture = Capture{Units: 1} }),
		"not the WSQ":                 bend(func(f *Finger) { f.Image = nil }),
		"not the JPEG that":           bend(func(f *Finger) { f.Compression = FingerJPEG }),
		"not the JPEG 2000":           bend(func(f *Finger) { f.Compression = FingerJPEG2000 }),
		"not the PNG":                 bend(func(f *Finger) { f.Compression = FingerPNG }),
		"not the uncompressed image":  bend(func(f *Finger) { f.Compression = FingerUncompressed }),
		"not the packed image":        bend(func(f *Finger) { f.Compression, f.Image = FingerPacked, nil }),
		"compression algorithm 6":     bend(func(f *Finger) { f.Compression = 6 }),
		"lacks a sub-type":            header(plain[0], plain[2], plain[3]),
		"lacks format owner or":       header(plain[0], plain[1], plain[3]),
		"owner or format type":        header(plain[:3]...),
		"object 82 stands twice":      header(plain[1], plain[1]),
		"object 5F2E has no place":    header(tlv.Object{Tag: 0x5F2E}),
		"object 7F has no place":      header(tlv.Object{Tag: 0x7F}),
		"object 9F has no place":      header(tlv.Object{Tag: 0x9F}),
		"type is not that of a finge": header(append([]tlv.Object{{Tag: 0x81, Value: []byte{2}}}, plain[1:]...)...),
		"names another finger":        header(testFinger(LeftIndex).plainHeader()...),
		"owner is not ISO/IEC JTC 1":  header(plain[1], tlv.Object{Tag: 0x87, Value: []byte{1, 2}}, plain[3]),
		"format type is not":          header(plain[1], plain[2], tlv.Object{Tag: 0x88, Value: []byte{0, 8}}),
		"object 82 of a biometric":    header(tlv.Object{Tag: 0x82}),
	} {
		if _, err := EncodeDG3(d); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "lds: EF.DG3: ") {
			t.Errorf("want %q: %v", want, err)
		}
	}
}

func TestHeaderObjectsThatAreLegal(t *testing.T) {
	plain := testFinger(RightIndex).plainHeader()
	for name, header := range map[string]BiometricHeader{
		"a type of three bytes": {{Tag: 0x81, Value: []byte{0, 0, 8}}, plain[1], plain[2], plain[3]},
		"no type":               plain[1:],
		"no sub-type given":     {plain[0], {Tag: 0x82, Value: []byte{0}}, plain[2], plain[3]},
		"an unknown object":     {plain[0], plain[1], {Tag: 0x8A, Value: []byte("x")}, plain[2], plain[3]},
	} {
		f := testFinger(RightIndex)
		f.Header = header
		file, err := EncodeDG3(DG3{Fingers: []Finger{f}})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if d, err := ParseDG3(file); err != nil || !reflect.DeepEqual(d.Fingers[0].Header, header) {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
	}
}

// Each refusal of the reader that no writer of ours can bring about.
func TestDG3ThatIsNotRead(t *testing.T) {
	file, err := EncodeDG3(DG3{Fingers: []Finger{testFinger(RightIndex)}})
	if err != nil {
		t.Fatal(err)
	}
	start := bytes.Index(file, []byte("FIR\x00"))
	at := func(i int, to ...byte) []byte {
		bent := bytes.Clone(file)
		copy(bent[start+i:], to)
		return bent
	}
	header, data := file[start-3-16:start-3], file[start-3:] // objects A1 and 5F2E
	around := func(parts ...[]byte) []byte { return dg3Around(bytes.Join(parts, nil)) }
	empty := unhex(t, "63 06 7F61 03 02 01 00")
	for want, bent := range map[string][]byte{
		"data has ended":                     {},
		"tag 75 found":                       append([]byte{0x75}, empty[1:]...),
		"1 bytes follow object 63":           append(bytes.Clone(empty), 0),
		"object 7F60 found where 7F61":       unhex(t, "63 06 7F60 03 02 01 00"),
		"object 53 found where 2":            unhex(t, "63 05 7F61 02 53 00"),
		"encodings is not 0 to":              unhex(t, "63 07 7F61 04 02 02 0000"),
		"encodings is not 0 to 127":          unhex(t, "63 06 7F61 03 02 01 80"),
		"no tag: the data has ended":         unhex(t, "63 06 7F61 03 02 01 01"),
		"bytes follow the last":              unhex(t, "63 08 7F61 05 02 01 00 5300"),
		"tag 54 found where 53":              unhex(t, "63 08 7F61 03 02 01 00 5400"),
		"2 bytes follow object 53":           unhex(t, "63 0A 7F61 03 02 01 00 5300 5300"),
		"follow the biometric information":   tlv.Encode(0x63, file[2:], []byte{0x53, 0}),
		"object 5F2E found where A1":         around(data),
		"bytes follow the biometric data":    around(header, data, []byte{0x53, 0}),
		"object 53 found where biometric":    around(header, []byte{0x53, 0}),
		"lacks format owner or format type":  around([]byte{0xA1, 0}, data),
		"tlv: the data ends inside a length": around([]byte{0xA1, 2, 0x82, 0x81}, data),
		"no finger image record":             at(4, '0', '2'),
		"announces 70 bytes and has 71":      at(13, 70),
		"announces 4294967367 bytes":         at(9, 1),
		"hold one view of one finger":        at(18, 2),
		"one view of one finger":             at(32+5, 2),
		"view of one finger":                 at(32+6, 0),
		"announces 38 bytes where 39 are":    at(32+3, 38),
		"announces 16777255 bytes where 39":  at(32, 1),
		"scale units 0":                      at(19, make([]byte, 11)...),
		"a reserved byte":                    at(30, 1),
		"reserved byte":                      at(31, 1),
		"reserved byte of the finger":        at(32+13, 1),
		"finger position 20 is that of no":   at(32+4, 20),
		"names another finger":               at(32+4, byte(LeftIndex)),
		"0 x 360":                            at(32+9, 0, 0),
		"pixel depth of 0":                   at(28, 0),
		"algorithm 6":                        at(29, 6),
		"not the PNG":                        at(29, 5),
	} {
		if _, err := ParseDG3(bent); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
}

// Lengths in more bytes than they need are read in every layer; what is written of them is the canonical file.
func TestDG3WithLongLengths(t *testing.T) {
	want := DG3{Fingers: []Finger{testFinger(RightIndex)}}
	want.Fingers[0].Capture = Capture{}.orUsual()
	canonical, err := EncodeDG3(want)
	if err != nil {
		t.Fatal(err)
	}
	record := want.Fingers[0].record()
	data := tlv.AppendHeader(nil, tagBiometricData, len(record))
	header := unhex(t, "A1 8114 810108 82810109 878200020101 88830000020007")
	template := append(append(header, data[:2]...), append([]byte{0x82, 0, byte(len(record))}, record...)...)
	long := func(tag uint32, value []byte) []byte {
		b := tlv.AppendHeader(nil, tag, 0)
		return append(append(b[:len(b)-1], 0x83, 0, byte(len(value)>>8), byte(len(value))), value...)
	}
	file := long(0x63, long(tagBiometricGroup, append([]byte{2, 0x81, 1, 1}, long(tagBiometricTemplate, template)...)))
	d, err := ParseDG3(file)
	if err != nil || !reflect.DeepEqual(d, want) {
		t.Fatalf("%+v, %v", d, err)
	}
	if again, err := EncodeDG3(d); err != nil || !bytes.Equal(again, canonical) {
		t.Errorf("%x, %v; want %x", again, err, canonical)
	}
}

// Every cut is refused, and every flipped bit of tags, lengths and numbers.
func TestDG3ThatLies(t *testing.T) {
	file, err := EncodeDG3(DG3{Fingers: []Finger{testFinger(RightIndex)}})
	if err != nil {
		t.Fatal(err)
	}
	for n := range file {
		if _, err := ParseDG3(file[:n]); err == nil {
			t.Fatalf("%d bytes of %d were taken", n, len(file))
		}
	}
	start := bytes.Index(file, []byte("FIR\x00"))
	for i := range start + 8 {
		for bit := range 8 {
			bent := bytes.Clone(file)
			bent[i] ^= 1 << bit
			if _, err := ParseDG3(bent); err == nil && file[i] != 0x81 { // object 81 may be any other that is unknown
				t.Errorf("bit %d of byte %d flipped, and it was taken", bit, i)
			}
		}
	}
}

func TestFingerNames(t *testing.T) {
	seen := map[string]bool{}
	for p := range PlainLeftThumb + 1 {
		seen[p.String()] = true
	}
	if len(seen) != 13 || RightIndex.String() != "right-index" || LeftLittle.String() != "left-little" || FingerPosition(99).String() != "finger position 99" {
		t.Error(seen)
	}
}

func FuzzParseDG3(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 10 {
		d := randomDG3(r)
		for i := range d.Fingers {
			d.Fingers[i].Image = d.Fingers[i].Image[:min(100, len(d.Fingers[i].Image))]
		}
		if file, err := EncodeDG3(d); err == nil {
			f.Add(file)
		}
	}
	f.Add(unhex(f, "63 06 7F61 03 02 01 00"))
	f.Add(unhex(f, "63 8106 7F61 03 02 01 00"))
	f.Fuzz(func(t *testing.T, file []byte) {
		d, err := ParseDG3(file)
		if err != nil {
			return
		}
		again, err := EncodeDG3(d)
		if err != nil || len(again) > len(file) {
			t.Fatalf("%x became %x, %v", file, again, err)
		}
		if back, err := ParseDG3(again); err != nil || !reflect.DeepEqual(back, d) {
			t.Fatalf("%x is read as %+v, and what is written of that as %+v, %v", file, d, back, err)
		}
		for _, finger := range d.Fingers {
			ReadFingerImage(finger.Image)
		}
	})
}
