//go:build cgo

package pkcs11

import (
	"runtime"
	"testing"
	"time"

	p11 "github.com/miekg/pkcs11"
)

// aStranger is a key, and someone else in the process with a session on its token.
func aStranger(t *testing.T) (*Key, *p11.Ctx, p11.SessionHandle) {
	h := newHSM(t)
	h.token("ds-test")
	h.key("ds-test", "EC:prime256v1", "k", "01")
	k := h.open("object=k")
	stranger := p11.New(softHSM)
	s, err := stranger.OpenSession(k.token.slot, p11.CKF_SERIAL_SESSION)
	if err != nil {
		t.Fatal(err)
	}
	return k, stranger, s
}

// A stranger logs out when the key must be looked for anew: the token then shows no private keys.
func TestLoggedOutBeforeTheKeyIsFound(t *testing.T) {
	k, stranger, s := aStranger(t)
	k.generation--
	if err := stranger.Logout(s); err != nil {
		t.Fatal(err)
	}
	if err := signs(k); err != nil {
		t.Error(err)
	}
}

// The module is not started again while a call is under way.
func TestFinalisedDuringACall(t *testing.T) {
	k, stranger, _ := aStranger(t)
	if err := stranger.Finalize(); err != nil {
		t.Fatal(err)
	}
	k.token.calls.RLock() // the call
	done := make(chan error, 1)
	go func() { done <- signs(k) }()
	select {
	case err := <-done:
		t.Errorf("signed while a call was under way: %v", err)
		done <- nil
	case <-time.After(30 * time.Millisecond):
	}
	k.token.calls.RUnlock()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// The goroutines of a token end with it.
func TestWorkersEnd(t *testing.T) {
	h := newHSM(t)
	h.token("ds-test")
	h.key("ds-test", "EC:prime256v1", "k", "01")
	before := runtime.NumGoroutine()
	k := h.open("object=k")
	if n := runtime.NumGoroutine() - before; n < sessionsAtOnce {
		t.Errorf("%d workers", n)
	}
	k.Close()
	for start := time.Now(); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Since(start) > 5*time.Second {
			t.Fatalf("%d goroutines are left", runtime.NumGoroutine()-before)
		}
	}
}
