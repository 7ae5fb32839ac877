package lds

import (
	"encoding/binary"
	"fmt"
)

const (
	facialHeaderSize = 14 // facial record header, ISO/IEC 19794-5, 5.4
	facialInfoSize   = 20 // facial information block, 5.5
	featureSize      = 8  // feature point block, 5.6
	imageInfoSize    = 12 // image information block, 5.7

	facialMagic = "FAC\x00010\x00" // format identifier and version of ISO/IEC 19794-5:2005
)

// ImageFormat is the image data type of ISO/IEC 19794-5, table 12.
type ImageFormat byte

// The two formats that ISO/IEC 19794-5 knows.
const (
	JPEG     ImageFormat = 0
	JPEG2000 ImageFormat = 1
)

// ImageType is the face image type of ISO/IEC 19794-5, table 11: how strictly the picture was posed and cut.
type ImageType byte

// The face image types. Doc 9303-9 asks for one of the frontal ones.
const (
	Basic        ImageType = 0
	FullFrontal  ImageType = 1
	TokenFrontal ImageType = 2
)

// ColourSpace is the image colour space of ISO/IEC 19794-5, clause 5.7.
type ColourSpace byte

// The colour spaces.
const (
	ColourUnspecified ColourSpace = 0
	RGB24             ColourSpace = 1
	YUV422            ColourSpace = 2
	Grey8             ColourSpace = 3
	ColourOther       ColourSpace = 4
)

// Face is one facial image of EF.DG2. Format, Width and Height are what the record's header says, which on cards in
// the field does not always agree with the image itself: whoever decodes the image looks at its own first bytes. The
// fields below them are codes of ISO/IEC 19794-5:2005, of which 0 stands for unspecified; a face of ISO/IEC 39794-5,
// whose codes are others, leaves them so.
type Face struct {
	Image         []byte // the JPEG or JPEG 2000 file
	Format        ImageFormat
	Type          ImageType
	Width, Height int // pixels

	Sex             byte // clause 5.5: 1 male, 2 female, 0xFF unknown
	EyeColour       byte
	HairColour      byte
	Properties      uint32  // property mask, of 24 bits
	Expression      uint16  // 1 neutral
	Pose            [3]byte // yaw, pitch, roll, coded in steps of two degrees
	PoseUncertainty [3]byte
	Features        []FeaturePoint
	ColourSpace     ColourSpace // clause 5.7
	Source          byte        // source type: 2 is a still picture of a digital camera
	Device          uint16      // device type, of the vendor's numbering
	Quality         uint16
}

// FeaturePoint is a place in the face that the record marks: ISO/IEC 19794-5, clause 5.6.
type FeaturePoint struct {
	Type     byte   // 1 for the feature points of MPEG-4
	Code     byte   // major and minor code, four bits each
	X, Y     uint16 // pixels from the left and from the top
	Reserved uint16 // 0; kept as read
}

// check holds the face of an issuer: of what a record can hold, an issuer writes only what agrees with itself.
func (f Face) check() error {
	switch {
	case len(f.Image) == 0:
		return fmt.Errorf("lds: EF.DG2: there is no image")
	case f.Format == JPEG && !isJPEG(f.Image):
		return fmt.Errorf("lds: EF.DG2: the image is not the JPEG that it is said to be")
	case f.Format == JPEG2000 && !isJPEG2000(f.Image):
		return fmt.Errorf("lds: EF.DG2: the image is not the JPEG 2000 that it is said to be")
	case f.Type > TokenFrontal:
		return fmt.Errorf("lds: EF.DG2: face image type %d is none of ISO/IEC 19794-5", f.Type)
	case f.Width < 1 || f.Height < 1:
		return fmt.Errorf("lds: EF.DG2: an image of %d x %d pixels is none", f.Width, f.Height)
	}
	return nil
}

// checkRecord tells whether the facial record has room for the face.
func (f Face) checkRecord() error {
	switch {
	case len(f.Image) == 0:
		return fmt.Errorf("there is no image")
	case f.Format > JPEG2000:
		return fmt.Errorf("image data type %d is none of ISO/IEC 19794-5", f.Format)
	case f.Width < 0 || f.Width > 0xFFFF || f.Height < 0 || f.Height > 0xFFFF:
		return fmt.Errorf("%d x %d pixels cannot be written", f.Width, f.Height)
	case f.Properties > 0xFFFFFF:
		return fmt.Errorf("a property mask has 24 bits")
	case len(f.Features) > 0xFFFF:
		return fmt.Errorf("%d feature points cannot be counted in two bytes", len(f.Features))
	}
	return nil
}

// size gives the bytes of the face in a facial record.
func (f Face) size() int {
	return facialInfoSize + featureSize*len(f.Features) + imageInfoSize + len(f.Image)
}

