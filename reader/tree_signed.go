package reader

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/pki/cms"
	"github.com/cancuoc/cancuoc/card/tlv"
)

// contentInfoForm is a ContentInfo that holds SignedData (RFC 5652, sections 3 and 5.1; Doc 9303-10, section 4.6.2.2).
func contentInfoForm() form {
	encapsulated := grammar{{tag: 0x06, name: "eContentType"}, {tag: 0xA0, inner: grammar{{tag: 0x04, name: "eContent", show: showContent}}}}
	signedData := form{tag: 0x30, name: "SignedData", inner: grammar{
		{tag: 0x02, name: "version"},
		{tag: 0x31, name: "digestAlgorithms", inner: grammar{{tag: 0x30, name: "digestAlgorithm", show: showAlgorithm}}},
		{tag: 0x30, name: "encapContentInfo", inner: encapsulated},
		{tag: 0xA0, name: "certificates", inner: grammar{certificateForm()}},
		{tag: 0xA1, name: "crls"},
		{tag: 0x31, name: "signerInfos", inner: grammar{signerInfoForm()}},
	}}
	return form{tag: 0x30, name: "ContentInfo", inner: grammar{
		{tag: 0x06, name: "contentType"}, {tag: 0xA0, name: "content", inner: grammar{signedData}},
	}}
}

// showContent shows what is signed: the security object of EF.SOD, or the SecurityInfos of EF.CardSecurity.
func showContent(t *tree, n *Node, value []byte) {
	if len(value) == 0 || value[0] != 0x30 && value[0] != 0x31 {
		n.Value = hexOf(value)
		return
	}
	if isMasterList(value) {
		t.objects(n, value, grammar{{tag: 0x30, name: "CscaMasterList", inner: grammar{
			{tag: 0x02, name: "version"}, {tag: 0x31, name: "certList", inner: grammar{certificateForm()}},
		}}})
		return
	}
	t.objects(n, value, grammar{securityObjectForm(), securityInfosForm()})
}

// isMasterList tells a CscaMasterList, a version and a SET, from an LDSSecurityObject (Doc 9303-12, section 9.2).
func isMasterList(value []byte) bool {
	_, _, header, err := tlv.Header(value)
	if err != nil {
		return false
	}
	_, rest, err := tlv.Next(value[header:])
	return err == nil && len(rest) > 0 && rest[0] == 0x31
}

// securityObjectForm is an LDSSecurityObject (Doc 9303-10, section 4.6.2.3).
func securityObjectForm() form {
	return form{tag: 0x30, name: "LDSSecurityObject", inner: grammar{
		{tag: 0x02, name: "version"},
		{tag: 0x30, name: "hashAlgorithm", show: showAlgorithm},
		{tag: 0x30, name: "dataGroupHashValues", inner: grammar{{tag: 0x30, name: "DataGroupHash", show: showDataGroupHash}}},
		{tag: 0x30, name: "ldsVersionInfo", inner: grammar{{tag: 0x13, name: "ldsVersion"}, {tag: 0x13, name: "unicodeVersion"}}},
	}}
}

// showDataGroupHash shows the hash of one data group in one line.
func showDataGroupHash(t *tree, n *Node, value []byte) {
	in := cryptobyte.String(value)
	var number int
	var hash cryptobyte.String
	if !in.ReadASN1Integer(&number) || !in.ReadASN1(&hash, cbasn1.OCTET_STRING) || !in.Empty() || len(hash) > 64 {
		t.objects(n, value, nil)
		return
	}
	n.Name, n.Value = fmt.Sprintf("hash of data group %d", number), fmt.Sprintf("%X", hash)
	if file, ok := lds.DataGroup(number); ok {
		n.Name = "hash of " + file.Name
	} else {
		n.Error = "reader: there is no such data group"
	}
}

// certificateForm is an X.509 certificate (RFC 5280, section 4.1), read here for its words alone: whose key it has may lie on
// a curve of which nobody here can compute.
func certificateForm() form {
	tbs := form{tag: 0x30, name: "tbsCertificate", inner: grammar{
		{tag: 0xA0, name: "version"},
		{tag: 0x02, name: "serialNumber", show: showSerial},
		{tag: 0x30, name: "signature", show: showAlgorithm},
		{tag: 0x30, name: "issuer", show: showOneLine(nameText)},
		{tag: 0x30, name: "validity", show: showOneLine(validity)},
		{tag: 0x30, name: "subject", show: showOneLine(nameText)},
		{tag: 0x30, name: "subjectPublicKeyInfo", show: showPublicKey},
		{tag: 0xA3, name: "extensions", inner: grammar{{tag: 0x30, inner: grammar{{tag: 0x30, name: "Extension", show: showExtension}}}}},
	}}
	return form{tag: 0x30, name: "Certificate", inner: grammar{
		tbs, {tag: 0x30, name: "signatureAlgorithm", show: showAlgorithm}, {tag: 0x03, name: "signatureValue"},
	}}
}

