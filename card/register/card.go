package register

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"
)

// CardStep is one change in what an issued card is worth.
type CardStep struct {
	From, To CardState
	Reason   string // required, but for a card made active again
	Actor    string
	At       time.Time
}

// AdvanceCard changes the state of the card that came of an order, and writes its line of history in the same
// transaction. A card that is revoked, expired or destroyed no longer stands in the way of a new order for its number.
func (r *Register) AdvanceCard(ctx context.Context, id int64, s CardStep) error {
	if s.From == "" || !slices.Contains(cardFollows[s.From], s.To) {
		return fmt.Errorf("%w: a card from %q to %q", ErrStep, s.From, s.To)
	}
	if s.Reason == "" && s.To != CardActive {
		return fmt.Errorf("%w: a card that is %s needs a reason", ErrInput, s.To)
	}
	return r.write(ctx, func(tx *sql.Tx) error {
		now, err := stand(ctx, tx, id)
		if err != nil {
			return err
		}
		if now.card != s.From {
			return fmt.Errorf("%w: the card of order %d is %q, not %q", ErrState, id, now.card, s.From)
		}
		done, err := tx.ExecContext(ctx, `UPDATE orders SET card = $3, reason = $4, changed = $5 WHERE id = $1 AND card = $2`,
			id, s.From, s.To, s.Reason, stamp(s.At))
		if err := one(done, err); err != nil {
			return err
		}
		return remember(ctx, tx, id, Event{At: s.At, Actor: s.Actor, From: now.state, To: now.state, Card: s.To, Detail: s.Reason})
	})
}
