package pki

import (
	"bytes"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/internal/x509"
)

// What revocation lists say (Doc 9303-12, the CRL profile).
var (
	ErrRevoked   = errors.New("pki: the certificate has been revoked")
	ErrNoList    = errors.New("pki: no revocation list of the issuer at hand")
	ErrStaleList = errors.New("pki: the revocation list is out of date")
	ErrFalseList = errors.New("pki: the revocation list of the issuer is not to be believed")
)

// RevocationList is a certificate revocation list (CRL) of an authority. It has been parsed and not yet been believed:
// [Trust.Revocation] does that.
type RevocationList struct {
	Raw        []byte // DER
	Issuer     string // for a person to read
	Country    string
	Number     string // hexadecimal; lists of one authority count up
	ThisUpdate time.Time
	NextUpdate time.Time // zero where not stated
	Algorithm  string
	Revoked    []Revocation

	issuer         x509.Name
	authorityKeyID []byte
	rawTBS         []byte
	algorithm      x509.Algorithm
	signature      []byte
}

// Revocation is one revoked certificate.
type Revocation struct {
	Serial string // hexadecimal, as [Certificate.Serial]
	At     time.Time
	Reason string // "key compromise"; "unspecified" where not stated
}

// ParseRevocationList reads one CRL in DER (RFC 5280, section 5.1). Lists of a part only (delta lists, those of a
// distribution point, indirect ones) are refused: the CRL profile of Doc 9303-12 does not have them.
func ParseRevocationList(der []byte) (RevocationList, error) {
	l := RevocationList{Raw: der}
	if err := l.read(der); err != nil {
		return RevocationList{}, fmt.Errorf("pki: revocation list: %w", err)
	}
	return l, nil
}

var errCRL = errors.New("not a CertificateList in DER")

func (l *RevocationList) read(der []byte) error {
	in := cryptobyte.String(der)
	var outer, tbs, body, beside cryptobyte.String
	if !in.ReadASN1(&outer, cbasn1.SEQUENCE) || !in.Empty() || !outer.ReadASN1Element(&tbs, cbasn1.SEQUENCE) ||
		!outer.ReadASN1Element(&beside, cbasn1.SEQUENCE) || !outer.ReadASN1BitStringAsBytes(&l.signature) || !outer.Empty() {
		return errCRL
	}
	l.rawTBS = tbs
	tbs.ReadASN1(&body, cbasn1.SEQUENCE)
	return l.readBody(body, beside)
}

func (l *RevocationList) readBody(in, beside cryptobyte.String) error {
	var version int
	var inner cryptobyte.String
	if in.PeekASN1Tag(cbasn1.INTEGER) && (!in.ReadASN1Integer(&version) || version != 1) {
		return fmt.Errorf("%w: its version is none of 1 and 2", errCRL)
	}
	if !in.ReadASN1Element(&inner, cbasn1.SEQUENCE) || !bytes.Equal(inner, beside) {
		return fmt.Errorf("%w: the algorithm inside is not the one beside the signature", errCRL)
	}
	var err error
	if l.algorithm, err = x509.ReadAlgorithm(&beside); err != nil {
		return err
	}
	if l.issuer, err = x509.ReadName(&in); err != nil {
		return err
	}
	l.Issuer, l.Country, l.Algorithm = l.issuer.String(), l.issuer.Country(), l.algorithm.String()
	var ok bool
	if l.ThisUpdate, ok = x509.ReadTime(&in); !ok {
		return fmt.Errorf("%w: it does not say when it was issued", errCRL)
	}
	if in.PeekASN1Tag(cbasn1.UTCTime) || in.PeekASN1Tag(cbasn1.GeneralizedTime) {
		if l.NextUpdate, ok = x509.ReadTime(&in); !ok {
			return fmt.Errorf("%w: the time of the next one", errCRL)
		}
	}
	return l.readTail(in, version)
}

