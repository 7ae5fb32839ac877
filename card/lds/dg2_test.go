package lds

import (
	"bytes"
	"math/rand"
	"reflect"
	"testing"

	"github.com/cancuoc/cancuoc/card/tlv"
)

func codecDG2(file []byte) ([]byte, error) {
	records, err := ParseDG2Records(file)
	if err != nil {
		return nil, err
	}
	return EncodeDG2Records(records)
}

// dg2Of puts biometric data into a file with a header of owner and format alone.
func dg2Of(tag uint32, data ...[]byte) []byte {
	group := []byte{2, 1, byte(len(data))}
	for _, d := range data {
		header := tlv.Encode(0xA1, []byte{0x87, 2, 1, 1, 0x88, 2, 0, 8})
		group = append(group, tlv.Encode(0x7F60, header, tlv.Encode(tag, d))...)
	}
	return tlv.Encode(0x75, tlv.Encode(0x7F61, group))
}

func TestDG2SamplesEncodeAgain(t *testing.T) {
	c := codec(codecDG2)
	for _, name := range []string{"lds-bsi2008/Datagroup2.bin", "lds-misc/dg2_silver_all_fields.bin", "lds-misc/dg2_silver_mandatory_fields.bin"} {
		c.encodesAgain(t, name, sample(t, name))
	}
	for _, name := range []string{"lds-misc/ISO19794_Test1_Data.bin", "lds-misc/ISO19794_Test2_Data_InvalidImage.bin"} {
		c.encodesAgain(t, name, dg2Of(0x5F2E, sample(t, name)))
	}
	for _, name := range []string{"lds-misc/ICAO_39794_5_AP_AllFields.dat", "lds-misc/ICAO_39794_5_AP_MandFields.dat", "lds-misc/ICAO_39794_5_AP_MandFields_InvalidImage.dat"} {
		c.encodesAgain(t, name, dg2Of(0x7F2E, sample(t, name)))
	}
	name := "lds-39794/sample-39794-5-ed-1-v1.der"
	c.encodesAgain(t, name, dg2Of(0x7F2E, tlv.Encode(0xA1, sample(t, name))))
}

// What the sample with all fields says, read off its bytes.
func TestFaceOf39794WithAllFields(t *testing.T) {
	records, err := ParseDG2Records(sample(t, "lds-misc/dg2_silver_all_fields.bin"))
	if err != nil || len(records) != 1 || records[0].Block == nil || len(records[0].Block.Representations) != 1 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	if created, ok := tlv.Find(records[0].Header, 0x83); !ok || !bytes.Equal(created.Value, unhex(t, "21240105112345")) {
		t.Errorf("created %x", created.Value)
	}
	block := records[0].Block
	r := block.Representations[0]
	if block.Generation != 3 || block.Year != 2019 || r.ID != 0 || r.Format.Value != 3 || r.Format.Extended || r.Width != 0x23C || r.Height != 0x2DB {
		t.Errorf("%d of %d, representation %d, format %+v, %d x %d", block.Generation, block.Year, r.ID, r.Format, r.Width, r.Height)
	}
	if !r.Kind.Extended || r.Kind.Value != 0 || r.LossyAttempts.Value != 1 || r.ColourSpace.Value != 2 || r.Metadata == nil {
		t.Fatalf("kind %+v, attempts %+v, colour space %+v", r.Kind, r.LossyAttempts, r.ColourSpace)
	}
	if m := r.Metadata; m.Sex.Value != 3 || m.EyeColour.Value != 3 || m.HairColour.Value != 5 || len(m.Others) != 4 {
		t.Errorf("metadata %+v", m)
	}
	if len(r.Others) != 7 || len(r.Information) != 6 || len(r.Image2D) != 1 {
		t.Errorf("%d, %d and %d others", len(r.Others), len(r.Information), len(r.Image2D))
	}
	faces := block.faces()
	if len(faces) != 1 || faces[0].Type != FullFrontal || faces[0].Format != JPEG2000 || faces[0].Width != 0x23C {
		t.Errorf("%d faces", len(faces))
	}
}

