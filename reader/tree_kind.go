package reader

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cancuoc/cancuoc/card/activeauth"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/pki/cvc"
	"github.com/cancuoc/cancuoc/card/secinfo"
	"github.com/cancuoc/cancuoc/card/tlv"
)

// kind is how one file is shown.
type kind struct {
	name    string
	grammar grammar
	// check reads the file with its codec; it may note at the root what the file holds.
	check func(root *Node, file []byte) error
}

// The names of what is no file of the catalogue.
const (
	nameCertificate = "card verifiable certificate"
	nameX509        = "X.509 certificate"
	nameSignedData  = "SignedData"
	nameUnknown     = "unknown file"
)

// kindOf finds the kind of a file by its name, or by its content where it has none.
func kindOf(name string, content []byte) kind {
	if len(content) == 0 {
		return kind{name: firstOf(name, nameUnknown), check: isEmpty}
	}
	if name == "" {
		name = nameOf(content)
	}
	for _, k := range kinds() {
		if k.name == name {
			return k
		}
	}
	if name == nameUnknown {
		return kind{name: name, check: isFile}
	}
	return kind{name: name}
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func isEmpty(*Node, []byte) error { return fmt.Errorf("reader: there is nothing in it") }

// isFile demands of a file that nobody knows that it has data objects at all.
func isFile(root *Node, file []byte) error {
	if isText(file) {
		root.Children = nil
		return fmt.Errorf("reader: a text, and no file of a chip")
	}
	if !slices.ContainsFunc(root.Children, func(n Node) bool { return n.Tag != "" }) {
		return fmt.Errorf("reader: it has no data object")
	}
	return nil
}

// nameOf tells by its outermost data object which file this is.
func nameOf(content []byte) string {
	tag, _, header, err := tlv.Header(content)
	if err != nil || isText(content) {
		return nameUnknown
	}
	switch tag {
	case 0x30:
		return nameOfSequence(content, content[header:])
	case 0x61:
		if inner, _, _, err := tlv.Header(content[header:]); err == nil && inner == 0x4F {
			return "EF.DIR"
		}
	case 0x42:
		return "EF.CVCA"
	case 0x43, 0x46, 0x47, 0x7F66:
		if _, err := lds.ParseATRObjects(content); err == nil {
			return "EF.ATR/INFO"
		}
		return nameUnknown
	case 0x7F21:
		return nameCertificate
	}
	if file, ok := lds.ByTag(byte(tag)); ok && tag <= 0xFF {
		return file.Name
	}
	return nameUnknown
}

// nameOfSequence tells SignedData, that of EF.CardSecurity among it, and a certificate from other ASN.1.
func nameOfSequence(content, inner []byte) string {
	start := content[:min(len(content), 256)]
	switch {
	case bytes.Contains(start, oidBytesSignedData) && bytes.Contains(start, oidBytesSecurityObject):
		return "EF.CardSecurity"
	case bytes.Contains(start[:min(len(start), mostHex)], oidBytesSignedData):
		return nameSignedData
	}
	if tag, _, header, err := tlv.Header(inner); err == nil && tag == 0x30 {
		if tag, _, _, err := tlv.Header(inner[header:]); err == nil && (tag == 0xA0 || tag == 0x02) {
			return nameX509
		}
	}
	return nameUnknown
}

// Object identifiers in DER: id-signedData, and id-SecurityObject of what EF.CardSecurity signs.
var (
	oidBytesSignedData     = []byte("\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02")
	oidBytesSecurityObject = []byte("\x06\x08\x04\x00\x7F\x00\x07\x03\x02\x01")
)

// isText tells a text, which no file of a chip is: lengths and counts are not printable.
func isText(b []byte) bool {
	cut := len(b) > 256
	b = b[:min(len(b), 256)]
	for len(b) > 0 && !(cut && len(b) < utf8.UTFMax) {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError || !unicode.IsPrint(r) && !strings.ContainsRune("\t\r\n", r) {
			return false
		}
		b = b[size:]
	}
	return true
}

// kinds lists the files that are shown by their meaning.
func kinds() []kind {
	return []kind{
		{"EF.CardAccess", grammar{securityInfosForm()}, checked(secinfo.Parse)},
		{"EF.CardSecurity", grammar{contentInfoForm()}, checkCardSecurity},
		{"EF.DIR", dirGrammar(), checked(lds.ParseDIR)},
		{"EF.ATR/INFO", atrGrammar(), checked(lds.ParseATRObjects)},
		{"EF.CVCA", grammar{{tag: 0x42, name: "certification authority reference", show: showLatin}}, checked(cvc.ParseFile)},
		{nameX509, grammar{certificateForm()}, nil},
		{nameSignedData, grammar{contentInfoForm()}, nil},
		{nameCertificate, cvcGrammar(), checkCertificate},
		{"EF.COM", comGrammar(), checked(lds.ParseCOM)},
		{"EF.SOD", grammar{{tag: 0x77, name: "document security object", inner: grammar{contentInfoForm()}}}, checkSOD},
		{"EF.DG1", dg1Grammar(), checked(lds.ParseZone)},
		{"EF.DG2", biometricGrammar(0x75, "encoded face", showFaces), checked(lds.ParseDG2Records)},
		{"EF.DG3", biometricGrammar(0x63, "encoded fingers", showFinger), checked(lds.ParseDG3)},
		{"EF.DG4", biometricGrammar(0x76, "encoded irises", showIris), checked(lds.ParseDG4)},
		{"EF.DG5", imagesGrammar(0x65, "displayed portrait", 0x5F40, "portrait"), template(0x65)},
		{"EF.DG6", grammar{{tag: 0x66, name: "reserved for future use"}}, template(0x66)},
		{"EF.DG7", imagesGrammar(0x67, "displayed signature or usual mark", 0x5F43, "signature or usual mark"), checked(lds.ParseDG7)},
		{"EF.DG8", grammar{{tag: 0x68, name: "data features"}}, template(0x68)},
		{"EF.DG9", grammar{{tag: 0x69, name: "structure features"}}, template(0x69)},
		{"EF.DG10", grammar{{tag: 0x6A, name: "substance features"}}, template(0x6A)},
		{"EF.DG11", dg11Grammar(), checked(lds.ParseDG11)},
		{"EF.DG12", dg12Grammar(), checked(lds.ParseDG12)},
		{"EF.DG13", dg13Grammar(), checkDG13},
		{"EF.DG14", grammar{{tag: 0x6E, name: "security options", inner: grammar{securityInfosForm()}}}, checked(secinfo.ParseDG14)},
		{"EF.DG15", grammar{{tag: 0x6F, name: "Active Authentication public key", inner: grammar{{tag: 0x30, name: "SubjectPublicKeyInfo", show: showPublicKey}}}},
			checked(activeauth.ParseDG15)},
		{"EF.DG16", dg16Grammar(), checked(lds.ParseDG16)},
	}
}

// template makes a check for a file that has no codec: it is one data object.
func template(tag uint32) func(*Node, []byte) error {
	return checked(func(file []byte) ([]byte, error) { return tlv.ParseOne(file, tag) })
}

// checked makes a check of a codec.
func checked[T any](parse func([]byte) (T, error)) func(*Node, []byte) error {
	return func(root *Node, file []byte) error {
		_, err := parse(file)
		markObject(root, err)
		return err
	}
}
