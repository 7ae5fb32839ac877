package lint

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/card/internal/x509"
	"github.com/cancuoc/cancuoc/card/pki"
)

// What card/pki issues, by every profile, departs from nothing.
func TestWhatWeIssueIsRight(t *testing.T) {
	for _, p := range pki.Profiles() {
		t.Run(p.Name, func(t *testing.T) {
			m := newMade(t, p.Name)
			for want, der := range map[Role][]byte{Root: m.root.Certificate.Raw, Link: m.link.Raw, DocumentSigner: m.ds.Raw,
				MasterListSigner: m.mls.Raw, DeviationListSigner: m.dls.Raw} {
				clean(t, p, Check(der, Deduce))
				if r := Certificate(der, Deduce); r.Role != want || r.Subject == "" {
					t.Errorf("taken for %s, not for %s", r.Role, want)
				}
			}
			clean(t, p, Check(m.next.Certificate.Raw, Deduce), Check(m.samename.Raw, Deduce), Check(m.crl.Raw, Deduce), Check(m.full.Raw, Deduce))
			list := Check(m.masterList(t, p), Deduce)
			if len(list) != 1+2+3 {
				t.Errorf("%d things in a master list of three with signer and root beside", len(list))
			}
			clean(t, p, list)
		})
	}
}

// clean demands that nothing is found, but that PKCS #1 is not what is recommended.
func clean(t *testing.T, p pki.Profile, all ...[]Report) {
	t.Helper()
	for _, r := range slices.Concat(all...) {
		for _, f := range r.Findings {
			if f.Clause != sectionRSA || f.Severity != Advice || p.Name != "rsa" {
				t.Errorf("%s %s: %+v", r.Kind, r.Role, f)
			}
		}
	}
}

// broken is a certificate that departs from one rule.
type broken struct {
	name string
	from Role
	edit func(p *parts)
	want []string // "clause: field: text", a part of each finding
}

// bench builds broken certificates.
type bench struct {
	made
	t testing.TB
}

func (b bench) parts(role Role) *parts {
	der := map[Role][]byte{Root: b.root.Certificate.Raw, Link: b.link.Raw, DocumentSigner: b.ds.Raw, MasterListSigner: b.mls.Raw,
		DeviationListSigner: b.dls.Raw, Communication: b.mls.Raw, Other: b.mls.Raw}[role]
	return partsOf(b.t, der, b.root.Key)
}

func line(f Finding) string { return f.Clause + ": " + f.Field + ": " + f.Text }

// exactly demands the findings, and no others.
func exactly(t *testing.T, name string, found []Finding, want ...string) {
	t.Helper()
	ok := len(found) == len(want)
	for _, w := range want {
		ok = ok && slices.ContainsFunc(found, func(f Finding) bool {
			return strings.Contains(line(f), strings.TrimPrefix(w, "advice ")) && strings.HasPrefix(w, "advice ") == (f.Severity == Advice)
		})
	}
	if !ok {
		t.Errorf("%s: want %q, found %+v", name, want, found)
	}
}

// Every rule of a certificate is broken by one certificate that breaks it alone, or with what cannot but break beside it.
func TestEachRuleOfACertificate(t *testing.T) {
	b := bench{newMade(t, "nist"), t}
	rules := slices.Concat(certificateRules(), extensionRules())
	fired := make([]bool, len(rules))
	for _, c := range slices.Concat(fieldCases(b), nameCases(), keyCases(b), extensionCases(), altNameCases()) {
		p := b.parts(c.from)
		c.edit(p)
		der := p.certificate(t)
		r := Certificate(der, c.from)
		exactly(t, c.name, r.Findings, c.want...)
		parsed, err := x509.ParseCertificate(der)
		if err != nil {
			continue // the refused ones
		}
		s, _ := split(parsed)
		s.role = c.from
		for i, rule := range rules {
			fired[i] = fired[i] || len(apply([]certificateRule{rule}, c.from, s)) > 0
		}
	}
	for i, rule := range rules {
		if !fired[i] {
			t.Errorf("no certificate breaks rule %d: %s, %s", i, rule.clause, rule.field)
		}
	}
}

