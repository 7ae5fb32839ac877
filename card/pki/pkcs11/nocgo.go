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

// Master is a master key on a token; without cgo there is none.
type Master struct{}

// OpenMaster reads the URI and answers [ErrUnavailable].
func OpenMaster(uri string, pin PIN) (*Master, error) {
	if _, err := parseURI(uri, "secret-key"); err != nil {
		return nil, err
	}
	return nil, ErrUnavailable
}

// EncryptTripleDES answers [ErrUnavailable].
func (*Master) EncryptTripleDES([]byte) ([]byte, error) { return nil, ErrUnavailable }

// CMAC answers [ErrUnavailable].
func (*Master) CMAC([]byte) ([]byte, error) { return nil, ErrUnavailable }

// Close does nothing.
func (*Master) Close() error { return nil }
