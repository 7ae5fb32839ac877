package ec

import (
	"crypto/subtle"
	"sync"
)

// brainpool is the arithmetic of a curve of RFC 5639. It computes on the twisted form of the curve, where a = -3.
type brainpool struct {
	group
	order     *field
	generator projective
	// z2 and z3 are z² and z³ of the map to the twisted form; their inverses bring a point back.
	z2, z3, z2Inverse, z3Inverse elem
	multiples                    func() [][8]projective
	odds                         func() []projective
}

const (
	window     = 5 // bits of a digit for any point
	baseWindow = 4 // bits of a digit for the generator, whose multiples are kept
	oddWindow  = 8 // width of the non-adjacent form for the generator
)

func newBrainpool(d *domain, f, order *field) *brainpool {
	g := &brainpool{group: group{field: f}, order: order}
	z := f.reduce(number(d.z).Bytes())
	f.mul(&g.z2, &z, &z)
	f.mul(&g.z3, &g.z2, &z)
	g.z2Inverse, g.z3Inverse = f.invert(&g.z2), f.invert(&g.z3)
	b := f.reduce(number(d.b).Bytes())
	f.mul(&g.b, &g.z3, &g.z3)
	f.mul(&g.b, &g.b, &b)
	g.generator = g.load(d.generator())
	g.multiples = sync.OnceValue(g.baseMultiples)
	g.odds = sync.OnceValue(func() []projective { return g.oddMultiples(&g.generator, oddWindow) })
	return g
}

// load maps an encoded point of the curve to its twisted form.
func (g *brainpool) load(encoded []byte) projective {
	x, _ := g.parse(encoded[1 : 1+g.size])
	y, _ := g.parse(encoded[1+g.size:])
	p := projective{x, y, g.one}
	g.mul(&p.x, &p.x, &g.z2)
	g.mul(&p.y, &p.y, &g.z3)
	return p
}

// store maps a point back and encodes it; infinity has no bytes.
func (g *brainpool) store(p *projective) []byte {
	if g.isZero(&p.z) == 1 {
		return nil
	}
	inverse := g.invert(&p.z)
	var x, y elem
	g.mul(&x, &p.x, &inverse)
	g.mul(&x, &x, &g.z2Inverse)
	g.mul(&y, &p.y, &inverse)
	g.mul(&y, &y, &g.z3Inverse)
	return append(append([]byte{4}, g.encode(&x)...), g.encode(&y)...)
}

// sum gives p+q.
func (g *brainpool) sum(p, q []byte) []byte {
	sum, other := g.load(p), g.load(q)
	g.addPoints(&sum, &sum, &other)
	return g.store(&sum)
}

// multiply gives k·p for a secret k below the order: in each window the same doublings, one look at the whole table of
// multiples, and one complete addition.
func (g *brainpool) multiply(p, k []byte) []byte {
	var table [1 << (window - 1)]projective
	table[0] = g.load(p)
	for i := 1; i < len(table); i++ {
		g.addPoints(&table[i], &table[i-1], &table[0])
	}
	digits := g.digits(k, window)
	sum := g.pick(table[:], digits[len(digits)-1])
	for i := len(digits) - 2; i >= 0; i-- {
		g.doublePoint(&sum, window)
		q := g.pick(table[:], digits[i])
		g.addPoints(&sum, &sum, &q)
	}
	return g.store(&sum)
}

// multiplyBase gives k times the generator for a secret k below the order, from kept multiples and without doublings.
func (g *brainpool) multiplyBase(k []byte) []byte {
	table := g.multiples()
	sum := g.infinity()
	for i, digit := range g.digits(k, baseWindow) {
		q := g.pick(table[i][:], digit)
		g.addPoints(&sum, &sum, &q)
	}
	return g.store(&sum)
}

// baseMultiples are 1 to 8 times 16^i times the generator, for each i.
func (g *brainpool) baseMultiples() [][8]projective {
	table := make([][8]projective, g.order.size*8/baseWindow+1)
	base := g.generator
	for i := range table {
		t := &table[i]
		t[0] = base
		for j := 1; j < len(t); j++ {
			g.addPoints(&t[j], &t[j-1], &base)
		}
		base = t[len(t)-1]
		g.doublePoint(&base, 1)
	}
	return table
}

// pick gives digit times the first point of a table of its multiples, looking at all of them.
func (g *brainpool) pick(table []projective, digit int) projective {
	sign := negative(digit)
	size := digit ^ -sign + sign
	p := g.infinity()
	for i := range table {
		g.choosePoint(&p, &table[i], subtle.ConstantTimeEq(int32(size), int32(i+1)))
	}
	g.negate(&p.y, sign)
	return p
}

// digits writes a secret number below the order, size bytes, with digits of w bits from -2^(w-1) to 2^(w-1), least first.
func (g *brainpool) digits(k []byte, w int) []int {
	var e elem
	e.setBytes(k)
	digits := make([]int, g.order.size*8/w+1)
	carry := 0
	for i := range digits {
		d := e.bits(i*w, w) + carry
		carry = negative(1<<(w-1) - d)
		digits[i] = d - carry<<w
	}
	return digits
}

// negative is 1 for a number below 0, else 0.
func negative(n int) int { return int(uint64(int64(n)) >> 63) }

// bits are w bits of a number from bit at on.
func (e *elem) bits(at, w int) int {
	i, shift := at/64, at%64
	v := e[i] >> shift
	if shift+w > 64 && i+1 < len(e) {
		v |= e[i+1] << (64 - shift)
	}
	return int(v & (1<<w - 1))
}
