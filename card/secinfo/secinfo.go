// Package secinfo reads and writes SecurityInfos: what a chip tells about its protocols and their parameters. They are
// the content of EF.CardAccess, which nobody signs, of EF.CardSecurity inside its signature, and of EF.DG14, which
// EF.SOD covers (Doc 9303-11, section 9.2).
//
//	EF.CardAccess  --Parse-->       Infos.PACE --Strongest--> the PACEInfo that package pace runs
//	EF.DG14        --ParseDG14-->   Infos.ChipAuthentication, their keys, what package eac runs
//	EF.CardAccess against EF.DG14:  Missing tells what the signed file does not confirm
package secinfo

import (
	"bytes"
	"encoding/asn1"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/tlv"
)

// Infos is a SET OF SecurityInfo, sorted by what each is for, in the order of the file. The zero value is the empty
// set.
type Infos struct {
	PACE                   []PACEInfo
	PACEParameters         []PACEDomainParameterInfo
	ChipAuthentication     []ChipAuthenticationInfo
	ChipAuthenticationKeys []ChipAuthenticationPublicKeyInfo
	TerminalAuthentication []TerminalAuthenticationInfo
	ActiveAuthentication   []ActiveAuthenticationInfo
	Directory              []EFDIRInfo
	Unknown                []UnknownInfo
}

// UnknownInfo is a SecurityInfo of a protocol that this package does not know. It is kept as it came.
type UnknownInfo struct {
	Protocol asn1.ObjectIdentifier
	Raw      []byte // the whole SEQUENCE
}

// EFDIRInfo is the signed copy of EF.DIR (Doc 9303-11, section 9.2.10).
type EFDIRInfo struct {
	Content []byte // the file, octet by octet
}

// maxInfos bounds the number of SecurityInfos: a chip has a handful, and DG14 is read before it is trusted.
const maxInfos = 64

// tagDG14 wraps the SecurityInfos of EF.DG14 (Doc 9303-10, section 4.7.14).
const tagDG14 = 0x6E

// Parse reads the content of EF.CardAccess, or the content that EF.CardSecurity signs. What follows the set is an
// error, and so is anything that is not DER, but for one thing: the set need not be sorted, which cards in the field
// leave undone (ITU-T X.690, section 11.6).
func Parse(b []byte) (Infos, error) {
	raws, err := split(b)
	if err != nil {
		return Infos{}, err
	}
	var infos Infos
	for i, raw := range raws {
		if err := infos.add(raw); err != nil {
			return Infos{}, fmt.Errorf("secinfo: entry %d: %w", i+1, err)
		}
	}
	markAmbiguous(infos.PACE)
	return infos, nil
}

// ParseDG14 reads EF.DG14, the whole file (Doc 9303-10, section 4.7.14).
func ParseDG14(file []byte) (Infos, error) {
	content, err := tlv.ParseOne(file, tagDG14)
	if err != nil {
		return Infos{}, fmt.Errorf("secinfo: EF.DG14: %w", err)
	}
	return Parse(content)
}

// split takes the set apart into whole SEQUENCEs.
func split(b []byte) ([][]byte, error) {
	in := cryptobyte.String(b)
	var set cryptobyte.String
	if !in.ReadASN1(&set, cbasn1.SET) || !in.Empty() {
		return nil, fmt.Errorf("secinfo: the SecurityInfos are not one SET that fills the file")
	}
	var raws [][]byte
	for !set.Empty() {
		var raw cryptobyte.String
		if !set.ReadASN1Element(&raw, cbasn1.SEQUENCE) {
			return nil, fmt.Errorf("secinfo: entry %d is no SEQUENCE", len(raws)+1)
		}
		if raws = append(raws, raw); len(raws) > maxInfos {
			return nil, fmt.Errorf("secinfo: more than %d SecurityInfos", maxInfos)
		}
	}
	return raws, nil
}

// entry is one SecurityInfo with its protocol read off.
type entry struct {
	protocol asn1.ObjectIdentifier
	data     cryptobyte.String // requiredData and optionalData
}

// add reads one SecurityInfo (Doc 9303-11, section 9.2) and files it.
func (s *Infos) add(raw []byte) error {
	in := cryptobyte.String(raw)
	var seq cryptobyte.String
	var e entry
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1ObjectIdentifier(&e.protocol) {
		return fmt.Errorf("it does not begin with an object identifier")
	}
	e.data = seq
	var err error
	switch p := e.protocol; {
	case isPACE(p):
		err = read(&s.PACE, e, readPACE)
	case isPACEParameters(p):
		err = read(&s.PACEParameters, e, readPACEParameters)
	case isChipAuthentication(p):
		err = read(&s.ChipAuthentication, e, readChipAuthentication)
	case isChipAuthenticationKey(p):
		err = read(&s.ChipAuthenticationKeys, e, readChipAuthenticationKey)
	case p.Equal(idTA()):
		err = read(&s.TerminalAuthentication, e, readTerminalAuthentication)
	case p.Equal(idAA()):
		err = read(&s.ActiveAuthentication, e, readActiveAuthentication)
	case p.Equal(idEFDIR()):
		err = read(&s.Directory, e, readEFDIR)
	default:
		s.Unknown = append(s.Unknown, UnknownInfo{p, bytes.Clone(raw)})
	}
	return err
}

