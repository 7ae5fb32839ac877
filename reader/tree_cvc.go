package reader

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/cancuoc/cancuoc/card/pki/cvc"
	"github.com/cancuoc/cancuoc/card/tlv"
)

// cvcGrammar is a card verifiable certificate (Doc 9303-12, section 7.2.2).
func cvcGrammar() grammar {
	body := form{tag: 0x7F4E, name: "certificate body", inner: grammar{
		{tag: 0x5F29, name: "certificate profile identifier"},
		{tag: 0x42, name: "certification authority reference", show: showLatin},
		{tag: 0x7F49, name: "public key", show: showVerifiableKey},
		{tag: 0x5F20, name: "certificate holder reference", show: showLatin},
		{tag: 0x7F4C, name: "certificate holder authorization template", show: showAuthorization},
		{tag: 0x5F25, name: "certificate effective date", show: showUnpackedDate},
		{tag: 0x5F24, name: "certificate expiration date", show: showUnpackedDate},
		{tag: 0x65, name: "certificate extensions"},
	}}
	return grammar{{tag: 0x7F21, name: "CV certificate", inner: grammar{body, {tag: 0x5F37, name: "signature"}}}}
}

// showVerifiableKey shows the public key of a certificate, RSA or a point on a curve (Doc 9303-11, section 9.4).
func showVerifiableKey(t *tree, n *Node, value []byte) {
	fields := grammar{
		{tag: 0x06, name: "algorithm"}, {tag: 0x81, name: "prime modulus p"}, {tag: 0x82, name: "first coefficient a"},
		{tag: 0x83, name: "second coefficient b"}, {tag: 0x84, name: "base point G", show: showWhole}, {tag: 0x85, name: "order of the base point r"},
		{tag: 0x86, name: "public point Y", show: showWhole}, {tag: 0x87, name: "cofactor f"},
	}
	if bytes.HasPrefix(value, oidBytesRSATerminal) {
		fields = grammar{{tag: 0x06, name: "algorithm"}, {tag: 0x81, name: "modulus n"}, {tag: 0x82, name: "exponent e"}}
	}
	t.objects(n, value, fields)
}

// oidBytesRSATerminal begins id-TA-RSA in DER.
var oidBytesRSATerminal = []byte("\x06\x0A\x04\x00\x7F\x00\x07\x02\x02\x02\x01")

// showAuthorization shows the role and the rights of a holder (Doc 9303-12, section 7.2.2.4).
func showAuthorization(t *tree, n *Node, value []byte) {
	t.objects(n, value, grammar{{tag: 0x06, name: "terminal type"}, {tag: 0x53, name: "discretionary data"}})
	oid, rest, err := tlv.Next(value)
	if err != nil || oid.Tag != 0x06 || len(oid.Value) == 0 {
		return
	}
	bits, _, err := tlv.Next(rest)
	if err != nil || bits.Tag != 0x53 || len(bits.Value) == 0 {
		return
	}
	a := cvc.Authorization{Type: cvc.TerminalType(oid.Value[len(oid.Value)-1]), Bits: bits.Value}
	said := []string{a.Role().String()}
	if a.Rights()&cvc.ReadDG3 != 0 {
		said = append(said, "reads EF.DG3")
	}
	if a.Rights()&cvc.ReadDG4 != 0 {
		said = append(said, "reads EF.DG4")
	}
	n.Value, n.Note = strings.Join(said, ", "), a.Type.String()
}

// showUnpackedDate shows a date of six digits, a byte for each.
func showUnpackedDate(_ *tree, n *Node, value []byte) {
	n.Value = hexOf(value)
	if len(value) != 6 {
		n.Error = fmt.Sprintf("reader: a date of %d bytes", len(value))
		return
	}
	for _, digit := range value {
		if digit > 9 {
			n.Error = "reader: a date that is not of digits"
			return
		}
	}
	n.Value = fmt.Sprintf("20%d%d-%d%d-%d%d", value[0], value[1], value[2], value[3], value[4], value[5])
}

func checkCertificate(root *Node, file []byte) error {
	c, err := cvc.Parse(file)
	if err != nil {
		return err
	}
	root.Note = c.PublicKey.Algorithm.String()
	for _, n := range root.below(func(n Node) bool { return n.Name == "algorithm" }, nil) {
		n.Note = root.Note
	}
	return nil
}
