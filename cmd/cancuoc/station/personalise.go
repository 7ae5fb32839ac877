package station

import (
	"context"
	"fmt"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/perso"
)

// personalise writes the chip. The register commits which chip it is before anything is written, its keys too. A chip that
// turns out locked though this order was begun on it was finished before the power went: verification will tell.
func (j *job) personalise(ctx context.Context) (outcome, error) {
	data, err := j.production(ctx)
	if err != nil {
		return outcome{}, err
	}
	conn, err := j.connect()
	if err != nil {
		return outcome{}, err
	}
	chip, err := j.openChip(ctx, conn)
	if err != nil {
		return outcome{}, err
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
	came, put := chip.KeyVersion, ""
	report, err := chip.Write(ctx, data, j.Progress)
	if err != nil {
		return outcome{}, CardError{err}
	}
	if chip.KeyVersion != came {
		put = fmt.Sprintf(", its keys of version %02X replaced by %02X (%s)", came, chip.KeyVersion, chip.KeySet)
	}
	return outcome{detail: fmt.Sprintf("chip %s, %d bytes in %d commands%s", chip.ChipID, report.Bytes, report.Commands, put)}, nil
}

// openChip finds out who the chip is, and proves to be its issuer, as its profile has it.
func (j *job) openChip(ctx context.Context, send apdu.Sender) (*perso.Session, error) {
	t := j.Chips.Terminal(Attempts{Ctx: ctx, Register: j.Register, Force: j.Force, Now: j.Now})
	t.Rand, t.Channel = j.rand, j.Trace.Inner
	chip, err := t.Open(send)
	if err != nil {
		return nil, CardError{err}
	}
	return chip, nil
}

// Terminal gives the terminal that opens such chips; Rand and Channel are the caller's.
func (k ChipKeys) Terminal(attempts perso.Attempts) perso.Terminal {
	return perso.Terminal{Card: k.Profile, Keys: k.Keys, Transport: k.Transport, Attempts: attempts}
}
