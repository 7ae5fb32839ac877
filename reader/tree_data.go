package reader

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/mrz"
)

// comGrammar is EF.COM (Doc 9303-10, section 4.6.1).
func comGrammar() grammar {
	return grammar{{tag: 0x60, name: "common data elements", inner: grammar{
		{tag: 0x5F01, name: "LDS version", show: showVersion(2)},
		{tag: 0x5F36, name: "Unicode version", show: showVersion(3)},
		{tag: 0x5C, name: "data groups", show: showDataGroupTags},
	}}}
}

// showVersion shows a version of so many pairs of digits.
func showVersion(pairs int) show {
	return func(t *tree, n *Node, value []byte) {
		showText(t, n, value)
		if len(value) != 2*pairs {
			return
		}
		var parts []string
		for ; len(value) > 0; value = value[2:] {
			parts = append(parts, strings.TrimPrefix(string(value[:2]), "0"))
		}
		n.Note = strings.Join(parts, ".")
	}
}

// showDataGroupTags shows a tag list by the names of the data groups.
func showDataGroupTags(_ *tree, n *Node, value []byte) {
	var names []string
	for _, tag := range value[:min(len(value), mostHex)] {
		file, ok := lds.ByTag(tag)
		if !ok || file.DataGroup == 0 {
			file.Name = fmt.Sprintf("tag %02X", tag)
		}
		names = append(names, file.Name)
	}
	if len(value) > mostHex {
		names = append(names, fmt.Sprintf("... %d tags", len(value)))
	}
	n.Value, n.Note = strings.Join(names, ", "), hexOf(value)
}

// dg1Grammar is EF.DG1 (Doc 9303-10, section 4.7.1).
func dg1Grammar() grammar {
	return grammar{{tag: 0x61, name: "machine readable zone information", inner: grammar{{tag: 0x5F1F, name: "machine readable zone", show: showZone}}}}
}

// showZone shows the lines of a zone, and of that of a card its fields.
func showZone(t *tree, n *Node, value []byte) {
	size := map[int]int{90: 30, 72: 36, 88: 44}[len(value)]
	if size == 0 {
		showText(t, n, value)
		return
	}
	n.Note = map[int]string{30: "TD1", 36: "TD2", 44: "TD3"}[size]
	var lines []string
	for at := 0; at < len(value); at += size {
		line := Node{Name: fmt.Sprintf("line %d", at/size+1), Length: size}
		showText(t, &line, value[at:at+size])
		t.add(n, line)
		lines = append(lines, line.Value)
	}
	if size != 30 {
		return
	}
	fields, err := mrz.Parse(strings.Join(lines, "\n"))
	if err != nil {
		n.Error = err.Error()
		return
	}
	for _, f := range [][2]string{
		{"document code", fields.DocumentCode}, {"issuing State", fields.Issuer}, {"document number", fields.DocumentNumber},
		{"optional data 1", fields.OptionalData1}, {"date of birth", fields.DateOfBirth}, {"sex", fields.Sex},
		{"date of expiry", fields.DateOfExpiry}, {"nationality", fields.Nationality}, {"optional data 2", fields.OptionalData2},
		{"primary identifier", fields.Primary}, {"secondary identifier", fields.Secondary},
	} {
		t.part(n, f[0], f[1], "")
	}
}

// imagesGrammar is EF.DG5 or EF.DG7 (Doc 9303-10, sections 4.7.5 and 4.7.7).
func imagesGrammar(template uint32, what string, tag uint32, name string) grammar {
	return grammar{{tag: template, name: what, inner: grammar{{tag: 0x02, name: "number of images"}, {tag: tag, name: name, show: showImage}}}}
}

// showImage shows format, size and hash of an image, and not the image.
func showImage(_ *tree, n *Node, value []byte) {
	n.Note = fmt.Sprintf("sha256 %x", sha256.Sum256(value))
	format, width, height, err := lds.ImageSize(value)
	kind := map[lds.ImageFormat]string{lds.JPEG: "JPEG", lds.JPEG2000: "JPEG 2000"}[format]
	if err != nil {
		finger, ofFinger := lds.ReadFingerImage(value)
		if ofFinger != nil {
			n.Value, n.Error = bytesOf(len(value)), err.Error()
			return
		}
		kind, width, height = finger.Compression.String(), finger.Width, finger.Height
	}
	n.Value = fmt.Sprintf("%s, %d x %d pixels, %s", kind, width, height, bytesOf(len(value)))
}
