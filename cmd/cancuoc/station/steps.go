package station

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/pki/cvc"
	"github.com/cancuoc/cancuoc/card/register"
	"github.com/cancuoc/cancuoc/card/regular"
	"github.com/cancuoc/cancuoc/card/vnm"
	"github.com/cancuoc/cancuoc/layout"
	"github.com/cancuoc/cancuoc/layout/pdf"
)

// check judges the record once more, as it stands in the register, and that its faces can be printed: before a chip
// is touched.
func (j *job) check(context.Context) (outcome, error) {
	warnings, err := j.doc.Check(date.Of(j.Now()))
	if err != nil {
		return outcome{}, err
	}
	if _, err := j.Signers.Newest(j.Now()); err != nil {
		return outcome{}, fmt.Errorf("%w: %w", ErrAuthority, err)
	}
	if _, err := j.Templates.Faces(j.doc, j.order.Face, j.order.Fingerprints, pki.Production{}); err != nil {
		return outcome{}, err
	}
	if len(j.doc.Fingerprints) > 0 && j.order.Fingerprints == nil {
		return outcome{}, ErrNoFingerprints
	}
	return outcome{detail: "record and faces" + ofProfile(warnings)}, nil
}

// ErrNoFingerprints says that the record names fingerprints that the register does not hold: an earlier version of this
// program took it in, and kept none.
var ErrNoFingerprints = errors.New("station: the record names fingerprints and the register holds none: give the order up with `cancuoc order cancel`, and take the record in again")

// ofProfile repeats what is wrong with the profile: whoever issues decides on the chip, and may not have taken in the
// record.
func ofProfile(warnings []vnm.Warning) string {
	text := ""
	for _, w := range warnings {
		if about, ok := strings.CutPrefix(w.Text, "profile: "); ok {
			text += "; warning: " + about + " / " + w.TextVi
		}
	}
	return text
}

// sign makes all that goes onto the chip. The data is kept in the register until the card is issued, so that a resumed
// run writes and compares the very same bytes.
func (j *job) sign(ctx context.Context) (outcome, error) {
	s, err := j.begin(ctx)
	if err != nil {
		return outcome{}, err
	}
	doc, err := j.doc.DrawSerial(j.Rand)
	if err != nil {
		return outcome{}, err
	}
	data, err := card.Issue(card.Issuance{
		Document: doc, Portrait: j.order.Chip, Fingerprints: j.order.Fingerprints, Signer: s.signer, Hash: j.Signers.Hash, CVCA: j.CVCA, At: j.Now(), Rand: j.Rand,
	})
	if err != nil {
		return outcome{}, err
	}
	stored, err := json.Marshal(data)
	if err != nil {
		return outcome{}, err
	}
	return outcome{detail: fmt.Sprintf("%d files, chip serial %s, %v", len(data.Files), doc.ChipSerial, s), data: stored, use: s.use}, nil
}

// ErrAuthority says that cards which this station signs would not be judged genuine, not even by itself.
var ErrAuthority = errors.New("station: the document signer cannot sign now")

// checkTerminal makes sure that a chip with fingerprints will trust a CVCA of this station's kind, and let its inspection
// system in.
func (j *job) checkTerminal(signer pki.Certificate) error {
	var authorities []string
	for _, c := range j.CVCA {
		if cvc.IsSpecimen(c.Holder) && !signer.Specimen() {
			return fmt.Errorf("station: a real document signer, and the specimen CVCA %s: chips would let in whoever has its key", c.Holder)
		}
		authorities = append(authorities, c.Holder)
	}
	if j.order.Fingerprints == nil || j.Terminal == nil {
		return nil
	}
	chain, err := cvc.Chain(j.Terminal.Certificates, authorities, j.Terminal.Holder)
	if err != nil {
		return fmt.Errorf("%w (renew the inspection system with `cancuoc pki is renew`)", err)
	}
	for _, c := range chain {
		if date.Of(j.Now()).After(c.Expiration) {
			return fmt.Errorf("station: the certificate of %s has expired on %s: fingerprints could not be read back (renew it with `cancuoc pki is renew`)", c.Holder, c.Expiration)
		}
	}
	return nil
}

// production loads what sign has made.
func (j *job) production(ctx context.Context) (perso.Data, error) {
	stored, err := j.Register.Production(ctx, j.order.ID)
	if err != nil {
		return perso.Data{}, err
	}
	var data perso.Data
	if err := json.Unmarshal(stored, &data); err != nil {
		return perso.Data{}, fmt.Errorf("station: the production data in the register is damaged")
	}
	return data, nil
}

// personalise writes the chip. The register commits which chip it is before anything is written. A chip that turns
// out locked though this order was begun on it was finished before the power went: verification will tell.
func (j *job) personalise(ctx context.Context) (outcome, error) {
	data, err := j.production(ctx)
	if err != nil {
		return outcome{}, err
	}
	conn, err := j.connect()
	if err != nil {
		return outcome{}, err
	}
	chip, err := perso.Terminal{Keys: j.ChipKeys, Rand: j.rand, Channel: j.channel()}.Open(conn)
	if err != nil {
		return outcome{}, CardError{err}
	}
	if chip.State != perso.Blank && chip.State != perso.Personalised && j.order.ChipID != chip.ChipID {
		return outcome{}, fmt.Errorf("%w (chip %s): use a blank one", perso.ErrLocked, chip.ChipID)
	}
	if err := j.Register.Intend(ctx, j.order.ID, chip.ChipID, j.Now()); err != nil {
		return outcome{}, err
	}
	j.order.ChipID = chip.ChipID
	if chip.State == perso.Locked {
		return outcome{detail: "chip " + chip.ChipID + " was written and locked by an earlier run"}, nil
	}
	report, err := chip.Write(ctx, data, j.Progress)
	if err != nil {
		return outcome{}, CardError{err}
	}
	return outcome{detail: fmt.Sprintf("chip %s, %d bytes in %d commands", chip.ChipID, report.Bytes, report.Commands)}, nil
}

