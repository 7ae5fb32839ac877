package cms

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/internal/x509"
)

// Sign gives a ContentInfo with SignedData over content: version 3, the signer's certificate inside and those above it,
// one signer, and the signed attributes content type, message digest and signing time. The signature is verified against
// the certificate before it is given out, so a key that does not belong to the certificate is an error here and not a
// batch of void cards.
func Sign(content []byte, contentType asn1.ObjectIdentifier, signer Signer, at time.Time) ([]byte, error) {
	e := envelope{content: content, contentType: contentType}
	var err error
	if e.certificate, err = x509.ParseCertificate(signer.Certificate); err != nil {
		return nil, refused(err)
	}
	if signer.Key == nil {
		return nil, errors.New("cms: there is no key to sign with")
	}
	if signer.ByKeyID && len(e.certificate.SubjectKeyID) == 0 {
		return nil, fmt.Errorf("%w: it has no key identifier to name it by", ErrSigner)
	}
	public, err := e.certificate.Key()
	if err != nil {
		return nil, refused(err)
	}
	if e.algorithm, err = x509.AlgorithmFor(public, signer.Hash, signer.PSS); err != nil {
		return nil, refused(err)
	}
	if e.attrs, err = signedAttributes(e.algorithm.Hash, content, contentType, at); err != nil {
		return nil, err
	}
	// crypto/ecdsa mixes the reader with the key and the digest; a token ignores it.
	if e.signature, err = x509.Sign(rand.Reader, e.algorithm, signer.Key, asSet(e.attrs)); err != nil {
		return nil, fmt.Errorf("cms: %w", err)
	}
	der, err := e.encode(signer)
	if err != nil {
		return nil, err
	}
	if err := checkOwn(der, signer.Certificate); err != nil {
		return nil, err
	}
	return der, nil
}

// envelope is what a ContentInfo is laid out of.
type envelope struct {
	content     []byte
	contentType asn1.ObjectIdentifier
	certificate *x509.Certificate
	algorithm   x509.Algorithm
	attrs       []byte
	signature   []byte
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
func signedAttributes(algorithm crypto.Hash, content []byte, contentType asn1.ObjectIdentifier, at time.Time) ([]byte, error) {
	hash := digest(algorithm, content)
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
	add(oidSigningTime(), func(b *cryptobyte.Builder) { x509.AddTime(b, at) })
	if err != nil {
		return nil, fmt.Errorf("cms: signed attributes: %w", err)
	}
	slices.SortFunc(attributes, bytes.Compare)
	var b cryptobyte.Builder
	b.AddASN1(tag0, func(b *cryptobyte.Builder) { b.AddBytes(bytes.Join(attributes, nil)) })
	return b.Bytes()
}

// encode lays the parts out (RFC 5652, sections 3 and 5.1).
func (e envelope) encode(signer Signer) ([]byte, error) {
	const seq, set = cbasn1.SEQUENCE, cbasn1.SET
	type builder = *cryptobyte.Builder
	signedData := func(b builder) {
		b.AddASN1Int64(3)
		b.AddASN1(set, func(b builder) { x509.AddDigestAlgorithm(b, e.algorithm.Hash) })
		b.AddASN1(seq, func(b builder) {
			b.AddASN1ObjectIdentifier(e.contentType)
			b.AddASN1(tag0, func(b builder) { b.AddASN1OctetString(e.content) })
		})
		b.AddASN1(tag0, func(b builder) { b.AddBytes(certificateSet(e.certificate.Raw, signer.Above)) })
		b.AddASN1(set, func(b builder) { b.AddASN1(seq, func(b builder) { e.addSignerInfo(b, signer.ByKeyID) }) })
	}
	var b cryptobyte.Builder
	b.AddASN1(seq, func(b builder) {
		b.AddASN1ObjectIdentifier(oidSignedData())
		b.AddASN1(tag0, func(b builder) { b.AddASN1(seq, signedData) })
	})
	return b.Bytes()
}

// addSignerInfo writes the members of SignerInfo (RFC 5652, section 5.3).
func (e envelope) addSignerInfo(b *cryptobyte.Builder, byKeyID bool) {
	if byKeyID {
		b.AddASN1Int64(3)
		b.AddASN1(cbasn1.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(e.certificate.SubjectKeyID) })
	} else {
		b.AddASN1Int64(1)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(e.certificate.Issuer.Raw)
			b.AddASN1BigInt(e.certificate.Serial)
		})
	}
	x509.AddDigestAlgorithm(b, e.algorithm.Hash)
	b.AddBytes(e.attrs)
	e.algorithm.Add(b)
	b.AddASN1OctetString(e.signature)
}

// certificateSet gives the members of CertificateSet, each once and in the order of DER.
func certificateSet(own []byte, above [][]byte) []byte {
	all := append([][]byte{own}, above...)
	slices.SortFunc(all, bytes.Compare)
	return bytes.Join(slices.CompactFunc(all, bytes.Equal), nil)
}
