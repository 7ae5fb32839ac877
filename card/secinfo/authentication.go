package secinfo

import (
	"bytes"
	"encoding/asn1"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/sm"
)

// ChipAuthenticationInfo offers Chip Authentication (Doc 9303-11, section 9.2.5).
type ChipAuthenticationInfo struct {
	Agreement Agreement
	Suite     sm.Suite
	Version   int  // 1; other versions are read and left to the caller to decline
	KeyID     *int // names the key among several; none if the chip has but one
}

// Protocol gives the object identifier, which is also how MSE:Set AT names the protocol.
func (i ChipAuthenticationInfo) Protocol() asn1.ObjectIdentifier {
	return bsiProtocol(3, keyArc(i.Agreement), suiteArc(i.Suite))
}

// String describes the info, for example "CA-ECDH with AES-128".
func (i ChipAuthenticationInfo) String() string {
	return fmt.Sprintf("CA-%v with %v", i.Agreement, i.Suite)
}

// keyArc numbers the key agreements below id-PK and id-CA.
func keyArc(a Agreement) int {
	if a == DH {
		return 1
	}
	return 2
}

func arcKey(arc int) (Agreement, bool) {
	if arc == 1 {
		return DH, true
	}
	return ECDH, arc == 2
}

// ChipAuthenticationProtocol reads an object identifier of Chip Authentication: all of its info but version and key.
func ChipAuthenticationProtocol(oid asn1.ObjectIdentifier) (ChipAuthenticationInfo, bool) {
	arcs, ok := below(oid, bsiProtocol(3), 2)
	if !ok {
		return ChipAuthenticationInfo{}, false
	}
	agreement, ok1 := arcKey(arcs[0])
	suite, ok2 := arcSuite(arcs[1])
	return ChipAuthenticationInfo{Agreement: agreement, Suite: suite, Version: 1}, ok1 && ok2
}

func isChipAuthentication(oid asn1.ObjectIdentifier) bool {
	_, ok := ChipAuthenticationProtocol(oid)
	return ok
}

func readChipAuthentication(e *entry) (ChipAuthenticationInfo, error) {
	info, _ := ChipAuthenticationProtocol(e.protocol)
	var err error
	if info.Version, err = e.readNumber("version"); err != nil {
		return info, err
	}
	info.KeyID, err = e.readID()
	return info, err
}

func (i ChipAuthenticationInfo) add(b *cryptobyte.Builder) {
	if i.Suite > sm.AES256 {
		b.SetError(fmt.Errorf("there is no %v", i))
		return
	}
	b.AddASN1ObjectIdentifier(i.Protocol())
	b.AddASN1Int64(int64(i.Version))
	addID(b, i.KeyID)
}

// ChipAuthenticationPublicKeyInfo holds a static key of the chip, for Chip Authentication or for PACE with chip
// authentication mapping (Doc 9303-11, section 9.2.6).
type ChipAuthenticationPublicKeyInfo struct {
	Agreement Agreement
	Key       []byte // SubjectPublicKeyInfo; ParsePublicKey reads it
	KeyID     *int   // names the key among several; for chip authentication mapping it is the parameterId of the PACEInfo
}

func isChipAuthenticationKey(oid asn1.ObjectIdentifier) bool {
	arcs, ok := below(oid, bsiProtocol(1), 1)
	if ok {
		_, ok = arcKey(arcs[0])
	}
	return ok
}

func readChipAuthenticationKey(e *entry) (ChipAuthenticationPublicKeyInfo, error) {
	var info ChipAuthenticationPublicKeyInfo
	arcs, _ := below(e.protocol, bsiProtocol(1), 1)
	info.Agreement, _ = arcKey(arcs[0])
	var key cryptobyte.String
	if !e.data.ReadASN1Element(&key, cbasn1.SEQUENCE) {
		return info, fmt.Errorf("its key is no SubjectPublicKeyInfo")
	}
	if _, _, err := splitKey(key); err != nil {
		return info, err
	}
	info.Key = bytes.Clone(key)
	var err error
	info.KeyID, err = e.readID()
	return info, err
}

func (i ChipAuthenticationPublicKeyInfo) add(b *cryptobyte.Builder) {
	b.AddASN1ObjectIdentifier(bsiProtocol(1, keyArc(i.Agreement)))
	b.AddBytes(i.Key)
	addID(b, i.KeyID)
}

// TerminalAuthenticationInfo tells that the chip asks terminals for their rights (Doc 9303-11, section 9.2.8 and
// appendix K.2).
type TerminalAuthenticationInfo struct {
	Version int // 1; other versions are read and left to the caller to decline
	EFCVCA  FileID
}

// FileID is where EF.CVCA lies if not at 011C. The zero value says nothing.
type FileID struct {
	FID uint16
	SFI byte // 0: none
}

func readTerminalAuthentication(e *entry) (TerminalAuthenticationInfo, error) {
	var info TerminalAuthenticationInfo
	var err error
	if info.Version, err = e.readNumber("version"); err != nil || e.data.Empty() {
		return info, err
	}
	var file, fid, sfi cryptobyte.String
	var hasSFI bool
	if !e.data.ReadASN1(&file, cbasn1.SEQUENCE) || !file.ReadASN1(&fid, cbasn1.OCTET_STRING) || len(fid) != 2 ||
		!file.ReadOptionalASN1(&sfi, &hasSFI, cbasn1.OCTET_STRING) || hasSFI && len(sfi) != 1 || !file.Empty() {
		return info, fmt.Errorf("its FileID is not two bytes and perhaps one more")
	}
	info.EFCVCA.FID = uint16(fid[0])<<8 | uint16(fid[1])
	if hasSFI {
		info.EFCVCA.SFI = sfi[0]
	}
	if info.EFCVCA.FID == 0 || hasSFI && (info.EFCVCA.SFI == 0 || info.EFCVCA.SFI > 30) {
		return info, fmt.Errorf("its FileID names no file")
	}
	return info, nil
}

func (i TerminalAuthenticationInfo) add(b *cryptobyte.Builder) {
	b.AddASN1ObjectIdentifier(idTA())
	b.AddASN1Int64(int64(i.Version))
	if i.EFCVCA.FID == 0 {
		return
	}
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1OctetString([]byte{byte(i.EFCVCA.FID >> 8), byte(i.EFCVCA.FID)})
		if i.EFCVCA.SFI != 0 {
			b.AddASN1OctetString([]byte{i.EFCVCA.SFI})
		}
	})
}

// ActiveAuthenticationInfo tells the signature algorithm of Active Authentication, which a chip with an ECDSA key must
// (Doc 9303-11, section 9.2.4).
type ActiveAuthenticationInfo struct {
	Version            int // 1
	SignatureAlgorithm asn1.ObjectIdentifier
}

func readActiveAuthentication(e *entry) (ActiveAuthenticationInfo, error) {
	var info ActiveAuthenticationInfo
	var err error
	if info.Version, err = e.readNumber("version"); err != nil {
		return info, err
	}
	if !e.data.ReadASN1ObjectIdentifier(&info.SignatureAlgorithm) {
		return info, fmt.Errorf("its signature algorithm is no object identifier")
	}
	return info, nil
}

func (i ActiveAuthenticationInfo) add(b *cryptobyte.Builder) {
	b.AddASN1ObjectIdentifier(idAA())
	b.AddASN1Int64(int64(i.Version))
	b.AddASN1ObjectIdentifier(i.SignatureAlgorithm)
}
