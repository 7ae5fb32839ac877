package cvc

import (
	"errors"
	"fmt"
	"slices"

	"github.com/cancuoc/cancuoc/card/date"
)

// MaxTrustPoints is how many keys of its CVCA a chip trusts at a time.
const MaxTrustPoints = 2

var (
	// ErrExpired is answered for a certificate, or a trust point, whose last day lies before the chip's current date.
	ErrExpired = errors.New("cvc: expired")
	// ErrIssuer is answered when the key that a certificate is verified with may not have issued it.
	ErrIssuer = errors.New("cvc: not a certificate that this key may issue")
	// ErrKnown is answered for a certificate whose holder reference the chip trusts already.
	ErrKnown = errors.New("cvc: the certificate's holder is known already")
)

// TrustPoint is a public key that a chip has imported, with what it keeps of the certificate (Doc 9303-11, section
// 7.1.4.3.7): permanently for a CVCA, for the next step only for a document verifier or a terminal.
type TrustPoint struct {
	Holder        string
	PublicKey     PublicKey     // with its curve
	Authorization Authorization // effective: the rights that the whole chain has, the role of the holder
	Effective     date.Date
	Expiration    date.Date
}

// Root makes a trust point of a CVCA certificate that the personalisation puts on a chip. A self-signed certificate
// is verified, a link certificate must have domain parameters of its own.
func Root(c *Certificate) (TrustPoint, error) {
	if c.Authorization.Role() != CVCA {
		return TrustPoint{}, fmt.Errorf("%w: a trust point is a CVCA", ErrIssuer)
	}
	key, err := c.PublicKey.Inherit(PublicKey{})
	if err != nil {
		return TrustPoint{}, err
	}
	if c.SelfSigned() {
		if err := c.Verify(key); err != nil {
			return TrustPoint{}, err
		}
	}
	return c.imported(key, c.Authorization), nil
}

// Verify tells whether the certificate was signed with this key.
func (c *Certificate) Verify(authority PublicKey) error {
	body, err := c.body()
	if err != nil {
		return err
	}
	return authority.Verify(body, c.Signature)
}

func (c *Certificate) imported(key PublicKey, effective Authorization) TrustPoint {
	return TrustPoint{c.Holder, key, effective, c.Effective, c.Expiration}
}

// Encode gives the bytes that [ParseTrustPoint] reads, for a chip that is switched off: a certificate body with the
// holder for its authority.
func (p TrustPoint) Encode() ([]byte, error) {
	c := Certificate{Authority: p.Holder, Holder: p.Holder, PublicKey: p.PublicKey, Authorization: p.Authorization,
		Effective: p.Effective, Expiration: p.Expiration}
	return c.body()
}

// ParseTrustPoint reads what [TrustPoint.Encode] wrote. It verifies nothing: the bytes come from the chip's own memory.
func ParseTrustPoint(b []byte) (TrustPoint, error) {
	values, err := sequence(b, tagBody)
	if err != nil {
		return TrustPoint{}, err
	}
	c, err := parseBody(values[0])
	if err != nil {
		return TrustPoint{}, err
	}
	key, err := c.PublicKey.Inherit(PublicKey{})
	return c.imported(key, c.Authorization), err
}

// Trust is what a chip knows about the world: up to two keys of its CVCA, the most recent first, and the latest day
// that a certificate it believes has told it. It changes by [Trust.Import] only.
type Trust struct {
	Points []TrustPoint
	Date   date.Date
	Type   TerminalType // of the terminals that are let in; zero stands for inspection systems
	// AllowWeak takes keys with SHA-1 and RSA below 2,048 bits: for the specimen chains of the first generation.
	AllowWeak bool
}

// Find gives the trust point with this holder reference.
func (t *Trust) Find(holder string) (TrustPoint, bool) {
	for _, p := range t.Points {
		if p.Holder == holder {
			return p, true
		}
	}
	return TrustPoint{}, false
}

// Authorities gives the references of the trust points that may verify a document verifier, the most recent first:
// what EF.CVCA holds and PACE tells the terminal.
func (t *Trust) Authorities() []string {
	var references []string
	for _, p := range t.Points {
		references = append(references, p.Holder)
	}
	return references
}

// Import verifies a certificate with the issuer's key and gives the key that it certifies. The issuer is a trust
// point, or what an earlier Import gave. A link certificate becomes a trust point and the date moves forward, both or
// neither (Doc 9303-11, sections 7.1.4.3.4 and 7.1.4.3.5).
func (t *Trust) Import(c *Certificate, issuer TrustPoint) (TrustPoint, error) {
	if err := t.mayIssue(c, issuer); err != nil {
		return TrustPoint{}, err
	}
	if err := c.Verify(issuer.PublicKey); err != nil {
		return TrustPoint{}, err
	}
	key, err := c.PublicKey.Inherit(issuer.PublicKey)
	if err != nil {
		return TrustPoint{}, err
	}
	if err := key.Strong(); err != nil && !t.AllowWeak {
		return TrustPoint{}, err
	}
	role := c.Authorization.Role()
	if role == CVCA {
		point := c.imported(key, c.Authorization)
		t.enable(point)
		return point, nil
	}
	if role != Terminal || issuer.Authorization.Role() == DomesticDV {
		t.advance(c.Effective)
	}
	return c.imported(key, c.Authorization.under(issuer.Authorization)), nil
}

// mayIssue holds a certificate to the rules that need no cryptography.
func (t *Trust) mayIssue(c *Certificate, issuer TrustPoint) error {
	role, above := c.Authorization.Role(), issuer.Authorization.Role()
	due := t.Type
	if due == 0 {
		due = InspectionSystem
	}
	switch {
	case c.Authority != issuer.Holder:
		return fmt.Errorf("%w: it names another authority", ErrIssuer)
	case c.Authorization.Type != due || issuer.Authorization.Type != due:
		return fmt.Errorf("%w: its chain does not end in an %v", ErrIssuer, due)
	case role == Terminal && above != DomesticDV && above != ForeignDV, role != Terminal && above != CVCA:
		return fmt.Errorf("%w: a %v under a %v", ErrIssuer, role, above)
	case role != CVCA && c.PublicKey.Curve != nil:
		return fmt.Errorf("%w: a %v with domain parameters of its own", ErrIssuer, role)
	case role != CVCA && c.Expiration.Before(t.Date):
		return ErrExpired
	case role != CVCA && above == CVCA && issuer.Expiration.Before(t.Date):
		return fmt.Errorf("%w: the trust point", ErrExpired)
	}
	if _, known := t.Find(c.Holder); known {
		return ErrKnown
	}
	return nil
}

// advance moves the current date forward, never back.
func (t *Trust) advance(to date.Date) {
	if t.Date.Before(to) {
		t.Date = to
	}
}

// enable adds a trust point, keeps the two that took effect last, and moves the date forward.
func (t *Trust) enable(point TrustPoint) {
	points := append([]TrustPoint{point}, t.Points...)
	slices.SortStableFunc(points, func(a, b TrustPoint) int {
		switch {
		case a.Effective.After(b.Effective):
			return -1
		case b.Effective.After(a.Effective):
			return 1
		}
		return 0
	})
	t.Points = points[:min(len(points), MaxTrustPoints)]
	t.advance(point.Effective)
}
