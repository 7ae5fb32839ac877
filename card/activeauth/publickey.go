package activeauth

import (
	"crypto"
	"crypto/rsa"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/internal/ec"
	"github.com/cancuoc/cancuoc/card/secinfo"
)

// ErrKey is answered for a public key that cannot serve: not a SubjectPublicKeyInfo, RSA of a strange size, or a
// curve that is not known.
var ErrKey = errors.New("activeauth: EF.DG15 holds no public key that can be used")

// The sizes of the RSA keys that are used, in bits.
const (
	minModulus = 1024
	maxModulus = 4096
)

// publicKey is one of the two kinds of Doc 9303-11, section 6.1.2.
type publicKey struct {
	rsa   *rsa.PublicKey
	curve *ec.Curve
	point ec.Point
}

// signatureSize is the length of a signature in bytes.
func (k publicKey) signatureSize() int {
	if k.rsa != nil {
		return k.rsa.Size()
	}
	return 2 * k.curve.Size()
}

func (k publicKey) String() string {
	if k.rsa != nil {
		return fmt.Sprintf("RSA-%d", k.rsa.N.BitLen())
	}
	return "ECDSA " + k.curve.Name()
}

// verify tells whether signature answers rndIFD, and with which hash. The hash that EF.DG14 names counts for ECDSA.
func (k publicKey) verify(signature, rndIFD []byte, hash crypto.Hash) (crypto.Hash, error) {
	if len(signature) != k.signatureSize() {
		return 0, fmt.Errorf("it has %d bytes, not %d", len(signature), k.signatureSize())
	}
	if k.rsa != nil {
		return k.verifyRSA(signature, rndIFD)
	}
	half := k.curve.Size()
	if !k.curve.Verify(k.point, digest(hash, rndIFD), signature[:half], signature[half:]) {
		return 0, errAnswer
	}
	return hash, nil
}

// verifyRSA opens the signature to the message representative. By ISO/IEC 9796-2, B.6, that is the power itself; by
// B.4 it may be what is left of it to the modulus. The one that ends in C is the one (Doc 9303-11, section 6.1.2.2).
func (k publicKey) verifyRSA(signature, rndIFD []byte) (crypto.Hash, error) {
	s := new(big.Int).SetBytes(signature)
	if s.Cmp(k.rsa.N) >= 0 {
		return 0, errForm
	}
	j := s.Exp(s, big.NewInt(int64(k.rsa.E)), k.rsa.N)
	if j.Bits() == nil || low4(j) != 0xC {
		j.Sub(k.rsa.N, j)
	}
	if low4(j) != 0xC {
		return 0, errForm
	}
	return open(j.FillBytes(make([]byte, k.rsa.Size())), rndIFD)
}

func low4(n *big.Int) uint { return n.Bit(3)<<3 | n.Bit(2)<<2 | n.Bit(1)<<1 | n.Bit(0) }

// oidRSA is rsaEncryption (RFC 3279, section 2.3.1).
var oidRSA = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}

// parsePublicKey reads a SubjectPublicKeyInfo (Doc 9303-11, section 6.1.5).
func parsePublicKey(der []byte) (publicKey, error) {
	s := cryptobyte.String(der)
	var outer, algorithm cryptobyte.String
	var oid asn1.ObjectIdentifier
	var key []byte
	if !s.ReadASN1(&outer, cbasn1.SEQUENCE) || !s.Empty() ||
		!outer.ReadASN1(&algorithm, cbasn1.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&oid) ||
		!outer.ReadASN1BitStringAsBytes(&key) || !outer.Empty() {
		return publicKey{}, fmt.Errorf("%w: it is not a SubjectPublicKeyInfo", ErrKey)
	}
	if oid.Equal(oidRSA) {
		return parseRSA(key)
	}
	found, err := secinfo.ParsePublicKey(der)
	if err != nil {
		return publicKey{}, fmt.Errorf("%w: %v", ErrKey, err)
	}
	if found.Curve == nil {
		return publicKey{}, fmt.Errorf("%w: a key for key agreement does not sign", ErrKey)
	}
	return publicKey{curve: found.Curve, point: found.Point}, nil
}

// parseRSA reads an RSAPublicKey (RFC 8017, appendix A.1.1). The size must be whole bytes, so that a message
// representative fills the modulus.
func parseRSA(key cryptobyte.String) (publicKey, error) {
	var inner cryptobyte.String
	var e int64
	n := new(big.Int)
	if !key.ReadASN1(&inner, cbasn1.SEQUENCE) || !key.Empty() || !inner.ReadASN1Integer(n) ||
		!inner.ReadASN1Integer(&e) || !inner.Empty() {
		return publicKey{}, fmt.Errorf("%w: it is not an RSAPublicKey", ErrKey)
	}
	if n.Sign() <= 0 {
		return publicKey{}, fmt.Errorf("%w: its RSA modulus is no positive number", ErrKey)
	}
	if bits := n.BitLen(); bits < minModulus || bits > maxModulus || bits%8 != 0 || n.Bit(0) == 0 {
		return publicKey{}, fmt.Errorf("%w: an RSA modulus of %d bits", ErrKey, bits)
	}
	if e < 3 || e > 1<<32-1 || e%2 == 0 {
		return publicKey{}, fmt.Errorf("%w: its RSA exponent is not an odd number of at most 32 bits", ErrKey)
	}
	return publicKey{rsa: &rsa.PublicKey{N: n, E: int(e)}}, nil
}
