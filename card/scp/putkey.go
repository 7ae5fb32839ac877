package scp

import (
	"crypto/subtle"
	"errors"
	"fmt"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/internal/iso9797"
)

// ErrUnconfirmed is answered when a chip took new keys and its answer does not name them. Which keys it has now must be
// asked with [Initiate] and [Handshake.Proves] before anything else is sent to it.
var ErrUnconfirmed = errors.New("scp: the card took the new keys, but does not answer with their version and check values")

// PUT KEY (Card Specification, section 11.8; Amendment D, section 7.2).
const (
	insPutKey    = 0xD8
	allThreeKeys = 0x81 // P2: several keys, the first of them with the identifier 1
	initialKeys  = 0xFF // the version of the keys with which a card leaves the factory
	keyTypeDES   = 0x80
	keyTypeAES   = 0x88
	kcvSize      = 3

	// Section 11.8.3.2.
	swAlgorithm     apdu.StatusWord = 0x9484
	swKeyCheckValue apdu.StatusWord = 0x9485
)

// PutKeys gives the chip the three keys of another set, encrypted, with one PUT KEY. replaces is the version of the set
// that goes, 01 to 7F, or 0 to add a set, which takes the place of initial keys (version FF); version is that of the new
// set, 01 to 7F. Keys are of the channel's protocol; those that go must be as long, since a card changes no sizes (section
// 11.8.2.3). The chip must name the new set, or the answer is [ErrUnconfirmed]. After an error while the command was
// under way only the chip can tell which keys it has. The present channel stays as it is.
func (t *Terminal) PutKeys(replaces, version byte, keys StaticKeys) error {
	cmd, named, err := t.putKey(replaces, version, keys)
	if err != nil {
		return err
	}
	resp, err := t.Send(cmd)
	switch {
	case err != nil:
		return fmt.Errorf("scp: put key: %w", err)
	case resp.SW == swAlgorithm:
		return fmt.Errorf("scp: put key: %w: it does not take keys of this type or size here", resp.SW)
	case resp.SW == swKeyCheckValue:
		return fmt.Errorf("scp: put key: %w: it says that a key check value is wrong", resp.SW)
	case resp.SW != apdu.SWOK:
		return fmt.Errorf("scp: put key: %w", resp.SW)
	case subtle.ConstantTimeCompare(resp.Data, named) != 1:
		return ErrUnconfirmed
	}
	return nil
}

// putKey builds the command, and the answer that names the keys: their version and check values (section 11.8.3.1).
func (t *Terminal) putKey(replaces, version byte, keys StaticKeys) (cmd apdu.Command, named []byte, err error) {
	s := t.session
	if s == nil {
		return cmd, nil, ErrClosed
	}
	if version == 0 || version > 0x7F || replaces > 0x7F {
		return cmd, nil, fmt.Errorf("scp: keys of version %02X cannot replace those of %02X: versions go from 01 to 7F",
			version, replaces)
	}
	values, err := keys.KCV(s.protocol)
	if err != nil {
		return cmd, nil, err
	}
	if replaces != 0 && replaces == t.KeyVersion && len(keys.ENC) != t.keySize {
		return cmd, nil, fmt.Errorf("scp: keys of %d bytes cannot replace keys of %d: the card changes no sizes",
			len(keys.ENC), t.keySize)
	}
	data, named := []byte{version}, []byte{version}
	for i, key := range keys.all() {
		block, err := s.keyBlock(key, values[i])
		if err != nil {
			return cmd, nil, err
		}
		data, named = append(data, block...), append(named, values[i][:]...)
	}
	return apdu.Command{CLA: 0x80, INS: insPutKey, P1: replaces, P2: allThreeKeys, Data: data, Ne: apdu.MaxShortNe}, named, nil
}

// keyBlock is a key data field: type, encrypted key, check value (section 11.8.2.3); that of an AES key tells the length of
// the key before its encryption (Amendment D, section 7.2).
func (s *session) keyBlock(key []byte, value KCV) ([]byte, error) {
	padded := key
	if len(key)%s.dek.BlockSize() != 0 {
		padded = iso9797.Pad(key, s.dek.BlockSize())
	}
	encrypted, err := s.encryptKey(padded)
	if err != nil {
		return nil, err
	}
	block := []byte{keyTypeDES, byte(len(encrypted))}
	if s.protocol == SCP03 {
		block = []byte{keyTypeAES, byte(1 + len(encrypted)), byte(len(key))}
	}
	return append(append(append(block, encrypted...), kcvSize), value[:]...), nil
}

