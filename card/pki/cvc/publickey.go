package cvc

import (
	"bytes"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"

	_ "crypto/sha1" // the hashes of the algorithms
	_ "crypto/sha256"
	_ "crypto/sha512"

	"github.com/cancuoc/cancuoc/card/internal/ec"
	"github.com/cancuoc/cancuoc/card/tlv"
)

var (
	// ErrSignature is answered when a signature is wrong.
	ErrSignature = errors.New("cvc: the signature is wrong")
	// ErrWeak is answered for a key that a chip is not to trust: with SHA-1, or RSA below 2,048 bits.
	ErrWeak = errors.New("cvc: the key or its hash is too weak")
)

// PublicKey is the public key of a certificate: RSA, or a point on a curve. The certificates of document verifiers
// and terminals do not name the curve: it is that of the CVCA.
type PublicKey struct {
	Algorithm Algorithm
	RSA       *rsa.PublicKey
	Curve     *ec.Curve // none: inherited
	Point     []byte    // 04 X Y
}

// The sizes of the RSA keys that are read, in bits.
const (
	minModulus    = 1024
	strongModulus = 2048
	maxModulus    = 4096
	maxExponent   = 1<<31 - 1
)

// Verify tells whether signature was made over message with the private key. For ECDSA it is r and s, each with the
// bytes of the curve's order (Doc 9303-11, sections 7.1.4.1.1 and 7.1.4.2.1).
func (k PublicKey) Verify(message, signature []byte) error {
	row, err := k.Algorithm.row()
	if err != nil {
		return err
	}
	if row.method == ecdsa {
		return k.verifyECDSA(row.digest(message), signature)
	}
	if k.RSA == nil {
		return errors.New("cvc: the public key is not one of RSA")
	}
	if row.method == rsaPSS {
		options := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
		err = rsa.VerifyPSS(k.RSA, row.hash, row.digest(message), signature, options)
	} else {
		err = rsa.VerifyPKCS1v15(k.RSA, row.hash, row.digest(message), signature)
	}
	if err != nil {
		return ErrSignature
	}
	return nil
}

func (k PublicKey) verifyECDSA(digest, signature []byte) error {
	if k.Curve == nil {
		return errors.New("cvc: the curve of the public key is not known: it is that of the CVCA")
	}
	point, err := k.Curve.ParsePoint(k.Point)
	if err != nil {
		return fmt.Errorf("cvc: public key: %w", err)
	}
	size := k.Curve.Size()
	if len(signature) != 2*size || !k.Curve.Verify(point, digest, signature[:size], signature[size:]) {
		return ErrSignature
	}
	return nil
}

// Inherit gives the key with the domain parameters of the CVCA, where it has none of its own (Doc 9303-12, section
// 7.2.2.3). A point that is not on the curve is an error.
func (k PublicKey) Inherit(authority PublicKey) (PublicKey, error) {
	if k.RSA != nil {
		return k, nil
	}
	if k.Curve == nil {
		k.Curve = authority.Curve
	}
	if k.Curve == nil {
		return PublicKey{}, errors.New("cvc: the certificate inherits a curve from an authority that has none")
	}
	if _, err := k.Curve.ParsePoint(k.Point); err != nil {
		return PublicKey{}, fmt.Errorf("cvc: public key: %w", err)
	}
	return k, nil
}

// Strong tells what makes a key too weak for a chip to trust.
func (k PublicKey) Strong() error {
	row, err := k.Algorithm.row()
	if err != nil {
		return err
	}
	if row.hash.Size() < 28 {
		return fmt.Errorf("%w: %v", ErrWeak, k.Algorithm)
	}
	if k.RSA != nil && k.RSA.N.BitLen() < strongModulus {
		return fmt.Errorf("%w: RSA with %d bits", ErrWeak, k.RSA.N.BitLen())
	}
	return nil
}

// Kind names the size of the key: "RSA-3072", or its curve.
func (k PublicKey) Kind() string {
	switch {
	case k.RSA != nil:
		return fmt.Sprintf("RSA-%d", k.RSA.N.BitLen())
	case k.Curve != nil:
		return k.Curve.Name()
	}
	return "the curve of the CVCA"
}

