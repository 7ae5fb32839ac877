package pki

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// The extensions that are written or read here by hand (Doc 9303-12, table 6).
const (
	oidKeyUsage                 = "2.5.29.15"
	oidPrivateKeyUsagePeriod    = "2.5.29.16"
	oidSubjectAltName           = "2.5.29.17"
	oidIssuerAltName            = "2.5.29.18"
	oidBasicConstraints         = "2.5.29.19"
	oidExtendedKeyUsage         = "2.5.29.37"
	oidCertificatePolicies      = "2.5.29.32"
	oidCRLDistributionPoints    = "2.5.29.31"
	oidDocumentTypeList         = "2.23.136.1.1.6.2"
	oidDeltaCRL                 = "2.5.29.27"
	oidIssuingDistributionPoint = "2.5.29.28"
	oidLocality                 = "2.5.4.7"
)

// extension makes a certificate extension that is not critical.
func extension(oid string, value func(b *cryptobyte.Builder)) (pkix.Extension, error) {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, value)
	der, err := b.Bytes()
	if err != nil {
		return pkix.Extension{}, fmt.Errorf("pki: extension %s: %w", oid, err)
	}
	return pkix.Extension{Id: arcs(oid), Value: der}, nil
}

// usagePeriod is when the private key signs (Doc 9303-12, table 6: both times as GeneralizedTime).
func usagePeriod(from, to time.Time) (pkix.Extension, error) {
	return extension(oidPrivateKeyUsagePeriod, func(b *cryptobyte.Builder) {
		for n, t := range []time.Time{from, to} {
			b.AddASN1(cbasn1.Tag(n).ContextSpecific(), func(b *cryptobyte.Builder) {
				b.AddBytes([]byte(t.UTC().Format("20060102150405Z")))
			})
		}
	})
}

// alternativeName holds a way to reach the authority and the directory name that Doc 9303-12, section 7.1.1.2, asks
// for: a locality with the three-letter code of the state.
func alternativeName(oid, state string) (pkix.Extension, error) {
	const uri, directoryName = 6, 4
	seq := cbasn1.SEQUENCE
	type builder = *cryptobyte.Builder
	attribute := func(b builder) {
		b.AddASN1ObjectIdentifier(arcs(oidLocality))
		b.AddASN1(cbasn1.PrintableString, func(b builder) { b.AddBytes([]byte(state)) })
	}
	return extension(oid, func(b builder) {
		b.AddASN1(cbasn1.Tag(uri).ContextSpecific(), func(b builder) { b.AddBytes([]byte(specimenURL)) })
		b.AddASN1(cbasn1.Tag(directoryName).ContextSpecific().Constructed(), func(b builder) {
			b.AddASN1(seq, func(b builder) {
				b.AddASN1(cbasn1.SET, func(b builder) { b.AddASN1(seq, attribute) })
			})
		})
	})
}

// policy names one certificate policy. Its identifier has an arc of 128 bits, beyond encoding/asn1.
func policy(oid string) (pkix.Extension, error) {
	id, err := x509.ParseOID(oid)
	if err != nil {
		return pkix.Extension{}, fmt.Errorf("pki: policy %s: %w", oid, err)
	}
	content, err := id.MarshalBinary()
	if err != nil {
		return pkix.Extension{}, fmt.Errorf("pki: policy %s: %w", oid, err)
	}
	return extension(oidCertificatePolicies, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes(content) })
		})
	})
}

// documentTypeList says what documents a signer signs (Doc 9303-12, section 7.1.1.6). In DER a SET OF is sorted,
// which for these strings is by length, then by letter.
func documentTypeList(types ...string) (pkix.Extension, error) {
	types = slices.SortedFunc(slices.Values(types), func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return slices.Compare([]byte(a), []byte(b))
	})
	return extension(oidDocumentTypeList, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
			for _, t := range types {
				b.AddASN1(cbasn1.PrintableString, func(b *cryptobyte.Builder) { b.AddBytes([]byte(t)) })
			}
		})
	})
}

// arcs reads a dotted object identifier whose arcs fit an int.
func arcs(dotted string) asn1.ObjectIdentifier {
	var oid asn1.ObjectIdentifier
	n := 0
	for _, c := range dotted + "." {
		if c == '.' {
			oid, n = append(oid, n), 0
			continue
		}
		n = 10*n + int(c-'0')
	}
	return oid
}