func showSerial(_ *tree, n *Node, value []byte) { n.Value = hexOf(value) }

// nameText gives a Name as people write it: "CN=SPECIMEN CSCA,O=SPECIMEN cancuoc,C=VN".
func nameText(value []byte) (text string, ok bool) {
	if len(value) > mostText { // to write such a name takes a time that grows with its square
		return "", false
	}
	var name pkix.RDNSequence
	rest, err := asn1.Unmarshal(tlv.Encode(0x30, value), &name)
	return name.String(), err == nil && len(rest) == 0
}

func validity(value []byte) (text string, ok bool) {
	times, err := tlv.Parse(value)
	if err != nil || len(times) != 2 {
		return "", false
	}
	from, ok1 := timeOf(times[0])
	to, ok2 := timeOf(times[1])
	return from + " to " + to, ok1 && ok2
}

// showExtension shows an extension by its name, with what its value holds below it.
func showExtension(t *tree, n *Node, value []byte) {
	in := cryptobyte.String(value)
	var oid asn1.ObjectIdentifier
	var critical bool
	var inner cryptobyte.String
	ok := in.ReadASN1ObjectIdentifier(&oid) && (!in.PeekASN1Tag(cbasn1.BOOLEAN) || in.ReadASN1Boolean(&critical)) &&
		in.ReadASN1(&inner, cbasn1.OCTET_STRING) && in.Empty()
	if !ok {
		t.objects(n, value, nil)
		return
	}
	n.Name, n.Note = firstOf(oidName(oid.String()), n.Name), oid.String()
	if critical {
		n.Note += ", critical"
	}
	t.objects(n, inner, nil)
}

// signerInfoForm is a SignerInfo (RFC 5652, section 5.3).
func signerInfoForm() form {
	return form{tag: 0x30, name: "SignerInfo", inner: grammar{
		{tag: 0x02, name: "version"},
		{tag: 0x30, name: "issuerAndSerialNumber", inner: grammar{
			{tag: 0x30, name: "issuer", show: showOneLine(nameText)}, {tag: 0x02, name: "serialNumber", show: showSerial},
		}},
		{tag: 0x80, name: "subjectKeyIdentifier"},
		{tag: 0x30, name: "digestAlgorithm", show: showAlgorithm},
		{tag: 0xA0, name: "signedAttrs", inner: grammar{{tag: 0x30, name: "Attribute", show: showAttribute}}},
		{tag: 0x30, name: "signatureAlgorithm", show: showAlgorithm},
		{tag: 0x04, name: "signature"},
		{tag: 0xA1, name: "unsignedAttrs"},
	}}
}

// showAttribute shows a signed attribute with one value in one line.
func showAttribute(t *tree, n *Node, value []byte) {
	in := cryptobyte.String(value)
	var oid asn1.ObjectIdentifier
	var set cryptobyte.String
	if !in.ReadASN1ObjectIdentifier(&oid) || !in.ReadASN1(&set, cbasn1.SET) || !in.Empty() {
		t.objects(n, value, nil)
		return
	}
	n.Name = firstOf(oidName(oid.String()), oid.String())
	o, rest, err := tlv.Next(set)
	if err != nil || len(rest) > 0 || o.Constructed() {
		t.objects(n, set, nil)
		return
	}
	name := n.Name
	showUniversal(n, o)
	n.Name = name
	if o.Tag == 0x04 && len(o.Value) <= 64 {
		n.Value = fmt.Sprintf("%X", o.Value) // a message digest, whole
	}
}

func checkSOD(root *Node, file []byte) error {
	sod, err := lds.ParseSOD(file)
	if err == nil {
		groups := len(sod.SecurityObject.DataGroups())
		root.Note = fmt.Sprintf("%d data groups, %v; %s", groups, sod.SecurityObject.Hash, signedBy(sod.SignedData))
	}
	return err
}

func checkCardSecurity(root *Node, file []byte) error {
	security, err := lds.ParseCardSecurity(file)
	if err == nil {
		root.Note = signedBy(security.SignedData)
	}
	return err
}

// signedBy tells how and when, and not whether, a content was signed.
func signedBy(s cms.SignedData) string {
	if s.SigningTime.IsZero() {
		return s.Algorithm
	}
	return fmt.Sprintf("%s, %s", s.Algorithm, s.SigningTime.UTC().Format("2006-01-02"))
}
