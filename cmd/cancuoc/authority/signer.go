package authority

import (
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cancuoc/cancuoc/card/pki"
)

// ErrNoSigner says that no signer of a folder can sign.
var ErrNoSigner = errors.New("authority: there is no signer that can sign")

// ErrSigner says that no signer is made as one was asked for.
var ErrSigner = errors.New("authority: no such signer is issued")

// kind is a folder of signers.
type kind string

const (
	documentSigners kind = "signers"
	listSigners     kind = "lists"
)

// prefix begins the names of files.
func (k kind) prefix() string {
	if k == listSigners {
		return "list"
	}
	return "ds"
}

func kindOf(p pki.Purpose) kind {
	if p == pki.ForDocuments {
		return documentSigners
	}
	return listSigners
}

// Signer is a signer's certificate with a reference to its key.
type Signer struct {
	Number      int
	File        string // of the certificate
	Certificate pki.Certificate
	Key         string // reference; "" where the key is not there any more
}

// Signers reads a folder of signers, in the order of their numbers: NAME-001.cer, and beside it the key in NAME-001.key or a
// PKCS #11 URI in NAME-001.uri. Key references are absolute.
func Signers(folder string) ([]Signer, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*-*.cer"))
	if err != nil {
		return nil, fmt.Errorf("authority: %w", err)
	}
	var all []Signer
	for _, file := range files {
		s := Signer{File: file}
		base := strings.TrimSuffix(filepath.Base(file), ".cer")
		if _, err := fmt.Sscanf(base[strings.LastIndexByte(base, '-')+1:], "%d", &s.Number); err != nil {
			continue // a certificate that somebody put there
		}
		found, err := pki.ReadCertificates(file)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("authority: %s holds no certificate", file)
		}
		s.Certificate = found[0]
		if s.Key, err = keyBeside(strings.TrimSuffix(file, ".cer")); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b Signer) int { return a.Number - b.Number })
	return all, nil
}

// keyBeside finds the reference to the key of a certificate, nothing where there is none.
func keyBeside(stem string) (string, error) {
	path, err := filepath.Abs(stem + ".key")
	if err != nil {
		return "", fmt.Errorf("authority: %w", err)
	}
	if _, err := os.Lstat(path); err == nil {
		return "file:" + path, nil
	}
	text, err := readSmall(stem+".uri", maxConfig)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	ref := strings.TrimSpace(string(text))
	return ref, checkReference(ref)
}

// SignersOf gives the authority's own, of documents or of lists.
func (a *Authority) SignersOf(p pki.Purpose) ([]Signer, error) {
	return Signers(a.path(string(kindOf(p))))
}

// ListSigner gives the newest signer of master lists that can sign at a time.
func (a *Authority) ListSigner(at time.Time) (Signer, error) {
	all, err := a.SignersOf(pki.ForMasterLists)
	if err != nil {
		return Signer{}, err
	}
	for _, s := range slices.Backward(all) {
		if s.Certificate.Purpose() == pki.ForMasterLists && s.Key != "" && s.Certificate.KeyUsable(at) == nil {
			return s, nil
		}
	}
	return Signer{}, fmt.Errorf("%w of master lists: `cancuoc pki ds issue --purpose %s` makes one", ErrNoSigner, pki.ForMasterLists)
}

// Issue says of a signer what its authority's description leaves open. Empty fields are as described there.
type Issue struct {
	Purpose       pki.Purpose
	Key           string // reference; "": a file beside the certificate
	DocumentTypes []string
	Period        string
	Longest       string
}

// Plan is what a command would do.
type Plan struct {
	Subject       string      `json:"subject"`
	Purpose       pki.Purpose `json:"purpose,omitempty"`
	DocumentTypes []string    `json:"document_types,omitempty"`
	KeyKind       string      `json:"key_kind"`
	Key           string      `json:"key"`
	From          time.Time   `json:"from"`
	KeyUntil      time.Time   `json:"key_until"`
	Until         time.Time   `json:"until"`
	File          string      `json:"file"`
	Link          string      `json:"link,omitempty"` // the file of the link, of a renewal

	number   int
	validity pki.Validity
}