// PutKeys reads a PUT KEY command that has come through the channel and gives the answer to it; the chip does not
// change. If the answer is 9000 the application must keep version and keys before it sends the answer. This chip has room
// for one key set: only its own can be replaced, or, with P1 = 0, initial keys (version FF) by those of the issuer.
func (c *Chip) PutKeys(cmd apdu.Command) (version byte, keys StaticKeys, resp apdu.Response) {
	if sw := c.mayPutKeys(cmd); sw != apdu.SWOK {
		return 0, StaticKeys{}, apdu.Response{SW: sw}
	}
	version, rest := cmd.Data[0], cmd.Data[1:]
	answer := []byte{version}
	for _, key := range []*[]byte{&keys.ENC, &keys.MAC, &keys.DEK} {
		var value []byte
		var sw apdu.StatusWord
		if *key, value, rest, sw = c.session.parseKeyBlock(rest); sw != apdu.SWOK {
			return 0, StaticKeys{}, apdu.Response{SW: sw}
		}
		answer = append(answer, value...)
	}
	sw := apdu.SWOK
	switch {
	case version == 0 || version > 0x7F || len(rest) != 0 || keys.Check(c.Protocol) != nil:
		sw = apdu.SWWrongData
	case cmd.P1 != 0 && len(keys.ENC) != len(c.Keys.ENC):
		sw = swAlgorithm
	}
	if sw != apdu.SWOK {
		return 0, StaticKeys{}, apdu.Response{SW: sw}
	}
	return version, keys, apdu.Response{Data: answer, SW: sw}
}

// mayPutKeys judges the header of the command and the state of the chip.
func (c *Chip) mayPutKeys(cmd apdu.Command) apdu.StatusWord {
	switch {
	case cmd.INS != insPutKey:
		return apdu.SWInstructionNotSupported
	case !c.open:
		return apdu.SWSecurityStatusNotSatisfied
	case cmd.P2 != allThreeKeys || cmd.P1 > 0x7F:
		return apdu.SWIncorrectP1P2
	case cmd.P1 == 0 && c.KeyVersion != initialKeys:
		return apdu.SWNotEnoughMemory
	case cmd.P1 != 0 && cmd.P1 != c.KeyVersion:
		return apdu.SWReferenceNotFound
	case len(cmd.Data) == 0:
		return apdu.SWWrongLength
	}
	return apdu.SWOK
}

// parseKeyBlock takes one key data field from b, decrypts the key and compares its check value.
func (s *session) parseKeyBlock(b []byte) (key, value, rest []byte, sw apdu.StatusWord) {
	if len(b) < 2 {
		return nil, nil, nil, apdu.SWWrongData
	}
	if kind := b[0]; kind != keyTypeAES && s.protocol == SCP03 || kind != keyTypeDES && s.protocol == SCP02 {
		return nil, nil, nil, swAlgorithm
	}
	n := int(b[1])
	if len(b) < 2+n+1+kcvSize || b[2+n] != kcvSize {
		return nil, nil, nil, apdu.SWWrongData
	}
	field, value, rest := b[2:2+n], b[2+n+1:2+n+1+kcvSize], b[2+n+1+kcvSize:]
	key, ok := s.openKey(field)
	if !ok {
		return nil, nil, nil, apdu.SWWrongData
	}
	block, err := s.protocol.cipher(key)
	if err != nil {
		return nil, nil, nil, apdu.SWWrongData
	}
	if want := checkValue(s.protocol, block); subtle.ConstantTimeCompare(value, want[:]) != 1 {
		return nil, nil, nil, swKeyCheckValue
	}
	return key, value, rest, apdu.SWOK
}

// openKey decrypts a key; of an AES key what stands behind its length is padding, and less than a block.
func (s *session) openKey(field []byte) (key []byte, ok bool) {
	n := len(field)
	if s.protocol == SCP03 {
		if n == 0 {
			return nil, false
		}
		n, field = int(field[0]), field[1:]
	}
	if n > len(field) || len(field)-n >= s.dek.BlockSize() {
		return nil, false
	}
	plain, err := s.decryptKey(field)
	if err != nil {
		return nil, false
	}
	return plain[:n:n], true
}
