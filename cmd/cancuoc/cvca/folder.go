// Package cvca is the desk of those who say who may read fingerprints: the folder of a country verifying CA, a document
// verifier or an inspection system, or of all three, as a station for trials has it.
//
//	cvca.cvcert                         the present CVCA: what new chips trust
//	cvca-VN001.cvcert                   each key of the CVCA, signed with itself
//	cvca-link-VN002.cvcert              the next one, signed with the one before
//	document-verifier-VN001.cvcert      each key of the document verifier
//	inspection-system-VN001.cvcert      each key of the inspection system
//	inspection-system.key               its present key, as station.toml names it
//	issued/                             certificates of others, by their requests
//	history.jsonl                       one line for each certificate
//
// VN001 is the sequence number of the holder. A key is beside its certificate, in .key, or named in .uri. A folder that
// `cancuoc init` made begins with files without numbers. The present key of a document verifier or inspection system is the
// latest that is here. Certificates are written last, so that who looks meanwhile finds what was before, or all.
package cvca

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/pki/cvc"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/authority"
)

// What a folder can be wrong about.
var (
	ErrNoFolder = errors.New("cvca: not the folder of a CVCA, document verifier or inspection system")
	ErrExists   = errors.New("cvca: there is a CVCA already")
	ErrNoKey    = errors.New("cvca: the private key is not here")
)

const (
	ending       = ".cvcert"
	present      = "cvca" + ending
	issuedFolder = "issued"
)

// Entry is a certificate in a folder.
type Entry struct {
	*cvc.Certificate
	File string // its name
	Key  string // reference to its private key; "" where that is not here
}

// Link tells whether the certificate is a CVCA's that another key has signed.
func (e Entry) Link() bool { return e.Authorization.Role() == cvc.CVCA && !e.SelfSigned() }

// DaysLeft is how many days the certificate is good for yet; none is its last day, below that it has expired.
func (e Entry) DaysLeft(on date.Date) int { return days(on, e.Expiration) }

// Folder is an open folder. It prints as a secret.
type Folder struct {
	Path         string
	Certificates []Entry // of the authority first, then by day and name

	keys authority.Keys
}

// String hides the keys.
func (*Folder) String() string { return "[secret]" }

// Open reads the certificates of a folder. No key is opened yet.
func Open(path string, keys authority.Keys) (*Folder, error) {
	keys.Folder = path
	f := &Folder{Path: path, keys: keys}
	if _, err := os.Stat(f.path(present)); err != nil {
		return nil, fmt.Errorf("%w: %s has no %s (make one with `cancuoc pki cvca init`, or put that of your CVCA there)", ErrNoFolder, path, present)
	}
	return f, f.read()
}

func (f *Folder) path(parts ...string) string {
	return filepath.Join(append([]string{f.Path}, parts...)...)
}

func (f *Folder) read() error {
	f.Certificates = nil
	for _, sub := range []string{"", issuedFolder} {
		entries, err := os.ReadDir(f.path(sub))
		if err != nil && (sub == "" || !errors.Is(err, fs.ErrNotExist)) {
			return fmt.Errorf("cvca: %w", err)
		}
		for _, e := range entries {
			if filepath.Ext(e.Name()) != ending {
				continue
			}
			if err := f.add(filepath.Join(sub, e.Name())); err != nil {
				return err
			}
		}
	}
	slices.SortStableFunc(f.Certificates, func(a, b Entry) int {
		if c := cmp.Compare(rank(b), rank(a)); c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(a.Effective.YYYYMMDD(), b.Effective.YYYYMMDD()), cmp.Compare(a.Holder, b.Holder))
	})
	return nil
}

// rank puts the highest role first.
func rank(e Entry) int { return min(int(e.Authorization.Role()), 1) + int(e.Authorization.Role())/3 }

// add reads one certificate. The present CVCA's is there twice: under its number and as the present one.
func (f *Folder) add(name string) error {
	c, err := readCertificate(f.path(name))
	if err != nil {
		return err
	}
	e := Entry{Certificate: c, File: name}
	if filepath.Dir(name) == "." {
		if e.Key, err = f.keyOf(e); err != nil {
			return err
		}
	}
	for i, other := range f.Certificates {
		if same(other.Certificate, c) {
			if e.Key != "" {
				f.Certificates[i].Key = e.Key
			}
			return nil
		}
	}
	f.Certificates = append(f.Certificates, e)
	return nil
}

