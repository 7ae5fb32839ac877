package register

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card/date"
)

// noon is when the tests begin to work.
var noon = time.Date(2024, 7, 1, 12, 0, 0, 123456000, time.UTC)

func later(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }

func sample(number string) Order {
	return Order{Number: number, Form: "cancuoc-2024", Profile: "vn-2024", DateOfIssue: date.Date{Year: 2024, Month: 7, Day: 1},
		DateOfExpiry: date.Never, Record: []byte(`{"personal_number":"` + number + `"}`),
		Chip: []byte("chip portrait of " + number), Face: []byte("face portrait of " + number),
		Fingerprints: []byte("FINGERS of " + number)}
}

func create(t testing.TB) *Register {
	t.Helper()
	path := filepath.Join(t.TempDir(), "register.db")
	if err := Create(path); err != nil {
		t.Fatal(err)
	}
	return open(t, path)
}

func open(t testing.TB, path string) *Register {
	t.Helper()
	r, err := Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func add(t testing.TB, r *Register, number string) int64 {
	t.Helper()
	o, there, err := r.Add(context.Background(), sample(number), noon)
	if err != nil || there {
		t.Fatalf("add %s: already there %v, %v", number, there, err)
	}
	return o.ID
}

// road is the way from intake to issue.
var road = []State{Ordered, Checked, Signed, Personalised, Verified, Printed, Issued}

// drive moves an order along the road until it is in the state; chip is begun where the road demands it.
func drive(t testing.TB, r *Register, id int64, chip string, until State) {
	t.Helper()
	ctx := context.Background()
	o, err := r.Order(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	for i := slices.Index(road, o.State); road[i] != until; i++ {
		if road[i] == Signed {
			must(t, r.Intend(ctx, id, chip, noon))
		}
		must(t, r.Advance(ctx, id, Step{From: road[i], To: road[i+1], Actor: "station", At: later(i + 1), Data: data(road[i])}))
	}
}

// data is made in the step from checked to signed.
func data(from State) []byte {
	if from == Checked {
		return []byte("production data with KEYS-OF-THE-CHIP")
	}
	return nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wants demands an error of a kind, whose text holds each of the words.
func wants(t testing.TB, err, kind error, words ...string) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Fatalf("got %v, want %v", err, kind)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Fatalf("%q does not say %q", err, w)
		}
	}
}

func TestRegister(t *testing.T) { exercise(t, create(t)) }

// exercise is the contract of a register, whatever the database. Each part uses numbers and chips of its own.
func exercise(t *testing.T, r *Register) {
	for _, part := range []struct {
		name string
		run  func(*testing.T, *Register)
	}{
		{"an order comes back as it was given", exerciseAdd},
		{"the same row again is already there", exerciseAgain},
		{"a number has one open order or live card", exerciseLiveCard},
		{"an order that is not complete is refused", exerciseIncomplete},
		{"what is not there is not found", exerciseNotFound},
		{"the road to an issued card", exerciseRoad},
		{"what has no chip is printed once it is signed", exercisePaper},
		{"steps that do not follow are refused", exerciseSteps},
		{"production data is kept to resume and erased at the end", exerciseProduction},
		{"fingerprints are erased with the order's end and not before", exerciseFingerprints},
		{"one order, one chip", exerciseChips},
		{"a held order goes back to where it was", exerciseHeld},
		{"an order in a print queue", exerciseQueued},
		{"spoiled and cancelled", exerciseEnds},
		{"the life of a card", exerciseCard},
		{"claims", exerciseClaims},
		{"next is the oldest that nobody works on", exerciseNext},
		{"a list longer than a page", exerciseList},
		{"no key signs more often than it may", exerciseKeys},
		{"failed authentications at a chip are counted", exerciseAttempts},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, r) })
	}
}

