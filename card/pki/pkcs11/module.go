//go:build cgo

package pkcs11

import (
	"errors"
	"fmt"
	"sync"

	p11 "github.com/miekg/pkcs11"
)

// modules are the modules that this process has met, by file. This is a variable that changes, against the custom of
// the house, since it follows a state that is the process's: C_Initialize and C_Login count once for all who are in it.
var modules = struct {
	sync.Mutex
	byFile map[string]*module
}{byFile: map[string]*module{}}

// module is a PKCS #11 module. Once loaded it stays so: not every maker's survives being unloaded.
type module struct {
	file string
	turn turns // of one: to open and close keys

	ctx    *p11.Ctx // of nothing until loaded
	tokens map[string]*token
	ending int // tokens without a key, with calls under way

	mu   sync.Mutex
	ours bool // C_Initialize was ours, so C_Finalize is
}

func moduleOf(file string) *module {
	modules.Lock()
	defer modules.Unlock()
	m := modules.byFile[file]
	if m == nil {
		m = &module{file: file, turn: make(turns, 1), tokens: map[string]*token{}}
		modules.byFile[file] = m
	}
	return m
}

// use gives the token that the URI means, to be let go with release.
func (m *module) use(l limit, u URI) (*token, error) {
	if err := m.turn.takeWithin(l); err != nil {
		return nil, err
	}
	return await(l, func() (*token, error) {
		defer m.turn.leave()
		if err := m.load(); err != nil {
			return nil, err
		}
		t, err := m.token(u)
		if err != nil {
			m.finalize()
		}
		return t, err
	}, (*token).letGo)
}

func (m *module) load() error {
	if m.ctx == nil {
		if m.ctx = p11.New(m.file); m.ctx == nil {
			return fmt.Errorf("%w: %s is no PKCS #11 module for this machine", ErrModule, m.file)
		}
	}
	if err := m.initialize(); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrModule, m.file, err)
	}
	return nil
}

// initialize calls C_Initialize. That someone in this process has done so is no error.
func (m *module) initialize() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	err := m.ctx.Initialize()
	if err == nil {
		m.ours = true
	}
	if is(err, p11.CKR_CRYPTOKI_ALREADY_INITIALIZED) {
		return nil
	}
	return err
}

// finalize calls C_Finalize if it is for us to call, no key is open and nobody is in the module.
func (m *module) finalize() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ours && len(m.tokens) == 0 && m.ending == 0 {
		m.ours = false
		m.ctx.Finalize() // What it says changes nothing: the next C_Initialize will tell.
	}
}

// restart calls C_Finalize and C_Initialize, if they are ours to call and t alone is in use.
func (m *module) restart(t *token) bool {
	select {
	case m.turn <- struct{}{}:
		defer m.turn.leave()
	default:
		return false
	}
	m.mu.Lock()
	ours := m.ours && len(m.tokens) == 1 && m.tokens[t.name] == t && m.ending == 0
	m.mu.Unlock()
	if !ours {
		return false
	}
	m.ctx.Finalize()
	return m.initialize() == nil // If not, token.initialize tries again.
}

// found is a token in a slot.
type found struct {
	identity
	slot uint
	info p11.TokenInfo
}

// present lists the tokens that are there and made ready for use.
func (m *module) present() ([]found, []identity, error) {
	slots, err := m.ctx.GetSlotList(true)
	if err != nil {
		return nil, nil, fmt.Errorf("list the slots: %w", err)
	}
	var all []found
	var identities []identity
	for _, slot := range slots {
		info, err := m.ctx.GetTokenInfo(slot)
		if err != nil || info.Flags&p11.CKF_TOKEN_INITIALIZED == 0 {
			continue // It was removed just now, or nobody has made it a token.
		}
		i := identity{"token": info.Label, "serial": info.SerialNumber, "manufacturer": info.ManufacturerID, "model": info.Model}
		all, identities = append(all, found{i, slot, info}), append(identities, i)
	}
	return all, identities, nil
}

func (m *module) token(u URI) (*token, error) {
	all, identities, err := m.present()
	if err != nil {
		return nil, err
	}
	n, err := u.choose(identities, ErrNoToken)
	if err != nil {
		return nil, err
	}
	name := URI{path: all[n].identity}.String()
	t := m.tokens[name]
	if t == nil {
		t = newToken(m, name, all[n])
		m.tokens[name] = t
	}
	t.keys++
	return t, nil
}

// find looks again for a token that was there.
func (m *module) find(name string) (found, error) {
	all, identities, err := m.present()
	if err != nil {
		return found{}, err
	}
	for i, one := range identities {
		if (URI{path: one}).String() == name {
			return all[i], nil
		}
	}
	return found{}, ErrAbsent
}

func is(err error, codes ...p11.Error) bool {
	var code p11.Error
	if !errors.As(err, &code) {
		return false
	}
	for _, c := range codes {
		if code == c {
			return true
		}
	}
	return false
}

// explain puts what a module reports into our words.
func explain(err error) error {
	var code p11.Error
	if !errors.As(err, &code) || errors.Is(err, ErrAbsent) {
		return err
	}
	switch code {
	case p11.CKR_DEVICE_REMOVED, p11.CKR_TOKEN_NOT_PRESENT, p11.CKR_SLOT_ID_INVALID:
		return fmt.Errorf("%w (%w)", ErrAbsent, err)
	case p11.CKR_MECHANISM_INVALID, p11.CKR_MECHANISM_PARAM_INVALID, p11.CKR_KEY_TYPE_INCONSISTENT, p11.CKR_CURVE_NOT_SUPPORTED:
		return fmt.Errorf("%w by the token (%w)", ErrUnsupported, err)
	case p11.CKR_SESSION_COUNT:
		return fmt.Errorf("pkcs11: the token has no session left: other programs hold them (%w)", err)
	}
	return fmt.Errorf("pkcs11: the token declines: %w", err)
}
