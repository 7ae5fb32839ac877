package specimen

// hairStyle is how the hair is worn. No style hides an ear.
type hairStyle int

const (
	shortHair hairStyle = iota
	bun
	sideParting
	crewCut
	receding
	swept
	curls
	fringe
	longStraight
	plait
	bunches
	bowl // a fringe and nothing behind
)

// hairBehind draws what lies behind head and shoulders.
func (c *canvas) hairBehind(p person) {
	switch p.style {
	case bun:
		c.ellipse(p.hair, middle, 104, 62, 46)
	case fringe:
		c.both(p.hair, half{110, [][6]float32{
			{120, 110, 168, 190, 164, 330}, {162, 420, 158, 470, 128, 500}, {80, 512, 30, 512, -1, 512}}}.stretched(p.stretch()))
	case longStraight:
		c.both(p.hair, half{104, [][6]float32{
			{120, 104, 166, 190, 164, 330}, {164, 440, 166, 540, 166, 600}, {120, 630, 50, 630, -1, 630}}}.stretched(p.stretch()))
	case bunches:
		for _, side := range []float32{-1, 1} {
			c.ellipse(p.hair, middle+side*(156+p.wide), 214, 44, 50)
		}
	case curls:
		for _, a := range curlsAround {
			c.ellipse(p.hair, middle+a[0]*p.stretch(), a[1], a[2], a[2])
		}
	}
}

// curlsAround are the places and sizes of the curls of a head.
var curlsAround = [][3]float32{
	{-132, 240, 30}, {132, 240, 30}, {-126, 200, 36}, {126, 200, 36}, {-104, 160, 40}, {104, 160, 40},
	{-66, 134, 42}, {66, 134, 42}, {-22, 120, 44}, {22, 120, 44},
}

// hairBefore draws what lies on the head.
func (c *canvas) hairBefore(p person) {
	wide := p.stretch()
	switch p.style {
	case shortHair:
		c.both(p.hair, half{104, [][6]float32{
			{100, 100, 165, 170, 142, 285}, {138, 255, 132, 235, 118, 214}, {90, 208, 40, 205, -1, 205},
			{-1, 170, -1, 130, -1, 104}}}.stretched(wide))
	case bun, longStraight, plait, bunches:
		c.both(p.hair, half{100, [][6]float32{
			{100, 100, 158, 180, 146, 282}, {130, 240, 60, 215, -1, 178}, {-1, 150, -1, 120, -1, 100}}}.stretched(wide))
		if p.style == plait {
			c.plaitOverShoulder(p)
		}
	case sideParting:
		c.parted(p)
	case crewCut:
		c.both(p.hair, half{112, [][6]float32{
			{96, 112, 152, 170, 142, 268}, {134, 236, 122, 206, 104, 190}, {70, 180, 34, 178, -1, 178},
			{-1, 150, -1, 130, -1, 112}}}.stretched(wide))
	case receding:
		c.recededTo(p)
	case swept:
		c.side(p.hair, half{92, [][6]float32{
			{110, 84, 168, 160, 144, 280}, {138, 250, 134, 226, 112, 206}, {80, 170, 40, 176, -1, 196}, {-1, 160, -1, 130, -1, 92}}}.stretched(wide), 1)
		c.side(p.hair, half{92, [][6]float32{
			{90, 100, 158, 170, 143, 280}, {138, 250, 130, 236, 120, 222}, {84, 200, 40, 196, -1, 196}, {-1, 160, -1, 130, -1, 92}}}.stretched(wide), -1)
	case curls:
		c.both(p.hair, half{110, [][6]float32{
			{100, 110, 150, 170, 142, 268}, {130, 240, 118, 216, 96, 204}, {60, 190, 34, 206, -1, 196}, {-1, 160, -1, 130, -1, 110}}}.stretched(wide))
	case fringe, bowl:
		c.both(p.hair, half{102, [][6]float32{
			{104, 102, 164, 176, 144, 286}, {140, 266, 136, 256, 126, 244}, {90, 256, 44, 258, -1, 256}, {-1, 200, -1, 140, -1, 102}}}.stretched(wide))
	}
}

// parted draws hair combed to one side from a parting.
func (c *canvas) parted(p person) {
	wide := p.stretch()
	c.side(p.hair, half{104, [][6]float32{
		{96, 100, 160, 172, 143, 286}, {138, 258, 132, 238, 124, 226}, {96, 216, 52, 190, -1, 168}, {-1, 150, -1, 120, -1, 104}}}.stretched(wide), 1)
	c.side(p.hair, half{104, [][6]float32{
		{96, 100, 160, 172, 143, 286}, {138, 258, 132, 240, 126, 232}, {110, 190, 60, 170, -1, 168}, {-1, 150, -1, 120, -1, 104}}}.stretched(wide), -1)
}

// recededTo draws what age has left: hair over the ears and a thin cap above.
func (c *canvas) recededTo(p person) {
	wide := p.stretch()
	c.both(p.hair, half{122, [][6]float32{
		{96, 122, 156, 176, 143, 286}, {136, 258, 130, 240, 126, 216}, {112, 160, 60, 146, -1, 146}, {-1, 140, -1, 130, -1, 122}}}.stretched(wide))
}

// plaitOverShoulder draws a plait that falls over the right shoulder, beside the ear.
func (c *canvas) plaitOverShoulder(p person) {
	strand := mix(p.hair, rgb(0x000000), 0.25)
	x := middle + 112*p.stretch()
	for i := range 8 {
		y := 470 + 27*float32(i)
		colour := p.hair
		if i%2 == 1 {
			colour = strand
		}
		c.ellipse(colour, x+float32(i%2)*6, y, 22-float32(i), 20)
	}
	c.ellipse(p.collar, x+3, 680, 14, 9)
}
