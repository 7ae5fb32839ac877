package secinfo

import (
	"encoding/asn1"
	"slices"
)

// The arcs of the protocols (Doc 9303-11, sections 9.2.3 to 9.2.10 and 9.5.1).
func bsiProtocol(arcs ...int) asn1.ObjectIdentifier {
	return append(asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 2, 2}, arcs...)
}

func icaoSecurity(arc int) asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{2, 23, 136, 1, 1, arc}
}

func idTA() asn1.ObjectIdentifier    { return bsiProtocol(2) }
func idAA() asn1.ObjectIdentifier    { return icaoSecurity(5) }
func idEFDIR() asn1.ObjectIdentifier { return icaoSecurity(13) }

func standardizedDomainParameters() asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 1, 2}
}
func ecPublicKey() asn1.ObjectIdentifier    { return asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1} }
func primeField() asn1.ObjectIdentifier     { return asn1.ObjectIdentifier{1, 2, 840, 10045, 1, 1} }
func dhPublicNumber() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{1, 2, 840, 10046, 2, 1} }
func dhKeyAgreement() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 3, 1} }

// below gives the arcs of oid below a prefix if there are so many.
func below(oid, prefix asn1.ObjectIdentifier, n int) ([]int, bool) {
	if len(oid) != len(prefix)+n || !slices.Equal(oid[:len(prefix)], prefix) {
		return nil, false
	}
	return oid[len(prefix):], true
}
