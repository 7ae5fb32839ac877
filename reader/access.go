package reader

import (
	"errors"
	"fmt"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/mrz"
	"github.com/cancuoc/cancuoc/card/pace"
	"github.com/cancuoc/cancuoc/card/vnm"
)

// Access is what the holder shows so that the card may be read: the machine readable zone, or the card access number. It
// prints as [secret].
type Access struct {
	information string // MRZ_information (Doc 9303-11, section 4.3.2); empty where only the number is known
	can         string // card access number
}

// AccessByMRZ takes the three lines of the machine readable zone.
func AccessByMRZ(text string) (Access, error) {
	zone, err := mrz.Parse(text)
	if err != nil {
		return Access{}, err
	}
	return Access{information: zone.Information()}, nil
}

// AccessByNumber takes the fields of which the zone is made: personal number, date of birth, date of expiry.
func AccessByNumber(number string, birth, expiry date.Date) (Access, error) {
	information, err := vnm.AccessInformation(number, birth, expiry)
	return Access{information: information}, err
}

// maxCAN bounds a card access number; Doc 9303 prints six digits.
const maxCAN = 12

// AccessByCAN takes the card access number, with which a card opens by PACE only (Doc 9303-11, section 4.4).
func AccessByCAN(number string) (Access, error) {
	if number == "" || len(number) > maxCAN {
		return Access{}, fmt.Errorf("reader: a card access number has 1 to %d digits", maxCAN)
	}
	for _, c := range []byte(number) {
		if c < '0' || c > '9' {
			return Access{}, errors.New("reader: a card access number has digits only")
		}
	}
	return Access{can: number}, nil
}

// password gives what PACE proves to know, and its name.
func (a Access) password() (pace.Password, string) {
	if a.information != "" {
		return pace.MRZ(a.information), "MRZ"
	}
	return pace.CAN(a.can), "CAN"
}

// String hides the secret.
func (Access) String() string { return "[secret]" }

// GoString hides the secret from %#v.
func (Access) GoString() string { return "[secret]" }

// checkApplication answers what can be wrong with a card's answer to a SELECT of the eMRTD application.
func checkApplication(resp apdu.Response) error {
	switch resp.SW {
	case apdu.SWOK:
		return nil
	case apdu.SWFileNotFound:
		return fmt.Errorf("reader: no eMRTD application answers (%w): the card is blank, or of an unknown kind", resp.SW)
	}
	return fmt.Errorf("reader: select the eMRTD application: %w", resp.SW)
}
