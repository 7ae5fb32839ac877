package layout

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// many gives n cards of a form, their front and back to be told apart by the number on the front.
func many(t testing.TB, n int) (cards []Faces) {
	t.Helper()
	for i := range n {
		in := adult(t)
		if i%2 == 1 {
			in = child(t)
		}
		cards = append(cards, compose(t, in))
	}
	return cards
}

func sheets(t testing.TB, cards []Faces, paper Paper) []Face {
	t.Helper()
	all, err := Sheets(cards, paper)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		if err := f.Check(); err != nil {
			t.Error(err)
		}
	}
	return all
}

func compareGolden(t *testing.T, name, got string) {
	t.Helper()
	golden := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	compareLines(t, got, string(want))
}

func TestSheet(t *testing.T) {
	var b strings.Builder
	for _, f := range sheets(t, many(t, 3), A4()) {
		b.WriteString(f.String())
	}
	compareGolden(t, "sheet", b.String())
}

func TestAlignmentPage(t *testing.T) {
	var b strings.Builder
	for _, side := range []Side{Front, Back} {
		b.WriteString(alignment(t, A4(), side).String())
	}
	compareGolden(t, "alignment", b.String())
}

func alignment(t testing.TB, paper Paper, side Side) Face {
	t.Helper()
	f, err := Alignment(paper, side)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Check(); err != nil {
		t.Error(err)
	}
	return f
}

// painted is a rectangle around what a mark paints, on the page.
type painted struct {
	box
	mark Mark
}

// onPage gives everything that a face paints, the overprint too, in its place.
func onPage(t *testing.T, f Face) (all []painted) {
	t.Helper()
	for m := range f.Painted() {
		all = append(all, paintedBy(t, m, Identity())...)
	}
	return all
}

func paintedBy(t *testing.T, m Mark, at Matrix) (all []painted) {
	t.Helper()
	var b box
	switch m := m.(type) {
	case Group:
		for _, inner := range m.Drawing.Marks {
			all = append(all, paintedBy(t, inner, m.At.Then(at))...)
		}
		return all
	case Text:
		b = ink(t, m)
	case Path:
		low, high := m.box()
		b = box{low.X, low.Y, high.X, high.Y}.grown(m.Pen / 2)
	case Image:
		b = box{m.X, m.Y, m.X + m.Width, m.Y + m.Height}
	}
	low, high := at.Apply(Point{b.left, b.top}), at.Apply(Point{b.right, b.bottom})
	return []painted{{box{low.X, low.Y, high.X, high.Y}, m}}
}

func TestNothingLeavesThePaper(t *testing.T) {
	small := Paper{85.6, 53.98}
	pages := sheets(t, many(t, 11), A4())
	for _, paper := range []Paper{A4(), {148, 210}, small, {74, 105}, {500, 500}} {
		pages = append(pages, alignment(t, paper, Front), alignment(t, paper, Back))
	}
	for _, f := range pages {
		for _, p := range onPage(t, f) {
			if p.left < 1.5 || p.top < 1.5 || p.right > f.Width-1.5 || p.bottom > f.Height-1.5 {
				t.Errorf("%s of %g x %g: %.2f %v", f.Side, f.Width, f.Height, p.box, p.mark)
			}
		}
	}
}

// What an alignment page says touches none of its crosses.
func TestNothingTouchesOnTheAlignmentPage(t *testing.T) {
	for _, paper := range []Paper{A4(), {85.6, 53.98}, {74, 105}} {
		for _, side := range []Side{Front, Back} {
			all := onPage(t, alignment(t, paper, side))
			for i, a := range all {
				for _, b := range all[:i] {
					_, aLine := a.mark.(Path)
					_, bLine := b.mark.(Path)
					if (!aLine || !bLine) && a.touches(b.box) {
						t.Errorf("%v %s: %v touches %v", paper, side, a.mark, b.mark)
					}
				}
			}
		}
	}
}

// slots finds where the cards of a sheet lie, by the largest areas of their stock.
func slots(t *testing.T, f Face, width, height float64) (all []box) {
	t.Helper()
	for _, p := range onPage(t, f) {
		if math.Abs(p.right-p.left-width) < 0.001 && math.Abs(p.bottom-p.top-height) < 0.001 {
			all = append(all, p.box)
		}
	}
	return all
}

