//go:build cgo

package pkcs11

import (
	"crypto"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	p11 "github.com/miekg/pkcs11"
)

func signs(k *Key) error {
	_, err := k.Sign(nil, make([]byte, 32), crypto.SHA256)
	return err
}

// oneKey is a token with one key on it, behind the shim.
func oneKey(t testing.TB) (h *hsm, say func(function, what string)) {
	h = newHSM(t)
	h.token("ds-test")
	h.key("ds-test", "EC:prime256v1", "k", "01")
	return h, h.shimmed()
}

// What a lost session, a lost login or a fault of the device answers is mended once, and only once.
func TestLostIsFoundOnce(t *testing.T) {
	h, say := oneKey(t)
	k := h.open("object=k")
	for _, code := range []uint{p11.CKR_SESSION_HANDLE_INVALID, p11.CKR_SESSION_CLOSED, p11.CKR_DEVICE_ERROR, p11.CKR_DEVICE_REMOVED,
		p11.CKR_TOKEN_NOT_PRESENT, p11.CKR_USER_NOT_LOGGED_IN, p11.CKR_KEY_HANDLE_INVALID, p11.CKR_GENERAL_ERROR} {
		for _, function := range []string{"C_SignInit", "C_Sign"} {
			say(function, fmt.Sprintf("once %x", code))
			if err := signs(k); err != nil {
				t.Errorf("%s answered %#x once: %v", function, code, err)
			}
			say(function, fmt.Sprintf("error %x", code))
			before := h.logins()
			if err := signs(k); err == nil || !strings.Contains(err.Error(), "object=k") {
				t.Errorf("%s answers %#x always: %v", function, code, err)
			}
			if n := h.logins() - before; n != 1 {
				t.Errorf("%d logins to mend %#x", n, code)
			}
			say(function, "")
			if err := signs(k); err != nil {
				t.Errorf("after %#x: %v", code, err)
			}
		}
	}
	say("C_Sign", fmt.Sprintf("once %x", p11.CKR_DATA_LEN_RANGE))
	if err := signs(k); err == nil {
		t.Error("an error that is not one of the connection was tried again")
	}
}

// Of many that find a token lost one opens it again; what is left of the sessions before is not used.
func TestRenewedOnce(t *testing.T) {
	h, _ := oneKey(t)
	token := h.open("object=k").token
	before, generation := h.logins(), token.generation
	for range 3 {
		if err := token.renew(generation); err != nil {
			t.Fatal(err)
		}
	}
	if n := h.logins() - before; n != 1 {
		t.Errorf("%d logins", n)
	}
	token.restart = token.generation
	token.calls.RLock()
	token.put(session{handle: 999, generation: generation}, nil)
	if n := len(token.idle); n != 1 {
		t.Errorf("%d idle sessions", n)
	}
}

func TestLostWhileOpening(t *testing.T) {
	h, say := oneKey(t)
	say("C_GetAttributeValue", fmt.Sprintf("once %x", p11.CKR_DEVICE_ERROR))
	if err := signs(h.open("object=k")); err != nil {
		t.Error(err)
	}
}

// Someone else in the process closes all sessions, or logs out, or finalises the module.
func TestBehindItsBack(t *testing.T) {
	h := newHSM(t)
	h.token("ds-test")
	h.key("ds-test", "EC:prime256v1", "k", "01")
	k := h.open("object=k")
	stranger := p11.New(softHSM)
	for name, does := range map[string]func(s p11.SessionHandle) error{
		"closes all sessions": func(p11.SessionHandle) error { return stranger.CloseAllSessions(k.token.slot) },
		"logs out":            func(s p11.SessionHandle) error { return stranger.Logout(s) },
		"finalises":           func(p11.SessionHandle) error { return stranger.Finalize() },
	} {
		s, err := stranger.OpenSession(k.token.slot, p11.CKF_SERIAL_SESSION)
		if err != nil {
			t.Fatal(err)
		}
		if err := does(s); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if err := signs(k); err != nil {
					t.Errorf("a stranger %s: %v", name, err)
				}
			})
		}
		all.Wait()
	}
}

