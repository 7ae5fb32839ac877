package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"time"
)

const (
	specimenOrganization = "SPECIMEN cancuoc"
	specimenURL          = "https://specimen.invalid/cancuoc"     // .invalid reaches nobody: RFC 2606
	specimenCRL          = "https://specimen.invalid/cancuoc.crl" // Doc 9303-12, section 7.1.1.4, wants one value

	authorityYears = 5 // a CSCA's key signs for three to five years: Doc 9303-12, section 4.1.4.2
	signerMonths   = 3 // a document signer's for three months at most: section 4.1.1.2
)

// Authority is who issues: the country signing authority (CSCA) and one document signer below it, each with its
// private key. It prints as a secret.
type Authority struct {
	CSCA              Certificate
	CSCAKey           crypto.Signer
	DocumentSigner    Certificate
	DocumentSignerKey crypto.Signer
}

// String hides the keys.
func (Authority) String() string { return "[secret]" }

// GoString hides the keys.
func (Authority) GoString() string { return "[secret]" }

// LogValue hides the keys.
func (Authority) LogValue() slog.Value { return slog.StringValue("[secret]") }

// NewSpecimenAuthority makes an authority for trials: keys on P-256 drawn from rand, names that begin with SPECIMEN,
// certificates that [Certificate.Specimen] knows. The country is "VN", or "UT" for Utopia, the state of Doc 9303's
// own specimens. Validity begins at the given time and has no end, since a card may have none either.
func NewSpecimenAuthority(rand io.Reader, at time.Time, country string) (*Authority, error) {
	key, err := newKey(rand)
	if err != nil {
		return nil, err
	}
	template, err := specimenTemplate(rand, at, country, "SPECIMEN CSCA")
	if err != nil {
		return nil, err
	}
	period, err := usagePeriod(template.NotBefore, template.NotBefore.AddDate(authorityYears, 0, 0))
	if err != nil {
		return nil, err
	}
	template.ExtraExtensions = append(template.ExtraExtensions, period)
	template.IsCA, template.BasicConstraintsValid, template.MaxPathLenZero = true, true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	template.SubjectKeyId = keyIdentifier(key)
	template.AuthorityKeyId = template.SubjectKeyId
	csca, err := issue(rand, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	a := &Authority{CSCA: csca, CSCAKey: key}
	a.DocumentSigner, a.DocumentSignerKey, err = a.IssueDocumentSigner(rand, at, 1)
	return a, err
}

// IssueDocumentSigner makes the key and certificate of another document signer, n giving it its name: a signer's key
// is used for three months, then the next one takes over. The authority's own fields stay as they are.
func (a Authority) IssueDocumentSigner(rand io.Reader, at time.Time, n int) (Certificate, crypto.Signer, error) {
	if !a.CSCA.Specimen() {
		return Certificate{}, nil, fmt.Errorf("pki: only a specimen authority issues document signers here")
	}
	if err := a.CSCA.KeyUsable(at); err != nil {
		return Certificate{}, nil, fmt.Errorf("pki: the authority no longer issues: %w", err)
	}
	key, err := newKey(rand)
	if err != nil {
		return Certificate{}, nil, err
	}
	name := fmt.Sprintf("SPECIMEN Document Signer %d", n)
	template, err := specimenTemplate(rand, at, a.CSCA.Country, name)
	if err != nil {
		return Certificate{}, nil, err
	}
	period, err := usagePeriod(template.NotBefore, template.NotBefore.AddDate(0, signerMonths, 0))
	if err != nil {
		return Certificate{}, nil, err
	}
	types, err := documentTypeList("I", "ID")
	if err != nil {
		return Certificate{}, nil, err
	}
	template.ExtraExtensions = append(template.ExtraExtensions, period, types)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.SubjectKeyId = keyIdentifier(key)
	csca, err := x509.ParseCertificate(a.CSCA.Raw) // our own: crypto/x509 reads it
	if err != nil {
		return Certificate{}, nil, fmt.Errorf("pki: the authority's certificate: %w", err)
	}
	ds, err := issue(rand, template, csca, key.Public(), a.CSCAKey)
	return ds, key, err
}

// specimenTemplate fills in what both kinds of certificate have in common (Doc 9303-12, tables 5 and 6).
func specimenTemplate(rand io.Reader, at time.Time, country, name string) (*x509.Certificate, error) {
	state, err := threeLetters(country)
	if err != nil {
		return nil, err
	}
	serial, err := newSerial(rand)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{Country: []string{country}, Organization: []string{specimenOrganization}, CommonName: name},
		NotBefore:             at.UTC().Truncate(time.Second),
		NotAfter:              time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		SignatureAlgorithm:    x509.ECDSAWithSHA256,
		CRLDistributionPoints: []string{specimenCRL},
	}
	subjectName, err := alternativeName(oidSubjectAltName, state)
	if err != nil {
		return nil, err
	}
	issuerName, err := alternativeName(oidIssuerAltName, state)
	if err != nil {
		return nil, err
	}
	mark, err := policy(specimenPolicy)
	if err != nil {
		return nil, err
	}
	template.ExtraExtensions = []pkix.Extension{subjectName, issuerName, mark}
	return template, nil
}

// threeLetters gives the code of Doc 9303-3, section 5, as the MRZ has it.
func threeLetters(country string) (string, error) {
	switch country {
	case "VN":
		return "VNM", nil
	case "UT":
		return "UTO", nil
	}
	return "", fmt.Errorf("pki: no specimen authority for country %q: VN and UT are known", country)
}

func issue(rand io.Reader, template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) (Certificate, error) {
	der, err := x509.CreateCertificate(rand, template, parent, public, key)
	if err != nil {
		return Certificate{}, fmt.Errorf("pki: issue %s: %w", template.Subject.CommonName, err)
	}
	return ParseCertificate(der)
}

// newKey draws a private key on P-256 from rand (FIPS 186-5, A.2.1: 64 bits more than the order has, reduced).
func newKey(rand io.Reader) (*ecdsa.PrivateKey, error) {
	drawn := make([]byte, 40)
	if _, err := io.ReadFull(rand, drawn); err != nil {
		return nil, fmt.Errorf("pki: draw a private key: %w", err)
	}
	defer clear(drawn)
	limit := new(big.Int).Sub(elliptic.P256().Params().N, big.NewInt(1))
	d := new(big.Int).SetBytes(drawn)
	d.Mod(d, limit).Add(d, big.NewInt(1))
	return ecdsa.ParseRawPrivateKey(elliptic.P256(), d.FillBytes(make([]byte, 32)))
}

// newSerial draws a serial number: positive, 128 bits, so no two certificates of an authority ever share one.
func newSerial(rand io.Reader) (*big.Int, error) {
	drawn := make([]byte, 16)
	if _, err := io.ReadFull(rand, drawn); err != nil {
		return nil, fmt.Errorf("pki: draw a serial number: %w", err)
	}
	drawn[0] = drawn[0]&0x3F | 0x40
	return new(big.Int).SetBytes(drawn), nil
}

// keyIdentifier is method 1 of RFC 7093: the first 160 bits of the SHA-256 of the public key's point.
func keyIdentifier(key *ecdsa.PrivateKey) []byte {
	point, err := key.PublicKey.Bytes()
	if err != nil { // a key that newKey made has a point
		return nil
	}
	sum := sha256.Sum256(point)
	return sum[:20]
}
