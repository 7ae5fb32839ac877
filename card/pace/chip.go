package pace

import (
	"bytes"
	"crypto/cipher"
	"crypto/subtle"
	"io"
	"log/slog"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/secinfo"
	"github.com/cancuoc/cancuoc/card/sm"
	"github.com/cancuoc/cancuoc/card/tlv"
)

// Chip is the chip's end: what answers MSE:Set AT and the chain of GENERAL AUTHENTICATE. The application calls it, starts
// the session that it gives and grants the terminal its rights. A wrong password shows only in the last command, and
// nothing else is answered 6300: the application counts and delays by it.
type Chip struct {
	Infos     []secinfo.PACEInfo // what EF.CardAccess offers
	Passwords []Password         // those that the chip knows
	Keys      map[int]PrivateKey // of chip authentication mapping, by identifier of the domain parameters
	CARs      []string           // at most two, the most recent first: told to terminals that ask
	Rand      io.Reader          // nonce, mapping key and key agreement key are drawn from it, in this order

	run  *exchange // the protocol that is under way
	last *exchange // the one that the session in force came from
}

// PrivateKey is a static private key of the chip: a big-endian number. It prints as [secret].
type PrivateKey []byte

// String hides the key.
func (PrivateKey) String() string { return "[secret]" }

// GoString hides the key from %#v.
func (PrivateKey) GoString() string { return "[secret]" }

// LogValue hides the key from log/slog.
func (PrivateKey) LogValue() slog.Value { return slog.StringValue("[secret]") }

// exchange is a run of the protocol between two commands.
type exchange struct {
	info     secinfo.PACEInfo
	group    group
	password Password
	static   PrivateKey // of chip authentication mapping
	tellCARs bool
	step     int

	s         []byte
	mapping   []byte // private key of generic mapping
	generator element
	keys      sm.Keys
	own, peer element // public keys of the key agreement
}

// Reset forgets the protocol that is under way, as power off does.
func (c *Chip) Reset() { c.run, c.last = nil, nil }

// Agreed gives the ephemeral public keys of the run that ended well, PK_DH,IFD and PK_DH,IC, and the info that was run:
// what Terminal Authentication binds itself to. It is false before, and after Reset.
func (c *Chip) Agreed() (terminal, chip secinfo.PublicKey, info secinfo.PACEInfo, ok bool) {
	if c.last == nil {
		return secinfo.PublicKey{}, secinfo.PublicKey{}, secinfo.PACEInfo{}, false
	}
	g := c.last.group
	return g.key(c.last.peer), g.key(c.last.own), c.last.info, true
}

// Running tells whether MSE:Set AT has selected the protocol and the chain is not at its end: whether the next GENERAL
// AUTHENTICATE is meant for it.
func (c *Chip) Running() bool { return c.run != nil }

// SetAT answers MSE:Set AT for mutual authentication (Doc 9303-11, section 4.4.4.1). It forgets what was under way.
func (c *Chip) SetAT(cmd apdu.Command) apdu.Response {
	c.run = nil
	switch {
	case cmd.CLA != 0:
		return apdu.Response{SW: apdu.SWClassNotSupported}
	case cmd.P1 != 0xC1 || cmd.P2 != 0xA4:
		return apdu.Response{SW: apdu.SWIncorrectP1P2}
	}
	template, ok := parseTemplate(cmd.Data)
	if !ok {
		return apdu.Response{SW: apdu.SWWrongData}
	}
	run, sw := c.selectRun(template)
	if sw == apdu.SWOK {
		c.run = run
	}
	return apdu.Response{SW: sw}
}

// template holds the data objects of MSE:Set AT.
type template struct{ protocol, password, parameters, chat *tlv.Object }

// parseTemplate reads the data objects in any order and ignores those that the command does not know (Doc 9303-11,
// section 4.4.4.1, note 2, and section 9.3.3).
func parseTemplate(data []byte) (template, bool) {
	objects, err := tlv.Parse(data)
	if err != nil {
		return template{}, false
	}
	var t template
	slots := map[uint32]**tlv.Object{tagProtocol: &t.protocol, tagPassword: &t.password, tagParameters: &t.parameters, tagCHAT: &t.chat}
	for i, o := range objects {
		slot, known := slots[o.Tag]
		if !known {
			continue
		}
		if *slot != nil {
			return template{}, false
		}
		*slot = &objects[i]
	}
	return t, t.protocol != nil && t.password != nil && len(t.password.Value) == 1
}