// A file of each format, laid out by hand after Doc 9303-10, table 44 and section 4.5.6, and the two standards.
const (
	dg2Hand = "75 5F 7F61 5C 02 01 01 7F60 56" +
		"A1 0E 81 01 02 82 01 00 87 02 0101 88 02 0008 5F2E 43" +
		"46414300 30313000 00000043 0001" + // magic, version, length, one image
		"00000035 0002 02 03 04 050607 0809 0A0B0C 0D0E0F" + // length, two points, sex, eyes, hair, mask, expression, pose
		"01 31 0010 0020 0000 01 32 0030 0040 0001" + // feature points
		"01 00 0123 0456 03 02 1112 1314" + // type, format, width, height, colour space, source, device, quality
		"FFD8FFE000"
	dg2Hand39 = "75 3D 7F61 3A 02 01 01 7F60 34 A1 08 87 02 0101 88 02 002A 7F2E 27" +
		"A1 25 65 23 A0 07 80 01 03 81 02 07E3" + // generation 3, 2019
		"A1 18 30 16 80 01 05" + // representation 5
		"A1 11 A0 0F A0 0D 80 04 FFD8FFD9 A1 05 A0 03 80 01 02" // image, JPEG
)

// handRecord gives the facial record of the file by hand.
func handRecord(t testing.TB) []byte { return unhex(t, dg2Hand)[30:] }

func TestDG2WithAllFieldsByHand(t *testing.T) {
	file := unhex(t, dg2Hand)
	want := Face{
		Image: unhex(t, "FFD8FFE000"), Format: JPEG, Type: FullFrontal, Width: 0x123, Height: 0x456,
		Sex: 2, EyeColour: 3, HairColour: 4, Properties: 0x050607, Expression: 0x0809,
		Pose: [3]byte{10, 11, 12}, PoseUncertainty: [3]byte{13, 14, 15},
		Features:    []FeaturePoint{{1, 0x31, 16, 32, 0}, {1, 0x32, 48, 64, 1}},
		ColourSpace: Grey8, Source: 2, Device: 0x1112, Quality: 0x1314,
	}
	faces, err := ParseDG2(file)
	if err != nil || len(faces) != 1 || !reflect.DeepEqual(faces[0], want) {
		t.Errorf("%+v, %v", faces, err)
	}
	if got, err := EncodeDG2(want); err != nil || !bytes.Equal(got, file) {
		t.Errorf("%x, %v", got, err)
	}
}

