package reader

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/tlv"
)

// biometricGrammar is EF.DG2, EF.DG3 or EF.DG4: the same templates around data of its own kind (Doc 9303-10, section 4.5 and
// 4.7.2).
func biometricGrammar(template uint32, name string, data show) grammar {
	information := grammar{
		{tag: 0xA1, name: "biometric header template", inner: headerGrammar()},
		{tag: 0x5F2E, name: "biometric data block", show: data},
		{tag: 0x7F2E, name: "biometric data block (ISO/IEC 39794)", show: data},
	}
	group := grammar{{tag: 0x02, name: "number of encodings"}, {tag: 0x7F60, name: "biometric information template", inner: information}}
	return grammar{{tag: template, name: name, inner: grammar{
		{tag: 0x7F61, name: "biometric information group template", inner: group},
		{tag: 0x53, name: "discretionary data of the issuer"},
	}}}
}

// headerGrammar is the biometric header template (Doc 9303-10, table 44).
func headerGrammar() grammar {
	return grammar{
		{tag: 0x80, name: "ICAO header version"},
		{tag: 0x81, name: "biometric type", show: showMeaning(map[string]string{"02": "facial features", "08": "fingerprint", "10": "iris"})},
		{tag: 0x82, name: "biometric sub-type", show: showMeaning(map[string]string{
			"00": "no information given", "01": "right", "02": "left", "05": "right thumb", "09": "right pointer finger", "0D": "right middle finger",
			"11": "right ring finger", "15": "right little finger", "06": "left thumb", "0A": "left pointer finger", "0E": "left middle finger",
			"12": "left ring finger", "16": "left little finger",
		})},
		{tag: 0x83, name: "creation date and time"},
		{tag: 0x85, name: "validity period"},
		{tag: 0x86, name: "creator"},
		{tag: 0x87, name: "format owner", show: showMeaning(map[string]string{"0101": "ISO/IEC JTC 1/SC 37"})},
		{tag: 0x88, name: "format type", show: showMeaning(map[string]string{
			"0007": "ISO/IEC 19794-4", "0008": "ISO/IEC 19794-5", "0009": "ISO/IEC 19794-6",
			"0029": "ISO/IEC 39794-4", "002A": "ISO/IEC 39794-5", "002B": "ISO/IEC 39794-6",
		})},
	}
}

// showMeaning shows a code with what it stands for.
func showMeaning(of map[string]string) show {
	return func(_ *tree, n *Node, value []byte) {
		n.Value = hexOf(value)
		n.Note = of[n.Value]
	}
}

// around makes a file of the one biometric data block that n and value are, for the codec of the file.
func around(file uint32, n *Node, value []byte) []byte {
	header := tlv.Encode(0xA1, tlv.Encode(0x82, []byte{0}), tlv.Encode(0x87, []byte{1, 1}), tlv.Encode(0x88, []byte{0, 7}))
	tag := uint32(0x5F2E)
	if n.Tag == "7F2E" {
		tag = 0x7F2E
	}
	template := tlv.Encode(0x7F60, header, tlv.Encode(tag, value))
	return tlv.Encode(file, tlv.Encode(0x7F61, []byte{2, 1, 1}, template))
}

// refuse shows a block that no codec takes, by its objects where it has such.
func (t *tree) refuse(n *Node, value []byte, err error) {
	if n.Tag == "7F2E" {
		t.objects(n, value, nil)
	} else {
		n.Value = hexOf(value)
	}
	n.Error = firstOf(n.Error, err.Error())
}

func showFaces(t *tree, n *Node, value []byte) {
	records, err := lds.ParseDG2Records(around(0x75, n, value))
	if err != nil {
		t.refuse(n, value, err)
		return
	}
	n.Note = "facial record of ISO/IEC 19794-5:2005"
	if block := records[0].Block; block != nil {
		t.faceImageData(n, block)
		return
	}
	for i, f := range records[0].Faces {
		face := Node{Name: fmt.Sprintf("facial image %d", i+1)}
		if !t.begin(n) {
			return
		}
		t.image(&face, f.Image, f.Width, f.Height)
		t.faceFields(&face, f)
		n.Children = append(n.Children, face)
	}
}

