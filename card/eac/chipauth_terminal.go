package eac

import (
	"errors"
	"fmt"
	"io"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/secinfo"
	"github.com/cancuoc/cancuoc/card/sm"
	"github.com/cancuoc/cancuoc/card/tlv"
)

// ErrChip is answered when the chip does not carry out a Chip Authentication that its EF.DG14 offers. The session
// before it goes on.
var ErrChip = errors.New("eac: the chip does not carry out Chip Authentication")

// Offer is a Chip Authentication that EF.DG14 or EF.CardSecurity offers: an info and the public key that goes with it.
type Offer struct {
	Info secinfo.ChipAuthenticationInfo
	Key  secinfo.PublicKey
	// SetAT does triple DES by MSE: Set AT at once. Without it that is tried when the chip refuses MSE: Set KAT, since
	// chips have been issued that lack it, against Doc 9303-11, section 6.2.4 (section 8.5, note 1).
	SetAT bool
}

// ChipAuthenticate agrees on a new session with the chip, over the secure channel that is in force. The terminal's
// ephemeral key is drawn from rand. The caller opens the new session over the plain way to the chip, and the chip is
// no copy if the next response is good (Doc 9303-11, section 6.2.1).
func ChipAuthenticate(send apdu.Sender, offer Offer, rand io.Reader) (Agreed, error) {
	if offer.Info.Version != 1 {
		return Agreed{}, fmt.Errorf("eac: version %d of Chip Authentication is not supported", offer.Info.Version)
	}
	if offer.Info.Agreement != offer.Key.Agreement() || offer.Info.Suite.KeySize() == 0 {
		return Agreed{}, fmt.Errorf("eac: %v does not fit the chip's key", offer.Info)
	}
	private, err := drawPrivate(offer.Key, rand)
	if err != nil {
		return Agreed{}, err
	}
	defer clear(private)
	ephemeral, err := publicOf(private, offer.Key)
	if err != nil {
		return Agreed{}, err
	}
	k, err := agree(private, offer.Key)
	if err != nil {
		return Agreed{}, err
	}
	defer clear(k)
	if err := present(send, offer, ephemeral.Bytes()); err != nil {
		return Agreed{}, err
	}
	return session(offer.Info.Suite, k, ephemeral), nil
}

func drawPrivate(domain secinfo.PublicKey, rand io.Reader) ([]byte, error) {
	switch {
	case domain.Group != nil:
		return domain.Group.DrawPrivate(rand)
	case domain.Curve != nil:
		return domain.Curve.DrawScalar(rand)
	}
	return nil, errNoKey
}

// present sends the terminal's public key by the commands that the suite has.
func present(send apdu.Sender, offer Offer, ephemeral []byte) error {
	if offer.Info.Suite == sm.TripleDES && !offer.SetAT {
		err := setKAT(send, offer.Info, ephemeral)
		if !errors.Is(err, ErrChip) {
			return err
		}
	}
	if err := setAT(send, offer.Info); err != nil {
		return err
	}
	return generalAuthenticate(send, ephemeral)
}

// setKAT is the one command of triple DES (Doc 9303-11, section 6.2.4.1).
func setKAT(send apdu.Sender, info secinfo.ChipAuthenticationInfo, ephemeral []byte) error {
	key, err := keyReference(info)
	if err != nil {
		return err
	}
	data := append(tlv.Encode(tagKATPublicKey, ephemeral), key...)
	_, err = do(send, apdu.Command{INS: 0x22, P1: 0x41, P2: 0xA6, Data: data}, ErrChip, "MSE: Set KAT")
	return err
}

// setAT chooses protocol and key (Doc 9303-11, section 6.2.4.2).
func setAT(send apdu.Sender, info secinfo.ChipAuthenticationInfo) error {
	protocol, err := mechanism(info.Protocol())
	if err != nil {
		return err
	}
	key, err := keyReference(info)
	if err != nil {
		return err
	}
	data := append(tlv.Encode(tagMechanism, protocol), key...)
	_, err = do(send, apdu.Command{INS: 0x22, P1: 0x41, P2: 0xA4, Data: data}, ErrChip, "MSE: Set AT")
	return err
}

// keyReference names the private key where EF.DG14 numbers it.
func keyReference(info secinfo.ChipAuthenticationInfo) ([]byte, error) {
	if info.KeyID == nil {
		return nil, nil
	}
	id, err := reference(*info.KeyID)
	if err != nil {
		return nil, err
	}
	return tlv.Encode(tagPrivateKeyRef, id), nil
}

// generalAuthenticate hands over the public key (Doc 9303-11, section 6.2.4.2). The answer is an empty template.
func generalAuthenticate(send apdu.Sender, ephemeral []byte) error {
	data := tlv.Encode(tagDynamic, tlv.Encode(tagEphemeral, ephemeral))
	resp, err := do(send, apdu.Command{INS: 0x86, Data: data, Ne: apdu.MaxShortNe}, ErrChip, "General Authenticate")
	if err != nil {
		return err
	}
	if value, err := tlv.ParseOne(resp.Data, tagDynamic); err != nil || len(value) != 0 {
		return fmt.Errorf("%w: its answer to General Authenticate is not that of version 1", ErrChip)
	}
	return nil
}

// do sends a command whose refusal means the given error.
func do(send apdu.Sender, cmd apdu.Command, refusal error, name string) (apdu.Response, error) {
	resp, err := send.Send(cmd)
	if err != nil {
		return apdu.Response{}, fmt.Errorf("eac: %s: %w", name, err)
	}
	if err := resp.OK(); err != nil {
		return apdu.Response{}, fmt.Errorf("%w: %s: %w", refusal, name, err)
	}
	return resp, nil
}
