package pki

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/pki/cms"
)

// ErrEmptyList says that a master list would hold no certificate.
var ErrEmptyList = errors.New("pki: a master list without certificates")

// NewMasterList signs a CscaMasterList of the certificates, of which each is taken once (Doc 9303-12, section 9): version 0,
// the certificates in the order of DER, the signer named by the identifier of its key where it has one, beside it the
// authorities up to a root that the signer stands below. Those are looked for in signer.Above and among the certificates
// of the list. Every certificate must be that of an authority, and a root rightly signed by its own key; whether it is the
// one of the state that it names is for the caller to have seen to (section 5.3). The list is parsed and judged before it
// is given out.
func NewMasterList(certificates []Certificate, signer cms.Signer, at time.Time) ([]byte, error) {
	above, err := planList(certificates, signer, at)
	if err != nil {
		return nil, err
	}
	content, err := encodeList(certificates)
	if err != nil {
		return nil, fmt.Errorf("pki: master list: %w", err)
	}
	signer.Above = nil
	for _, c := range above[1:] {
		signer.Above = append(signer.Above, c.Raw)
	}
	signer.ByKeyID = above[0].KeyID != ""
	der, err := cms.Sign(content, arcs(oidMasterList), signer, at)
	if err != nil {
		return nil, fmt.Errorf("pki: master list: %w", err)
	}
	if err := checkList(der, above, at); err != nil {
		return nil, err
	}
	return der, nil
}

// CheckMasterList checks what [NewMasterList] checks before it signs, and takes no key.
func CheckMasterList(certificates []Certificate, signer cms.Signer, at time.Time) error {
	_, err := planList(certificates, signer, at)
	return err
}

// WriteMasterList writes a list to a file, never over one that is there.
func WriteMasterList(path string, der []byte) error { return writeNew(path, der, 0o644) }

// planList checks certificates and signer, and gives the signer's certificate with all that stand over it.
func planList(certificates []Certificate, signer cms.Signer, at time.Time) ([]Certificate, error) {
	if len(certificates) == 0 {
		return nil, ErrEmptyList
	}
	for _, c := range certificates {
		if err := c.Listable(); err != nil {
			return nil, fmt.Errorf("%w: %s", err, c.Subject)
		}
	}
	return listSigner(certificates, signer, at)
}

// Listable tells what keeps a certificate off a master list: it is not that of an authority, or it is a root that its own
// key has not signed. Whose authority it is and who signed a link is not asked.
func (c Certificate) Listable() error {
	switch {
	case c.x509 == nil:
		return fmt.Errorf("%w: there is none", ErrNotAuthority)
	case checkAuthority(c.x509) != nil:
		return checkAuthority(c.x509)
	case c.Kind() == KindFalseRoot:
		return ErrSignature
	case c.Country == "":
		return fmt.Errorf("%w: it names none", ErrCountry)
	}
	return nil
}

// listSigner checks that the signer may sign the list at this time (Doc 9303-12, sections 4.1.1.2, 5.3 and 7.1.1, table 6)
// and gives its certificate with all that stand over it.
func listSigner(certificates []Certificate, signer cms.Signer, at time.Time) ([]Certificate, error) {
	own, err := ParseCertificate(signer.Certificate)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(own.Extensions(), func(e Extension) bool { return e.ID == oidExtendedKeyUsage && e.Critical }) {
		return nil, fmt.Errorf("%w: it has no critical extended key usage", ErrNotListSigner)
	}
	if err := own.KeyUsable(at); err != nil {
		return nil, err
	}
	trust, err := authoritiesAmong(certificates, signer.Above)
	if err != nil {
		return nil, err
	}
	path, err := trust.path(own, forMasterLists)
	if err != nil {
		return nil, fmt.Errorf("%w (the master list's signer)", err)
	}
	return append([]Certificate{own}, path...), trust.Current(own, path, at)
}

// authoritiesAmong takes roots and links that a signer's chain may be made of. It is no question of trust: who reads the
// list judges the chain by roots of its own.
func authoritiesAmong(certificates []Certificate, above [][]byte) (Trust, error) {
	var t Trust
	for _, der := range above {
		c, err := ParseCertificate(der)
		if err != nil {
			return t, err
		}
		certificates = append(certificates[:len(certificates):len(certificates)], c)
	}
	for _, c := range certificates {
		if c.Kind() == KindRoot {
			t.Anchors = append(t.Anchors, c)
		} else {
			t.Links = append(t.Links, c)
		}
	}
	return t, nil
}

// encodeList writes CscaMasterList (Doc 9303-12, section 9.2).
func encodeList(certificates []Certificate) ([]byte, error) {
	var all [][]byte
	for _, c := range certificates {
		all = append(all, c.Raw)
	}
	slices.SortFunc(all, bytes.Compare)
	all = slices.CompactFunc(all, bytes.Equal)
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) { b.AddBytes(bytes.Join(all, nil)) })
	})
	return b.Bytes()
}

// checkList reads and judges the list that has just been made, as a reader will.
func checkList(der []byte, above []Certificate, at time.Time) error {
	list, err := ParseMasterList(der)
	if err == nil {
		last := len(above) - 1
		_, _, err = list.Judge(Trust{Anchors: above[last:], Links: above[1:last]}, at)
	}
	if err != nil {
		return fmt.Errorf("pki: the master list just made is not to be believed: %w", err)
	}
	return nil
}
