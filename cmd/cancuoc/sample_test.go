package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// An interrupted run leaves whole files alone: no file of records, no PDF that is half written, and the exit code says
// what became of it.
func TestInterruptedSampleLeavesWholeFiles(t *testing.T) {
	folder := t.TempDir()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	go func() {
		for ctx.Err() == nil {
			if _, err := os.Stat(filepath.Join(folder, "faces", "sample-001.pdf")); err == nil {
				interrupt()
			}
			time.Sleep(time.Millisecond)
		}
	}()
	var out, errs bytes.Buffer
	args := []string{"sample", "-n", "50000", "-o", filepath.Join(folder, "faces") + "/", "--records", filepath.Join(folder, "records")}
	code := run(ctx, args, streams{strings.NewReader(""), &out, &errs})
	if code != exitInterrupted || out.Len() > 0 || !strings.Contains(errs.String(), "--force begins anew") {
		t.Errorf("exit code %d\n%s%s", code, out.String(), errs.String())
	}
	for _, pattern := range []string{"*/.*", "records/records.jsonl"} {
		if found, err := filepath.Glob(filepath.Join(folder, pattern)); err != nil || len(found) > 0 {
			t.Errorf("%v is left, %v", found, err)
		}
	}
	pdfs, err := filepath.Glob(filepath.Join(folder, "faces", "*.pdf"))
	if err != nil || len(pdfs) == 0 || len(pdfs) > 3 {
		t.Errorf("%v, %v", pdfs, err)
	}
	for _, name := range pdfs {
		if file, err := os.ReadFile(name); err != nil || !bytes.HasSuffix(bytes.TrimSpace(file), []byte("%%EOF")) {
			t.Errorf("%s is not whole, %v", name, err)
		}
	}
}

func TestNamesOfSamples(t *testing.T) {
	folder := t.TempDir()
	for _, c := range []struct {
		out  string
		n, i int
		want string
	}{
		{"cards.pdf", 100, 0, "cards.pdf"},
		{"cards.pdf", 101, 1, "cards-002.pdf"},
		{"a.b/Cards.PDF", 1000, 9, "a.b/Cards-010.PDF"},
		{"cards.pdf", 100_000, 999, "cards-1000.pdf"},
		{"cards.pdf", 100_000, 0, "cards-0001.pdf"},
		{"new/", 1, 0, "new/sample-001.pdf"},
		{folder, 1, 0, folder + "/sample-001.pdf"},
	} {
		if got := (sampleOptions{out: c.out, n: c.n}).pdfName(c.i); got != c.want {
			t.Errorf("%s, file %d of %d cards: %s, want %s", c.out, c.i, c.n, got, c.want)
		}
	}
}
