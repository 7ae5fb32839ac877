package ec

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"math/big"
)

// nistPoint is what the points of filippo.io/nistec have in common.
type nistPoint[P any] interface {
	SetBytes([]byte) (P, error)
	Add(p, q P) P
	ScalarMult(p P, k []byte) (P, error)
	ScalarBaseMult(k []byte) (P, error)
	Bytes() []byte
}

// nist is the arithmetic of a NIST curve. The standard library checks signatures; it has no product of any point
// with both coordinates, which mapped generators need.
type nist[P nistPoint[P]] struct {
	zero  func() P
	curve elliptic.Curve
}

func (n nist[P]) sum(p, q []byte) []byte {
	a, err := n.zero().SetBytes(p)
	if err != nil {
		return nil
	}
	b, err := n.zero().SetBytes(q)
	if err != nil {
		return nil
	}
	return finite(a.Add(a, b).Bytes())
}

func (n nist[P]) multiply(p, k []byte) []byte {
	a, err := n.zero().SetBytes(p)
	if err != nil {
		return nil
	}
	if a, err = a.ScalarMult(a, k); err != nil {
		return nil
	}
	return finite(a.Bytes())
}

func (n nist[P]) multiplyBase(k []byte) []byte {
	a, err := n.zero().ScalarBaseMult(k)
	if err != nil {
		return nil
	}
	return finite(a.Bytes())
}

func (n nist[P]) verify(public, digest, r, s []byte) bool {
	key, err := ecdsa.ParseUncompressedPublicKey(n.curve, public)
	return err == nil && ecdsa.Verify(key, digest, new(big.Int).SetBytes(r), new(big.Int).SetBytes(s))
}

// finite leaves nothing of the point at infinity, which is encoded in one byte.
func finite(encoded []byte) []byte {
	if len(encoded) == 1 {
		return nil
	}
	return encoded
}
