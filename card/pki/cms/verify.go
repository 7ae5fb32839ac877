package cms

import (
	"bytes"
	"crypto"
	"fmt"

	"github.com/cancuoc/cancuoc/card/internal/x509"
)

// SignerCertificate gives the embedded certificate (DER) of the signer whom the signer info names. Being embedded is
// no reason to believe it: package pki judges its chain.
func (s SignedData) SignerCertificate() ([]byte, error) {
	var unread error
	for _, der := range s.Certificates {
		c, err := x509.ParseCertificate(der)
		if err == nil && s.signer.names(c) {
			return der, nil
		}
		if err != nil {
			unread = err
		}
	}
	if unread != nil {
		return nil, fmt.Errorf("%w: none of those inside that can be read is (%v)", ErrSigner, unread)
	}
	return nil, fmt.Errorf("%w: none of the %d certificates inside is", ErrSigner, len(s.Certificates))
}

// names tells whether the signer info means this certificate. Names are compared as package x509 does: chips are met that write the issuer in another string type than the certificate does.
func (s signerInfo) names(c *x509.Certificate) bool {
	if s.keyID != nil {
		return bytes.Equal(s.keyID, c.SubjectKeyID)
	}
	return s.issuer.EqualStrictly(c.Issuer) && s.serial.Cmp(c.Serial) == 0
}

// Weak tells whether the signature goes by way of SHA-1, under which two contents can have one signature. It has been
// verified like any other; how long that is good enough is for the caller to say, by the time of signing.
func (s SignedData) Weak() bool {
	return s.signer.digestAlgorithm == crypto.SHA1 || s.signer.algorithm.Weak()
}

// Verify checks that the holder of a certificate (DER) signed the content: the certificate is the one named, content
// type and message digest of the signed attributes are those of the content, the algorithms agree, and the signature
// over the signed attributes is right (RFC 5652, sections 5.4 to 5.6). A wrong signature is [ErrSignature]; an
// [UnsupportedError] means that nothing is known.
func (s SignedData) Verify(certificate []byte) error {
	c, err := x509.ParseCertificate(certificate)
	if err != nil {
		return refused(err)
	}
	if !s.signer.names(c) {
		return ErrSigner
	}
	if err := s.signer.checkHash(); err != nil {
		return err
	}
	key, err := c.Key()
	if err != nil {
		return refused(err)
	}
	if !s.signer.contentType.Equal(s.ContentType) {
		return fmt.Errorf("%w: the content type that was signed is another", ErrSignature)
	}
	if !bytes.Equal(s.signer.messageDigest, digest(s.signer.digestAlgorithm, s.Content)) {
		return fmt.Errorf("%w: the content is not the one that was signed", ErrSignature)
	}
	return refused(x509.Verify(s.signer.algorithm, key, asSet(s.signer.signedAttrs), s.signer.signature))
}

// checkHash checks that digest and signature are made with one hash function that is known here.
func (s signerInfo) checkHash() error {
	switch {
	case !s.algorithm.Known():
		return &UnsupportedError{s.algorithm.String()}
	case s.digestAlgorithm == 0:
		return &UnsupportedError{s.digestName}
	case s.digestAlgorithm != s.algorithm.Hash:
		return fmt.Errorf("%w: digest algorithm %v beside signature algorithm %v", ErrSignature, s.digestAlgorithm, s.algorithm)
	}
	return nil
}

// asSet gives the signed attributes as they are hashed: with the tag of a SET in place of [0] (RFC 5652, section 5.4).
func asSet(signedAttrs []byte) []byte {
	return append([]byte{0x31}, signedAttrs[1:]...)
}

func digest(hash crypto.Hash, b []byte) []byte {
	h := hash.New()
	h.Write(b)
	return h.Sum(nil)
}
