// Package eac is Extended Access Control: Chip Authentication, by which the chip proves that it is no copy and both
// sides get strong session keys, and Terminal Authentication, by which a terminal earns the right to read fingerprints
// and irises (Doc 9303-11, sections 6.2 and 7.1; version 1 of both in TR-03110).
//
//	Terminal                                       Chip
//	  MSE: SET KAT                       -->         triple DES: K = KA(SK.IC, PK.IFD)
//	  or MSE: SET AT                     -->         AES: which key, which suite
//	     GENERAL AUTHENTICATE  PK.IFD    -->         K = KA(SK.IC, PK.IFD)
//	  a new session under KDF(K), counter zero
//
//	  for each certificate from the chip's CVCA down to the terminal:
//	    MSE: SET DST  authority          -->
//	    PSO: VERIFY CERTIFICATE          -->         verify, move the date forward, import the key
//	  MSE: SET AT  holder                -->
//	  GET CHALLENGE                      -->
//	                                     <--         r.IC
//	  EXTERNAL AUTHENTICATE              -->
//	    Sign(ID.IC  r.IC  Comp(PK.IFD))              verify, grant the rights that all certificates have
//
// The chip has proven itself when the first response of the new session is good, and only if its public key stands
// under a security object that is trusted.
package eac

import (
	"crypto/sha1"
	"encoding/asn1"
	"errors"
	"fmt"

	"github.com/cancuoc/cancuoc/card/secinfo"
	"github.com/cancuoc/cancuoc/card/sm"
)

// The tags of the data objects of both protocols (Doc 9303-11, sections 6.2.4 and 7.1.5).
const (
	tagMechanism     = 0x80
	tagPublicKeyRef  = 0x83
	tagPrivateKeyRef = 0x84
	tagKATPublicKey  = 0x91
	tagDynamic       = 0x7C
	tagEphemeral     = 0x80
	challengeSize    = 8
)

// Agreed is the outcome of a Chip Authentication.
type Agreed struct {
	Session sm.Session // in force after the response that completes the protocol
	// Terminal is Comp(PK.IFD), the terminal's ephemeral key in short, which Terminal Authentication signs.
	Terminal []byte
}

// Compress gives the short form of an ephemeral public key (Doc 9303-11, sections 7.1.4.1.3 and 7.1.4.2.3): the first
// coordinate of a point, the SHA-1 hash of a value of Diffie-Hellman. Of the chip's ephemeral key in PACE it is ID.IC.
func Compress(key secinfo.PublicKey) []byte {
	if key.Group != nil {
		digest := sha1.Sum(key.Value.Bytes())
		return digest[:]
	}
	return key.Point.X()
}

// errNoKey is answered for the zero value of a key.
var errNoKey = errors.New("eac: there is no key for key agreement")

// readKey reads an ephemeral public key in the domain of another key and checks that it belongs there (Doc 9303-11,
// section 9.4.5).
func readKey(domain secinfo.PublicKey, b []byte) (secinfo.PublicKey, error) {
	key, err := domain, error(nil)
	switch {
	case domain.Group != nil:
		key.Value, err = domain.Group.ParsePublic(b)
	case domain.Curve != nil:
		key.Point, err = domain.Curve.ParsePoint(b)
	default:
		err = errNoKey
	}
	return key, err
}

// agree gives the shared secret K of a private and a public key in one domain: the first coordinate of the point, or
// the value as long as the prime (Doc 9303-11, sections 9.6 and 9.7.1).
func agree(private []byte, public secinfo.PublicKey) ([]byte, error) {
	switch {
	case public.Group != nil:
		k, err := public.Group.Exp(public.Value, private)
		if err != nil {
			return nil, fmt.Errorf("eac: key agreement: %w", err)
		}
		return k.Fixed(), nil
	case public.Curve != nil:
		k, err := public.Curve.Mul(public.Point, private)
		if err != nil {
			return nil, fmt.Errorf("eac: key agreement: %w", err)
		}
		return k.X(), nil
	}
	return nil, errNoKey
}

// publicOf gives the public key of a private one in the domain of another key.
func publicOf(private []byte, domain secinfo.PublicKey) (secinfo.PublicKey, error) {
	key, err := domain, error(nil)
	switch {
	case domain.Group != nil:
		key.Value, err = domain.Group.Exp(domain.Group.Generator(), private)
	case domain.Curve != nil:
		key.Point, err = domain.Curve.MulBase(private)
	default:
		err = errNoKey
	}
	return key, err
}

// session derives what the new secure messaging starts from: keys from K, the counter at zero (Doc 9303-11, sections
// 6.2.1, 9.8.6.3 and 9.8.7.3).
func session(suite sm.Suite, k []byte, terminal secinfo.PublicKey) Agreed {
	return Agreed{Session: sm.Session{Suite: suite, Keys: suite.Keys(k)}, Terminal: Compress(terminal)}
}

// mechanism gives the object identifier of a protocol without tag and length, as tag 80 carries it.
func mechanism(oid asn1.ObjectIdentifier) ([]byte, error) {
	der, err := asn1.Marshal(oid)
	if err != nil {
		return nil, fmt.Errorf("eac: object identifier: %w", err)
	}
	return der[2:], nil
}

// reference gives a private key's identifier in the fewest bytes.
func reference(id int) ([]byte, error) {
	if id < 0 || id > 1<<31-1 {
		return nil, fmt.Errorf("eac: %d does not name a key of the chip", id)
	}
	b := []byte{byte(id)}
	for id >>= 8; id > 0; id >>= 8 {
		b = append([]byte{byte(id)}, b...)
	}
	return b, nil
}
