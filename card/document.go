package card

import "github.com/cancuoc/cancuoc/card/date"

// Sex is the sex as records write it.
type Sex string

// The two values that the law knows and the chip, the QR code and the MRZ can carry.
const (
	Male   Sex = "male"
	Female Sex = "female"
)

// Person is someone whom a card names beside its holder.
type Person struct {
	FullName    string `json:"full_name"`
	Nationality string `json:"nationality,omitempty"` // three-letter code of Doc 9303-3, section 5; the certificate prints it
}

// MaritalStatus is whether the holder is married, as records write it. The certificate prints it.
type MaritalStatus string

// The marital states that a record can say.
const (
	Single   MaritalStatus = "single"
	Married  MaritalStatus = "married"
	Widowed  MaritalStatus = "widowed"
	Divorced MaritalStatus = "divorced"
)

// Vietnamese gives the word that is printed; nothing for a status that is not known.
func (m MaritalStatus) Vietnamese() string {
	return map[MaritalStatus]string{Single: "Độc thân", Married: "Đã kết hôn", Widowed: "Góa", Divorced: "Ly hôn"}[m]
}

// Fingerprint is one captured finger.
type Fingerprint struct {
	Finger string `json:"finger"` // the finger's name, for example "right-index"
	Image  string `json:"image"`  // path of the image beside the record
}

// Citizen is what the population register knows of one person and a card may carry. All text is UTF-8 in
// normalisation form C.
type Citizen struct {
	PersonalNumber      string        `json:"personal_number"`
	FullName            string        `json:"full_name"`
	OtherNames          string        `json:"other_names,omitempty"`
	DateOfBirth         date.Date     `json:"date_of_birth"`
	Sex                 Sex           `json:"sex"`
	Nationality         string        `json:"nationality,omitempty"` // three-letter code of Doc 9303-3; VNM when absent, for the certificate nothing, XXA or XXX
	Ethnicity           string        `json:"ethnicity,omitempty"`
	Religion            string        `json:"religion,omitempty"`
	PlaceOfOrigin       string        `json:"place_of_origin,omitempty"`
	PlaceOfBirth        string        `json:"place_of_birth,omitempty"`
	Residence           string        `json:"residence,omitempty"`
	IdentifyingFeatures string        `json:"identifying_features,omitempty"`
	Father              Person        `json:"father,omitzero"`
	Mother              Person        `json:"mother,omitzero"`
	Spouse              Person        `json:"spouse,omitzero"`
	Guardian            Person        `json:"guardian,omitzero"`
	LegalRepresentative Person        `json:"legal_representative,omitzero"`
	Ward                Person        `json:"ward,omitzero"` // whose guardian the holder is
	MaritalStatus       MaritalStatus `json:"marital_status,omitempty"`
	HouseholdHead       string        `json:"household_head,omitempty"`
	OldNumber           string        `json:"old_number,omitempty"`       // nine digits of the CMND
	CancelledNumber     string        `json:"cancelled_number,omitempty"` // personal number that this one replaced
}

// Document is one card to be issued: its holder, and what belongs to the card alone. Its JSON form is the record
// that `cancuoc order add` takes.
type Document struct {
	Form    string `json:"form,omitempty"`    // "cancuoc-2024", "certificate-2024" or "cccd-2021"
	Profile string `json:"profile,omitempty"` // what the chip gets; by form when absent
	Citizen
	DateOfIssue  date.Date     `json:"date_of_issue,omitzero"`
	DateOfExpiry date.Date     `json:"date_of_expiry,omitzero"` // computed from the law or the form when absent; [date.Never] for none
	ChipSerial   string        `json:"chip_serial,omitempty"`   // field 16 of DG13
	CAN          string        `json:"can,omitempty"`           // card access number
	Portrait     string        `json:"portrait,omitempty"`      // path of the image beside the record
	Fingerprints []Fingerprint `json:"fingerprints,omitempty"`
}
