package lint

import (
	"slices"

	"github.com/cancuoc/cancuoc/card/internal/x509"
	"github.com/cancuoc/cancuoc/card/pki"
)

// Role is what a certificate is for, a column of Doc 9303-12, table 6.
type Role string

// The roles. Other is that of a certificate to which the common profile applies and no column of table 6, as LDS2 and bar
// code signers are (sections 7.1.2 and 7.1.3).
const (
	Deduce              Role = ""
	Root                Role = "csca-root"
	Link                Role = "csca-link"
	DocumentSigner      Role = "document-signer"
	MasterListSigner    Role = "master-list-signer"
	DeviationListSigner Role = "deviation-list-signer"
	Communication       Role = "communication"
	Other               Role = "other"
)

// Roles are all that can be told.
func Roles() []Role {
	return []Role{Root, Link, DocumentSigner, MasterListSigner, DeviationListSigner, Communication, Other}
}

// column tells where the role stands in table 6, -1 for none.
func (r Role) column() int {
	switch r {
	case DeviationListSigner:
		r = MasterListSigner
	case Communication:
		return 4
	}
	return slices.Index([]Role{Root, Link, DocumentSigner, MasterListSigner}, r)
}

func cscas() []Role       { return []Role{Root, Link} }
func listSigners() []Role { return []Role{MasterListSigner, DeviationListSigner} }

// roleOf deduces the role from what a certificate says of itself. One that would sign certificates is an authority for this,
// whatever it leaves out: that it does is to be found.
func roleOf(c *x509.Certificate) Role {
	parsed, err := pki.ParseCertificate(c.Raw)
	if err != nil { // a key or an extension that is not read there
		return roleUnread(c)
	}
	switch parsed.Kind() {
	case pki.KindRoot, pki.KindFalseRoot:
		return Root
	case pki.KindLink:
		return Link
	case pki.KindNoAuthority:
		return authorityRole(c)
	case pki.KindDocumentSigner:
		return DocumentSigner
	case pki.KindMasterListSigner:
		return MasterListSigner
	case pki.KindDeviationListSigner:
		return DeviationListSigner
	case pki.KindCommunication:
		return Communication
	case pki.KindOther:
		return roleUnread(c)
	}
	return Other
}

func authorityRole(c *x509.Certificate) Role {
	if c.Subject.Equal(c.Issuer) && string(c.SubjectKeyID) == string(c.AuthorityKeyID) || selfSigned(c) == nil {
		return Root
	}
	return Link
}

// roleUnread deduces the role of a certificate that package pki does not read, or of which it does not know what it is.
func roleUnread(c *x509.Certificate) Role {
	isDS := slices.ContainsFunc(c.Extensions, func(e x509.Extension) bool { return e.ID.String() == oidDocumentType })
	switch {
	case c.IsCA, c.KeyUsage&x509.CertSign != 0, !c.HasKeyUsage && selfSigned(c) == nil:
		return authorityRole(c)
	case slices.Contains(c.ExtendedKeyUsage, oidForMasterLists):
		return MasterListSigner
	case slices.Contains(c.ExtendedKeyUsage, oidForDeviationLists):
		return DeviationListSigner
	case isDS, len(c.ExtendedKeyUsage) == 0 && c.KeyUsage&x509.DigitalSignature != 0:
		return DocumentSigner
	}
	return Other
}

// selfSigned checks a certificate's signature with its own key.
func selfSigned(c *x509.Certificate) error {
	key, err := c.Key()
	if err != nil {
		return err
	}
	return x509.Verify(c.Algorithm, key, c.RawTBS, c.Signature)
}
