package reader

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/regular"
)

// indexName is the file of a stored reading that says what the other files are.
const indexName = "reading.json"

// maxFile is the longest file that is taken from a stored reading, in bytes: more than a chip holds.
const maxFile = 1 << 20

// index is the content of reading.json.
type index struct {
	Format   string   `json:"format"` // always "cancuoc reading"
	Access   string   `json:"access"`
	How      string   `json:"how,omitempty"`
	Fallback string   `json:"fallback,omitempty"`
	Closed   []string `json:"closed,omitempty"`
	Proofs   Proofs   `json:"proofs,omitzero"`
}

const indexFormat = "cancuoc reading"

// ErrOtherReading is answered for a folder that holds the reading of another card.
var ErrOtherReading = errors.New("reader: the folder holds the reading of another card")

// Save stores a reading in a folder, each file under the standard's name, readable by nobody else. An earlier reading
// of the same card is replaced; a folder that holds another card's reading, or anything else, is refused.
func (r Reading) Save(folder string) error {
	if earlier, err := Load(folder); err == nil && !bytes.Equal(earlier.Files["EF.SOD"], r.Files["EF.SOD"]) {
		return fmt.Errorf("%w: %s", ErrOtherReading, folder)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("reader: %w", err)
	}
	if err := clear(folder); err != nil {
		return err
	}
	for name, content := range r.Files {
		if err := os.WriteFile(filepath.Join(folder, onDisk(name)), content, 0o600); err != nil {
			return fmt.Errorf("reader: save %s: %w", name, err)
		}
	}
	b, err := json.MarshalIndent(index{indexFormat, r.Access, r.How, r.Fallback, r.Closed, r.Proofs}, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, indexName), append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("reader: save the reading: %w", err)
	}
	return nil
}

// onDisk gives the name of a file in the folder: EF.ATR/INFO cannot be one.
func onDisk(name string) string { return strings.ReplaceAll(name, "/", "-") }

// offDisk undoes onDisk.
func offDisk(file string) string {
	if file == onDisk(atrInfoName) {
		return atrInfoName
	}
	return file
}

// clear removes an earlier reading from a folder.
func clear(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("reader: %w", err)
	}
	for _, e := range entries {
		if _, known := lds.ByName(offDisk(e.Name())); !known && e.Name() != indexName {
			return fmt.Errorf("reader: %s holds %q and is no folder of a reading: name another", folder, e.Name())
		}
	}
	for _, e := range entries {
		if err := os.Remove(filepath.Join(folder, e.Name())); err != nil {
			return fmt.Errorf("reader: %w", err)
		}
	}
	return nil
}

// Load reads a stored reading.
func Load(folder string) (Reading, error) {
	b, err := readBounded(filepath.Join(folder, indexName))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return Reading{}, fmt.Errorf("reader: %s is not a stored reading: it has no %s", folder, indexName)
	}
	if err != nil {
		return Reading{}, err
	}
	var i index
	if err := json.Unmarshal(b, &i); err != nil || i.Format != indexFormat {
		return Reading{}, fmt.Errorf("reader: %s is not the index of a reading", filepath.Join(folder, indexName))
	}
	r := Reading{Access: i.Access, How: i.How, Fallback: i.Fallback, Closed: i.Closed, Proofs: i.Proofs, Stored: true, Files: map[string][]byte{}}
	if r.How == "" && r.Access == "BAC" {
		r.How = howBAC // readings of version 1 said no more
	}
	for _, file := range lds.Catalogue() {
		content, err := readBounded(filepath.Join(folder, onDisk(file.Name)))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return Reading{}, err
		}
		r.Files[file.Name] = content
	}
	return r, nil
}

func readBounded(path string) ([]byte, error) {
	f, err := regular.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reader: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(b) > maxFile {
		err = fmt.Errorf("longer than %d bytes", maxFile)
	}
	if err != nil {
		return nil, fmt.Errorf("reader: %s: %w", path, err)
	}
	return b, nil
}
