package lds

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/cancuoc/cancuoc/card/tlv"
)

const (
	tagNames = 0xA0 // content-specific class: names, counted

	shortText = 99  // bytes of most texts of EF.DG11 and EF.DG12: Doc 9303-10, tables 72 and 74
	longText  = 999 // and of the longest

	dateDigits = 8  // YYYYMMDD
	timeDigits = 14 // YYYYMMDDhhmmss
)

// Date is a date, YYYYMMDD, or a time, YYYYMMDDhhmmss, of EF.DG11, EF.DG12 or EF.DG16. Month or day 00 stands for
// unknown, and so does year 0000 (Doc 9303-10, section 4.7.11.1). The zero value is no date.
type Date struct {
	Digits string
	BCD    bool // two digits in a byte, as older documents have it, and not one (Doc 9303-10, section 4.7.12)
}

// bytes gives the date of that many digits as it stands in the file.
func (d Date) bytes(digits int) ([]byte, error) {
	if d.Digits == "" {
		return nil, nil
	}
	if !isDigits(d.Digits, digits) || !isTime(d.Digits) {
		return nil, fmt.Errorf("not a date of %d digits", digits)
	}
	if d.BCD {
		return hex.DecodeString(d.Digits)
	}
	return []byte(d.Digits), nil
}

// isTime tells whether the pairs of digits behind the year may be month, day, hour, minute and second.
func isTime(digits string) bool {
	for i, most := range []string{"12", "31", "23", "59", "59"} {
		at := 4 + 2*i
		if at < len(digits) && digits[at:at+2] > most {
			return false
		}
	}
	return true
}

func parseDate(value []byte, digits int) (Date, error) {
	if len(value) == 0 {
		return Date{}, nil
	}
	d := Date{Digits: string(value)}
	if len(value) == digits/2 {
		d = Date{Digits: hex.EncodeToString(value), BCD: true}
	}
	_, err := d.bytes(digits)
	return d, err
}

// element is one data element of EF.DG11 or EF.DG12 and where its value lives. Limit is how many bytes a text may have,
// or how many digits a date has.
type element struct {
	tag   uint32
	limit int
	field any    // *string, *Date, *[]string for names that are counted, *[]byte for an image
	inner uint32 // tag of each of the names
}

// value gives the element as it stands in the file; it is empty where nothing is known.
func (e element) value() ([]byte, error) {
	switch f := e.field.(type) {
	case *string:
		return []byte(*f), checkText(*f, e.limit)
	case *Date:
		return f.bytes(e.limit)
	case *[]string:
		return e.names(*f)
	case *[]byte:
		return *f, nil
	}
	return nil, fmt.Errorf("a field of an unknown kind")
}

func checkText(s string, limit int) error {
	if len(s) > limit {
		return fmt.Errorf("a text of %d bytes, where %d have room", len(s), limit)
	}
	if !utf8.ValidString(s) {
		return fmt.Errorf("a text that is not in UTF-8")
	}
	return nil
}

func (e element) names(names []string) ([]byte, error) {
	if len(names) > 0xFF {
		return nil, fmt.Errorf("%d names cannot be counted in a byte", len(names))
	}
	value := []byte{0x02, 0x01, byte(len(names))}
	for _, name := range names {
		if err := checkText(name, e.limit); err != nil || name == "" {
			return nil, fmt.Errorf("a name is empty, too long or not in UTF-8")
		}
		value = append(value, tlv.Encode(e.inner, []byte(name))...)
	}
	return value, nil
}

// set reads the element from a file.
func (e element) set(value []byte) (err error) {
	switch f := e.field.(type) {
	case *string:
		*f = string(value)
		return checkText(*f, e.limit)
	case *Date:
		*f, err = parseDate(value, e.limit)
		return err
	case *[]string:
		*f, err = e.parseNames(value)
		return err
	case *[]byte:
		*f = value
		return nil
	}
	return fmt.Errorf("a field of an unknown kind")
}

func (e element) parseNames(value []byte) ([]string, error) {
	count, rest, err := take(value, 0x02)
	if err != nil {
		return nil, err
	}
	if len(count) != 1 {
		return nil, fmt.Errorf("the number of names is not one byte")
	}
	var names []string
	for range count[0] {
		var name []byte
		if name, rest, err = take(rest, e.inner); err != nil {
			return nil, err
		}
		if err := checkText(string(name), e.limit); err != nil || len(name) == 0 {
			return nil, fmt.Errorf("a name is empty, too long or not in UTF-8")
		}
		names = append(names, string(name))
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%d bytes follow the last name", len(rest))
	}
	return names, nil
}

// isEmpty tells whether the value of an element says nothing: it has no bytes, or counts no names.
func (e element) isEmpty(value []byte) bool {
	return len(value) == 0 || e.inner != 0 && bytes.Equal(value, []byte{0x02, 0x01, 0x00})
}

