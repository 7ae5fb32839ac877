package scan

import (
	"math"
	"slices"

	"github.com/cancuoc/cancuoc/layout"
)

// pose is how a zone lies on a picture: where the middle of the zone is, and what a millimetre to the right and one
// down become.
type pose struct{ middle, right, down layout.Point }

// zoneMiddle gives where the middle of the zone is printed.
func zoneMiddle() layout.Point {
	first, last := layout.MRZCell(0, 0), layout.MRZCell(lines-1, columns-1)
	return layout.Point{X: (first.X + last.X) / 2, Y: (first.Y + last.Y) / 2}
}

// lying gives the pose of a zone that is turned around the middle of the card, clockwise in degrees, and then moved.
func lying(degrees, right, down float64) pose {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	m := zoneMiddle()
	x, y := m.X-cardWidth/2, m.Y-cardHeight/2
	return pose{
		middle: layout.Point{X: cardWidth/2 + x*cos - y*sin + right, Y: cardHeight/2 + x*sin + y*cos + down},
		right:  layout.Point{X: cos, Y: sin},
		down:   layout.Point{X: -sin, Y: cos},
	}
}

// put gives the place on the picture of what is printed so many millimetres right of and below the middle of a cell.
func (p pose) put(line, column int, x, y float64) (float64, float64) {
	m, c := zoneMiddle(), layout.MRZCell(line, column)
	x, y = x+c.X-m.X, y+c.Y-m.Y
	return p.middle.X + x*p.right.X + y*p.down.X, p.middle.Y + x*p.right.Y + y*p.down.Y
}

func (p pose) offset() layout.Point {
	m := zoneMiddle()
	return layout.Point{X: p.middle.X - m.X, Y: p.middle.Y - m.Y}
}

func (p pose) turn() float64 { return math.Atan2(p.right.Y, p.right.X) * 180 / math.Pi }

// credible tells whether a card can lie so: half a millimetre and a degree, and what they do to each other.
func (p pose) credible() bool {
	o := p.offset()
	scaled := max(math.Abs(math.Hypot(p.right.X, p.right.Y)-1), math.Abs(math.Hypot(p.down.X, p.down.Y)-1))
	askew := math.Abs(p.right.X*p.down.X + p.right.Y*p.down.Y)
	return math.Abs(o.X) < 1.2 && math.Abs(o.Y) < 1.2 && math.Abs(p.turn()) < 1.8 && scaled < 0.03 && askew < 0.03
}

// How far off its place a cell is looked for, in steps of 0.25 mm: an offset of 0.6 mm, and what a turn of 1.2 degrees
// around the middle of the card does to the corners of the zone.
const (
	reachRight = 4
	reachDown  = 6
)

// find gives how the zone lies: first roughly, and then as the cells say that are there.
func find(s sheet) (p pose, found bool) {
	a := newAlphabet(0.25, 0.08)
	if p, found = newSurvey(s, a).best(); !found {
		return pose{}, false
	}
	for range 2 {
		if p, found = settle(matches(s, a, p), p); !found {
			return pose{}, false
		}
	}
	return p, true
}

// survey is, for every other cell and each offset, the likeness of the character that is most like it there.
type survey struct {
	step  float64
	cells [lines][columns / 2][2*reachDown + 1][2*reachRight + 1]float32
}

func newSurvey(s sheet, a *alphabet) *survey {
	t := &survey{step: a.step}
	q := newSearch(a, reachRight, reachDown)
	for line := range t.cells {
		for i := range t.cells[line] {
			q.look(s, lying(0, 0, 0), line, surveyedColumn(line, i))
			for down := range 2*reachDown + 1 {
				for right := range 2*reachRight + 1 {
					alike, _ := q.compare(right-reachRight, down-reachDown)
					t.cells[line][i][down][right] = slices.Max(alike[:])
				}
			}
		}
	}
	return t
}

// best gives the offset and turn at which the cells are most like characters, whatever these are.
func (t *survey) best() (p pose, found bool) {
	const enough = 0.45 * lines * columns / 2
	most := float32(0)
	for turn := -12; turn <= 12; turn++ {
		for down := -6; down <= 6; down++ {
			for right := -6; right <= 6; right++ {
				at := lying(float64(turn)/10, float64(right)/10, float64(down)/10)
				if v := t.sum(at); v > most {
					p, most = at, v
				}
			}
		}
	}
	return p, most >= enough
}

// surveyedColumn takes the odd columns of one line and the even ones of the next.
func surveyedColumn(line, i int) int { return 2*i + line%2 }

// sum adds up the likeness of the cells where a pose puts them.
func (t *survey) sum(p pose) (sum float32) {
	for line := range t.cells {
		for i := range t.cells[line] {
			column := surveyedColumn(line, i)
			x, y := p.put(line, column, 0, 0)
			c := layout.MRZCell(line, column)
			right, down := int(math.Round((x-c.X)/t.step)), int(math.Round((y-c.Y)/t.step))
			if right >= -reachRight && right <= reachRight && down >= -reachDown && down <= reachDown {
				sum += t.cells[line][i][down+reachDown][right+reachRight]
			}
		}
	}
	return sum
}

// settle lays the zone where the cells that are sure were found, by least squares: an offset, a turn, and the little
// that a printer or a scanner stretches.
func settle(cells *cells, p pose) (pose, bool) {
	var x, y fit
	voters := 0
	m := zoneMiddle()
	for line, row := range cells {
		for column, found := range row {
			if found.Score < alike || found.Lead < 0.06 {
				continue
			}
			voters++
			c := layout.MRZCell(line, column)
			atX, atY := p.put(line, column, found.right, found.down)
			x.add(c.X-m.X, c.Y-m.Y, atX)
			y.add(c.X-m.X, c.Y-m.Y, atY)
		}
	}
	if voters < lines*columns/3 {
		return pose{}, false
	}
	middleX, rightX, downX := x.solve()
	middleY, rightY, downY := y.solve()
	settled := pose{layout.Point{X: middleX, Y: middleY}, layout.Point{X: rightX, Y: rightY}, layout.Point{X: downX, Y: downY}}
	if !settled.credible() {
		return pose{}, false
	}
	return settled, true
}

// fit gathers the normal equations of value = a + b x + c y.
type fit struct{ n, x, y, xx, xy, yy, v, vx, vy float64 }

func (f *fit) add(x, y, value float64) {
	f.n, f.x, f.y = f.n+1, f.x+x, f.y+y
	f.xx, f.xy, f.yy = f.xx+x*x, f.xy+x*y, f.yy+y*y
	f.v, f.vx, f.vy = f.v+value, f.vx+value*x, f.vy+value*y
}

// solve gives a, b and c by Cramer's rule; no numbers where the places lie on one line.
func (f *fit) solve() (a, b, c float64) {
	det := func(m [9]float64) float64 {
		return m[0]*(m[4]*m[8]-m[5]*m[7]) - m[1]*(m[3]*m[8]-m[5]*m[6]) + m[2]*(m[3]*m[7]-m[4]*m[6])
	}
	d := det([9]float64{f.n, f.x, f.y, f.x, f.xx, f.xy, f.y, f.xy, f.yy})
	return det([9]float64{f.v, f.x, f.y, f.vx, f.xx, f.xy, f.vy, f.xy, f.yy}) / d,
		det([9]float64{f.n, f.v, f.y, f.x, f.vx, f.xy, f.y, f.vy, f.yy}) / d,
		det([9]float64{f.n, f.x, f.v, f.x, f.xx, f.vx, f.y, f.xy, f.vy}) / d
}
