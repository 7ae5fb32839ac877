package pki

import (
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// ReadSources reads a file, or the files of a folder that [ReadTrust] reads, and tells of every entry what it holds: by its
// content, whatever the name of the file is. Nothing is judged, so Use is empty; an entry that cannot be read has its
// reason.
func ReadSources(path string) ([]Source, error) {
	files, err := trustFiles(path)
	if err != nil {
		return nil, err
	}
	var all []Source
	for _, file := range files {
		text, err := readNamed(file, file != path)
		if err != nil {
			all = append(all, Source{File: file, Err: err, Unread: true})
			continue
		}
		all = append(all, ParseSources(file, text)...)
	}
	return all, nil
}

// ParseSources does the same for the content of a file that has been read already.
func ParseSources(name string, text []byte) []Source {
	from := Source{File: name}
	if len(text) > 0 && text[0] == 0x30 {
		from.read(kindOf(text), text)
		return []Source{from.known()}
	}
	if all := pemSources(from, text); len(all) > 0 {
		return all
	}
	values, err := parseLDIF(string(text))
	var all []Source
	for _, v := range values {
		one := Source{File: name, Entry: v.entry, Attribute: v.attribute}
		one.read(ldifKind(v.attribute), v.value)
		all = append(all, one)
	}
	if len(all) == 0 || err != nil {
		all = append(all, Source{File: name, Err: notAnything(name, err), Unread: true})
	}
	return all
}

var errNothing = errors.New("pki: neither certificate, revocation list, master list nor LDIF export")

// notAnything is what to say of a text in which nothing was found: only of an export is it the line that is wrong.
func notAnything(name string, err error) error {
	if err != nil && strings.HasSuffix(strings.ToLower(name), ".ldif") {
		return err
	}
	return errNothing
}

// known makes an error of an entry, in a file of its own, of no kind that is known.
func (s Source) known() Source {
	if s.Err != nil && !s.Unread {
		s.Err, s.Unread = errNothing, true
	}
	return s
}

// pemSources reads the blocks of a PEM file, numbered where there are several.
func pemSources(from Source, text []byte) []Source {
	var all []Source
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		one := from
		one.Entry = fmt.Sprintf("block %d", len(all)+1)
		switch block.Type {
		case "CERTIFICATE", "X509 CRL", "CMS", "PKCS7":
			one.read(kindOf(block.Bytes), block.Bytes)
			one = one.known()
		default:
			one.Err, one.Unread = fmt.Errorf("pki: a file with a %s is no certificate file", strings.ToLower(block.Type)), true
		}
		all = append(all, one)
	}
	if len(all) == 1 {
		all[0].Entry = ""
	}
	return all
}

// kindOf tells what DER holds by its first elements: the object identifier of a ContentInfo, or past serial number or
// version, algorithm and issuer, the validity of a certificate or the time of a revocation list (RFC 5280, sections 4.1
// and 5.1).
func kindOf(der []byte) kind {
	in := cryptobyte.String(der)
	var outer, tbs cryptobyte.String
	if !in.ReadASN1(&outer, cbasn1.SEQUENCE) {
		return kindUnknown
	}
	if outer.PeekASN1Tag(cbasn1.OBJECT_IDENTIFIER) {
		return kindMasterList
	}
	if !outer.ReadASN1(&tbs, cbasn1.SEQUENCE) || !tbs.SkipOptionalASN1(cbasn1.Tag(0).ContextSpecific().Constructed()) ||
		!tbs.SkipOptionalASN1(cbasn1.INTEGER) || !tbs.SkipASN1(cbasn1.SEQUENCE) || !tbs.SkipASN1(cbasn1.SEQUENCE) {
		return kindUnknown
	}
	switch {
	case tbs.PeekASN1Tag(cbasn1.UTCTime), tbs.PeekASN1Tag(cbasn1.GeneralizedTime):
		return kindCRL
	case tbs.PeekASN1Tag(cbasn1.SEQUENCE):
		return kindCertificate
	}
	return kindUnknown
}
