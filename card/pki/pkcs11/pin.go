package pkcs11

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"

	"github.com/cancuoc/cancuoc/card/regular"
)

// PIN gives the PIN of the token's user when a token wants it, for example by asking a person. [Open] wipes what it is
// given.
type PIN func() ([]byte, error)

const maxPIN = 256

// PINFile reads the PIN from a file: all of it but for one end of line. A file that everybody may read is declined.
func PINFile(path string) PIN {
	return func() ([]byte, error) {
		f, err := regular.Open(path)
		if err != nil {
			return nil, fmt.Errorf("pkcs11: the PIN file: %w", err)
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return nil, fmt.Errorf("pkcs11: the PIN file: %w", err)
		}
		if info.Mode().Perm()&0o007 != 0 {
			return nil, fmt.Errorf("pkcs11: everybody may use the PIN file: chmod 600 %s", path)
		}
		text, err := io.ReadAll(io.LimitReader(f, maxPIN+3))
		if err != nil {
			return nil, fmt.Errorf("pkcs11: the PIN file: %w", err)
		}
		text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
		if len(text) == 0 || len(text) > maxPIN {
			return nil, fmt.Errorf("pkcs11: the PIN file %s holds no PIN", path)
		}
		return text, nil
	}
}

// pin gives the PIN: from the file that the URI names, else from the caller.
func (u URI) pin(ask PIN) (secret, error) {
	if u.pinFile != "" {
		ask = PINFile(u.pinFile)
	}
	if ask == nil {
		return nil, ErrNoPIN
	}
	pin, err := ask()
	if err != nil {
		return nil, err
	}
	if len(pin) == 0 || len(pin) > maxPIN || bytes.IndexByte(pin, 0) >= 0 {
		clear(pin)
		return nil, ErrNoPIN
	}
	return keep(pin), nil
}

// secret is a PIN, nil for none. It does not print: package fmt calls no method of an unexported field, but looks through
// structs, slices and even pointers, so that the PIN is kept in a closure.
type secret func() []byte

func keep(pin []byte) secret { return func() []byte { return pin } }

func (s secret) equal(other secret) bool {
	a, b := sha256.Sum256(s()), sha256.Sum256(other())
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// wipe forgets the PIN, if there is one.
func (s secret) wipe() {
	if s != nil {
		clear(s())
	}
}

func (secret) Format(w fmt.State, _ rune) { io.WriteString(w, "[secret]") }
func (secret) LogValue() slog.Value       { return slog.StringValue("[secret]") }
