package pcsc

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"
)

func at(name string, card string, count uint16) seen {
	return seen{Reader: Reader{Name: name, Card: card != "", ATR: []byte(card)}, count: count}
}

func told(events []Event) string {
	var text []string
	for _, e := range events {
		text = append(text, fmt.Sprint(e.Kind, " ", e.Reader.Name, string(e.Reader.ATR)))
	}
	return strings.Join(text, ", ")
}

func TestChanges(t *testing.T) {
	for name, c := range map[string]struct {
		before, now []seen
		want        string
	}{
		"nothing":                 {[]seen{at("A", "", 0)}, []seen{at("A", "", 0)}, ""},
		"a reader":                {nil, []seen{at("A", "", 0)}, "reader-added A"},
		"a reader with a card":    {nil, []seen{at("A", "x", 1)}, "reader-added Ax, card-inserted Ax"},
		"a card":                  {[]seen{at("A", "", 0)}, []seen{at("A", "x", 1)}, "card-inserted Ax"},
		"taken out":               {[]seen{at("A", "x", 1)}, []seen{at("A", "", 2)}, "card-removed Ax"},
		"another of the same":     {[]seen{at("A", "x", 1)}, []seen{at("A", "x", 3)}, "card-removed Ax, card-inserted Ax"},
		"another":                 {[]seen{at("A", "x", 1)}, []seen{at("A", "y", 1)}, "card-removed Ax, card-inserted Ay"},
		"put in and taken out":    {[]seen{at("A", "", 1)}, []seen{at("A", "", 3)}, ""},
		"a reader with its card":  {[]seen{at("A", "x", 1), at("B", "", 0)}, []seen{at("B", "", 0)}, "card-removed Ax, reader-gone Ax"},
		"one reader for another":  {[]seen{at("A", "", 1)}, []seen{at("B", "y", 1)}, "reader-gone A, reader-added By, card-inserted By"},
		"in use, and nothing new": {[]seen{at("A", "x", 1)}, []seen{{Reader: Reader{Name: "A", Card: true, InUse: true, ATR: []byte("x")}, count: 1}}, ""},
	} {
		if got := told(changes(c.before, c.now)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// replay is a service whose looks are written down; where a look is nil the service stops.
type replay struct {
	looks [][]seen
	next  *int
}

func (r *replay) look() ([]seen, error) {
	if *r.next >= len(r.looks) || r.looks[*r.next] == nil {
		*r.next++
		return nil, ErrNoService
	}
	*r.next++
	return r.looks[*r.next-1], nil
}
func (r *replay) wait(ctx context.Context, _ []seen) error { return ctx.Err() }
func (r *replay) close()                                   {}

// A service that stops while it is watched is told of, and what is there when it is back; what nobody waits for ends it.
func TestWatchGoesOnAfterTheService(t *testing.T) {
	next := 0
	s := &replay{looks: [][]seen{{at("A", "", 0)}, {at("A", "x", 1)}, nil, {at("A", "x", 1)}, nil}, next: &next}
	tries := 0
	establish := func(context.Context) (service, error) {
		if tries++; tries == 2 {
			return nil, ErrNoService
		}
		if tries == 4 {
			return nil, ErrUnavailable
		}
		return s, nil
	}
	var got []Event
	var last error
	for l, err := range looks(t.Context(), establish) {
		got, last = append(got, l.events...), err
	}
	want := "reader-added A, card-inserted Ax, service-gone , service-back , reader-added Ax, card-inserted Ax, service-gone "
	if told(got) != want || !errors.Is(last, ErrUnavailable) || !errors.Is(got[2].Problem, ErrNoService) {
		t.Errorf("%s, %v\nwant %s", told(got), last, want)
	}
}

// A service that turns us away at once is an error; one that does so on its way down or up, after it has served us, is not.
func TestWatchAndAServiceThatTurnsAway(t *testing.T) {
	for range looks(t.Context(), func(context.Context) (service, error) { return nil, ErrDenied }) {
		break
	}
	next, tries := 0, 0
	s := &replay{looks: [][]seen{{at("A", "", 0)}, nil, {at("A", "", 0)}}, next: &next}
	var kinds []EventKind
	for l, err := range looks(t.Context(), func(context.Context) (service, error) {
		if tries++; tries == 2 {
			return nil, ErrDenied
		}
		return s, nil
	}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range l.events {
			kinds = append(kinds, e.Kind)
		}
		if slices.Contains(kinds, ServiceBack) {
			break
		}
	}
	if want := []EventKind{ReaderAdded, ServiceGone, ServiceBack, ReaderAdded}; !slices.Equal(kinds, want) {
		t.Errorf("%v, want %v", kinds, want)
	}
	for _, err := range looks(t.Context(), func(context.Context) (service, error) { return nil, ErrDenied }) {
		if !errors.Is(err, ErrDenied) {
			t.Errorf("turned away at once: %v", err)
		}
	}
}

// A service that calls without end for what is no news is not asked without end.
func TestWatchBreathes(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), 10*breath)
	defer stop()
	asked := 0
	s := calling{asked: &asked}
	for range looks(ctx, func(context.Context) (service, error) { return s, nil }) {
	}
	if asked < 2 || asked > 13 {
		t.Errorf("%d looks in ten breaths", asked)
	}
}

type calling struct{ asked *int }

func (c calling) look() ([]seen, error) {
	*c.asked++
	return []seen{at("A", "x", 1)}, nil
}
func (calling) wait(ctx context.Context, _ []seen) error { return ctx.Err() }
func (calling) close()                                   {}

func TestAwaitSwap(t *testing.T) {
	readers := func(r ...seen) look { return look{seen: r} }
	for name, c := range map[string]struct {
		reader string
		looks  []look
		want   int // looks until it has what it waits for, 0: never
		err    error
	}{
		"a card, none, a card":          {"", []look{readers(at("A", "x", 1)), readers(at("A", "", 2)), readers(at("A", "y", 3))}, 3, nil},
		"the same card stays":           {"", []look{readers(at("A", "x", 1)), readers(at("A", "x", 1), at("B", "", 0))}, 0, nil},
		"none at first":                 {"", []look{readers(at("A", "", 1)), readers(at("A", "x", 2))}, 2, nil},
		"exchanged between two looks":   {"", []look{readers(at("A", "x", 1)), {seen: []seen{at("A", "y", 3)}, events: []Event{{Kind: Removed, Reader: Reader{Name: "A"}}, {Kind: Inserted}}}}, 2, nil},
		"exchanged in another reader":   {"A", []look{readers(at("A", "x", 1), at("B", "x", 1)), {seen: []seen{at("A", "x", 1), at("B", "x", 3)}, events: []Event{{Kind: Removed, Reader: Reader{Name: "B"}}}}}, 0, nil},
		"the service away meanwhile":    {"", []look{readers(at("A", "x", 1)), {down: true}, readers(at("A", "", 1)), readers(at("A", "x", 2))}, 4, nil},
		"the reader unplugged and back": {"A", []look{readers(at("A", "x", 1)), readers(), readers(at("A", "y", 1))}, 3, nil},
		"no such reader":                {"B", []look{readers(at("A", "x", 1))}, 1, ErrNoSuchReader},
		"no reader":                     {"", []look{readers()}, 1, ErrNoReader},
		"cards in two":                  {"", []look{readers(at("A", "x", 1), at("B", "y", 1))}, 1, ErrManyCards},
	} {
		n := 0
		err := awaitCard(given(&n, c.looks), t.Context(), c.reader, false)
		if n != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: done after %d looks with %v; want %d, %v", name, n, err, c.want, c.err)
		}
	}
}

