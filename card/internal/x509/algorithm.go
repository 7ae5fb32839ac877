package x509

import (
	"crypto"
	_ "crypto/sha1" // the hashes of the algorithms
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/asn1"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/internal/ec"
)

// scheme is how a signature is made of a digest.
type scheme int

const (
	unknown  scheme = iota
	pkcs1           // RSASSA-PKCS1-v1_5
	pss             // RSASSA-PSS
	ecdsaDER        // ECDSA, a SEQUENCE of r and s
)

// Algorithm is a signature algorithm with its parameters. One that this package does not have has a name all the same.
type Algorithm struct {
	Hash crypto.Hash // 0: not known, or left to SignedData (rsaEncryption)

	scheme scheme
	name   string
	mgf    crypto.Hash // PSS: the hash of MGF1
	salt   int         // PSS: the length of the salt in bytes
}

// String names the algorithm for a person to read: "ECDSA with SHA-256".
func (a Algorithm) String() string {
	switch {
	case a.scheme == unknown || a.Hash == 0:
		return a.name
	case a.scheme == pss && (a.mgf != a.Hash || a.salt != a.Hash.Size()):
		return fmt.Sprintf("%s with %v, MGF1 with %v, salt of %d bytes", a.name, a.Hash, a.mgf, a.salt)
	}
	return fmt.Sprintf("%s with %v", a.name, a.Hash)
}

// Known tells whether signatures of the algorithm can be verified here.
func (a Algorithm) Known() bool { return a.scheme != unknown }

// Weak tells whether the hash is one under which two contents can be given the same signature: SHA-1.
func (a Algorithm) Weak() bool { return a.Hash == crypto.SHA1 }

// WithHash gives the algorithm that rsaEncryption means beside a digest algorithm (RFC 3370, section 3.2). Every other
// one has a hash of its own and stays.
func (a Algorithm) WithHash(hash crypto.Hash) Algorithm {
	if a.Hash == 0 && a.scheme == pkcs1 {
		a.Hash = hash
	}
	return a
}

// row is an algorithm without parameters, or with parameters that are read apart.
type row struct {
	oid    asn1.ObjectIdentifier
	scheme scheme
	hash   crypto.Hash
}

// signatureAlgorithms are those of Doc 9303-12, section 4.1.6, and SHA-1, with which documents were signed once.
func signatureAlgorithms() []row {
	return []row{
		{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 1}, ecdsaDER, crypto.SHA1},
		{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 1}, ecdsaDER, crypto.SHA224},
		{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}, ecdsaDER, crypto.SHA256},
		{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}, ecdsaDER, crypto.SHA384},
		{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4}, ecdsaDER, crypto.SHA512},
		{oidRSA(), pkcs1, 0},
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 5}, pkcs1, crypto.SHA1},
		{oidPSS(), pss, 0},
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}, pkcs1, crypto.SHA256},
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 12}, pkcs1, crypto.SHA384},
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}, pkcs1, crypto.SHA512},
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 14}, pkcs1, crypto.SHA224},
	}
}

// digestAlgorithms are those of Doc 9303-12, section 4.1.6.4, and SHA-1.
func digestAlgorithms() []row {
	return []row{
		{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, unknown, crypto.SHA256},
		{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}, unknown, crypto.SHA384},
		{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}, unknown, crypto.SHA512},
		{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 4}, unknown, crypto.SHA224},
		{asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}, unknown, crypto.SHA1},
	}
}

func oidRSA() asn1.ObjectIdentifier  { return asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1} }
func oidPSS() asn1.ObjectIdentifier  { return asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10} }
func oidMGF1() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8} }
func oidEC() asn1.ObjectIdentifier   { return asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1} }

func (s scheme) String() string {
	return [...]string{"unknown", "RSA PKCS #1 v1.5", "RSASSA-PSS", "ECDSA"}[s]
}

func find(list []row, oid asn1.ObjectIdentifier) (row, bool) {
	for _, r := range list {
		if r.oid.Equal(oid) {
			return r, true
		}
	}
	return row{oid: oid}, false
}

