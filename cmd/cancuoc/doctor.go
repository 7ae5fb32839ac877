package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/pki/cvc"
	"github.com/cancuoc/cancuoc/card/pki/pkcs11"
	"github.com/cancuoc/cancuoc/card/register"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/authority"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
	"github.com/cancuoc/cancuoc/reader/pcsc"
)

func newDoctorCommand(d *desk) *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Say what is missing on this machine or station, and what mends it", Args: cobra.NoArgs,
		Long: `Look at the station and at the machine. Each line says what was looked at, whether it is good, and if not, the
command that mends it. What only some work needs (a reader, the virtual reader) is "optional".`,
		Example: "  cancuoc doctor\n  cancuoc doctor --station /srv/desk-1 --json",
		RunE:    func(cmd *cobra.Command, _ []string) error { return runDoctor(cmd.Context(), d) },
	}
}

// finding is one line of the doctor.
type finding struct {
	Name     string `json:"name"`
	Good     bool   `json:"good"`
	Optional bool   `json:"optional,omitempty"`
	Soon     bool   `json:"soon,omitempty"` // good, and not for long
	Detail   string `json:"detail"`
	Mend     string `json:"mend,omitempty"` // the command that mends it
}

func runDoctor(ctx context.Context, d *desk) error {
	findings := append(d.examineStation(ctx), examineMachine(ctx)...)
	err := d.print(findings, func(w io.Writer) {
		for _, f := range findings {
			mark := "good"
			switch {
			case f.Soon:
				mark = "soon"
			case !f.Good && f.Optional:
				mark = "optional"
			case !f.Good:
				mark = "MISSING"
			}
			fmt.Fprintf(w, "%-9s %-20s %s\n", mark, f.Name, f.Detail)
			if (!f.Good || f.Soon) && f.Mend != "" {
				fmt.Fprintf(w, "%-9s %-20s mend it with: %s\n", "", "", f.Mend)
			}
		}
	})
	if err != nil {
		return err
	}
	for _, f := range findings {
		if !f.Good && !f.Optional {
			return silent(exitFailed)
		}
	}
	return nil
}

func found(name string, err error, good, mend string) finding {
	if err != nil {
		return finding{Name: name, Detail: plain(err.Error()), Mend: mend}
	}
	return finding{Name: name, Good: true, Detail: good}
}

func (d *desk) examineStation(ctx context.Context) []finding {
	config, err := station.LoadConfig(d.station)
	if err != nil {
		return []finding{found("station", err, "", mendStation(d.station, err))}
	}
	findings := []finding{
		found("station", nil, fmt.Sprintf("%s (%s)", d.station, config.Name), ""),
		examineRegister(ctx, station.Path(d.station, config.Register)),
		examineSigner(d.station, config),
		d.examineKeys(config),
		examineChipKeys(d.station, config),
		examineTrust(d.station, config),
		examineTerminal(d.station, config),
		examinePrintFolder(station.Path(d.station, config.Print)),
		examineFaces(d.station, config),
	}
	findings = append(findings, examinePrinters(ctx, config.Printers)...)
	return append(findings, d.examineLists()...)
}

// mendStation says what mends a station whose configuration cannot be read. Only one that is not there is made.
func mendStation(folder string, err error) string {
	switch {
	case errors.Is(err, station.ErrNoStation):
		return "cancuoc init " + folder
	case errors.Is(err, fs.ErrPermission):
		return "give this user the right to read " + folder
	}
	return "mend " + filepath.Join(folder, station.ConfigName)
}

// examineFaces tells whether the station's own templates are good, and as what its faces are printed.
func examineFaces(folder string, config station.Config) finding {
	const name = "faces"
	templates, err := config.LoadTemplates(folder)
	if err != nil {
		return found(name, err, "", "cancuoc layout check --template FILE")
	}
	text := "for production"
	signers, err := config.Signers(folder, authority.Keys{})
	if err != nil {
		return found(name, err, "", "mend "+station.ConfigName)
	}
	switch newest, err := signers.Newest(time.Now()); {
	case err != nil:
		text = "overprinted SPECIMEN / MẪU: no signer is in its time"
	case newest.Certificate.Specimen():
		text = "overprinted SPECIMEN / MẪU: a specimen authority signs"
	case !strings.HasPrefix(newest.Key, "pkcs11:"):
		text = "overprinted SPECIMEN / MẪU: the signing key is in no PKCS #11 token"
	}
	if len(templates) > 0 {
		text += fmt.Sprintf("; %d templates of the station's own", len(templates))
	}
	return found(name, nil, text, "")
}

