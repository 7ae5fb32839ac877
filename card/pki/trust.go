package pki

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/cancuoc/cancuoc/card/internal/x509"
)

// Trust is what a verifier trusts: CSCA certificates that it got by a way it believes. The zero value trusts nobody.
type Trust struct {
	Anchors []Certificate
	// Links are certificates that prove themselves: an authority that is trusted signs its next key in one. Nothing here is believed before an anchor has vouched for it.
	Links []Certificate
	// Lists are revocation lists. One is believed if an authority that is trusted has signed it.
	Lists []RevocationList
}

// Chain gives the authority that issued a document signer's certificate, having checked all that does not change with
// time: names and key identifiers, the authority's right to issue, the signer's right to sign documents, the signatures,
// the country, and that no critical extension went unread (Doc 9303-12, sections 6.1.2, 7.1.1 and appendix D). Time is
// [Certificate.Validity], for every certificate of the [Trust.Path].
func (t Trust) Chain(ds Certificate) (Certificate, error) {
	path, err := t.Path(ds)
	if err != nil {
		return Certificate{}, err
	}
	return path[0], nil
}

// Path gives all that stands over a document signer: the authority that issued it, and where that is a link the one that
// signed the link, up to the anchor. It checks what [Trust.Chain] checks.
func (t Trust) Path(ds Certificate) ([]Certificate, error) { return t.path(ds, forDocuments) }

var errWeak = errors.New("pki: signed by way of SHA-1")

// Current checks what [Trust.Path] leaves open, of a signer and the path above it: that no signature below the anchor is by
// way of SHA-1, that every certificate is valid now, and that none has been revoked, the anchor by itself included. Where there is no
// revocation list that is no error.
func (t Trust) Current(signer Certificate, path []Certificate, now time.Time) error {
	for i, c := range append([]Certificate{signer}, path...) {
		if err := c.Validity(now); err != nil {
			return fmt.Errorf("%w (%s)", err, c.Subject)
		}
		anchor := i == len(path) // nobody signs it for us; it may revoke itself (Doc 9303-12, section 4.1.5.1)
		if c.Weak() && !anchor {
			return fmt.Errorf("%w: %s", errWeak, c.Subject)
		}
		err := t.Revocation(c, now)
		if errors.Is(err, ErrRevoked) || err != nil && !errors.Is(err, ErrNoList) && !anchor {
			return fmt.Errorf("%w (%s)", err, c.Subject)
		}
	}
	return nil
}

// purpose is what a certificate below an authority is for.
type purpose struct {
	extendedKeyUsage string // "" for signers of documents, which have none
}

// The purposes of Doc 9303-12, table 6.
var (
	forDocuments      = purpose{}
	forMasterLists    = purpose{"2.23.136.1.1.3"}
	forDeviationLists = purpose{"2.23.136.1.1.8"}
)

// ChainError says which certificate breaks a chain: the signer's own, or that of the authority above it. It reads as the
// error that it holds.
type ChainError struct {
	Certificate Certificate
	Err         error
}

// Error is the text of the error that it holds.
func (e *ChainError) Error() string { return e.Err.Error() }

// Unwrap gives the error.
func (e *ChainError) Unwrap() error { return e.Err }

func (t Trust) path(c Certificate, p purpose) ([]Certificate, error) {
	if c.x509 == nil {
		return nil, fmt.Errorf("%w: there is none", ErrNotSigner)
	}
	if err := checkSigner(c.x509, p); err != nil {
		return nil, &ChainError{c, err}
	}
	failure := ErrNoAnchor
	for path := range t.authorities() {
		if !issued(path[0].x509, c.x509) {
			continue
		}
		err := checkIssued(path[0], c)
		if err == nil {
			return path, nil
		}
		if !errors.Is(err, ErrSignature) || identified(path[0].x509, c.x509) {
			failure = err
		}
	}
	return nil, failure
}

// identified tells whether a key identifier says that it was this key of an authority that signed a certificate. If none
// does, a signature that does not fit may be right under another key of that name, which is not at hand: nothing is false.
func identified(authority, c *x509.Certificate) bool {
	return len(c.AuthorityKeyID) > 0 && bytes.Equal(c.AuthorityKeyID, authority.SubjectKeyID)
}

// authorities gives every authority that is trusted with the path up to its anchor: the anchors, then what they vouch for
// by links, then what those vouch for.
func (t Trust) authorities() iter.Seq[[]Certificate] {
	return func(yield func([]Certificate) bool) {
		var queue [][]Certificate
		for _, anchor := range t.Anchors {
			if anchor.x509 != nil {
				queue = append(queue, []Certificate{anchor})
			}
		}
		for _, path := range queue {
			if !yield(path) {
				return
			}
		}
		rest := t.Links
		for ; len(queue) > 0; queue = queue[1:] {
			var left []Certificate
			for _, link := range rest {
				if !vouches(queue[0][0], link) {
					left = append(left, link)
					continue
				}
				path := append([]Certificate{link}, queue[0]...)
				if !yield(path) {
					return
				}
				queue = append(queue, path)
			}
			rest = left
		}
	}
}

