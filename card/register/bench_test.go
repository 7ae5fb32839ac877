package register

import (
	"context"
	"testing"
	"time"
)

// One step, committed and synced.
func BenchmarkAdvance(b *testing.B) {
	r := create(b)
	id := add(b, r, "000200000001")
	turn := [2]State{Ordered, Held}
	b.ResetTimer()
	for n := range b.N {
		must(b, r.Advance(context.Background(), id, Step{From: turn[n%2], To: turn[(n+1)%2], Actor: "station", At: noon}))
	}
}

// The next order behind a hundred thousand that are done.
func BenchmarkNext(b *testing.B) {
	r := create(b)
	_, err := r.db.Exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
		INSERT INTO orders (number, form, profile, date_of_issue, date_of_expiry, digest, state, chip_id, card, created, changed)
		SELECT printf('0009%08d', i), '', '', '', '', '', 'activated', printf('chip-%d', i), 'active', '', '' FROM n`)
	must(b, err)
	add(b, r, "000200000001")
	b.ResetTimer()
	for range b.N {
		_, found, err := r.Next(context.Background(), Filter{}, Claim{Owner: "a", At: noon, Until: noon.Add(time.Minute)})
		if err != nil || !found {
			b.Fatal(found, err)
		}
	}
}
