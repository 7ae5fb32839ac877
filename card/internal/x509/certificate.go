package x509

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Certificate is a certificate of version 1 to 3 (RFC 5280, section 4.1). It has been read and verified not at all.
type Certificate struct {
	Raw, RawTBS         []byte // the whole; what is signed
	Serial              *big.Int
	Issuer, Subject     Name
	NotBefore, NotAfter time.Time
	PublicKeyInfo       []byte
	Extensions          []Extension
	Algorithm           Algorithm // of the signature
	Signature           []byte

	// What is read of the extensions that every certificate may have.
	HasKeyUsage      bool
	KeyUsage         KeyUsage
	IsCA             bool
	PathLength       int // -1: none
	SubjectKeyID     []byte
	AuthorityKeyID   []byte // keyIdentifier, the only one of its three forms that is read
	Policies         []string
	ExtendedKeyUsage []string

	key    crypto.PublicKey
	keyErr error
}

// Key gives the public key, an [UnsupportedError] if it is of a kind that is not here.
func (c *Certificate) Key() (crypto.PublicKey, error) { return c.key, c.keyErr }

// Extension is an extension of a certificate or of a revocation list.
type Extension struct {
	ID       asn1.ObjectIdentifier
	Critical bool
	Value    []byte
}

// ParseCertificate reads one certificate in DER. A public key that is not supported is no error here: Key tells.
func ParseCertificate(der []byte) (*Certificate, error) {
	in := cryptobyte.String(der)
	var outer, tbs cryptobyte.String
	if !in.ReadASN1(&outer, cbasn1.SEQUENCE) || !in.Empty() || !outer.ReadASN1Element(&tbs, cbasn1.SEQUENCE) {
		return nil, malformed("a certificate is not in DER")
	}
	c := &Certificate{Raw: der, RawTBS: tbs, PathLength: -1}
	algorithm, err := c.readSignature(outer)
	if err != nil {
		return nil, err
	}
	var body cryptobyte.String
	tbs.ReadASN1(&body, cbasn1.SEQUENCE)
	return c, c.readTBS(body, algorithm)
}

// readSignature reads what follows the signed part and gives the algorithm as it stands there.
func (c *Certificate) readSignature(in cryptobyte.String) (algorithm []byte, err error) {
	var element cryptobyte.String
	if !in.ReadASN1Element(&element, cbasn1.SEQUENCE) || !in.ReadASN1BitStringAsBytes(&c.Signature) || !in.Empty() {
		return nil, malformed("the signature of a certificate is not in DER")
	}
	algorithm = element
	c.Algorithm, err = ReadAlgorithm(&element)
	return algorithm, err
}

func (c *Certificate) readTBS(in cryptobyte.String, algorithm []byte) error {
	version, err := c.readHead(&in, algorithm)
	if err != nil {
		return err
	}
	if c.Issuer, err = ReadName(&in); err != nil {
		return err
	}
	var validity, info cryptobyte.String
	if !in.ReadASN1(&validity, cbasn1.SEQUENCE) || !readTimes(validity, &c.NotBefore, &c.NotAfter) {
		return malformed("the validity of a certificate is not in DER")
	}
	if c.Subject, err = ReadName(&in); err != nil {
		return err
	}
	if !in.ReadASN1Element(&info, cbasn1.SEQUENCE) {
		return malformed("a certificate has no public key")
	}
	c.PublicKeyInfo = info
	if c.key, c.keyErr = ParsePublicKey(info); c.keyErr != nil && !unsupported(c.keyErr) {
		return c.keyErr
	}
	return c.readTail(in, version)
}

// readHead reads version, serial number and algorithm, which must be the one beside the signature (section 4.1.1.2). The
// serial number may be negative or zero, against section 4.1.2.2: it is in CSCA certificates of AL, KZ, MZ and VA.
func (c *Certificate) readHead(in *cryptobyte.String, algorithm []byte) (version int, err error) {
	var wrapped, inner cryptobyte.String
	var present bool
	c.Serial = new(big.Int)
	if !in.ReadOptionalASN1(&wrapped, &present, explicit(0)) ||
		present && (!wrapped.ReadASN1Integer(&version) || !wrapped.Empty() || version < 1 || version > 2) {
		return 0, malformed("the version of a certificate is none of 1 to 3")
	}
	if !in.ReadASN1Integer(c.Serial) {
		return 0, malformed("the serial number of a certificate is not in DER")
	}
	if !in.ReadASN1Element(&inner, cbasn1.SEQUENCE) {
		return 0, malformed("the algorithm of a certificate is not in DER")
	}
	if !bytes.Equal(inner, algorithm) {
		return 0, malformed("the algorithm inside a certificate is not the one beside its signature")
	}
	return version, nil
}

func readTimes(in cryptobyte.String, from, to *time.Time) bool {
	var ok1, ok2 bool
	*from, ok1 = ReadTime(&in)
	*to, ok2 = ReadTime(&in)
	return ok1 && ok2 && in.Empty()
}

// readTail reads unique identifiers, which nobody uses, and extensions, which only version 3 has.
func (c *Certificate) readTail(in cryptobyte.String, version int) error {
	var wrapped cryptobyte.String
	var present bool
	for n := range uint8(2) {
		if !in.SkipOptionalASN1(cbasn1.Tag(n + 1).ContextSpecific()) {
			return malformed("a unique identifier is not in DER")
		}
	}
	if !in.ReadOptionalASN1(&wrapped, &present, explicit(3)) || !in.Empty() || present && version != 2 {
		return malformed("something follows the public key of a certificate")
	}
	if !present {
		return nil
	}
	var err error
	if c.Extensions, err = ReadExtensions(wrapped); err != nil {
		return err
	}
	return c.readKnown()
}

// ReadExtensions reads Extensions. One that stands twice is refused: two readers could each believe another.
func ReadExtensions(in cryptobyte.String) ([]Extension, error) {
	var seq cryptobyte.String
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() {
		return nil, malformed("the extensions are no SEQUENCE")
	}
	var all []Extension
	seen := map[string]bool{}
	for !seq.Empty() {
		var one, value cryptobyte.String
		var e Extension
		if !seq.ReadASN1(&one, cbasn1.SEQUENCE) || !ReadOID(&one, &e.ID) ||
			one.PeekASN1Tag(cbasn1.BOOLEAN) && !one.ReadASN1Boolean(&e.Critical) ||
			!one.ReadASN1(&value, cbasn1.OCTET_STRING) || !one.Empty() {
			return nil, malformed("an extension is not in DER")
		}
		if seen[e.ID.String()] {
			return nil, malformed("extension %s stands twice", e.ID)
		}
		seen[e.ID.String()] = true
		e.Value = value
		all = append(all, e)
	}
	return all, nil
}

func unsupported(err error) bool {
	_, ok := err.(*UnsupportedError)
	return ok
}
