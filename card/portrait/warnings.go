package portrait

import "fmt"

// Warning is a measure of a photograph that misses what is asked of it. It does not stand in the way: whoever takes in
// the photograph looks at it once more.
type Warning struct {
	Code   string  // stable, for programs: one of the Warn constants
	Value  float64 // as measured
	Asked  float64 // the bound that it misses, in the same unit
	Text   string  // for people, in English, with both figures
	TextVi string  // the same in Vietnamese
}

// String gives the English text.
func (w Warning) String() string { return w.Text }

// Codes of the warnings, each with its unit. Brightness is the luma of JPEG, 0 to 255.
const (
	WarnSmall          = "portrait-small"           // pixels of the width after cropping
	WarnBlurred        = "portrait-blurred"         // sharpness: 50 divided by the blur of an edge in pixels of the printed portrait
	WarnDark           = "portrait-dark"            // brightness of the face
	WarnBright         = "portrait-bright"          // brightness of the face
	WarnBurnt          = "portrait-burnt"           // share of the face that is nothing but white, in percent
	WarnFlat           = "portrait-flat"            // from the dark to the bright parts of the face, in steps of brightness
	WarnGroundDark     = "portrait-ground-dark"     // brightness of the ground
	WarnGroundColoured = "portrait-ground-coloured" // distance of the ground from grey, in steps of Cb and Cr
	WarnGroundUneven   = "portrait-ground-uneven"   // from the dark to the bright parts of the ground, in steps of brightness
)

// Limits are the bounds of the warnings. A bound of zero is the default, so that the zero value is of use; a least of
// less than zero asks for nothing.
//
// Circular 60/2021/TT-BCA, article 5, asks for a white ground and a clear face, and gives no figures; nor does any
// other text that was found. The defaults are our own.
type Limits struct {
	Width        int     // least, see [WarnSmall]
	Sharpness    float64 // least, see [WarnBlurred]
	Dark         float64 // least, see [WarnDark]
	Bright       float64 // most, see [WarnBright]
	Burnt        float64 // most, see [WarnBurnt]
	Contrast     float64 // least, see [WarnFlat]
	GroundDark   float64 // least, see [WarnGroundDark]
	GroundColour float64 // most, see [WarnGroundColoured]
	GroundUneven float64 // most, see [WarnGroundUneven]
}

// The default bounds, all our own.
const (
	leastWidth     = FaceWidth * 3 / 2 // half as much again as is printed: from there on scaling down hides what the lens did
	leastSharpness = 40                // an edge smeared by 1.25 pixels, a tenth of a millimetre in print, which an eye sees at reading distance
	leastDark      = 50                // under dark skin in good light, which has 60 and more
	mostBright     = 232               // over light skin in good light, which has 225 and less
	mostBurnt      = 8                 // more than the gleam on a forehead
	leastContrast  = 24                // a face has nostrils, brows and lips; through a veil of light they are within this
	leastGround    = 195               // a white wall in moderate light
	mostColour     = 12                // the tint that a lamp gives to a white wall
	mostUneven     = 40                // the fall of light across a wall; a shadow or a thing on it has more
)

func (l Limits) withDefaults() Limits {
	if l.Width == 0 {
		l.Width = leastWidth
	}
	for _, bound := range []struct {
		set       *float64
		otherwise float64
	}{
		{&l.Sharpness, leastSharpness}, {&l.Dark, leastDark}, {&l.Bright, mostBright}, {&l.Burnt, mostBurnt},
		{&l.Contrast, leastContrast}, {&l.GroundDark, leastGround}, {&l.GroundColour, mostColour}, {&l.GroundUneven, mostUneven},
	} {
		if *bound.set == 0 {
			*bound.set = bound.otherwise
		}
	}
	return l
}

// judge holds what was measured against the bounds.
func (l Limits) judge(m measures) []Warning {
	l = l.withDefaults()
	var warnings []Warning
	warn := func(missed bool, code string, value, asked float64, text, textVi string) {
		if missed {
			warnings = append(warnings, Warning{code, value, asked, fmt.Sprintf(text, value, asked), fmt.Sprintf(textVi, value, asked)})
		}
	}
	least := func(code string, value, asked float64, text, textVi string) {
		warn(value < asked, code, value, asked, text, textVi)
	}
	most := func(code string, value, asked float64, text, textVi string) {
		warn(value > asked, code, value, asked, text, textVi)
	}

	least(WarnSmall, float64(m.width), float64(l.Width), "portrait: %.0f pixels wide after cropping, at least %.0f are asked for",
		"ảnh nhỏ: sau khi cắt rộng %.0f điểm ảnh, cần ít nhất %.0f")
	least(WarnBlurred, m.sharpness, l.Sharpness, "portrait: sharpness %.0f, at least %.0f is asked for (out of focus or enlarged?)",
		"ảnh không nét: độ nét %.0f, cần ít nhất %.0f (lệch tiêu cự hoặc bị phóng to?)")
	least(WarnDark, m.face, l.Dark, "portrait: the face is too dark: brightness %.0f of 255, at least %.0f is asked for",
		"mặt quá tối: độ sáng %.0f trên 255, cần ít nhất %.0f")
	most(WarnBright, m.face, l.Bright, "portrait: the face is too bright: brightness %.0f of 255, at most %.0f is asked for",
		"mặt quá sáng: độ sáng %.0f trên 255, không được quá %.0f")
	if m.face <= l.Bright { // else it says the same once more
		most(WarnBurnt, m.burnt, l.Burnt, "portrait: %.0f %% of the face is nothing but white, at most %.0f %% is asked for (flash or sun?)",
			"mặt bị cháy sáng: %.0f %% trắng xóa, không được quá %.0f %% (đèn chớp hoặc nắng?)")
	}
	least(WarnFlat, m.contrast, l.Contrast, "portrait: the face has a contrast of %.0f, at least %.0f is asked for (light into the lens?)",
		"mặt thiếu tương phản: %.0f, cần ít nhất %.0f (ánh sáng chiếu vào ống kính?)")
	least(WarnGroundDark, m.ground, l.GroundDark, "portrait: the ground is not white: brightness %.0f of 255, at least %.0f is asked for",
		"nền không trắng: độ sáng %.0f trên 255, cần ít nhất %.0f")
	most(WarnGroundColoured, m.colour, l.GroundColour, "portrait: the ground is not white: it is %.0f away from grey, at most %.0f is asked for",
		"nền không trắng: lệch màu %.0f, không được quá %.0f")
	most(WarnGroundUneven, m.uneven, l.GroundUneven, "portrait: the ground is uneven: brightness differs by %.0f, at most %.0f is asked for (a shadow, or something behind?)",
		"nền không đều: độ sáng chênh %.0f, không được quá %.0f (bóng đổ hoặc vật phía sau?)")
	return warnings
}
