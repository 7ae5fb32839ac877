//go:build !cgo

package pcsc

import (
	"context"

	"github.com/cancuoc/cancuoc/card/apdu"
)

// Card is a card in a reader; without cgo there is none.
type Card struct {
	Reader string
	ATR    []byte
}

func establish(context.Context) (service, error) { return nil, ErrUnavailable }

// Readers answers [ErrUnavailable].
func Readers(context.Context) ([]Reader, error) { return nil, ErrUnavailable }

// Connect answers [ErrUnavailable].
func Connect(context.Context, string) (*Card, error) { return nil, ErrUnavailable }

// ConnectShared answers [ErrUnavailable].
func ConnectShared(context.Context, string) (*Card, error) { return nil, ErrUnavailable }

// Transmit answers [ErrUnavailable].
func (*Card) Transmit([]byte) ([]byte, error) { return nil, ErrUnavailable }

// Limits knows none.
func (*Card) Limits() apdu.Limits { return apdu.Limits{} }

// Reset answers [ErrUnavailable].
func (*Card) Reset() error { return ErrUnavailable }

// Close does nothing.
func (*Card) Close() error { return nil }
