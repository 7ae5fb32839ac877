package specimen

import (
	"bytes"
	"image"
	"image/png"
	"math/rand/v2"
)

// The fingerprints are drawings too: ridges as ellipses about a core, more regular than any skin. They are reckoned in
// whole numbers, so that every processor draws the same. At 500 dots per inch they are 15 x 20 mm.
const (
	fingerWidth  = 300
	fingerHeight = 400
)

// finger is what differs between two drawn fingers.
type finger struct {
	coreX, coreY int // where the ridges have their middle
	wide, high   int // weights of the two directions: the larger, the closer the ridges
	ridge        int // width of a ridge and its furrow, times the weight
}

func drawFinger(f finger) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, fingerWidth, fingerHeight))
	for y := range fingerHeight {
		for x := range fingerWidth {
			img.Pix[y*img.Stride+x] = f.grey(x, y)
		}
	}
	return img
}

// grey gives white outside the finger's outline, and inside it the ridge or furrow at a place.
func (f finger) grey(x, y int) byte {
	const ink, paper = 0x30, 0xF0
	dx, dy := 2*x-fingerWidth+1, 2*y-fingerHeight+1
	if dx*dx*fingerHeight*fingerHeight+dy*dy*fingerWidth*fingerWidth > fingerWidth*fingerWidth*fingerHeight*fingerHeight {
		return 0xFF
	}
	dx, dy = f.wide*(x-f.coreX), f.high*(y-f.coreY)
	if root(dx*dx+dy*dy)%f.ridge < f.ridge/2 {
		return ink
	}
	return paper
}

// root gives the whole part of a square root.
func root(n int) int {
	r := 0
	for bit := 1 << 15; bit > 0; bit >>= 1 {
		if (r+bit)*(r+bit) <= n {
			r += bit
		}
	}
	return r
}

// Fingerprint draws a finger of nobody as a PNG of 300 x 400 pixels, grey, at 500 dots per inch. The same seed gives the
// same finger; of two seeds the fingers differ, but for a chance of one in billions.
func Fingerprint(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, fingerStream))
	f := finger{
		coreX: 100 + r.IntN(100), coreY: 130 + r.IntN(120),
		wide: 96 + r.IntN(48), high: 88 + r.IntN(32),
		ridge: 1024 + r.IntN(384),
	}
	return encodeFinger(f, png.BestSpeed)
}

func encodeFinger(f finger, level png.CompressionLevel) []byte {
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: level}).Encode(&out, drawFinger(f)); err != nil {
		panic(err) // memory takes every byte
	}
	return out.Bytes()
}
