//go:build cgo

package pkcs11

import (
	"errors"
	"testing"
	"time"

	p11 "github.com/miekg/pkcs11"
)

func TestLoginLostBeforeAnotherKey(t *testing.T) {
	for name, lose := range map[string]func(h *hsm, token *token) bool{
		"the only session failed": func(h *hsm, _ *token) bool { _, err := h.try("object=none", goodPIN); return errors.Is(err, ErrNoKey) },
		"a stranger logs out":     func(_ *hsm, token *token) bool { return p11.New(softHSM).Logout(token.idle[0].handle) == nil },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHSM(t)
			h.token("ds-test")
			h.key("ds-test", "EC:prime256v1", "k", "01")
			h.key("ds-test", "EC:prime256v1", "other", "02")
			token := h.open("object=k").token
			if !lose(h, token) {
				t.Fatal("the login is not lost")
			}
			k, err := h.try("object=other", goodPIN)
			if err != nil {
				t.Fatal(err)
			}
			k.Close()
		})
	}
}

func TestSignAfterTheLastClose(t *testing.T) {
	h := newHSM(t)
	h.token("ds-test")
	h.key("ds-test", "EC:prime256v1", "k", "01")
	k := h.open("object=k")
	k.Close()
	l := within(time.Second)
	err := k.token.do(l, func() error { return nil }) // what sign does when Close comes between
	if !errors.Is(err, ErrClosed) {
		t.Errorf("a call after the last key was closed: %v", err)
	}
}
