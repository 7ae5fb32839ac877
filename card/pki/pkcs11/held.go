//go:build cgo

package pkcs11

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	p11 "github.com/miekg/pkcs11"
)

// patience is how long a caller waits for a token.
const patience = 10 * time.Second

// held is a key on a token that is open: what signing keys and master keys have in common.
type held struct {
	uri      URI
	token    *token
	patience time.Duration
	seek     func(session) (p11.ObjectHandle, error)
	opened   bool // the key was there

	mu         sync.Mutex
	closed     bool
	handle     p11.ObjectHandle
	generation int // of the token that the handle belongs to
}

// hold finds the token, logs in and finds the key, and has read look at it.
func (h *held) hold(u URI, pin PIN, patience time.Duration, seek func(session) (p11.ObjectHandle, error),
	read func(session) ([]byte, error)) error {
	file, err := u.library()
	if err != nil {
		return err
	}
	l := within(patience)
	defer l.stop()
	t, err := moduleOf(file).use(l, u)
	if err != nil {
		return about(u, err)
	}
	h.uri, h.token, h.patience, h.seek = u, t, patience, seek
	if err := h.open(pin, read); err != nil {
		h.abandon(err)
		return about(u, err)
	}
	h.opened = true
	return nil
}

// open asks for the PIN, however long that takes, and finds the key on the token.
func (h *held) open(ask PIN, read func(session) ([]byte, error)) error {
	var pin secret
	if h.token.login {
		var err error
		if pin, err = h.uri.pin(ask); err != nil {
			return err
		}
	}
	l := within(h.patience)
	defer l.stop()
	return h.token.do(l, func() error {
		if pin != nil {
			if err := h.token.authenticate(pin); err != nil {
				return err
			}
		}
		_, err := h.attempt(l, read)
		return err
	})
}

// abandon closes a key that was not opened, without waiting for a token that does not answer.
func (h *held) abandon(err error) {
	if errors.Is(err, ErrTimeout) {
		go h.token.letGo()
	} else {
		h.Close()
	}
}

// about says which key an error is about.
func about(u URI, err error) error {
	for _, telling := range []error{ErrNoToken, ErrNoKey, ErrNoMaster, ErrAmbiguous, ErrModule} {
		if errors.Is(err, telling) {
			return err
		}
	}
	return fmt.Errorf("%w (%v)", explain(err), u)
}

// use has f work with the key on a session.
func (h *held) use(f func(session) ([]byte, error)) ([]byte, error) {
	h.mu.Lock()
	closed := h.closed
	h.mu.Unlock()
	if closed {
		return nil, ErrClosed
	}
	l := within(h.patience)
	defer l.stop()
	var answer []byte
	err := h.token.do(l, func() (err error) {
		answer, err = h.attempt(l, f)
		return err
	})
	if err != nil {
		return nil, err // The call may be under way yet: answer is not ours.
	}
	return answer, nil
}

// attempt has f work on a session, and opens the token again once if it must.
func (h *held) attempt(l limit, f func(session) ([]byte, error)) (answer []byte, err error) {
	try := func(s session) error {
		answer, err = f(s)
		return err
	}
	generation, err := h.token.with(l, try)
	// Without a login a token shows no private keys: one that was there and is not means that.
	loggedOut := h.opened && (errors.Is(err, ErrNoKey) || errors.Is(err, ErrNoMaster))
	if !lost(err) && !loggedOut || l.passed() {
		return answer, err
	}
	if err := h.token.renew(generation); err != nil {
		return nil, err
	}
	_, err = h.token.with(l, try)
	return answer, err
}

// on gives the handle of the key; handles last until the token is opened again.
func (h *held) on(s session) (p11.ObjectHandle, error) {
	h.mu.Lock()
	handle, current := h.handle, h.handle != 0 && h.generation == s.generation
	h.mu.Unlock()
	if current {
		return handle, nil
	}
	handle, err := h.seek(s)
	if err != nil {
		return 0, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.handle, h.generation = handle, s.generation
	return handle, nil
}

// Close lets the key go; with the last key of a token ends the login, with the last of a module the module's work. A
// key that is closed already is no error.
func (h *held) Close() error {
	h.mu.Lock()
	closed := h.closed
	h.closed = true
	h.mu.Unlock()
	if closed {
		return nil
	}
	l := within(h.patience)
	defer l.stop()
	if err := h.token.release(l); err != nil {
		return about(h.uri, err)
	}
	return nil
}

// String is the URI that the key was opened with, without module and PIN file.
func (h *held) String() string { return h.uri.String() }

// GoString is String, so that nothing of the token is printed.
func (h *held) GoString() string { return h.String() }

// LogValue is String.
func (h *held) LogValue() slog.Value { return slog.StringValue(h.String()) }
