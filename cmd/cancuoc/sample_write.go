package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cancuoc/cancuoc/card/regular"
	"github.com/cancuoc/cancuoc/layout"
	"github.com/cancuoc/cancuoc/layout/pdf"
)

// cardsInFile is how many cards one PDF has at most: so many are in memory at once.
const cardsInFile = 100

// recordsName is the file of records in their folder.
const recordsName = "records.jsonl"

// pdfName names file number i, from 0.
func (o sampleOptions) pdfName(i int) string {
	count := (o.n + cardsInFile - 1) / cardsInFile
	number := fmt.Sprintf("-%0*d", max(3, len(fmt.Sprint(count))), i+1)
	if o.folder() {
		return filepath.Join(o.out, "sample"+number+".pdf")
	}
	if count == 1 {
		return o.out
	}
	ending := filepath.Ext(o.out)
	return strings.TrimSuffix(o.out, ending) + number + ending
}

// mayWrite refuses to overwrite files of faces and records, before anything is drawn.
func (s *sampling) mayWrite() error {
	for i := 0; s.opts.out != "" && i*cardsInFile < s.opts.n; i++ {
		if err := s.isFree(s.opts.pdfName(i)); err != nil {
			return err
		}
	}
	if s.opts.records == "" {
		return nil
	}
	return s.isFree(filepath.Join(s.opts.records, recordsName))
}

func (s *sampling) isFree(path string) error {
	if s.opts.force {
		return nil
	}
	switch _, err := os.Lstat(path); {
	case err == nil:
		return withCode(exitInput, fmt.Errorf("%s is there already: --force overwrites it", path))
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return nil
}

// run writes everything. The file of records is there once all images are that it names.
func (s *sampling) run(ctx context.Context) error {
	if s.opts.out != "" && s.opts.folder() {
		if err := os.MkdirAll(s.opts.out, 0o700); err != nil {
			return err
		}
	}
	if s.opts.records == "" {
		return s.batches(ctx)
	}
	if err := os.MkdirAll(s.opts.records, 0o700); err != nil {
		return err
	}
	s.result.Records = filepath.Join(s.opts.records, recordsName)
	var failed error
	err := regular.WriteFile(s.result.Records, func(w io.Writer) error {
		lines := bufio.NewWriter(w)
		s.lines = lines
		if failed = s.batches(ctx); failed != nil {
			return failed
		}
		return lines.Flush()
	})
	if failed != nil {
		return failed
	}
	return err
}

// batches invents, draws and writes the citizens of one PDF after another.
func (s *sampling) batches(ctx context.Context) error {
	for s.done < s.opts.n {
		first := s.done
		some, err := s.invent(min(cardsInFile, s.opts.n-first))
		if err != nil {
			return err
		}
		var cards []layout.Faces
		for one := range inOrder(some, s.draw) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err := s.keep(one); err != nil {
				return err
			}
			cards = append(cards, one.faces)
		}
		if s.opts.out == "" {
			continue
		}
		if err := s.writePDF(first, cards); err != nil {
			return err
		}
	}
	return nil
}

// keep writes record and images of one citizen.
func (s *sampling) keep(one drawn) error {
	s.done++
	if one.err != nil {
		return withCode(exitInput, fmt.Errorf("citizen %d of seed %d: %w", s.done, s.opts.seed, one.err))
	}
	for _, name := range slices.Sorted(maps.Keys(one.images)) {
		path := filepath.Join(s.opts.records, name)
		if err := s.isFree(path); err != nil {
			return err
		}
		if err := regular.WriteFile(path, writing(one.images[name])); err != nil {
			return err
		}
	}
	if s.desk.showsProgress() && s.done%20 == 0 {
		fmt.Fprintf(s.desk.err, "\rdrawn %d of %d", s.done, s.opts.n)
	}
	if one.record == nil {
		return nil
	}
	return writing(append(one.record, '\n'))(s.lines)
}

// writing gives a function that writes some bytes.
func writing(b []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	}
}

// writePDF writes the faces of one file.
func (s *sampling) writePDF(first int, cards []layout.Faces) error {
	pages, err := s.opts.pages(cards)
	if err != nil {
		return err
	}
	name := s.opts.pdfName(first / cardsInFile)
	if err := regular.WriteFile(name, func(w io.Writer) error { return pdf.Write(w, pages...) }); err != nil {
		return err
	}
	s.result.Files = append(s.result.Files, sampleFile{name, first + 1, len(cards), len(pages)})
	return nil
}

// pages gives the faces one by one, or on sheets behind an alignment page.
func (o sampleOptions) pages(cards []layout.Faces) (pages []layout.Face, err error) {
	if o.sheet == "" {
		for _, c := range cards {
			pages = append(pages, c.Front, c.Back)
		}
		return pages, nil
	}
	for _, side := range []layout.Side{layout.Front, layout.Back} {
		page, err := layout.Alignment(layout.A4(), side)
		if err != nil {
			return nil, err
		}
		pages = append(pages, page)
	}
	sheets, err := layout.Sheets(cards, layout.A4())
	return append(pages, sheets...), err
}
