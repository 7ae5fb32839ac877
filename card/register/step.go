package register

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Step is one move of an order, as it stands in the history.
type Step struct {
	From, To State
	Actor    string // who did it: an officer or a station
	Detail   string // what else the history should know; the reason, where To is returned, held, spoiled or cancelled
	At       time.Time

	Owner     string // if set, the order must still be claimed by this owner
	Data      []byte // if set, the production data to keep for a resumed run
	ClearData bool   // erase the production data; issued, spoiled and cancelled always do, and the fingerprints too
	ChipID    string // if set, the same as [Register.Intend] in the same transaction
	KeyUse    KeyUse // of the key that signed for the step, as [Register.UseKey] counted it
}

// Event is one line of an order's history. A line that does not move the order has From equal to To.
type Event struct {
	At       time.Time
	Actor    string
	From, To State
	Chip     string    // the chip that this line took for the order
	Card     CardState // the state that this line gave to the card
	Detail   string
	KeyUse   KeyUse // of the key that signed; zero where none did
}

// standing is what a step needs to know of an order.
type standing struct {
	state, heldFrom State
	profile         string // of its chip; "": it has none
	chip            string
	card            CardState
}

func stand(ctx context.Context, tx *sql.Tx, id int64) (s standing, err error) {
	err = tx.QueryRowContext(ctx, `SELECT state, profile, coalesce(held_from, ''), coalesce(chip_id, ''), coalesce(card, '')
		FROM orders WHERE id = $1`, id).Scan(&s.state, &s.profile, &s.heldFrom, &s.chip, &s.card)
	return s, noOrder(err, id)
}

// Advance moves an order and writes its line of history in one transaction. [ErrState] when the order is not in
// s.From, [ErrStep] when s.To does not follow it; the order then stays as it was.
func (r *Register) Advance(ctx context.Context, id int64, s Step) error {
	if err := checkPair(s.From, s.To); err != nil {
		return err
	}
	return r.move(ctx, id, func(standing) (Step, error) { return s, nil })
}

// Note adds a line to the history of an order in s.From that moves nothing and changes nothing; of the step it takes
// Actor, Detail, At and Owner. [ErrState] when the order is in another state.
func (r *Register) Note(ctx context.Context, id int64, s Step) error {
	return r.write(ctx, func(tx *sql.Tx) error {
		now, err := stand(ctx, tx, id)
		if err != nil {
			return err
		}
		if now.state != s.From {
			return fmt.Errorf("%w: order %d is %s, not %s", ErrState, id, now.state, s.From)
		}
		if err := owned(ctx, tx, id, s.Owner); err != nil {
			return err
		}
		return remember(ctx, tx, id, Event{At: s.At, Actor: s.Actor, From: s.From, To: s.From, Detail: s.Detail})
	})
}

// Spoil gives an order up whose card has become waste. Its number may then be ordered anew, and an issued card counts
// as destroyed. Claim the order before, if a station may be at work on it.
func (r *Register) Spoil(ctx context.Context, id int64, reason, actor string, at time.Time) error {
	return r.end(ctx, id, Step{To: Spoiled, Detail: reason, Actor: actor, At: at})
}

// Cancel gives an order up before a chip was begun for it; after that, only [Register.Spoil] tells the truth.
func (r *Register) Cancel(ctx context.Context, id int64, reason, actor string, at time.Time) error {
	return r.end(ctx, id, Step{To: Cancelled, Detail: reason, Actor: actor, At: at})
}

// end moves an order out of whatever state it is in.
func (r *Register) end(ctx context.Context, id int64, s Step) error {
	if s.Detail == "" {
		return fmt.Errorf("%w: %s needs a reason", ErrInput, s.To)
	}
	return r.move(ctx, id, func(now standing) (Step, error) {
		s.From = now.state
		return s, checkPair(s.From, s.To)
	})
}

// move makes the step that choose answers for the order as it stands. Once production data or fingerprints have been
// erased, the write-ahead log that may still hold them is emptied too.
func (r *Register) move(ctx context.Context, id int64, choose func(standing) (Step, error)) error {
	erased := false
	err := r.write(ctx, func(tx *sql.Tx) error {
		now, err := stand(ctx, tx, id)
		if err != nil {
			return err
		}
		s, err := choose(now)
		if err != nil {
			return err
		}
		if err := now.allows(id, s); err != nil {
			return err
		}
		if err := owned(ctx, tx, id, s.Owner); err != nil {
			return err
		}
		if err := chipFree(ctx, tx, id, s.ChipID); err != nil {
			return err
		}
		erased, err = apply(ctx, tx, id, now, s)
		return err
	})
	if err == nil && erased {
		r.emptyLog(ctx)
	}
	return err
}