// PlanSigner says which signer would be issued next.
func (a *Authority) PlanSigner(i Issue, at time.Time) (Plan, error) {
	c := a.Config
	if i.Period != "" {
		c.SignerPeriod = i.Period
	}
	if i.Longest != "" {
		c.Longest = i.Longest
	}
	if i.Purpose != pki.ForDocuments {
		i.DocumentTypes = nil
	} else if len(i.DocumentTypes) == 0 {
		i.DocumentTypes = c.DocumentTypes
	}
	if err := (pki.SignerRequest{Purpose: i.Purpose, DocumentTypes: i.DocumentTypes}).Check(); err != nil {
		return Plan{}, fmt.Errorf("%w: %w", ErrSigner, err)
	}
	v, err := c.signerValidity(at)
	if err != nil {
		return Plan{}, err
	}
	if v.Until.After(a.Root.NotAfter) {
		return Plan{}, fmt.Errorf("%w: %s, and %s", pki.ErrShortCSCA, a.Root.NotAfter.Format(time.DateOnly), v.Until.Format(time.DateOnly))
	}
	k := kindOf(i.Purpose)
	n, err := a.nextNumber(k)
	if err != nil {
		return Plan{}, err
	}
	if err := checkReference(i.Key); err != nil {
		return Plan{}, err
	}
	if i.Key == "" {
		i.Key = keyReference(string(k), k.prefix(), n)
	}
	return Plan{Subject: signerName(c.Specimen, i.Purpose, n), Purpose: i.Purpose, DocumentTypes: i.DocumentTypes, KeyKind: c.SignerKey, Key: i.Key,
		From: v.From, KeyUntil: v.KeyUntil, Until: v.Until, File: a.path(string(k), fmt.Sprintf("%s-%03d.cer", k.prefix(), n)), number: n, validity: v}, nil
}

func signerName(specimen bool, p pki.Purpose, n int) string {
	name := map[pki.Purpose]string{pki.ForDocuments: "Document Signer", pki.ForMasterLists: "Master List Signer", pki.ForDeviationLists: "Deviation List Signer"}[p]
	if specimen {
		name = "SPECIMEN " + name
	}
	return fmt.Sprintf("%s %d", name, n)
}

// nextNumber is one more than any file of a signer has.
func (a *Authority) nextNumber(k kind) (int, error) {
	files, err := os.ReadDir(a.path(string(k)))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("authority: %w", err)
	}
	last := 0
	for _, f := range files {
		var n int
		if _, err := fmt.Sscanf(f.Name(), k.prefix()+"-%d.", &n); err == nil {
			last = max(last, n)
		}
	}
	return last + 1, nil
}

// IssueSigner makes the next signer: its key, unless it is there, and its certificate, which is written last. Who looks for
// signers in the folder meanwhile finds the ones before, or this one whole.
func (a *Authority) IssueSigner(i Issue, at time.Time) (Signer, error) {
	plan, err := a.PlanSigner(i, at)
	if err != nil {
		return Signer{}, err
	}
	csca, done, err := a.csca()
	if err != nil {
		return Signer{}, err
	}
	defer done()
	if err := os.MkdirAll(filepath.Dir(plan.File), 0o700); err != nil {
		return Signer{}, fmt.Errorf("authority: %w", err)
	}
	key, err := a.keys.Make(rand.Reader, plan.Key, plan.KeyKind, a.Config.Specimen)
	if err != nil {
		return Signer{}, err
	}
	defer closeKey(key)
	if err := a.unused(key); err != nil {
		return Signer{}, err
	}
	c, err := csca.IssueSigner(rand.Reader, pki.SignerRequest{CommonName: plan.Subject, Purpose: plan.Purpose, DocumentTypes: plan.DocumentTypes,
		PublicKey: key.Public(), Validity: plan.validity})
	if err != nil {
		return Signer{}, err
	}
	if err := a.remember(at, string(plan.Purpose), c.Serial, c.Subject); err != nil {
		return Signer{}, err
	}
	s := Signer{Number: plan.number, File: plan.File, Certificate: c, Key: plan.Key}
	if err := a.keepReference(plan); err != nil {
		return Signer{}, err
	}
	return s, pki.WriteCertificate(plan.File, c)
}

// unused refuses a key that one of the authority's certificates has: with the certificate revoked the key would sign on.
func (a *Authority) unused(key crypto.Signer) error {
	issued, err := a.Issued()
	if err != nil {
		return err
	}
	for _, c := range issued {
		if c.Holds(key) {
			return fmt.Errorf("%w: %s", ErrKeyTaken, c.Subject)
		}
	}
	return nil
}

// keepReference writes the reference of a key that is not beside its certificate.
func (a *Authority) keepReference(plan Plan) error {
	stem := strings.TrimSuffix(plan.File, ".cer")
	if path, err := a.keys.path(plan.Key); err == nil && filepath.Clean(path) == filepath.Clean(stem+".key") {
		return nil
	}
	f, err := os.OpenFile(stem+".uri", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("authority: %w", err)
	}
	_, err = fmt.Fprintln(f, plan.Key)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}
