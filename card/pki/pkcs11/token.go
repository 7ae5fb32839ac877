//go:build cgo

package pkcs11

import (
	"fmt"
	"sync"
	"time"

	p11 "github.com/miekg/pkcs11"
)

// sessionsAtOnce is how many sessions are opened on one token at most, and so how many calls may hang in one.
const sessionsAtOnce = 16

// token is a token of which keys are open, with the sessions that its keys share.
type token struct {
	module *module
	label  string
	name   string      // of its label, serial number, manufacturer and model
	login  bool        // it wants one
	turns  turns       // as many as there may be sessions
	work   chan func() // for the workers, as many as turns
	ended  chan struct{}
	keys   int // that are open; in the module's turn

	mu         sync.Mutex
	slot       uint
	pin        secret // the one that it took
	refused    error  // it did not take the PIN again: there must be no more attempts
	closed     bool
	generation int // counts how often it was opened again
	restart    int // the generation for which the module was started anew: sessions before it mean nothing
	restarted  time.Time
	idle       []session

	calls sync.RWMutex // held for reading by those who use a session
}

// session is a session, for one user at a time.
type session struct {
	handle     p11.SessionHandle
	generation int
}

func newToken(m *module, name string, f found) *token {
	atOnce := uint(sessionsAtOnce)
	if most := f.info.MaxSessionCount; most != p11.CK_EFFECTIVELY_INFINITE && most != p11.CK_UNAVAILABLE_INFORMATION {
		atOnce = min(atOnce, most)
	}
	t := &token{
		module: m, label: f.info.Label, name: name, slot: f.slot, login: f.info.Flags&p11.CKF_LOGIN_REQUIRED != 0,
		turns: make(turns, atOnce), work: make(chan func(), atOnce), ended: make(chan struct{}),
	}
	for range atOnce {
		go t.worker()
	}
	return t
}

// worker runs what is to be done until the token is closed. It is kept, since each new goroutine has a small stack, which
// grows anew with its first call of the module.
func (t *token) worker() {
	for f := range t.work {
		f()
	}
}

// do has a worker run f, which calls the module and may block there for as long as it likes, when it is its turn, and
// stops waiting when the limit passes. What f gives after that is thrown away.
func (t *token) do(l limit, f func() error) error {
	select {
	case t.turns <- struct{}{}:
	case <-t.ended:
		return ErrClosed
	case <-l.timer.C:
		return ErrTimeout
	}
	done := make(chan error, 1)
	t.work <- func() {
		err := f()
		t.turns.leave()
		done <- err
	}
	select {
	case err := <-done:
		return err
	case <-l.timer.C:
		return ErrTimeout
	}
}

// authenticate logs in with a PIN, which the token then owns. The login belongs to the whole process, so that C_Login
// declines to judge a second PIN: it must be the one that the token took.
func (t *token) authenticate(pin secret) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.refused != nil:
		pin.wipe()
		return t.refused
	case t.pin != nil:
		defer pin.wipe()
		if !t.pin.equal(pin) {
			return fmt.Errorf("%w: not the one with which this process is logged in to the token", ErrPIN)
		}
		return nil
	}
	handle, err := t.module.ctx.OpenSession(t.slot, p11.CKF_SERIAL_SESSION)
	if err != nil {
		pin.wipe()
		return fmt.Errorf("open a session: %w", err)
	}
	if err := t.logIn(handle, pin, true); err != nil {
		t.module.ctx.CloseSession(handle)
		pin.wipe()
		return err
	}
	t.pin = pin
	t.idle = append(t.idle, session{handle, t.generation})
	return nil
}

// logIn logs the process in. Where a stranger in this process is logged in already and judge is set, it logs the
// stranger out first: how else to know that the PIN is right?
func (t *token) logIn(handle p11.SessionHandle, pin secret, judge bool) error {
	if err := t.pinState(); err == ErrPINLocked || err == ErrPINFinalTry {
		return err
	}
	// The binding takes the PIN as a string, a copy that cannot be wiped.
	err := t.module.ctx.Login(handle, p11.CKU_USER, string(pin()))
	if judge && is(err, p11.CKR_USER_ALREADY_LOGGED_IN) {
		if err = t.module.ctx.Logout(handle); err == nil {
			err = t.module.ctx.Login(handle, p11.CKU_USER, string(pin()))
		}
	}
	if is(err, p11.CKR_USER_ALREADY_LOGGED_IN) {
		return nil
	}
	return t.judged(err)
}

