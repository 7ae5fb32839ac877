package lint

import (
	"bytes"
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/internal/x509"
	"github.com/cancuoc/cancuoc/card/pki"
)

// MasterList holds a master list in DER against table 18 and section 9.2: the first report is that of the list, then come
// those of its signer and of the certificates in it.
func MasterList(der []byte) []Report {
	r := Report{Role: MasterListFile, Findings: []Finding{}}
	list, err := pki.ParseMasterList(der)
	if err != nil {
		r.add(Violation, "section 9", "ContentInfo", "cannot be read: %v", err)
		return []Report{r}
	}
	signedData(der, &r)
	listed(list, &r)
	all := []Report{{}}
	signer, err := list.SignedData.SignerCertificate()
	if err != nil {
		r.add(Violation, "table 18", "certificates", "the signer's is not there: %v", err)
	} else {
		report := Certificate(signer, "")
		r.Subject = report.Subject
		all = append(all, report)
	}
	for _, c := range list.Certificates {
		all = append(all, Certificate(c.Raw, ""))
	}
	all[0] = r
	return all
}

// signedData holds the frame against table 18.
func signedData(der []byte, r *Report) {
	in := cryptobyte.String(der)
	var info, wrapped, signed, digests, content, certificates, crls, signers cryptobyte.String
	var version int
	var some, revoked bool
	if !in.ReadASN1(&info, cbasn1.SEQUENCE) || !info.SkipASN1(cbasn1.OBJECT_IDENTIFIER) || !info.ReadASN1(&wrapped, explicit(0)) ||
		!wrapped.ReadASN1(&signed, cbasn1.SEQUENCE) || !signed.ReadASN1Integer(&version) || !signed.ReadASN1(&digests, cbasn1.SET) ||
		!signed.ReadASN1(&content, cbasn1.SEQUENCE) || !signed.ReadOptionalASN1(&certificates, &some, explicit(0)) ||
		!signed.ReadOptionalASN1(&crls, &revoked, explicit(1)) || !signed.ReadASN1(&signers, cbasn1.SET) {
		r.add(Violation, "table 18", "SignedData", "is not in DER")
		return
	}
	if version != 3 {
		r.add(Violation, "table 18", "version", "is v%d, not v3", version)
	}
	if revoked {
		r.add(Violation, "table 18", "crls", "must not be there")
	}
	if n := count(certificates); n == 1 {
		r.add(Advice, "table 18", "certificates", "hold the signer's alone, where the CSCA's over it is recommended too")
	}
	if n := count(signers); n != 1 {
		r.add(Advice, "table 18", "signerInfos", "are %d, where one is recommended", n)
	}
	digestParameters(digests, r)
	signerInfo(signers, r)
}

// count counts the elements of a SET.
func count(set cryptobyte.String) (n int) {
	var one cryptobyte.String
	var tag cbasn1.Tag
	for !set.Empty() && set.ReadAnyASN1Element(&one, &tag) {
		n++
	}
	return n
}

func digestParameters(set cryptobyte.String, r *Report) {
	for !set.Empty() {
		var one cryptobyte.String
		var oid asn1.ObjectIdentifier
		if !set.ReadASN1(&one, cbasn1.SEQUENCE) || !x509.ReadOID(&one, &oid) {
			return
		}
		if !one.Empty() {
			r.add(Violation, "table 18, note", "digestAlgorithms", "%s has parameters, which must be omitted", x509.AlgorithmName(oid))
		}
	}
}

func signerInfo(set cryptobyte.String, r *Report) {
	var info, part, attributes cryptobyte.String
	var version int
	var tag cbasn1.Tag
	var there bool
	if !set.ReadASN1(&info, cbasn1.SEQUENCE) || !info.ReadASN1Integer(&version) || !info.ReadAnyASN1Element(&part, &tag) {
		return
	}
	if tag == cbasn1.SEQUENCE {
		r.add(Advice, "table 18", "sid", "names the signer by issuer and serial number, where the key identifier is recommended")
	}
	if !info.SkipASN1(cbasn1.SEQUENCE) || !info.ReadOptionalASN1(&attributes, &there, explicit(0)) {
		return
	}
	signingTime := []byte{0x06, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, 5}
	switch {
	case !there:
		r.add(Violation, "table 18", "signedAttrs", "are missing")
	case !bytes.Contains(attributes, signingTime):
		r.add(Violation, "table 18", "signedAttrs", "lack the signing time")
	}
}

// listed holds the content against section 9.2: a SET OF in DER, each certificate once.
func listed(list pki.MasterList, r *Report) {
	seen := map[string]bool{}
	sorted, twice := true, 0
	for i, c := range list.Certificates {
		if i > 0 && bytes.Compare(list.Certificates[i-1].Raw, c.Raw) > 0 {
			sorted = false
		}
		if seen[string(c.Raw)] {
			twice++
		}
		seen[string(c.Raw)] = true
	}
	if !sorted {
		r.add(Violation, "section 9", "certList", "is not in the order of DER")
	}
	if twice > 0 {
		r.add(Advice, "section 9.2", "certList", "holds %d certificates twice", twice)
	}
	if len(list.Certificates) == 0 {
		r.add(Violation, "section 9.2", "certList", "is empty")
	}
}
