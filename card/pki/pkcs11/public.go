package pkcs11

import (
	"crypto"
	"crypto/rsa"
	"encoding/asn1"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/internal/x509"
)

// ecPublic reads CKA_EC_PARAMS, a curve by name or spelt out, and CKA_EC_POINT, which is an OCTET STRING with the
// uncompressed point or, from some tokens, the point itself (PKCS #11 v2.40, section 2.3.3).
func ecPublic(parameters, point []byte) (crypto.PublicKey, error) {
	wrapped := cryptobyte.String(point)
	var inner cryptobyte.String
	if wrapped.ReadASN1(&inner, cbasn1.OCTET_STRING) && wrapped.Empty() && len(inner) > 0 && inner[0] == 4 {
		point = inner
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1})
			b.AddBytes(parameters)
		})
		b.AddASN1BitString(point)
	})
	info, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	return publicInfo(info)
}

// rsaPublic reads CKA_MODULUS and CKA_PUBLIC_EXPONENT.
func rsaPublic(modulus, exponent []byte) (crypto.PublicKey, error) {
	n, e := new(big.Int).SetBytes(modulus), new(big.Int).SetBytes(exponent)
	if n.BitLen() < 2048 || n.BitLen() > 16384 || n.Bit(0) == 0 || e.BitLen() < 2 || e.BitLen() > 31 || e.Bit(0) == 0 {
		return nil, fmt.Errorf("%w: RSA with %d bits and the exponent %v", ErrUnsupported, n.BitLen(), e)
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}, nil
}

// publicInfo reads a SubjectPublicKeyInfo, as CKA_PUBLIC_KEY_INFO is, into the types that certificates have.
func publicInfo(info []byte) (crypto.PublicKey, error) {
	key, err := x509.ParsePublicKey(info)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	switch key := key.(type) {
	case *rsa.PublicKey:
		return rsaPublic(key.N.Bytes(), big.NewInt(int64(key.E)).Bytes())
	case *x509.PSSPublicKey:
		return nil, fmt.Errorf("%w: a key for RSASSA-PSS alone", ErrUnsupported)
	}
	return key, nil
}
