package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/pki/cvc"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/authority"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/cvca"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
)

func newCVCACommand(d *desk) *cobra.Command {
	return group("cvca", "The country verifying CA: whose terminals may read fingerprints", newCVCAInitCommand(d), newCVCARenewCommand(d), newCVCAListCommand(d))
}

func newVerifierCommand(d *desk) *cobra.Command {
	return group("dv", "Document verifiers, which a CVCA certifies", newCVCIssueCommand(d, verifierTexts()), newCVCRenewCommand(d, verifierTexts()), newCVCRequestCommand(d, verifierTexts()))
}

func newTerminalCommand(d *desk) *cobra.Command {
	return group("is", "Inspection systems, which a document verifier certifies", newCVCIssueCommand(d, terminalTexts()), newCVCRenewCommand(d, terminalTexts()), newCVCRequestCommand(d, terminalTexts()))
}

// chainTexts is in what the commands of document verifiers and inspection systems differ.
type chainTexts struct {
	role                  cvc.Role
	article, name, above  string
	mnemonic              string
	issue, renew, request string // examples
	renewal               string
}

func verifierTexts() chainTexts {
	return chainTexts{role: cvc.DomesticDV, article: "a ", name: "document verifier", above: "CVCA", mnemonic: "DV",
		issue:   "  cancuoc pki dv issue --dir cvca --mnemonic POLICE --passphrase-file pass.txt\n  cancuoc pki dv issue --dir cvca --foreign --request DEDV-VN001.cvreq --read fingerprints",
		renew:   "  cancuoc pki dv renew\n  cancuoc pki dv renew --dir cvca --days 90",
		request: "  cancuoc pki dv request --dir verifier --mnemonic POLICE",
		renewal: "The inspection systems that it certifies from now on are under the new one; those before stay good until they expire."}
}

func terminalTexts() chainTexts {
	return chainTexts{role: cvc.Terminal, article: "an ", name: "inspection system", above: "document verifier", mnemonic: "IS",
		issue:   "  cancuoc pki is issue --dir cvca --mnemonic GATE1 --read fingerprints\n  cancuoc pki is issue --dir verifier --request inspection-system-VN001.cvreq",
		renew:   "  cancuoc pki is renew --station station\n  cancuoc pki is renew --days 31 --dry-run",
		request: "  cancuoc pki is request --dir desk --mnemonic GATE1",
		renewal: `The document verifier is renewed before it where it is of an earlier CVCA or would end earlier, and the CVCA's key is
here. The station reads as before until the key is replaced, by one rename, and by the new one from then on.`}
}

// chainOptions are those of every command at the folder of a chain.
type chainOptions struct {
	dir, passphraseFile string
	dryRun              bool
}

func (o *chainOptions) addTo(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.dir, "dir", "", "`FOLDER` of the CVCA, document verifier or inspection system (else the station's)")
	o.addKeysTo(cmd)
}

func (o *chainOptions) addKeysTo(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.passphraseFile, "passphrase-file", "", "the passphrase of the key files is in `FILE` (- for standard input)")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "say what would be made, and make nothing")
}

// exclusive refuses a flag together with any of some others.
func exclusive(cmd *cobra.Command, flag string, others ...string) error {
	for _, other := range others {
		if cmd.Flags().Changed(flag) && cmd.Flags().Changed(other) {
			return withCode(exitUsage, fmt.Errorf("give --%s or --%s, not both", flag, other))
		}
	}
	return nil
}

func addKeyFlag(cmd *cobra.Command, key *string) {
	cmd.Flags().StringVar(key, "key", "", "reference of the new key: file:PATH, or pkcs11:... for one that is on a token (else a file beside the certificate)")
	completeBeginning(cmd, "key", func(string) []string { return []string{"file:", "pkcs11:"} })
}

func addRightsFlag(cmd *cobra.Command, names *[]string, otherwise string) {
	cmd.Flags().StringSliceVar(names, "read", nil, "what may be read: fingerprints, irises ("+otherwise+")")
	completeFlag(cmd, "read", func(string) []string { return []string{"fingerprints", "irises", "fingerprints,irises"} })
}

// chain runs work at the folder that the options name, with its keys.
func (d *desk) chain(o chainOptions, work func(f *cvca.Folder) error) error {
	if o.dir == "" {
		config, err := station.LoadConfig(d.station)
		if errors.Is(err, station.ErrNoStation) {
			return withCode(exitUsage, errors.New("whose folder? name it with --dir DIR, or a station with --station DIR"))
		}
		if err != nil {
			return withCode(exitRegister, err)
		}
		if !config.LetsTerminalsIn() {
			return withCode(exitKey, fmt.Errorf("this station has no inspection system: %s has no [terminal]", station.ConfigName))
		}
		o.dir = station.Path(d.station, config.Terminal.Certificates)
	}
	return d.withKeys(o, func(keys authority.Keys) error {
		f, err := cvca.Open(o.dir, keys)
		if err != nil {
			return err
		}
		return work(f)
	})
}

// withKeys runs work with what opens keys.
func (d *desk) withKeys(o chainOptions, work func(authority.Keys) error) error {
	return d.withPassphrase(o.passphraseFile, func(passphrase []byte) error {
		return chainError(work(d.keys(passphrase)))
	})
}

// chainError gives an error its exit code, where it has none yet: the key's, the disk's, or else that of what was asked for.
func chainError(err error) error {
	for _, key := range []error{cvca.ErrPlainKey, cvca.ErrNoKey, cvca.ErrOtherKey} {
		if errors.Is(err, key) {
			return withCode(exitKey, err)
		}
	}
	var path *fs.PathError
	if err == nil || exitCode(context.Background(), err) != exitFailed || errors.As(err, &path) && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return withCode(exitInput, err)
}

// today is the day by GMT (Doc 9303-12, section 7.2.3.1.3).
func today() date.Date { return date.Of(time.Now().UTC()) }

// rights reads the names of rights; none are none.
func rights(names []string) (cvc.Rights, error) {
	r, err := cvc.ParseRights(names)
	return r, withCode(exitUsage, err)
}

// planPrint shows what is planned, or was made as planned.
func (d *desk) planPrint(plans []cvca.Plan, dryRun bool) error {
	did := "made"
	if dryRun {
		did = "would make"
	}
	result := struct {
		DryRun bool        `json:"dry_run"`
		Made   []cvca.Plan `json:"certificates"`
	}{dryRun, plans}
	return d.print(result, func(w io.Writer) {
		for _, p := range plans {
			fmt.Fprintf(w, "%s %s  %s, by %s, %s to %s, may read %s\n", did, printable(p.Holder), p.Role, printable(p.Authority), p.From, p.Until, orNothing(p.Rights))
			fmt.Fprintf(w, "  %s\n", printable(shown(p.File)))
		}
	})
}

func orNothing(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, ", ")
}
