package station

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cancuoc/cancuoc/card/register"
)

// ErrTried is answered for a chip at which the same keys have failed before.
var ErrTried = errors.New("station: these keys have failed at this chip before")

// Attempts keeps in the register which chips have refused which keys, so that none is shown the same ones twice by mistake:
// chips count, and lock themselves for ever.
type Attempts struct {
	Ctx      context.Context
	Register *register.Register
	Force    bool // try them all the same
	Now      func() time.Time
}

// Allow stops a second try.
func (a Attempts) Allow(chipID, keys string) error {
	before, err := a.Register.Attempts(a.Ctx, chipID, keys)
	if err != nil || before.Failures == 0 || a.Force {
		return err
	}
	return fmt.Errorf("%w, where they are not shown again, since chips count and lock themselves for ever (chip %s, keys %s, %d failed, the last on %s): "+
		"set chip.profile, chip.keys and chip.own_keys in %s to those of the chip, or say --force",
		ErrTried, chipID, keys, before.Failures, before.Last.Format(time.DateTime), ConfigName)
}

// Failed counts a refusal; it is kept though the command was interrupted.
func (a Attempts) Failed(chipID, keys string, why error) error {
	_, err := a.Register.AttemptFailed(context.WithoutCancel(a.Ctx), chipID, keys, why.Error(), a.Now())
	return err
}

// Succeeded forgets what was counted.
func (a Attempts) Succeeded(chipID, keys string) error {
	return a.Register.AttemptSucceeded(a.Ctx, chipID, keys)
}
