package ec

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Sign makes an ECDSA signature (TR-03111, section 4.2.1.1) over a digest with a private key: r and s with Size bytes each. A digest longer than the order is cut to its leftmost bits. The nonce comes from rand, the key and the digest
// together, so that a weak source of randomness does not betray the key; the same three give the same signature.
func (c *Curve) Sign(rand io.Reader, private, digest []byte) (r, s []byte, err error) {
	n := c.order
	private, fits := c.sized(private)
	d, reduced := n.parse(private)
	if !fits || reduced != 1 || n.isZero(&d) == 1 {
		return nil, nil, fmt.Errorf("ec: the private key is not between 1 and the order of %s", c.name)
	}
	nonces, err := newNonces(rand, private, digest)
	if err != nil {
		return nil, nil, err
	}
	e := digestNumber(n, digest)
	for range 16 { // Once is enough but for one nonce in 2^223.
		k, err := c.DrawScalar(nonces)
		if err != nil {
			return nil, nil, err
		}
		if r, s := c.signWith(k, &d, &e); r != nil {
			return r, s, nil
		}
	}
	return nil, nil, errors.New("ec: no nonce gives a signature")
}

// signWith makes the signature of one nonce; nothing if r or s is zero.
func (c *Curve) signWith(nonce []byte, d, e *elem) (r, s []byte) {
	point := c.multiplyBase(nonce)
	if point == nil {
		return nil, nil
	}
	n := c.order
	x := n.reduce(point[1 : 1+c.Size()])
	k, _ := n.parse(nonce)
	k = n.invert(&k)
	var z elem
	n.mul(&z, &x, d)
	n.add(&z, &z, e)
	n.mul(&z, &z, &k)
	if n.isZero(&x)|n.isZero(&z) == 1 {
		return nil, nil
	}
	return n.encode(&x), n.encode(&z)
}

// Verify tells whether r and s, any number of leading zeros with them, are an ECDSA signature of digest under public
// (TR-03111, section 4.2.1.2). It is not constant time: all that it is given is public.
func (c *Curve) Verify(public Point, digest, r, s []byte) bool {
	r, okR := c.signatureNumber(r)
	s, okS := c.signatureNumber(s)
	return public.curve == c && okR && okS && c.verify(public.Bytes(), digest, r, s)
}

// signatureNumber gives a number from 1 to n-1 in Size bytes.
func (c *Curve) signatureNumber(b []byte) ([]byte, bool) {
	b, fits := c.sized(b)
	e, reduced := c.order.parse(b)
	return b, fits && reduced == 1 && c.order.isZero(&e) == 0
}

// sized gives a number Size bytes. What is cut off a longer one must be zeros; how many were given is no secret.
func (c *Curve) sized(b []byte) ([]byte, bool) {
	z := make([]byte, c.Size())
	var excess byte
	for len(b) > len(z) {
		excess |= b[0]
		b = b[1:]
	}
	copy(z[len(z)-len(b):], b)
	return z, excess == 0
}

// digestNumber reads the leftmost bits of a digest, as many as the order has, modulo the order.
func digestNumber(n *field, digest []byte) elem {
	if len(digest) > n.size {
		digest = digest[:n.size]
	}
	var e elem
	e.setBytes(digest)
	if excess := len(digest)*8 - n.bits; excess > 0 {
		e.shiftRight(excess)
	}
	return n.reduce(e.bytes(n.size))
}

// nonces is a stream of bytes for DrawScalar.
type nonces struct {
	key     []byte
	counter uint64
	rest    []byte
}

func newNonces(rand io.Reader, private, digest []byte) (*nonces, error) {
	var fresh [32]byte
	if _, err := io.ReadFull(rand, fresh[:]); err != nil {
		return nil, fmt.Errorf("ec: draw a nonce: %w", err)
	}
	mac := hmac.New(sha512.New, private)
	mac.Write(fresh[:])
	mac.Write(digest)
	return &nonces{key: mac.Sum(nil)}, nil
}

// Read fills b with HMAC of a counter under a key that belongs to one signature.
func (n *nonces) Read(b []byte) (int, error) {
	for i := range b {
		if len(n.rest) == 0 {
			n.counter++
			mac := hmac.New(sha512.New, n.key)
			mac.Write(binary.BigEndian.AppendUint64(nil, n.counter))
			n.rest = mac.Sum(nil)
		}
		b[i], n.rest = n.rest[0], n.rest[1:]
	}
	return len(b), nil
}
