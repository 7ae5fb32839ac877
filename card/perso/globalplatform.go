package perso

import (
	"encoding/binary"
	"fmt"
)

// The dialect globalplatform (Card Specification 2.3, sections 11.5, 11.10 and 11.11) writes data groupings (DGI), which
// are a table of our own:
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

// IssuerSecurityDomain gives the application identifier of GlobalPlatform's issuer security domain, through which a
// chip is personalised.
func IssuerSecurityDomain() []byte { return []byte{0xA0, 0, 0, 0x01, 0x51, 0, 0, 0} }

// The bits of P1 of STORE DATA (GlobalPlatform Card Specification 2.3, section 11.11.2.1).
const (
	storeDGI       = 0x08
	storeEncrypted = 0x60
	storeLast      = 0x80
)

// underMasterFile is added to the identifier of a file under the master file.
const underMasterFile = 0x8000

const maxDGI = 0xFFFF

// maxSecret bounds an encrypted password or key: an RSA key of 4,096 bits in PKCS #8 has less.
const maxSecret = 4096

// appendDGI appends one data grouping.
func appendDGI(b []byte, dgi uint16, value []byte) []byte {
	return append(appendDGIHeader(b, dgi, len(value)), value...)
}

func appendDGIHeader(b []byte, dgi uint16, size int) []byte {
	b = binary.BigEndian.AppendUint16(b, dgi)
	if size < 0xFF {
		return append(b, byte(size))
	}
	return binary.BigEndian.AppendUint16(append(b, 0xFF), uint16(size))
}

// dgiOf gives the grouping that carries a file.
func dgiOf(f File) (uint16, error) {
	if len(f.Content) > maxDGI {
		return 0, fmt.Errorf("perso: %s has %d bytes, a data grouping holds %d", f.Name(), len(f.Content), maxDGI)
	}
	if f.MF {
		return f.FID + underMasterFile, nil
	}
	return f.FID, nil
}
