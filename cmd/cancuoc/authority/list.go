package authority

import (
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cancuoc/cancuoc/card/pki"
)

// What can be wrong with revocation.
var (
	ErrNotIssued   = errors.New("authority: no certificate with this serial number has been issued here")
	ErrForeignList = errors.New("authority: the last revocation list is not one of the authority's own")
)

// maxList bounds a revocation list: some hundred thousand certificates.
const maxList = 16 << 20

// LastList reads the revocation list that was issued last, the zero value where there is none.
func (a *Authority) LastList() (pki.RevocationList, error) {
	files, err := filepath.Glob(a.path(trustFolder, "crl-*.crl"))
	if err != nil || len(files) == 0 {
		return pki.RevocationList{}, err
	}
	slices.Sort(files)
	text, err := readSmall(files[len(files)-1], maxList)
	if err != nil {
		return pki.RevocationList{}, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return pki.RevocationList{}, fmt.Errorf("authority: %s is no revocation list in PEM", files[len(files)-1])
	}
	list, err := pki.ParseRevocationList(block.Bytes)
	if err != nil {
		return pki.RevocationList{}, err
	}
	return list, a.ownList(list, files[len(files)-1])
}

// ownList checks that a root of the authority, its present one or one before, has signed a list: what another has signed would
// take the place of all that is revoked.
func (a *Authority) ownList(list pki.RevocationList, file string) error {
	for n := a.Config.Root; n > 0; n-- {
		roots, err := pki.ReadCertificates(a.path(trustFolder, rootName(n)))
		if err == nil && list.Verify(roots[0]) == nil {
			return nil
		}
	}
	return fmt.Errorf("%w: %s", ErrForeignList, file)
}

// Issued gives every certificate that the authority has issued: roots, links, signers.
func (a *Authority) Issued() ([]pki.Certificate, error) {
	all, err := pki.ReadCertificates(a.Trust())
	if err != nil {
		return nil, err
	}
	for _, p := range []pki.Purpose{pki.ForDocuments, pki.ForMasterLists} {
		signers, err := a.SignersOf(p)
		if err != nil {
			return nil, err
		}
		for _, s := range signers {
			all = append(all, s.Certificate)
		}
	}
	return all, nil
}

// ToRevoke finds the certificates to revoke, by serial number in hexadecimal or the path of a certificate.
func (a *Authority) ToRevoke(names []string) ([]pki.Certificate, error) {
	issued, err := a.Issued()
	if err != nil {
		return nil, err
	}
	var found []pki.Certificate
	for _, name := range names {
		serial := strings.TrimLeft(strings.ToLower(strings.ReplaceAll(name, ":", "")), "0")
		means := func(c pki.Certificate) bool { return c.Serial == serial }
		if some, err := pki.ReadCertificates(name); err == nil && len(some) == 1 {
			means = some[0].Equal
		}
		i := slices.IndexFunc(issued, means)
		if i < 0 {
			return nil, fmt.Errorf("%w: %s (see `cancuoc pki ds list`)", ErrNotIssued, name)
		}
		found = append(found, issued[i])
	}
	return found, nil
}

// IssueList issues the next revocation list with what is added, due after so many days.
func (a *Authority) IssueList(add []pki.Certificate, at time.Time, days int) (pki.RevocationList, string, error) {
	last, err := a.LastList()
	if err == nil {
		last, err = a.remembered(last)
	}
	if err != nil {
		return pki.RevocationList{}, "", err
	}
	csca, done, err := a.csca()
	if err != nil {
		return pki.RevocationList{}, "", err
	}
	defer done()
	var revoked []pki.Revocation
	for _, c := range add {
		revoked = append(revoked, pki.Revocation{Serial: c.Serial, At: at.UTC().Truncate(time.Second)})
	}
	at = at.UTC().Truncate(time.Second)
	list, err := csca.IssueRevocationList(rand.Reader, last, revoked, at, at.AddDate(0, 0, days))
	if err != nil {
		return list, "", err
	}
	for _, c := range add {
		if err := a.remember(at, "revoked", c.Serial, c.Subject); err != nil {
			return list, "", err
		}
	}
	if err := a.remember(at, "list", list.Number, ""); err != nil {
		return list, "", err
	}
	path := a.path(trustFolder, listName(list.Number))
	return list, path, pki.WriteRevocationList(path, list)
}

// remembered adds to the last list what the history knows beyond it: a list that was lost or never published takes nothing off,
// and its number is not given again.
func (a *Authority) remembered(last pki.RevocationList) (pki.RevocationList, error) {
	uses, err := a.history()
	if err != nil {
		return last, err
	}
	number, _ := new(big.Int).SetString("0"+last.Number, 16)
	for _, u := range uses {
		known := slices.ContainsFunc(last.Revoked, func(r pki.Revocation) bool { return r.Serial == u.Serial })
		switch n, ok := new(big.Int).SetString(u.Serial, 16); {
		case u.What == "revoked" && !known:
			last.Revoked = append(last.Revoked, pki.Revocation{Serial: u.Serial, At: u.At.Truncate(time.Second)})
		case u.What == "list" && ok && n.Cmp(number) > 0:
			number, last.Number = n, u.Serial
		}
	}
	return last, nil
}

// listName has the number, which is hexadecimal, at a width that sorts.
func listName(number string) string {
	return "crl-" + strings.Repeat("0", max(0, 6-len(number))) + number + ".crl"
}
