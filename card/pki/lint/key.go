package lint

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/asn1"
	"errors"
	"slices"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/internal/x509"
)

const (
	sectionAlgorithms = part + "section 4.1.6"
	sectionRSA        = part + "section 4.1.6.1"
	sectionECDSA      = part + "section 4.1.6.3"
	sectionHashes     = part + "section 4.1.6.4"
)

// algorithm is an AlgorithmIdentifier of a signature in parts.
type algorithm struct {
	x509.Algorithm
	id         string
	parameters cryptobyte.String // the whole element
}

func splitAlgorithm(whole cryptobyte.String) algorithm {
	var a algorithm
	var in cryptobyte.String
	var id asn1.ObjectIdentifier
	read := whole
	a.Algorithm, _ = x509.ReadAlgorithm(&read) // the parser has read it before
	if whole.ReadASN1(&in, cbasn1.SEQUENCE) && x509.ReadOID(&in, &id) {
		a.id, a.parameters = id.String(), in
	}
	return a
}

func (a algorithm) isECDSA() bool { return strings.HasPrefix(a.id, "1.2.840.10045.4.") }
func (a algorithm) isPSS() bool   { return a.id == "1.2.840.113549.1.1.10" }
func (a algorithm) isDSA() bool {
	return strings.HasPrefix(a.id, "1.2.840.10040.4.") || strings.HasPrefix(a.id, "2.16.840.1.101.3.4.3.") && len(a.id) == len("2.16.840.1.101.3.4.3.1")
}
func (a algorithm) isPKCS1() bool {
	return strings.HasPrefix(a.id, "1.2.840.113549.1.1.") && !a.isPSS()
}

// algorithmRules are those of a signature algorithm (Doc 9303-12, section 4.1.6).
func algorithmRules[T any](of func(T) cryptobyte.String) []rule[T] {
	row := func(clause string, s Severity, check func(a algorithm) []string) rule[T] {
		return rule[T]{clause, "signatureAlgorithm", s, nil, func(t T) []string { return check(splitAlgorithm(of(t))) }}
	}
	return []rule[T]{
		row(sectionAlgorithms, Violation, func(a algorithm) []string {
			return when(!a.isECDSA() && !a.isDSA() && !a.isPSS() && !a.isPKCS1(), "%s is none of RSA, DSA and ECDSA", a.id)
		}),
		row(sectionHashes, Violation, func(a algorithm) []string {
			return when(!a.permitted(), "%s is by way of a hash that is none of SHA-224, SHA-256, SHA-384 and SHA-512", a.Algorithm)
		}),
		row(sectionRSA, Violation, func(a algorithm) []string {
			return when(a.isPKCS1() && a.parameters.Empty(), "%s has no parameters, where RFC 4055, section 5, wants NULL", a.Algorithm)
		}),
		row(sectionECDSA, Violation, func(a algorithm) []string {
			return when(a.isECDSA() && !a.parameters.Empty(), "%s has parameters, where RFC 5758, section 3.2, wants none", a.Algorithm)
		}),
		row(partSeven, Violation, func(a algorithm) []string {
			return when(a.isPSS() && a.writesDefaults(), "a parameter of %s is its default, which DER leaves out", a.Algorithm)
		}),
		row(sectionRSA, Advice, func(a algorithm) []string {
			return when(a.isPKCS1(), "%s, where RSASSA-PSS is recommended", a.Algorithm)
		}),
	}
}

// permitted tells whether every hash of an algorithm is one of Doc 9303-12, section 4.1.6.4. Of one that is not known nothing
// is told but of DSA with SHA-1 and RSA with MD2 and MD5.
func (a algorithm) permitted() bool {
	switch {
	case a.isPKCS1() && a.Known() && a.Hash == 0: // rsaEncryption, for which nameless has a row
		return true
	case !a.Known():
		return a.id != "1.2.840.10040.4.3" && a.id != "1.2.840.113549.1.1.2" && a.id != "1.2.840.113549.1.1.4"
	}
	return !slices.ContainsFunc(a.Hashes(), func(h crypto.Hash) bool { return !permittedHash(h) })
}

func permittedHash(h crypto.Hash) bool {
	return slices.Contains([]crypto.Hash{crypto.SHA224, crypto.SHA256, crypto.SHA384, crypto.SHA512}, h)
}

