package ec

import "math/bits"

// This file is variable time: what it works on is public.

// verify tells whether the point u1·G + u2·Q has the first coordinate r modulo the order (TR-03111, section 4.2.1.2).
func (g *brainpool) verify(public, digest, r, s []byte) bool {
	n := g.order
	rn, _ := n.parse(r)
	inverse, _ := n.parse(s)
	inverse = n.invert(&inverse)
	u1 := digestNumber(n, digest)
	n.mul(&u1, &u1, &inverse)
	n.mul(&inverse, &inverse, &rn)
	q := g.load(public)
	return g.hasX(g.combine(n.plain(&u1), n.plain(&inverse), &q), r)
}

// combine is u1·G + u2·Q, both in non-adjacent form, with common doublings.
func (g *brainpool) combine(u1, u2 elem, q *projective) *projective {
	base, own := g.odds(), g.oddMultiples(q, window)
	length := g.order.size*8 + 1
	naf1, naf2 := nonAdjacent(&u1, oddWindow, length), nonAdjacent(&u2, window, length)
	sum := g.infinity()
	pending := 0
	for i := length - 1; i >= 0; i-- {
		pending++
		if naf1[i] == 0 && naf2[i] == 0 {
			continue
		}
		g.doublePoint(&sum, pending)
		pending = 0
		g.addOdd(&sum, base, naf1[i])
		g.addOdd(&sum, own, naf2[i])
	}
	g.doublePoint(&sum, pending)
	return &sum
}

// hasX compares without a division: x = X/Z on the twisted form is r, or r plus the order where that is below p.
func (g *brainpool) hasX(p *projective, r []byte) bool {
	if g.isZero(&p.z) == 1 {
		return false
	}
	var e elem
	e.setBytes(r)
	for ; e.below(&g.m); e.plus(&g.order.m) {
		var x elem
		g.mul(&x, &e, &g.square)
		g.mul(&x, &x, &g.z2)
		g.mul(&x, &x, &p.z)
		if g.equal(&x, &p.x) == 1 {
			return true
		}
	}
	return false
}

// oddMultiples are 1, 3, 5 ... times p, as many as a non-adjacent form of width w uses.
func (g *brainpool) oddMultiples(p *projective, w int) []projective {
	table := make([]projective, 1<<(w-2))
	twice := *p
	g.doublePoint(&twice, 1)
	table[0] = *p
	for i := 1; i < len(table); i++ {
		g.addPoints(&table[i], &table[i-1], &twice)
	}
	return table
}

// addOdd adds digit times the point that the table is of; nothing for 0.
func (g *brainpool) addOdd(sum *projective, table []projective, digit int8) {
	switch {
	case digit > 0:
		g.addPoints(sum, sum, &table[digit/2])
	case digit < 0:
		q := table[-digit/2]
		g.negate(&q.y, 1)
		g.addPoints(sum, sum, &q)
	}
}

// nonAdjacent writes k with odd digits below 2^(w-1) in size, of which any w in a row hold one, least first.
func nonAdjacent(k *elem, w, length int) []int8 {
	digits := make([]int8, length)
	carry := 0
	for i := 0; i < length; {
		if k.bits(i, 1) == carry {
			i++
			continue
		}
		d := k.bits(i, w) + carry
		carry = d >> (w - 1) & 1
		digits[i] = int8(d - carry<<w)
		i += w
	}
	return digits
}

// below tells whether a number is below m.
func (e *elem) below(m *elem) bool {
	var borrow uint64
	for i := range e {
		_, borrow = bits.Sub64(e[i], m[i], borrow)
	}
	return borrow == 1
}

// plus adds n to a number.
func (e *elem) plus(n *elem) {
	var carry uint64
	for i := range e {
		e[i], carry = bits.Add64(e[i], n[i], carry)
	}
}
