package pki

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// maxValues bounds what is kept of an export; that of the ICAO PKD has some tens of thousands of certificates.
const maxValues = 1 << 18

// ldifValue is one binary value of an LDIF export.
type ldifValue struct {
	entry     string // the distinguished name of its entry
	attribute string // in small letters, without options: "usercertificate"
	value     []byte
}

// parseLDIF reads the base64 values of an LDIF file (RFC 2849), which is how the ICAO PKD and others export certificates,
// revocation lists and master lists. Values in plain text are passed over: none of those three is text.
func parseLDIF(text string) ([]ldifValue, error) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.ReplaceAll(text, "\n ", "") // a line that begins with a space goes on with the one before
	var all []ldifValue
	entry := ""
	n := 0
	for line := range strings.SplitSeq(text, "\n") { // one by one: a slice of empty lines would be sixteen times the file
		n++
		name, rest, found := strings.Cut(line, ":")
		switch {
		case strings.TrimSpace(line) == "":
			entry = ""
			continue
		case strings.HasPrefix(line, "#") || line == "-":
			continue
		case !found || name == "":
			return nil, fmt.Errorf("pki: LDIF: line %d after unfolding has no attribute", n)
		}
		encoded, binary := strings.CutPrefix(rest, ":")
		name, _, _ = strings.Cut(strings.ToLower(name), ";")
		if !binary {
			if name == "dn" {
				entry = strings.TrimSpace(rest)
			}
			continue
		}
		value, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
		if err != nil {
			return nil, fmt.Errorf("pki: LDIF: attribute %s of %q is not in base64", name, entry)
		}
		if name == "dn" {
			entry = string(value)
			continue
		}
		if len(all) == maxValues {
			return nil, fmt.Errorf("pki: LDIF: more than %d values", maxValues)
		}
		all = append(all, ldifValue{entry, name, value})
	}
	return all, nil
}

// ldifKind tells what an attribute holds. The names are those of RFC 4523 and of the ICAO PKD's schema, and those of
// national exports.
func ldifKind(attribute string) kind {
	switch attribute {
	case "usercertificate", "cacertificate", "cscacertificate", "cscacertificateobject":
		return kindCertificate
	case "certificaterevocationlist", "authorityrevocationlist", "crl":
		return kindCRL
	case "pkdmasterlistcontent", "cscamasterlistdata", "cscamasterlist", "masterlist":
		return kindMasterList
	}
	return kindUnknown
}
