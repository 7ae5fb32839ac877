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
	"os/exec"
	"time"

	"github.com/cancuoc/cancuoc/card/regular"
)

// What a file of pictures may be at most.
const (
	mostPictureFile   = 64 << 20 // bytes
	mostPicturePixels = 40_000_000
	mostPDFPages      = 4
	mostPictureScans  = 100 // passes of a JPEG over its pixels: a few bytes ask for one more
	pdfPictureDPI     = "300"
	mostPDFSide       = "4961"    // pixels: 420 mm
	mostPDFDrawn      = 256 << 20 // bytes, for all pages
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
	}
	pictures := onePicture
	if bytes.HasPrefix(file, []byte("%PDF-")) {
		pictures = pdfPictures
	}
	all, err := pictures(ctx, file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return all, nil
}

func onePicture(_ context.Context, file []byte) ([]image.Image, error) {
	img, err := decodePicture(file)
	return []image.Image{img}, err
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
	if n := bytes.Count(file, []byte("\xff\xda")); bytes.HasPrefix(file, []byte("\xff\xd8")) && n > mostPictureScans {
		return nil, fmt.Errorf("a JPEG of %d scans; at most %d are looked at", n, mostPictureScans)
	}
	return decode(bytes.NewReader(file))
}

// pdfPictures has pdftoppm make pictures of a PDF's first pages. They pass through pipes: no file of a face is left behind,
// whenever this ends. Of a page that is larger than any sheet only the upper left corner is drawn, for a page may say that
// it is as large as a house.
func pdfPictures(ctx context.Context, file []byte) (all []image.Image, err error) {
	program, err := exec.LookPath("pdftoppm")
	if err != nil {
		return nil, errors.New("to look at a PDF, pdftoppm is wanted (apt-get install poppler-utils); or give pictures")
	}
	ctx, stop := context.WithTimeout(ctx, pdfPatience)
	defer stop()
	cmd := exec.CommandContext(ctx, program, "-r", pdfPictureDPI, "-l", fmt.Sprint(mostPDFPages), "-png",
		"-x", "0", "-y", "0", "-W", mostPDFSide, "-H", mostPDFSide, "-")
	cmd.Stdin = bytes.NewReader(file)
	drawn, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, err
	}
	pages, readErr := io.ReadAll(io.LimitReader(drawn, mostPDFDrawn+1))
	if len(pages) > mostPDFDrawn {
		stop()
	}
	if err := errors.Join(readErr, cmd.Wait()); err != nil {
		return nil, errors.New("pdftoppm cannot read it, or draws more than a card")
	}
	const begin = "\x89PNG\r\n\x1a\n" // PNG, third edition, section 5.2
	for page := range bytes.SplitSeq(pages, []byte(begin)) {
		if len(page) == 0 {
			continue
		}
		img, err := decodePicture(append([]byte(begin), page...))
		if err != nil {
			return nil, err
		}
		all = append(all, img)
	}
	return all, nil
}
