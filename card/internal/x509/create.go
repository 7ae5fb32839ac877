package x509

import (
	"crypto"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Template is what an authority puts into a certificate of version 3.
type Template struct {
	Serial              *big.Int
	Issuer, Subject     Name
	NotBefore, NotAfter time.Time
	Extensions          []Extension
	NamedCurve          bool // write a curve by its name
}

// Create gives the certificate of a public key, signed with an authority's private key.
func (t Template) Create(rand io.Reader, public crypto.PublicKey, a Algorithm, key crypto.Signer) ([]byte, error) {
	if t.Serial == nil || len(t.Issuer.Raw) == 0 || len(t.Subject.Raw) == 0 {
		return nil, errors.New("x509: a certificate needs a serial number and two names")
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(explicit(0), func(b *cryptobyte.Builder) { b.AddASN1Int64(2) })
		b.AddASN1BigInt(t.Serial)
		a.Add(b)
		b.AddBytes(t.Issuer.Raw)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			AddTime(b, t.NotBefore)
			AddTime(b, t.NotAfter)
		})
		b.AddBytes(t.Subject.Raw)
		AddPublicKey(b, public, t.NamedCurve)
		if len(t.Extensions) > 0 {
			b.AddASN1(explicit(3), func(b *cryptobyte.Builder) { AddExtensions(b, t.Extensions) })
		}
	})
	tbs, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("x509: encode a certificate: %w", err)
	}
	return Seal(rand, tbs, a, key)
}

// Seal puts a signature to what is signed: the frame that certificates and revocation lists have in common.
func Seal(rand io.Reader, tbs []byte, a Algorithm, key crypto.Signer) ([]byte, error) {
	signature, err := Sign(rand, a, key, tbs)
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(tbs)
		a.Add(b)
		b.AddASN1BitString(signature)
	})
	return b.Bytes()
}

// AddExtensions writes Extensions.
func AddExtensions(b *cryptobyte.Builder, all []Extension) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, e := range all {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(e.ID)
				if e.Critical {
					b.AddASN1Boolean(true)
				}
				b.AddASN1OctetString(e.Value)
			})
		}
	})
}

// NewExtension makes an extension of a value.
func NewExtension(id asn1.ObjectIdentifier, critical bool, value func(b *cryptobyte.Builder)) (Extension, error) {
	var b cryptobyte.Builder
	value(&b)
	der, err := b.Bytes()
	if err != nil {
		return Extension{}, fmt.Errorf("x509: extension %s: %w", id, err)
	}
	return Extension{ID: id, Critical: critical, Value: der}, nil
}

// AuthorityExtensions are basic constraints and key usage of an authority, its path length 0 (Doc 9303-12, table 6).
func AuthorityExtensions() []Extension {
	return []Extension{
		{ID: asn1.ObjectIdentifier{2, 5, 29, 19}, Critical: true, Value: []byte{0x30, 6, 1, 1, 0xFF, 2, 1, 0}},
		{ID: asn1.ObjectIdentifier{2, 5, 29, 15}, Critical: true, Value: []byte{3, 2, 1, 6}}, // keyCertSign, cRLSign
	}
}

// SignerExtensions are the key usage of a signer of documents or lists: digitalSignature (Doc 9303-12, table 6).
func SignerExtensions() []Extension {
	return []Extension{{ID: asn1.ObjectIdentifier{2, 5, 29, 15}, Critical: true, Value: []byte{3, 2, 7, 0x80}}}
}

// KeyIDExtensions are the identifiers of the key and of the authority's; one that is empty is left out.
func KeyIDExtensions(subject, authority []byte) []Extension {
	var all []Extension
	if n := byte(len(subject)); n > 0 && n < 100 {
		all = append(all, Extension{ID: asn1.ObjectIdentifier{2, 5, 29, 14}, Value: append([]byte{4, n}, subject...)})
	}
	if n := byte(len(authority)); n > 0 && n < 100 {
		all = append(all, Extension{ID: asn1.ObjectIdentifier{2, 5, 29, 35}, Value: append([]byte{0x30, n + 2, 0x80, n}, authority...)})
	}
	return all
}

// NewName makes a name of a country, an organisation and a common name, of which each may be empty. Strings are
// PrintableString where they can be and UTF8String elsewhere (Doc 9303-12, table 5).
func NewName(country, organization, commonName string) (Name, error) {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, a := range []struct {
			oid  asn1.ObjectIdentifier
			text string
		}{{asn1.ObjectIdentifier{2, 5, 4, 6}, country}, {asn1.ObjectIdentifier{2, 5, 4, 10}, organization}, {asn1.ObjectIdentifier{2, 5, 4, 3}, commonName}} {
			if a.text != "" {
				addAttribute(b, a.oid, a.text)
			}
		}
	})
	der, err := b.Bytes()
	if err != nil {
		return Name{}, fmt.Errorf("x509: encode a name: %w", err)
	}
	in := cryptobyte.String(der)
	return ReadName(&in)
}

func addAttribute(b *cryptobyte.Builder, oid asn1.ObjectIdentifier, text string) {
	kind := cbasn1.PrintableString
	if slices.ContainsFunc([]rune(text), func(r rune) bool { return !printable(r) }) {
		kind = cbasn1.UTF8String
	}
	b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oid)
			b.AddASN1(kind, func(b *cryptobyte.Builder) { b.AddBytes([]byte(text)) })
		})
	})
}

// printable tells what a PrintableString may hold (X.680, section 41.4).
func printable(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' ||
		slices.Contains([]rune(" '()+,-./:=?"), r)
}
