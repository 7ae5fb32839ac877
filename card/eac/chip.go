package eac

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"slices"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/internal/dh"
	"github.com/cancuoc/cancuoc/card/internal/ec"
	"github.com/cancuoc/cancuoc/card/pki/cvc"
	"github.com/cancuoc/cancuoc/card/secinfo"
	"github.com/cancuoc/cancuoc/card/sm"
	"github.com/cancuoc/cancuoc/card/tlv"
)

// PrivateKey is a chip's static key for Chip Authentication. It prints as [secret].
type PrivateKey struct {
	Curve *ec.Curve // one of Curve and Group is set
	Group *dh.Group
	D     []byte // as long as the order
}

// String hides the key.
func (PrivateKey) String() string { return "[secret]" }

// GoString hides the key from %#v.
func (PrivateKey) GoString() string { return "[secret]" }

// LogValue hides the key from log/slog.
func (PrivateKey) LogValue() slog.Value { return slog.StringValue("[secret]") }

// domain gives the key's domain parameters.
func (k *PrivateKey) domain() secinfo.PublicKey {
	return secinfo.PublicKey{Curve: k.Curve, Group: k.Group}
}

// Public gives the public key for EF.DG14.
func (k *PrivateKey) Public() (secinfo.PublicKey, error) { return publicOf(k.D, k.domain()) }

// GenerateKey draws a static key from rand, with these standardised domain parameters: Diffie-Hellman for 0 to 2, a
// curve for 10 to 18 (Doc 9303-11, section 9.5.1).
func GenerateKey(parameterID int, rand io.Reader) (*PrivateKey, error) {
	k, err := keyDomain(parameterID)
	if err != nil {
		return nil, err
	}
	k.D, err = drawPrivate(k.domain(), rand)
	return k, err
}

func keyDomain(parameterID int) (*PrivateKey, error) {
	if parameterID < 3 {
		group, err := dh.ByID(parameterID)
		return &PrivateKey{Group: group}, err
	}
	curve, err := ec.ByParameterID(parameterID)
	return &PrivateKey{Curve: curve}, err
}

// ParameterID identifies the key's domain parameters (Doc 9303-11, section 9.5.1).
func (k *PrivateKey) ParameterID() int {
	if k.Group != nil {
		return k.Group.ID()
	}
	return k.Curve.ID()
}

// Encode gives the bytes that [ParsePrivateKey] reads, for the memory of a chip: the identifier of the domain
// parameters in one byte, and the private number.
func (k *PrivateKey) Encode() ([]byte, error) {
	switch {
	case k.Group != nil:
		return append([]byte{byte(k.Group.ID())}, k.D...), nil
	case k.Curve != nil:
		return append([]byte{byte(k.Curve.ID())}, k.D...), nil
	}
	return nil, errNoKey
}

// ParsePrivateKey reads what [PrivateKey.Encode] wrote.
func ParsePrivateKey(b []byte) (*PrivateKey, error) {
	if len(b) == 0 {
		return nil, errNoKey
	}
	k, err := keyDomain(int(b[0]))
	if err != nil {
		return nil, fmt.Errorf("eac: private key: %w", err)
	}
	var order *big.Int
	if k.Group != nil {
		_, order, _ = k.Group.Parameters()
	} else {
		order = k.Curve.Order()
	}
	d := new(big.Int).SetBytes(b[1:])
	if len(b)-1 != (order.BitLen()+7)/8 || d.Sign() == 0 || d.Cmp(order) >= 0 {
		return nil, errors.New("eac: the private key does not fit its domain parameters")
	}
	k.D = bytes.Clone(b[1:])
	return k, nil
}

// StaticKey is a private key of a chip with what EF.DG14 says of it.
type StaticKey struct {
	Private *PrivateKey
	ID      *int       // none if the chip has but one key
	Suites  []sm.Suite // what it agrees on keys for
}

// Chip is the chip's end of both protocols. The application passes it the commands of a protected session, starts the
// session that it gives, and asks it for the terminal's rights. With Keys alone it does Chip Authentication.
type Chip struct {
	Keys []StaticKey
	// Trust is what certificates are verified with; none refuses Terminal Authentication. A link certificate and a
	// later date change it: the application keeps it when the chip is switched off.
	Trust *cvc.Trust
	// ID is ID.IC: after BAC the document number with its check digit, after PACE the [Compress] of the chip's
	// ephemeral key.
	ID   []byte
	Rand io.Reader // the challenge is drawn from it

	chosen   *StaticKey // by MSE: Set AT
	suite    sm.Suite
	terminal []byte // Comp(PK.IFD) of the session that is in force
	authentication
}

// Reset forgets what belongs to a session, as power off does. The application calls it when secure messaging ends.
func (c *Chip) Reset() {
	c.chosen, c.terminal = nil, nil
	c.authentication = authentication{}
}

// Bind tells the chip that a session with authentication of the chip has begun otherwise: by PACE with chip
// authentication mapping, in which the terminal's ephemeral key was this (Doc 9303-11, section 7.1.2).
func (c *Chip) Bind(ephemeral secinfo.PublicKey) {
	c.Reset()
	c.terminal = Compress(ephemeral)
}

