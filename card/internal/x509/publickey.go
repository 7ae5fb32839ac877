package x509

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/internal/ec"
	"github.com/cancuoc/cancuoc/card/secinfo"
)

// The RSA keys that are read: moduli of that many bits, exponents of at most 31.
const (
	minModulus = 1024
	maxModulus = 8192
)

// ECPublicKey is a point of a curve that crypto/elliptic has not: one of RFC 5639.
type ECPublicKey struct {
	Curve *ec.Curve
	Point ec.Point
}

// Equal tells whether two keys are the same point.
func (k *ECPublicKey) Equal(other crypto.PublicKey) bool {
	o, ok := other.(*ECPublicKey)
	return ok && k.Point == o.Point
}

// PSSPublicKey is a key of RSA that signs by RSASSA-PSS and in no other way (RFC 4055, section 1.2).
type PSSPublicKey struct{ rsa.PublicKey }

// Equal tells whether two keys are the same numbers: whoever holds the private key need not know what it is kept for.
func (k *PSSPublicKey) Equal(other crypto.PublicKey) bool {
	if o, ok := other.(*PSSPublicKey); ok {
		other = &o.PublicKey
	}
	return k.PublicKey.Equal(other)
}

// ParsePublicKey reads a SubjectPublicKeyInfo with a key that signs: *rsa.PublicKey, *PSSPublicKey, *ecdsa.PublicKey on a
// curve of NIST, *ECPublicKey on one of RFC 5639. A curve may be named or spelt out; one that is not known is an
// [UnsupportedError].
func ParsePublicKey(info []byte) (crypto.PublicKey, error) {
	in := cryptobyte.String(info)
	var seq, algorithm cryptobyte.String
	var bits []byte
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() || !seq.ReadASN1Element(&algorithm, cbasn1.SEQUENCE) ||
		!seq.ReadASN1BitStringAsBytes(&bits) || !seq.Empty() {
		return nil, malformed("the public key is no SubjectPublicKeyInfo")
	}
	oid, parameters, err := readIdentifier(&algorithm)
	switch {
	case err != nil:
		return nil, err
	case oid.Equal(oidEC()):
		return parseEC(info)
	// Without the NULL of RFC 3279, section 2.3.1: keys of EE.
	case oid.Equal(oidRSA()) && absent(parameters), oid.Equal(oidPSS()) && parameters.Empty():
		return parseRSA(bits, oid.Equal(oidPSS()))
	case oid.Equal(oidRSA()):
		return nil, malformed("the RSA key has parameters")
	case oid.Equal(oidPSS()):
		return nil, &UnsupportedError{"a public key for RSASSA-PSS with parameters of its own"}
	}
	return nil, &UnsupportedError{"public key " + oid.String()}
}

func parseEC(info []byte) (crypto.PublicKey, error) {
	key, err := secinfo.ParsePublicKey(info)
	if errors.Is(err, ec.ErrUnsupported) {
		return nil, &UnsupportedError{"elliptic curve" + strings.TrimPrefix(err.Error(), "secinfo: "+ec.ErrUnsupported.Error())}
	}
	if err != nil {
		return nil, malformed("%v", err)
	}
	return signingKey(key.Curve, key.Point)
}

// signingKey gives the key in the type that the standard library has for it, if it has one.
func signingKey(curve *ec.Curve, point ec.Point) (crypto.PublicKey, error) {
	if c := standard(curve); c != nil {
		return ecdsa.ParseUncompressedPublicKey(c, point.Bytes())
	}
	return &ECPublicKey{curve, point}, nil
}

// standard gives a curve as the standard library has it, nil for one of RFC 5639.
func standard(curve *ec.Curve) elliptic.Curve {
	switch curve {
	case ec.P224():
		return elliptic.P224()
	case ec.P256():
		return elliptic.P256()
	case ec.P384():
		return elliptic.P384()
	case ec.P521():
		return elliptic.P521()
	}
	return nil
}

// parseRSA reads an RSAPublicKey (RFC 8017, appendix A.1.1).
func parseRSA(bits []byte, onlyPSS bool) (crypto.PublicKey, error) {
	in := cryptobyte.String(bits)
	var seq cryptobyte.String
	n, e := new(big.Int), new(big.Int)
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() || !seq.ReadASN1Integer(n) || !seq.ReadASN1Integer(e) || !seq.Empty() {
		return nil, malformed("the RSA key is no RSAPublicKey")
	}
	if n.Sign() <= 0 || n.Bit(0) == 0 || e.Sign() <= 0 || e.Bit(0) == 0 {
		return nil, malformed("the RSA key has an even number or a negative one")
	}
	if size := n.BitLen(); size < minModulus || size > maxModulus {
		return nil, &UnsupportedError{fmt.Sprintf("RSA with %d bits", size)}
	}
	if e.BitLen() < 2 || e.BitLen() > 31 {
		return nil, &UnsupportedError{fmt.Sprintf("RSA with an exponent of %d bits", e.BitLen())}
	}
	key := rsa.PublicKey{N: n, E: int(e.Int64())}
	if onlyPSS {
		return &PSSPublicKey{key}, nil
	}
	return &key, nil
}

