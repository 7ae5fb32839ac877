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

// curveHash tells whether a hash may be used with ECDSA (Doc 9303-11, section 6.1.2.3).
func curveHash(hash crypto.Hash) bool {
	switch hash {
	case crypto.SHA224, crypto.SHA256, crypto.SHA384, crypto.SHA512:
		return true
	}
	return false
}
