package regular

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// WriteFile writes a file, readable by its owner alone, that is there whole or not at all and has reached the disk
// when this returns. What a killed process leaves has always the same name and is overwritten by the next.
func WriteFile(path string, write func(io.Writer) error) error {
	next := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
	f, err := os.OpenFile(next, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(next, path)
	}
	if err == nil {
		err = SyncFolder(filepath.Dir(path))
	}
	if err != nil {
		os.Remove(next)
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// SyncFolder brings a folder's names to the disk: without it a power cut may lose a file that was just renamed.
func SyncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
