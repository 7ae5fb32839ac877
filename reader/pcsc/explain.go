//go:build cgo

package pcsc

import (
	"errors"
	"fmt"

	"github.com/ebfe/scard"
)

// explain puts what PC/SC reports before a card is at work into our words.
func explain(err error) error {
	switch code := codeOf(err); code {
	case scard.ErrSuccess:
		return nil
	case scard.ErrNoService, scard.ErrServiceStopped, scard.ErrShutdown:
		return ErrNoService
	case scard.ErrNoReadersAvailable, scard.ErrReaderUnavailable, scard.ErrUnknownReader:
		return ErrNoReader
	case scard.ErrNoSmartcard, scard.ErrRemovedCard:
		return ErrNoCard
	case scard.ErrUnresponsiveCard:
		return ErrMute
	case scard.ErrUnpoweredCard:
		return ErrUnpowered
	case scard.ErrProtoMismatch, scard.ErrUnsupportedCard, scard.ErrInvalidAtr, scard.ErrCardUnsupported:
		return ErrProtocol
	case scard.ErrSharingViolation:
		return ErrInUse
	case scard.ErrSecurityViolation, scard.ErrNoAccess:
		return ErrDenied
	case scard.ErrNoMemory, scard.ErrServerTooBusy:
		return ErrBusy
	case scard.ErrResetCard:
		return ErrRemoved
	case scard.ErrCommError, scard.ErrCommDataLost, scard.ErrNotTransacted:
		return ErrComm
	}
	return fmt.Errorf("pcsc: %w", err)
}

// explainAtWork is explain for a card that we hold: what was there before has gone since.
func explainAtWork(err error) error {
	switch code := codeOf(err); code {
	case scard.ErrNoService, scard.ErrServiceStopped, scard.ErrShutdown, scard.ErrInvalidHandle:
		return ErrStopped
	case scard.ErrNoReadersAvailable, scard.ErrReaderUnavailable, scard.ErrUnknownReader:
		return ErrReaderGone
	case scard.ErrNoSmartcard, scard.ErrRemovedCard, scard.ErrUnpoweredCard:
		return ErrRemoved
	}
	return explain(err)
}

func codeOf(err error) scard.Error {
	var code scard.Error
	if err != nil && !errors.As(err, &code) {
		return scard.ErrUnknownError
	}
	return code
}
