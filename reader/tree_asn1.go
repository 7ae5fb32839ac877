package reader

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/pki/cms"
	"github.com/cancuoc/cancuoc/card/secinfo"
	"github.com/cancuoc/cancuoc/card/tlv"
)

// typeName gives the name of the ASN.1 type, or how ASN.1 writes the tag.
func typeName(tag uint32) string {
	names := map[uint32]string{
		0x01: "BOOLEAN", 0x02: "INTEGER", 0x03: "BIT STRING", 0x04: "OCTET STRING", 0x05: "NULL", 0x06: "OBJECT IDENTIFIER",
		0x0A: "ENUMERATED", 0x0C: "UTF8String", 0x12: "NumericString", 0x13: "PrintableString", 0x14: "TeletexString",
		0x16: "IA5String", 0x17: "UTCTime", 0x18: "GeneralizedTime", 0x1A: "VisibleString", 0x30: "SEQUENCE", 0x31: "SET",
	}
	if name := names[tag]; name != "" || tag > 0xFF || tag&0x1F == 0x1F {
		return name
	}
	switch tag & 0xC0 {
	case 0x80:
		return fmt.Sprintf("[%d]", tag&0x1F)
	case 0x40:
		return fmt.Sprintf("[APPLICATION %d]", tag&0x1F)
	}
	return ""
}

// showUniversal shows a primitive object by the ASN.1 type that its tag stands for, else in hexadecimal.
func showUniversal(n *Node, o tlv.Object) {
	if n.Name == "" {
		n.Name = typeName(o.Tag)
	}
	switch o.Tag {
	case 0x02, 0x0A:
		showNumber(nil, n, o.Value)
	case 0x06:
		showIdentifier(nil, n, o.Value)
	case 0x0C, 0x12, 0x13, 0x16, 0x1A:
		showText(nil, n, o.Value)
	case 0x17, 0x18:
		if at, ok := timeOf(o); ok {
			n.Value = at
		} else {
			n.Value, n.Error = hexOf(o.Value), "reader: not a time in DER"
		}
	case 0x01:
		showBoolean(n, o.Value)
	case 0x03:
		showBitString(nil, n, o.Value)
	default:
		n.Value, n.Note = hexOf(o.Value), quoted(o.Value)
	}
}

// quoted gives what bytes would be as text, where all of them could be.
func quoted(b []byte) string {
	if len(b) < 3 || len(b) > mostText || bytes.ContainsFunc(b, func(r rune) bool { return r < ' ' || r > '~' }) {
		return ""
	}
	return fmt.Sprintf("%q", b)
}

// showBitString shows the bits of a BIT STRING.
func showBitString(_ *tree, n *Node, value []byte) {
	if len(value) == 0 || value[0] > 7 {
		n.Value, n.Error = hexOf(value), "reader: not a BIT STRING"
		return
	}
	n.Value = hexOf(value[1:])
	if value[0] > 0 {
		n.Note = fmt.Sprintf("unused bits: %d", value[0])
	}
}

func showBoolean(n *Node, value []byte) {
	n.Value = hexOf(value)
	if len(value) == 1 {
		n.Note = strconv.FormatBool(value[0] != 0)
	}
}

// showNumber shows an INTEGER: in decimal, or in hexadecimal where it is long.
func showNumber(_ *tree, n *Node, value []byte) {
	if v, ok := integerOf(value); ok {
		n.Value = strconv.FormatInt(v, 10)
		return
	}
	n.Value = hexOf(value)
	if len(value) == 0 {
		n.Error = "reader: a number of no bytes"
	}
}

// integerOf reads a number of one to four bytes.
func integerOf(value []byte) (v int64, ok bool) {
	if len(value) < 1 || len(value) > 4 {
		return 0, false
	}
	v = int64(int8(value[0]))
	for _, octet := range value[1:] {
		v = v<<8 | int64(octet)
	}
	return v, true
}

// showIdentifier shows an OBJECT IDENTIFIER with its name.
func showIdentifier(_ *tree, n *Node, value []byte) {
	var oid x509.OID // takes numbers of any size
	n.Value = hexOf(value)
	switch err := oid.UnmarshalBinary(value); {
	case err != nil:
		n.Error = "reader: not an object identifier"
	case len(value) <= mostHex:
		n.Value = oid.String()
		n.Note = oidName(n.Value)
	}
}

// mostText is how many bytes of a text are shown.
const mostText = 1000

// showText shows text in UTF-8.
func showText(_ *tree, n *Node, value []byte) {
	if !utf8.Valid(value) {
		n.Value, n.Error = hexOf(value), "reader: not text in UTF-8"
		return
	}
	n.Value = cutText(string(value))
}

// cutText gives the beginning of a long text.
func cutText(s string) string {
	if len(s) <= mostText {
		return s
	}
	end := mostText
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return fmt.Sprintf("%s... %d bytes", s[:end], len(s))
}

// showLatin shows text in ISO 8859-1.
func showLatin(t *tree, n *Node, value []byte) {
	var s strings.Builder
	for _, octet := range value[:min(len(value), mostText)] {
		s.WriteRune(rune(octet))
	}
	showText(t, n, []byte(s.String()))
}

// timeOf gives a UTCTime or GeneralizedTime.
func timeOf(o tlv.Object) (string, bool) {
	in := cryptobyte.String(o.Bytes())
	var at time.Time
	ok := o.Tag == 0x17 && in.ReadASN1UTCTime(&at) || o.Tag == 0x18 && in.ReadASN1GeneralizedTime(&at)
	return at.UTC().Format("2006-01-02 15:04:05 UTC"), ok
}

