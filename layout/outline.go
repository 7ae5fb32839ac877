package layout

// rectangle gives the outline of a rectangle, clockwise.
func rectangle(x, y, w, h float64) []Segment {
	return polygon(Point{x, y}, Point{x + w, y}, Point{x + w, y + h}, Point{x, y + h})
}

func polygon(corners ...Point) []Segment {
	outline := []Segment{{Op: Move, Points: [3]Point{corners[0]}}}
	for _, c := range corners[1:] {
		outline = append(outline, Segment{Op: Line, Points: [3]Point{c}})
	}
	return append(outline, Segment{Op: Close})
}

// roundness is how far the control points of a Bézier curve stand off for a quarter of a circle of radius 1.
const roundness = 0.5523

// rounded gives a rectangle whose corners are quarters of a circle of radius r.
func rounded(x, y, w, h, r float64) []Segment {
	k := r * (1 - roundness)
	to := func(x, y float64) Segment { return Segment{Op: Line, Points: [3]Point{{x, y}}} }
	bend := func(a, b, c Point) Segment { return Segment{Op: Curve, Points: [3]Point{a, b, c}} }
	x2, y2 := x+w, y+h
	return []Segment{
		{Op: Move, Points: [3]Point{{x + r, y}}},
		to(x2-r, y), bend(Point{x2 - k, y}, Point{x2, y + k}, Point{x2, y + r}),
		to(x2, y2-r), bend(Point{x2, y2 - k}, Point{x2 - k, y2}, Point{x2 - r, y2}),
		to(x+r, y2), bend(Point{x + k, y2}, Point{x, y2 - k}, Point{x, y2 - r}),
		to(x, y+r), bend(Point{x, y + k}, Point{x + k, y}, Point{x + r, y}),
		{Op: Close},
	}
}