// allows tells whether an order that stands so can make the step.
func (now standing) allows(id int64, s Step) error {
	switch {
	case now.state != s.From:
		return fmt.Errorf("%w: order %d is %s, not %s", ErrState, id, now.state, s.From)
	case s.From == Held && s.To != now.heldFrom && s.To.open():
		return fmt.Errorf("%w: order %d was %s when it was held, not %s", ErrStep, id, now.heldFrom, s.To)
	case s.From == Signed && (s.To == Queued || s.To == Printed) && now.profile != "":
		return fmt.Errorf("%w: order %d has a chip, which comes first", ErrStep, id)
	case s.From == Queued && (s.To == Signed) != (now.profile == "") && (s.To == Signed || s.To == Verified):
		return fmt.Errorf("%w: order %d did not come from %s", ErrStep, id, s.To)
	case s.To == Cancelled && now.chip != "":
		return fmt.Errorf("%w: order %d was begun on chip %s, so it can only be spoiled", ErrStep, id, now.chip)
	case s.To == Personalised && now.chip == "" && s.ChipID == "":
		return fmt.Errorf("%w: order %d has no chip yet; commit the intent first", ErrStep, id)
	case s.ChipID != "" && now.chip != "" && now.chip != s.ChipID:
		return fmt.Errorf("%w: order %d belongs to chip %s", ErrOtherChip, id, now.chip)
	}
	return nil
}

// apply makes the step, and tells whether it erased production data or fingerprints.
func apply(ctx context.Context, tx *sql.Tx, id int64, now standing, s Step) (erased bool, err error) {
	heldFrom, reason := "", ""
	switch s.To {
	case Held:
		heldFrom, reason = string(s.From), s.Detail
	case Returned, Spoiled, Cancelled:
		reason = s.Detail
	}
	card := cardAfter(now.card, s.To)
	done, err := tx.ExecContext(ctx, `UPDATE orders SET state = $3, changed = $4, reason = $5, held_from = nullif($6, ''),
		chip_id = coalesce(nullif($7, ''), chip_id), card = nullif($8, '') WHERE id = $1 AND state = $2`,
		id, s.From, s.To, stamp(s.At), reason, heldFrom, s.ChipID, card)
	if err := one(done, err); err != nil {
		return false, err
	}
	e := Event{At: s.At, Actor: s.Actor, From: s.From, To: s.To, Detail: s.Detail, KeyUse: s.KeyUse}
	if card != now.card {
		e.Card = card
	}
	if s.ChipID != now.chip {
		e.Chip = s.ChipID
	}
	if err := remember(ctx, tx, id, e); err != nil {
		return false, err
	}
	return settle(ctx, tx, id, s)
}

// cardAfter answers what the card becomes when its order goes to the state.
func cardAfter(card CardState, to State) CardState {
	switch {
	case to == Issued:
		return CardActive
	case to == Spoiled && card != "":
		return CardDestroyed
	}
	return card
}

