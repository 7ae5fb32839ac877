package pace

import (
	"bytes"
	"crypto/cipher"
	"crypto/hmac"
	"errors"
	"fmt"
	"io"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/secinfo"
	"github.com/cancuoc/cancuoc/card/sm"
	"github.com/cancuoc/cancuoc/card/tlv"
)

var (
	// ErrRefused is answered when the chip does not accept the password: it was misread, mistyped or belongs to
	// another card.
	ErrRefused = errors.New("pace: the chip refused the password")
	// ErrChip is answered when the chip does not do its part of the protocol: a public key that is no element of the
	// group or the terminal's own, a wrong token, an answer that is none. It does not know the password, or is faulty.
	ErrChip = errors.New("pace: the chip does not prove that it knows the password")
	// ErrNotGenuine is answered when chip authentication mapping ran and the chip did not prove that it has the
	// private key of the card: a copy.
	ErrNotGenuine = errors.New("pace: the chip does not have the private key of this card")
)

// Result is what is known after PACE beside the channel.
type Result struct {
	Info secinfo.PACEInfo // what was run
	// Terminal and Chip are the ephemeral public keys of the key agreement, PK_DH,IFD and PK_DH,IC: Terminal
	// Authentication binds itself to them.
	Terminal, Chip secinfo.PublicKey
	// MappingKey is the chip's public key of generic and chip authentication mapping, PK_Map,IC.
	MappingKey []byte
	// ChipAuthenticationData is CA_IC, decrypted, of chip authentication mapping only. VerifyCAM judges it.
	ChipAuthenticationData []byte
	// CARs name the keys that Terminal Authentication may start from, the most recent first, if the chip told.
	CARs [][]byte
}

// Run opens a chip whose master file is selected with a password that it knows, and gives the channel on which all
// further commands go. The info should be the strongest of EF.CardAccess ([secinfo.Strongest]). Randomness is drawn in
// the order mapping key and key agreement key, or for integrated mapping nonce t and key agreement key. It never tries
// twice.
func Run(send apdu.Sender, info secinfo.PACEInfo, password Password, rand io.Reader) (*sm.Terminal, Result, error) {
	g, err := openGroup(info)
	if err != nil {
		return nil, Result{}, wrap("parameters", err)
	}
	t := terminal{send: send, info: info, group: g, password: password, rand: rand, result: Result{Info: info}}
	if err := t.setAT(); err != nil {
		return nil, Result{}, err
	}
	s, err := t.nonce()
	if err != nil {
		return nil, Result{}, err
	}
	generator, err := t.mapNonce(s)
	if err != nil {
		return nil, Result{}, err
	}
	keys, own, peer, err := t.agree(generator)
	if err != nil {
		return nil, Result{}, err
	}
	if err := t.authenticate(keys, own, peer); err != nil {
		return nil, Result{}, err
	}
	channel, err := sm.NewTerminal(send, sm.Session{Suite: info.Suite, Keys: keys})
	return channel, t.result, err
}

// terminal is one run of the protocol.
type terminal struct {
	send     apdu.Sender
	info     secinfo.PACEInfo
	group    group
	password Password
	rand     io.Reader
	result   Result
}

// setAT selects protocol and password (Doc 9303-11, section 4.4.4.1).
func (t *terminal) setAT() error {
	data := append(tlv.Encode(tagProtocol, protocolBytes(t.info)), tlv.Encode(tagPassword, []byte{t.password.Reference})...)
	if t.info.Ambiguous {
		data = append(data, tlv.Encode(tagParameters, parameterBytes(t.info.ParameterID))...)
	}
	resp, err := t.send.Send(apdu.Command{INS: 0x22, P1: 0xC1, P2: 0xA4, Data: data})
	if err == nil {
		err = resp.OK()
	}
	if errors.Is(err, apdu.SWReferenceNotFound) {
		return fmt.Errorf("pace: the chip has no such password or domain parameters: %w", err)
	}
	return wrap("select the protocol", err)
}

// The steps of the chain (Doc 9303-11, section 4.4.5, table 4).
const (
	stepNonce = iota
	stepMap
	stepAgree
	stepToken
)

// stepName says what a step is for.
func stepName(step int) string {
	return [...]string{"get the nonce", "map the nonce", "agree on keys", "authenticate"}[step]
}

