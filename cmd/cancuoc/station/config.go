package station

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"github.com/BurntSushi/toml"

	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/pki/cms"
	"github.com/cancuoc/cancuoc/card/register"
	"github.com/cancuoc/cancuoc/card/regular"
	"github.com/cancuoc/cancuoc/card/scp"
)

// ConfigName is the file that makes a folder a station.
const ConfigName = "station.toml"

// Config is the content of station.toml. Paths are relative to the station's folder.
type Config struct {
	Format    int       `toml:"format"`
	Name      string    `toml:"name"`
	Register  string    `toml:"register"`
	Print     string    `toml:"print"`
	Authority Authority `toml:"authority"`
	Terminal  Terminal  `toml:"terminal"`
	Chip      Chip      `toml:"chip"`
}

// Authority tells where the station's signing key and its anchors are.
type Authority struct {
	SignerCertificate string `toml:"signer_certificate"`
	SignerKey         string `toml:"signer_key"` // a key reference: file:PATH
	Trust             string `toml:"trust"`      // a certificate file, or a folder of them
}

// Chip tells with which keys blank chips are opened.
type Chip struct {
	Keys string `toml:"keys"` // "default", or file:PATH of a file with the lines ENC, MAC and DEK in hexadecimal
}

const configText = `# A station of cancuoc: one desk that issues cards. Paths are relative to this folder.
format = 1
name = %q

# The issuance register (SQLite): every order, every step, every card.
register = "register.db"

# Where the printed faces go, one PDF per card.
print = "print"

[authority]
# Who signs the chips. This is a SPECIMEN authority: it signs no real document.
signer_certificate = "authority/document-signer.cer"
signer_key = "file:authority/document-signer.key"
# The anchors by which cards are verified: a certificate, or a folder of them.
trust = "authority/trust"

[terminal]
# Who may read fingerprints: terminals that this CVCA has certified, by way of document verifiers.
cvca = "authority/terminal/cvca.cvcert"
# As which inspection system this station reads back what it wrote.
certificates = "authority/terminal"
key = "file:authority/terminal/inspection-system.key"

[chip]
# Keys that open a blank chip: "default" for those that everybody knows,
# or file:PATH of a file with three lines ENC=, MAC= and DEK= in hexadecimal.
keys = "default"
`

// ErrStation is answered where a station is to be made and is already.
var ErrStation = errors.New("station: is a station already")

// ErrName is answered for a station's name that cannot be written into its configuration.
var ErrName = errors.New("station: the name holds something else than letters, signs and spaces")

// ErrNoStation is answered for a folder that is not a station.
var ErrNoStation = errors.New("station: not a station")

// Init makes a station with a specimen authority in a folder that is none yet. With a passphrase its keys are
// encrypted. station.toml is written last. An authority and a register that are there already, of a station that has
// lost its station.toml or of an interrupted run, are kept: the keys that signed cards are never replaced.
func Init(folder, name string, passphrase []byte, at time.Time) error {
	if info, err := os.Stat(folder); err == nil && !info.IsDir() {
		return fmt.Errorf("station: %s is a file: name a folder", folder)
	}
	if _, err := os.Lstat(filepath.Join(folder, ConfigName)); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s has a %s", ErrStation, folder, ConfigName)
	}
	if strings.IndexFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) >= 0 {
		return ErrName
	}
	if err := os.MkdirAll(filepath.Join(folder, "print"), 0o700); err != nil {
		return fmt.Errorf("station: %w", err)
	}
	if err := initAuthority(filepath.Join(folder, "authority"), passphrase, at); err != nil {
		return err
	}
	if err := initTerminal(filepath.Join(folder, "authority", "terminal"), passphrase, at); err != nil {
		return err
	}
	if err := initRegister(filepath.Join(folder, "register.db")); err != nil {
		return err
	}
	return regular.WriteFile(filepath.Join(folder, ConfigName), func(w io.Writer) error {
		_, err := fmt.Fprintf(w, configText, name)
		return err
	})
}

// initAuthority makes the authority whole, or not at all. One that is there is kept, if its keys open.
func initAuthority(folder string, passphrase []byte, at time.Time) error {
	if _, err := os.Lstat(folder); !errors.Is(err, fs.ErrNotExist) {
		if _, err := pki.ReadKey(filepath.Join(folder, "document-signer.key"), passphrase); err != nil {
			return fmt.Errorf("station: %s is there already, and its keys do not open: %w", folder, err)
		}
		return nil
	}
	next := folder + ".new"
	if err := os.RemoveAll(next); err != nil { // what an interrupted run left: it was never in use
		return fmt.Errorf("station: %w", err)
	}
	if err := writeAuthority(next, passphrase, at); err != nil {
		return err
	}
	if err := os.Rename(next, folder); err != nil {
		return fmt.Errorf("station: %w", err)
	}
	return regular.SyncFolder(filepath.Dir(folder))
}

func writeAuthority(folder string, passphrase []byte, at time.Time) error {
	if err := os.MkdirAll(filepath.Join(folder, "trust"), 0o700); err != nil {
		return fmt.Errorf("station: %w", err)
	}
	authority, err := pki.NewSpecimenAuthority(rand.Reader, at, "VN")
	if err != nil {
		return err
	}
	files := []struct {
		path  string
		write func(path string) error
	}{
		{"csca.key", func(p string) error { return pki.WriteKey(p, authority.CSCAKey, passphrase) }},
		{"document-signer.key", func(p string) error { return pki.WriteKey(p, authority.DocumentSignerKey, passphrase) }},
		{"trust/csca.cer", func(p string) error { return pki.WriteCertificate(p, authority.CSCA) }},
		{"document-signer.cer", func(p string) error { return pki.WriteCertificate(p, authority.DocumentSigner) }},
	}
	for _, f := range files {
		if err := f.write(filepath.Join(folder, f.path)); err != nil {
			return err
		}
	}
	return nil
}

