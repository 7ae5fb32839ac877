package station

import (
	"errors"
	"fmt"
	"image"
	"math"
	"slices"
	"strings"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/layout"
	"github.com/cancuoc/cancuoc/layout/png"
	"github.com/cancuoc/cancuoc/layout/scan"
)

// FaceResult is what came of one thing that machines read on a face.
type FaceResult string

// The results.
const (
	FacePass   FaceResult = "pass"   // read, and as ordered
	FaceDiffer FaceResult = "differ" // read, and something else
	FaceUnread FaceResult = "unread" // on none of the pictures, or not for sure
)

// FaceCheck is one thing that machines read on a face, held against the record.
type FaceCheck struct {
	Name   string     `json:"name"` // "mrz" or "qr"
	Result FaceResult `json:"result"`
	Detail string     `json:"detail"`
}

// FacePicture is a picture of one side of a card, its top left corner that of the card.
type FacePicture struct {
	Image image.Image
	DPI   float64 // 0: the picture shows the card from edge to edge
}

// CheckFaces reads back from pictures of a card's sides what its template puts there for machines, and compares it with
// the document: the machine readable zone, cell by cell, and the text of the QR code.
func (t Templates) CheckFaces(doc card.Document, pictures []FacePicture) ([]FaceCheck, error) {
	template, err := t.of(doc.Form)
	if err != nil {
		return nil, err
	}
	var checks []FaceCheck
	if template.Has("mrz") {
		want, err := doc.MRZ()
		if err != nil {
			return nil, err
		}
		checks = append(checks, best(pictures, func(p FacePicture) FaceCheck { return checkMRZ(p, want) }))
	}
	if template.Has("qr") {
		want, err := doc.QR()
		if err != nil {
			return nil, err
		}
		checks = append(checks, best(pictures, func(p FacePicture) FaceCheck { return checkQR(p, want) }))
	}
	return checks, nil
}

// best takes the check of the picture on which the thing stands: the one that is read. Where several are, what differs
// counts: pictures of two cards pass for neither.
func best(pictures []FacePicture, check func(FacePicture) FaceCheck) FaceCheck {
	var of FaceCheck
	for i, p := range pictures {
		if one := check(p); i == 0 || of.Result == FaceUnread || one.Result == FaceDiffer {
			of = one
		}
	}
	return of
}

func checkMRZ(p FacePicture, want [3]string) FaceCheck {
	c := FaceCheck{Name: "mrz", Result: FaceUnread}
	zone, err := scan.MRZ(p.Image, p.DPI)
	if err != nil {
		c.Detail = strings.TrimPrefix(err.Error(), "scan: ")
		return c
	}
	unsure := 0
	for i, line := range zone.Lines {
		for j := range line {
			switch {
			case line[j] == '?':
				unsure++
			case line[j] != want[i][j]:
				c.Result, c.Detail = FaceDiffer, fmt.Sprintf("line %d, character %d: the card says %c, the record %c", i+1, j+1, line[j], want[i][j])
				return c
			}
		}
	}
	if unsure > 0 {
		c.Detail = fmt.Sprintf("%d of 90 characters cannot be read for sure", unsure)
		return c
	}
	_, lead := zone.Least()
	c.Result = FacePass
	c.Detail = fmt.Sprintf("90 characters, the least sure one by %.0f %%, %.2f mm right of and %.2f mm below their place", 100*lead, hundredths(zone.Offset.X), hundredths(zone.Offset.Y))
	return c
}

// hundredths rounds a length, so that none is printed as -0.00.
func hundredths(mm float64) float64 { return math.Round(100*mm)/100 + 0 }

func checkQR(p FacePicture, want string) FaceCheck {
	c := FaceCheck{Name: "qr", Result: FaceUnread}
	text, err := scan.QR(p.Image)
	switch {
	case err != nil:
		c.Detail = strings.TrimPrefix(err.Error(), "scan: ")
	case text != want:
		c.Result, c.Detail = FaceDiffer, "the code says something else than the record"
	default:
		c.Result, c.Detail = FacePass, fmt.Sprintf("%d bytes", len(text))
	}
	return c
}

// ErrFaceDiffers says that what machines read on a face is not what was ordered.
var ErrFaceDiffers = errors.New("station: the face does not read as the record says")

// sampleDPI is the resolution at which a sample is drawn: that of card printers.
const sampleDPI = 300

// readBack draws the faces of a quality sample as a printer would, and reads them.
func (j *job) readBack(faces layout.Faces) error {
	if j.QualitySample <= 0 || j.order.ID%int64(j.QualitySample) != 0 {
		return nil
	}
	var pictures []FacePicture
	for _, face := range []layout.Face{faces.Front, faces.Back} {
		drawn, err := png.Draw(face, sampleDPI)
		if err != nil {
			return err
		}
		pictures = append(pictures, FacePicture{Image: drawn})
	}
	checks, err := j.Templates.CheckFaces(j.doc, pictures)
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(checks, func(c FaceCheck) bool { return c.Result != FacePass }); i >= 0 {
		return fmt.Errorf("%w, %s %s: `cancuoc layout verify` says more", ErrFaceDiffers, checks[i].Name, checks[i].Result)
	}
	return nil
}
