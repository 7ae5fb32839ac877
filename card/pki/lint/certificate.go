package lint

import (
	"bytes"
	"encoding/asn1"
	"errors"
	"math/big"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/internal/x509"
)

// certificate is a certificate taken apart and believed in nothing.
type certificate struct {
	version                 int
	serial                  []byte // the content of the INTEGER
	inner, outer            []byte // AlgorithmIdentifier
	issuer, subject         name
	notBefore, notAfter     stamp
	key                     []byte // SubjectPublicKeyInfo
	issuerUID, subjectUID   bool
	extensions              []extension
	algorithm               x509.Algorithm
	algorithmErr            error
	notBeforeAt, notAfterAt time.Time
}

// extension is an extension with how its criticality is written.
type extension struct {
	id       string
	critical bool
	written  bool // critical is encoded though it is FALSE, its default
	value    []byte
}

// stamp is a Time as it is written.
type stamp struct {
	tag  cbasn1.Tag
	text string
}

var errShape = errors.New("not a certificate in DER")

func readCertificate(der []byte) (*certificate, error) {
	in := cryptobyte.String(der)
	var outer, tbs, algorithm, signature, serial, inner, validity, key cryptobyte.String
	if !in.ReadASN1(&outer, cbasn1.SEQUENCE) || !in.Empty() || !outer.ReadASN1(&tbs, cbasn1.SEQUENCE) ||
		!outer.ReadASN1Element(&algorithm, cbasn1.SEQUENCE) || !outer.ReadASN1(&signature, cbasn1.BIT_STRING) || !outer.Empty() {
		return nil, errShape
	}
	c := &certificate{outer: algorithm}
	var wrapped cryptobyte.String
	var present bool
	if !tbs.ReadOptionalASN1(&wrapped, &present, explicit(0)) || present && !wrapped.ReadASN1Integer(&c.version) ||
		!tbs.ReadASN1(&serial, cbasn1.INTEGER) || !tbs.ReadASN1Element(&inner, cbasn1.SEQUENCE) {
		return nil, errShape
	}
	c.serial, c.inner = serial, inner
	c.algorithm, c.algorithmErr = x509.ReadAlgorithm(&algorithm)
	var ok bool
	if c.issuer, ok = readName(&tbs); !ok || !tbs.ReadASN1(&validity, cbasn1.SEQUENCE) ||
		!readStamp(&validity, &c.notBefore) || !readStamp(&validity, &c.notAfter) || !validity.Empty() {
		return nil, errShape
	}
	c.notBeforeAt, c.notAfterAt = c.notBefore.time(), c.notAfter.time()
	if c.subject, ok = readName(&tbs); !ok || !tbs.ReadASN1Element(&key, cbasn1.SEQUENCE) {
		return nil, errShape
	}
	c.key = key
	return c, c.readTail(tbs)
}

func (c *certificate) readTail(in cryptobyte.String) error {
	var wrapped, unique cryptobyte.String
	var present bool
	if !in.ReadOptionalASN1(&unique, &c.issuerUID, cbasn1.Tag(1).ContextSpecific()) ||
		!in.ReadOptionalASN1(&unique, &c.subjectUID, cbasn1.Tag(2).ContextSpecific()) ||
		!in.ReadOptionalASN1(&wrapped, &present, explicit(3)) || !in.Empty() {
		return errShape
	}
	if !present {
		return nil
	}
	var ok bool
	if c.extensions, ok = readExtensions(wrapped); !ok {
		return errShape
	}
	return nil
}

func readExtensions(in cryptobyte.String) (all []extension, ok bool) {
	var seq cryptobyte.String
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() {
		return nil, false
	}
	for !seq.Empty() {
		var one, value, critical cryptobyte.String
		var oid asn1.ObjectIdentifier
		var e extension
		if !seq.ReadASN1(&one, cbasn1.SEQUENCE) || !x509.ReadOID(&one, &oid) ||
			!one.ReadOptionalASN1(&critical, &e.written, cbasn1.BOOLEAN) || !one.ReadASN1(&value, cbasn1.OCTET_STRING) || !one.Empty() {
			return nil, false
		}
		e.id, e.value = oid.String(), value
		e.critical = len(critical) == 1 && critical[0] != 0
		all = append(all, e)
	}
	return all, true
}

func explicit(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific().Constructed() }

func readStamp(in *cryptobyte.String, s *stamp) bool {
	var text cryptobyte.String
	ok := in.ReadAnyASN1(&text, &s.tag)
	s.text = string(text)
	return ok
}

// time reads what is written, in whatever form it can be; the zero time where it cannot.
func (s stamp) time() time.Time {
	layout := "20060102150405Z"
	text := s.text
	if s.tag == cbasn1.UTCTime {
		century := "20"
		if text >= "50" { // RFC 5280, section 4.1.2.5.1
			century = "19"
		}
		text = century + text
	}
	at, _ := time.Parse(layout, text)
	return at
}

