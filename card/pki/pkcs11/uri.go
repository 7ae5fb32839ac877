package pkcs11

import (
	"encoding/hex"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// URI names a key on a token (RFC 7512). It holds no secret.
type URI struct {
	path       map[string]string // attributes of the key and of its token, decoded
	modulePath string
	moduleName string
	pinFile    string
}

// maxURI bounds what is read; no key needs as much.
const maxURI = 4096

// pathAttributes are those that a key is found by.
var pathAttributes = []string{"token", "serial", "manufacturer", "model", "object", "id", "type"}

// ParseURI reads a URI without looking for what it names. What is not exactly a URI of RFC 7512, and what cannot name
// a signing key, is [ErrURI].
//
// An attribute of the path that is not known here names nothing (section 2.4), so it is an error; one of the query is
// passed over. Two are declined on purpose: slot-id, since slots are counted anew when the machine starts, and
// pin-value, in whatever spelling, since a URI stands in the list of processes for everyone to read.
func ParseURI(text string) (URI, error) { return parseURI(text, "private") }

// parseURI reads the URI of a key of this type: private or secret-key.
func parseURI(text, kind string) (URI, error) {
	u := URI{path: map[string]string{}}
	rest, found := strings.CutPrefix(text, "pkcs11:")
	if !found {
		return URI{}, fmt.Errorf("%w: it does not begin with the scheme pkcs11", ErrURI)
	}
	if len(text) > maxURI {
		return URI{}, fmt.Errorf("%w: it is longer than %d bytes", ErrURI, maxURI)
	}
	if slices.ContainsFunc(strings.FieldsFunc(rest, separates), holdsPIN) {
		return URI{}, fmt.Errorf("%w: pin-value would show the PIN in the list of processes: put it in a file and name that, pin-source=file:PATH", ErrURI)
	}
	path, query, asked := strings.Cut(rest, "?")
	if err := u.parsePath(path, kind); err != nil {
		return URI{}, fmt.Errorf("%w: %w", ErrURI, err)
	}
	if !asked {
		return u, nil
	}
	if err := u.parseQuery(query); err != nil {
		return URI{}, fmt.Errorf("%w: %w", ErrURI, err)
	}
	return u, nil
}

func (u *URI) parsePath(path, kind string) error {
	if path == "" {
		return nil
	}
	for part := range strings.SplitSeq(path, ";") {
		name, value, err := attribute(part, "&")
		if err != nil {
			return err
		}
		if _, twice := u.path[name]; twice {
			return fmt.Errorf("%s is given twice", name)
		}
		switch {
		case name == "slot-id":
			return fmt.Errorf("slot-id is not read, since slots are counted anew: name the token by its label, token=LABEL")
		case !slices.Contains(pathAttributes, name):
			return fmt.Errorf("nothing is found by %s here, only by %s", name, strings.Join(pathAttributes, ", "))
		case name == "type" && value != kind:
			return fmt.Errorf("type=%s is no key for this: type=%s is", value, kind)
		case name != "id" && !utf8.ValidString(value):
			return fmt.Errorf("%s is not UTF-8", name)
		}
		u.path[name] = value
	}
	return nil
}

func (u *URI) parseQuery(query string) error {
	seen := map[string]bool{}
	for part := range strings.SplitSeq(query, "&") {
		name, value, err := attribute(part, "/?|")
		if err != nil {
			return err
		}
		switch name {
		case "pin-source":
			u.pinFile, err = pinPath(value)
		case "module-path":
			u.modulePath = value
			if !filepath.IsAbs(value) || strings.ContainsRune(value, 0) {
				err = fmt.Errorf("module-path=%s is not an absolute path", value)
			}
		case "module-name":
			u.moduleName = value
			if value == "" || strings.Trim(value, letters+digits+"-_+.") != "" || value[0] == '.' {
				err = fmt.Errorf("module-name=%s is not the name of a module: name its file with module-path", value)
			}
		default:
			continue
		}
		if err != nil {
			return err
		}
		if seen[name] {
			return fmt.Errorf("%s is given twice", name)
		}
		seen[name] = true
	}
	if seen["module-path"] && seen["module-name"] {
		return fmt.Errorf("module-path and module-name are both given")
	}
	return nil
}

// pinPath reads the value of pin-source: file:/path, file:///path or a path.
func pinPath(source string) (string, error) {
	path, scheme := strings.CutPrefix(source, "file:")
	if scheme {
		path = strings.TrimPrefix(path, "//")
	}
	if !filepath.IsAbs(path) || strings.ContainsRune(path, 0) {
		return "", fmt.Errorf("pin-source is read from a file with an absolute path, as in pin-source=file:/run/secrets/pin")
	}
	return path, nil
}

const (
	letters  = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits   = "0123456789"
	names    = letters + digits + "-_"
	unquoted = letters + digits + "-._~" + ":[]@!$'()*+,="
)

// separates tells whether a character may stand between attributes, or be meant to.
func separates(r rune) bool { return strings.ContainsRune(";?&|", r) }

// holdsPIN tells whether a part of a URI is meant as pin-value, however it is spelt.
func holdsPIN(part string) bool {
	name, _, _ := strings.Cut(part, "=")
	if decoded, err := url.PathUnescape(name); err == nil {
		name = decoded
	}
	bare := strings.Map(func(r rune) rune {
		if strings.ContainsRune(letters, r) {
			return r
		}
		return -1
	}, name)
	return strings.HasPrefix(strings.ToLower(bare), "pinvalue")
}

// attribute reads name=value; values may hold what stands for itself everywhere and the given characters, and all else
// percent-encoded (RFC 7512, section 2.3). A part that is no attribute is not repeated in the error: it may hold a PIN.
func attribute(part, besides string) (name, value string, err error) {
	name, coded, found := strings.Cut(part, "=")
	if !found || name == "" || strings.Trim(name, names) != "" {
		return "", "", fmt.Errorf("a part of it is no attribute, name=value")
	}
	var decoded strings.Builder
	for i := 0; i < len(coded); i++ {
		c := coded[i]
		if c == '%' {
			b, err := hex.DecodeString(coded[i+1 : min(i+3, len(coded))])
			if err != nil || len(b) != 1 {
				return name, "", fmt.Errorf("%s has a %% that two hexadecimal digits do not follow", name)
			}
			decoded.WriteByte(b[0])
			i += 2
			continue
		}
		if strings.IndexByte(unquoted, c) < 0 && strings.IndexByte(besides, c) < 0 {
			return name, "", fmt.Errorf("%s holds %q, which must be percent-encoded as %%%02X", name, c, c)
		}
		decoded.WriteByte(c)
	}
	return name, decoded.String(), nil
}

// String gives the part of the URI that names the key, for messages: without module and PIN file.
func (u URI) String() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(u.path)) {
		parts = append(parts, name+"="+encode(name, u.path[name]))
	}
	return "pkcs11:" + strings.Join(parts, ";")
}

// encode writes a value of an attribute; that of id is bytes and not text.
func encode(name, value string) string {
	var coded strings.Builder
	for i := 0; i < len(value); i++ {
		if name == "id" || strings.IndexByte(unquoted, value[i]) < 0 {
			fmt.Fprintf(&coded, "%%%02X", value[i])
		} else {
			coded.WriteByte(value[i])
		}
	}
	return coded.String()
}