func (l *RevocationList) readTail(in cryptobyte.String, version int) error {
	var seq, wrapped cryptobyte.String
	var present bool
	if !in.ReadOptionalASN1(&seq, &present, cbasn1.SEQUENCE) {
		return errCRL
	}
	for !seq.Empty() {
		r, err := readRevocation(&seq)
		if err != nil {
			return err
		}
		l.Revoked = append(l.Revoked, r)
	}
	if !in.ReadOptionalASN1(&wrapped, &present, cbasn1.Tag(0).ContextSpecific().Constructed()) || !in.Empty() || present && version != 1 {
		return fmt.Errorf("%w: something follows the revoked certificates", errCRL)
	}
	if !present {
		return nil
	}
	extensions, err := x509.ReadExtensions(wrapped)
	if err != nil {
		return err
	}
	return l.readExtensions(extensions)
}

func (l *RevocationList) readExtensions(all []x509.Extension) error {
	for _, e := range all {
		ok, value := true, cryptobyte.String(e.Value)
		switch e.ID.String() {
		case "2.5.29.20":
			n := new(big.Int)
			ok = value.ReadASN1Integer(n) && value.Empty()
			l.Number = fmt.Sprintf("%x", n)
		case "2.5.29.35":
			l.authorityKeyID, ok = x509.ReadAuthorityKeyID(value)
		case oidDeltaCRL, oidIssuingDistributionPoint:
			return fmt.Errorf("%w: it is a list of a part only (%s)", ErrCriticalExtension, e.ID)
		default:
			if e.Critical {
				return fmt.Errorf("%w: %s", ErrCriticalExtension, e.ID)
			}
		}
		if !ok {
			return fmt.Errorf("%w: extension %s", errCRL, e.ID)
		}
	}
	return nil
}

func readRevocation(in *cryptobyte.String) (Revocation, error) {
	var one cryptobyte.String
	serial := new(big.Int)
	r := Revocation{Reason: "unspecified"}
	if !in.ReadASN1(&one, cbasn1.SEQUENCE) || !one.ReadASN1Integer(serial) {
		return r, fmt.Errorf("%w: a serial number", errCRL)
	}
	r.Serial = fmt.Sprintf("%x", serial)
	var ok bool
	if r.At, ok = x509.ReadTime(&one); !ok {
		return r, fmt.Errorf("%w: the time of a revocation", errCRL)
	}
	if one.Empty() {
		return r, nil
	}
	extensions, err := x509.ReadExtensions(one)
	if err != nil {
		return r, err
	}
	for _, e := range extensions {
		switch {
		case e.ID.Equal(asn1.ObjectIdentifier{2, 5, 29, 21}):
			if r.Reason, ok = readReason(e.Value); !ok {
				return r, fmt.Errorf("%w: the reason of a revocation", errCRL)
			}
		case e.Critical:
			return r, fmt.Errorf("%w: %s", ErrCriticalExtension, e.ID)
		}
	}
	return r, nil
}

// readReason reads CRLReason (RFC 5280, section 5.3.1).
func readReason(der []byte) (string, bool) {
	reasons := []string{"unspecified", "key compromise", "CA compromise", "affiliation changed", "superseded",
		"cessation of operation", "certificate hold", "", "remove from CRL", "privilege withdrawn", "AA compromise"}
	in := cryptobyte.String(der)
	var n int
	if !in.ReadASN1Enum(&n) || !in.Empty() || n < 0 || n >= len(reasons) || reasons[n] == "" {
		return "", false
	}
	return reasons[n], true
}

// Verify checks that an authority has issued the list: name, key identifier, its right to sign lists, the signature. The
// authority's own chain is for the caller.
func (l RevocationList) Verify(authority Certificate) error {
	a := authority.x509
	switch {
	case a == nil || !a.Subject.Equal(l.issuer),
		len(l.authorityKeyID) > 0 && len(a.SubjectKeyID) > 0 && !bytes.Equal(l.authorityKeyID, a.SubjectKeyID):
		return ErrNoAnchor
	case !a.IsCA || a.HasKeyUsage && a.KeyUsage&x509.CRLSign == 0:
		return fmt.Errorf("%w: it does not sign revocation lists", ErrNotAuthority)
	}
	return verdict(x509.Verify(l.algorithm, authority.PublicKey, l.rawTBS, l.signature), "revocation list")
}

