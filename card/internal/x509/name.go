package x509

import (
	"bytes"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Name is a distinguished name.
type Name struct {
	Raw []byte // the whole element

	rdns   [][]attribute
	folded string // what is compared
}

type attribute struct {
	oid   asn1.ObjectIdentifier
	raw   []byte // the whole element of the value
	text  string
	plain bool // the value is a string that could be read
}

// The tags of strings that package cryptobyte does not name.
const (
	tagNumericString   = cbasn1.Tag(18)
	tagUniversalString = cbasn1.Tag(28)
	tagBMPString       = cbasn1.Tag(30)
)

// ReadName reads a Name (RFC 5280, section 4.1.2.4).
func ReadName(in *cryptobyte.String) (Name, error) {
	var n Name
	var element, seq cryptobyte.String
	if !in.ReadASN1Element(&element, cbasn1.SEQUENCE) {
		return n, malformed("a name is no SEQUENCE")
	}
	n.Raw = element
	element.ReadASN1(&seq, cbasn1.SEQUENCE)
	for !seq.Empty() {
		var set cryptobyte.String
		if !seq.ReadASN1(&set, cbasn1.SET) || set.Empty() {
			return n, malformed("a part of a name is no SET")
		}
		var rdn []attribute
		for !set.Empty() {
			a, ok := readAttribute(&set)
			if !ok {
				return n, malformed("an attribute of a name is not in DER")
			}
			rdn = append(rdn, a)
		}
		n.rdns = append(n.rdns, rdn)
	}
	n.folded = n.fold(letters)
	return n, nil
}

func readAttribute(in *cryptobyte.String) (attribute, bool) {
	var seq, raw, value cryptobyte.String
	var a attribute
	var tag cbasn1.Tag
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !ReadOID(&seq, &a.oid) ||
		!seq.ReadAnyASN1Element(&raw, &tag) || !seq.Empty() {
		return a, false
	}
	a.raw = raw
	raw.ReadAnyASN1(&value, &tag)
	a.text, a.plain = decode(tag, value)
	return a, true
}

// decode reads a DirectoryString or one of its relatives (RFC 5280, section 4.1.2.4). TeletexString is read as Latin-1,
// which is what those who write it mean.
func decode(tag cbasn1.Tag, value []byte) (string, bool) {
	switch tag {
	case cbasn1.UTF8String, cbasn1.PrintableString, cbasn1.IA5String:
		return string(value), utf8.Valid(value)
	case tagNumericString:
		return string(value), len(bytes.Trim(value, "0123456789 ")) == 0
	case cbasn1.T61String:
		runes := make([]rune, len(value))
		for i, b := range value {
			runes[i] = rune(b)
		}
		return string(runes), true
	case tagBMPString:
		return decodeBMP(value)
	case tagUniversalString:
		return decodeUniversal(value)
	}
	return "", false
}

// decodeBMP reads a BMPString, in pairs of surrogates too. A half of a pair stands for no character: it would be the same
// as every other half.
func decodeBMP(value []byte) (string, bool) {
	var units []uint16
	for ; len(value) > 1; value = value[2:] {
		units = append(units, uint16(value[0])<<8|uint16(value[1]))
	}
	runes := utf16.Decode(units)
	return string(runes), len(value) == 0 && slices.Equal(utf16.Encode(runes), units)
}

func decodeUniversal(value []byte) (string, bool) {
	var b strings.Builder
	for ; len(value) > 3; value = value[4:] {
		r := rune(value[0])<<24 | rune(value[1])<<16 | rune(value[2])<<8 | rune(value[3])
		if !utf8.ValidRune(r) {
			return "", false
		}
		b.WriteRune(r)
	}
	return b.String(), len(value) == 0
}

// Equal tells whether two names are the same, whatever the case, the white space and the type of their strings (Doc
// 9303-12; RFC 5280, section 7.1): a state may write its country in small letters in one certificate,
// and as PrintableString what was UTF8String in another.
func (n Name) Equal(other Name) bool { return n.folded == other.folded }

// EqualStrictly is Equal for a name that nobody has signed, as in a signer info, of which little shall be free: string
// types and white space may differ, and a value all in capitals may be all in small letters, but of a value that has
// both no one letter.
func (n Name) EqualStrictly(other Name) bool {
	return n.folded == other.folded && n.fold(wholly) == other.fold(wholly)
}

// letters and wholly are two ways to leave the case of a value out. For letters the long s is an s and the Kelvin sign a k,
// as in RFC 4518, section 2.2 (RFC 3454, appendix B.2), but the dotless i is no i; wholly keeps all of them apart.
func letters(s string) string { return strings.Map(leastOfCases, s) }

func wholly(s string) string {
	small := strings.ToLower(s)
	if s == strings.ToUpper(small) {
		return small
	}
	return s
}

// leastOfCases gives the first of the letters that differ in case alone.
func leastOfCases(r rune) rune {
	least := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		least = min(least, other)
	}
	return least
}

// fold gives what two equal names have in common. Attributes beside one another are a set: their order says nothing.
func (n Name) fold(cases func(string) string) string {
	var b strings.Builder
	for _, rdn := range n.rdns {
		var attributes []string
		for _, a := range rdn {
			attributes = append(attributes, a.fold(cases))
		}
		slices.Sort(attributes)
		fmt.Fprintf(&b, "%q", attributes)
	}
	return b.String()
}

func (a attribute) fold(cases func(string) string) string {
	if !a.plain {
		return a.oid.String() + "#" + hex.EncodeToString(a.raw)
	}
	return a.oid.String() + "=" + cases(squeeze(a.text))
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

// Country is the one countryName; nothing if there is none or more than one.
func (n Name) Country() string {
	found := n.values("2.5.4.6")
	if len(found) != 1 {
		return ""
	}
	return found[0]
}

// Localities gives the localities in the name, in which an alternative name has the code of the state.
func (n Name) Localities() []string { return n.values("2.5.4.7") }

func (n Name) values(oid string) []string {
	var found []string
	for _, rdn := range n.rdns {
		for _, a := range rdn {
			if a.oid.String() == oid && a.plain {
				found = append(found, a.text)
			}
		}
	}
	return found
}

// String writes the name as RFC 4514 does: the last part first.
func (n Name) String() string {
	var parts []string
	for _, rdn := range slices.Backward(n.rdns) {
		var attributes []string
		for _, a := range rdn {
			attributes = append(attributes, a.String())
		}
		parts = append(parts, strings.Join(attributes, "+"))
	}
	return strings.Join(parts, ",")
}

func (a attribute) String() string {
	kind := map[string]string{
		"2.5.4.3": "CN", "2.5.4.5": "SERIALNUMBER", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.9": "STREET",
		"2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.17": "POSTALCODE", "0.9.2342.19200300.100.1.25": "DC",
	}[a.oid.String()]
	if kind == "" || !a.plain {
		return a.oid.String() + "=#" + hex.EncodeToString(a.raw)
	}
	return kind + "=" + escape(a.text)
}

// escape writes a value so that it cannot pass for more than one, nor for another, nor for an order to a terminal (RFC
// 4514, section 2.4): what does not print, as control characters and marks of direction, stands in hexadecimal.
func escape(text string) string {
	var b strings.Builder
	for i, r := range text {
		switch {
		case r != ' ' && !unicode.IsPrint(r):
			for _, octet := range []byte(string(r)) {
				fmt.Fprintf(&b, "\\%02x", octet)
			}
			continue
		case strings.ContainsRune(`,+"\<>;=`, r), i == 0 && (r == '#' || r == ' '), i == len(text)-1 && r == ' ':
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
