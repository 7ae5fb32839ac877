package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/eac"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
	"github.com/cancuoc/cancuoc/reader"
)

type readOptions struct {
	out string
	inspectOptions
}

// inspectOptions say which card is read, how, and by what it is judged.
type inspectOptions struct {
	card, trust    string
	sha1Until      string
	access         accessOptions
	noBAC          bool
	allowDowngrade bool
	shortLength    bool
	fingerprints   bool
	passphraseFile string
}

// addTo adds the flags by which a card is read and judged.
func (o *inspectOptions) addTo(cmd *cobra.Command) {
	o.addReadingTo(cmd)
	cmd.Flags().StringVar(&o.trust, "trust", "", "file or folder `PATH` of what to trust: CSCA certificates, links, master lists, revocation lists (else the station's own)")
	cmd.Flags().BoolVar(&o.allowDowngrade, "allow-downgrade", false, "take a card that was opened by a weaker protocol than it was issued with")
	cmd.Flags().StringVar(&o.sha1Until, "sha1-until", "", "take SHA-1 in what was signed before this `DATE`, YYYY-MM-DD in UTC (else nowhere)")
	completeFlag(cmd, "sha1-until", func(string) []string { return nil })
}

// addReadingTo adds the flags by which a card is read.
func (o *inspectOptions) addReadingTo(cmd *cobra.Command) {
	addCardFlag(cmd, &o.card)
	o.access.addTo(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&o.noBAC, "no-bac", false, "open the card with PACE, or not at all")
	flags.BoolVar(&o.shortLength, "short-length", false, "for a reader that carries no extended length fields")
	flags.BoolVar(&o.fingerprints, "fingerprints", false, "read fingerprints too, as the station's inspection system (Terminal Authentication)")
	flags.StringVar(&o.passphraseFile, "passphrase-file", "", "the passphrase of the inspection system's key is in `FILE`")
}

func newReadCommand(d *desk) *cobra.Command {
	var opts readOptions
	cmd := &cobra.Command{
		Use: "read --card REF ACCESS", Short: "Read a card and judge it", Args: cobra.NoArgs,
		Long: `Read every file of a card, judge the card, and say what is on it. ACCESS is --mrz FILE or --can-file FILE, or for
specimens --number, --birth and --expiry, or --can. The card is opened with PACE where it offers it, else with Basic
Access Control. With -o the files are kept in a folder that "cancuoc verify" takes.`,
		Example: `  cancuoc read --card sim:card.sim --mrz mrz.txt -o reading
  cancuoc read --card sim:card.sim --can 000013 --fingerprints
  cancuoc read --card pcsc: --number 000200000013 --birth 2000-03-15 --expiry 2040-03-15 --json`,
		RunE: func(cmd *cobra.Command, _ []string) error { return runRead(cmd.Context(), d, opts) },
	}
	opts.addTo(cmd)
	cmd.Flags().StringVarP(&opts.out, "output", "o", "", "keep the files in the folder `DIR`")
	return cmd
}

func runRead(ctx context.Context, d *desk, opts readOptions) error {
	reading, verdict, err := d.readAndJudge(ctx, opts.inspectOptions)
	if err != nil {
		return err
	}
	if opts.out != "" {
		if err := reading.Save(opts.out); err != nil {
			return err
		}
	}
	result := newReadResult(reading, verdict)
	if err := d.print(result, result.write); err != nil {
		return err
	}
	return outcome(verdict)
}

// readAndJudge reads the card that the options name.
func (d *desk) readAndJudge(ctx context.Context, opts inspectOptions) (reader.Reading, reader.Verdict, error) {
	ref, inspection, err := d.inspection(opts)
	if err != nil {
		return reader.Reading{}, reader.Verdict{}, err
	}
	policy, err := d.policy(opts)
	if err != nil {
		return reader.Reading{}, reader.Verdict{}, err
	}
	reading, err := d.readCard(ctx, ref, inspection)
	if err != nil {
		return reader.Reading{}, reader.Verdict{}, cardError(ctx, err)
	}
	return reading, told(policy.Verify(reading, time.Now())), nil
}

