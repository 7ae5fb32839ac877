package station

import (
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/card/pki/pkcs11"
	"github.com/cancuoc/cancuoc/card/regular"
	"github.com/cancuoc/cancuoc/card/scp"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/authority"
)

// Chip tells what kind of blank chip the station writes, and with which keys.
type Chip struct {
	Profile string `toml:"profile"`  // of this program, by name, or a file (with a slash or .toml); "": cancuoc
	Keys    string `toml:"keys"`     // those that chips come with
	OwnKeys string `toml:"own_keys"` // the issuer's own, where the profile puts them
}

// chipKeyHelp says how keys of chips are named.
const chipKeyHelp = `"default", ` + ownKeyHelp

// ownKeyHelp says how the issuer's own are named.
const ownKeyHelp = `file:PATH of a file with the lines ENC=, MAC= and DEK=, or with one line MASTER=, or a PKCS #11 URI of a master key`

//go:embed chip/*.toml
var chipProfiles embed.FS

// ErrChipProfile is answered for a card profile that is not there, or by which no chip could be written.
var ErrChipProfile = errors.New("station: no card profile to write chips by")

// ChipProfileNames lists the card profiles of this program.
func ChipProfileNames() []string {
	entries, err := chipProfiles.ReadDir("chip")
	if err != nil {
		panic(err) // it is embedded
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".toml"))
	}
	return names
}

// ChipProfileFile gives a card profile of this program as the file that it is.
func ChipProfileFile(name string) ([]byte, error) {
	if text, err := chipProfiles.ReadFile(path.Join("chip", name+".toml")); err == nil && !strings.ContainsAny(name, "/.") {
		return text, nil
	}
	return nil, fmt.Errorf("%w: %q is not one of %s", ErrChipProfile, name, strings.Join(ChipProfileNames(), ", "))
}

// LoadChipProfile finds a card profile by name, or reads the file of one.
func LoadChipProfile(folder, name string) (perso.CardProfile, error) {
	if name == "" {
		name = "cancuoc"
	}
	text, err := []byte(nil), error(nil)
	if strings.ContainsAny(name, "/.") {
		text, err = readSmall(Path(folder, name))
	} else {
		text, err = ChipProfileFile(name)
	}
	if err != nil {
		return perso.CardProfile{}, err
	}
	return ParseChipProfile(text)
}

// longDigits is what may be a key, where a file of keys was named as a profile.
var longDigits = regexp.MustCompile(`[0-9A-Fa-f]{17,}`)

// ParseChipProfile reads a card profile. What it does not know it refuses.
func ParseChipProfile(text []byte) (perso.CardProfile, error) {
	var p perso.CardProfile
	meta, err := toml.Decode(string(text), &p)
	switch {
	case err != nil:
		return perso.CardProfile{}, fmt.Errorf("%w: %s", ErrChipProfile, longDigits.ReplaceAllString(err.Error(), "[secret]"))
	case len(meta.Undecoded()) > 0:
		return perso.CardProfile{}, fmt.Errorf("%w: unknown key %q", ErrChipProfile, longDigits.ReplaceAllString(meta.Undecoded()[0].String(), "[secret]"))
	case p.Format != 1:
		return perso.CardProfile{}, fmt.Errorf("%w: format %d, this program knows format 1", ErrChipProfile, p.Format)
	case p.Name == "":
		return perso.CardProfile{}, fmt.Errorf("%w: it has no name", ErrChipProfile)
	}
	if err := p.Check(); err != nil {
		return perso.CardProfile{}, fmt.Errorf("%w: %w", ErrChipProfile, err)
	}
	return p, nil
}

// maxSmall is more than any card profile or file of chip keys has.
const maxSmall = 64 << 10

func readSmall(name string) ([]byte, error) {
	b, err := regular.ReadFile(name, maxSmall)
	if err != nil {
		return nil, fmt.Errorf("station: %w", err)
	}
	return b, nil
}

// ChipKeys are the keys of a station's chips.
type ChipKeys struct {
	Profile   perso.CardProfile
	Keys      perso.KeySource // those that chips have in the end
	Transport perso.KeySource // those that chips come with, where they are replaced
	Default   bool            // chips come with the keys that everybody knows
}

// CardProfile tells what kind of blank chip the station writes.
func (c Config) CardProfile() perso.CardProfile { return c.card }

// DefaultKeys tells whether chips are opened with the keys that everybody knows.
func (c Config) DefaultKeys() bool {
	return c.Chip.Keys == "default" && c.card.Dialect != perso.JMRTDApplet
}

