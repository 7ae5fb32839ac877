package register

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// ErrKeyLimit says that a signing key has been used as often as it may be.
var ErrKeyLimit = errors.New("register: the signing key has been used as often as it may be")

// KeyUse is one use of a signing key, counted from 1.
type KeyUse struct {
	Key    string // what identifies the key
	Number int64
}

// UseKey counts one use more of a signing key, before it signs: [ErrKeyLimit] if it has been used limit times; a limit of 0
// is none. A use that comes to nothing, since the power went, stays counted. The step that the signature belongs to gives
// the use to its line of history.
func (r *Register) UseKey(ctx context.Context, key string, limit int64, at time.Time) (KeyUse, error) {
	use := KeyUse{Key: key}
	err := r.write(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `INSERT INTO keys (key, uses, last) VALUES ($1, 1, $2)
			ON CONFLICT (key) DO UPDATE SET uses = uses + 1, last = excluded.last WHERE $3 = 0 OR uses < $3
			RETURNING uses`, key, stamp(at), limit).Scan(&use.Number)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("%w: %d times", ErrKeyLimit, limit)
		}
		return err
	})
	return use, err
}

// KeyUses tells how often each key has been used.
func (r *Register) KeyUses(ctx context.Context) (map[string]int64, error) {
	rows, err := r.db.QueryContext(ctx, `SELECT key, uses FROM keys`)
	if err != nil {
		return nil, r.explain(err)
	}
	defer rows.Close()
	uses := map[string]int64{}
	for rows.Next() {
		var key string
		var n int64
		if err := rows.Scan(&key, &n); err != nil {
			return nil, r.explain(err)
		}
		uses[key] = n
	}
	return uses, r.explain(rows.Err())
}
