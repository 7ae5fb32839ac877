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
//	0101 to 0110, 011D, 011E   the elementary file of that identifier, whole
//	8010                       K_seed of Basic Access Control, 16 bytes, encrypted under the DEK
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

// File is one elementary file of the eMRTD application.
type File struct {
	FID     uint16 `json:"fid"`
	Content []byte `json:"content"`
}

// Name gives the standard's name of the file.
func (f File) Name() string {
	if known, ok := lds.ByFID(f.FID); ok {
		return known.Name
	}
	return fmt.Sprintf("EF %04X", f.FID)
}

// Data is everything that personalisation writes to one chip. It contains personal data and keys.
type Data struct {
	Files   []File `json:"files"`
	BACSeed Secret `json:"bac_seed,omitempty"` // K_seed of BAC (Doc 9303-11, section 9.7.2), 16 bytes; none: no BAC
}

// File gives the content of the file with this identifier.
func (d Data) File(fid uint16) ([]byte, bool) {
	for _, f := range d.Files {
		if f.FID == fid {
			return f.Content, true
		}
	}
	return nil, false
}

// Secret is a key. It prints as [secret]; encoded for the register it is what it is.
type Secret []byte

// String hides the key from every way of printing that asks for text.
func (Secret) String() string { return "[secret]" }

// GoString hides the key from %#v.
func (Secret) GoString() string { return "[secret]" }

// DefaultKeys are the keys that everybody knows, with which blank GlobalPlatform cards leave the factory.
func DefaultKeys() scp.StaticKeys {
	return scp.StaticKeys{ENC: defaultKey(), MAC: defaultKey(), DEK: defaultKey()}
}

func defaultKey() []byte {
	return []byte{0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4A, 0x4B, 0x4C, 0x4D, 0x4E, 0x4F}
}

// The identifiers of the data groupings that are not files.
const dgiBACSeed = 0x8010

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
		b = appendDGI(b, f.FID, f.Content)
	}
	return b, nil
}
