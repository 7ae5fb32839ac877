package card

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"

	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/perso"
)

// The certificate of identity (giấy chứng nhận căn cước) is paper, for people of Vietnamese origin whose nationality is
// undetermined: Law 26/2023/QH15, article 30, and Circular 16/2024/TT-BCA, article 7. It has no chip and no machine
// readable zone. What its office signs stays at the office.

// ErrNoMRZ says that documents of this form have no machine readable zone.
var ErrNoMRZ = errors.New("card: this form has no machine readable zone")

var errNoChip = errors.New("card: this form has no chip")

// OnPaper tells whether the document is a certificate on paper, without a chip.
func (d Document) OnPaper() bool {
	form, err := FormNamed(d.Form)
	return err == nil && !form.Chip
}

// ValidFor gives a certificate that has no date of expiry one so many years after its issue; 0 leaves it as it is. On
// cards it has no effect: their validity is the law's.
func (d Document) ValidFor(years int) Document {
	if d.OnPaper() && d.DateOfExpiry.IsZero() && !d.DateOfIssue.IsZero() && years > 0 {
		d.DateOfExpiry = d.DateOfIssue.AddYears(years)
	}
	return d
}

// checkNoChip refuses what only a chip could have.
func (d Document) checkNoChip() error {
	var faults []error
	for _, f := range []struct{ name, value string }{{"profile", d.Profile}, {"can", d.CAN}, {"chip_serial", d.ChipSerial}} {
		if f.value != "" {
			faults = append(faults, fmt.Errorf("%s: form %s has no chip", f.name, d.Form))
		}
	}
	return errors.Join(faults...)
}

// PrintedFingers gives the images of the index fingers that a certificate prints, as JPEG in grey by the finger's name
// ("left-index", "right-index"), out of an order's EF.DG3; nothing where it has none. Other fingers are left out. An image
// that is neither PNG nor JPEG is an error: it cannot be drawn.
func PrintedFingers(dg3 []byte) (map[string][]byte, error) {
	if len(dg3) == 0 {
		return nil, nil
	}
	content, err := lds.ParseDG3(dg3)
	if err != nil {
		return nil, err
	}
	printed := map[string][]byte{}
	for _, f := range content.Fingers {
		if f.Position != lds.LeftIndex && f.Position != lds.RightIndex {
			continue
		}
		if printed[f.Position.String()], err = printable(f); err != nil {
			return nil, fmt.Errorf("card: fingerprints: %v: %w", f.Position, err)
		}
	}
	return printed, nil
}

// printQuality is that of the JPEG made of an image without loss: a print of it shows no difference.
const printQuality = 95

func printable(f lds.Finger) ([]byte, error) {
	decode := map[lds.FingerCompression]func([]byte) (image.Image, error){
		lds.FingerPNG:  func(b []byte) (image.Image, error) { return png.Decode(bytes.NewReader(b)) },
		lds.FingerJPEG: func(b []byte) (image.Image, error) { return jpeg.Decode(bytes.NewReader(b)) },
	}[f.Compression]
	if decode == nil {
		return nil, fmt.Errorf("the image is %v, which cannot be printed: take one in PNG or JPEG", f.Compression)
	}
	header, err := lds.ReadFingerImage(f.Image) // before anything is decoded: it may say that it is huge
	if err != nil || max(header.Width, header.Height) > maxFingerPixels || header.Compression != f.Compression {
		return nil, fmt.Errorf("not an image in %v of at most %d pixels each way", f.Compression, maxFingerPixels)
	}
	img, err := decode(f.Image)
	grey, is := img.(*image.Gray)
	if err != nil || !is || grey.Rect.Dx() != f.Width || grey.Rect.Dy() != f.Height {
		return nil, fmt.Errorf("the image cannot be read as %d x %d pixels of grey", f.Width, f.Height)
	}
	if f.Compression == lds.FingerJPEG {
		return f.Image, nil
	}
	var out bytes.Buffer
	err = jpeg.Encode(&out, grey, &jpeg.Options{Quality: printQuality})
	return out.Bytes(), err
}

// SignRecord makes what an office keeps of a certificate on paper: EF.DG2 of the portrait and EF.DG3 of the fingerprints
// that are printed, where there are any, EF.DG13 as on a card, EF.DG11 with the hash of the whole record, and EF.SOD over
// them (Doc 9303-10, section 4.6.2). So the signature covers every word that is printed, though the data groups have no
// room for some. There are no secrets. Profile, CVCA and Rand of the issuance are not used.
func SignRecord(i Issuance, record []byte) (perso.Data, error) {
	switch {
	case !i.Document.OnPaper():
		return perso.Data{}, fmt.Errorf("card: form %s is a card: its chip is signed", i.Document.Form)
	case i.Document.NeedsPortrait() && i.Portrait == nil:
		return perso.Data{}, errors.New("card: portrait: missing")
	}
	files := map[int]func() ([]byte, error){
		2:  func() ([]byte, error) { return encodeDG2(i.Portrait) },
		3:  func() ([]byte, error) { return i.Fingerprints, nil },
		11: func() ([]byte, error) { return lds.EncodeDG11(recordDetails(i.Document, record)) },
		13: func() ([]byte, error) { return i.Document.DG13().Encode() },
	}
	var groups []perso.File
	for _, n := range []int{2, 3, 11, 13} {
		if n == 2 && i.Portrait == nil || n == 3 && i.Fingerprints == nil {
			continue
		}
		content, err := files[n]()
		if err != nil {
			return perso.Data{}, err
		}
		file, _ := lds.DataGroup(n)
		groups = append(groups, perso.File{FID: file.FID, Content: content})
	}
	_, sod, err := seal(groups, i)
	return perso.Data{Files: append(groups, sod)}, err
}

// recordDetails says in EF.DG11 which record it is.
func recordDetails(d Document, record []byte) lds.DG11 {
	return lds.DG11{PersonalNumber: d.PersonalNumber, Summary: fmt.Sprintf("SHA-256 %x", sha256.Sum256(record))}
}

// IsOfRecord tells whether what [SignRecord] made is of this very record, byte for byte.
func IsOfRecord(data perso.Data, d Document, record []byte) bool {
	file, _ := lds.DataGroup(11)
	content, _ := data.File(file)
	want, err := lds.EncodeDG11(recordDetails(d, record))
	return err == nil && bytes.Equal(content, want)
}
