// Package cvc is the card verifiable certificate: what a terminal shows to a chip to be let into fingerprints and irises
// (Doc 9303-12, section 7.2.2; TR-03110-3, appendix C). A state's country verifying CA certifies document verifiers,
// each of them its terminals; the chip knows no more than the CA's public key and the latest date that it has seen.
//
//	CVCA --link--> CVCA --> document verifier --> terminal (inspection system)
//	  |              |            |                  |
//	  +--------------+------------+---- the rights that all of them have
//
// [Parse] reads a certificate and [Issue] makes one, [Trust] is the chip's side of the chain, [Chain] the terminal's.
package cvc

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/tlv"
)

// MaxSize bounds the certificate that [Parse] reads, in bytes: the longest of TR-03110 have some 2,000.
const MaxSize = 8192

// ErrFormat is answered for bytes that are not a card verifiable certificate of the profile.
var ErrFormat = errors.New("cvc: not a card verifiable certificate")

// The tags of the data objects of a certificate (Doc 9303-12, table 14).
const (
	tagCertificate   = 0x7F21
	tagBody          = 0x7F4E
	tagProfile       = 0x5F29
	tagAuthority     = 0x42
	tagPublicKey     = 0x7F49
	tagHolder        = 0x5F20
	tagAuthorization = 0x7F4C
	tagEffective     = 0x5F25
	tagExpiration    = 0x5F24
	tagExtensions    = 0x65
	tagSignature     = 0x5F37
	tagOID           = 0x06
	tagDiscretionary = 0x53
)

// Certificate is one card verifiable certificate.
type Certificate struct {
	Authority     string // certification authority reference: the key that signed
	Holder        string // certificate holder reference: the name of the key certified
	PublicKey     PublicKey
	Authorization Authorization
	Effective     date.Date // the day on which it was made
	Expiration    date.Date // the last day on which it is good
	Extensions    []byte    // the value of the certificate extensions, as it came; none when empty
	Signature     []byte
}

// SelfSigned tells whether the certificate names its own key as the one that signed it.
func (c *Certificate) SelfSigned() bool { return c.Authority == c.Holder }

// Encode gives the certificate as it is stored and exchanged.
func (c *Certificate) Encode() ([]byte, error) {
	field, err := c.Field()
	if err != nil {
		return nil, err
	}
	return tlv.Encode(tagCertificate, field), nil
}

// Field gives body and signature without the outer template: the data field of PSO: VERIFY CERTIFICATE (Doc 9303-11,
// section 7.1.5.2).
func (c *Certificate) Field() ([]byte, error) {
	body, err := c.body()
	if err != nil {
		return nil, err
	}
	return append(body, tlv.Encode(tagSignature, c.Signature)...), nil
}

// body encodes the certificate body with tag and length, which is what is signed (Doc 9303-12, sections 7.2.2.7 and
// 7.2.3).
func (c *Certificate) body() ([]byte, error) {
	key, err := c.PublicKey.encode()
	if err != nil {
		return nil, err
	}
	effective, err := encodeDate(c.Effective)
	if err != nil {
		return nil, fmt.Errorf("cvc: effective date: %w", err)
	}
	expiration, err := encodeDate(c.Expiration)
	if err != nil {
		return nil, fmt.Errorf("cvc: expiration date: %w", err)
	}
	parts := [][]byte{
		tlv.Encode(tagProfile, []byte{0}),
		tlv.Encode(tagAuthority, []byte(c.Authority)),
		key,
		tlv.Encode(tagHolder, []byte(c.Holder)),
		c.Authorization.encode(),
		tlv.Encode(tagEffective, effective),
		tlv.Encode(tagExpiration, expiration),
	}
	if len(c.Extensions) > 0 {
		parts = append(parts, tlv.Encode(tagExtensions, c.Extensions))
	}
	return tlv.Encode(tagBody, parts...), nil
}

// Parse reads a certificate with its outer template. Whatever is not exactly of the profile, in the one encoding that
// it has, is [ErrFormat]; no signature is verified.
func Parse(b []byte) (*Certificate, error) {
	if len(b) > MaxSize {
		return nil, fmt.Errorf("%w: it has %d bytes, more than %d", ErrFormat, len(b), MaxSize)
	}
	field, err := tlv.ParseOne(b, tagCertificate)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrFormat, err)
	}
	c, err := ParseField(field)
	if err != nil {
		return nil, err
	}
	if again, err := c.Encode(); err != nil || !bytes.Equal(again, b) {
		return nil, fmt.Errorf("%w: it is not encoded by DER", ErrFormat)
	}
	return c, nil
}

// ParseField reads body and signature without the outer template, as a chip receives them.
func ParseField(b []byte) (*Certificate, error) {
	if len(b) > MaxSize {
		return nil, fmt.Errorf("%w: it has %d bytes, more than %d", ErrFormat, len(b), MaxSize)
	}
	values, err := sequence(b, tagBody, tagSignature)
	if err != nil {
		return nil, err
	}
	c, err := parseBody(values[0])
	if err != nil {
		return nil, err
	}
	c.Signature = bytes.Clone(values[1])
	if again, err := c.Field(); err != nil || !bytes.Equal(again, b) {
		return nil, fmt.Errorf("%w: it is not encoded by DER", ErrFormat)
	}
	return c, nil
}

func parseBody(b []byte) (*Certificate, error) {
	tags := []uint32{tagProfile, tagAuthority, tagPublicKey, tagHolder, tagAuthorization, tagEffective, tagExpiration}
	objects, err := tlv.Parse(b)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrFormat, err)
	}
	if len(objects) == len(tags)+1 {
		tags = append(tags, tagExtensions)
	}
	values, err := sequence(b, tags...)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(values[0], []byte{0}) {
		return nil, fmt.Errorf("%w: its profile is not version 1", ErrFormat)
	}
	c := &Certificate{Authority: string(values[1]), Holder: string(values[3])}
	if c.PublicKey, err = parsePublicKey(values[2]); err != nil {
		return nil, err
	}
	if c.Authorization, err = parseAuthorization(values[4]); err != nil {
		return nil, err
	}
	if c.Effective, err = parseDate(values[5]); err != nil {
		return nil, err
	}
	if c.Expiration, err = parseDate(values[6]); err != nil {
		return nil, err
	}
	if len(values) > 7 {
		c.Extensions = bytes.Clone(values[7])
	}
	return c, c.check()
}

// check holds a certificate to what the profile asks of its plain fields.
func (c *Certificate) check() error {
	for _, reference := range []string{c.Authority, c.Holder} {
		if err := CheckReference(reference); err != nil {
			return fmt.Errorf("%w: %v", ErrFormat, err)
		}
	}
	if c.Expiration.Before(c.Effective) {
		return fmt.Errorf("%w: it expires before it takes effect", ErrFormat)
	}
	return nil
}

// sequence reads b as exactly one data object of each tag, in this order.
func sequence(b []byte, tags ...uint32) ([][]byte, error) {
	var values [][]byte
	for _, tag := range tags {
		o, rest, err := tlv.Next(b)
		if err != nil {
			return nil, fmt.Errorf("%w: %v", ErrFormat, err)
		}
		if o.Tag != tag {
			return nil, fmt.Errorf("%w: tag %X stands where %X is due", ErrFormat, o.Tag, tag)
		}
		values, b = append(values, o.Value), rest
	}
	if len(b) > 0 {
		return nil, fmt.Errorf("%w: %d bytes follow object %X", ErrFormat, len(b), tags[len(tags)-1])
	}
	return values, nil
}
