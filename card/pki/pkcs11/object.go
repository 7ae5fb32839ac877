//go:build cgo

package pkcs11

import (
	"bytes"
	"crypto"
	"encoding/binary"
	"errors"
	"fmt"

	p11 "github.com/miekg/pkcs11"
)

// maxKeys bounds how many keys of a token are looked at.
const maxKeys = 1000

// find searches the token for the private key that the URI means.
func (k *Key) find(s session) (p11.ObjectHandle, error) {
	module := k.token.module
	handles, err := module.search(s, k.uri.template(p11.CKO_PRIVATE_KEY))
	if err == nil && len(handles) == 0 {
		handles, err = module.search(s, URI{}.template(p11.CKO_PRIVATE_KEY)) // To say what there is.
	}
	if err != nil {
		return 0, err
	}
	var keys []identity
	var signing []p11.ObjectHandle
	for _, h := range handles {
		of, err := module.optional(s, h, p11.CKA_SIGN, p11.CKA_LABEL, p11.CKA_ID)
		if err != nil {
			return 0, err
		}
		if bytes.Equal(of[0], []byte{1}) {
			keys = append(keys, identity{"object": string(of[1]), "id": string(of[2])})
			signing = append(signing, h)
		}
	}
	n, err := k.uri.choose(keys, ErrNoKey)
	if errors.Is(err, ErrNoKey) && k.token.loggedOut(s) {
		return 0, p11.Error(p11.CKR_USER_NOT_LOGGED_IN)
	}
	if errors.Is(err, ErrNoKey) {
		return 0, fmt.Errorf("%w; a key is found by its label, object=LABEL: name one that is there, or make one with pkcs11-tool --module %s --token-label %q --login --keypairgen --key-type EC:secp384r1 --label LABEL",
			err, module.file, k.token.label)
	}
	if err != nil {
		return 0, err
	}
	return signing[n], nil
}

// template is what the token is searched for: a key of this class.
func (u URI) template(class uint) []*p11.Attribute {
	wanted := []*p11.Attribute{p11.NewAttribute(p11.CKA_CLASS, class)}
	if label, asked := u.path["object"]; asked {
		wanted = append(wanted, p11.NewAttribute(p11.CKA_LABEL, label))
	}
	if id, asked := u.path["id"]; asked {
		wanted = append(wanted, p11.NewAttribute(p11.CKA_ID, id))
	}
	return wanted
}

// read reads what must be known of the key when it is opened.
func (k *Key) read(s session) ([]byte, error) {
	module := k.token.module
	handle, err := k.on(s)
	if err != nil {
		return nil, err
	}
	always, err := module.optional(s, handle, p11.CKA_ALWAYS_AUTHENTICATE)
	if err != nil {
		return nil, err
	}
	k.always = bytes.Equal(always[0], []byte{1})
	k.public, err = module.public(s, handle)
	return nil, err
}

// public reads the public key that belongs to a private one: from that itself, as RSA keys and some tokens have it,
// else from the public key with the same identifier, or with the same label where there is none.
func (m *module) public(s session, private p11.ObjectHandle) (crypto.PublicKey, error) {
	of, err := m.optional(s, private, p11.CKA_KEY_TYPE, p11.CKA_ID, p11.CKA_LABEL)
	if err != nil {
		return nil, err
	}
	kind, by, value := of[0], uint(p11.CKA_ID), of[1]
	if len(value) == 0 {
		by, value = p11.CKA_LABEL, of[2]
	}
	beside, err := m.search(s, []*p11.Attribute{
		p11.NewAttribute(p11.CKA_CLASS, p11.CKO_PUBLIC_KEY), p11.NewAttribute(p11.CKA_KEY_TYPE, kind), p11.NewAttribute(by, value),
	})
	if err != nil {
		return nil, err
	}
	places := append([]p11.ObjectHandle{private}, beside...)
	for _, h := range places {
		if key, err := m.publicAt(s, h, kind); key != nil || err != nil {
			return key, err
		}
	}
	return nil, fmt.Errorf("%w whose public key is there too, with the same identifier or label: write it there with pkcs11-tool --write-object FILE --type pubkey --id ID", ErrNoKey)
}

// publicAt reads a public key from the attributes of an object; nothing if it has none.
func (m *module) publicAt(s session, h p11.ObjectHandle, kind []byte) (crypto.PublicKey, error) {
	var first, second uint
	var read func(a, b []byte) (crypto.PublicKey, error)
	switch number(kind) {
	case p11.CKK_EC:
		first, second, read = p11.CKA_EC_PARAMS, p11.CKA_EC_POINT, ecPublic
	case p11.CKK_RSA:
		first, second, read = p11.CKA_MODULUS, p11.CKA_PUBLIC_EXPONENT, rsaPublic
	default:
		return nil, fmt.Errorf("%w: a key of type %d (CKK_)", ErrUnsupported, number(kind))
	}
	of, err := m.optional(s, h, first, second, p11.CKA_PUBLIC_KEY_INFO)
	switch {
	case err != nil:
		return nil, err
	case len(of[0]) > 0 && len(of[1]) > 0:
		return read(of[0], of[1])
	case len(of[2]) > 0:
		return publicInfo(of[2])
	}
	return nil, nil
}

// number reads a CK_ULONG as this machine keeps it.
func number(b []byte) uint64 {
	var whole [8]byte
	copy(whole[:], b)
	return binary.NativeEndian.Uint64(whole[:])
}

func (m *module) search(s session, wanted []*p11.Attribute) ([]p11.ObjectHandle, error) {
	if err := m.ctx.FindObjectsInit(s.handle, wanted); err != nil {
		return nil, fmt.Errorf("search the token: %w", err)
	}
	defer m.ctx.FindObjectsFinal(s.handle)
	var all []p11.ObjectHandle
	for len(all) < maxKeys {
		some, _, err := m.ctx.FindObjects(s.handle, 100)
		if err != nil {
			return nil, fmt.Errorf("search the token: %w", err)
		}
		if len(some) == 0 {
			break
		}
		all = append(all, some...)
	}
	return all, nil
}

// optional reads attributes of an object, one by one: not all tokens have all, and those that are not there are empty.
func (m *module) optional(s session, h p11.ObjectHandle, kinds ...uint) ([][]byte, error) {
	all := make([][]byte, len(kinds))
	for i, kind := range kinds {
		read, err := m.ctx.GetAttributeValue(s.handle, h, []*p11.Attribute{p11.NewAttribute(kind, nil)})
		if lost(err) {
			return nil, fmt.Errorf("read an attribute: %w", err)
		}
		if err == nil {
			all[i] = read[0].Value
		}
	}
	return all, nil
}
