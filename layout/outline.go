package layout

import "fmt"

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

// overprintAcross gives the overprint for a face whose template says nothing of its place.
func overprintAcross(f Face) Mark { return Path{Tag: Tag{Side: f.Side, Ink: Proof}} }

// Outline gives what a text looks like: the areas of its letters, or the lines of a pen in [OCRB]. It fails for a font
// that is not one of ours.
func (t Text) Outline() (Path, error) {
	set, err := newTypesetter()
	if err != nil {
		return Path{}, err
	}
	if set.fonts[t.Font] == nil {
		return Path{}, fmt.Errorf("layout: there is no font %q", t.Font)
	}
	narrow := t.Narrow
	if narrow == 0 {
		narrow = 1
	}
	p := Path{Tag: t.Tag, Colour: t.Colour}
	left := t.X
	for _, r := range t.Words {
		segments, err := set.outline(t.Font, string(r), func(x, y float64) Point {
			return Point{left + x*t.Size*narrow, t.Y + y*t.Size}
		})
		if err != nil {
			return Path{}, err
		}
		p.Outline = append(p.Outline, segments...)
		if t.Pitch > 0 {
			left += t.Pitch
		} else {
			left += set.width(t.Font, string(r)) * t.Size * narrow
		}
	}
	return p, nil
}
