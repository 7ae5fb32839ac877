//go:build cgo

package pkcs11

import (
	"crypto"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	p11 "github.com/miekg/pkcs11"

	"github.com/cancuoc/cancuoc/card/pki/internal/intoken"
)

// patience is how long a caller waits for a token.
const patience = 10 * time.Second

// Key is a signing key on a token: a crypto.Signer. Many goroutines may use it at once; each has a session of its own.
type Key struct {
	uri      URI
	public   crypto.PublicKey
	token    *token
	patience time.Duration
	always   bool // the token wants the PIN for every signature (CKA_ALWAYS_AUTHENTICATE)

	mu         sync.Mutex
	closed     bool
	handle     p11.ObjectHandle
	generation int // of the token that the handle belongs to
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
	file, err := u.library()
	if err != nil {
		return nil, err
	}
	l := within(patience)
	defer l.stop()
	t, err := moduleOf(file).use(l, u)
	if err != nil {
		return nil, about(u, err)
	}
	k := &Key{uri: u, token: t, patience: patience}
	if err := k.open(pin); err != nil {
		k.abandon(err)
		return nil, about(u, err)
	}
	return k, nil
}

// open asks for the PIN, however long that takes, and finds the key on the token.
func (k *Key) open(ask PIN) error {
	var pin secret
	if k.token.login {
		var err error
		if pin, err = k.uri.pin(ask); err != nil {
			return err
		}
	}
	l := within(k.patience)
	defer l.stop()
	return k.token.do(l, func() error {
		if pin != nil {
			if err := k.token.authenticate(pin); err != nil {
				return err
			}
		}
		_, err := k.attempt(l, k.read)
		return err
	})
}

// abandon closes a key that was not opened, without waiting for a token that does not answer.
func (k *Key) abandon(err error) {
	if errors.Is(err, ErrTimeout) {
		go k.token.letGo()
	} else {
		k.Close()
	}
}

// about says which key an error is about.
func about(u URI, err error) error {
	for _, telling := range []error{ErrNoToken, ErrNoKey, ErrAmbiguous, ErrModule} {
		if errors.Is(err, telling) {
			return err
		}
	}
	return fmt.Errorf("%w (%v)", explain(err), u)
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
	k.mu.Lock()
	closed := k.closed
	k.mu.Unlock()
	if closed {
		return nil, ErrClosed
	}
	l := within(k.patience)
	defer l.stop()
	var signature []byte
	err := k.token.do(l, func() error {
		raw, err := k.attempt(l, func(s session) ([]byte, error) { return k.signOn(s, r) })
		if err == nil {
			signature, err = finish(r, raw)
		}
		return err
	})
	if err != nil {
		return nil, err // The call may be under way yet: signature is not ours.
	}
	return signature, nil
}

func (k *Key) attempt(l limit, f func(session) ([]byte, error)) (answer []byte, err error) {
	try := func(s session) error {
		answer, err = f(s)
		return err
	}
	generation, err := k.token.with(l, try)
	// Without a login a token shows no private keys: one that was there and is not means that.
	loggedOut := k.public != nil && errors.Is(err, ErrNoKey)
	if !lost(err) && !loggedOut || l.passed() {
		return answer, err
	}
	if err := k.token.renew(generation); err != nil {
		return nil, err
	}
	_, err = k.token.with(l, try)
	return answer, err
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

// Close lets the key go; with the last key of a token ends the login, with the last of a module the module's work. A
// key that is closed already is no error.
func (k *Key) Close() error {
	k.mu.Lock()
	closed := k.closed
	k.closed = true
	k.mu.Unlock()
	if closed {
		return nil
	}
	l := within(k.patience)
	defer l.stop()
	if err := k.token.release(l); err != nil {
		return about(k.uri, err)
	}
	return nil
}

// String is the URI that the key was opened with, without module and PIN file.
func (k *Key) String() string { return k.uri.String() }

// GoString is String, so that nothing of the token is printed.
func (k *Key) GoString() string { return k.String() }

// LogValue is String.
func (k *Key) LogValue() slog.Value { return slog.StringValue(k.String()) }
