package lds

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/cancuoc/cancuoc/card/tlv"
)

const (
	tagApplication = 0x61
	tagAID         = 0x4F

	shortestAID = 5 // registered application identifier, ISO/IEC 7816-4
	longestAID  = 16

	maxApplications = 64 // a chip has a handful
)

// Application is one application that EF.DIR says the chip has.
type Application struct {
	AID    []byte       // application identifier, for example [AID]
	Others []tlv.Object // what else its template says: a label, say
}

// EncodeDIR gives EF.DIR: an application template for each application of the chip, in any order (Doc 9303-10, section
// 3.11.2).
func EncodeDIR(applications []Application) ([]byte, error) {
	if len(applications) == 0 || len(applications) > maxApplications {
		return nil, fmt.Errorf("lds: EF.DIR: it lists no application, or more than %d", maxApplications)
	}
	var file []byte
	for i, a := range applications {
		if err := a.check(applications[:i]); err != nil {
			return nil, fmt.Errorf("lds: EF.DIR: application %d: %w", i+1, err)
		}
		file = append(file, tlv.Encode(tagApplication, tlv.Encode(tagAID, a.AID), encodeObjects(a.Others))...)
	}
	return file, nil
}

// check holds an application against those that stand before it: each is listed once, with one identifier.
func (a Application) check(before []Application) error {
	if len(a.AID) < shortestAID || len(a.AID) > longestAID {
		return fmt.Errorf("an application identifier has %d to %d bytes", shortestAID, longestAID)
	}
	if slices.ContainsFunc(before, func(b Application) bool { return bytes.Equal(a.AID, b.AID) }) {
		return fmt.Errorf("it is listed twice")
	}
	if _, twice := tlv.Find(a.Others, tagAID); twice {
		return fmt.Errorf("it has two identifiers")
	}
	return nil
}

// ParseDIR reads EF.DIR. Anything but application templates that begin with an identifier is an error.
func ParseDIR(file []byte) ([]Application, error) {
	applications, err := parseDIR(file)
	if err != nil {
		return nil, fmt.Errorf("lds: EF.DIR: %w", err)
	}
	return applications, nil
}

func parseDIR(file []byte) ([]Application, error) {
	var applications []Application
	for rest := file; len(rest) > 0; {
		var template []byte
		var err error
		if template, rest, err = take(rest, tagApplication); err != nil {
			return nil, err
		}
		a, err := parseApplication(template)
		if err != nil {
			return nil, err
		}
		if err := a.check(applications); err != nil {
			return nil, fmt.Errorf("application %d: %w", len(applications)+1, err)
		}
		if applications = append(applications, a); len(applications) > maxApplications {
			return nil, fmt.Errorf("it lists more than %d applications", maxApplications)
		}
	}
	if len(applications) == 0 {
		return nil, fmt.Errorf("it lists no application")
	}
	return applications, nil
}

func parseApplication(template []byte) (Application, error) {
	aid, rest, err := take(template, tagAID)
	if err != nil {
		return Application{}, err
	}
	others, err := tlv.Parse(rest)
	return Application{AID: aid, Others: others}, err
}
