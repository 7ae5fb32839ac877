package atr

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// Object is one COMPACT-TLV data object of the historical bytes (ISO/IEC 7816-4, section 12.1.1.2).
type Object struct {
	Tag   byte // 1 to 15
	Value []byte
}

const (
	categoryStatus  = 0x00 // COMPACT-TLV, and three bytes of status behind them
	categoryCompact = 0x80
	tagCapabilities = 0x7
	tagPreIssuing   = 0x6
)

// Objects reads historical bytes of category 00 or 80; those of other categories, which are their maker's own, give none.
func (a ATR) Objects() ([]Object, error) {
	h := a.Historical
	if len(h) == 0 || h[0] != categoryStatus && h[0] != categoryCompact {
		return nil, nil
	}
	body := h[1:]
	if h[0] == categoryStatus {
		if len(body) < 3 {
			return nil, fmt.Errorf("atr: historical bytes of category 00 without a status")
		}
		body = body[:len(body)-3]
	}
	var objects []Object
	for len(body) > 0 {
		tag, n := body[0]>>4, int(body[0]&0x0F)
		if len(body) < 1+n {
			return nil, fmt.Errorf("atr: a historical data object announces %d bytes, %d are left", n, len(body)-1)
		}
		objects, body = append(objects, Object{tag, body[1 : 1+n : 1+n]}), body[1+n:]
	}
	return objects, nil
}

func (a ATR) find(tag byte) []byte {
	objects, err := a.Objects()
	if err != nil {
		return nil
	}
	for _, o := range objects {
		if o.Tag == tag {
			return o.Value
		}
	}
	return nil
}

// Capabilities is what a card says that it can do with commands (ISO/IEC 7816-4, section 12.1.1.9, third byte).
type Capabilities struct {
	Chaining     bool // commands may be chained
	Extended     bool // extended length fields
	ExtendedInfo bool // how long they may be stands in EF.ATR/INFO
}

// Capabilities gives the card capabilities of the historical bytes, if they go so far.
func (a ATR) Capabilities() (Capabilities, bool) {
	c := a.find(tagCapabilities)
	if len(c) < 3 {
		return Capabilities{}, false
	}
	return Capabilities{Chaining: c[2]&0x80 != 0, Extended: c[2]&0x40 != 0, ExtendedInfo: c[2]&0x20 != 0}, true
}

// Simulated tells whether the card says that it is a simulated one of this project.
func (a ATR) Simulated() bool { return bytes.Equal(a.find(tagPreIssuing), []byte("cancuoc")) }

// Storage names a contactless memory card, which has no commands of ISO/IEC 7816-4: its name, else its number, and the
// standard that it follows (PC/SC part 3, section 3.1.3.2.3, and its supplement). Other cards give nothing.
func (a ATR) Storage() (name string, ok bool) {
	h := a.Historical
	if !a.Contactless() || len(h) != 15 || !bytes.HasPrefix(h, []byte{categoryCompact, 0x4F, 0x0C, 0xA0, 0, 0, 0x03, 0x06}) {
		return "", false
	}
	number := binary.BigEndian.Uint16(h[9:11])
	name = storageName(number)
	if name == "" {
		name = fmt.Sprintf("memory card %04X", number)
	}
	if standard := storageStandard(h[8]); standard != "" {
		name += ", " + standard
	}
	return name, true
}

// storageStandard gives the standard of a memory card, by the byte SS.
func storageStandard(ss byte) string {
	switch ss {
	case 0x01, 0x02, 0x03:
		return fmt.Sprintf("ISO/IEC 14443 A, part %d", ss)
	case 0x05, 0x06, 0x07:
		return fmt.Sprintf("ISO/IEC 14443 B, part %d", ss-4)
	case 0x09, 0x0A, 0x0B, 0x0C:
		return fmt.Sprintf("ISO/IEC 15693, part %d", ss-8)
	case 0x11:
		return "JIS X 6319-4"
	}
	return ""
}

// storageName gives the name of a memory card, by the number NN.
func storageName(number uint16) string {
	switch number {
	case 0x0001:
		return "MIFARE Classic 1K"
	case 0x0002:
		return "MIFARE Classic 4K"
	case 0x0003:
		return "MIFARE Ultralight"
	case 0x0012:
		return "Tag-it"
	case 0x0013:
		return "LRI512"
	case 0x0014:
		return "ICODE SLI"
	case 0x0016:
		return "I.CODE 1"
	case 0x0026:
		return "MIFARE Mini"
	case 0x002F:
		return "Jewel"
	case 0x0030:
		return "Topaz"
	case 0x0036:
		return "MIFARE Plus SL1 2K"
	case 0x0037:
		return "MIFARE Plus SL1 4K"
	case 0x0038:
		return "MIFARE Plus SL2 2K"
	case 0x0039:
		return "MIFARE Plus SL2 4K"
	case 0x003A:
		return "MIFARE Ultralight C"
	case 0x003B:
		return "FeliCa"
	}
	return ""
}
