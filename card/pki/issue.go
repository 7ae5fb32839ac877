package pki

import (
	"crypto"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/cancuoc/cancuoc/card/internal/x509"
)

// What an authority does not do.
var (
	ErrIdentity  = errors.New("pki: the authority's description")
	ErrShortCSCA = errors.New("pki: the authority's certificate ends before that of the signer would: renew the authority first")
)

// Identity is what an authority says of itself, and how it signs.
type Identity struct {
	Country      string   // two letters, "VN"
	State        string   // the code of the machine readable zone, "VNM"
	Organization string   // may be empty
	CommonName   string   // "CSCA Viet Nam"
	Contact      string   // a URI or a mail address; may be empty
	CRL          []string // where its revocation lists are to be had: http, https or ldap
	Specimen     bool     // its certificates carry the specimen mark; its names begin with SPECIMEN
	NamedCurves  bool     // curves by name in its certificates, against Doc 9303-12, section 4.1.6.3
	Signature    Signature
}

// Validity is the time of a certificate and of its private key.
type Validity struct {
	From     time.Time // of both
	KeyUntil time.Time // until when the private key signs
	Until    time.Time // until when the certificate is valid
}

// Never is the end of a certificate that vouches for documents without an expiry (RFC 5280, section 4.1.2.5).
func Never() time.Time { return time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC) }

// CSCA is a country signing authority at work. It prints as a secret.
type CSCA struct {
	Identity    Identity
	Certificate Certificate
	Key         crypto.Signer
}

// String hides the key.
func (CSCA) String() string { return "[secret]" }

// GoString hides the key.
func (CSCA) GoString() string { return "[secret]" }

// Check says what is wrong with the description (Doc 9303-12, table 5 and section 7.1.1).
func (i Identity) Check() error {
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("%w: "+format, append([]any{ErrIdentity}, args...)...)
	}
	capitals := func(s string) bool { return strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" }
	switch {
	case len(i.Country) != 2 || !capitals(i.Country):
		return wrong("country %q is not two capital letters", i.Country)
	case len(i.State) < 1 || len(i.State) > 3 || !capitals(i.State):
		return wrong("state %q is not the code of the machine readable zone, one to three capital letters", i.State)
	case strings.TrimSpace(i.CommonName) == "":
		return wrong("the name is missing")
	case !nameable(i.CommonName) || !nameable(i.Organization):
		return wrong("a name has at most %d letters, signs and spaces", maxName)
	case i.Specimen && (!strings.HasPrefix(i.CommonName, "SPECIMEN") || !strings.HasPrefix(i.Organization, "SPECIMEN")):
		return wrong("the names of a specimen authority begin with SPECIMEN")
	case len(i.CRL) == 0:
		return wrong("no place of its revocation lists")
	case strings.ContainsFunc(i.Contact, beyondASCII):
		return wrong("the contact %q is not in ASCII", i.Contact)
	}
	for _, url := range i.CRL {
		scheme, _, _ := strings.Cut(url, ":")
		if !slices.Contains([]string{"http", "https", "ldap"}, scheme) || strings.ContainsFunc(url, beyondASCII) {
			return wrong("revocation lists are had by http, https or ldap, not at %q", url)
		}
	}
	return nil
}

// maxName is how long a common name or the name of an organisation may be (RFC 5280, appendix A.1).
const maxName = 64

func nameable(s string) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= maxName && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

// beyondASCII tells what an IA5String in a certificate should not hold.
func beyondASCII(r rune) bool { return r <= ' ' || r > '~' }

func (v Validity) check() error {
	if !v.From.Before(v.KeyUntil) || v.KeyUntil.After(v.Until) {
		return fmt.Errorf("pki: a key that signs from %s until %s, and a certificate that ends on %s",
			v.From.Format(time.DateOnly), v.KeyUntil.Format(time.DateOnly), v.Until.Format(time.DateOnly))
	}
	return nil
}

// NewCSCA makes an authority with this key: a root that has signed itself (Doc 9303-12, section 7.1, table 6).
func NewCSCA(rand io.Reader, id Identity, v Validity, key crypto.Signer) (CSCA, error) {
	return newRoot(rand, id, v, key)
}

