package lds

import (
	"fmt"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/tlv"
)

const (
	tagCapabilities   = 0x47
	tagExtendedLength = 0x7F66

	maxCommand  = 4 + 3 + (apdu.MaxExtendedNe - 1) + 2 // header, Lc in three bytes, data, Le in two
	maxResponse = apdu.MaxExtendedNe + 2
)

// ATRInfo is all of EF.ATR/INFO, data objects of which the standard knows a few and lets a chip have others (Doc
// 9303-10, section 3.11.1, note 1). [EncodeATRInfo] and [ParseATRInfo] are for the buffer sizes alone.
type ATRInfo []tlv.Object

// ParseATRObjects reads EF.ATR/INFO and keeps every object of it, in the order of the file. Card capabilities and
// extended length information stand there at most once.
func ParseATRObjects(file []byte) (ATRInfo, error) {
	objects, err := tlv.Parse(file)
	if err != nil {
		return nil, fmt.Errorf("lds: EF.ATR/INFO: %w", err)
	}
	if err := ATRInfo(objects).check(); err != nil {
		return nil, err
	}
	return objects, nil
}

// Encode gives EF.ATR/INFO.
func (a ATRInfo) Encode() ([]byte, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	return encodeObjects(a), nil
}

func (a ATRInfo) check() error {
	seen := map[uint32]int{}
	for _, o := range a {
		seen[o.Tag]++
	}
	if seen[tagCapabilities] > 1 || seen[tagExtendedLength] > 1 {
		return fmt.Errorf("lds: EF.ATR/INFO: DO'47' or DO'7F66' stands twice")
	}
	if capabilities, ok := tlv.Find(a, tagCapabilities); ok && (len(capabilities.Value) < 1 || len(capabilities.Value) > 3) {
		return fmt.Errorf("lds: EF.ATR/INFO: card capabilities have %d bytes, 1 to 3 are known", len(capabilities.Value))
	}
	_, err := a.Buffers()
	return err
}

// Buffers are the sizes of a chip's buffers: the longest command APDU that it takes and the longest response APDU
// that it gives, in bytes, headers and status word counted in.
type Buffers struct {
	Command, Response int
}

// ShortBuffers hold for a chip that states nothing: command and response with short length fields.
func ShortBuffers() Buffers { return Buffers{Command: 5 + 255 + 1, Response: 256 + 2} }

// Extended tells whether the chip takes extended length fields.
func (b Buffers) Extended() bool { return b.Command > ShortBuffers().Command }

// Within gives what the chip takes and gives over a way that has limits of its own.
func (b Buffers) Within(way apdu.Limits) Buffers {
	if way.Command > 0 {
		b.Command = min(b.Command, max(way.Command, ShortBuffers().Command))
	}
	if way.Response > 0 {
		b.Response = min(b.Response, max(way.Response, ShortBuffers().Response))
	}
	return b
}

// Buffers gives the sizes that extended length information states, [ShortBuffers] where there is none.
func (a ATRInfo) Buffers() (Buffers, error) {
	info, ok := tlv.Find(a, tagExtendedLength)
	if !ok {
		return ShortBuffers(), nil
	}
	sizes, err := tlv.Parse(info.Value)
	if err != nil || len(sizes) != 2 || sizes[0].Tag != 0x02 || sizes[1].Tag != 0x02 {
		return Buffers{}, fmt.Errorf("lds: EF.ATR/INFO: DO'7F66' is not two sizes in DO'02'")
	}
	b := Buffers{Command: number(sizes[0].Value, maxCommand), Response: number(sizes[1].Value, maxResponse)}
	if short := ShortBuffers(); b.Command < short.Command || b.Response < short.Response {
		return Buffers{}, fmt.Errorf("lds: EF.ATR/INFO: buffers of %d and %d bytes are smaller than short commands need", b.Command, b.Response)
	}
	return b, nil
}

// EncodeATRInfo gives an EF.ATR/INFO that holds the extended length information DO'7F66' (ISO/IEC 7816-4,
// section 12.7.1; Doc 9303-10, section 3.11.1).
func EncodeATRInfo(b Buffers) []byte {
	return tlv.Encode(tagExtendedLength, sizeObject(b.Command), sizeObject(b.Response))
}

// sizeObject writes a size in two bytes, or in three where it needs them: the longest APDU is of 65,544 bytes.
func sizeObject(n int) []byte {
	n = max(0, min(n, 1<<24-1))
	if n > 0xFFFF {
		return tlv.Encode(0x02, []byte{byte(n >> 16), byte(n >> 8), byte(n)})
	}
	return tlv.Encode(0x02, []byte{byte(n >> 8), byte(n)})
}

// ParseATRInfo reads the buffer sizes of an EF.ATR/INFO; a file without DO'7F66' gives [ShortBuffers].
func ParseATRInfo(file []byte) (Buffers, error) {
	a, err := ParseATRObjects(file)
	if err != nil {
		return Buffers{}, err
	}
	return a.Buffers()
}

// number reads an unsigned number and caps it at most.
func number(b []byte, most int) int {
	n := 0
	for _, octet := range b {
		n = min(n<<8|int(octet), most)
	}
	return n
}
