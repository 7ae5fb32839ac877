package reader

import (
	"bytes"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// rebuild writes DER anew, with every element as change leaves it: nil removes one, the same bytes keep it and go on with
// what it is made of. What an OCTET STRING or a BIT STRING holds stays as it is.
func rebuild(t testing.TB, der []byte, change func(element []byte) []byte) []byte {
	t.Helper()
	in := cryptobyte.String(der)
	var out []byte
	for !in.Empty() {
		var element, body cryptobyte.String
		var tag cbasn1.Tag
		if !in.ReadAnyASN1Element(&element, &tag) {
			t.Fatalf("not DER: %x", in)
		}
		changed := change(element)
		if !bytes.Equal(changed, element) || tag&0x20 == 0 {
			out = append(out, changed...)
			continue
		}
		element.ReadAnyASN1(&body, &tag)
		var b cryptobyte.Builder
		inner := rebuild(t, body, change)
		b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes(inner) })
		out = append(out, b.BytesOrPanic()...)
	}
	return out
}

// replaceCertificate puts one certificate in the place of another, which no signature covers.
func replaceCertificate(t testing.TB, signed, old, certificate []byte) []byte {
	t.Helper()
	return rebuild(t, signed, func(element []byte) []byte {
		if bytes.Equal(element, old) {
			return certificate
		}
		return element
	})
}
