package x509

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/internal/ec"
)

// AlgorithmFor gives the algorithm by which a key signs with a hash: ECDSA, or RSA PKCS #1 v1.5, or RSASSA-PSS if that is
// asked for or the key is kept for it. A hash of 0 is the one that fits the key: SHA-256, and on longer curves SHA-384 and
// SHA-512 (Doc 9303-12, section 4.1.6.3). SHA-1 and SHA-224 are never signed with.
func AlgorithmFor(key crypto.PublicKey, hash crypto.Hash, wantPSS bool) (Algorithm, error) {
	bits := 0
	switch k := key.(type) {
	case *rsa.PublicKey:
	case *PSSPublicKey:
		wantPSS = true
	case *ecdsa.PublicKey:
		bits = k.Curve.Params().BitSize
	case *ECPublicKey:
		bits = 8 * k.Curve.Size()
	default:
		return Algorithm{}, &UnsupportedError{fmt.Sprintf("signing key %T", key)}
	}
	if hash == 0 {
		hash = fittingHash(bits)
	}
	if hash != crypto.SHA256 && hash != crypto.SHA384 && hash != crypto.SHA512 {
		return Algorithm{}, &UnsupportedError{fmt.Sprintf("signing with %v", hash)}
	}
	s := pkcs1
	switch {
	case bits > 0 && wantPSS:
		return Algorithm{}, &UnsupportedError{"RSASSA-PSS with a key that is not one of RSA"}
	case bits > 0:
		s = ecdsaDER
	case wantPSS:
		s = pss
	}
	return Algorithm{Hash: hash, scheme: s, name: s.String(), mgf: hash, salt: hash.Size()}, nil
}

func fittingHash(bits int) crypto.Hash {
	switch {
	case bits > 384:
		return crypto.SHA512
	case bits > 256:
		return crypto.SHA384
	}
	return crypto.SHA256
}

// Sign signs a message with a private key, wherever it is kept.
func Sign(rand io.Reader, a Algorithm, key crypto.Signer, message []byte) ([]byte, error) {
	if key == nil {
		return nil, errors.New("x509: there is no key to sign with")
	}
	var options crypto.SignerOpts = a.Hash
	if a.scheme == pss {
		options = &rsa.PSSOptions{SaltLength: a.salt, Hash: a.Hash}
	}
	signature, err := key.Sign(rand, sum(a.Hash, message), options)
	if err != nil {
		return nil, fmt.Errorf("x509: sign: %w", err)
	}
	return signature, nil
}

// ECPrivateKey is a private key on a curve of RFC 5639: a crypto.Signer. It prints as a secret.
type ECPrivateKey struct {
	ECPublicKey
	d []byte
}

// GenerateEC draws a private key from rand: *ecdsa.PrivateKey on a curve of NIST, *ECPrivateKey on one of RFC 5639.
func GenerateEC(curve *ec.Curve, rand io.Reader) (crypto.Signer, error) {
	d, err := curve.DrawScalar(rand)
	if err != nil {
		return nil, err
	}
	return NewECPrivateKey(curve, d)
}

// NewECPrivateKey makes a key of a scalar, 1 to n-1.
func NewECPrivateKey(curve *ec.Curve, d []byte) (crypto.Signer, error) {
	if c := standard(curve); c != nil {
		return ecdsa.ParseRawPrivateKey(c, d)
	}
	if len(d) != curve.Size() || new(big.Int).SetBytes(d).Cmp(curve.Order()) >= 0 {
		return nil, fmt.Errorf("x509: the private key is not below the order of %s", curve.Name())
	}
	point, err := curve.MulBase(d)
	if err != nil {
		return nil, fmt.Errorf("x509: the private key is none: %w", err)
	}
	return &ECPrivateKey{ECPublicKey{curve, point}, bytes.Clone(d)}, nil
}

// Public gives the public key.
func (k *ECPrivateKey) Public() crypto.PublicKey { return &k.ECPublicKey }

// Scalar gives the private scalar, a copy, for the one who writes the key down.
func (k *ECPrivateKey) Scalar() []byte { return bytes.Clone(k.d) }

// Sign signs a digest; the signature is an Ecdsa-Sig-Value in DER.
func (k *ECPrivateKey) Sign(rand io.Reader, digest []byte, _ crypto.SignerOpts) ([]byte, error) {
	r, s, err := k.Curve.Sign(rand, k.d, digest)
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(new(big.Int).SetBytes(r))
		b.AddASN1BigInt(new(big.Int).SetBytes(s))
	})
	return b.Bytes()
}

// String hides the key.
func (*ECPrivateKey) String() string { return "[secret]" }

// GoString hides the key.
func (*ECPrivateKey) GoString() string { return "[secret]" }

// LogValue hides the key.
func (*ECPrivateKey) LogValue() slog.Value { return slog.StringValue("[secret]") }
