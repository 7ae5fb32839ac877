package x509

import (
	stdx509 "crypto/x509"
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// maxOID bounds the content of an object identifier in bytes. No standard has one of half that length; without a bound a
// certificate of 256 KB keeps the machine busy for seconds, since the time to write an arc in decimal grows as the
// square of its length.
const maxOID = 64

// ReadOID reads an object identifier whose arcs are no longer than an int. One that is longer than any standard's is
// refused; every object identifier from outside is read here or by readLongOID.
func ReadOID(in *cryptobyte.String, oid *asn1.ObjectIdentifier) bool {
	_, ok := peekOID(*in)
	return ok && in.ReadASN1ObjectIdentifier(oid)
}

// readLongOID reads an object identifier whose arcs may be longer than an int, as those below 2.25 are.
func readLongOID(in *cryptobyte.String) (string, bool) {
	content, ok := peekOID(*in)
	var oid stdx509.OID
	if !ok || oid.UnmarshalBinary(content) != nil {
		return "", false
	}
	return oid.String(), in.SkipASN1(cbasn1.OBJECT_IDENTIFIER)
}

// peekOID gives the content of the object identifier that comes next, if its length is within bounds.
func peekOID(in cryptobyte.String) (content cryptobyte.String, ok bool) {
	ok = in.ReadASN1(&content, cbasn1.OBJECT_IDENTIFIER) && len(content) <= maxOID
	return content, ok
}
