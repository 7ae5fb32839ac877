package pki

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/internal/x509"
)

// Kind is what a certificate is in the infrastructure, for a person to read.
type Kind string

// The kinds of certificate (Doc 9303-12, sections 7.1.1 to 7.1.3).
const (
	KindRoot                Kind = "root"
	KindLink                Kind = "link"
	KindFalseRoot           Kind = "root with a wrong signature"
	KindNoAuthority         Kind = "signs certificates without being an authority"
	KindDocumentSigner      Kind = "document signer"
	KindMasterListSigner    Kind = "master list signer"
	KindDeviationListSigner Kind = "deviation list signer"
	KindTravelStampSigner   Kind = "LDS2 travel stamp signer"
	KindVisaSigner          Kind = "LDS2 visa signer"
	KindBiometricsSigner    Kind = "LDS2 biometrics signer"
	KindBarCodeSigner       Kind = "bar code signer"
	KindCommunication       Kind = "communication"
	KindOther               Kind = "other"
)

// Kind tells what a certificate is by what it says of itself. The one thing that is verified is whether the key of an
// authority has signed its own certificate, which tells a root from a link.
func (c Certificate) Kind() Kind {
	switch {
	case c.x509 == nil:
		return KindOther
	case c.Authority():
		return c.authorityKind()
	case c.x509.KeyUsage&x509.CertSign != 0:
		return KindNoAuthority
	case len(c.x509.ExtendedKeyUsage) > 0:
		return purposeKind(c.x509.ExtendedKeyUsage)
	case c.x509.KeyUsage&x509.DigitalSignature != 0:
		return KindDocumentSigner
	}
	return KindOther
}

func (c Certificate) authorityKind() Kind {
	err := c.SelfSigned()
	ownKey := c.SelfIssued() && c.KeyID == c.AuthorityKeyID
	switch {
	case err == nil, ownKey && errors.Is(err, ErrUnsupported):
		return KindRoot
	case ownKey && c.KeyID != "":
		return KindFalseRoot
	}
	return KindLink
}

// purposeKind tells what a signer signs by its extended key usage (Doc 9303-12, sections 7.1.1.3, 7.1.2 and 7.1.3).
func purposeKind(usages []string) Kind {
	for usage, kind := range map[string]Kind{
		forMasterLists.extendedKeyUsage: KindMasterListSigner, forDeviationLists.extendedKeyUsage: KindDeviationListSigner,
		oidICAO + "9.8.1": KindTravelStampSigner, oidICAO + "9.8.2": KindVisaSigner, oidICAO + "9.8.3": KindBiometricsSigner,
		oidICAO + "11.1": KindBarCodeSigner,
	} {
		if usages[0] == usage {
			return kind
		}
	}
	return KindCommunication
}

// Extension is an extension of a certificate, for a person to read.
type Extension struct {
	ID       string
	Name     string // that of the standard; nothing for one that is not listed
	Critical bool
	Value    string // nothing where it is not read here
}

// Extensions gives the extensions in the order of the certificate.
func (c Certificate) Extensions() []Extension {
	if c.x509 == nil {
		return nil
	}
	var all []Extension
	for _, e := range c.x509.Extensions {
		id := e.ID.String()
		all = append(all, Extension{ID: id, Name: extensionName(id), Critical: e.Critical, Value: c.extensionValue(id, e.Value)})
	}
	return all
}