// nameless is the row of a signature algorithm that names no hash, as rsaEncryption is. In SignedData the digest algorithm
// beside it does (RFC 3370, section 3.2).
func nameless[T any](of func(T) cryptobyte.String) rule[T] {
	return rule[T]{sectionHashes, "signatureAlgorithm", Violation, nil, func(t T) []string {
		a := splitAlgorithm(of(t))
		return when(a.isPKCS1() && a.Known() && a.Hash == 0, "%s names no hash", a.id)
	}}
}

// writesDefaults tells whether salt length or trailer of RSASSA-PSS-params are written although they are the defaults. Those
// of the hashes are SHA-1, which is not permitted anyway.
func (a algorithm) writesDefaults() bool {
	in := a.parameters
	var seq, salt cryptobyte.String
	var present bool
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.SkipOptionalASN1(explicit(0)) || !seq.SkipOptionalASN1(explicit(1)) ||
		!seq.ReadOptionalASN1(&salt, &present, explicit(2)) {
		return false
	}
	return present && string(salt) == "\x02\x01\x14" || seq.PeekASN1Tag(explicit(3))
}

// keyRules are those of a public key (Doc 9303-12, section 4.1.6). That its point is uncompressed is seen to by the parser.
func keyRules() []rule[certificate] {
	const field = "subjectPublicKeyInfo"
	return []rule[certificate]{
		{sectionECDSA, field, Violation, nil, func(c certificate) []string {
			return when(x509.CurveParameters(c.PublicKeyInfo) == "named", "the curve is given by name (%s), not by its parameters", keyName(c))
		}},
		{sectionECDSA, field, Violation, nil, func(c certificate) []string {
			return when(x509.CurveParameters(c.PublicKeyInfo) == "explicit" && !hasCofactor(c.keyParams), "the parameters of %s have no cofactor", keyName(c))
		}},
		{sectionRSA, field, Violation, nil, func(c certificate) []string {
			return when(string(c.keyID) == "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01" && c.keyParams.Empty(),
				"the RSA key has no parameters, where RFC 3279, section 2.3.1, wants NULL")
		}},
		{sectionAlgorithms, field, Advice, cscas(), func(c certificate) []string { return short(c, 3072, 256) }},
		{sectionAlgorithms, field, Advice, []Role{DocumentSigner, MasterListSigner, DeviationListSigner, Communication, Other},
			func(c certificate) []string { return short(c, 2048, 224) }},
		{sectionAlgorithms, field, Advice, nil, func(c certificate) []string {
			var unsupported *x509.UnsupportedError
			_, err := c.Key()
			if !errors.As(err, &unsupported) {
				return nil
			}
			return when(true, "%s: it cannot be judged here", unsupported.Algorithm)
		}},
	}
}

func keyName(c certificate) string {
	key, err := c.Key()
	if err != nil {
		return "of a curve that is not known"
	}
	return x509.KeyName(key)
}

// short tells of a key that is shorter than the catalogues of today want; Doc 9303-12 itself gives no numbers any more.
func short(c certificate, bitsRSA, bitsEC int) []string {
	key, err := c.Key()
	if err != nil {
		return nil
	}
	bits, least := 0, bitsEC
	switch k := key.(type) {
	case *rsa.PublicKey:
		bits, least = k.N.BitLen(), bitsRSA
	case *x509.PSSPublicKey:
		bits, least = k.N.BitLen(), bitsRSA
	case *ecdsa.PublicKey:
		bits = k.Curve.Params().BitSize
	case *x509.ECPublicKey:
		bits = 8 * k.Curve.Size()
	}
	return when(bits < least, "%s is shorter than %d bits", x509.KeyName(key), least)
}

// hasCofactor tells whether ECParameters have the sixth member (RFC 3279, section 2.3.5).
func hasCofactor(parameters cryptobyte.String) bool {
	var in cryptobyte.String
	if !parameters.ReadASN1(&in, cbasn1.SEQUENCE) {
		return false
	}
	for range 5 {
		if _, ok := readElement(&in); !ok {
			return false
		}
	}
	return in.PeekASN1Tag(cbasn1.INTEGER)
}
