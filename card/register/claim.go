package register

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Claim is one process's word that it works on an order, for as long as it says. Claiming again renews it.
type Claim struct {
	Owner string // names the process, for example "host/pid"
	At    time.Time
	Until time.Time // from then on the order is free again; choose it longer than the slowest step

	// Alive tells whether the process that owner names may still be running. It must say true where it cannot know,
	// as for a process of another host. An order claimed by a dead process is free at once. Nil stands for: cannot know.
	Alive func(owner string) bool
}

// Claim takes one order for c.Owner and answers it as it stands. [ErrClaimed] names the process that has it.
func (r *Register) Claim(ctx context.Context, id int64, c Claim) (o Order, err error) {
	err = r.write(ctx, func(tx *sql.Tx) error {
		if o, err = load(ctx, tx, id); err != nil {
			return err
		}
		return claim(ctx, tx, id, c)
	})
	return o, err
}

// Release gives an order free that owner has claimed. An order that is not claimed by owner stays as it is.
func (r *Register) Release(ctx context.Context, id int64, owner string) error {
	return r.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM claims WHERE order_id = $1 AND owner = $2`, id, owner)
		return err
	})
}

// Next claims and answers the oldest order that f chooses and no other process works on; false when there is none.
// With no states given it looks through those that a station moves on by itself, from ordered to printed. A caller that failed
// on an order sets f.After to its ID and asks again.
func (r *Register) Next(ctx context.Context, f Filter, c Claim) (o Order, found bool, err error) {
	if len(f.States) == 0 {
		f.States = station
	}
	err = r.write(ctx, func(tx *sql.Tx) error {
		id, err := claimFirst(ctx, tx, f, c)
		if err != nil || id == 0 {
			return err
		}
		found = true
		o, err = load(ctx, tx, id)
		return err
	})
	return o, found && err == nil, err
}

// claimFirst answers 0 when there is no order to claim.
func claimFirst(ctx context.Context, tx *sql.Tx, f Filter, c Claim) (int64, error) {
	for {
		id, err := first(ctx, tx, f)
		if err != nil || id == 0 {
			return 0, err
		}
		err = claim(ctx, tx, id, c)
		if !errors.Is(err, ErrClaimed) {
			return id, err
		}
		f.After = id
	}
}

// first asks for each state by itself, because each is then one step in the index, however many orders there are.
func first(ctx context.Context, tx *sql.Tx, f Filter) (oldest int64, err error) {
	for _, s := range f.States {
		where, args := Filter{States: []State{s}, Number: f.Number, After: f.After}.where()
		var id sql.NullInt64
		if err := tx.QueryRowContext(ctx, `SELECT min(id) FROM orders WHERE `+where, args...).Scan(&id); err != nil {
			return 0, err
		}
		if id.Valid && (oldest == 0 || id.Int64 < oldest) {
			oldest = id.Int64
		}
	}
	return oldest, nil
}

func claim(ctx context.Context, tx *sql.Tx, id int64, c Claim) error {
	if c.Owner == "" || !c.Until.After(c.At) {
		return fmt.Errorf("%w: a claim needs an owner and an end after its beginning", ErrInput)
	}
	owner, until, err := claimant(ctx, tx, id)
	if err != nil {
		return err
	}
	if owner != "" && owner != c.Owner && stamp(c.At) < until && (c.Alive == nil || c.Alive(owner)) {
		return fmt.Errorf("%w: order %d is claimed by %s until %s", ErrClaimed, id, owner, until)
	}
	done, err := tx.ExecContext(ctx, `INSERT INTO claims (order_id, owner, until) VALUES ($1, $2, $3)
		ON CONFLICT (order_id) DO UPDATE SET owner = excluded.owner, until = excluded.until
		WHERE claims.owner = $4 OR claims.owner = excluded.owner`, id, c.Owner, stamp(c.Until), owner)
	if err != nil {
		return err
	}
	n, err := done.RowsAffected()
	if err == nil && n == 0 { // another process was quicker; not on SQLite, where writers take turns
		err = fmt.Errorf("%w: order %d", ErrClaimed, id)
	}
	return err
}

// claimant answers the empty owner when nobody claims the order.
func claimant(ctx context.Context, tx *sql.Tx, id int64) (owner, until string, err error) {
	err = tx.QueryRowContext(ctx, `SELECT owner, until FROM claims WHERE order_id = $1`, id).Scan(&owner, &until)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return owner, until, err
}

// owned demands that owner, if given, still holds the order: its claim may have run out and gone to another process.
func owned(ctx context.Context, tx *sql.Tx, id int64, owner string) error {
	if owner == "" {
		return nil
	}
	holder, _, err := claimant(ctx, tx, id)
	if err != nil || holder == owner {
		return err
	}
	if holder == "" {
		return fmt.Errorf("%w: order %d is no longer claimed by %s", ErrClaimed, id, owner)
	}
	return fmt.Errorf("%w: order %d is claimed by %s", ErrClaimed, id, holder)
}