// generalAuthenticate sends one command of the chain and gives the data objects of the answer (Doc 9303-11, sections
// 4.4.4.2 and 4.4.4.3).
func (t *terminal) generalAuthenticate(step int, objects ...[]byte) ([]tlv.Object, error) {
	cmd := apdu.Command{CLA: 0x10, INS: 0x86, Data: dynamic(objects...), Ne: apdu.MaxShortNe}
	if step == stepToken {
		cmd.CLA = 0
	}
	if t.group.fieldBits() > 8*(apdu.MaxShortNe-16) && (step == stepMap || step == stepAgree) {
		cmd.Extended, cmd.Ne = true, apdu.MaxExtendedNe
	}
	resp, err := t.send.Send(cmd)
	if err != nil {
		return nil, wrap(stepName(step), err)
	}
	if step == stepToken && refusal(resp.SW) {
		return nil, fmt.Errorf("%w: %w", ErrRefused, resp.SW)
	}
	if err := resp.OK(); err != nil {
		return nil, wrap(stepName(step), err)
	}
	answer, err := parseDynamic(resp.Data)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %v", ErrChip, stepName(step), err)
	}
	return answer, nil
}

// refusal lists the status words with which chips say that the terminal's token is wrong. The standard has 6300 and
// leaves others to the operating system (Doc 9303-11, section 4.4.4.2).
func refusal(sw apdu.StatusWord) bool {
	switch sw {
	case apdu.SWSecurityStatusNotSatisfied, apdu.SWAuthenticationBlocked, apdu.SWSMDataObjectsIncorrect, apdu.SWWrongData:
		return true
	}
	return sw>>8 == 0x63
}

// single takes the one data object that an answer must consist of.
func single(step int, objects []tlv.Object, tag uint32) ([]byte, error) {
	if len(objects) != 1 || objects[0].Tag != tag {
		return nil, fmt.Errorf("%w: %s: its answer is not the one data object %02X", ErrChip, stepName(step), tag)
	}
	return objects[0].Value, nil
}

// maxNonce bounds the nonce of generic mapping, of which the standard says only that it is whole blocks.
const maxNonce = 64

// nonce asks for the encrypted nonce and decrypts it (Doc 9303-11, section 4.4.1, steps 1 and 2).
func (t *terminal) nonce() ([]byte, error) {
	answer, err := t.generalAuthenticate(stepNonce)
	if err != nil {
		return nil, err
	}
	z, err := single(stepNonce, answer, tagNonce)
	if err != nil {
		return nil, err
	}
	fits := len(z) > 0 && len(z) <= maxNonce && len(z)%t.info.Suite.BlockSize() == 0
	if t.info.Mapping == secinfo.IntegratedMapping {
		fits = len(z) == nonceSize(t.info.Suite)
	}
	if !fits {
		return nil, fmt.Errorf("%w: its nonce has %d bytes", ErrChip, len(z))
	}
	return cryptNonce(t.info.Suite, t.password, cipher.NewCBCDecrypter, z)
}

// mapNonce exchanges mapping data and gives the new generator (Doc 9303-11, section 4.4.1, step 3 a and b).
func (t *terminal) mapNonce(s []byte) (element, error) {
	if t.info.Mapping == secinfo.IntegratedMapping {
		return t.mapIntegrated(s)
	}
	private, own, err := t.keyPair(t.group.generator())
	if err != nil {
		return nil, err
	}
	peer, err := t.exchange(stepMap, tagMapTerminal, tagMapChip, own)
	if err != nil {
		return nil, err
	}
	t.result.MappingKey = peer.Bytes()
	generator, err := mapGeneric(t.group, s, private, peer)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrChip, stepName(stepMap), err)
	}
	return generator, nil
}

func (t *terminal) mapIntegrated(s []byte) (element, error) {
	nonce := make([]byte, t.info.Suite.KeySize())
	if _, err := io.ReadFull(t.rand, nonce); err != nil {
		return nil, wrap("draw the nonce", err)
	}
	answer, err := t.generalAuthenticate(stepMap, tlv.Encode(tagMapTerminal, nonce))
	if err != nil {
		return nil, err
	}
	if empty, err := single(stepMap, answer, tagMapChip); err != nil {
		return nil, err
	} else if len(empty) != 0 {
		return nil, fmt.Errorf("%w: %s: its data object 82 is not empty", ErrChip, stepName(stepMap))
	}
	generator, err := mapIntegrated(t.group, t.info.Suite, s, nonce)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrChip, stepName(stepMap), err)
	}
	return generator, nil
}

// keyPair draws an ephemeral key pair.
func (t *terminal) keyPair(generator element) (private []byte, public element, err error) {
	if private, err = t.group.draw(t.rand); err != nil {
		return nil, nil, wrap("draw a key", err)
	}
	public, err = t.group.multiple(generator, private)
	return private, public, wrap("draw a key", err)
}

