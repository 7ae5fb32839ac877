package layout

import (
	"math"
	"strings"
	"testing"
)

func checked(marks ...Mark) error {
	return Face{Width: 85.60, Height: 53.98, Marks: marks}.Check()
}

func at(x, y float64) Segment { return Segment{Op: Move, Points: [3]Point{{x, y}}} }

func TestWhatCanBeDrawnPasses(t *testing.T) {
	drawing := &Drawing{Marks: []Mark{Path{Outline: rectangle(0, 0, 1, 1)}}}
	if err := checked(
		Path{}, Path{Pen: 1, Outline: rounded(-5, -5, 100, 100, 3)},
		Text{X: 5, Y: 5, Size: 3, Words: "Mẫu"},
		Image{Width: 1, Height: 1, JPEG: []byte{}}, Image{Width: 1, Height: 1, Modules: [][]bool{{true}}},
		Group{At: Identity(), Drawing: drawing}, Group{At: Identity(), Drawing: &Drawing{}},
	); err != nil {
		t.Error(err)
	}
}

func TestWhatNoPainterCanDrawIsRefused(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	circular := &Drawing{}
	circular.Marks = []Mark{Group{At: Identity(), Drawing: circular}}
	many := &Drawing{Marks: []Mark{Path{}}}
	for range 8 {
		g := Group{At: Identity(), Drawing: many}
		many = &Drawing{Marks: []Mark{g, g, g, g, g, g, g, g}}
	}
	for _, c := range []struct {
		want string
		mark Mark
	}{
		{"no number", Path{Outline: []Segment{at(nan, 0)}}},
		{"no number", Path{Outline: []Segment{at(0, inf)}}},
		{"no number", Path{Outline: []Segment{at(0, 0), {Op: Curve, Points: [3]Point{{}, {1e9, 0}, {}}}}}},
		{"a size", Path{Pen: nan}},
		{"a size", Path{Pen: -1}},
		{"does not begin with a move", Path{Outline: []Segment{{Op: Close}}}},
		{`a step 'Q'`, Path{Outline: []Segment{at(0, 0), {Op: 'Q'}}}},
		{"full_name: a size", Text{Tag: Tag{Field: "full_name"}, Size: -3}},
		{"a size", Text{Size: 3, Narrow: inf}},
		{"no number", Text{Size: 3, X: nan}},
		{"no number", Text{Size: 900, Words: "ab"}},
		{"UTF-8", Text{Size: 3, Words: "\xff"}},
		{"UTF-8", Text{Size: 0.001, Words: strings.Repeat("a", 5000)}},
		{"either a JPEG or modules", Image{Width: 1, Height: 1}},
		{"either a JPEG or modules", Image{Width: 1, Height: 0, JPEG: []byte{}}},
		{"no number", Image{X: -2000, Width: 1, Height: 1, JPEG: []byte{}}},
		{"rows", Image{Width: 1, Height: 1, Modules: [][]bool{{true}, {}}}},
		{"rows", Image{Width: 1, Height: 1, Modules: [][]bool{make([]bool, 2000)}}},
		{"1024 modules", Image{Width: 1, Height: 1, Modules: make([][]bool, 2000)}},
		{"without a drawing", Group{At: Identity()}},
		{"without measure", Group{At: Matrix{nan, 0, 0, 1, 0, 0}, Drawing: &Drawing{}}},
		{"no number", Group{At: Matrix{500, 0, 0, 1, 0, 0}, Drawing: &Drawing{Marks: []Mark{Path{Outline: rectangle(0, 0, 3, 3)}}}}},
		{"16 deep", Group{At: Identity(), Drawing: circular}},
		{"1048576 marks", Group{At: Identity(), Drawing: many}},
		{"of type <nil>", nil},
	} {
		if err := checked(c.mark); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("want an error that says %q, got %v", c.want, err)
		}
	}
	for _, size := range []float64{0, -1, nan, inf, 2000} {
		if (Face{Width: size, Height: 10}).Check() == nil || (Face{Width: 10, Height: size}).Check() == nil {
			t.Errorf("a face of %g mm passes", size)
		}
	}
}
