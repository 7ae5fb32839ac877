package cms

import (
	"encoding/asn1"
	"errors"

	"github.com/cancuoc/cancuoc/card/internal/x509"
)

func oidData() asn1.ObjectIdentifier        { return asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1} }
func oidSignedData() asn1.ObjectIdentifier  { return asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2} }
func oidContentType() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3} }
func oidMessageDigest() asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
}
func oidSigningTime() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5} }

// AlgorithmName gives the name by which people know a hash, a signature algorithm or a curve of the profile; nothing for
// one that is not listed.
func AlgorithmName(oid asn1.ObjectIdentifier) string { return x509.AlgorithmName(oid) }

// refused gives an error of package x509 the meaning that it has here.
func refused(err error) error {
	var unsupported *x509.UnsupportedError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &unsupported):
		return &UnsupportedError{unsupported.Algorithm}
	case errors.Is(err, x509.ErrSignature):
		return ErrSignature
	}
	return malformed("%v", err)
}
