package lds

import (
	"encoding/asn1"
	"fmt"
	"time"

	"github.com/cancuoc/cancuoc/card/pki/cms"
	"github.com/cancuoc/cancuoc/card/secinfo"
)

// CardSecurity is the content of EF.CardSecurity, parsed but not yet believed: SignedData.Verify and the chain of the
// document signer's certificate decide that (Doc 9303-11, section 9.2.11; Doc 9303-10, section 3.11.4).
type CardSecurity struct {
	Raw        []byte // the whole file
	SignedData cms.SignedData
	Infos      secinfo.Infos
}

// CardSecurityType is id-SecurityObject, the content type of EF.CardSecurity (Doc 9303-10, section 3.11.4).
func CardSecurityType() asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 3, 2, 1}
}

// SignCardSecurity gives EF.CardSecurity: the SecurityInfos signed by a document signer, whose certificate goes inside.
func SignCardSecurity(infos secinfo.Infos, signer cms.Signer, at time.Time) ([]byte, error) {
	content, err := infos.Encode()
	if err != nil {
		return nil, err
	}
	signed, err := cms.Sign(content, CardSecurityType(), signer, at)
	if err != nil {
		return nil, fmt.Errorf("lds: sign EF.CardSecurity: %w", err)
	}
	return signed, nil
}

// ParseCardSecurity reads EF.CardSecurity. It verifies no signature.
func ParseCardSecurity(file []byte) (CardSecurity, error) {
	signed, err := cms.Parse(file)
	if err != nil {
		return CardSecurity{}, fmt.Errorf("lds: EF.CardSecurity: %w", err)
	}
	if !signed.ContentType.Equal(CardSecurityType()) {
		return CardSecurity{}, fmt.Errorf("lds: EF.CardSecurity: content type %s is not that of a security object", signed.ContentType)
	}
	infos, err := secinfo.Parse(signed.Content)
	if err != nil {
		return CardSecurity{}, fmt.Errorf("lds: EF.CardSecurity: %w", err)
	}
	return CardSecurity{Raw: file, SignedData: signed, Infos: infos}, nil
}
