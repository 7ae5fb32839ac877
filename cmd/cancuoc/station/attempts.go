package station

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cancuoc/cancuoc/card/register"
)

var (
	// ErrTried is answered for a chip at which the same keys have failed before.
	ErrTried = errors.New("station: these keys have failed at this chip before")
	// ErrHadOwnKeys is answered for a chip that goes by the number of one that the issuer's own keys have opened, and says that it
	// has those that chips come with: it would be sent the other one's keys.
	ErrHadOwnKeys = errors.New("station: the chip of this number has had the issuer's own keys, and this one says that it has those that it came with")
)

// Attempts keeps in the register which chips have refused which keys, so that none is shown the same ones twice by mistake:
// chips count, and lock themselves for ever. It keeps also which chips the issuer's own keys have opened.
type Attempts struct {
	Ctx      context.Context
	Register *register.Register
	Force    bool // try them all the same
	Now      func() time.Time
}

// Allow stops a second try, and one who goes by the number of a chip that is not his.
func (a Attempts) Allow(chipID, keys string, own bool) error {
	if a.Force {
		return nil
	}
	if !own {
		if err := a.allowForeign(chipID, keys); err != nil {
			return err
		}
	}
	before, err := a.Register.Attempts(a.Ctx, chipID, keys)
	if err != nil || before.Failures == 0 {
		return err
	}
	return fmt.Errorf("%w, where they are not shown again, since chips count and lock themselves for ever (chip %s, keys %s, %d failed, the last on %s): "+
		"set chip.profile, chip.keys and chip.own_keys in %s to those of the chip, or say --force",
		ErrTried, chipID, keys, before.Failures, before.Last.Format(time.DateTime), ConfigName)
}

// allowForeign stops keys that are not the issuer's own at a chip that has had such, and not these.
func (a Attempts) allowForeign(chipID, keys string) error {
	own, err := a.Register.OwnKeys(a.Ctx, chipID)
	if err != nil || len(own) == 0 || slices.Contains(own, keys) {
		return err
	}
	return fmt.Errorf("%w: it may be another that goes by its number, and would be sent its keys (chip %s): put it aside, or say --force where you know why",
		ErrHadOwnKeys, chipID)
}

// Failed counts a refusal; it is kept though the command was interrupted.
func (a Attempts) Failed(chipID, keys string, why error) error {
	_, err := a.Register.AttemptFailed(context.WithoutCancel(a.Ctx), chipID, keys, why.Error(), a.Now())
	return err
}

// Succeeded forgets what was counted, and keeps that the chip has the issuer's own keys, though the command was interrupted.
func (a Attempts) Succeeded(chipID, keys string, own bool) error {
	ctx := context.WithoutCancel(a.Ctx)
	if err := a.Register.AttemptSucceeded(ctx, chipID, keys); err != nil || !own {
		return err
	}
	return a.Register.KeepOwnKeys(ctx, chipID, keys, a.Now())
}
