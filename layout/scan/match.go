package scan

import "slices"

// match is what a cell was found to be, and where.
type match struct {
	Cell
	right, down float64 // millimetres from where the cell was looked for
	contrast    float64 // of the cell there
}

// search looks for all characters around a cell's middle.
type search struct {
	a     *alphabet
	wide  window // the cell and the steps around it
	right int    // steps that are tried to each side
	down  int    // and up and down
	cell  window // one place of it
}

func newSearch(a *alphabet, right, down int) search {
	return search{a, newWindow(a.step, right, down), right, down, newWindow(a.step, 0, 0)}
}

// look takes the surroundings of a cell from the sheet.
func (q search) look(s sheet, p pose, line, column int) {
	for i := range q.wide.light {
		x, y := q.wide.place(i%q.wide.wide, i/q.wide.wide)
		q.wide.light[i] = s.at(p.put(line, column, x, y))
	}
}

// compare gives the correlation of each character with what is so many steps right of and below the middle, and the
// contrast there.
func (q search) compare(right, down int) (alike [len(characters)]float32, contrast float64) {
	for row := range q.cell.high {
		from := (row+q.down+down)*q.wide.wide + q.right + right
		copy(q.cell.light[row*q.cell.wide:][:q.cell.wide], q.wide.light[from:])
	}
	contrast = normalise(q.cell.light)
	for i, face := range q.a.faces {
		alike[i] = dot(face, q.cell.light)
	}
	return alike, contrast
}

// dot is the sum of products, eight at a time.
func dot(a, b []float32) (sum float32) {
	for len(a) >= 8 && len(b) >= 8 {
		p, q := [8]float32(a), [8]float32(b)
		sum += p[0]*q[0] + p[1]*q[1] + p[2]*q[2] + p[3]*q[3] + p[4]*q[4] + p[5]*q[5] + p[6]*q[6] + p[7]*q[7]
		a, b = a[8:], b[8:]
	}
	for i := range min(len(a), len(b)) {
		sum += a[i] * b[i]
	}
	return sum
}

// best finds the character and the place that fit best, and the likeness of each character at the place that is best
// for it.
func (q search) best() (m match, top [len(characters)]float32) {
	grid := make([]float32, 0, (2*q.right+1)*(2*q.down+1)) // of the best character so far, see peak
	for down := -q.down; down <= q.down; down++ {
		for right := -q.right; right <= q.right; right++ {
			alike, contrast := q.compare(right, down)
			highest := slices.Max(alike[:])
			grid = append(grid, highest)
			if float64(highest) > m.Score {
				m.Score, m.contrast = float64(highest), contrast
				m.right, m.down = float64(right), float64(down)
			}
			for i, v := range alike {
				top[i] = max(top[i], v)
			}
		}
	}
	m.name(top)
	across := 2*q.right + 1
	at := (int(m.down)+q.down)*across + int(m.right) + q.right
	m.right = (m.right + peak(grid, at, 1, int(m.right), q.right)) * q.a.step
	m.down = (m.down + peak(grid, at, across, int(m.down), q.down)) * q.a.step
	return m, top
}

// name says which characters have the two highest scores.
func (m *match) name(top [len(characters)]float32) {
	first, second := -1, -1
	for i, v := range top {
		switch {
		case v <= 0:
		case first < 0 || v > top[first]:
			first, second = i, first
		case second < 0 || v > top[second]:
			second = i
		}
	}
	if first >= 0 {
		m.Best, m.Lead = characters[first], float64(top[first])
	}
	if second >= 0 {
		m.Next, m.Lead = characters[second], float64(top[first]-top[second])
	}
}

// peak gives by what part of a step the top of a parabola through three neighbours lies off the middle one, in one
// direction of the grid; 0 at its edge.
func peak(grid []float32, at, stride, steps, most int) float64 {
	if steps <= -most || steps >= most {
		return 0
	}
	before, here, after := float64(grid[at-stride]), float64(grid[at]), float64(grid[at+stride])
	bend := before - 2*here + after
	if bend >= 0 {
		return 0
	}
	return max(-0.5, min(0.5, 0.5*(before-after)/bend))
}

// cells are the matches of a whole zone.
type cells [lines][columns]match

// matches compares every cell where a pose says that it lies, and one step around it.
func matches(s sheet, a *alphabet, p pose) *cells {
	var found cells
	q := newSearch(a, 1, 1)
	for line := range lines {
		for column := range columns {
			q.look(s, p, line, column)
			found[line][column], _ = q.best()
		}
	}
	return &found
}

// middleContrast gives the contrast that half of the cells have. A cell that has a third of it is blank.
func (c *cells) middleContrast() float64 {
	return c.middle(func(m match) float64 { return m.contrast })
}

// middleScore gives the score that half of the cells have.
func (c *cells) middleScore() float64 { return c.middle(func(m match) float64 { return m.Score }) }

func (c *cells) middle(of func(match) float64) float64 {
	var all []float64
	for _, row := range c {
		for _, m := range row {
			all = append(all, of(m))
		}
	}
	slices.Sort(all)
	return all[len(all)/2]
}