func examineRegister(ctx context.Context, path string) finding {
	reg, err := register.Open(ctx, path)
	if err == nil {
		err = reg.Close()
	}
	mend := "restore " + path + " from its backup"
	if errors.Is(err, register.ErrStorage) {
		mend = "df " + filepath.Dir(path) + " (make room, or mount the disk for writing)"
	}
	return found("register", err, path, mend)
}

func examineSigner(folder string, config station.Config) finding {
	const name, mend = "document signer", "cancuoc pki ds rotate"
	signers, err := config.Signers(folder, authority.Keys{})
	if err != nil {
		return found(name, err, "", "mend "+station.ConfigName)
	}
	trust, err := config.Trust(folder)
	if err != nil {
		return found(name, err, "", "mend "+station.Path(folder, config.Authority.Trust))
	}
	now := time.Now()
	ready, err := signers.Ready(trust, now)
	if err != nil {
		return found(name, err, "", mend)
	}
	c := ready.Certificate
	text := fmt.Sprintf("%s, its key may sign until %s", c.Subject, c.KeyNotEnd.Format(time.DateOnly))
	if !c.KeyNotEnd.IsZero() && now.AddDate(0, 0, soonDays).After(c.KeyNotEnd) {
		text += ", soon: cancuoc pki ds rotate"
	}
	return found(name, nil, text, "")
}

// soonDays is how long before something ends it is time to renew it.
const soonDays = 14

// examineLists tells whether the station's own authority keeps up its revocation list.
func (d *desk) examineLists() (findings []finding) {
	const name, mend = "revocation list", "cancuoc pki crl"
	a, err := authority.Open(d.authorityFolder(authorityOptions{}), authority.Keys{})
	if errors.Is(err, authority.ErrNoAuthority) {
		return nil // it is elsewhere
	}
	var last pki.RevocationList
	if err == nil {
		last, err = a.LastList()
	}
	switch {
	case err != nil:
	case last.ThisUpdate.IsZero():
		return []finding{{Name: name, Optional: true, Detail: "none has been issued yet", Mend: mend}}
	case time.Now().After(last.NextUpdate):
		err = fmt.Errorf("number %s was due to be replaced on %s", last.Number, last.NextUpdate.Format(time.DateOnly))
	}
	return []finding{found(name, err, fmt.Sprintf("number %s, the next is due on %s", last.Number, last.NextUpdate.Format(time.DateOnly)), mend)}
}

// examineKeys tells whether others may read a key file, and whether the key in force opens.
func (d *desk) examineKeys(config station.Config) finding {
	const name = "signing key"
	open := map[string]bool{}
	_ = filepath.WalkDir(station.Path(d.station, "authority"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".key" {
			info, err := e.Info()
			open[path] = err == nil && info.Mode().Perm()&0o077 != 0
		}
		return nil
	})
	for _, ref := range []string{config.Chip.Keys, config.Chip.OwnKeys} {
		if file, ok := strings.CutPrefix(ref, "file:"); ok {
			path := station.Path(d.station, file)
			info, err := os.Stat(path)
			open[path] = err == nil && info.Mode().Perm()&0o077 != 0
		}
	}
	for _, path := range slices.Sorted(maps.Keys(open)) {
		if open[path] {
			return found(name, fmt.Errorf("%s may be read by others", path), "", "chmod 600 "+path)
		}
	}
	signers, err := config.Signers(d.station, authority.Keys{})
	if err != nil {
		return found(name, err, "", "mend "+station.ConfigName)
	}
	newest, err := signers.Newest(time.Now())
	if err == nil {
		err = signers.Open(time.Now())
	}
	ref := shown(strings.TrimPrefix(newest.Key, "file:"))
	if errors.Is(err, pki.ErrPassphrase) {
		return found(name, nil, ref+", encrypted: issuing asks for its passphrase", "")
	}
	if errors.Is(err, pkcs11.ErrNoPIN) {
		return found(name, nil, ref+": issuing asks for the PIN", "")
	}
	return found(name, err, ref, "restore "+ref+" from its backup, or cancuoc pki ds rotate")
}

// examineChipKeys tells whether the keys of the chips that the station writes are at hand, and nobody else may read them.
func examineChipKeys(folder string, config station.Config) finding {
	const name, mend = "chip keys", "set chip.keys and chip.own_keys in " + station.ConfigName
	for _, ref := range []string{config.Chip.Keys, config.Chip.OwnKeys} {
		path, inFile := strings.CutPrefix(ref, "file:")
		info, err := os.Stat(station.Path(folder, path))
		if inFile && err == nil && info.Mode().Perm()&0o077 != 0 {
			path = station.Path(folder, path)
			return found(name, fmt.Errorf("%s may be read by others", path), "", "chmod 600 "+path)
		}
	}
	_, err := config.LoadChipKeys(folder, authority.Keys{})
	text := "by profile " + config.CardProfile().Name
	switch {
	case errors.Is(err, pkcs11.ErrNoPIN):
		return found(name, nil, text+": issuing asks for the PIN", "")
	case config.DefaultKeys():
		text += ": chips come with the default keys, which everybody knows"
	}
	return found(name, err, text, mend)
}

