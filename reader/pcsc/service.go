//go:build cgo

package pcsc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/ebfe/scard"
)

// pcscd is a connection to the service.
type pcscd struct {
	context *scard.Context
	deaf    bool // it does not know the pseudo reader by which readers come and go
}

// establish connects to the service. One that hangs up is asked once more: it may be on its way up. If it hangs up again it
// is there and does not serve this user.
func establish(ctx context.Context) (service, error) {
	for try := 1; ; try++ {
		c, err := inTime(ctx, func() (*scard.Context, error) {
			c, err := scard.EstablishContext()
			return c, explain(err)
		})
		if err == nil {
			return &pcscd{context: c}, nil
		}
		if !errors.Is(err, ErrNoService) && !errors.Is(err, ErrComm) {
			return nil, err
		}
		dialled := DialService(ctx, ServiceSocket())
		if !errors.Is(dialled, os.ErrPermission) && dialled != nil {
			return nil, ErrNoService
		}
		if try == 2 || dialled != nil {
			return nil, ErrDenied
		}
		pause(ctx, lookEvery)
	}
}

func (s *pcscd) close() { _ = s.context.Release() }

func (s *pcscd) look() ([]seen, error) {
	states, err := s.states()
	if err != nil || len(states) == 0 {
		return nil, err
	}
	if err := s.context.GetStatusChange(states, 0); err != nil && !errors.Is(err, scard.ErrTimeout) {
		return nil, explainService(err)
	}
	var readers []seen
	for _, r := range states {
		if r.EventState&(scard.StateUnknown|scard.StateUnavailable) == 0 { // else it went while we looked
			readers = append(readers, seenIn(r))
		}
	}
	return readers, nil
}

func (s *pcscd) states() ([]scard.ReaderState, error) {
	names, err := s.context.ListReaders()
	if errors.Is(err, scard.ErrInsufficientBuffer) { // one came while we asked
		names, err = s.context.ListReaders()
	}
	if err != nil && !errors.Is(err, scard.ErrNoReadersAvailable) {
		return nil, explainService(err)
	}
	states := make([]scard.ReaderState, len(names))
	for i, name := range names {
		states[i].Reader = unshared(name, s.context)
	}
	return states, nil
}

// unshared gives a reader's name for GetStatusChange with something behind its end that no other connection has. The
// binding keeps the text that the C library reads alive by its value alone: two connections that ask for the same reader
// at once would have only one of two texts kept.
func unshared(name string, c *scard.Context) string { return fmt.Sprintf("%s\x00%p", name, c) }

func present(state scard.StateFlag) bool { return state&scard.StatePresent != 0 }

func seenIn(r scard.ReaderState) seen {
	name := r.Reader
	for i := range name {
		if name[i] == 0 {
			name = name[:i]
			break
		}
	}
	return seen{Reader: Reader{
		Name: name, Card: present(r.EventState), InUse: r.EventState&scard.StateExclusive != 0,
		Shared: r.EventState&scard.StateInuse != 0, Mute: r.EventState&scard.StateMute != 0, ATR: r.Atr,
	}, state: uint32(r.EventState), count: uint16(r.EventState >> 16)}
}

// pseudoReader is the one by which PC/SC tells that readers come and go.
const pseudoReader = `\\?PnP?\Notification`

// How long one wait goes on before the readers are listed again: a reader may come in between listing and waiting, and
// where the service does not tell of readers it is the only way.
const (
	relist     = 5 * time.Second
	relistDeaf = time.Second
)

// wait blocks in the service until something differs from what was seen.
func (s *pcscd) wait(ctx context.Context, until []seen) error {
	states := make([]scard.ReaderState, 0, len(until)+1)
	for _, r := range until {
		states = append(states, scard.ReaderState{Reader: unshared(r.Name, s.context), CurrentState: scard.StateFlag(r.state)})
	}
	timeout := relistDeaf
	if !s.deaf {
		states = append(states, scard.ReaderState{Reader: unshared(pseudoReader, s.context)})
		timeout = relist
	}
	if len(states) == 0 {
		pause(ctx, timeout)
		return ctx.Err()
	}
	done := make(chan error, 1)
	go func() { done <- s.context.GetStatusChange(states, timeout) }()
	select {
	case <-time.After(timeout + silence):
		return ErrSilent
	case err := <-done:
		s.deaf = s.deaf || states[len(states)-1].EventState&scard.StateUnknown != 0
		return waited(err)
	case <-ctx.Done():
		s.cancel(done)
		return ctx.Err()
	}
}

func waited(err error) error {
	if err == nil || errors.Is(err, scard.ErrTimeout) || errors.Is(err, scard.ErrUnknownReader) {
		return nil
	}
	return explainService(err)
}

// explainService is explain for what needs no card: where an answer is lost there, it is the service that is gone.
func explainService(err error) error {
	switch codeOf(err) {
	case scard.ErrCommError, scard.ErrInvalidHandle:
		return ErrNoService
	}
	return explain(err)
}

// cancel ends a wait. One that had not yet begun is not ended by the first attempt.
func (s *pcscd) cancel(done <-chan error) {
	for range 20 {
		go s.context.Cancel()
		select {
		case <-done:
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}
