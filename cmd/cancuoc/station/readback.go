package station

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/card/pki/cvc"
	"github.com/cancuoc/cancuoc/card/register"
	"github.com/cancuoc/cancuoc/reader"
)

// ErrChipDiffers says that the chip does not hold what was to be written to it. The card is waste.
var ErrChipDiffers = errors.New("station: the chip does not hold what was signed for it")

// ErrNotProven says that a chip holds what was signed for it and the station cannot judge it.
var ErrNotProven = errors.New("station: the chip holds what was signed for it, and is not proven genuine")

// verify makes sure that this is the order's chip, reads it as anyone would, judges it, and compares every file with
// what was to be written. A chip that differs cannot be mended, since it is locked: the order is spoiled. One that
// cannot be judged is no waste: the order stays where it is until the station can.
func (j *job) verify(ctx context.Context) (outcome, error) {
	data, err := j.production(ctx)
	if err != nil {
		return outcome{}, err
	}
	reading, err := j.read(ctx)
	if err != nil {
		return outcome{}, err
	}
	trust, err := j.Trust()
	if err != nil {
		return outcome{}, err
	}
	verdict := reader.Verify(reading, trust, j.Now())
	fault := compare(reading, data)
	if fault == nil && len(reading.Closed) > 0 && j.Terminal != nil {
		return outcome{}, fmt.Errorf("%w: %s could not be read back: %s", ErrNotProven, strings.Join(reading.Closed, ", "), reading.Proofs.Terminal.Detail)
	}
	if fault == nil && (verdict.Verdict == reader.NotProven || onlyChipFails(verdict)) {
		return outcome{}, fmt.Errorf("%w: %s", ErrNotProven, failing(verdict))
	}
	if fault == nil && verdict.Verdict != reader.Genuine {
		fault = fmt.Errorf("%w: it is judged %s (%s)", ErrChipDiffers, verdict.Verdict, failing(verdict))
	}
	if fault != nil {
		err := j.Register.Spoil(ctx, j.order.ID, fault.Error(), j.Actor, j.Now())
		return outcome{}, errors.Join(fault, err)
	}
	return outcome{detail: fmt.Sprintf("%s, %s", verdict.Verdict, comparison(reading, data))}, nil
}

// onlyChipFails tells whether all that is false is an authentication of the chip: a disturbed line can cause that, and no
// chip is wasted for it.
func onlyChipFails(v reader.Verdict) bool {
	for _, c := range v.Checks {
		if c.Result == reader.Fail && c.Name != "chip" {
			return false
		}
	}
	return v.Verdict == reader.NotGenuine
}

func (j *job) read(ctx context.Context) (reader.Reading, error) {
	conn, err := j.connect()
	if err != nil {
		return reader.Reading{}, err
	}
	if err := j.card.Reset(); err != nil {
		return reader.Reading{}, CardError{err}
	}
	if err := j.checkChip(ctx, conn); err != nil {
		return reader.Reading{}, err
	}
	if err := j.card.Reset(); err != nil { // not every chip goes back to the master file by SELECT
		return reader.Reading{}, CardError{err}
	}
	access, err := reader.AccessByNumber(j.doc.PersonalNumber, j.doc.DateOfBirth, j.doc.DateOfExpiry)
	if err != nil {
		return reader.Reading{}, err
	}
	reading, err := reader.Inspection{
		Access: access, Rand: j.rand, Terminal: j.Terminal, Reset: j.card.Reset, Channel: j.Trace.Inner,
	}.Read(ctx, conn)
	if err != nil {
		return reader.Reading{}, CardError{err}
	}
	return reading, nil
}

// ErrNotLocked says that a chip took the command that locks it, and can still be written.
var ErrNotLocked = errors.New("station: the chip is not locked, though it was written to the end: whoever has it can write it anew")

// checkChip makes sure that the chip in the reader is the one that the register has for this order. Without it any
// card of the same citizen would do, or be taken for a chip gone wrong. That it has been locked is for the chip to say.
func (j *job) checkChip(ctx context.Context, send apdu.Sender) error {
	chip, err := j.openChip(ctx, send)
	if err != nil {
		return err
	}
	if chip.ChipID != j.order.ChipID {
		return fmt.Errorf("%w: this is chip %s, the order's is %s", register.ErrOtherChip, chip.ChipID, j.order.ChipID)
	}
	if chip.State != perso.Locked {
		return CardError{fmt.Errorf("%w (chip %s, %s): give the order up with `cancuoc order spoil %d`", ErrNotLocked, chip.ChipID, chip.State, j.order.ID)}
	}
	return nil
}

// compare finds a file that differs from what was signed, byte for byte. EF.CVCA, which nobody signs, changes when a chip
// is shown a link certificate: the authority that was written to it must be one of those in it.
func compare(reading reader.Reading, data perso.Data) error {
	same := 0
	for _, f := range data.Files {
		file, _ := lds.ByName(f.Name())
		content, there := reading.Files[f.Name()]
		switch {
		case there && bytes.Equal(content, f.Content), there && file.Name == "EF.CVCA" && succeeds(content, f.Content):
			same++
		case there || !reading.Withholds(file):
			return fmt.Errorf("%w: %s", ErrChipDiffers, f.Name())
		}
	}
	if _, there := reading.Files["EF.ATR/INFO"]; there {
		same++ // the maker's
	}
	if same != len(reading.Files) {
		return fmt.Errorf("%w: it has other files beside", ErrChipDiffers)
	}
	return nil
}

// succeeds tells whether an EF.CVCA is one that the other can become.
func succeeds(now, before []byte) bool {
	trusted, err := cvc.ParseFile(now)
	if err != nil {
		return false
	}
	issued, err := cvc.ParseFile(before)
	return err == nil && slices.Contains(trusted, issued[0])
}

// comparison says what compare has found equal, and what could not be read back.
func comparison(reading reader.Reading, data perso.Data) string {
	if len(reading.Closed) == 0 {
		return fmt.Sprintf("%d files as signed", len(data.Files))
	}
	return fmt.Sprintf("%d files as signed, not read back: %s", len(data.Files)-len(reading.Closed), strings.Join(reading.Closed, ", "))
}

func failing(v reader.Verdict) string {
	var names []string
	for _, c := range v.Checks {
		if c.Result == reader.Fail || c.Result == reader.Unknown {
			names = append(names, c.Name+": "+c.Detail)
		}
	}
	return strings.Join(names, "; ")
}
