package lint

import (
	"strings"
	"time"
)

// period writes PrivateKeyUsagePeriod.
func period(from, to time.Time) []byte {
	return tlv(0x30, tlv(0x80, []byte(from.Format(generalized))), tlv(0x81, []byte(to.Format(generalized))))
}

func extensionCases() []broken {
	const ds = DocumentSigner
	set := func(id string, value ...byte) func(p *parts) { return func(p *parts) { p.set(id, value) } }
	end := issued.AddDate(0, 3, 0)
	ten := strings.Repeat("\x11", 10)
	types := func(version byte, all ...string) []byte {
		var set [][]byte
		for _, t := range all {
			set = append(set, tlv(0x13, []byte(t)))
		}
		return tlv(0x30, []byte{2, 1, version}, tlv(0x31, set...))
	}
	uri := func(text string) []byte { return tlv(0x86, []byte(text)) }
	place := func(text string) []byte { return tlv(0xA0, tlv(0xA0, uri(text))) }
	const good = "http://a.invalid/"
	return []broken{
		{"criticality written out", ds, func(p *parts) { p.get(oidSubjectKeyID).critical = []byte{1, 1, 0} }, []string{"table 5: extensions: extension 2.5.29.14 writes out"}},
		{"a private extension", ds, func(p *parts) { p.set("1.2.3.4", []byte{5, 0}) }, nil},
		{"a critical private extension", ds, func(p *parts) {
			p.set("1.2.3.4", []byte{5, 0})
			p.get("1.2.3.4").critical = truth(true)
		}, []string{"table 6: extensions: a private extension 1.2.3.4 is critical; its value is 0500"}},
		{"AKI without identifier", ds, set(oidAuthorityKeyID, 0x30, 0), []string{"table 6: AuthorityKeyIdentifier: it has no keyIdentifier"}},
		{"AKI with half an issuer", ds, set(oidAuthorityKeyID, tlv(0x30, tlv(0x80, []byte(ten)), []byte{0x82, 1, 5})...), []string{"4.2.1.1: AuthorityKeyIdentifier: of authorityCertIssuer"}},
		{"AKI of a root", Root, set(oidAuthorityKeyID, tlv(0x30, tlv(0x80, []byte(ten)))...), []string{"4.2.1.1: AuthorityKeyIdentifier: it is 11111"}},
		{"SKI empty", ds, set(oidSubjectKeyID, 4, 0), []string{"table 6: SubjectKeyIdentifier: it is empty"}},
		{"no policy", ds, set(oidPolicies, 0x30, 0), []string{"table 6: CertificatePolicies: there is no policyIdentifier"}},
		{"KeyUsage with zeros", ds, set(oidKeyUsage, 3, 2, 6, 0x80), []string{"section 7.1: KeyUsage: 03020680 has zeros"}},
		{"KeyUsage of another role", ds, set(oidKeyUsage, 3, 2, 1, 6), []string{"KeyUsage: digitalSignature is not set", "KeyUsage: keyCertSign is set", "KeyUsage: cRLSign is set"}},

		{"no key period", ds, set(oidPrivateKeyUsage, 0x30, 0), []string{"table 6: PrivateKeyUsagePeriod: neither notBefore nor notAfter"}},
		{"key period in UTCTime", ds, set(oidPrivateKeyUsage, tlv(0x30, tlv(0x80, []byte("260101000000Z")))...), []string{`table 6: PrivateKeyUsagePeriod: "260101000000Z" is no GeneralizedTime`}},
		{"key period is rubbish", ds, set(oidPrivateKeyUsage, 5, 0), []string{"table 6: PrivateKeyUsagePeriod: 0500 is no PrivateKeyUsagePeriod"}},
		{"key period ends before it begins", ds, set(oidPrivateKeyUsage, period(end, issued)...), []string{"table 6: PrivateKeyUsagePeriod: it ends on 2026-01-01"}},
		{"key before the certificate", ds, set(oidPrivateKeyUsage, period(issued.AddDate(0, -1, 0), end)...), []string{"4.1.1.1: PrivateKeyUsagePeriod: the key is used from 2025-12-01"}},
		{"key after a root", Root, set(oidPrivateKeyUsage, period(issued.AddDate(17, 0, 0), issued.AddDate(21, 0, 0))...), []string{"4.1.4.1: PrivateKeyUsagePeriod: the key is used to 2047-01-01"}},
		{"key after the certificate of a list signer", MasterListSigner, set(oidPrivateKeyUsage, period(issued, issued.AddDate(20, 0, 0))...), []string{"advice Doc 9303-12, section 4.1: PrivateKeyUsagePeriod: the key is used to 2046"}},
		{"a root's key for long", Root, set(oidPrivateKeyUsage, period(issued, issued.AddDate(5, 0, 1))...), []string{"advice Doc 9303-12, section 4.1.4.2: PrivateKeyUsagePeriod: the key is used from"}},
		{"a root's key for a short time", Root, set(oidPrivateKeyUsage, period(issued, issued.AddDate(2, 0, 0))...), []string{"advice Doc 9303-12, section 4.1.4.2: PrivateKeyUsagePeriod: the key is used from"}},
		{"a signer's key for long", ds, set(oidPrivateKeyUsage, period(issued, issued.AddDate(0, 4, 1))...), []string{"advice Doc 9303-12, section 4.1.1.2: PrivateKeyUsagePeriod: the key is used from"}},

		{"cA missing", Root, set(oidBasicConstraints, 0x30, 3, 2, 1, 0), []string{"table 6: BasicConstraints: cA is not set"}},
		{"cA false", Root, set(oidBasicConstraints, 0x30, 6, 1, 1, 0, 2, 1, 0), []string{"table 6: BasicConstraints: cA is not set", "table 5: BasicConstraints: it writes out"}},
		{"cA is 01", Root, set(oidBasicConstraints, 0x30, 6, 1, 1, 1, 2, 1, 0), []string{"section 7.1: BasicConstraints: cA is the byte 01"}},
		{"no path length", Root, set(oidBasicConstraints, 0x30, 3, 1, 1, 0xFF), []string{"table 6: BasicConstraints: there is no pathLenConstraint"}},
		{"path length 1", Link, set(oidBasicConstraints, 0x30, 6, 1, 1, 0xFF, 2, 1, 1), []string{"table 6: BasicConstraints: pathLenConstraint is 1, not 0"}},

		{"places are rubbish", ds, set(oidDistributionPoints, 5, 0), []string{"7.1.1.4: CRLDistributionPoints: 0500 is no CRLDistributionPoints"}},
		{"no place", ds, set(oidDistributionPoints, 0x30, 0), []string{"7.1.1.4: CRLDistributionPoints: no place"}},
		{"ftp", ds, set(oidDistributionPoints, tlv(0x30, tlv(0x30, place("ftp://a.invalid")))...), []string{`table 6: CRLDistributionPoints: "ftp://a.invalid" is reached`}},
		{"reasons", ds, set(oidDistributionPoints, tlv(0x30, tlv(0x30, place(good), []byte{0x81, 2, 1, 6}))...), []string{"table 6: CRLDistributionPoints: reasons are there"}},
		{"an issuer of lists", ds, set(oidDistributionPoints, tlv(0x30, tlv(0x30, place(good), tlv(0xA2, uri(good))))...), []string{"table 6: CRLDistributionPoints: cRLIssuer is there"}},
		{"a point without a place", ds, set(oidDistributionPoints, tlv(0x30, tlv(0x30, place(good)), tlv(0x30))...), []string{"table 6: CRLDistributionPoints: a point in it has no distributionPoint"}},

		{"purpose of a master list signer", MasterListSigner, set(oidExtKeyUsage, tlv(0x30, oid(oidForDeviationLists))...), []string{"7.1.1.3: ExtKeyUsage: it is for 2.23.136.1.1.8, not for 2.23.136.1.1.3"}},
		{"purpose of a deviation list signer", DeviationListSigner, set(oidExtKeyUsage, tlv(0x30, oid(oidForMasterLists))...), []string{"7.1.1.3: ExtKeyUsage: it is for 2.23.136.1.1.3"}},
		{"change of name is no NULL", Link, set(oidNameChange, 1, 1, 0xFF), []string{"7.1.1.5: NameChange: its value is 0101ff"}},
		{"change of name untold", Link, func(p *parts) { p.drop(oidNameChange) }, []string{"7.1.1.5: NameChange: it is missing from the link from"}},
		{"change of name without one", Link, func(p *parts) { p.subject = p.issuer }, []string{"advice Doc 9303-12, section 7.1.1.5: NameChange: the link changes no name"}},
		{"a new root tells the change", Root, set(oidNameChange, 5, 0), nil},

		{"document types are rubbish", ds, set(oidDocumentType, 5, 0), []string{"7.1.1.6: DocumentType: 0500 is no DocumentTypeListSyntax"}},
		{"version of document types", ds, set(oidDocumentType, types(1, "P")...), []string{"7.1.1.6: DocumentType: its version is 1"}},
		{"no document types", ds, set(oidDocumentType, types(0)...), []string{"7.1.1.6: DocumentType: there is no document type"}},
		{"document type in small letters", ds, set(oidDocumentType, types(0, "p")...), []string{`7.1.1.6: DocumentType: PrintableString "p" is no document code`}},
		{"document type of three letters", ds, set(oidDocumentType, types(0, "IDV")...), []string{`7.1.1.6: DocumentType: PrintableString "IDV" is no document code`}},
		{"document type in UTF-8", ds, set(oidDocumentType, tlv(0x30, []byte{2, 1, 0}, tlv(0x31, tlv(0x0C, []byte("P"))))...), []string{`7.1.1.6: DocumentType: UTF8String "P" is no document code`}},
		{"document types unsorted", ds, set(oidDocumentType, types(0, "P", "I")...), []string{"7.1.1.6: DocumentType: PrintableString \"I\" stands out of the order"}},
		{"document types twice", ds, set(oidDocumentType, types(0, "P", "P")...), []string{"7.1.1.6: DocumentType: PrintableString \"P\" stands twice"}},
		{"Other has no column", Other, func(p *parts) { p.drop(oidSubjectAltName); p.get(oidKeyUsage).critical = nil }, nil},
		{"Other has what none may have", Other, set(oidFreshestCRL, 0x30, 0), []string{"table 6: FreshestCRL: it must not be there"}},
	}
}