func same(a, b *cvc.Certificate) bool {
	x, errX := a.Encode()
	y, errY := b.Encode()
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// readCertificate reads the file of one certificate.
func readCertificate(path string) (*cvc.Certificate, error) {
	b, err := readSmall(path)
	if err != nil {
		return nil, err
	}
	c, err := cvc.Parse(b)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, path)
	}
	return c, nil
}

// stem gives the name of a role's files, with the sequence number of a holder.
func stem(r cvc.Role, holder string) string { return roleName(r) + "-" + holder[len(holder)-5:] }

func roleName(r cvc.Role) string {
	switch r {
	case cvc.CVCA:
		return "cvca"
	case cvc.Terminal:
		return "inspection-system"
	}
	return "document-verifier"
}

// keyOf finds the reference to a certificate's key: under its number, or, as `cancuoc init` has it, under none.
func (f *Folder) keyOf(e Entry) (string, error) {
	role := e.Authorization.Role()
	stems := []string{stem(role, e.Holder)}
	if plain := roleName(role); e.File == plain+ending {
		stems = append(stems, plain)
	}
	for _, s := range stems {
		if _, err := os.Lstat(f.path(s + ".key")); err == nil {
			return "file:" + s + ".key", nil
		}
		text, err := readSmall(f.path(s + ".uri"))
		switch {
		case err == nil:
			return strings.TrimSpace(string(text)), nil
		case !errors.Is(err, fs.ErrNotExist):
			return "", err
		}
	}
	return "", nil
}

// CVCA gives the present authority.
func (f *Folder) CVCA() (Entry, error) {
	c, err := readCertificate(f.path(present))
	if err != nil {
		return Entry{}, err
	}
	for _, e := range f.Certificates {
		if same(e.Certificate, c) {
			return e, nil
		}
	}
	return Entry{}, fmt.Errorf("%w: %s", ErrNoFolder, f.Path)
}

// Verifier gives the latest document verifier, preferably one whose key is here.
func (f *Folder) Verifier() (Entry, bool) {
	return f.latest(func(e Entry) bool {
		r := e.Authorization.Role()
		return r == cvc.DomesticDV || r == cvc.ForeignDV
	})
}

// Terminal gives the latest inspection system, preferably one whose key is here.
func (f *Folder) Terminal() (Entry, bool) {
	return f.latest(func(e Entry) bool { return e.Authorization.Role() == cvc.Terminal })
}

func (f *Folder) latest(fits func(Entry) bool) (found Entry, ok bool) {
	for _, e := range f.Certificates {
		if fits(e) && filepath.Dir(e.File) == "." && (e.Key != "" || found.Key == "") {
			found, ok = e, true
		}
	}
	return found, ok
}

// named gives the certificate of a holder; of a CVCA the one that it has signed itself, if that is here.
func (f *Folder) named(holder string) (found Entry, ok bool) {
	for _, e := range f.Certificates {
		if e.Holder == holder && (!ok || e.SelfSigned()) {
			found, ok = e, true
		}
	}
	return found, ok
}

// Where gives the path of a certificate.
func (f *Folder) Where(e Entry) string { return f.path(e.File) }

// KeyKind names curve or size of a certificate's key: of a curve that is inherited, as far as the chain above is here.
func (f *Folder) KeyKind(e Entry) string {
	if public, err := f.publicKey(e); err == nil {
		return public.Kind()
	}
	return e.PublicKey.Kind()
}

// publicKey gives the public key of a certificate with the curve of its CVCA.
func (f *Folder) publicKey(e Entry) (cvc.PublicKey, error) {
	above := e
	for range cvc.MaxChain {
		if above.PublicKey.Curve != nil || above.PublicKey.RSA != nil {
			break
		}
		next, ok := f.named(above.Authority)
		if !ok {
			return cvc.PublicKey{}, fmt.Errorf("cvca: the certificate of %s, which has certified %s, is not here", above.Authority, above.Holder)
		}
		above = next
	}
	return e.PublicKey.Inherit(above.PublicKey)
}