func exerciseAdd(t *testing.T, r *Register) {
	given := sample("000200000101")
	added, _, err := r.Add(context.Background(), given, noon)
	must(t, err)
	read, err := r.Order(context.Background(), added.ID)
	must(t, err)
	for _, o := range []Order{added, read} {
		if o.ID == 0 || o.Number != given.Number || o.Form != given.Form || o.Profile != given.Profile ||
			o.DateOfIssue != given.DateOfIssue || o.DateOfExpiry != given.DateOfExpiry ||
			!bytes.Equal(o.Record, given.Record) || !bytes.Equal(o.Chip, given.Chip) || !bytes.Equal(o.Face, given.Face) ||
			!bytes.Equal(o.Fingerprints, given.Fingerprints) {
			t.Errorf("given %+v, got %+v", given, o)
		}
		if o.State != Ordered || !o.Created.Equal(noon) || !o.Changed.Equal(noon) || o.ChipID != "" || o.Card != "" || o.Reason != "" {
			t.Errorf("a new order stands as %+v", o)
		}
	}
	bare := sample("000200000102")
	bare.Chip, bare.Face, bare.Fingerprints, bare.DateOfExpiry = nil, nil, nil, date.Date{}
	added, _, err = r.Add(context.Background(), bare, noon)
	must(t, err)
	if added.Chip != nil || added.Face != nil || added.Fingerprints != nil || !added.DateOfExpiry.IsZero() {
		t.Errorf("no images and no expiry came back as %+v", added)
	}
}

func exerciseAgain(t *testing.T, r *Register) {
	ctx := context.Background()
	id := add(t, r, "000200000201")
	drive(t, r, id, "", Checked)
	o, there, err := r.Add(ctx, sample("000200000201"), later(9))
	must(t, err)
	if !there || o.ID != id || o.State != Checked {
		t.Errorf("already there %v, order %d %s; want order %d checked", there, o.ID, o.State, id)
	}
	for _, change := range []func(o *Order){
		func(o *Order) { o.Chip = []byte("a better portrait") },
		func(o *Order) { o.Fingerprints = []byte("better fingers") },
		func(o *Order) { o.Fingerprints = nil },
	} {
		other := sample("000200000201")
		change(&other)
		_, _, err = r.Add(ctx, other, later(9))
		wants(t, err, ErrLiveCard)
	}
	drive(t, r, id, "chip-201", Issued)
	_, _, err = r.Add(ctx, sample("000200000201"), later(9))
	wants(t, err, ErrLiveCard, fmt.Sprintf("order %d, issued", id))
}

func exerciseLiveCard(t *testing.T, r *Register) {
	id := add(t, r, "000200000301")
	other := sample("000200000301")
	other.Record = []byte("{}")
	_, _, err := r.Add(context.Background(), other, noon)
	wants(t, err, ErrLiveCard, fmt.Sprintf("order %d, ordered", id))
	if strings.Contains(err.Error(), "000200000301") {
		t.Errorf("the error carries the personal number: %v", err)
	}
	// Around the check in Add, straight into the table: the database itself refuses.
	_, err = r.db.Exec(`INSERT INTO orders (number, form, profile, date_of_issue, date_of_expiry, digest, state, created, changed)
		SELECT number, form, profile, date_of_issue, date_of_expiry, 'other', state, created, changed FROM orders WHERE id = $1`, id)
	if err == nil || !strings.Contains(err.Error(), "orders.number") && !strings.Contains(err.Error(), "orders_one_live_card") {
		t.Errorf("the database took a second open order: %v", err)
	}
}

func exerciseIncomplete(t *testing.T, r *Register) {
	for word, spoil := range map[string]func(*Order){
		"no personal number": func(o *Order) { o.Number = "" },
		"no form":            func(o *Order) { o.Form = "" },
		"no record":          func(o *Order) { o.Record = nil },
		"cannot be":          func(o *Order) { o.State = Issued },
	} {
		o := sample("000200000401")
		spoil(&o)
		_, _, err := r.Add(context.Background(), o, noon)
		wants(t, err, ErrInput, word)
	}
}