// selectRun finds what the template names: 6A80 for an unknown protocol, 6A88 for a password, domain parameters or a key
// that the chip does not have.
func (c *Chip) selectRun(t template) (*exchange, apdu.StatusWord) {
	info, sw := c.selectInfo(t)
	if sw != apdu.SWOK {
		return nil, sw
	}
	run := &exchange{info: info, tellCARs: t.chat != nil}
	known := false
	for _, p := range c.Passwords {
		if p.Reference == t.password.Value[0] {
			run.password, known = p, true
		}
	}
	if info.Mapping == secinfo.ChipAuthenticationMapping {
		if run.static = c.Keys[info.ParameterID]; len(run.static) == 0 {
			known = false
		}
	}
	if !known {
		return nil, apdu.SWReferenceNotFound
	}
	var err error
	if run.group, err = openGroup(info); err != nil {
		return nil, apdu.SWWrongData
	}
	return run, apdu.SWOK
}

// selectInfo finds the info by protocol and, where that leaves a choice, domain parameters.
func (c *Chip) selectInfo(t template) (secinfo.PACEInfo, apdu.StatusWord) {
	var candidates []secinfo.PACEInfo
	for _, info := range c.Infos {
		if info.Supported() == nil && bytes.Equal(protocolBytes(info), t.protocol.Value) {
			candidates = append(candidates, info)
		}
	}
	if len(candidates) == 0 {
		return secinfo.PACEInfo{}, apdu.SWWrongData
	}
	if t.parameters == nil {
		for _, other := range candidates[1:] {
			if other.ParameterID != candidates[0].ParameterID {
				return secinfo.PACEInfo{}, apdu.SWReferenceNotFound
			}
		}
		return candidates[0], apdu.SWOK
	}
	for _, info := range candidates {
		if bytes.Equal(parameterBytes(info.ParameterID), t.parameters.Value) {
			return info, apdu.SWOK
		}
	}
	return secinfo.PACEInfo{}, apdu.SWReferenceNotFound
}

// Authenticate answers one GENERAL AUTHENTICATE of the chain (Doc 9303-11, sections 4.4.4.2 and 4.4.5). When the last
// shows that the terminal knows the password it gives the session that begins after the response. Any error ends the
// protocol, which then begins anew with MSE:Set AT.
func (c *Chip) Authenticate(cmd apdu.Command) (apdu.Response, *sm.Session) {
	run := c.run
	c.run = nil
	if run == nil {
		return apdu.Response{SW: apdu.SWConditionsNotSatisfied}, nil
	}
	value, sw := run.open(cmd)
	if sw != apdu.SWOK {
		return apdu.Response{SW: sw}, nil
	}
	answer, sw := run.answer(c, value)
	if sw != apdu.SWOK {
		return apdu.Response{SW: sw}, nil
	}
	resp := apdu.Response{Data: dynamic(answer), SW: apdu.SWOK}
	if run.step == stepToken {
		c.last = run
		return resp, &sm.Session{Suite: run.info.Suite, Keys: run.keys}
	}
	run.step++
	c.run = run
	return resp, nil
}

// open takes the value of the one data object that the step expects, none in the first. All commands but the last are
// chained (Doc 9303-11, section 4.4.4.3).
func (e *exchange) open(cmd apdu.Command) ([]byte, apdu.StatusWord) {
	switch {
	case cmd.CLA&^0x10 != 0:
		return nil, apdu.SWClassNotSupported
	case cmd.P1 != 0 || cmd.P2 != 0:
		return nil, apdu.SWIncorrectP1P2
	case e.step == stepToken && cmd.CLA != 0:
		return nil, apdu.SWLastCommandExpected
	case e.step != stepToken && cmd.CLA == 0:
		return nil, apdu.SWConditionsNotSatisfied
	}
	objects, err := parseDynamic(cmd.Data)
	if err != nil || len(objects) > 1 {
		return nil, apdu.SWWrongData
	}
	due := [...]uint32{stepMap: tagMapTerminal, stepAgree: tagKeyTerminal, stepToken: tagTokenTerminal}[e.step]
	switch {
	case len(objects) == 0 && e.step == stepNonce:
		return nil, apdu.SWOK
	case len(objects) == 0:
		return nil, apdu.SWConditionsNotSatisfied
	case e.step != stepNonce && objects[0].Tag == due:
		return objects[0].Value, apdu.SWOK
	case objects[0].Tag == tagMapTerminal || objects[0].Tag == tagKeyTerminal || objects[0].Tag == tagTokenTerminal:
		return nil, apdu.SWConditionsNotSatisfied
	}
	return nil, apdu.SWWrongData
}

// answer does the step and gives the data objects of the response.
func (e *exchange) answer(c *Chip, value []byte) ([]byte, apdu.StatusWord) {
	switch {
	case e.step == stepNonce:
		return e.giveNonce(c.Rand)
	case e.step == stepMap && e.info.Mapping == secinfo.IntegratedMapping:
		return e.mapIntegrated(value)
	case e.step == stepMap:
		return e.mapGeneric(c.Rand, value)
	case e.step == stepAgree:
		return e.agree(c.Rand, value)
	}
	return e.verify(c, value)
}