// LoadChipKeys opens them.
func (c Config) LoadChipKeys(folder string, keys authority.Keys) (ChipKeys, error) {
	profile, err := c.card, error(nil)
	if profile.Dialect == perso.JMRTDApplet {
		return ChipKeys{Profile: profile}, nil // the applet has none
	}
	k := ChipKeys{Profile: profile, Default: c.DefaultKeys()}
	open := func(name, reference string, method scp.Diversification) (perso.KeySource, error) {
		source, err := openChipKeys(folder, reference, method, profile.KeySize(), keys)
		if err != nil {
			return nil, fmt.Errorf("station: chip.%s: %w", name, err)
		}
		return source, nil
	}
	if !profile.Rotates() {
		if c.Chip.OwnKeys != "" {
			return ChipKeys{}, fmt.Errorf("station: chip.own_keys: profile %s has no step %q, so chips would never get them", profile.Name, perso.PutKeys)
		}
		k.Keys, err = open("keys", c.Chip.Keys, profile.Keys.Diversification)
		return k, err
	}
	switch c.Chip.OwnKeys {
	case "":
		return ChipKeys{}, fmt.Errorf("station: chip.own_keys is missing: profile %s gives chips the issuer's own keys: %s", profile.Name, ownKeyHelp)
	case "default":
		return ChipKeys{}, fmt.Errorf("station: chip.own_keys: keys that everybody knows are nobody's own: name %s", ownKeyHelp)
	}
	if k.Transport, err = open("keys", c.Chip.Keys, profile.Keys.Transport); err != nil {
		return ChipKeys{}, err
	}
	if k.Keys, err = open("own_keys", c.Chip.OwnKeys, profile.Keys.Diversification); err != nil {
		return ChipKeys{}, err
	}
	return k, k.differ()
}

// differ refuses own keys that are those that chips come with, or that everybody knows: chips would be the issuer's own by
// their key version alone. Keys that cannot be derived are found here too, before a chip is touched.
func (k ChipKeys) differ() error {
	known, err := fromBytes(perso.DefaultKey(k.Profile.KeySize()), scp.DiversifyNone, k.Profile.KeySize())
	if err != nil {
		return err
	}
	own, err := k.sample(k.Keys)
	if err != nil {
		return fmt.Errorf("station: chip.own_keys: %w", err)
	}
	for _, other := range []perso.KeySource{k.Transport, known} {
		name, err := k.sample(other)
		if err != nil {
			return fmt.Errorf("station: chip.keys: %w", err)
		}
		if name == own {
			return errors.New("station: chip.own_keys: these are the keys that chips come with, or that everybody knows")
		}
	}
	return nil
}

// sample gives the public name of the keys of one chip.
func (k ChipKeys) sample(source perso.KeySource) (string, error) {
	keys, err := source.ChipKeys([10]byte{})
	if err != nil {
		return "", err
	}
	return keys.ID(k.Profile.Channel.Protocol)
}

// openChipKeys opens the keys that a reference names.
func openChipKeys(folder, reference string, method scp.Diversification, size int, keys authority.Keys) (perso.KeySource, error) {
	switch {
	case reference == "default":
		return fromBytes(perso.DefaultKey(size), method, size)
	case strings.HasPrefix(reference, "pkcs11:"):
		master, err := pkcs11.OpenMaster(reference, keys.PIN)
		if err != nil {
			return nil, err
		}
		return scp.Diversified{Method: method, Master: master, Size: size}, nil
	}
	name, ok := strings.CutPrefix(reference, "file:")
	if !ok {
		return nil, fmt.Errorf("it is none of: %s", chipKeyHelp) // and may be a key: no error shows it
	}
	text, err := readSmall(Path(folder, name))
	if err != nil {
		return nil, err
	}
	defer clear(text)
	return parseChipKeys(string(text), method, size)
}

func fromBytes(master []byte, method scp.Diversification, size int) (perso.KeySource, error) {
	key, err := scp.NewMasterKey(master)
	if err != nil {
		return nil, err
	}
	return scp.Diversified{Method: method, Master: key, Size: size}, nil
}

func keyNames() []string { return []string{"ENC", "MAC", "DEK", "MASTER"} }

// parseChipKeys reads a file of keys: the lines ENC, MAC and DEK, the same for every chip, or one line MASTER, of which each
// chip's come. What stands in the place of a name is not repeated: it may be a key.
func parseChipKeys(text string, method scp.Diversification, size int) (perso.KeySource, error) {
	keys := map[string][]byte{}
	for i, line := range strings.Fields(text) {
		name, value, named := strings.Cut(line, "=")
		if !named || !slices.Contains(keyNames(), name) { // it may be a key: no error shows it
			return nil, fmt.Errorf("entry %d of the file is none of ENC=, MAC=, DEK= and MASTER=", i+1)
		}
		key, err := hex.DecodeString(value)
		if err != nil || len(key) != 16 && len(key) != 24 && len(key) != 32 || keys[name] != nil {
			return nil, fmt.Errorf("%s is not one key of 16, 24 or 32 bytes in hexadecimal", name)
		}
		keys[name] = key
	}
	master, three := keys["MASTER"], keys["ENC"] != nil && keys["MAC"] != nil && keys["DEK"] != nil
	switch {
	case len(keys) == 1 && master != nil:
		return fromBytes(master, method, size)
	case len(keys) != 3 || !three:
		return nil, errors.New("the file must have ENC=, MAC= and DEK=, or MASTER= alone")
	case method != "" && method != scp.DiversifyNone:
		return nil, fmt.Errorf("the profile diversifies by %s, which starts from one MASTER=", method)
	}
	return scp.StaticKeys{ENC: keys["ENC"], MAC: keys["MAC"], DEK: keys["DEK"]}, nil
}

// ChipID asks a chip for its own number, without any key. What this begins is not gone on with: reset the card after it.
func (d *Desk) ChipID(card Card) (string, error) {
	id, err := d.Chips.Profile.Identify(&apdu.Conn{Wire: card}, d.Rand)
	if err != nil {
		return "", CardError{err}
	}
	return id, nil
}