// settle keeps or erases the production data. From an order that needs no more work it also takes the claim and the
// fingerprints.
func settle(ctx context.Context, tx *sql.Tx, id int64, s Step) (erased bool, err error) {
	if s.To.open() && !s.ClearData {
		if s.Data == nil {
			return false, nil
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO productions (order_id, data) VALUES ($1, $2)
			ON CONFLICT (order_id) DO UPDATE SET data = excluded.data`, id, s.Data)
		return false, err
	}
	if erased, err = erase(ctx, tx, "productions", id); err != nil || s.To.open() {
		return erased, err
	}
	prints, err := erase(ctx, tx, "fingerprints", id)
	if err != nil {
		return false, err
	}
	_, err = erase(ctx, tx, "claims", id)
	return erased || prints, err
}

// erase deletes what a table has of an order, and tells whether there was anything.
func erase(ctx context.Context, tx *sql.Tx, table string, id int64) (bool, error) {
	gone, err := tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE order_id = $1`, id)
	if err != nil {
		return false, err
	}
	n, err := gone.RowsAffected()
	return n > 0, err
}

// one demands that a conditional update met its row: another process may have moved it in between.
func one(done sql.Result, err error) error {
	if err != nil {
		return err
	}
	n, err := done.RowsAffected()
	if err == nil && n != 1 {
		err = ErrState
	}
	return err
}

// Intend commits that an order will be written to this chip. It comes before the first command that cannot be undone.
// The same chip again is fine: that is a run resumed. [ErrOtherChip] names the chip that the order was begun on,
// [ErrChipTaken] the order that the chip belongs to.
func (r *Register) Intend(ctx context.Context, id int64, chipID string, at time.Time) error {
	if chipID == "" {
		return fmt.Errorf("%w: no chip", ErrInput)
	}
	return r.write(ctx, func(tx *sql.Tx) error {
		now, err := stand(ctx, tx, id)
		if err != nil {
			return err
		}
		switch {
		case now.chip != "" && now.chip != chipID:
			return fmt.Errorf("%w: order %d belongs to chip %s", ErrOtherChip, id, now.chip)
		case now.chip == "" && now.state != Signed, now.state == Held, !now.state.open():
			return fmt.Errorf("%w: order %d is %s, not %s", ErrState, id, now.state, Signed)
		case now.chip == chipID:
			return nil
		}
		return takeChip(ctx, tx, id, chipID, at)
	})
}

func takeChip(ctx context.Context, tx *sql.Tx, id int64, chipID string, at time.Time) error {
	if err := chipFree(ctx, tx, id, chipID); err != nil {
		return err
	}
	done, err := tx.ExecContext(ctx, `UPDATE orders SET chip_id = $3, changed = $4 WHERE id = $1 AND state = $2
		AND chip_id IS NULL`, id, Signed, chipID, stamp(at))
	if err := one(done, err); err != nil {
		return err
	}
	return remember(ctx, tx, id, Event{At: at, Actor: "station", From: Signed, To: Signed, Chip: chipID})
}

// chipFree finds out which order has the chip, for the error text; that there is none is up to the unique index.
func chipFree(ctx context.Context, tx *sql.Tx, id int64, chipID string) error {
	if chipID == "" {
		return nil
	}
	var other int64
	var state State
	err := tx.QueryRowContext(ctx, `SELECT id, state FROM orders WHERE chip_id = $1 AND state <> 'spoiled' AND id <> $2`,
		chipID, id).Scan(&other, &state)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("%w: chip %s is that of order %d, %s", ErrChipTaken, chipID, other, state)
}

// Production answers the production data as signed, so that a resumed run writes the same bytes to the same chip.
// [ErrNotFound] when there is none: not signed yet, or erased.
func (r *Register) Production(ctx context.Context, id int64) ([]byte, error) {
	var data []byte
	err := r.db.QueryRowContext(ctx, `SELECT data FROM productions WHERE order_id = $1`, id).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("%w: production data of order %d", ErrNotFound, id)
	}
	return data, r.explain(err)
}

// History answers all that happened to an order, oldest first.
func (r *Register) History(ctx context.Context, id int64) ([]Event, error) {
	rows, err := r.db.QueryContext(ctx, `SELECT at, actor, from_state, to_state, chip_id, card, detail, key, key_use
		FROM history WHERE order_id = $1 ORDER BY id`, id)
	if err != nil {
		return nil, r.explain(err)
	}
	defer rows.Close()
	var list []Event
	for rows.Next() {
		var e Event
		var at string
		err := errors.Join(rows.Scan(&at, &e.Actor, &e.From, &e.To, &e.Chip, &e.Card, &e.Detail, &e.KeyUse.Key, &e.KeyUse.Number), unstamp(&e.At, at))
		if err != nil {
			return nil, r.explain(err)
		}
		list = append(list, e)
	}
	if rows.Err() == nil && list == nil {
		return nil, fmt.Errorf("%w: order %d", ErrNotFound, id)
	}
	return list, r.explain(rows.Err())
}

func remember(ctx context.Context, tx *sql.Tx, id int64, e Event) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO history (order_id, at, actor, from_state, to_state, chip_id, card, detail, key, key_use)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, id, stamp(e.At), e.Actor, e.From, e.To, e.Chip, e.Card, e.Detail, e.KeyUse.Key, e.KeyUse.Number)
	return err
}
