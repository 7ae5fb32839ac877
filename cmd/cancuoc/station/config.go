package station

import (
	"context"
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
	"github.com/cancuoc/cancuoc/card/register"
	"github.com/cancuoc/cancuoc/card/regular"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/authority"
	"github.com/cancuoc/cancuoc/layout/spool"
)

// ConfigName is the file that makes a folder a station.
const ConfigName = "station.toml"

// Config is the content of station.toml. Paths are relative to the station's folder.
type Config struct {
	Format    int       `toml:"format"`
	Name      string    `toml:"name"`
	Register  string    `toml:"register"`
	Print     string    `toml:"print"`
	Templates []string  `toml:"templates"`      // files of faces, each in place of this program's template for its form
	Quality   int       `toml:"quality_sample"` // the faces of every so many orders are read back; 0: of none
	Authority Authority `toml:"authority"`
	Terminal  Terminal  `toml:"terminal"`
	Chip      Chip      `toml:"chip"`

	Certificate Certificate `toml:"certificate"`

	card perso.CardProfile // that chip.profile names

	Printers []spool.Printer `toml:"printers"` // none: the print folder is where printing ends
}

// Certificate tells what is left open for certificates on paper.
type Certificate struct {
	Years int `toml:"years"` // for which they are valid; 0: as their form has it
}

// maxYears is the longest validity of a certificate that is taken for no slip of the pen.
const maxYears = 25

// Authority tells where the station's signing key and its anchors are.
type Authority struct {
	Signers           string `toml:"signers"`            // a folder of document signers, or in its place one:
	SignerCertificate string `toml:"signer_certificate"` // its certificate
	SignerKey         string `toml:"signer_key"`         // a key reference: file:PATH or pkcs11:...
	KeyLimit          int64  `toml:"key_limit"`          // how often each key signs; 0: as often as asked
	SignatureHash     string `toml:"signature_hash"`     // "SHA-256"; "": the one that fits the key
	DataGroupHash     string `toml:"data_group_hash"`    // "": SHA-256
	PSS               bool   `toml:"pss"`                // RSASSA-PSS, with keys of RSA
	Trust             string `toml:"trust"`              // a certificate file, or a folder of them
}

const configText = `# A station of cancuoc: one desk that issues cards. Paths are relative to this folder.
format = 1
name = %q

# The issuance register (SQLite): every order, every step, every card.
register = "register.db"

# Where the printed faces go, one PDF per card.
print = "print"

# Of every 20th order the faces are drawn and read back before they are printed, as a quality sample; 0: of none.
quality_sample = 20

# Files of templates of faces, each in place of this program's for its form ("cancuoc layout template" writes one out).
templates = []

[authority]
# Who signs the chips: the document signers in a folder, NAME-001.cer with its key in NAME-001.key, or a PKCS #11 URI in
# NAME-001.uri. The newest whose key is in its time signs; "cancuoc pki ds rotate" puts the next one there.
# This is a SPECIMEN authority: it signs no real document.
signers = "authority/signers"
# How often each key signs at most, counted in this register; 0 is as often as asked.
key_limit = 100000
# By which hashes EF.SOD is signed and the data groups are in it, and whether RSA signs by RSASSA-PSS.
signature_hash = %q
data_group_hash = %q
pss = %t
# The anchors by which cards are verified: a certificate, or a folder of them.
trust = "authority/trust"

[terminal]
# Who may read fingerprints: terminals that this CVCA has certified, by way of document verifiers.
cvca = "authority/terminal/cvca.cvcert"
# As which inspection system this station reads back what it wrote.
certificates = "authority/terminal"
key = "file:authority/terminal/inspection-system.key"

[chip]
# What kind of blank chip this station writes: a card profile of this program ("cancuoc chip profiles" lists them), or the file
# of another.
profile = "cancuoc"
# Keys that chips come with: "default" for those that everybody knows; file:PATH of a file with three lines ENC=, MAC= and DEK= in
# hexadecimal, or with one line MASTER= of which those of each chip come; or the PKCS #11 URI of such a master key.
keys = "default"
# The issuer's own keys, named in the same way, where the profile has the step "keys": they replace those that a chip came
# with when it is first written.
own_keys = ""

[certificate]
# For how many years a certificate on paper is valid (Law 26/2023/QH15, article 30), unless its record names the day. One
# year is what a draft of the decree had: see what is in force.
years = 1

# Printers: the first prints the cards, and the first with paper = true the certificates on paper, unless "cancuoc print"
# names another. Without any, the file in the print folder is all that is printed.
# [[printers]]
# queue = "CARD"        # of CUPS; "lpstat -e" lists the queues
# server = ""           # host, host:port or socket; "": this machine's
# width = 85.6          # of the page, in mm, with height = 53.98; without them, the card's own size
# offset_x = 0.0        # everything so much further right, in mm
# offset_y = 0.0        # everything so much further down, in mm
# paper = false         # whether it prints certificates on paper, and no cards
# sides = "two-short"   # "one", "two-long", "two-short", "front"; without it, as the queue does
# rotate_back = false   # the back turned by 180 degrees
# options = []          # further options of lp, each "NAME=VALUE"
`

