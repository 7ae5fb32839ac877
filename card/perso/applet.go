package perso

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/cancuoc/cancuoc/card/bac"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/mrz"
)

// The dialect jmrtd-applet is that of the open passport applet for Java Card (JMRTD's PassportApplet), built to what is
// published of it:
//
//	00 DA 00 62   62 { 04 document number, 04 date of birth, 04 date of expiry }   Basic Access Control
//	00 DA 00 60   60 { 04 modulus }       Active Authentication, RSA of 1,024 bits
//	00 DA 00 61   61 { 04 private exponent }
//	00 E0 00 00   63 04 size FID          CREATE FILE; again, if the file does not grow
//	00 A4 02 0C   FID                     SELECT
//	00 D6 offset  data                    UPDATE BINARY, at most 255 bytes
//	00 DA DE AD                           lock: all of these are refused from then on
//
// It has no secure channel of its own, and tells neither who the chip is nor how far it has come. The first is asked of
// the security domain beside it: GET DATA 9F7F, the production life cycle data. The second shows in how SELECT of a
// file is answered in the clear: by 6982 once the applet is locked.

// What the applet is limited to.
const (
	appletMaxFile    = 32767 // sizes are signed short integers
	appletMaxCommand = 255
	appletModulus    = 128 // bytes of the modulus of Active Authentication
	appletHash       = 20  // and of its hash value: SHA-1
)

// The tags of what PUT DATA puts, each also its P2; and those of CREATE FILE.
const (
	appletPutModulus  = 0x60
	appletPutExponent = 0x61
	appletPutAccess   = 0x62
	appletCreate      = 0x63
	appletPart        = 0x04
)

// appletHolds tells whether the applet has a place for the file.
func appletHolds(f lds.File) bool {
	return !f.MF && (f.DataGroup >= 1 && f.DataGroup <= 15 || f.Name == "EF.COM" || f.Name == "EF.SOD" || f.Name == "EF.CVCA")
}

// accessParts are what the applet derives K_seed of Basic Access Control from.
type accessParts struct{ number, birth, expiry string }

// seed derives it, as the applet does (Doc 9303-11, section 4.3.2).
func (a accessParts) seed() ([]byte, error) {
	information := ""
	for _, part := range []string{a.number, a.birth, a.expiry} {
		digit, err := mrz.CheckDigit(part)
		if err != nil {
			return nil, err
		}
		information += part + string(digit)
	}
	return bac.Seed(information), nil
}

// accessOf finds the parts in EF.DG1. They must give the very seed that the chip is to have.
func accessOf(data Data) (accessParts, error) {
	dg1, _ := lds.DataGroup(1)
	content, there := data.File(dg1)
	if !there {
		return accessParts{}, errors.New("perso: there is no EF.DG1 to derive the key of Basic Access Control from")
	}
	lines, err := lds.ParseDG1(content)
	if err != nil {
		return accessParts{}, err
	}
	zone, err := mrz.Parse(lines[0] + "\n" + lines[1] + "\n" + lines[2])
	if err != nil {
		return accessParts{}, err
	}
	parts, err := splitInformation(zone.Information())
	if err != nil {
		return accessParts{}, err
	}
	if seed, err := parts.seed(); err != nil || !bytes.Equal(seed, data.BACSeed) {
		return accessParts{}, errors.New("perso: the key of Basic Access Control is not that of EF.DG1")
	}
	return parts, nil
}

// splitInformation takes MRZ information apart: number, date of birth and date of expiry, each before its check digit.
func splitInformation(information string) (accessParts, error) {
	n := len(information) - 7 - 7 - 1
	if n < 9 {
		return accessParts{}, fmt.Errorf("perso: MRZ information of %d characters", len(information))
	}
	return accessParts{information[:n], information[n+1 : n+7], information[n+8 : n+14]}, nil
}

// productionData is tag 9F7F: what the chip's makers wrote of its production, 42 bytes.
const (
	productionTag  = 0x9F7F
	productionSize = 42
)

// chipIDOf gives the chip's number out of its production data: fabricator, type, day of fabrication, serial number and
// batch, which together are the chip's alone.
func chipIDOf(production []byte) []byte {
	id := append([]byte(nil), production[0:4]...)
	return append(id, production[10:18]...)
}

// ProductionData gives the 42 bytes for a chip of these ten: type, day of fabrication, serial number, batch.
func ProductionData(chip [10]byte) []byte {
	b := make([]byte, productionSize)
	copy(b[2:4], chip[0:2])
	copy(b[10:18], chip[2:10])
	return b
}
