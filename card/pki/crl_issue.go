package pki

import (
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/internal/x509"
)

// The pace of revocation lists (Doc 9303-12, section 4.1.5).
const (
	MaxListAge  = 90 * 24 * time.Hour // a new list is due by then
	MinListPace = 48 * time.Hour      // and no sooner, unless something is revoked
)

// IssueRevocationList gives the list that follows last, the zero value where there was none: all that is revoked there and
// what is added, under the next number, valid from the given time until the other (Doc 9303-12, section 7.1.4). Reasons are
// not written: table 10 has no place for them. Nothing that has been revoked is ever taken off.
func (a CSCA) IssueRevocationList(rand io.Reader, last RevocationList, add []Revocation, from, until time.Time) (RevocationList, error) {
	switch {
	case a.Certificate.KeyUsable(from) != nil:
		return RevocationList{}, fmt.Errorf("pki: the authority no longer signs lists: %w", ErrKeyPeriod)
	case !from.Before(until) || until.Sub(from) > MaxListAge:
		return RevocationList{}, fmt.Errorf("pki: a revocation list is good for %d days at most", MaxListAge/(24*time.Hour))
	case !last.ThisUpdate.IsZero() && from.Before(last.ThisUpdate):
		return RevocationList{}, errors.New("pki: the list before this one was issued later")
	}
	number, err := nextNumber(last)
	if err != nil {
		return RevocationList{}, err
	}
	revoked := slices.Clone(last.Revoked)
	for _, r := range add {
		if !slices.ContainsFunc(revoked, func(o Revocation) bool { return o.Serial == r.Serial }) {
			revoked = append(revoked, r)
		}
	}
	algorithm, err := x509.AlgorithmFor(a.Key.Public(), a.Identity.Signature.Hash, a.Identity.Signature.PSS)
	if err != nil {
		return RevocationList{}, refused(nil, err)
	}
	var b cryptobyte.Builder
	a.addList(&b, algorithm, revoked, number, from, until)
	tbs, err := b.Bytes()
	if err != nil {
		return RevocationList{}, fmt.Errorf("pki: encode a revocation list: %w", err)
	}
	der, err := x509.Seal(rand, tbs, algorithm, a.Key)
	if err != nil {
		return RevocationList{}, fmt.Errorf("pki: sign a revocation list: %w", err)
	}
	list, err := ParseRevocationList(der)
	if err == nil {
		err = list.Verify(a.Certificate)
	}
	return list, err
}

// nextNumber counts on: lists of one authority never share a number, of 20 octets at most.
func nextNumber(last RevocationList) (*big.Int, error) {
	n := new(big.Int)
	if last.Number != "" {
		if _, ok := n.SetString(last.Number, 16); !ok {
			return nil, fmt.Errorf("pki: the last revocation list has no number that could be counted on: %q", last.Number)
		}
	}
	if n.Add(n, big.NewInt(1)); n.Sign() <= 0 || n.BitLen() > 159 {
		return nil, fmt.Errorf("pki: no revocation list can follow number %s", last.Number)
	}
	return n, nil
}

// addList writes TBSCertList (Doc 9303-12, tables 9 and 10; RFC 5280, section 5.1).
func (a CSCA) addList(b builder, algorithm x509.Algorithm, revoked []Revocation, number *big.Int, from, until time.Time) {
	const seq = cbasn1.SEQUENCE
	c := a.Certificate.x509
	b.AddASN1(seq, func(b builder) {
		b.AddASN1Int64(1)
		algorithm.Add(b)
		b.AddBytes(c.Subject.Raw)
		x509.AddTime(b, from)
		x509.AddTime(b, until)
		if len(revoked) > 0 {
			b.AddASN1(seq, func(b builder) {
				for _, r := range revoked {
					addRevocation(b, r)
				}
			})
		}
		extensions := x509.KeyIDExtensions(nil, c.SubjectKeyID)
		counted, err := x509.NewExtension(arcs(oidCRLNumber), false, func(b builder) { b.AddASN1BigInt(number) })
		if err != nil {
			b.SetError(err)
		}
		b.AddASN1(cbasn1.Tag(0).ContextSpecific().Constructed(), func(b builder) { x509.AddExtensions(b, append(extensions, counted)) })
	})
}

func addRevocation(b builder, r Revocation) {
	serial, ok := new(big.Int).SetString(r.Serial, 16)
	if !ok {
		b.SetError(fmt.Errorf("pki: %q is no serial number in hexadecimal", r.Serial))
		return
	}
	b.AddASN1(cbasn1.SEQUENCE, func(b builder) {
		b.AddASN1BigInt(serial)
		x509.AddTime(b, r.At)
	})
}
