package cvc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Issue signs a certificate with the authority's key: template says all but the signature. Its public key is one with
// a curve, as [Signer.Public] gives it; the domain parameters go into the certificates of a CVCA only. A self-signed
// certificate must be signed with its own key.
func Issue(template Certificate, authority Signer, rand io.Reader) (*Certificate, error) {
	c := template
	if err := c.check(); err != nil {
		return nil, err
	}
	if err := c.Authorization.check(); err != nil {
		return nil, err
	}
	above, err := authority.Public()
	if err != nil {
		return nil, err
	}
	if err := issuable(&c, above); err != nil {
		return nil, err
	}
	if c.Authorization.Role() != CVCA {
		c.PublicKey.Curve = nil
	}
	body, err := c.body()
	if err != nil {
		return nil, err
	}
	if c.Signature, err = authority.Sign(rand, body); err != nil {
		return nil, fmt.Errorf("cvc: sign a certificate: %w", err)
	}
	if err := above.Verify(body, c.Signature); err != nil {
		return nil, fmt.Errorf("cvc: the key that signed is not the one that it says: %w", err)
	}
	return &c, nil
}

// issuable holds the key to be certified to the authority's (Doc 9303-12, sections 4.2.1 and 7.2.2.3).
func issuable(c *Certificate, above PublicKey) error {
	key, err := c.PublicKey.Inherit(above)
	if err != nil {
		return err
	}
	if err := key.Strong(); err != nil {
		return err
	}
	if c.Authorization.Role() != CVCA && !sameKind(key, above) {
		return fmt.Errorf("%w: a %v signs by %v with %s, its authority by %v with %s (Doc 9303-12, section 4.2.1)", ErrOtherKind,
			c.Authorization.Role(), key.Algorithm, key.Kind(), above.Algorithm, above.Kind())
	}
	if c.SelfSigned() && !sameKey(key, above) {
		return errors.New("cvc: a certificate under its own name is signed with its own key")
	}
	return nil
}

// ErrOtherKind is answered for a key that is not of its authority's kind.
var ErrOtherKind = errors.New("cvc: the keys of a chain have one algorithm, one curve, one size")

func sameKind(a, b PublicKey) bool { return a.Algorithm == b.Algorithm && a.Kind() == b.Kind() }

func sameKey(a, b PublicKey) bool {
	if a.RSA != nil || b.RSA != nil {
		return a.RSA != nil && b.RSA != nil && a.RSA.Equal(b.RSA)
	}
	return a.Curve == b.Curve && bytes.Equal(a.Point, b.Point)
}

// Holds tells whether the certificate is that of this private key.
func (c *Certificate) Holds(key Signer) bool {
	public, err := key.Public()
	if err != nil {
		return false
	}
	own := c.PublicKey
	if own.Curve == nil {
		own.Curve = public.Curve
	}
	return sameKey(own, public)
}
