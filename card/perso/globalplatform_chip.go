package perso

import (
	"bytes"
	"crypto/aes"
	"encoding/binary"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/internal/iso9797"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/tlv"
)

// Memory is what a chip keeps without power, as personalisation changes it. Each method gives 9000 or the status
// word with which the command is refused.
type Memory interface {
	LifeCycle() LifeCycle
	SetLifeCycle(LifeCycle) apdu.StatusWord
	Erase() apdu.StatusWord                                   // forget files and keys that personalisation has written
	CreateFile(file lds.File, size int) apdu.StatusWord       // an empty file that will have this size
	AppendFile(file lds.File, content []byte) apdu.StatusWord // the next bytes of a file that was created
	PutSecret(dgi uint16, value []byte) apdu.StatusWord       // a password or key, decrypted, for [Secrets.Put]
}

// Chip is the chip's end of personalisation: the issuer security domain behind its secure channel.
type Chip struct {
	Memory     Memory
	DecryptKey func([]byte) ([]byte, error) // under the DEK of the static keys

	open     bool // INSTALL [for personalization] has been answered and the last STORE DATA has not come
	incoming grouping
}

// grouping is a data grouping of which the beginning has arrived.
type grouping struct {
	header []byte // what is there of a header that is not whole
	dgi    uint16
	left   int // bytes of the value that are still to come
	key    []byte
}

// Handle answers one command that has come through the secure channel.
func (c *Chip) Handle(cmd apdu.Command) apdu.Response {
	if cmd.CLA&0x80 == 0 {
		return apdu.Response{SW: apdu.SWClassNotSupported}
	}
	switch cmd.INS {
	case 0xF2:
		return c.getStatus(cmd)
	case 0xE6:
		return apdu.Response{SW: c.install(cmd)}
	case 0xE2:
		return apdu.Response{SW: c.storeData(cmd)}
	case 0xF0:
		return apdu.Response{SW: c.setStatus(cmd)}
	}
	return apdu.Response{SW: apdu.SWInstructionNotSupported}
}

// Reset forgets a personalisation that is under way, as power off does.
func (c *Chip) Reset() { c.open, c.incoming = false, grouping{} }

// getStatus tells of the card and of what is on it (GlobalPlatform Card Specification 2.3, section 11.4): all that the scope
// has, or what the name in DO'4F' begins.
func (c *Chip) getStatus(cmd apdu.Command) apdu.Response {
	name, err := tlv.ParseOne(cmd.Data, 0x4F)
	if err != nil {
		return apdu.Response{SW: apdu.SWWrongData}
	}
	if cmd.P2&^statusNext != statusTLV {
		return apdu.Response{SW: apdu.SWIncorrectP1P2}
	}
	card, application := byte(cardInitialized), byte(applicationSelectable)
	switch c.Memory.LifeCycle() {
	case Terminated:
		card = cardTerminated
	case Locked:
		card, application = cardSecured, applicationPersonalise
	case Personalised:
		application = applicationPersonalise
	}
	switch {
	case cmd.P1 == statusDomain:
		return statusEntry(IssuerSecurityDomain(), card, 0x9E)
	case cmd.P1 == statusApplications && bytes.HasPrefix(lds.AID(), name):
		return statusEntry(lds.AID(), application, 0)
	}
	return apdu.Response{SW: apdu.SWReferenceNotFound}
}

func statusEntry(aid []byte, state, privileges byte) apdu.Response {
	return apdu.Response{Data: tlv.Encode(0xE3, tlv.Encode(0x4F, aid), tlv.Encode(0x9F70, []byte{state}), tlv.Encode(0xC5, []byte{privileges})), SW: apdu.SWOK}
}

// install begins personalisation of the eMRTD application (GlobalPlatform Card Specification 2.3, section 11.5.2.3.6).
func (c *Chip) install(cmd apdu.Command) apdu.StatusWord {
	aid := lds.AID()
	want := append(append([]byte{0, 0, byte(len(aid))}, aid...), 0, 0, 0)
	switch state := c.Memory.LifeCycle(); {
	case cmd.P1 != 0x20 || cmd.P2 != 0:
		return apdu.SWIncorrectP1P2
	case !bytes.Equal(cmd.Data, want):
		return apdu.SWReferenceNotFound
	case state == Locked || state == Terminated:
		return apdu.SWConditionsNotSatisfied
	}
	c.Reset()
	if sw := c.Memory.Erase(); sw != apdu.SWOK {
		return sw
	}
	c.open = true
	return c.Memory.SetLifeCycle(Blank)
}

