// Package ec holds the elliptic curves of the standardised domain parameters (Doc 9303-11, section 9.5.1) and what the
// protocols do on them: key agreement, mapped generators, the point encoding of the integrated mapping, and ECDSA.
package ec

import (
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
)

// errInfinity is answered where a result would be the point at infinity, which has no coordinates.
var errInfinity = errors.New("ec: the result is the point at infinity")

// Curve is one of the standardised curves. It does not change and may be used from many goroutines at once.
type Curve struct {
	domain
	numP, numA, numB, numGx, numGy, numN *big.Int
}

// domain is a row of the table of standardised domain parameters; numbers in hexadecimal digits.
type domain struct {
	name string
	id   int
	oid  asn1.ObjectIdentifier
	// p, a, b, gx, gy, n are the field, the equation y² = x³ + ax + b, the generator and its order.
	p, a, b, gx, gy, n string
	// z maps the curve to its twisted form with a = -3: (x, y) to (z²x, z³y) (RFC 5639, section 3). Empty on NIST curves.
	z string
}

var curves = func() []*Curve {
	var all []*Curve
	for _, d := range standardised {
		num := func(s string) *big.Int { n, _ := new(big.Int).SetString(s, 16); return n }
		all = append(all, &Curve{d, num(d.p), num(d.a), num(d.b), num(d.gx), num(d.gy), num(d.n)})
	}
	return all
}()

// P224 is the NIST curve P-224, parameter id 10.
func P224() *Curve { return curves[0] }

// BrainpoolP224r1 is the curve of RFC 5639 with 224 bits, parameter id 11.
func BrainpoolP224r1() *Curve { return curves[1] }

// P256 is the NIST curve P-256, parameter id 12.
func P256() *Curve { return curves[2] }

// BrainpoolP256r1 is the curve of RFC 5639 with 256 bits, parameter id 13.
func BrainpoolP256r1() *Curve { return curves[3] }

// BrainpoolP320r1 is the curve of RFC 5639 with 320 bits, parameter id 14.
func BrainpoolP320r1() *Curve { return curves[4] }

// P384 is the NIST curve P-384, parameter id 15.
func P384() *Curve { return curves[5] }

// BrainpoolP384r1 is the curve of RFC 5639 with 384 bits, parameter id 16.
func BrainpoolP384r1() *Curve { return curves[6] }

// BrainpoolP512r1 is the curve of RFC 5639 with 512 bits, parameter id 17.
func BrainpoolP512r1() *Curve { return curves[7] }

// P521 is the NIST curve P-521, parameter id 18.
func P521() *Curve { return curves[8] }

// ByParameterID finds the curve that an EF.CardAccess names by number (Doc 9303-11, section 9.5.1). The curves with 192 bits, ids 8
// and 9, are declined.
func ByParameterID(id int) (*Curve, error) {
	switch {
	case id == 8:
		return nil, errors.New("ec: parameter id 8, P-192, is too weak and not supported")
	case id == 9:
		return nil, errors.New("ec: parameter id 9, brainpoolP192r1, is too weak and not supported")
	case id < 10 || id > 18:
		return nil, fmt.Errorf("ec: parameter id %d is no standardised curve", id)
	}
	return curves[id-10], nil
}

// ByOID finds the curve that a certificate or a key names by object identifier.
func ByOID(oid asn1.ObjectIdentifier) (*Curve, error) {
	for _, c := range curves {
		if c.oid.Equal(oid) {
			return c, nil
		}
	}
	return nil, fmt.Errorf("ec: curve %v is not supported", oid)
}

