package register

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Attempts are the failed authentications at one chip with one set of keys since they last succeeded. The zero value is
// none.
type Attempts struct {
	Failures int64
	Last     time.Time
	Reason   string // of the last
}

// Attempts answers how often a chip has been shown these keys in vain. Keys go by a public name, never by themselves.
func (r *Register) Attempts(ctx context.Context, chipID, keys string) (Attempts, error) {
	var a Attempts
	var last string
	err := r.db.QueryRowContext(ctx, `SELECT failures, last, reason FROM attempts WHERE chip_id = $1 AND keys = $2`, chipID, keys).
		Scan(&a.Failures, &last, &a.Reason)
	if errors.Is(err, sql.ErrNoRows) {
		return Attempts{}, nil
	}
	return a, r.explain(errors.Join(err, unstamp(&a.Last, last)))
}

// AttemptFailed counts one failed authentication more, and answers how many there are.
func (r *Register) AttemptFailed(ctx context.Context, chipID, keys, reason string, at time.Time) (failures int64, err error) {
	if chipID == "" || keys == "" {
		return 0, fmt.Errorf("%w: an attempt needs a chip and keys", ErrInput)
	}
	err = r.write(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `INSERT INTO attempts (chip_id, keys, failures, last, reason) VALUES ($1, $2, 1, $3, $4)
			ON CONFLICT (chip_id, keys) DO UPDATE SET failures = failures + 1, last = excluded.last, reason = excluded.reason
			RETURNING failures`, chipID, keys, stamp(at), reason).Scan(&failures)
	})
	return failures, err
}

// AttemptSucceeded forgets the failed authentications at a chip with these keys. Where there are none nothing is written.
func (r *Register) AttemptSucceeded(ctx context.Context, chipID, keys string) error {
	if a, err := r.Attempts(ctx, chipID, keys); err != nil || a.Failures == 0 {
		return err
	}
	return r.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM attempts WHERE chip_id = $1 AND keys = $2`, chipID, keys)
		return err
	})
}

// OwnKeys gives the public names of the issuer's own keys that have opened the chip, ever.
func (r *Register) OwnKeys(ctx context.Context, chipID string) (keys []string, err error) {
	rows, err := r.db.QueryContext(ctx, `SELECT keys FROM own_keys WHERE chip_id = $1 ORDER BY since, keys`, chipID)
	if err != nil {
		return nil, r.explain(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, r.explain(err)
		}
		keys = append(keys, name)
	}
	return keys, r.explain(rows.Err())
}

// KeepOwnKeys keeps that the issuer's own keys have opened the chip, for ever. Where that is known nothing is written.
func (r *Register) KeepOwnKeys(ctx context.Context, chipID, keys string, at time.Time) error {
	if chipID == "" || keys == "" {
		return fmt.Errorf("%w: keys that open a chip need a chip and keys", ErrInput)
	}
	if known, err := r.OwnKeys(ctx, chipID); err != nil || slices.Contains(known, keys) {
		return err
	}
	return r.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO own_keys (chip_id, keys, since) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, chipID, keys, stamp(at))
		return err
	})
}

// OrderOfChip finds the order that a chip belongs to: the one that is not spoiled.
func (r *Register) OrderOfChip(ctx context.Context, chipID string) (order Order, found bool, err error) {
	var id int64
	err = r.db.QueryRowContext(ctx, `SELECT id FROM orders WHERE chip_id = $1 AND state <> 'spoiled'`, chipID).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return Order{}, false, nil
	}
	if err != nil {
		return Order{}, false, r.explain(err)
	}
	order, err = r.Order(ctx, id)
	return order, err == nil, err
}