type certificateRule = rule[certificate]

func fieldCases(b bench) []broken {
	const ds = DocumentSigner
	noPeriod := func(p *parts) { p.drop(oidPrivateKeyUsage) }
	ecdsaNull := tlv(0x30, oid("1.2.840.10045.4.3.2"), []byte{5, 0})
	rsaAlgorithm := func(last string, parameters ...byte) func(p *parts) {
		return func(p *parts) { p.algorithm = tlv(0x30, oid("1.2.840.113549.1.1."+last), parameters) }
	}
	pss := func(hash, mask string, rest ...[]byte) func(p *parts) {
		return func(p *parts) {
			h, m := tlv(0x30, oid(hash)), tlv(0x30, oid("1.2.840.113549.1.1.8"), tlv(0x30, oid(mask)))
			p.algorithm = tlv(0x30, oid("1.2.840.113549.1.1.10"), tlv(0x30, append([][]byte{tlv(0xA0, h), tlv(0xA1, m)}, rest...)...))
		}
	}
	const sha1, sha256 = "1.3.14.3.2.26", "2.16.840.1.101.3.4.2.1"
	salt := func(n byte) []byte { return tlv(0xA2, []byte{2, 1, n}) }
	return []broken{
		{"v1", ds, func(p *parts) { p.version, p.none = nil, true }, []string{"table 5: version: it is v1", "table 5: extensions: there are none"}},
		{"no extensions", ds, func(p *parts) { p.none = true }, []string{"table 5: extensions: there are none"}},
		{"serial zero", ds, func(p *parts) { p.serial = []byte{2, 1, 0} }, []string{"table 5: serialNumber: 0 is not positive"}},
		{"serial negative", ds, func(p *parts) { p.serial = []byte{2, 1, 0xB2} }, []string{"table 5: serialNumber: -4e is not positive"}},
		{"serial long", ds, func(p *parts) { p.serial = append([]byte{2, 21}, []byte(strings.Repeat("\x11", 21))...) }, []string{"table 5: serialNumber: it has 21 octets"}},
		{"algorithms differ", ds, func(p *parts) { p.beside = tlv(0x30, oid("1.2.840.10045.4.3.4")) },
			[]string{"table 5: signature: the algorithm inside, ECDSA with SHA-384, is not the one beside the signature, ECDSA with SHA-512"}},
		{"ECDSA with NULL", ds, func(p *parts) { p.algorithm = ecdsaNull }, []string{"4.1.6.3: signatureAlgorithm: ECDSA with SHA-256 has parameters"}},
		{"SHA-1", ds, func(p *parts) { p.algorithm = tlv(0x30, oid("1.2.840.10045.4.1")) }, []string{"4.1.6.4: signatureAlgorithm: ECDSA with SHA-1"}},
		{"Ed25519", ds, func(p *parts) { p.algorithm = tlv(0x30, oid("1.3.101.112")) }, []string{"4.1.6: signatureAlgorithm: 1.3.101.112"}},
		{"PKCS #1", ds, rsaAlgorithm("11", 5, 0), []string{"advice Doc 9303-12, section 4.1.6.1: signatureAlgorithm: RSA PKCS #1"}},
		{"PKCS #1 without NULL", ds, rsaAlgorithm("11"), []string{"4.1.6.1: signatureAlgorithm: RSA PKCS #1 v1.5 with SHA-256 has no parameters", "advice Doc 9303-12, section 4.1.6.1"}},
		{"MD5", ds, rsaAlgorithm("4", 5, 0), []string{"4.1.6.4: signatureAlgorithm: 1.2.840.113549.1.1.4", "advice Doc 9303-12, section 4.1.6.1"}},
		{"rsaEncryption", ds, rsaAlgorithm("1", 5, 0), []string{"4.1.6.4: signatureAlgorithm: 1.2.840.113549.1.1.1 names no hash", "advice Doc 9303-12, section 4.1.6.1"}},
		{"PSS is right", ds, pss(sha256, sha256, salt(32)), nil},
		{"PSS masked by SHA-1", ds, pss(sha256, sha1, salt(32)), []string{"4.1.6.4: signatureAlgorithm: RSASSA-PSS with SHA-256, MGF1 with SHA-1"}},
		{"PSS with a default written", ds, pss(sha256, sha256, salt(20)), []string{"section 7.1: signatureAlgorithm: a parameter of RSASSA-PSS"}},
		{"PSS with its trailer written", ds, pss(sha256, sha256, salt(32), tlv(0xA3, []byte{2, 1, 1})), []string{"section 7.1: signatureAlgorithm: a parameter of RSASSA-PSS"}},
		{"GeneralizedTime", ds, func(p *parts) {
			p.validity = tlv(0x30, tlv(0x17, []byte("260101000000Z")), tlv(0x18, []byte("20360401000000Z")))
		}, []string{`table 5: validity: "20360401000000Z" is GeneralizedTime`}},
		{"ends before it begins", MasterListSigner, func(p *parts) {
			noPeriod(p)
			p.validity = tlv(0x30, tlv(0x17, []byte("260101000000Z")), tlv(0x17, []byte("250101000000Z")))
		}, []string{"table 5: validity: it ends on 2025-01-01"}},
		{"issuer's unique identifier", ds, func(p *parts) { p.ids = []byte{0x81, 2, 0, 1} }, []string{"table 5: issuerUniqueID: it is there"}},
		{"subject's unique identifier", ds, func(p *parts) { p.ids = []byte{0x82, 2, 0, 1} }, []string{"table 5: subjectUniqueID: it is there"}},
		{"a root with a wrong signature", Root, func(p *parts) { p.wrong = true }, []string{"7.1.1: signatureValue: the key of the root"}},
		{"a root of two names", Root, func(p *parts) { p.issuer = nameOf("Other") }, []string{"7.1.1.5: subject: the root is of"}},
		{"a link by its own key", Link, func(p *parts) { *p = *b.parts(Root) }, []string{"7.1.1.5: signatureValue: the key that the link is for"}},
		{"rubbish", ds, func(p *parts) { p.info = []byte{5, 0} }, []string{"section 7.1: certificate: x509: malformed"}},
	}
}

