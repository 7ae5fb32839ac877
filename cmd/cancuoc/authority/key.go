package authority

import (
	"crypto"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/pki/pkcs11"
)

// What can be wrong with a reference to a key.
var (
	ErrReference = errors.New("authority: a key is named file:PATH or by a PKCS #11 URI, pkcs11:token=LABEL;object=NAME")
	ErrPlainKey  = errors.New("authority: the key file of an authority that is no specimen is not encrypted")
	ErrNoKey     = errors.New("authority: there is no such key file")
	ErrKeyTaken  = errors.New("authority: the key has a certificate already, and each signer a key of its own")
	ErrOtherKey  = errors.New("authority: the key is not that of the certificate")
)

// Keys opens private keys by reference: file:PATH, a PKCS #8 file, or pkcs11:..., a key on a token (RFC 7512). It prints as a
// secret.
type Keys struct {
	Folder     string     // where a relative PATH begins
	Passphrase []byte     // of key files; nil: none
	PIN        pkcs11.PIN // of tokens whose URI names no file for it; nil: none
}

// String hides the passphrase.
func (Keys) String() string { return "[secret]" }

// GoString hides the passphrase.
func (Keys) GoString() string { return "[secret]" }

// checkReference refuses what is no URI of a key before it is shown or kept: it may hold a PIN.
func checkReference(ref string) error {
	if !strings.HasPrefix(ref, "pkcs11:") {
		return nil
	}
	_, err := pkcs11.ParseURI(ref)
	return err
}

// Open gives the key that a reference names. One on a token is an io.Closer too.
func (k Keys) Open(ref string) (crypto.Signer, error) {
	if strings.HasPrefix(ref, "pkcs11:") {
		key, err := pkcs11.Open(ref, k.PIN)
		if err != nil {
			return nil, err
		}
		return key, nil
	}
	path, err := k.path(ref)
	if err != nil {
		return nil, err
	}
	key, err := pki.ReadKey(path, k.Passphrase)
	return key, missing(path, err)
}

// missing tells of a key file that is not there.
func missing(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s", ErrNoKey, path)
	}
	return err
}

// sealed refuses a key file that is not encrypted.
func sealed(path string) error {
	yes, err := pki.KeySealed(path)
	if err != nil {
		return missing(path, err)
	}
	if !yes {
		return fmt.Errorf("%w: %s (openssl pkcs8 -topk8 -v2prf hmacWithSHA256 encrypts it)", ErrPlainKey, path)
	}
	return nil
}

// OpenFor gives the key of a certificate: it must be the one, and a file of it encrypted unless it is a specimen's.
func (k Keys) OpenFor(c pki.Certificate, ref string) (crypto.Signer, error) {
	if path, err := k.path(ref); err == nil && !c.Specimen() {
		if err := sealed(path); err != nil {
			return nil, err
		}
	}
	key, err := k.Open(ref)
	if err != nil {
		return nil, err
	}
	if !c.Holds(key) {
		closeKey(key)
		return nil, fmt.Errorf("%w: %s, %s", ErrOtherKey, ref, c.Subject)
	}
	return key, nil
}

// Make draws a key of a kind into the file that the reference names, or opens it where it is already; a key on a token must
// be there. plain allows a file without a passphrase.
func (k Keys) Make(rand io.Reader, ref, kind string, plain bool) (crypto.Signer, error) {
	path, err := k.path(ref)
	if err != nil && strings.HasPrefix(ref, "pkcs11:") {
		return k.Open(ref)
	}
	if err != nil {
		return nil, err
	}
	if len(k.Passphrase) == 0 && !plain {
		return nil, fmt.Errorf("%w: %s would be; give a passphrase", ErrPlainKey, path)
	}
	if _, err := os.Lstat(path); err == nil {
		if err := sealed(path); err != nil && !plain {
			return nil, err
		}
		return k.Open(ref)
	}
	key, err := pki.GenerateKey(kind, rand)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("authority: %w", err)
	}
	return key, pki.WriteKey(path, key, k.Passphrase)
}

// path gives the file of a reference to one.
func (k Keys) path(ref string) (string, error) {
	path, isFile := strings.CutPrefix(ref, "file:")
	switch {
	case !isFile || path == "":
		return "", ErrReference // not repeated: it may hold a PIN
	case filepath.IsAbs(path):
		return path, nil
	}
	return filepath.Join(k.Folder, path), nil
}

func closeKey(key crypto.Signer) {
	if c, ok := key.(io.Closer); ok {
		c.Close()
	}
}
