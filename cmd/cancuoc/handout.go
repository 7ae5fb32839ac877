package main

import (
	"context"
	"slices"

	"github.com/cancuoc/cancuoc/card/register"
)

// This file decides which worker of a run gets which order, and when there is none left for anybody.

// take chooses the next order of a worker. chip names the one in its reader, as far as that is known, and ready tells
// whether there is a card for an order at all. missing says that an order waits for a worker that is ready; no id without
// it, that none does.
func (b *batch) take(ctx context.Context, chip string, ready bool) (id int64, missing bool, err error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	begun, isBegun := b.begun[chip]
	switch {
	case b.halted:
		return 0, false, nil
	case ready && isBegun:
		delete(b.begun, chip)
		id = begun
	case ready && len(b.back) > 0:
		id, b.back = b.back[0], b.back[1:]
	case len(b.back) > 0:
		return 0, true, nil
	default:
		id, missing, err = b.takeNew(ctx, ready)
	}
	if id != 0 {
		b.tried[id] = true
		b.working++
	}
	b.endIfDone()
	return id, missing, err
}

// takeNew looks at the orders that nobody has looked at.
func (b *batch) takeNew(ctx context.Context, ready bool) (id int64, missing bool, err error) {
	for {
		order, found, err := b.station.Register.Next(ctx, register.Filter{After: b.after}, b.claim())
		if err != nil {
			return 0, false, err
		}
		if !found {
			b.dry = true
			return 0, !ready && len(b.begun) > 0, nil // the card in this reader may be of one of those
		}
		b.after = order.ID
		switch {
		case b.tried[order.ID]: // out of turn
		case b.forOneChip(order):
			b.release(ctx, order.ID)
		case !ready && needsCard(order):
			b.release(ctx, order.ID)
			b.back = append(b.back, order.ID)
			return 0, true, nil
		default:
			return order.ID, false, nil
		}
	}
}

// needsCard tells whether an order's next steps need the card.
func needsCard(o register.Order) bool {
	return !onPaper(o.Form) && o.State != register.Verified && o.State != register.Printed
}

// forOneChip tells whether an order is for one chip in whatever reader, and keeps in mind for which.
func (b *batch) forOneChip(o register.Order) bool {
	if !b.chips || o.ChipID == "" || !needsCard(o) {
		return false
	}
	b.begun[o.ChipID] = o.ID
	return true
}

// findBegun learns which orders an earlier run has begun on a chip.
func (b *batch) findBegun(ctx context.Context) error {
	filter := register.Filter{States: []register.State{register.Signed, register.Personalised}}
	for s, err := range b.station.Register.Orders(ctx, filter) {
		if err != nil {
			return err
		}
		order, err := b.station.Register.Order(ctx, s.ID)
		if err != nil {
			return err
		}
		b.forOneChip(order)
	}
	return nil
}

// anyBegun tells whether some order is for one chip, so that a card in a reader must be asked who it is.
func (b *batch) anyBegun() bool {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return len(b.begun) > 0
}

// giveBack lets another card have an order that was not for this one.
func (b *batch) giveBack(id int64) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	delete(b.tried, id)
	b.back = slices.Insert(b.back, 0, id)
}

// finished counts a worker that has let go of its order. Where others wait for cards, it looks whether any order is left
// that these could be for.
func (b *batch) finished(ctx context.Context) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.working--
	if b.chips && b.working == 0 && !b.dry {
		b.dry = !b.anyNew(ctx)
	}
	b.endIfDone()
}

// anyNew tells whether an order waits that nobody has looked at.
func (b *batch) anyNew(ctx context.Context) bool {
	for s, err := range b.station.Register.Orders(ctx, register.Filter{States: waitingStates(), After: b.after}) {
		if err != nil || !b.tried[s.ID] {
			return true
		}
	}
	return false
}

// halt lets no further order begin.
func (b *batch) halt() {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.halted = true
	b.endIfDone()
}

// endIfDone ends the waits for cards when there is nothing that they could be for. An order that a worker has may yet be
// given back.
func (b *batch) endIfDone() {
	if b.halted || b.dry && b.working == 0 && len(b.back) == 0 {
		b.end()
	}
}

// claim is this process's word that it works on an order.
func (b *batch) claim() register.Claim { return b.station.Claim(b.station.Now()) }

// release lets an order go for which a card must be waited for.
func (b *batch) release(ctx context.Context, id int64) {
	_ = b.station.Register.Release(context.WithoutCancel(ctx), id, b.claim().Owner) // else the claim runs out by itself
}