// Manage answers MANAGE SECURITY ENVIRONMENT for both protocols. After an MSE: Set KAT that is good it gives the
// session that begins after the response.
func (c *Chip) Manage(cmd apdu.Command) (apdu.Response, *sm.Session) {
	c.chosen = nil
	switch uint16(cmd.P1)<<8 | uint16(cmd.P2) {
	case 0x41A6:
		return c.setKAT(cmd.Data)
	case 0x41A4:
		return apdu.Response{SW: c.setAT(cmd.Data)}, nil
	case 0x81B6:
		return apdu.Response{SW: c.setDST(cmd.Data)}, nil
	case 0x81A4:
		return apdu.Response{SW: c.setTerminalAT(cmd.Data)}, nil
	}
	return apdu.Response{SW: apdu.SWIncorrectP1P2}, nil
}

// setKAT does a Chip Authentication with triple DES (Doc 9303-11, section 6.2.4.1).
func (c *Chip) setKAT(field []byte) (apdu.Response, *sm.Session) {
	objects, err := tlv.Parse(field)
	ephemeral, ok := tlv.Find(objects, tagKATPublicKey)
	if err != nil || !ok {
		return apdu.Response{SW: apdu.SWWrongData}, nil
	}
	key, sw := c.find(objects, func(k *StaticKey) bool { return k.serves(sm.TripleDES) })
	if sw != apdu.SWOK {
		return apdu.Response{SW: sw}, nil
	}
	return c.agree(key, sm.TripleDES, ephemeral.Value, apdu.Response{SW: apdu.SWOK})
}

// setAT chooses a key and a suite (Doc 9303-11, section 6.2.4.2).
func (c *Chip) setAT(field []byte) apdu.StatusWord {
	objects, err := tlv.Parse(field)
	protocol, ok := tlv.Find(objects, tagMechanism)
	if err != nil || !ok {
		return apdu.SWWrongData
	}
	known := false
	var suite sm.Suite
	key, sw := c.find(objects, func(k *StaticKey) bool {
		for _, s := range k.Suites {
			info := secinfo.ChipAuthenticationInfo{Agreement: k.Private.domain().Agreement(), Suite: s, Version: 1}
			if own, err := mechanism(info.Protocol()); err == nil && bytes.Equal(own, protocol.Value) {
				known, suite = true, s
				return true
			}
		}
		return false
	})
	switch {
	case !known:
		return apdu.SWWrongData
	case sw == apdu.SWOK:
		c.chosen, c.suite = key, suite
	}
	return sw
}

// find gives the key that fits and that tag 84 names, or the only one that fits where there is no tag 84.
func (c *Chip) find(objects []tlv.Object, fits func(*StaticKey) bool) (*StaticKey, apdu.StatusWord) {
	ref, named := tlv.Find(objects, tagPrivateKeyRef)
	var found *StaticKey
	for i := range c.Keys {
		k := &c.Keys[i]
		if k.Private == nil || !fits(k) || named && !k.named(ref.Value) {
			continue
		}
		if found != nil {
			return nil, apdu.SWReferenceNotFound // it is not clear which
		}
		found = k
	}
	if found == nil {
		return nil, apdu.SWReferenceNotFound
	}
	return found, apdu.SWOK
}

func (k *StaticKey) serves(suite sm.Suite) bool { return slices.Contains(k.Suites, suite) }

func (k *StaticKey) named(ref []byte) bool {
	if k.ID == nil {
		return false
	}
	own, err := reference(*k.ID)
	return err == nil && bytes.Equal(own, ref)
}

// GeneralAuthenticate answers GENERAL AUTHENTICATE after MSE: Set AT (Doc 9303-11, section 6.2.4.2) and gives the
// session that begins after the response.
func (c *Chip) GeneralAuthenticate(cmd apdu.Command) (apdu.Response, *sm.Session) {
	key, suite := c.chosen, c.suite
	c.chosen = nil
	switch {
	case key == nil:
		return apdu.Response{SW: apdu.SWConditionsNotSatisfied}, nil
	case cmd.P1 != 0 || cmd.P2 != 0:
		return apdu.Response{SW: apdu.SWIncorrectP1P2}, nil
	}
	dynamic, err := tlv.ParseOne(cmd.Data, tagDynamic)
	if err != nil {
		return apdu.Response{SW: apdu.SWWrongData}, nil
	}
	ephemeral, err := tlv.ParseOne(dynamic, tagEphemeral)
	if err != nil {
		return apdu.Response{SW: apdu.SWWrongData}, nil
	}
	return c.agree(key, suite, ephemeral, apdu.Response{Data: tlv.Encode(tagDynamic), SW: apdu.SWOK})
}

// agree derives the session and answers with resp. A key outside the domain is answered by 6A80 and changes nothing.
func (c *Chip) agree(key *StaticKey, suite sm.Suite, b []byte, resp apdu.Response) (apdu.Response, *sm.Session) {
	ephemeral, err := readKey(key.Private.domain(), b)
	if err != nil {
		return apdu.Response{SW: apdu.SWWrongData}, nil
	}
	k, err := agree(key.Private.D, ephemeral)
	if err != nil {
		return apdu.Response{SW: apdu.SWWrongData}, nil
	}
	agreed := session(suite, k, ephemeral)
	c.Reset()
	c.terminal = agreed.Terminal
	return resp, &agreed.Session
}
