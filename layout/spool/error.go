package spool

import (
	"errors"
	"fmt"
)

// What can be wrong. The errors of this package are an [Error] with one of these.
var (
	ErrNoProgram = errors.New("spool: the program is not installed")
	ErrNoServer  = errors.New("spool: the print server does not answer")
	ErrNoQueue   = errors.New("spool: there is no such print queue")
	ErrStopped   = errors.New("spool: the print queue is stopped")
	ErrRejecting = errors.New("spool: the print queue takes no jobs")
	ErrRefused   = errors.New("spool: the job was refused, and nothing is printed")
	ErrUncertain = errors.New("spool: it is not known whether the job was handed over")
)

// Error says what is wrong with a queue or a job, and which command mends it.
type Error struct {
	Kind   error  // one of this package's
	Detail string // which queue or program; what it said
	Mend   string // a command; empty where none would help
}

func (e *Error) Error() string {
	text := e.Kind.Error()
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if e.Mend != "" {
		text += fmt.Sprintf(" (mend it with `%s`)", e.Mend)
	}
	return text
}

// Unwrap gives the kind.
func (e *Error) Unwrap() error { return e.Kind }
