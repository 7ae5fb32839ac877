package pki

import (
	"slices"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/text/language"

	"github.com/cancuoc/cancuoc/card/internal/x509"
)

// otherCodes are the codes of the MRZ that ISO 3166-1 does not have beside a country of two letters, or has beside another
// (Doc 9303-3, section 5).
var otherCodes = map[string][]string{
	"DE": {"D"},
	"GB": {"GBD", "GBN", "GBO", "GBP", "GBS"},
	"HK": {"CHN"}, "MO": {"CHN"},
	"EU": {"EUE"}, "UN": {"UNO", "UNA", "UNK"}, "UT": {"UTO"}, "KS": {"RKS"}, "XK": {"RKS"},
}

// IssuesFor tells whether an authority issues the documents of a state, which the MRZ names by three letters: a verifier
// that trusts many states shall not take one's word for another's citizens. What counts is the authority's country, and its
// alternative name, which has that code for this very purpose (Doc 9303-12, section 7.1.1.2), unless the code there is that
// of another country: the name is the authority's own word. Where neither gives any code, known is false.
func (c Certificate) IssuesFor(state string) (yes, known bool) {
	codes := append(slices.DeleteFunc(slices.Clone(c.States), ofCountry), otherCodes[strings.ToUpper(c.Country)]...)
	if region, err := language.ParseRegion(c.Country); err == nil && len(c.Country) == 2 {
		codes = append(codes, region.ISO3())
	}
	return slices.Contains(codes, strings.TrimRight(state, "<")), len(codes) > 0
}

// ofCountry tells whether a code of the MRZ is that of a country.
func ofCountry(code string) bool {
	if region, err := language.ParseRegion(code); err == nil && len(code) == 3 && region.IsCountry() {
		return true
	}
	for _, codes := range otherCodes {
		if slices.Contains(codes, code) {
			return true
		}
	}
	return false
}

// readStates reads the localities in the directory names of SubjectAltName. The extension is not critical: what cannot be
// read in it says nothing.
func readStates(der []byte) (states []string) {
	in := cryptobyte.String(der)
	var seq, name cryptobyte.String
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) {
		return nil
	}
	for !seq.Empty() {
		var tag cbasn1.Tag
		if !seq.ReadAnyASN1(&name, &tag) {
			return nil
		}
		if tag != cbasn1.Tag(4).ContextSpecific().Constructed() {
			continue
		}
		directory, err := x509.ReadName(&name)
		if err != nil {
			return nil
		}
		for _, locality := range directory.Localities() {
			states = append(states, strings.TrimRight(strings.ToUpper(locality), "<"))
		}
	}
	return states
}
