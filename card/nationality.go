package card

import (
	"errors"
	"fmt"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// undetermined is what a certificate says of its holder's nationality, and what code XXX is called.
const undetermined = "Chưa xác định"

// otherNationalities are codes of Doc 9303-3, section 5, that are no country of ISO 3166-1, in our own words.
var otherNationalities = map[string]string{
	"D": "Đức", "RKS": "Kosovo", "XXA": "Không quốc tịch", "XXB": "Người tị nạn", "XXC": "Người tị nạn", "XXX": undetermined,
}

// Nationality gives the Vietnamese name of a nationality by its code in the machine readable zone (Doc 9303-3, section 5:
// mostly the three letters of ISO 3166-1); false where there is no such code.
func Nationality(code string) (name string, known bool) {
	if name, known = otherNationalities[code]; known {
		return name, true
	}
	region, err := language.ParseRegion(code)
	if err != nil || !region.IsCountry() || region.ISO3() != code {
		return "", false
	}
	name = display.Vietnamese.Regions().Name(region)
	return name, name != ""
}

// nationality is the holder's, in words.
func (d Document) nationality() string {
	if d.OnPaper() {
		return undetermined
	}
	return "Việt Nam"
}

// checkNationality: a card is a national's; a certificate is for who is of no known nationality (Law 26/2023/QH15,
// articles 19 and 30).
func (d Document) checkNationality() error {
	switch {
	case !d.OnPaper() && d.Nationality != "VNM":
		return errors.New("nationality: a card of these forms is issued to nationals (VNM)")
	case d.OnPaper() && d.Nationality != "" && d.Nationality != "XXA" && d.Nationality != "XXX":
		return fmt.Errorf("nationality: form %s is for people whose nationality is undetermined: leave it out, or say XXA (stateless) or XXX (unspecified)", d.Form)
	}
	return nil
}

// checkPersons looks at whom the document names beside its holder.
func (d Document) checkPersons() error {
	var faults []error
	for _, p := range []struct {
		name   string
		person Person
	}{
		{"father", d.Father}, {"mother", d.Mother}, {"spouse", d.Spouse}, {"guardian", d.Guardian},
		{"legal_representative", d.LegalRepresentative}, {"ward", d.Ward},
	} {
		if p.person.Nationality == "" {
			continue
		}
		if _, known := Nationality(p.person.Nationality); !known {
			faults = append(faults, fmt.Errorf("%s.nationality: not a code of three letters that Doc 9303-3, section 5, has", p.name))
		}
		if p.person.FullName == "" {
			faults = append(faults, fmt.Errorf("%s.full_name: missing, and a nationality is there", p.name))
		}
	}
	return errors.Join(faults...)
}
