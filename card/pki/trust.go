package pki

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
)

// Trust is what a verifier trusts: CSCA certificates that it got by a way it believes. The zero value trusts nobody.
type Trust struct {
	Anchors []Certificate
}

// LoadTrust reads the anchors from a file or a folder (see [ReadCertificates]). Certificates of document signers that
// lie beside them are passed over; finding no CSCA at all is an error.
func LoadTrust(path string) (Trust, error) {
	found, err := ReadCertificates(path)
	if err != nil {
		return Trust{}, err
	}
	var t Trust
	for _, c := range found {
		if c.x509.IsCA {
			t.Anchors = append(t.Anchors, c)
		}
	}
	if len(t.Anchors) == 0 {
		return Trust{}, fmt.Errorf("pki: no CSCA certificate in %s", path)
	}
	return t, nil
}

// Chain gives the anchor that issued a document signer's certificate, having checked all that does not change with
// time: names and key identifiers, the anchor's right to issue, the signer's right to sign documents, the signature,
// the country, and that no critical extension went unread (Doc 9303-12, sections 6.1.2, 7.1.1 and appendix D). Time is
// [Certificate.Validity], for both certificates.
func (t Trust) Chain(ds Certificate) (Certificate, error) {
	if ds.x509 == nil {
		return Certificate{}, fmt.Errorf("%w: there is none", ErrNotSigner)
	}
	if err := checkSigner(ds.x509); err != nil {
		return Certificate{}, err
	}
	failure := ErrNoAnchor
	for _, anchor := range t.Anchors {
		if anchor.x509 == nil || !issued(anchor.x509, ds.x509) {
			continue
		}
		if failure = checkLink(anchor, ds); failure == nil {
			return anchor, nil
		}
	}
	return Certificate{}, failure
}

// issued tells whether the anchor is the one that the certificate names: by the issuer's name, and by the key
// identifier where both state one, since an authority that changes its key keeps its name.
func issued(anchor, ds *x509.Certificate) bool {
	if !bytes.Equal(anchor.RawSubject, ds.RawIssuer) {
		return false
	}
	return len(ds.AuthorityKeyId) == 0 || len(anchor.SubjectKeyId) == 0 ||
		bytes.Equal(ds.AuthorityKeyId, anchor.SubjectKeyId)
}

// checkSigner checks a document signer's certificate by itself: key usage, and no authority of its own.
func checkSigner(ds *x509.Certificate) error {
	switch {
	case ds.IsCA:
		return fmt.Errorf("%w: it is that of an authority", ErrNotSigner)
	case ds.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		return fmt.Errorf("%w: its key usage lacks digitalSignature", ErrNotSigner)
	}
	return checkCritical(ds)
}

func checkLink(anchor, ds Certificate) error {
	a := anchor.x509
	switch {
	case !a.BasicConstraintsValid || !a.IsCA:
		return fmt.Errorf("%w: its basic constraints lack cA", ErrNotAuthority)
	case a.KeyUsage&x509.KeyUsageCertSign == 0:
		return fmt.Errorf("%w: its key usage lacks keyCertSign", ErrNotAuthority)
	case !a.MaxPathLenZero:
		return ErrPathLength
	}
	if err := checkCritical(a); err != nil {
		return err
	}
	if anchor.Country == "" || !strings.EqualFold(anchor.Country, ds.Country) {
		return fmt.Errorf("%w: %q and %q", ErrCountry, anchor.Country, ds.Country)
	}
	return checkSignature(a, ds.x509)
}

// checkCritical refuses critical extensions other than the two that this package enforces. (An extension that stands
// twice is refused when the certificate is parsed.)
func checkCritical(c *x509.Certificate) error {
	for _, e := range c.Extensions {
		if oid := e.Id.String(); e.Critical && oid != oidKeyUsage && oid != oidBasicConstraints {
			return fmt.Errorf("%w: %s", ErrCriticalExtension, oid)
		}
	}
	return nil
}

func checkSignature(anchor, ds *x509.Certificate) error {
	err := anchor.CheckSignature(ds.SignatureAlgorithm, ds.RawTBSCertificate, ds.Signature)
	var weak x509.InsecureAlgorithmError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &weak), errors.Is(err, x509.ErrUnsupportedAlgorithm):
		return fmt.Errorf("%w: certificate signed with %s", ErrUnsupported, ds.SignatureAlgorithm)
	}
	return ErrSignature
}
