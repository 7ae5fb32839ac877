package lds

import (
	"fmt"

	"github.com/cancuoc/cancuoc/card/tlv"
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

// Buffers gives the sizes that extended length information states, [ShortBuffers] where there is none.
func (a ATRInfo) Buffers() (Buffers, error) { return ParseATRInfo(encodeObjects(a)) }

func (a ATRInfo) check() error {
	seen := map[uint32]int{}
	for _, o := range a {
		seen[o.Tag]++
	}
	if seen[0x47] > 1 || seen[0x7F66] > 1 {
		return fmt.Errorf("lds: EF.ATR/INFO: DO'47' or DO'7F66' stands twice")
	}
	if capabilities, ok := tlv.Find(a, 0x47); ok && (len(capabilities.Value) < 1 || len(capabilities.Value) > 3) {
		return fmt.Errorf("lds: EF.ATR/INFO: card capabilities have %d bytes, 1 to 3 are known", len(capabilities.Value))
	}
	_, err := a.Buffers()
	return err
}
