package reader

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"

	"github.com/cancuoc/cancuoc/card/secinfo"
	"github.com/cancuoc/cancuoc/card/tlv"
)

// maxTreeKeys is how many public keys of a file are looked at: to check one takes a while.
const maxTreeKeys = 64

// showPublicKey shows a SubjectPublicKeyInfo (Doc 9303-11, section 9.1): what kind of key, and of what size.
func showPublicKey(t *tree, n *Node, value []byte) {
	if t.keys++; t.keys <= maxTreeKeys {
		n.Value, n.Note = keyOf(tlv.Encode(0x30, value))
	}
	t.objects(n, value, grammar{{tag: 0x30, name: "algorithm", show: showAlgorithm}, {tag: 0x03, name: "subjectPublicKey", show: showKeyBits}})
}

// mostPoint is the length of a point on the longest curve, P-521, which is shown whole.
const mostPoint = 1 + 2*66

// showKeyBits shows a point, or the numbers of an RSA or DH key.
func showKeyBits(t *tree, n *Node, value []byte) {
	if len(value) > 1 && value[0] == 0 && (value[1] == 0x30 || value[1] == 0x02) {
		t.objects(n, value[1:], grammar{{tag: 0x02, name: "public value"}, {tag: 0x30, name: "RSAPublicKey", inner: grammar{
			{tag: 0x02, name: "modulus"}, {tag: 0x02, name: "publicExponent"},
		}}})
		return
	}
	if showBitString(t, n, value); n.Error == "" {
		n.Value = hexUpTo(mostPoint, value[1:])
	}
}

// showWhole shows a value of up to the length of a point whole.
func showWhole(_ *tree, n *Node, value []byte) { n.Value = hexUpTo(mostPoint, value) }

// keyOf describes a public key, or says why it cannot.
func keyOf(der []byte) (text, note string) {
	if len(der) > 4096 {
		return "", "too long for a public key"
	}
	if bytes.Contains(der[:min(len(der), mostHex)], oidBytesRSA) {
		parsed, err := x509.ParsePKIXPublicKey(der)
		if key, ok := parsed.(*rsa.PublicKey); ok && err == nil {
			return fmt.Sprintf("RSA, %d bits, exponent %d", key.N.BitLen(), key.E), ""
		}
		return "RSA", fmt.Sprint(err)
	}
	key, err := secinfo.ParsePublicKey(der)
	switch {
	case err != nil:
		return "", err.Error()
	case key.Group != nil:
		return fmt.Sprintf("DH, %s", key.Group.Name()), ""
	}
	return fmt.Sprintf("elliptic curve, %s", key.Curve.Name()), ""
}

// oidBytesRSA is rsaEncryption in DER.
var oidBytesRSA = []byte("\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01")

// parameterGrammar are those of an AlgorithmIdentifier: ECParameters (TR-03111, section 5.1), the name of a curve, or the
// number of standardised domain parameters (Doc 9303-11, section 9.5.1).
func parameterGrammar(algorithm asn1.ObjectIdentifier) grammar {
	switch oidName(algorithm.String()) {
	case "id-ecPublicKey":
		return grammar{{tag: 0x06, name: "namedCurve"}, {tag: 0x30, name: "ECParameters", inner: grammar{
			{tag: 0x02, name: "version"},
			{tag: 0x30, name: "fieldID", inner: grammar{{tag: 0x06, name: "fieldType"}, {tag: 0x02, name: "prime modulus p", show: showWhole}}},
			{tag: 0x30, name: "curve", inner: grammar{
				{tag: 0x04, name: "first coefficient a"}, {tag: 0x04, name: "second coefficient b"}, {tag: 0x03, name: "seed"},
			}},
			{tag: 0x04, name: "base point G", show: showWhole}, {tag: 0x02, name: "order of the base point r", show: showWhole}, {tag: 0x02, name: "cofactor f"},
		}}}
	case "standardizedDomainParameters":
		return grammar{{tag: 0x02, name: "parameterId", show: showParameterID}}
	case "dhKeyAgreement":
		return grammar{{tag: 0x30, name: "DHParameter", inner: grammar{{tag: 0x02, name: "prime p"}, {tag: 0x02, name: "base g"}, {tag: 0x02, name: "privateValueLength"}}}}
	}
	return nil
}

// showParameterID shows the number of standardised domain parameters with their name.
func showParameterID(t *tree, n *Node, value []byte) {
	showNumber(t, n, value)
	if id, ok := integerOf(value); ok && id >= 0 {
		n.Note = secinfo.ParameterName(int(id))
	}
}

// securityInfosForm is a SET OF SecurityInfo (Doc 9303-11, section 9.2).
func securityInfosForm() form {
	return form{tag: 0x31, name: "SecurityInfos", inner: grammar{{tag: 0x30, name: "SecurityInfo", show: showSecurityInfo}}}
}

// showSecurityInfo shows one SecurityInfo by what it offers.
func showSecurityInfo(t *tree, n *Node, value []byte) {
	var infos secinfo.Infos
	err := fmt.Errorf("reader: more than %d SecurityInfos", maxTreeKeys)
	if t.keys++; t.keys <= maxTreeKeys {
		infos, err = secinfo.Parse(tlv.Encode(0x31, tlv.Encode(0x30, value)))
	}
	if inner := errors.Unwrap(err); inner != nil {
		err = fmt.Errorf("secinfo: %w", inner) // without the number of the entry, of which there is one
	}
	protocol := form{tag: 0x06, name: "protocol"}
	version := form{tag: 0x02, name: "version"}
	fields := grammar{protocol}
	switch {
	case len(infos.PACE) > 0:
		n.Name, n.Value = "PACEInfo", infos.PACE[0].String()
		fields = grammar{protocol, version, {tag: 0x02, name: "parameterId", show: showParameterID}}
	case len(infos.PACEParameters) > 0:
		n.Name = "PACEDomainParameterInfo"
		fields = grammar{protocol, {tag: 0x30, name: "domainParameter", show: showAlgorithm}, {tag: 0x02, name: "parameterId"}}
	case len(infos.ChipAuthentication) > 0:
		n.Name, n.Value = "ChipAuthenticationInfo", infos.ChipAuthentication[0].String()
		fields = grammar{protocol, version, {tag: 0x02, name: "keyId"}}
	case len(infos.ChipAuthenticationKeys) > 0:
		n.Name = "ChipAuthenticationPublicKeyInfo"
		fields = grammar{protocol, {tag: 0x30, name: "chipAuthenticationPublicKey", show: showPublicKey}, {tag: 0x02, name: "keyId"}}
	case len(infos.TerminalAuthentication) > 0:
		n.Name = "TerminalAuthenticationInfo"
		fields = grammar{protocol, version, {tag: 0x30, name: "efCVCA", inner: grammar{{tag: 0x04, name: "fid"}, {tag: 0x04, name: "sfi"}}}}
	case len(infos.ActiveAuthentication) > 0:
		n.Name = "ActiveAuthenticationInfo"
		fields = grammar{protocol, version, {tag: 0x06, name: "signatureAlgorithm"}}
	case len(infos.Directory) > 0:
		n.Name = "EFDIRInfo"
		fields = grammar{protocol, {tag: 0x04, name: "eFDIR", show: showDirectoryCopy}}
	}
	t.objects(n, value, fields)
	if err != nil && !n.brokenInside() {
		n.Error = err.Error()
	}
}

// showDirectoryCopy shows the copy of EF.DIR that a SecurityInfo signs.
func showDirectoryCopy(t *tree, n *Node, value []byte) { t.objects(n, value, dirGrammar()) }