// image shows an image, and whether it is of the size that its record says.
func (t *tree) image(parent *Node, image []byte, width, height int) {
	n := Node{Name: "image", Length: len(image)}
	showImage(t, &n, image)
	said, note := fmt.Sprintf("%d x %d pixels", width, height), ""
	if width == 0 && height == 0 {
		said = "not stated"
	}
	if _, w, h, err := lds.ImageSize(image); err == nil && (w != width || h != height) && width != 0 {
		note = "the image itself has others"
	}
	t.add(parent, n)
	t.part(parent, "size by the record", said, note)
}

// faceFields shows the facial information and image information blocks of ISO/IEC 19794-5:2005, clauses 5.5 to 5.7.
func (t *tree) faceFields(n *Node, f lds.Face) {
	t.part(n, "face image type", coded(int(f.Type), "basic", "full frontal", "token frontal"), "")
	t.part(n, "image data type", coded(int(f.Format), "JPEG", "JPEG 2000"), "")
	t.part(n, "image colour space", coded(int(f.ColourSpace), "unspecified", "24-bit RGB", "YUV 4:2:2", "8-bit grey", "other"), "")
	t.part(n, "source type", coded(int(f.Source), "unspecified", "unknown static photograph", "digital still camera", "scanner", "unknown video frame",
		"analogue video camera", "digital video camera", "unknown"), "")
	t.part(n, "device type", fmt.Sprintf("%d", f.Device), "")
	t.part(n, "quality", fmt.Sprintf("%d", f.Quality), "")
	t.part(n, "gender", coded(int(f.Sex), "unspecified", "male", "female"), "")
	t.part(n, "eye colour", fmt.Sprintf("%d", f.EyeColour), "")
	t.part(n, "hair colour", fmt.Sprintf("%d", f.HairColour), "")
	t.part(n, "property mask", fmt.Sprintf("%06X", f.Properties), "")
	t.part(n, "expression", coded(int(f.Expression), "unspecified", "neutral"), "")
	t.part(n, "pose angles", fmt.Sprintf("%d, %d, %d", f.Pose[0], f.Pose[1], f.Pose[2]), "yaw, pitch, roll")
	t.part(n, "feature points", fmt.Sprintf("%d", len(f.Features)), "")
}

// coded gives a code and what it stands for.
func coded(code int, names ...string) string {
	if code < len(names) {
		return fmt.Sprintf("%d %s", code, names[code])
	}
	return fmt.Sprintf("%d", code)
}

// faceImageData shows a face image data block of ISO/IEC 39794-5.
func (t *tree) faceImageData(n *Node, d *lds.FaceImageData) {
	n.Note = "face image data block of ISO/IEC 39794-5"
	t.part(n, "version", fmt.Sprintf("generation %d of %d", d.Generation, d.Year), "")
	for _, r := range d.Representations {
		face := Node{Name: fmt.Sprintf("representation %d", r.ID)}
		if !t.begin(n) {
			return
		}
		t.image(&face, r.Image, r.Width, r.Height)
		t.code(&face, "image data format", &r.Format, "", "", "JPEG", "JPEG 2000 lossy", "JPEG 2000 lossless")
		t.code(&face, "face image kind", r.Kind, "MRTD", "general purpose")
		t.code(&face, "lossy transformation attempts", r.LossyAttempts, "unknown", "none", "one", "more than one")
		t.code(&face, "image colour space", r.ColourSpace, "unknown", "other", "24-bit RGB")
		if r.Metadata != nil {
			t.code(&face, "gender", r.Metadata.Sex, "unknown", "other", "male", "female")
			t.code(&face, "eye colour", r.Metadata.EyeColour)
			t.code(&face, "hair colour", r.Metadata.HairColour)
			t.block(&face, "other identity metadata", r.Metadata.Others)
		}
		t.block(&face, "other image information", r.Information)
		t.block(&face, "other 2D image representation data", r.Image2D)
		t.block(&face, "other representation data", r.Others)
		n.Children = append(n.Children, face)
	}
	t.block(n, "other data", d.Others)
}

func (t *tree) code(n *Node, name string, c *lds.Code, names ...string) {
	if c != nil {
		t.part(n, name, strings.TrimSpace(coded(c.Value, names...)), map[bool]string{true: "in an extension block"}[c.Extended])
	}
}

// block shows components of a block that are not interpreted.
func (t *tree) block(parent *Node, name string, b lds.Block) {
	if len(b) == 0 || !t.begin(parent) {
		return
	}
	n := Node{Name: name}
	for _, o := range b {
		t.objects(&n, o.Bytes(), nil)
	}
	parent.Children = append(parent.Children, n)
}

