package png

import (
	"math"

	"github.com/cancuoc/cancuoc/layout"
)

// shape is a set of polygons, or of lines, whose points lie one after another.
type shape struct {
	points []layout.Point
	runs   []run
}

// run is one polygon or line of a shape.
type run struct {
	from, to int // its points
	closed   bool
}

func (s *shape) reset() { s.points, s.runs = s.points[:0], s.runs[:0] }

func (s *shape) add(q layout.Point) { s.points = append(s.points, q) }

// end makes a run of the points added since the last.
func (s *shape) end(closed bool) {
	from := 0
	if n := len(s.runs); n > 0 {
		from = s.runs[n-1].to
	}
	if len(s.points) > from {
		s.runs = append(s.runs, run{from, len(s.points), closed})
	}
}

func (s *shape) of(r run) []layout.Point { return s.points[r.from:r.to] }

// flatness is how far a straight line may lie off the curve that it stands for, in pixels.
const flatness = 0.05

// flatten turns an outline into straight lines, none further off a curve than the tolerance. A move that nothing
// follows draws nothing.
func (s *shape) flatten(outline []layout.Segment, tolerance float64) {
	var start, pen layout.Point
	drawn := false
	finish := func(closed bool) {
		if drawn {
			s.end(closed)
		}
		drawn = false
	}
	begin := func() {
		if !drawn {
			s.add(pen)
			drawn = true
		}
	}
	for _, step := range outline {
		switch step.Op {
		case layout.Move:
			finish(false)
			start, pen = step.Points[0], step.Points[0]
		case layout.Line:
			begin()
			pen = step.Points[0]
			s.add(pen)
		case layout.Curve:
			begin()
			s.curve(pen, step.Points, tolerance)
			pen = step.Points[2]
		case layout.Close:
			begin()
			finish(true)
			pen = start
		}
	}
	finish(false)
}

// mostSteps bounds the straight lines of one curve.
const mostSteps = 1000

// curve adds the points of a cubic Bézier curve from p on. Between n steps of equal time the curve leaves its chords by
// at most 3/4 of the larger second difference of its control points, divided by n squared.
func (s *shape) curve(p layout.Point, q [3]layout.Point, tolerance float64) {
	bend := max(
		math.Hypot(p.X-2*q[0].X+q[1].X, p.Y-2*q[0].Y+q[1].Y),
		math.Hypot(q[0].X-2*q[1].X+q[2].X, q[0].Y-2*q[1].Y+q[2].Y))
	n := int(min(math.Ceil(math.Sqrt(0.75*bend/tolerance)), mostSteps))
	for i := 1; i < n; i++ {
		t := float64(i) / float64(n)
		u := 1 - t
		a, b, c, d := u*u*u, 3*u*u*t, 3*u*t*t, t*t*t
		s.add(layout.Point{X: a*p.X + b*q[0].X + c*q[1].X + d*q[2].X, Y: a*p.Y + b*q[0].Y + c*q[1].Y + d*q[2].Y})
	}
	s.add(q[2])
}

// apply moves every point.
func (s *shape) apply(at layout.Matrix) {
	for i, q := range s.points {
		s.points[i] = at.Apply(q)
	}
}

// box gives the smallest rectangle around all points.
func (s *shape) box() (low, high layout.Point) {
	low = layout.Point{X: math.Inf(1), Y: math.Inf(1)}
	high = layout.Point{X: math.Inf(-1), Y: math.Inf(-1)}
	for _, q := range s.points {
		low.X, low.Y = min(low.X, q.X), min(low.Y, q.Y)
		high.X, high.Y = max(high.X, q.X), max(high.Y, q.Y)
	}
	return low, high
}