func examineTrust(folder string, config station.Config) finding {
	trust, err := config.Trust(folder)
	path := station.Path(folder, config.Authority.Trust)
	return found("trust anchors", err, fmt.Sprintf("%d in %s", len(trust.Anchors), path), "put CSCA certificates into "+path)
}

// soon is how many days before its end a certificate is spoken of.
const soon = 14

// examineTerminal tells whether this station can read back the fingerprints that it writes.
func examineTerminal(folder string, config station.Config) finding {
	const name, mend = "inspection system", "cancuoc pki is renew"
	trusted, err := config.CVCA(folder)
	if err != nil || len(trusted) == 0 {
		f := found(name, errors.Join(err, errors.New("no CVCA: cards with fingerprints cannot be issued here")), "", "cancuoc init a new station")
		f.Optional = err == nil
		return f
	}
	credentials, err := config.Credentials(folder, authority.Keys{})
	if errors.Is(err, pki.ErrPassphrase) {
		credentials, err = config.SealedCredentials(folder)
	}
	if err != nil {
		return found(name, err, "", mend)
	}
	var authorities []string
	for _, c := range trusted {
		authorities = append(authorities, c.Holder)
	}
	chain, err := cvc.Chain(credentials.Certificates, authorities, credentials.Holder)
	if err != nil {
		return found(name, err, "", mend)
	}
	today := today()
	for _, c := range chain {
		if today.After(c.Expiration) {
			return found(name, fmt.Errorf("the certificate of %s has expired on %s", c.Holder, c.Expiration), "", mend)
		}
	}
	f := found(name, nil, credentials.Holder+" under "+chain[0].Authority, "")
	if credentials.Key == nil {
		f.Detail += "; its key is encrypted: issuing asks for its passphrase"
	}
	for _, c := range chain {
		if !c.Expiration.After(today.AddDays(soon)) {
			f.Soon, f.Detail, f.Mend = true, fmt.Sprintf("the certificate of %s expires on %s", c.Holder, c.Expiration), mend
		}
	}
	return f
}

func examinePrintFolder(path string) finding {
	f, err := os.CreateTemp(path, ".doctor-*")
	if err == nil {
		f.Close()
		err = os.Remove(f.Name())
	}
	mend := "mkdir -p " + path
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		mend = "df " + path + " (make room, or mount the disk for writing, or chown it to this user)"
	}
	return found("print folder", err, path, mend)
}

func examineMachine(ctx context.Context) []finding {
	const install = "apt-get install pcscd vsmartcard-vpcd"
	ctx, stop := context.WithTimeout(ctx, 10*time.Second)
	defer stop()
	readers, err := pcsc.Readers(ctx)
	findings := []finding{examineService(ctx, len(readers), err)}
	if err == nil && len(readers) == 0 {
		findings = append(findings, examineReaders(ctx)...)
	}
	drivers, _ := filepath.Glob("/usr/lib/pcsc/drivers/serial/libifdvpcd.so*")
	var virtual error
	if len(drivers) == 0 {
		virtual = errors.New("pcscd's virtual reader (vpcd) is not installed")
	}
	driver := found("virtual reader", virtual, "driver installed", install)
	driver.Optional = true
	return append(findings, driver)
}

// examineService tells whether pcscd answers, and if not, why.
func examineService(ctx context.Context, readers int, err error) finding {
	mend := ""
	why := pcsc.ThisMachine(ctx).Why(err)
	var problem *pcsc.Problem
	switch {
	case len(why) > 0:
		err, mend = fmt.Errorf("%w (%s)", err, why[0].What), why[0].Mend
	case errors.As(err, &problem):
		mend = problem.Mend
	}
	service := found("smart card service", err, fmt.Sprintf("pcscd answers, %d readers", readers), mend)
	service.Optional = true
	return service
}

// examineReaders says why pcscd has no reader.
func examineReaders(ctx context.Context) (findings []finding) {
	for _, p := range pcsc.ThisMachine(ctx).Why(pcsc.ErrNoReader) {
		findings = append(findings, finding{Name: "card reader", Optional: true, Detail: printable(p.What), Mend: printable(p.Mend)})
	}
	return findings
}
