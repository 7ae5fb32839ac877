package lds

import (
	"cmp"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/tlv"
)

const (
	tagStandardFormat = 0xA1 // biometric data in standardised format: Doc 9303-10, section 4.5.6, table 2
	tagFaceImageData  = 0x65 // [APPLICATION 5]: table 3

	jpeg39         = 2 // imageDataFormat of ISO/IEC 39794-5
	jpeg2000Lossy  = 3
	jpeg2000Intact = 4

	kindMRTD = 0 // faceImageKind2D: cut and posed for a travel document
)

// FaceImageData is the face image data block of ISO/IEC 39794-5:2019: one or more representations of a face. Of its
// components those that an issuer sets are fields, and all others are kept as they stand.
type FaceImageData struct {
	Generation, Year int // version block; 0 and 0 stand for 3 and 2019
	Representations  []FaceRepresentation
	Others           Block // components beyond the edition of 2019
}

// FaceRepresentation is a representation block of ISO/IEC 39794-5 with a two-dimensional image.
type FaceRepresentation struct {
	ID            int    // representationId
	Image         []byte // the JPEG or JPEG 2000 file
	Format        Code   // imageDataFormat: 2 JPEG, 3 JPEG 2000 with losses, 4 without
	Kind          *Code  // faceImageKind2D: 0 for a travel document, 1 for any purpose
	LossyAttempts *Code  // lossyTransformationAttempts: 1 none, 2 one, 3 more
	Width, Height int    // imageSizeBlock, in pixels; 0 where it is absent
	ColourSpace   *Code  // imageColourSpace: 2 for 24-bit RGB
	Metadata      *FaceMetadata

	Information Block // what else imageInformation2DBlock holds: 2, 4 to 6, 8, 10
	Image2D     Block // what else imageRepresentation2DBlock holds: 2, the capture device
	Others      Block // what else the block holds: 2 time, 3 quality, 4 attack detection, 5, 6, 7 device, 9 landmarks
}

// FaceMetadata is the identity metadata block of ISO/IEC 39794-5.
type FaceMetadata struct {
	Sex        *Code // gender: 0 unknown, 1 other, 2 male, 3 female
	EyeColour  *Code
	HairColour *Code
	Others     Block // 3 height, 4 properties, 5 expression, 6 pose
}

// encode gives the value of the biometric data template (Doc 9303-10, section 4.5.6, tables 2 and 3).
func (d FaceImageData) encode() ([]byte, error) {
	version, err := d.encodeVersion()
	if err != nil {
		return nil, err
	}
	if len(d.Representations) == 0 {
		return nil, fmt.Errorf("the face image data block holds no image")
	}
	var blocks []byte
	for i, r := range d.Representations {
		b, err := r.encode()
		if err != nil {
			return nil, fmt.Errorf("face %d: %w", i+1, err)
		}
		if blocks = append(blocks, tlv.Encode(0x30, b)...); len(blocks) > maxBiometric {
			return nil, fmt.Errorf("a face image data block of more than %d bytes fits no chip", maxBiometric)
		}
	}
	data, err := d.Others.encode(tlv.Object{Tag: constructed(0), Value: version}, tlv.Object{Tag: constructed(1), Value: blocks})
	return tlv.Encode(tagStandardFormat, tlv.Encode(tagFaceImageData, data)), err
}

func (d FaceImageData) encodeVersion() ([]byte, error) {
	if d.Generation == 0 && d.Year == 0 {
		d.Generation, d.Year = 3, 2019
	}
	generation, err1 := integer(0, d.Generation)
	year, err2 := integer(1, d.Year)
	return encodeObjects([]tlv.Object{generation, year}), cmp.Or(err1, err2, d.checkVersion())
}

func (d FaceImageData) checkVersion() error {
	if d.Generation == 0 {
		return fmt.Errorf("the face image data block is of no generation")
	}
	return nil
}

func (r FaceRepresentation) encode() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	information, err1 := r.encodeInformation()
	image2D, err2 := r.Image2D.encode(
		tlv.Object{Tag: primitive(0), Value: r.Image},
		tlv.Object{Tag: constructed(1), Value: information})
	id, err3 := integer(0, r.ID)
	if err := cmp.Or(err1, err2, err3); err != nil {
		return nil, err
	}
	base := tlv.Encode(constructed(0), tlv.Encode(constructed(0), image2D))
	typed := []tlv.Object{id, {Tag: constructed(1), Value: base}}
	if r.Metadata != nil {
		metadata, err := r.Metadata.encode()
		if err != nil {
			return nil, err
		}
		typed = append(typed, tlv.Object{Tag: constructed(8), Value: metadata})
	}
	return r.Others.encode(typed...)
}

func (r FaceRepresentation) check() error {
	switch {
	case len(r.Image) == 0:
		return fmt.Errorf("there is no image")
	case r.Format.Value < jpeg39 || r.Format.Value > jpeg2000Intact:
		return fmt.Errorf("image data format %d is neither JPEG nor JPEG 2000", r.Format.Value)
	case r.Width < 0 || r.Width > 0xFFFF || r.Height < 0 || r.Height > 0xFFFF || (r.Width == 0) != (r.Height == 0):
		return fmt.Errorf("%d x %d pixels cannot be written", r.Width, r.Height)
	}
	return nil
}

