package pki

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/internal/x509"
)

// specimenPolicy marks every certificate of a specimen authority made by this package: an object identifier under
// 2.25, made from the random UUID 47280d63-951e-4ed4-aeb0-e2234c7ff8a1, so it collides with nobody's.
const specimenPolicy = "2.25.94583151136133262971048525381911967905"

// ECPublicKey is a public key on a curve of RFC 5639, which crypto/ecdsa does not have.
type ECPublicKey = x509.ECPublicKey

// PSSPublicKey is a key of RSA that signs by RSASSA-PSS alone.
type PSSPublicKey = x509.PSSPublicKey

// ECPrivateKey is a private key on such a curve: a crypto.Signer whose public key is an *[ECPublicKey].
type ECPrivateKey = x509.ECPrivateKey

// Certificate is a certificate of the infrastructure. The zero value is none.
type Certificate struct {
	Raw                     []byte // DER
	Subject, Issuer         string // for a person to read: "CN=SPECIMEN CSCA,O=SPECIMEN cancuoc,C=VN"
	Country                 string // two letters, of the subject
	Serial                  string // hexadecimal
	NotBefore, NotAfter     time.Time
	KeyNotBefore, KeyNotEnd time.Time // when the private key is used for signing; zero where not stated
	DocumentTypes           []string  // document codes of the MRZ that a document signer may sign, "I", "ID"
	States                  []string  // three-letter codes of the MRZ that the subject's alternative name gives, "VNM"
	Algorithm               string    // of the signature, for a person to read: "ECDSA with SHA-256"
	KeyAlgorithm            string    // for a person to read: "RSA 4096", "brainpoolP384r1"
	CurveParameters         string    // how the key gives its curve: "named", or "explicit"; empty for RSA
	KeyID, AuthorityKeyID   string    // hexadecimal; empty where not stated

	// PublicKey is an *rsa.PublicKey, a *PSSPublicKey, an *ecdsa.PublicKey on a curve of NIST, or an *ECPublicKey.
	PublicKey crypto.PublicKey

	x509 *x509.Certificate
}

// ParseCertificate reads one certificate in DER. A key that is not here is [ErrUnsupported].
func ParseCertificate(der []byte) (Certificate, error) {
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return Certificate{}, refused(der, err)
	}
	key, err := parsed.Key()
	if err != nil {
		return Certificate{}, refused(der, err)
	}
	c := Certificate{
		Raw:          parsed.Raw,
		Subject:      parsed.Subject.String(),
		Issuer:       parsed.Issuer.String(),
		Country:      parsed.Subject.Country(),
		Serial:       fmt.Sprintf("%x", parsed.Serial),
		NotBefore:    parsed.NotBefore,
		NotAfter:     parsed.NotAfter,
		Algorithm:    parsed.Algorithm.String(),
		KeyAlgorithm: x509.KeyName(key),
		PublicKey:    key,
		x509:         parsed,

		CurveParameters: x509.CurveParameters(parsed.PublicKeyInfo),

		KeyID:          fmt.Sprintf("%x", parsed.SubjectKeyID),
		AuthorityKeyID: fmt.Sprintf("%x", parsed.AuthorityKeyID),
	}
	if err := c.readExtensions(); err != nil {
		return Certificate{}, err
	}
	return c, nil
}

// refused tells an algorithm that is not here from a broken certificate.
func refused(der []byte, err error) error {
	var unsupported *x509.UnsupportedError
	if errors.As(err, &unsupported) {
		return fmt.Errorf("%w: %s", ErrUnsupported, unsupported.Algorithm)
	}
	return fmt.Errorf("pki: certificate of %d bytes cannot be read: %w", len(der), err)
}

func (c *Certificate) readExtensions() error {
	for _, e := range c.x509.Extensions {
		ok := true
		switch e.ID.String() {
		case oidPrivateKeyUsagePeriod:
			c.KeyNotBefore, c.KeyNotEnd, ok = readUsagePeriod(e.Value)
		case oidDocumentTypeList:
			c.DocumentTypes, ok = readDocumentTypes(e.Value)
		case oidSubjectAltName:
			c.States = readStates(e.Value)
		}
		if !ok {
			return fmt.Errorf("pki: extension %s of the certificate is malformed", e.ID)
		}
	}
	return nil
}

// readUsagePeriod reads PrivateKeyUsagePeriod: two optional times, of which one at least is there (Doc 9303-12,
// table 6).
func readUsagePeriod(der []byte) (from, to time.Time, ok bool) {
	in := cryptobyte.String(der)
	var seq cryptobyte.String
	ok = in.ReadASN1(&seq, cbasn1.SEQUENCE) && in.Empty() && !seq.Empty() &&
		readImplicitTime(&seq, 0, &from) && readImplicitTime(&seq, 1, &to) && seq.Empty()
	return from, to, ok
}

func readImplicitTime(in *cryptobyte.String, n uint8, t *time.Time) bool {
	var text cryptobyte.String
	var present bool
	if !in.ReadOptionalASN1(&text, &present, cbasn1.Tag(n).ContextSpecific()) || !present {
		return !present
	}
	parsed, err := time.Parse("20060102150405Z", string(text))
	*t = parsed
	return err == nil
}

