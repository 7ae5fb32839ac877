//go:build cgo

package pcsc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ebfe/scard"

	"github.com/cancuoc/cancuoc/card/apdu"
)

// Readers lists the readers that the service knows.
func Readers(ctx context.Context) ([]Reader, error) {
	s, err := establish(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close()
	seen, err := inTime(ctx, s.look)
	return look{seen: seen}.readers(), err
}

// Card is a card in a reader, held exclusively or shared.
type Card struct {
	Reader string
	ATR    []byte

	ctx     context.Context
	service *scard.Context
	card    *scard.Card
	share   scard.ShareMode
	limits  apdu.Limits
}

// Connect takes hold of the card in the reader that name means (see the reference pcsc:NAME): part of its name, or
// nothing for the one reader that holds a card. The end of ctx ends every wait on the card.
func Connect(ctx context.Context, name string) (*Card, error) {
	return connect(ctx, name, scard.ShareExclusive)
}

// ConnectShared is Connect for a glance at a card that others may be connected to. They wait until Close, and find the card
// reset.
func ConnectShared(ctx context.Context, name string) (*Card, error) {
	return connect(ctx, name, scard.ShareShared)
}

func connect(ctx context.Context, name string, share scard.ShareMode) (*Card, error) {
	s, err := establish(ctx)
	if err != nil {
		return nil, err
	}
	context := s.(*pcscd).context
	c, err := await(ctx, func() (*Card, error) { return take(ctx, context, name, share) })
	if err != nil {
		s.close()
	}
	return c, err
}

func take(ctx context.Context, service *scard.Context, name string, share scard.ShareMode) (*Card, error) {
	seen, err := (&pcscd{context: service}).look()
	if err != nil {
		return nil, err
	}
	r, err := choose(look{seen: seen}.readers(), name)
	if err != nil {
		return nil, err
	}
	if r.Mute {
		return nil, fmt.Errorf("%w (%s)", ErrMute, r.Name)
	}
	card, err := service.Connect(r.Name, share, scard.ProtocolT0|scard.ProtocolT1)
	if err != nil {
		return nil, explain(err)
	}
	c := &Card{Reader: r.Name, ATR: r.ATR, ctx: ctx, service: service, card: card, share: share}
	if share == scard.ShareShared {
		if err := card.BeginTransaction(); err != nil {
			return nil, errors.Join(explain(err), explain(card.Disconnect(scard.LeaveCard)))
		}
	}
	c.limits = c.ask()
	return c, nil
}

// ask asks protocol and driver how long commands may be; vsmartcard's virtual reader does not say.
func (c *Card) ask() apdu.Limits {
	if c.card.ActiveProtocol() == scard.ProtocolT0 {
		return apdu.ShortLimits()
	}
	features, err := c.card.Control(scard.CtlCode(askFeatures), nil)
	if err != nil {
		return apdu.Limits{}
	}
	code, ok := featureCode(features, featureProperties)
	if !ok {
		return apdu.Limits{}
	}
	properties, err := c.card.Control(code, nil)
	if err != nil {
		return apdu.Limits{}
	}
	return limitsOf(properties)
}

// Limits tells how long commands and responses may be for this card in this reader, as far as anybody says.
func (c *Card) Limits() apdu.Limits { return c.limits }

// Transmit sends a command and gives the card's answer. A driver may answer for a card that is gone with nothing, and for
// a command that it has lost with half a status word.
func (c *Card) Transmit(command []byte) ([]byte, error) {
	send, err := c.encode(command)
	if err != nil {
		return nil, err
	}
	return await(c.ctx, func() ([]byte, error) {
		answer, err := c.card.Transmit(send)
		switch {
		case err == nil && len(answer) >= 2:
			return answer, nil
		case err == nil && len(answer) == 0:
			return nil, ErrRemoved
		case err == nil, errors.Is(err, scard.ErrNotTransacted), errors.Is(err, scard.ErrCommError):
			return nil, c.lost(command)
		}
		return nil, explainAtWork(err)
	})
}

// encode gives what goes to the driver for a command.
func (c *Card) encode(command []byte) ([]byte, error) {
	switch c.card.ActiveProtocol() {
	case scard.ProtocolT0:
		return apdu.TPDU(command)
	case scard.ProtocolT1:
		if _, err := apdu.ParseCommand(command); err != nil {
			return nil, err
		}
		return command, nil
	}
	return nil, ErrProtocol
}

// settle is how long the service may need to see that a card is gone: it looks every 0.4 seconds.
const settle = 600 * time.Millisecond

// lost finds out why a command was not answered: the card or the reader is gone, or the driver does not carry such a
// command.
func (c *Card) lost(command []byte) error {
	states := []scard.ReaderState{{Reader: unshared(c.Reader, c.service), CurrentState: scard.StatePresent}}
	err := c.service.GetStatusChange(states, 0)
	if err == nil && present(states[0].EventState) {
		states[0].CurrentState = states[0].EventState
		err = c.service.GetStatusChange(states, settle)
	}
	switch state := states[0].EventState; {
	case err != nil && !errors.Is(err, scard.ErrTimeout):
		return explainAtWork(err)
	case state&(scard.StateUnknown|scard.StateUnavailable) != 0:
		return ErrReaderGone
	case !present(state):
		return ErrRemoved
	}
	if parsed, err := apdu.ParseCommand(command); err == nil && parsed.Extended {
		return fmt.Errorf("%w (%s has lost one of %d bytes: %w)", apdu.ErrLong, c.Reader, len(command), ErrComm)
	}
	return ErrComm
}

// Reset gives the card its reset; selection and sessions are lost.
func (c *Card) Reset() error {
	_, err := await(c.ctx, func() (struct{}, error) {
		return struct{}{}, explainAtWork(c.card.Reconnect(c.share, scard.ProtocolT0|scard.ProtocolT1, scard.ResetCard))
	})
	return err
}

// patience is how long Close waits for a card that does not answer.
const patience = 2 * time.Second

// Close resets the card, so that no session outlives us, and lets it go. A card or a service that is gone already is no
// error. One that never answers is left to the service.
func (c *Card) Close() error {
	ctx, stop := context.WithTimeout(context.WithoutCancel(c.ctx), patience)
	defer stop()
	_, err := await(ctx, func() (struct{}, error) {
		defer c.service.Release()
		return struct{}{}, explainAtWork(c.card.Disconnect(scard.ResetCard))
	})
	for _, gone := range []error{ErrRemoved, ErrReaderGone, ErrNoCard, ErrStopped} {
		if errors.Is(err, gone) {
			return nil
		}
	}
	return err
}
