package lds

import (
	"bytes"
	"crypto"
	_ "crypto/sha1"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/asn1"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// SecurityObject is what EF.SOD signs: the hash of each data group, taken over the whole file.
type SecurityObject struct {
	Version int            // 0, or 1 with the two versions below
	Hash    crypto.Hash    // SHA-1 is read, never written
	Hashes  map[int][]byte // by number of the data group, 1 to 16

	LDSVersion     string // version 1 only: "0108"
	UnicodeVersion string // version 1 only: "040000"
}

// Digest makes the security object of version 0 over whole files, by number of the data group.
func Digest(hash crypto.Hash, files map[int][]byte) SecurityObject {
	s := SecurityObject{Hash: hash, Hashes: map[int][]byte{}}
	for n, file := range files {
		s.Hashes[n] = sum(hash, file)
	}
	return s
}

// Matches tells whether file is the data group n that was hashed. It is false for a data group that is not listed.
func (s SecurityObject) Matches(n int, file []byte) bool {
	want, listed := s.Hashes[n]
	return listed && s.Hash.Available() && bytes.Equal(want, sum(s.Hash, file))
}

// DataGroups gives the numbers of the data groups listed, ascending.
func (s SecurityObject) DataGroups() []int { return slices.Sorted(maps.Keys(s.Hashes)) }

func sum(hash crypto.Hash, b []byte) []byte {
	h := hash.New()
	h.Write(b)
	return h.Sum(nil)
}

// Encode gives the LDSSecurityObject (Doc 9303-10, section 4.6.2.3 and appendix D.2). SHA-1 is refused.
func (s SecurityObject) Encode() ([]byte, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	if s.Hash == crypto.SHA1 {
		return nil, fmt.Errorf("lds: security object: SHA-1 is too weak to be signed")
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(int64(s.Version))
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(hashOID(s.Hash)) // without parameters: section 4.6.2.3, note 2
		})
		b.AddASN1(cbasn1.SEQUENCE, s.addHashes)
		if s.Version == 1 {
			b.AddASN1(cbasn1.SEQUENCE, s.addVersions)
		}
	})
	return b.Bytes()
}

func (s SecurityObject) addHashes(b *cryptobyte.Builder) {
	for _, n := range s.DataGroups() {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1Int64(int64(n))
			b.AddASN1OctetString(s.Hashes[n])
		})
	}
}

func (s SecurityObject) addVersions(b *cryptobyte.Builder) {
	for _, v := range []string{s.LDSVersion, s.UnicodeVersion} {
		b.AddASN1(cbasn1.PrintableString, func(b *cryptobyte.Builder) { b.AddBytes([]byte(v)) })
	}
}

func (s SecurityObject) check() error {
	if hashOID(s.Hash) == nil {
		return fmt.Errorf("lds: security object: hash %d is none of SHA-1 to SHA-512", s.Hash)
	}
	if len(s.Hashes) < 2 || len(s.Hashes) > 16 {
		return fmt.Errorf("lds: security object: it lists %d data groups; 2 to 16 are due", len(s.Hashes))
	}
	for n, h := range s.Hashes {
		if n < 1 || n > 16 {
			return fmt.Errorf("lds: security object: there is no data group %d", n)
		}
		if len(h) != s.Hash.Size() {
			return fmt.Errorf("lds: security object: the hash of data group %d has %d bytes, %v has %d", n, len(h), s.Hash, s.Hash.Size())
		}
	}
	return s.checkVersion()
}

func (s SecurityObject) checkVersion() error {
	switch {
	case s.Version == 0 && s.LDSVersion == "" && s.UnicodeVersion == "":
		return nil
	case s.Version == 1 && isDigits(s.LDSVersion, 4) && isDigits(s.UnicodeVersion, 6):
		return nil
	}
	return fmt.Errorf("lds: security object: version %d with LDS version and Unicode version that do not belong to it", s.Version)
}