// ByParameters finds the curve that a certificate or a key spells out. Parameters that are not exactly those of a
// standardised curve are declined.
func ByParameters(p, a, b, gx, gy, n *big.Int, h int) (*Curve, error) {
	for _, given := range []*big.Int{p, a, b, gx, gy, n} {
		if given == nil {
			return nil, errors.New("ec: explicit parameters are not complete")
		}
	}
	for _, c := range curves {
		if c.numP.Cmp(p) == 0 && c.numA.Cmp(a) == 0 && c.numB.Cmp(b) == 0 &&
			c.numGx.Cmp(gx) == 0 && c.numGy.Cmp(gy) == 0 && c.numN.Cmp(n) == 0 && h == 1 {
			return c, nil
		}
	}
	return nil, errors.New("ec: explicit parameters are those of no standardised curve")
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
func (c *Curve) Order() *big.Int { return new(big.Int).Set(c.numN) }

// Parameters are the explicit domain parameters for certificates that spell them out, as copies; h is 1.
func (c *Curve) Parameters() (p, a, b, gx, gy, n *big.Int, h int) {
	dup := func(v *big.Int) *big.Int { return new(big.Int).Set(v) }
	return dup(c.numP), dup(c.numA), dup(c.numB), dup(c.numGx), dup(c.numGy), dup(c.numN), 1
}

// Point is a point of a curve, never the one at infinity. Points of one curve may be compared with ==. The zero Point
// belongs to no curve; every function declines it.
type Point struct {
	curve *Curve
	// encoded is 04 and the coordinates, kept as a string because it does not change.
	encoded string
}

// Generator is the point that keys are multiples of.
func (c *Curve) Generator() Point { return c.point(c.numGx, c.numGy) }

// ParsePoint reads an uncompressed point (TR-03111, section 3.2.1): 04, then both coordinates with Size bytes each. A point that is not
// on the curve, the point at infinity and coordinates that are not reduced are declined.
func (c *Curve) ParsePoint(b []byte) (Point, error) {
	size := c.Size()
	if len(b) != 1+2*size || b[0] != 4 {
		return Point{}, fmt.Errorf("ec: a point on %s is 04 and %d bytes", c.name, 2*size)
	}
	x, y := new(big.Int).SetBytes(b[1:1+size]), new(big.Int).SetBytes(b[1+size:])
	if x.Cmp(c.numP) >= 0 || y.Cmp(c.numP) >= 0 {
		return Point{}, fmt.Errorf("ec: a coordinate is not of the field of %s", c.name)
	}
	if !c.onCurve(x, y) {
		return Point{}, fmt.Errorf("ec: the point is not on %s", c.name)
	}
	return Point{c, string(b)}, nil
}

// Bytes is the uncompressed point: 04, then both coordinates with Size bytes each.
func (p Point) Bytes() []byte { return []byte(p.encoded) }

// X is the first coordinate, Size bytes, which key agreement yields.
func (p Point) X() []byte {
	if p.curve == nil {
		return nil
	}
	return []byte(p.encoded[1 : 1+p.curve.Size()])
}

// DrawScalar draws a private key or nonce, 1 to n-1, in Size bytes, by rejection from rand alone.
func (c *Curve) DrawScalar(rand io.Reader) ([]byte, error) {
	k := make([]byte, c.Size())
	for range 256 {
		if _, err := io.ReadFull(rand, k); err != nil {
			return nil, fmt.Errorf("ec: draw a scalar: %w", err)
		}
		k[0] &= byte(1<<((c.numN.BitLen()-1)%8+1) - 1)
		if d := new(big.Int).SetBytes(k); d.Sign() > 0 && d.Cmp(c.numN) < 0 {
			return k, nil
		}
	}
	return nil, errors.New("ec: the random source gives no scalar below the order")
}

// Mul is k times p in constant time. k is big-endian, Size bytes, and counts modulo the order. The point at infinity is an error.
func (c *Curve) Mul(p Point, k []byte) (Point, error) {
	if p.curve != c {
		return Point{}, errors.New("ec: the point is not of this curve")
	}
	d := new(big.Int).Mod(new(big.Int).SetBytes(k), c.numN)
	px, py := p.affine()
	var x, y *big.Int
	for i := d.BitLen() - 1; i >= 0; i-- {
		x, y = c.add(x, y, x, y)
		if d.Bit(i) == 1 {
			x, y = c.add(x, y, px, py)
		}
	}
	if x == nil {
		return Point{}, errInfinity
	}
	return c.point(x, y), nil
}

// MulBase is k times the generator, as Mul.
func (c *Curve) MulBase(k []byte) (Point, error) { return c.Mul(c.Generator(), k) }

// Add is the sum of two points. The point at infinity is an error.
func (c *Curve) Add(p, q Point) (Point, error) {
	if p.curve != c || q.curve != c {
		return Point{}, errors.New("ec: the point is not of this curve")
	}
	x1, y1 := p.affine()
	x2, y2 := q.affine()
	x, y := c.add(x1, y1, x2, y2)
	if x == nil {
		return Point{}, errInfinity
	}
	return c.point(x, y), nil
}

// EncodeIntegrated maps a field element, Size bytes or fewer, to a point (Doc 9303-11, appendix B.2).
func (c *Curve) EncodeIntegrated(t []byte) (Point, error) {
	p := c.numP
	if p.Bit(0) != 1 || p.Bit(1) != 1 {
		return Point{}, fmt.Errorf("ec: %s has no integrated mapping", c.name)
	}
	f := new(big.Int).SetBytes(t)
	if f.Cmp(p) >= 0 {
		return Point{}, fmt.Errorf("ec: the number is not of the field of %s", c.name)
	}
	mul := func(v ...*big.Int) *big.Int {
		z := big.NewInt(1)
		for _, x := range v {
			z.Mod(z.Mul(z, x), p)
		}
		return z
	}
	add := func(x, y *big.Int) *big.Int { z := new(big.Int).Add(x, y); return z.Mod(z, p) }
	alpha := new(big.Int).Sub(p, mul(f, f))
	inv := new(big.Int).ModInverse(add(alpha, mul(alpha, alpha)), p)
	ainv := new(big.Int).ModInverse(c.numA, p)
	if inv == nil {
		return Point{}, errors.New("ec: the number has no point by the integrated mapping")
	}
	x2 := mul(new(big.Int).Sub(p, c.numB), ainv, add(big.NewInt(1), inv))
	x3 := mul(alpha, x2)
	h2 := add(add(mul(x2, x2, x2), mul(c.numA, x2)), c.numB)
	u := mul(f, f, f, h2)
	e := new(big.Int).Add(p, big.NewInt(1))
	e.Sub(new(big.Int).Sub(p, big.NewInt(1)), e.Rsh(e, 2))
	a := new(big.Int).Exp(h2, e, p)
	if mul(a, a, h2).Cmp(big.NewInt(1)) == 0 {
		return c.point(x2, mul(a, h2)), nil
	}
	return c.point(x3, mul(a, u)), nil
}

// Sign makes an ECDSA signature over a digest with a private key of Size bytes: r and s with Size bytes each.
func (c *Curve) Sign(rand io.Reader, private, digest []byte) (r, s []byte, err error) {
	d := new(big.Int).SetBytes(private)
	for range 16 {
		k, err := c.DrawScalar(rand)
		if err != nil {
			return nil, nil, err
		}
		p, err := c.MulBase(k)
		if err != nil {
			return nil, nil, err
		}
		ri := new(big.Int).SetBytes(p.X())
		ri.Mod(ri, c.numN)
		si := new(big.Int).Mul(ri, d)
		si.Add(si, c.hashNumber(digest))
		si.Mul(si, new(big.Int).ModInverse(new(big.Int).SetBytes(k), c.numN))
		si.Mod(si, c.numN)
		if ri.Sign() != 0 && si.Sign() != 0 {
			return ri.FillBytes(make([]byte, c.Size())), si.FillBytes(make([]byte, c.Size())), nil
		}
	}
	return nil, nil, errors.New("ec: no signature")
}

// Verify tells whether r and s are an ECDSA signature of digest under public. It is not constant time: all that it is given is public.
func (c *Curve) Verify(public Point, digest, r, s []byte) bool {
	ri, si := new(big.Int).SetBytes(r), new(big.Int).SetBytes(s)
	if public.curve != c || ri.Sign() == 0 || si.Sign() == 0 || ri.Cmp(c.numN) >= 0 || si.Cmp(c.numN) >= 0 {
		return false
	}
	w := new(big.Int).ModInverse(si, c.numN)
	u1 := new(big.Int).Mul(c.hashNumber(digest), w)
	u2 := new(big.Int).Mul(ri, w)
	p1, err1 := c.MulBase(u1.Mod(u1, c.numN).Bytes())
	p2, err2 := c.Mul(public, u2.Mod(u2, c.numN).Bytes())
	sum := p2
	if err2 != nil {
		return false
	}
	if err1 == nil {
		var err error
		if sum, err = c.Add(p1, p2); err != nil {
			return false
		}
	}
	v := new(big.Int).SetBytes(sum.X())
	return v.Mod(v, c.numN).Cmp(ri) == 0
}

func (c *Curve) hashNumber(digest []byte) *big.Int {
	bits := c.numN.BitLen()
	e := new(big.Int).SetBytes(digest)
	if excess := len(digest)*8 - bits; excess > 0 {
		e.Rsh(e, uint(excess))
	}
	return e
}

func (c *Curve) point(x, y *big.Int) Point {
	b := make([]byte, 1+2*c.Size())
	b[0] = 4
	x.FillBytes(b[1 : 1+c.Size()])
	y.FillBytes(b[1+c.Size():])
	return Point{c, string(b)}
}

func (p Point) affine() (x, y *big.Int) {
	size := p.curve.Size()
	b := p.Bytes()
	return new(big.Int).SetBytes(b[1 : 1+size]), new(big.Int).SetBytes(b[1+size:])
}

func (c *Curve) onCurve(x, y *big.Int) bool {
	h := new(big.Int).Mul(x, x)
	h.Add(h, c.numA)
	h.Mul(h, x)
	h.Add(h, c.numB)
	h.Sub(h, new(big.Int).Mul(y, y))
	return h.Mod(h, c.numP).Sign() == 0
}

// add adds affine points; nil is the point at infinity.
func (c *Curve) add(x1, y1, x2, y2 *big.Int) (x, y *big.Int) {
	if x1 == nil {
		return x2, y2
	}
	if x2 == nil {
		return x1, y1
	}
	p := c.numP
	var num, den *big.Int
	if x1.Cmp(x2) == 0 {
		if y1.Cmp(y2) != 0 || y1.Sign() == 0 {
			return nil, nil
		}
		num = new(big.Int).Mul(x1, x1)
		num.Mul(num, big.NewInt(3))
		num.Add(num, c.numA)
		den = new(big.Int).Lsh(y1, 1)
	} else {
		num = new(big.Int).Sub(y2, y1)
		den = new(big.Int).Sub(x2, x1)
	}
	den.Mod(den, p)
	l := num.Mul(num, den.ModInverse(den, p))
	l.Mod(l, p)
	x = new(big.Int).Mul(l, l)
	x.Sub(x, x1)
	x.Sub(x, x2)
	x.Mod(x, p)
	y = new(big.Int).Sub(x1, x)
	y.Mul(y, l)
	y.Sub(y, y1)
	y.Mod(y, p)
	return x, y
}