// A stranger in the process is logged in: that must not let a wrong PIN pass.
func TestWrongPINBehindAStranger(t *testing.T) {
	h := newHSM(t)
	h.token("ds-test")
	h.key("ds-test", "EC:prime256v1", "k", "01")
	stranger := p11.New(softHSM)
	if err := stranger.Initialize(); err != nil {
		t.Fatal(err)
	}
	defer stranger.Finalize()
	slots, _ := stranger.GetSlotList(true)
	s, err := stranger.OpenSession(slots[0], p11.CKF_SERIAL_SESSION)
	if err != nil {
		t.Fatal(err)
	}
	if err := stranger.Login(s, p11.CKU_USER, goodPIN); err != nil {
		t.Fatal(err)
	}
	if _, err := h.try("object=k", "123456"); !errors.Is(err, ErrPIN) {
		t.Errorf("a wrong PIN: %v", err)
	}
	k := h.open("object=k")
	if err := signs(k); err != nil {
		t.Error(err)
	}
	k.Close()
	if _, err := stranger.GetSlotList(true); err != nil {
		t.Errorf("the stranger's module was finalised: %v", err)
	}
}

// The token's files are taken away while it signs, and come back; then those of all tokens, without which SoftHSM does
// not start.
func TestTokenRemoved(t *testing.T) {
	h := newHSM(t)
	h.token("ds-test")
	h.key("ds-test", "EC:prime256v1", "k", "01")
	k := h.open("object=k")
	tokens := filepath.Join(h.folder, "tokens")
	entries, err := os.ReadDir(tokens)
	if err != nil || len(entries) != 1 {
		t.Fatal(entries, err)
	}
	for _, here := range []string{filepath.Join(tokens, entries[0].Name()), tokens} {
		away := filepath.Join(h.folder, "away")
		stop := inBackground(k)
		move(t, here, away)
		time.Sleep(50 * time.Millisecond)
		for _, err := range stop() {
			if !errors.Is(err, ErrAbsent) {
				t.Errorf("a token that is gone: %v", err)
			}
		}
		move(t, away, here)
		for end := time.Now().Add(20 * restartEvery); signs(k) != nil && time.Now().Before(end); {
			time.Sleep(restartEvery / 4) // it is looked for again each so often, and a busy machine is slow to find it
		}
		stop = inBackground(k)
		if err := errors.Join(stop()...); err != nil {
			t.Errorf("a token that is back: %v", err)
		}
	}
}

func move(t *testing.T, from, to string) {
	t.Helper()
	time.Sleep(50 * time.Millisecond)
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// inBackground signs in four goroutines until it is told to stop, and then gives the errors of the last signatures.
func inBackground(k *Key) (stop func() []error) {
	done := make(chan struct{})
	last := make(chan error, 4)
	for range 4 {
		go func() {
			for {
				select {
				case <-done:
					last <- signs(k)
					return
				default:
					signs(k)
				}
			}
		}()
	}
	return func() []error {
		close(done)
		return []error{<-last, <-last, <-last, <-last}
	}
}

func TestTokenAway(t *testing.T) {
	h, say := oneKey(t)
	k := h.open("object=k")
	for _, function := range []string{"C_SignInit", "C_OpenSession", "C_GetSlotList"} {
		say(function, fmt.Sprintf("error %x", p11.CKR_DEVICE_REMOVED))
	}
	if err := signs(k); !errors.Is(err, ErrAbsent) {
		t.Errorf("a token that is gone: %v", err)
	}
	for _, function := range []string{"C_SignInit", "C_OpenSession", "C_GetSlotList"} {
		say(function, "")
	}
	if err := signs(k); err != nil {
		t.Errorf("a token that is back: %v", err)
	}
}

// A call that does not come back is given up in time, whoever calls and however often, and no more calls hang than
// there are sessions.
func TestHang(t *testing.T) {
	h, say := oneKey(t)
	k := h.open("object=k")
	k.patience = 200 * time.Millisecond
	say("C_Sign", "hang")
	start := time.Now()
	var all sync.WaitGroup
	for range 3 * sessionsAtOnce {
		all.Go(func() {
			if err := signs(k); !errors.Is(err, ErrTimeout) {
				t.Errorf("a token that hangs: %v", err)
			}
		})
	}
	all.Wait()
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("it took %v to give up", took)
	}
	if n := len(k.token.turns); n != sessionsAtOnce {
		t.Errorf("%d calls hang", n)
	}
	say("C_Sign", "")
	k.patience = patience
	if err := signs(k); err != nil {
		t.Errorf("a token that answers again: %v", err)
	}
}