// given gives looks and counts them, from 0 again when all are past.
func given(n *int, looks []look) iter.Seq2[look, error] {
	return func(yield func(look, error) bool) {
		for _, l := range looks {
			if *n++; !yield(l, nil) {
				return
			}
		}
		*n = 0
	}
}

func TestAwaitCard(t *testing.T) {
	readers := func(r ...seen) look { return look{seen: r} }
	for name, c := range map[string]struct {
		looks []look
		want  int // looks until there is a card, 0: never
		err   error
	}{
		"there already":            {[]look{readers(at("A", "x", 1))}, 1, nil},
		"after another reader's":   {[]look{readers(at("A", "", 1)), readers(at("A", "", 1), at("B", "y", 1)), readers(at("A", "x", 2))}, 3, nil},
		"never":                    {[]look{readers(at("A", "", 1)), readers(at("A", "", 3))}, 0, nil},
		"the service away":         {[]look{readers(at("A", "", 1)), {down: true}, readers(at("A", "x", 2))}, 3, nil},
		"no such reader":           {[]look{readers(at("B", "x", 1))}, 1, ErrNoSuchReader},
		"the reader was unplugged": {[]look{readers(at("A", "", 1)), readers(), readers(at("A", "x", 1))}, 3, nil},
	} {
		n := 0
		err := awaitCard(given(&n, c.looks), t.Context(), "A", true)
		if n != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: done after %d looks with %v; want %d, %v", name, n, err, c.want, c.err)
		}
	}
}

func TestAwaitSwapEndsWithItsContext(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	never := looks(ctx, func(context.Context) (service, error) { return nil, ErrNoService })
	if err := awaitCard(never, ctx, "", false); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}
