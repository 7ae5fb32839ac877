package cvca

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/pki/cvc"
	"github.com/cancuoc/cancuoc/card/regular"
)

// readSmall reads a file of at most the size that certificates and requests may have.
func readSmall(path string) ([]byte, error) {
	b, err := regular.ReadFile(path, cvc.MaxSize)
	switch {
	case errors.Is(err, regular.ErrLong):
		return nil, fmt.Errorf("%w: %s has more than %d bytes", cvc.ErrFormat, path, cvc.MaxSize)
	case err != nil:
		return nil, fmt.Errorf("cvca: %w", err)
	}
	return b, nil
}

// writeFile replaces a file, whole or not at all.
func writeFile(path string, b []byte) error {
	return regular.WriteFile(path, func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}

// writeNew writes a file that is not there yet.
func writeNew(path string, b []byte) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cvca: %s is there already and is never overwritten: %w", path, fs.ErrExist)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("cvca: %w", err)
	}
	return writeFile(path, b)
}

// copyOnce copies a file to a name that nothing has yet.
func (f *Folder) copyOnce(from, to string) error {
	if _, err := os.Lstat(f.path(to)); err == nil {
		return nil
	}
	return f.copy(from, to)
}

// copy copies a small file, a key too; the switch is the rename at its end.
func (f *Folder) copy(from, to string) error {
	b, err := readSmall(f.path(from))
	if err != nil {
		return err
	}
	defer clear(b)
	return writeFile(f.path(to), b)
}

// keepReference writes down where the key of a certificate is, if it is not in the file beside it.
func (f *Folder) keepReference(stem, ref string) error {
	if ref == "file:"+stem+".key" {
		return nil
	}
	return writeFile(f.path(stem+".uri"), []byte(ref+"\n"))
}

// sealed makes sure that the key file of one that is no specimen is encrypted.
func (f *Folder) sealed(ref, holder string) error {
	path, isFile := filePath(ref)
	if !isFile || cvc.IsSpecimen(holder) {
		return nil
	}
	if !filepath.IsAbs(path) {
		path = f.path(path)
	}
	sealed, err := pki.KeySealed(path)
	if err != nil {
		return err
	}
	if !sealed {
		return fmt.Errorf("%w: %s", ErrPlainKey, path)
	}
	return nil
}

// use is one line of the history.
type use struct {
	At        time.Time `json:"at"`
	What      string    `json:"what"`
	Holder    string    `json:"holder"`
	Authority string    `json:"authority"`
	Until     string    `json:"until"`
}

// remember writes a line of history, on the disk when it returns: before what was signed is handed out.
func (f *Folder) remember(what string, c *cvc.Certificate) error {
	line, err := json.Marshal(use{time.Now().UTC(), what, c.Holder, c.Authority, c.Expiration.String()})
	if err != nil {
		return err
	}
	if err := regular.AppendLine(f.path("history.jsonl"), line); err != nil {
		return fmt.Errorf("cvca: %w", err)
	}
	return nil
}