// ErrStation is answered where a station is to be made and is already.
var ErrStation = errors.New("station: is a station already")

// ErrName is answered for a station's name that cannot be written into its configuration.
var ErrName = errors.New("station: the name holds something else than letters, signs and spaces")

// ErrNoStation is answered for a folder that is not a station.
var ErrNoStation = errors.New("station: not a station")

// Options say how a station is made.
type Options struct {
	Name        string // in the history
	Profile     string // of its specimen authority, as [pki.Profiles] has them; "": vn
	NamedCurves bool   // in its certificates
	Passphrase  []byte // of its keys; nil: they are not encrypted
}

// String hides the passphrase.
func (Options) String() string { return "[secret]" }

// GoString hides the passphrase.
func (Options) GoString() string { return "[secret]" }

// Init makes a station with a specimen authority in a folder that is none yet. station.toml is written last. An authority
// and a register that are there already, of a station that has lost its station.toml or of an interrupted run, are kept: the
// keys that signed cards are never replaced.
func Init(folder string, o Options, at time.Time) error {
	if info, err := os.Stat(folder); err == nil && !info.IsDir() {
		return fmt.Errorf("station: %s is a file: name a folder", folder)
	}
	if _, err := os.Lstat(filepath.Join(folder, ConfigName)); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s has a %s", ErrStation, folder, ConfigName)
	}
	if strings.IndexFunc(o.Name, func(r rune) bool { return !unicode.IsPrint(r) }) >= 0 {
		return ErrName
	}
	if o.Profile == "" {
		o.Profile = "vn"
	}
	profile, err := pki.ProfileByName(o.Profile)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrName, err)
	}
	if err := os.MkdirAll(filepath.Join(folder, "print"), 0o700); err != nil {
		return fmt.Errorf("station: %w", err)
	}
	if err := initAuthority(filepath.Join(folder, "authority"), profile, o, at); err != nil {
		return err
	}
	if err := initTerminal(filepath.Join(folder, "authority", "terminal"), o.Passphrase, at); err != nil {
		return err
	}
	if err := initRegister(filepath.Join(folder, "register.db")); err != nil {
		return err
	}
	return regular.WriteFile(filepath.Join(folder, ConfigName), func(w io.Writer) error {
		_, err := fmt.Fprintf(w, configText, o.Name, profile.SOD.Hash.String(), profile.SODHash.String(), profile.SOD.PSS)
		return err
	})
}