// told gives a verdict in words for operators, without the names of packages.
func told(v reader.Verdict) reader.Verdict {
	for i := range v.Checks {
		v.Checks[i].Detail = plain(v.Checks[i].Detail)
	}
	return v
}

// inspection gives the card that the options name, and how it is read.
func (d *desk) inspection(opts inspectOptions) (cardRef, reader.Inspection, error) {
	ref, err := parseRef(opts.card)
	if err != nil {
		return cardRef{}, reader.Inspection{}, err
	}
	access, err := d.access(opts.access)
	if err != nil {
		return cardRef{}, reader.Inspection{}, err
	}
	inspection := reader.Inspection{Access: access, NoBAC: opts.noBAC, Short: opts.shortLength}
	if opts.fingerprints {
		inspection.Terminal, err = d.credentials(opts.passphraseFile)
	}
	return ref, inspection, err
}

// policy is by what a reading is judged.
func (d *desk) policy(opts inspectOptions) (reader.Policy, error) {
	until, err := sha1Limit(opts.sha1Until)
	if err != nil {
		return reader.Policy{}, err
	}
	trust, err := d.trusted(opts.trust)
	return reader.Policy{Trust: trust, AllowDowngrade: opts.allowDowngrade, SHA1Until: until}, err
}

// sha1Limit reads --sha1-until: the zero time where it is not given.
func sha1Limit(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	until, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}, withCode(exitUsage, fmt.Errorf("--sha1-until: %q is no date YYYY-MM-DD", text))
	}
	return until, nil
}

// credentials gives the inspection system of the station.
func (d *desk) credentials(passphraseFile string) (*eac.Credentials, error) {
	config, err := station.LoadConfig(d.station)
	if err != nil {
		return nil, withCode(exitRegister, fmt.Errorf("fingerprints are read as the inspection system of a station: %w", err))
	}
	var credentials *eac.Credentials
	err = d.withPassphrase(passphraseFile, func(passphrase []byte) error {
		credentials, err = config.Credentials(d.station, d.keys(passphrase))
		return withCode(exitKey, err)
	})
	if err == nil && credentials == nil {
		err = withCode(exitKey, fmt.Errorf("this station has no inspection system: %s has no [terminal]", station.ConfigName))
	}
	return credentials, err
}

// cardError is an error of a reading: of the card, unless it knows better or we were interrupted.
func cardError(ctx context.Context, err error) error {
	var known coded
	if errors.As(err, &known) || ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return err
	}
	return withCode(exitCard, err)
}

func (d *desk) readCard(ctx context.Context, ref cardRef, inspection reader.Inspection) (reader.Reading, error) {
	trace, err := d.tracing()
	if err != nil {
		return reader.Reading{}, err
	}
	opened, err := d.openCard(ctx, ref, false)
	if err != nil {
		return reader.Reading{}, err
	}
	defer opened.Close()
	inspection.Reset, inspection.Rand, inspection.Channel = opened.Reset, opened.Rand, trace.Inner
	if terminal(d.err) {
		inspection.Watch = func(file string, size int) { fmt.Fprintf(d.err, "\r\x1b[Kread %s, %d bytes", file, size) }
		defer fmt.Fprint(d.err, "\r\x1b[K")
	}
	return inspection.Read(ctx, &apdu.Conn{Wire: trace.Wire(opened)})
}

// outcome gives the exit code of a verdict.
func outcome(v reader.Verdict) error {
	switch {
	case v.Verdict == reader.NotGenuine:
		return silent(exitNotGenuine)
	case v.Verdict == reader.NotProven:
		return silent(exitNotProven)
	case v.Status != reader.Valid:
		return silent(exitNotValid)
	}
	return nil
}