// read reads the data of one SecurityInfo with f, to its end.
func read[T any](list *[]T, e entry, f func(*entry) (T, error)) error {
	info, err := f(&e)
	if err == nil && !e.data.Empty() {
		err = fmt.Errorf("something follows its last field")
	}
	if err != nil {
		return fmt.Errorf("%v: %w", e.protocol, err)
	}
	*list = append(*list, info)
	return nil
}

// encoder is a SecurityInfo that can be written.
type encoder interface {
	add(*cryptobyte.Builder) // the fields inside the SEQUENCE
}

// Encode gives the set in DER: the encodings ascending, as X.690 sorts a SET OF.
func (s Infos) Encode() ([]byte, error) {
	raws, err := s.encodings()
	if err != nil {
		return nil, err
	}
	slices.SortFunc(raws, bytes.Compare)
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
		for _, raw := range raws {
			b.AddBytes(raw)
		}
	})
	return b.Bytes()
}

// EncodeDG14 gives EF.DG14, the whole file.
func (s Infos) EncodeDG14() ([]byte, error) {
	content, err := s.Encode()
	if err != nil {
		return nil, err
	}
	return tlv.Encode(tagDG14, content), nil
}

// Missing gives the encodings of those SecurityInfos of s that signed does not hold. EF.CardAccess is not signed: what
// is missing from EF.DG14 or EF.CardSecurity was put there by someone else (Doc 9303-11, section 4.2). The other
// direction finds what was taken away.
func (s Infos) Missing(signed Infos) ([][]byte, error) {
	have, err := signed.encodings()
	if err != nil {
		return nil, err
	}
	want, err := s.encodings()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(want, func(raw []byte) bool {
		return slices.ContainsFunc(have, func(h []byte) bool { return bytes.Equal(h, raw) })
	}), nil
}

// encodings gives each SecurityInfo as a SEQUENCE, in the order of the fields of Infos.
func (s Infos) encodings() ([][]byte, error) {
	var all []encoder
	all = appendAll(all, s.PACE)
	all = appendAll(all, s.PACEParameters)
	all = appendAll(all, s.ChipAuthentication)
	all = appendAll(all, s.ChipAuthenticationKeys)
	all = appendAll(all, s.TerminalAuthentication)
	all = appendAll(all, s.ActiveAuthentication)
	all = appendAll(all, s.Directory)
	var raws [][]byte
	for _, info := range all {
		var b cryptobyte.Builder
		b.AddASN1(cbasn1.SEQUENCE, info.add)
		raw, err := b.Bytes()
		if err != nil {
			return nil, fmt.Errorf("secinfo: %w", err)
		}
		raws = append(raws, raw)
	}
	for _, u := range s.Unknown {
		raws = append(raws, bytes.Clone(u.Raw))
	}
	return raws, nil
}

func appendAll[T encoder](all []encoder, infos []T) []encoder {
	for _, info := range infos {
		all = append(all, info)
	}
	return all
}

func readEFDIR(e *entry) (EFDIRInfo, error) {
	var content cryptobyte.String
	if !e.data.ReadASN1(&content, cbasn1.OCTET_STRING) {
		return EFDIRInfo{}, fmt.Errorf("its copy of EF.DIR is no OCTET STRING")
	}
	return EFDIRInfo{bytes.Clone(content)}, nil
}

func (i EFDIRInfo) add(b *cryptobyte.Builder) {
	b.AddASN1ObjectIdentifier(idEFDIR())
	b.AddASN1OctetString(i.Content)
}

// readID reads an optional INTEGER that identifies a key or domain parameters: from 0 to 2^31-1.
func (e *entry) readID() (*int, error) {
	if e.data.Empty() {
		return nil, nil
	}
	id, err := e.readNumber("identifier")
	if err != nil {
		return nil, err
	}
	return &id, nil
}

// readNumber reads an INTEGER from 0 to 2^31-1.
func (e *entry) readNumber(what string) (int, error) {
	var n int64
	if !e.data.ReadASN1Integer(&n) || n < 0 || n > 1<<31-1 {
		return 0, fmt.Errorf("its %s is no INTEGER between 0 and 2147483647", what)
	}
	return int(n), nil
}

// addID writes an optional identifier.
func addID(b *cryptobyte.Builder, id *int) {
	if id != nil {
		b.AddASN1Int64(int64(*id))
	}
}
