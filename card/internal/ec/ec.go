// Package ec holds the elliptic curves of the standardised domain parameters (Doc 9303-11, section 9.5.1) and what the
// protocols do on them: key agreement, mapped generators, the point encoding of the integrated mapping, and ECDSA.
//
// A Curve is looked up by number, identifier or explicit parameters; bytes become a Point by ParsePoint alone, which
// checks them; Mul, MulBase, Add and EncodeIntegrated make points of points:
//
//	Curve -> ParsePoint -> Point -> Mul, Add -> Point -> Bytes, X
//
// Field elements are words of fixed number in Montgomery form (field.go, arithmetic.go). The curves of RFC 5639 are
// computed on their twisted forms with complete formulas (group.go), in constant time for secret scalars (brainpool.go)
// and faster where all is public (verify.go). The NIST curves are left to the standard library and filippo.io/nistec
// (nist.go).
package ec

import (
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
)

// ErrUnsupported says that a curve is none of those that are here.
var ErrUnsupported = errors.New("ec: unsupported curve")

// Curve is one of the standardised curves. It does not change and may be used from many goroutines at once.
type Curve struct {
	domain
	coordinates, order         *field
	coefficientA, coefficientB elem // the a and b of the equation as coordinates
	arithmetic
}

// arithmetic is what NIST curves leave to others and the curves of RFC 5639 have here. Points are encoded; one at infinity
// has no bytes. Scalars are below the order and have its size.
type arithmetic interface {
	sum(p, q []byte) []byte
	multiply(p, k []byte) []byte
	multiplyBase(k []byte) []byte
	verify(public, digest, r, s []byte) bool
}

// P224 is the NIST curve P-224, parameter id 10.
func P224() *Curve { return curves()[0] }

// BrainpoolP224r1 is the curve of RFC 5639 with 224 bits, parameter id 11.
func BrainpoolP224r1() *Curve { return curves()[1] }

// P256 is the NIST curve P-256, parameter id 12.
func P256() *Curve { return curves()[2] }

// BrainpoolP256r1 is the curve of RFC 5639 with 256 bits, parameter id 13.
func BrainpoolP256r1() *Curve { return curves()[3] }

// BrainpoolP320r1 is the curve of RFC 5639 with 320 bits, parameter id 14.
func BrainpoolP320r1() *Curve { return curves()[4] }

// P384 is the NIST curve P-384, parameter id 15.
func P384() *Curve { return curves()[5] }

// BrainpoolP384r1 is the curve of RFC 5639 with 384 bits, parameter id 16.
func BrainpoolP384r1() *Curve { return curves()[6] }

// BrainpoolP512r1 is the curve of RFC 5639 with 512 bits, parameter id 17.
func BrainpoolP512r1() *Curve { return curves()[7] }

// P521 is the NIST curve P-521, parameter id 18.
func P521() *Curve { return curves()[8] }

// ByParameterID finds the curve that an EF.CardAccess names by number (Doc 9303-11, section 9.5.1). The curves
// with 192 bits, ids 8 and 9, are declined.
func ByParameterID(id int) (*Curve, error) {
	switch {
	case id == 8:
		return nil, errors.New("ec: parameter id 8, P-192, is too weak and not supported")
	case id == 9:
		return nil, errors.New("ec: parameter id 9, brainpoolP192r1, is too weak and not supported")
	case id < 10 || id > 18:
		return nil, fmt.Errorf("ec: parameter id %d is no standardised curve", id)
	}
	return curves()[id-10], nil
}

// ByOID finds the curve that a certificate or a key names by object identifier.
func ByOID(oid asn1.ObjectIdentifier) (*Curve, error) {
	for _, c := range curves() {
		if c.oid.Equal(oid) {
			return c, nil
		}
	}
	return nil, fmt.Errorf("%w: %s", ErrUnsupported, nameOf(oid))
}

// nameOf names curves that are met and not computed here; others go by their number.
func nameOf(oid asn1.ObjectIdentifier) string {
	known := map[string]string{
		"1.2.840.10045.3.1.1": "P-192", "1.3.132.0.10": "secp256k1", "1.3.36.3.3.2.8.1.1.3": "brainpoolP192r1",
		"1.3.36.3.3.2.8.1.1.6": "brainpoolP224t1", "1.3.36.3.3.2.8.1.1.8": "brainpoolP256t1",
		"1.3.36.3.3.2.8.1.1.12": "brainpoolP384t1", "1.3.36.3.3.2.8.1.1.14": "brainpoolP512t1",
	}
	if name := known[oid.String()]; name != "" {
		return name
	}
	return oid.String()
}

// ByParameters finds the curve that a certificate or a key spells out. Parameters that are not exactly those of a
// standardised curve are declined.
func ByParameters(p, a, b, gx, gy, n *big.Int, h int) (*Curve, error) {
	for _, given := range []*big.Int{p, a, b, gx, gy, n} {
		if given == nil {
			return nil, errors.New("ec: explicit parameters are not complete")
		}
	}
	for _, c := range curves() {
		cp, ca, cb, cx, cy, cn, ch := c.Parameters()
		if cp.Cmp(p) == 0 && ca.Cmp(a) == 0 && cb.Cmp(b) == 0 &&
			cx.Cmp(gx) == 0 && cy.Cmp(gy) == 0 && cn.Cmp(n) == 0 && ch == h {
			return c, nil
		}
	}
	return nil, fmt.Errorf("%w: explicit parameters over %d bits that are those of no standardised curve", ErrUnsupported, p.BitLen())
}

// Name is the curve's name in RFC 5639 or FIPS 186, for messages.
func (c *Curve) Name() string { return c.name }

// ID is the curve's number in EF.CardAccess.
func (c *Curve) ID() int { return c.id }

// OID is the curve's object identifier, a copy.
func (c *Curve) OID() asn1.ObjectIdentifier { return append(asn1.ObjectIdentifier(nil), c.oid...) }

// Size is the length in bytes of a coordinate, and on these curves of a scalar too.
func (c *Curve) Size() int { return len(c.p) / 2 }

// Order is the number of points, the prime n, as a copy.
func (c *Curve) Order() *big.Int { return number(c.n) }

// Parameters are the explicit domain parameters for certificates that spell them out, as copies; h is 1.
func (c *Curve) Parameters() (p, a, b, gx, gy, n *big.Int, h int) {
	return number(c.p), number(c.a), number(c.b), number(c.gx), number(c.gy), number(c.n), 1
}
