package cms

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"fmt"
)

// SignerCertificate gives the embedded certificate (DER) of the signer whom the signer info names. Being embedded is
// no reason to believe it: package pki judges its chain.
func (s SignedData) SignerCertificate() ([]byte, error) {
	for _, der := range s.Certificates {
		c, err := readCertificate(der)
		if err == nil && s.signer.names(c) {
			return der, nil
		}
	}
	return nil, fmt.Errorf("%w: none of the %d certificates inside is", ErrSigner, len(s.Certificates))
}

// Verify checks that the holder of a certificate (DER) signed the content: the certificate is the one named, content
// type and message digest of the signed attributes are those of the content, the algorithms agree, and the signature
// over the signed attributes is right (RFC 5652, sections 5.4 to 5.6). A wrong signature is [ErrSignature]; an
// [UnsupportedError] means that nothing is known.
func (s SignedData) Verify(certificate []byte) error {
	c, err := readCertificate(certificate)
	if err != nil {
		return err
	}
	if !s.signer.names(c) {
		return ErrSigner
	}
	hash, err := s.signer.hash()
	if err != nil {
		return err
	}
	key, err := ecdsaKey(c.publicKeyInfo)
	if err != nil {
		return err
	}
	if !s.signer.contentType.Equal(s.ContentType) {
		return fmt.Errorf("%w: the content type that was signed is another", ErrSignature)
	}
	if !bytes.Equal(s.signer.messageDigest, digest(hash, s.Content)) {
		return fmt.Errorf("%w: the content is not the one that was signed", ErrSignature)
	}
	if !ecdsa.VerifyASN1(key, digest(hash, asSet(s.signer.signedAttrs)), s.signer.signature) {
		return ErrSignature
	}
	return nil
}

// hash gives the hash function of digest and signature, which must be the same one.
func (si signerInfo) hash() (crypto.Hash, error) {
	signature := named(signatureAlgorithms(), si.signatureAlgorithm)
	if signature.hash == 0 {
		return 0, &UnsupportedError{signature.name}
	}
	digest := named(digestAlgorithms(), si.digestAlgorithm)
	if digest.hash == 0 {
		return 0, &UnsupportedError{digest.name}
	}
	if digest.hash != signature.hash {
		return 0, fmt.Errorf("%w: digest algorithm %s beside signature algorithm %s", ErrSignature, digest.name, signature.name)
	}
	return digest.hash, nil
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