// initRegister makes the register. One that is there already is kept, if it opens.
func initRegister(path string) error {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return register.Create(path)
	}
	r, err := register.Open(context.Background(), path)
	if err != nil {
		return err
	}
	return r.Close()
}

// LoadConfig reads the configuration of the station in a folder.
func LoadConfig(folder string) (Config, error) {
	path := filepath.Join(folder, ConfigName)
	var c Config
	meta, err := toml.DecodeFile(path, &c)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Config{}, fmt.Errorf("%w: %s has no %s (make one with `cancuoc init`, or name it with --station)", ErrNoStation, folder, ConfigName)
	case err != nil:
		return Config{}, fmt.Errorf("station: %s: %w", path, err)
	case len(meta.Undecoded()) > 0:
		return Config{}, fmt.Errorf("station: %s: unknown key %q", path, meta.Undecoded()[0].String())
	case c.Format != 1:
		return Config{}, fmt.Errorf("station: %s: format %d, this program knows format 1", path, c.Format)
	}
	for key, value := range map[string]string{"register": c.Register, "print": c.Print,
		"authority.signer_certificate": c.Authority.SignerCertificate, "authority.signer_key": c.Authority.SignerKey,
		"authority.trust": c.Authority.Trust, "chip.keys": c.Chip.Keys} {
		if value == "" {
			return Config{}, fmt.Errorf("station: %s: %s is missing", path, key)
		}
	}
	if t := c.Terminal; t.there() && (t.CVCA == "" || t.Certificates == "" || t.Key == "") {
		return Config{}, fmt.Errorf("station: %s: terminal.cvca, terminal.certificates and terminal.key go together", path)
	}
	return c, nil
}

// Path gives the path of something that station.toml names.
func Path(folder, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(folder, name)
}

// Trust loads the anchors of the station.
func (c Config) Trust(folder string) (pki.Trust, error) {
	return pki.LoadTrust(Path(folder, c.Authority.Trust), time.Now())
}

// Signer loads the document signer's certificate and key.
func (c Config) Signer(folder string, passphrase []byte) (pki.Certificate, cms.Signer, error) {
	certificate, err := c.SignerCertificate(folder)
	if err != nil {
		return pki.Certificate{}, cms.Signer{}, err
	}
	path, ok := strings.CutPrefix(c.Authority.SignerKey, "file:")
	if !ok {
		return pki.Certificate{}, cms.Signer{}, fmt.Errorf("station: authority.signer_key: only file:PATH is known, not %q", c.Authority.SignerKey)
	}
	key, err := pki.ReadKey(Path(folder, path), passphrase)
	if err != nil {
		return pki.Certificate{}, cms.Signer{}, err
	}
	if !certificate.Holds(key) {
		return pki.Certificate{}, cms.Signer{}, fmt.Errorf("station: %s is not the key of %s", c.Authority.SignerKey, c.Authority.SignerCertificate)
	}
	return certificate, cms.Signer{Certificate: certificate.Raw, Key: key}, nil
}

// SignerCertificate loads the document signer's certificate.
func (c Config) SignerCertificate(folder string) (pki.Certificate, error) {
	path := Path(folder, c.Authority.SignerCertificate)
	found, err := pki.ReadCertificates(path)
	if err != nil {
		return pki.Certificate{}, err
	}
	if len(found) != 1 {
		return pki.Certificate{}, fmt.Errorf("station: %s holds %d certificates, not one", path, len(found))
	}
	return found[0], nil
}

// DefaultKeys tells whether chips are opened with the keys that everybody knows.
func (c Config) DefaultKeys() bool { return c.Chip.Keys == "default" }

// ChipKeys loads the keys that open a blank chip.
func (c Config) ChipKeys(folder string) (scp.StaticKeys, error) {
	if c.DefaultKeys() {
		return perso.DefaultKeys(), nil
	}
	path, ok := strings.CutPrefix(c.Chip.Keys, "file:")
	if !ok {
		return scp.StaticKeys{}, fmt.Errorf("station: chip.keys: neither \"default\" nor file:PATH")
	}
	b, err := os.ReadFile(Path(folder, path))
	if err != nil {
		return scp.StaticKeys{}, fmt.Errorf("station: chip.keys: %w", err)
	}
	return parseChipKeys(string(b))
}

func parseChipKeys(text string) (scp.StaticKeys, error) {
	keys := map[string][]byte{}
	for _, line := range strings.Fields(text) {
		name, value, _ := strings.Cut(line, "=")
		key, err := hex.DecodeString(value)
		if err != nil || len(key) != 16 && len(key) != 24 && len(key) != 32 || keys[name] != nil {
			return scp.StaticKeys{}, fmt.Errorf("station: chip.keys: %s is not one AES key in hexadecimal", name)
		}
		keys[name] = key
	}
	if len(keys) != 3 || keys["ENC"] == nil || keys["MAC"] == nil || keys["DEK"] == nil {
		return scp.StaticKeys{}, fmt.Errorf("station: chip.keys: the file must have ENC=, MAC= and DEK=")
	}
	return scp.StaticKeys{ENC: keys["ENC"], MAC: keys["MAC"], DEK: keys["DEK"]}, nil
}
