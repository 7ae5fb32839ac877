package reader

import (
	"fmt"
	"strings"
	"time"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/vnm"
)

// zoneOf reads the machine readable zone in EF.DG1 and verifies its check digits.
func zoneOf(dg1 []byte, now time.Time) (vnm.Holder, error) {
	lines, err := lds.ParseDG1(dg1)
	if err != nil {
		return vnm.Holder{}, err
	}
	return vnm.ParseZone(strings.Join(lines[:], "\n"), date.Of(now))
}

// expiryOf gives the date until which the card is valid: that of DG13, which says it in full, else that of the zone.
func expiryOf(r Reading, now time.Time) (date.Date, error) {
	if dg13, err := vnm.ParseDG13(r.Files["EF.DG13"]); err == nil && !dg13.DateOfExpiry.IsZero() {
		return dg13.DateOfExpiry, nil
	}
	holder, err := zoneOf(r.Files["EF.DG1"], now)
	return holder.DateOfExpiry, err
}

// MRZ gives the three lines in EF.DG1.
func (r Reading) MRZ() ([3]string, error) { return lds.ParseDG1(r.Files["EF.DG1"]) }

// Document gives what the card says of its holder and itself, under the names of a record: from DG13 where there is
// one, else from the machine readable zone, where names are in capitals without marks.
func (r Reading) Document(now time.Time) (card.Document, error) {
	content, there := r.Files["EF.DG13"]
	if !there {
		return r.documentOfZone(now)
	}
	d, err := vnm.ParseDG13(content)
	if err != nil {
		return card.Document{}, err
	}
	doc := card.Document{
		Citizen: card.Citizen{
			PersonalNumber: d.PersonalNumber, FullName: d.FullName, DateOfBirth: d.DateOfBirth, Sex: sexOf(d.Sex),
			Nationality: nationalityOf(d.Nationality), Ethnicity: d.Ethnicity, Religion: d.Religion,
			PlaceOfOrigin: d.PlaceOfOrigin, Residence: d.Residence, IdentifyingFeatures: d.IdentifyingFeatures,
			Father: card.Person{FullName: d.Father}, Mother: card.Person{FullName: d.Mother},
			Spouse: card.Person{FullName: d.Spouse}, OldNumber: d.OldNumber,
		},
		DateOfIssue: d.DateOfIssue, DateOfExpiry: d.DateOfExpiry, ChipSerial: d.ChipSerial,
	}
	return doc, nil
}

func (r Reading) documentOfZone(now time.Time) (card.Document, error) {
	h, err := zoneOf(r.Files["EF.DG1"], now)
	if err != nil {
		return card.Document{}, fmt.Errorf("reader: neither EF.DG13 nor EF.DG1 says whose card this is: %w", err)
	}
	return card.Document{
		Citizen: card.Citizen{PersonalNumber: h.PersonalNumber, FullName: strings.TrimSpace(h.Primary + " " + h.Secondary), DateOfBirth: h.DateOfBirth,
			Sex: card.Sex(h.Sex), Nationality: "VNM"},
		DateOfExpiry: h.DateOfExpiry,
	}, nil
}

// sexOf reads the word of DG13; what is neither of the two stays as it is.
func sexOf(word string) card.Sex {
	for _, s := range []card.Sex{card.Male, card.Female} {
		if s.Vietnamese() == word {
			return s
		}
	}
	return card.Sex(word)
}

func nationalityOf(word string) string {
	if word == "Việt Nam" {
		return "VNM"
	}
	return word
}

// Portrait gives the image in EF.DG2, nil where the card has none.
func (r Reading) Portrait() []byte {
	faces, err := lds.ParseDG2(r.Files["EF.DG2"])
	if err != nil || len(faces) == 0 {
		return nil
	}
	return faces[0].Image
}
