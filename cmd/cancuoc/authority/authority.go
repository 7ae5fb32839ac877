// Package authority is the desk of a country signing authority: a folder with its description, its certificates and keys, and
// what it does with them.
//
//	authority.json      what it says of itself, with what it signs, which key is its present one
//	trust/              for verifiers: csca-001.cer, link-002.cer, csca-002.cer, crl-000001.crl
//	keys/               csca-001.key, where the keys are in files
//	signers/            document signers: ds-001.cer, and beside it ds-001.key or ds-001.uri (package signers of the station)
//	lists/              signers of master lists and deviation lists, likewise
//	history.jsonl       one line for each use of the authority's key
//
//	[Create] -> [Authority.IssueSigner], [Authority.IssueList] ... [Authority.Renew]
//
// What is there is never overwritten but authority.json, which a renewal replaces as its last step: before that the present
// key stays in force.
package authority

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/regular"
)

// What an authority's folder can be wrong about.
var (
	ErrNoAuthority = errors.New("authority: not the folder of an authority")
	ErrExists      = errors.New("authority: there is an authority already")
	ErrConfig      = errors.New("authority: the authority's description cannot be used")
)

const (
	configName  = "authority.json"
	historyName = "history.jsonl"
	trustFolder = "trust"
)

// Authority is an authority that is open. It prints as a secret.
type Authority struct {
	Folder string
	Config Config
	Root   pki.Certificate // the present one

	keys Keys
}

// String hides the keys.
func (*Authority) String() string { return "[secret]" }

// PlanRoot says what [Create] would make.
func PlanRoot(folder string, c Config, at time.Time) (Plan, error) {
	if info, err := os.Stat(folder); err == nil && !info.IsDir() {
		return Plan{}, fmt.Errorf("%w: %s is a file, and an authority a folder", ErrConfig, folder)
	}
	if _, err := os.Lstat(filepath.Join(folder, configName)); !errors.Is(err, fs.ErrNotExist) {
		return Plan{}, fmt.Errorf("%w: %s", ErrExists, folder)
	}
	if err := checkReference(c.Key); err != nil {
		return Plan{}, err
	}
	if c.Key == "" {
		c.Key = keyReference("keys", "csca", 1)
	}
	if c.PSS && strings.HasPrefix(c.Key, "file:") && !strings.HasPrefix(c.RootKey, "RSA") {
		return Plan{}, fmt.Errorf("%w: RSASSA-PSS is for keys of RSA, not %s", ErrConfig, c.RootKey)
	}
	id, err := c.identity()
	if err == nil {
		err = id.Check()
	}
	if err != nil {
		return Plan{}, err
	}
	if _, err := c.signerValidity(at); err != nil {
		return Plan{}, err
	}
	v, err := c.rootValidity(at)
	return Plan{Subject: c.Name, KeyKind: c.RootKey, Key: c.Key, From: v.From, KeyUntil: v.KeyUntil, Until: v.Until,
		File: filepath.Join(folder, trustFolder, rootName(1)), validity: v}, err
}

// Create makes an authority in a folder where there is none.
func Create(folder string, c Config, keys Keys, at time.Time) (*Authority, error) {
	plan, err := PlanRoot(folder, c, at)
	if err != nil {
		return nil, err
	}
	c.Key = plan.Key
	id, err := c.identity()
	if err != nil {
		return nil, err
	}
	for _, sub := range []string{trustFolder, "keys", string(documentSigners)} {
		if err := os.MkdirAll(filepath.Join(folder, sub), 0o700); err != nil {
			return nil, fmt.Errorf("authority: %w", err)
		}
	}
	keys.Folder = folder
	key, err := keys.Make(rand.Reader, c.Key, c.RootKey, c.Specimen)
	if err != nil {
		return nil, err
	}
	defer closeKey(key)
	root, err := pki.NewCSCA(rand.Reader, id, plan.validity, key)
	if err != nil {
		return nil, err
	}
	a := &Authority{Folder: folder, Config: c, Root: root.Certificate, keys: keys}
	if err := a.publish(rootName(1), root.Certificate); err != nil {
		return nil, err
	}
	if err := a.remember(at, "root", root.Certificate.Serial, root.Certificate.Subject); err != nil {
		return nil, err
	}
	return a, a.saveConfig()
}

// Open opens the authority in a folder. No key is opened yet.
func Open(folder string, keys Keys) (*Authority, error) {
	c, err := loadConfig(filepath.Join(folder, configName))
	if err != nil {
		return nil, err
	}
	keys.Folder = folder
	a := &Authority{Folder: folder, Config: c, keys: keys}
	roots, err := pki.ReadCertificates(a.path(trustFolder, rootName(c.Root)))
	if err != nil {
		return nil, err
	}
	if len(roots) == 0 {
		return nil, fmt.Errorf("%w: %s holds no root", ErrConfig, folder)
	}
	a.Root = roots[0]
	return a, nil
}

// Trust is the folder that verifiers take.
func (a *Authority) Trust() string { return a.path(trustFolder) }

func (a *Authority) path(parts ...string) string {
	return filepath.Join(append([]string{a.Folder}, parts...)...)
}

// csca opens the present key. done lets it go.
func (a *Authority) csca() (csca pki.CSCA, done func(), err error) {
	id, err := a.Config.identity()
	if err != nil {
		return pki.CSCA{}, nil, err
	}
	key, err := a.keys.OpenFor(a.Root, a.Config.Key)
	if err != nil {
		return pki.CSCA{}, nil, err
	}
	return pki.CSCA{Identity: id, Certificate: a.Root, Key: key}, func() { closeKey(key) }, nil
}

// publish puts a certificate where verifiers look.
func (a *Authority) publish(name string, c pki.Certificate) error {
	return pki.WriteCertificate(a.path(trustFolder, name), c)
}

func rootName(n int) string { return fmt.Sprintf("csca-%03d.cer", n) }
func linkName(n int) string { return fmt.Sprintf("link-%03d.cer", n) }

func keyReference(folder, name string, n int) string {
	return fmt.Sprintf("file:%s/%s-%03d.key", folder, name, n)
}

// use is one line of the history.
type use struct {
	At      time.Time `json:"at"`
	What    string    `json:"what"`
	Serial  string    `json:"serial,omitempty"`
	Subject string    `json:"subject,omitempty"`
}

// remember writes a line of history, on the disk when it returns: before what was signed is handed out.
func (a *Authority) remember(at time.Time, what, serial, subject string) error {
	line, err := json.Marshal(use{at.UTC(), what, serial, subject})
	if err != nil {
		return err
	}
	if err := regular.AppendLine(a.path(historyName), line); err != nil {
		return fmt.Errorf("authority: %w", err)
	}
	return nil
}

// maxHistory bounds the history: some hundred thousand uses of a key that signs a few times a month.
const maxHistory = 64 << 20

// history reads every use of the authority's key. A line that a power cut has torn is passed over: what it would have told of
// was never handed out.
func (a *Authority) history() (uses []use, err error) {
	text, err := readSmall(a.path(historyName), maxHistory)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for i, line := range strings.Split(string(text), "\n") {
		var u use
		if err := json.Unmarshal([]byte(line), &u); err != nil {
			if err.Error() == "unexpected end of JSON input" {
				continue
			}
			return nil, fmt.Errorf("%w: line %d of %s cannot be read", ErrConfig, i+1, a.path(historyName))
		}
		uses = append(uses, u)
	}
	return uses, nil
}
