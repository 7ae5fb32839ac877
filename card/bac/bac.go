// Package bac is Basic Access Control: terminal and chip prove to each other that they know the key derived from the
// printed data of the card, and agree on session keys for secure messaging (Doc 9303-11, section 4.3).
//
//	Terminal                                       Chip
//	  GET CHALLENGE                      -->
//	                                     <--         RND.IC
//	  EXTERNAL AUTHENTICATE              -->
//	    E(KEnc, RND.IFD RND.IC K.IFD), M             verify, compare RND.IC
//	                                     <--         E(KEnc, RND.IC RND.IFD K.IC), M
//	  verify, compare RND.IFD
//	  secure messaging under KDF(K.IFD xor K.IC)
//
// The access key has little entropy: whoever has recorded a session can search for it.
package bac

import (
	"crypto/cipher"
	"crypto/sha1"
	"crypto/subtle"
	"fmt"

	"github.com/cancuoc/cancuoc/card/sm"
)

const (
	rndSize        = 8
	keySize        = 16
	cryptogramSize = 2*rndSize + keySize
	macSize        = 8
)

// Seed gives K_seed, 16 bytes, which personalisation writes to the chip: the first bytes of the SHA-1 hash of
// MRZ_information (Doc 9303-11, section 4.3.2), which is document number, date of birth and date of expiry, each
// with its check digit.
func Seed(mrzInformation string) []byte {
	digest := sha1.Sum([]byte(mrzInformation))
	return digest[:keySize]
}

// accessKeys derives KEnc and KMAC (Doc 9303-11, section 9.7.2).
func accessKeys(seed []byte) (sm.Keys, error) {
	if len(seed) != keySize {
		return sm.Keys{}, fmt.Errorf("bac: K_seed has %d bytes, not %d", len(seed), keySize)
	}
	return sm.TripleDES.Keys(seed), nil
}

// session derives what secure messaging starts from (Doc 9303-11, sections 9.7.4 and 9.8.6.3).
func session(rndIC, rndIFD, kIC, kIFD []byte) sm.Session {
	secret := make([]byte, keySize)
	subtle.XORBytes(secret, kIC, kIFD)
	ssc := append(append([]byte(nil), rndIC[rndSize-4:]...), rndIFD[rndSize-4:]...)
	return sm.Session{Suite: sm.TripleDES, Keys: sm.TripleDES.Keys(secret), SSC: ssc}
}

// zeroIV is the initial value of the cryptograms, which have no padding (Doc 9303-11, section 4.3.3.1).
func zeroIV(block cipher.Block) []byte { return make([]byte, block.BlockSize()) }
