package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/term"

	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/register"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
)

// workplace is an open station: its configuration and its register.
type workplace struct {
	folder   string
	config   station.Config
	register *register.Register
	self     process // in whose name orders are claimed
}

// openStation opens the station that --station names.
func (d *desk) openStation(ctx context.Context) (*workplace, error) {
	config, err := station.LoadConfig(d.station)
	if err != nil {
		return nil, withCode(exitRegister, err)
	}
	reg, err := register.Open(ctx, station.Path(d.station, config.Register))
	if err != nil {
		return nil, withCode(exitRegister, err)
	}
	return &workplace{d.station, config, reg, thisProcess()}, nil
}

// desk makes the workplace ready to issue: with the signing key, which may need a passphrase.
func (w *workplace) desk(d *desk, passphrase []byte) (*station.Desk, error) {
	signers, err := w.config.Signers(w.folder, d.keys(passphrase))
	if err != nil {
		return nil, withCode(exitKey, err)
	}
	if err := signers.Open(time.Now()); err != nil {
		return nil, withCode(exitKey, err)
	}
	trust := w.config.FollowTrust(w.folder)
	if _, err := trust(); err != nil {
		return nil, withCode(exitKey, err)
	}
	cvca, err := w.config.CVCA(w.folder)
	if err != nil {
		return nil, withCode(exitKey, err)
	}
	credentials, err := w.config.Credentials(w.folder, d.keys(passphrase))
	if err != nil {
		return nil, withCode(exitKey, err)
	}
	chips, err := w.config.LoadChipKeys(w.folder, d.keys(passphrase))
	if errors.Is(err, station.ErrChipProfile) {
		return nil, withCode(exitInput, err)
	}
	if err != nil {
		return nil, withCode(exitKey, err)
	}
	templates, err := w.config.LoadTemplates(w.folder)
	if err != nil {
		return nil, withCode(exitRegister, err)
	}
	trace, err := d.tracing()
	if err != nil {
		return nil, err
	}
	return &station.Desk{
		Register: w.register, Signers: signers, Trust: trust, CVCA: cvca, Terminal: credentials, Chips: chips,
		PrintFolder: station.Path(w.folder, w.config.Print), Printers: w.config.Printers, Templates: templates,
		QualitySample: w.config.Quality, Actor: w.actor(), Claim: w.claim, Rand: rand.Reader,
		Now: time.Now, Trace: trace,
	}, nil
}

// actor is how the history calls this station.
func (w *workplace) actor() string { return "station " + w.config.Name }

// claimTime is how long an order stays claimed by a process of which nothing more is heard.
const claimTime = 10 * time.Minute

// claim is this process's word that it works on an order.
func (w *workplace) claim(at time.Time) register.Claim {
	return register.Claim{Owner: w.self.String(), At: at, Until: at.Add(claimTime), Alive: w.self.aliveFor}
}

// passphrase finds the passphrase of the station's keys, where they have one: from the named file, from the file that
// $CANCUOC_PASSPHRASE_FILE names, or asked for at a terminal.
func (d *desk) passphrase(file string) ([]byte, error) {
	if file == "" {
		file = os.Getenv("CANCUOC_PASSPHRASE_FILE")
	}
	if file == "" {
		return nil, nil
	}
	text, err := d.file(file)
	if err != nil {
		return nil, withCode(exitKey, fmt.Errorf("passphrase: %w", err))
	}
	if text == "" {
		return nil, withCode(exitKey, fmt.Errorf("passphrase: %s is empty", file))
	}
	return []byte(text), nil
}

// withPassphrase runs open without a passphrase, and once more with one that was asked for at the terminal, if the
// key turns out to need it.
func (d *desk) withPassphrase(file string, open func(passphrase []byte) error) error {
	passphrase, err := d.passphrase(file)
	if err != nil {
		return err
	}
	err = open(passphrase)
	if passphrase != nil || !errors.Is(err, pki.ErrPassphrase) || !terminal(d.in) || !terminal(d.err) {
		return err
	}
	fmt.Fprint(d.err, "Passphrase of the station's keys: ")
	typed, err := term.ReadPassword(int(d.in.(*os.File).Fd()))
	fmt.Fprintln(d.err)
	if err != nil {
		return withCode(exitKey, err)
	}
	return open(typed)
}

// keyUses tells how often each key has signed at the station, if we are at one.
func (d *desk) keyUses(ctx context.Context) (map[string]int64, error) {
	w, err := d.openStation(ctx)
	if errors.Is(err, station.ErrNoStation) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer w.register.Close()
	return w.register.KeyUses(ctx)
}
