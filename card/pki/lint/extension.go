package lint

import (
	"bytes"
	"slices"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// with makes a check of an extension's value, which says nothing where the extension is not there.
func with(id string, check func(c certificate, value cryptobyte.String) []string) func(certificate) []string {
	return func(c certificate) []string {
		if e, ok := c.extension(id); ok {
			return check(c, e.value)
		}
		return nil
	}
}

// extensionRules are those of what extensions hold (Doc 9303-12, table 6 and sections 7.1.1.2 to 7.1.1.6).
func extensionRules() []rule[certificate] {
	const v = Violation
	return slices.Concat([]rule[certificate]{
		{tableFive, "extensions", v, nil, func(c certificate) []string { return defaults(c.extensions) }},
		{tableSix, "AuthorityKeyIdentifier", v, nil, with(oidAuthorityKeyID, func(c certificate, value cryptobyte.String) []string {
			return when(len(c.AuthorityKeyID) == 0, "it has no keyIdentifier, its value is %s", hex(value))
		})},
		{"RFC 5280, section 4.2.1.1", "AuthorityKeyIdentifier", v, nil, with(oidAuthorityKeyID, halfIssuer)},
		{"RFC 5280, section 4.2.1.1", "AuthorityKeyIdentifier", v, []Role{Root}, func(c certificate) []string {
			return when(len(c.AuthorityKeyID) > 0 && len(c.SubjectKeyID) > 0 && !bytes.Equal(c.AuthorityKeyID, c.SubjectKeyID),
				"it is %s, and the root's own SubjectKeyIdentifier %s", hex(c.AuthorityKeyID), hex(c.SubjectKeyID))
		}},
		{tableSix, "SubjectKeyIdentifier", v, nil, with(oidSubjectKeyID, func(c certificate, _ cryptobyte.String) []string {
			return when(len(c.SubjectKeyID) == 0, "it is empty")
		})},
		{tableSix, "CertificatePolicies", v, nil, with(oidPolicies, func(c certificate, _ cryptobyte.String) []string {
			return when(len(c.Policies) == 0, "there is no policyIdentifier in it")
		})},
	}, usageRules(), periodRules(), altNameRules("SubjectAltName", oidSubjectAltName), altNameRules("IssuerAltName", oidIssuerAltName),
		[]rule[certificate]{{part + "section 7.1.1.2", "IssuerAltName", v, []Role{Root}, otherAltName}},
		constraintRules(), distributionRules(), ownRules())
}

// defaults tells of extensions that write out that they are not critical.
func defaults(all []extension) []string {
	return each(all, func(e extension) []string {
		return when(e.writtenFalse, "extension %s writes out that it is not critical, which is the default", e.id)
	})
}

// halfIssuer tells of an issuer without a serial number, and the other way round.
func halfIssuer(_ certificate, value cryptobyte.String) []string {
	var seq cryptobyte.String
	var issuer, serial bool
	ok := value.ReadASN1(&seq, cbasn1.SEQUENCE) && seq.SkipOptionalASN1(implicit(0)) && skipOptional(&seq, &issuer, explicit(1)) &&
		skipOptional(&seq, &serial, implicit(2))
	return when(ok && issuer != serial, "of authorityCertIssuer and authorityCertSerialNumber one is there without the other")
}

// usageRules are those of KeyUsage: the bits by table 6, and that DER leaves zeros off at the end.
func usageRules() []rule[certificate] {
	return []rule[certificate]{
		{tableSix, "KeyUsage", Violation, nil, with(oidKeyUsage, func(c certificate, _ cryptobyte.String) (wrong []string) {
			if c.role.column() < 0 {
				return nil
			}
			for n, bit := range usages() {
				set, wanted := c.KeyUsage&(1<<n) != 0, bit.at(c.role)
				wrong = append(wrong, when(set && wanted == 'x', "%s is set", bit.name)...)
				wrong = append(wrong, when(!set && wanted == 'm', "%s is not set", bit.name)...)
			}
			return wrong
		})},
		{partSeven, "KeyUsage", Violation, nil, with(oidKeyUsage, func(_ certificate, value cryptobyte.String) []string {
			n := len(value)
			return when(n > 3 && value[2] < 8 && value[n-1]>>value[2]&1 == 0, "%s has zeros at its end, which DER leaves off", hex(value))
		})},
	}
}

// constraintRules are those of BasicConstraints.
func constraintRules() []rule[certificate] {
	const field = "BasicConstraints"
	check := func(wrong func(c certificate, b constraints) []string) func(certificate) []string {
		return with(oidBasicConstraints, func(c certificate, value cryptobyte.String) []string { return wrong(c, readConstraints(value)) })
	}
	return []rule[certificate]{
		{tableSix, field, Violation, cscas(), check(func(c certificate, _ constraints) []string {
			return when(!c.IsCA, "cA is not set")
		})},
		{tableSix, field, Violation, cscas(), check(func(c certificate, _ constraints) []string {
			if c.PathLength < 0 {
				return when(true, "there is no pathLenConstraint")
			}
			return when(c.PathLength != 0, "pathLenConstraint is %d, not 0", c.PathLength)
		})},
		{partSeven, field, Violation, nil, check(func(_ certificate, b constraints) []string {
			return when(b.present && b.truth != 0 && b.truth != 0xFF, "cA is the byte %02X, and true is FF in DER", b.truth)
		})},
		{tableFive, field, Violation, nil, check(func(_ certificate, b constraints) []string {
			return when(b.present && b.truth == 0, "it writes out that cA is false, which is the default")
		})},
	}
}

// constraints are the cA of BasicConstraints as it came.
type constraints struct {
	present bool
	truth   byte
}

func readConstraints(value cryptobyte.String) (b constraints) {
	var seq, truth cryptobyte.String
	if value.ReadASN1(&seq, cbasn1.SEQUENCE) && seq.ReadOptionalASN1(&truth, &b.present, cbasn1.BOOLEAN) && len(truth) == 1 {
		b.truth = truth[0]
	}
	return b
}

// ownRules are those of the extensions of Doc 9303-12: key purposes, change of name, document types.
func ownRules() []rule[certificate] {
	const v = Violation
	change, documents := part+"section 7.1.1.5", part+"section 7.1.1.6"
	renamed := func(c certificate) bool { return !c.Subject.Equal(c.Issuer) }
	purpose := func(role Role, id string) rule[certificate] {
		return rule[certificate]{part + "section 7.1.1.3", "ExtKeyUsage", v, []Role{role}, with(oidExtKeyUsage,
			func(c certificate, _ cryptobyte.String) []string {
				return when(!slices.Contains(c.ExtendedKeyUsage, id), "it is for %s, not for %s", cut(strings.Join(c.ExtendedKeyUsage, ", ")), id)
			})}
	}
	return []rule[certificate]{
		purpose(MasterListSigner, oidForMasterLists),
		purpose(DeviationListSigner, oidForDeviationLists),
		{change, "NameChange", v, cscas(), with(oidNameChange, func(_ certificate, value cryptobyte.String) []string {
			return when(string(value) != "\x05\x00", "its value is %s, not NULL", hex(value))
		})},
		{change, "NameChange", v, []Role{Link}, func(c certificate) []string {
			_, present := c.extension(oidNameChange)
			return when(!present && renamed(c), "it is missing from the link from %s to %s", cut(c.Issuer.String()), cut(c.Subject.String()))
		}},
		{change, "NameChange", Advice, []Role{Link}, with(oidNameChange, func(c certificate, _ cryptobyte.String) []string {
			return when(!renamed(c), "the link changes no name: both are %s", cut(c.Subject.String()))
		})},
		{documents, "DocumentType", v, []Role{DocumentSigner}, with(oidDocumentType, func(_ certificate, value cryptobyte.String) []string {
			return documentTypes(value)
		})},
	}
}

// documentTypes tells what is wrong with a DocumentTypeListSyntax.
func documentTypes(in cryptobyte.String) (wrong []string) {
	var seq, set cryptobyte.String
	var version int
	whole := in
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() || !seq.ReadASN1Integer(&version) || !seq.ReadASN1(&set, cbasn1.SET) || !seq.Empty() {
		return when(true, "%s is no DocumentTypeListSyntax", hex(whole))
	}
	wrong = append(when(version != 0, "its version is %d, not 0", version), when(set.Empty(), "there is no document type in it")...)
	all, ok := elements(set)
	if !ok {
		return when(true, "%s is no DocumentTypeListSyntax", hex(whole))
	}
	var last []byte
	return append(wrong, each(all, func(der cryptobyte.String) []string {
		text := documentType(der, last)
		last = der
		return text
	})...)
}

// documentType tells what is wrong with a document type after the last one.
func documentType(der cryptobyte.String, last []byte) []string {
	order := bytes.Compare(last, der)
	e, _ := readElement(&der)
	return slices.Concat(when(order > 0, "%s stands out of the order of DER", e), when(order == 0, "%s stands twice", e),
		when(e.tag != cbasn1.PrintableString || len(e.value) < 1 || len(e.value) > 2 || strings.Trim(string(e.value), capitals) != "",
			"%s is no document code of one or two letters", e))
}

// otherAltName tells of a root whose two names differ.
func otherAltName(c certificate) []string {
	subject, ok1 := c.extension(oidSubjectAltName)
	issuer, ok2 := c.extension(oidIssuerAltName)
	return when(ok1 && ok2 && !bytes.Equal(subject.value, issuer.value), "it is %s, and SubjectAltName %s: in a root both are the same",
		showNames(issuer.value), showNames(subject.value))
}

func showNames(value cryptobyte.String) string {
	names, ok := readNames(value)
	if !ok {
		return hex(value)
	}
	return cut("[" + strings.Join(each(names, func(n generalName) []string { return []string{n.String()} }), ", ") + "]")
}