func (r FaceRepresentation) encodeInformation() ([]byte, error) {
	typed, err := codes(map[uint32]*Code{0: &r.Format, 1: r.Kind, 3: r.LossyAttempts, 9: r.ColourSpace})
	if err != nil {
		return nil, err
	}
	if r.Width > 0 {
		width, err1 := integer(0, r.Width)
		height, err2 := integer(1, r.Height)
		if err := cmp.Or(err1, err2); err != nil {
			return nil, err
		}
		typed = append(typed, tlv.Object{Tag: constructed(7), Value: encodeObjects([]tlv.Object{width, height})})
	}
	return r.Information.encode(typed...)
}

func (m FaceMetadata) encode() ([]byte, error) {
	typed, err := codes(map[uint32]*Code{0: m.Sex, 1: m.EyeColour, 2: m.HairColour})
	if err != nil {
		return nil, err
	}
	return m.Others.encode(typed...)
}

// codes gives the codes that are there as components.
func codes(byNumber map[uint32]*Code) ([]tlv.Object, error) {
	var objects []tlv.Object
	for n, c := range byNumber {
		if c == nil {
			continue
		}
		o, err := c.object(n)
		if err != nil {
			return nil, err
		}
		objects = append(objects, o)
	}
	return objects, nil
}

// parseFaceImageData reads the value of the biometric data template. It is in DER.
func parseFaceImageData(template []byte) (*FaceImageData, error) {
	in := cryptobyte.String(template)
	var format, data cryptobyte.String
	if !in.ReadASN1(&format, tagStandardFormat) || !in.Empty() || !format.ReadASN1(&data, tagFaceImageData) || !format.Empty() {
		return nil, fmt.Errorf("the biometric data is no face image data block of ISO/IEC 39794-5 in DER")
	}
	var d FaceImageData
	c := readComponents(data, nil)
	version := readComponents(c.must(0, constructed(0)), c.err)
	d.Generation, d.Year = version.number(0), version.number(1)
	c.fail(cmp.Or(version.done(), d.checkVersion()))
	blocks := cryptobyte.String(c.must(1, constructed(1)))
	if c.err == nil && blocks.Empty() {
		c.fail(fmt.Errorf("the face image data block holds no image"))
	}
	for c.err == nil && !blocks.Empty() {
		r, err := nextRepresentation(&blocks)
		c.fail(err)
		d.Representations = append(d.Representations, r)
	}
	d.Others = c.left
	return &d, c.err
}

func nextRepresentation(blocks *cryptobyte.String) (r FaceRepresentation, err error) {
	var der cryptobyte.String
	if !blocks.ReadASN1(&der, cbasn1.SEQUENCE) {
		return r, fmt.Errorf("a representation block is not a SEQUENCE")
	}
	c := readComponents(der, nil)
	r.ID = c.number(0)
	representation := c.must(1, constructed(1))
	if metadata, ok := c.take(8, constructed(8)); ok {
		r.Metadata, err = parseFaceMetadata(metadata)
		c.fail(err)
	}
	r.Others = c.left
	c.fail(r.readImage(representation, c.err))
	if c.err != nil {
		return FaceRepresentation{}, c.err
	}
	return r, r.check()
}

// readImage reads an image representation, a choice of which the base alone is known, and of that the two-dimensional
// image alone: no travel document has another.
func (r *FaceRepresentation) readImage(representation []byte, before error) error {
	base, err := choice(representation, 0, before)
	image2D, err := choice(base, 0, err)
	c := readComponents(image2D, err)
	r.Image = c.must(0, primitive(0))
	r.Image = r.Image[:len(r.Image):len(r.Image)]
	information := c.must(1, constructed(1))
	r.Image2D = c.left
	return r.readInformation(information, c.err)
}

func (r *FaceRepresentation) readInformation(information []byte, before error) error {
	c := readComponents(information, before)
	format := c.code(0)
	if format == nil {
		c.fail(fmt.Errorf("the image data format is missing"))
		return c.err
	}
	r.Format, r.Kind, r.LossyAttempts, r.ColourSpace = *format, c.code(1), c.code(3), c.code(9)
	if value, ok := c.take(7, constructed(7)); ok {
		size := readComponents(value, c.err)
		r.Width, r.Height = size.number(0), size.number(1)
		c.fail(size.done())
		if c.err == nil && r.Width == 0 {
			c.fail(fmt.Errorf("an image of no width"))
		}
	}
	r.Information = c.left
	return c.err
}

func parseFaceMetadata(der []byte) (*FaceMetadata, error) {
	c := readComponents(der, nil)
	m := &FaceMetadata{Sex: c.code(0), EyeColour: c.code(1), HairColour: c.code(2)}
	m.Others = c.left
	return m, c.err
}

// faces gives the images in the words of ISO/IEC 19794-5: a face for a travel document is a full frontal one.
func (d FaceImageData) faces() []Face {
	var faces []Face
	for _, r := range d.Representations {
		f := Face{Image: r.Image, Width: r.Width, Height: r.Height}
		if r.Format.Value != jpeg39 {
			f.Format = JPEG2000
		}
		if r.Kind != nil && r.Kind.Value == kindMRTD {
			f.Type = FullFrontal
		}
		faces = append(faces, f)
	}
	return faces
}