// readResult is what read prints.
type readResult struct {
	Document *card.Document `json:"document,omitempty"`
	MRZ      []string       `json:"mrz"`
	Files    []fileResult   `json:"files"`
	reader.Verdict
}

type fileResult struct {
	Name   string `json:"name"`
	Size   int    `json:"size"`
	SHA256 string `json:"sha256"`
}

func newReadResult(reading reader.Reading, verdict reader.Verdict) readResult {
	result := readResult{Verdict: verdict, MRZ: []string{}, Files: []fileResult{}}
	if doc, err := reading.Document(time.Now()); err == nil {
		result.Document = &doc
	}
	if lines, err := reading.MRZ(); err == nil {
		result.MRZ = lines[:]
	}
	for _, name := range slices.Sorted(maps.Keys(reading.Files)) {
		sum := sha256.Sum256(reading.Files[name])
		result.Files = append(result.Files, fileResult{name, len(reading.Files[name]), hex.EncodeToString(sum[:])})
	}
	return result
}

func (r readResult) write(w io.Writer) {
	if r.Document != nil {
		writeDocument(w, *r.Document)
	}
	for _, line := range r.MRZ {
		fmt.Fprintf(w, "  %s\n", line)
	}
	for _, f := range r.Files {
		fmt.Fprintf(w, "%-15s %6d bytes  sha256 %s\n", f.Name, f.Size, f.SHA256)
	}
	writeVerdict(w, r.Verdict)
}

func writeDocument(w io.Writer, doc card.Document) {
	for _, f := range []struct{ name, value string }{
		{"personal number", doc.PersonalNumber}, {"full name", doc.FullName}, {"other names", doc.OtherNames}, {"date of birth", doc.DateOfBirth.String()},
		{"sex", string(doc.Sex)}, {"nationality", doc.Nationality}, {"ethnicity", doc.Ethnicity}, {"religion", doc.Religion},
		{"place of origin", doc.PlaceOfOrigin}, {"place of birth", doc.PlaceOfBirth}, {"residence", doc.Residence},
		{"identifying features", doc.IdentifyingFeatures}, {"father", doc.Father.FullName}, {"mother", doc.Mother.FullName},
		{"spouse", doc.Spouse.FullName}, {"guardian", doc.Guardian.FullName}, {"legal representative", doc.LegalRepresentative.FullName},
		{"ward", doc.Ward.FullName}, {"marital status", string(doc.MaritalStatus)}, {"household head", doc.HouseholdHead},
		{"old number", doc.OldNumber}, {"cancelled number", doc.CancelledNumber}, {"date of issue", doc.DateOfIssue.String()},
		{"date of expiry", doc.DateOfExpiry.String()}, {"chip serial", doc.ChipSerial}, {"card access number", doc.CAN},
	} {
		if f.value != "" {
			fmt.Fprintf(w, "%-21s %s\n", f.name, printable(f.value))
		}
	}
}

func writeVerdict(w io.Writer, v reader.Verdict) {
	for _, c := range v.Checks {
		fmt.Fprintf(w, "%-11s %-8s %s\n", c.Name, c.Result, printable(c.Detail))
	}
	specimen := ""
	if v.Specimen {
		specimen = "  (SPECIMEN / MẪU: no real document)"
	}
	fmt.Fprintf(w, "verdict     %s / %s%s\n", v.Verdict, vietnamese(string(v.Verdict)), specimen)
	fmt.Fprintf(w, "status      %s / %s\n", v.Status, vietnamese(string(v.Status)))
}

// vietnamese gives the words for a verdict and a status that a clerk tells a citizen.
func vietnamese(word string) string {
	return map[string]string{
		"genuine": "thẻ thật", "not-genuine": "thẻ giả", "not-proven": "chưa chứng minh được",
		"valid": "còn hiệu lực", "expired": "đã hết hạn", "suspended": "đang bị tạm khóa", "revoked": "đã bị thu hồi",
		"unknown": "không rõ",
	}[word]
}
