//go:build cgo

package pcsc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ebfe/scard"
)

// Readers lists the readers that the service knows.
func Readers(ctx context.Context) ([]Reader, error) {
	return await(ctx, func() ([]Reader, error) {
		service, err := scard.EstablishContext()
		if err != nil {
			return nil, explain(err)
		}
		defer service.Release()
		return list(service)
	})
}

func list(service *scard.Context) ([]Reader, error) {
	names, err := service.ListReaders()
	if errors.Is(err, scard.ErrNoReadersAvailable) {
		return nil, nil
	}
	if err != nil {
		return nil, explain(err)
	}
	if len(names) == 0 {
		return nil, nil
	}
	states := make([]scard.ReaderState, len(names))
	for i, name := range names {
		states[i].Reader = name
	}
	if err := service.GetStatusChange(states, 0); err != nil && !errors.Is(err, scard.ErrTimeout) {
		return nil, explain(err)
	}
	readers := make([]Reader, len(names))
	for i, s := range states {
		readers[i] = Reader{
			Name: s.Reader, Card: s.EventState&scard.StatePresent != 0,
			InUse: s.EventState&scard.StateExclusive != 0, ATR: s.Atr,
		}
	}
	return readers, nil
}

// Card is a card in a reader, held exclusively.
type Card struct {
	Reader string
	ATR    []byte

	ctx     context.Context
	service *scard.Context
	card    *scard.Card
}

// Connect takes hold of the card in the reader that name means (see the reference pcsc:NAME): part of its name, or
// nothing for the one reader that holds a card. The end of ctx ends every wait on the card.
func Connect(ctx context.Context, name string) (*Card, error) {
	return await(ctx, func() (*Card, error) {
		service, err := scard.EstablishContext()
		if err != nil {
			return nil, explain(err)
		}
		c, err := connect(ctx, service, name)
		if err != nil {
			service.Release()
		}
		return c, err
	})
}

func connect(ctx context.Context, service *scard.Context, name string) (*Card, error) {
	readers, err := list(service)
	if err != nil {
		return nil, err
	}
	r, err := choose(readers, name)
	if err != nil {
		return nil, err
	}
	card, err := service.Connect(r.Name, scard.ShareExclusive, scard.ProtocolT0|scard.ProtocolT1)
	if err != nil {
		return nil, explain(err)
	}
	return &Card{Reader: r.Name, ATR: r.ATR, ctx: ctx, service: service, card: card}, nil
}

// Transmit sends a command and gives the card's answer. A driver may answer for a card that is gone with nothing.
func (c *Card) Transmit(command []byte) ([]byte, error) {
	return await(c.ctx, func() ([]byte, error) {
		answer, err := c.card.Transmit(command)
		if err == nil && len(answer) == 0 {
			return nil, ErrRemoved
		}
		return answer, explain(err)
	})
}

// Reset gives the card its reset; selection and sessions are lost.
func (c *Card) Reset() error {
	_, err := await(c.ctx, func() (struct{}, error) {
		return struct{}{}, explain(c.card.Reconnect(scard.ShareExclusive, scard.ProtocolT0|scard.ProtocolT1, scard.ResetCard))
	})
	return err
}

// patience is how long Close waits for a card that does not answer.
const patience = 2 * time.Second

// Close resets the card, so that no session outlives us, and lets it go. A card that is gone already is no error. One
// that never answers is left to the service.
func (c *Card) Close() error {
	ctx, stop := context.WithTimeout(context.WithoutCancel(c.ctx), patience)
	defer stop()
	_, err := await(ctx, func() (struct{}, error) {
		defer c.service.Release()
		return struct{}{}, explain(c.card.Disconnect(scard.ResetCard))
	})
	if errors.Is(err, ErrRemoved) || errors.Is(err, ErrNoCard) {
		return nil
	}
	return err
}

// explain puts what PC/SC reports into our words.
func explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, scard.ErrNoService), errors.Is(err, scard.ErrServiceStopped):
		return ErrNoService
	case errors.Is(err, scard.ErrNoReadersAvailable), errors.Is(err, scard.ErrReaderUnavailable):
		return ErrNoReader
	case errors.Is(err, scard.ErrNoSmartcard), errors.Is(err, scard.ErrUnpoweredCard), errors.Is(err, scard.ErrUnresponsiveCard):
		return ErrNoCard
	case errors.Is(err, scard.ErrSharingViolation):
		return ErrInUse
	case errors.Is(err, scard.ErrRemovedCard), errors.Is(err, scard.ErrResetCard), errors.Is(err, scard.ErrNotTransacted):
		return ErrRemoved
	}
	return fmt.Errorf("pcsc: %w", err)
}