func nameOf(commonName string) []byte {
	return name([3]string{oidCountry, printable, "VN"}, [3]string{oidCommonName, printable, commonName})
}

func nameCases() (all []broken) {
	c, cn, o := [3]string{oidCountry, printable, "VN"}, [3]string{oidCommonName, printable, "Signer"}, "2.5.4.10"
	for _, field := range []string{"issuer", "subject"} {
		add := func(what, clause, text string, attributes ...[3]string) {
			all = append(all, broken{field + " " + what, DocumentSigner, func(p *parts) {
				n := name(attributes...)
				if field == "issuer" {
					p.issuer = n
				} else {
					p.subject = n
				}
			}, []string{clause + ": " + field + ": " + text}})
		}
		add("country in UTF-8", "table 5", `countryName UTF8String "VN" is no PrintableString`, [3]string{oidCountry, utf8Text, "VN"}, cn)
		add("country in small letters", "table 5", `countryName PrintableString "vn" is not in upper case`, [3]string{oidCountry, printable, "vn"}, cn)
		add("serial number in UTF-8", "table 5", `serialNumber UTF8String "7" is no PrintableString`, c, cn, [3]string{oidSerialNumber, utf8Text, "7"})
		add("organisation in Teletex", "table 5", `2.5.4.10 is TeletexString "\u00fc": neither`, c, cn, [3]string{o, teletex, "\u00fc"})
		add("no PrintableString", "table 5", `2.5.4.10 is PrintableString "a@b", with what`, c, cn, [3]string{o, printable, "a@b"})
		add("no UTF-8", "table 5", `2.5.4.10 is UTF8String "\xff", with what`, c, cn, [3]string{o, utf8Text, "\xff"})
		add("no country", "7.1.1.1.1", "there are 0 countryName", cn)
		add("two countries", "7.1.1.1.1", "there are 2 countryName", c, c, cn)
		add("no common name", "7.1.1.1.1", "there is no commonName", c)
		add("mail as IA5String is right", "", "", c, cn, [3]string{"1.2.840.113549.1.9.1", "\x16", "a@b"})
		all[len(all)-1].want = nil
	}
	three := name([3]string{oidCountry, printable, "VNM"}, cn)
	return append(all, broken{"both countries of three letters", DocumentSigner, func(p *parts) { p.subject, p.issuer = three, three },
		[]string{"7.1.1.1.1: subject: countryName", "7.1.1.1.1: issuer: countryName"}},
		broken{"another country", DocumentSigner, func(p *parts) { p.subject = name([3]string{oidCountry, printable, "UT"}, cn) },
			[]string{`table 5: subject: countryName is "UT", and that of the issuer "VN"`}})
}