// initAuthority makes the authority whole, or not at all. One that is there is kept, if its keys open.
func initAuthority(folder string, p pki.Profile, o Options, at time.Time) error {
	if _, err := os.Lstat(folder); !errors.Is(err, fs.ErrNotExist) {
		there := Signers{list: func() ([]authority.Signer, error) { return authority.Signers(filepath.Join(folder, "signers")) },
			keys: authority.Keys{Passphrase: o.Passphrase}}
		if err := there.Open(at); err != nil {
			return fmt.Errorf("station: %s is there already, and its keys do not open: %w", folder, err)
		}
		return nil
	}
	next := folder + ".new"
	if err := os.RemoveAll(next); err != nil { // what an interrupted run left: it was never in use
		return fmt.Errorf("station: %w", err)
	}
	c, err := authority.SpecimenConfig(p, "VN")
	if err != nil {
		return err
	}
	c.NamedCurves = o.NamedCurves
	a, err := authority.Create(next, c, authority.Keys{Passphrase: o.Passphrase}, at)
	if err != nil {
		return err
	}
	if _, err := a.IssueSigner(authority.Issue{Purpose: pki.ForDocuments}, at); err != nil {
		return err
	}
	if err := os.Rename(next, folder); err != nil {
		return fmt.Errorf("station: %w", err)
	}
	return regular.SyncFolder(filepath.Dir(folder))
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
	for key, value := range map[string]string{"register": c.Register, "print": c.Print, "authority.trust": c.Authority.Trust, "chip.keys": c.Chip.Keys} {
		if value == "" {
			return Config{}, fmt.Errorf("station: %s: %s is missing", path, key)
		}
	}
	if c.Quality < 0 {
		return Config{}, fmt.Errorf("station: %s: quality_sample is negative", path)
	}
	if c.card, err = LoadChipProfile(folder, c.Chip.Profile); err != nil {
		return Config{}, fmt.Errorf("station: %s: chip.profile: %w", path, err)
	}
	if err := c.Authority.check(); err != nil {
		return Config{}, fmt.Errorf("station: %s: %w", path, err)
	}
	if err := checkPrinters(c.Printers); err != nil {
		return Config{}, fmt.Errorf("station: %s: %w", path, err)
	}
	if t := c.Terminal; t.there() && (t.CVCA == "" || t.Certificates == "" || t.Key == "") {
		return Config{}, fmt.Errorf("station: %s: terminal.cvca, terminal.certificates and terminal.key go together", path)
	}
	if y := c.Certificate.Years; y < 0 || y > maxYears {
		return Config{}, fmt.Errorf("station: %s: certificate.years is %d, and none of 1 to %d", path, y, maxYears)
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

// check says what is wrong with the section [authority].
func (a Authority) check() error {
	one := a.SignerCertificate != "" && a.SignerKey != ""
	switch {
	case (a.Signers != "") == one, a.Signers != "" && (a.SignerCertificate != "" || a.SignerKey != ""):
		return errors.New("authority.signers is missing, or in its place authority.signer_certificate and authority.signer_key together")
	case a.KeyLimit < 0:
		return errors.New("authority.key_limit is negative")
	}
	_, err := authority.ParseHash(a.SignatureHash)
	if err == nil {
		_, err = authority.ParseHash(a.DataGroupHash)
	}
	return err
}

// Trust loads the anchors of the station.
func (c Config) Trust(folder string) (pki.Trust, error) {
	return pki.LoadTrust(Path(folder, c.Authority.Trust), time.Now())
}

// FollowTrust loads them too, and each time that it is asked again if something new lies there.
func (c Config) FollowTrust(folder string) func() (pki.Trust, error) {
	return follow(Path(folder, c.Authority.Trust))
}

// Signers gives the document signers of the station; no key is opened yet.
func (c Config) Signers(folder string, keys authority.Keys) (*Signers, error) {
	a := c.Authority
	s := &Signers{keys: keys, Limit: a.KeyLimit, signature: pki.Signature{PSS: a.PSS}}
	s.keys.Folder = folder
	var err error
	if s.signature.Hash, err = authority.ParseHash(a.SignatureHash); err != nil {
		return nil, err
	}
	if s.Hash, err = authority.ParseHash(a.DataGroupHash); err != nil {
		return nil, err
	}
	s.list = func() ([]authority.Signer, error) { return authority.Signers(Path(folder, a.Signers)) }
	if a.Signers == "" {
		s.list = func() ([]authority.Signer, error) { return onlySigner(Path(folder, a.SignerCertificate), a.SignerKey) }
	}
	return s, nil
}

func onlySigner(path, key string) ([]authority.Signer, error) {
	found, err := pki.ReadCertificates(path)
	if err != nil {
		return nil, err
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("station: %s holds %d certificates, not one", path, len(found))
	}
	return []authority.Signer{{Number: 1, File: path, Certificate: found[0], Key: key}}, nil
}

// SignerCertificate gives the certificate of the document signer in force.
func (c Config) SignerCertificate(folder string) (pki.Certificate, error) {
	s, err := c.Signers(folder, authority.Keys{})
	if err != nil {
		return pki.Certificate{}, err
	}
	newest, err := s.Newest(time.Now())
	return newest.Certificate, err
}
