package pki

import (
	stdx509 "crypto/x509"
	"encoding/asn1"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/internal/x509"
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
	oidNameChange               = "2.23.136.1.1.6.1"
	oidCRLNumber                = "2.5.29.20"
	oidLocality                 = "2.5.4.7"
)

type builder = *cryptobyte.Builder

// extension makes a certificate extension that is not critical, a SEQUENCE.
func extension(oid string, value func(b builder)) (x509.Extension, error) {
	return x509.NewExtension(arcs(oid), false, func(b builder) { b.AddASN1(cbasn1.SEQUENCE, value) })
}

// usagePeriod is when the private key signs (Doc 9303-12, table 6: both times as GeneralizedTime).
func usagePeriod(from, to time.Time) (x509.Extension, error) {
	return extension(oidPrivateKeyUsagePeriod, func(b builder) {
		for n, t := range []time.Time{from, to} {
			b.AddASN1(cbasn1.Tag(n).ContextSpecific(), func(b builder) {
				b.AddBytes([]byte(t.UTC().Format("20060102150405Z")))
			})
		}
	})
}

// The tags of GeneralName (RFC 5280, section 4.2.1.6).
const (
	rfc822Name    = cbasn1.Tag(1)
	directoryName = cbasn1.Tag(4)
	uniformURI    = cbasn1.Tag(6)
)

// alternativeName holds a way to reach the authority, if there is one, and the directory name that Doc 9303-12, section
// 7.1.1.2, asks for: a locality with the three-letter code of the state.
func alternativeName(oid, state, contact string) (x509.Extension, error) {
	kind := uniformURI
	if !strings.Contains(contact, ":") {
		kind = rfc822Name
	}
	const seq, set = cbasn1.SEQUENCE, cbasn1.SET
	locality := func(b builder) {
		b.AddASN1ObjectIdentifier(arcs(oidLocality))
		b.AddASN1(cbasn1.PrintableString, func(b builder) { b.AddBytes([]byte(state)) })
	}
	return extension(oid, func(b builder) {
		if contact != "" {
			b.AddASN1(kind.ContextSpecific(), func(b builder) { b.AddBytes([]byte(contact)) })
		}
		b.AddASN1(directoryName.ContextSpecific().Constructed(), func(b builder) {
			b.AddASN1(seq, func(b builder) { b.AddASN1(set, func(b builder) { b.AddASN1(seq, locality) }) })
		})
	})
}

// distributionPoints say where revocation lists are to be had, one point for each place (Doc 9303-12, section 7.1.1.4).
func distributionPoints(urls []string) (x509.Extension, error) {
	constructed := func(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific().Constructed() }
	return extension(oidCRLDistributionPoints, func(b builder) {
		for _, url := range urls {
			b.AddASN1(cbasn1.SEQUENCE, func(b builder) {
				b.AddASN1(constructed(0), func(b builder) {
					b.AddASN1(constructed(0), func(b builder) {
						b.AddASN1(uniformURI.ContextSpecific(), func(b builder) { b.AddBytes([]byte(url)) })
					})
				})
			})
		}
	})
}

// policy names one certificate policy. Its identifier has an arc of 128 bits, beyond encoding/asn1.
func policy(oid string) (x509.Extension, error) {
	id, err := stdx509.ParseOID(oid)
	if err != nil {
		return x509.Extension{}, fmt.Errorf("pki: policy %s: %w", oid, err)
	}
	content, err := id.MarshalBinary()
	if err != nil {
		return x509.Extension{}, fmt.Errorf("pki: policy %s: %w", oid, err)
	}
	return extension(oidCertificatePolicies, func(b builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b builder) {
			b.AddASN1(cbasn1.OBJECT_IDENTIFIER, func(b builder) { b.AddBytes(content) })
		})
	})
}

// documentTypeList says what documents a signer signs (Doc 9303-12, section 7.1.1.6). In DER a SET OF is sorted,
// which for these strings is by length, then by letter.
func documentTypeList(types []string) (x509.Extension, error) {
	types = slices.SortedFunc(slices.Values(types), func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	return extension(oidDocumentTypeList, func(b builder) {
		b.AddASN1Int64(0)
		b.AddASN1(cbasn1.SET, func(b builder) {
			for _, t := range slices.Compact(types) {
				b.AddASN1(cbasn1.PrintableString, func(b builder) { b.AddBytes([]byte(t)) })
			}
		})
	})
}

// extendedKeyUsage names the one purpose of a key; it is critical (Doc 9303-12, table 6).
func extendedKeyUsage(purpose string) (x509.Extension, error) {
	return x509.NewExtension(arcs(oidExtendedKeyUsage), true, func(b builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b builder) { b.AddASN1ObjectIdentifier(arcs(purpose)) })
	})
}

// nameChange says that a CSCA has another name from here on (Doc 9303-12, section 7.1.1.5).
func nameChange() x509.Extension {
	return x509.Extension{ID: arcs(oidNameChange), Value: []byte{5, 0}}
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
