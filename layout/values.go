package layout

import (
	"fmt"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/date"
)

// value is what the card prints of one field, or why it cannot.
type value struct {
	text string
	err  error
}

// printed gives what a document's fields look like on a card, by the record's keys.
func printed(d card.Document) map[string]value {
	return map[string]value{
		"personal_number": {text: d.PersonalNumber},
		"full_name":       {text: d.FullName},
		"date_of_birth":   {text: day(d.DateOfBirth)},
		"sex":             sex(d.Sex),
		"nationality":     nationality(d.Nationality),
		"residence":       {text: d.Residence},
		"place_of_birth":  {text: d.PlaceOfBirth},
		"date_of_issue":   {text: day(d.DateOfIssue)},
		"date_of_expiry":  {text: day(d.DateOfExpiry)},
	}
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

func nationality(code string) value {
	if code == "" || code == "VNM" {
		return value{text: "Việt Nam"}
	}
	return value{err: fmt.Errorf("%w: the card is for citizens of Viet Nam (VNM)", ErrInvalid)}
}