func TestDG2Of39794ByHand(t *testing.T) {
	file := unhex(t, dg2Hand39)
	records := []FaceRecord{{
		Header: BiometricHeader{{Tag: 0x87, Value: []byte{1, 1}}, {Tag: 0x88, Value: []byte{0, 0x2A}}},
		Block: &FaceImageData{Generation: 3, Year: 2019, Representations: []FaceRepresentation{{
			ID: 5, Image: unhex(t, "FFD8FFD9"), Format: Code{Value: 2},
		}}},
	}}
	if got, err := EncodeDG2Records(records); err != nil || !bytes.Equal(got, file) {
		t.Errorf("%x, %v", got, err)
	}
	if got, err := ParseDG2Records(file); err != nil || !reflect.DeepEqual(got, records) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestBentDG2(t *testing.T) {
	codec(codecDG2).bends(t, unhex(t, dg2Hand))
	codec(codecDG2).bends(t, unhex(t, dg2Hand39))
}

// Twenty images stand in one record, or in one block; templates go up to nine, and there is never none.
func TestNumberOfFaces(t *testing.T) {
	faces := make([]Face, 20)
	representations := make([]FaceRepresentation, 20)
	for i := range faces {
		faces[i] = Face{Image: []byte{byte(i), 1}, Width: i}
		representations[i] = FaceRepresentation{ID: i, Image: []byte{byte(i), 2}, Format: Code{Value: 2}}
	}
	file, err := EncodeDG2Records([]FaceRecord{{Faces: faces}, {Block: &FaceImageData{Representations: representations}}})
	if err != nil {
		t.Fatal(err)
	}
	if found, err := ParseDG2(file); err != nil || len(found) != 40 || found[19].Image[0] != 19 || found[39].Image[0] != 19 {
		t.Errorf("%d faces, %v", len(found), err)
	}
	if block, err := (FaceImageData{Representations: representations[:1]}).encode(); err != nil || !bytes.Contains(block, unhex(t, "A007 800103 810207E3")) {
		t.Errorf("a block of the usual version: %x, %v", block, err)
	}
	for n, good := range map[int]bool{0: false, 1: true, 9: true, 10: false, 20: false} {
		if _, err := EncodeDG2Records(make([]FaceRecord, n)); err == nil {
			t.Errorf("%d records without a face were written", n)
		}
		var records []FaceRecord
		var data [][]byte
		for range n {
			records = append(records, FaceRecord{Faces: faces[:1]})
			data = append(data, handRecord(t))
		}
		if _, err := EncodeDG2Records(records); (err == nil) != good {
			t.Errorf("%d records: %v", n, err)
		}
		if _, err := ParseDG2(dg2Of(0x5F2E, data...)); (err == nil) != good {
			t.Errorf("a file of %d templates: %v", n, err)
		}
	}
}

func TestDG2Refusals(t *testing.T) {
	const head = "75(7F61(020101 7F60(A1(87020101 8802002A) 7F2E("
	const version, info = "A0(800103 810207E3)", "A1(A0(800102))"
	of := func(representation string) string {
		return head + "A1(65(" + version + "A1(30(" + representation
	}
	image := func(image string) string { return of("800105 A1(A0(A0(" + image) }
	codec(codecDG2).refuses(t, refusals{
		"nothing":                {"", "data has ended"},
		"another file":           {"61(7F61(020100", "tag 61"},
		"no template":            {"75(7F61(020100", "not 1 to 9"},
		"ten templates":          {"75(7F61(02010A", "not 0 to 9"},
		"issuer data":            {"75(7F61(020100) 5300", "object 53"},
		"no count":               {"75(7F61(", "data has ended"},
		"a count of two bytes":   {"75(7F61(02020001", "not 0 to 9"},
		"a template missing":     {"75(7F61(020101", "data has ended"},
		"a template too many":    {"75(7F61(020101 7F60(A1(87020101 88020008) 5F2E(00)) 7F6000", "3 bytes follow the last"},
		"no header":              {"75(7F61(020101 7F60(5F2E(00", "where A1 is due"},
		"two formats of data":    {"75(7F61(020101 7F60(A1(87020101 88020008) 5F2E(00) 7F2E(00", "follow the biometric data"},
		"data of another tag":    {"75(7F61(020101 7F60(A1(87020101 88020008) 5F2F(00", "object 5F2F"},
		"no facial record":       {"75(7F61(020101 7F60(A1(87020101 88020008) 5F2E(00", "no facial record"},
		"of 2011":                {"75(7F61(020101 7F60(A1(87020101 88020008) 5F2E(46414300 30333000 0000000E 0000", "no facial record"},
		"a record of no image":   {"75(7F61(020101 7F60(A1(87020101 88020008) 5F2E(46414300 30313000 0000000E 0000", "holds no image"},
		"a record cut short":     {"75(7F61(020101 7F60(A1(87020101 88020008) 5F2E(46414300 30313000 0000000E 0001", "ends inside"},
		"no version":             {head + "A1(65(A1(30(800105", "component 0 of a block is missing"},
		"a version of three":     {head + "A1(65(A0(800103 810207E3 820100) A1(30(800105", "one too many"},
		"a generation of none":   {head + "A1(65(A0(8000 810207E3) A1(30(800105", "not a number"},
		"generation 0":           {head + "A1(65(A0(800100 810207E3) A1(30(800105", "no generation"},
		"a number with a zero":   {head + "A1(65(A0(80020003 810207E3) A1(30(800105", "not a number"},
		"a number of five bytes": {head + "A1(65(A0(80050100000000 810207E3) A1(30(800105", "not a number"},
		"no representation":      {head + "A1(65(" + version + "A1(", "holds no image"},
		"a SET":                  {head + "A1(65(" + version + "A1(31(800105", "not a SEQUENCE"},
		"a fingerprint's tag":    {head + "A1(64(" + version + "A1(30(800105", "no face image data block"},
		"something behind it":    {head + "A1(65(" + version + "A1(30(800105))) 0500", "no face image data block"},
		"a long length in DER":   {head + "A1 812C 65(" + version + "A1(30(800105 A1(A0(A0(8004FFD8FFD9" + info + "", "no face image data block"},
		"no number":              {of("A1(A0(A0(8004FFD8FFD9" + info + ")))"), "component 0 of a block is missing"},
		"a descending order":     {of("A1(A0(A0(8004FFD8FFD9" + info + "))) 800105"), "stands behind"},
		"a number twice":         {of("800105 800105"), "stands behind"},
		"another class":          {of("020105"), "no place in a block"},
		"broken inside":          {of("800105 A1(A0(A0(8004FFD8FFD9" + info + "))) A3(3001)"), "not in DER"},
		"three dimensions":       {of("800105 A1(A0(A1(8004FFD8FFD9" + info + ")))"), "component 0 of a block is missing"},
		"an unknown choice":      {of("800105 A1(A1(A0(8004FFD8FFD9" + info + ")))"), "component 0 of a block is missing"},
		"two choices":            {of("800105 A1(A0(A0(8004FFD8FFD9" + info + ")) A1())"), "one too many"},
		"no image":               {image(info), "component 0 of a block is missing"},
		"an empty image":         {image("8000" + info), "there is no image"},
		"an image in parts":      {image("A0(8004FFD8FFD9)" + info), "another kind"},
		"no information":         {image("8004FFD8FFD9"), "component 1 of a block is missing"},
		"no format":              {image("8004FFD8FFD9 A1()"), "format is missing"},
		"a PNG":                  {image("8004FFD8FFD9 A1(A0(800105))"), "neither JPEG nor"},
		"a negative format":      {image("8004FFD8FFD9 A1(A0(800182))"), "not a number"},
		"a code of two codes":    {image("8004FFD8FFD9 A1(A0(800102 A1(800102)))"), "one too many"},
		"an extension of none":   {image("8004FFD8FFD9 A1(A0(A1()))"), "component 0 of a block is missing"},
		"no height":              {image("8004FFD8FFD9 A1(A0(800102) A7(800105))"), "component 1 of a block is missing"},
		"no width":               {image("8004FFD8FFD9 A1(A0(800102) A7(800100 810105))"), "no width"},
		"no lines":               {image("8004FFD8FFD9 A1(A0(800102) A7(800105 810100))"), "5 x 0"},
		"too wide":               {image("8004FFD8FFD9 A1(A0(800102) A7(8003010000 810105))"), "65536 x 5"},
	})
}

func TestDG2RecordsThatAreNotWritten(t *testing.T) {
	face := Face{Image: []byte{1}}
	one := FaceRepresentation{Image: []byte{1}, Format: Code{Value: 2}}
	bend := func(change func(f *Face)) FaceRecord { f := face; change(&f); return FaceRecord{Faces: []Face{f}} }
	bend39 := func(change func(r *FaceRepresentation)) FaceRecord {
		r := one
		change(&r)
		return FaceRecord{Block: &FaceImageData{Representations: []FaceRepresentation{r}}}
	}
	negative := Code{Value: -1}
	for name, record := range map[string]FaceRecord{
		"no face":               {},
		"both formats":          {Faces: []Face{face}, Block: &FaceImageData{Representations: []FaceRepresentation{one}}},
		"no representation":     {Block: &FaceImageData{}},
		"a header without data": {Header: BiometricHeader{}, Faces: []Face{face}},
		"no image":              bend(func(f *Face) { f.Image = nil }),
		"too wide":              bend(func(f *Face) { f.Width = 65536 }),
		"negative height":       bend(func(f *Face) { f.Height = -1 }),
		"format 2":              bend(func(f *Face) { f.Format = 2 }),
		"a mask of 25 bits":     bend(func(f *Face) { f.Properties = 1 << 24 }),
		"65536 points":          bend(func(f *Face) { f.Features = make([]FeaturePoint, 65536) }),
		"an image of a film":    bend(func(f *Face) { f.Image = make([]byte, 1<<24) }),
		"39794: no generation":  {Block: &FaceImageData{Year: 2019, Representations: []FaceRepresentation{one}}},
		"39794: no image":       bend39(func(r *FaceRepresentation) { r.Image = nil }),
		"39794: no format":      bend39(func(r *FaceRepresentation) { r.Format.Value = 0 }),
		"39794: width alone":    bend39(func(r *FaceRepresentation) { r.Width = 1 }),
		"39794: negative":       bend39(func(r *FaceRepresentation) { r.ID = -1 }),
		"39794: negative code":  bend39(func(r *FaceRepresentation) { r.Kind = &negative }),
		"39794: image twice":    bend39(func(r *FaceRepresentation) { r.Image2D = Block{{Tag: 0x80}} }),
		"39794: code twice":     bend39(func(r *FaceRepresentation) { r.Information = Block{{Tag: 0xA0}} }),
		"39794: a wrong class":  bend39(func(r *FaceRepresentation) { r.Others = Block{{Tag: 0x65}} }),
		"39794: broken DER":     bend39(func(r *FaceRepresentation) { r.Others = Block{{Tag: 0xA3, Value: []byte{0x30, 1}}} }),
		"39794: too deep":       bend39(func(r *FaceRepresentation) { r.Others = Block{{Tag: 0xA3, Value: nested(40)}} }),
		"39794: no extension": bend39(func(r *FaceRepresentation) {
			r.Format.Extension = Block{{Tag: 0x81}}
		}),
		"39794: metadata twice": bend39(func(r *FaceRepresentation) {
			r.Metadata = &FaceMetadata{Others: Block{{Tag: 0x83}, {Tag: 0x83}}}
		}),
	} {
		if _, err := EncodeDG2Records([]FaceRecord{record}); err == nil {
			t.Errorf("%s: it was written", name)
		}
	}
}

// nested gives SEQUENCEs in each other.
func nested(depth int) []byte {
	b := []byte{}
	for range depth {
		b = tlv.Encode(0x30, b)
	}
	return b
}

func TestDG2RoundTrip(t *testing.T) {
	everySeed(t, func(r *rand.Rand) bool {
		var records []FaceRecord
		for range 1 + r.Intn(9) {
			records = append(records, someRecord(r))
		}
		file, err := EncodeDG2Records(records)
		if err != nil {
			t.Log(err)
			return false
		}
		parsed, err := ParseDG2Records(file)
		return err == nil && reflect.DeepEqual(parsed, records)
	})
}

func someRecord(r *rand.Rand) FaceRecord {
	record := FaceRecord{Header: someHeader(r, 0)}
	if r.Intn(2) == 0 {
		for range 1 + r.Intn(3) {
			record.Faces = append(record.Faces, someFace(r))
		}
		return record
	}
	record.Block = &FaceImageData{Generation: 1 + r.Intn(300), Year: r.Intn(1 << 31), Others: someBlock(r, 2, 5)}
	for range 1 + r.Intn(3) {
		record.Block.Representations = append(record.Block.Representations, someRepresentation(r))
	}
	return record
}

func someFace(r *rand.Rand) Face {
	f := Face{
		Image: someBytes(r, 1, 300), Format: ImageFormat(r.Intn(2)), Type: ImageType(r.Intn(256)), Width: r.Intn(65536), Height: r.Intn(65536),
		Sex: byte(r.Int()), EyeColour: byte(r.Int()), HairColour: byte(r.Int()), Properties: r.Uint32() >> 8, Expression: uint16(r.Int()),
		Pose: [3]byte(someBytes(r, 3, 3)), PoseUncertainty: [3]byte(someBytes(r, 3, 3)),
		ColourSpace: ColourSpace(r.Int()), Source: byte(r.Int()), Device: uint16(r.Int()), Quality: uint16(r.Int()),
	}
	for range r.Intn(4) {
		f.Features = append(f.Features, FeaturePoint{byte(r.Int()), byte(r.Int()), uint16(r.Int()), uint16(r.Int()), uint16(r.Int())})
	}
	return f
}

func someRepresentation(r *rand.Rand) FaceRepresentation {
	rep := FaceRepresentation{
		ID: r.Intn(1 << 31), Image: someBytes(r, 1, 300), Format: *someCode(r, 1),
		Kind: someCode(r, 2), LossyAttempts: someCode(r, 2), ColourSpace: someCode(r, 2),
		Information: someBlock(r, 10, 20), Image2D: someBlock(r, 2, 9), Others: someBlock(r, 2, 7),
	}
	rep.Format.Value = 2 + r.Intn(3)
	if r.Intn(2) == 0 {
		rep.Width, rep.Height = 1+r.Intn(65535), 1+r.Intn(65535)
	}
	if r.Intn(2) == 0 {
		rep.Metadata = &FaceMetadata{Sex: someCode(r, 2), EyeColour: someCode(r, 2), HairColour: someCode(r, 2), Others: someBlock(r, 3, 9)}
	}
	return rep
}

// someCode gives a code, and none in one case of so many.
func someCode(r *rand.Rand, noneIn int) *Code {
	if noneIn > 1 && r.Intn(noneIn) == 0 {
		return nil
	}
	c := &Code{Value: r.Intn(1 << 10), Extended: r.Intn(2) == 0}
	if c.Extended {
		c.Extension = someBlock(r, 1, 4)
	}
	return c
}

func someBlock(r *rand.Rand, least, most int) Block {
	var b Block
	for n := least; n <= most; n++ {
		switch r.Intn(4) {
		case 0:
			b = append(b, tlv.Object{Tag: primitive(uint32(n)), Value: someBytes(r, 0, 200)})
		case 1:
			b = append(b, tlv.Object{Tag: constructed(uint32(n)), Value: nested(r.Intn(9))})
		}
	}
	return b
}

// Files that announce more than they have: 65,535 images, points, or bytes without end.
func TestDG2MemoryIsBounded(t *testing.T) {
	c := codec(codecDG2)
	record := handRecord(t)
	record[12], record[13] = 0xFF, 0xFF
	c.isBounded(t, dg2Of(0x5F2E, record))
	record = handRecord(t)
	record[18], record[19] = 0xFF, 0xFF
	c.isBounded(t, dg2Of(0x5F2E, record))
	c.isBounded(t, unhex(t, "75 84 7FFFFFFF 7F61 84 7FFFFFF0 02 01 09"))
	small := make([]Face, 1000)
	for i := range small {
		small[i] = Face{Image: []byte{1}}
	}
	many, err := EncodeDG2Records([]FaceRecord{{Faces: small}})
	if err != nil {
		t.Fatal(err)
	}
	c.isBounded(t, many)
	c.isBounded(t, dg2Of(0x7F2E, tlv.Encode(0xA1, tlv.Encode(0x65, nested(1000)))))
}

func FuzzParseDG2(f *testing.F) {
	file, err := EncodeDG2(testFace(100))
	if err != nil {
		f.Fatal(err)
	}
	hand, hand39 := unhex(f, dg2Hand), unhex(f, dg2Hand39)
	r := rand.New(rand.NewSource(1))
	all, err := EncodeDG2Records([]FaceRecord{someRecord(r), someRecord(r), someRecord(r), someRecord(r)})
	if err != nil {
		f.Fatal(err)
	}
	codec(codecDG2).fuzz(f, file, hand, hand39, all)
}
