package layout

import (
	"encoding/binary"
	"math/bits"
	"sync"

	"rsc.io/qr/coding"
)

// codebook makes QR codes that say of their text that it is UTF-8 (ISO/IEC 18004, section 7.4.2.2): an ECI designator
// and one byte segment. It holds what is the same in all codes of each symbol that is not too wide.
type codebook struct{ symbols []func() *blank }

// WithECI gives the template with QR codes that say of their text that it is UTF-8, as "eci" in its file has it.
func (t *Template) WithECI() *Template {
	most := 0
	for _, s := range []side{t.front, t.back} {
		if s.QR != nil {
			most = max(most, s.QR.most())
		}
	}
	marked := *t
	marked.codebook = newCodebook(min(most, 64))
	return &marked
}

// blank is a symbol without data: its plan under mask 0, and under each of the eight masks the modules that are dark
// before data is added.
type blank struct {
	plan  *coding.Plan
	masks []symbol
}

// newCodebook makes one for symbols of so many modules at most, level M before L. Plans are made when they are first
// asked for.
func newCodebook(most int) *codebook {
	c := &codebook{}
	for _, level := range []coding.Level{coding.M, coding.L} {
		for v := coding.Version(coding.MinVersion); v <= coding.MaxVersion && 17+4*int(v) <= most; v++ {
			c.symbols = append(c.symbols, sync.OnceValue(func() *blank { return newBlank(v, level) }))
		}
	}
	return c
}

func newBlank(v coding.Version, level coding.Level) *blank {
	var b blank
	for mask := range coding.Mask(8) {
		plan, err := coding.NewPlan(v, level, mask)
		if err != nil {
			panic(err) // there are versions 1 to 40
		}
		if mask == 0 {
			b.plan = plan
		}
		dark := make(symbol, len(plan.Pixel))
		for y, row := range plan.Pixel {
			for x, pixel := range row {
				if pixel&coding.Black != 0 {
					dark[y] |= 1 << x
				}
			}
		}
		b.masks = append(b.masks, dark)
	}
	return &b
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
		blank := symbol()
		if utf8Segment(text).Bits(blank.plan.Version) > 8*blank.plan.DataBytes {
			continue
		}
		code, err := blank.plan.Encode(utf8Segment(text))
		if err != nil {
			return nil
		}
		return blank.leastPenalty(symbolOf(code)).modules()
	}
	return nil
}

// leastPenalty takes a code under mask 0 and gives it under the mask by which it is easiest to read.
func (b *blank) leastPenalty(code symbol) (best symbol) {
	least := 0
	for _, dark := range b.masks {
		masked := make(symbol, len(code))
		for y := range masked {
			masked[y] = code[y] ^ b.masks[0][y] ^ dark[y]
		}
		if p := masked.penalty(); best == nil || p < least {
			best, least = masked, p
		}
	}
	return best
}

// symbol is a code of at most 64 modules, a row in each number: the first module is its lowest bit.
type symbol []uint64

func symbolOf(code *coding.Code) symbol {
	rows := make(symbol, code.Size)
	for y := range rows {
		rows[y] = bits.Reverse64(binary.BigEndian.Uint64(code.Bitmap[y*code.Stride:]))
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
		sum += longRuns(s[y], len(s)) + longRuns(t[y], len(s)) + finders(s[y], len(s)) + finders(t[y], len(s))
	}
	return sum
}

// longRuns counts 3 for each run of five modules of one colour, and 1 for each further one.
func longRuns(row uint64, n int) (sum int) {
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

// finders counts 40 for each 1:1:3:1:1 with four light modules before or after it, or the quiet zone there.
func finders(row uint64, n int) int {
	light := ^row & (1<<n - 1)
	// A bit where dark, light, three dark, light, dark begin.
	pattern := row & (light >> 1) & (row >> 2) & (row >> 3) & (row >> 4) & (light >> 5) & (row >> 6)
	if pattern == 0 {
		return 0
	}
	before, after := ^uint64(0), ^uint64(0)
	for k := 1; k <= 4; k++ {
		before &= light<<k | (1<<k - 1)
		after &= light>>(6+k) | ^(1<<(n-6-k) - 1)
	}
	return 40 * bits.OnesCount64(pattern&(before|after))
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
