package pki

import (
	"crypto"
	"crypto/rsa"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/cancuoc/cancuoc/card/internal/ec"
	"github.com/cancuoc/cancuoc/card/internal/x509"
)

// Signature is how a key signs.
type Signature struct {
	Hash crypto.Hash // SHA-256, SHA-384 or SHA-512; 0: the one that fits the key
	PSS  bool        // RSASSA-PSS in place of PKCS #1 v1.5, with a key of RSA
}

// Profile is with what an authority signs: kinds of keys, as [KeyKinds] has them, and algorithms (Doc 9303-12, section
// 4.1.6).
type Profile struct {
	Name, Text    string
	CSCAKey       string
	CSCASignature Signature // of certificates and revocation lists
	SignerKey     string
	SOD           Signature   // of EF.SOD
	SODHash       crypto.Hash // of the data groups in EF.SOD
}

// Profiles are the profiles that are known. That of Viet Nam has the curves and hashes of its CSCA for passports in the
// master lists, and those that readers of its identity cards tell of; by which hash the signature in EF.SOD goes is not
// known, and SHA-256 is taken.
func Profiles() []Profile {
	return []Profile{
		{"vn", "as Viet Nam's are known to be: brainpoolP512r1, below it brainpoolP384r1", "brainpoolP512r1", Signature{Hash: crypto.SHA512},
			"brainpoolP384r1", Signature{Hash: crypto.SHA256}, crypto.SHA256},
		{"nist", "NIST curves: P-384, below it P-256", "P-384", Signature{Hash: crypto.SHA384},
			"P-256", Signature{Hash: crypto.SHA256}, crypto.SHA256},
		{"rsa-pss", "RSASSA-PSS: 4096 bits, below it 3072", "RSA-4096", Signature{crypto.SHA512, true},
			"RSA-3072", Signature{crypto.SHA256, true}, crypto.SHA256},
		{"rsa", "RSA by PKCS #1 v1.5: 4096 bits, below it 3072", "RSA-4096", Signature{Hash: crypto.SHA512},
			"RSA-3072", Signature{Hash: crypto.SHA256}, crypto.SHA256},
	}
}

// ProfileByName finds a profile.
func ProfileByName(name string) (Profile, error) {
	var names []string
	for _, p := range Profiles() {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return Profile{}, fmt.Errorf("pki: there is no profile %q: %s are known", name, strings.Join(names, ", "))
}

// KeyKinds are the kinds of keys that [GenerateKey] makes, strong enough for an authority today.
func KeyKinds() []string {
	kinds := []string{"RSA-3072", "RSA-4096"}
	for _, c := range curves() {
		kinds = append(kinds, c.Name())
	}
	return kinds
}

func curves() []*ec.Curve {
	return []*ec.Curve{ec.P256(), ec.P384(), ec.P521(), ec.BrainpoolP256r1(), ec.BrainpoolP320r1(), ec.BrainpoolP384r1(), ec.BrainpoolP512r1()}
}

// GenerateKey draws a private key of a kind from rand (for RSA from the system's own source).
func GenerateKey(kind string, rand io.Reader) (crypto.Signer, error) {
	switch kind {
	case "RSA-3072":
		return rsa.GenerateKey(rand, 3072)
	case "RSA-4096":
		return rsa.GenerateKey(rand, 4096)
	}
	i := slices.IndexFunc(curves(), func(c *ec.Curve) bool { return c.Name() == kind })
	if i < 0 {
		return nil, fmt.Errorf("%w: key %q: %s are made", ErrUnsupported, kind, strings.Join(KeyKinds(), ", "))
	}
	key, err := x509.GenerateEC(curves()[i], rand)
	if err != nil {
		return nil, fmt.Errorf("pki: draw a private key: %w", err)
	}
	return key, nil
}
