package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/cancuoc/cancuoc/card/regular"
)

// What a file of pictures may be at most.
const (
	mostPictureFile   = 64 << 20 // bytes
	mostPicturePixels = 40_000_000
	mostPDFPages      = 4
	pdfPictureDPI     = "300"
	pdfPatience       = time.Minute
)

// facePictures gives the pictures in a file: a PNG, a JPEG, or the first pages of a PDF.
func facePictures(ctx context.Context, path string) ([]image.Image, error) {
	f, err := regular.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	file, err := io.ReadAll(io.LimitReader(f, mostPictureFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(file) > mostPictureFile:
		return nil, fmt.Errorf("%s: more than %d MB", path, mostPictureFile>>20)
	case bytes.HasPrefix(file, []byte("%PDF-")):
		return pdfPictures(ctx, path)
	}
	img, err := decodePicture(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return []image.Image{img}, nil
}

// decodePicture decodes a PNG or JPEG whose header says that it is not too large.
func decodePicture(file []byte) (image.Image, error) {
	header, decode := png.DecodeConfig, png.Decode
	if bytes.HasPrefix(file, []byte("\xff\xd8")) {
		header, decode = jpeg.DecodeConfig, jpeg.Decode
	} else if !bytes.HasPrefix(file, []byte("\x89PNG")) {
		return nil, errors.New("not a PNG, JPEG or PDF")
	}
	size, err := header(bytes.NewReader(file))
	if err == nil && size.Width*size.Height > mostPicturePixels {
		return nil, fmt.Errorf("%d x %d pixels; at most %d million are looked at", size.Width, size.Height, mostPicturePixels/1_000_000)
	}
	if err != nil {
		return nil, err
	}
	return decode(bytes.NewReader(file))
}

// pdfPictures has pdftoppm make pictures of a PDF's first pages.
func pdfPictures(ctx context.Context, path string) (all []image.Image, err error) {
	program, err := exec.LookPath("pdftoppm")
	if err != nil {
		return nil, fmt.Errorf("%s: to look at a PDF, pdftoppm is wanted (apt-get install poppler-utils); or give pictures", path)
	}
	folder, err := os.MkdirTemp("", "cancuoc-faces-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	ctx, stop := context.WithTimeout(ctx, pdfPatience)
	defer stop()
	path, err = filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program, "-r", pdfPictureDPI, "-l", fmt.Sprint(mostPDFPages), "-png", path, filepath.Join(folder, "page"))
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: pdftoppm cannot read it", filepath.Base(path))
	}
	pages, err := filepath.Glob(filepath.Join(folder, "page*.png"))
	if err != nil {
		return nil, err
	}
	slices.Sort(pages)
	for _, page := range pages {
		file, err := os.ReadFile(page)
		if err != nil {
			return nil, err
		}
		img, err := decodePicture(file)
		if err != nil {
			return nil, err
		}
		all = append(all, img)
	}
	return all, nil
}
