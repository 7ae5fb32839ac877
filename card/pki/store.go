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
	File      string
	Entry     string // of an export: the distinguished name; of a list: which one
	Attribute string // of an export
	Use       string // "anchor", "link", "signer", "revocation list", "master list", or "none"

	// One of these is what the entry holds, the others are zero; all are where it could not be read.
	Certificate    Certificate
	RevocationList RevocationList
	MasterList     MasterList

	Err    error // why it is of no use
	Unread bool  // for its bytes could not be read
	Fatal  bool  // and nobody may overlook it: [LoadTrust] gives up
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
		if s.Fatal {
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

// ReadTrust does the same and tells of every entry what it is; what cannot be read or is of no use is no error here and has
// a reason. Master lists come last, each with its certificates behind it.
func ReadTrust(path string, now time.Time) (Trust, []Source, error) {
	files, err := trustFiles(path)
	if err != nil {
		return Trust{}, nil, err
	}
	var s store
	for _, file := range files {
		text, err := readNamed(file, file != path)
		if err != nil {
			s.refuse(Source{File: file, Unread: true}, true, err)
			continue
		}
		s.addFile(file, text)
	}
	s.addMasterLists(now)
	return s.trust, s.sources, nil
}

// readNamed reads a file, of a folder only a regular one: a pipe that lies there would be waited for without end.
func readNamed(path string, ofFolder bool) ([]byte, error) {
	if ofFolder {
		return readRegular(path, maxListFile)
	}
	return readBounded(path, maxListFile)
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
		if !e.IsDir() && slices.Contains(trustExtensions(), strings.ToLower(filepath.Ext(e.Name()))) {
			files = append(files, filepath.Join(path, e.Name()))
		}
	}
	return files, nil
}

// trustExtensions are how the names of files in a folder of trust end.
func trustExtensions() []string {
	return []string{".cer", ".crt", ".der", ".pem", ".ldif", ".ml", ".crl"}
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
	waiting []Source
	anchors map[[sha256.Size]byte]bool // by the hash of the certificate
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
			from.Unread = true
			s.refuse(from, true, fmt.Errorf("pki: a file with a %s is no certificate file", strings.ToLower(block.Type)))
		}
	}
	if found == 0 {
		from.Unread = true
		s.refuse(from, true, none)
	}
}

func (s *store) addLDIF(from Source, text string) {
	values, err := parseLDIF(text)
	if err != nil {
		s.refuse(Source{File: from.File, Unread: true}, true, err)
	}
	for _, v := range values {
		from.Entry, from.Attribute = v.entry, v.attribute
		s.add(ldifKind(v.attribute), from, v.value)
	}
}

func (s *store) add(k kind, from Source, der []byte) {
	from.read(k, der)
	switch {
	case from.Err != nil:
		s.refuse(from, from.Unread && !from.exported(), from.Err)
	case k == kindCertificate:
		s.addCertificate(from)
	case k == kindMasterList:
		s.waiting = append(s.waiting, from)
	case k == kindCRL:
		from.Use = "revocation list"
		s.trust.Lists = append(s.trust.Lists, from.RevocationList)
		s.sources = append(s.sources, from)
	}
}

// read fills in what the entry holds, or why that cannot be read.
func (s *Source) read(k kind, der []byte) {
	switch k {
	case kindCertificate:
		s.Certificate, s.Err = ParseCertificate(der)
	case kindMasterList:
		s.MasterList, s.Err = ParseMasterList(der)
	case kindCRL:
		s.RevocationList, s.Err = ParseRevocationList(der)
	default:
		s.Err = errors.New("pki: neither certificate, revocation list nor master list")
		return
	}
	s.Unread = s.Err != nil
}

// exported tells whether it is an entry of an export, which holds those of many states: one of no use spoils no other.
func (s Source) exported() bool { return s.Attribute != "" }

func (s *store) refuse(from Source, fatal bool, err error) {
	from.Use, from.Err, from.Fatal = "none", err, fatal
	s.sources = append(s.sources, from)
}

// addCertificate sorts a certificate in: a root that signed itself is an anchor, another authority a link.
func (s *store) addCertificate(from Source) {
	c := from.Certificate
	from.Use = "signer"
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
		if _, _, err := w.MasterList.Judge(given, now); err != nil {
			s.refuse(w, !w.exported(), err)
			continue
		}
		w.Use = "master list"
		s.sources = append(s.sources, w)
		for n, c := range w.MasterList.Certificates {
			one := Source{File: w.File, Entry: fmt.Sprintf("certificate %d", n+1), Certificate: c.Certificate}
			if c.Err != nil {
				one.Unread = true
				s.refuse(one, false, c.Err)
				continue
			}
			s.anchor(&one) // the list vouches for the key, whoever else signed it
			s.sources = append(s.sources, one)
		}
	}
}
