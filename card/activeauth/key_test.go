package activeauth

import (
	"crypto/rsa"
	"math/big"
	"testing"
)

// shortKey is a public key with a modulus of so many bits; nobody has its private key.
func shortKey(t testing.TB, bits uint) *rsa.PrivateKey {
	t.Helper()
	n := new(big.Int).Lsh(big.NewInt(1), bits-1)
	return &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n.SetBit(n, 0, 1), E: 65537}}
}
