//go:build !cgo

package pcsc

import "context"

// Card is a card in a reader; without cgo there is none.
type Card struct {
	Reader string
	ATR    []byte
}

// Readers answers [ErrUnavailable].
func Readers(context.Context) ([]Reader, error) { return nil, ErrUnavailable }

// Connect answers [ErrUnavailable].
func Connect(context.Context, string) (*Card, error) { return nil, ErrUnavailable }

// Transmit answers [ErrUnavailable].
func (*Card) Transmit([]byte) ([]byte, error) { return nil, ErrUnavailable }

// Reset answers [ErrUnavailable].
func (*Card) Reset() error { return ErrUnavailable }

// Close does nothing.
func (*Card) Close() error { return nil }
