// Package tlv reads and writes the BER-TLV data objects of ISO/IEC 7816-4: a tag of one to three bytes, a definite
// length of one to five, and the value. Reading never copies: values are slices of the input.
package tlv

import "fmt"

// Object is one data object. Tag holds the tag's bytes as a number: 0x61, 0x5F1F, 0x7F66.
type Object struct {
	Tag   uint32
	Value []byte
}

// Constructed tells whether the value is itself a sequence of data objects.
func (o Object) Constructed() bool {
	first := o.Tag
	for first > 0xFF {
		first >>= 8
	}
	return first&0x20 != 0
}

// Bytes encodes the object.
func (o Object) Bytes() []byte { return Encode(o.Tag, o.Value) }

// Encode gives the data object with this tag whose value is the given parts one after another.
func Encode(tag uint32, parts ...[]byte) []byte {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	b := make([]byte, 0, n+8)
	b = AppendHeader(b, tag, n)
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// AppendHeader appends tag and length, the length in the fewest bytes.
func AppendHeader(b []byte, tag uint32, length int) []byte {
	b = appendNumber(b, tag)
	if length < 0x80 {
		return append(b, byte(length))
	}
	size := 1
	for v := length >> 8; v > 0; v >>= 8 {
		size++
	}
	return appendNumber(append(b, 0x80|byte(size)), uint32(length))
}

func appendNumber(b []byte, v uint32) []byte {
	started := false
	for shift := 24; shift >= 0; shift -= 8 {
		octet := byte(v >> shift)
		if octet != 0 || started || shift == 0 {
			b, started = append(b, octet), true
		}
	}
	return b
}

// Header reads tag and length at the start of b, of which the value may be missing: what a reader needs to learn
// the size of a file from its first bytes. It gives the tag, the value's length and the header's own length.
func Header(b []byte) (tag uint32, length, size int, err error) {
	tag, size, err = readTag(b)
	if err != nil {
		return 0, 0, 0, err
	}
	length, n, err := readLength(b[size:])
	if err != nil {
		return 0, 0, 0, err
	}
	return tag, length, size + n, nil
}

func readTag(b []byte) (tag uint32, size int, err error) {
	if len(b) == 0 {
		return 0, 0, fmt.Errorf("tlv: no tag: the data has ended")
	}
	tag, size = uint32(b[0]), 1
	if tag&0x1F != 0x1F {
		return tag, size, nil
	}
	for size < 3 {
		if size == len(b) {
			return 0, 0, fmt.Errorf("tlv: the data ends inside a tag")
		}
		next := b[size]
		tag, size = tag<<8|uint32(next), size+1
		if next&0x80 == 0 {
			return tag, size, nil
		}
	}
	return 0, 0, fmt.Errorf("tlv: tag %X has more than three bytes", tag)
}

func readLength(b []byte) (length, size int, err error) {
	if len(b) == 0 {
		return 0, 0, fmt.Errorf("tlv: no length: the data has ended")
	}
	if b[0] < 0x80 {
		return int(b[0]), 1, nil
	}
	n := int(b[0] & 0x7F)
	if n == 0 || n > 4 {
		return 0, 0, fmt.Errorf("tlv: length byte %02X is not a definite length of at most four bytes", b[0])
	}
	if len(b) < 1+n {
		return 0, 0, fmt.Errorf("tlv: the data ends inside a length")
	}
	var value uint64
	for _, octet := range b[1 : 1+n] {
		value = value<<8 | uint64(octet)
	}
	if value > 1<<31-1 {
		return 0, 0, fmt.Errorf("tlv: a length of %d bytes is beyond any card", value)
	}
	return int(value), 1 + n, nil
}

// Next reads the first data object of b and gives what follows it.
func Next(b []byte) (o Object, rest []byte, err error) {
	tag, length, size, err := Header(b)
	if err != nil {
		return Object{}, nil, err
	}
	if length > len(b)-size {
		return Object{}, nil, fmt.Errorf("tlv: object %X announces %d bytes, %d are left", tag, length, len(b)-size)
	}
	end := size + length
	return Object{Tag: tag, Value: b[size:end:end]}, b[end:], nil
}

// Parse reads b as a sequence of data objects that fill it exactly.
func Parse(b []byte) ([]Object, error) {
	var objects []Object
	for len(b) > 0 {
		o, rest, err := Next(b)
		if err != nil {
			return nil, err
		}
		objects, b = append(objects, o), rest
	}
	return objects, nil
}

// ParseOne reads b as exactly one data object with the given tag and gives its value.
func ParseOne(b []byte, tag uint32) ([]byte, error) {
	o, rest, err := Next(b)
	switch {
	case err != nil:
		return nil, err
	case o.Tag != tag:
		return nil, fmt.Errorf("tlv: tag %X found where %X is due", o.Tag, tag)
	case len(rest) > 0:
		return nil, fmt.Errorf("tlv: %d bytes follow object %X", len(rest), tag)
	}
	return o.Value, nil
}

// Find gives the first object with this tag.
func Find(objects []Object, tag uint32) (Object, bool) {
	for _, o := range objects {
		if o.Tag == tag {
			return o, true
		}
	}
	return Object{}, false
}
