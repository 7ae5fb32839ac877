package activeauth

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"

	"github.com/cancuoc/cancuoc/card/tlv"
)

// The data objects of an RSA key of which modulus and private exponent are known and its primes are not (ISO/IEC 7816-8).
const (
	privateKeyTemplate = 0x7F48
	tagModulus         = 0x81
	tagExponent        = 0x82
)

// EncodeHalves gives the bytes of an RSA key that comes to a chip in two halves, either of which may still be missing:
// modulus and private exponent. [ParsePrivateKey] reads them once both are there.
func EncodeHalves(modulus, exponent []byte) ([]byte, error) {
	var inner []byte
	if len(modulus) > maxModulus/8+1 || len(exponent) > maxModulus/8+1 {
		return nil, fmt.Errorf("activeauth: halves of a key of %d and %d bytes", len(modulus), len(exponent))
	}
	if len(modulus) > 0 {
		inner = tlv.Encode(tagModulus, modulus)
	}
	if len(exponent) > 0 {
		inner = append(inner, tlv.Encode(tagExponent, exponent)...)
	}
	return tlv.Encode(privateKeyTemplate, inner), nil
}

// ParseHalves reads what [EncodeHalves] wrote; what is missing is nil.
func ParseHalves(b []byte) (modulus, exponent []byte, err error) {
	inner, err := tlv.ParseOne(b, privateKeyTemplate)
	if err != nil {
		return nil, nil, err
	}
	objects, err := tlv.Parse(inner)
	if err != nil {
		return nil, nil, err
	}
	if m, there := tlv.Find(objects, tagModulus); there {
		modulus = m.Value
	}
	if e, there := tlv.Find(objects, tagExponent); there {
		exponent = e.Value
	}
	return modulus, exponent, nil
}

// parseWhole reads a key of which both halves are there.
func parseWhole(b []byte) (*PrivateKey, error) {
	modulus, exponent, err := ParseHalves(b)
	if err != nil {
		return nil, err
	}
	n, d := new(big.Int).SetBytes(modulus), new(big.Int).SetBytes(exponent)
	if bits := n.BitLen(); bits < minModulus || bits > maxModulus || bits%8 != 0 || n.Bit(0) == 0 || d.Sign() == 0 || d.Cmp(n) >= 0 {
		return nil, errors.New("activeauth: modulus and exponent make no RSA key")
	}
	return &PrivateKey{RSA: &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n}, D: d}}, nil
}
