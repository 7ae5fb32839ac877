package cms

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

func oidSignedData() asn1.ObjectIdentifier  { return asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2} }
func oidContentType() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3} }
func oidMessageDigest() asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
}
func oidSigningTime() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5} }
func oidSHA256() asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
}
func oidECDSAWithSHA256() asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
}

// algorithm is one that signers use. A hash of zero means that it is known by name only.
type algorithm struct {
	oid  string
	name string
	hash crypto.Hash
}

// digestAlgorithms are those of Doc 9303-12, section 4.1.6.4, and SHA-1, which is known by name only.
func digestAlgorithms() []algorithm {
	return []algorithm{
		{"2.16.840.1.101.3.4.2.1", "SHA-256", crypto.SHA256},
		{"2.16.840.1.101.3.4.2.2", "SHA-384", crypto.SHA384},
		{"2.16.840.1.101.3.4.2.3", "SHA-512", crypto.SHA512},
		{"2.16.840.1.101.3.4.2.4", "SHA-224", crypto.SHA224},
		{"1.3.14.3.2.26", "SHA-1", 0},
	}
}

// signatureAlgorithms are those of Doc 9303-12, section 4.1.6, of which ECDSA with SHA-2 is verified here.
func signatureAlgorithms() []algorithm {
	return []algorithm{
		{"1.2.840.10045.4.3.1", "ECDSA with SHA-224", crypto.SHA224},
		{"1.2.840.10045.4.3.2", "ECDSA with SHA-256", crypto.SHA256},
		{"1.2.840.10045.4.3.3", "ECDSA with SHA-384", crypto.SHA384},
		{"1.2.840.10045.4.3.4", "ECDSA with SHA-512", crypto.SHA512},
		{"1.2.840.10045.4.1", "ECDSA with SHA-1", 0},
		{"1.2.840.113549.1.1.1", "RSA PKCS #1 v1.5", 0},
		{"1.2.840.113549.1.1.5", "RSA PKCS #1 v1.5 with SHA-1", 0},
		{"1.2.840.113549.1.1.10", "RSASSA-PSS", 0},
		{"1.2.840.113549.1.1.11", "RSA PKCS #1 v1.5 with SHA-256", 0},
		{"1.2.840.113549.1.1.12", "RSA PKCS #1 v1.5 with SHA-384", 0},
		{"1.2.840.113549.1.1.13", "RSA PKCS #1 v1.5 with SHA-512", 0},
	}
}

// curves are the named curves that signers' keys lie on; only those with a curve of their own are computed here.
func curves() map[string]struct {
	name  string
	curve elliptic.Curve
} {
	type c = struct {
		name  string
		curve elliptic.Curve
	}
	return map[string]c{
		"1.2.840.10045.3.1.7":   {"P-256", elliptic.P256()},
		"1.3.132.0.34":          {"P-384", elliptic.P384()},
		"1.3.132.0.35":          {"P-521", elliptic.P521()},
		"1.3.132.0.33":          {"P-224", nil},
		"1.3.36.3.3.2.8.1.1.5":  {"brainpoolP224r1", nil},
		"1.3.36.3.3.2.8.1.1.7":  {"brainpoolP256r1", nil},
		"1.3.36.3.3.2.8.1.1.9":  {"brainpoolP320r1", nil},
		"1.3.36.3.3.2.8.1.1.11": {"brainpoolP384r1", nil},
		"1.3.36.3.3.2.8.1.1.13": {"brainpoolP512r1", nil},
	}
}

// named finds an algorithm; one that nobody listed is called by its object identifier.
func named(list []algorithm, oid asn1.ObjectIdentifier) algorithm {
	for _, a := range list {
		if a.oid == oid.String() {
			return a
		}
	}
	return algorithm{oid: oid.String(), name: oid.String()}
}

// AlgorithmName gives the name by which people know a hash, a signature algorithm or a curve of the profile; nothing for
// one that this package does not list.
func AlgorithmName(oid asn1.ObjectIdentifier) string {
	for _, list := range [][]algorithm{digestAlgorithms(), signatureAlgorithms()} {
		if a := named(list, oid); a.name != a.oid {
			return a.name
		}
	}
	return curves()[oid.String()].name
}

// readAlgorithm reads an AlgorithmIdentifier. An algorithm that is computed here has no parameters, or NULL (Doc
// 9303-10, section 4.6.2.3, note 2); those of the others are not looked at.
func readAlgorithm(in *cryptobyte.String, list []algorithm) (asn1.ObjectIdentifier, bool) {
	var seq, parameters cryptobyte.String
	var oid asn1.ObjectIdentifier
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1ObjectIdentifier(&oid) {
		return nil, false
	}
	if seq.Empty() {
		return oid, true
	}
	var tag cbasn1.Tag
	ok := seq.ReadAnyASN1(&parameters, &tag) && seq.Empty()
	null := tag == cbasn1.NULL && parameters.Empty()
	return oid, ok && (null || named(list, oid).hash == 0)
}

func addAlgorithm(b *cryptobyte.Builder, oid asn1.ObjectIdentifier) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oid) })
}

// ecdsaKey reads a SubjectPublicKeyInfo that must hold a point on one of the curves computed here.
func ecdsaKey(info []byte) (*ecdsa.PublicKey, error) {
	in := cryptobyte.String(info)
	var seq, id cryptobyte.String
	var algorithm, curve asn1.ObjectIdentifier
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1(&id, cbasn1.SEQUENCE) || !id.ReadASN1ObjectIdentifier(&algorithm) {
		return nil, malformed("the signer's public key is not in DER")
	}
	if algorithm.String() != "1.2.840.10045.2.1" {
		return nil, &UnsupportedError{"public key " + named(signatureAlgorithms(), algorithm).name}
	}
	if !id.PeekASN1Tag(cbasn1.OBJECT_IDENTIFIER) {
		return nil, &UnsupportedError{"elliptic curve with explicit parameters"}
	}
	if !id.ReadASN1ObjectIdentifier(&curve) {
		return nil, malformed("the signer's curve is not in DER")
	}
	known := curves()[curve.String()]
	if known.curve == nil {
		return nil, &UnsupportedError{"elliptic curve " + firstOf(known.name, curve.String())}
	}
	key, err := x509.ParsePKIXPublicKey(info)
	if err != nil {
		return nil, malformed("the signer's public key is no point on %s", known.name)
	}
	return key.(*ecdsa.PublicKey), nil
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
