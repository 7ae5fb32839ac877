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

// issuable holds the key to be certified to the authority's (Doc 9303-12, section 7.2.2.3).
func issuable(c *Certificate, above PublicKey) error {
	key, err := c.PublicKey.Inherit(above)
	if err != nil {
		return err
	}
	if err := key.Strong(); err != nil {
		return err
	}
	if c.Authorization.Role() != CVCA && key.Curve != above.Curve {
		return fmt.Errorf("cvc: a %v has its key on the curve of its authority", c.Authorization.Role())
	}
	if c.SelfSigned() && !sameKey(key, above) {
		return errors.New("cvc: a certificate under its own name is signed with its own key")
	}
	return nil
}

func sameKey(a, b PublicKey) bool {
	if a.RSA != nil || b.RSA != nil {
		return a.RSA != nil && b.RSA != nil && a.RSA.Equal(b.RSA)
	}
	return a.Curve == b.Curve && bytes.Equal(a.Point, b.Point)
}
