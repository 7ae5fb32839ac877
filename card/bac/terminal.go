package bac

import (
	"bytes"
	"crypto/cipher"
	"crypto/hmac"
	"errors"
	"fmt"
	"io"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/sm"
)

var (
	// ErrRefused is answered when the chip does not accept the access key: the printed data was misread or belongs
	// to another card.
	ErrRefused = errors.New("bac: the chip refused the access key")
	// ErrChip is answered when the chip accepted the terminal and then failed to prove that it knows the key itself.
	ErrChip = errors.New("bac: the chip does not prove that it knows the access key")
)

// Run opens a chip whose eMRTD application is selected, with MRZ_information as the access key, and gives the channel
// on which all further commands go. Randomness is drawn in the order RND.IFD, K.IFD. It never tries twice.
func Run(send apdu.Sender, mrzInformation string, rand io.Reader) (*sm.Terminal, error) {
	keys, err := accessKeys(Seed(mrzInformation))
	if err != nil {
		return nil, err
	}
	own := make([]byte, rndSize+keySize)
	if _, err := io.ReadFull(rand, own); err != nil {
		return nil, fmt.Errorf("bac: draw RND.IFD and K.IFD: %w", err)
	}
	rndIC, err := getChallenge(send)
	if err != nil {
		return nil, err
	}
	rndIFD, kIFD := own[:rndSize], own[rndSize:]
	answer, err := externalAuthenticate(send, keys, bytes.Join([][]byte{rndIFD, rndIC, kIFD}, nil))
	if err != nil {
		return nil, err
	}
	kIC, err := openAnswer(keys, answer, rndIC, rndIFD)
	if err != nil {
		return nil, err
	}
	return sm.NewTerminal(send, session(rndIC, rndIFD, kIC, kIFD))
}

// getChallenge asks for RND.IC (Doc 9303-11, section 4.3.4.1).
func getChallenge(send apdu.Sender) ([]byte, error) {
	resp, err := send.Send(apdu.Command{INS: 0x84, Ne: rndSize})
	if err != nil {
		return nil, fmt.Errorf("bac: get challenge: %w", err)
	}
	if err := resp.OK(); err != nil {
		return nil, fmt.Errorf("bac: get challenge: %w", err)
	}
	if len(resp.Data) != rndSize {
		return nil, fmt.Errorf("bac: get challenge: card answered %d bytes, not %d", len(resp.Data), rndSize)
	}
	return resp.Data, nil
}

// externalAuthenticate sends the terminal's cryptogram (Doc 9303-11, section 4.3.4.2).
func externalAuthenticate(send apdu.Sender, keys sm.Keys, s []byte) ([]byte, error) {
	block, err := sm.TripleDES.Cipher(keys.Enc)
	if err != nil {
		return nil, err
	}
	cipher.NewCBCEncrypter(block, zeroIV(block)).CryptBlocks(s, s)
	mac, err := sm.TripleDES.MAC(keys.Mac, s)
	if err != nil {
		return nil, err
	}
	resp, err := send.Send(apdu.Command{INS: 0x82, Data: append(s, mac...), Ne: cryptogramSize + macSize})
	if err != nil {
		return nil, fmt.Errorf("bac: external authenticate: %w", err)
	}
	if refusal(resp.SW) {
		return nil, fmt.Errorf("%w: %w", ErrRefused, resp.SW)
	}
	if err := resp.OK(); err != nil {
		return nil, fmt.Errorf("bac: external authenticate: %w", err)
	}
	return resp.Data, nil
}

// refusal lists the status words with which chips say that a cryptogram is wrong: the standard leaves the choice to
// the operating system (Doc 9303-11, section 4.3.4.2).
func refusal(sw apdu.StatusWord) bool {
	switch sw {
	case apdu.SWSecurityStatusNotSatisfied, apdu.SWAuthenticationBlocked, apdu.SWSMDataObjectsIncorrect, apdu.SWWrongData:
		return true
	}
	return sw>>8 == 0x63
}

// openAnswer verifies the chip's cryptogram and gives K.IC (Doc 9303-11, section 4.3.1, step 4).
func openAnswer(keys sm.Keys, answer, rndIC, rndIFD []byte) ([]byte, error) {
	if len(answer) != cryptogramSize+macSize {
		return nil, fmt.Errorf("%w: its answer has %d bytes, not %d", ErrChip, len(answer), cryptogramSize+macSize)
	}
	eIC, mIC := answer[:cryptogramSize], answer[cryptogramSize:]
	mac, err := sm.TripleDES.MAC(keys.Mac, eIC)
	if err != nil {
		return nil, err
	}
	if !hmac.Equal(mac, mIC) {
		return nil, fmt.Errorf("%w: the checksum of its answer is wrong", ErrChip)
	}
	block, err := sm.TripleDES.Cipher(keys.Enc)
	if err != nil {
		return nil, err
	}
	r := make([]byte, cryptogramSize)
	cipher.NewCBCDecrypter(block, zeroIV(block)).CryptBlocks(r, eIC)
	if !hmac.Equal(r[:rndSize], rndIC) || !hmac.Equal(r[rndSize:2*rndSize], rndIFD) {
		return nil, fmt.Errorf("%w: its answer is not to this challenge", ErrChip)
	}
	return r[2*rndSize:], nil
}
