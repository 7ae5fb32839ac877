package main

import (
	"context"
	"crypto/rand"
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
	"github.com/cancuoc/cancuoc/reader"
)

type readOptions struct {
	card, trust, out string
	access           accessOptions
}

func newReadCommand(d *desk) *cobra.Command {
	var opts readOptions
	cmd := &cobra.Command{
		Use: "read --card REF ACCESS", Short: "Read a card and judge it", Args: cobra.NoArgs,
		Long: `Read every file of a card, judge the card, and say what is on it. ACCESS is --mrz FILE, or for specimens
--number, --birth and --expiry. With -o the files are kept in a folder that "cancuoc verify" takes.`,
		Example: `  cancuoc read --card sim:card.sim --mrz mrz.txt -o reading
  cancuoc read --card pcsc: --number 000200000013 --birth 2000-03-15 --expiry 2040-03-15 --json`,
		RunE: func(cmd *cobra.Command, _ []string) error { return runRead(cmd.Context(), d, opts) },
	}
	addCardFlag(cmd, &opts.card)
	cmd.Flags().StringVarP(&opts.out, "output", "o", "", "keep the files in the folder `DIR`")
	cmd.Flags().StringVar(&opts.trust, "trust", "", "CSCA certificates to trust (else the station's own)")
	opts.access.addTo(cmd)
	return cmd
}

func runRead(ctx context.Context, d *desk, opts readOptions) error {
	reading, verdict, err := d.readAndJudge(ctx, opts.card, opts.trust, opts.access)
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

// readAndJudge reads the card that the reference names.
func (d *desk) readAndJudge(ctx context.Context, cardName, trustPath string, by accessOptions) (reader.Reading, reader.Verdict, error) {
	ref, err := parseRef(cardName)
	if err != nil {
		return reader.Reading{}, reader.Verdict{}, err
	}
	access, err := d.access(by)
	if err != nil {
		return reader.Reading{}, reader.Verdict{}, err
	}
	trust, err := d.trusted(trustPath)
	if err != nil {
		return reader.Reading{}, reader.Verdict{}, err
	}
	reading, err := d.readCard(ctx, ref, access)
	if err != nil {
		return reader.Reading{}, reader.Verdict{}, cardError(ctx, err)
	}
	return reading, reader.Verify(reading, trust, time.Now()), nil
}

// cardError is an error of a reading: of the card, unless it knows better or we were interrupted.
func cardError(ctx context.Context, err error) error {
	var known coded
	if errors.As(err, &known) || ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return err
	}
	return withCode(exitCard, err)
}

func (d *desk) readCard(ctx context.Context, ref cardRef, access reader.Access) (reader.Reading, error) {
	trace, err := d.tracing()
	if err != nil {
		return reader.Reading{}, err
	}
	opened, err := ref.open(ctx, false)
	if err != nil {
		return reader.Reading{}, err
	}
	defer opened.Close()
	inspection := reader.Inspection{Access: access, Rand: rand.Reader}
	var wire apdu.Transmitter = opened
	if trace != nil {
		wire = trace.Wire(opened)
		inspection.Channel = func(s apdu.Sender) apdu.Sender { return trace.Channel("inner", s) }
	}
	if terminal(d.err) {
		inspection.Watch = func(file string, size int) { fmt.Fprintf(d.err, "\r\x1b[Kread %s, %d bytes", file, size) }
		defer fmt.Fprint(d.err, "\r\x1b[K")
	}
	return inspection.Read(ctx, &apdu.Conn{Wire: wire})
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
		fmt.Fprintf(w, "%-8s %6d bytes  sha256 %s\n", f.Name, f.Size, f.SHA256)
	}
	writeVerdict(w, r.Verdict)
}

func writeDocument(w io.Writer, doc card.Document) {
	for _, f := range []struct{ name, value string }{
		{"personal number", doc.PersonalNumber}, {"full name", doc.FullName}, {"other names", doc.OtherNames}, {"date of birth", doc.DateOfBirth.String()},
		{"sex", string(doc.Sex)}, {"nationality", doc.Nationality}, {"ethnicity", doc.Ethnicity}, {"religion", doc.Religion},
		{"place of origin", doc.PlaceOfOrigin}, {"place of birth", doc.PlaceOfBirth}, {"residence", doc.Residence},
		{"identifying features", doc.IdentifyingFeatures}, {"father", doc.Father.FullName}, {"mother", doc.Mother.FullName},
		{"spouse", doc.Spouse.FullName}, {"guardian", doc.Guardian.FullName}, {"household head", doc.HouseholdHead},
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