// showFinger shows a finger image record of ISO/IEC 19794-4:2005.
func showFinger(t *tree, n *Node, value []byte) {
	d, err := lds.ParseDG3(around(0x63, n, value))
	if err != nil {
		t.refuse(n, value, err)
		return
	}
	f := d.Fingers[0]
	n.Note = "finger image record of ISO/IEC 19794-4:2005"
	t.part(n, "finger position", fmt.Sprintf("%d %v", byte(f.Position), f.Position), "")
	t.image(n, f.Image, f.Width, f.Height)
	t.part(n, "image compression", fmt.Sprintf("%d %v", byte(f.Compression), f.Compression), "")
	t.part(n, "impression type", coded(int(f.Impression), "live-scan plain", "live-scan rolled"), "")
	t.part(n, "quality", fmt.Sprintf("%d", f.Quality), map[bool]string{true: "undefined"}[f.Quality == lds.QualityUndefined])
	c := f.Capture
	unit := map[byte]string{1: "pixels per inch", 2: "pixels per centimetre"}[c.Units]
	t.part(n, "scan resolution", fmt.Sprintf("%d x %d %s", c.ScanX, c.ScanY, unit), "")
	t.part(n, "image resolution", fmt.Sprintf("%d x %d %s", c.ImageX, c.ImageY, unit), "")
	t.part(n, "pixel depth", fmt.Sprintf("%d", c.Depth), "")
	t.part(n, "image acquisition level", fmt.Sprintf("%d", c.Level), "")
	t.part(n, "capture device", fmt.Sprintf("%d", c.Device), "")
}

// showIris shows the header of an iris image record of ISO/IEC 19794-6:2005.
func showIris(t *tree, n *Node, value []byte) {
	if n.Tag == "7F2E" {
		t.objects(n, value, grammar{{tag: 0xA1, name: "standardised format", inner: grammar{{tag: 0x66, name: "iris image data block"}}}})
		return
	}
	r, err := lds.ParseIrisRecord(value)
	if err != nil {
		t.refuse(n, value, err)
		return
	}
	n.Note = "iris image record of ISO/IEC 19794-6:2005"
	t.part(n, "eyes", fmt.Sprintf("%d", r.Eyes), "")
	t.part(n, "image format", fmt.Sprintf("%d", r.Format), map[uint16]string{
		2: "raw, grey", 4: "raw, colour", 6: "JPEG, grey", 8: "JPEG, colour", 14: "JPEG 2000, grey", 16: "JPEG 2000, colour"}[r.Format])
	t.part(n, "raw image size", fmt.Sprintf("%d x %d pixels", r.Width, r.Height), "")
	t.part(n, "pixel depth", fmt.Sprintf("%d", r.Depth), "")
	t.part(n, "iris diameter", fmt.Sprintf("%d pixels", r.Diameter), "")
	t.part(n, "image properties", fmt.Sprintf("%04X", r.Properties), "")
	t.part(n, "image transformation", fmt.Sprintf("%d", r.Transformation), "")
	t.part(n, "capture device", fmt.Sprintf("%d, %X", r.Device, r.DeviceID), "")
	raw := r.Format == 2 || r.Format == 4
	t.irisImages(n, value[irisHeader:], raw)
}

// The sizes of the headers in an iris image record of ISO/IEC 19794-6:2005, clause 6.5: of the record, of each eye and of
// each of its images.
const (
	irisHeader      = 45
	irisEyeHeader   = 3
	irisImageHeader = 11
)

// irisImages shows the images of an iris image record, as far as their headers lead from one to the next.
func (t *tree) irisImages(n *Node, b []byte, raw bool) {
	eyes := map[byte]string{1: "image of the right eye", 2: "image of the left eye"}
	for len(b) >= irisEyeHeader {
		eye, count := b[0], int(b[1])<<8|int(b[2])
		for b = b[irisEyeHeader:]; count > 0 && len(b) >= irisImageHeader; count-- {
			size := binary.BigEndian.Uint32(b[7:])
			image := b[irisImageHeader:]
			if uint64(size) > uint64(len(image)) {
				n.Error = fmt.Sprintf("reader: an iris image announces %s, %d are left", bytesOf(int(size)), len(image))
				return
			}
			child := Node{Name: firstOf(eyes[eye], "image of an unknown eye"), Length: int(size)}
			showImage(t, &child, image[:size])
			if raw {
				child.Error = "" // pixels and nothing else
			}
			if !t.add(n, child) {
				return
			}
			b = image[size:]
		}
	}
}
