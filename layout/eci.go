package layout

import (
	"math/bits"
	"sync"

	"rsc.io/qr/coding"
)

// codebook makes QR codes that say of their text that it is UTF-8 (ISO/IEC 18004, section 7.4.2.2): an ECI designator
// and one byte segment. It holds the eight masks' plans of each symbol that is not too wide.
type codebook struct{ symbols []func() []*coding.Plan }

// newCodebook makes one for symbols of so many modules at most. Plans are made when they are first asked for.
func newCodebook(most int) *codebook {
	c := &codebook{}
	for _, level := range []coding.Level{coding.M, coding.L} {
		for v := coding.Version(coding.MinVersion); v <= coding.MaxVersion && 17+4*int(v) <= most; v++ {
			c.symbols = append(c.symbols, sync.OnceValue(func() []*coding.Plan { return plansOf(v, level) }))
		}
	}
	return c
}

// plansOf gives the plans of one symbol, by their masks.
func plansOf(v coding.Version, level coding.Level) (plans []*coding.Plan) {
	for mask := range coding.Mask(8) {
		plan, err := coding.NewPlan(v, level, mask)
		if err != nil {
			return nil // there are versions 1 to 40
		}
		plans = append(plans, plan)
	}
	return plans
}

// utf8Segment is a text as ECI 26 and a byte segment.
type utf8Segment string

// Check finds nothing wrong: any bytes can be written.
func (s utf8Segment) Check() error { return nil }

// Bits counts what Encode writes.
func (s utf8Segment) Bits(v coding.Version) int { return 4 + 8 + 4 + lengthBits(v) + 8*len(s) }

// Encode writes mode 0111 with the designator of UTF-8, then mode 0100 with the bytes.
func (s utf8Segment) Encode(b *coding.Bits, v coding.Version) {
	b.Write(0b0111, 4)
	b.Write(26, 8)
	b.Write(0b0100, 4)
	b.Write(uint(len(s)), lengthBits(v))
	for _, c := range []byte(s) {
		b.Write(uint(c), 8)
	}
}

// lengthBits is the width of a byte segment's length (ISO/IEC 18004, table 3).
func lengthBits(v coding.Version) int {
	if v <= 9 {
		return 8
	}
	return 16
}

// encode gives the smallest code at level M, or L where M takes too many modules; nothing where both do.
func (c *codebook) encode(text string) [][]bool {
	for _, symbol := range c.symbols {
		plans := symbol()
		if len(plans) == 0 || utf8Segment(text).Bits(plans[0].Version) > 8*plans[0].DataBytes {
			continue
		}
		if best := leastPenalty(plans, text); best != nil {
			return best.modules()
		}
	}
	return nil
}

// leastPenalty draws the code under each mask and keeps the one that is easiest to read.
func leastPenalty(plans []*coding.Plan, text string) (best symbol) {
	least := 0
	for _, plan := range plans {
		code, err := plan.Encode(utf8Segment(text))
		if err != nil {
			return nil
		}
		rows := symbolOf(code)
		if p := rows.penalty(); best == nil || p < least {
			best, least = rows, p
		}
	}
	return best
}

// symbol is a code of at most 64 modules, a row in each number: the first module is its lowest bit.
type symbol []uint64

func symbolOf(code *coding.Code) symbol {
	rows := make(symbol, code.Size)
	for y := range rows {
		for x := range code.Size {
			if code.Black(x, y) {
				rows[y] |= 1 << x
			}
		}
	}
	return rows
}

func (s symbol) modules() [][]bool {
	out := make([][]bool, len(s))
	for y, row := range s {
		out[y] = make([]bool, len(s))
		for x := range out[y] {
			out[y][x] = row>>x&1 == 1
		}
	}
	return out
}

// turned exchanges rows and columns.
func (s symbol) turned() symbol {
	t := make(symbol, len(s))
	for y, row := range s {
		for ; row != 0; row &= row - 1 {
			t[bits.TrailingZeros64(row)] |= 1 << y
		}
	}
	return t
}

// penalty is how hard a symbol is to read (ISO/IEC 18004, section 7.8.3.1, N1 to N4).
func (s symbol) penalty() int {
	t := s.turned()
	sum := s.blocks() + s.balance()
	for y := range s {
		sum += runs(s[y], len(s)) + runs(t[y], len(s)) + finders(s[y], len(s)) + finders(t[y], len(s))
	}
	return sum
}

// runs counts 3 for each run of five modules of one colour, and 1 for each further one.
func runs(row uint64, n int) (sum int) {
	edges := (row ^ row>>1) & (1<<(n-1) - 1) // a bit where a module differs from its right neighbour
	edges |= 1 << (n - 1)
	for last := -1; edges != 0; edges &= edges - 1 {
		at := bits.TrailingZeros64(edges)
		if length := at - last; length >= 5 {
			sum += length - 2
		}
		last = at
	}
	return sum
}

// blocks counts 3 for each square of 2 x 2 modules of one colour.
func (s symbol) blocks() (sum int) {
	mask := uint64(1)<<(len(s)-1) - 1
	for y := range len(s) - 1 {
		same := ^(s[y] ^ s[y]>>1) & ^(s[y] ^ s[y+1]) & ^(s[y+1] ^ s[y+1]>>1)
		sum += 3 * bits.OnesCount64(same&mask)
	}
	return sum
}

// finders counts 40 for each 1:1:3:1:1 with four light modules before or after it.
func finders(row uint64, n int) (sum int) {
	const pattern, width = 0b1011101, 7
	for _, wanted := range []uint64{pattern, pattern << 4} {
		for at := 0; at+width+4 <= n; at++ {
			if row>>at&(1<<(width+4)-1) == wanted {
				sum += 40
			}
		}
	}
	return sum
}

// balance counts 10 for each 5 % by which the dark modules are more or fewer than half.
func (s symbol) balance() int {
	dark := 0
	for _, row := range s {
		dark += bits.OnesCount64(row)
	}
	all := len(s) * len(s)
	off := 20*dark - 10*all
	return 10 * (max(off, -off) / all)
}