// extensionName gives the name of an extension of Doc 9303-12, table 6, or RFC 5280, section 4.2.
func extensionName(id string) string {
	return map[string]string{
		"2.5.29.14": "SubjectKeyIdentifier", "2.5.29.35": "AuthorityKeyIdentifier", oidKeyUsage: "KeyUsage",
		oidPrivateKeyUsagePeriod: "PrivateKeyUsagePeriod", oidSubjectAltName: "SubjectAltName", oidIssuerAltName: "IssuerAltName",
		oidBasicConstraints: "BasicConstraints", oidExtendedKeyUsage: "ExtKeyUsage", oidCertificatePolicies: "CertificatePolicies",
		oidDocumentTypeList: "DocumentType", oidICAO + "6.1": "NameChange", oidCRLDistributionPoints: "CRLDistributionPoints",
		"2.5.29.9": "SubjectDirectoryAttributes", "2.5.29.30": "NameConstraints", "2.5.29.33": "PolicyMappings",
		"2.5.29.36": "PolicyConstraints", "2.5.29.46": "FreshestCRL", "2.5.29.54": "InhibitAnyPolicy",
		"1.3.6.1.5.5.7.1.1": "AuthorityInfoAccess", "1.3.6.1.5.5.7.1.11": "SubjectInfoAccess", "1.3.6.1.5.5.7.1.3": "QCStatements",
		"2.16.840.1.113730.1.1": "NetscapeCertType", "2.16.840.1.113730.1.13": "NetscapeComment",
		"1.3.6.1.4.1.311.20.2": "MicrosoftCertificateTemplateName", "1.3.6.1.4.1.311.21.1": "MicrosoftCAVersion",
		"1.3.6.1.4.1.311.21.2": "MicrosoftPreviousCertHash", "1.3.6.1.4.1.311.21.7": "MicrosoftCertificateTemplate",
		"1.2.840.113533.7.65.0": "EntrustVersion",
	}[id]
}

func (c Certificate) extensionValue(id string, value []byte) string {
	switch id {
	case "2.5.29.14":
		return c.KeyID
	case "2.5.29.35":
		return c.AuthorityKeyID
	case oidKeyUsage:
		return c.x509.KeyUsage.String()
	case oidBasicConstraints:
		return constraints(c.x509)
	case oidExtendedKeyUsage:
		return strings.Join(c.x509.ExtendedKeyUsage, ", ")
	case oidCertificatePolicies:
		return strings.Join(c.x509.Policies, ", ")
	case oidDocumentTypeList:
		return strings.Join(c.DocumentTypes, ", ")
	case oidPrivateKeyUsagePeriod:
		return strings.TrimSpace(timed("from ", c.KeyNotBefore) + timed(" to ", c.KeyNotEnd))
	case oidSubjectAltName, oidIssuerAltName:
		return strings.Join(generalNames(value), ", ")
	case oidCRLDistributionPoints:
		return strings.Join(readDistributionPoints(value), ", ")
	}
	return ""
}

func timed(word string, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return word + t.Format("2006-01-02 15:04:05Z")
}

func constraints(c *x509.Certificate) string {
	switch {
	case !c.IsCA:
		return "no authority"
	case c.PathLength < 0:
		return "authority"
	}
	return fmt.Sprintf("authority, path length %d", c.PathLength)
}

// generalNames reads what is text in GeneralNames, and directory names (RFC 5280, section 4.2.1.6). What cannot be read
// is left out.
func generalNames(der []byte) (names []string) {
	in := cryptobyte.String(der)
	var seq cryptobyte.String
	if in.ReadASN1(&seq, cbasn1.SEQUENCE) {
		names = namesIn(seq)
	}
	return names
}

func namesIn(in cryptobyte.String) (names []string) {
	const email, dns, uri = 1, 2, 6
	for !in.Empty() {
		var value cryptobyte.String
		var tag cbasn1.Tag
		if !in.ReadAnyASN1(&value, &tag) {
			return names
		}
		switch tag {
		case cbasn1.Tag(email).ContextSpecific(), cbasn1.Tag(dns).ContextSpecific(), cbasn1.Tag(uri).ContextSpecific():
			names = append(names, string(value))
		case cbasn1.Tag(4).ContextSpecific().Constructed():
			if directory, err := x509.ReadName(&value); err == nil {
				names = append(names, directory.String())
			}
		}
	}
	return names
}

// readDistributionPoints reads where the revocation list is to be had (Doc 9303-12, section 7.1.1.4).
func readDistributionPoints(der []byte) (names []string) {
	in := cryptobyte.String(der)
	var seq cryptobyte.String
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) {
		return nil
	}
	tag := cbasn1.Tag(0).ContextSpecific().Constructed()
	for !seq.Empty() {
		var point, name, full cryptobyte.String
		if !seq.ReadASN1(&point, cbasn1.SEQUENCE) {
			return names
		}
		if point.ReadASN1(&name, tag) && name.ReadASN1(&full, tag) {
			names = append(names, namesIn(full)...)
		}
	}
	return names
}