// exchange sends a public key and gives the chip's, checked (Doc 9303-11, sections 4.4.1 and 9.4.5).
func (t *terminal) exchange(step int, tag, answerTag uint32, own element) (element, error) {
	answer, err := t.generalAuthenticate(step, tlv.Encode(tag, own.Bytes()))
	if err != nil {
		return nil, err
	}
	value, err := single(step, answer, answerTag)
	if err != nil {
		return nil, err
	}
	peer, err := t.group.parse(value)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrChip, stepName(step), err)
	}
	if bytes.Equal(peer.Bytes(), own.Bytes()) {
		return nil, fmt.Errorf("%w: %s: its public key is the terminal's", ErrChip, stepName(step))
	}
	return peer, nil
}

// agree runs the second key agreement (Doc 9303-11, section 4.4.1, step 3 c to e).
func (t *terminal) agree(generator element) (keys sm.Keys, own, peer element, err error) {
	private, own, err := t.keyPair(generator)
	if err != nil {
		return sm.Keys{}, nil, nil, err
	}
	if peer, err = t.exchange(stepAgree, tagKeyTerminal, tagKeyChip, own); err != nil {
		return sm.Keys{}, nil, nil, err
	}
	t.result.Terminal, t.result.Chip = t.group.key(own), t.group.key(peer)
	keys, err = agree(t.group, t.info.Suite, private, peer)
	return keys, own, peer, wrap(stepName(stepAgree), err)
}

// authenticate exchanges the tokens and takes what comes with the chip's (Doc 9303-11, section 4.4.1, steps 3 f and 4).
func (t *terminal) authenticate(keys sm.Keys, own, peer element) error {
	ours, err := token(t.group, t.info, keys, peer)
	if err != nil {
		return err
	}
	expected, err := token(t.group, t.info, keys, own)
	if err != nil {
		return err
	}
	answer, err := t.generalAuthenticate(stepToken, tlv.Encode(tagTokenTerminal, ours))
	if err != nil {
		return err
	}
	if len(answer) == 0 || answer[0].Tag != tagTokenChip || !hmac.Equal(answer[0].Value, expected) {
		return fmt.Errorf("%w: its token is wrong", ErrChip)
	}
	return t.takeExtras(keys, answer[1:])
}

// takeExtras reads what may follow the chip's token, in this order: two references and the encrypted chip
// authentication data, which chip authentication mapping must have and the others must not (Doc 9303-11, section 4.4.5).
func (t *terminal) takeExtras(keys sm.Keys, objects []tlv.Object) error {
	for _, tag := range []uint32{tagCAR, tagPreviousCAR} {
		if len(objects) > 0 && objects[0].Tag == tag {
			t.result.CARs = append(t.result.CARs, bytes.Clone(objects[0].Value))
			objects = objects[1:]
		}
	}
	wanted := 0
	if t.info.Mapping == secinfo.ChipAuthenticationMapping {
		wanted = 1
	}
	if len(objects) != wanted || wanted == 1 && objects[0].Tag != tagChipData {
		return fmt.Errorf("%w: its token does not come with the data objects of %v", ErrChip, t.info.Mapping)
	}
	if wanted == 0 {
		return nil
	}
	data, err := openChipData(t.info.Suite, keys, objects[0].Value)
	if err != nil {
		return fmt.Errorf("%w: %v", ErrChip, err)
	}
	t.result.ChipAuthenticationData = data
	return nil
}

// VerifyCAM tells whether the chip with which chip authentication mapping was run has the private key of the card:
// one of the keys of EF.CardSecurity whose identifier is that of the domain parameters. The signature of
// EF.CardSecurity must have been verified: only then is the chip genuine (Doc 9303-11, section 4.4.3.5.2).
func VerifyCAM(result Result, keys []secinfo.ChipAuthenticationPublicKeyInfo) error {
	if result.Info.Mapping != secinfo.ChipAuthenticationMapping {
		return fmt.Errorf("pace: %v proves nothing about the chip's private key", result.Info)
	}
	g, err := openGroup(result.Info)
	if err != nil {
		return wrap("parameters", err)
	}
	curve := g.(curveGroup).curve
	for _, info := range keys {
		if info.KeyID == nil || *info.KeyID != result.Info.ParameterID {
			continue
		}
		key, err := info.PublicKey()
		if err != nil {
			return wrap("the chip's key", err)
		}
		if key.Curve == curve && proves(curve, result.ChipAuthenticationData, key.Point, result.MappingKey) {
			return nil
		}
		return ErrNotGenuine
	}
	return fmt.Errorf("pace: there is no key with identifier %d to verify the chip with", result.Info.ParameterID)
}
