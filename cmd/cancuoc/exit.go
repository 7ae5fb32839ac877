package main

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"syscall"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/bac"
	"github.com/cancuoc/cancuoc/card/pace"
	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/pki/pkcs11"
	"github.com/cancuoc/cancuoc/card/register"
	"github.com/cancuoc/cancuoc/card/scp"
	"github.com/cancuoc/cancuoc/card/sm"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/authority"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
	"github.com/cancuoc/cancuoc/layout"
	"github.com/cancuoc/cancuoc/layout/spool"
	"github.com/cancuoc/cancuoc/reader"
	"github.com/cancuoc/cancuoc/reader/pcsc"
	"github.com/cancuoc/cancuoc/simulator"
)

// The exit codes, as every help lists them.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInput       = 3
	exitNotAllowed  = 4
	exitCard        = 5
	exitKey         = 6
	exitRegister    = 7
	exitSome        = 8
	exitNotGenuine  = 9
	exitNotProven   = 10
	exitNotValid    = 11
	exitPrinter     = 12
	exitInterrupted = 130
)

const exitCodesHelp = `
Exit codes:
  0 done (read, verify: genuine and valid)   1 failed              2 usage
  3 input rejected                           4 not authorised      5 card or reader
  6 key or HSM                               7 register            8 some of many failed
  9 not genuine                     10 not proven               11 genuine but not valid
  12 printer or print queue         130 interrupted, may be resumed
`

// coded is an error that knows its exit code.
type coded struct {
	code int
	err  error
}

func (c coded) Error() string { return c.err.Error() }
func (c coded) Unwrap() error { return c.err }

func withCode(code int, err error) error {
	if err == nil {
		return nil
	}
	return coded{code, err}
}

// silent is an outcome that has been printed already and only sets the exit code.
type silent int

func (silent) Error() string { return "" }

func isSilent(err error) bool {
	var s silent
	return errors.As(err, &s)
}

// codes tells which exit code stands for which error, the first that fits.
func codes() []struct {
	code int
	errs []error
} {
	return []struct {
		code int
		errs []error
	}{
		{exitInput, []error{perso.ErrCannotCarry, station.ErrChipProfile, card.ErrNoCVCA, station.ErrNoFingerprints,
			register.ErrLiveCard, register.ErrInput, register.ErrNotFound, station.ErrNothingToDo,
			station.ErrNotProducible, station.ErrStation, reader.ErrOtherReading, layout.ErrNoTemplate,
			layout.ErrDoesNotFit, layout.ErrNoGlyph, layout.ErrInvalid, layout.ErrMissing, layout.ErrTemplate}},
		{exitInput, []error{authority.ErrExists, authority.ErrConfig, authority.ErrNotIssued, authority.ErrForeignList,
			authority.ErrSigner}},
		{exitUsage, []error{station.ErrName, authority.ErrReference, pkcs11.ErrURI, pki.ErrIdentity}},
		{exitPrinter, []error{station.ErrNoPrinter, station.ErrQueued, spool.ErrNoProgram, spool.ErrNoServer,
			spool.ErrNoQueue, spool.ErrStopped, spool.ErrRejecting, spool.ErrRefused, spool.ErrUncertain}},
		{exitNotGenuine, []error{station.ErrChipDiffers, station.ErrFaceDiffers}},
		{exitNotProven, []error{station.ErrNotProven}},
		{exitCard, []error{pcsc.ErrUnavailable, pcsc.ErrNoService, pcsc.ErrNoReader, pcsc.ErrNoCard, pcsc.ErrManyCards,
			pcsc.ErrInUse, pcsc.ErrRemoved, pcsc.ErrSilent, pcsc.ErrDenied, pcsc.ErrBusy, pcsc.ErrMute,
			pcsc.ErrUnpowered, pcsc.ErrProtocol, pcsc.ErrNoSuchReader, pcsc.ErrReaderGone, pcsc.ErrStopped, pcsc.ErrComm,
			apdu.ErrLong, perso.ErrLocked, reader.ErrAccess, reader.ErrNoPACE, sm.ErrResponse, sm.ErrClosed,
			pace.ErrChip, pace.ErrRefused, simulator.ErrInUse, simulator.ErrPowerLost, register.ErrOtherChip,
			register.ErrChipTaken, station.ErrTried, scp.ErrCryptogram, scp.ErrAuthentication, scp.ErrProtocol,
			scp.ErrUnconfirmed, bac.ErrChip, bac.ErrRefused}},
		{exitKey, []error{perso.ErrNoKeys, pki.ErrPassphrase, pki.ErrKeyFile, pki.ErrKeyPeriod, pki.ErrShortCSCA,
			pki.ErrSpecimen, pki.ErrNotInToken, pki.ErrOtherKey, pki.ErrOtherAuthority, pki.ErrNoAnswer,
			station.ErrAuthority, authority.ErrNoAuthority, authority.ErrNoSigner, authority.ErrPlainKey,
			authority.ErrNoKey, authority.ErrOtherKey, authority.ErrKeyTaken, pkcs11.ErrUnavailable, pkcs11.ErrModule,
			pkcs11.ErrNoToken, pkcs11.ErrNoKey, pkcs11.ErrAmbiguous, pkcs11.ErrNoPIN, pkcs11.ErrKeyPIN, pkcs11.ErrPIN,
			pkcs11.ErrPINFinalTry, pkcs11.ErrPINLocked, pkcs11.ErrTimeout, pkcs11.ErrAbsent, pkcs11.ErrSignature}},
		{exitRegister, []error{register.ErrStorage, register.ErrBusy, register.ErrNotRegister, register.ErrNewer,
			register.ErrExists, register.ErrClaimed, register.ErrState, station.ErrNoStation, station.ErrSignature}},
	}
}