func TestBacksMeetTheirFronts(t *testing.T) {
	certificate, _ := full(t, "certificate-2024")
	for _, c := range []struct {
		name  string
		cards []Faces
		paper Paper
		each  int
	}{
		{"cards", many(t, 13), A4(), 10},
		{"certificates", slices.Repeat([]Faces{compose(t, certificate)}, 5), A4(), 4},
		{"one on a small paper", many(t, 1), Paper{102, 70}, 1},
		{"three columns", many(t, 5), Paper{297, 210}, 9},
	} {
		t.Run(c.name, func(t *testing.T) {
			pages := sheets(t, c.cards, c.paper)
			w, h := c.cards[0].Front.Width, c.cards[0].Front.Height
			if want := 2 * ((len(c.cards) + c.each - 1) / c.each); len(pages) != want {
				t.Fatalf("%d pages, want %d", len(pages), want)
			}
			left := len(c.cards)
			for i := 0; i < len(pages); i += 2 {
				front, back := slots(t, pages[i], w, h), slots(t, pages[i+1], w, h)
				if want := min(left, c.each); len(front) != want || len(back) != want {
					t.Fatalf("page %d: %d fronts, %d backs, want %d", i+1, len(front), len(back), want)
				}
				left -= len(front)
				for n, f := range front {
					if mirrored := c.paper.Width - back[n].right; math.Abs(f.left-mirrored) > 1e-9 || math.Abs(f.top-back[n].top) > 1e-9 {
						t.Errorf("page %d: front %d at %.2f, its back at %.2f", i+1, n+1, f, back[n])
					}
					if f.left < sheetMargin || f.top < sheetMargin || f.right > c.paper.Width-sheetMargin || f.bottom > c.paper.Height-sheetMargin {
						t.Errorf("page %d: front %d is in the margin: %.2f", i+1, n+1, f)
					}
					for _, other := range front[:n] {
						if f.grown(-1e-9).touches(other.grown(-1e-9)) {
							t.Errorf("page %d: %.2f lies on %.2f", i+1, f, other)
						}
					}
				}
			}
		})
	}
}

// Front and back in one slot are of one person.
func TestSlotsKeepTheOrder(t *testing.T) {
	cards := many(t, 4)
	pages := sheets(t, cards, A4())
	number := func(f Face, field string) (found []string) {
		for _, p := range onPage(t, f) {
			if text, is := p.mark.(Text); is && text.Field == field {
				found = append(found, text.Words)
			}
		}
		return found
	}
	fronts, zones := number(pages[0], "personal_number"), number(pages[1], "mrz")
	if len(fronts) != 4 || len(zones) != 12 {
		t.Fatal(fronts, zones)
	}
	for i, n := range fronts {
		if !strings.Contains(zones[3*i], n) {
			t.Errorf("slot %d: %s on the front, %s on the back", i+1, n, zones[3*i])
		}
	}
}

// The marks to cut by point at the edges of cards and lie outside of them.
func TestMarksToCutBy(t *testing.T) {
	for _, f := range sheets(t, many(t, 10), A4()) {
		cards := slots(t, f, 85.6, 53.98)
		marks := 0
		for _, m := range f.Marks {
			p, is := m.(Path)
			if !is {
				continue
			}
			marks++
			low, high := p.box()
			length := max(high.X-low.X, high.Y-low.Y)
			if math.Abs(length-5) > 1e-9 || p.Pen != 0.1 || p.Ink != Proof {
				t.Errorf("%v", p)
			}
			edge := slices.ContainsFunc(cards, func(b box) bool {
				upright := low.X == high.X && (math.Abs(low.X-b.left) < 1e-9 || math.Abs(low.X-b.right) < 1e-9)
				level := low.Y == high.Y && (math.Abs(low.Y-b.top) < 1e-9 || math.Abs(low.Y-b.bottom) < 1e-9)
				return upright || level
			})
			on := slices.ContainsFunc(cards, func(b box) bool {
				return b.grown(0.9).touches(box{low.X - 0.1, low.Y - 0.1, high.X + 0.1, high.Y + 0.1})
			})
			if !edge || on {
				t.Errorf("%s: %v points at no edge (%v), or is on a card (%v)", f.Side, p, !edge, on)
			}
		}
		if marks != 2*4+2*10 {
			t.Errorf("%d marks", marks)
		}
	}
}

