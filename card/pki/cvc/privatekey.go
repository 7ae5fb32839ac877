package cvc

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/internal/ec"
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

// The object identifiers of an elliptic curve key (RFC 5480, X9.62).
var (
	oidECPublicKey = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	oidPrimeField  = asn1.ObjectIdentifier{1, 2, 840, 10045, 1, 1}
)

// Encode gives the key by PKCS #8, with the curve by name. It is for the caller to seal it. The algorithm is not in
// it: it stands in the certificate.
func (k *PrivateKey) Encode() ([]byte, error) {
	if k.RSA != nil {
		return x509.MarshalPKCS8PrivateKey(k.RSA)
	}
	public, err := k.Public()
	if err != nil {
		return nil, err
	}
	var inner cryptobyte.Builder
	inner.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1OctetString(k.D)
		b.AddASN1(cbasn1.Tag(1).Constructed().ContextSpecific(), func(b *cryptobyte.Builder) { b.AddASN1BitString(public.Point) })
	})
	der, err := inner.Bytes()
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidECPublicKey)
			b.AddASN1ObjectIdentifier(k.Curve.OID())
		})
		b.AddASN1OctetString(der)
	})
	return b.Bytes()
}

// ParsePrivateKey reads a key by PKCS #8 that signs by this algorithm: RSA, or a curve that is named or spelled out.
func ParsePrivateKey(der []byte, a Algorithm) (*PrivateKey, error) {
	row, err := a.row()
	if err != nil {
		return nil, err
	}
	if row.method == ecdsa {
		return parseECKey(der, a)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errKey
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, errKey
	}
	return &PrivateKey{Algorithm: a, RSA: key}, nil
}

func parseECKey(der []byte, a Algorithm) (*PrivateKey, error) {
	s := cryptobyte.String(der)
	var outer, algorithm, wrapped, inner, scalar cryptobyte.String
	var version int
	var oid asn1.ObjectIdentifier
	if !s.ReadASN1(&outer, cbasn1.SEQUENCE) || !s.Empty() || !outer.ReadASN1Integer(&version) ||
		!outer.ReadASN1(&algorithm, cbasn1.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&oid) || !oid.Equal(oidECPublicKey) ||
		!outer.ReadASN1(&wrapped, cbasn1.OCTET_STRING) || !wrapped.ReadASN1(&inner, cbasn1.SEQUENCE) ||
		!inner.ReadASN1Integer(&version) || version != 1 || !inner.ReadASN1(&scalar, cbasn1.OCTET_STRING) {
		return nil, errKey
	}
	curve, err := parseCurve(algorithm)
	if err != nil {
		return nil, errKey
	}
	d := new(big.Int).SetBytes(scalar)
	if d.Sign() == 0 || d.Cmp(curve.Order()) >= 0 {
		return nil, errKey
	}
	return &PrivateKey{Algorithm: a, Curve: curve, D: d.FillBytes(make([]byte, curve.Size()))}, nil
}

// parseCurve reads the parameters of id-ecPublicKey: the name of a curve, or ECParameters (X9.62).
func parseCurve(s cryptobyte.String) (*ec.Curve, error) {
	if s.PeekASN1Tag(cbasn1.OBJECT_IDENTIFIER) {
		var name asn1.ObjectIdentifier
		if !s.ReadASN1ObjectIdentifier(&name) {
			return nil, errKey
		}
		return ec.ByOID(name)
	}
	var parameters, field, equation, a, b, base cryptobyte.String
	var version int
	var oid asn1.ObjectIdentifier
	p, n, cofactor := new(big.Int), new(big.Int), 1
	if !s.ReadASN1(&parameters, cbasn1.SEQUENCE) || !parameters.ReadASN1Integer(&version) ||
		!parameters.ReadASN1(&field, cbasn1.SEQUENCE) || !field.ReadASN1ObjectIdentifier(&oid) || !oid.Equal(oidPrimeField) ||
		!field.ReadASN1Integer(p) || !parameters.ReadASN1(&equation, cbasn1.SEQUENCE) ||
		!equation.ReadASN1(&a, cbasn1.OCTET_STRING) || !equation.ReadASN1(&b, cbasn1.OCTET_STRING) ||
		!parameters.ReadASN1(&base, cbasn1.OCTET_STRING) || !parameters.ReadASN1Integer(n) ||
		!parameters.Empty() && !parameters.ReadASN1Integer(&cofactor) || len(base)%2 == 0 || base[0] != 4 {
		return nil, errKey
	}
	number := func(b []byte) *big.Int { return new(big.Int).SetBytes(b) }
	half := 1 + len(base)/2
	return ec.ByParameters(p, number(a), number(b), number(base[1:half]), number(base[half:]), n, cofactor)
}
