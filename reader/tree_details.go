package reader

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cancuoc/cancuoc/card/lds"
)

// dg11Grammar is EF.DG11 (Doc 9303-10, section 4.7.11).
func dg11Grammar() grammar {
	return grammar{{tag: 0x6B, name: "additional personal details", inner: listed(grammar{
		{tag: 0x5F0E, name: "name of holder", show: showText},
		{tag: 0xA0, name: "other names", inner: grammar{{tag: 0x02, name: "number of names"}, {tag: 0x5F0F, name: "other name", show: showText}}},
		{tag: 0x5F0F, name: "other name", show: showText},
		{tag: 0x5F10, name: "personal number", show: showText},
		{tag: 0x5F2B, name: "full date of birth", show: showDate(8)},
		{tag: 0x5F11, name: "place of birth", show: showText},
		{tag: 0x5F42, name: "permanent address", show: showText},
		{tag: 0x5F12, name: "telephone", show: showText},
		{tag: 0x5F13, name: "profession", show: showText},
		{tag: 0x5F14, name: "title", show: showText},
		{tag: 0x5F15, name: "personal summary", show: showText},
		{tag: 0x5F16, name: "proof of citizenship", show: showImage},
		{tag: 0x5F17, name: "other valid travel documents", show: showText},
		{tag: 0x5F18, name: "custody information", show: showText},
	})}}
}

// dg12Grammar is EF.DG12 (Doc 9303-10, section 4.7.12).
func dg12Grammar() grammar {
	return grammar{{tag: 0x6C, name: "additional document details", inner: listed(grammar{
		{tag: 0x5F19, name: "issuing authority", show: showText},
		{tag: 0x5F26, name: "date of issue", show: showDate(8)},
		{tag: 0xA0, name: "other persons", inner: grammar{{tag: 0x02, name: "number of persons"}, {tag: 0x5F1A, name: "name of other person", show: showText}}},
		{tag: 0x5F1A, name: "name of other person", show: showText},
		{tag: 0x5F1B, name: "endorsements, observations", show: showText},
		{tag: 0x5F1C, name: "tax or exit requirements", show: showText},
		{tag: 0x5F1D, name: "image of front of document", show: showImage},
		{tag: 0x5F1E, name: "image of rear of document", show: showImage},
		{tag: 0x5F55, name: "time of personalisation", show: showDate(14)},
		{tag: 0x5F56, name: "serial number of personalisation system", show: showText},
	})}}
}

// dg16Grammar is EF.DG16 (Doc 9303-10, section 4.7.16).
func dg16Grammar() grammar {
	inner := grammar{{tag: 0x02, name: "number of persons"}}
	for i := range uint32(15) {
		inner = append(inner, form{tag: 0xA1 + i, name: fmt.Sprintf("person %d", i+1), inner: grammar{
			{tag: 0x5F50, name: "date of recording", show: showDate(8)}, {tag: 0x5F51, name: "name", show: showText},
			{tag: 0x5F52, name: "telephone", show: showText}, {tag: 0x5F53, name: "address", show: showText},
		}})
	}
	return grammar{{tag: 0x70, name: "persons to notify", inner: inner}}
}

// listed puts a tag list, which is shown tag by tag, before the elements.
func listed(elements grammar) grammar {
	list := form{tag: 0x5C, name: "tag list", show: func(_ *tree, n *Node, value []byte) {
		var tags []string
		for b := value[:min(len(value), 2*mostHex)]; len(b) > 0; {
			size := 1
			if b[0]&0x1F == 0x1F && len(b) > 1 {
				size = 2
			}
			tags, b = append(tags, fmt.Sprintf("%X", b[:size])), b[size:]
		}
		n.Value = strings.Join(tags, " ")
	}}
	return append(grammar{list}, elements...)
}

// showDate shows a date or a time of so many digits, a byte for each, or for two of them as older documents have it (Doc
// 9303-10, section 4.7.12).
func showDate(digits int) show {
	return func(t *tree, n *Node, value []byte) {
		n.Value = fmt.Sprintf("%X", value[:min(len(value), mostHex)])
		switch len(value) {
		case digits:
			showText(t, n, value)
		case digits / 2:
			n.Note = "two digits in a byte"
		case 0:
		default:
			n.Error = fmt.Sprintf("reader: not a date of %d digits", digits)
		}
		if n.Error == "" && strings.Trim(n.Value, "0123456789") != "" {
			n.Error = "reader: a date that is not of digits"
		}
		if n.Error == "" && len(n.Value) >= 8 {
			n.Value = n.Value[:4] + "-" + n.Value[4:6] + "-" + n.Value[6:8] + timeDigits(n.Value[8:])
		}
	}
}

func timeDigits(s string) string {
	if len(s) != 6 {
		return s
	}
	return " " + s[:2] + ":" + s[2:4] + ":" + s[4:]
}

// markObject puts an error of a codec that names an object at that object, where there is but one with the tag.
func markObject(root *Node, err error) {
	var at *lds.ObjectError
	if errors.As(err, &at) {
		mark(root, at.Err, func(n Node) bool { return n.Tag == fmt.Sprintf("%02X", at.Tag) })
	}
}

// mark puts an error at the node below n that fits, unless others fit too, or it has one of its own.
func mark(n *Node, err error, fits func(Node) bool) {
	if found := n.below(fits, nil); len(found) == 1 && found[0].Error == "" {
		found[0].Error = err.Error()
	}
}

// below appends the nodes below n that fit.
func (n *Node) below(fits func(Node) bool, found []*Node) []*Node {
	for i := range n.Children {
		if fits(n.Children[i]) {
			found = append(found, &n.Children[i])
		}
		found = n.Children[i].below(fits, found)
	}
	return found
}