func newRoot(rand io.Reader, id Identity, v Validity, key crypto.Signer, more ...x509.Extension) (CSCA, error) {
	if err := id.Check(); err != nil {
		return CSCA{}, err
	}
	name, err := x509.NewName(id.Country, id.Organization, id.CommonName)
	if err != nil {
		return CSCA{}, err
	}
	ski, err := x509.KeyIdentifier(key.Public())
	if err != nil {
		return CSCA{}, err
	}
	i := issuance{id: id, issuer: name, subject: name, aki: ski, key: key, public: key.Public(), validity: v,
		extensions: append(x509.AuthorityExtensions(), more...)}
	c, err := i.issue(rand)
	if err == nil {
		err = c.SelfSigned()
	}
	return CSCA{id, c, key}, err
}

// Renew makes the authority's next key known: a new root, and the link by which the present key vouches for it (Doc
// 9303-12, section 4.1.4.3). With another name in next both say so (section 7.1.1.5).
func (a CSCA) Renew(rand io.Reader, next Identity, v Validity, key crypto.Signer) (root CSCA, link Certificate, err error) {
	if next.Country != a.Identity.Country || next.Specimen != a.Identity.Specimen {
		return CSCA{}, Certificate{}, fmt.Errorf("%w: country and specimen mark stay as they are", ErrIdentity)
	}
	if err := a.Certificate.KeyUsable(v.From); err != nil {
		return CSCA{}, Certificate{}, fmt.Errorf("pki: the authority no longer issues, not even a link: %w", err)
	}
	if a.Certificate.Holds(key) {
		return CSCA{}, Certificate{}, errors.New("pki: the authority's next key is its present one")
	}
	name, err := x509.NewName(next.Country, next.Organization, next.CommonName)
	if err != nil {
		return CSCA{}, Certificate{}, err
	}
	var change []x509.Extension
	if !name.Equal(a.Certificate.x509.Subject) {
		change = append(change, nameChange())
	}
	if root, err = newRoot(rand, next, v, key, change...); err != nil {
		return CSCA{}, Certificate{}, err
	}
	i := a.issuance(name, key.Public(), v)
	i.subjectID = next
	i.extensions = append(x509.AuthorityExtensions(), change...)
	link, err = i.issue(rand)
	if err == nil && !vouches(a.Certificate, link) {
		err = errors.New("pki: the link just made does not hold, is the key that of the authority")
	}
	return root, link, err
}

// Purpose is what a signer below an authority signs.
type Purpose string

// The purposes (Doc 9303-12, table 6).
const (
	ForDocuments      Purpose = "documents"
	ForMasterLists    Purpose = "master-lists"
	ForDeviationLists Purpose = "deviation-lists"
)

func (p Purpose) use() (purpose, error) {
	switch p {
	case ForDocuments:
		return forDocuments, nil
	case ForMasterLists:
		return forMasterLists, nil
	case ForDeviationLists:
		return forDeviationLists, nil
	}
	return purpose{}, fmt.Errorf("pki: a signer of %q: %s, %s and %s are known", string(p), ForDocuments, ForMasterLists, ForDeviationLists)
}

// SignerRequest asks an authority for the certificate of a signer.
type SignerRequest struct {
	CommonName    string
	Purpose       Purpose
	DocumentTypes []string // of a signer of documents: codes of the machine readable zone, "I", "ID"
	PublicKey     crypto.PublicKey
	Validity      Validity
}

// Check tells whether what is asked for can be certified, before a key is made for it.
func (r SignerRequest) Check() error {
	_, err := r.extensions()
	return err
}

// IssueSigner certifies a signer's key. The certificate must not outlast the authority's ([ErrShortCSCA]), and the
// authority's own key must be in its time ([ErrKeyPeriod]).
func (a CSCA) IssueSigner(rand io.Reader, r SignerRequest) (Certificate, error) {
	if err := a.Certificate.KeyUsable(r.Validity.From); err != nil {
		return Certificate{}, fmt.Errorf("pki: the authority no longer issues: %w", err)
	}
	if r.Validity.Until.After(a.Certificate.NotAfter) {
		return Certificate{}, fmt.Errorf("%w: %s, and %s", ErrShortCSCA,
			a.Certificate.NotAfter.Format(time.DateOnly), r.Validity.Until.Format(time.DateOnly))
	}
	if !nameable(r.CommonName) {
		return Certificate{}, fmt.Errorf("%w: a name has at most %d letters, signs and spaces", ErrIdentity, maxName)
	}
	if a.Identity.Specimen && !strings.HasPrefix(r.CommonName, "SPECIMEN") {
		return Certificate{}, fmt.Errorf("%w: a signer below a specimen authority has a name that begins with SPECIMEN", ErrIdentity)
	}
	extensions, err := r.extensions()
	if err != nil {
		return Certificate{}, err
	}
	name, err := x509.NewName(a.Identity.Country, a.Identity.Organization, r.CommonName)
	if err != nil {
		return Certificate{}, err
	}
	i := a.issuance(name, r.PublicKey, r.Validity)
	i.extensions = extensions
	c, err := i.issue(rand)
	if err != nil {
		return Certificate{}, err
	}
	use, err := r.Purpose.use()
	if err == nil {
		_, err = Trust{Anchors: []Certificate{a.Certificate}}.path(c, use)
	}
	return c, err
}

