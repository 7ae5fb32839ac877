package pcsc

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"slices"
	"time"
)

// EventKind is what happened to a reader, a card or the service.
type EventKind string

// The kinds of events.
const (
	ReaderAdded EventKind = "reader-added"
	ReaderGone  EventKind = "reader-gone"
	Inserted    EventKind = "card-inserted"
	Removed     EventKind = "card-removed"
	ServiceGone EventKind = "service-gone" // all readers with it
	ServiceBack EventKind = "service-back" // readers and cards that are there follow
)

// Event is one thing that happened. Problem says why the service is gone.
type Event struct {
	Kind    EventKind
	Reader  Reader
	Problem error
}

// Watch tells what happens to readers and cards until ctx ends, beginning with those that are there. A service that
// stops is an event: watching goes on once it is back. Only what no waiting mends is an error, and the last thing told:
// [ErrUnavailable], [ErrDenied].
func Watch(ctx context.Context) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for look, err := range looks(ctx, establish) {
			if err != nil {
				yield(Event{}, err)
				return
			}
			for _, e := range look.events {
				if !yield(e, nil) {
					return
				}
			}
		}
	}
}

// AwaitCard waits until the reader that name means holds a card.
func AwaitCard(ctx context.Context, name string) error {
	return awaitCard(looks(ctx, establish), ctx, name, true)
}

// AwaitSwap waits until the reader that name means has stood empty and holds a card again.
func AwaitSwap(ctx context.Context, name string) error {
	return awaitCard(looks(ctx, establish), ctx, name, false)
}

// awaitCard waits for a card in a reader that has stood empty, or is yet to.
func awaitCard(looks iter.Seq2[look, error], ctx context.Context, name string, empty bool) error {
	first := true
	for look, err := range looks {
		if err != nil {
			return err
		}
		if look.down {
			continue
		}
		chosen, err := choose(look.readers(), name)
		switch missing := errors.Is(err, ErrNoReader) || errors.Is(err, ErrNoSuchReader); {
		case errors.Is(err, ErrNoCard), missing && !first:
			empty = true
		case err != nil:
			return err
		case empty, look.removed(chosen.Name):
			return nil
		}
		first = false
	}
	return ctx.Err()
}

// seen is a reader as it was at one look, with the service's count of what has happened to it.
type seen struct {
	Reader
	state uint32 // as the service gives it, and wants it back
	count uint16
}

// look is the readers at one moment, and what has changed since the look before. While the service is down there are
// none.
type look struct {
	seen   []seen
	events []Event
	down   bool
}

func (l look) readers() []Reader {
	var readers []Reader
	for _, s := range l.seen {
		readers = append(readers, s.Reader)
	}
	return readers
}

func (l look) removed(name string) bool {
	return slices.ContainsFunc(l.events, func(e Event) bool { return e.Kind == Removed && e.Reader.Name == name })
}

// service is what watching needs of PC/SC.
type service interface {
	look() ([]seen, error)
	wait(ctx context.Context, until []seen) error // until something differs from what was seen, or for a while
	close()
}

// lookEvery is how often a service that is gone is looked for.
const lookEvery = 300 * time.Millisecond

// looks gives each look at the readers at which something has changed, and the first.
func looks(ctx context.Context, establish func(context.Context) (service, error)) iter.Seq2[look, error] {
	return func(yield func(look, error) bool) {
		down, wasUp := false, false
		for ctx.Err() == nil {
			s, err := establish(ctx)
			if err == nil {
				err = follow(ctx, s, down, yield)
				s.close()
				down, wasUp = false, true
			}
			switch {
			case ctx.Err() != nil, errors.Is(err, errEnough):
				return
			case errors.Is(err, ErrUnavailable), errors.Is(err, ErrDenied) && !wasUp: // a service on its way up or down hangs up too
				yield(look{}, err)
				return
			case !down && !yield(look{events: []Event{{Kind: ServiceGone, Problem: err}}, down: true}, nil):
				return
			}
			down = true
			pause(ctx, lookEvery)
		}
	}
}

// breath is the least time between two looks at which nothing is new.
const breath = 20 * time.Millisecond

// errEnough ends watching when nobody wants to hear more.
var errEnough = errors.New("enough")

// follow looks at the readers of one service for as long as it is there.
func follow(ctx context.Context, s service, wasDown bool, yield func(look, error) bool) error {
	var before []seen
	for first := true; ; first = false {
		now, err := inTime(ctx, s.look)
		if err != nil {
			return err
		}
		l := look{seen: now, events: changes(before, now)}
		if first && wasDown {
			l.events = append([]Event{{Kind: ServiceBack}}, l.events...)
		}
		if (first || len(l.events) > 0) && !yield(l, nil) {
			return errEnough
		}
		if before = now; !first && len(l.events) == 0 {
			pause(ctx, breath) // the service calls for what is no news to us
		}
		if err := s.wait(ctx, now); err != nil {
			return err
		}
	}
}

// changes tells what has happened between two looks. A card that was exchanged between them shows by the service's count.
func changes(before, now []seen) (events []Event) {
	for _, was := range before {
		i := slices.IndexFunc(now, func(s seen) bool { return s.Name == was.Name })
		gone := i < 0
		if was.Card && (gone || !now[i].Card || now[i].count != was.count || !bytes.Equal(now[i].ATR, was.ATR)) {
			events = append(events, Event{Kind: Removed, Reader: was.Reader})
		}
		if gone {
			events = append(events, Event{Kind: ReaderGone, Reader: was.Reader})
		}
	}
	for _, is := range now {
		i := slices.IndexFunc(before, func(s seen) bool { return s.Name == is.Name })
		if i < 0 {
			events = append(events, Event{Kind: ReaderAdded, Reader: is.Reader})
		}
		if is.Card && (i < 0 || !before[i].Card || is.count != before[i].count || !bytes.Equal(is.ATR, before[i].ATR)) {
			events = append(events, Event{Kind: Inserted, Reader: is.Reader})
		}
	}
	return events
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
