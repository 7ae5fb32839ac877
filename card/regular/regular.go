// Package regular opens regular files and nothing else, and writes files whole or not at all. A path that comes from a record, a card reference or a stored
// reading may name a pipe or a device, on which an ordinary open or read waits for ever.
package regular

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// Open opens a regular file for reading.
func Open(path string) (*os.File, error) {
	return check(os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0))
}

// ErrLong is answered for a file that has more bytes than it may.
var ErrLong = errors.New("longer")

// ReadFile reads a regular file that has at most so many bytes; one with more is [ErrLong].
func ReadFile(path string, most int64) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(b)) > most {
		err = fmt.Errorf("%s is %w than %d bytes", path, ErrLong, most)
	}
	if err != nil {
		return nil, err
	}
	return b, nil
}

// OpenIn opens a regular file below a folder for reading. A path that leaves the folder, by its words or by a
// symbolic link, is an error.
func OpenIn(folder, path string) (*os.File, error) {
	if !filepath.IsLocal(path) {
		return nil, fmt.Errorf("%q leads out of the folder %q", path, folder)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return check(root.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0))
}

func check(f *os.File, err error) (*os.File, error) {
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%q is not a regular file", f.Name())
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
