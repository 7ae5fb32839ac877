package lds

import (
	"fmt"

	"github.com/cancuoc/cancuoc/card/tlv"
)

const (
	tagLDSVersion     = 0x5F01
	tagUnicodeVersion = 0x5F36
	tagTagList        = 0x5C
)

// COM is the content of EF.COM: which data groups a chip holds. Nothing signs EF.COM, so a verifier believes the
// list of EF.SOD instead (Doc 9303-10, section 4.6.1).
type COM struct {
	LDSVersion     string // four digits aabb, "0107"
	UnicodeVersion string // six digits aabbcc, "040000"
	Tags           []byte // tags of the data groups present, in the order of the file
}

// Encode gives EF.COM.
func (c COM) Encode() ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	return tlv.Encode(0x60,
		tlv.Encode(tagLDSVersion, []byte(c.LDSVersion)),
		tlv.Encode(tagUnicodeVersion, []byte(c.UnicodeVersion)),
		tlv.Encode(tagTagList, c.Tags)), nil
}

// ParseCOM reads EF.COM. A tag that belongs to no data group, or stands twice, is an error.
func ParseCOM(file []byte) (COM, error) {
	values, err := exactly(file, 0x60, tagLDSVersion, tagUnicodeVersion, tagTagList)
	if err != nil {
		return COM{}, fmt.Errorf("lds: EF.COM: %w", err)
	}
	c := COM{string(values[0]), string(values[1]), append([]byte(nil), values[2]...)}
	return c, c.check()
}

func (c COM) check() error {
	if !isDigits(c.LDSVersion, 4) || !isDigits(c.UnicodeVersion, 6) {
		return fmt.Errorf("lds: EF.COM: a version is not of four (LDS) or six (Unicode) digits")
	}
	seen := map[byte]bool{}
	for _, tag := range c.Tags {
		f, ok := ByTag(tag)
		if !ok || f.DataGroup == 0 {
			return fmt.Errorf("lds: EF.COM: tag %02X belongs to no data group", tag)
		}
		if seen[tag] {
			return fmt.Errorf("lds: EF.COM: %s is listed twice", f.Name)
		}
		seen[tag] = true
	}
	return nil
}

func isDigits(s string, n int) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(s) == n
}

// exactly reads a file that is one template holding one object of each of the given tags, in that order.
func exactly(file []byte, template uint32, tags ...uint32) ([][]byte, error) {
	inner, err := tlv.ParseOne(file, template)
	if err != nil {
		return nil, err
	}
	values := make([][]byte, len(tags))
	for i, tag := range tags {
		if values[i], inner, err = take(inner, tag); err != nil {
			return nil, err
		}
	}
	if len(inner) > 0 {
		return nil, fmt.Errorf("%d bytes too many inside object %X", len(inner), template)
	}
	return values, nil
}

// take reads the object with this tag, which is due next.
func take(b []byte, tag uint32) (value, rest []byte, err error) {
	o, rest, err := tlv.Next(b)
	if err == nil && o.Tag != tag {
		err = fmt.Errorf("object %X found where %X is due", o.Tag, tag)
	}
	return o.Value, rest, err
}