// KeyName names a key for a person to read: "RSA 4096", "brainpoolP384r1".
func KeyName(key crypto.PublicKey) string {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", k.N.BitLen())
	case *PSSPublicKey:
		return fmt.Sprintf("RSA %d for RSASSA-PSS", k.N.BitLen())
	case *ecdsa.PublicKey:
		return k.Curve.Params().Name
	case *ECPublicKey:
		return k.Curve.Name()
	}
	return fmt.Sprintf("%T", key)
}

// AddPublicKey writes the SubjectPublicKeyInfo of a key, its curve spelt out as Doc 9303-12, section 4.1.6.3, wants it, or
// by its name, which that section excludes and most programs expect.
func AddPublicKey(b *cryptobyte.Builder, key crypto.PublicKey, namedCurve bool) {
	switch k := key.(type) {
	case *rsa.PublicKey:
		addRSA(b, k, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidRSA())
			b.AddASN1NULL()
		})
		return
	case *PSSPublicKey:
		addRSA(b, &k.PublicKey, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidPSS()) })
		return
	case *ecdsa.PublicKey:
		if curve := CurveOf(k.Curve); curve != nil {
			point, err := k.Bytes()
			addEC(b, curve, point, namedCurve, err)
			return
		}
	case *ECPublicKey:
		addEC(b, k.Curve, k.Point.Bytes(), namedCurve, nil)
		return
	}
	b.SetError(fmt.Errorf("x509: a public key %T cannot be written", key))
}

func addEC(b *cryptobyte.Builder, curve *ec.Curve, encoded []byte, named bool, err error) {
	var info []byte
	point, parsed := curve.ParsePoint(encoded)
	if err == nil {
		err = parsed
	}
	if err == nil {
		key := secinfo.PublicKey{Curve: curve, Point: point}
		write := key.Explicit
		if named {
			write = key.Named
		}
		info, err = write()
	}
	if err != nil {
		b.SetError(err)
		return
	}
	b.AddBytes(info)
}

// CurveOf gives a curve of the standard library as package ec has it, nil for one that is not known.
func CurveOf(curve elliptic.Curve) *ec.Curve {
	for _, c := range []*ec.Curve{ec.P224(), ec.P256(), ec.P384(), ec.P521()} {
		if standard(c) == curve {
			return c
		}
	}
	return nil
}

func addRSA(b *cryptobyte.Builder, key *rsa.PublicKey, algorithm func(b *cryptobyte.Builder)) {
	var bits cryptobyte.Builder
	bits.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(key.N)
		b.AddASN1Int64(int64(key.E))
	})
	encoded, err := bits.Bytes()
	if err != nil {
		b.SetError(err)
		return
	}
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, algorithm)
		b.AddASN1BitString(encoded)
	})
}

// KeyIdentifier is method 1 of RFC 7093, section 2: the first 160 bits of the SHA-256 of the key as it stands in its BIT
// STRING, the same whether the curve is named or spelt out.
func KeyIdentifier(key crypto.PublicKey) ([]byte, error) {
	var b cryptobyte.Builder
	AddPublicKey(&b, key, true)
	info, err := b.Bytes()
	if err != nil {
		return nil, err
	}
	in := cryptobyte.String(info)
	var seq, algorithm cryptobyte.String
	var bits []byte
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1(&algorithm, cbasn1.SEQUENCE) || !seq.ReadASN1BitStringAsBytes(&bits) {
		return nil, malformed("the public key just written")
	}
	digest := sha256.Sum256(bits)
	return digest[:20], nil
}

// CurveParameters tells how a SubjectPublicKeyInfo gives its curve: "explicit", spelt out by its parameters, or "named";
// nothing for a key of another kind.
func CurveParameters(info []byte) string {
	in := cryptobyte.String(info)
	var seq, algorithm cryptobyte.String
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1Element(&algorithm, cbasn1.SEQUENCE) {
		return ""
	}
	oid, parameters, err := readIdentifier(&algorithm)
	switch {
	case err != nil || !oid.Equal(oidEC()):
		return ""
	case parameters.PeekASN1Tag(cbasn1.SEQUENCE):
		return "explicit"
	}
	return "named"
}