func (c *certificate) extension(id string) (extension, bool) {
	for _, e := range c.extensions {
		if e.id == id {
			return e, true
		}
	}
	return extension{}, false
}

func (c *certificate) serialNumber() *big.Int {
	n := new(big.Int)
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.INTEGER, func(b *cryptobyte.Builder) { b.AddBytes(c.serial) })
	der, err := b.Bytes()
	in := cryptobyte.String(der)
	if err != nil || !in.ReadASN1Integer(n) {
		return nil
	}
	return n
}

// usage gives the bits of KeyUsage, by number; -1 where it is not to be read.
func (c *certificate) usage() int {
	e, there := c.extension(oidKeyUsage)
	if !there {
		return 0
	}
	var bits asn1.BitString
	in := cryptobyte.String(e.value)
	if !in.ReadASN1BitString(&bits) || !in.Empty() {
		return -1
	}
	usage := 0
	for n := range min(bits.BitLength, 9) {
		usage |= bits.At(n) << n
	}
	return usage
}

// constraints are the basic constraints as they are written.
type constraints struct {
	broken, ca, loose bool // loose: TRUE is not FF
	path              int  // -1: none
}

func (c *certificate) constraints() constraints {
	b := constraints{path: -1}
	e, there := c.extension(oidBasicConstraints)
	if !there {
		return b
	}
	in := cryptobyte.String(e.value)
	var seq, truth cryptobyte.String
	var present bool
	ok := in.ReadASN1(&seq, cbasn1.SEQUENCE) && in.Empty() && seq.ReadOptionalASN1(&truth, &present, cbasn1.BOOLEAN) &&
		(seq.Empty() || seq.ReadASN1Integer(&b.path)) && seq.Empty()
	b.broken = !ok
	b.ca = present && len(truth) == 1 && truth[0] != 0
	b.loose = b.ca && truth[0] != 0xFF
	return b
}

func (c *certificate) purposes() (all []string) {
	e, there := c.extension(oidExtKeyUsage)
	if !there {
		return nil
	}
	in := cryptobyte.String(e.value)
	var seq cryptobyte.String
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) {
		return nil
	}
	for !seq.Empty() {
		var oid asn1.ObjectIdentifier
		if !x509.ReadOID(&seq, &oid) {
			return all
		}
		all = append(all, oid.String())
	}
	return all
}

// keyIdentifiers gives SubjectKeyIdentifier and the keyIdentifier of AuthorityKeyIdentifier, nil where there is none.
func (c *certificate) keyIdentifiers() (subject, authority []byte) {
	if e, there := c.extension(oidSKI); there {
		in := cryptobyte.String(e.value)
		in.ReadASN1Bytes(&subject, cbasn1.OCTET_STRING)
	}
	if e, there := c.extension(oidAKI); there {
		authority, _ = x509.ReadAuthorityKeyID(e.value)
	}
	return subject, authority
}

// name is a distinguished name with the types of its strings.
type name struct {
	raw        []byte
	attributes []attribute
}

type attribute struct {
	id   string
	tag  cbasn1.Tag
	text string
}

func readName(in *cryptobyte.String) (n name, ok bool) {
	var element, seq cryptobyte.String
	if !in.ReadASN1Element(&element, cbasn1.SEQUENCE) {
		return n, false
	}
	n.raw = element
	element.ReadASN1(&seq, cbasn1.SEQUENCE)
	for !seq.Empty() {
		var set, one, value cryptobyte.String
		if !seq.ReadASN1(&set, cbasn1.SET) {
			return n, false
		}
		for !set.Empty() {
			var oid asn1.ObjectIdentifier
			var a attribute
			if !set.ReadASN1(&one, cbasn1.SEQUENCE) || !x509.ReadOID(&one, &oid) || !one.ReadAnyASN1(&value, &a.tag) || !one.Empty() {
				return n, false
			}
			a.id, a.text = oid.String(), string(value)
			n.attributes = append(n.attributes, a)
		}
	}
	return n, true
}

// String is the name for a person to read.
func (n name) String() string {
	in := cryptobyte.String(n.raw)
	read, err := x509.ReadName(&in)
	if err != nil {
		return ""
	}
	return read.String()
}

func (n name) first(id string) (attribute, bool) {
	for _, a := range n.attributes {
		if a.id == id {
			return a, true
		}
	}
	return attribute{}, false
}

func (n name) country() string {
	a, _ := n.first(oidCountry)
	return a.text
}

func (n name) equal(o name) bool {
	return bytes.Equal(n.raw, o.raw) || strings.EqualFold(n.String(), o.String())
}
