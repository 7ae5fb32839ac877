package sm

import (
	"crypto/subtle"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/tlv"
)

// Chip is the chip's end of secure messaging: a Handler before the application. Without a session it passes every
// command on as it is. The application starts a session by [Chip.Start] while it handles the command that completes
// an access protocol. It is for one goroutine.
type Chip struct {
	Next apdu.Handler // the application
	// Abort, when given, is told that a session has ended by an error: the terminal's rights are to be reset.
	Abort func()

	session *channel
	coming  *channel // started while a command is handled, in force from the next one on
}

// Start puts a new session in force after the response to the command that is being handled: that response still
// goes out under the old session, or in the clear (Doc 9303-11, section 9.8.2).
func (c *Chip) Start(s Session) error {
	coming, err := s.open()
	if err != nil {
		return err
	}
	c.coming = coming
	return nil
}

// Active tells whether a session is in force: while the application handles a command, whether that command came
// protected.
func (c *Chip) Active() bool { return c.session != nil }

// Room gives the greatest number of bytes that a response of at most ne bytes can carry in the session that is in force:
// what READ BINARY gives when it was asked for as many as fit.
func (c *Chip) Room(ne int) int {
	if c.session == nil {
		return ne
	}
	block := c.session.suite.BlockSize()
	whole := 0
	for whole+block+protectedSize(whole+block) <= ne {
		whole += block
	}
	return max(0, whole-1) // one byte at least is padding
}

// protectedSize is what the data objects of a response add to its cryptogram (Doc 9303-11, section 9.8.4).
func protectedSize(cryptogram int) int {
	return len(tlv.AppendHeader(nil, tagCryptogram, 1+cryptogram)) + 1 + statusSize + checksumSize
}

// Reset forgets all sessions without a word to anyone, as power off does.
func (c *Chip) Reset() { c.session, c.coming = nil, nil }

// Handle answers one command. Inside a session a secure messaging error is answered in the clear by 6987 or 6988 and
// a plain command by 6982 (Doc 9303-11, section 4.3.2); both end the session (sections 9.8.3 and 9.8.5).
func (c *Chip) Handle(cmd apdu.Command) apdu.Response {
	session, secured := c.session, cmd.CLA&secureMessaging == secureMessaging
	switch {
	case session == nil && secured:
		return apdu.Response{SW: apdu.SWConditionsNotSatisfied}
	case session == nil:
		resp := c.Next.Handle(cmd)
		c.takeOver()
		return resp
	case !secured:
		return c.end(apdu.SWSecurityStatusNotSatisfied)
	}
	plain, sw := session.unprotectCommand(cmd)
	if sw != apdu.SWOK {
		return c.end(sw)
	}
	resp := session.protectResponse(cmd, c.Next.Handle(plain))
	c.takeOver()
	return resp
}

// takeOver puts the session in force that the application has just started.
func (c *Chip) takeOver() {
	if c.coming != nil {
		c.session, c.coming = c.coming, nil
	}
}

// end is the one place where a session dies of an error.
func (c *Chip) end(sw apdu.StatusWord) apdu.Response {
	c.Reset()
	if c.Abort != nil {
		c.Abort()
	}
	return apdu.Response{SW: sw}
}

// commandObjects are the data objects of a protected command, in the order in which they must stand.
type commandObjects struct {
	signed     []byte // all that precedes DO'8E', as it came
	cryptogram *tlv.Object
	le         *tlv.Object
	checksum   []byte
}

// parseCommandObjects reads [DO'85' or DO'87'] [DO'97'] DO'8E' from the front, each at most once and nothing after.
func parseCommandObjects(field []byte) (commandObjects, apdu.StatusWord) {
	var found commandObjects
	for rest := field; len(rest) > 0; {
		o, after, err := tlv.Next(rest)
		if err != nil {
			return commandObjects{}, apdu.SWSMDataObjectsIncorrect
		}
		switch {
		case (o.Tag == tagCryptogram || o.Tag == tagCryptogramOdd) && found.cryptogram == nil && found.le == nil:
			found.cryptogram = &o
		case o.Tag == tagLe && found.le == nil:
			found.le = &o
		case o.Tag == tagChecksum && len(after) == 0 && len(o.Value) == macSize:
			found.signed, found.checksum = field[:len(field)-len(rest)], o.Value
		default:
			return commandObjects{}, apdu.SWSMDataObjectsIncorrect
		}
		rest = after
	}
	if found.checksum == nil {
		return commandObjects{}, apdu.SWSMDataObjectsMissing
	}
	return found, apdu.SWOK
}

