package lint

import (
	"bytes"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/internal/x509"
)

// Certificate holds a certificate in DER against Doc 9303-12, tables 5 and 6. One that the parser refuses is one finding.
func Certificate(der []byte, role Role) Report {
	r := Report{Kind: "certificate", Role: role}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		r.Findings = []Finding{refusedCertificate(der, err)}
		return r
	}
	r.Subject = parsed.Subject.String()
	if role == Deduce {
		r.Role = roleOf(parsed)
	}
	c, ok := split(parsed)
	c.role = r.Role
	if !ok {
		r.Findings = []Finding{{Violation, partSeven, "certificate", "it cannot be taken apart"}}
		return r
	}
	r.Findings = apply(certificateRules(), r.Role, c)
	if c.hasExtensions {
		r.Findings = slices.Concat(r.Findings, presenceFindings(tableSixRows(), r.Role, c.extensions), apply(extensionRules(), r.Role, c))
	}
	return r
}

// refusedCertificate gives the parser's reason, with the clause where that is told apart: algorithms that differ.
func refusedCertificate(der []byte, err error) Finding {
	inner, beside, ok := algorithms(der)
	if ok && !bytes.Equal(inner, beside) {
		return Finding{Violation, tableFive, "signature", fmt.Sprintf("the algorithm inside, %s, is not the one beside the signature, %s",
			algorithmName(inner), algorithmName(beside))}
	}
	return Finding{Violation, partSeven, "certificate", err.Error()}
}

// algorithms gives both algorithms of a certificate.
func algorithms(der []byte) (inner, beside cryptobyte.String, ok bool) {
	in := cryptobyte.String(der)
	var outer, tbs cryptobyte.String
	ok = in.ReadASN1(&outer, cbasn1.SEQUENCE) && outer.ReadASN1(&tbs, cbasn1.SEQUENCE) && outer.ReadASN1Element(&beside, cbasn1.SEQUENCE) &&
		tbs.SkipOptionalASN1(explicit(0)) && tbs.SkipASN1(cbasn1.INTEGER) && tbs.ReadASN1Element(&inner, cbasn1.SEQUENCE)
	return inner, beside, ok
}

func algorithmName(whole cryptobyte.String) string {
	a, err := x509.ReadAlgorithm(&whole)
	if err != nil {
		return "malformed"
	}
	return a.String()
}

// certificateRules are those of the fields (Doc 9303-12, table 5 and section 7.1.1.1).
func certificateRules() []rule[certificate] {
	const v = Violation
	return slices.Concat([]rule[certificate]{
		{tableFive, "version", v, nil, func(c certificate) []string {
			return when(c.version != 3, "it is v%d, not v3", c.version)
		}},
		{tableFive, "serialNumber", v, nil, func(c certificate) []string {
			return when(c.Serial.Sign() <= 0, "%s is not positive", cut(c.Serial.Text(16)))
		}},
		{tableFive, "serialNumber", v, nil, func(c certificate) []string {
			return when(len(c.serial) > 20, "it has %d octets, more than 20", len(c.serial))
		}},
		nameless(func(c certificate) cryptobyte.String { return c.algorithm }),
	}, algorithmRules(func(c certificate) cryptobyte.String { return c.algorithm }),
		nameRules(tableFive, "issuer", func(c certificate) []attribute { return c.issuer }),
		nameRules(tableFive, "subject", func(c certificate) []attribute { return c.subject }),
		identityRules("issuer", func(c certificate) []attribute { return c.issuer }),
		identityRules("subject", func(c certificate) []attribute { return c.subject }),
		[]rule[certificate]{
			{tableFive, "subject", v, nil, otherCountry},
			{tableFive, "validity", v, nil, func(c certificate) []string { return early(c.validity...) }},
			{tableFive, "validity", v, nil, func(c certificate) []string {
				return when(c.NotAfter.Before(c.NotBefore), "it ends on %s, before it begins on %s", second(c.NotAfter), second(c.NotBefore))
			}},
		}, keyRules(), []rule[certificate]{
			{tableFive, "issuerUniqueID", v, nil, func(c certificate) []string { return when(c.issuerUniqueID, "it is there") }},
			{tableFive, "subjectUniqueID", v, nil, func(c certificate) []string { return when(c.subjectUniqueID, "it is there") }},
			{tableFive, "extensions", v, nil, func(c certificate) []string { return when(!c.hasExtensions, "there are none") }},
			{part + "section 7.1.1", "signatureValue", v, []Role{Root}, func(c certificate) []string {
				return when(selfSigned(c.Certificate) == x509.ErrSignature, "the key of the root has not signed it")
			}},
			{part + "section 7.1.1.5", "subject", v, []Role{Root}, func(c certificate) []string {
				return when(!c.Subject.Equal(c.Issuer), "the root is of %s, and its issuer is %s", cut(c.Subject.String()), cut(c.Issuer.String()))
			}},
			{part + "section 7.1.1.5", "signatureValue", v, []Role{Link}, func(c certificate) []string {
				return when(selfSigned(c.Certificate) == nil, "the key that the link is for has signed it itself")
			}},
		})
}

// cut keeps a value that somebody made long from filling a report.
func cut(text string) string {
	const most = 200
	if len(text) <= most {
		return text
	}
	return fmt.Sprintf("%s... (%d bytes)", text[:most], len(text))
}
