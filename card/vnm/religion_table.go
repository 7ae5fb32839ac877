package vnm

// religions is the list of the census.
var religions = []Entry{
	{"01", "Phật giáo"},
	{"02", "Công giáo"},
	{"03", "Phật giáo Hòa Hảo"},
	{"04", "Hồi giáo"},
	{"05", "Cao Đài"},
	{"06", "Minh sư"},
	{"07", "Minh lý"},
	{"08", "Tin Lành"},
	{"09", "Tịnh độ cư sĩ"},
	{"10", "Tứ ân hiếu nghĩa"},
	{"11", "Bửu sơn kỳ hương"},
	{"12", "Baha'i"},
	{"13", "Tôn giáo khác"},
	{"99", "Không"},
}