func keyCases(b bench) []broken {
	modulus := func(bits int) *rsa.PublicKey {
		n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), uint(bits-1)))
		if err != nil {
			b.t.Fatal(err)
		}
		return &rsa.PublicKey{N: n.SetBit(n.SetBit(n, bits-1, 1), 0, 1), E: 65537}
	}
	withKey := func(key crypto.PublicKey, named bool) func(p *parts) {
		return func(p *parts) { p.info = spki(key, named) }
	}
	long := spki(modulus(3072), false)
	noNull := []byte(strings.Replace(string(long), "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00", "\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", 1))
	noNull = tlv(0x30, noNull[4:])
	return []broken{
		{"named curve", DocumentSigner, withKey(b.ds.PublicKey, true), []string{"4.1.6.3: subjectPublicKeyInfo: the curve is given by name (P-256)"}},
		{"no cofactor", DocumentSigner, func(p *parts) { p.info = withoutCofactor(p.info) }, []string{"4.1.6.3: subjectPublicKeyInfo: the parameters of P-256 have no cofactor"}},
		{"RSA without NULL", DocumentSigner, func(p *parts) { p.info = noNull }, []string{"4.1.6.1: subjectPublicKeyInfo: the RSA key has no parameters"}},
		{"a short RSA key of a CSCA", Link, withKey(modulus(2048), false), []string{"advice Doc 9303-12, section 4.1.6: subjectPublicKeyInfo: RSA 2048 is shorter than 3072"}},
		{"a short RSA key of a signer", DocumentSigner, withKey(modulus(1024), false), []string{"advice Doc 9303-12, section 4.1.6: subjectPublicKeyInfo: RSA 1024 is shorter than 2048"}},
		{"Ed25519", DocumentSigner, func(p *parts) { p.info = tlv(0x30, tlv(0x30, oid("1.3.101.112")), tlv(3, make([]byte, 33))) },
			[]string{"advice Doc 9303-12, section 4.1.6: subjectPublicKeyInfo: public key 1.3.101.112: it cannot be judged"}},
		{"a compressed point", DocumentSigner, func(p *parts) { p.info = compressed(p.info) }, []string{"section 7.1: certificate: x509: malformed: secinfo: ec: a point"}},
	}
}

// rebuilt writes a SubjectPublicKeyInfo with other parameters or another point.
func rebuilt(info []byte, edit func(parameters, bits []byte) ([]byte, []byte)) []byte {
	in := stringOf(info)
	algorithm := next(&in)
	bits := next(&in)
	in = stringOf(algorithm)
	id, parameters := next(&in), next(&in)
	parameters, bits = edit(parameters, bits)
	return tlv(0x30, tlv(0x30, id, parameters), bits)
}

