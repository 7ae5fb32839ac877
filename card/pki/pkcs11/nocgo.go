//go:build !cgo

package pkcs11

import (
	"crypto"
	"io"
)

// Key is a signing key on a token; without cgo there is none.
type Key struct{}

// Open reads the URI and answers [ErrUnavailable].
func Open(uri string, pin PIN) (*Key, error) {
	if _, err := ParseURI(uri); err != nil {
		return nil, err
	}
	return nil, ErrUnavailable
}

// Public is nothing.
func (*Key) Public() crypto.PublicKey { return nil }

// Sign answers [ErrUnavailable].
func (*Key) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, ErrUnavailable }

// Close does nothing.
func (*Key) Close() error { return nil }
