package dh

import (
	"crypto/subtle"
	"fmt"
	"math/big"
	"math/bits"
)

// Modulus is an odd number of more than eight bits with the arithmetic modulo it on secret numbers: running time and memory
// access depend on the lengths alone. Numbers are big-endian and as long as the modulus. It is immutable.
type Modulus struct {
	m     []uint64 // little-endian words
	inv   uint64   // -1/m modulo 2^64
	rr    []uint64 // R^2 mod m, R = 2^(64 * words)
	bytes int
}

// NewModulus prepares arithmetic modulo m, which is public.
func NewModulus(m *big.Int) (*Modulus, error) {
	if m.Sign() <= 0 || m.Bit(0) == 0 || m.BitLen() <= 8 {
		return nil, fmt.Errorf("dh: a modulus is odd and has more than eight bits")
	}
	n := (m.BitLen() + 63) / 64
	rr := new(big.Int).Lsh(big.NewInt(1), uint(128*n))
	mod := &Modulus{bytes: (m.BitLen() + 7) / 8}
	mod.m = words(m.Bytes(), n)
	mod.rr = words(rr.Mod(rr, m).Bytes(), n)
	inv := mod.m[0] // right in three bits; each step doubles them (Newton)
	for range 5 {
		inv *= 2 - mod.m[0]*inv
	}
	mod.inv = -inv
	return mod, nil
}

// Size is the length of the modulus in bytes.
func (mod *Modulus) Size() int { return mod.bytes }

// Exp gives base to the power of exponent. The base must be less than the modulus; the exponent may have any length,
// which is public.
func (mod *Modulus) Exp(base, exponent []byte) ([]byte, error) {
	x, err := mod.number(base)
	if err != nil {
		return nil, err
	}
	return mod.text(mod.exp(mod.mul(x, mod.rr), exponent)), nil
}

// Mul gives the product of two numbers less than the modulus.
func (mod *Modulus) Mul(a, b []byte) ([]byte, error) {
	x, err := mod.number(a)
	if err != nil {
		return nil, err
	}
	y, err := mod.number(b)
	if err != nil {
		return nil, err
	}
	return mod.text(mod.mul(mod.mul(x, mod.rr), mod.mul(y, mod.rr))), nil
}

// Reduce gives what is left of a number of any length, which is public.
func (mod *Modulus) Reduce(b []byte) []byte {
	n, chunk := len(mod.m), mod.bytes-1 // a chunk is less than the modulus
	shift := make([]byte, mod.bytes)
	acc := make([]uint64, n)
	for len(b) > 0 {
		size := (len(b)-1)%chunk + 1
		clear(shift)
		shift[len(shift)-1-size] = 1
		acc = mod.mul(mod.mul(acc, mod.rr), words(shift, n))
		acc = mod.add(acc, words(b[:size], n))
		b = b[size:]
	}
	return mod.text(mod.mul(acc, mod.rr))
}

// add gives the sum of two numbers less than the modulus.
func (mod *Modulus) add(a, b []uint64) []uint64 {
	t := make([]uint64, len(mod.m)+1)
	var carry uint64
	for i := range a {
		t[i], carry = bits.Add64(a[i], b[i], carry)
	}
	t[len(a)] = carry
	return mod.reduceOnce(t)
}

// exp raises a number in Montgomery form, four bits of the exponent at a time. The table is read through from end to
// end for each of them.
func (mod *Modulus) exp(x []uint64, exponent []byte) []uint64 {
	n := len(mod.m)
	var table [16][]uint64
	table[0] = mod.mul(words([]byte{1}, n), mod.rr)
	for i := 1; i < len(table); i++ {
		table[i] = mod.mul(table[i-1], x)
	}
	acc, factor := table[0], make([]uint64, n)
	for _, octet := range exponent {
		for _, digit := range [2]byte{octet >> 4, octet & 15} {
			for range 4 {
				acc = mod.mul(acc, acc)
			}
			for i := range table {
				pick(factor, table[i], subtle.ConstantTimeByteEq(byte(i), digit))
			}
			acc = mod.mul(acc, factor)
		}
	}
	return acc
}

// pick copies src into dst if choice is 1 and leaves dst alone if it is 0.
func pick(dst, src []uint64, choice int) {
	mask := -uint64(choice)
	for i := range dst {
		dst[i] ^= mask & (dst[i] ^ src[i])
	}
}

// mul is the Montgomery product a*b/R, less than the modulus, of two numbers less than the modulus: word by word,
// with the reduction woven in.
func (mod *Modulus) mul(a, b []uint64) []uint64 {
	n := len(mod.m)
	t := make([]uint64, n+2)
	for _, word := range a {
		addProduct(t, b, word)
		addProduct(t, mod.m, t[0]*mod.inv)
		copy(t, t[1:])
		t[n+1] = 0
	}
	return mod.reduceOnce(t)
}

// addProduct adds v*word to t, which has two words more than v.
func addProduct(t, v []uint64, word uint64) {
	var carry uint64
	for i, x := range v {
		hi, lo := bits.Mul64(x, word)
		var c uint64
		lo, c = bits.Add64(lo, carry, 0)
		hi += c
		t[i], c = bits.Add64(t[i], lo, 0)
		carry = hi + c
	}
	n := len(v)
	t[n], carry = bits.Add64(t[n], carry, 0)
	t[n+1] += carry
}

// reduceOnce subtracts the modulus from a number less than twice the modulus if that leaves no debt.
func (mod *Modulus) reduceOnce(t []uint64) []uint64 {
	n := len(mod.m)
	reduced := make([]uint64, n)
	var borrow uint64
	for i := range reduced {
		reduced[i], borrow = bits.Sub64(t[i], mod.m[i], borrow)
	}
	_, borrow = bits.Sub64(t[n], 0, borrow)
	pick(reduced, t[:n], int(borrow))
	return reduced
}

// number reads a number less than the modulus.
func (mod *Modulus) number(b []byte) ([]uint64, error) {
	for len(b) > mod.bytes && b[0] == 0 {
		b = b[1:]
	}
	if len(b) > mod.bytes {
		return nil, fmt.Errorf("dh: a number is longer than the modulus")
	}
	x := words(b, len(mod.m))
	var borrow uint64
	for i := range x {
		_, borrow = bits.Sub64(x[i], mod.m[i], borrow)
	}
	if borrow == 0 {
		return nil, fmt.Errorf("dh: a number is not less than the modulus")
	}
	return x, nil
}

// text leaves Montgomery form and writes a number as long as the modulus.
func (mod *Modulus) text(x []uint64) []byte {
	x = mod.mul(x, words([]byte{1}, len(mod.m)))
	b := make([]byte, mod.bytes)
	for i := range b {
		b[len(b)-1-i] = byte(x[i/8] >> (8 * (i % 8)))
	}
	return b
}

func words(b []byte, n int) []uint64 {
	w := make([]uint64, n)
	for i := range b {
		w[i/8] |= uint64(b[len(b)-1-i]) << (8 * (i % 8))
	}
	return w
}