// encode makes the public key data object, with the domain parameters if the curve is given (Doc 9303-12, section
// 7.2.3.2).
func (k PublicKey) encode() ([]byte, error) {
	row, err := k.Algorithm.row()
	if err != nil {
		return nil, err
	}
	parts := [][]byte{tlv.Encode(tagOID, row.oid())}
	switch {
	case row.method != ecdsa && k.RSA == nil, row.method == ecdsa && len(k.Point) == 0:
		return nil, fmt.Errorf("cvc: the public key is not one of %v", k.Algorithm)
	case row.method != ecdsa:
		e := big.NewInt(int64(k.RSA.E))
		parts = append(parts, tlv.Encode(0x81, k.RSA.N.Bytes()), tlv.Encode(0x82, e.Bytes()))
	case k.Curve == nil:
		parts = append(parts, tlv.Encode(0x86, k.Point))
	default:
		parts = append(parts, k.encodeWithCurve()...)
	}
	return tlv.Encode(tagPublicKey, parts...), nil
}

func (k PublicKey) encodeWithCurve() [][]byte {
	p, a, b, _, _, n, h := k.Curve.Parameters()
	return [][]byte{
		tlv.Encode(0x81, p.Bytes()),
		tlv.Encode(0x82, a.Bytes()),
		tlv.Encode(0x83, b.Bytes()),
		tlv.Encode(0x84, k.Curve.Generator().Bytes()),
		tlv.Encode(0x85, n.Bytes()),
		tlv.Encode(0x86, k.Point),
		tlv.Encode(0x87, []byte{byte(h)}),
	}
}

func parsePublicKey(b []byte) (PublicKey, error) {
	o, rest, err := tlv.Next(b)
	if err != nil || o.Tag != tagOID {
		return PublicKey{}, fmt.Errorf("%w: its public key does not begin with an object identifier", ErrFormat)
	}
	row, err := algorithmByOID(o.Value)
	switch {
	case err != nil:
		return PublicKey{}, err
	case row.method != ecdsa:
		return parseRSA(row.Algorithm, rest)
	case len(rest) > 0 && rest[0] == 0x81:
		return parseWithCurve(row.Algorithm, rest)
	}
	values, err := sequence(rest, 0x86)
	if err != nil {
		return PublicKey{}, err
	}
	if n := len(values[0]); n < 1+2*28 || n > 1+2*66 || values[0][0] != 4 {
		return PublicKey{}, fmt.Errorf("%w: its public point is not an uncompressed one", ErrFormat)
	}
	return PublicKey{Algorithm: row.Algorithm, Point: bytes.Clone(values[0])}, nil
}

func parseRSA(a Algorithm, b []byte) (PublicKey, error) {
	values, err := sequence(b, 0x81, 0x82)
	if err != nil {
		return PublicKey{}, err
	}
	n, e := new(big.Int).SetBytes(values[0]), new(big.Int).SetBytes(values[1])
	if bits := n.BitLen(); bits < minModulus || bits > maxModulus || n.Bit(0) == 0 {
		return PublicKey{}, fmt.Errorf("%w: its RSA modulus is even or not of %d to %d bits", ErrFormat, minModulus, maxModulus)
	}
	if !e.IsInt64() || e.Int64() < 3 || e.Int64() > maxExponent || e.Bit(0) == 0 {
		return PublicKey{}, fmt.Errorf("%w: its RSA exponent is not an odd number of at most 31 bits", ErrFormat)
	}
	return PublicKey{Algorithm: a, RSA: &rsa.PublicKey{N: n, E: int(e.Int64())}}, nil
}

// parseWithCurve reads a point with domain parameters, which must be those of a curve that is known. The cofactor may
// be left out (Doc 9303-11, section 9.4.4); it is written, so a certificate without it is not taken as encoded by DER.
func parseWithCurve(a Algorithm, b []byte) (PublicKey, error) {
	values, err := sequence(b, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87)
	if err != nil {
		return PublicKey{}, err
	}
	base := values[3]
	if len(base) < 3 || len(base)%2 == 0 || base[0] != 4 || len(values[6]) != 1 {
		return PublicKey{}, fmt.Errorf("%w: its domain parameters are not those of an elliptic curve", ErrFormat)
	}
	number := func(b []byte) *big.Int { return new(big.Int).SetBytes(b) }
	half := 1 + len(base)/2
	curve, err := ec.ByParameters(number(values[0]), number(values[1]), number(values[2]),
		number(base[1:half]), number(base[half:]), number(values[4]), int(values[6][0]))
	if err != nil {
		return PublicKey{}, fmt.Errorf("%w: %v", ErrFormat, err)
	}
	if _, err := curve.ParsePoint(values[5]); err != nil {
		return PublicKey{}, fmt.Errorf("%w: %v", ErrFormat, err)
	}
	return PublicKey{Algorithm: a, Curve: curve, Point: bytes.Clone(values[5])}, nil
}
