package register

import (
	"context"
	"slices"
	"testing"
)

func exerciseQueued(t *testing.T, r *Register) {
	ctx := context.Background()
	id := add(t, r, "000200001701")
	drive(t, r, id, "chip-1701", Verified)
	must(t, r.Advance(ctx, id, Step{From: Verified, To: Queued, Detail: "handing to CARD", At: later(10)}))
	if _, found, err := r.Next(ctx, Filter{Number: "000200001701"}, Claim{Owner: "a", At: noon, Until: later(9)}); err != nil || found {
		t.Errorf("a station may take an order that waits in a print queue: %v, %v", found, err)
	}
	wants(t, r.Advance(ctx, id, Step{From: Queued, To: Issued}), ErrStep)
	wants(t, r.Advance(ctx, id, Step{From: Queued, To: Queued}), ErrStep)
	wants(t, r.Advance(ctx, id, Step{From: Queued, To: Signed}), ErrStep, "did not come from signed")
	wants(t, r.Note(ctx, id, Step{From: Verified, Detail: "job CARD-1"}), ErrState, "is queued, not verified")
	wants(t, r.Note(ctx, id, Step{From: Queued, Owner: "nobody"}), ErrClaimed)
	wants(t, r.Note(ctx, 99999999, Step{From: Queued}), ErrNotFound)
	before, err := r.Order(ctx, id)
	must(t, err)
	must(t, r.Note(ctx, id, Step{From: Queued, To: Issued, Actor: "station", Detail: "job CARD-1", At: later(11)}))
	after, err := r.Order(ctx, id)
	must(t, err)
	if after.State != Queued || after.Reason != before.Reason || !after.Changed.Equal(before.Changed) {
		t.Errorf("a note has changed the order: %+v", after)
	}
	history, err := r.History(ctx, id)
	must(t, err)
	want := Event{At: later(11), Actor: "station", From: Queued, To: Queued, Detail: "job CARD-1"}
	if got := history[len(history)-1]; !got.At.Equal(want.At) || got.Actor != want.Actor || got.From != want.From || got.To != want.To || got.Detail != want.Detail {
		t.Errorf("the note is %+v", got)
	}

	// The queue refused it: verified once more, with all that a station needs. Held, it goes back to where it was.
	must(t, r.Advance(ctx, id, Step{From: Queued, To: Verified, Detail: "refused", At: later(12)}))
	if data, err := r.Production(ctx, id); err != nil || len(data) == 0 {
		t.Errorf("the production data has gone: %v", err)
	}
	must(t, r.Advance(ctx, id, Step{From: Verified, To: Queued, At: later(13)}))
	must(t, r.Advance(ctx, id, Step{From: Queued, To: Held, Detail: "printer smokes", At: later(14)}))
	wants(t, r.Advance(ctx, id, Step{From: Held, To: Printed}), ErrStep)
	must(t, r.Advance(ctx, id, Step{From: Held, To: Queued, At: later(15)}))
	must(t, r.Advance(ctx, id, Step{From: Queued, To: Printed, Actor: "operator", Detail: "seen", At: later(16)}))
	must(t, r.Advance(ctx, id, Step{From: Printed, To: Issued, At: later(17)}))

	for _, from := range []State{Ordered, Checked, Personalised, Printed, Issued} {
		if slices.Contains(follows[from], Queued) {
			t.Errorf("an order may go from %s to a print queue", from)
		}
	}
	id = add(t, r, "000200001702")
	drive(t, r, id, "chip-1702", Verified)
	must(t, r.Advance(ctx, id, Step{From: Verified, To: Queued}))
	must(t, r.Spoil(ctx, id, "printer ate it", "operator", later(18)))
	_, err = r.Production(ctx, id)
	wants(t, err, ErrNotFound)
}
