package register

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/cancuoc/cancuoc/card/date"
)

// Order is one card to be made, and how far it has come. Number to Fingerprints are what the caller gives to
// [Register.Add]; the register fills in the rest.
type Order struct {
	ID            int64
	Number        string // personal number
	Form, Profile string // a profile of the chip; none for what has no chip
	DateOfIssue   date.Date
	DateOfExpiry  date.Date
	Record        []byte // the document as canonical JSON, stored as it comes
	Chip, Face    []byte // portrait for the chip and for the face; nil for none
	Fingerprints  []byte // EF.DG3, whole; nil for none, and once the order has ended: biometrics are not kept

	State   State
	Created time.Time
	Changed time.Time // time of the last step
	ChipID  string    // the chip that the order was begun on; empty before
	Card    CardState // empty until the card is issued
	Reason  string    // why it was returned, held, spoiled or cancelled, or why its card is no longer active
}

// Summary is an order in a list.
type Summary struct {
	ID      int64
	Number  string
	Form    string
	State   State
	Changed time.Time
}

// Filter chooses orders. The zero value chooses all.
type Filter struct {
	States []State // any of these; none: whichever the method says
	Number string  // this personal number; empty: any
	After  int64   // only IDs above this one
}

const orderColumns = `id, number, form, profile, date_of_issue, date_of_expiry, state, created, changed,
	coalesce(chip_id, ''), coalesce(card, ''), reason`

// querier is what *sql.DB and *sql.Tx have in common.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Add registers an order and answers it as registered. The very same order (record and images byte for byte) that
// is open already is answered with true instead; so the caller must give it before anything is drawn at random.
// [ErrLiveCard] when the number has any other open order or live card.
func (r *Register) Add(ctx context.Context, o Order, at time.Time) (Order, bool, error) {
	if err := complete(o); err != nil {
		return Order{}, false, err
	}
	there := false
	err := r.write(ctx, func(tx *sql.Tx) error {
		id, err := insertOrder(ctx, tx, o, at)
		if errors.Is(err, sql.ErrNoRows) { // the unique index stood in the way
			there = true
			id, err = sameOrder(ctx, tx, o)
		}
		if err == nil {
			o, err = load(ctx, tx, id)
		}
		return err
	})
	if err != nil {
		return Order{}, false, err
	}
	return o, there, nil
}

func complete(o Order) error {
	switch {
	case o.Number == "":
		return fmt.Errorf("%w: no personal number", ErrInput)
	case o.Form == "":
		return fmt.Errorf("%w: no form", ErrInput)
	case len(o.Record) == 0:
		return fmt.Errorf("%w: no record", ErrInput)
	case o.State != "" && o.State != Ordered:
		return fmt.Errorf("%w: a new order cannot be %q", ErrInput, o.State)
	}
	return nil
}