// readDocumentTypes reads DocumentTypeListSyntax (Doc 9303-12, section 7.1.1.6).
func readDocumentTypes(der []byte) (types []string, ok bool) {
	in := cryptobyte.String(der)
	var seq, set, text cryptobyte.String
	var version int
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() || !seq.ReadASN1Integer(&version) ||
		!seq.ReadASN1(&set, cbasn1.SET) || !seq.Empty() {
		return nil, false
	}
	for !set.Empty() {
		if !set.ReadASN1(&text, cbasn1.PrintableString) || len(text) < 1 || len(text) > 2 {
			return nil, false
		}
		types = append(types, string(text))
	}
	return types, true
}

// Specimen tells whether the certificate says of itself that it belongs to a specimen authority. It is a label that
// keeps specimens and real documents apart, not a proof: only [Trust.Chain] proves who issued a certificate.
func (c Certificate) Specimen() bool {
	return c.x509 != nil && slices.Contains(c.x509.Policies, specimenPolicy)
}

// Authority tells whether the certificate says of itself that its key signs certificates. It is no proof.
func (c Certificate) Authority() bool { return c.x509 != nil && c.x509.IsCA }

// SelfIssued tells whether subject and issuer are the same name: a root, or a link from an authority's last key to its
// next one.
func (c Certificate) SelfIssued() bool { return c.x509 != nil && c.x509.Subject.Equal(c.x509.Issuer) }

// SelfSigned checks the signature with the certificate's own key: [ErrSignature] for one that another key has signed.
func (c Certificate) SelfSigned() error { return checkSignature(c, c) }

// Weak tells whether the certificate is signed by way of SHA-1, under which two certificates can have one signature. It
// has been verified like any other; how long that is good enough is for the caller to say.
func (c Certificate) Weak() bool { return c.x509 != nil && c.x509.Algorithm.Weak() }

// Signs tells whether a document signer may sign documents with this code of the MRZ, "I<" or "IDVNM...": its list
// has the code, or the code's first letter alone (Doc 9303-12, section 7.1.1.6). Without a list it is false.
func (c Certificate) Signs(documentCode string) bool {
	code := strings.TrimRight(documentCode[:min(2, len(documentCode))], "<")
	return slices.ContainsFunc(c.DocumentTypes, func(t string) bool {
		return t == code || len(t) == 1 && strings.HasPrefix(code, t)
	})
}

// Validity checks the time of validity: [ErrNotYetValid], [ErrExpired], or nil.
func (c Certificate) Validity(at time.Time) error {
	switch {
	case at.Before(c.NotBefore):
		return fmt.Errorf("%w: only from %s", ErrNotYetValid, c.NotBefore.UTC().Format(time.DateTime))
	case at.After(c.NotAfter):
		return fmt.Errorf("%w on %s", ErrExpired, c.NotAfter.UTC().Format(time.DateTime))
	}
	return nil
}

// KeyUsable checks that a signature made at this time lies in the period in which the private key was to be used
// (Doc 9303-12, section 4.1.1.2); where the certificate states none, any time does.
func (c Certificate) KeyUsable(at time.Time) error {
	if at.Before(c.KeyNotBefore) || !c.KeyNotEnd.IsZero() && at.After(c.KeyNotEnd) {
		return ErrKeyPeriod
	}
	return nil
}

// KeyUsableOn is [Certificate.KeyUsable] for a signature of which the day alone is known: the period must have an instant
// in common with that day, from 0 to 24 o'clock in UTC.
func (c Certificate) KeyUsableOn(day date.Date) error {
	from := time.Date(day.Year, day.Month, day.Day, 0, 0, 0, 0, time.UTC)
	to := from.AddDate(0, 0, 1)
	if !c.KeyNotBefore.Before(to) || !c.KeyNotEnd.IsZero() && c.KeyNotEnd.Before(from) {
		return ErrKeyPeriod
	}
	return nil
}

// Holds tells whether a private key belongs to the certificate.
func (c Certificate) Holds(key crypto.Signer) bool {
	own, ok := c.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	return ok && key != nil && own.Equal(x509.Normal(key.Public()))
}

// Equal tells whether two certificates are the same bytes.
func (c Certificate) Equal(other Certificate) bool { return bytes.Equal(c.Raw, other.Raw) }

// KeyHash identifies the certificate's key, in hexadecimal: method 1 of RFC 7093, section 2, whatever the certificate says.
func (c Certificate) KeyHash() string {
	id, err := x509.KeyIdentifier(c.PublicKey)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%x", id)
}

// Purpose tells what a signer below an authority signs, by what its certificate says; nothing for one that is none.
func (c Certificate) Purpose() Purpose {
	if c.x509 == nil {
		return ""
	}
	for _, p := range []Purpose{ForDocuments, ForMasterLists, ForDeviationLists} {
		if use, err := p.use(); err == nil && checkSigner(c.x509, use) == nil {
			return p
		}
	}
	return ""
}
