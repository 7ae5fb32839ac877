package pki

import (
	"crypto"
	"fmt"
	"io"
	"log/slog"
	"time"
)

const (
	authorityYears = 5 // a CSCA's key signs for three to five years: Doc 9303-12, section 4.1.4.2
	signerMonths   = 3 // a document signer's for three months at most: section 4.1.1.2
)

// SpecimenIdentity describes an authority for trials of a country: "VN", or "UT" for Utopia, the state of Doc 9303's own
// specimens. Its names begin with SPECIMEN, and its addresses reach nobody (.invalid, RFC 2606).
func SpecimenIdentity(country string) (Identity, error) {
	state, known := map[string]string{"VN": "VNM", "UT": "UTO"}[country]
	if !known {
		return Identity{}, fmt.Errorf("pki: no specimen authority for country %q: VN and UT are known", country)
	}
	return Identity{Country: country, State: state, Organization: "SPECIMEN cancuoc", CommonName: "SPECIMEN CSCA", Specimen: true,
		Contact: "https://specimen.invalid/cancuoc", CRL: []string{"https://specimen.invalid/cancuoc.crl"}}, nil
}

// Authority is who issues: the country signing authority (CSCA) and one document signer below it, each with its
// private key. It prints as a secret.
type Authority struct {
	Identity          Identity
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

// NewSpecimenAuthority makes an authority for trials and tests, in memory: keys on P-256 drawn from rand, curves by name,
// which OpenSSL wants under an authority. Validity begins at the given time and has no end, since a card may have none
// either.
func NewSpecimenAuthority(rand io.Reader, at time.Time, country string) (*Authority, error) {
	id, err := SpecimenIdentity(country)
	if err != nil {
		return nil, err
	}
	id.NamedCurves = true
	key, err := GenerateKey("P-256", rand)
	if err != nil {
		return nil, err
	}
	csca, err := NewCSCA(rand, id, Validity{at, at.AddDate(authorityYears, 0, 0), Never()}, key)
	if err != nil {
		return nil, err
	}
	a := &Authority{Identity: id, CSCA: csca.Certificate, CSCAKey: key}
	a.DocumentSigner, a.DocumentSignerKey, err = a.IssueDocumentSigner(rand, at, 1)
	return a, err
}

// IssueDocumentSigner makes the key and certificate of another document signer, n giving it its name: a signer's key
// is used for three months, then the next one takes over. The authority's own fields stay as they are.
func (a Authority) IssueDocumentSigner(rand io.Reader, at time.Time, n int) (Certificate, crypto.Signer, error) {
	key, err := GenerateKey("P-256", rand)
	if err != nil {
		return Certificate{}, nil, err
	}
	c, err := CSCA{a.Identity, a.CSCA, a.CSCAKey}.IssueSigner(rand, SignerRequest{
		CommonName: fmt.Sprintf("SPECIMEN Document Signer %d", n), Purpose: ForDocuments, DocumentTypes: []string{"I", "ID"},
		PublicKey: key.Public(), Validity: Validity{at, at.AddDate(0, signerMonths, 0), Never()},
	})
	return c, key, err
}
