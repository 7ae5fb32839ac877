package lds

import (
	"encoding/binary"
	"fmt"

	"github.com/cancuoc/cancuoc/card/tlv"
)

// ParseDG3 reads EF.DG3. Images are slices of file, and are not decoded. What it takes, [EncodeDG3] gives back, with each
// length in the fewest bytes. Fingers of ISO/IEC 39794-4 are refused by name.
func ParseDG3(file []byte) (DG3, error) {
	d, err := parseDG3(file)
	if err != nil {
		return DG3{}, fmt.Errorf("lds: EF.DG3: %w", err)
	}
	return d, nil
}

func parseDG3(file []byte) (d DG3, err error) {
	value, err := tlv.ParseOne(file, 0x63)
	if err != nil {
		return DG3{}, err
	}
	templates, issuerData, err := parseBiometrics(value, maxFingers)
	if err != nil {
		return DG3{}, err
	}
	d.IssuerData = issuerData
	for i, t := range templates {
		f, err := t.finger()
		if err != nil {
			return DG3{}, fmt.Errorf("finger %d: %w", i+1, err)
		}
		d.Fingers = append(d.Fingers, f)
	}
	return d, d.check()
}

func (t biometricTemplate) finger() (Finger, error) {
	if t.tag == tagBiometricData39 {
		return Finger{}, fmt.Errorf("fingers of ISO/IEC 39794-4 are not supported yet")
	}
	f, err := parseFingerRecord(t.data)
	if err != nil {
		return Finger{}, err
	}
	if f.Position > PlainLeftThumb {
		return Finger{}, fmt.Errorf("%v is that of no single finger", f.Position)
	}
	f.Header = t.header
	if err := f.checkHeader(); err != nil {
		return Finger{}, err
	}
	f.Header = t.header.unlessPlain(f.plainHeader())
	return f, nil
}

func parseFingerRecord(b []byte) (Finger, error) {
	if len(b) < fingerRecordSize+fingerHeaderSize || string(b[:8]) != "FIR\x00010\x00" {
		return Finger{}, fmt.Errorf("the biometric data is no finger image record of ISO/IEC 19794-4:2005")
	}
	size := uint64(binary.BigEndian.Uint16(b[8:]))<<32 | uint64(binary.BigEndian.Uint32(b[10:]))
	h := b[fingerRecordSize:]
	switch block := binary.BigEndian.Uint32(h); {
	case size != uint64(len(b)):
		return Finger{}, fmt.Errorf("the finger image record announces %d bytes and has %d", size, len(b))
	case b[18] != 1 || h[5] != 1 || h[6] != 1:
		return Finger{}, fmt.Errorf("the finger image record does not hold one view of one finger")
	case uint64(block) != uint64(len(h)):
		return Finger{}, fmt.Errorf("a finger image announces %d bytes where %d are left", block, len(h))
	case b[19] != 1 && b[19] != 2:
		return Finger{}, fmt.Errorf("scale units %d are none of ISO/IEC 19794-4", b[19])
	case b[30] != 0 || b[31] != 0 || h[13] != 0:
		return Finger{}, fmt.Errorf("a reserved byte of the finger image record is not zero")
	}
	return Finger{
		Image: h[fingerHeaderSize:], Compression: FingerCompression(b[29]), Position: FingerPosition(h[4]),
		Width: int(binary.BigEndian.Uint16(h[9:])), Height: int(binary.BigEndian.Uint16(h[11:])),
		Impression: ImpressionType(h[8]), Quality: h[7], Capture: parseCapture(b),
	}, nil
}

func parseCapture(b []byte) Capture {
	at := func(i int) uint16 { return binary.BigEndian.Uint16(b[i:]) }
	return Capture{Device: at(14), Level: at(16), Units: b[19], ScanX: at(20), ScanY: at(22), ImageX: at(24), ImageY: at(26), Depth: b[28]}
}
