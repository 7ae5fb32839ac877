package perso

import (
	"encoding/binary"

	"github.com/cancuoc/cancuoc/card/activeauth"
	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/tlv"
)

// AppletMemory is what a chip with the open passport applet keeps without power. Each method gives 9000 or the status
// word with which the command is refused.
type AppletMemory interface {
	LifeCycle() LifeCycle
	SetLifeCycle(LifeCycle) apdu.StatusWord
	HasFile(file lds.File) bool
	CreateFile(file lds.File, size int) apdu.StatusWord // anew; or again, if it does not grow
	WriteFile(file lds.File, offset int, content []byte) apdu.StatusWord
	SetBACSeed(seed []byte) apdu.StatusWord
	SigningKey() []byte // as [activeauth.EncodeHalves] gives it, whole or half; none: nil
	SetSigningKey(key []byte, hash int) apdu.StatusWord
}

// AppletChip is the chip's end of the dialect jmrtd-applet: what answers in the clear until it is locked, and refuses
// after that.
type AppletChip struct {
	Memory AppletMemory

	current lds.File
}

// Reset forgets which file is selected, as power off does.
func (c *AppletChip) Reset() { c.current = lds.File{} }

// Handle answers the commands of personalisation, and tells whether this was one. SELECT of a file is one until the applet
// is locked.
func (c *AppletChip) Handle(cmd apdu.Command) (resp apdu.Response, answered bool) {
	locked := c.Memory.LifeCycle() != Blank
	switch {
	case cmd.CLA != 0:
		return apdu.Response{}, false
	case locked && (cmd.INS == 0xDA || cmd.INS == 0xE0 || cmd.INS == 0xD6):
		return apdu.Response{SW: apdu.SWConditionsNotSatisfied}, true
	case locked:
		return apdu.Response{}, false
	}
	switch cmd.INS {
	case 0xDA:
		return apdu.Response{SW: c.putData(cmd)}, true
	case 0xE0:
		return apdu.Response{SW: c.createFile(cmd.Data)}, true
	case 0xD6:
		return apdu.Response{SW: c.updateBinary(cmd)}, true
	case 0xA4:
		return apdu.Response{SW: c.selectFile(cmd.Data)}, true
	case 0xB0: // even before it is locked it gives nothing without a session
		return apdu.Response{SW: apdu.SWSecurityStatusNotSatisfied}, true
	}
	return apdu.Response{}, false
}

func (c *AppletChip) createFile(data []byte) apdu.StatusWord {
	if len(data) != 6 || data[0] != appletCreate || data[1] != 4 {
		return apdu.SWWrongData
	}
	file, known := lds.ByFID(binary.BigEndian.Uint16(data[4:]))
	size := int(binary.BigEndian.Uint16(data[2:]))
	if !known || !appletHolds(file) || size == 0 || size > appletMaxFile {
		return apdu.SWWrongData
	}
	return c.Memory.CreateFile(file, size)
}

func (c *AppletChip) selectFile(data []byte) apdu.StatusWord {
	if len(data) != 2 {
		return apdu.SWWrongLength
	}
	file, known := lds.ByFID(binary.BigEndian.Uint16(data))
	if !known || !c.Memory.HasFile(file) {
		return apdu.SWFileNotFound
	}
	c.current = file
	return apdu.SWOK
}

func (c *AppletChip) updateBinary(cmd apdu.Command) apdu.StatusWord {
	switch {
	case c.current.FID == 0:
		return apdu.SWNoCurrentEF
	case cmd.P1&0x80 != 0:
		return apdu.SWIncorrectP1P2
	case len(cmd.Data) == 0 || len(cmd.Data) > appletMaxCommand:
		return apdu.SWWrongLength
	}
	return c.Memory.WriteFile(c.current, int(cmd.P1)<<8|int(cmd.P2), cmd.Data)
}

func (c *AppletChip) putData(cmd apdu.Command) apdu.StatusWord {
	if cmd.P1 == 0xDE && cmd.P2 == 0xAD {
		return c.Memory.SetLifeCycle(Locked)
	}
	if cmd.P1 != 0 {
		return apdu.SWIncorrectP1P2
	}
	field, err := tlv.ParseOne(cmd.Data, uint32(cmd.P2))
	if err != nil {
		return apdu.SWWrongData
	}
	parts, err := tlv.Parse(field)
	if err != nil {
		return apdu.SWWrongData
	}
	for _, part := range parts {
		if part.Tag != appletPart || len(part.Value) == 0 {
			return apdu.SWWrongData
		}
	}
	switch {
	case cmd.P2 == appletPutAccess && len(parts) == 3:
		return c.putAccess(accessParts{string(parts[0].Value), string(parts[1].Value), string(parts[2].Value)})
	case cmd.P2 == appletPutModulus && len(parts) == 1:
		return c.putKey(parts[0].Value, nil)
	case cmd.P2 == appletPutExponent && len(parts) == 1:
		return c.putKey(nil, parts[0].Value)
	}
	return apdu.SWWrongData
}

func (c *AppletChip) putAccess(parts accessParts) apdu.StatusWord {
	if len(parts.birth) != 6 || len(parts.expiry) != 6 || len(parts.number) > 22 {
		return apdu.SWWrongData
	}
	seed, err := parts.seed()
	if err != nil {
		return apdu.SWWrongData
	}
	return c.Memory.SetBACSeed(seed)
}

// putKey takes one half of the key of Active Authentication; it serves once the other is there.
func (c *AppletChip) putKey(modulus, exponent []byte) apdu.StatusWord {
	n, d, _ := activeauth.ParseHalves(c.Memory.SigningKey()) // none: neither half is there
	if modulus == nil {
		modulus = n
	}
	if exponent == nil {
		exponent = d
	}
	encoded, err := activeauth.EncodeHalves(modulus, exponent)
	if err != nil || len(modulus) > appletModulus+1 || len(exponent) > appletModulus {
		return apdu.SWWrongData
	}
	return c.Memory.SetSigningKey(encoded, appletHash)
}