func exerciseNotFound(t *testing.T, r *Register) {
	ctx := context.Background()
	const id = 99999999
	_, err := r.Order(ctx, id)
	wants(t, err, ErrNotFound, "order 99999999")
	_, err = r.History(ctx, id)
	wants(t, err, ErrNotFound)
	_, err = r.Production(ctx, id)
	wants(t, err, ErrNotFound)
	_, err = r.Claim(ctx, id, Claim{Owner: "a", At: noon, Until: later(1)})
	wants(t, err, ErrNotFound)
	wants(t, r.Advance(ctx, id, Step{From: Ordered, To: Checked}), ErrNotFound)
	wants(t, r.Intend(ctx, id, "chip", noon), ErrNotFound)
	wants(t, r.Spoil(ctx, id, "broken", "officer", noon), ErrNotFound)
	wants(t, r.AdvanceCard(ctx, id, CardStep{From: CardActive, To: CardExpired, Reason: "age"}), ErrNotFound)
}

func exerciseRoad(t *testing.T, r *Register) {
	ctx := context.Background()
	id := add(t, r, "000200000501")
	drive(t, r, id, "chip-501", Issued)
	for i, pair := range [][2]State{{Issued, Passed}, {Passed, Packed}, {Packed, Delivered}, {Delivered, Activated}} {
		must(t, r.Advance(ctx, id, Step{From: pair[0], To: pair[1], Actor: "officer", Detail: "desk 4", At: later(10 + i)}))
	}
	o, err := r.Order(ctx, id)
	must(t, err)
	if o.State != Activated || o.ChipID != "chip-501" || o.Card != CardActive || !o.Changed.Equal(later(13)) {
		t.Errorf("at the end of the road: %+v", o)
	}
	history, err := r.History(ctx, id)
	must(t, err)
	var lines []string
	for _, e := range history {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s: %s>%s %s%s%s", e.At.Format("15:04"), e.Actor, e.From, e.To, e.Chip, e.Card, e.Detail)))
	}
	want := []string{"12:00 intake: >ordered", "12:01 station: ordered>checked", "12:02 station: checked>signed",
		"12:00 station: signed>signed chip-501", "12:03 station: signed>personalised", "12:04 station: personalised>verified",
		"12:05 station: verified>printed", "12:06 station: printed>issued active", "12:10 officer: issued>passed desk 4",
		"12:11 officer: passed>packed desk 4", "12:12 officer: packed>delivered desk 4", "12:13 officer: delivered>activated desk 4"}
	if !slices.Equal(lines, want) {
		t.Errorf("history:\n%s\nwant:\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}

func exercisePaper(t *testing.T, r *Register) {
	ctx := context.Background()
	card := add(t, r, "000200000551")
	drive(t, r, card, "", Signed)
	for _, to := range []State{Printed, Queued} {
		wants(t, r.Advance(ctx, card, Step{From: Signed, To: to}), ErrStep, "has a chip, which comes first")
	}
	paper := sample("000200000552")
	paper.Form, paper.Profile = "certificate-2024", ""
	o, _, err := r.Add(ctx, paper, noon)
	must(t, err)
	drive(t, r, o.ID, "", Signed)
	for _, pair := range [][2]State{{Signed, Held}, {Held, Signed}, {Signed, Queued}, {Queued, Printed}, {Printed, Issued}} {
		must(t, r.Advance(ctx, o.ID, Step{From: pair[0], To: pair[1], Actor: "station", Detail: "a reason", At: later(9)}))
	}
	if o, err = r.Order(ctx, o.ID); err != nil || o.State != Issued || o.Card != CardActive || o.ChipID != "" || o.Fingerprints != nil {
		t.Errorf("%+v, %v", o, err)
	}
	_, err = r.Production(ctx, o.ID)
	wants(t, err, ErrNotFound)
	_, _, err = r.Add(ctx, paper, noon)
	wants(t, err, ErrLiveCard)
}

func exerciseSteps(t *testing.T, r *Register) {
	ctx := context.Background()
	id := add(t, r, "000200000601")
	wants(t, r.Advance(ctx, id, Step{From: Ordered, To: Issued}), ErrStep, `"ordered" to "issued"`)
	wants(t, r.Advance(ctx, id, Step{From: Ordered, To: Ordered}), ErrStep)
	wants(t, r.Advance(ctx, id, Step{From: "no state", To: Ordered}), ErrStep)
	wants(t, r.Advance(ctx, id, Step{From: Checked, To: Signed}), ErrState, "is ordered, not checked")
	drive(t, r, id, "", Signed)
	wants(t, r.Advance(ctx, id, Step{From: Signed, To: Personalised}), ErrStep, "commit the intent first")
	history, err := r.History(ctx, id)
	must(t, err)
	if len(history) != 3 {
		t.Errorf("refused steps left lines in the history: %+v", history)
	}
	must(t, r.Advance(ctx, id, Step{From: Signed, To: Personalised, ChipID: "chip-601", At: later(5)}))
	if o, err := r.Order(ctx, id); err != nil || o.ChipID != "chip-601" || o.State != Personalised {
		t.Errorf("a step with its chip: %+v, %v", o, err)
	}
}

func exerciseProduction(t *testing.T, r *Register) {
	ctx := context.Background()
	id := add(t, r, "000200000701")
	_, err := r.Production(ctx, id)
	wants(t, err, ErrNotFound, "production data of order")
	drive(t, r, id, "chip-701", Printed)
	if kept, err := r.Production(ctx, id); err != nil || string(kept) != "production data with KEYS-OF-THE-CHIP" {
		t.Errorf("kept %q, %v", kept, err)
	}
	drive(t, r, id, "chip-701", Issued)
	_, err = r.Production(ctx, id)
	wants(t, err, ErrNotFound)

	id = add(t, r, "000200000702")
	drive(t, r, id, "", Signed)
	must(t, r.Spoil(ctx, id, "chip cracked", "officer", later(5)))
	_, err = r.Production(ctx, id)
	wants(t, err, ErrNotFound)

	id = add(t, r, "000200000703")
	drive(t, r, id, "", Signed)
	must(t, r.Advance(ctx, id, Step{From: Signed, To: Held, Detail: "key withdrawn", ClearData: true, At: later(5)}))
	_, err = r.Production(ctx, id)
	wants(t, err, ErrNotFound)
}

func exerciseFingerprints(t *testing.T, r *Register) {
	ctx := context.Background()
	want := func(id int64, there bool) {
		t.Helper()
		o, err := r.Order(ctx, id)
		must(t, err)
		if there != bytes.Equal(o.Fingerprints, sample(o.Number).Fingerprints) || !there && o.Fingerprints != nil {
			t.Errorf("order %d is %s, its fingerprints %q", id, o.State, o.Fingerprints)
		}
		var rows int
		must(t, r.db.QueryRow(`SELECT count(*) FROM fingerprints WHERE order_id = $1`, id).Scan(&rows))
		if (rows == 1) != there {
			t.Errorf("order %d is %s and has %d rows of fingerprints", id, o.State, rows)
		}
	}
	id := add(t, r, "000200000751")
	for _, s := range road[:len(road)-1] {
		drive(t, r, id, "chip-751", s)
		want(id, true)
	}
	drive(t, r, id, "chip-751", Issued)
	want(id, false)

	id = add(t, r, "000200000752") // held with its production data erased, to be signed anew
	drive(t, r, id, "", Signed)
	must(t, r.Advance(ctx, id, Step{From: Signed, To: Held, ClearData: true, At: later(5)}))
	want(id, true)
	must(t, r.Spoil(ctx, id, "chip cracked", "officer", later(6)))
	want(id, false)

	id = add(t, r, "000200000753")
	must(t, r.Advance(ctx, id, Step{From: Ordered, To: Returned, Detail: "smudged", At: later(1)}))
	want(id, true)
	must(t, r.Cancel(ctx, id, "withdrawn", "officer", later(2)))
	want(id, false)
}

func exerciseChips(t *testing.T, r *Register) {
	ctx := context.Background()
	first, second := add(t, r, "000200000801"), add(t, r, "000200000802")
	wants(t, r.Intend(ctx, first, "chip-801", noon), ErrState, "is ordered, not signed")
	drive(t, r, first, "", Signed)
	drive(t, r, second, "", Signed)
	wants(t, r.Intend(ctx, first, "", noon), ErrInput)
	must(t, r.Intend(ctx, first, "chip-801", noon))
	must(t, r.Intend(ctx, first, "chip-801", later(1))) // a run resumed
	wants(t, r.Intend(ctx, first, "chip-802", noon), ErrOtherChip, fmt.Sprintf("order %d belongs to chip chip-801", first))
	wants(t, r.Advance(ctx, first, Step{From: Signed, To: Personalised, ChipID: "chip-802"}), ErrOtherChip, "chip-801")
	wants(t, r.Intend(ctx, second, "chip-801", noon), ErrChipTaken, fmt.Sprintf("order %d, signed", first))
	wants(t, r.Advance(ctx, second, Step{From: Signed, To: Personalised, ChipID: "chip-801"}), ErrChipTaken)
	_, err := r.db.Exec(`UPDATE orders SET chip_id = 'chip-801' WHERE id = $1`, second)
	wants(t, r.explain(err), ErrChipTaken) // around the code, straight into the table
	must(t, r.Advance(ctx, first, Step{From: Signed, To: Personalised, At: later(2)}))
	must(t, r.Intend(ctx, first, "chip-801", later(3)))
	must(t, r.Spoil(ctx, first, "antenna torn", "officer", later(4)))
	wants(t, r.Intend(ctx, first, "chip-801", later(5)), ErrState, "is spoiled")
	must(t, r.Intend(ctx, second, "chip-801", later(5))) // the spoiled order has given its chip back
	drive(t, r, second, "chip-801", Issued)
	wants(t, r.Intend(ctx, second, "chip-801", later(9)), ErrState, "is issued")
}

func exerciseHeld(t *testing.T, r *Register) {
	ctx := context.Background()
	id := add(t, r, "000200000901")
	drive(t, r, id, "chip-901", Personalised)
	must(t, r.Advance(ctx, id, Step{From: Personalised, To: Held, Detail: "photograph disputed", At: later(5)}))
	if o, err := r.Order(ctx, id); err != nil || o.State != Held || o.Reason != "photograph disputed" {
		t.Errorf("held: %+v, %v", o, err)
	}
	wants(t, r.Intend(ctx, id, "chip-901", later(6)), ErrState, "is held")
	wants(t, r.Advance(ctx, id, Step{From: Held, To: Printed}), ErrStep, "was personalised when it was held")
	must(t, r.Advance(ctx, id, Step{From: Held, To: Personalised, At: later(7)}))
	if o, err := r.Order(ctx, id); err != nil || o.State != Personalised || o.Reason != "" {
		t.Errorf("taken up again: %+v, %v", o, err)
	}
	id = add(t, r, "000200000902")
	must(t, r.Advance(ctx, id, Step{From: Ordered, To: Returned, Detail: "name misspelt", At: later(1)}))
	if o, err := r.Order(ctx, id); err != nil || o.Reason != "name misspelt" {
		t.Errorf("returned: %+v, %v", o, err)
	}
	must(t, r.Advance(ctx, id, Step{From: Returned, To: Ordered, At: later(2)}))
}

func exerciseEnds(t *testing.T, r *Register) {
	ctx := context.Background()
	id := add(t, r, "000200001001")
	wants(t, r.Spoil(ctx, id, "", "officer", noon), ErrInput, "needs a reason")
	must(t, r.Cancel(ctx, id, "withdrawn by the citizen", "officer", later(1)))
	wants(t, r.Cancel(ctx, id, "again", "officer", later(2)), ErrStep, `"cancelled" to "cancelled"`)
	wants(t, r.Spoil(ctx, id, "again", "officer", later(2)), ErrStep)

	id = add(t, r, "000200001001") // the number is free again
	drive(t, r, id, "chip-1001", Personalised)
	wants(t, r.Cancel(ctx, id, "withdrawn", "officer", later(3)), ErrStep)
	must(t, r.Advance(ctx, id, Step{From: Personalised, To: Held, At: later(4)}))
	wants(t, r.Cancel(ctx, id, "withdrawn", "officer", later(5)), ErrStep, "begun on chip chip-1001")
	must(t, r.Spoil(ctx, id, "chip mute", "officer", later(6)))
	o, err := r.Order(ctx, id)
	must(t, err)
	if o.State != Spoiled || o.Reason != "chip mute" || o.Card != "" {
		t.Errorf("spoiled: %+v", o)
	}

	id = add(t, r, "000200001001")
	drive(t, r, id, "chip-1002", Issued)
	must(t, r.Spoil(ctx, id, "print smeared", "quality control", later(7)))
	if o, err = r.Order(ctx, id); err != nil || o.Card != CardDestroyed {
		t.Errorf("spoiled after it was issued: %+v, %v", o, err)
	}
	add(t, r, "000200001001")
}

func exerciseCard(t *testing.T, r *Register) {
	ctx := context.Background()
	id := add(t, r, "000200001101")
	step := func(from, to CardState, reason string) error {
		return r.AdvanceCard(ctx, id, CardStep{From: from, To: to, Reason: reason, Actor: "officer", At: later(8)})
	}
	wants(t, step(CardActive, CardSuspended, "reported lost"), ErrState)
	wants(t, step("", CardActive, "by the back door"), ErrStep)
	drive(t, r, id, "chip-1101", Issued)
	wants(t, step(CardActive, CardRevoked, ""), ErrInput, "revoked needs a reason")
	must(t, step(CardActive, CardSuspended, "reported lost"))
	_, _, err := r.Add(ctx, sample("000200001101"), later(9))
	wants(t, err, ErrLiveCard) // a suspended card is still live
	must(t, step(CardSuspended, CardActive, ""))
	must(t, step(CardActive, CardRevoked, "issued in error"))
	wants(t, step(CardRevoked, CardActive, "regretted"), ErrStep)
	o, err := r.Order(ctx, id)
	must(t, err)
	if o.Card != CardRevoked || o.Reason != "issued in error" || o.State != Issued {
		t.Errorf("revoked: %+v", o)
	}
	history, err := r.History(ctx, id)
	must(t, err)
	if last := history[len(history)-1]; last.Card != CardRevoked || last.Detail != "issued in error" || last.From != Issued || last.To != Issued {
		t.Errorf("last line of history: %+v", last)
	}
	add(t, r, "000200001101") // a revoked card does not stand in the way
}

func exerciseClaims(t *testing.T, r *Register) {
	ctx := context.Background()
	id := add(t, r, "000200001201")
	anyone := func(owner string, at int) error {
		_, err := r.Claim(ctx, id, Claim{Owner: owner, At: later(at), Until: later(at + 10)})
		return err
	}
	must(t, anyone("a/1", 0))
	must(t, anyone("a/1", 5)) // renewed until 15
	wants(t, anyone("b/2", 14), ErrClaimed, "claimed by a/1")
	must(t, anyone("b/2", 15)) // run out
	wants(t, r.Advance(ctx, id, Step{From: Ordered, To: Checked, Owner: "a/1"}), ErrClaimed, "claimed by b/2")
	must(t, r.Advance(ctx, id, Step{From: Ordered, To: Checked, Owner: "b/2", At: later(16)}))

	alive := func(want bool) func(string) bool {
		return func(owner string) bool {
			if owner != "b/2" {
				t.Errorf("asked whether %q is alive", owner)
			}
			return want
		}
	}
	_, err := r.Claim(ctx, id, Claim{Owner: "c/3", At: later(16), Until: later(26), Alive: alive(true)})
	wants(t, err, ErrClaimed)
	o, err := r.Claim(ctx, id, Claim{Owner: "c/3", At: later(16), Until: later(26), Alive: alive(false)})
	must(t, err)
	if o.ID != id || o.State != Checked {
		t.Errorf("claimed %+v", o)
	}
	must(t, r.Release(ctx, id, "b/2")) // not its own
	wants(t, anyone("d/4", 17), ErrClaimed, "claimed by c/3")
	must(t, r.Release(ctx, id, "c/3"))
	wants(t, r.Advance(ctx, id, Step{From: Checked, To: Signed, Owner: "c/3"}), ErrClaimed, "no longer claimed")
	must(t, anyone("d/4", 17))
	_, err = r.Claim(ctx, id, Claim{Owner: "d/4", At: noon, Until: noon})
	wants(t, err, ErrInput)
	_, err = r.Claim(ctx, id, Claim{At: noon, Until: later(1)})
	wants(t, err, ErrInput)
}

func exerciseNext(t *testing.T, r *Register) {
	ctx := context.Background()
	a, b, c := add(t, r, "000200001301"), add(t, r, "000200001302"), add(t, r, "000200001303")
	after := a - 1 // the parts before have left orders behind
	drive(t, r, b, "chip-1302", Verified)
	next := func(owner string, f Filter) int64 {
		t.Helper()
		o, found, err := r.Next(ctx, f, Claim{Owner: owner, At: noon, Until: later(10)})
		must(t, err)
		if found != (o.ID != 0) {
			t.Errorf("found %v, order %d", found, o.ID)
		}
		return o.ID
	}
	for _, step := range []struct {
		owner string
		f     Filter
		want  int64
	}{
		{"one", Filter{After: after}, a},
		{"one", Filter{After: after}, a}, // its own again, until it has moved on
		{"two", Filter{After: after}, b},
		{"one", Filter{After: a}, c}, // b is taken
		{"two", Filter{After: c}, 0},
		{"two", Filter{After: after, States: []State{Ordered}}, 0},
		{"two", Filter{After: after, States: []State{Verified}}, b},
		{"one", Filter{After: after, Number: "000200001303"}, c},
	} {
		if got := next(step.owner, step.f); got != step.want {
			t.Errorf("%s asked for %+v: order %d, want %d", step.owner, step.f, got, step.want)
		}
	}
	for _, id := range []int64{a, c} {
		must(t, r.Cancel(ctx, id, "test", "test", noon))
	}
	drive(t, r, b, "chip-1302", Issued)
	if got := next("two", Filter{After: after}); got != 0 {
		t.Errorf("order %d is still to be moved", got)
	}
}

func exerciseList(t *testing.T, r *Register) {
	ctx := context.Background()
	n := page + 20
	var after int64
	for i := range n {
		id := add(t, r, fmt.Sprintf("0003%08d", i))
		if i == 0 {
			after = id - 1
		}
	}
	count := 0
	for s, err := range r.Orders(ctx, Filter{States: []State{Ordered, Checked}, After: after}) {
		must(t, err)
		if s.Number != fmt.Sprintf("0003%08d", count) || s.Form != "cancuoc-2024" || !s.Changed.Equal(noon) {
			t.Fatalf("entry %d: %+v", count, s)
		}
		// The list does not hold the register up.
		must(t, r.Advance(ctx, s.ID, Step{From: Ordered, To: Checked, At: later(1)}))
		count++
	}
	if count != n {
		t.Errorf("%d entries, want %d", count, n)
	}
	for s, err := range r.Orders(ctx, Filter{Number: "000300000007"}) {
		if err != nil || s.State != Checked || s.ID != after+8 {
			t.Errorf("by number: %+v, %v", s, err)
		}
	}
	for range r.Orders(ctx, Filter{States: []State{Activated}, After: after}) {
		t.Error("nothing is activated")
	}
}

// Eight signers at once count one key up to its limit and not beyond, and each use goes to one line of history at most.
func exerciseKeys(t *testing.T, r *Register) {
	ctx := context.Background()
	const limit = 20
	taken, refused := make(chan KeyUse, 100), make(chan error, 100)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 5 {
				use, err := r.UseKey(ctx, "key-a", limit, noon)
				if err != nil {
					refused <- err
				} else {
					taken <- use
				}
			}
		})
	}
	wait.Wait()
	close(taken)
	close(refused)
	seen := map[int64]bool{}
	for use := range taken {
		if seen[use.Number] || use.Number < 1 || use.Number > limit || use.Key != "key-a" {
			t.Errorf("use %+v", use)
		}
		seen[use.Number] = true
	}
	n := 0
	for err := range refused {
		n++
		if !errors.Is(err, ErrKeyLimit) {
			t.Error(err)
		}
	}
	if len(seen) != limit || n != 20 {
		t.Errorf("%d uses, %d refused", len(seen), n)
	}
	for range 3 {
		if _, err := r.UseKey(ctx, "key-b", 0, noon); err != nil {
			t.Fatal(err)
		}
	}
	if uses, err := r.KeyUses(ctx); err != nil || uses["key-a"] != limit || uses["key-b"] != 3 {
		t.Errorf("%v, %v", uses, err)
	}
	first, second := add(t, r, "000200009001"), add(t, r, "000200009002")
	for _, id := range []int64{first, second} {
		if err := r.Advance(ctx, id, Step{From: Ordered, To: Checked, At: noon}); err != nil {
			t.Fatal(err)
		}
	}
	step := Step{From: Checked, To: Signed, At: noon, Data: []byte("x"), KeyUse: KeyUse{"key-b", 2}}
	if err := r.Advance(ctx, first, step); err != nil {
		t.Fatal(err)
	}
	if err := r.Advance(ctx, second, step); !errors.Is(err, ErrStep) {
		t.Errorf("one use of a key signed for two orders: %v", err)
	}
	history, err := r.History(ctx, first)
	if err != nil || history[len(history)-1].KeyUse != (KeyUse{"key-b", 2}) {
		t.Errorf("%+v, %v", history, err)
	}
}

