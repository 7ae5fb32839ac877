package lint

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// The attributes of names that have rules of their own, and those that are no DirectoryString (RFC 5280, appendix A.1).
const (
	oidCommonName     = "2.5.4.3"
	oidSerialNumber   = "2.5.4.5"
	oidCountry        = "2.5.4.6"
	oidLocality       = "2.5.4.7"
	oidState          = "2.5.4.8"
	oidDNQualifier    = "2.5.4.46"
	directoryStrings  = "2.5.4."
	capitals          = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	lettersAndDigits  = capitals + "abcdefghijklmnopqrstuvwxyz0123456789"
	printableAlphabet = lettersAndDigits + " '()+,-./:=?"
)

// nameRules are those of a name, in a certificate and in a revocation list (Doc 9303-12, tables 5 and 9).
func nameRules[T any](clause, field string, name func(T) []attribute) []rule[T] {
	row := func(check func(a attribute) []string) rule[T] {
		return rule[T]{clause, field, Violation, nil, func(of T) []string { return each(name(of), check) }}
	}
	return []rule[T]{
		row(func(a attribute) []string {
			return when(a.id == oidCountry && a.tag != cbasn1.PrintableString, "countryName %s is no PrintableString", a)
		}),
		row(func(a attribute) []string {
			return when(a.id == oidCountry && strings.ToUpper(string(a.value)) != string(a.value), "countryName %s is not in upper case", a)
		}),
		row(func(a attribute) []string {
			return when(a.id == oidSerialNumber && a.tag != cbasn1.PrintableString, "serialNumber %s is no PrintableString", a)
		}),
		row(func(a attribute) []string {
			return when(a.directoryString() && a.tag != cbasn1.PrintableString && a.tag != cbasn1.UTF8String,
				"%s is %s: neither PrintableString nor UTF8String", a.id, a)
		}),
		row(func(a attribute) []string {
			return when(a.tag == cbasn1.PrintableString && strings.Trim(string(a.value), printableAlphabet) != "" ||
				a.tag == cbasn1.UTF8String && !utf8.Valid(a.value), "%s is %s, with what a string of that type does not hold", a.id, a)
		}),
	}
}

func (a attribute) directoryString() bool {
	return strings.HasPrefix(a.id, directoryStrings) && a.id != oidCountry && a.id != oidSerialNumber && a.id != oidDNQualifier
}

// String shows a value with the type that it has.
func (e element) String() string {
	kind := map[cbasn1.Tag]string{cbasn1.PrintableString: "PrintableString", cbasn1.UTF8String: "UTF8String", cbasn1.T61String: "TeletexString",
		cbasn1.IA5String: "IA5String", 30: "BMPString", 28: "UniversalString", 18: "NumericString"}[e.tag]
	if kind == "" {
		kind = fmt.Sprintf("tag %d", e.tag)
	}
	return fmt.Sprintf("%s %+q", kind, cut(string(e.value)))
}

// identityRules say what a name in a certificate must have (Doc 9303-12, section 7.1.1.1.1).
func identityRules(field string, name func(certificate) []attribute) []rule[certificate] {
	const clause = part + "section 7.1.1.1.1"
	values := func(c certificate, id string) (all []attribute) {
		for _, a := range name(c) {
			if a.id == id {
				all = append(all, a)
			}
		}
		return all
	}
	return []rule[certificate]{
		{clause, field, Violation, nil, func(c certificate) []string {
			n := len(values(c, oidCountry))
			return when(n != 1, "there are %d countryName in it, not one", n)
		}},
		{clause, field, Violation, nil, func(c certificate) []string {
			return each(values(c, oidCountry), func(a attribute) []string {
				upper := strings.ToUpper(string(a.value))
				return when(len(upper) != 2 || strings.Trim(upper, capitals) != "", "countryName %s is not two letters", a)
			})
		}},
		{clause, field, Violation, nil, func(c certificate) []string {
			for _, a := range values(c, oidCommonName) {
				if len(a.value) > 0 {
					return nil
				}
			}
			return when(true, "there is no commonName in it")
		}},
	}
}

// otherCountry compares the countries of issuer and subject, where both have one. In which case they are written is for
// another rule.
func otherCountry(c certificate) []string {
	issuer, subject := c.Issuer.Country(), c.Subject.Country()
	return when(issuer != "" && subject != "" && !strings.EqualFold(issuer, subject),
		"countryName is %+q, and that of the issuer %+q", cut(subject), cut(issuer))
}

func second(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }
