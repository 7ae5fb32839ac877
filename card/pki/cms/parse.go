package cms

import (
	"bytes"
	"encoding/asn1"
	"math/big"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/internal/x509"
)

// The tags [0] and [1] of RFC 5652: constructed, context-specific.
const (
	tag0 = cbasn1.Tag(0) | 0xA0
	tag1 = cbasn1.Tag(1) | 0xA0
)

// Parse reads a ContentInfo that holds SignedData of the profile (Doc 9303-10, table 37): DER, content inside,
// exactly one signer, signed attributes. All of the result are slices of der.
func Parse(der []byte) (SignedData, error) {
	in := cryptobyte.String(der)
	var info, wrapped, body cryptobyte.String
	var oid asn1.ObjectIdentifier
	if !in.ReadASN1(&info, cbasn1.SEQUENCE) || !in.Empty() || !x509.ReadOID(&info, &oid) {
		return SignedData{}, malformed("no ContentInfo in DER")
	}
	if !oid.Equal(oidSignedData()) {
		return SignedData{}, malformed("the content is of type %s, not SignedData", oid)
	}
	if !info.ReadASN1(&wrapped, tag0) || !info.Empty() || !wrapped.ReadASN1(&body, cbasn1.SEQUENCE) || !wrapped.Empty() {
		return SignedData{}, malformed("no SignedData in DER")
	}
	s := SignedData{Raw: der}
	err := s.read(body)
	return s, err
}

// read reads the members of SignedData (RFC 5652, section 5.1).
func (s *SignedData) read(in cryptobyte.String) error {
	var version int
	if !in.ReadASN1Integer(&version) {
		return malformed("there is no version")
	}
	digests, err := readDigestAlgorithms(&in)
	if err != nil {
		return err
	}
	if err := s.readContent(&in); err != nil {
		return err
	}
	if version != 3 && (version != 1 || !s.ContentType.Equal(oidData())) { // RFC 5652, section 5.1: 1 for id-data
		return malformed("the version is %d", version)
	}
	if err := s.readCertificates(&in); err != nil {
		return err
	}
	if !in.SkipOptionalASN1(tag1) { // revocation lists: Doc 9303-10 advises against them; they prove nothing here
		return malformed("the revocation lists are not in DER")
	}
	var signers cryptobyte.String
	if !in.ReadASN1(&signers, cbasn1.SET) || !in.Empty() {
		return malformed("no signer infos at the end")
	}
	if err := s.readSigner(signers); err != nil {
		return err
	}
	if !slices.Contains(digests, s.signer.digestName) {
		return malformed("the signer's digest algorithm is not among those announced")
	}
	return nil
}

func readDigestAlgorithms(in *cryptobyte.String) ([]string, error) {
	var set cryptobyte.String
	if !in.ReadASN1(&set, cbasn1.SET) || !sorted(set) {
		return nil, malformed("the digest algorithms are no SET in DER")
	}
	var names []string
	for !set.Empty() {
		_, oid, err := x509.ReadDigestAlgorithm(&set)
		if err != nil {
			return nil, refused(err)
		}
		names = append(names, oid.String())
	}
	return names, nil
}

func (s *SignedData) readContent(in *cryptobyte.String) error {
	var encap, wrapped, content cryptobyte.String
	if !in.ReadASN1(&encap, cbasn1.SEQUENCE) || !x509.ReadOID(&encap, &s.ContentType) {
		return malformed("no content type")
	}
	if !encap.ReadASN1(&wrapped, tag0) || !encap.Empty() ||
		!wrapped.ReadASN1(&content, cbasn1.OCTET_STRING) || !wrapped.Empty() {
		return malformed("no content inside")
	}
	s.Content = content
	return nil
}

// readCertificates reads the certificates, of which the profile wants the signer's at least.
func (s *SignedData) readCertificates(in *cryptobyte.String) error {
	var set cryptobyte.String
	if !in.ReadASN1(&set, tag0) || set.Empty() {
		return malformed("there is no certificate inside")
	}
	for !set.Empty() {
		var c cryptobyte.String
		if !set.ReadASN1Element(&c, cbasn1.SEQUENCE) {
			return malformed("a certificate is not in DER")
		}
		s.Certificates = append(s.Certificates, c)
	}
	return nil
}

