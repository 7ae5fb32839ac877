// Package regular opens regular files and nothing else, and writes files whole or not at all. A path that comes from a record, a card reference or a stored
// reading may name a pipe or a device, on which an ordinary open or read waits for ever.
package regular

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// Open opens a regular file for reading.
func Open(path string) (*os.File, error) {
	return check(os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0))
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