// isListed tells whether a tag list names the element; names that are counted may be listed by either of their tags.
func (e element) isListed(list []uint32) bool {
	return slices.Contains(list, e.tag) || e.inner != 0 && slices.Contains(list, e.inner)
}

// encodeDetails gives the elements that have a value, or that the list names, and their tags, in the order of the table.
func encodeDetails(elements []element, list []uint32) (body []byte, present []uint32, err error) {
	for _, e := range elements {
		value, err := e.value()
		if err != nil {
			return nil, nil, &ObjectError{e.tag, err}
		}
		if e.isEmpty(value) && !e.isListed(list) {
			continue
		}
		body = append(body, tlv.Encode(e.tag, value)...)
		present = append(present, e.tag)
	}
	return body, present, nil
}

// ObjectError says which data object of a file is wrong, by its tag.
type ObjectError struct {
	Tag uint32
	Err error
}

// Error names the object, and not what stands there.
func (e *ObjectError) Error() string { return fmt.Sprintf("object %X: %v", e.Tag, e.Err) }

// Unwrap gives what is wrong with the object.
func (e *ObjectError) Unwrap() error { return e.Err }

// parseDetails reads elements in the order of the table, each at most once, and gives the tags of those that are there.
// An element without a value is taken only where the list names it.
func parseDetails(b []byte, elements []element, list []uint32) (present []uint32, err error) {
	for len(b) > 0 {
		o, rest, err := tlv.Next(b)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(elements, func(e element) bool { return e.tag == o.Tag })
		if i < 0 {
			return nil, &ObjectError{o.Tag, fmt.Errorf("it has no place, or stands twice or behind its place")}
		}
		e := elements[i]
		if err := e.set(o.Value); err != nil {
			return nil, &ObjectError{o.Tag, err}
		}
		if value, err := e.value(); err != nil || e.isEmpty(value) && !e.isListed(list) {
			return nil, &ObjectError{o.Tag, fmt.Errorf("it is empty")}
		}
		present, elements, b = append(present, o.Tag), elements[i+1:], rest
	}
	return present, nil
}

// checkTagList holds a tag list against the table: each tag of it once, and what it lists must be there. That more may
// be there than it lists breaks Doc 9303-10, section 4.7.11; the sample of EF.DG11 that readers are tested with (of John
// Doe, with 5F17 not listed) does so.
func checkTagList(list []uint32, elements []element, isThere func(element) bool) error {
	for i, tag := range list {
		at := slices.IndexFunc(elements, func(e element) bool { return e.isListed([]uint32{tag}) })
		switch {
		case at < 0:
			return fmt.Errorf("the tag list has the tag %X, which has no place", tag)
		case slices.Contains(list[:i], tag):
			return fmt.Errorf("the tag list has the tag %X twice", tag)
		case !isThere(elements[at]):
			return fmt.Errorf("the tag list has the tag %X, whose object is missing", tag)
		}
	}
	return nil
}

func encodeTagList(list []uint32) []byte {
	var b []byte
	for _, tag := range list {
		if tag > 0xFF {
			b = append(b, byte(tag>>8))
		}
		b = append(b, byte(tag))
	}
	return tlv.Encode(tagTagList, b)
}

// parseTagList reads tags of one or two bytes.
func parseTagList(b []byte) ([]uint32, error) {
	list := []uint32{}
	for len(b) > 0 {
		if b[0]&0x1F != 0x1F {
			list, b = append(list, uint32(b[0])), b[1:]
			continue
		}
		if len(b) < 2 || b[1]&0x80 != 0 {
			return nil, fmt.Errorf("the tag list ends inside a tag, or has one of three bytes")
		}
		list, b = append(list, uint32(b[0])<<8|uint32(b[1])), b[2:]
	}
	return list, nil
}

// encodeListed gives a template that begins with a tag list: the given one, or that of what is there.
func encodeListed(template uint32, elements []element, list []uint32) ([]byte, error) {
	everything := func(element) bool { return true } // what a list names is written, empty if need be
	if err := checkTagList(list, elements, everything); err != nil {
		return nil, err
	}
	body, present, err := encodeDetails(elements, list)
	if err != nil {
		return nil, err
	}
	if list == nil {
		list = present
	}
	return tlv.Encode(template, encodeTagList(list), body), nil
}

// parseListed reads what encodeListed gives. The list is nil where it is that of what is there.
func parseListed(value []byte, elements []element) (list []uint32, err error) {
	tags, rest, err := take(value, tagTagList)
	if err != nil {
		return nil, err
	}
	if list, err = parseTagList(tags); err != nil {
		return nil, err
	}
	present, err := parseDetails(rest, elements, list)
	if err != nil {
		return nil, err
	}
	isThere := func(e element) bool { return slices.Contains(present, e.tag) }
	if err := checkTagList(list, elements, isThere); err != nil {
		return nil, err
	}
	_, plain, err := encodeDetails(elements, nil)
	if slices.Equal(list, present) && slices.Equal(list, plain) {
		list = nil
	}
	return list, err
}