func exitCode(ctx context.Context, err error) int {
	var s silent
	var c coded
	var sw apdu.StatusWord
	var ofCard station.CardError
	switch {
	case errors.As(err, &s):
		return int(s)
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &c):
		return c.code
	}
	for _, row := range codes() {
		for _, known := range row.errs {
			if errors.Is(err, known) {
				return row.code
			}
		}
	}
	if errors.As(err, &sw) || errors.As(err, &ofCard) {
		return exitCard
	}
	if strings.HasPrefix(err.Error(), "unknown command") {
		return exitUsage
	}
	return exitFailed
}

// sentence is the error for the operator, with what mends it where the error itself cannot know.
func sentence(err error, code int) string {
	text := plain(err.Error())
	switch {
	case code == exitInterrupted && errors.Is(err, context.Canceled): // else the error knows better
		return "interrupted; the same command goes on where this one stopped"
	case errors.Is(err, syscall.ENOSPC):
		return text + "; make room on the disk and run the same command again"
	case errors.Is(err, syscall.EROFS):
		return text + "; the disk is read-only: mount it for writing and run the same command again"
	case errors.Is(err, simulator.ErrPowerLost), errors.Is(err, pcsc.ErrRemoved):
		return text + "; put the same card back and run the same command again"
	case whyNoReader(err) != "":
		return text + whyNoReader(err)
	case errors.Is(err, pki.ErrPassphrase):
		return text + "; name the file that holds it with --passphrase-file"
	case errors.Is(err, perso.ErrCannotCarry):
		return text + "; `cancuoc chip profiles` says what is meant for which records: change chip.profile, or the record's profile"
	case errors.Is(err, register.ErrOtherChip):
		return text + "; put that chip in, or give the order up with `cancuoc order spoil`"
	case errors.Is(err, fs.ErrPermission):
		return text + "; give this user the right to it"
	}
	return text
}

// inVietnamese says what an error at the reader says, line by line: whoever stands there must know what to do.
func inVietnamese(err error) (lines []string) {
	text := pcsc.Vietnamese(err)
	if errors.Is(err, simulator.ErrPowerLost) {
		text = pcsc.Vietnamese(pcsc.ErrRemoved)
	}
	if errors.Is(err, simulator.ErrPowerLost) || errors.Is(err, pcsc.ErrRemoved) {
		text += "; đặt lại đúng thẻ đó và chạy lại lệnh"
	}
	if text != "" {
		lines = append(lines, text)
	}
	for _, p := range whyNone(err) {
		lines = append(lines, printable(p.Vietnamese))
	}
	return lines
}

// bilingual is the error for the operator in English and, where it is one at the reader, in Vietnamese, on one line.
func bilingual(err error, code int) string {
	return strings.Join(append([]string{sentence(err, code)}, inVietnamese(err)...), " / ")
}
