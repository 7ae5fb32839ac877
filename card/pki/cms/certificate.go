package cms

import (
	"bytes"
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// certificate is the little that SignedData needs of an X.509 certificate: whose it is, and the key.
type certificate struct {
	issuer, serial []byte // the whole Name; the content octets of the serial number
	keyID          []byte // subjectKeyIdentifier, nil if there is none
	publicKeyInfo  []byte // SubjectPublicKeyInfo
}

// readCertificate finds its way through a TBSCertificate (RFC 5280, section 4.1).
func readCertificate(der []byte) (certificate, error) {
	var c certificate
	in := cryptobyte.String(der)
	var outer, tbs, issuer, serial, info, skip cryptobyte.String
	ok := in.ReadASN1(&outer, cbasn1.SEQUENCE) && in.Empty() && outer.ReadASN1(&tbs, cbasn1.SEQUENCE) &&
		tbs.SkipOptionalASN1(cbasn1.Tag(0).Constructed().ContextSpecific()) &&
		tbs.ReadASN1(&serial, cbasn1.INTEGER) &&
		tbs.ReadASN1(&skip, cbasn1.SEQUENCE) && // signature algorithm
		tbs.ReadASN1Element(&issuer, cbasn1.SEQUENCE) &&
		tbs.ReadASN1(&skip, cbasn1.SEQUENCE) && // validity
		tbs.ReadASN1(&skip, cbasn1.SEQUENCE) && // subject
		tbs.ReadASN1Element(&info, cbasn1.SEQUENCE)
	if !ok {
		return c, malformed("a certificate is not in DER")
	}
	c.issuer, c.serial, c.publicKeyInfo = issuer, serial, info
	c.keyID, ok = readKeyID(tbs)
	if !ok {
		return c, malformed("the extensions of a certificate are not in DER")
	}
	return c, nil
}

// readKeyID looks through what follows the public key for the extension subjectKeyIdentifier.
func readKeyID(tbs cryptobyte.String) (keyID []byte, ok bool) {
	var wrapped, extensions cryptobyte.String
	var present bool
	for n := range uint8(2) { // unique identifiers [1] and [2], which nobody uses
		if !tbs.SkipOptionalASN1(cbasn1.Tag(n + 1).ContextSpecific()) {
			return nil, false
		}
	}
	if !tbs.ReadOptionalASN1(&wrapped, &present, cbasn1.Tag(3).Constructed().ContextSpecific()) || !tbs.Empty() {
		return nil, false
	}
	if !present {
		return nil, true
	}
	if !wrapped.ReadASN1(&extensions, cbasn1.SEQUENCE) || !wrapped.Empty() {
		return nil, false
	}
	for !extensions.Empty() {
		var extension, value, id cryptobyte.String
		var oid asn1.ObjectIdentifier
		if !extensions.ReadASN1(&extension, cbasn1.SEQUENCE) || !extension.ReadASN1ObjectIdentifier(&oid) ||
			!extension.SkipOptionalASN1(cbasn1.BOOLEAN) ||
			!extension.ReadASN1(&value, cbasn1.OCTET_STRING) || !extension.Empty() {
			return nil, false
		}
		if oid.String() != "2.5.29.14" {
			continue
		}
		if keyID != nil || !value.ReadASN1(&id, cbasn1.OCTET_STRING) || !value.Empty() {
			return nil, false
		}
		keyID = id
	}
	return keyID, true
}

// names tells whether the signer info means this certificate.
func (s signerInfo) names(c certificate) bool {
	if s.keyID != nil {
		return bytes.Equal(s.keyID, c.keyID)
	}
	return bytes.Equal(s.issuer, c.issuer) && bytes.Equal(s.serial, c.serial)
}
