// Package cms is SignedData in the profile of Doc 9303-12 and Doc 9303-10, section 4.6.2.2: the envelope in which a
// state signs what its chips carry.
//
//	issuer:    content -> [Sign] -> DER
//	verifier:  DER -> [Parse] -> [SignedData.SignerCertificate] -> judge the certificate -> [SignedData.Verify]
//
// The profile is narrow on purpose: version 3, content inside, one signer with signed attributes. DER is demanded
// throughout, and what was signed is hashed from the bytes as they came, never from a new encoding. The package
// judges no certificate: package pki does. Every algorithm of Doc 9303-12, section 4.1.6, is verified, SHA-1 too, which
// [SignedData.Weak] tells; every other one is an [UnsupportedError] that names it.
package cms

import (
	"crypto"
	"encoding/asn1"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"time"

	"github.com/cancuoc/cancuoc/card/internal/x509"
)

// ErrMalformed says that the bytes are not SignedData of the profile.
var ErrMalformed = errors.New("cms: malformed SignedData")

// ErrSignature says that the signature is wrong: content, signed attributes, signature and key do not belong
// together.
var ErrSignature = errors.New("cms: wrong signature")

// ErrSigner says that a certificate is not that of the signer whom the SignedData names.
var ErrSigner = errors.New("cms: the certificate is not the signer's")

// UnsupportedError says that a signature can be neither confirmed nor refuted here, since it takes an algorithm that
// this package does not have.
type UnsupportedError struct {
	Algorithm string // the standard's name, or the object identifier
}

// Error names the algorithm.
func (e *UnsupportedError) Error() string { return "cms: unsupported algorithm: " + e.Algorithm }

// Signer is who signs: a certificate (DER) and the private key that belongs to it, wherever it is kept. The certificate
// says of what kind the key is: RSA, or a curve of NIST or of RFC 5639. It prints as a secret.
type Signer struct {
	Certificate []byte
	Key         crypto.Signer
	Hash        crypto.Hash // SHA-256, SHA-384 or SHA-512; 0: the one that fits the key
	PSS         bool        // RSASSA-PSS in place of PKCS #1 v1.5, with a key of RSA

	// Above are certificates (DER) to lie beside the signer's own, as a master list has those of the authority.
	Above [][]byte
	// ByKeyID names the signer by the identifier of its key, which its certificate must have, in place of issuer and
	// serial number (Doc 9303-12, table 18, recommends it for lists).
	ByKeyID bool
}

// String hides the key.
func (Signer) String() string { return "[secret]" }

// GoString hides the key.
func (Signer) GoString() string { return "[secret]" }

// LogValue hides the key.
func (Signer) LogValue() slog.Value { return slog.StringValue("[secret]") }

// SignedData is a parsed SignedData. It has been parsed strictly and verified not at all.
type SignedData struct {
	Raw          []byte                // the ContentInfo
	ContentType  asn1.ObjectIdentifier // of the content
	Content      []byte                // what is signed
	Certificates [][]byte              // DER, in the order of the file; not signed
	SigningTime  time.Time             // zero if the signer states none
	Algorithm    string                // of the signature, for a person to read: "ECDSA with SHA-256"

	signer signerInfo
}

// signerInfo is SignerInfo of RFC 5652, section 5.3.
type signerInfo struct {
	issuer x509.Name // with the serial number, the two parts of issuerAndSerialNumber
	serial *big.Int
	keyID  []byte // subjectKeyIdentifier; nil if issuer and serial number are given

	digestAlgorithm crypto.Hash // 0: unknown, with a name
	digestName      string
	algorithm       x509.Algorithm
	signedAttrs     []byte // the whole element, tag [0]
	contentType     asn1.ObjectIdentifier
	messageDigest   []byte
	signature       []byte
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}