// encodeFacialRecord writes the facial record of ISO/IEC 19794-5:2005, clause 5: the header, then for each face its
// facial information, feature points, image information and image.
func encodeFacialRecord(faces []Face) ([]byte, error) {
	if len(faces) < 1 || len(faces) > 0xFFFF {
		return nil, fmt.Errorf("a facial record of %d images cannot be written", len(faces))
	}
	size := facialHeaderSize
	for i, f := range faces {
		if err := f.checkRecord(); err != nil {
			return nil, fmt.Errorf("face %d: %w", i+1, err)
		}
		if size += f.size(); size > maxBiometric {
			return nil, fmt.Errorf("a facial record of more than %d bytes fits no chip", maxBiometric)
		}
	}
	b := append(make([]byte, 0, size), facialMagic...)
	b = binary.BigEndian.AppendUint32(b, uint32(size))
	b = binary.BigEndian.AppendUint16(b, uint16(len(faces)))
	for _, f := range faces {
		b = f.append(b)
	}
	return b, nil
}

func (f Face) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(f.size()))
	b = binary.BigEndian.AppendUint16(b, uint16(len(f.Features)))
	b = append(b, f.Sex, f.EyeColour, f.HairColour, byte(f.Properties>>16))
	b = binary.BigEndian.AppendUint16(b, uint16(f.Properties))
	b = binary.BigEndian.AppendUint16(b, f.Expression)
	b = append(append(b, f.Pose[:]...), f.PoseUncertainty[:]...)
	for _, p := range f.Features {
		b = append(b, p.Type, p.Code)
		b = binary.BigEndian.AppendUint16(b, p.X)
		b = binary.BigEndian.AppendUint16(b, p.Y)
		b = binary.BigEndian.AppendUint16(b, p.Reserved)
	}
	b = append(b, byte(f.Type), byte(f.Format))
	b = binary.BigEndian.AppendUint16(b, uint16(f.Width))
	b = binary.BigEndian.AppendUint16(b, uint16(f.Height))
	b = append(b, byte(f.ColourSpace), f.Source)
	b = binary.BigEndian.AppendUint16(b, f.Device)
	b = binary.BigEndian.AppendUint16(b, f.Quality)
	return append(b, f.Image...)
}

func parseFacialRecord(b []byte) ([]Face, error) {
	if len(b) < facialHeaderSize || string(b[:8]) != facialMagic {
		return nil, fmt.Errorf("the biometric data is no facial record of ISO/IEC 19794-5:2005")
	}
	if size := binary.BigEndian.Uint32(b[8:]); uint64(size) != uint64(len(b)) {
		return nil, fmt.Errorf("the facial record announces %d bytes and has %d", size, len(b))
	}
	count, rest := binary.BigEndian.Uint16(b[12:]), b[facialHeaderSize:]
	if count == 0 {
		return nil, fmt.Errorf("the facial record holds no image")
	}
	var faces []Face
	for range count {
		face, after, err := parseFacialData(rest)
		if err != nil {
			return nil, err
		}
		faces, rest = append(faces, face), after
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%d bytes follow the last facial image", len(rest))
	}
	return faces, nil
}

func parseFacialData(b []byte) (face Face, rest []byte, err error) {
	if len(b) < facialInfoSize+imageInfoSize {
		return Face{}, nil, fmt.Errorf("the facial record ends inside a facial information block")
	}
	size := binary.BigEndian.Uint32(b)
	info := uint64(facialInfoSize) + featureSize*uint64(binary.BigEndian.Uint16(b[4:]))
	start := info + imageInfoSize
	if uint64(size) > uint64(len(b)) || uint64(size) <= start {
		return Face{}, nil, fmt.Errorf("a facial image announces %d bytes where %d are left", size, len(b))
	}
	face.readInformation(b)
	face.Features = parseFeatures(b[facialInfoSize:info])
	face.readImageInformation(b[info:start])
	face.Image = b[start:size:size]
	return face, b[size:], face.checkRecord()
}

// readInformation reads the facial information block of ISO/IEC 19794-5, clause 5.5.
func (f *Face) readInformation(b []byte) {
	f.Sex, f.EyeColour, f.HairColour = b[6], b[7], b[8]
	f.Properties = binary.BigEndian.Uint32(b[8:]) & 0xFFFFFF
	f.Expression = binary.BigEndian.Uint16(b[12:])
	f.Pose, f.PoseUncertainty = [3]byte(b[14:17]), [3]byte(b[17:20])
}

// readImageInformation reads the image information block of ISO/IEC 19794-5, clause 5.7.
func (f *Face) readImageInformation(b []byte) {
	f.Type, f.Format = ImageType(b[0]), ImageFormat(b[1])
	f.Width, f.Height = int(binary.BigEndian.Uint16(b[2:])), int(binary.BigEndian.Uint16(b[4:]))
	f.ColourSpace, f.Source = ColourSpace(b[6]), b[7]
	f.Device, f.Quality = binary.BigEndian.Uint16(b[8:]), binary.BigEndian.Uint16(b[10:])
}

func parseFeatures(b []byte) []FeaturePoint {
	var points []FeaturePoint
	for ; len(b) > 0; b = b[featureSize:] {
		at := func(i int) uint16 { return binary.BigEndian.Uint16(b[i:]) }
		points = append(points, FeaturePoint{Type: b[0], Code: b[1], X: at(2), Y: at(4), Reserved: at(6)})
	}
	return points
}
