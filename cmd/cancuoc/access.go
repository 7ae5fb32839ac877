package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
	"github.com/cancuoc/cancuoc/reader"
)

// accessOptions are the ways to say what opens a card.
type accessOptions struct {
	mrz, canFile               string
	number, birth, expiry, can string
}

func (o *accessOptions) addTo(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&o.mrz, "mrz", "", "the three lines of the machine readable zone are in `FILE` (- for standard input)")
	flags.StringVar(&o.canFile, "can-file", "", "the card access number is in `FILE` (- for standard input)")
	flags.StringVar(&o.number, "number", "", "personal number, of specimens only")
	flags.StringVar(&o.birth, "birth", "", "date of birth, YYYY-MM-DD, of specimens only")
	flags.StringVar(&o.expiry, "expiry", "", `date of expiry, YYYY-MM-DD or "none", of specimens only`)
	flags.StringVar(&o.can, "can", "", "card access number, of specimens only")
}

func (o *accessOptions) given() bool { return *o != accessOptions{} }

// access gives the access key that the options name.
func (d *desk) access(o accessOptions) (reader.Access, error) {
	if (o.number != "" || o.birth != "" || o.expiry != "" || o.can != "") && d.real() {
		return reader.Access{}, withCode(exitNotAllowed, errors.New(
			"this station's authority is real, and every user of this machine can read command lines: give the access key with --mrz FILE or --can-file FILE"))
	}
	ways := 0
	for _, given := range []bool{o.mrz != "", o.can != "", o.canFile != "", o.byFields()} {
		if given {
			ways++
		}
	}
	switch {
	case ways == 0:
		return reader.Access{}, withCode(exitUsage, errors.New(
			"what opens the card? give --mrz FILE or --can-file FILE, or for a specimen --number, --birth and --expiry, or --can"))
	case ways > 1:
		return reader.Access{}, withCode(exitUsage, errors.New("give one of --mrz, --can-file, --can, and --number with --birth and --expiry"))
	case o.mrz != "":
		return d.accessByMRZ(o.mrz)
	case o.byFields():
		return accessByFields(o)
	}
	return d.accessByCAN(o)
}

func (o *accessOptions) byFields() bool { return o.number != "" || o.birth != "" || o.expiry != "" }

func (d *desk) accessByCAN(o accessOptions) (reader.Access, error) {
	if o.can != "" {
		access, err := reader.AccessByCAN(o.can)
		return access, withCode(exitUsage, err)
	}
	text, err := d.file(o.canFile)
	if err != nil {
		return reader.Access{}, err
	}
	access, err := reader.AccessByCAN(strings.TrimSpace(text))
	return access, withCode(exitInput, err)
}

func (d *desk) accessByMRZ(name string) (reader.Access, error) {
	text, err := d.file(name)
	if err != nil {
		return reader.Access{}, err
	}
	access, err := reader.AccessByMRZ(text)
	return access, withCode(exitInput, err)
}

func accessByFields(o accessOptions) (reader.Access, error) {
	if o.number == "" || o.birth == "" || o.expiry == "" {
		return reader.Access{}, withCode(exitUsage, errors.New("--number, --birth and --expiry go together"))
	}
	birth, err := date.Parse(o.birth)
	if err != nil {
		return reader.Access{}, withCode(exitUsage, fmt.Errorf("--birth: %w", err))
	}
	expiry, err := date.Parse(o.expiry)
	if err != nil {
		return reader.Access{}, withCode(exitUsage, fmt.Errorf("--expiry: %w", err))
	}
	access, err := reader.AccessByNumber(o.number, birth, expiry)
	return access, withCode(exitUsage, err)
}

// real tells whether we are at a station whose authority is not a specimen.
func (d *desk) real() bool {
	config, err := station.LoadConfig(d.station)
	if err != nil {
		return false
	}
	certificate, err := config.SignerCertificate(d.station)
	return err != nil || !certificate.Specimen()
}

// trusted loads the anchors: those that --trust names, else the station's own.
func (d *desk) trusted(path string) (pki.Trust, error) {
	if path != "" {
		trust, err := pki.LoadTrust(path, time.Now())
		return trust, withCode(exitInput, err)
	}
	config, err := station.LoadConfig(d.station)
	if errors.Is(err, station.ErrNoStation) {
		return pki.Trust{}, withCode(exitUsage, errors.New("whom do you trust? name certificates with --trust PATH, or a station with --station DIR"))
	}
	if err != nil {
		return pki.Trust{}, withCode(exitRegister, err)
	}
	trust, err := config.Trust(d.station)
	return trust, withCode(exitKey, err)
}
