package x509

import (
	"bytes"
	"encoding/asn1"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// element lays an element out by hand, whatever is in it.
func element(t testing.TB, tag cbasn1.Tag, parts ...[]byte) []byte {
	t.Helper()
	var b cryptobyte.Builder
	b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes(bytes.Join(parts, nil)) })
	der, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// Object identifiers are read up to a length that no standard's has, wherever they stand.
func TestLongObjectIdentifiers(t *testing.T) {
	oneArc := func(n int) []byte { return append(bytes.Repeat([]byte{0xFF}, n-1), 0x7F) }
	manyArcs := func(n int) []byte { return append([]byte{0x2A}, bytes.Repeat([]byte{1}, n-1)...) }
	text := element(t, cbasn1.UTF8String, []byte("a"))
	const sequence, set = cbasn1.SEQUENCE, cbasn1.SET
	read := map[string]func(oid []byte) bool{
		"policy": func(oid []byte) bool {
			_, ok := readPolicies(element(t, sequence, element(t, sequence, oid)))
			return ok
		},
		"extended key usage": func(oid []byte) bool {
			_, ok := readIdentifiers(element(t, sequence, oid))
			return ok
		},
		"ReadOID": func(oid []byte) bool {
			in := cryptobyte.String(oid)
			return ReadOID(&in, new(asn1.ObjectIdentifier)) && in.Empty()
		},
		"extension": func(oid []byte) bool {
			_, err := ReadExtensions(element(t, sequence, element(t, sequence, oid, element(t, cbasn1.OCTET_STRING))))
			return err == nil
		},
		"name": func(oid []byte) bool {
			in := cryptobyte.String(element(t, sequence, element(t, set, element(t, sequence, oid, text))))
			_, err := ReadName(&in)
			return err == nil
		},
		"algorithm": func(oid []byte) bool {
			in := cryptobyte.String(element(t, sequence, oid))
			_, err := ReadAlgorithm(&in)
			return err == nil
		},
		"digest algorithm": func(oid []byte) bool {
			in := cryptobyte.String(element(t, sequence, oid))
			_, _, err := ReadDigestAlgorithm(&in)
			return err == nil
		},
		"public key": func(oid []byte) bool {
			_, err := ParsePublicKey(element(t, sequence, element(t, sequence, oid), element(t, cbasn1.BIT_STRING, []byte{0})))
			return unsupported(err)
		},
	}
	for where, taken := range read {
		for n, want := range map[int]bool{64: true, 65: false, 4096: false} {
			if taken(element(t, cbasn1.OBJECT_IDENTIFIER, manyArcs(n))) != want {
				t.Errorf("%s: an identifier of %d bytes: %v", where, n, !want)
			}
		}
	}
	for _, where := range []string{"policy", "extended key usage"} {
		for n, want := range map[int]bool{19: true, 64: true, 65: false, 16 << 10: false} {
			if read[where](element(t, cbasn1.OBJECT_IDENTIFIER, oneArc(n))) != want {
				t.Errorf("%s: an arc of %d bytes: %v", where, n, !want)
			}
		}
	}
}