// oidName gives the standard's name of an object identifier in dotted numbers, or nothing.
func oidName(dotted string) string {
	if name := oidNames()[dotted]; name != "" {
		return name
	}
	var oid asn1.ObjectIdentifier
	for _, arc := range strings.Split(dotted, ".") {
		n, err := strconv.Atoi(arc)
		if err != nil {
			return ""
		}
		oid = append(oid, n)
	}
	if info, ok := secinfo.PACEProtocol(oid); ok {
		return fmt.Sprintf("id-PACE-%v-%v, %v", info.Agreement, info.Mapping, info.Suite)
	}
	if info, ok := secinfo.ChipAuthenticationProtocol(oid); ok {
		return fmt.Sprintf("id-CA-%v, %v", info.Agreement, info.Suite)
	}
	return cms.AlgorithmName(oid)
}

// oidNames are those that are neither protocols nor algorithms of signatures.
func oidNames() map[string]string {
	return map[string]string{
		"1.2.840.113549.1.7.2": "id-signedData", "1.2.840.113549.1.9.3": "contentType",
		"1.2.840.113549.1.9.4": "messageDigest", "1.2.840.113549.1.9.5": "signingTime",
		"2.23.136.1.1.1": "ldsSecurityObject", "2.23.136.1.1.5": "id-AA", "2.23.136.1.1.13": "id-EFDIR",
		"2.23.136.1.1.6.1": "nameChange", "2.23.136.1.1.6.2": "documentTypeList", "0.4.0.127.0.7.3.2.1": "id-SecurityObject",
		"0.4.0.127.0.7.2.2.1.1": "id-PK-DH", "0.4.0.127.0.7.2.2.1.2": "id-PK-ECDH", "0.4.0.127.0.7.2.2.2": "id-TA",
		"0.4.0.127.0.7.2.2.3.1": "id-CA-DH", "0.4.0.127.0.7.2.2.3.2": "id-CA-ECDH", "0.4.0.127.0.7.2.2.4.1": "id-PACE-DH-GM",
		"0.4.0.127.0.7.2.2.4.2": "id-PACE-ECDH-GM", "0.4.0.127.0.7.2.2.4.3": "id-PACE-DH-IM", "0.4.0.127.0.7.2.2.4.4": "id-PACE-ECDH-IM",
		"0.4.0.127.0.7.2.2.4.6": "id-PACE-ECDH-CAM", "0.4.0.127.0.7.2.2.5.1": "id-RI-DH", "0.4.0.127.0.7.2.2.5.2": "id-RI-ECDH",
		"0.4.0.127.0.7.2.2.6": "id-CI", "0.4.0.127.0.7.2.2.7": "id-eIDSecurity", "0.4.0.127.0.7.2.2.8": "id-PT",
		"0.4.0.127.0.7.1.2": "standardizedDomainParameters", "1.2.840.10045.2.1": "id-ecPublicKey", "1.2.840.10045.1.1": "prime-field",
		"1.2.840.113549.1.1.1": "rsaEncryption", "1.2.840.113549.1.3.1": "dhKeyAgreement", "1.2.840.10046.2.1": "dhpublicnumber", "1.2.840.113549.1.1.8": "MGF1",
		"0.4.0.127.0.7.1.1.4.1.1": "ecdsa-plain-SHA1", "0.4.0.127.0.7.1.1.4.1.2": "ecdsa-plain-SHA224",
		"0.4.0.127.0.7.1.1.4.1.3": "ecdsa-plain-SHA256", "0.4.0.127.0.7.1.1.4.1.4": "ecdsa-plain-SHA384",
		"0.4.0.127.0.7.1.1.4.1.5": "ecdsa-plain-SHA512", "0.4.0.127.0.7.3.1.2.1": "id-IS", "0.4.0.127.0.7.3.1.2.2": "id-AT",
		"0.4.0.127.0.7.3.1.2.3": "id-ST", "1.0.10646.1.0.8": "UTF-8",
		"2.5.4.3": "commonName", "2.5.4.5": "serialNumber", "2.5.4.6": "countryName", "2.5.4.7": "localityName",
		"2.5.4.10": "organizationName", "2.5.4.11": "organizationalUnitName",
		"2.5.29.9": "subjectDirectoryAttributes", "2.5.29.14": "subjectKeyIdentifier", "2.5.29.15": "keyUsage",
		"2.5.29.16": "privateKeyUsagePeriod", "2.5.29.17": "subjectAltName", "2.5.29.18": "issuerAltName",
		"2.5.29.19": "basicConstraints", "2.5.29.31": "cRLDistributionPoints", "2.5.29.32": "certificatePolicies",
		"2.5.29.35": "authorityKeyIdentifier", "2.5.29.37": "extKeyUsage",
	}
}

// showOneLine shows a constructed object as one value where read gives one, else as the objects that it holds.
func showOneLine(read func(value []byte) (text string, ok bool)) show {
	return func(t *tree, n *Node, value []byte) {
		if text, ok := read(value); ok {
			n.Value = text
		} else {
			t.objects(n, value, nil)
		}
	}
}

// showAlgorithm shows an AlgorithmIdentifier by name; parameters that say something stand below it.
func showAlgorithm(t *tree, n *Node, value []byte) {
	in := cryptobyte.String(value)
	var oid asn1.ObjectIdentifier
	if !in.ReadASN1ObjectIdentifier(&oid) {
		t.objects(n, value, nil)
		return
	}
	n.Value = oid.String()
	if name := oidName(n.Value); name != "" {
		n.Value, n.Note = name, oid.String()
	}
	if in.Empty() || len(in) == 2 && in.PeekASN1Tag(cbasn1.NULL) {
		return
	}
	t.objects(n, in, parameterGrammar(oid))
}