func withoutCofactor(info []byte) []byte {
	return rebuilt(info, func(parameters, bits []byte) ([]byte, []byte) {
		in := stringOf(parameters)
		return tlv(0x30, in[:len(in)-3]), bits
	})
}

func compressed(info []byte) []byte {
	return rebuilt(info, func(parameters, bits []byte) ([]byte, []byte) {
		return parameters, tlv(3, []byte{0, 2}, bits[4:36])
	})
}

// Every presence and criticality of table 6, each bit of KeyUsage included, is broken in every column.
func TestEachCellOfTableSix(t *testing.T) {
	b := bench{newMade(t, "nist"), t}
	values := map[string][]byte{oidNameChange: {5, 0}, oidDocumentType: tlv(0x30, []byte{2, 1, 0}, tlv(0x31, tlv(0x13, []byte("P")))),
		oidExtKeyUsage: tlv(0x30, oid(oidForMasterLists)), oidPolicies: tlv(0x30, tlv(0x30, oid("1.2.3")))}
	for _, role := range []Role{Root, Link, DocumentSigner, MasterListSigner, DeviationListSigner, Communication} {
		for _, row := range tableSixRows() {
			p := b.parts(role)
			there := p.get(row.id) != nil
			wanted := row.at(role)
			switch {
			case wanted == 'm' && !there, wanted == 'x' && there:
				t.Errorf("%s of %s: there: %t", row.name, role, there)
			case wanted == 'm':
				p.drop(row.id)
				exactly(t, string(role), Certificate(p.certificate(t), role).Findings, tableSix+": "+row.name+": it is missing")
			case wanted == 'x':
				value := values[row.id]
				if value == nil {
					value = tlv(0x30)
				}
				p.set(row.id, value)
				exactly(t, string(role), Certificate(p.certificate(t), role).Findings, tableSix+": "+row.name+": it must not be there; its value is "+hex(value))
			}
			if p = b.parts(role); wanted == 'x' {
				continue
			}
			if p.get(row.id) == nil {
				value := values[row.id]
				if value == nil {
					value = tlv(0x30)
				}
				p.set(row.id, value)
			}
			p.get(row.id).critical = truth(!row.critical)
			want := []string{tableSix + ": " + row.name + ": it is " + map[bool]string{true: "not critical", false: "critical"}[row.critical]}
			exactly(t, string(role), Certificate(p.certificate(t), role).Findings, want...)
		}
		eachBit(t, b, role)
	}
}

// eachBit turns over each bit of KeyUsage.
func eachBit(t *testing.T, b bench, role Role) {
	t.Helper()
	for n, bit := range usages() {
		p := b.parts(role)
		parsed, err := x509.ParseCertificate(p.certificate(t))
		if err != nil {
			t.Fatal(err)
		}
		usage := parsed.KeyUsage ^ 1<<n
		p.set(oidKeyUsage, usageBits(usage))
		var want []string
		switch bit.at(role) {
		case 'm':
			want = []string{tableSix + ": KeyUsage: " + bit.name + " is not set"}
		case 'x':
			want = []string{tableSix + ": KeyUsage: " + bit.name + " is set"}
		}
		exactly(t, fmt.Sprint(role, bit.name), Certificate(p.certificate(t), role).Findings, want...)
	}
}

// usageBits writes KeyUsage in DER.
func usageBits(usage x509.KeyUsage) []byte {
	bits, last := make([]byte, 2), -1
	for n := range 9 {
		if usage&(1<<n) != 0 {
			bits[n/8] |= 0x80 >> (n % 8)
			last = n
		}
	}
	if last < 0 {
		return []byte{3, 1, 0}
	}
	return tlv(3, []byte{byte(7 - last%8)}, bits[:last/8+1])
}
