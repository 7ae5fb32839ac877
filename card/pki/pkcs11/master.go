//go:build cgo

package pkcs11

import (
	"crypto/aes"
	"crypto/des"
	"errors"
	"fmt"

	p11 "github.com/miekg/pkcs11"
)

// Master is a master key on a token, from which the keys of chips are derived (scp.Master): an AES key, which makes CMACs, or a
// triple DES key of two or three parts, which encrypts. Many goroutines may use it at once.
type Master struct {
	held
	kind uint64 // CKK_
}

// OpenMaster finds a master key, by the same kind of URI as [Open], where type, if it is given, is secret-key. The PIN comes
// from where that of a signing key does.
func OpenMaster(uri string, pin PIN) (*Master, error) {
	u, err := parseURI(uri, "secret-key")
	if err != nil {
		return nil, err
	}
	m := &Master{}
	if err := m.hold(u, pin, patience, m.find, m.read); err != nil {
		return nil, err
	}
	return m, nil
}

// find searches the token for the secret key that the URI means.
func (m *Master) find(s session) (p11.ObjectHandle, error) {
	module := m.token.module
	handles, err := module.search(s, m.uri.template(p11.CKO_SECRET_KEY))
	if err == nil && len(handles) == 0 {
		handles, err = module.search(s, URI{}.template(p11.CKO_SECRET_KEY)) // To say what there is.
	}
	if err != nil {
		return 0, err
	}
	var keys []identity
	for _, h := range handles {
		of, err := module.optional(s, h, p11.CKA_LABEL, p11.CKA_ID)
		if err != nil {
			return 0, err
		}
		keys = append(keys, identity{"object": string(of[0]), "id": string(of[1])})
	}
	n, err := m.uri.choose(keys, ErrNoMaster)
	if errors.Is(err, ErrNoMaster) && m.token.loggedOut(s) {
		return 0, p11.Error(p11.CKR_USER_NOT_LOGGED_IN)
	}
	if errors.Is(err, ErrNoMaster) {
		return 0, fmt.Errorf("%w; a key is found by its label, object=LABEL: name one that is there, or make one with "+
			"pkcs11-tool --module %s --token-label %q --login --keygen --key-type AES:32 --usage-sign --sensitive --label LABEL",
			err, module.file, m.token.label)
	}
	if err != nil {
		return 0, err
	}
	return handles[n], nil
}

// read reads what kind of key it is.
func (m *Master) read(s session) ([]byte, error) {
	handle, err := m.on(s)
	if err != nil {
		return nil, err
	}
	of, err := m.token.module.optional(s, handle, p11.CKA_KEY_TYPE)
	if err != nil {
		return nil, err
	}
	m.kind = number(of[0])
	switch m.kind {
	case p11.CKK_AES, p11.CKK_DES2, p11.CKK_DES3:
		return nil, nil
	}
	return nil, fmt.Errorf("%w: a master key of type %d (CKK_), which is neither AES nor triple DES", ErrUnsupported, m.kind)
}

// EncryptTripleDES encrypts blocks of eight bytes, each by itself (CKM_DES3_ECB).
func (m *Master) EncryptTripleDES(blocks []byte) ([]byte, error) {
	if len(blocks) == 0 || len(blocks)%des.BlockSize != 0 {
		return nil, fmt.Errorf("pkcs11: %d bytes are not whole blocks of %d", len(blocks), des.BlockSize)
	}
	if m.kind == p11.CKK_AES {
		return nil, fmt.Errorf("%w: EMV and VISA2 want a triple DES master key, and this is an AES key (%v)", ErrUnsupported, m.uri)
	}
	return m.give("CKM_DES3_ECB", len(blocks), func(s session, key p11.ObjectHandle) ([]byte, error) {
		module := m.token.module.ctx
		if err := module.EncryptInit(s.handle, []*p11.Mechanism{p11.NewMechanism(p11.CKM_DES3_ECB, nil)}, key); err != nil {
			return nil, err
		}
		return module.Encrypt(s.handle, blocks)
	})
}

// CMAC gives the AES CMAC of a message, 16 bytes (CKM_AES_CMAC).
func (m *Master) CMAC(message []byte) ([]byte, error) {
	if m.kind != p11.CKK_AES {
		return nil, fmt.Errorf("%w: KDF3 wants an AES master key, and this is a triple DES key (%v)", ErrUnsupported, m.uri)
	}
	return m.give("CKM_AES_CMAC", aes.BlockSize, func(s session, key p11.ObjectHandle) ([]byte, error) {
		module := m.token.module.ctx
		if err := module.SignInit(s.handle, []*p11.Mechanism{p11.NewMechanism(p11.CKM_AES_CMAC, nil)}, key); err != nil {
			return nil, err
		}
		return module.Sign(s.handle, message)
	})
}

// give has the token do what the mechanism does, and awaits this many bytes.
func (m *Master) give(mechanism string, size int, do func(session, p11.ObjectHandle) ([]byte, error)) ([]byte, error) {
	out, err := m.use(func(s session) ([]byte, error) {
		key, err := m.on(s)
		if err != nil {
			return nil, err
		}
		out, err := do(s, key)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", mechanism, err)
		}
		return out, nil
	})
	if err != nil {
		return nil, about(m.uri, err)
	}
	if len(out) != size {
		return nil, fmt.Errorf("pkcs11: %s: the token gave %d bytes, %d are due (%v)", mechanism, len(out), size, m.uri)
	}
	return out, nil
}