// storeData takes the next piece of the stream of data groupings (section 11.11).
func (c *Chip) storeData(cmd apdu.Command) apdu.StatusWord {
	if !c.open {
		return apdu.SWConditionsNotSatisfied
	}
	if cmd.P1&storeDGI == 0 {
		return apdu.SWIncorrectP1P2
	}
	if sw := c.take(cmd.Data, cmd.P1&storeEncrypted == storeEncrypted); sw != apdu.SWOK {
		c.Reset()
		return sw
	}
	if cmd.P1&storeLast == 0 {
		return apdu.SWOK
	}
	whole := c.incoming.left == 0 && len(c.incoming.header) == 0
	c.Reset()
	if !whole {
		return apdu.SWWrongData
	}
	return c.Memory.SetLifeCycle(Personalised)
}

func (c *Chip) take(stream []byte, encrypted bool) apdu.StatusWord {
	for len(stream) > 0 {
		var sw apdu.StatusWord
		if c.incoming.left == 0 {
			if stream, sw = c.begin(stream, encrypted); sw != apdu.SWOK {
				return sw
			}
			continue
		}
		n := min(c.incoming.left, len(stream))
		if sw = c.value(stream[:n]); sw != apdu.SWOK {
			return sw
		}
		stream = stream[n:]
	}
	return apdu.SWOK
}

// begin reads the header of the next grouping, of which the first bytes may have come with an earlier command.
func (c *Chip) begin(stream []byte, encrypted bool) ([]byte, apdu.StatusWord) {
	for len(stream) > 0 {
		c.incoming.header = append(c.incoming.header, stream[0])
		stream = stream[1:]
		dgi, length, whole := parseHeader(c.incoming.header)
		if !whole {
			continue
		}
		c.incoming = grouping{dgi: dgi, left: length}
		return stream, c.announce(dgi, length, encrypted)
	}
	return nil, apdu.SWOK
}

func parseHeader(h []byte) (dgi uint16, length int, whole bool) {
	switch {
	case len(h) < 3 || h[2] == 0xFF && len(h) < 5:
		return 0, 0, false
	case h[2] == 0xFF:
		length = int(binary.BigEndian.Uint16(h[3:]))
	default:
		length = int(h[2])
	}
	return binary.BigEndian.Uint16(h), length, true
}

// announce makes room for a grouping that has begun.
func (c *Chip) announce(dgi uint16, length int, encrypted bool) apdu.StatusWord {
	if isSecret(dgi) {
		if !encrypted || length == 0 || length > maxSecret || length%aes.BlockSize != 0 {
			return apdu.SWWrongData
		}
		return apdu.SWOK
	}
	file, known := fileOf(dgi)
	if !known || encrypted || length == 0 {
		return apdu.SWWrongData
	}
	return c.Memory.CreateFile(file, length)
}

// fileOf finds the file that a grouping writes. EF.ATR/INFO is the maker's: it tells what the chip can.
func fileOf(dgi uint16) (lds.File, bool) {
	if dgi < underMasterFile {
		return lds.ByFID(dgi)
	}
	file, known := lds.ByMasterFID(dgi - underMasterFile)
	return file, known && file.Name != "EF.ATR/INFO"
}

// value takes the next bytes of the value of the grouping that is under way.
func (c *Chip) value(part []byte) apdu.StatusWord {
	c.incoming.left -= len(part)
	if file, known := fileOf(c.incoming.dgi); known {
		return c.Memory.AppendFile(file, part)
	}
	c.incoming.key = append(c.incoming.key, part...)
	if c.incoming.left > 0 {
		return apdu.SWOK
	}
	padded, err := c.DecryptKey(c.incoming.key)
	if err != nil {
		return apdu.SWWrongData
	}
	value, err := iso9797.Unpad(padded, aes.BlockSize)
	if err != nil {
		return apdu.SWWrongData
	}
	return c.Memory.PutSecret(c.incoming.dgi, value)
}

// setStatus locks a card that is personalised, or ends the life of any (section 11.10).
func (c *Chip) setStatus(cmd apdu.Command) apdu.StatusWord {
	if cmd.P1 == 0x80 && cmd.P2 == cardTerminated {
		return c.Memory.SetLifeCycle(Terminated)
	}
	if cmd.P1 != 0x80 || cmd.P2 != cardSecured {
		return apdu.SWIncorrectP1P2
	}
	if c.Memory.LifeCycle() != Personalised {
		return apdu.SWConditionsNotSatisfied
	}
	return c.Memory.SetLifeCycle(Locked)
}
