package specimen

import (
	"fmt"
	"math/rand/v2"

	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/vnm"
)

// record is a document as its JSON has it. Package card reads it; its own tests read this package, which therefore
// cannot know it.
type record struct {
	Form                string        `json:"form"`
	PersonalNumber      string        `json:"personal_number"`
	FullName            string        `json:"full_name"`
	OtherNames          string        `json:"other_names,omitempty"`
	DateOfBirth         date.Date     `json:"date_of_birth"`
	Sex                 string        `json:"sex"`
	Nationality         string        `json:"nationality,omitempty"`
	Ethnicity           string        `json:"ethnicity,omitempty"`
	Religion            string        `json:"religion,omitempty"`
	PlaceOfOrigin       string        `json:"place_of_origin,omitempty"`
	PlaceOfBirth        string        `json:"place_of_birth,omitempty"`
	Residence           string        `json:"residence"`
	IdentifyingFeatures string        `json:"identifying_features,omitempty"`
	MaritalStatus       string        `json:"marital_status,omitempty"`
	Father              relative      `json:"father,omitzero"`
	Mother              relative      `json:"mother,omitzero"`
	Spouse              relative      `json:"spouse,omitzero"`
	Guardian            relative      `json:"guardian,omitzero"`
	LegalRepresentative relative      `json:"legal_representative,omitzero"`
	Ward                relative      `json:"ward,omitzero"`
	HouseholdHead       string        `json:"household_head,omitempty"`
	OldNumber           string        `json:"old_number,omitempty"`
	CancelledNumber     string        `json:"cancelled_number,omitempty"`
	DateOfIssue         date.Date     `json:"date_of_issue"`
	DateOfExpiry        date.Date     `json:"date_of_expiry,omitzero"`
	ChipSerial          string        `json:"chip_serial,omitempty"`
	Portrait            string        `json:"portrait,omitempty"`
	Fingerprints        []fingerprint `json:"fingerprints,omitempty"`
}

type relative struct {
	FullName    string `json:"full_name"`
	Nationality string `json:"nationality,omitempty"`
}

type fingerprint struct {
	Finger string `json:"finger"`
	Image  string `json:"image"`
}

// holder is who a card is invented for, before it has a number.
type holder struct {
	kind
	r            *rand.Rand
	female       bool
	years        int // of age at issue
	birth, issue date.Date
}

// holder invents sex, age and dates. Of two ages the lower is taken: there are more young people than old.
func (k kind) holder(r *rand.Rand) holder {
	span := oldest - k.youngest + 1
	h := holder{kind: k, r: r, female: r.IntN(2) == 0, years: k.youngest + min(r.IntN(span), r.IntN(span))}
	h.issue = k.from.AddDays(r.IntN(k.days))
	h.birth = h.issue.AddYears(-h.years).AddDays(-1 - r.IntN(364))
	return h
}

// sometimes is true in so many of a hundred cases.
func (h holder) sometimes(percent int) bool { return h.r.IntN(100) < percent }

func (h holder) record(number string) record {
	c := record{
		Form: h.form, PersonalNumber: number, DateOfBirth: h.birth, Sex: "male", DateOfIssue: h.issue,
		Ethnicity: h.ethnicity(), Religion: "Không",
		PlaceOfOrigin: commune(h.r, h.birth).String(), PlaceOfBirth: commune(h.r, h.birth).String(),
	}
	if h.female {
		c.Sex = "female"
	}
	if h.sometimes(20) {
		religions := vnm.Religions()
		c.Religion = religions[h.r.IntN(len(religions))].Name
	}
	if h.sometimes(30) {
		c.IdentifyingFeatures = feature(h.r)
	}
	h.relate(&c)
	if h.certificate {
		h.undetermined(&c)
		return c
	}
	h.papers(&c)
	return c
}

// ethnicity is that of the greatest number for most, and any of the 54 for the others.
func (h holder) ethnicity() string {
	groups := vnm.EthnicGroups()[:54]
	if h.sometimes(75) {
		return groups[0].Name
	}
	return groups[h.r.IntN(len(groups))].Name
}

// relate gives names to the holder and to the family.
func (h holder) relate(c *record) {
	n := naming{h.r, c.Ethnicity}
	family, mothers := n.family(), n.family()
	c.FullName = n.full(family, h.female)
	if h.sometimes(5) {
		c.OtherNames = n.plain(family, h.female)
	}
	switch {
	case h.years < 18 && h.sometimes(8):
		c.Guardian.FullName = n.plain(n.family(), h.sometimes(50))
	default:
		c.Father.FullName, c.Mother.FullName = n.plain(family, false), n.plain(mothers, true)
		if h.sometimes(7) {
			c.Father = relative{}
		}
	}
	if h.years >= 20 && h.sometimes(65) {
		c.Spouse.FullName = n.plain(n.family(), !h.female)
	}
	switch {
	case h.sometimes(70):
	case h.years >= 18:
		c.HouseholdHead = c.FullName
	default:
		c.HouseholdHead = c.Father.FullName
	}
}

// papers gives what belongs to a card with a chip. Numbers of nine digits were given until 2020, from 14 years on; the
// invented ones begin with three zeros, as those of no province did.
func (h holder) papers(c *record) {
	c.Nationality = "VNM"
	if h.birth.Year <= 2004 && h.sometimes(60) {
		c.OldNumber = fmt.Sprintf("000%06d", h.r.IntN(1000000))
	}
	if h.sometimes(35) {
		c.DateOfExpiry = vnm.Expiry(h.birth, h.issue)
	}
	if h.form == "cccd-2021" && h.sometimes(20) {
		c.ChipSerial = fmt.Sprintf("000%013X", h.r.Uint64()>>12)
	}
}

// undetermined gives what belongs to the certificate, whose holder has no nationality that could be told (XXA: Doc
// 9303-3, section 5).
func (h holder) undetermined(c *record) {
	c.Nationality = "XXA"
	n := naming{h.r, c.Ethnicity}
	switch {
	case c.Spouse.FullName != "":
		c.MaritalStatus = "married"
	case h.years < 20:
		c.MaritalStatus = "single"
	default:
		c.MaritalStatus = oneOf(h.r, []string{"single", "single", "widowed", "divorced"})
	}
	if h.years < 18 && h.sometimes(40) {
		c.LegalRepresentative.FullName = n.plain(n.family(), h.sometimes(50))
	}
	if h.years >= 25 && h.sometimes(8) {
		c.Ward.FullName = n.plain(n.family(), h.sometimes(50))
	}
	for _, somebody := range []*relative{&c.Father, &c.Mother, &c.Spouse, &c.Guardian, &c.LegalRepresentative, &c.Ward} {
		if somebody.FullName != "" {
			somebody.Nationality = oneOf(h.r, []string{"VNM", "VNM", "XXA", "XXA", "KHM", "LAO"})
		}
	}
}

// roomOfQR is how many bytes of names and residence go into the QR code of a card, which takes 271 in all on 18 mm
// (ISO/IEC 18004, version 10, level L); the rest is digits and the marks between the fields.
const roomOfQR = 200

// settle gives the residence, no longer than the QR code has room for.
func (h holder) settle(c *record) {
	room := roomOfQR - len(c.FullName) - len(c.Father.FullName) - len(c.Mother.FullName) - len(c.Guardian.FullName)
	c.Residence = residence(h.r, h.issue, room)
}
