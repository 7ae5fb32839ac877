// Package register is the issuance register: it knows of every order how far its card has come, so that a station that
// lost its power finishes the same card when it is run again, and no number ever gets two.
//
// An order comes in with [Register.Add]. A station takes the oldest one that it can move with [Register.Next] (or a
// given one with [Register.Claim]), does one step of the work and records it with [Register.Advance], which moves the
// order and writes its line of history in one transaction. Before the first command that cannot be undone goes to a
// chip, [Register.Intend] commits which chip it is:
//
//	Add                       ordered
//	Next, Claim               claimed for one process; the rest look elsewhere
//	Advance                   checked, signed (with the production data)
//	Intend                    this order, this chip: committed before the chip is touched
//	Advance                   personalised, verified, printed; or queued, with a Note of the job, and printed when seen
//	Advance                   issued: the card is active, production data and fingerprints are erased
//
// Two rules are held by constraints of the database and not by this code: a number has at most one open order or live
// card, and a chip belongs to at most one order that is not spoiled.
package register

import (
	"context"
	"database/sql"
	"errors"
)

// What a caller can tell apart. The errors that the register answers wrap these and add which order, which state.
var (
	ErrNotFound    = errors.New("register: not found")
	ErrLiveCard    = errors.New("register: the personal number already has an open order or a live card")
	ErrState       = errors.New("register: the order is in another state")
	ErrStep        = errors.New("register: no such step")
	ErrOtherChip   = errors.New("register: the order was begun on another chip")
	ErrChipTaken   = errors.New("register: the chip belongs to another order")
	ErrClaimed     = errors.New("register: another process works on the order")
	ErrInput       = errors.New("register: the order is not complete")
	ErrStorage     = errors.New("register: cannot write")
	ErrBusy        = errors.New("register: another process is writing, try again")
	ErrNotRegister = errors.New("register: not a register file")
	ErrNewer       = errors.New("register: made by a newer version of this program; use that version")
	ErrExists      = errors.New("register: the file is already there")
)

// Register is an open register. Its methods may be called from many goroutines; they take turns on one connection, so
// a callback given to a method must not call the register.
type Register struct {
	db   *sql.DB
	path string // for error texts
}

// Close lets the file go.
func (r *Register) Close() error { return r.explain(r.db.Close()) }

// write runs do in one transaction: all of it is committed and synced, or none of it happened.
func (r *Register) write(ctx context.Context, do func(tx *sql.Tx) error) error {
	tx, err := r.db.BeginTx(ctx, nil)
	if err != nil {
		return r.explain(err)
	}
	defer tx.Rollback() // does nothing after a commit
	if err := do(tx); err != nil {
		return r.explain(err)
	}
	return r.explain(tx.Commit())
}
