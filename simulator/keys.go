package simulator

import (
	"crypto"
	"errors"

	"github.com/cancuoc/cancuoc/card/activeauth"
	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/eac"
	"github.com/cancuoc/cancuoc/card/pace"
	"github.com/cancuoc/cancuoc/card/pki/cvc"
	"github.com/cancuoc/cancuoc/card/secinfo"
)

// This file makes the protocols' keys of what the chip has in its memory.

// ownKeys are the keys that a copy has in place of the chip's, which it could not read.
type ownKeys struct {
	signing *activeauth.PrivateKey
	chip    map[int]*eac.PrivateKey // by identifier of the domain parameters
}

// loadPACE readies PACE for what EF.CardAccess offers: what a terminal reads there is what it can ask for.
func (p *protocols) loadPACE() error {
	file := p.state.file(true, 0x011C)
	if file == nil {
		return errors.New("simulator: there is no EF.CardAccess")
	}
	infos, err := secinfo.Parse(p.weakened(file).Content)
	if err != nil {
		return err
	}
	p.pace.Infos, p.pace.Rand = infos.PACE, p.rand
	p.pace.Passwords = nil
	if len(p.state.MRZ) > 0 {
		p.pace.Passwords = append(p.pace.Passwords, pace.Password{Reference: pace.ReferenceMRZ, Key: p.state.MRZ})
	}
	if len(p.state.CAN) > 0 {
		p.pace.Passwords = append(p.pace.Passwords, pace.Password{Reference: pace.ReferenceCAN, Key: p.state.CAN})
	}
	p.pace.Keys = map[int]pace.PrivateKey{}
	for _, encoded := range p.state.Mapping {
		if key, err := p.chipKey(encoded); err == nil {
			p.pace.Keys[key.ParameterID()] = key.D
		}
	}
	if trust := p.trust(); trust != nil {
		p.pace.CARs = trust.Authorities()
	}
	return nil
}

// loadEAC readies Chip and Terminal Authentication.
func (p *protocols) loadEAC() {
	p.eac.Keys, p.eac.Rand, p.eac.Trust = nil, p.rand, p.trust()
	for _, k := range p.state.ChipAuthentication {
		if key, err := p.chipKey(k.Key); err == nil {
			p.eac.Keys = append(p.eac.Keys, eac.StaticKey{Private: key, ID: k.ID, Suites: k.Suites})
		}
	}
}

var errNoKey = errors.New("simulator: a copy does not have the chip's keys")

// chipKey gives a static key: the chip's, or what a copy has in its place.
func (p *protocols) chipKey(encoded []byte) (*eac.PrivateKey, error) {
	key, err := eac.ParsePrivateKey(encoded)
	switch {
	case err != nil:
		return nil, err
	case p.faults.has(Clone):
		return nil, errNoKey
	case !p.faults.has(CloneOwnKeys):
		return key, nil
	}
	id := key.ParameterID()
	if p.own.chip == nil {
		p.own.chip = map[int]*eac.PrivateKey{}
	}
	if p.own.chip[id] == nil {
		p.own.chip[id], err = eac.GenerateKey(id, p.rand)
	}
	return p.own.chip[id], err
}

// signingKey gives the key of Active Authentication, or nil where the chip has none.
func (p *protocols) signingKey() *activeauth.PrivateKey {
	key, err := activeauth.ParsePrivateKey(p.state.ActiveAuthentication.Key)
	switch {
	case err != nil || p.faults.has(Clone):
		return nil
	case !p.faults.has(CloneOwnKeys):
		return key
	}
	if p.own.signing == nil {
		if key.RSA != nil {
			p.own.signing, _ = activeauth.GenerateRSA(key.RSA.N.BitLen(), p.rand)
		} else {
			p.own.signing, _ = activeauth.GenerateEC(key.Curve.ID(), p.rand)
		}
	}
	return p.own.signing
}

// hashOf finds the hash whose values have this length.
func hashOf(size int) crypto.Hash {
	for _, h := range []crypto.Hash{crypto.SHA1, crypto.SHA224, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		if h.Size() == size {
			return h
		}
	}
	return 0
}

// trust gives what the chip believes of the world, nil where it was told nothing: then it lets no terminal in.
func (p *protocols) trust() *cvc.Trust {
	var t cvc.Trust
	for _, encoded := range p.state.TrustPoints {
		point, err := cvc.ParseTrustPoint(encoded)
		if err != nil {
			return nil
		}
		t.Points = append(t.Points, point)
	}
	day, err := date.Parse(p.state.CurrentDate)
	if err != nil || len(t.Points) == 0 {
		return nil
	}
	t.Date = day
	return &t
}

var errNoTrust = errors.New("simulator: the chip trusts no CVCA")

func encodePoints(t *cvc.Trust) ([][]byte, error) {
	if t == nil {
		return nil, errNoTrust
	}
	var all [][]byte
	for _, point := range t.Points {
		encoded, err := point.Encode()
		if err != nil {
			return nil, err
		}
		all = append(all, encoded)
	}
	return all, nil
}
