package authority

import (
	"bytes"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/regular"
)

// Config is the content of authority.json.
type Config struct {
	Format       int      `json:"format"`
	Country      string   `json:"country"` // "VN"
	State        string   `json:"state"`   // "VNM"
	Organization string   `json:"organization,omitempty"`
	Name         string   `json:"name"` // "CSCA Viet Nam"
	Contact      string   `json:"contact,omitempty"`
	CRL          []string `json:"crl"` // where its lists are to be had
	Specimen     bool     `json:"specimen"`
	NamedCurves  bool     `json:"named_curves"`

	Root      int    `json:"root"`     // number of the present root
	Key       string `json:"key"`      // reference to its key
	RootKey   string `json:"root_key"` // kind of the next one: pki.KeyKinds
	RootHash  string `json:"root_hash"`
	PSS       bool   `json:"pss"`
	RootYears int    `json:"root_years"`    // for which a root's key signs
	RootUntil string `json:"root_validity"` // for how long a root is valid: "15y", or "never" ends
	SignerKey string `json:"signer_key"`    // kind

	SignerPeriod  string   `json:"signer_period"`    // for which a signer's key signs: "3m"
	Longest       string   `json:"longest_document"` // validity of the longest-lived document: "10y", or "never" expires
	DocumentTypes []string `json:"document_types"`
}

// Default describes an authority by a profile: keys for five years, signers' for three months, documents that may never
// expire.
func Default(p pki.Profile) Config {
	return Config{Format: 1, Root: 1, RootKey: p.CSCAKey, RootHash: p.CSCASignature.Hash.String(), PSS: p.CSCASignature.PSS,
		RootYears: 5, RootUntil: "never", SignerKey: p.SignerKey, SignerPeriod: "3m", Longest: "never", DocumentTypes: []string{"I", "ID"}}
}

// SpecimenConfig describes an authority for trials.
func SpecimenConfig(p pki.Profile, country string) (Config, error) {
	id, err := pki.SpecimenIdentity(country)
	if err != nil {
		return Config{}, err
	}
	c := Default(p)
	c.Country, c.State, c.Organization, c.Name, c.Contact, c.CRL, c.Specimen =
		id.Country, id.State, id.Organization, id.CommonName, id.Contact, id.CRL, true
	return c, nil
}

func (c Config) identity() (pki.Identity, error) {
	hash, err := ParseHash(c.RootHash)
	return pki.Identity{Country: c.Country, State: c.State, Organization: c.Organization, CommonName: c.Name, Contact: c.Contact,
		CRL: c.CRL, Specimen: c.Specimen, NamedCurves: c.NamedCurves, Signature: pki.Signature{Hash: hash, PSS: c.PSS}}, err
}

// ParseHash reads the name of a hash that is signed with; "" is the one that fits the key.
func ParseHash(name string) (crypto.Hash, error) {
	for _, h := range []crypto.Hash{0, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		if name == h.String() || h == 0 && name == "" {
			return h, nil
		}
	}
	return 0, fmt.Errorf("%w: hash %q: SHA-256, SHA-384 and SHA-512 are known", ErrConfig, name)
}

// rootValidity computes the times of a root that begins now (Doc 9303-12, section 4.1.4).
func (c Config) rootValidity(at time.Time) (pki.Validity, error) {
	if c.RootYears < 1 || c.RootYears > 10 {
		return pki.Validity{}, fmt.Errorf("%w: a root's key that signs for %d years: three to five are recommended, ten taken (Doc 9303-12, section 4.1.4.2)", ErrConfig, c.RootYears)
	}
	until, err := After(at, c.RootUntil)
	return pki.Validity{From: at, KeyUntil: at.AddDate(c.RootYears, 0, 0), Until: until}, err
}

// signerValidity computes the times of a signer: its certificate ends when the longest-lived document expires of those
// signed last (Doc 9303-12, section 4.1.1.1).
func (c Config) signerValidity(at time.Time) (pki.Validity, error) {
	keyUntil, err := After(at, c.SignerPeriod)
	if err != nil {
		return pki.Validity{}, err
	}
	if keyUntil.Equal(pki.Never()) {
		return pki.Validity{}, fmt.Errorf("%w: a signer's key that signs for ever", ErrConfig)
	}
	until, err := After(keyUntil, c.Longest)
	return pki.Validity{From: at, KeyUntil: keyUntil, Until: until}, err
}

// After adds a length of time: "91d", "3m", "10y", or "never" for a certificate without an end.
func After(at time.Time, length string) (time.Time, error) {
	if length == "never" {
		return pki.Never(), nil
	}
	wrong := fmt.Errorf("%w: %q is no length of time: 91d, 3m, 10y or never", ErrConfig, length)
	if len(length) < 2 || len(length) > 5 {
		return time.Time{}, wrong
	}
	n, err := strconv.Atoi(length[:len(length)-1])
	if err != nil || n < 1 {
		return time.Time{}, wrong
	}
	var end time.Time
	switch length[len(length)-1] {
	case 'd':
		end = at.AddDate(0, 0, n)
	case 'm':
		end = at.AddDate(0, n, 0)
	case 'y':
		end = at.AddDate(n, 0, 0)
	}
	if end.IsZero() || end.After(pki.Never()) {
		return time.Time{}, wrong
	}
	return end, nil
}

const maxConfig = 64 << 10

func loadConfig(path string) (Config, error) {
	text, err := readSmall(path, maxConfig)
	if errors.Is(err, fs.ErrNotExist) {
		return Config{}, fmt.Errorf("%w: %s has no %s (make one with `cancuoc pki csca init`, or name it with --authority)", ErrNoAuthority, filepath.Dir(path), configName)
	}
	if err != nil {
		return Config{}, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	var c Config
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return Config{}, fmt.Errorf("%w: %s: %s", ErrConfig, path, strings.TrimPrefix(err.Error(), "json: "))
	}
	if dec.More() || c.Format != 1 {
		return Config{}, fmt.Errorf("%w: %s: this program knows format 1", ErrConfig, path)
	}
	if c.Root < 1 || c.Key == "" || c.RootKey == "" || c.SignerKey == "" {
		return Config{}, fmt.Errorf("%w: %s: root, key, root_key and signer_key belong there", ErrConfig, path)
	}
	_, err = c.identity()
	return c, err
}

// readSmall reads a regular file up to a size; what is beyond is cut off.
func readSmall(path string, most int64) ([]byte, error) {
	f, err := regular.Open(path)
	if err != nil {
		return nil, fmt.Errorf("authority: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most))
	if err != nil {
		return nil, fmt.Errorf("authority: %w", err)
	}
	return text, nil
}

// saveConfig replaces authority.json, whole or not at all.
func (a *Authority) saveConfig() error {
	text, err := json.MarshalIndent(a.Config, "", "  ")
	if err != nil {
		return err
	}
	return regular.WriteFile(a.path(configName), func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	})
}
