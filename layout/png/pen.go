package png

import (
	"math"

	"github.com/cancuoc/cancuoc/layout"
)

// A line drawn by a round pen is the area between the two sides of its way. Walked along its left side, a closed line
// gives one polygon this way round and another the other way round, and an open line one polygon there and back. All
// turn the same way round as seen along the line, so that the areas of lines that cross add up and never cancel out.

// draw adds to s the area that a round pen covers along the lines of way. The tolerance is for the round corners.
func (s *shape) draw(way *shape, width, tolerance float64) {
	radius := width / 2
	step := math.Pi / 4
	if tolerance < radius {
		step = min(step, 2*math.Acos(1-tolerance/radius))
	}
	w := walker{shape: s, radius: radius, step: step}
	for _, r := range way.runs {
		w.line(way.of(r), r.closed)
	}
}

// walker adds the polygons of one pen.
type walker struct {
	*shape
	radius float64
	step   float64 // the largest angle between neighbouring points of a round corner
	ring   []layout.Point
}

// line adds the area along one line.
func (w *walker) line(points []layout.Point, closed bool) {
	w.ring = w.ring[:0]
	for _, q := range points {
		if n := len(w.ring); n == 0 || w.ring[n-1] != q {
			w.ring = append(w.ring, q)
		}
	}
	if n := len(w.ring); closed && n > 1 && w.ring[0] == w.ring[n-1] {
		w.ring = w.ring[:n-1]
	}
	n := len(w.ring)
	switch {
	case n == 1:
		w.arc(w.ring[0], 0, 2*math.Pi)
		w.end(true)
		return
	case closed && n > 2:
		w.leftSide()
		for i, j := 0, n-1; i < j; i, j = i+1, j-1 {
			w.ring[i], w.ring[j] = w.ring[j], w.ring[i]
		}
	default:
		for i := n - 2; i > 0; i-- {
			w.ring = append(w.ring, w.ring[i])
		}
	}
	w.leftSide()
}

// leftSide adds the polygon along the left side of a closed way.
func (w *walker) leftSide() {
	n := len(w.ring)
	for i, q := range w.ring {
		w.corner(w.ring[(i+n-1)%n], q, w.ring[(i+1)%n])
	}
	w.end(true)
}

// corner adds the left side of the corner q on the way from p to r: an arc where the way turns right or back, and where
// it turns left the point in which the two sides meet.
func (w *walker) corner(p, q, r layout.Point) {
	ux, uy, vx, vy := q.X-p.X, q.Y-p.Y, r.X-q.X, r.Y-q.Y
	turn := math.Atan2(ux*vy-uy*vx, ux*vx+uy*vy) // positive to the right, since y points down
	const back = math.Pi - 1e-6                  // the end of an open line, whatever rounding makes of it
	if turn < -back {
		turn = math.Pi
	}
	left := math.Atan2(uy, ux) - math.Pi/2
	if turn >= 0 {
		w.arc(q, left, turn)
		return
	}
	reach := w.radius * math.Tan(-turn/2)
	if 2*reach <= min(math.Hypot(ux, uy), math.Hypot(vx, vy)) {
		w.add(w.polar(q, left+turn/2, w.radius/math.Cos(turn/2)))
		return
	}
	// The pieces are too short to meet. By way of the corner itself the areas along both lie over each other.
	w.add(w.polar(q, left, w.radius))
	w.add(q)
	w.add(w.polar(q, left+turn, w.radius))
}

// arc adds the points of an arc around q.
func (w *walker) arc(q layout.Point, from, turn float64) {
	n := int(math.Ceil(turn / w.step))
	for i := 0; i <= n; i++ {
		w.add(w.polar(q, from+turn*float64(i)/float64(max(n, 1)), w.radius))
	}
}

func (w *walker) polar(q layout.Point, angle, distance float64) layout.Point {
	sin, cos := math.Sincos(angle)
	return layout.Point{X: q.X + distance*cos, Y: q.Y + distance*sin}
}
