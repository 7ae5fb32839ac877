package svg

import (
	"math"
	"strconv"

	"github.com/cancuoc/cancuoc/layout"
)

// steps is how finely coordinates are written: into how many a unit is cut, a power of ten.
type steps int64

const (
	onFace   steps = 1000   // micrometres
	inGroups steps = 100000 // whose matrices may enlarge them
)

// number writes a number as short as its steps allow.
func (s steps) number(v float64) string { return string(s.write(nil, s.round(v))) }

func (s steps) round(v float64) int64 { return int64(math.Round(v * float64(s))) }

// write appends a number of steps as a decimal fraction.
func (s steps) write(to []byte, n int64) []byte {
	if n < 0 {
		to, n = append(to, '-'), -n
	}
	unit := int64(s)
	if n >= unit || n == 0 {
		to = strconv.AppendInt(to, n/unit, 10)
	}
	rest := n % unit
	if rest == 0 {
		return to
	}
	to = append(to, '.')
	for digit := unit / 10; rest > 0; digit /= 10 {
		to = append(to, byte('0'+rest/digit))
		rest %= digit
	}
	return to
}

// pen writes path data (SVG 2, section 9.3) in relative steps between rounded points, so that no error adds up.
type pen struct {
	steps
	data         []byte
	x, y         int64 // where it is, in steps
	fromX, fromY int64 // where a close goes back to
	last         byte
}

func (d *pen) String() string { return string(d.data) }

// command begins a command, unless it is the one before.
func (d *pen) command(c byte) {
	if d.last != c {
		d.data = append(d.data, c)
		d.last = c
	}
}

// coordinate appends a number, apart from one before it.
func (d *pen) coordinate(n int64) {
	if before := d.data[len(d.data)-1]; n >= 0 && before >= '0' && before <= '9' {
		d.data = append(d.data, ' ')
	}
	d.data = d.write(d.data, n)
}

// step appends a point as seen from the pen, and gives it.
func (d *pen) step(q layout.Point) (x, y int64) {
	x, y = d.round(q.X), d.round(q.Y)
	d.coordinate(x - d.x)
	d.coordinate(y - d.y)
	return x, y
}

func (d *pen) move(q layout.Point) {
	d.last = 0 // points after a move would be lines
	d.command('m')
	d.x, d.y = d.step(q)
	d.fromX, d.fromY = d.x, d.y
}

func (d *pen) line(q layout.Point) {
	d.command('l')
	d.x, d.y = d.step(q)
}

func (d *pen) curve(q [3]layout.Point) {
	d.command('c')
	d.step(q[0])
	d.step(q[1])
	d.x, d.y = d.step(q[2])
}

func (d *pen) close() {
	d.last = 0
	d.command('z')
	d.x, d.y = d.fromX, d.fromY
}

func (d *pen) rectangle(left, top, right, bottom float64) {
	d.move(layout.Point{X: left, Y: top})
	d.line(layout.Point{X: right, Y: top})
	d.line(layout.Point{X: right, Y: bottom})
	d.line(layout.Point{X: left, Y: bottom})
	d.close()
}

// outline gives the path data of an outline.
func outline(segments []layout.Segment, fine steps) string {
	d := pen{steps: fine}
	for _, s := range segments {
		switch s.Op {
		case layout.Move:
			d.move(s.Points[0])
		case layout.Line:
			d.line(s.Points[0])
		case layout.Curve:
			d.curve(s.Points)
		case layout.Close:
			d.close()
		}
	}
	return d.String()
}