// covers tells whether the list is of the state that issued the certificate: it counts for all certificates of that
// country, those under a former name of the authority included (Doc 9303-12, section 7.1.4).
func (l RevocationList) covers(c Certificate) bool {
	return c.x509 != nil && l.Country != "" && strings.EqualFold(l.Country, c.x509.Issuer.Country())
}

// Revokes tells whether the list has a certificate of its state. Serial numbers are of their own there, whatever the name
// of the authority was (Doc 9303-12, section 7.1.1.5).
func (l RevocationList) Revokes(c Certificate) (Revocation, bool) {
	if !l.covers(c) {
		return Revocation{}, false
	}
	i := slices.IndexFunc(l.Revoked, func(r Revocation) bool { return r.Serial == c.Serial })
	if i < 0 {
		return Revocation{}, false
	}
	return l.Revoked[i], true
}

// Revocation tells what the lists at hand say of a certificate: nil if the current list of its issuer does not have it,
// [ErrRevoked] with time and reason, [ErrNoList] if there is no list of its issuer, [ErrFalseList] if there is one and
// nobody who is trusted has signed it, [ErrStaleList] if the newest should have been replaced by now. A certificate on an
// old list stays revoked.
func (t Trust) Revocation(c Certificate, now time.Time) error {
	failure := ErrNoList
	var newest *RevocationList
	for i, l := range t.Lists {
		if !l.covers(c) {
			continue
		}
		above, err := t.believe(l)
		if err != nil && l.issuer.Equal(c.x509.Issuer) {
			failure = fmt.Errorf("%w: %w", ErrFalseList, err)
		}
		if err != nil {
			continue
		}
		if r, revoked := l.Revokes(c); revoked {
			return fmt.Errorf("%w on %s: %s", ErrRevoked, r.At.Format(time.DateOnly), r.Reason)
		}
		if ofIssuer(above, c) && (newest == nil || l.ThisUpdate.After(newest.ThisUpdate)) {
			newest = &t.Lists[i]
		}
	}
	if newest == nil {
		return failure
	}
	return newest.current(now)
}

// ofIssuer tells whether the authority that signed a list is the one that issued the certificate, under its present name
// or a former one. Only its silence says something.
func ofIssuer(above []Certificate, c Certificate) bool {
	return slices.ContainsFunc(above, func(a Certificate) bool { return a.x509.Subject.Equal(c.x509.Issuer) })
}

// current checks that the list has not been due to be replaced; the time of the next one must be there (Doc 9303-12,
// table 9).
func (l RevocationList) current(now time.Time) error {
	switch {
	case l.NextUpdate.IsZero():
		return fmt.Errorf("%w: of %s, and it does not say until when", ErrStaleList, l.ThisUpdate.Format(time.DateOnly))
	case l.ThisUpdate.After(now), l.NextUpdate.Before(now):
		return fmt.Errorf("%w: of %s, due until %s", ErrStaleList, l.ThisUpdate.Format(time.DateOnly), l.NextUpdate.Format(time.DateOnly))
	}
	return nil
}

// believe looks for the trusted authority that signed a list, and gives all that stands over it up to its anchors: as a root
// of its own, and by the links of those that were there before it, which are where a former name stands.
func (t Trust) believe(l RevocationList) ([]Certificate, error) {
	var above []Certificate
	failure := ErrNoAnchor
	for path := range t.authorities() {
		if len(above) > 0 && above[0].KeyHash() == path[0].KeyHash() {
			above = append(above, path...) // the same key: it need not be verified again
			continue
		}
		err := l.Verify(path[0])
		if err == nil {
			above = append(above, path...)
		} else if !errors.Is(err, ErrNoAnchor) {
			failure = err
		}
	}
	if len(above) > 0 {
		return above, nil
	}
	return nil, failure
}
