package pki

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/pem"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/internal/x509"
)

const (
	// Iterations is how often PBKDF2 hashes a passphrase when a key is written.
	Iterations = 600_000

	maxIterations = 10_000_000 // what a key file may demand of the reader: some seconds
	maxKeyFile    = 64 << 10

	plainKey     = "PRIVATE KEY"
	encryptedKey = "ENCRYPTED PRIVATE KEY"

	oidPBES2          = "1.2.840.113549.1.5.13"
	oidPBKDF2         = "1.2.840.113549.1.5.12"
	oidHMACWithSHA256 = "1.2.840.113549.2.9"
	oidAES256CBC      = "2.16.840.1.101.3.4.1.42"
)

// WriteKey writes a private key as PKCS #8 in PEM, readable by its owner only (mode 0600), and never over a file that
// is there. With a passphrase the key is encrypted: PBES2 with PBKDF2, HMAC-SHA-256 and AES-256-CBC (RFC 8018), which
// `openssl pkcs8` reads.
func WriteKey(path string, key crypto.Signer, passphrase []byte) error {
	text, err := encodeKey(key, passphrase, Iterations)
	if err != nil {
		return err
	}
	defer clear(text)
	return writeNew(path, text, 0o600)
}

// WriteKeyInfo does the same for a key that is PKCS #8 already, of whatever kind.
func WriteKeyInfo(path string, der, passphrase []byte) error {
	text, err := encodeKeyInfo(der, passphrase, Iterations)
	if err != nil {
		return err
	}
	defer clear(text)
	return writeNew(path, text, 0o600)
}

func encodeKey(key crypto.Signer, passphrase []byte, iterations int) ([]byte, error) {
	der, err := x509.MarshalPrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	defer clear(der)
	return encodeKeyInfo(der, passphrase, iterations)
}

func encodeKeyInfo(der, passphrase []byte, iterations int) ([]byte, error) {
	if len(passphrase) == 0 {
		return pem.EncodeToMemory(&pem.Block{Type: plainKey, Bytes: der}), nil
	}
	sealed, err := encrypt(der, passphrase, iterations)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: encryptedKey, Bytes: sealed}), nil
}

// encrypt makes an EncryptedPrivateKeyInfo (RFC 5958, section 3; RFC 8018, section 6.2).
func encrypt(der, passphrase []byte, iterations int) ([]byte, error) {
	salt, iv := make([]byte, 16), make([]byte, aes.BlockSize)
	for _, b := range [][]byte{salt, iv} {
		if _, err := rand.Read(b); err != nil {
			return nil, fmt.Errorf("pki: draw a salt: %w", err)
		}
	}
	block, err := passphraseCipher(passphrase, salt, iterations)
	if err != nil {
		return nil, err
	}
	padding := aes.BlockSize - len(der)%aes.BlockSize
	text := append(bytes.Clone(der), bytes.Repeat([]byte{byte(padding)}, padding)...)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(text, text)
	return encodeSealed(text, salt, iv, iterations)
}

func encodeSealed(text, salt, iv []byte, iterations int) ([]byte, error) {
	const seq = cbasn1.SEQUENCE
	type builder = *cryptobyte.Builder
	kdf := func(b builder) {
		b.AddASN1ObjectIdentifier(arcs(oidPBKDF2))
		b.AddASN1(seq, func(b builder) {
			b.AddASN1OctetString(salt)
			b.AddASN1Int64(int64(iterations))
			b.AddASN1(seq, func(b builder) {
				b.AddASN1ObjectIdentifier(arcs(oidHMACWithSHA256))
				b.AddASN1NULL()
			})
		})
	}
	scheme := func(b builder) {
		b.AddASN1ObjectIdentifier(arcs(oidAES256CBC))
		b.AddASN1OctetString(iv)
	}
	var b cryptobyte.Builder
	b.AddASN1(seq, func(b builder) {
		b.AddASN1(seq, func(b builder) {
			b.AddASN1ObjectIdentifier(arcs(oidPBES2))
			b.AddASN1(seq, func(b builder) { b.AddASN1(seq, kdf); b.AddASN1(seq, scheme) })
		})
		b.AddASN1OctetString(text)
	})
	return b.Bytes()
}

func passphraseCipher(passphrase, salt []byte, iterations int) (cipher.Block, error) {
	key, err := pbkdf2.Key(sha256.New, string(passphrase), salt, iterations, 32)
	if err != nil {
		return nil, fmt.Errorf("pki: derive a key from the passphrase: %w", err)
	}
	defer clear(key)
	return aes.NewCipher(key)
}

// ReadKey reads what [WriteKey] wrote, or `openssl pkcs8 -topk8 -v2prf hmacWithSHA256`. Without a passphrase for an
// encrypted file, or with the wrong one, it answers [ErrPassphrase]; another way of encrypting is [ErrUnsupported]; what is
// no key of RSA or on a curve of NIST or RFC 5639 is [ErrKeyFile].
func ReadKey(path string, passphrase []byte) (crypto.Signer, error) {
	text, err := readRegular(path, maxKeyFile)
	if err != nil {
		return nil, err
	}
	defer clear(text)
	key, err := decodeKey(text, passphrase)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, path)
	}
	return key, nil
}

// KeySealed tells whether a key file is encrypted, by what it says of itself.
func KeySealed(path string) (bool, error) {
	text, err := readRegular(path, maxKeyFile)
	if err != nil {
		return false, err
	}
	defer clear(text)
	block, _ := pem.Decode(text)
	if block == nil || block.Type != plainKey && block.Type != encryptedKey {
		return false, fmt.Errorf("%w: %s", ErrKeyFile, path)
	}
	return block.Type == encryptedKey, nil
}

