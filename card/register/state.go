package register

import (
	"fmt"
	"slices"
)

// State is how far an order has come.
type State string

// The states of an order.
const (
	Ordered      State = "ordered"      // taken in and validated
	Returned     State = "returned"     // back at intake, with a reason
	Checked      State = "checked"      // found good before production
	Signed       State = "signed"       // production data made
	Personalised State = "personalised" // chip written and locked
	Verified     State = "verified"     // chip read back and judged genuine
	Queued       State = "queued"       // faces handed to a print queue
	Printed      State = "printed"      // faces printed, or their file written and synced
	Issued       State = "issued"       // recorded: the card is active
	Passed       State = "passed"       // quality control passed
	Packed       State = "packed"
	Delivered    State = "delivered"
	Activated    State = "activated"
	Held         State = "held"      // set aside, with a reason; goes back to the state it came from
	Spoiled      State = "spoiled"   // its card is waste; the number may be ordered anew
	Cancelled    State = "cancelled" // given up before a chip was begun
)

// follows tells which states an order may go to from each state. A held order goes back only to where it came from.
var follows = map[State][]State{
	Ordered:      {Checked, Returned, Held, Spoiled, Cancelled},
	Returned:     {Ordered, Cancelled},
	Checked:      {Signed, Returned, Held, Spoiled, Cancelled},
	Signed:       {Personalised, Queued, Printed, Held, Spoiled, Cancelled}, // printed at once: what has no chip
	Personalised: {Verified, Held, Spoiled},
	Verified:     {Queued, Printed, Held, Spoiled},
	Queued:       {Printed, Verified, Signed, Held, Spoiled}, // back: the queue refused it, or it is to be printed again
	Printed:      {Issued, Held, Spoiled},
	Issued:       {Passed, Spoiled},
	Passed:       {Packed, Spoiled},
	Packed:       {Delivered, Spoiled},
	Delivered:    {Activated},
	Activated:    {},
	Held:         {Ordered, Checked, Signed, Personalised, Verified, Queued, Printed, Spoiled, Cancelled},
	Spoiled:      {},
	Cancelled:    {},
}

// station lists the states out of which a station moves an order by itself. Out of [Queued] it is moved by whoever has
// seen the card.
var station = []State{Ordered, Checked, Signed, Personalised, Verified, Printed}

// open tells whether an order in this state still has its card before it.
func (s State) open() bool {
	return s == Returned || s == Held || s == Queued || slices.Contains(station, s)
}

// States lists the states in the order in which an order passes through them, those aside at the end.
func States() []State {
	return []State{Ordered, Returned, Checked, Signed, Personalised, Verified, Queued, Printed, Issued, Passed, Packed, Delivered,
		Activated, Held, Spoiled, Cancelled}
}

// Known tells whether there is such a state.
func (s State) Known() bool {
	_, known := follows[s]
	return known
}

func checkPair(from, to State) error {
	if slices.Contains(follows[from], to) {
		return nil
	}
	return fmt.Errorf("%w: from %q to %q", ErrStep, from, to)
}

// CardState is what a card that has been issued is worth.
type CardState string

// The states of a card. The empty state is that of an order whose card is not issued yet.
const (
	CardActive    CardState = "active"
	CardSuspended CardState = "suspended"
	CardRevoked   CardState = "revoked"
	CardExpired   CardState = "expired"
	CardDestroyed CardState = "destroyed"
)

var cardFollows = map[CardState][]CardState{
	"":            {CardActive}, // only by issuing
	CardActive:    {CardSuspended, CardRevoked, CardExpired, CardDestroyed},
	CardSuspended: {CardActive, CardRevoked, CardExpired, CardDestroyed},
	CardRevoked:   {CardDestroyed},
	CardExpired:   {CardDestroyed},
	CardDestroyed: {},
}
