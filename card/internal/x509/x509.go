// Package x509 reads what X.509 certificates, revocation lists and SignedData have in common, in the profile of Doc
// 9303-12: algorithms, names, public keys, certificates; it verifies signatures and makes them.
//
//	DER -> [ParseCertificate] -> Certificate.Key -> [Verify](algorithm, key, message, signature)
//
// It has what crypto/x509 has not: the curves of RFC 5639, curves with explicit parameters, RSASSA-PSS with parameters of
// every kind, names compared as the standard allows. It judges nothing: packages pki and cms do. DER is demanded
// throughout; where a certificate of the field needs more, the place says whose it is.
package x509

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// ErrSignature says that a signature is wrong.
var ErrSignature = errors.New("x509: wrong signature")

// ErrMalformed says that bytes are not what they should be.
var ErrMalformed = errors.New("x509: malformed")

// UnsupportedError says that a signature can be neither confirmed nor refuted here.
type UnsupportedError struct {
	Algorithm string // the standard's name, or the object identifier
}

// Error names the algorithm.
func (e *UnsupportedError) Error() string { return "x509: unsupported algorithm: " + e.Algorithm }

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

// ReadTime reads a Time: UTCTime or GeneralizedTime, in UTC and with seconds (RFC 5280, section 4.1.2.5). GeneralizedTime
// before 2050, which that section excludes and a CSCA certificate of KZ has, is unambiguous and taken.
func ReadTime(in *cryptobyte.String) (t time.Time, ok bool) {
	var content cryptobyte.String
	var tag cbasn1.Tag
	peeked := *in
	switch {
	case !peeked.ReadAnyASN1(&content, &tag) || !bytes.HasSuffix(content, []byte("Z")):
	case tag == cbasn1.UTCTime && len(content) == len("YYMMDDHHMMSSZ"):
		ok = in.ReadASN1UTCTime(&t)
	case tag == cbasn1.GeneralizedTime && len(content) == len("YYYYMMDDHHMMSSZ"):
		ok = in.ReadASN1GeneralizedTime(&t)
	}
	return t.UTC(), ok
}

// AddTime writes a Time: UTCTime through 2049, GeneralizedTime from 2050 on.
func AddTime(b *cryptobyte.Builder, at time.Time) {
	if at = at.UTC(); at.Year() >= 1950 && at.Year() < 2050 {
		b.AddASN1UTCTime(at)
	} else {
		b.AddASN1GeneralizedTime(at)
	}
}

func explicit(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific().Constructed() }
