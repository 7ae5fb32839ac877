// Package issuer makes the chips of specimen citizens in memory, signed by an authority of its own: what a reader or a
// dialect is tried on without a station.
//
//	record, images --> Issuance --> Office.Sign --> perso.Data, for the chip
//	                                Office.Trust --> pki.Trust, for the judge
//
// [Office.Issue] goes the whole way for a citizen whom package specimen has by name.
package issuer

import (
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"slices"
	"time"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/pki/cms"
	"github.com/cancuoc/cancuoc/card/pki/cvc"
	"github.com/cancuoc/cancuoc/card/portrait"
	"github.com/cancuoc/cancuoc/card/specimen"
)

// Office is who issues specimens: a signing authority, and the chain of those who may read fingerprints. It prints as a
// secret. Make one with [New].
type Office struct {
	Authority *pki.Authority
	Chain     cvc.Specimen
	At        time.Time // when it signs
	Rand      io.Reader // the chips' keys are drawn from it
}

// New makes an office that signs at the given time; its keys are drawn from rand. Nothing that it issues is a real document.
func New(rand io.Reader, at time.Time) (*Office, error) {
	authority, err := pki.NewSpecimenAuthority(rand, at, "VN")
	if err != nil {
		return nil, err
	}
	chain, err := cvc.NewSpecimen(rand, date.Of(at.UTC()))
	if err != nil {
		return nil, err
	}
	return &Office{authority, chain, at, rand}, nil
}

// String hides the keys.
func (Office) String() string { return "[secret]" }

// GoString hides the keys.
func (Office) GoString() string { return "[secret]" }

// LogValue hides the keys.
func (Office) LogValue() slog.Value { return slog.StringValue("[secret]") }

// Trust is what a judge of the office's cards trusts.
func (o Office) Trust() pki.Trust { return pki.Trust{Anchors: []pki.Certificate{o.Authority.CSCA}} }

// Sign makes what goes onto the chip. Signer, CVCA, time and randomness are the office's.
func (o Office) Sign(i card.Issuance) (perso.Data, error) {
	i.Signer = cms.Signer{Certificate: o.Authority.DocumentSigner.Raw, Key: o.Authority.DocumentSignerKey}
	i.CVCA = []*cvc.Certificate{o.Chain.CVCA.Certificate}
	i.At, i.Rand = o.At, o.Rand
	return card.Issue(i)
}

// Issue makes what goes onto the chip of a specimen: see [Issuance].
func (o Office) Issue(name, profile string) (perso.Data, error) {
	i, err := Issuance(name, profile)
	if err != nil {
		return perso.Data{}, err
	}
	return o.Sign(i)
}

// Issuance is what the chip of a specimen is made of, by its name ([specimen.Names]) and that of a profile
// ([card.Profiles]), the record's own where it is empty: document, portrait and, where the profile has EF.DG3, the
// fingerprints. Nobody has signed it yet. A card of a form without a chip is an error.
func Issuance(name, profile string) (card.Issuance, error) {
	record, err := specimen.Record(name)
	if err != nil {
		return card.Issuance{}, err
	}
	d, err := card.ParseRecord(record)
	if err != nil {
		return card.Issuance{}, err
	}
	if d.OnPaper() {
		return card.Issuance{}, fmt.Errorf("issuer: %s has a certificate on paper, without a chip", name)
	}
	if profile != "" {
		d.Profile = profile
	}
	d = d.Complete()
	p, err := card.ProfileNamed(d.Profile)
	if err != nil {
		return card.Issuance{}, err
	}
	if !slices.Contains(p.DataGroups, 3) {
		d.Fingerprints = nil
	}
	if d.CAN == "" {
		d.CAN = "123456"
	}
	return withImages(card.Issuance{Document: d, Profile: p})
}

// withImages gives an issuance the images that its document names.
func withImages(i card.Issuance) (card.Issuance, error) {
	if i.Document.Portrait != "" {
		photo, err := specimen.Files().Open(i.Document.Portrait)
		if err != nil {
			return card.Issuance{}, fmt.Errorf("issuer: %w", err)
		}
		defer photo.Close()
		fit, err := portrait.Fit(photo)
		if err != nil {
			return card.Issuance{}, err
		}
		i.Portrait = fit.Chip
	}
	var images [][]byte
	for _, finger := range i.Document.Fingerprints {
		image, err := fs.ReadFile(specimen.Files(), finger.Image)
		if err != nil {
			return card.Issuance{}, fmt.Errorf("issuer: %w", err)
		}
		images = append(images, image)
	}
	if len(images) == 0 {
		return i, nil
	}
	var err error
	i.Fingerprints, err = i.Document.DG3(images)
	return i, err
}
