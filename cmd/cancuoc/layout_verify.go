package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
)

type layoutVerifyOptions struct {
	files         []string
	order, record string
	dpi           float64
}

// Between these resolutions scan reads a machine readable zone.
const (
	leastPictureDPI = 150
	mostPictureDPI  = 1200
)

func newLayoutVerifyCommand(d *desk) *cobra.Command {
	var opts layoutVerifyOptions
	cmd := &cobra.Command{
		Use: "verify FILE... --order ID", Short: "Read printed faces back and compare them with the record", Args: cobra.MinimumNArgs(1),
		Long: `Read what machines read on a card from pictures of its faces (PNG, JPEG, or PDF, which pdftoppm of poppler-utils makes pictures
of), and compare it with an order, or with a record: the machine readable zone cell by cell, and the text of the QR code.
A picture shows one side from edge to edge; where it shows more, its top left corner is that of the card, and --dpi tells its
resolution. The exit code is 9 when something differs, and 10 when something cannot be read for sure.`,
		Example: `  cancuoc layout verify front.png back.png --order 1
  cancuoc layout verify scan.pdf --order 1 --json
  cancuoc layout verify card.pdf --record citizen.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.files = args
			if (opts.order == "") == (opts.record == "") {
				return withCode(exitUsage, errors.New("compare with what? give --order ID or --record FILE"))
			}
			if cmd.Flags().Changed("dpi") && !(opts.dpi >= leastPictureDPI && opts.dpi <= mostPictureDPI) {
				return withCode(exitUsage, fmt.Errorf("--dpi: %g; from %d to %d can be read", opts.dpi, leastPictureDPI, mostPictureDPI))
			}
			return runLayoutVerify(cmd.Context(), d, opts)
		},
	}
	cmd.Flags().StringVar(&opts.order, "order", "", "the order with this `ID`")
	cmd.Flags().StringVar(&opts.record, "record", "", "the record in `FILE`")
	cmd.Flags().Float64Var(&opts.dpi, "dpi", 0, "resolution of the pictures, where they show more than the card")
	completeFlag(cmd, "order", func(string) []string { ids, _ := d.completeOrders(cmd, nil, ""); return ids })
	return cmd
}

func runLayoutVerify(ctx context.Context, d *desk, opts layoutVerifyOptions) error {
	doc, err := d.ordered(ctx, opts)
	if err != nil {
		return err
	}
	checks, err := d.checkFaces(ctx, doc, opts.files, opts.dpi)
	if err != nil {
		return err
	}
	if err := d.print(checks, func(w io.Writer) { writeFaceChecks(w, checks) }); err != nil {
		return err
	}
	return faceOutcome(checks)
}

// ordered gives the document that the face is to show.
func (d *desk) ordered(ctx context.Context, opts layoutVerifyOptions) (card.Document, error) {
	if opts.record != "" {
		doc, _, err := d.oneRecord(opts.record)
		return doc.Complete(), withInput(err)
	}
	id, err := parseID([]string{opts.order})
	if err != nil {
		return card.Document{}, err
	}
	w, err := d.openStation(ctx)
	if err != nil {
		return card.Document{}, err
	}
	defer w.register.Close()
	order, err := w.register.Order(ctx, id)
	if err != nil {
		return card.Document{}, err
	}
	return card.ParseRecord(order.Record)
}

// checkFaces reads back what machines read on pictures of a card.
func (d *desk) checkFaces(ctx context.Context, doc card.Document, files []string, dpi float64) ([]station.FaceCheck, error) {
	templates, err := d.templates(nil)
	if err != nil {
		return nil, err
	}
	var pictures []station.FacePicture
	for _, file := range files {
		images, err := facePictures(ctx, file)
		if err != nil {
			return nil, withInput(err)
		}
		for _, img := range images {
			pictures = append(pictures, station.FacePicture{Image: img, DPI: dpi})
		}
	}
	return templates.CheckFaces(doc, pictures)
}

func writeFaceChecks(w io.Writer, checks []station.FaceCheck) {
	for _, c := range checks {
		fmt.Fprintf(w, "%-4s %-7s %s\n", c.Name, c.Result, c.Detail)
	}
}

// faceOutcome gives the exit code of what was read.
func faceOutcome(checks []station.FaceCheck) error {
	code := exitDone
	for _, c := range checks {
		switch {
		case c.Result == station.FaceDiffer:
			code = exitNotGenuine
		case c.Result == station.FaceUnread && code == exitDone:
			code = exitNotProven
		}
	}
	if code == exitDone {
		return nil
	}
	return silent(code)
}

// faceEvidence is what the history keeps of a face that was read; an error where it does not read as ordered.
func faceEvidence(checks []station.FaceCheck) (string, error) {
	var words []string
	for _, c := range checks {
		if c.Result != station.FacePass {
			err := fmt.Errorf("the face does not read as ordered, %s %s: `cancuoc layout verify` says where", c.Name, c.Result)
			if c.Result == station.FaceDiffer {
				return "", withCode(exitNotGenuine, err)
			}
			return "", withCode(exitNotProven, err)
		}
		words = append(words, c.Name+" as ordered")
	}
	return "face read back: " + strings.Join(words, ", "), nil
}
