package pcsc

import (
	"encoding/binary"

	"github.com/cancuoc/cancuoc/card/apdu"
)

// What a driver is asked for and answers (PC/SC part 10, sections 2.2 and 2.6.14): a list of features with the control
// code of each, big-endian, and a list of properties, little-endian, each a tag, a length and a value.
const (
	askFeatures          = 3400
	featureProperties    = 0x12
	propertyMaxDataSize  = 0x0A
	extendedFrameAround  = 4 + 3 + 2 // header, Lc and Le with extended length fields
	maxPropertyListBytes = 0xFFFF
)

// featureCode finds the control code of a feature in a driver's list of them.
func featureCode(list []byte, feature byte) (uint32, bool) {
	value, ok := findProperty(list, feature)
	if !ok || len(value) != 4 {
		return 0, false
	}
	return binary.BigEndian.Uint32(value), true
}

// limitsOf reads from a driver's properties how much data a command or response may carry: 256 bytes and less mean that
// only short length fields go. Nothing is known where the driver does not say.
func limitsOf(properties []byte) apdu.Limits {
	value, ok := findProperty(properties, propertyMaxDataSize)
	if !ok || len(value) != 4 {
		return apdu.Limits{}
	}
	n := binary.LittleEndian.Uint32(value)
	switch {
	case n <= apdu.MaxShortNe:
		return apdu.ShortLimits()
	case n > apdu.MaxExtendedNe:
		n = apdu.MaxExtendedNe
	}
	return apdu.Limits{Command: int(n) + extendedFrameAround, Response: int(n) + 2}
}

func findProperty(list []byte, tag byte) ([]byte, bool) {
	if len(list) > maxPropertyListBytes {
		return nil, false
	}
	for len(list) >= 2 {
		n := int(list[1])
		if len(list) < 2+n {
			return nil, false
		}
		if list[0] == tag {
			return list[2 : 2+n], true
		}
		list = list[2+n:]
	}
	return nil, false
}