// insertOrder answers sql.ErrNoRows when the number has an open order or a live card.
func insertOrder(ctx context.Context, tx *sql.Tx, o Order, at time.Time) (id int64, err error) {
	err = tx.QueryRowContext(ctx, `INSERT INTO orders
		(number, form, profile, date_of_issue, date_of_expiry, digest, state, created, changed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) ON CONFLICT DO NOTHING RETURNING id`,
		o.Number, o.Form, o.Profile, o.DateOfIssue.String(), o.DateOfExpiry.String(), digest(o), Ordered, stamp(at)).Scan(&id)
	if err != nil {
		return 0, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO records (order_id, record, chip, face) VALUES ($1, $2, $3, $4)`,
		id, o.Record, o.Chip, o.Face)
	if err == nil && len(o.Fingerprints) > 0 {
		_, err = tx.ExecContext(ctx, `INSERT INTO fingerprints (order_id, dg3) VALUES ($1, $2)`, id, o.Fingerprints)
	}
	if err != nil {
		return 0, err
	}
	return id, remember(ctx, tx, id, Event{At: at, Actor: "intake", To: Ordered})
}

// sameOrder finds the open order that o repeats.
func sameOrder(ctx context.Context, tx *sql.Tx, o Order) (int64, error) {
	var id int64
	var state State
	var known string
	err := tx.QueryRowContext(ctx, `SELECT id, state, digest FROM orders WHERE number = $1
		AND state NOT IN ('spoiled', 'cancelled') AND (card IS NULL OR card IN ('active', 'suspended'))`,
		o.Number).Scan(&id, &state, &known)
	if err != nil {
		return 0, err
	}
	if !state.open() || known != digest(o) {
		return 0, fmt.Errorf("%w: order %d, %s", ErrLiveCard, id, state)
	}
	return id, nil
}

// digest is over all that the caller gave, each part led by its length. An order without fingerprints keeps the digest
// that it had before registers knew of any.
func digest(o Order) string {
	h := sha256.New()
	parts := [][]byte{[]byte(o.Form), []byte(o.Profile), []byte(o.DateOfIssue.String()), []byte(o.DateOfExpiry.String()),
		o.Record, o.Chip, o.Face}
	if len(o.Fingerprints) > 0 {
		parts = append(parts, o.Fingerprints)
	}
	for _, p := range parts {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(p))))
		h.Write(p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Order answers one order with its record and images, or [ErrNotFound].
func (r *Register) Order(ctx context.Context, id int64) (Order, error) {
	o, err := load(ctx, r.db, id)
	return o, r.explain(err)
}

func load(ctx context.Context, q querier, id int64) (Order, error) {
	var o Order
	var issue, expiry, created, changed string
	err := q.QueryRowContext(ctx, `SELECT `+orderColumns+`, record, chip, face, dg3
		FROM orders JOIN records ON records.order_id = id LEFT JOIN fingerprints ON fingerprints.order_id = id
		WHERE id = $1`, id).Scan(
		&o.ID, &o.Number, &o.Form, &o.Profile, &issue, &expiry, &o.State, &created, &changed,
		&o.ChipID, &o.Card, &o.Reason, &o.Record, &o.Chip, &o.Face, &o.Fingerprints)
	if err != nil {
		return Order{}, noOrder(err, id)
	}
	err = errors.Join(o.DateOfIssue.UnmarshalText([]byte(issue)), o.DateOfExpiry.UnmarshalText([]byte(expiry)),
		unstamp(&o.Created, created), unstamp(&o.Changed, changed))
	return o, err
}

func noOrder(err error, id int64) error {
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%w: order %d", ErrNotFound, id)
	}
	return err
}

// page is how many summaries are held in memory at once.
const page = 200

// Orders lists the orders that f chooses, oldest first; with no states given, in any state. It reads page by page, so
// the caller may advance orders inside the loop, and a hundred thousand orders need no more memory than a few hundred.
func (r *Register) Orders(ctx context.Context, f Filter) iter.Seq2[Summary, error] {
	return func(yield func(Summary, error) bool) {
		for {
			list, err := r.summaries(ctx, f)
			if err != nil {
				yield(Summary{}, r.explain(err))
				return
			}
			for _, s := range list {
				if !yield(s, nil) {
					return
				}
			}
			if len(list) < page {
				return
			}
			f.After = list[len(list)-1].ID
		}
	}
}

func (r *Register) summaries(ctx context.Context, f Filter) ([]Summary, error) {
	where, args := f.where()
	rows, err := r.db.QueryContext(ctx, fmt.Sprintf(`SELECT id, number, form, state, changed FROM orders
		WHERE %s ORDER BY id LIMIT %d`, where, page), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Summary
	for rows.Next() {
		var s Summary
		var changed string
		err := errors.Join(rows.Scan(&s.ID, &s.Number, &s.Form, &s.State, &changed), unstamp(&s.Changed, changed))
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, rows.Err()
}

func (f Filter) where() (string, []any) {
	where, args := "id > $1", []any{f.After}
	if f.Number != "" {
		args = append(args, f.Number)
		where += fmt.Sprintf(" AND number = $%d", len(args))
	}
	if len(f.States) == 0 {
		return where, args
	}
	var marks []string
	for _, s := range f.States {
		args = append(args, s)
		marks = append(marks, fmt.Sprintf("$%d", len(args)))
	}
	return where + " AND state IN (" + strings.Join(marks, ", ") + ")", args
}

// layout is of one width, so that times compare as texts.
const layout = "2006-01-02T15:04:05.000000Z"

func stamp(t time.Time) string { return t.UTC().Format(layout) }

func unstamp(t *time.Time, s string) (err error) {
	if s != "" { // a scan that failed has left it empty
		*t, err = time.Parse(layout, s)
	}
	return err
}
