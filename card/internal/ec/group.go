package ec

// group is a curve y² = x³ - 3x + b of odd prime order. Its points are projective, (X:Y:Z) for x = X/Z and y = Y/Z, with
// (0:1:0) at infinity.
type group struct {
	*field
	b elem
}

type projective struct{ x, y, z elem }

func (g *group) infinity() projective { return projective{y: g.one} }

// addPoints sets r to p+q. The formula is complete, so that no pair of points needs a case of its own: Renes, Costello,
// Batina, "Complete addition formulas for prime order elliptic curves", algorithm 4.
func (g *group) addPoints(r, p, q *projective) {
	var t0, t1, t2, t3, t4, x, y, z elem
	g.mul(&t0, &p.x, &q.x)
	g.mul(&t1, &p.y, &q.y)
	g.mul(&t2, &p.z, &q.z)
	g.cross(&t3, &p.x, &p.y, &q.x, &q.y, &t0, &t1)
	g.cross(&t4, &p.y, &p.z, &q.y, &q.z, &t1, &t2)
	g.cross(&y, &p.x, &p.z, &q.x, &q.z, &t0, &t2)
	g.mul(&z, &g.b, &t2)
	g.sub(&x, &y, &z)
	g.triple(&x)
	g.sub(&z, &t1, &x)
	g.add(&x, &t1, &x)
	g.mul(&y, &g.b, &y)
	g.triple(&t2)
	g.sub(&y, &y, &t2)
	g.sub(&y, &y, &t0)
	g.triple(&y)
	g.triple(&t0)
	g.sub(&t0, &t0, &t2)
	g.mul(&t1, &t4, &y)
	g.mul(&t2, &t0, &y)
	g.mul(&y, &x, &z)
	g.add(&r.y, &y, &t2)
	g.mul(&x, &t3, &x)
	g.sub(&r.x, &x, &t1)
	g.mul(&z, &t4, &z)
	g.mul(&t1, &t3, &t0)
	g.add(&r.z, &z, &t1)
}

// cross sets z to ad + bc = (a+b)(c+d) - ac - bd, given the products ac and bd.
func (g *group) cross(z, a, b, c, d, ac, bd *elem) {
	var s elem
	g.add(z, a, b)
	g.add(&s, c, d)
	g.mul(z, z, &s)
	g.add(&s, ac, bd)
	g.sub(z, z, &s)
}

// triple sets z to 3z.
func (g *group) triple(z *elem) {
	var s elem
	g.add(&s, z, z)
	g.add(z, &s, z)
}

// doublePoint sets p to 2^n·p. It goes through Jacobian coordinates, (X:Y:Z) for x = X/Z² and y = Y/Z³, where doubling is
// cheaper and, since no point of odd order has y = 0, has one exceptional case only: infinity, whose Z stays 0. Coming
// back Y is set to 1 there; so doublePoint is complete.
func (g *group) doublePoint(p *projective, n int) {
	var zz elem
	g.mul(&zz, &p.z, &p.z)
	g.mul(&p.x, &p.x, &p.z)
	g.mul(&p.y, &p.y, &zz)
	for range n {
		g.doubleJacobian(p)
	}
	g.mul(&p.x, &p.x, &p.z)
	g.mul(&zz, &p.z, &p.z)
	infinite := g.isZero(&p.z)
	g.mul(&p.z, &zz, &p.z)
	g.choose(&p.y, &g.one, infinite)
}

// doubleJacobian doubles a point in Jacobian coordinates on a curve with a = -3.
func (g *group) doubleJacobian(p *projective) {
	var delta, gamma, beta, alpha, t elem
	g.mul(&delta, &p.z, &p.z)
	g.mul(&gamma, &p.y, &p.y)
	g.mul(&p.z, &p.z, &p.y)
	g.add(&p.z, &p.z, &p.z)
	g.mul(&beta, &p.x, &gamma)
	g.sub(&t, &p.x, &delta)
	g.add(&delta, &p.x, &delta)
	g.mul(&alpha, &t, &delta)
	g.triple(&alpha)
	g.add(&beta, &beta, &beta)
	g.add(&beta, &beta, &beta)
	g.mul(&p.x, &alpha, &alpha)
	g.sub(&p.x, &p.x, &beta)
	g.sub(&p.x, &p.x, &beta)
	g.sub(&beta, &beta, &p.x)
	g.mul(&p.y, &alpha, &beta)
	g.add(&gamma, &gamma, &gamma)
	g.mul(&gamma, &gamma, &gamma)
	g.add(&gamma, &gamma, &gamma)
	g.sub(&p.y, &p.y, &gamma)
}

// choosePoint sets p to q if which is 1 and leaves it if which is 0.
func (g *group) choosePoint(p, q *projective, which int) {
	g.choose(&p.x, &q.x, which)
	g.choose(&p.y, &q.y, which)
	g.choose(&p.z, &q.z, which)
}
