package secinfo

import (
	"encoding/asn1"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/internal/dh"
	"github.com/cancuoc/cancuoc/card/internal/ec"
)

// PublicKey is a checked public key for key agreement: a point of a curve, or an element of a MODP group. One of Curve
// and Group is set.
type PublicKey struct {
	Curve *ec.Curve
	Point ec.Point

	Group *dh.Group
	Value dh.Element
}

// Agreement tells what the key is for.
func (k PublicKey) Agreement() Agreement {
	if k.Group != nil {
		return DH
	}
	return ECDH
}

// Bytes gives the key as commands carry it: 04 X Y, or the value without leading zeros (Doc 9303-11, section 9.4.5).
func (k PublicKey) Bytes() []byte {
	if k.Group != nil {
		return k.Value.Bytes()
	}
	return k.Point.Bytes()
}

// ParameterName names the standardised domain parameters with a number (Doc 9303-11, section 9.5.1), for a person to read.
func ParameterName(id int) string { return PACEInfo{ParameterID: id}.parameters() }

// PublicKey reads the key and checks that it fits the kind of the info.
func (i ChipAuthenticationPublicKeyInfo) PublicKey() (PublicKey, error) {
	key, err := ParsePublicKey(i.Key)
	if err == nil && key.Agreement() != i.Agreement {
		return PublicKey{}, fmt.Errorf("secinfo: a key for %v under the object identifier of %v", key.Agreement(), i.Agreement)
	}
	return key, err
}

// ParsePublicKey reads a SubjectPublicKeyInfo with standardised domain parameters or with explicit ones that are
// equal to standardised ones; everything else is declined by name, since it cannot be checked (Doc 9303-11, sections
// 9.1, 9.5 and 9.6). Two forms are read that the standard excludes and chips have: elliptic curves by name (section
// 9.5.2) and the X9.42 form of MODP groups (section 8.5, note 2).
func ParsePublicKey(info []byte) (PublicKey, error) {
	algorithm, bits, err := splitKey(info)
	if err != nil {
		return PublicKey{}, fmt.Errorf("secinfo: %w", err)
	}
	key, err := readParameters(algorithm)
	if err != nil {
		return PublicKey{}, fmt.Errorf("secinfo: %w", err)
	}
	if key.Curve != nil {
		key.Point, err = key.Curve.ParsePoint(bits)
	} else {
		key.Value, err = readDHValue(key.Group, bits)
	}
	if err != nil {
		return PublicKey{}, fmt.Errorf("secinfo: %w", err)
	}
	return key, nil
}

// splitKey reads the frame of a SubjectPublicKeyInfo (Doc 9303-11, section 9.1).
func splitKey(info []byte) (algorithm, bits []byte, err error) {
	in := cryptobyte.String(info)
	var seq, id cryptobyte.String
	var value []byte
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() || !seq.ReadASN1(&id, cbasn1.SEQUENCE) ||
		!seq.ReadASN1BitStringAsBytes(&value) || !seq.Empty() {
		return nil, nil, fmt.Errorf("the key is no SubjectPublicKeyInfo")
	}
	return id, value, nil
}

// readParameters reads the content of an AlgorithmIdentifier.
func readParameters(algorithm []byte) (PublicKey, error) {
	in := cryptobyte.String(algorithm)
	var oid asn1.ObjectIdentifier
	if !in.ReadASN1ObjectIdentifier(&oid) {
		return PublicKey{}, fmt.Errorf("the key has no algorithm")
	}
	var key PublicKey
	var err error
	switch {
	case oid.Equal(standardizedDomainParameters()):
		key, err = readStandardised(&in)
	case oid.Equal(ecPublicKey()):
		key.Curve, err = ReadCurve(&in)
	case oid.Equal(dhKeyAgreement()):
		key.Group, err = readPKCS3(&in)
	case oid.Equal(dhPublicNumber()):
		key.Group, err = readX942(&in)
	default:
		return PublicKey{}, fmt.Errorf("a key of algorithm %v is not for key agreement", oid)
	}
	if err == nil && !in.Empty() {
		err = fmt.Errorf("something follows the domain parameters")
	}
	return key, err
}

// readStandardised reads an identifier of table 12 (Doc 9303-11, section 9.5.1).
func readStandardised(in *cryptobyte.String) (PublicKey, error) {
	var id int
	if !in.ReadASN1Integer(&id) {
		return PublicKey{}, fmt.Errorf("the standardised domain parameters are no INTEGER")
	}
	if id >= 0 && id <= 2 {
		group, err := dh.ByID(id)
		return PublicKey{Group: group}, err
	}
	curve, err := ec.ByParameterID(id)
	return PublicKey{Curve: curve}, err
}

// ReadCurve reads the parameters of id-ecPublicKey: ECParameters, which must be those of a curve that is known, or the name of
// one (TR-03111, section 5.1).
func ReadCurve(in *cryptobyte.String) (*ec.Curve, error) {
	if in.PeekASN1Tag(cbasn1.OBJECT_IDENTIFIER) {
		var oid asn1.ObjectIdentifier
		if !in.ReadASN1ObjectIdentifier(&oid) {
			return nil, fmt.Errorf("the name of the curve is no object identifier")
		}
		return ec.ByOID(oid)
	}
	var seq, field, curve, a, b, seed, base cryptobyte.String
	var version int
	var oid asn1.ObjectIdentifier
	p, n, h := new(big.Int), new(big.Int), 1
	ok := in.ReadASN1(&seq, cbasn1.SEQUENCE) && seq.ReadASN1Integer(&version) && version >= 1 && version <= 3 &&
		seq.ReadASN1(&field, cbasn1.SEQUENCE) && field.ReadASN1ObjectIdentifier(&oid) && oid.Equal(primeField()) &&
		field.ReadASN1Integer(p) && field.Empty() &&
		seq.ReadASN1(&curve, cbasn1.SEQUENCE) && curve.ReadASN1(&a, cbasn1.OCTET_STRING) && curve.ReadASN1(&b, cbasn1.OCTET_STRING) &&
		curve.ReadOptionalASN1(&seed, nil, cbasn1.BIT_STRING) && curve.Empty() &&
		seq.ReadASN1(&base, cbasn1.OCTET_STRING) && seq.ReadASN1Integer(n) && (seq.Empty() || seq.ReadASN1Integer(&h)) && seq.Empty()
	if !ok {
		return nil, fmt.Errorf("the domain parameters are no ECParameters over a prime field")
	}
	if len(base)%2 == 0 || base[0] != 4 {
		return nil, fmt.Errorf("the base point is not uncompressed")
	}
	x, y := base[1:1+len(base)/2], base[1+len(base)/2:]
	return ec.ByParameters(p, number(a), number(b), number(x), number(y), n, h)
}

