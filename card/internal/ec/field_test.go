package ec

import (
	"math/big"
	"testing"
)

// TestFieldAgreesWithMathBig runs over the moduli of the curves and over the largest and smallest of each width, with
// numbers at the borders, where a carry is lost most easily.
func TestFieldAgreesWithMathBig(t *testing.T) {
	var moduli []*big.Int
	for _, c := range allCurves() {
		p, _, _, _, _, n, _ := c.Parameters()
		moduli = append(moduli, p, n)
	}
	for _, words := range []uint{4, 5, 6, 8, 9} {
		top := new(big.Int).Lsh(big.NewInt(1), 64*words)
		moduli = append(moduli, new(big.Int).Sub(top, big.NewInt(1)), new(big.Int).Sub(top, big.NewInt(189)),
			new(big.Int).Add(new(big.Int).Rsh(top, 1), big.NewInt(1)), new(big.Int).Add(new(big.Int).Rsh(top, 60), big.NewInt(1)))
	}
	for _, m := range moduli {
		f := newField(m)
		numbers := fieldNumbers(m)
		for _, x := range numbers {
			for _, y := range numbers {
				checkField(t, f, m, x, y)
			}
		}
	}
}

func fieldNumbers(m *big.Int) []*big.Int {
	numbers := []*big.Int{new(big.Int), big.NewInt(1), big.NewInt(2), new(big.Int).Sub(m, big.NewInt(1)), new(big.Int).Sub(m, big.NewInt(2)),
		new(big.Int).Rsh(m, 1), new(big.Int).Mod(new(big.Int).Lsh(big.NewInt(1), 64), m)}
	random := source(3)
	b := make([]byte, len(m.Bytes())+8)
	for range 12 {
		random.Read(b)
		numbers = append(numbers, new(big.Int).Mod(new(big.Int).SetBytes(b), m))
	}
	return numbers
}

func checkField(t *testing.T, f *field, m, x, y *big.Int) {
	t.Helper()
	a, b := f.reduce(x.Bytes()), f.reduce(y.Bytes())
	want := func(what string, z elem, n *big.Int) {
		t.Helper()
		if got := new(big.Int).SetBytes(f.encode(&z)); got.Cmp(n.Mod(n, m)) != 0 {
			t.Fatalf("modulo %x: %x %s %x is %x; want %x", m, x, what, y, got, n)
		}
	}
	var z elem
	f.mul(&z, &a, &b)
	want("·", z, new(big.Int).Mul(x, y))
	f.add(&z, &a, &b)
	want("+", z, new(big.Int).Add(x, y))
	f.sub(&z, &a, &b)
	want("-", z, new(big.Int).Sub(x, y))
	z = a
	f.mul(&z, &z, &z)
	want("squared, not", z, new(big.Int).Mul(x, x))
	z = a
	f.negate(&z, 1)
	want("negated, not", z, new(big.Int).Neg(x))
	if got, same := f.equal(&a, &b) == 1, x.Cmp(y) == 0; got != same {
		t.Fatalf("modulo %x: %x equals %x: %v", m, x, y, got)
	}
}

func TestReductionOfLongNumbers(t *testing.T) {
	random := source(4)
	for _, c := range allCurves() {
		m := c.Order()
		for length := range 200 {
			b := make([]byte, length)
			random.Read(b)
			z := c.order.reduce(b)
			got, want := new(big.Int).SetBytes(c.order.encode(&z)), new(big.Int).Mod(new(big.Int).SetBytes(b), m)
			if got.Cmp(want) != 0 {
				t.Fatalf("%s: %X is %x; want %x", c.Name(), b, got, want)
			}
		}
	}
}

func TestInverse(t *testing.T) {
	for _, c := range allCurves() {
		for _, f := range []*field{c.coordinates, c.order} {
			m := new(big.Int).SetBytes(f.m.bytes(72))
			for _, x := range fieldNumbers(m) {
				e := f.reduce(x.Bytes())
				e = f.invert(&e)
				want := new(big.Int)
				if x.Sign() != 0 {
					want.ModInverse(x, m)
				}
				if got := new(big.Int).SetBytes(f.encode(&e)); got.Cmp(want) != 0 {
					t.Fatalf("%s: 1/%x is %x; want %x", c.Name(), x, got, want)
				}
			}
		}
	}
}
