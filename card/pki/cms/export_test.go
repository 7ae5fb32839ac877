package cms

import (
	"crypto"
	"crypto/rand"
	"encoding/asn1"
	"encoding/hex"
	"strings"

	"golang.org/x/crypto/cryptobyte"
)

// SHA256Hex is the message digest as a test writes it.
func SHA256Hex(b []byte) string { return hex.EncodeToString(digest(crypto.SHA256, b)) }

// SignAttributes signs attributes that a test has laid out, in hexadecimal and in its own order, rightly and without
// looking at them.
func SignAttributes(content []byte, contentType asn1.ObjectIdentifier, s Signer, attributes []string) ([]byte, error) {
	c, err := readCertificate(s.Certificate)
	if err != nil {
		return nil, err
	}
	raw, err := hex.DecodeString(strings.Join(attributes, ""))
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(tag0, func(b *cryptobyte.Builder) { b.AddBytes(raw) })
	attrs := b.BytesOrPanic()
	signature, err := s.Key.Sign(rand.Reader, digest(crypto.SHA256, asSet(attrs)), crypto.SHA256)
	if err != nil {
		return nil, err
	}
	return encode(content, contentType, s.Certificate, c, attrs, signature)
}
