// Package pace is Password Authenticated Connection Establishment: terminal and chip prove to each other that they know
// a short password, and agree on session keys that are strong however weak the password is (Doc 9303-11, section 4.4).
//
//	Terminal                                       Chip
//	  MSE:Set AT (protocol, password)    -->
//	  7C00                               -->       draw nonce s
//	                                     <--         z = E(KPi, s)
//	  s = D(KPi, z)
//	  mapping data                       -->
//	                                     <--         mapping data
//	  new generator of s                             new generator of s
//	  PK.DH.IFD                          -->
//	                                     <--         PK.DH.IC
//	  KSEnc, KSMac from the shared secret            KSEnc, KSMac from the shared secret
//	  T.IFD = MAC(KSMac, PK.DH.IC)       -->       verify
//	  verify                             <--         T.IC = MAC(KSMac, PK.DH.IFD) [, A.IC]
//	  secure messaging
//
// Generic mapping agrees on a point to which the nonce is added, integrated mapping hashes both nonces into the group,
// chip authentication mapping is the generic one after which A.IC proves that the chip has its private key.
package pace

import (
	"crypto/cipher"
	"crypto/sha1"
	"encoding/asn1"
	"fmt"
	"io"
	"log/slog"

	"golang.org/x/crypto/cryptobyte"

	"github.com/cancuoc/cancuoc/card/internal/dh"
	"github.com/cancuoc/cancuoc/card/internal/ec"
	"github.com/cancuoc/cancuoc/card/secinfo"
	"github.com/cancuoc/cancuoc/card/sm"
	"github.com/cancuoc/cancuoc/card/tlv"
)

// The references by which MSE:Set AT names a password (Doc 9303-11, section 4.4.4.1).
const (
	ReferenceMRZ = 0x01
	ReferenceCAN = 0x02
)

// Password is what both sides must know. It prints as [secret].
type Password struct {
	Reference byte   // ReferenceMRZ or ReferenceCAN
	Key       []byte // the encoding that KPi is derived from: what personalisation writes to a chip
}

// MRZ gives the password of the machine readable zone. MRZ_information is document number, date of birth and date of
// expiry, each with its check digit (Doc 9303-11, section 9.7.3, table 14).
func MRZ(information string) Password {
	digest := sha1.Sum([]byte(information))
	return Password{ReferenceMRZ, digest[:]}
}

// CAN gives the password of the card access number, digits as they are printed (Doc 9303-11, section 9.7.3, table 14).
func CAN(number string) Password { return Password{ReferenceCAN, []byte(number)} }

// String hides the password.
func (Password) String() string { return "[secret]" }

// GoString hides the password from %#v.
func (Password) GoString() string { return "[secret]" }

// LogValue hides the password from log/slog.
func (Password) LogValue() slog.Value { return slog.StringValue("[secret]") }

// The tags of the data objects (Doc 9303-11, sections 4.4.4 and 4.4.5).
const (
	tagProtocol   = 0x80 // in MSE:Set AT
	tagPassword   = 0x83
	tagParameters = 0x84
	tagCHAT       = 0x7F4C

	tagDynamic       = 0x7C
	tagNonce         = 0x80
	tagMapTerminal   = 0x81
	tagMapChip       = 0x82
	tagKeyTerminal   = 0x83
	tagKeyChip       = 0x84
	tagTokenTerminal = 0x85
	tagTokenChip     = 0x86
	tagCAR           = 0x87
	tagPreviousCAR   = 0x88
	tagChipData      = 0x8A
)

// element is a member of the group other than the neutral one; Bytes is its form as an ephemeral public key.
type element interface{ Bytes() []byte }