func TestHangWhileOpeningAndClosing(t *testing.T) {
	h, say := oneKey(t)
	u, _ := ParseURI(h.uri("object=k"))
	for _, function := range []string{"C_Initialize", "C_GetSlotList", "C_OpenSession", "C_Login", "C_GetAttributeValue"} {
		say(function, "hang")
		start := time.Now()
		if _, err := open(u, thePIN(goodPIN), 100*time.Millisecond); !errors.Is(err, ErrTimeout) {
			t.Errorf("%s hangs: %v", function, err)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("%s hangs: it took %v to give up", function, took)
		}
		say(function, "")
		h.idle()
	}
	k := h.open("object=k")
	k.patience = 100 * time.Millisecond
	say("C_Sign", "hang")
	signs(k)
	if err := k.Close(); !errors.Is(err, ErrTimeout) {
		t.Errorf("closed while a call hangs: %v", err)
	}
	other := h.open("object=k")
	say("C_Sign", "")
	if err := signs(other); err != nil {
		t.Errorf("another key of the token, meanwhile: %v", err)
	}
}

// A signature with one wrong bit does not leave.
func TestWrongSignature(t *testing.T) {
	h, say := oneKey(t)
	k := h.open("object=k")
	say("C_Sign", "flip")
	if err := signs(k); !errors.Is(err, ErrSignature) {
		t.Errorf("a wrong signature: %v", err)
	}
}

// The states of a PIN are told apart, and a token is not made to lock.
func TestPINStates(t *testing.T) {
	h, say := oneKey(t)
	for _, c := range []struct {
		flags uint
		pin   string
		want  error
		tries int
	}{
		{0, "123456", ErrPIN, 1},
		{p11.CKF_USER_PIN_COUNT_LOW, "123456", ErrPINFewTries, 1},
		{p11.CKF_USER_PIN_COUNT_LOW, goodPIN, nil, 1},
		{p11.CKF_USER_PIN_FINAL_TRY, goodPIN, ErrPINFinalTry, 0},
		{p11.CKF_USER_PIN_LOCKED, goodPIN, ErrPINLocked, 0},
	} {
		say("C_GetTokenInfo", fmt.Sprintf("flags %x", c.flags))
		before := h.logins()
		k, err := h.try("object=k", c.pin)
		if !errors.Is(err, c.want) {
			t.Errorf("flags %#x: %v, want %v", c.flags, err, c.want)
		}
		if n := h.logins() - before; n != c.tries {
			t.Errorf("flags %#x: %d attempts", c.flags, n)
		}
		if k != nil {
			k.Close()
		}
	}
	say("C_GetTokenInfo", "")
	say("C_Login", fmt.Sprintf("error %x", p11.CKR_PIN_LOCKED))
	if _, err := h.try("object=k", goodPIN); !errors.Is(err, ErrPINLocked) {
		t.Errorf("a locked PIN: %v", err)
	}
}

// A PIN that was changed while a key is open is tried once, and not for every signature.
func TestChangedPINIsTriedOnce(t *testing.T) {
	h, say := oneKey(t)
	k := h.open("object=k")
	say("C_SignInit", fmt.Sprintf("error %x", p11.CKR_USER_NOT_LOGGED_IN))
	say("C_Login", fmt.Sprintf("error %x", p11.CKR_PIN_INCORRECT))
	before := h.logins()
	for range 5 {
		if err := signs(k); !errors.Is(err, ErrPIN) {
			t.Errorf("a changed PIN: %v", err)
		}
	}
	if _, err := h.try("object=k", goodPIN); !errors.Is(err, ErrPIN) {
		t.Errorf("a second key: %v", err)
	}
	if n := h.logins() - before; n != 1 {
		t.Errorf("%d attempts with a wrong PIN", n)
	}
	say("C_SignInit", "")
	say("C_Login", "")
	k.Close()
	if err := signs(h.open("object=k")); err != nil {
		t.Errorf("opened anew: %v", err)
	}
}

// The sessions of the token are used up by others: the caller waits for one, but not for ever.
func TestNoSessionLeft(t *testing.T) {
	h, say := oneKey(t)
	k := h.open("object=k")
	k.patience = 300 * time.Millisecond
	say("C_SignInit", fmt.Sprintf("once %x", p11.CKR_DATA_INVALID)) // so that there is no idle session
	signs(k)
	say("C_OpenSession", fmt.Sprintf("once %x", p11.CKR_SESSION_COUNT))
	if err := signs(k); err != nil {
		t.Errorf("a session was free after a while: %v", err)
	}
	say("C_SignInit", fmt.Sprintf("once %x", p11.CKR_DATA_INVALID))
	signs(k)
	say("C_OpenSession", fmt.Sprintf("error %x", p11.CKR_SESSION_COUNT))
	if err := signs(k); !errors.Is(err, ErrTimeout) {
		t.Errorf("no session is free: %v", err)
	}
	say("C_OpenSession", "")
}