// AlgorithmName gives the name by which people know a hash, a signature algorithm or a curve; nothing for one that is not
// listed.
func AlgorithmName(oid asn1.ObjectIdentifier) string {
	if r, ok := find(digestAlgorithms(), oid); ok {
		return r.hash.String()
	}
	if r, ok := find(signatureAlgorithms(), oid); ok {
		return Algorithm{Hash: r.hash, scheme: r.scheme, name: r.scheme.String(), mgf: r.hash, salt: r.hash.Size()}.String()
	}
	if curve, err := ec.ByOID(oid); err == nil {
		return curve.Name()
	}
	return ""
}

// ReadAlgorithm reads the AlgorithmIdentifier of a signature. RSA and ECDSA have no parameters, or NULL: the first wants
// NULL, the second nothing (RFC 4055, section 5; RFC 5758, section 3.2). CSCA certificates have it otherwise too: NULL
// beside ECDSA those of AE, AT, JP, LT and LV, none beside RSA those of IS and YE.
func ReadAlgorithm(in *cryptobyte.String) (Algorithm, error) {
	oid, parameters, err := readIdentifier(in)
	if err != nil {
		return Algorithm{}, err
	}
	r, ok := find(signatureAlgorithms(), oid)
	switch {
	case !ok:
		return Algorithm{name: oid.String()}, nil
	case r.scheme == pss:
		return readPSS(parameters)
	case !absent(parameters):
		return Algorithm{}, malformed("%v has parameters", r.scheme)
	}
	return Algorithm{Hash: r.hash, scheme: r.scheme, name: r.scheme.String()}, nil
}

// ReadDigestAlgorithm reads the AlgorithmIdentifier of a hash, whose parameters are absent or NULL (Doc 9303-10,
// section 4.6.2.3, note 2). A hash that is not listed is 0, and has a name.
func ReadDigestAlgorithm(in *cryptobyte.String) (hash crypto.Hash, oid asn1.ObjectIdentifier, err error) {
	oid, parameters, err := readIdentifier(in)
	if err != nil {
		return 0, nil, err
	}
	r, ok := find(digestAlgorithms(), oid)
	if ok && !absent(parameters) {
		return 0, nil, malformed("%v has parameters", r.hash)
	}
	return r.hash, oid, nil
}

// readIdentifier reads an AlgorithmIdentifier; parameters are the whole element, nothing where there is none.
func readIdentifier(in *cryptobyte.String) (oid asn1.ObjectIdentifier, parameters cryptobyte.String, err error) {
	var seq cryptobyte.String
	var tag cbasn1.Tag
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !ReadOID(&seq, &oid) ||
		!seq.Empty() && (!seq.ReadAnyASN1Element(&parameters, &tag) || !seq.Empty()) {
		return nil, nil, malformed("an algorithm is not in DER")
	}
	return oid, parameters, nil
}

func absent(parameters cryptobyte.String) bool {
	return parameters.Empty() || string(parameters) == "\x05\x00"
}

// DigestOID is the object identifier of a hash.
func DigestOID(hash crypto.Hash) asn1.ObjectIdentifier {
	for _, r := range digestAlgorithms() {
		if r.hash == hash {
			return r.oid
		}
	}
	return nil
}

// AddDigestAlgorithm writes the AlgorithmIdentifier of a hash, without parameters (Doc 9303-10, section 4.6.2.3, note 2).
func AddDigestAlgorithm(b *cryptobyte.Builder, hash crypto.Hash) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(DigestOID(hash)) })
}

// Add writes the AlgorithmIdentifier of a signature, with NULL for RSA PKCS #1.
func (a Algorithm) Add(b *cryptobyte.Builder) {
	if a.scheme == pss {
		a.addPSS(b)
		return
	}
	for _, r := range signatureAlgorithms() {
		if r.scheme != a.scheme || r.hash != a.Hash {
			continue
		}
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(r.oid)
			if r.scheme == pkcs1 {
				b.AddASN1NULL()
			}
		})
		return
	}
	b.SetError(fmt.Errorf("x509: %v has no identifier", a))
}

// Hashes are all by way of which a signature of the algorithm goes: that of the message and, of RSASSA-PSS, that of the
// mask.
func (a Algorithm) Hashes() []crypto.Hash {
	if a.scheme == pss && a.mgf != a.Hash {
		return []crypto.Hash{a.Hash, a.mgf}
	}
	return []crypto.Hash{a.Hash}
}