// judged puts what a login gave into our words.
func (t *token) judged(err error) error {
	switch {
	case is(err, p11.CKR_PIN_LOCKED):
		return ErrPINLocked
	case is(err, p11.CKR_PIN_INCORRECT, p11.CKR_PIN_INVALID, p11.CKR_PIN_LEN_RANGE):
		if state := t.pinState(); state != nil {
			return state
		}
		return ErrPIN
	case err != nil:
		return fmt.Errorf("log in: %w", err)
	}
	return nil
}

// pinState is how near to its lock the PIN is; nothing if it is not, or if the token does not tell.
func (t *token) pinState() error {
	info, err := t.module.ctx.GetTokenInfo(t.slot)
	switch {
	case err != nil:
		return nil
	case info.Flags&p11.CKF_USER_PIN_LOCKED != 0:
		return ErrPINLocked
	case info.Flags&p11.CKF_USER_PIN_FINAL_TRY != 0:
		return ErrPINFinalTry
	case info.Flags&p11.CKF_USER_PIN_COUNT_LOW != 0:
		return ErrPINFewTries
	}
	return nil
}

// with runs f on a session. A session whose call has failed is not used again.
func (t *token) with(l limit, f func(session) error) (generation int, err error) {
	s, err := t.take(l)
	if err != nil {
		return s.generation, err
	}
	err = f(s)
	t.put(s, err)
	return s.generation, err
}

// take gives an idle session or a new one, which shares the login of those that there are. It is given back with put.
func (t *token) take(l limit) (session, error) {
	for {
		s, err := t.takeNow()
		if !is(err, p11.CKR_SESSION_COUNT) || l.passed() {
			return s, err
		}
		time.Sleep(20 * time.Millisecond) // Other programs hold them.
	}
}

func (t *token) takeNow() (session, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return session{}, ErrClosed
	}
	if t.refused != nil {
		return session{}, t.refused
	}
	if last := len(t.idle) - 1; last >= 0 {
		s := t.idle[last]
		t.idle = t.idle[:last]
		t.calls.RLock()
		return s, nil
	}
	handle, err := t.module.ctx.OpenSession(t.slot, p11.CKF_SERIAL_SESSION)
	if err != nil {
		return session{generation: t.generation}, fmt.Errorf("open a session: %w", err)
	}
	t.calls.RLock()
	return session{handle, t.generation}, nil
}

func (t *token) put(s session, err error) {
	t.calls.RUnlock()
	if is(err, p11.CKR_SESSION_HANDLE_INVALID, p11.CKR_SESSION_CLOSED, p11.CKR_CRYPTOKI_NOT_INITIALIZED) {
		return // The module may give the handle to someone else.
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case s.generation < t.restart:
	case err != nil || t.closed:
		t.module.ctx.CloseSession(s.handle)
	default:
		t.idle = append(t.idle, session{s.handle, t.generation})
	}
}

// lost tells whether opening the token again may mend an error. SoftHSM answers CKR_GENERAL_ERROR when its files are
// gone, and CKR_KEY_HANDLE_INVALID or CKR_OBJECT_HANDLE_INVALID after a logout.
func lost(err error) bool {
	return is(err, p11.CKR_SESSION_HANDLE_INVALID, p11.CKR_SESSION_CLOSED, p11.CKR_USER_NOT_LOGGED_IN,
		p11.CKR_DEVICE_ERROR, p11.CKR_DEVICE_REMOVED, p11.CKR_TOKEN_NOT_PRESENT, p11.CKR_TOKEN_NOT_RECOGNIZED, p11.CKR_SLOT_ID_INVALID,
		p11.CKR_KEY_HANDLE_INVALID, p11.CKR_OBJECT_HANDLE_INVALID, p11.CKR_CRYPTOKI_NOT_INITIALIZED,
		p11.CKR_GENERAL_ERROR, p11.CKR_FUNCTION_FAILED)
}

