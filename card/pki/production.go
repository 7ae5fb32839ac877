package pki

import (
	"crypto"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/cancuoc/cancuoc/card/internal/x509"
	"github.com/cancuoc/cancuoc/card/pki/internal/intoken"
)

// Production is the proof that an order may be printed as a real document and not as a specimen: who signed it, and who
// prints it with a key in hardware, belong to one authority that is no specimen's and that is trusted. Only
// [ProveProduction] makes one; the zero value proves nothing. It is a moment's proof: have it made for each printing.
type Production struct {
	proven bool
	order  [sha256.Size]byte // of the certificate that signed the order
	signer string            // its subject
	holder string            // the subject of the certificate whose key answered
	at     time.Time
}

// What stands in the way of production, with what mends it.
var (
	ErrSpecimen       = errors.New("pki: production: a specimen authority signs no real document; take one made without the specimen mark (`cancuoc pki csca init`)")
	ErrNotInToken     = errors.New("pki: production: the signing key is not in a PKCS #11 token; issue a signer whose key is (`cancuoc pki ds rotate --key pkcs11:...`)")
	ErrOtherKey       = errors.New("pki: production: the key is not that of the certificate; put the right reference beside it")
	ErrOtherAuthority = errors.New("pki: production: another authority signed the order; print it where that authority's key is")
	ErrNoAnswer       = errors.New("pki: production: the token does not sign now; connect it and try again")
)

// ProveProduction makes the proof at a time. signed is the certificate that signed the order's EF.SOD, which the caller
// has verified; holder is the certificate of key. Both must stand below an anchor of trust, valid and not revoked
// ([Trust.Path], [Trust.Current]), in one authority that bears no specimen mark anywhere. key must be in a PKCS #11 token,
// in its time, and sign a challenge of 32 bytes drawn from rand: that is no document, and counts as no use of the key.
func ProveProduction(signed, holder Certificate, key crypto.Signer, trust Trust, at time.Time, rand io.Reader) (Production, error) {
	above, err := trust.forReal(signed, at)
	if err != nil {
		return Production{}, fmt.Errorf("%w (who signed the order)", err)
	}
	mine, err := trust.forReal(holder, at)
	if err == nil {
		err = holder.KeyUsable(at)
	}
	if err != nil {
		return Production{}, fmt.Errorf("%w (whose key is to answer)", err)
	}
	if !shareAuthority(above, mine) {
		return Production{}, fmt.Errorf("%w: %s, and here %s", ErrOtherAuthority, signed.Issuer, holder.Issuer)
	}
	if err := holder.answers(key, rand); err != nil {
		return Production{}, err
	}
	return Production{true, sha256.Sum256(signed.Raw), signed.Subject, holder.Subject, at}, nil
}

// Proven tells whether anything is proven.
func (p Production) Proven() bool { return p.proven }

// For tells whether the proof is for orders that this document signer has signed.
func (p Production) For(signed Certificate) bool {
	return p.proven && p.order == sha256.Sum256(signed.Raw)
}

// String is for the history of an order.
func (p Production) String() string {
	if !p.proven {
		return "no proof for production"
	}
	return fmt.Sprintf("proven for production at %s: signed by %s, the token of %s answered", p.at.UTC().Format(time.DateTime), p.signer, p.holder)
}

// forReal gives every authority that stands over a document signer and may issue real documents at a time: those of its
// path, and those that vouch for the same key by a link.
func (t Trust) forReal(signer Certificate, at time.Time) ([]Certificate, error) {
	if signer.Specimen() {
		return nil, fmt.Errorf("%w: %s", ErrSpecimen, signer.Subject)
	}
	path, err := t.Path(signer)
	if err != nil {
		return nil, err
	}
	if err := t.Current(signer, path, at); err != nil {
		return nil, err
	}
	above := slices.Clone(path)
	for other := range t.authorities() {
		if other[0].KeyHash() == path[0].KeyHash() {
			above = append(above, other...)
		}
	}
	if i := slices.IndexFunc(above, Certificate.Specimen); i >= 0 {
		return nil, fmt.Errorf("%w: %s", ErrSpecimen, above[i].Subject)
	}
	return above, nil
}

// shareAuthority tells whether two sets of authorities have one in common: the same key, or its successor under the same
// name. A state's authority keeps its name, or says the new one in a link (Doc 9303-12, section 7.1.1.5).
func shareAuthority(a, b []Certificate) bool {
	return slices.ContainsFunc(a, func(x Certificate) bool {
		return slices.ContainsFunc(b, func(y Certificate) bool {
			return strings.EqualFold(x.Country, y.Country) && (x.KeyHash() == y.KeyHash() || x.x509.Subject.Equal(y.x509.Subject))
		})
	})
}

// challengeFor begins what a key is asked to sign. It begins no DER, so that the answer is never a signature on a
// certificate, a list or the signed attributes of EF.SOD.
const challengeFor = "cancuoc: proof that a key is at hand for production\n"

// answers has the key sign a fresh challenge. It is the key that is in the token itself that is asked and judged,
// whatever is around it.
func (c Certificate) answers(key crypto.Signer, rand io.Reader) error {
	inside, ok := intoken.Find(key)
	if !ok {
		return fmt.Errorf("%w: that of %s", ErrNotInToken, c.Subject)
	}
	if !c.Holds(inside) {
		return fmt.Errorf("%w: %s", ErrOtherKey, c.Subject)
	}
	message := append([]byte(challengeFor), make([]byte, 32)...)
	if _, err := io.ReadFull(rand, message[len(challengeFor):]); err != nil {
		return fmt.Errorf("pki: production: draw a challenge: %w", err)
	}
	algorithm, err := x509.AlgorithmFor(c.PublicKey, 0, false)
	if err != nil {
		return fmt.Errorf("pki: production: %w", err)
	}
	signature, err := x509.Sign(rand, algorithm, inside, message)
	if err == nil {
		err = x509.Verify(algorithm, c.PublicKey, message, signature)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoAnswer, err)
	}
	return nil
}
