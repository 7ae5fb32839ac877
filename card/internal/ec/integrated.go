package ec

import (
	"errors"
	"fmt"
	"math/big"
)

// EncodeIntegrated maps t, a number below p, to a point: the point encoding of the integrated mapping
// (Doc 9303-11, appendix B.2), with t = R_p(s, t). t follows from the nonce, so the time does not depend on it. The
// numbers 0, 1 and p-1 have no point, and P-224, where p is 1 modulo 4, has no encoding.
func (c *Curve) EncodeIntegrated(t []byte) (Point, error) {
	f := c.coordinates
	if f.m[0]%4 != 3 {
		return Point{}, fmt.Errorf("ec: %s has no integrated mapping", c.name)
	}
	t, fits := c.sized(t)
	e, reduced := f.parse(t)
	if !fits || reduced != 1 {
		return Point{}, fmt.Errorf("ec: the number to map is not below the prime of %s", c.name)
	}
	x, y, defined := c.encodePoint(&e)
	if defined != 1 {
		return Point{}, errors.New("ec: the numbers 0, 1 and -1 map to no point")
	}
	return c.ParsePoint(append(append([]byte{4}, f.encode(&x)...), f.encode(&y)...))
}

// encodePoint follows the steps of appendix B.2, both candidates every time. defined is 1, or 0 where step 2 divides by 0.
func (c *Curve) encodePoint(t *elem) (x, y elem, defined int) {
	f := c.coordinates
	var alpha, x2, x3, u, v elem
	f.mul(&u, t, t)
	f.sub(&alpha, &elem{}, &u) // 1. α = -t²
	f.mul(&v, &alpha, &alpha)
	f.add(&v, &v, &alpha)
	defined = 1 ^ f.isZero(&v)
	v = f.invert(&v)
	f.add(&v, &v, &f.one)
	x2 = f.invert(&c.coefficientA)
	f.mul(&x2, &x2, &c.coefficientB)
	f.negate(&x2, 1)
	f.mul(&x2, &x2, &v)     // 2. X2 = -b/a·(1 + 1/(α+α²))
	f.mul(&x3, &alpha, &x2) // 3. X3 = α·X2
	h2 := c.equation(&x2)   // 4. h2 = X2³ + a·X2 + b
	f.mul(&u, &u, t)
	f.mul(&u, &u, &h2)           // 6. U = t³·h2
	a := f.exp(&h2, f.rootPower) // 7. A = h2^(p-1-(p+1)/4)
	f.mul(&v, &a, &a)
	f.mul(&v, &v, &h2)
	square := f.equal(&v, &f.one)
	x = x3 // 9. (X3, A·U), or if A²·h2 = 1
	f.mul(&y, &a, &u)
	f.mul(&v, &a, &h2)
	f.choose(&x, &x2, square) // 8. (X2, A·h2)
	f.choose(&y, &v, square)
	return x, y, defined
}

// rootPower is the exponent p-1-(p+1)/4, which gives 1/√h for a square h.
func rootPower(p *big.Int) []byte {
	quarter := new(big.Int).Rsh(new(big.Int).Add(p, big.NewInt(1)), 2)
	return quarter.Sub(new(big.Int).Sub(p, big.NewInt(1)), quarter).Bytes()
}