func number(b []byte) *big.Int { return new(big.Int).SetBytes(b) }

// readPKCS3 reads DHParameter (PKCS #3, section 9): the length of the private value is of no use here.
func readPKCS3(in *cryptobyte.String) (*dh.Group, error) {
	var seq cryptobyte.String
	var length int64
	p, g := new(big.Int), new(big.Int)
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1Integer(p) || !seq.ReadASN1Integer(g) ||
		!seq.Empty() && !seq.ReadASN1Integer(&length) || !seq.Empty() {
		return nil, fmt.Errorf("the domain parameters are no DHParameter")
	}
	return dh.ByParameters(p, g, nil)
}

// readX942 reads DomainParameters (RFC 3279, section 2.3.3): cofactor and seed are of no use here.
func readX942(in *cryptobyte.String) (*dh.Group, error) {
	var seq, validation cryptobyte.String
	p, g, q, j := new(big.Int), new(big.Int), new(big.Int), new(big.Int)
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1Integer(p) || !seq.ReadASN1Integer(g) || !seq.ReadASN1Integer(q) ||
		seq.PeekASN1Tag(cbasn1.INTEGER) && !seq.ReadASN1Integer(j) ||
		!seq.ReadOptionalASN1(&validation, nil, cbasn1.SEQUENCE) || !seq.Empty() {
		return nil, fmt.Errorf("the domain parameters are no DomainParameters of X9.42")
	}
	return dh.ByParameters(p, g, q)
}

// readDHValue reads the public value: an INTEGER inside the BIT STRING.
func readDHValue(group *dh.Group, bits []byte) (dh.Element, error) {
	in := cryptobyte.String(bits)
	y := new(big.Int)
	if !in.ReadASN1Integer(y) || !in.Empty() || y.Sign() < 0 {
		return dh.Element{}, fmt.Errorf("the public value is no positive INTEGER")
	}
	return group.ParsePublic(y.Bytes())
}

// Standardised gives the SubjectPublicKeyInfo with the identifier of standardised domain parameters, as EF.CardSecurity
// holds the key of chip authentication mapping (Doc 9303-11, section 9.5.1).
func (k PublicKey) Standardised() ([]byte, error) {
	return k.encode(func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(standardizedDomainParameters())
		if k.Group != nil {
			b.AddASN1Int64(int64(k.Group.ID()))
		} else {
			b.AddASN1Int64(int64(k.Curve.ID()))
		}
	})
}

// Explicit gives the SubjectPublicKeyInfo with its domain parameters spelt out, as EF.DG14 holds the key of Chip
// Authentication (Doc 9303-11, sections 9.2, 9.5.2 and 9.6).
func (k PublicKey) Explicit() ([]byte, error) {
	return k.encode(func(b *cryptobyte.Builder) {
		if k.Group != nil {
			addPKCS3(b, k.Group)
		} else {
			addCurve(b, k.Curve)
		}
	})
}

// Named gives the SubjectPublicKeyInfo of a point with its curve by name (RFC 5480, section 2.1.1), which the standard has
// for no key.
func (k PublicKey) Named() ([]byte, error) {
	if k.Curve == nil {
		return nil, fmt.Errorf("secinfo: only curves have names")
	}
	return k.encode(func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(ecPublicKey())
		b.AddASN1ObjectIdentifier(k.Curve.OID())
	})
}

func (k PublicKey) encode(algorithm cryptobyte.BuilderContinuation) ([]byte, error) {
	if k.Curve == nil && k.Group == nil {
		return nil, fmt.Errorf("secinfo: there is no key to write")
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, algorithm)
		bits := k.Point.Bytes()
		if k.Group != nil {
			var value cryptobyte.Builder
			value.AddASN1BigInt(number(k.Value.Bytes()))
			bits = value.BytesOrPanic()
		}
		b.AddASN1BitString(bits)
	})
	return b.Bytes()
}

func addPKCS3(b *cryptobyte.Builder, group *dh.Group) {
	p, _, g := group.Parameters()
	b.AddASN1ObjectIdentifier(dhKeyAgreement())
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(p)
		b.AddASN1BigInt(g)
	})
}

func addCurve(b *cryptobyte.Builder, curve *ec.Curve) {
	p, a, c, _, _, n, h := curve.Parameters()
	fixed := func(x *big.Int) []byte { return x.FillBytes(make([]byte, curve.Size())) }
	b.AddASN1ObjectIdentifier(ecPublicKey())
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(primeField())
			b.AddASN1BigInt(p)
		})
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1OctetString(fixed(a))
			b.AddASN1OctetString(fixed(c))
		})
		b.AddASN1OctetString(curve.Generator().Bytes())
		b.AddASN1BigInt(n)
		b.AddASN1Int64(int64(h))
	})
}