// Each card keeps its own overprint, one composed for production too, and the sheet has none beside.
func TestSheetsAreProofs(t *testing.T) {
	template, err := TemplateFor("cancuoc-2024")
	if err != nil {
		t.Fatal(err)
	}
	for _, production := range []bool{false, true} {
		faces, err := template.compose(adult(t), production)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range sheets(t, []Faces{faces, faces, faces}, A4()) {
			if f.Production() || overprints(f) != 3 {
				t.Errorf("composed for production %v: sheet for production %v, %d overprints", production, f.Production(), overprints(f))
			}
			f.Marks = nil
			if overprints(f) != 3 {
				t.Error("the overprints go with the marks")
			}
		}
	}
	for _, side := range []Side{Front, Back} {
		if f := alignment(t, A4(), side); overprints(f) != 1 || f.Production() {
			t.Errorf("alignment page: %d overprints", overprints(f))
		}
	}
}

// The crosses of the front and the scales of the back are at the same places of the paper, and the back's scale has lines
// at each half millimetre.
func TestCrossesMeetScales(t *testing.T) {
	for _, paper := range []Paper{A4(), {85.6, 53.98}} {
		front, back := alignment(t, paper, Front), alignment(t, paper, Back)
		crosses, axes := middles(front, 2*crossReach), middles(back, 2*scaleReach)
		if len(crosses) != 8 || len(axes) != 8 {
			t.Fatalf("%d and %d lines", len(crosses), len(axes))
		}
		for _, c := range crosses {
			if !slices.ContainsFunc(axes, func(a Point) bool {
				return math.Abs(paper.Width-a.X-c.X) < 1e-9 && math.Abs(a.Y-c.Y) < 1e-9
			}) {
				t.Errorf("the cross at %.2f meets no scale", c)
			}
		}
		in := inset(paper)
		for half := -10; half <= 10; half++ {
			x := in.X + float64(half)/2
			if !slices.ContainsFunc(back.Marks, func(m Mark) bool {
				p, is := m.(Path)
				low, high := p.box()
				return is && math.Abs(low.X-x) < 1e-9 && low.X == high.X && low.Y < in.Y && in.Y < high.Y
			}) {
				t.Errorf("no line at %+.1f", float64(half)/2)
			}
		}
	}
}

// middles gives the middles of a face's lines of a length.
func middles(f Face, length float64) (all []Point) {
	for _, m := range f.Marks {
		if p, is := m.(Path); is {
			low, high := p.box()
			if math.Abs(max(high.X-low.X, high.Y-low.Y)-length) < 1e-9 {
				all = append(all, Point{(low.X + high.X) / 2, (low.Y + high.Y) / 2})
			}
		}
	}
	return all
}

func TestSheetsRefused(t *testing.T) {
	card := many(t, 1)[0]
	certificate, _ := full(t, "certificate-2024")
	other := compose(t, certificate)
	tiny := Faces{Face{Side: Front, Width: 1e-9, Height: 1e-9}, Face{Side: Back, Width: 1e-9, Height: 1e-9}}
	for _, c := range []struct {
		cards []Faces
		paper Paper
		says  string
	}{
		{[]Faces{card}, Paper{100, 150}, "no room for a face of 85.6 x 53.98 mm"},
		{[]Faces{card}, Paper{}, "no sheet is 0 x 0 mm"},
		{[]Faces{card}, Paper{math.NaN(), 297}, "no sheet is NaN x 297 mm"},
		{[]Faces{card}, Paper{math.Inf(1), 297}, "no sheet is"},
		{[]Faces{card, other}, A4(), "card 2 is not of 85.6 x 53.98 mm on both sides"},
		{[]Faces{{Front: card.Front}}, A4(), "card 1 is not of"},
		{[]Faces{tiny}, A4(), "each side is to be from 10 to 1000"},
	} {
		if _, err := Sheets(c.cards, c.paper); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: %v", c.paper, err)
		}
	}
	if pages, err := Sheets(nil, A4()); err != nil || pages != nil {
		t.Error("no cards:", pages, err)
	}
	for _, paper := range []Paper{{}, {49, 100}, {math.NaN(), 100}, {100, 501}} {
		if _, err := Alignment(paper, Front); err == nil || errors.Is(err, ErrDoesNotFit) {
			t.Errorf("%v: %v", paper, err)
		}
	}
	if _, err := Alignment(Paper{50, 50}, Back); !errors.Is(err, ErrDoesNotFit) {
		t.Error("words on too small a paper:", err)
	}
	if _, err := Alignment(A4(), "top"); err == nil {
		t.Error("a page with another side")
	}
}
