// Package perso is what is written to a chip at personalisation, and the dialect that writes it.
//
// The dialect is GlobalPlatform's (Card Specification 2.3, sections 11.5 and 11.11): a secure channel to the issuer
// security domain, INSTALL [for personalization] naming the eMRTD application, and STORE DATA with data groupings.
//
//	Terminal                                       Chip
//	  SELECT EF.ATR/INFO, READ BINARY        -->     how long a command may be (DO'7F66')
//	  SELECT issuer security domain          -->
//	  INITIALIZE UPDATE                      -->     who the chip is; its cryptogram is checked
//	  EXTERNAL AUTHENTICATE                  -->
//	  GET STATUS                             -->     how far the chip has come
//	       the caller commits its intent here: what follows cannot be undone
//	  INSTALL [for personalization]          -->     what an earlier, torn run wrote is forgotten
//	  STORE DATA ... (files)                 -->
//	  STORE DATA (keys, under the DEK), last -->     personalised
//	  SET STATUS                             -->     locked: nothing can be written any more
//
// The data groupings (DGI) are a table of our own:
//
//	0101 to 0110, 011C to 011E  the elementary file of that identifier in the eMRTD application, whole
//	811C, 811D, AF00            the file under the master file of that identifier less 8000, whole
//	8008                        a deviation from the standard that the chip is to show, by its name
//	8010                        K_seed of Basic Access Control, 16 bytes
//	8011, 8012                  passwords MRZ and CAN of PACE, as they are encoded for the derivation of the key
//	8018                        the current date, YYYY-MM-DD
//	8019                        the key of Active Authentication: DO'80' length of the hash value, DO'81' key
//	8020 to 802F                keys of PACE's chip authentication mapping
//	8030 to 803F                keys of Chip Authentication: DO'80' suites, DO'81' key, DO'84' identifier if it has one
//	8040 to 804F                trust points of Terminal Authentication, the most recent first
//
// Those from 8008 to 804F are padded (ISO/IEC 9797-1, padding method 2) and encrypted under the DEK.
//
// A grouping is its identifier in two bytes, its length in one byte or, from 255 on, FF and two bytes, and its value
// (GlobalPlatform Systems Scripting Language, DGI format). Groupings follow each other as one stream that is cut into
// commands as long as the chip's buffer allows; a grouping may begin in one command and end in another.
package perso

import (
	"encoding/binary"
	"fmt"

	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/scp"
)

// File is one elementary file.
type File struct {
	MF      bool   `json:"mf,omitempty"` // stands under the master file, not in the eMRTD application
	FID     uint16 `json:"fid"`
	Content []byte `json:"content"`
}

// Name gives the standard's name of the file.
func (f File) Name() string {
	find := lds.ByFID
	if f.MF {
		find = lds.ByMasterFID
	}
	if known, ok := find(f.FID); ok {
		return known.Name
	}
	return fmt.Sprintf("EF %04X", f.FID)
}

// Data is everything that personalisation writes to one chip. It contains personal data and keys.
type Data struct {
	Files []File `json:"files"`
	Secrets
}

// File gives the content of a file of the catalogue.
func (d Data) File(file lds.File) ([]byte, bool) {
	for _, f := range d.Files {
		if f.FID == file.FID && f.MF == file.MF {
			return f.Content, true
		}
	}
	return nil, false
}

// DefaultKeys are the keys that everybody knows, with which blank GlobalPlatform cards leave the factory.
func DefaultKeys() scp.StaticKeys {
	return scp.StaticKeys{ENC: defaultKey(), MAC: defaultKey(), DEK: defaultKey()}
}

func defaultKey() []byte {
	return []byte{0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4A, 0x4B, 0x4C, 0x4D, 0x4E, 0x4F}
}

// underMasterFile is added to the identifier of a file under the master file.
const underMasterFile = 0x8000

const maxDGI = 0xFFFF

// appendDGI appends one data grouping.
func appendDGI(b []byte, dgi uint16, value []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, dgi)
	if len(value) < 0xFF {
		b = append(b, byte(len(value)))
	} else {
		b = binary.BigEndian.AppendUint16(append(b, 0xFF), uint16(len(value)))
	}
	return append(b, value...)
}

// fileStream gives the groupings of all files, one after another.
func (d Data) fileStream() ([]byte, error) {
	var b []byte
	for _, f := range d.Files {
		if len(f.Content) > maxDGI {
			return nil, fmt.Errorf("perso: %s has %d bytes, a data grouping holds %d", f.Name(), len(f.Content), maxDGI)
		}
		dgi := f.FID
		if f.MF {
			dgi += underMasterFile
		}
		b = appendDGI(b, dgi, f.Content)
	}
	return b, nil
}