// readSigner reads the one SignerInfo (RFC 5652, section 5.3).
func (s *SignedData) readSigner(signers cryptobyte.String) error {
	var in, signature cryptobyte.String
	if !signers.ReadASN1(&in, cbasn1.SEQUENCE) || !signers.Empty() {
		return malformed("there is not exactly one signer")
	}
	si := &s.signer
	if err := si.readIdentifier(&in); err != nil {
		return err
	}
	var oid asn1.ObjectIdentifier
	var err error
	if si.digestAlgorithm, oid, err = x509.ReadDigestAlgorithm(&in); err != nil {
		return refused(err)
	}
	si.digestName = oid.String()
	if err := s.readSignedAttrs(&in); err != nil {
		return err
	}
	if si.algorithm, err = x509.ReadAlgorithm(&in); err != nil {
		return refused(err)
	}
	si.algorithm = si.algorithm.WithHash(si.digestAlgorithm)
	s.Algorithm = si.algorithm.String()
	if !in.ReadASN1(&signature, cbasn1.OCTET_STRING) || !in.SkipOptionalASN1(tag1) || !in.Empty() {
		return malformed("no signature at the end of the signer info")
	}
	si.signature = signature
	return nil
}

// readIdentifier reads version and signer identifier, of which the one dictates the other.
func (si *signerInfo) readIdentifier(in *cryptobyte.String) error {
	var version int
	var id cryptobyte.String
	if !in.ReadASN1Integer(&version) {
		return malformed("the signer info has no version")
	}
	switch {
	case version == 1 && in.ReadASN1(&id, cbasn1.SEQUENCE):
		return si.readIssuerAndSerial(id)
	case version == 3 && in.ReadASN1(&id, cbasn1.Tag(0).ContextSpecific()) && len(id) > 0:
		si.keyID = id
	default:
		return malformed("the signer is named neither by issuer and serial number (version 1) nor by key identifier (version 3)")
	}
	return nil
}

func (si *signerInfo) readIssuerAndSerial(in cryptobyte.String) (err error) {
	if si.issuer, err = x509.ReadName(&in); err != nil {
		return refused(err)
	}
	si.serial = new(big.Int)
	if !in.ReadASN1Integer(si.serial) || !in.Empty() {
		return malformed("the signer's serial number is not in DER")
	}
	return nil
}

// readSignedAttrs reads the signed attributes and picks the three of the profile (RFC 5652, section 11): content
// type and message digest exactly once, signing time at most once. Others pass unread.
func (s *SignedData) readSignedAttrs(in *cryptobyte.String) error {
	var element, set cryptobyte.String
	if !in.PeekASN1Tag(tag0) || !in.ReadASN1Element(&element, tag0) {
		return malformed("there are no signed attributes")
	}
	s.signer.signedAttrs = element
	whole := element
	if !whole.ReadASN1(&set, tag0) || !sorted(set) {
		return malformed("the signed attributes are no SET in DER")
	}
	seen := map[string]bool{}
	for !set.Empty() {
		var attribute, values cryptobyte.String
		var oid asn1.ObjectIdentifier
		if !set.ReadASN1(&attribute, cbasn1.SEQUENCE) || !x509.ReadOID(&attribute, &oid) ||
			!attribute.ReadASN1(&values, cbasn1.SET) || !attribute.Empty() {
			return malformed("a signed attribute is not in DER")
		}
		if seen[oid.String()] {
			return malformed("signed attribute %s stands twice", oid)
		}
		seen[oid.String()] = true
		if err := s.readAttribute(oid, values); err != nil {
			return err
		}
	}
	if !seen[oidContentType().String()] || !seen[oidMessageDigest().String()] {
		return malformed("content type or message digest is missing from the signed attributes")
	}
	return nil
}

func (s *SignedData) readAttribute(oid asn1.ObjectIdentifier, values cryptobyte.String) error {
	ok := true
	switch {
	case oid.Equal(oidContentType()):
		ok = x509.ReadOID(&values, &s.signer.contentType) && values.Empty()
	case oid.Equal(oidMessageDigest()):
		var digest cryptobyte.String
		ok = values.ReadASN1(&digest, cbasn1.OCTET_STRING) && values.Empty()
		s.signer.messageDigest = digest
	case oid.Equal(oidSigningTime()):
		s.SigningTime, ok = x509.ReadTime(&values)
		ok = ok && values.Empty()
	}
	if !ok {
		return malformed("signed attribute %s does not hold its one value", oid)
	}
	return nil
}

// sorted tells whether the elements of a SET OF stand in the order of DER (X.690, section 11.6).
func sorted(set cryptobyte.String) bool {
	var last []byte
	for !set.Empty() {
		var element cryptobyte.String
		var tag cbasn1.Tag
		if !set.ReadAnyASN1Element(&element, &tag) || bytes.Compare(last, element) > 0 {
			return false
		}
		last = element
	}
	return true
}
