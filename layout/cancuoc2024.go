package layout

// cancuoc2024 is the card of 2024 (Circular 16/2024/TT-BCA), on the ID-1 size of Doc 9303-5, section 2.1. The fields
// and labels are those of the published form; where they stand, and all that lies below them, is our own.
func cancuoc2024() template {
	t := template{width: 85.60, height: 53.98}
	t.front = front2024(t)
	t.back = back2024(t)
	return t
}

// The flat tints of our own background: a wide arc across the front, a band across the back.
var (
	paper = Colour{R: 0xf5, G: 0xf7, B: 0xfa}
	tint  = Colour{R: 0xea, G: 0xf0, B: 0xf5}
	chip  = Colour{R: 0xdd, G: 0xe2, B: 0xe8}
)

func front2024(t template) side {
	const x, w = 28.5, 53.1 // the column right of the portrait
	middle := t.width / 2
	return side{
		stock: []Mark{
			Path{Tag: Tag{Ink: Preprint}, Colour: paper, Outline: rectangle(0, 0, t.width, t.height)},
			Path{Tag: Tag{Ink: Preprint}, Colour: tint, Outline: hill(t)},
		},
		overprint: slant{x: middle, y: 33.5, length: 80, rise: 20},
		portrait:  place{x: 4.5, y: 19.4, w: 20, h: 30},
		words: []word{
			{"CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", middle, 5.0, true, 2.30, SansBold, violet},
			{"Độc lập - Tự do - Hạnh phúc", middle, 7.8, true, 2.15, SansBold, violet},
			{"SOCIALIST REPUBLIC OF VIET NAM", middle, 10.3, true, 1.75, Sans, violet},
			{"Independence - Freedom - Happiness", middle, 12.6, true, 1.75, Sans, violet},
			{"CĂN CƯỚC", middle, 18.4, true, 4.40, SansBold, red},
			{"IDENTITY CARD", middle, 21.5, true, 2.35, SansBold, violet},
		},
		fields: []field{
			{"personal_number", "Số định danh cá nhân/Personal identification number",
				x, 25.7, w, 4.5, SansBold, 3.8, 3.0, false},
			{"full_name", "Họ, chữ đệm và tên khai sinh/Full name", x, 33.0, w, 4.3, SansBold, 3.2, 1.7, false},
			{"date_of_birth", "Ngày, tháng, năm sinh/Date of birth", x, 40.2, 31, 3.0, SansBold, 2.4, 2.0, false},
			{"sex", "Giới tính/Sex", x + 36, 40.2, 17, 3.0, SansBold, 2.4, 2.0, false},
			{"nationality", "Quốc tịch/Nationality", x, 46.4, 31, 3.0, SansBold, 2.4, 2.0, false},
		},
	}
}

func back2024(t template) side {
	const x, w = 4.5, 55.5 // the column left of the QR code
	const x2, w2 = 25.0, 35.0
	const right = 71.7 // the middle of the column of the QR code
	return side{
		stock: []Mark{
			Path{Tag: Tag{Ink: Preprint}, Colour: paper, Outline: rectangle(0, 0, t.width, t.height)},
			Path{Tag: Tag{Ink: Preprint}, Colour: tint, Outline: hill(template{width: t.width, height: t.height - mrzHeight})},
			Path{Tag: Tag{Ink: Preprint}, Colour: chip, Outline: rounded(8.6, 18.0, 13.0, 11.8, 1.6)},
		},
		overprint: slant{x: 31, y: 16.5, length: 58, rise: 20},
		qr:        place{x: right - 9, y: 4.6, w: 18, h: 18},
		words: []word{
			{"BỘ CÔNG AN", right, 26.9, true, 1.90, SansBold, violet},
			{"MINISTRY OF PUBLIC SECURITY", right, 29.2, true, 1.34, SansBold, violet},
		},
		fields: []field{
			{"residence", "Nơi cư trú/Place of residence", x, 4.0, w, 5.7, Sans, 2.4, 1.6, false},
			{"place_of_birth", "Nơi đăng ký khai sinh/Place of birth", x, 12.1, w, 4.7, Sans, 2.4, 1.6, true},
			{"date_of_issue", "Ngày, tháng, năm cấp/Date of issue", x2, 20.0, w2, 3.0, SansBold, 2.3, 2.0, false},
			{"date_of_expiry", "Ngày, tháng, năm hết hạn/Date of expiry", x2, 26.0, w2, 3.0, SansBold, 2.3, 2.0, false},
		},
		mrz: true,
	}
}

// hill gives a plain curve that rises from the left edge to the right, filled down to the bottom edge.
func hill(t template) []Segment {
	return []Segment{
		{Op: Move, Points: [3]Point{{0, t.height}}},
		{Op: Line, Points: [3]Point{{0, t.height * 0.8}}},
		{Op: Curve, Points: [3]Point{
			{t.width * 0.35, t.height * 0.85}, {t.width * 0.6, t.height * 0.25}, {t.width, t.height * 0.3}}},
		{Op: Line, Points: [3]Point{{t.width, t.height}}},
		{Op: Close},
	}
}
