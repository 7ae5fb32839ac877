package specimen

import (
	"image/color"
	"math/rand/v2"
)

// The streams of random numbers that are drawn from one seed; those of citizens and numbers go on with the forms.
const (
	portraitStream = 1
	fingerStream   = 2
	citizenStream  = 0x10
	numberStream   = 0x20
)

// Portrait draws the portrait of a citizen who does not exist, as a JPEG of 360 x 540 pixels on white ground: female or
// not, and of about the given age in years. The same seed, sex and age give the same picture, but for the rounding of
// another processor.
func Portrait(seed uint64, female bool, years int) []byte {
	return portrait(seed, female, years, 0.75)
}

func portrait(seed uint64, female bool, years int, scale float32) []byte {
	return encodePerson(looks(rand.New(rand.NewPCG(seed, portraitStream)), female, years), scale)
}

// looks invents how somebody looks.
func looks(r *rand.Rand, female bool, years int) person {
	p := person{wide: between(r, -14, 10), long: between(r, -10, 12), jaw: between(r, -14, 14), ears: between(r, -3, 4)}
	p.colours(r, years)
	p.features(r, female)
	p.style, p.garment = stylesOf(r, female, years), garmentsOf(r, female, years)
	if p.garment == standing {
		p.collar = mix(p.dress, rgb(0xffffff), 0.25)
	}
	p.grow(r, female, years)
	return p
}

func between(r *rand.Rand, low, high float32) float32 { return low + (high-low)*r.Float32() }

func oneOf[T any](r *rand.Rand, all []T) T { return all[r.IntN(len(all))] }

func (p *person) colours(r *rand.Rand, years int) {
	p.skin = mix(mix(rgb(0xf3d5b5), rgb(0xb98a62), r.Float32()), rgb(0xe8b8a0), 0.3*r.Float32())
	p.shade = mix(p.skin, rgb(0x8a5a3c), between(r, 0.22, 0.34))
	black := mix(rgb(0x1c1a1d), rgb(0x4a3226), r.Float32()*r.Float32())
	grey := between(r, -0.2, 0.2) + float32(years-42)/34
	p.hair = mix(black, rgb(0xb4b6ba), min(max(grey, 0), 1))
	p.iris = mix(rgb(0x241a14), rgb(0x5a3b22), r.Float32())
	p.lips = mix(mix(rgb(0xb9716a), rgb(0x9c4f4c), r.Float32()), p.skin, 0.3*r.Float32())
	p.dress = mix(oneOf(r, dyes()), oneOf(r, dyes()), 0.5*r.Float32())
	p.collar = mix(rgb(0xdfe6ee), mix(p.dress, rgb(0xf6e8c8), 0.6), r.Float32())
}

// dyes are colours of cloth, none so light that it would be lost on a white ground.
func dyes() []color.RGBA {
	return []color.RGBA{
		rgb(0x3a5a84), rgb(0x6d4f7c), rgb(0x2f6b5d), rgb(0x8a3b3f), rgb(0xb0703c), rgb(0x4a4e57), rgb(0x2e3f5c),
		rgb(0x7f8c58), rgb(0x9a6a8d), rgb(0x4f86a0), rgb(0xc0935a), rgb(0x70727a),
	}
}

func (p *person) features(r *rand.Rand, female bool) {
	p.eyesApart, p.eyesLow = between(r, -7, 7), between(r, -8, 8)
	p.eyeWide, p.eyeHigh = between(r, -4, 5), between(r, -2, 3)
	p.brow, p.browTilt = between(r, -2, 2), between(r, -7, 7)
	p.nose = between(r, -4, 7)
	p.mouthWide, p.mouthLow, p.smile = between(r, -9, 9), between(r, -6, 6), between(r, 2, 9)
	p.lid = between(r, 2, 5)
	if female {
		p.brow -= 1.5
		p.lid++
		p.lips = mix(p.lips, rgb(0xb03a48), 0.6*r.Float32())
	}
}

func stylesOf(r *rand.Rand, female bool, years int) hairStyle {
	switch {
	case female && years < 14:
		return oneOf(r, []hairStyle{fringe, bunches, plait, longStraight, bowl})
	case female && years > 58:
		return oneOf(r, []hairStyle{bun, bun, curls, fringe, sideParting})
	case female:
		return oneOf(r, []hairStyle{bun, fringe, longStraight, longStraight, plait, curls, sideParting})
	case years < 14:
		return oneOf(r, []hairStyle{shortHair, bowl, bowl, crewCut, sideParting})
	case years > 45:
		return oneOf(r, []hairStyle{shortHair, sideParting, crewCut, receding, receding, swept})
	}
	return oneOf(r, []hairStyle{shortHair, sideParting, crewCut, swept, curls})
}

func garmentsOf(r *rand.Rand, female bool, years int) garment {
	switch {
	case years < 14:
		return oneOf(r, []garment{roundNeck, shirt, blouse})
	case female:
		return oneOf(r, []garment{jacket, roundNeck, standing, standing, blouse, shirt})
	}
	return oneOf(r, []garment{jacket, roundNeck, shirt, tie, shirt})
}

// grow makes the face of a child or of somebody old out of a grown one.
func (p *person) grow(r *rand.Rand, female bool, years int) {
	switch {
	case years < 14:
		young := float32(14-max(years, 0)) / 14
		p.eyesLow += 14 * young
		p.eyeHigh += 2 + 2*young
		p.mouthWide -= 6 + 6*young
		p.long -= 16 * young
		p.brow -= 1.5
		p.shoulders = 0.14 + 0.1*young
		p.nose -= 3 * young
	case years > 40:
		p.lines = min(float32(years-40)/40, 1)
		p.eyeHigh -= p.lines
		p.moustache = !female && r.IntN(6) == 0
	}
	if female {
		p.shoulders += 0.06
	}
}
