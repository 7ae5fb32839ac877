package card

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/cancuoc/cancuoc/card/lds"
)

const (
	// MaxFingerprint is the longest image file of a finger that is taken, in bytes. A finger of 500 pixels per inch in
	// WSQ has some 10,000 to 40,000.
	MaxFingerprint = 64 << 10

	maxFingers      = 10
	fingersOfCard   = 2   // what a national card carries
	biometricsFrom  = 6   // years of age
	minFingerPixels = 100 // each way: a fifth of an inch
	maxFingerPixels = 2000
	maxDataGroup    = 0xFFFF // bytes of a file that personalisation can write
)

// fingerNamed finds a finger by the name that records give it.
func fingerNamed(name string) (lds.FingerPosition, error) {
	for p := lds.RightThumb; p <= lds.LeftLittle; p++ {
		if p.String() == name {
			return p, nil
		}
	}
	return 0, fmt.Errorf("%q is not one of %v to %v, %v to %v", name, lds.RightThumb, lds.RightLittle, lds.LeftThumb, lds.LeftLittle)
}

// checkFingerprints looks at which fingers a record has; no biometrics are taken of a child under six (Law
// 26/2023/QH15, article 23).
func (d Document) checkFingerprints() error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("fingerprints: "+format, args...))
	}
	known := !d.DateOfBirth.IsZero() && !d.DateOfIssue.IsZero()
	if len(d.Fingerprints) > 0 && known && d.DateOfIssue.Before(d.DateOfBirth.AddYears(biometricsFrom)) {
		fault("none are taken of a holder under six years old")
	}
	if n := len(d.Fingerprints); n > maxFingers {
		fault("%d of them, at most %d are taken", n, maxFingers)
		return errors.Join(faults...)
	}
	if p, err := ProfileNamed(d.Profile); err == nil && len(d.Fingerprints) > 0 && !slices.Contains(p.DataGroups, 3) {
		fault("the chips of profile %s carry none", p.Name)
	}
	seen := map[string]bool{}
	for _, f := range d.Fingerprints {
		if d.OnPaper() && f.Finger != lds.LeftIndex.String() && f.Finger != lds.RightIndex.String() {
			fault("%q: the certificate prints %v and %v, and of no other finger is anything to be kept", f.Finger, lds.LeftIndex, lds.RightIndex)
		}
		switch _, err := fingerNamed(f.Finger); {
		case err != nil:
			fault("%w", err)
		case seen[f.Finger]:
			fault("%s: stands twice", f.Finger)
		case f.Image == "":
			fault("%s: image missing", f.Finger)
		}
		seen[f.Finger] = true
	}
	return errors.Join(faults...)
}

// DG3 gives EF.DG3 with the images of the document's fingers, which come in the order of its record; nil where it has
// none. An image is taken as one of 500 pixels per inch.
func (d Document) DG3(images [][]byte) ([]byte, error) {
	if len(images) != len(d.Fingerprints) {
		return nil, fmt.Errorf("card: fingerprints: %d images for %d fingers", len(images), len(d.Fingerprints))
	}
	if len(images) == 0 {
		return nil, nil
	}
	var content lds.DG3
	for i, image := range images {
		name := d.Fingerprints[i].Finger
		finger, err := d.Fingerprints[i].finger(image)
		if err != nil {
			return nil, fmt.Errorf("card: fingerprints: %s: %w", name, err)
		}
		for _, other := range content.Fingers {
			if bytes.Equal(other.Image, image) {
				return nil, fmt.Errorf("card: fingerprints: %s: the image is that of %v", name, other.Position)
			}
		}
		content.Fingers = append(content.Fingers, finger)
	}
	file, err := lds.EncodeDG3(content)
	if err != nil {
		return nil, err
	}
	if len(file) > maxDataGroup {
		return nil, fmt.Errorf("card: fingerprints: EF.DG3 comes to %d bytes, a file of the chip holds %d", len(file), maxDataGroup)
	}
	return file, nil
}

func (f Fingerprint) finger(image []byte) (lds.Finger, error) {
	position, err := fingerNamed(f.Finger)
	if err != nil {
		return lds.Finger{}, err
	}
	if len(image) > MaxFingerprint {
		return lds.Finger{}, fmt.Errorf("the image is too large: more than %d bytes", MaxFingerprint)
	}
	finger, err := lds.ReadFingerImage(image)
	if err != nil {
		return lds.Finger{}, err
	}
	if w, h := finger.Width, finger.Height; min(w, h) < minFingerPixels || max(w, h) > maxFingerPixels {
		return lds.Finger{}, fmt.Errorf("%d x %d pixels are not a finger: each side has %d to %d", w, h, minFingerPixels, maxFingerPixels)
	}
	finger.Position = position
	return finger, nil
}
