// Package pki is the public key infrastructure of identity chips.
package pki

import (
	"crypto"
	"errors"
	"io"
	"time"
)

var errDraft = errors.New("pki: not built yet")

// Certificate is a parsed X.509 certificate.
type Certificate struct {
	Raw                 []byte // DER
	Subject, Issuer     string // RFC 4514-like text
	Country             string // of the subject
	Serial              []byte
	NotBefore, NotAfter time.Time
	PublicKey           crypto.PublicKey
}

// ParseCertificate reads DER.
func ParseCertificate(der []byte) (Certificate, error) { return Certificate{}, errDraft }

// Specimen tells whether the certificate belongs to a specimen authority.
func (c Certificate) Specimen() bool { return false }

// Authority is a CSCA and one document signer below it.
type Authority struct {
	CSCA              Certificate
	CSCAKey           crypto.Signer
	DocumentSigner    Certificate
	DocumentSignerKey crypto.Signer
}

// NewSpecimenAuthority makes keys and certificates.
func NewSpecimenAuthority(rand io.Reader, at time.Time, country string) (*Authority, error) {
	return nil, errDraft
}

// Errors of keys.
var (
	ErrPassphrase = errors.New("pki: passphrase missing or wrong")
	ErrNoAnchor   = errors.New("pki: no trust anchor for this issuer")
)

// WriteKey writes a PKCS #8 PEM file, mode 0600; it never overwrites. With a passphrase it is encrypted.
func WriteKey(path string, key crypto.Signer, passphrase []byte) error { return errDraft }

// ReadKey reads what WriteKey wrote.
func ReadKey(path string, passphrase []byte) (crypto.Signer, error) { return nil, errDraft }

// WriteCertificate writes a PEM file; it never overwrites.
func WriteCertificate(path string, c Certificate) error { return errDraft }

// ReadCertificates reads a file (PEM or DER) or every .cer/.crt/.pem/.der file of a folder.
func ReadCertificates(path string) ([]Certificate, error) { return nil, errDraft }

// Trust is the anchors that a verifier trusts.
type Trust struct {
	Anchors []Certificate
}

// LoadTrust reads the anchors from a file or folder.
func LoadTrust(path string) (Trust, error) { return Trust{}, errDraft }

// Chain finds the anchor that issued ds and checks the chain. Validity in time is apart: see Certificate.Validity.
func (t Trust) Chain(ds Certificate) (Certificate, error) { return Certificate{}, errDraft }

// Validity checks the time only; a failure is ErrExpired or ErrNotYetValid.
func (c Certificate) Validity(at time.Time) error { return errDraft }

// ErrExpired and ErrNotYetValid are what Validity answers.
var (
	ErrExpired     = errors.New("pki: certificate has expired")
	ErrNotYetValid = errors.New("pki: certificate is not yet valid")
)
