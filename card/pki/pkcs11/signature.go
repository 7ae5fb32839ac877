package pkcs11

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/asn1"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/internal/x509"
)

// mechanism is one of the three ways to sign; each takes what the host has hashed.
type mechanism byte

const (
	rawECDSA mechanism = iota // CKM_ECDSA
	rsaPKCS1                  // CKM_RSA_PKCS
	rsaPSS                    // CKM_RSA_PKCS_PSS
)

// request is a signature to be made.
type request struct {
	mechanism mechanism
	digest    []byte
	input     []byte // what the token is given
	hash      crypto.Hash
	salt      int // of PSS, in bytes
}

// prepare makes of a digest what the token takes.
func prepare(public crypto.PublicKey, digest []byte, opts crypto.SignerOpts) (request, error) {
	r := request{digest: digest, input: digest}
	if opts != nil {
		r.hash = opts.HashFunc()
	}
	if len(digest) == 0 || r.hash != 0 && len(digest) != r.hash.Size() {
		return r, fmt.Errorf("%w: a digest of %d bytes for %v", ErrUnsupported, len(digest), r.hash)
	}
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		r.input = leftmost(digest, key.Curve.Params().BitSize)
	case *x509.ECPublicKey:
		r.input = leftmost(digest, key.Curve.Order().BitLen())
	case *rsa.PublicKey:
		return prepareRSA(r, key, opts)
	}
	return r, nil
}

// leftmost cuts a digest to the bits of the order, which tokens do not all do by themselves. Orders that are not whole
// bytes are longer than every digest.
func leftmost(digest []byte, bits int) []byte { return digest[:min(len(digest), (bits+7)/8)] }

func prepareRSA(r request, key *rsa.PublicKey, opts crypto.SignerOpts) (request, error) {
	oid, known := hashes[r.hash]
	if !known {
		return r, fmt.Errorf("%w: RSA signatures with %v", ErrUnsupported, r.hash)
	}
	pss, ok := opts.(*rsa.PSSOptions)
	if !ok {
		r.mechanism = rsaPKCS1
		var err error
		r.input, err = digestInfo(oid, r.digest)
		return r, err
	}
	r.mechanism, r.salt = rsaPSS, pss.SaltLength
	longest := (key.N.BitLen()-1+7)/8 - 2 - r.hash.Size()
	switch pss.SaltLength {
	case rsa.PSSSaltLengthEqualsHash:
		r.salt = r.hash.Size()
	case rsa.PSSSaltLengthAuto:
		r.salt = longest
	}
	if r.salt < 0 || r.salt > longest {
		return r, fmt.Errorf("%w: PSS with a salt of %d bytes", ErrUnsupported, r.salt)
	}
	return r, nil
}

// hashes are those that RSA signs with, by their object identifiers.
var hashes = map[crypto.Hash]asn1.ObjectIdentifier{
	crypto.SHA224: {2, 16, 840, 1, 101, 3, 4, 2, 4},
	crypto.SHA256: {2, 16, 840, 1, 101, 3, 4, 2, 1},
	crypto.SHA384: {2, 16, 840, 1, 101, 3, 4, 2, 2},
	crypto.SHA512: {2, 16, 840, 1, 101, 3, 4, 2, 3},
}

// digestInfo codes a digest for PKCS #1 v1.5 (RFC 8017, section 9.2).
func digestInfo(oid asn1.ObjectIdentifier, digest []byte) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oid)
			b.AddASN1NULL()
		})
		b.AddASN1OctetString(digest)
	})
	return b.Bytes()
}

// finish codes what the token gave as signatures are coded elsewhere: for ECDSA it is r and s, equally long, which
// become an ECDSA-Sig-Value.
func finish(r request, raw []byte) ([]byte, error) {
	if r.mechanism != rawECDSA {
		return raw, nil
	}
	if len(raw) == 0 || len(raw)%2 != 0 || len(raw) > 2*66 {
		return nil, fmt.Errorf("%w: %d bytes", ErrSignature, len(raw))
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(new(big.Int).SetBytes(raw[:len(raw)/2]))
		b.AddASN1BigInt(new(big.Int).SetBytes(raw[len(raw)/2:]))
	})
	return b.Bytes()
}

// verify judges on the host what the token signed: a fault in a signature may give the private key away, and a token
// may have been changed for another.
func verify(public crypto.PublicKey, r request, signature []byte) error {
	good := false
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		good = ecdsa.VerifyASN1(key, r.digest, signature)
	case *x509.ECPublicKey:
		good = key.Verify(r.digest, signature)
	case *rsa.PublicKey:
		if r.mechanism == rsaPSS {
			good = rsa.VerifyPSS(key, r.hash, r.digest, signature, &rsa.PSSOptions{SaltLength: r.salt, Hash: r.hash}) == nil
		} else {
			good = rsa.VerifyPKCS1v15(key, r.hash, r.digest, signature) == nil
		}
	}
	if !good {
		return ErrSignature
	}
	return nil
}
