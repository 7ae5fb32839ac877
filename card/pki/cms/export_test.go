package cms

import (
	"crypto"
	"crypto/rand"
	"encoding/asn1"
	"encoding/hex"
	"strings"

	"golang.org/x/crypto/cryptobyte"

	"github.com/cancuoc/cancuoc/card/internal/x509"
)

// SHA256Hex is the message digest as a test writes it.
func SHA256Hex(b []byte) string { return hex.EncodeToString(digest(crypto.SHA256, b)) }

// SignAttributes signs attributes that a test has laid out, in hexadecimal and in its own order, rightly and without
// looking at them.
func SignAttributes(content []byte, contentType asn1.ObjectIdentifier, s Signer, attributes []string) ([]byte, error) {
	c, err := x509.ParseCertificate(s.Certificate)
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
	public, err := c.Key()
	if err != nil {
		return nil, err
	}
	a, err := x509.AlgorithmFor(public, crypto.SHA256, false)
	if err != nil {
		return nil, err
	}
	signature, err := x509.Sign(rand.Reader, a, s.Key, asSet(attrs))
	if err != nil {
		return nil, err
	}
	return envelope{content, contentType, c, a, attrs, signature}.encode(Signer{})
}