// vouches tells whether a trusted authority has signed a link: the next key of its state, under its name or a new one. A
// new name should be told by an extension (Doc 9303-12, section 7.1.1.5); 35 of 77 such links in the German master list
// have none, those of Indonesia (ID) among them, so any authority right below a CSCA counts as its next key: a CSCA that
// certifies authorities for anything else breaks the profile.
func vouches(authority, link Certificate) bool {
	return link.x509 != nil && issued(authority.x509, link.x509) &&
		checkAuthority(link.x509) == nil && checkIssued(authority, link) == nil
}

// issued tells whether the authority is the one that the certificate names: by the issuer's name, and by the key
// identifier where both state one, since an authority that changes its key keeps its name.
func issued(authority, c *x509.Certificate) bool {
	if !authority.Subject.Equal(c.Issuer) {
		return false
	}
	return len(c.AuthorityKeyID) == 0 || len(authority.SubjectKeyID) == 0 ||
		bytes.Equal(c.AuthorityKeyID, authority.SubjectKeyID)
}

// checkSigner checks a signer's certificate by itself: key usage, purpose, and no authority of its own.
func checkSigner(c *x509.Certificate, p purpose) error {
	switch {
	case c.IsCA:
		return fmt.Errorf("%w: it is that of an authority", ErrNotSigner)
	case c.KeyUsage&x509.DigitalSignature == 0:
		return fmt.Errorf("%w: its key usage lacks digitalSignature", ErrNotSigner)
	case c.KeyUsage&(x509.CertSign|x509.CRLSign) != 0:
		return fmt.Errorf("%w: its key usage is that of an authority", ErrNotSigner)
	}
	known := []string{oidKeyUsage, oidBasicConstraints}
	if p != forDocuments {
		known = append(known, oidExtendedKeyUsage)
	}
	if err := checkCritical(c, known...); err != nil {
		return err
	}
	return p.check(c)
}

// oidICAO begins every purpose that Doc 9303 gives a key: signing of lists, of visible digital seals, of stamps in a chip.
const oidICAO = "2.23.136.1.1."

// check holds the keys of document signers, which have no extended key usage, and of all other signers apart (Doc
// 9303-12, table 6).
func (p purpose) check(c *x509.Certificate) error {
	if p != forDocuments {
		if !slices.Contains(c.ExtendedKeyUsage, p.extendedKeyUsage) {
			return fmt.Errorf("%w: its extended key usage lacks %s", ErrNotListSigner, p.extendedKeyUsage)
		}
		return nil
	}
	for _, usage := range c.ExtendedKeyUsage {
		if strings.HasPrefix(usage, oidICAO) {
			return fmt.Errorf("%w: its extended key usage, %s, is another one of Doc 9303", ErrNotSigner, usage)
		}
	}
	return nil
}

// checkIssued checks that an authority may issue certificates and has issued this one.
func checkIssued(authority, c Certificate) error {
	if err := checkAuthority(authority.x509); err != nil {
		return &ChainError{authority, err}
	}
	if authority.Country == "" || !strings.EqualFold(authority.Country, c.Country) {
		return &ChainError{c, fmt.Errorf("%w: %q and %q", ErrCountry, authority.Country, c.Country)}
	}
	if err := checkSignature(authority, c); err != nil {
		return &ChainError{c, err}
	}
	return nil
}

// checkAuthority checks the right to issue (Doc 9303-12, table 6). The path length should be 0. It is missing from
// certificates of BG, CN, DK, HU, IL, PL and TM, and 1 in those of BE, GR, LV, NP and VA; that is taken, since no more
// than links stand between a signer and an anchor. Key usage is missing from one of CN, which RFC 5280, section
// 4.2.1.3, takes for every use.
func checkAuthority(a *x509.Certificate) error {
	switch {
	case !a.IsCA:
		return fmt.Errorf("%w: its basic constraints lack cA", ErrNotAuthority)
	case a.HasKeyUsage && a.KeyUsage&x509.CertSign == 0:
		return fmt.Errorf("%w: its key usage lacks keyCertSign", ErrNotAuthority)
	case a.PathLength > 1:
		return ErrPathLength
	}
	return checkCritical(a, oidKeyUsage, oidBasicConstraints)
}

// checkCritical refuses critical extensions other than those that are enforced. (An extension that stands twice is
// refused when the certificate is parsed.)
func checkCritical(c *x509.Certificate, known ...string) error {
	for _, e := range c.Extensions {
		if e.Critical && !slices.Contains(known, e.ID.String()) {
			return fmt.Errorf("%w: %s", ErrCriticalExtension, e.ID)
		}
	}
	return nil
}

func checkSignature(authority, c Certificate) error {
	if c.x509 == nil {
		return ErrSignature
	}
	return verdict(x509.Verify(c.x509.Algorithm, authority.PublicKey, c.x509.RawTBS, c.x509.Signature), "certificate")
}

// verdict gives an error of package x509 the meaning that it has here.
func verdict(err error, what string) error {
	var unsupported *x509.UnsupportedError
	switch {
	case errors.As(err, &unsupported):
		return fmt.Errorf("%w: %s signed with %s", ErrUnsupported, what, unsupported.Algorithm)
	case err != nil:
		return ErrSignature
	}
	return nil
}
