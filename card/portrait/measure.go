package portrait

import (
	"image"
	"image/color"
	"math"
)

// measures are what is measured on a photograph once it is cropped and resized for print.
type measures struct {
	width          int // after cropping, before resizing, in pixels
	sharpness      float64
	face           float64 // brightness: the median
	burnt          float64 // percent
	contrast       float64
	ground         float64 // brightness: the mean
	colour, uneven float64
}

// Where things are in a portrait that keeps to the rules, in percent of its width and height. Nothing looks for the face:
// frame has put the head where it is due.
var (
	headPart    = part{12, 10, 88, 78}
	facePart    = part{34, 36, 66, 62}
	groundParts = [2]part{{0, 0, 13, 21}, {87, 0, 100, 21}} // above the shoulders, and outside of full hair
)

type part struct{ x0, y0, x1, y1 int }

func (p part) of(r image.Rectangle) image.Rectangle {
	return image.Rect(r.Dx()*p.x0/100, r.Dy()*p.y0/100, r.Dx()*p.x1/100, r.Dy()*p.y1/100)
}

// white is the brightness from which nothing is left to see.
const white = 253

// measure looks at the printed portrait, of a photograph that is so many pixels wide after cropping.
func measure(face *image.RGBA, width int) measures {
	m := measures{width: width}
	light := luma(face)
	m.sharpness = sharpness(light, headPart.of(light.Rect))

	var t tones
	t.add(light, facePart.of(light.Rect))
	m.face, m.contrast = t.quantile(50), t.quantile(99)-t.quantile(1)
	m.burnt = 100 * t.share(white)

	var ground tones
	for _, p := range groundParts {
		ground.add(light, p.of(light.Rect))
		m.colour = max(m.colour, distanceFromGrey(face, p.of(light.Rect)))
	}
	m.ground, m.uneven = ground.mean(), ground.quantile(98)-ground.quantile(2)
	return m
}

// luma gives the brightness of each pixel as JPEG has it (ITU-T T.871, section 7).
func luma(img *image.RGBA) *image.Gray {
	light := image.NewGray(image.Rectangle{Max: img.Rect.Size()})
	for i := range light.Pix {
		p := img.Pix[4*i : 4*i+3]
		light.Pix[i] = uint8((19595*uint32(p[0]) + 38470*uint32(p[1]) + 7471*uint32(p[2]) + 1<<15) >> 16)
	}
	return light
}

// sharpness compares how brightness bends with how it rises: of an edge that a lens has smeared with a standard
// deviation of s pixels the squares of the second derivative sum up to 1/(2s²) of those of the first. So neither the
// number of edges nor their contrast counts, and a flat ground counts for nothing. The picture is smoothed before, so
// that its grain counts for little, and what this adds to s is taken off again. It gives 50/s, 100 at most: a picture
// without any edge is as sharp as can be.
func sharpness(light *image.Gray, in image.Rectangle) float64 {
	stride, smoothed := light.Stride, smooth(light)
	var rise, bend int
	for y := in.Min.Y; y < in.Max.Y; y++ {
		for i := y*stride + in.Min.X; i < y*stride+in.Max.X; i++ {
			left, right, up, down := smoothed[i-1], smoothed[i+1], smoothed[i-stride], smoothed[i+stride]
			x, y := int(right-left), int(down-up)
			rise += x*x + y*y // four times the squares of the first derivative
			b := int(left + right + up + down - 4*smoothed[i])
			bend += b * b
		}
	}
	if rise == 0 {
		return 100
	}
	const added, least = 0.5, 0.25 // squares of deviations: of the smoothing, and of what 100 stands for
	return 50 / math.Sqrt(max(float64(rise)/float64(8*max(bend, 1))-added, least))
}

// smooth gives sixteen times the brightness, each pixel the mean of itself, twice, and of its neighbours, once, in both
// directions. The outermost stay 0.
func smooth(light *image.Gray) []int32 {
	stride, p := light.Stride, light.Pix
	across, both := make([]int32, len(p)), make([]int32, len(p))
	for i := 1; i < len(p)-1; i++ {
		across[i] = int32(p[i-1]) + 2*int32(p[i]) + int32(p[i+1])
	}
	for i := stride; i < len(p)-stride; i++ {
		both[i] = across[i-stride] + 2*across[i] + across[i+stride]
	}
	return both
}

// distanceFromGrey gives how far the middle colour of a part is from grey, in steps of Cb or Cr.
func distanceFromGrey(img *image.RGBA, in image.Rectangle) float64 {
	var cb, cr, n int
	for y := in.Min.Y; y < in.Max.Y; y++ {
		for x := in.Min.X; x < in.Max.X; x++ {
			c := img.RGBAAt(x, y)
			_, b, r := color.RGBToYCbCr(c.R, c.G, c.B)
			cb, cr, n = cb+int(b)-128, cr+int(r)-128, n+1
		}
	}
	return math.Hypot(float64(cb), float64(cr)) / float64(n)
}

// tones counts how many pixels have each brightness.
type tones struct {
	count [256]int
	n     int
}

func (t *tones) add(light *image.Gray, in image.Rectangle) {
	for y := in.Min.Y; y < in.Max.Y; y++ {
		for _, v := range light.Pix[y*light.Stride:][in.Min.X:in.Max.X] {
			t.count[v]++
		}
	}
	t.n += in.Dx() * in.Dy()
}

// quantile gives the brightness under which so many percent of the pixels stay.
func (t *tones) quantile(percent int) float64 {
	below := 0
	for v, n := range t.count {
		if below += n; 100*below > percent*t.n {
			return float64(v)
		}
	}
	return 255
}

func (t *tones) mean() float64 {
	sum := 0
	for v, n := range t.count {
		sum += v * n
	}
	return float64(sum) / float64(t.n)
}

// share gives the part of the pixels that have at least a brightness.
func (t *tones) share(from int) float64 {
	sum := 0
	for _, n := range t.count[from:] {
		sum += n
	}
	return float64(sum) / float64(t.n)
}
