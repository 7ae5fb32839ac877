package cvc

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/cancuoc/cancuoc/card/tlv"
)

const tagAuthentication = 0x67

// Request is the request for a certificate: the public key with its curve and the name that it is to have, signed with the
// key itself; and for a key that succeeds another, or by someone who vouches for the applicant, signed once more (Doc
// 9303-12, section 8.1.1; TR-03110-3, appendix C.2).
type Request struct {
	Authority  string // the key by which the applicant expects to be certified; may be empty
	Holder     string
	PublicKey  PublicKey
	Extensions []byte // the value of the certificate extensions, as it came; none when empty
	Signature  []byte // inner

	Voucher        string // the key that made the outer signature; empty where there is none
	OuterSignature []byte
}

// NewRequest makes a request with the key that is to be certified.
func NewRequest(authority, holder string, key Signer, rand io.Reader) (*Request, error) {
	public, err := key.Public()
	if err != nil {
		return nil, err
	}
	r := &Request{Authority: authority, Holder: holder, PublicKey: public}
	if err := r.check(); err != nil {
		return nil, err
	}
	body, err := r.body()
	if err != nil {
		return nil, err
	}
	if r.Signature, err = key.Sign(rand, body); err != nil {
		return nil, fmt.Errorf("cvc: sign a request: %w", err)
	}
	return r, r.Verify()
}

// Vouch adds the outer signature: that of the applicant's present key, or of someone whom the authority knows.
func (r *Request) Vouch(voucher string, key Signer, rand io.Reader) error {
	if err := CheckReference(voucher); err != nil {
		return err
	}
	message, err := r.outerMessage(voucher)
	if err != nil {
		return err
	}
	signature, err := key.Sign(rand, message)
	if err != nil {
		return fmt.Errorf("cvc: sign a request: %w", err)
	}
	r.Voucher, r.OuterSignature = voucher, signature
	return nil
}

// Verify tells whether the applicant has the private key.
func (r *Request) Verify() error {
	if r.PublicKey.RSA == nil && r.PublicKey.Curve == nil {
		return fmt.Errorf("%w: a request names its domain parameters", ErrFormat)
	}
	body, err := r.body()
	if err != nil {
		return err
	}
	return r.PublicKey.Verify(body, r.Signature)
}

// VerifyOuter tells whether the key of the voucher has made the outer signature.
func (r *Request) VerifyOuter(voucher PublicKey) error {
	if r.Voucher == "" {
		return errors.New("cvc: the request has no outer signature")
	}
	message, err := r.outerMessage(r.Voucher)
	if err != nil {
		return err
	}
	return voucher.Verify(message, r.OuterSignature)
}

// Encode gives the request as it is exchanged.
func (r *Request) Encode() ([]byte, error) {
	inner, err := r.inner()
	if err != nil || r.Voucher == "" {
		return inner, err
	}
	return tlv.Encode(tagAuthentication, inner, tlv.Encode(tagAuthority, []byte(r.Voucher)), tlv.Encode(tagSignature, r.OuterSignature)), nil
}

func (r *Request) inner() ([]byte, error) {
	body, err := r.body()
	if err != nil {
		return nil, err
	}
	return tlv.Encode(tagCertificate, body, tlv.Encode(tagSignature, r.Signature)), nil
}

// outerMessage is what is signed the second time: the request and the name of the key, each with tag and length.
func (r *Request) outerMessage(voucher string) ([]byte, error) {
	inner, err := r.inner()
	if err != nil {
		return nil, err
	}
	return append(inner, tlv.Encode(tagAuthority, []byte(voucher))...), nil
}

func (r *Request) body() ([]byte, error) {
	key, err := r.PublicKey.encode()
	if err != nil {
		return nil, err
	}
	parts := [][]byte{tlv.Encode(tagProfile, []byte{0})}
	if r.Authority != "" {
		parts = append(parts, tlv.Encode(tagAuthority, []byte(r.Authority)))
	}
	parts = append(parts, key, tlv.Encode(tagHolder, []byte(r.Holder)))
	if len(r.Extensions) > 0 {
		parts = append(parts, tlv.Encode(tagExtensions, r.Extensions))
	}
	return tlv.Encode(tagBody, parts...), nil
}

func (r *Request) check() error {
	for _, reference := range []string{r.Authority, r.Voucher} {
		if reference == "" {
			continue
		}
		if err := CheckReference(reference); err != nil {
			return fmt.Errorf("%w: %v", ErrFormat, err)
		}
	}
	if err := CheckReference(r.Holder); err != nil {
		return fmt.Errorf("%w: %v", ErrFormat, err)
	}
	return nil
}

// ParseRequest reads a request, with an outer signature or without, and verifies the inner one, so that what it gives
// comes from who has the key. The outer one is for who knows the voucher.
func ParseRequest(b []byte) (*Request, error) {
	if len(b) > MaxSize {
		return nil, fmt.Errorf("%w: it has %d bytes, more than %d", ErrFormat, len(b), MaxSize)
	}
	r, err := parseOuter(b)
	if err != nil {
		return nil, err
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	if again, err := r.Encode(); err != nil || !bytes.Equal(again, b) {
		return nil, fmt.Errorf("%w: the request is not encoded by DER", ErrFormat)
	}
	return r, r.Verify()
}

func parseOuter(b []byte) (*Request, error) {
	o, rest, err := tlv.Next(b)
	if err != nil || len(rest) > 0 {
		return nil, fmt.Errorf("%w: not one data object", ErrFormat)
	}
	if o.Tag != tagAuthentication {
		return parseInner(b)
	}
	values, err := sequence(o.Value, tagCertificate, tagAuthority, tagSignature)
	if err != nil {
		return nil, err
	}
	r, err := parseInner(tlv.Encode(tagCertificate, values[0]))
	if err != nil {
		return nil, err
	}
	if len(values[1]) == 0 {
		return nil, fmt.Errorf("%w: an outer signature of nobody", ErrFormat)
	}
	r.Voucher, r.OuterSignature = string(values[1]), bytes.Clone(values[2])
	return r, nil
}

func parseInner(b []byte) (*Request, error) {
	whole, err := sequence(b, tagCertificate)
	if err != nil {
		return nil, err
	}
	values, err := sequence(whole[0], tagBody, tagSignature)
	if err != nil {
		return nil, err
	}
	objects, err := tlv.Parse(values[0])
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrFormat, err)
	}
	r := &Request{Signature: bytes.Clone(values[1])}
	return r, r.read(objects)
}

// read takes the objects of the body, of which two may be absent.
func (r *Request) read(objects []tlv.Object) error {
	next := func(tag uint32) ([]byte, bool) {
		if len(objects) == 0 || objects[0].Tag != tag {
			return nil, false
		}
		value := objects[0].Value
		objects = objects[1:]
		return value, true
	}
	profile, ok := next(tagProfile)
	if !ok || !bytes.Equal(profile, []byte{0}) {
		return fmt.Errorf("%w: its profile is not version 1", ErrFormat)
	}
	if authority, ok := next(tagAuthority); ok {
		r.Authority = string(authority)
	}
	key, hasKey := next(tagPublicKey)
	holder, hasHolder := next(tagHolder)
	extensions, _ := next(tagExtensions)
	if !hasKey || !hasHolder || len(objects) > 0 {
		return fmt.Errorf("%w: its body is not that of a request", ErrFormat)
	}
	var err error
	r.Holder, r.Extensions = string(holder), bytes.Clone(extensions)
	r.PublicKey, err = parsePublicKey(key)
	return err
}