func decodeKey(text, passphrase []byte) (crypto.Signer, error) {
	der, broken, err := openKey(text, passphrase)
	if err != nil {
		return nil, err
	}
	defer clear(der)
	key, err := x509.ParsePrivateKey(der)
	if err != nil {
		return nil, broken
	}
	return key, nil
}

// openKey takes PEM and encryption off. broken is what to answer if what is inside is no key: a wrong passphrase is
// found out by its padding in most cases and not in all.
func openKey(text, passphrase []byte) (der []byte, broken, err error) {
	block, rest := pem.Decode(text)
	if block == nil || len(bytes.TrimSpace(rest)) > 0 || len(block.Headers) > 0 {
		return nil, nil, ErrKeyFile
	}
	switch block.Type {
	case plainKey:
		return block.Bytes, ErrKeyFile, nil
	case encryptedKey:
		der, err := decrypt(block.Bytes, passphrase)
		return der, ErrPassphrase, err
	}
	return nil, nil, ErrKeyFile
}

// sealed is an EncryptedPrivateKeyInfo of the one kind that is read.
type sealed struct {
	salt, iv, text []byte
	iterations     int
}

func decrypt(der, passphrase []byte) ([]byte, error) {
	s, err := readSealed(der)
	if err != nil {
		return nil, err
	}
	if len(passphrase) == 0 {
		return nil, ErrPassphrase
	}
	block, err := passphraseCipher(passphrase, s.salt, s.iterations)
	if err != nil {
		return nil, err
	}
	text := bytes.Clone(s.text)
	cipher.NewCBCDecrypter(block, s.iv).CryptBlocks(text, text)
	padding := int(text[len(text)-1])
	if padding < 1 || padding > aes.BlockSize || !bytes.HasSuffix(text, bytes.Repeat([]byte{byte(padding)}, padding)) {
		clear(text)
		return nil, ErrPassphrase
	}
	return text[:len(text)-padding], nil
}

func readSealed(der []byte) (sealed, error) {
	in := cryptobyte.String(der)
	var outer, algorithm, parameters, kdf, scheme, text cryptobyte.String
	if !in.ReadASN1(&outer, cbasn1.SEQUENCE) || !in.Empty() || !outer.ReadASN1(&algorithm, cbasn1.SEQUENCE) ||
		!outer.ReadASN1(&text, cbasn1.OCTET_STRING) || !outer.Empty() {
		return sealed{}, ErrKeyFile
	}
	if err := expect(&algorithm, oidPBES2); err != nil {
		return sealed{}, err
	}
	if !algorithm.ReadASN1(&parameters, cbasn1.SEQUENCE) || !algorithm.Empty() ||
		!parameters.ReadASN1(&kdf, cbasn1.SEQUENCE) || !parameters.ReadASN1(&scheme, cbasn1.SEQUENCE) || !parameters.Empty() {
		return sealed{}, ErrKeyFile
	}
	s := sealed{text: text}
	if err := s.readKDF(kdf); err != nil {
		return s, err
	}
	if err := expect(&scheme, oidAES256CBC); err != nil {
		return s, err
	}
	var iv cryptobyte.String
	if !scheme.ReadASN1(&iv, cbasn1.OCTET_STRING) || !scheme.Empty() || len(iv) != aes.BlockSize ||
		len(text) == 0 || len(text)%aes.BlockSize != 0 {
		return s, ErrKeyFile
	}
	s.iv = iv
	return s, nil
}

// readKDF reads PBKDF2 with its parameters (RFC 8018, appendix A.2).
func (s *sealed) readKDF(in cryptobyte.String) error {
	if err := expect(&in, oidPBKDF2); err != nil {
		return err
	}
	var parameters, salt, prf, null cryptobyte.String
	length := 32
	if !in.ReadASN1(&parameters, cbasn1.SEQUENCE) || !in.Empty() ||
		!parameters.ReadASN1(&salt, cbasn1.OCTET_STRING) || !parameters.ReadASN1Integer(&s.iterations) {
		return ErrKeyFile
	}
	if parameters.PeekASN1Tag(cbasn1.INTEGER) && !parameters.ReadASN1Integer(&length) {
		return ErrKeyFile
	}
	if parameters.Empty() {
		return fmt.Errorf("%w: the key file is encrypted with HMAC-SHA-1", ErrUnsupported)
	}
	if !parameters.ReadASN1(&prf, cbasn1.SEQUENCE) || !parameters.Empty() {
		return ErrKeyFile
	}
	if err := expect(&prf, oidHMACWithSHA256); err != nil {
		return err
	}
	if length != 32 || !prf.Empty() && (!prf.ReadASN1(&null, cbasn1.NULL) || !null.Empty() || !prf.Empty()) {
		return ErrKeyFile
	}
	s.salt = salt
	if s.iterations < 1 || s.iterations > maxIterations {
		return fmt.Errorf("%w: it demands %d iterations, at most %d are made", ErrKeyFile, s.iterations, maxIterations)
	}
	return nil
}

// expect reads the object identifier of the one algorithm that is due.
func expect(in *cryptobyte.String, want string) error {
	var oid asn1.ObjectIdentifier
	if !in.ReadASN1ObjectIdentifier(&oid) {
		return ErrKeyFile
	}
	if oid.String() != want {
		return fmt.Errorf("%w: the key file is encrypted with %s where only %s is read", ErrUnsupported, oid, want)
	}
	return nil
}
