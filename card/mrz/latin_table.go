package mrz

// latin is Doc 9303-3, section 6.A, as far as it cannot be had by leaving out marks. Where the table gives a choice
// (Ä, Å, Ñ, Ö, Ü) the plain letter is taken, which is what leaving out the mark gives; Ø has one entry only.
var latin = map[rune]string{
	'Æ': "AE",
	'Ð': "D",
	'Ø': "OE",
	'Þ': "TH",
	'Đ': "D",
	'Ħ': "H",
	'Ĳ': "IJ",
	'Ŀ': "L",
	'Ł': "L",
	'Ŋ': "N",
	'Œ': "OE",
	'Ŧ': "T",
	'ẞ': "SS",
	'ß': "SS", // has no capital of its own in simple case mapping
}
