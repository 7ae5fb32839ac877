package x509

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	stdx509 "crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/internal/ec"
	"github.com/cancuoc/cancuoc/card/secinfo"
)

// ErrPrivateKey says that bytes are no private key. It says nothing of them.
var ErrPrivateKey = errors.New("x509: not a private key by PKCS #8 for RSA or a curve that is known")

// MarshalPrivateKey gives a PrivateKeyInfo (PKCS #8, RFC 5208), a curve by its name: *rsa.PrivateKey, *ecdsa.PrivateKey or
// *[ECPrivateKey]. It is for the caller to seal it.
func MarshalPrivateKey(key crypto.Signer) ([]byte, error) {
	if k, ok := key.(*rsa.PrivateKey); ok {
		return stdx509.MarshalPKCS8PrivateKey(k)
	}
	curve, d, err := Scalar(key)
	if err != nil {
		return nil, err
	}
	defer clear(d)
	point, err := curve.MulBase(d)
	if err != nil {
		return nil, err
	}
	return marshalEC(curve, d, point.Bytes())
}

func marshalEC(curve *ec.Curve, d, point []byte) ([]byte, error) {
	const seq = cbasn1.SEQUENCE
	type builder = *cryptobyte.Builder
	var b cryptobyte.Builder
	b.AddASN1(seq, func(b builder) {
		b.AddASN1Int64(0)
		b.AddASN1(seq, func(b builder) {
			b.AddASN1ObjectIdentifier(oidEC())
			b.AddASN1ObjectIdentifier(curve.OID())
		})
		b.AddASN1(cbasn1.OCTET_STRING, func(b builder) { // ECPrivateKey (RFC 5915, section 3)
			b.AddASN1(seq, func(b builder) {
				b.AddASN1Int64(1)
				b.AddASN1OctetString(d)
				b.AddASN1(explicit(1), func(b builder) { b.AddASN1BitString(point) })
			})
		})
	})
	return b.Bytes()
}

// Scalar gives curve and private scalar, a copy, of a key on a curve, whichever type it has.
func Scalar(key crypto.Signer) (*ec.Curve, []byte, error) {
	switch k := key.(type) {
	case *ecdsa.PrivateKey:
		if curve := CurveOf(k.Curve); curve != nil {
			d, err := k.Bytes()
			return curve, d, err
		}
	case *ECPrivateKey:
		return k.Curve, k.Scalar(), nil
	}
	return nil, nil, fmt.Errorf("x509: a private key %T is not in memory, or on no curve that is known", key)
}

// ParsePrivateKey reads a PrivateKeyInfo (PKCS #8): *rsa.PrivateKey, *ecdsa.PrivateKey on a curve of NIST, *[ECPrivateKey] on
// one of RFC 5639, named or spelt out. Anything else is [ErrPrivateKey].
func ParsePrivateKey(der []byte) (crypto.Signer, error) {
	in := cryptobyte.String(der)
	var outer, algorithm, parameters, key cryptobyte.String
	var oid asn1.ObjectIdentifier
	var version int
	if !in.ReadASN1(&outer, cbasn1.SEQUENCE) || !in.Empty() || !outer.ReadASN1Integer(&version) || version < 0 || version > 1 ||
		!outer.ReadASN1(&algorithm, cbasn1.SEQUENCE) || !ReadOID(&algorithm, &oid) || !outer.ReadASN1(&key, cbasn1.OCTET_STRING) {
		return nil, ErrPrivateKey
	}
	parameters = algorithm
	switch {
	case oid.Equal(oidRSA()):
		return parseRSAPrivate(key)
	case oid.Equal(oidEC()):
		return parseECPrivate(parameters, key)
	}
	return nil, ErrPrivateKey
}

// parseRSAPrivate reads an RSAPrivateKey that fits this package's public keys and whose numbers agree.
func parseRSAPrivate(der []byte) (crypto.Signer, error) {
	key, err := stdx509.ParsePKCS1PrivateKey(der)
	if err != nil || key.N.BitLen() < minModulus || key.N.BitLen() > maxModulus || key.Validate() != nil {
		return nil, ErrPrivateKey // the library's error could quote the key
	}
	return key, nil
}

// parseECPrivate reads an ECPrivateKey (RFC 5915, section 3) under the parameters beside it.
func parseECPrivate(parameters, der cryptobyte.String) (crypto.Signer, error) {
	curve, err := secinfo.ReadCurve(&parameters)
	if err != nil || !parameters.Empty() {
		return nil, ErrPrivateKey
	}
	var inner, scalar cryptobyte.String
	var version int
	if !der.ReadASN1(&inner, cbasn1.SEQUENCE) || !der.Empty() || !inner.ReadASN1Integer(&version) || version != 1 ||
		!inner.ReadASN1(&scalar, cbasn1.OCTET_STRING) {
		return nil, ErrPrivateKey
	}
	d := new(big.Int).SetBytes(scalar)
	if d.Sign() == 0 || d.Cmp(curve.Order()) >= 0 {
		return nil, ErrPrivateKey
	}
	fixed := d.FillBytes(make([]byte, curve.Size()))
	defer clear(fixed)
	key, err := NewECPrivateKey(curve, fixed)
	if err != nil {
		return nil, ErrPrivateKey
	}
	return key, nil
}