func exerciseAttempts(t *testing.T, r *Register) {
	ctx := context.Background()
	for n := int64(1); n <= 3; n++ {
		if failures, err := r.AttemptFailed(ctx, "chip-77", "keys-a", "wrong cryptogram", noon); err != nil || failures != n {
			t.Errorf("attempt %d: %d failures, %v", n, failures, err)
		}
	}
	a, err := r.Attempts(ctx, "chip-77", "keys-a")
	if err != nil || a != (Attempts{3, noon, "wrong cryptogram"}) {
		t.Errorf("%+v, %v", a, err)
	}
	for _, other := range [][2]string{{"chip-78", "keys-a"}, {"chip-77", "keys-b"}} {
		if a, err := r.Attempts(ctx, other[0], other[1]); err != nil || a.Failures != 0 {
			t.Errorf("%v: %+v, %v", other, a, err)
		}
	}
	if err := r.AttemptSucceeded(ctx, "chip-77", "keys-b"); err != nil {
		t.Error(err)
	}
	if a, _ := r.Attempts(ctx, "chip-77", "keys-a"); a.Failures != 3 {
		t.Errorf("other keys opened the chip, and %d failures are left", a.Failures)
	}
	if err := r.AttemptSucceeded(ctx, "chip-77", "keys-a"); err != nil {
		t.Error(err)
	}
	if a, err := r.Attempts(ctx, "chip-77", "keys-a"); err != nil || a.Failures != 0 {
		t.Errorf("after the right keys: %+v, %v", a, err)
	}
	if _, err := r.AttemptFailed(ctx, "", "keys-a", "x", noon); !errors.Is(err, ErrInput) {
		t.Errorf("no chip: %v", err)
	}
	for range 2 {
		if err := errors.Join(r.KeepOwnKeys(ctx, "chip-77", "keys-a", noon), r.KeepOwnKeys(ctx, "chip-77", "keys-c", noon)); err != nil {
			t.Fatal(err)
		}
	}
	if own, err := r.OwnKeys(ctx, "chip-77"); err != nil || !slices.Equal(own, []string{"keys-a", "keys-c"}) {
		t.Errorf("own keys %v, %v", own, err)
	}
	if own, err := r.OwnKeys(ctx, "chip-78"); err != nil || own != nil {
		t.Errorf("own keys %v of another chip, %v", own, err)
	}
	if err := r.KeepOwnKeys(ctx, "chip-77", "", noon); !errors.Is(err, ErrInput) {
		t.Errorf("no keys: %v", err)
	}
	id := add(t, r, "000200009111")
	for _, s := range []Step{{From: Ordered, To: Checked, At: noon}, {From: Checked, To: Signed, At: noon}} {
		if err := r.Advance(ctx, id, s); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Intend(ctx, id, "chip-77", noon); err != nil {
		t.Fatal(err)
	}
	if o, found, err := r.OrderOfChip(ctx, "chip-77"); err != nil || !found || o.ID != id {
		t.Errorf("order %d, %v, %v", o.ID, found, err)
	}
	if err := r.Spoil(ctx, id, "torn", "test", noon); err != nil {
		t.Fatal(err)
	}
	if _, found, err := r.OrderOfChip(ctx, "chip-77"); err != nil || found {
		t.Errorf("a spoiled order keeps its chip: %v, %v", found, err)
	}
}