// extensions are those that tell kinds of signers apart.
func (r SignerRequest) extensions() ([]x509.Extension, error) {
	use, err := r.Purpose.use()
	if err != nil {
		return nil, err
	}
	if use != forDocuments {
		e, err := extendedKeyUsage(use.extendedKeyUsage)
		return append(x509.SignerExtensions(), e), err
	}
	if len(r.DocumentTypes) == 0 {
		return nil, errors.New("pki: a document signer needs the codes of the documents that it signs")
	}
	for _, code := range r.DocumentTypes {
		if len(code) < 1 || len(code) > 2 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			return nil, fmt.Errorf("pki: %q is no document code of the machine readable zone", code)
		}
	}
	e, err := documentTypeList(r.DocumentTypes)
	return append(x509.SignerExtensions(), e), err
}

// issuance is one certificate on its way.
type issuance struct {
	id              Identity // of the issuer
	subjectID       Identity // of the subject, where it is an authority of another name
	issuer, subject x509.Name
	aki             []byte
	key             crypto.Signer
	public          crypto.PublicKey
	validity        Validity
	extensions      []x509.Extension
}

func (a CSCA) issuance(subject x509.Name, public crypto.PublicKey, v Validity) issuance {
	c := a.Certificate.x509
	return issuance{id: a.Identity, subjectID: a.Identity, issuer: c.Subject, subject: subject, aki: c.SubjectKeyID, key: a.Key, public: public, validity: v}
}

func (i issuance) issue(rand io.Reader) (Certificate, error) {
	if err := i.validity.check(); err != nil {
		return Certificate{}, err
	}
	serial, err := newSerial(rand)
	if err != nil {
		return Certificate{}, err
	}
	extensions, err := i.common()
	if err != nil {
		return Certificate{}, err
	}
	algorithm, err := x509.AlgorithmFor(i.key.Public(), i.id.Signature.Hash, i.id.Signature.PSS)
	if err != nil {
		return Certificate{}, refused(nil, err)
	}
	second := func(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
	der, err := x509.Template{Serial: serial, Issuer: i.issuer, Subject: i.subject, NotBefore: second(i.validity.From),
		NotAfter: second(i.validity.Until), Extensions: extensions, NamedCurve: i.id.NamedCurves}.Create(rand, i.public, algorithm, i.key)
	if err != nil {
		return Certificate{}, fmt.Errorf("pki: issue %s: %w", i.subject, err)
	}
	return ParseCertificate(der)
}

// common are the extensions that all certificates have (Doc 9303-12, table 6), after those of their kind.
func (i issuance) common() ([]x509.Extension, error) {
	ski, err := x509.KeyIdentifier(i.public)
	if err != nil {
		return nil, err
	}
	subject := i.subjectID
	if subject.State == "" {
		subject = i.id
	}
	all := append(i.extensions, x509.KeyIDExtensions(ski, i.aki)...)
	for _, make := range []func() (x509.Extension, error){
		func() (x509.Extension, error) { return usagePeriod(i.validity.From, i.validity.KeyUntil) },
		func() (x509.Extension, error) {
			return alternativeName(oidSubjectAltName, subject.State, subject.Contact)
		},
		func() (x509.Extension, error) { return alternativeName(oidIssuerAltName, i.id.State, i.id.Contact) },
		func() (x509.Extension, error) { return distributionPoints(i.id.CRL) },
	} {
		e, err := make()
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	if !i.id.Specimen {
		return all, nil
	}
	mark, err := policy(specimenPolicy)
	return append(all, mark), err
}

// newSerial draws a serial number: positive, 128 bits of which 126 are random, so no two certificates of an authority ever
// share one.
func newSerial(rand io.Reader) (*big.Int, error) {
	drawn := make([]byte, 16)
	if _, err := io.ReadFull(rand, drawn); err != nil {
		return nil, fmt.Errorf("pki: draw a serial number: %w", err)
	}
	drawn[0] = drawn[0]&0x3F | 0x40
	return new(big.Int).SetBytes(drawn), nil
}
