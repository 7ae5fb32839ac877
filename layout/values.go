package layout

import (
	"fmt"
	"maps"
	"slices"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/date"
)

// value is what the card prints of one field, or why it cannot.
type value struct {
	text string
	err  error
}

// values are the fields that a template can show, by the record's keys.
func values() map[string]func(card.Document) value {
	return map[string]func(card.Document) value{
		"personal_number":      func(d card.Document) value { return value{text: d.PersonalNumber} },
		"full_name":            func(d card.Document) value { return value{text: d.FullName} },
		"other_names":          func(d card.Document) value { return value{text: d.OtherNames} },
		"date_of_birth":        func(d card.Document) value { return value{text: day(d.DateOfBirth)} },
		"sex":                  func(d card.Document) value { return sex(d.Sex) },
		"nationality":          nationality,
		"ethnicity":            func(d card.Document) value { return value{text: d.Ethnicity} },
		"religion":             func(d card.Document) value { return value{text: d.Religion} },
		"place_of_origin":      func(d card.Document) value { return value{text: d.PlaceOfOrigin} },
		"place_of_birth":       func(d card.Document) value { return value{text: d.PlaceOfBirth} },
		"residence":            func(d card.Document) value { return value{text: d.Residence} },
		"identifying_features": func(d card.Document) value { return value{text: d.IdentifyingFeatures} },
		"father":               func(d card.Document) value { return person(d.Father) },
		"mother":               func(d card.Document) value { return person(d.Mother) },
		"spouse":               func(d card.Document) value { return person(d.Spouse) },
		"guardian":             func(d card.Document) value { return person(d.Guardian) },
		"legal_representative": func(d card.Document) value { return person(d.LegalRepresentative) },
		"ward":                 func(d card.Document) value { return person(d.Ward) },
		"marital_status":       func(d card.Document) value { return value{text: d.MaritalStatus.Vietnamese()} },
		"date_of_issue":        func(d card.Document) value { return value{text: day(d.DateOfIssue)} },
		"date_of_expiry":       func(d card.Document) value { return value{text: day(d.DateOfExpiry)} },
	}
}

// Fields lists the fields that a template can show, in alphabetical order.
func Fields() []string { return slices.Sorted(maps.Keys(values())) }

// fingers lists the fingers whose prints a template can show.
func fingers() []string { return []string{"left-index", "right-index"} }

// person gives a name, and the nationality where the record has it.
func person(p card.Person) value {
	if p.Nationality == "" || p.FullName == "" {
		return value{text: p.FullName}
	}
	name, known := card.Nationality(p.Nationality)
	if !known {
		return value{err: fmt.Errorf("%w: there is no such nationality", ErrInvalid)}
	}
	return value{text: p.FullName + " (" + name + ")"}
}

func day(d date.Date) string {
	switch d {
	case date.Date{}:
		return ""
	case date.Never:
		return "Không thời hạn"
	}
	return d.Slashed()
}

func sex(s card.Sex) value {
	switch s {
	case card.Male:
		return value{text: "Nam"}
	case card.Female:
		return value{text: "Nữ"}
	case "":
		return value{}
	}
	return value{err: fmt.Errorf("%w: it is neither male nor female", ErrInvalid)}
}

// nationality is the holder's: Vietnamese on a card, and on a certificate undetermined.
func nationality(d card.Document) value {
	code := d.Nationality
	switch {
	case d.OnPaper() && (code == "" || code == "XXA" || code == "XXX"):
		return value{text: "Chưa xác định"}
	case !d.OnPaper() && (code == "" || code == "VNM"):
		return value{text: "Việt Nam"}
	}
	return value{err: fmt.Errorf("%w: the card is for citizens of Viet Nam (VNM), the certificate for people of no known nationality", ErrInvalid)}
}
