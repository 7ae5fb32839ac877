package ec

//go:generate go run generate.go

import (
	"math/big"
	"math/bits"
)

// elem is a number modulo the modulus of a field, in Montgomery form, least significant word first. Words that a field
// does not use stay zero.
type elem [9]uint64

// field is arithmetic modulo an odd prime: that of a curve's coordinates or the order of its points. All but the
// conversions of newField take a time that depends on the width of the field alone.
type field struct {
	words int
	bits  int // of the modulus
	size  int // bytes of an encoded number
	m     elem
	k     uint64 // -1/m modulo 2^64
	one   elem
	// square is R² for R = 2^(64·words), which brings numbers into Montgomery form; word is 2^64 in that form.
	square, word elem
	inverse      []byte // the exponent m-2
	rootPower    []byte // the exponent m-1-(m+1)/4
}

func newField(m *big.Int) *field {
	f := &field{words: (m.BitLen() + 63) / 64, bits: m.BitLen(), size: (m.BitLen() + 7) / 8, m: words(m)}
	f.k = 1
	for range 6 { // Newton: each step doubles the number of right bits, and every odd word is right in one.
		f.k *= 2 - f.m[0]*f.k
	}
	f.k = -f.k
	r := new(big.Int).Lsh(big.NewInt(1), uint(64*f.words))
	f.one = words(new(big.Int).Mod(r, m))
	f.square = words(new(big.Int).Mod(new(big.Int).Mul(r, r), m))
	f.word = words(new(big.Int).Mod(new(big.Int).Lsh(r, 64), m))
	f.inverse = new(big.Int).Sub(m, big.NewInt(2)).Bytes()
	f.rootPower = rootPower(m)
	return f
}

// words spreads a number below 2^576 over words.
func words(n *big.Int) elem {
	var e elem
	e.setBytes(n.Bytes())
	return e
}

// setBytes reads big-endian bytes, 72 at most, as they are.
func (e *elem) setBytes(b []byte) {
	*e = elem{}
	for i := range b {
		e[i/8] |= uint64(b[len(b)-1-i]) << (i % 8 * 8)
	}
}

// bytes writes size big-endian bytes of a number as it is.
func (e *elem) bytes(size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[size-1-i] = byte(e[i/8] >> (i % 8 * 8))
	}
	return b
}

// shiftRight drops the last n bits, fewer than 64.
func (e *elem) shiftRight(n int) {
	for i := range e {
		e[i] >>= n
		if i+1 < len(e) {
			e[i] |= e[i+1] << (64 - n)
		}
	}
}

// mul sets z to x·y; any two may be the same.
func (f *field) mul(z, x, y *elem) {
	switch f.words {
	case 4:
		mul4(z, x, y, &f.m, f.k)
	case 5:
		mul5(z, x, y, &f.m, f.k)
	case 6:
		mul6(z, x, y, &f.m, f.k)
	case 8:
		mul8(z, x, y, &f.m, f.k)
	default:
		mul9(z, x, y, &f.m, f.k)
	}
}

// add sets z to x+y; any two may be the same.
func (f *field) add(z, x, y *elem) {
	switch f.words {
	case 4:
		add4(z, x, y, &f.m)
	case 5:
		add5(z, x, y, &f.m)
	case 6:
		add6(z, x, y, &f.m)
	case 8:
		add8(z, x, y, &f.m)
	default:
		add9(z, x, y, &f.m)
	}
}

// sub sets z to x-y; any two may be the same.
func (f *field) sub(z, x, y *elem) {
	switch f.words {
	case 4:
		sub4(z, x, y, &f.m)
	case 5:
		sub5(z, x, y, &f.m)
	case 6:
		sub6(z, x, y, &f.m)
	case 8:
		sub8(z, x, y, &f.m)
	default:
		sub9(z, x, y, &f.m)
	}
}

// exp gives x to the power of an exponent that is public: the time depends on it.
func (f *field) exp(x *elem, exponent []byte) elem {
	var powers [16]elem
	powers[0] = f.one
	for i := 1; i < len(powers); i++ {
		f.mul(&powers[i], &powers[i-1], x)
	}
	z := f.one
	for _, b := range exponent {
		for _, digit := range [2]byte{b >> 4, b & 15} {
			for range 4 {
				f.mul(&z, &z, &z)
			}
			if digit != 0 {
				f.mul(&z, &z, &powers[digit])
			}
		}
	}
	return z
}

// invert gives 1/x, and 0 for 0.
func (f *field) invert(x *elem) elem { return f.exp(x, f.inverse) }

// parse reads size big-endian bytes; ok is 1 if the number is reduced, else 0.
func (f *field) parse(b []byte) (e elem, ok int) {
	e.setBytes(b)
	var borrow uint64
	for i := range e {
		_, borrow = bits.Sub64(e[i], f.m[i], borrow)
	}
	f.mul(&e, &e, &f.square)
	return e, int(borrow)
}

// reduce reads a big-endian number of any length modulo m.
func (f *field) reduce(b []byte) elem {
	var z elem
	for len(b) > 0 {
		n := (len(b)-1)%8 + 1
		var w elem
		w.setBytes(b[:n])
		f.mul(&w, &w, &f.square)
		f.mul(&z, &z, &f.word)
		f.add(&z, &z, &w)
		b = b[n:]
	}
	return z
}

// plain takes a number out of Montgomery form.
func (f *field) plain(x *elem) elem {
	z := *x
	f.mul(&z, &z, &elem{1})
	return z
}

// encode writes a number as size big-endian bytes.
func (f *field) encode(x *elem) []byte {
	z := f.plain(x)
	return z.bytes(f.size)
}

// isZero is 1 for zero, else 0.
func (f *field) isZero(x *elem) int {
	var or uint64
	for i := range f.words {
		or |= x[i]
	}
	return int(1 ^ (or|-or)>>63)
}

// equal is 1 for equal numbers, else 0.
func (f *field) equal(x, y *elem) int {
	var d elem
	f.sub(&d, x, y)
	return f.isZero(&d)
}

// choose sets z to x if which is 1 and leaves it if which is 0.
func (f *field) choose(z, x *elem, which int) {
	mask := -uint64(which)
	for i := range f.words {
		z[i] ^= mask & (z[i] ^ x[i])
	}
}

// negate sets z to -z if which is 1 and leaves it if which is 0.
func (f *field) negate(z *elem, which int) {
	var negative elem
	f.sub(&negative, &negative, z)
	f.choose(z, &negative, which)
}
