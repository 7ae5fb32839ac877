package lint

import (
	"slices"
	"strings"
	"testing"
)

// What a certificate is for is deduced from what it says, be it broken or of a key that is not known.
func TestRoleIsDeduced(t *testing.T) {
	b := bench{newMade(t, "nist"), t}
	unknownKey := func(p *parts) { p.info = tlv(0x30, tlv(0x30, oid("1.3.101.112")), tlv(3, make([]byte, 33))) }
	purpose := func(id string) func(p *parts) {
		return func(p *parts) { p.set(oidExtKeyUsage, tlv(0x30, oid(id))) }
	}
	for _, c := range []struct {
		name       string
		from, want Role
		edit       func(p *parts)
	}{
		{"a root of version 1", Root, Root, func(p *parts) { p.version, p.none = nil, true }},
		{"a root without constraints", Root, Root, func(p *parts) { p.drop(oidBasicConstraints) }},
		{"a root with a wrong signature", Root, Root, func(p *parts) { p.wrong = true }},
		{"a root of an unknown key", Root, Root, unknownKey},
		{"a link without constraints", Link, Link, func(p *parts) { p.drop(oidBasicConstraints) }},
		{"a link of an unknown key", Link, Link, unknownKey},
		{"a signer of an unknown key", DocumentSigner, DocumentSigner, unknownKey},
		{"a signer without key usage", DocumentSigner, DocumentSigner, func(p *parts) { p.drop(oidKeyUsage) }},
		{"a signer of broken document types", DocumentSigner, DocumentSigner, func(p *parts) { p.set(oidDocumentType, []byte{5, 0}) }},
		{"a list signer of an unknown key", MasterListSigner, MasterListSigner, unknownKey},
		{"a deviation list signer of an unknown key", DeviationListSigner, DeviationListSigner, unknownKey},
		{"for TLS", MasterListSigner, Communication, purpose("1.3.6.1.5.5.7.3.1")},
		{"for visas", MasterListSigner, Other, purpose("2.23.136.1.1.9.8.2")},
		{"for bar codes", MasterListSigner, Other, purpose("2.23.136.1.1.11.1")},
		{"for nothing", MasterListSigner, Other, func(p *parts) { p.drop(oidExtKeyUsage); p.drop(oidKeyUsage) }},
	} {
		p := b.parts(c.from)
		c.edit(p)
		if r := Certificate(p.certificate(t), Deduce); r.Role != c.want {
			t.Errorf("%s: taken for %q, %+v", c.name, r.Role, r.Findings)
		}
	}
}

// A file can hold millions of departures: a few are told, the others counted.
func TestManyDeparturesAreCounted(t *testing.T) {
	b := bench{newMade(t, "nist"), t}
	p := b.parts(DocumentSigner)
	attributes := slices.Repeat([][3]string{{"2.5.4.11", teletex, "x"}}, 1000)
	p.subject = name(append(attributes, [3]string{oidCountry, printable, "VN"}, [3]string{oidCommonName, printable, "Signer"})...)
	r := Certificate(p.certificate(t), DocumentSigner)
	if len(r.Findings) != 21 || !strings.Contains(r.Findings[20].Text, "the other 982 of 1002") {
		t.Errorf("%d findings, the last %+v", len(r.Findings), r.Findings[len(r.Findings)-1])
	}
	s := b.sealed()
	s.certificates = tlv(0xA0, slices.Repeat([][]byte{{0x30, 0}}, maxBeside+1)...)
	all := MasterList(s.der(b))
	if len(all) != 1 {
		t.Fatalf("%d reports", len(all))
	}
	exactly(t, "many beside", all[0].Findings, "table 18: certificates: there are 1001 beside the list")
}
