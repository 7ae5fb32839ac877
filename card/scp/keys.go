package scp

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
)

// StaticKeys are the three keys of a security domain, all of one length: for the session key of encryption, for those
// of the MACs, and for keys that are sent. SCP03 has AES keys of 16, 24 or 32 bytes, SCP02 triple DES keys of 16. They
// print as [secret].
type StaticKeys struct {
	ENC, MAC, DEK []byte
}

const secret = "[secret]"

// String hides the keys.
func (StaticKeys) String() string { return secret }

// Format hides the keys from every verb of package fmt.
func (StaticKeys) Format(w fmt.State, _ rune) { io.WriteString(w, secret) }

// LogValue hides the keys from log/slog.
func (StaticKeys) LogValue() slog.Value { return slog.StringValue(secret) }

// MarshalText hides the keys from encoding/json and its like.
func (StaticKeys) MarshalText() ([]byte, error) { return []byte(secret), nil }

// Check says what is wrong with the lengths of the keys for a protocol.
func (k StaticKeys) Check(p Protocol) error {
	if err := p.check(); err != nil {
		return err
	}
	n := len(k.ENC)
	fit, need := n == 16 || n == 24 || n == 32, "16, 24 or 32, all the same"
	if p == SCP02 {
		fit, need = n == 16, "16"
	}
	if !fit || len(k.MAC) != n || len(k.DEK) != n {
		return fmt.Errorf("scp: the static keys have %d, %d and %d bytes; those of %v need %s",
			len(k.ENC), len(k.MAC), len(k.DEK), p, need)
	}
	return nil
}

func (k StaticKeys) all() [3][]byte { return [3][]byte{k.ENC, k.MAC, k.DEK} }

// KCV is a key check value, by which a key is known without being told.
type KCV [3]byte

// KCV gives the key check values of ENC, MAC and DEK as keys of a protocol: the first bytes of an encrypted block, of
// bytes 01 for AES (Card Specification, section B.6; Amendment D, section 6.2.8) and of zeros for triple DES (B.5).
func (k StaticKeys) KCV(p Protocol) ([3]KCV, error) {
	var values [3]KCV
	if err := k.Check(p); err != nil {
		return values, err
	}
	for i, key := range k.all() {
		block, err := p.cipher(key)
		if err != nil {
			return values, err
		}
		values[i] = checkValue(p, block)
	}
	return values, nil
}

func checkValue(p Protocol, block cipher.Block) KCV {
	b := make([]byte, block.BlockSize())
	if p == SCP03 {
		for i := range b {
			b[i] = 0x01
		}
	}
	block.Encrypt(b, b)
	return KCV(b[:3])
}

// ID is a short name for a key set that is no secret, made of its check values, for registers and messages:
// "scp03-e79c05-d1bd77-3fde8c".
func (k StaticKeys) ID(p Protocol) (string, error) {
	values, err := k.KCV(p)
	if err != nil {
		return "", err
	}
	id := p.String()
	for _, v := range values {
		id += "-" + hex.EncodeToString(v[:])
	}
	return id, nil
}

// cipher makes a key of the protocol ready for use: AES, or triple DES with two keys.
func (p Protocol) cipher(key []byte) (cipher.Block, error) {
	if p == SCP02 {
		return tripleDES(key)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("scp: %d bytes are no AES key", len(key))
	}
	return block, nil
}

// tripleDES takes a key of two or of three DES keys.
func tripleDES(key []byte) (cipher.Block, error) {
	if len(key) == 16 {
		key = append(key[:16:16], key[:8]...)
	}
	block, err := des.NewTripleDESCipher(key)
	if err != nil {
		return nil, fmt.Errorf("scp: %d bytes are no triple DES key", len(key))
	}
	return block, nil
}

// ChipKeys gives these keys to every chip.
func (k StaticKeys) ChipKeys([10]byte) (StaticKeys, error) { return k, nil }
