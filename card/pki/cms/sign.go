package cms

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/asn1"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Sign gives a ContentInfo with SignedData over content: version 3, the signer's certificate inside, one signer named
// by issuer and serial number, and the signed attributes content type, message digest and signing time. The key must
// be on P-256; the signature is ECDSA with SHA-256. It is verified against the certificate before it is given out,
// so a key that does not belong to the certificate is an error here and not a batch of void cards.
func Sign(content []byte, contentType asn1.ObjectIdentifier, signer Signer, at time.Time) ([]byte, error) {
	c, err := readCertificate(signer.Certificate)
	if err != nil {
		return nil, err
	}
	if err := checkKey(signer.Key); err != nil {
		return nil, err
	}
	attrs, err := signedAttributes(content, contentType, at)
	if err != nil {
		return nil, err
	}
	// crypto/ecdsa mixes the reader with the key and the digest; a token ignores it.
	signature, err := signer.Key.Sign(rand.Reader, digest(crypto.SHA256, asSet(attrs)), crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("cms: sign: %w", err)
	}
	der, err := encode(content, contentType, signer.Certificate, c, attrs, signature)
	if err != nil {
		return nil, err
	}
	if err := checkOwn(der, signer.Certificate); err != nil {
		return nil, err
	}
	return der, nil
}

func checkKey(key crypto.Signer) error {
	if key == nil {
		return fmt.Errorf("cms: there is no key to sign with")
	}
	public, ok := key.Public().(*ecdsa.PublicKey)
	if !ok {
		return &UnsupportedError{fmt.Sprintf("signing key %T", key.Public())}
	}
	if public.Curve != elliptic.P256() {
		return &UnsupportedError{"signing key on " + public.Curve.Params().Name}
	}
	return nil
}

func checkOwn(der, certificate []byte) error {
	s, err := Parse(der)
	if err == nil {
		err = s.Verify(certificate)
	}
	if err != nil {
		return fmt.Errorf("cms: the signature just made does not verify, does the key belong to the certificate: %w", err)
	}
	return nil
}

// signedAttributes gives the element SignedAttributes, tag [0], its members in the order of DER.
func signedAttributes(content []byte, contentType asn1.ObjectIdentifier, at time.Time) ([]byte, error) {
	hash := digest(crypto.SHA256, content)
	var attributes [][]byte
	var err error
	add := func(oid asn1.ObjectIdentifier, value func(b *cryptobyte.Builder)) {
		var b cryptobyte.Builder
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oid)
			b.AddASN1(cbasn1.SET, value)
		})
		der, e := b.Bytes()
		attributes = append(attributes, der)
		if e != nil {
			err = e
		}
	}
	add(oidContentType(), func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(contentType) })
	add(oidMessageDigest(), func(b *cryptobyte.Builder) { b.AddASN1OctetString(hash) })
	add(oidSigningTime(), func(b *cryptobyte.Builder) { addTime(b, at.UTC()) })
	if err != nil {
		return nil, fmt.Errorf("cms: signed attributes: %w", err)
	}
	slices.SortFunc(attributes, bytes.Compare)
	var b cryptobyte.Builder
	b.AddASN1(tag0, func(b *cryptobyte.Builder) { b.AddBytes(bytes.Join(attributes, nil)) })
	return b.Bytes()
}

func addTime(b *cryptobyte.Builder, at time.Time) {
	if at.Year() >= 1950 && at.Year() < 2050 {
		b.AddASN1UTCTime(at)
	} else {
		b.AddASN1GeneralizedTime(at)
	}
}

// encode lays the parts out (RFC 5652, sections 3, 5.1 and 5.3).
func encode(content []byte, contentType asn1.ObjectIdentifier, certificate []byte, c certificate, attrs, signature []byte) ([]byte, error) {
	const seq, set = cbasn1.SEQUENCE, cbasn1.SET
	type builder = *cryptobyte.Builder
	signerInfo := func(b builder) {
		b.AddASN1Int64(1)
		b.AddASN1(seq, func(b builder) {
			b.AddBytes(c.issuer)
			b.AddASN1(cbasn1.INTEGER, func(b builder) { b.AddBytes(c.serial) })
		})
		addAlgorithm(b, oidSHA256())
		b.AddBytes(attrs)
		addAlgorithm(b, oidECDSAWithSHA256())
		b.AddASN1OctetString(signature)
	}
	signedData := func(b builder) {
		b.AddASN1Int64(3)
		b.AddASN1(set, func(b builder) { addAlgorithm(b, oidSHA256()) })
		b.AddASN1(seq, func(b builder) {
			b.AddASN1ObjectIdentifier(contentType)
			b.AddASN1(tag0, func(b builder) { b.AddASN1OctetString(content) })
		})
		b.AddASN1(tag0, func(b builder) { b.AddBytes(certificate) })
		b.AddASN1(set, func(b builder) { b.AddASN1(seq, signerInfo) })
	}
	var b cryptobyte.Builder
	b.AddASN1(seq, func(b builder) {
		b.AddASN1ObjectIdentifier(oidSignedData())
		b.AddASN1(tag0, func(b builder) { b.AddASN1(seq, signedData) })
	})
	return b.Bytes()
}
