package cvc

import (
	"crypto"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/cancuoc/cancuoc/card/internal/ec"
	"github.com/cancuoc/cancuoc/card/internal/x509"
)

// Signer is a private key, wherever it is kept, that signs certificates and a terminal's answers.
type Signer interface {
	// Public gives the public key with its curve.
	Public() (PublicKey, error)
	// Sign signs a message, which it hashes itself, in the form that [PublicKey.Verify] takes.
	Sign(rand io.Reader, message []byte) ([]byte, error)
}

// PrivateKey is a Signer whose key is in memory. It prints as [secret].
type PrivateKey struct {
	Algorithm Algorithm
	RSA       *rsa.PrivateKey
	Curve     *ec.Curve
	D         []byte // the private scalar, as long as the curve's order
}

// String hides the key.
func (PrivateKey) String() string { return "[secret]" }

// GoString hides the key from %#v.
func (PrivateKey) GoString() string { return "[secret]" }

// LogValue hides the key from log/slog.
func (PrivateKey) LogValue() slog.Value { return slog.StringValue("[secret]") }

// GenerateEC draws a key for an algorithm of ECDSA from rand, on the curve with this identifier of the standardised
// domain parameters (Doc 9303-11, section 9.5.1).
func GenerateEC(a Algorithm, parameterID int, rand io.Reader) (*PrivateKey, error) {
	row, err := a.row()
	if err != nil {
		return nil, err
	}
	if row.method != ecdsa {
		return nil, fmt.Errorf("cvc: %v does not sign on a curve", a)
	}
	curve, err := ec.ByParameterID(parameterID)
	if err != nil {
		return nil, err
	}
	d, err := curve.DrawScalar(rand)
	if err != nil {
		return nil, err
	}
	return &PrivateKey{Algorithm: a, Curve: curve, D: d}, nil
}

// GenerateRSA makes a key of 2,048 to 4,096 bits for an algorithm of RSA.
func GenerateRSA(a Algorithm, bits int, rand io.Reader) (*PrivateKey, error) {
	row, err := a.row()
	if err != nil {
		return nil, err
	}
	if row.method == ecdsa {
		return nil, fmt.Errorf("cvc: %v does not sign with RSA", a)
	}
	if bits < strongModulus || bits > maxModulus {
		return nil, fmt.Errorf("cvc: RSA keys are made with %d to %d bits", strongModulus, maxModulus)
	}
	key, err := rsa.GenerateKey(rand, bits)
	if err != nil {
		return nil, fmt.Errorf("cvc: make an RSA key: %w", err)
	}
	return &PrivateKey{Algorithm: a, RSA: key}, nil
}

// Public gives the public key.
func (k *PrivateKey) Public() (PublicKey, error) {
	if k.RSA != nil {
		return PublicKey{Algorithm: k.Algorithm, RSA: &k.RSA.PublicKey}, nil
	}
	if k.Curve == nil {
		return PublicKey{}, errors.New("cvc: there is no private key")
	}
	point, err := k.Curve.MulBase(k.D)
	if err != nil {
		return PublicKey{}, err
	}
	return PublicKey{Algorithm: k.Algorithm, Curve: k.Curve, Point: point.Bytes()}, nil
}

// Sign signs a message (Doc 9303-11, sections 7.1.4.1.1 and 7.1.4.2.1).
func (k *PrivateKey) Sign(rand io.Reader, message []byte) ([]byte, error) {
	row, err := k.Algorithm.row()
	if err != nil {
		return nil, err
	}
	digest := row.digest(message)
	switch {
	case row.method == ecdsa && k.Curve != nil:
		r, s, err := k.Curve.Sign(rand, k.D, digest)
		return append(r, s...), err
	case row.method == rsaV15 && k.RSA != nil:
		return rsa.SignPKCS1v15(nil, k.RSA, row.hash, digest)
	case row.method == rsaPSS && k.RSA != nil:
		options := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
		return rsa.SignPSS(rand, k.RSA, row.hash, digest, options)
	}
	return nil, fmt.Errorf("cvc: the private key is not one for %v", k.Algorithm)
}

var _ Signer = (*PrivateKey)(nil)

// errKey says nothing of the key's bytes.
var errKey = errors.New("cvc: not a private key by PKCS #8 for RSA or a curve that is known")

// Encode gives the key by PKCS #8, with the curve by name. It is for the caller to seal it. The algorithm is not in
// it: it stands in the certificate.
func (k *PrivateKey) Encode() ([]byte, error) {
	var key crypto.Signer = k.RSA
	if k.RSA == nil {
		var err error
		if key, err = x509.NewECPrivateKey(k.Curve, k.D); err != nil {
			return nil, fmt.Errorf("cvc: %w", err)
		}
	}
	return x509.MarshalPrivateKey(key)
}

// ParsePrivateKey reads a key by PKCS #8 that signs by this algorithm: RSA, or a curve that is named or spelled out.
func ParsePrivateKey(der []byte, a Algorithm) (*PrivateKey, error) {
	row, err := a.row()
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePrivateKey(der)
	if err != nil {
		return nil, errKey
	}
	key, isRSA := parsed.(*rsa.PrivateKey)
	switch {
	case isRSA != (row.method != ecdsa):
		return nil, errKey
	case isRSA:
		return &PrivateKey{Algorithm: a, RSA: key}, nil
	}
	curve, d, err := x509.Scalar(parsed)
	if err != nil {
		return nil, errKey
	}
	return &PrivateKey{Algorithm: a, Curve: curve, D: d}, nil
}
