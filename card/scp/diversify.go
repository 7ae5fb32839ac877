package scp

import (
	"crypto/aes"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/cancuoc/cancuoc/card/internal/iso9797"
)

// Diversification is how the keys of a chip come from a master key and the chip's own number, the key diversification
// data of its answer to INITIALIZE UPDATE ([Identity.Diversification]).
type Diversification string

// The diversifications.
const (
	DiversifyNone  Diversification = "none"  // the master key is each of the three keys of every chip
	DiversifyEMV   Diversification = "emv"   // triple DES over the last six bytes of the number
	DiversifyVISA2 Diversification = "visa2" // triple DES over its bytes 1, 2 and 5 to 8
	DiversifyKDF3  Diversification = "kdf3"  // CMAC in counter mode (SP 800-108) over all ten
)

// ParseDiversification reads the name of a diversification: none, emv, visa2 or kdf3.
func ParseDiversification(text string) (Diversification, error) {
	switch d := Diversification(text); d {
	case DiversifyNone, DiversifyEMV, DiversifyVISA2, DiversifyKDF3:
		return d, nil
	}
	return "", fmt.Errorf("scp: %.20q is no key diversification: none, emv, visa2 and kdf3 are", text)
}

// UnmarshalText reads the name from JSON or TOML.
func (d *Diversification) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDiversification(string(text))
	return err
}

// Master is a master key, in memory ([MasterKey]) or in a token (pkcs11.Master).
type Master interface {
	// EncryptTripleDES encrypts blocks of eight bytes, each by itself.
	EncryptTripleDES(blocks []byte) ([]byte, error)
	// CMAC gives the AES CMAC of a message, 16 bytes.
	CMAC(message []byte) ([]byte, error)
}

// The identifiers of the three keys in the data that they are derived from.
var keyIdentifiers = [3]byte{1, 2, 3}

// Diversify derives the three keys of the chip with this number, each of size bytes: 16 with EMV (EMV Card Personalization
// Specification, initial keys) and VISA2, 16, 24 or 32 with KDF3. Those of SCP02 have 16 bytes, and mostly come from the
// former.
func Diversify(method Diversification, master Master, number [10]byte, size int) (StaticKeys, error) {
	if size != 16 && size != 24 && size != 32 {
		return StaticKeys{}, fmt.Errorf("scp: keys of %d bytes: there are those of 16, 24 and 32", size)
	}
	var keys [3][]byte
	for i, id := range keyIdentifiers {
		var err error
		if keys[i], err = diversify(method, master, number, id, size); err != nil {
			return StaticKeys{}, err
		}
	}
	return StaticKeys{ENC: keys[0], MAC: keys[1], DEK: keys[2]}, nil
}

func diversify(method Diversification, master Master, number [10]byte, id byte, size int) ([]byte, error) {
	switch method {
	case DiversifyNone:
		return undiversified(master, size)
	case DiversifyEMV:
		return diversifyDES(master, number[4:10], id, size)
	case DiversifyVISA2:
		return diversifyDES(master, append(number[0:2:2], number[4:8]...), id, size)
	case DiversifyKDF3:
		return diversifyKDF3(master, number, id, size)
	}
	_, err := ParseDiversification(string(method))
	return nil, err
}

// diversifyDES encrypts six bytes of the number twice over: with F0 and the identifier, and with 0F and the identifier.
func diversifyDES(master Master, part []byte, id byte, size int) ([]byte, error) {
	if size != 16 {
		return nil, fmt.Errorf("scp: this diversification gives keys of 16 bytes, not of %d", size)
	}
	data := append(append([]byte(nil), part...), 0xF0, id)
	data = append(append(data, part...), 0x0F, id)
	key, err := master.EncryptTripleDES(data)
	if err != nil {
		return nil, fmt.Errorf("scp: diversify: %w", err)
	}
	if len(key) != len(data) {
		return nil, fmt.Errorf("scp: diversify: the master key gave %d bytes for %d", len(key), len(data))
	}
	return key, nil
}

// diversifyKDF3 counts blocks from 1 (SP 800-108, section 4.1), before the label, a zero and the number.
func diversifyKDF3(master Master, number [10]byte, id byte, size int) ([]byte, error) {
	var key []byte
	for i := byte(1); len(key) < size; i++ {
		block, err := master.CMAC(append([]byte{i, 0, 0, 0, id, 0}, number[:]...))
		if err != nil {
			return nil, fmt.Errorf("scp: diversify: %w", err)
		}
		if len(block) != aes.BlockSize {
			return nil, fmt.Errorf("scp: diversify: the master key gave a CMAC of %d bytes", len(block))
		}
		key = append(key, block...)
	}
	return key[:size:size], nil
}

func undiversified(master Master, size int) ([]byte, error) {
	m, ok := master.(MasterKey)
	if !ok {
		return nil, errors.New("scp: a master key in a token cannot be the key of a chip: it must be diversified")
	}
	if len(m.key()) != size {
		return nil, fmt.Errorf("scp: the master key has %d bytes, the keys of the chip have %d", len(m.key()), size)
	}
	return append([]byte(nil), m.key()...), nil
}

// MasterKey is a master key in memory. It prints as [secret]; the zero value is no key.
type MasterKey struct {
	bytes func() []byte // a closure: package fmt looks through all else
}

// NewMasterKey takes a copy of a key: of 16, 24 or 32 bytes for AES, of 16 or 24 for triple DES.
func NewMasterKey(key []byte) (MasterKey, error) {
	if n := len(key); n != 16 && n != 24 && n != 32 {
		return MasterKey{}, fmt.Errorf("scp: a master key has 16, 24 or 32 bytes, not %d", n)
	}
	kept := append([]byte(nil), key...)
	return MasterKey{func() []byte { return kept }}, nil
}

func (m MasterKey) key() []byte {
	if m.bytes == nil {
		return nil
	}
	return m.bytes()
}

// EncryptTripleDES encrypts blocks of eight bytes under the key, each by itself.
func (m MasterKey) EncryptTripleDES(blocks []byte) ([]byte, error) {
	block, err := tripleDES(m.key())
	if err != nil {
		return nil, err
	}
	if len(blocks)%desBlockSize != 0 {
		return nil, fmt.Errorf("scp: %d bytes are not whole blocks of %d", len(blocks), desBlockSize)
	}
	out := make([]byte, len(blocks))
	eachBlock(block.Encrypt, out, blocks)
	return out, nil
}

// CMAC gives the AES CMAC of a message under the key.
func (m MasterKey) CMAC(message []byte) ([]byte, error) {
	block, err := SCP03.cipher(m.key())
	if err != nil {
		return nil, err
	}
	return iso9797.CMAC(block, message), nil
}

// String hides the key.
func (MasterKey) String() string { return secret }

// Format hides the key from every verb of package fmt.
func (MasterKey) Format(w fmt.State, _ rune) { io.WriteString(w, secret) }

// LogValue hides the key from log/slog.
func (MasterKey) LogValue() slog.Value { return slog.StringValue(secret) }

// Diversified gives each chip keys of its own, from a master key and the chip's number.
type Diversified struct {
	Method Diversification
	Master Master
	Size   int // of each key, in bytes
}

// ChipKeys gives the keys of the chip with this number.
func (d Diversified) ChipKeys(number [10]byte) (StaticKeys, error) {
	method := d.Method
	if method == "" {
		method = DiversifyNone
	}
	return Diversify(method, d.Master, number, d.Size)
}
