package lds

import (
	"cmp"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/tlv"
)

// maxDepth is how deep a block may be nested; those of ISO/IEC 39794-5 go down to ten.
const maxDepth = 32

// Block is components of a block of the ISO/IEC 39794 series, which is a SEQUENCE of context-specific objects in DER
// with ascending tags. What stands in one is not interpreted here, and survives reading and writing.
type Block []tlv.Object

// primitive and constructed give the tag of component n: what an IMPLICIT tag makes of either kind of type.
func primitive(n uint32) uint32   { return 0x80 | n }
func constructed(n uint32) uint32 { return 0xA0 | n }

// check holds a block to its kind: context-specific objects, ascending, in DER all the way down.
func (b Block) check() error {
	last := -1
	for _, o := range b {
		if o.Tag < 0x80 || o.Tag > 0xBE || o.Tag&0x1F == 0x1F {
			return fmt.Errorf("object %X has no place in a block of ISO/IEC 39794", o.Tag)
		}
		number := int(o.Tag & 0x1F)
		if number <= last {
			return fmt.Errorf("component %d of a block stands behind component %d", number, last)
		}
		last = number
		if o.Constructed() && !isDER(o.Value, maxDepth) {
			return fmt.Errorf("component %d of a block is not in DER", number)
		}
	}
	return nil
}

// isDER tells whether b is a sequence of objects in DER, as far as tags and lengths go.
func isDER(b []byte, depth int) bool {
	in := cryptobyte.String(b)
	for !in.Empty() {
		var value cryptobyte.String
		var tag cbasn1.Tag
		if depth == 0 || !in.ReadAnyASN1(&value, &tag) {
			return false
		}
		if tag&0x20 != 0 && !isDER(value, depth-1) {
			return false
		}
	}
	return true
}

func parseBlock(der []byte) (Block, error) {
	in := cryptobyte.String(der)
	var b Block
	for !in.Empty() {
		var value cryptobyte.String
		var tag cbasn1.Tag
		if !in.ReadAnyASN1(&value, &tag) {
			return nil, fmt.Errorf("a block is not in DER")
		}
		b = append(b, tlv.Object{Tag: uint32(tag), Value: value})
	}
	return b, b.check()
}

// encode gives the block with the typed components of it added, each at its place.
func (b Block) encode(typed ...tlv.Object) ([]byte, error) {
	all := append(slices.Clone(b), typed...)
	slices.SortStableFunc(all, func(x, y tlv.Object) int { return cmp.Compare(x.Tag&0x1F, y.Tag&0x1F) })
	if err := all.check(); err != nil {
		return nil, err
	}
	return encodeObjects(all), nil
}

// Code is a value of an enumeration of ISO/IEC 39794-1 that later editions may extend.
type Code struct {
	Value     int   // the code; of an extended one, the code to fall back to
	Extended  bool  // the code stands in an extension block
	Extension Block // what follows the fallback there
}

// object gives the code as component n.
func (c Code) object(n uint32) (tlv.Object, error) {
	code, err := integer(0, c.Value)
	if err != nil {
		return tlv.Object{}, err
	}
	if !c.Extended && len(c.Extension) > 0 {
		return tlv.Object{}, fmt.Errorf("a code that is not extended has an extension")
	}
	if !c.Extended {
		return tlv.Object{Tag: constructed(n), Value: code.Bytes()}, nil
	}
	extension, err := c.Extension.encode(code)
	return tlv.Object{Tag: constructed(n), Value: tlv.Encode(constructed(1), extension)}, err
}

// integer gives a number of zero or more as component n.
func integer(n uint32, value int) (tlv.Object, error) {
	if value < 0 || value > 1<<31-1 {
		return tlv.Object{}, fmt.Errorf("a number is not 0 to 2147483647")
	}
	b := []byte{byte(value)}
	for v := value >> 8; v > 0; v >>= 8 {
		b = append([]byte{byte(v)}, b...)
	}
	if b[0]&0x80 != 0 {
		b = append([]byte{0}, b...)
	}
	return tlv.Object{Tag: primitive(n), Value: b}, nil
}

// components takes the components of a block out one by one; what is never taken out is left over. The first error
// stays.
type components struct {
	left Block
	err  error
}

func readComponents(der []byte, before error) *components {
	if before != nil {
		return &components{err: before}
	}
	b, err := parseBlock(der)
	return &components{b, err}
}

// take gives the value of component n, which must have this tag.
func (c *components) take(n, tag uint32) (value []byte, ok bool) {
	for i, o := range c.left {
		if c.err != nil || o.Tag&0x1F != n {
			continue
		}
		if o.Tag != tag {
			c.fail(fmt.Errorf("component %d of a block is of another kind", n))
			return nil, false
		}
		if c.left = slices.Delete(c.left, i, i+1); len(c.left) == 0 {
			c.left = nil
		}
		return o.Value, true
	}
	return nil, false
}

func (c *components) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// must gives the value of component n and notes an error where it is absent.
func (c *components) must(n, tag uint32) []byte {
	value, ok := c.take(n, tag)
	if !ok {
		c.fail(fmt.Errorf("component %d of a block is missing", n))
	}
	return value
}

// number reads component n, an INTEGER of zero or more.
func (c *components) number(n uint32) int {
	value := c.must(n, primitive(n))
	minimal := len(value) > 0 && len(value) <= 4 && value[0]&0x80 == 0 && (len(value) == 1 || value[0] != 0 || value[1]&0x80 != 0)
	if !minimal {
		c.fail(fmt.Errorf("component %d of a block is not a number of 0 to 2147483647 in DER", n))
		return 0
	}
	v := 0
	for _, octet := range value {
		v = v<<8 | int(octet)
	}
	return v
}

// code reads component n, an extensible enumeration, and gives nil where it is absent.
func (c *components) code(n uint32) *Code {
	value, ok := c.take(n, constructed(n))
	if !ok {
		return nil
	}
	choice := readComponents(value, c.err)
	extension, extended := choice.take(1, constructed(1))
	if !extended {
		code := &Code{Value: choice.number(0)}
		c.fail(choice.done())
		return code
	}
	block := readComponents(extension, choice.done())
	code := &Code{Value: block.number(0), Extended: true, Extension: block.left}
	c.fail(block.err)
	return code
}

// done gives the first error, or one where something is left.
func (c *components) done() error {
	if c.err == nil && len(c.left) > 0 {
		return fmt.Errorf("object %X is one too many in a block", c.left[0].Tag)
	}
	return c.err
}

// choice reads a CHOICE of which one alternative is known, component n, and gives what it holds.
func choice(der []byte, n uint32, before error) ([]byte, error) {
	c := readComponents(der, before)
	value := c.must(n, constructed(n))
	return value, c.done()
}
