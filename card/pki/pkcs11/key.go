//go:build cgo

package pkcs11

import (
	"crypto"
	"fmt"
	"io"
	"time"

	p11 "github.com/miekg/pkcs11"

	"github.com/cancuoc/cancuoc/card/pki/internal/intoken"
)

// Key is a signing key on a token: a crypto.Signer. Many goroutines may use it at once; each has a session of its own.
type Key struct {
	held
	public crypto.PublicKey
	always bool // the token wants the PIN for every signature (CKA_ALWAYS_AUTHENTICATE)
}

// Open finds a key. The PIN comes from the file that the URI names with pin-source, else from pin, which may be nil
// where none is needed. A wrong PIN is an error also where another key of the token is open already.
func Open(uri string, pin PIN) (*Key, error) {
	u, err := ParseURI(uri)
	if err != nil {
		return nil, err
	}
	return open(u, pin, patience)
}

func open(u URI, pin PIN, patience time.Duration) (*Key, error) {
	k := &Key{}
	if err := k.hold(u, pin, patience, k.find, k.read); err != nil {
		return nil, err
	}
	return k, nil
}

// Public is the public key, read when the key was opened, in the type that certificates have: an *ecdsa.PublicKey for the
// NIST curves, an *x509.ECPublicKey (pki.ECPublicKey) for those of RFC 5639, or an *rsa.PublicKey.
func (k *Key) Public() crypto.PublicKey { return k.public }

// InToken shows package pki that the private key is in a token (pki.ProveProduction). A key that was not opened shows
// nothing.
func (k *Key) InToken() intoken.Key {
	if k == nil || k.token == nil {
		return intoken.Key{}
	}
	return intoken.Of(k)
}

// Sign signs a digest: ECDSA as an ECDSA-Sig-Value in DER, RSA as PKCS #1 v1.5, or as PSS if opts are *rsa.PSSOptions.
// The token draws its own randomness; rand is not used. The signature has been verified.
func (k *Key) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	r, err := prepare(k.public, digest, opts)
	if err != nil {
		return nil, err
	}
	signature, err := k.sign(r)
	if err == nil {
		err = verify(k.public, r, signature)
	}
	if err != nil {
		return nil, about(k.uri, err)
	}
	return signature, nil
}

// sign has the token sign, and opens it again once if it must.
func (k *Key) sign(r request) ([]byte, error) {
	raw, err := k.use(func(s session) ([]byte, error) { return k.signOn(s, r) })
	if err != nil {
		return nil, err
	}
	return finish(r, raw)
}

func (k *Key) signOn(s session, r request) ([]byte, error) {
	handle, err := k.on(s)
	if err != nil {
		return nil, err
	}
	module := k.token.module.ctx
	if err := module.SignInit(s.handle, []*p11.Mechanism{r.mechanismOf()}, handle); err != nil {
		return nil, fmt.Errorf("begin to sign: %w", err)
	}
	if k.always {
		if err := k.token.logInToSign(s); err != nil {
			return nil, err
		}
	}
	raw, err := module.Sign(s.handle, r.input)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return raw, nil
}

func (r request) mechanismOf() *p11.Mechanism {
	switch r.mechanism {
	case rsaPKCS1:
		return p11.NewMechanism(p11.CKM_RSA_PKCS, nil)
	case rsaPSS:
		hash, mgf := pssParameters(r.hash)
		return p11.NewMechanism(p11.CKM_RSA_PKCS_PSS, p11.NewPSSParams(hash, mgf, uint(r.salt)))
	}
	return p11.NewMechanism(p11.CKM_ECDSA, nil)
}

func pssParameters(hash crypto.Hash) (mechanism, mgf uint) {
	switch hash {
	case crypto.SHA224:
		return p11.CKM_SHA224, p11.CKG_MGF1_SHA224
	case crypto.SHA384:
		return p11.CKM_SHA384, p11.CKG_MGF1_SHA384
	case crypto.SHA512:
		return p11.CKM_SHA512, p11.CKG_MGF1_SHA512
	}
	return p11.CKM_SHA256, p11.CKG_MGF1_SHA256
}
