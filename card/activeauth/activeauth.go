// Package activeauth is Active Authentication: the chip signs a number that the terminal chose, and thereby proves that
// it holds the private key to EF.DG15 and is no copy (Doc 9303-11, section 6.1).
//
//	Terminal                                       Chip
//	  INTERNAL AUTHENTICATE              -->
//	    RND.IFD                                      RSA: sign RND.IC RND.IFD with message recovery
//	                                                 ECDSA: sign RND.IFD
//	                                     <--         signature
//	  verify with the key of EF.DG15
//
// It proves something only when EF.DG15 stands under a security object that is trusted. Whoever chooses RND.IFD
// cleverly gets a signature that others may be shown (appendix C): Chip Authentication gives none.
package activeauth

import (
	"crypto"
	"encoding/asn1"
	"errors"
	"fmt"

	_ "crypto/sha1" // the hashes of the standard
	_ "crypto/sha256"
	_ "crypto/sha512"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/sm"
	"github.com/cancuoc/cancuoc/card/tlv"
)

const (
	rndSize = 8
	tagDG15 = 0x6F
)

// EncodeDG15 makes EF.DG15 of a public key, the DER of a SubjectPublicKeyInfo, which must be one that [Run] can use
// (Doc 9303-10, section 4.7.15).
func EncodeDG15(publicKey []byte) ([]byte, error) {
	if _, err := parsePublicKey(publicKey); err != nil {
		return nil, err
	}
	return tlv.Encode(tagDG15, publicKey), nil
}

// ParseDG15 gives the public key of EF.DG15, the DER of a SubjectPublicKeyInfo.
func ParseDG15(file []byte) ([]byte, error) {
	publicKey, err := tlv.ParseOne(file, tagDG15)
	if err != nil {
		return nil, fmt.Errorf("activeauth: EF.DG15: %w", err)
	}
	if _, err := parsePublicKey(publicKey); err != nil {
		return nil, err
	}
	return publicKey, nil
}

// NeedsExtended tells whether the signature of this key is too long for a protected response with short length
// fields: on a reader without extended length the check cannot be made (Doc 9303-11, section 6.1.4). A secure channel
// over which it is tried in vain is lost, so ask before.
func NeedsExtended(publicKey []byte) (bool, error) {
	key, err := parsePublicKey(publicKey)
	return err == nil && key.long(), err
}

// long tells whether the protected signature passes the 256 bytes of a short response.
func (k publicKey) long() bool { return k.signatureSize()+sm.Overhead > apdu.MaxShortNe }

// digest hashes the parts of a message one after another.
func digest(hash crypto.Hash, parts ...[]byte) []byte {
	h := hash.New()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// errHash is answered for a hash that the standard does not have for the kind of key.
var errHash = errors.New("activeauth: EF.DG14 must name SHA-224, SHA-256, SHA-384 or SHA-512 for an elliptic curve key")

// SignatureAlgorithm gives the object identifier of plain ECDSA with a hash, by which EF.DG14 names the algorithm of a
// key on a curve (Doc 9303-11, section 9.2.4; TR-03111, section 5.2.1.1).
func SignatureAlgorithm(hash crypto.Hash) (asn1.ObjectIdentifier, error) {
	for arc, h := range plainECDSA() {
		if h == hash {
			return asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 1, 1, 4, 1, arc}, nil
		}
	}
	return nil, errHash
}

// HashOf gives the hash of a signature algorithm that EF.DG14 names.
func HashOf(algorithm asn1.ObjectIdentifier) (crypto.Hash, error) {
	for _, hash := range plainECDSA() {
		if oid, _ := SignatureAlgorithm(hash); oid.Equal(algorithm) {
			return hash, nil
		}
	}
	return 0, errHash
}

// plainECDSA lists the hashes by the last arc of ecdsa-plain-signatures.
func plainECDSA() map[int]crypto.Hash {
	return map[int]crypto.Hash{2: crypto.SHA224, 3: crypto.SHA256, 4: crypto.SHA384, 5: crypto.SHA512}
}

// curveHash tells whether a hash may be used with ECDSA (Doc 9303-11, section 6.1.2.3).
func curveHash(hash crypto.Hash) bool {
	switch hash {
	case crypto.SHA224, crypto.SHA256, crypto.SHA384, crypto.SHA512:
		return true
	}
	return false
}
