package pki

import (
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cancuoc/cancuoc/card/internal/x509"
)

const maxListFile = 64 << 20 // the largest LDIF export that is read

// Source is where a verifier's trust comes from, entry by entry: what each is and what became of it.
type Source struct {
	File        string
	Entry       string // of an export: the distinguished name; of a list: which one
	Attribute   string // of an export
	Use         string // "anchor", "link", "signer", "revocation list", "master list", or "none"
	Certificate Certificate
	Err         error // why it is of no use

	fatal bool // and nobody may overlook it
}

// LoadTrust reads what a verifier trusts now from a file or a folder: certificates (.cer, .crt, .der, .pem), LDIF exports
// (.ldif), master lists (.ml) and revocation lists (.crl). Roots that lie there as certificates are trusted for lying
// there; links are believed when an anchor vouches for them, a master list when its own signer stands below such a root,
// is valid, not revoked, and not certified by way of SHA-1. An export establishes no trust (Doc 9303-12, section 5): roots
// in it are passed over, as are certificates of document signers. A file that cannot be read, a master list in a file of
// its own that cannot be believed and no CSCA at all are errors.
func LoadTrust(path string, now time.Time) (Trust, error) {
	t, sources, err := ReadTrust(path, now)
	if err != nil {
		return Trust{}, err
	}
	for _, s := range sources {
		if s.fatal {
			return Trust{}, fmt.Errorf("%w (%s)", s.Err, s.name())
		}
	}
	if len(t.Anchors) == 0 {
		return Trust{}, fmt.Errorf("pki: no CSCA certificate in %s", path)
	}
	return t, nil
}

func (s Source) name() string {
	switch {
	case s.Entry == "":
		return s.File
	case s.Attribute == "":
		return s.File + ", " + s.Entry
	}
	return s.File + ", " + s.Attribute + " of " + s.Entry
}

// ReadTrust does the same and tells of every entry what it is; what is of no use is no error here and has a reason.
func ReadTrust(path string, now time.Time) (Trust, []Source, error) {
	files, err := trustFiles(path)
	if err != nil {
		return Trust{}, nil, err
	}
	var s store
	for _, file := range files {
		text, err := readBounded(file, maxListFile)
		if err != nil {
			return Trust{}, nil, err
		}
		s.addFile(file, text)
	}
	s.addMasterLists(now)
	return s.trust, s.sources, nil
}

// trustFiles gives the file, or the files of a folder by the order of their names.
func trustFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("pki: certificates: %w", err)
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, fmt.Errorf("pki: certificates: %w", err)
	}
	var files []string
	for _, e := range entries {
		if !e.IsDir() && slices.Contains([]string{".cer", ".crt", ".der", ".pem", ".ldif", ".ml", ".crl"}, strings.ToLower(filepath.Ext(e.Name()))) {
			files = append(files, filepath.Join(path, e.Name()))
		}
	}
	return files, nil
}

// kind is what a file, or a value in an export, holds.
type kind int

const (
	kindUnknown kind = iota
	kindCertificate
	kindCRL
	kindMasterList
)

// store gathers trust. Master lists wait until all roots are known.
type store struct {
	trust   Trust
	sources []Source
	waiting []waiting
	anchors map[[sha256.Size]byte]bool // by the hash of the certificate
}

type waiting struct {
	from Source
	der  []byte
}

func (s *store) addFile(name string, text []byte) {
	from := Source{File: name}
	switch strings.ToLower(filepath.Ext(name)) {
	case ".ldif":
		s.addLDIF(from, string(text))
	case ".ml":
		s.add(kindMasterList, from, text)
	case ".crl":
		s.addCRLs(from, text)
	default:
		s.addCertificates(from, text)
	}
}

// addCertificates takes one certificate in DER or any number in PEM.
func (s *store) addCertificates(from Source, text []byte) {
	if len(text) > 0 && text[0] == 0x30 {
		s.add(kindCertificate, from, text)
		return
	}
	s.addPEM(from, text, errors.New("pki: there is no certificate, neither PEM nor DER"))
}

func (s *store) addCRLs(from Source, text []byte) {
	if len(text) > 0 && text[0] == 0x30 {
		s.add(kindCRL, from, text)
		return
	}
	s.addPEM(from, text, errors.New("pki: there is no revocation list, neither PEM nor DER"))
}

