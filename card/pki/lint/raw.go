package lint

import (
	"encoding/asn1"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/internal/x509"
)

// element is an element of DER as it came.
type element struct {
	tag   cbasn1.Tag
	value cryptobyte.String
}

// attribute is one attribute of a name as it came.
type attribute struct {
	id string
	element
}

// extension is an extension with how it tells its criticality.
type extension struct {
	id           string
	critical     bool
	writtenFalse bool // the default is written out
	value        cryptobyte.String
}

// certificate is a certificate that package x509 has read, in the bytes as they came.
type certificate struct {
	*x509.Certificate
	role             Role
	version          int
	serial           []byte
	algorithm        cryptobyte.String // the whole element
	issuer, subject  []attribute
	validity         []element
	issuerUniqueID   bool
	subjectUniqueID  bool
	hasExtensions    bool
	extensions       []extension
	keyID, keyParams cryptobyte.String // of the key: the object identifier, and the whole element of the parameters
}

// split takes the signed part of a certificate apart.
func split(c *x509.Certificate) (certificate, bool) {
	s := certificate{Certificate: c, version: 1}
	whole := cryptobyte.String(c.RawTBS)
	var in, wrapped, serial, validity cryptobyte.String
	var present bool
	if !whole.ReadASN1(&in, cbasn1.SEQUENCE) || !in.ReadOptionalASN1(&wrapped, &present, explicit(0)) {
		return s, false
	}
	if present {
		if !wrapped.ReadASN1Integer(&s.version) {
			return s, false
		}
		s.version++
	}
	if !in.ReadASN1(&serial, cbasn1.INTEGER) || !in.ReadASN1Element(&s.algorithm, cbasn1.SEQUENCE) || !readName(&in, &s.issuer) ||
		!in.ReadASN1(&validity, cbasn1.SEQUENCE) || !readName(&in, &s.subject) || !s.splitKey(&in) {
		return s, false
	}
	s.serial = serial
	for !validity.Empty() {
		e, ok := readElement(&validity)
		if !ok {
			return s, false
		}
		s.validity = append(s.validity, e)
	}
	return s, s.splitTail(in)
}

func (s *certificate) splitKey(in *cryptobyte.String) bool {
	var info, algorithm cryptobyte.String
	if !in.ReadASN1(&info, cbasn1.SEQUENCE) || !info.ReadASN1(&algorithm, cbasn1.SEQUENCE) ||
		!algorithm.ReadASN1(&s.keyID, cbasn1.OBJECT_IDENTIFIER) {
		return false
	}
	s.keyParams = algorithm
	return true
}

func (s *certificate) splitTail(in cryptobyte.String) (ok bool) {
	for n, present := range []*bool{&s.issuerUniqueID, &s.subjectUniqueID} {
		if *present = in.PeekASN1Tag(implicit(uint8(n + 1))); !in.SkipOptionalASN1(implicit(uint8(n + 1))) {
			return false
		}
	}
	var wrapped cryptobyte.String
	if !in.ReadOptionalASN1(&wrapped, &s.hasExtensions, explicit(3)) {
		return false
	}
	if s.hasExtensions {
		s.extensions, ok = readExtensions(wrapped)
		return ok
	}
	return true
}

func readElement(in *cryptobyte.String) (e element, ok bool) {
	ok = in.ReadAnyASN1(&e.value, &e.tag)
	return e, ok
}

// skipOptional passes an optional element over, and tells whether it was there.
func skipOptional(in *cryptobyte.String, present *bool, tag cbasn1.Tag) bool {
	var value cryptobyte.String
	return in.ReadOptionalASN1(&value, present, tag)
}

// readName takes a Name apart, whatever relative names it has.
func readName(in *cryptobyte.String, all *[]attribute) bool {
	var seq cryptobyte.String
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) {
		return false
	}
	for !seq.Empty() {
		var set cryptobyte.String
		if !seq.ReadASN1(&set, cbasn1.SET) {
			return false
		}
		for !set.Empty() {
			var one cryptobyte.String
			var id asn1.ObjectIdentifier
			if !set.ReadASN1(&one, cbasn1.SEQUENCE) || !x509.ReadOID(&one, &id) {
				return false
			}
			value, ok := readElement(&one)
			if !ok {
				return false
			}
			*all = append(*all, attribute{id.String(), value})
		}
	}
	return true
}

func readExtensions(in cryptobyte.String) (all []extension, ok bool) {
	var seq cryptobyte.String
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) {
		return nil, false
	}
	for !seq.Empty() {
		var one, truth cryptobyte.String
		var written bool
		var id asn1.ObjectIdentifier
		var e extension
		if !seq.ReadASN1(&one, cbasn1.SEQUENCE) || !x509.ReadOID(&one, &id) || !one.ReadOptionalASN1(&truth, &written, cbasn1.BOOLEAN) ||
			!one.ReadASN1(&e.value, cbasn1.OCTET_STRING) {
			return nil, false
		}
		e.id, e.critical = id.String(), strings.Trim(string(truth), "\x00") != ""
		e.writtenFalse = written && !e.critical
		all = append(all, e)
	}
	return all, true
}

// extension finds an extension by its identifier.
func (s certificate) extension(id string) (extension, bool) { return findExtension(s.extensions, id) }

func findExtension(all []extension, id string) (extension, bool) {
	for _, e := range all {
		if e.id == id {
			return e, true
		}
	}
	return extension{}, false
}

// year gives the year of a time as it came.
func (e element) year() int {
	if e.tag != cbasn1.GeneralizedTime || len(e.value) < 4 {
		return 0
	}
	t, err := time.Parse("2006", string(e.value[:4]))
	if err != nil {
		return 0
	}
	return t.Year()
}

// early holds the rule of every time: through 2049 in UTCTime (Doc 9303-12, tables 5 and 9). The other demands on times are those
// of the parser.
func early(times ...element) []string {
	return each(times, func(t element) []string {
		return when(t.tag == cbasn1.GeneralizedTime && t.year() < 2050, "%q is GeneralizedTime, before 2050", t.value)
	})
}
