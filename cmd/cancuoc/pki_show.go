package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/regular"
)

type pkiShowOptions struct {
	paths []string
}

func newPKIShowCommand(d *desk) *cobra.Command {
	return &cobra.Command{
		Use: "show FILE|DIR...", Short: "Show certificates, revocation lists and master lists", Args: cobra.MinimumNArgs(1),
		Long: `Show what files of an infrastructure hold, told by their content: certificates and revocation lists in DER or PEM, master
lists, LDIF exports, and card verifiable certificates one after another. FILE may be - for standard input.

Nothing is verified but whether the key of an authority has signed its own certificate, which tells a root from a link. Of a
folder a table is shown: what --trust DIR would take each entry for (anchor, link, signer, revocation list, master list,
none and why), and a master list in it is judged for that. A master list is summed up: "cancuoc pki masterlist show" lists
all of it. What cannot be read is shown with its reason, with exit code 3.`,
		Example: `  cancuoc pki show csca.cer
  cancuoc pki show station/authority/trust
  cancuoc pki show export.ldif --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runPKIShow(cmd.Context(), d, pkiShowOptions{paths: args})
		},
	}
}

func runPKIShow(_ context.Context, d *desk, opts pkiShowOptions) error {
	all := []shownEntry{}
	var text []func(w io.Writer)
	for _, path := range opts.paths {
		entries, folder, err := d.pkiEntries(path)
		if err != nil {
			return err
		}
		all = append(all, entries...)
		write := writePKIEntries
		if folder {
			write = writePKITable
		}
		text = append(text, func(w io.Writer) { write(w, entries) })
	}
	if err := d.print(all, func(w io.Writer) { separated(w, text) }); err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(e shownEntry) bool { return e.unread }) {
		return silent(exitInput)
	}
	return nil
}

// separated writes parts with an empty line between them.
func separated(w io.Writer, parts []func(w io.Writer)) {
	for i, write := range parts {
		if i > 0 {
			fmt.Fprintln(w)
		}
		write(w)
	}
}

// pkiEntries reads a file, or a folder with the judgement on its entries.
func (d *desk) pkiEntries(path string) (all []shownEntry, folder bool, err error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		all, err := folderEntries(path)
		return all, true, withCode(exitInput, err)
	}
	content, err := d.pkiFile(path)
	if err != nil {
		return nil, false, err
	}
	return fileEntries(path, content), false, nil
}

func fileEntries(path string, content []byte) []shownEntry {
	if isCVC(content) {
		return cvcEntries(path, content)
	}
	var all []shownEntry
	for _, s := range pki.ParseSources(path, content) {
		all = append(all, showSource(s))
	}
	return all
}

// folderEntries gives what stands in a folder of trust, and the card verifiable certificates beside it.
func folderEntries(path string) ([]shownEntry, error) {
	_, sources, err := pki.ReadTrust(path, time.Now())
	if err != nil {
		return nil, err
	}
	all := []shownEntry{}
	for _, s := range sources {
		all = append(all, showSource(s))
	}
	files, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if f.IsDir() || !strings.EqualFold(filepath.Ext(f.Name()), ".cvcert") {
			continue
		}
		name := filepath.Join(path, f.Name())
		content, err := readPKIFile(name)
		if err != nil {
			all = append(all, shownEntry{File: name, Error: plain(err.Error()), unread: true})
			continue
		}
		all = append(all, cvcEntries(name, content)...)
	}
	return all, nil
}

// pkiFile reads a file, or "-" for standard input.
func (d *desk) pkiFile(path string) ([]byte, error) {
	if path != "-" {
		content, err := readPKIFile(path)
		return content, withCode(exitInput, err)
	}
	content, err := readPKI(d.stdin, path)
	if errors.Is(err, context.Canceled) {
		return nil, err
	}
	return content, withCode(exitInput, err)
}

func readPKIFile(path string) ([]byte, error) {
	f, err := regular.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readPKI(f, path)
}

// readPKI reads as much as an export of all states may have.
func readPKI(r io.Reader, name string) ([]byte, error) {
	const most = 64 << 20
	content, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && len(content) > most {
		err = fmt.Errorf("%s: longer than %d bytes", name, most)
	}
	return content, err
}