// renew opens the token again, wherever it is now, unless that has been done since the given generation.
func (t *token) renew(generation int) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.closed:
		return ErrClosed
	case t.refused != nil:
		return t.refused
	case t.generation != generation:
		return nil
	}
	for _, s := range t.idle {
		t.module.ctx.CloseSession(s.handle)
	}
	t.idle = nil
	f, err := t.find()
	if err != nil {
		return err
	}
	t.slot = f.slot
	handle, err := t.module.ctx.OpenSession(t.slot, p11.CKF_SERIAL_SESSION)
	if err != nil {
		return fmt.Errorf("open a session: %w", err)
	}
	if err := t.logInAgain(handle); err != nil {
		t.module.ctx.CloseSession(handle)
		return err
	}
	t.generation++
	t.idle = append(t.idle, session{handle, t.generation})
	return nil
}

// find looks for the token where it is now, in a module that runs.
func (t *token) find() (found, error) {
	f, err := t.module.find(t.name)
	if err == ErrAbsent && t.startAnew() {
		f, err = t.module.find(t.name)
	}
	if is(err, p11.CKR_CRYPTOKI_NOT_INITIALIZED) {
		if err := t.initialize(); err != nil {
			return found{}, err
		}
		return t.module.find(t.name)
	}
	return f, err
}

// initialize starts the module again that a stranger has finalised. Calls under way must end first, as they do at once in
// a module that does not run: some, SoftHSM among them, crash when they start while someone is in a call, and count their
// sessions anew, so that a late call would use the session of another.
func (t *token) initialize() error {
	for range 100 {
		if t.calls.TryLock() {
			defer t.calls.Unlock()
			t.restart = t.generation + 1
			if err := t.module.initialize(); err != nil {
				return fmt.Errorf("%w, and its module does not start: %w", ErrAbsent, err)
			}
			return nil
		}
		time.Sleep(time.Millisecond)
	}
	return fmt.Errorf("%w: its module was finalised while a call is under way", ErrTimeout)
}

// restartEvery bounds how often a module is started anew for a token that stays away.
const restartEvery = time.Second

// startAnew has the module look for tokens that have come back, which some, SoftHSM among them, do when they start only.
// That is done if no other token of the module is in use and nobody is in a call.
func (t *token) startAnew() bool {
	if time.Since(t.restarted) < restartEvery || !t.calls.TryLock() {
		return false
	}
	defer t.calls.Unlock()
	if !t.module.restart(t) {
		return false
	}
	t.restarted, t.restart = time.Now(), t.generation+1
	return true
}

func (t *token) logInAgain(handle p11.SessionHandle) error {
	if t.pin == nil {
		return nil
	}
	err := t.logIn(handle, t.pin, false)
	if err != nil && !lost(err) {
		t.refused = refusal(err)
		return t.refused
	}
	return err
}

func refusal(err error) error {
	return fmt.Errorf("%w; it is not tried again until all keys of the token are closed", err)
}

// logInToSign gives the PIN once more, for one signature, where the key wants that.
func (t *token) logInToSign(s session) error {
	if t.pin == nil {
		return ErrKeyPIN // An empty one would cost a try.
	}
	err := t.module.ctx.Login(s.handle, p11.CKU_CONTEXT_SPECIFIC, string(t.pin()))
	if err == nil || lost(err) {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refused = refusal(t.judged(err))
	return t.refused
}

// loggedOut tells whether the login has been lost, as it is with the last session: private keys are then not seen.
func (t *token) loggedOut(s session) bool {
	if !t.login {
		return false
	}
	info, err := t.module.ctx.GetSessionInfo(s.handle)
	return err == nil && info.State != p11.CKS_RO_USER_FUNCTIONS && info.State != p11.CKS_RW_USER_FUNCTIONS
}

// release lets the token go, and stops waiting for that when the limit passes: a call that hangs in the module is waited for
// behind our back.
func (t *token) release(l limit) error {
	_, err := await(l, func() (struct{}, error) {
		t.letGo()
		return struct{}{}, nil
	}, nil)
	return err
}

// letGo takes back one use of the token. With the last it waits for the calls that are under way, closes the sessions,
// with which the login ends, and lets the module rest if this was its last token.
func (t *token) letGo() {
	m := t.module
	m.turn.take()
	defer m.turn.leave()
	if t.keys--; t.keys > 0 {
		return
	}
	delete(m.tokens, t.name)
	m.ending++
	m.turn.leave()
	for range cap(t.turns) {
		t.turns.take()
	}
	t.close()
	m.turn.take()
	m.ending--
	m.finalize()
}

func (t *token) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	for _, s := range t.idle {
		t.module.ctx.CloseSession(s.handle)
	}
	t.idle = nil
	close(t.work)
	close(t.ended)
	t.pin.wipe()
}