// ParseSecurityObject reads an LDSSecurityObject of version 0 or 1, in DER. Data groups listed twice or outside 1 to
// 16, and hashes of another length than the algorithm's, are errors.
func ParseSecurityObject(der []byte) (SecurityObject, error) {
	s, err := parseSecurityObject(der)
	if err != nil {
		return SecurityObject{}, err
	}
	return s, s.check()
}

func parseSecurityObject(der []byte) (SecurityObject, error) {
	var s SecurityObject
	in := cryptobyte.String(der)
	var seq, algorithm, hashes cryptobyte.String
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() ||
		!seq.ReadASN1Integer(&s.Version) ||
		!seq.ReadASN1(&algorithm, cbasn1.SEQUENCE) ||
		!seq.ReadASN1(&hashes, cbasn1.SEQUENCE) {
		return s, fmt.Errorf("lds: security object: not an LDSSecurityObject in DER")
	}
	var err error
	if s.Hash, err = readHash(algorithm); err != nil {
		return s, err
	}
	if s.Hashes, err = readHashes(hashes); err != nil {
		return s, err
	}
	if !seq.Empty() && !s.readVersions(&seq) {
		return s, fmt.Errorf("lds: security object: what follows the hashes is no LDS version information")
	}
	return s, nil
}

func (s *SecurityObject) readVersions(seq *cryptobyte.String) bool {
	var info, lds, unicode cryptobyte.String
	ok := seq.ReadASN1(&info, cbasn1.SEQUENCE) && seq.Empty() &&
		info.ReadASN1(&lds, cbasn1.PrintableString) && info.ReadASN1(&unicode, cbasn1.PrintableString) && info.Empty()
	s.LDSVersion, s.UnicodeVersion = string(lds), string(unicode)
	return ok
}

// readHash reads a DigestAlgorithmIdentifier, with its parameters absent or NULL (section 4.6.2.3, note 2).
func readHash(algorithm cryptobyte.String) (crypto.Hash, error) {
	var oid asn1.ObjectIdentifier
	if !algorithm.ReadASN1ObjectIdentifier(&oid) {
		return 0, fmt.Errorf("lds: security object: the hash algorithm is not in DER")
	}
	var null cryptobyte.String
	if !algorithm.Empty() && (!algorithm.ReadASN1(&null, cbasn1.NULL) || !null.Empty() || !algorithm.Empty()) {
		return 0, fmt.Errorf("lds: security object: the hash algorithm has parameters")
	}
	for _, h := range hashAlgorithms() {
		if h.oid.Equal(oid) {
			return h.hash, nil
		}
	}
	return 0, fmt.Errorf("lds: security object: hash algorithm %s is none of SHA-1 to SHA-512", oid)
}

func readHashes(in cryptobyte.String) (map[int][]byte, error) {
	hashes := map[int][]byte{}
	for !in.Empty() {
		var entry, value cryptobyte.String
		var n int
		if !in.ReadASN1(&entry, cbasn1.SEQUENCE) || !entry.ReadASN1Integer(&n) ||
			!entry.ReadASN1(&value, cbasn1.OCTET_STRING) || !entry.Empty() {
			return nil, fmt.Errorf("lds: security object: a data group's hash is not in DER")
		}
		if _, twice := hashes[n]; twice {
			return nil, fmt.Errorf("lds: security object: data group %d is listed twice", n)
		}
		hashes[n] = value
	}
	return hashes, nil
}

type hashAlgorithm struct {
	hash crypto.Hash
	oid  asn1.ObjectIdentifier
}

func hashAlgorithms() []hashAlgorithm {
	return []hashAlgorithm{
		{crypto.SHA256, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}},
		{crypto.SHA384, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}},
		{crypto.SHA512, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}},
		{crypto.SHA224, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 4}},
		{crypto.SHA1, asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}},
	}
}

func hashOID(hash crypto.Hash) asn1.ObjectIdentifier {
	for _, h := range hashAlgorithms() {
		if h.hash == hash {
			return h.oid
		}
	}
	return nil
}