// giveNonce draws s and encrypts it (Doc 9303-11, section 4.4.1, step 1).
func (e *exchange) giveNonce(rand io.Reader) ([]byte, apdu.StatusWord) {
	e.s = make([]byte, nonceSize(e.info.Suite))
	if _, err := io.ReadFull(rand, e.s); err != nil {
		return nil, apdu.SWUnspecified
	}
	z, err := cryptNonce(e.info.Suite, e.password, cipher.NewCBCEncrypter, e.s)
	if err != nil {
		return nil, apdu.SWUnspecified
	}
	return tlv.Encode(tagNonce, z), apdu.SWOK
}

// mapGeneric answers a mapping key by the chip's own (Doc 9303-11, section 4.4.3.3.1).
func (e *exchange) mapGeneric(rand io.Reader, value []byte) ([]byte, apdu.StatusWord) {
	private, own, peer, sw := e.keyPair(rand, e.group.generator(), value)
	if sw != apdu.SWOK {
		return nil, sw
	}
	generator, err := mapGeneric(e.group, e.s, private, peer)
	if err != nil {
		return nil, apdu.SWWrongData
	}
	e.mapping, e.generator, e.s = private, generator, nil
	return tlv.Encode(tagMapChip, own.Bytes()), apdu.SWOK
}

// mapIntegrated takes the terminal's nonce (Doc 9303-11, section 4.4.3.3.2).
func (e *exchange) mapIntegrated(t []byte) ([]byte, apdu.StatusWord) {
	if len(t) != e.info.Suite.KeySize() {
		return nil, apdu.SWWrongData
	}
	generator, err := mapIntegrated(e.group, e.info.Suite, e.s, t)
	if err != nil {
		return nil, apdu.SWWrongData
	}
	e.generator, e.s = generator, nil
	return tlv.Encode(tagMapChip, nil), apdu.SWOK
}

// keyPair checks the terminal's public key and draws a key pair that differs from it.
func (e *exchange) keyPair(rand io.Reader, generator element, value []byte) (private []byte, own, peer element, sw apdu.StatusWord) {
	peer, err := e.group.parse(value)
	if err != nil {
		return nil, nil, nil, apdu.SWWrongData
	}
	if private, err = e.group.draw(rand); err != nil {
		return nil, nil, nil, apdu.SWUnspecified
	}
	if own, err = e.group.multiple(generator, private); err != nil {
		return nil, nil, nil, apdu.SWUnspecified
	}
	if bytes.Equal(own.Bytes(), peer.Bytes()) {
		return nil, nil, nil, apdu.SWWrongData
	}
	return private, own, peer, apdu.SWOK
}

// agree runs the second key agreement (Doc 9303-11, section 4.4.1, step 3 c to e).
func (e *exchange) agree(rand io.Reader, value []byte) ([]byte, apdu.StatusWord) {
	private, own, peer, sw := e.keyPair(rand, e.generator, value)
	if sw != apdu.SWOK {
		return nil, sw
	}
	keys, err := agree(e.group, e.info.Suite, private, peer)
	if err != nil {
		return nil, apdu.SWWrongData
	}
	e.keys, e.own, e.peer = keys, own, peer
	return tlv.Encode(tagKeyChip, own.Bytes()), apdu.SWOK
}

// verify judges the terminal's token and gives the chip's with what belongs to it (Doc 9303-11, sections 4.4.1, steps 3 f
// and 4, and 4.4.5).
func (e *exchange) verify(c *Chip, value []byte) ([]byte, apdu.StatusWord) {
	expected, err := token(e.group, e.info, e.keys, e.own)
	if err != nil {
		return nil, apdu.SWUnspecified
	}
	if subtle.ConstantTimeCompare(expected, value) != 1 {
		return nil, apdu.SWAuthenticationFailed
	}
	ours, err := token(e.group, e.info, e.keys, e.peer)
	if err != nil {
		return nil, apdu.SWUnspecified
	}
	answer := tlv.Encode(tagTokenChip, ours)
	if e.tellCARs {
		for i, car := range c.CARs[:min(2, len(c.CARs))] {
			answer = append(answer, tlv.Encode(tagCAR+uint32(i), []byte(car))...)
		}
	}
	if e.info.Mapping != secinfo.ChipAuthenticationMapping {
		return answer, apdu.SWOK
	}
	data, err := e.proof()
	if err != nil {
		return nil, apdu.SWUnspecified
	}
	return append(answer, tlv.Encode(tagChipData, data)...), apdu.SWOK
}

// proof gives A_IC (Doc 9303-11, section 4.4.3.5.1).
func (e *exchange) proof() ([]byte, error) {
	data, err := chipData(e.group.(curveGroup), e.static, e.mapping)
	if err != nil {
		return nil, err
	}
	return sealChipData(e.info.Suite, e.keys, data)
}
