package lint

import (
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// ErrNothing says that a file holds nothing that has a profile.
var ErrNothing = errors.New("lint: neither certificate, revocation list nor master list, in DER or PEM")

// File holds everything in a file against its profile: one thing in DER, or any number in PEM. Certificates are held against
// the role that is given, or against the one that each says.
func File(text []byte, as Role) ([]Report, error) {
	if len(text) > 0 && text[0] == 0x30 {
		return object(text, as)
	}
	var all []Report
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		switch block.Type {
		case "CERTIFICATE", "X509 CRL", "CMS", "PKCS7":
		default:
			return nil, fmt.Errorf("%w: a %s", ErrNothing, strings.ToLower(block.Type))
		}
		some, err := object(block.Bytes, as)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	if len(all) == 0 {
		return nil, ErrNothing
	}
	return all, nil
}

// object tells by the first elements what DER holds.
func object(der []byte, as Role) ([]Report, error) {
	in := cryptobyte.String(der)
	var outer, tbs cryptobyte.String
	switch {
	case !in.ReadASN1(&outer, cbasn1.SEQUENCE):
		return nil, ErrNothing
	case outer.PeekASN1Tag(cbasn1.OBJECT_IDENTIFIER):
		return MasterList(der), nil
	case !outer.ReadASN1(&tbs, cbasn1.SEQUENCE):
		return nil, ErrNothing
	case isList(tbs):
		return []Report{RevocationList(der)}, nil
	}
	return []Report{Certificate(der, as)}, nil
}

// isList tells a revocation list, where a time follows the issuer, from a certificate, where the validity does.
func isList(tbs cryptobyte.String) bool {
	return tbs.SkipOptionalASN1(cbasn1.INTEGER) && tbs.SkipASN1(cbasn1.SEQUENCE) && tbs.SkipASN1(cbasn1.SEQUENCE) &&
		(tbs.PeekASN1Tag(cbasn1.UTCTime) || tbs.PeekASN1Tag(cbasn1.GeneralizedTime))
}