func (s *store) addPEM(from Source, text []byte, none error) {
	found := 0
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		found++
		switch block.Type {
		case "CERTIFICATE":
			s.add(kindCertificate, from, block.Bytes)
		case "X509 CRL":
			s.add(kindCRL, from, block.Bytes)
		default:
			s.refuse(from, true, fmt.Errorf("pki: a file with a %s is no certificate file", strings.ToLower(block.Type)))
		}
	}
	if found == 0 {
		s.refuse(from, true, none)
	}
}

func (s *store) addLDIF(from Source, text string) {
	values, err := parseLDIF(text)
	if err != nil {
		s.refuse(from, true, err)
	}
	for _, v := range values {
		from.Entry, from.Attribute = v.entry, v.attribute
		s.add(ldifKind(v.attribute), from, v.value)
	}
}

func (s *store) add(k kind, from Source, der []byte) {
	switch k {
	case kindCertificate:
		c, err := ParseCertificate(der)
		if err != nil {
			s.refuse(from, !from.exported(), err)
			return
		}
		s.addCertificate(from, c)
	case kindMasterList:
		s.waiting = append(s.waiting, waiting{from, der})
	case kindCRL:
		list, err := ParseRevocationList(der)
		if err != nil {
			s.refuse(from, !from.exported(), err)
			return
		}
		from.Use = "revocation list"
		s.trust.Lists = append(s.trust.Lists, list)
		s.sources = append(s.sources, from)
	default:
		s.refuse(from, false, errors.New("pki: neither certificate, revocation list nor master list"))
	}
}

// exported tells whether it is an entry of an export, which holds those of many states: one of no use spoils no other.
func (s Source) exported() bool { return s.Attribute != "" }

func (s *store) refuse(from Source, fatal bool, err error) {
	from.Use, from.Err, from.fatal = "none", err, fatal
	s.sources = append(s.sources, from)
}

// addCertificate sorts a certificate in: a root that signed itself is an anchor, another authority a link.
func (s *store) addCertificate(from Source, c Certificate) {
	from.Use, from.Certificate = "signer", c
	switch {
	case !c.Authority() && c.x509.KeyUsage&x509.CertSign != 0:
		from.Use, from.Err = "none", checkAuthority(c.x509)
	case !c.Authority():
	case c.SelfSigned() == nil && from.exported():
		from.Use, from.Err = "none", errors.New("pki: a root in an export is not trusted for lying there: take it from a file of its own or a master list")
	case c.SelfSigned() == nil && c.SelfIssued():
		s.anchor(&from)
	default:
		from.Use = "link"
		s.trust.Links = append(s.trust.Links, c)
	}
	s.sources = append(s.sources, from)
}

// anchor takes a certificate as trusted if it may be an authority at all.
func (s *store) anchor(one *Source) {
	if one.Err = checkAuthority(one.Certificate.x509); one.Err != nil {
		one.Use = "none"
		return
	}
	one.Use = "anchor"
	hash := sha256.Sum256(one.Certificate.Raw)
	if !s.anchors[hash] {
		if s.anchors == nil {
			s.anchors = map[[sha256.Size]byte]bool{}
		}
		s.anchors[hash] = true
		s.trust.Anchors = append(s.trust.Anchors, one.Certificate)
	}
}

// addMasterLists takes the lists whose signers stand below the roots that were given apart from any list.
func (s *store) addMasterLists(now time.Time) {
	given := Trust{Anchors: slices.Clone(s.trust.Anchors), Links: s.trust.Links, Lists: s.trust.Lists}
	for _, w := range s.waiting {
		list, err := ParseMasterList(w.der)
		if err == nil {
			err = given.believeList(list, now)
		}
		if err != nil {
			s.refuse(w.from, !w.from.exported(), err)
			continue
		}
		taken := w.from
		taken.Use = "master list"
		s.sources = append(s.sources, taken)
		for n, c := range list.Certificates {
			one := Source{File: w.from.File, Entry: fmt.Sprintf("certificate %d", n+1), Certificate: c.Certificate}
			if c.Err != nil {
				s.refuse(one, false, c.Err)
				continue
			}
			s.anchor(&one) // the list vouches for the key, whoever else signed it
			s.sources = append(s.sources, one)
		}
	}
}

// believeList checks what makes a master list's certificates trusted: its signature, and that its signer and all that
// stands over it hold now. SHA-1 is taken nowhere here: one certificate made to collide would replace every anchor.
func (t Trust) believeList(list MasterList, now time.Time) error {
	signer, path, err := list.Verify(t)
	switch {
	case err != nil:
		return err
	case list.SignedData.Weak():
		return fmt.Errorf("%w: the master list", errWeak)
	}
	return t.Current(signer, path, now)
}