// unprotectCommand verifies and opens a command (Doc 9303-11, section 9.8.4 and figure 5).
func (c *channel) unprotectCommand(cmd apdu.Command) (apdu.Command, apdu.StatusWord) {
	c.step()
	// Le' stands outside the checksum. It is 00 or 0000, or was taken off by a transport that has no place for it.
	if cmd.Ne != 0 && cmd.Ne != greatestNe(cmd.Extended) {
		return apdu.Command{}, apdu.SWSMDataObjectsIncorrect
	}
	found, sw := parseCommandObjects(cmd.Data)
	if sw != apdu.SWOK {
		return apdu.Command{}, sw
	}
	expected := c.checksum([]byte{cmd.CLA, cmd.INS, cmd.P1, cmd.P2}, found.signed)
	if subtle.ConstantTimeCompare(expected, found.checksum) != 1 {
		return apdu.Command{}, apdu.SWSMDataObjectsIncorrect
	}
	plain := apdu.Command{CLA: cmd.CLA &^ secureMessaging, INS: cmd.INS, P1: cmd.P1, P2: cmd.P2, Extended: cmd.Extended}
	if found.cryptogram != nil {
		if plain.Data, sw = c.openCommandData(cmd.INS, *found.cryptogram); sw != apdu.SWOK {
			return apdu.Command{}, sw
		}
	}
	if found.le != nil {
		plain.Ne, sw = readLe(found.le.Value)
	}
	return plain, sw
}

func greatestNe(extended bool) int {
	if extended {
		return apdu.MaxExtendedNe
	}
	return apdu.MaxShortNe
}

func (c *channel) openCommandData(ins byte, o tlv.Object) ([]byte, apdu.StatusWord) {
	odd := ins&1 != 0
	if odd != (o.Tag == tagCryptogramOdd) {
		return nil, apdu.SWSMDataObjectsIncorrect
	}
	cryptogram := o.Value
	if !odd {
		if len(cryptogram) == 0 || cryptogram[0] != paddingIndicator {
			return nil, apdu.SWSMDataObjectsIncorrect
		}
		cryptogram = cryptogram[1:]
	}
	data, err := c.decrypt(cryptogram)
	if err != nil {
		return nil, apdu.SWSMDataObjectsIncorrect
	}
	return data, apdu.SWOK
}

// readLe reads the value of DO'97'. Zero stands for the greatest Ne of its form; an empty value is not taken, as
// section 9.8.4 recommends.
func readLe(value []byte) (int, apdu.StatusWord) {
	switch {
	case len(value) == 1 && value[0] == 0:
		return 256, apdu.SWOK
	case len(value) == 1:
		return int(value[0]), apdu.SWOK
	case len(value) == 2 && value[0] == 0 && value[1] == 0:
		return 65536, apdu.SWOK
	case len(value) == 2:
		return int(value[0])<<8 + int(value[1]), apdu.SWOK
	}
	return 0, apdu.SWSMDataObjectsIncorrect
}

// protectResponse makes the protected response to cmd (Doc 9303-11, section 9.8.4 and figure 6). Data that does not
// fit into Le' is answered by a protected 6700.
func (c *channel) protectResponse(cmd apdu.Command, resp apdu.Response) apdu.Response {
	c.step()
	protected := c.sealResponse(cmd.INS, resp)
	if cmd.Ne > 0 && len(protected) > cmd.Ne {
		resp = apdu.Response{SW: apdu.SWWrongLength}
		protected = c.sealResponse(cmd.INS, resp)
	}
	return apdu.Response{Data: protected, SW: resp.SW}
}

func (c *channel) sealResponse(ins byte, resp apdu.Response) []byte {
	var b []byte
	if len(resp.Data) > 0 {
		cryptogram := c.encrypt(resp.Data)
		if ins&1 != 0 {
			b = tlv.AppendHeader(b, tagCryptogramOdd, len(cryptogram))
		} else {
			b = append(tlv.AppendHeader(b, tagCryptogram, 1+len(cryptogram)), paddingIndicator)
		}
		b = append(b, cryptogram...)
	}
	b = append(b, tagStatus, 2, byte(resp.SW>>8), byte(resp.SW))
	return append(append(b, tagChecksum, macSize), c.checksum(nil, b)...)
}
