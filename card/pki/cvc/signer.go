package cvc

import (
	"crypto"
	stdecdsa "crypto/ecdsa"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/internal/x509"
)

// SignerOf makes a Signer of a key that is kept anywhere: in a file, on a token. It answers ECDSA in DER, RSA in PKCS #1
// v1.5 or in PSS, as crypto.Signer has it. No signature leaves that has not been verified.
func SignerOf(key crypto.Signer, a Algorithm) (Signer, error) {
	row, err := a.row()
	if err != nil {
		return nil, err
	}
	if key == nil {
		return nil, errors.New("cvc: there is no private key")
	}
	public, err := publicKeyOf(key.Public(), a)
	if err != nil {
		return nil, err
	}
	if (public.RSA == nil) != (row.method == ecdsa) {
		return nil, fmt.Errorf("cvc: the private key is not one for %v", a)
	}
	return &signer{key, public, row}, nil
}

// AlgorithmFor gives the algorithm that fits a key: ECDSA with the hash as long as the curve, or RSA with PSS and SHA-256
// (Doc 9303-11, tables 7 and 8).
func AlgorithmFor(key crypto.PublicKey) (Algorithm, error) {
	public, err := publicKeyOf(key, ECDSASHA256)
	switch {
	case err != nil:
		return 0, err
	case public.RSA != nil:
		return RSAPSSSHA256, nil
	case public.Curve.Size() < 32:
		return ECDSASHA224, nil
	case public.Curve.Size() < 40:
		return ECDSASHA256, nil
	case public.Curve.Size() < 64:
		return ECDSASHA384, nil
	}
	return ECDSASHA512, nil
}

// publicKeyOf gives a public key as certificates have it, of whichever type the key's keeper has.
func publicKeyOf(key crypto.PublicKey, a Algorithm) (PublicKey, error) {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return ofRSA(k, a)
	case *x509.PSSPublicKey:
		return ofRSA(&k.PublicKey, a)
	case *x509.ECPublicKey:
		return PublicKey{Algorithm: a, Curve: k.Curve, Point: k.Point.Bytes()}, nil
	case *stdecdsa.PublicKey:
		if curve := x509.CurveOf(k.Curve); curve != nil {
			point, err := k.Bytes()
			return PublicKey{Algorithm: a, Curve: curve, Point: point}, err
		}
	}
	return PublicKey{}, fmt.Errorf("cvc: a key %T does not sign certificates", key)
}

// ofRSA takes the keys that [Parse] would read again.
func ofRSA(k *rsa.PublicKey, a Algorithm) (PublicKey, error) {
	if bits := k.N.BitLen(); bits < minModulus || bits > maxModulus || k.E > maxExponent {
		return PublicKey{}, fmt.Errorf("cvc: RSA with %d bits; certificates have %d to %d", bits, minModulus, maxModulus)
	}
	return PublicKey{Algorithm: a, RSA: k}, nil
}

// signer is a crypto.Signer with the algorithm that its certificate names.
type signer struct {
	key    crypto.Signer
	public PublicKey
	row    algorithm
}

// Public gives the public key with its curve.
func (s *signer) Public() (PublicKey, error) { return s.public, nil }

// Sign signs a message and verifies the signature.
func (s *signer) Sign(rand io.Reader, message []byte) ([]byte, error) {
	var options crypto.SignerOpts = s.row.hash
	if s.row.method == rsaPSS {
		options = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: s.row.hash}
	}
	signature, err := s.key.Sign(rand, s.row.digest(message), options)
	if err != nil {
		return nil, fmt.Errorf("cvc: sign: %w", err)
	}
	if s.row.method == ecdsa {
		if signature, err = plainSignature(signature, s.public.Curve.Size()); err != nil {
			return nil, err
		}
	}
	if err := s.public.Verify(message, signature); err != nil {
		return nil, fmt.Errorf("cvc: what the key has signed: %w", err)
	}
	return signature, nil
}

// plainSignature takes r and s out of an Ecdsa-Sig-Value and writes them at their full length (Doc 9303-11, section
// 7.1.4.2.1).
func plainSignature(der []byte, size int) ([]byte, error) {
	in := cryptobyte.String(der)
	var seq cryptobyte.String
	var r, s []byte
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() || !seq.ReadASN1Integer(&r) || !seq.ReadASN1Integer(&s) || !seq.Empty() ||
		len(r) > size || len(s) > size {
		return nil, errors.New("cvc: the key has signed with something that is no signature by ECDSA")
	}
	plain := make([]byte, 2*size)
	copy(plain[size-len(r):], r)
	copy(plain[2*size-len(s):], s)
	return plain, nil
}
