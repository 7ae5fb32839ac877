// Package iso9797 holds the message authentication codes and the padding that secure messaging stands on: ISO/IEC
// 9797-1 padding method 2 and MAC algorithm 3 (the retail MAC), and CMAC (SP 800-38B, RFC 4493).
package iso9797

import (
	"crypto/cipher"
	"crypto/des"
	"crypto/subtle"
	"errors"
	"fmt"
)

// ErrPadding is answered for data that does not end in padding of method 2.
var ErrPadding = errors.New("iso9797: the padding is wrong")

// Pad gives b padded by method 2: one byte 80, then zeros up to a whole number of blocks. It always adds something.
// The result is a copy.
func Pad(b []byte, blockSize int) []byte {
	padded := make([]byte, (len(b)/blockSize+1)*blockSize)
	copy(padded, b)
	padded[len(b)] = 0x80
	return padded
}

// Unpad takes the padding of method 2 off. The padding must lie in the last block and the length be whole blocks.
func Unpad(b []byte, blockSize int) ([]byte, error) {
	if len(b) == 0 || len(b)%blockSize != 0 {
		return nil, ErrPadding
	}
	for n := len(b) - 1; n >= len(b)-blockSize; n-- {
		switch b[n] {
		case 0x80:
			return b[:n:n], nil
		case 0x00:
		default:
			return nil, ErrPadding
		}
	}
	return nil, ErrPadding
}

// RetailMAC gives the eight bytes of MAC algorithm 3 with DES and a zero initial value: a CBC-MAC under the first
// half of the key, its last block decrypted under the second half and encrypted under the first. The key has 16
// bytes; the message is padded by the caller to whole blocks of eight.
func RetailMAC(key, message []byte) ([]byte, error) {
	if len(key) != 16 {
		return nil, fmt.Errorf("iso9797: a retail MAC key has 16 bytes, not %d", len(key))
	}
	if len(message) == 0 || len(message)%des.BlockSize != 0 {
		return nil, fmt.Errorf("iso9797: a retail MAC is computed over whole blocks of %d bytes", des.BlockSize)
	}
	first, err := des.NewCipher(key[:8])
	if err != nil {
		return nil, err
	}
	second, err := des.NewCipher(key[8:])
	if err != nil {
		return nil, err
	}
	mac := chain(first, message)
	second.Decrypt(mac, mac)
	first.Encrypt(mac, mac)
	return mac, nil
}

// chain gives the last block of a CBC encryption with a zero initial value.
func chain(block cipher.Block, message []byte) []byte {
	size := block.BlockSize()
	state := make([]byte, size)
	for ; len(message) > 0; message = message[size:] {
		subtle.XORBytes(state, state, message[:size])
		block.Encrypt(state, state)
	}
	return state
}

// CMAC gives the whole CMAC of a message of any length (SP 800-38B, section 6.2; RFC 4493, section 2.4), as long as
// the cipher's block, which has 8 or 16 bytes.
func CMAC(block cipher.Block, message []byte) []byte {
	size := block.BlockSize()
	k1, k2 := subkeys(block)
	whole := max(0, (len(message)-1)/size) * size
	last := message[whole:]
	if len(last) == size {
		last = append([]byte(nil), last...)
		subtle.XORBytes(last, last, k1)
	} else {
		last = Pad(last, size)
		subtle.XORBytes(last, last, k2)
	}
	state := chain(block, message[:whole])
	subtle.XORBytes(state, state, last)
	block.Encrypt(state, state)
	return state
}

// subkeys derives K1 and K2 (SP 800-38B, section 6.1).
func subkeys(block cipher.Block) (k1, k2 []byte) {
	l := make([]byte, block.BlockSize())
	block.Encrypt(l, l)
	k1 = double(l)
	return k1, double(k1)
}

// double multiplies by x in the field of the block size, in constant time.
func double(b []byte) []byte {
	polynomial := byte(0x87)
	if len(b) == 8 {
		polynomial = 0x1B
	}
	out := make([]byte, len(b))
	carry := byte(0)
	for i := len(b) - 1; i >= 0; i-- {
		out[i] = b[i]<<1 | carry
		carry = b[i] >> 7
	}
	out[len(b)-1] ^= -carry & polynomial
	return out
}