func altNameCases() (all []broken) {
	directory := func(attributes ...[3]string) []byte { return tlv(0xA4, name(attributes...)) }
	uri := tlv(0x86, []byte("http://a.invalid/"))
	locality := [3]string{oidLocality, printable, "VNM"}
	for field, id := range map[string]string{"SubjectAltName": oidSubjectAltName, "IssuerAltName": oidIssuerAltName} {
		add := func(what, text string, names ...[]byte) {
			c := broken{field + " " + what, DocumentSigner, func(p *parts) { p.set(id, tlv(0x30, names...)) }, nil}
			if text != "" {
				severity, rest, _ := strings.Cut(text, "|")
				c.want = []string{severity + "Doc 9303-12, section 7.1.1.2: " + field + ": " + rest}
			}
			all = append(all, c)
		}
		add("is right", "", uri, directory(locality))
		add("of D", "", uri, directory([3]string{oidLocality, utf8Text, "D"}))
		add("of D<<", "", uri, directory([3]string{oidLocality, printable, "D<<"}))
		add("with a state", "", uri, directory([3]string{oidLocality, printable, "CHN"}, [3]string{oidState, printable, "HKG"}))
		add("is rubbish", "|0500 is no GeneralNames")
		all[len(all)-1].edit = func(p *parts) { p.set(id, []byte{5, 0}) }
		add("has no directory name", "|there is no directoryName with", uri)
		add("has another attribute", "|its directoryName has an attribute 2.5.4.10", uri, directory(locality, [3]string{"2.5.4.10", printable, "x"}))
		add("has two letters for its locality", `|localityName PrintableString "GR" is no code`, uri, directory([3]string{oidLocality, printable, "GR"}))
		add("has a wrong locality", `|localityName PrintableString "Ha Noi" is no code`, uri, directory([3]string{oidLocality, printable, "Ha Noi"}))
		add("has a wrong state", `|stateOrProvinceName PrintableString "HK" is no code`, uri, directory(locality, [3]string{oidState, printable, "HK"}))
		add("has no contact", "advice |there is neither rfc822Name", directory(locality))
	}
	return append(all, broken{"alternative names of a root differ", Root, func(p *parts) { p.set(oidIssuerAltName, tlv(0x30, uri, directory(locality))) },
		[]string{`7.1.1.2: IssuerAltName: it is ["http://a.invalid/", 2.5.4.7="VNM"], and SubjectAltName ["csca@test.invalid", 2.5.4.7="VNM"]`}})
}
