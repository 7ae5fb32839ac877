package ec

import (
	"errors"
	"fmt"
	"io"
)

var (
	errInfinity = errors.New("ec: the result is the point at infinity")
	errForeign  = errors.New("ec: the point is not of this curve")
)

// Point is a point of a curve, never the one at infinity. Points of one curve may be compared with ==. The zero Point
// belongs to no curve; every function declines it.
type Point struct {
	curve *Curve
	// encoded is 04 and the coordinates, kept as a string because it does not change.
	encoded string
}

// Generator is the point that keys are multiples of.
func (c *Curve) Generator() Point { return Point{c, string(c.generator())} }

// ParsePoint reads an uncompressed point (TR-03111, section 3.2.1): 04, then both coordinates with Size bytes each. A
// point that is not on the curve, the point at infinity and coordinates that are not reduced are declined. A point that
// it gives has the order n, since the curves have no cofactor.
func (c *Curve) ParsePoint(b []byte) (Point, error) {
	size := c.Size()
	if len(b) != 1+2*size || b[0] != 4 {
		return Point{}, fmt.Errorf("ec: a point of %s is 04 and %d bytes", c.name, 2*size)
	}
	x, okX := c.coordinates.parse(b[1 : 1+size])
	y, okY := c.coordinates.parse(b[1+size:])
	if okX&okY != 1 {
		return Point{}, fmt.Errorf("ec: a coordinate is not below the prime of %s", c.name)
	}
	f := c.coordinates
	right := c.equation(&x)
	f.mul(&y, &y, &y)
	if f.equal(&y, &right) != 1 {
		return Point{}, fmt.Errorf("ec: the point is not on %s", c.name)
	}
	return Point{c, string(b)}, nil
}

// equation gives x³ + ax + b.
func (c *Curve) equation(x *elem) elem {
	f := c.coordinates
	var z elem
	f.mul(&z, x, x)
	f.add(&z, &z, &c.coefficientA)
	f.mul(&z, &z, x)
	f.add(&z, &z, &c.coefficientB)
	return z
}

// Bytes is the uncompressed point: 04, then both coordinates with Size bytes each.
func (p Point) Bytes() []byte { return []byte(p.encoded) }

// X is the first coordinate, Size bytes: the secret that key agreement yields.
func (p Point) X() []byte {
	if p.curve == nil {
		return nil
	}
	return []byte(p.encoded[1 : 1+p.curve.Size()])
}

// String names the curve and keeps the coordinates back: a point may be a shared secret.
func (p Point) String() string {
	if p.curve == nil {
		return "no point"
	}
	return "a point of " + p.curve.name
}

// GoString is String, for %#v.
func (p Point) GoString() string { return p.String() }

// DrawScalar draws a private key, 1 to n-1, in Size bytes. It takes Size bytes of rand and, as long as they are not
// such a number, Size bytes again; no other randomness (TR-03111, section 4.1.1).
func (c *Curve) DrawScalar(rand io.Reader) ([]byte, error) {
	k := make([]byte, c.Size())
	for range 256 { // A source that gives no scalar so often is broken.
		if _, err := io.ReadFull(rand, k); err != nil {
			return nil, fmt.Errorf("ec: draw a scalar: %w", err)
		}
		k[0] &= c.topMask()
		if d, ok := c.order.parse(k); ok == 1 && c.order.isZero(&d) == 0 {
			return k, nil
		}
	}
	return nil, errors.New("ec: the source of randomness gives no scalar below the order")
}

// topMask keeps the bits of a scalar's first byte that the order has: all but with P-521.
func (c *Curve) topMask() byte {
	if c.id == 18 {
		return 1
	}
	return 0xFF
}

// Mul is k times p. k is big-endian and counts modulo the order; it is secret: the time depends on its length alone. The
// point at infinity, for k = 0, is an error.
func (c *Curve) Mul(p Point, k []byte) (Point, error) {
	if p.curve != c {
		return Point{}, errForeign
	}
	return c.result(c.multiply(p.Bytes(), c.scalar(k)))
}

// MulBase is k times the generator, as Mul: the public key of the private key k.
func (c *Curve) MulBase(k []byte) (Point, error) { return c.result(c.multiplyBase(c.scalar(k))) }

// Add is the sum of two points. The point at infinity is an error.
func (c *Curve) Add(p, q Point) (Point, error) {
	if p.curve != c || q.curve != c {
		return Point{}, errForeign
	}
	return c.result(c.sum(p.Bytes(), q.Bytes()))
}

// scalar reduces a number modulo the order.
func (c *Curve) scalar(k []byte) []byte {
	e := c.order.reduce(k)
	return c.order.encode(&e)
}

func (c *Curve) result(encoded []byte) (Point, error) {
	if encoded == nil {
		return Point{}, errInfinity
	}
	return Point{c, string(encoded)}, nil
}
