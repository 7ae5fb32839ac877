package pki

import (
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cancuoc/cancuoc/card/regular"
)

const maxCertificateFile = 1 << 20

// WriteCertificate writes a certificate in PEM, never over a file that is there.
func WriteCertificate(path string, c Certificate) error {
	if len(c.Raw) == 0 {
		return fmt.Errorf("pki: there is no certificate to write")
	}
	return writeNew(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}), 0o644)
}

// WriteRevocationList writes a revocation list in PEM, never over a file that is there.
func WriteRevocationList(path string, l RevocationList) error {
	if len(l.Raw) == 0 {
		return fmt.Errorf("pki: there is no revocation list to write")
	}
	return writeNew(path, pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: l.Raw}), 0o644)
}

// ReadCertificates reads a file with one certificate in DER or any number in PEM, or all files of a folder whose
// names end in .cer, .crt, .der or .pem, in the order of their names. A file that is none of these is an error that
// names it.
func ReadCertificates(path string) ([]Certificate, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("pki: certificates: %w", err)
	}
	if !info.IsDir() {
		return readCertificateFile(path, readBounded)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, fmt.Errorf("pki: certificates: %w", err)
	}
	var all []Certificate
	for _, e := range entries {
		if e.IsDir() || !slices.Contains([]string{".cer", ".crt", ".der", ".pem"}, strings.ToLower(filepath.Ext(e.Name()))) {
			continue
		}
		found, err := readCertificateFile(filepath.Join(path, e.Name()), readRegular)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

func readCertificateFile(path string, read func(path string, max int64) ([]byte, error)) ([]Certificate, error) {
	text, err := read(path, maxCertificateFile)
	if err != nil {
		return nil, err
	}
	found, err := decodeCertificates(text)
	if err != nil {
		return nil, fmt.Errorf("%w (%s)", err, path)
	}
	return found, nil
}

func decodeCertificates(text []byte) ([]Certificate, error) {
	if len(text) > 0 && text[0] == 0x30 { // a SEQUENCE: DER
		c, err := ParseCertificate(text)
		return []Certificate{c}, err
	}
	var found []Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("pki: a file with a %s is no certificate file", strings.ToLower(block.Type))
		}
		c, err := ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		found = append(found, c)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("pki: there is no certificate, neither PEM nor DER")
	}
	return found, nil
}

// readBounded reads a file that must not be larger than max bytes.
func readBounded(path string, max int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("pki: %w", err)
	}
	defer f.Close()
	return readAll(f, max)
}

// readRegular does the same and opens regular files alone: whoever fills a folder could lay a pipe into it, on which a
// reader waits for ever.
func readRegular(path string, max int64) ([]byte, error) {
	f, err := regular.Open(path)
	if err != nil {
		return nil, fmt.Errorf("pki: %w", err)
	}
	defer f.Close()
	return readAll(f, max)
}

func readAll(f *os.File, max int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(f, max+1))
	if err != nil {
		return nil, fmt.Errorf("pki: %w", err)
	}
	if int64(len(text)) > max {
		return nil, fmt.Errorf("pki: %s is larger than %d bytes", f.Name(), max)
	}
	return text, nil
}

// writeNew writes a file that must not be there yet. It appears whole: whoever reads the folder meanwhile never finds half
// of it.
func writeNew(path string, text []byte, mode fs.FileMode) error {
	if _, err := os.Lstat(path); err == nil {
		return overwritten(path)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return fmt.Errorf("pki: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	for _, step := range []func() error{func() error { return f.Chmod(mode) }, f.Sync} {
		if err == nil {
			err = step()
		}
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Link(f.Name(), path) // fails where the name is taken
	}
	if errors.Is(err, fs.ErrExist) {
		return overwritten(path)
	}
	if err != nil {
		return fmt.Errorf("pki: %w", err)
	}
	return nil
}

func overwritten(path string) error {
	return fmt.Errorf("pki: %s is there already and is never overwritten: %w", path, fs.ErrExist)
}
