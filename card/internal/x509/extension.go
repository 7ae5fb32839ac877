package x509

import (
	"encoding/asn1"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// KeyUsage is what a key is for (RFC 5280, section 4.2.1.3).
type KeyUsage int

// The usages that Doc 9303-12, table 6, speaks of, by the number of their bit.
const (
	DigitalSignature KeyUsage = 1 << 0
	CertSign         KeyUsage = 1 << 5
	CRLSign          KeyUsage = 1 << 6
)

// String names the usages (RFC 5280, section 4.2.1.3).
func (k KeyUsage) String() string {
	var names []string
	for n, name := range []string{"digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement",
		"keyCertSign", "cRLSign", "encipherOnly", "decipherOnly"} {
		if k&(1<<n) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// readKnown reads the extensions that every certificate may have.
func (c *Certificate) readKnown() error {
	for _, e := range c.Extensions {
		ok := true
		value := cryptobyte.String(e.Value)
		switch e.ID.String() {
		case "2.5.29.14":
			ok = readOctets(value, &c.SubjectKeyID)
		case "2.5.29.15":
			c.HasKeyUsage = true
			c.KeyUsage, ok = readKeyUsage(value)
		case "2.5.29.19":
			ok = c.readBasicConstraints(value)
		case "2.5.29.32":
			c.Policies, ok = readPolicies(value)
		case "2.5.29.35":
			c.AuthorityKeyID, ok = ReadAuthorityKeyID(value)
		case "2.5.29.37":
			c.ExtendedKeyUsage, ok = readIdentifiers(value)
		}
		if !ok {
			return malformed("extension %s is not in DER", e.ID)
		}
	}
	return nil
}

func readOctets(in cryptobyte.String, out *[]byte) bool {
	return in.ReadASN1Bytes(out, cbasn1.OCTET_STRING) && in.Empty()
}

func readKeyUsage(in cryptobyte.String) (usage KeyUsage, ok bool) {
	var bits asn1.BitString
	if !in.ReadASN1BitString(&bits) || !in.Empty() {
		return 0, false
	}
	for n := range min(bits.BitLength, 9) {
		usage |= KeyUsage(bits.At(n)) << n
	}
	return usage, true
}

func (c *Certificate) readBasicConstraints(in cryptobyte.String) bool {
	var seq cryptobyte.String
	return in.ReadASN1(&seq, cbasn1.SEQUENCE) && in.Empty() &&
		readTruth(&seq, &c.IsCA) &&
		(seq.Empty() || seq.ReadASN1Integer(&c.PathLength) && c.PathLength >= 0) && seq.Empty()
}

// readTruth reads a BOOLEAN that is false where it is missing. Any byte but zero is true, as in BER, for CSCA-UKRAINE of
// 2015 (UA), which writes 01 where X.690, section 11.1, wants FF.
func readTruth(in *cryptobyte.String, truth *bool) bool {
	var value cryptobyte.String
	var present bool
	if !in.ReadOptionalASN1(&value, &present, cbasn1.BOOLEAN) || present && len(value) != 1 {
		return false
	}
	*truth = present && value[0] != 0
	return true
}

// ReadAuthorityKeyID reads the key identifier of AuthorityKeyIdentifier, nil where it has none.
func ReadAuthorityKeyID(in cryptobyte.String) (id []byte, ok bool) {
	var seq, value cryptobyte.String
	var present bool
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() ||
		!seq.ReadOptionalASN1(&value, &present, cbasn1.Tag(0).ContextSpecific()) {
		return nil, false
	}
	if present {
		id = value
	}
	return id, seq.SkipOptionalASN1(explicit(1)) && seq.SkipOptionalASN1(cbasn1.Tag(2).ContextSpecific()) && seq.Empty()
}

// readPolicies reads the identifiers of CertificatePolicies.
func readPolicies(in cryptobyte.String) (policies []string, ok bool) {
	var seq cryptobyte.String
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() {
		return nil, false
	}
	for !seq.Empty() {
		var one cryptobyte.String
		if !seq.ReadASN1(&one, cbasn1.SEQUENCE) {
			return nil, false
		}
		id, ok := readLongOID(&one)
		if !ok {
			return nil, false
		}
		policies = append(policies, id)
	}
	return policies, true
}

// readIdentifiers reads a SEQUENCE of object identifiers, as ExtKeyUsageSyntax is.
func readIdentifiers(in cryptobyte.String) (all []string, ok bool) {
	var seq cryptobyte.String
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() {
		return nil, false
	}
	for !seq.Empty() {
		id, ok := readLongOID(&seq)
		if !ok {
			return nil, false
		}
		all = append(all, id)
	}
	return all, true
}
