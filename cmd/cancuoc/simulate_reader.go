package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cancuoc/cancuoc/simulator"
	"github.com/cancuoc/cancuoc/simulator/vpcd"
)

// plugOptions say which cards go into the virtual reader, and who moves them.
type plugOptions struct {
	cards  []string // references, the first for slot 1
	port   int      // of slot 1
	script string   // a file, or - for standard input
}

// runSimulateReader plugs cards into the virtual reader: until the context ends or a card fails, or as a script or the
// user at the terminal says.
func runSimulateReader(ctx context.Context, d *desk, opts plugOptions) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	s := newSlots(d, opts.port)
	defer s.empty()
	switch {
	case opts.script != "":
		return s.follow(ctx, opts)
	case d.prompts():
		return s.converse(ctx, opts.cards)
	}
	s.failed = func(err error) { stop(withCode(exitCard, err)) }
	s.hint = " (interrupt to take it out)"
	if err := s.plugAll(ctx, opts.cards); err != nil {
		return err
	}
	<-ctx.Done()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// plugAll puts cards into the slots from the first on, and tells of each when the reader has taken it.
func (s *slots) plugAll(ctx context.Context, cards []string) error {
	for i, name := range cards {
		in, err := s.plug(ctx, i+1, name)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		go func() { _ = s.awaitTaken(ctx, in, nil) }()
	}
	return nil
}

// slots are those of the virtual reader, with the cards that this command has put into them.
type slots struct {
	desk   *desk
	port   int         // of slot 1
	failed func(error) // is told of a card that has failed, if set
	hint   string      // what stands behind the news that a card is in

	mutex  sync.Mutex
	in     map[int]*inserted
	left   map[int]time.Time // when the last card went out of a slot
	begun  time.Time
	prompt string // stands on the terminal, and the user may be typing behind it
}

func newSlots(d *desk, port int) *slots {
	return &slots{desk: d, port: port, in: map[int]*inserted{}, left: map[int]time.Time{}, begun: time.Now()}
}

// inserted is a card in a slot: it is in once the reader asks for its ATR.
type inserted struct {
	*simulator.Card
	slot  int
	ref   cardRef
	name  string // the reference as it was given
	pull  context.CancelFunc
	once  sync.Once
	taken chan struct{} // closed when the reader has taken it
	gone  chan struct{} // closed when it is out again
	asked atomic.Int64  // when the last command came, in nanoseconds; 0: none has
}

// ATR answers the reader, which has taken the card.
func (c *inserted) ATR() []byte {
	c.once.Do(func() { close(c.taken) })
	return c.Card.ATR()
}

// Transmit answers a command.
func (c *inserted) Transmit(command []byte) ([]byte, error) {
	answer, err := c.Card.Transmit(command)
	c.asked.Store(time.Now().UnixNano())
	return answer, err
}

// plug puts a card into a slot that has stood empty long enough for pcscd to see it.
func (s *slots) plug(ctx context.Context, n int, name string) (*inserted, error) {
	ref, err := parseRef(name)
	switch {
	case strings.HasPrefix(name, "sim:") && err != nil:
		return nil, err
	case err != nil || ref.scheme != "sim" || ref.folder():
		return nil, withCode(exitUsage, fmt.Errorf("%s is no card file: name sim:FILE", name))
	}
	if err := s.settle(ctx, n); err != nil {
		return nil, err
	}
	card, err := ref.openSimulated(true)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	conn, err := vpcd.Dial(ctx, s.port+n-1)
	if err != nil {
		card.Close()
		return nil, withCode(exitCard, err)
	}
	ctx, pull := context.WithCancel(ctx)
	in := &inserted{Card: card, slot: n, ref: ref, name: name, pull: pull, taken: make(chan struct{}), gone: make(chan struct{})}
	s.mutex.Lock()
	s.in[n] = in
	s.mutex.Unlock()
	go s.serve(ctx, conn, in)
	return in, nil
}

// settle waits until a slot has stood empty for as long as pcscd needs. A card may have left it just before this command
// began.
func (s *slots) settle(ctx context.Context, n int) error {
	s.mutex.Lock()
	last, used := s.left[n]
	s.mutex.Unlock()
	if !used {
		last = s.begun
	}
	return sleep(ctx, time.Until(last.Add(vpcd.Settle)))
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// serve lets the reader have the card until it is pulled or fails.
func (s *slots) serve(ctx context.Context, conn net.Conn, in *inserted) {
	err := vpcd.Serve(ctx, conn, in.ref.plug(in))
	in.pull()
	in.Close()
	s.mutex.Lock()
	delete(s.in, in.slot)
	s.left[in.slot] = time.Now()
	s.mutex.Unlock()
	if err != nil {
		s.tell(event{Event: "failed", Slot: in.slot, Card: in.name, Error: plain(err.Error())})
		if s.failed != nil {
			s.failed(err)
		}
	}
	close(in.gone)
}

// takesLong is after how long it is said that a reader does not take a card.
const takesLong = 3 * time.Second

// awaitTaken tells when the reader has taken the card, and when it does not. It gives up at the time never, if there is one.
func (s *slots) awaitTaken(ctx context.Context, in *inserted, never <-chan time.Time) error {
	for late := time.After(takesLong); ; late = nil {
		select {
		case <-in.taken:
			s.tell(event{Event: "inserted", Slot: in.slot, Card: in.name, hint: s.hint})
			return nil
		case <-late:
			s.desk.note("slot %d does not take %s: is another card in it?", in.slot, in.name)
		case <-never:
			return withCode(exitCard, errors.New("the reader does not take the card: is another one in it?"))
		case <-in.gone:
			return withCode(exitCard, errors.New("the card has failed before the reader took it"))
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// find gives the card in a slot.
func (s *slots) find(n int) (*inserted, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	in, there := s.in[n]
	return in, there
}

// pull takes the card out of a slot.
func (s *slots) pull(in *inserted) {
	in.pull()
	<-in.gone
}

// all gives the cards in the order of their slots.
func (s *slots) all() []*inserted {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var cards []*inserted
	for _, in := range s.in {
		cards = append(cards, in)
	}
	slices.SortFunc(cards, func(a, b *inserted) int { return a.slot - b.slot })
	return cards
}

// empty takes every card out.
func (s *slots) empty() {
	for _, in := range s.all() {
		s.pull(in)
	}
}

// event is what happens to a card in a slot.
type event struct {
	Event string `json:"event"` // inserted, removed, reset, failed, idle, or listed: it is in
	Slot  int    `json:"slot"`
	Card  string `json:"card"`
	Error string `json:"error,omitempty"`
	hint  string
}

func (e event) String() string {
	switch e.Event {
	case "inserted":
		return fmt.Sprintf("%s is in slot %d of the virtual reader%s", e.Card, e.Slot, e.hint)
	case "removed":
		return fmt.Sprintf("%s is out of slot %d", e.Card, e.Slot)
	case "failed":
		return fmt.Sprintf("%s has left slot %d: %s", e.Card, e.Slot, e.Error)
	case "listed":
		return fmt.Sprintf("slot %d: %s", e.Slot, e.Card)
	}
	return fmt.Sprintf("slot %d: %s: %s", e.Slot, e.Event, e.Card)
}

// tell writes an event: as one JSON object on a line of standard output, or as a line for the user.
func (s *slots) tell(e event) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.desk.json {
		_ = s.desk.encode(e, "")
		return
	}
	if s.prompt != "" {
		fmt.Fprint(s.desk.err, "\r\x1b[K")
	}
	s.desk.note("%s", printable(e.String()))
	fmt.Fprint(s.desk.err, s.prompt)
}
