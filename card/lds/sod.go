package lds

import (
	"encoding/asn1"
	"fmt"
	"time"

	"github.com/cancuoc/cancuoc/card/pki/cms"
	"github.com/cancuoc/cancuoc/card/tlv"
)

// SOD is the content of EF.SOD, parsed but not yet believed: SignedData.Verify and the chain of the document
// signer's certificate decide that.
type SOD struct {
	Raw            []byte // the whole file
	SignedData     cms.SignedData
	SecurityObject SecurityObject
}

// SecurityObjectType is id-icao-mrtd-security-ldsSecurityObject, the content type of EF.SOD (Doc 9303-10, section
// 4.6.2.3).
func SecurityObjectType() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{2, 23, 136, 1, 1, 1} }

// dataType is id-data, by which one state is known to name what EF.SOD holds, against Doc 9303-10, section 4.6.2.2. What
// is inside must be a security object all the same, and the signed attributes must say id-data too.
func dataType() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1} }

// SignSOD gives EF.SOD: the security object signed by a document signer, whose certificate goes inside (Doc 9303-10,
// section 4.6.2). The time becomes the signing time.
func SignSOD(object SecurityObject, signer cms.Signer, at time.Time) ([]byte, error) {
	content, err := object.Encode()
	if err != nil {
		return nil, err
	}
	signed, err := cms.Sign(content, SecurityObjectType(), signer, at)
	if err != nil {
		return nil, fmt.Errorf("lds: sign EF.SOD: %w", err)
	}
	return tlv.Encode(0x77, signed), nil
}

// ParseSOD reads EF.SOD. It verifies no signature.
func ParseSOD(file []byte) (SOD, error) {
	der, err := tlv.ParseOne(file, 0x77)
	if err != nil {
		return SOD{}, fmt.Errorf("lds: EF.SOD: %w", err)
	}
	signed, err := cms.Parse(der)
	if err != nil {
		return SOD{}, fmt.Errorf("lds: EF.SOD: %w", err)
	}
	if !signed.ContentType.Equal(SecurityObjectType()) && !signed.ContentType.Equal(dataType()) {
		return SOD{}, fmt.Errorf("lds: EF.SOD: content type %s is not that of an LDS security object", signed.ContentType)
	}
	object, err := ParseSecurityObject(signed.Content)
	if err != nil {
		return SOD{}, err
	}
	return SOD{Raw: file, SignedData: signed, SecurityObject: object}, nil
}