// CardError is what went wrong between the station and a card, and reads like it.
type CardError struct{ Err error }

func (e CardError) Error() string { return e.Err.Error() }

// Unwrap gives what went wrong.
func (e CardError) Unwrap() error { return e.Err }

// print draws the faces into the order's own file, which is on the disk before the step counts as done. Where a printer
// prints, they lie as it wants them, and nothing is drawn for a queue that takes no jobs.
func (j *job) print(ctx context.Context) (outcome, error) {
	proof, kind, err := j.proof(ctx)
	if err != nil {
		return outcome{}, err
	}
	faces, err := j.Templates.Faces(j.doc, j.order.Face, j.order.Fingerprints, proof)
	if err != nil {
		return outcome{}, err
	}
	if err := j.readBack(faces); err != nil {
		return outcome{}, err
	}
	pages, begin := []layout.Face{faces.Front, faces.Back}, ""
	if printer, prints := j.printerFor(j.doc); prints {
		if err := printer.Ready(ctx); err != nil {
			return outcome{}, err
		}
		pages, begin = printer.Pages(faces), "handing to "+printer.Called()+": "
	}
	var out bytes.Buffer
	if err := pdf.Write(&out, pages...); err != nil {
		return outcome{}, err
	}
	path, size := j.PrintFile(j.order.ID), out.Len()
	err = regular.WriteFile(path, func(w io.Writer) error {
		_, err := out.WriteTo(w)
		return err
	})
	if err != nil {
		return outcome{}, err
	}
	return outcome{detail: fmt.Sprintf("%s%s, %s, %s, %d bytes", begin, path, named(pages), kind, size)}, nil
}

func named(pages []layout.Face) string {
	if len(pages) == 1 {
		return "the front alone"
	}
	return "both faces"
}

// proof proves that the order may be printed for real, and says in a word as what it is printed. What a specimen authority
// signed, and what a key signed that is in no token, goes without proof and is overprinted.
func (j *job) proof(ctx context.Context) (pki.Production, string, error) {
	proof, err := j.Production(ctx, j.order.ID)
	switch {
	case errors.Is(err, pki.ErrSpecimen):
		return proof, "as a specimen", nil
	case errors.Is(err, pki.ErrNotInToken):
		return proof, "overprinted as a specimen, since the signing key is in no PKCS #11 token", nil
	}
	return proof, "for production", err
}

// PrintName is the name of the file of an order's faces.
func PrintName(id int64) string { return fmt.Sprintf("order-%06d.pdf", id) }

// record ends the work: the card is active.
func (j *job) record(context.Context) (outcome, error) {
	if j.doc.OnPaper() {
		return outcome{detail: "the certificate is active"}, nil
	}
	return outcome{detail: "the card is active"}, nil
}

// Faces composes the two faces of a document. portrait is the JPEG for the face, nil for none; fingerprints is EF.DG3, of
// which some forms print two; without a proof the faces are overprinted.
func (t Templates) Faces(doc card.Document, portrait, fingerprints []byte, proof pki.Production) (layout.Faces, error) {
	lines, err := doc.MRZ()
	if err != nil && !errors.Is(err, card.ErrNoMRZ) {
		return layout.Faces{}, err
	}
	qr, err := doc.QR()
	if err != nil {
		return layout.Faces{}, err
	}
	template, err := t.of(doc.Form)
	if err != nil {
		return layout.Faces{}, err
	}
	in := layout.Card{Document: doc, MRZ: lines, QR: qr, Portrait: portrait, Production: proof}
	if template.Fingerprints() {
		if in.Fingerprints, err = card.PrintedFingers(fingerprints); err != nil {
			return layout.Faces{}, err
		}
	}
	return template.Compose(in)
}

// Plan gives what Issue would write to the chip of an order, touching neither chip nor register: what perso.Plan takes.
func (d *Desk) Plan(order register.Order) (perso.Data, error) {
	doc, err := card.ParseRecord(order.Record)
	if err != nil {
		return perso.Data{}, err
	}
	if stage, more := stageFrom(doc, order.State); !more {
		return perso.Data{}, nothingToDo(order.State, order)
	} else if stage.from != register.Ordered && stage.from != register.Checked {
		return perso.Data{}, fmt.Errorf("station: order %d is %s: it would be resumed", order.ID, order.State)
	}
	j := &job{Desk: d, order: order, doc: doc, dry: true}
	if _, err := j.check(context.Background()); err != nil {
		return perso.Data{}, err
	}
	sign, _ := stageFrom(doc, register.Checked)
	signed, err := sign.run(j, context.Background())
	if err != nil {
		return perso.Data{}, err
	}
	var data perso.Data
	if err := json.Unmarshal(signed.data, &data); err != nil {
		return perso.Data{}, err
	}
	return data, nil
}
