package activeauth

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/internal/dh"
	"github.com/cancuoc/cancuoc/card/internal/ec"
	"github.com/cancuoc/cancuoc/card/secinfo"
)

// PrivateKey is the key that makes a chip authentic: RSA with whole bytes, or a scalar on a curve. It prints as
// [secret].
type PrivateKey struct {
	RSA   *rsa.PrivateKey
	Curve *ec.Curve
	D     []byte // the private scalar, as long as the curve's order
}

// String hides the key.
func (PrivateKey) String() string { return "[secret]" }

// GoString hides the key from %#v.
func (PrivateKey) GoString() string { return "[secret]" }

// LogValue hides the key from log/slog.
func (PrivateKey) LogValue() slog.Value { return slog.StringValue("[secret]") }

// GenerateRSA makes an RSA key of 1,024, 2,048 or more bits, whole bytes.
func GenerateRSA(bits int, rand io.Reader) (*PrivateKey, error) {
	if bits < minModulus || bits > maxModulus || bits%8 != 0 {
		return nil, fmt.Errorf("activeauth: RSA keys have %d to %d bits, a multiple of eight", minModulus, maxModulus)
	}
	key, err := rsa.GenerateKey(rand, bits)
	if err != nil {
		return nil, fmt.Errorf("activeauth: make an RSA key: %w", err)
	}
	return &PrivateKey{RSA: key}, nil
}

// GenerateEC draws a key from rand, on the curve with this identifier of the standardised domain parameters (Doc
// 9303-11, section 9.5.1).
func GenerateEC(parameterID int, rand io.Reader) (*PrivateKey, error) {
	curve, err := ec.ByParameterID(parameterID)
	if err != nil {
		return nil, err
	}
	d, err := curve.DrawScalar(rand)
	if err != nil {
		return nil, err
	}
	return &PrivateKey{Curve: curve, D: d}, nil
}

// PublicKey gives the SubjectPublicKeyInfo for EF.DG15, with the curve spelled out (Doc 9303-11, section 9.5.2).
func (k *PrivateKey) PublicKey() ([]byte, error) {
	if k.RSA != nil {
		var b cryptobyte.Builder
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { addRSA(b, &k.RSA.PublicKey) })
		return b.Bytes()
	}
	if k.Curve == nil {
		return nil, errNoKey
	}
	point, err := k.Curve.MulBase(k.D)
	if err != nil {
		return nil, err
	}
	return secinfo.PublicKey{Curve: k.Curve, Point: point}.Explicit()
}

var errNoKey = errors.New("activeauth: there is no private key")

func addRSA(b *cryptobyte.Builder, key *rsa.PublicKey) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oidRSA)
		b.AddASN1NULL()
	})
	var inner cryptobyte.Builder
	inner.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(key.N)
		b.AddASN1Int64(int64(key.E))
	})
	b.AddASN1BitString(inner.BytesOrPanic())
}

// Encode gives the bytes that [ParsePrivateKey] reads, for the memory of a chip: RSA by PKCS #8, or where its primes are
// not known as [EncodeHalves] does; or the identifier of the curve in one byte and the scalar.
func (k *PrivateKey) Encode() ([]byte, error) {
	switch {
	case k.RSA != nil && len(k.RSA.Primes) == 0:
		return EncodeHalves(k.RSA.N.Bytes(), k.RSA.D.Bytes())
	case k.RSA != nil:
		return x509.MarshalPKCS8PrivateKey(k.RSA)
	case k.Curve == nil:
		return nil, errNoKey
	}
	return append([]byte{byte(k.Curve.ID())}, k.D...), nil
}

// ParsePrivateKey reads what [PrivateKey.Encode] wrote.
func ParsePrivateKey(b []byte) (*PrivateKey, error) {
	if len(b) == 0 {
		return nil, errNoKey
	}
	if curve, err := ec.ByParameterID(int(b[0])); err == nil {
		d := new(big.Int).SetBytes(b[1:])
		if len(b) != 1+curve.Size() || d.Sign() == 0 || d.Cmp(curve.Order()) >= 0 {
			return nil, errNoKey
		}
		return &PrivateKey{Curve: curve, D: bytes.Clone(b[1:])}, nil
	}
	if b[0] == privateKeyTemplate>>8 {
		return parseWhole(b)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(b)
	key, ok := parsed.(*rsa.PrivateKey)
	if err != nil || !ok {
		return nil, errNoKey
	}
	return &PrivateKey{RSA: key}, nil
}

// Chip is the chip's end: what answers INTERNAL AUTHENTICATE. The zero value answers that it cannot.
type Chip struct {
	Key  *PrivateKey
	Hash crypto.Hash // of the signature; zero stands for SHA-256
	Rand io.Reader   // RND.IC, or what the signature of a curve needs, is drawn from it
}

// Authenticate answers INTERNAL AUTHENTICATE (Doc 9303-11, section 6.1.3).
func (c *Chip) Authenticate(cmd apdu.Command) apdu.Response {
	switch {
	case c.Key == nil:
		return apdu.Response{SW: apdu.SWConditionsNotSatisfied}
	case cmd.P1 != 0 || cmd.P2 != 0:
		return apdu.Response{SW: apdu.SWIncorrectP1P2}
	case len(cmd.Data) != rndSize || cmd.Ne == 0:
		return apdu.Response{SW: apdu.SWWrongLength}
	}
	signature, err := c.sign(cmd.Data)
	if err != nil {
		return apdu.Response{SW: apdu.SWUnspecified}
	}
	if len(signature) > cmd.Ne {
		return apdu.Response{SW: apdu.SWWrongLength}
	}
	return apdu.Response{Data: signature, SW: apdu.SWOK}
}

func (c *Chip) sign(rndIFD []byte) ([]byte, error) {
	hash := c.Hash
	if hash == 0 {
		hash = crypto.SHA256
	}
	if c.Key.RSA != nil {
		return c.signRSA(hash, rndIFD)
	}
	if c.Key.Curve == nil {
		return nil, errNoKey
	}
	if !curveHash(hash) {
		return nil, errHash
	}
	r, s, err := c.Key.Curve.Sign(c.Rand, c.Key.D, digest(hash, rndIFD))
	return append(r, s...), err
}

// signRSA signs by ISO/IEC 9796-2, scheme 1, with the signature production of B.6 (Doc 9303-11, section 6.1.2.2). The
// power is taken in constant time.
func (c *Chip) signRSA(hash crypto.Hash, rndIFD []byte) ([]byte, error) {
	size := c.Key.RSA.Size()
	for _, t := range trailers() {
		if t.hash != hash {
			continue
		}
		if t.recoverable(size) < rndSize {
			return nil, fmt.Errorf("activeauth: the RSA key is too short for %v", hash)
		}
		m1 := make([]byte, t.recoverable(size))
		if _, err := io.ReadFull(c.Rand, m1); err != nil {
			return nil, fmt.Errorf("activeauth: draw RND.IC: %w", err)
		}
		modulus, err := dh.NewModulus(c.Key.RSA.N)
		if err != nil {
			return nil, err
		}
		return modulus.Exp(t.represent(m1, rndIFD), c.Key.RSA.D.FillBytes(make([]byte, size)))
	}
	return nil, fmt.Errorf("activeauth: the standard has no %v", hash)
}
