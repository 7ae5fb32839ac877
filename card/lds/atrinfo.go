package lds

import (
	"fmt"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/tlv"
)

// Buffers are the sizes of a chip's buffers: the longest command APDU that it takes and the longest response APDU
// that it gives, in bytes, headers and status word counted in.
type Buffers struct {
	Command, Response int
}

// ShortBuffers hold for a chip that states nothing: command and response with short length fields.
func ShortBuffers() Buffers { return Buffers{Command: 5 + 255 + 1, Response: 256 + 2} }

// Extended tells whether the chip takes extended length fields.
func (b Buffers) Extended() bool { return b.Command > ShortBuffers().Command }

// EncodeATRInfo gives an EF.ATR/INFO that holds the extended length information DO'7F66' (ISO/IEC 7816-4,
// section 12.7.1; Doc 9303-10, section 3.11.1).
func EncodeATRInfo(b Buffers) []byte {
	return tlv.Encode(0x7F66, sizeObject(b.Command), sizeObject(b.Response))
}

func sizeObject(n int) []byte { return tlv.Encode(0x02, []byte{byte(n >> 8), byte(n)}) }

// ParseATRInfo reads the buffer sizes of an EF.ATR/INFO; a file without DO'7F66' gives [ShortBuffers].
func ParseATRInfo(file []byte) (Buffers, error) {
	objects, err := tlv.Parse(file)
	if err != nil {
		return Buffers{}, fmt.Errorf("lds: EF.ATR/INFO: %w", err)
	}
	info, ok := tlv.Find(objects, 0x7F66)
	if !ok {
		return ShortBuffers(), nil
	}
	sizes, err := tlv.Parse(info.Value)
	if err != nil || len(sizes) != 2 || sizes[0].Tag != 0x02 || sizes[1].Tag != 0x02 {
		return Buffers{}, fmt.Errorf("lds: EF.ATR/INFO: DO'7F66' is not two sizes in DO'02'")
	}
	b := Buffers{Command: number(sizes[0].Value), Response: number(sizes[1].Value)}
	if short := ShortBuffers(); b.Command < short.Command || b.Response < short.Response {
		return Buffers{}, fmt.Errorf("lds: EF.ATR/INFO: buffers of %d and %d bytes are smaller than short commands need", b.Command, b.Response)
	}
	return b, nil
}

// number reads an unsigned number of up to four bytes and caps it at the greatest APDU there is.
func number(b []byte) int {
	n := 0
	for _, octet := range b {
		n = min(n<<8|int(octet), 1<<17)
	}
	return min(n, apdu.MaxExtendedNe+2)
}
