package x509

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Verify checks a signature over a message (Doc 9303-12, section 4.1.6). A wrong one, and a key that is not of the
// algorithm, is [ErrSignature]; an [UnsupportedError] means that nothing is known. SHA-1 verifies like every other hash:
// [Algorithm.Weak] tells, and the caller judges by the time of the signature.
func Verify(a Algorithm, key crypto.PublicKey, message, signature []byte) error {
	if !a.Known() || !a.Hash.Available() {
		return &UnsupportedError{a.String()}
	}
	digest, ok := sum(a.Hash, message), false
	switch k := key.(type) {
	case *rsa.PublicKey:
		ok = a.verifyRSA(k, digest, signature)
	case *PSSPublicKey:
		ok = a.scheme == pss && a.verifyPSS(&k.PublicKey, digest, signature)
	case *ecdsa.PublicKey:
		ok = a.scheme == ecdsaDER && ecdsa.VerifyASN1(k, digest, signature)
	case *ECPublicKey:
		ok = a.scheme == ecdsaDER && k.Verify(digest, signature)
	}
	if !ok {
		return ErrSignature
	}
	return nil
}

func (a Algorithm) verifyRSA(key *rsa.PublicKey, digest, signature []byte) bool {
	switch a.scheme {
	case pkcs1:
		return rsa.VerifyPKCS1v15(key, a.Hash, digest, signature) == nil
	case pss:
		return a.verifyPSS(key, digest, signature)
	}
	return false
}

// Verify reads Ecdsa-Sig-Value (RFC 3279, section 2.2.3) and checks it.
func (k *ECPublicKey) Verify(digest, signature []byte) bool {
	in := cryptobyte.String(signature)
	var seq cryptobyte.String
	var r, s []byte
	return in.ReadASN1(&seq, cbasn1.SEQUENCE) && in.Empty() &&
		seq.ReadASN1Integer(&r) && seq.ReadASN1Integer(&s) && seq.Empty() &&
		k.Curve.Verify(k.Point, digest, r, s)
}