// group is the arithmetic that PACE needs of a curve or a MODP group. Private keys are big-endian numbers.
type group interface {
	draw(rand io.Reader) ([]byte, error) // a private key
	generator() element
	parse(public []byte) (element, error)             // with all checks
	multiple(e element, k []byte) (element, error)    // secret k, constant time
	combine(a, b element) (element, error)            // the group's own operation
	integrated(random []byte) (element, error)        // f_G or f_g of a number that is reduced here
	fieldBits() int                                   // the length of the prime
	secret(e element) []byte                          // what keys are derived from
	publicKey(oid []byte, public element) (do []byte) // the public key data object of the token
	key(public element) secinfo.PublicKey             // for who goes on with it
}

// openGroup gives the arithmetic that an info names.
func openGroup(info secinfo.PACEInfo) (group, error) {
	if err := info.Supported(); err != nil {
		return nil, err
	}
	if info.Agreement == secinfo.DH {
		g, err := dh.ByID(info.ParameterID)
		return modpGroup{g}, err
	}
	c, err := ec.ByParameterID(info.ParameterID)
	if err != nil {
		return nil, err
	}
	return newCurveGroup(c)
}

// nonceSize is the length of s: that of the cipher's key, rounded up to whole blocks of AES (Doc 9303-11, section
// 4.4.3.3). Generic mapping would allow others.
func nonceSize(s sm.Suite) int { return (s.KeySize() + 15) / 16 * 16 }

// cryptNonce encrypts or decrypts s under KPi: CBC, no padding, a zero initial value (Doc 9303-11, sections 4.4.3.3 and
// 9.7.3).
func cryptNonce(s sm.Suite, p Password, mode func(cipher.Block, []byte) cipher.BlockMode, text []byte) ([]byte, error) {
	block, err := s.Cipher(s.KDF(p.Key, 3))
	if err != nil {
		return nil, err
	}
	out := make([]byte, len(text))
	mode(block, make([]byte, block.BlockSize())).CryptBlocks(out, text)
	return out, nil
}

// agree gives the session keys of the second key agreement (Doc 9303-11, sections 4.4.1 and 9.7.4).
func agree(g group, s sm.Suite, private []byte, peer element) (sm.Keys, error) {
	shared, err := g.multiple(peer, private)
	if err != nil {
		return sm.Keys{}, err
	}
	return s.Keys(g.secret(shared)), nil
}

// token is the checksum over the public key that was received (Doc 9303-11, section 4.4.3.4).
func token(g group, info secinfo.PACEInfo, keys sm.Keys, received element) ([]byte, error) {
	return info.Suite.MAC(keys.Mac, g.publicKey(protocolBytes(info), received))
}

// protocolBytes gives the object identifier without its tag.
func protocolBytes(info secinfo.PACEInfo) []byte { return oidBytes(info.Protocol()) }

func oidBytes(oid asn1.ObjectIdentifier) []byte {
	var b cryptobyte.Builder
	b.AddASN1ObjectIdentifier(oid)
	encoded, err := b.Bytes()
	if err != nil || len(encoded) < 2 {
		return nil
	}
	return encoded[2:]
}

// publicKeyObject wraps a public value in the cardholder public key template (Doc 9303-11, sections 9.4 and 9.4.5).
func publicKeyObject(oid []byte, tag uint32, public []byte) []byte {
	return tlv.Encode(0x7F49, tlv.Encode(0x06, oid), tlv.Encode(tag, public))
}

// dynamic wraps data objects in the dynamic authentication data of GENERAL AUTHENTICATE (Doc 9303-11, section 4.4.4.2).
func dynamic(objects ...[]byte) []byte { return tlv.Encode(tagDynamic, objects...) }

// parseDynamic takes the wrapping off.
func parseDynamic(b []byte) ([]tlv.Object, error) {
	content, err := tlv.ParseOne(b, tagDynamic)
	if err != nil {
		return nil, err
	}
	return tlv.Parse(content)
}

// parameterBytes writes the identifier of domain parameters as DO'84' carries it.
func parameterBytes(id int) []byte {
	if id > 0xFF {
		return append(parameterBytes(id>>8), byte(id))
	}
	return []byte{byte(id)}
}

// wrap says what was being done when an error came.
func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("pace: %s: %w", what, err)
}
